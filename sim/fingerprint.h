// The fingerprint of a run: a rolling hash over executed events and draws.
//
// Two runs with equal fingerprints executed the same events in the same order with the same draws.
// A checkpoint is kept every 4,096 events, so that two runs can be compared interval by interval.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/hash.h"

namespace brokersim::sim {

class Fingerprint {
 public:
  static constexpr std::uint64_t kInterval = 4'096;

  void event(std::int64_t time_ns, std::uint64_t component, std::uint64_t kind) {
    hash_ = mix64((hash_ ^ static_cast<std::uint64_t>(time_ns)) * 0x9E3779B97F4A7C15ull + (component ^ kind));
    if (++events_ % kInterval == 0) checkpoints_.push_back(hash_);
  }
  void draw(std::uint64_t value) { hash_ ^= value * 0xD6E8FEB86659FD93ull; }

  [[nodiscard]] std::uint64_t value() const { return mix64(hash_ + events_); }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] const std::vector<std::uint64_t>& checkpoints() const { return checkpoints_; }

 private:
  std::uint64_t hash_ = 0;
  std::uint64_t events_ = 0;
  std::vector<std::uint64_t> checkpoints_;
};

/// 16 lower-case hexadecimal digits.
[[nodiscard]] std::string hex16(std::uint64_t value);

}  // namespace brokersim::sim
