// The congestion window of one direction of a connection: slow start, Reno and CUBIC. Pure.
//
// The window is advanced by what an acknowledgement covers, not packet by packet: Linux counts bytes too (RFC 3465),
// so that delayed acknowledgements do not slow growth down. Windows are bytes, as doubles: only + - * / and a Newton
// cube root touch them, so that every machine gets the same bits.
// Sources: RFC 5681 (slow start, Reno), RFC 6928 (initial window 10), RFC 9438 (CUBIC: C = 0.4, beta = 0.7, the
// Reno-friendly region, fast convergence), RFC 2861 as Linux has it (tcp_cwnd_restart, tcp_slow_start_after_idle).
// Not modelled: HyStart, proportional rate reduction within the round of a loss (the window drops at once), ECN, BBR.
#pragma once

#include <cstdint>

#include "models/devices/network/config.h"
#include "sim/time.h"

namespace brokersim::network {

class Congestion {
 public:
  /// `segment` is the payload of a full segment, positive.
  void start(const TcpConfig& config, std::int64_t segment);

  /// `bytes` were acknowledged at `now`; `limited` if the window kept the sender from sending more.
  void on_ack(std::int64_t bytes, sim::SimTime now, sim::Duration round_trip, bool limited);
  /// A loss was found by later segments (once per window): the window shrinks to beta of itself.
  void on_loss();
  /// The retransmission timer fired: one segment, and slow start up to beta of what it was.
  void on_timeout();
  /// Nothing was sent for `idle` since all was acknowledged: halves once per `rto`, down to the initial window.
  void on_idle(sim::Duration idle, sim::Duration rto);

  /// Bytes that may be unacknowledged. At least one segment.
  [[nodiscard]] std::int64_t window() const { return static_cast<std::int64_t>(window_); }
  [[nodiscard]] bool slow_start() const { return window_ < threshold_; }

 private:
  void avoid_cubic(double bytes, sim::SimTime now, sim::Duration round_trip);

  const TcpConfig* config_ = nullptr;
  double segment_ = 0;
  double window_ = 0;
  double threshold_ = 0;      // slow start below it
  double maximum_ = 0;        // W_max: the window at the last loss
  double friendly_ = 0;       // W_est: what Reno would have
  double friendly_goal_ = 0;  // from there on W_est grows as fast as Reno does
  double origin_ = 0;         // of the cubic curve, bytes
  double plateau_ = 0;        // K, seconds
  sim::SimTime epoch_;
  bool in_epoch_ = false;
};

/// Real cube root of a non-negative number, to about 1e-15 of it, by Newton's method.
[[nodiscard]] double cube_root(double x);

}  // namespace brokersim::network
