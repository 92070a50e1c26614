// Which segments retention takes (UnifiedLog.deleteOldSegments; kafka-behaviour.md section 8.1).
//
// Pure. Three passes, each from the oldest segment on and up to the first that does not match: what lies below the log
// start (whatever the policy), what is too much, what is too old. No segment goes whose end is above the high watermark,
// and an empty last one stays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::log {

struct RetentionConfig {
  bool deletes = true;                              ///< cleanup.policy has `delete`.
  sim::Bytes retention_bytes = {-1};                ///< retention.bytes; -1: no limit.
  sim::Duration retention = {604'800'000'000'000};  ///< retention.ms; negative: no limit.
  bool ignores_high_watermark = false;              ///< planted: also what is not committed.
};

struct SegmentFacts {
  std::int64_t base_offset = 0;
  std::int64_t end_offset = 0;  ///< Base of the next one; of the last one the log end.
  std::int64_t bytes = 0;
  std::int64_t largest_timestamp_ms = 0;
};

/// How many of `segments` (oldest first, not empty) go at `now_ms`.
[[nodiscard]] std::size_t count_deletable(const std::vector<SegmentFacts>& segments,
                                          const RetentionConfig& config, std::int64_t high_watermark,
                                          std::int64_t log_start, std::int64_t now_ms);

}  // namespace brokersim::log
