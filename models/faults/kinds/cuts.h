// Cuts of one fault: how they begin, how they end, and what they held.
#pragma once

#include <utility>
#include <vector>

#include "models/faults/kinds/pairs.h"

namespace brokersim::faults::kinds {

class Cuts {
 public:
  Cuts(network::Network& network, std::vector<HostPair> pairs, network::Port port, bool at_once)
      : network_(network), pairs_(std::move(pairs)), port_(port), at_once_(at_once) {}

  /// True if any of the pairs was not cut yet.
  bool cut() {
    bool effect = false;
    held_before_ = 0;
    for (const HostPair& pair : pairs_) {
      effect |= !network_.is_cut(pair.from, pair.to, port_);
      held_before_ += network_.held(pair.from, pair.to, port_);
      network_.cut(pair.from, pair.to, port_);
    }
    cut_ = true;
    return effect;
  }
  void heal() {
    std::int64_t held = 0;
    for (const HostPair& pair : pairs_) held += network_.heal(pair.from, pair.to, port_, at_once_);
    held_ += held - held_before_;
    cut_ = false;
  }
  [[nodiscard]] bool is_cut() const { return cut_; }
  /// Flows stopped and SYNs swallowed so far.
  [[nodiscard]] std::int64_t held() const {
    if (!cut_) return held_;
    std::int64_t now = held_ - held_before_;
    for (const HostPair& pair : pairs_) now += network_.held(pair.from, pair.to, port_);
    return now;
  }

 private:
  network::Network& network_;
  std::vector<HostPair> pairs_;
  network::Port port_;
  bool at_once_;
  bool cut_ = false;
  std::int64_t held_before_ = 0;
  std::int64_t held_ = 0;
};

}  // namespace brokersim::faults::kinds
