// What a follower decides: where to start, where to cut its log.
//
// Pure. Rules of kafka-behaviour.md sections 4.1 and 4.4 (AbstractFetcherThread, KIP-101, KIP-279, KIP-595).
#pragma once

#include <cstdint>

#include "models/log/epoch_cache.h"

namespace brokersim::kafka::replication {

/// A cut proposed by the leader's (epoch, end) answer.
struct Truncation {
  std::int64_t to_offset = 0;
  bool settled = true;  ///< False: cut here, fetch again and expect another answer for the lower epoch.
};

/// The follower's own epochs end at `log_end`; the leader answered that `leader.epoch` ends at
/// `leader.end_offset`. Never cuts above the log end.
[[nodiscard]] Truncation truncate_to(const log::EpochCache& own, std::int64_t log_end,
                                     const log::EpochEnd& leader);

/// The cut by KIP-101 alone (0.11): the follower asked where its last epoch ended and got an offset without the epoch
/// it is about; `end_offset` below 0: the leader did not know, and the follower cuts to its own high watermark.
[[nodiscard]] std::int64_t truncate_to_kip101(std::int64_t log_end, std::int64_t high_watermark,
                                              std::int64_t end_offset);

/// The leader's divergence check on a fetch at `fetch_offset` whose last record has `last_fetched_epoch`.
struct DivergenceCheck {
  enum class Verdict : std::uint8_t { consistent, diverging, out_of_range };
  Verdict verdict = Verdict::consistent;
  log::EpochEnd end;  ///< For diverging.
};
[[nodiscard]] DivergenceCheck check_divergence(const log::EpochCache& leader, std::int64_t leader_log_start,
                                               std::int64_t leader_log_end, std::int64_t fetch_offset,
                                               std::int32_t last_fetched_epoch);

}  // namespace brokersim::kafka::replication
