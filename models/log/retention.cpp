#include "models/log/retention.h"

#include "sim/check.h"

namespace brokersim::log {

std::size_t count_deletable(const std::vector<SegmentFacts>& segments, const RetentionConfig& config,
                            std::int64_t high_watermark, std::int64_t log_start, std::int64_t now_ms) {
  SIM_CHECK(!segments.empty());
  std::size_t taken = 0;
  const auto may_go = [&](std::size_t i) {
    const bool last = i + 1 == segments.size();
    if (last && segments[i].bytes == 0) return false;
    return config.ignores_high_watermark || high_watermark >= segments[i].end_offset;
  };
  while (taken + 1 < segments.size() && may_go(taken) && segments[taken].end_offset <= log_start) ++taken;
  if (!config.deletes) return taken;
  if (config.retention_bytes.n >= 0) {
    std::int64_t excess = -config.retention_bytes.n;
    for (std::size_t i = taken; i < segments.size(); ++i) excess += segments[i].bytes;
    while (taken < segments.size() && may_go(taken) && excess - segments[taken].bytes >= 0) {
      excess -= segments[taken].bytes;
      ++taken;
    }
  }
  if (config.retention.ns >= 0 && config.retention != sim::Duration::max()) {
    const std::int64_t oldest = now_ms - config.retention.ns / 1'000'000;
    while (taken < segments.size() && may_go(taken) && segments[taken].largest_timestamp_ms < oldest) ++taken;
  }
  return taken;
}

}  // namespace brokersim::log
