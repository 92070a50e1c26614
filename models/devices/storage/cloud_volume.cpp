#include "models/devices/storage/cloud_volume.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::storage {

namespace {
constexpr std::int64_t kKiB = 1 << 10;
constexpr std::int64_t kMiB = 1 << 20;
constexpr std::int64_t kGiB = 1ll << 30;
constexpr std::int64_t kTiB = 1ll << 40;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;

/// `per_unit` for every `unit` of `amount`, rounded to the nearest.
std::int64_t scaled(std::int64_t amount, std::int64_t per_unit, std::int64_t unit) {
  return static_cast<std::int64_t>((static_cast<__int128>(amount) * per_unit + unit / 2) / unit);
}

/// Time of `amount` at `rate` a second, stretched by `percent`.
sim::Duration paced(std::int64_t amount, std::int64_t rate, std::int64_t percent) {
  const __int128 ns = static_cast<__int128>(amount) * kSecond * percent / 100 / rate;
  return {static_cast<std::int64_t>(ns)};
}

VolumeLimits hdd_volume(std::int64_t capacity, std::int64_t base, std::int64_t base_cap, std::int64_t burst,
                        std::int64_t burst_cap, std::int64_t iops) {
  VolumeLimits limits;
  limits.io_max = kMiB;
  limits.iops_base = iops;
  limits.iops_peak = iops;
  limits.bytes_base = std::min(base_cap * kMiB, scaled(capacity, base * kMiB, kTiB));
  limits.bytes_peak = std::min(burst_cap * kMiB, scaled(capacity, burst * kMiB, kTiB));
  if (limits.bytes_peak > limits.bytes_base) limits.bytes_credits = capacity;
  return limits;
}
}  // namespace

VolumeLimits volume_limits(const VolumeConfig& config, sim::Bytes capacity) {
  SIM_CHECK(capacity.n > 0);
  VolumeLimits limits;
  switch (config.type) {
    case VolumeType::gp2: {
      limits.iops_base = std::clamp<std::int64_t>(scaled(capacity.n, 3, kGiB), 100, 16'000);
      limits.iops_peak = std::max<std::int64_t>(limits.iops_base, 3'000);
      if (limits.iops_base < 3'000) limits.iops_credits = 5'400'000;
      const bool small = capacity.n <= 170 * kGiB;
      const bool large = capacity.n >= 334 * kGiB;
      limits.bytes_base = (large ? 250 : 128) * kMiB;
      limits.bytes_peak = (small ? 128 : 250) * kMiB;
      limits.bytes_burst_by_iops_credits = !small && !large;
      return limits;
    }
    case VolumeType::gp3: {
      const std::int64_t iops_cap =
          std::max<std::int64_t>(3'000, std::min<std::int64_t>(16'000, scaled(capacity.n, 500, kGiB)));
      limits.iops_base = std::clamp<std::int64_t>(config.iops, 3'000, iops_cap);
      const std::int64_t bytes_cap = std::min<std::int64_t>(1'000 * kMiB, limits.iops_base * kMiB / 4);
      limits.bytes_base =
          std::clamp<std::int64_t>(config.throughput.n, 125 * kMiB, std::max(125 * kMiB, bytes_cap));
      break;
    }
    case VolumeType::io1:
    case VolumeType::io2: {
      const std::int64_t per_gib = config.type == VolumeType::io1 ? 50 : 500;
      limits.iops_base = std::clamp<std::int64_t>(
          config.iops, 100,
          std::max<std::int64_t>(100, std::min<std::int64_t>(64'000, scaled(capacity.n, per_gib, kGiB))));
      // 500 MiB/s up to 32,000 operations a second, above that 16 KiB for each (AWS guide).
      limits.bytes_base = limits.iops_base <= 32'000
                              ? std::min<std::int64_t>(500 * kMiB, limits.iops_base * 256 * kKiB)
                              : std::min<std::int64_t>(1'000 * kMiB, limits.iops_base * 16 * kKiB);
      break;
    }
    case VolumeType::io2_block_express:
      limits.iops_base = std::clamp<std::int64_t>(
          config.iops, 100,
          std::max<std::int64_t>(100, std::min<std::int64_t>(256'000, scaled(capacity.n, 1'000, kGiB))));
      limits.bytes_base = std::min<std::int64_t>(4'000 * kMiB, limits.iops_base * 256 * kKiB);
      break;
    case VolumeType::st1: return hdd_volume(capacity.n, 40, 500, 250, 500, 500);
    case VolumeType::sc1: return hdd_volume(capacity.n, 12, 192, 80, 250, 250);
  }
  limits.iops_peak = limits.iops_base;
  limits.bytes_peak = limits.bytes_base;
  return limits;
}

TokenBucket::TokenBucket(std::int64_t capacity, std::int64_t rate, std::int64_t initial)
    : capacity_(capacity), rate_(rate), tokens_(initial) {
  SIM_CHECK(capacity >= 0);
  SIM_CHECK(rate >= 0);
  SIM_CHECK(initial >= 0);
  SIM_CHECK(initial <= capacity);
}

void TokenBucket::refill(sim::SimTime now) {
  if (now <= seen_) return;
  const __int128 gained = static_cast<__int128>((now - seen_).ns) * rate_ + remainder_;
  seen_ = now;
  if (gained / kSecond >= capacity_ - tokens_) {
    tokens_ = capacity_;
    remainder_ = 0;
    return;
  }
  tokens_ += static_cast<std::int64_t>(gained / kSecond);
  remainder_ = static_cast<std::int64_t>(gained % kSecond);
}

std::int64_t TokenBucket::tokens(sim::SimTime now) {
  refill(now);
  return tokens_;
}

bool TokenBucket::take(std::int64_t cost, sim::SimTime now) {
  refill(now);
  if (tokens_ < cost) return false;
  tokens_ -= cost;
  return true;
}

sim::SimTime TokenBucket::ready(std::int64_t cost, sim::SimTime now) {
  SIM_CHECK(cost <= capacity_);
  refill(now);
  if (tokens_ >= cost) return now;
  const __int128 missing = static_cast<__int128>(cost - tokens_) * kSecond - remainder_;
  return std::max(now, seen_) + sim::Duration{static_cast<std::int64_t>((missing + rate_ - 1) / rate_)};
}

CloudVolume::CloudVolume(const VolumeConfig& config, sim::Bytes capacity, sim::Stream draws)
    : config_(config),
      limits_(volume_limits(config, capacity)),
      draws_(draws),
      latency_(static_cast<double>(config.latency_median.ns),
               static_cast<double>(config.latency_sigma_permille) / 1e3),
      operation_credits_(limits_.iops_credits, limits_.iops_base,
                         limits_.iops_credits / 1'000 * config.initial_credits_permille),
      byte_credits_(limits_.bytes_credits, limits_.bytes_base,
                    scaled(limits_.bytes_credits, config.initial_credits_permille, 1'000)) {
  SIM_CHECK(config.latency_median.ns > 0);
}

std::int64_t CloudVolume::stretch(sim::SimTime now) {
  if (config_.degraded_permille == 0) return 100;
  const std::int64_t minute = now.ns / kMinute;
  if (minute == minute_) return minute_percent_;
  minute_ = minute;
  minute_percent_ = 100;
  const sim::Stream minutes = draws_.child(1);
  const auto ordinal = static_cast<std::uint64_t>(minute);
  if (minutes.chance_permille(ordinal * 2, config_.degraded_permille))
    minute_percent_ = 10'000 / static_cast<std::int64_t>(50 + minutes.below(ordinal * 2 + 1, 41));
  return minute_percent_;
}

sim::SimTime CloudVolume::admit_operations(std::int64_t operations, sim::SimTime now, std::int64_t percent) {
  sim::SimTime begin = std::max(now, operations_free_);
  if (limits_.iops_credits > 0) {
    // A request larger than the bucket never is; each operation waits for its own credit.
    begin = operation_credits_.ready(operations, begin);
    const bool taken = operation_credits_.take(operations, begin);
    SIM_CHECK(taken);
  }
  operations_free_ = begin + paced(operations, limits_.iops_peak, percent);
  return begin;
}

sim::SimTime CloudVolume::admit_bytes(std::int64_t bytes, sim::SimTime now, std::int64_t percent) {
  sim::SimTime begin = std::max(now, bytes_free_);
  std::int64_t rate = limits_.bytes_peak;
  if (limits_.bytes_burst_by_iops_credits && operation_credits_.tokens(now) <= 0) rate = limits_.bytes_base;
  if (limits_.bytes_credits > 0) {
    begin = byte_credits_.ready(std::min(bytes, limits_.bytes_credits), begin);
    const bool taken = byte_credits_.take(std::min(bytes, limits_.bytes_credits), begin);
    SIM_CHECK(taken);
  }
  bytes_free_ = begin + paced(bytes, rate, percent);
  // The last byte has passed when the bucket has.
  return bytes_free_;
}

sim::SimTime CloudVolume::serve(std::int64_t position, sim::Bytes length, std::uint64_t ordinal,
                                sim::SimTime now, std::int32_t slow_percent) {
  SIM_CHECK(length.n > 0);
  const std::int64_t percent = stretch(now) * slow_percent / 100;
  const bool continues = position == next_position_;
  next_position_ = position + length.n;
  // Adjacent requests become one operation only while they wait.
  std::int64_t operations = (length.n + limits_.io_max - 1) / limits_.io_max;
  if (continues && operations_free_ > now && merged_ + length.n <= limits_.io_max) {
    operations = 0;
    merged_ += length.n;
  } else {
    merged_ = length.n % limits_.io_max;
  }
  const bool by_bytes = limits_.bytes_credits > 0 || limits_.io_max == kMiB;
  const std::int64_t bytes = by_bytes && !continues ? (length.n + kMiB - 1) / kMiB * kMiB : length.n;
  sim::SimTime done = now;
  if (operations > 0) done = std::max(done, admit_operations(operations, now, percent));
  done = std::max(done, admit_bytes(bytes, now, percent));
  if (config_.instance_iops > 0) {
    done = std::max(done, instance_operations_free_);
    instance_operations_free_ =
        std::max(now, instance_operations_free_) + paced(operations, config_.instance_iops, percent);
  }
  if (config_.instance_throughput.n > 0) {
    instance_bytes_free_ =
        std::max(now, instance_bytes_free_) + paced(bytes, config_.instance_throughput.n, percent);
    done = std::max(done, instance_bytes_free_);
  }
  const sim::Duration latency = sim::whole_ns(latency_.sample(draws_.bits(ordinal)));
  return done + sim::Duration{latency.ns * slow_percent / 100};
}

void CloudVolume::stall(sim::SimTime now, sim::Duration length) {
  for (sim::SimTime* const free :
       {&operations_free_, &bytes_free_, &instance_operations_free_, &instance_bytes_free_}) {
    *free = std::max(now, *free) + length;
  }
}

std::int64_t CloudVolume::credits(sim::SimTime now) {
  if (limits_.iops_credits > 0) return operation_credits_.tokens(now);
  return limits_.bytes_credits > 0 ? byte_credits_.tokens(now) : 0;
}

}  // namespace brokersim::storage
