#include "models/analytic/flash.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"

namespace brokersim::analytic {

double lambert_w(double x) {
  constexpr double kBranch = -0.36787944117144232160;  // -1/e
  SIM_CHECK(x >= kBranch - 1e-15);
  // Near the branch point the series in p = sqrt(2 (e x + 1)), elsewhere a logarithm; then Halley's steps.
  const double p = std::sqrt(std::max(0.0, 2.0 * (std::exp(1.0) * x + 1.0)));
  double w = x < 0.0 ? -1.0 + p * (1.0 - p * (1.0 / 3.0 - p * 11.0 / 72.0)) : std::log1p(x) * 0.7;
  if (p < 1e-6) return w;
  for (int step = 0; step < 60; ++step) {
    const double e = std::exp(w);
    const double error = w * e - x;
    const double change = error / (e * (w + 1.0) - (w + 2.0) * error / (2.0 * w + 2.0));
    w -= change;
    if (std::abs(change) <= 1e-15 * (1.0 + std::abs(w))) break;
  }
  return w;
}

double write_amplification_greedy(double spare) {
  SIM_CHECK(spare > 0.0);
  const double alpha = 1.0 + spare;
  return alpha / (alpha + lambert_w(-alpha * std::exp(-alpha)));
}

double write_amplification_approximation(double spare) {
  SIM_CHECK(spare > 0.0);
  return (1.0 + spare) / (2.0 * spare);
}

}  // namespace brokersim::analytic
