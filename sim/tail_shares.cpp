#include "sim/tail_shares.h"

#include <algorithm>
#include <cmath>

#include "sim/portable_math.h"

namespace brokersim::sim::detail {
namespace {

/// From here on the beta and the gamma density are integrated; below, their sums have some ten thousand terms at most.
constexpr std::int64_t kSmooth = 100'000;
/// The densities below are less than 1e-21 of their top past so many deviations.
constexpr double kReach = 10.0;

/// True if P(|X - mean| >= distance) is below 1e-21: Bernstein's inequality, for sums of independent zeros and ones.
bool out_of_reach(double distance, double variance) {
  return distance * distance > 100.0 * (variance + distance / 3.0);
}

/// The part of a density's integral that lies above `x`. exp(log_density) has its top, 1, at `top`, and falls off like a
/// normal density of that `deviation`. Gauss and Legendre's rule with ten points for each deviation.
template <class LogDensity>
double share_above(double x, double top, double deviation, const LogDensity& log_density) {
  constexpr double kPoints[] = {0.1488743389816312108848, 0.4333953941292471907993, 0.6794095682990244062343,
                                0.8650633666889845107321, 0.9739065285171717200780};
  constexpr double kWeights[] = {0.2955242247147528701739, 0.2692667193099963550912, 0.2190863625159820439955,
                                 0.1494513491505805931458, 0.0666713443086881375936};
  const auto integral = [&](double low, double high) {
    if (high <= low) return 0.0;
    const auto pieces = static_cast<int>((high - low) / deviation) + 1;
    const double half = (high - low) / (2.0 * static_cast<double>(pieces));
    double sum = 0.0;
    for (int piece = 0; piece < pieces; ++piece) {
      const double middle = low + half * static_cast<double>(2 * piece + 1);
      for (int i = 0; i < 5; ++i) {
        const double step = half * kPoints[i];
        sum += kWeights[i] *
               (portable_exp(log_density(middle - step)) + portable_exp(log_density(middle + step)));
      }
    }
    return sum * half;
  };
  const double low = top - kReach * deviation;
  const double high = top + kReach * deviation;
  x = std::clamp(x, low, high);
  const double below = integral(low, x);
  const double above = integral(x, high);
  return above / (below + above);
}

/// Terms relative to the largest one, outwards from it until they no longer count.
double binomial_sum(std::int64_t k, std::int64_t n, double p) {
  const auto mode = std::min(n, static_cast<std::int64_t>(static_cast<double>(n + 1) * p));
  double below = mode <= k ? 1.0 : 0.0;
  double total = 1.0;
  double term = 1.0;
  for (std::int64_t i = mode; i < n && term > 1e-18; ++i) {
    term *= static_cast<double>(n - i) / static_cast<double>(i + 1) * (p / (1.0 - p));
    total += term;
    if (i + 1 <= k) below += term;
  }
  term = 1.0;
  for (std::int64_t i = mode; i > 0 && term > 1e-18; --i) {
    term *= static_cast<double>(i) / static_cast<double>(n - i + 1) * ((1.0 - p) / p);
    total += term;
    if (i - 1 <= k) below += term;
  }
  return below / total;
}

double poisson_sum(std::int64_t k, double mean) {
  const auto mode = static_cast<std::int64_t>(mean);
  double below = mode <= k ? 1.0 : 0.0;
  double total = 1.0;
  double term = 1.0;
  for (std::int64_t i = mode; term > 1e-18; ++i) {
    term *= mean / static_cast<double>(i + 1);
    total += term;
    if (i + 1 <= k) below += term;
  }
  term = 1.0;
  for (std::int64_t i = mode; i > 0 && term > 1e-18; --i) {
    term *= static_cast<double>(i) / mean;
    total += term;
    if (i - 1 <= k) below += term;
  }
  return below / total;
}

}  // namespace

double binomial_share(std::int64_t k, std::int64_t n, double p) {
  if (k < 0) return 0.0;
  if (k >= n) return 1.0;
  if (p <= 0.0) return 1.0;
  if (p >= 1.0) return 0.0;
  const double mean = static_cast<double>(n) * p;
  const double distance = static_cast<double>(k) - mean;
  if (out_of_reach(std::abs(distance), mean * (1.0 - p))) return distance < 0.0 ? 0.0 : 1.0;
  if (std::min(k, n - k) < kSmooth) return binomial_sum(k, n, p);
  // P(X <= k) = P(B > p) for B of the beta distribution with k + 1 and n - k; its density is highest at k / (n - 1).
  const auto hits = static_cast<double>(k);
  const auto rest = static_cast<double>(n - 1 - k);
  const double top = hits / (hits + rest);
  const double deviation = std::sqrt(top * (1.0 - top) / (hits + rest));
  return share_above(p, top, deviation, [&](double x) {
    return hits * portable_log1p((x - top) / top) + rest * portable_log1p((top - x) / (1.0 - top));
  });
}

double poisson_share(std::int64_t k, double mean) {
  if (k < 0) return 0.0;
  if (mean <= 0.0) return 1.0;
  const auto count = static_cast<double>(k);
  if (out_of_reach(std::abs(count - mean), mean)) return count < mean ? 0.0 : 1.0;
  if (k < kSmooth) return poisson_sum(k, mean);
  // P(X <= k) = P(G > mean) for G of the gamma distribution with k + 1; its density is highest at k.
  return share_above(mean, count, std::sqrt(count),
                     [&](double x) { return count * portable_log1p((x - count) / count) - (x - count); });
}

}  // namespace brokersim::sim::detail
