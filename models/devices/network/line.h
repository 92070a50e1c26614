// A server that moves bytes: one direction of a card, a trunk, a switch port. Pure.
//
// Rate, or two rates with a token bucket as cloud instances have them: tokens come at the sustained rate, and while
// there are any the line runs at its burst rate (EC2: baseline and burst bandwidth, a bucket per direction).
#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/check.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::network {

class Line {
 public:
  Line() = default;
  /// `burst` 0: none, else above `rate` with `bucket` tokens (bytes), full at time 0. `rate` is positive.
  explicit Line(sim::BytesPerSecond rate, sim::BytesPerSecond burst = {0}, sim::Bytes bucket = {0})
      : rate_(rate),
        configured_(rate),
        burst_(burst),
        configured_burst_(burst),
        bucket_(bucket),
        tokens_(bucket.n) {
    SIM_CHECK(rate.n > 0);
    if (burst.n > 0) SIM_CHECK(burst > rate);
  }

  /// Time to move `bytes` from `start` on, which is not before the end of the last call; spends the tokens.
  [[nodiscard]] sim::Duration move(sim::SimTime start, sim::Bytes bytes) {
    if (burst_.n == 0) return sim::transfer_time(bytes, rate_);
    refill(start);
    // While it bursts, tokens go at burst and come at rate: a bucket of T lasts for T * burst / (burst - rate) bytes.
    const auto at_burst =
        static_cast<std::int64_t>(static_cast<__int128>(tokens_) * burst_.n / (burst_.n - rate_.n));
    const sim::Bytes fast = {std::min(bytes.n, at_burst)};
    const sim::Duration fast_time = sim::transfer_time(fast, burst_);
    const sim::Duration slow_time = sim::transfer_time(bytes - fast, rate_);
    const auto spent =
        static_cast<std::int64_t>(static_cast<__int128>(fast.n) * (burst_.n - rate_.n) / burst_.n);
    tokens_ = std::max<std::int64_t>(0, tokens_ - spent);
    at_ = std::max(at_, start) + fast_time + slow_time;
    return fast_time + slow_time;
  }
  /// As move(), without spending: what a small message would take at best.
  [[nodiscard]] sim::Duration estimate(sim::Bytes bytes) const {
    return sim::transfer_time(bytes, burst_.n > 0 && tokens_ > 0 ? burst_ : rate_);
  }
  [[nodiscard]] sim::BytesPerSecond fastest() const { return burst_.n > 0 ? burst_ : rate_; }
  [[nodiscard]] sim::BytesPerSecond rate() const { return rate_; }
  /// A fault: `percent` of the configured rate, 1 to 100; bursts end.
  void slow_to(std::int32_t percent) {
    SIM_CHECK(percent >= 1);
    SIM_CHECK(percent <= 100);
    rate_ = {std::max<std::int64_t>(1, configured_.n / 100 * percent + configured_.n % 100 * percent / 100)};
    burst_ = percent == 100 ? configured_burst_ : sim::BytesPerSecond{0};
  }

 private:
  void refill(sim::SimTime now) {
    if (now <= at_) return;
    const auto gained =
        static_cast<std::int64_t>(static_cast<__int128>((now - at_).ns) * rate_.n / 1'000'000'000);
    tokens_ = std::min(bucket_.n, tokens_ + gained);
    at_ = now;
  }

  sim::BytesPerSecond rate_ = {1};
  sim::BytesPerSecond configured_ = {1};
  sim::BytesPerSecond burst_ = {0};
  sim::BytesPerSecond configured_burst_ = {0};
  sim::Bytes bucket_ = {0};
  std::int64_t tokens_ = 0;
  sim::SimTime at_;  // tokens_ is of this time
};

}  // namespace brokersim::network
