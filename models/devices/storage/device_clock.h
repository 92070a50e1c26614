// The clock by which a device works: slower than the world's while a fault makes it slow, still while it hangs.
//
// Why: a platter that turns slower, or a firmware that hangs, stretches everything alike, and what comes after keeps its
// place on the track. Exact at a factor of 100 %.
#pragma once

#include <cstdint>

#include "sim/time.h"

namespace brokersim::storage {

class DeviceClock {
 public:
  /// The device's time at world time `at`. Never decreases.
  [[nodiscard]] sim::SimTime device(sim::SimTime at) const {
    if (at <= world_) return device_;
    return device_ + sim::Duration{(at - world_).ns * 100 / percent_};
  }
  /// The first world time at which the device's clock shows `at`.
  [[nodiscard]] sim::SimTime world(sim::SimTime at) const {
    if (at <= device_) return world_;
    return world_ + sim::Duration{((at - device_).ns * percent_ + 99) / 100};
  }
  /// From world time `now` on everything takes percent/100 times as long.
  void set_percent(sim::SimTime now, std::int32_t percent) {
    if (now > world_) {
      device_ = device(now);
      world_ = now;
    }
    percent_ = percent;
  }
  /// Stands still from `now` for `length`; stalls add up.
  void stall(sim::SimTime now, sim::Duration length) {
    if (now > world_) {
      device_ = device(now);
      world_ = now;
    }
    world_ = world_ + length;
  }

 private:
  sim::SimTime world_;
  sim::SimTime device_;
  std::int64_t percent_ = 100;
};

}  // namespace brokersim::storage
