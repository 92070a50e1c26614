#include "models/devices/network/congestion.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::network {

namespace {
constexpr double kUnlimited = 1e18;
constexpr double kCubic = 0.4;  // C, segments per second cubed
constexpr double kCubicBeta = 0.7;
constexpr double kRenoBeta = 0.5;
constexpr double kFriendly =
    3.0 * (1.0 - kCubicBeta) / (1.0 + kCubicBeta);  // alpha of the Reno-friendly region

double seconds(sim::Duration d) { return static_cast<double>(d.ns) / 1e9; }
}  // namespace

double cube_root(double x) {
  SIM_CHECK(x >= 0.0);
  if (x == 0.0) return 0.0;
  double scale = 1.0;  // x = scale^3 * m with m in [1, 8)
  while (x >= 8.0) x /= 8.0, scale *= 2.0;
  while (x < 1.0) x *= 8.0, scale /= 2.0;
  double root = 1.0 + (x - 1.0) / 7.0;
  for (int i = 0; i < 8; ++i) root = (2.0 * root + x / (root * root)) / 3.0;
  return root * scale;
}

void Congestion::start(const TcpConfig& config, std::int64_t segment) {
  SIM_CHECK(segment > 0);
  SIM_CHECK(config.initial_window > 0);
  config_ = &config;
  segment_ = static_cast<double>(segment);
  window_ = segment_ * static_cast<double>(config.initial_window);
  threshold_ = kUnlimited;
  maximum_ = 0;
  in_epoch_ = false;
}

void Congestion::on_ack(std::int64_t bytes, sim::SimTime now, sim::Duration round_trip, bool limited) {
  SIM_DCHECK(bytes >= 0);
  if (!limited) return;
  auto acked = static_cast<double>(bytes);
  if (slow_start()) {
    const double grown = std::min(acked, threshold_ - window_);
    window_ += grown;
    acked -= grown;
  }
  if (acked <= 0.0) return;
  if (config_->congestion_control == CongestionControl::cubic) {
    avoid_cubic(acked, now, round_trip);
  } else {
    window_ += segment_ * acked / window_;
  }
}

void Congestion::avoid_cubic(double bytes, sim::SimTime now, sim::Duration round_trip) {
  if (!in_epoch_) {
    in_epoch_ = true;
    epoch_ = now;
    friendly_ = window_;
    friendly_goal_ = maximum_;
    origin_ = std::max(maximum_, window_);
    plateau_ = cube_root((origin_ - window_) / segment_ / kCubic);
  }
  const double t = seconds(now - epoch_) + seconds(round_trip) - plateau_;
  const double curve = origin_ + kCubic * t * t * t * segment_;
  const double target = std::clamp(curve, window_, 1.5 * window_);
  const double alpha = friendly_ < friendly_goal_ ? kFriendly : 1.0;
  friendly_ += alpha * segment_ * bytes / window_;
  window_ += bytes * (target - window_) / window_;
  window_ = std::max(window_, friendly_);
}

void Congestion::on_loss() {
  const bool cubic = config_->congestion_control == CongestionControl::cubic;
  const double beta = cubic ? kCubicBeta : kRenoBeta;
  const bool converge = config_->fast_convergence && window_ < maximum_;
  maximum_ = converge ? window_ * (1.0 + kCubicBeta) / 2.0 : window_;
  threshold_ = std::max(window_ * beta, 2.0 * segment_);
  window_ = threshold_;
  in_epoch_ = false;
}

void Congestion::on_timeout() {
  on_loss();
  window_ = segment_;
}

void Congestion::on_idle(sim::Duration idle, sim::Duration rto) {
  SIM_DCHECK(rto.ns > 0);
  const double floor = std::min(window_, segment_ * static_cast<double>(config_->initial_window));
  threshold_ = std::max(threshold_, 0.75 * window_);
  for (sim::Duration left = idle; left >= rto && window_ > floor; left -= rto) window_ /= 2.0;
  window_ = std::max(window_, floor);
  in_epoch_ = false;
}

}  // namespace brokersim::network
