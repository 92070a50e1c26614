// How fast a broker may copy throttled partitions: as leader for those outside the ISR, or as follower (KIP-73).
//
// Rules (ReplicationQuotaManager, Rate, SampledStat): what was copied counts in 11 samples of 1 s
// (replication.quota.window.num, .size.seconds); the rate is their sum over the time since the oldest began, at least
// 1 s; above the limit nothing more is copied. What counts is every throttled partition, in sync or not; held back are
// only replicas that are not in sync.
// Pure: the caller gives the time. One record per answer; no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "sim/time.h"

namespace brokersim::kafka::replication {

/// leader.replication.throttled.rate, follower.replication.throttled.rate: no limit.
inline constexpr std::int64_t kUnthrottled = std::numeric_limits<std::int64_t>::max();

class ReplicationQuota {
 public:
  /// Bytes per second, 0 or more; kUnthrottled: never exceeded.
  explicit ReplicationQuota(std::int64_t bytes_per_second) : limit_(bytes_per_second) {}

  [[nodiscard]] bool limited() const { return limit_ != kUnthrottled; }
  void record(sim::SimTime now, std::int64_t bytes);
  [[nodiscard]] bool exceeded(sim::SimTime now);

 private:
  static constexpr std::size_t kSamples = 11;
  static constexpr sim::Duration kSample = {1'000'000'000};
  struct Sample {
    sim::SimTime start;
    std::int64_t bytes = 0;
  };
  /// Forgets samples that are older than all of them may be together.
  void purge(sim::SimTime now);

  std::int64_t limit_;
  std::array<Sample, kSamples> samples_;
  std::size_t used_ = 0;  ///< Samples made so far.
  std::size_t current_ = 0;
};

}  // namespace brokersim::kafka::replication
