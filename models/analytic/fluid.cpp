#include "models/analytic/fluid.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::analytic {
namespace {

void check(double bytes, const FluidLink& link, double gamma_bytes) {
  SIM_CHECK(bytes >= 0.0);
  SIM_CHECK(link.bytes_per_second > 0.0);
  SIM_CHECK(link.latency_seconds > 0.0);
  SIM_CHECK(gamma_bytes > 0.0);
}

}  // namespace

double transfer_cm02(double bytes, const FluidLink& link, double gamma_bytes) {
  check(bytes, link, gamma_bytes);
  const double rate = std::min(link.bytes_per_second, gamma_bytes / (2.0 * link.latency_seconds));
  return link.latency_seconds + bytes / rate;
}

double transfer_lv08(double bytes, const FluidLink& link, double gamma_bytes) {
  check(bytes, link, gamma_bytes);
  constexpr double kLatency = 13.01;
  constexpr double kBandwidth = 0.97;
  constexpr double kAcknowledgements = 0.05;
  const double latency = kLatency * link.latency_seconds;
  const double rate = std::min(kBandwidth * link.bytes_per_second / (1.0 + kAcknowledgements),
                               gamma_bytes / (2.0 * link.latency_seconds));
  return latency + bytes / rate;
}

}  // namespace brokersim::analytic
