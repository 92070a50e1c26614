#include "models/kafka/replication/follower.h"

#include <algorithm>

namespace brokersim::kafka::replication {

Truncation truncate_to(const log::EpochCache& own, std::int64_t log_end, const log::EpochEnd& leader) {
  const auto mine = own.end_offset_for(leader.epoch, log_end);
  if (!mine) return {std::min(leader.end_offset, log_end), true};
  if (mine->epoch == leader.epoch) {
    return {std::min({mine->end_offset, leader.end_offset, log_end}), true};
  }
  // We never had that epoch: cut to the end of the lower one that we do have and go round again.
  return {std::min(mine->end_offset, log_end), false};
}

std::int64_t truncate_to_kip101(std::int64_t log_end, std::int64_t high_watermark, std::int64_t end_offset) {
  return std::min(end_offset < 0 ? high_watermark : end_offset, log_end);
}

DivergenceCheck check_divergence(const log::EpochCache& leader, std::int64_t leader_log_start,
                                 std::int64_t leader_log_end, std::int64_t fetch_offset,
                                 std::int32_t last_fetched_epoch) {
  using Verdict = DivergenceCheck::Verdict;
  if (last_fetched_epoch >= 0) {
    const auto end = leader.end_offset_for(last_fetched_epoch, leader_log_end);
    if (!end) return {Verdict::out_of_range, {}};
    if (end->epoch < last_fetched_epoch || end->end_offset < fetch_offset) return {Verdict::diverging, *end};
  }
  if (fetch_offset < leader_log_start || fetch_offset > leader_log_end) return {Verdict::out_of_range, {}};
  return {Verdict::consistent, {}};
}

}  // namespace brokersim::kafka::replication
