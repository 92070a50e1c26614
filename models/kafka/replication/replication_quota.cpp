#include "models/kafka/replication/replication_quota.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::replication {

void ReplicationQuota::purge(sim::SimTime now) {
  for (std::size_t i = 0; i < used_; ++i) {
    if (now - samples_[i].start >= kSample * static_cast<std::int64_t>(kSamples)) samples_[i] = {now, 0};
  }
}

void ReplicationQuota::record(sim::SimTime now, std::int64_t bytes) {
  SIM_CHECK(bytes >= 0);
  if (used_ == 0) {
    samples_[0] = {now, 0};
    used_ = 1;
  }
  if (now - samples_[current_].start >= kSample) {
    current_ = (current_ + 1) % kSamples;
    used_ = std::max(used_, current_ + 1);
    samples_[current_] = {now, 0};
  }
  samples_[current_].bytes += bytes;
}

bool ReplicationQuota::exceeded(sim::SimTime now) {
  if (!limited() || used_ == 0) return false;
  purge(now);
  std::int64_t bytes = 0;
  sim::SimTime oldest = now;
  for (std::size_t i = 0; i < used_; ++i) {
    bytes += samples_[i].bytes;
    oldest = std::min(oldest, samples_[i].start);
  }
  const sim::Duration window = std::max(now - oldest, kSample);
  return static_cast<__int128>(bytes) * 1'000'000'000 > static_cast<__int128>(limit_) * window.ns;
}

}  // namespace brokersim::kafka::replication
