// When the leader of the metadata log answers a fetch: at once, or later.
//
// Rules: KafkaRaftClient, kafka-behaviour.md section 5.1. A fetch is answered at once with records; else it waits, at
// most 500 ms, until the END of the log passes its offset. Before 4.1 a commit wakes nobody, so a broker that holds a
// record learns that it is committed only with the next append (KAFKA-14145). From 4.1 the fetcher says which high
// watermark it knows, and a newer one is an answer (KIP-1166).
// Pure.
#pragma once

#include <cstdint>

namespace brokersim::kafka::controller {

enum class FetchAnswer : std::uint8_t {
  reply,         ///< Records, or a newer high watermark.
  park,          ///< Nothing to say yet.
  out_of_range,  ///< The fetcher holds what this log does not: it was lost with this controller's power.
};

/// What the fetcher says of itself.
struct FetchPosition {
  std::int64_t offset = 0;                 ///< It holds everything below.
  std::int64_t known_high_watermark = -1;  ///< -1: it does not say (before Fetch v18).
  std::int32_t last_fetched_epoch = -1;    ///< Raft epoch of its last record; -1: not checked.
};
/// What the leader knows.
struct LogPosition {
  std::int64_t end_offset = 0;
  std::int64_t high_watermark = 0;
  std::int32_t epoch_before_fetch = -1;  ///< Of its own record before the fetch offset; -1: there is none.
};

[[nodiscard]] constexpr FetchAnswer answer_fetch(FetchPosition fetch, LogPosition log,
                                                 bool commit_wakes_fetch) {
  if (fetch.offset > log.end_offset) return FetchAnswer::out_of_range;
  if (fetch.offset > 0 && fetch.last_fetched_epoch >= 0 &&
      fetch.last_fetched_epoch != log.epoch_before_fetch) {
    return FetchAnswer::out_of_range;
  }
  if (fetch.offset < log.end_offset) return FetchAnswer::reply;
  if (commit_wakes_fetch && fetch.known_high_watermark >= 0 &&
      fetch.known_high_watermark < log.high_watermark) {
    return FetchAnswer::reply;
  }
  return FetchAnswer::park;
}

}  // namespace brokersim::kafka::controller
