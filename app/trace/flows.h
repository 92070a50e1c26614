// Where slices stand within their process, and how flows are named.
#pragma once

#include <cstdint>

#include "models/history/events.h"
#include "sim/hash.h"

namespace brokersim::trace {

/// Names a flow: of a batch, to one receiver.
[[nodiscard]] inline std::uint64_t flow_of(const history::RecordRange& records, std::int64_t receiver) {
  std::uint64_t id = sim::mix64(static_cast<std::uint64_t>(records.producer.n) + 1);
  id = sim::mix64(id + static_cast<std::uint64_t>(records.partition.n));
  id = sim::mix64(id + static_cast<std::uint64_t>(records.first));
  return sim::mix64(id + static_cast<std::uint64_t>(receiver)) | 1;
}
inline constexpr std::int64_t kToLeader = 0;
[[nodiscard]] inline std::int64_t to_follower(history::BrokerId broker) { return 1 + broker; }
[[nodiscard]] inline std::int64_t to_consumer(history::ClientId client) { return -1 - client.n; }

// Ranks of tracks within their process.
enum Rank : std::int32_t {
  rank_state,
  rank_faults,
  rank_windows,
  rank_losses,
  rank_elections,
  rank_produce,
  rank_copies,
  rank_follower_fetches,
  rank_consumer_fetches,
  rank_other_requests,
  rank_flushes,
  rank_log,
  rank_consume,
  rank_group,
  rank_counters,
  rank_partitions = 100,
};

}  // namespace brokersim::trace
