#include "models/devices/storage/disk_timing.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"

namespace brokersim::storage {

namespace {
constexpr double kKneeFraction = 0.24;                // d* of the seek curve (1.2)
constexpr double kThirdOverAverage = 1.047;           // seek(N/3) over the data sheet's average (1.2)
constexpr double kFullOverAverage = 1.961;            // 14.2 ms over 7.24 ms, WD 4 TB (1.2)
constexpr sim::BytesPerSecond kSata = {600'000'000};  // SATA 3 (1.5)
}  // namespace

DiskTiming::DiskTiming(const DiskConfig& config) : config_(config) {
  SIM_CHECK(config.capacity.n > 0);
  SIM_CHECK(config.read_bandwidth.n > 0);
  SIM_CHECK(config.write_bandwidth.n > 0);
  if (config.kind == DiskKind::nvme) {
    SIM_CHECK(config.read_iops > 0);
    SIM_CHECK(config.write_iops > 0);
    return;
  }
  SIM_CHECK(config.rpm > 0);
  revolution_ = {60'000'000'000 / config.rpm};
  const auto n = static_cast<double>(kCylinders);
  const auto average = static_cast<double>(config.seek_average.ns);
  const auto shortest = static_cast<double>(config.seek_track_to_track.ns);
  const double full = kFullOverAverage * average;
  const double third = kThirdOverAverage * average;
  seek_e_ns_ = (full - third) / (n * 2.0 / 3.0);
  seek_c_ns_ = full - seek_e_ns_ * n;
  const double knee = kKneeFraction * n;
  const double at_knee = seek_c_ns_ + seek_e_ns_ * knee;
  seek_b_ns_ = std::max(0.0, (at_knee - shortest) / (std::sqrt(knee) - 1.0));
  seek_a_ns_ = shortest - seek_b_ns_;
}

sim::Duration DiskTiming::seek(std::int64_t cylinders) const {
  if (cylinders == 0) return {};
  const auto d = static_cast<double>(cylinders);
  const double ns = d < kKneeFraction * static_cast<double>(kCylinders)
                        ? seek_a_ns_ + seek_b_ns_ * std::sqrt(d)
                        : seek_c_ns_ + seek_e_ns_ * d;
  return {static_cast<std::int64_t>(ns + 0.5)};
}

std::int64_t DiskTiming::cylinder(sim::Bytes position) const {
  const __int128 scaled = static_cast<__int128>(position.n) * kCylinders / config_.capacity.n;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(scaled), 0, kCylinders - 1);
}

sim::Duration DiskTiming::transfer(sim::Bytes position, sim::Bytes length) const {
  // rate(x) = outer (1 - 0.0106 x - 0.470 x^2), x = share of the capacity (1.3).
  const double x = static_cast<double>(cylinder(position)) / static_cast<double>(kCylinders);
  const double rate = static_cast<double>(config_.read_bandwidth.n) * (1.0 - 0.0106 * x - 0.470 * x * x);
  return sim::transfer_time(length, {static_cast<std::int64_t>(rate)});
}

sim::Duration DiskTiming::rotation(sim::Bytes position, sim::SimTime at) const {
  // The angle of a byte is the time the platter needs to bring it under the head, from angle 0.
  const sim::Bytes in_cylinder = {position.n % (config_.capacity.n / kCylinders + 1)};
  const std::int64_t angle = transfer(position, in_cylinder).ns % revolution_.ns;
  const std::int64_t head = at.ns % revolution_.ns;
  return {(angle - head + revolution_.ns) % revolution_.ns};
}

sim::Duration DiskTiming::service(bool write, sim::Bytes position, sim::Bytes length,
                                  sim::SimTime start) const {
  SIM_CHECK(length.n > 0);
  if (config_.kind == DiskKind::nvme) {
    const std::int64_t iops = write ? config_.write_iops : config_.read_iops;
    const auto rate = write ? config_.write_bandwidth : config_.read_bandwidth;
    return std::max(sim::Duration{1'000'000'000 / iops}, sim::transfer_time(length, rate));
  }
  const sim::Duration moved = transfer(position, length);
  const bool rewrites_last_sector = position.n < head_ && position.n + config_.sector.n >= head_;
  if (head_ >= 0 && (position.n == head_ || rewrites_last_sector)) {
    const std::int64_t behind = transfer(position, {head_ - position.n}).ns;
    const std::int64_t gap = (start - head_free_).ns + behind;
    // Reads continue from the drive's own readahead; a late write waits until the platter comes round.
    if (!write || gap == 0) return moved;
    return moved + sim::Duration{(revolution_.ns - gap % revolution_.ns) % revolution_.ns};
  }
  const std::int64_t from = head_ < 0 ? 0 : cylinder({head_});
  const std::int64_t distance = cylinder(position) - from;
  const sim::Duration positioned = config_.controller_overhead + seek(distance < 0 ? -distance : distance);
  return positioned + rotation(position, start + positioned) + moved;
}

void DiskTiming::move_head(sim::Bytes position, sim::SimTime at) {
  head_ = position.n;
  head_free_ = at;
}

sim::Duration DiskTiming::reposition() const {
  if (config_.kind == DiskKind::nvme) return {};
  return config_.controller_overhead + config_.seek_average + sim::Duration{revolution_.ns / 2};
}

sim::Duration DiskTiming::latency(bool write) const {
  if (config_.kind == DiskKind::hdd) return {};
  return write ? config_.write_latency : config_.read_latency;
}

sim::Duration DiskTiming::buffer_time(sim::Bytes length) const {
  if (config_.kind == DiskKind::hdd) return config_.controller_overhead + sim::transfer_time(length, kSata);
  const auto port = std::max(config_.read_bandwidth, config_.write_bandwidth);
  return config_.write_latency + sim::transfer_time(length, port);
}

}  // namespace brokersim::storage
