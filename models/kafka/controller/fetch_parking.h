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
  out_of_range,  ///< The fetcher is ahead of this log: what it holds was lost with this controller's power.
};

struct LogPosition {
  std::int64_t end_offset = 0;
  std::int64_t high_watermark = 0;
};

/// `known_high_watermark`: -1 if the fetcher does not say (before Fetch v18).
[[nodiscard]] constexpr FetchAnswer answer_fetch(std::int64_t fetch_offset, std::int64_t known_high_watermark,
                                                 LogPosition log, bool commit_wakes_fetch) {
  if (fetch_offset > log.end_offset) return FetchAnswer::out_of_range;
  if (fetch_offset < log.end_offset) return FetchAnswer::reply;
  if (commit_wakes_fetch && known_high_watermark >= 0 && known_high_watermark < log.high_watermark) {
    return FetchAnswer::reply;
  }
  return FetchAnswer::park;
}

}  // namespace brokersim::kafka::controller
