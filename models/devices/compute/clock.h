// The wall clock of a host: what its software believes the time to be.
//
// Why: records carry the producer's wall clock, and brokers compare it with theirs; a clock that is wrong lets a broker
// refuse records or keep them too long. Nothing that waits uses this clock: timers are monotonic (see
// sim::Process::set_timer_drift for those).
// Model: an error against true time, which grows with a drift, jumps by steps and is worn off by a slew, as a time daemon
// does (Linux's adjtime slews by at most 500 ppm; chrony by more, if told). Exact in whole nanoseconds.
// Not modelled: the daemon's polling and its own errors; leap seconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/check.h"
#include "sim/time.h"

namespace brokersim::compute {

class Clock {
 public:
  /// Wall time less true time at `now`, in ns. Calls do not go back in time. Counted: see reads().
  [[nodiscard]] std::int64_t read(sim::SimTime now) {
    ++reads_;
    settle(now);
    return error_;
  }
  /// The same, for measures: not counted.
  [[nodiscard]] std::int64_t error(sim::SimTime now) {
    settle(now);
    return error_;
  }

  /// Sets the clock forward, or back if negative.
  void step(sim::SimTime now, std::int64_t ns) {
    settle(now);
    error_ += ns;
  }
  /// From now on it gains `ppb` parts in a thousand million; negative: it loses. Within 10 %.
  void set_drift(sim::SimTime now, std::int64_t ppb) {
    SIM_CHECK(ppb <= 100'000'000, "a clock drifts by more than a tenth");
    SIM_CHECK(ppb >= -100'000'000, "a clock drifts by more than a tenth");
    settle(now);
    drift_ppb_ = ppb;
    part_ = 0;
  }
  [[nodiscard]] std::int64_t drift() const { return drift_ppb_; }
  /// Wears the whole error off, `ppb` parts in a thousand million of the time at most.
  void slew(sim::SimTime now, std::int64_t ppb) {
    SIM_CHECK(ppb > 0, "a clock is slewed by nothing");
    settle(now);
    slew_left_ = -error_;
    slew_ppb_ = ppb;
    slew_part_ = 0;
  }
  /// Times that software has looked at it.
  [[nodiscard]] std::uint64_t reads() const { return reads_; }

 private:
  void settle(sim::SimTime now) {
    const std::int64_t elapsed = (now - last_).ns;
    if (elapsed == 0) return;
    last_ = now;
    if (drift_ppb_ != 0) error_ += whole(part_, elapsed, drift_ppb_);
    if (slew_left_ == 0) return;
    const std::int64_t most = whole(slew_part_, elapsed, slew_ppb_);
    const std::int64_t worn = std::clamp(slew_left_, -most, most);
    error_ += worn;
    slew_left_ -= worn;
  }
  /// Whole nanoseconds of `elapsed` times `ppb`; the rest stays in `part`.
  static std::int64_t whole(std::int64_t& part, std::int64_t elapsed, std::int64_t ppb) {
    const __int128 all = static_cast<__int128>(elapsed) * ppb + part;
    const auto ns = static_cast<std::int64_t>(all / 1'000'000'000);
    part = static_cast<std::int64_t>(all - static_cast<__int128>(ns) * 1'000'000'000);
    return ns;
  }

  sim::SimTime last_;
  std::int64_t error_ = 0;
  std::int64_t drift_ppb_ = 0;
  std::int64_t part_ = 0;
  std::int64_t slew_left_ = 0;
  std::int64_t slew_ppb_ = 0;
  std::int64_t slew_part_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace brokersim::compute
