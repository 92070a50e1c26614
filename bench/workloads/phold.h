// PHOLD(N), the standard benchmark of event kernels (Fujimoto 1990), without lookahead.
//
// N processes, N pending events at the start at Exp(1 s). An event at process i makes one 64-bit draw from i's own
// stream: bits 0-31 an exponential delay in integer nanoseconds, bit 63 the coin (stay or move), bits 32-62 a uniform
// process. It schedules one event there. Every engine runs this handler and must end with the same checksum.
#pragma once

#include <vector>

#include "bench/workloads/draw.h"

namespace workloads {

struct Hold {
  std::int64_t delay;    ///< ns
  std::uint32_t target;  ///< process
};

class PholdRules {
 public:
  explicit PholdRules(std::uint32_t processes) : processes_(processes) {}
  [[nodiscard]] std::uint32_t processes() const { return processes_; }
  /// The state that process `i` starts with.
  [[nodiscard]] static std::uint64_t start(std::uint32_t i) {
    std::uint64_t state = i;
    return next_bits(state);
  }
  /// The delay of the first event of a process.
  [[nodiscard]] std::int64_t first(std::uint64_t& state) const {
    return exponential_(static_cast<std::uint32_t>(next_bits(state)));
  }
  [[nodiscard]] Hold decide(std::uint64_t bits, std::uint32_t at) const {
    const std::uint32_t other = uniform((bits >> 32) & 0x7FFFFFFFu, processes_);
    // The coin without a branch, in every engine alike: no processor can foretell it.
    const std::uint32_t stay = static_cast<std::uint32_t>(0) - static_cast<std::uint32_t>(bits >> 63);
    return {exponential_(static_cast<std::uint32_t>(bits)), (at & stay) | (other & ~stay)};
  }

 private:
  std::uint32_t processes_;
  Exponential exponential_;
};

/// Folds the states of the processes, in order.
inline std::uint64_t fold(std::uint64_t checksum, std::uint64_t state) {
  return (checksum ^ state) * 0x100000001B3ull + 1;
}

}  // namespace workloads
