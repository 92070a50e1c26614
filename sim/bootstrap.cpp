#include "sim/bootstrap.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"
#include "sim/random.h"
#include "sim/sampling.h"

namespace brokersim::sim {
namespace {

/// P(Z <= z), by bisection of its inverse: no error function is needed.
double normal_cdf(double z) {
  double low = 1e-300;
  double high = 1.0 - 0x1p-53;
  if (z <= normal_quantile(low)) return 0.0;
  if (z >= normal_quantile(high)) return 1.0;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2.0;
    (normal_quantile(middle) < z ? low : high) = middle;
  }
  return (low + high) / 2.0;
}

/// Skewness of the statistic's influence, from leaving out one value at a time.
double acceleration(std::span<const double> values, const Statistic& statistic) {
  std::vector<double> rest(values.begin() + 1, values.end());
  std::vector<double> without;
  double mean = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) rest[i - 1] = values[i - 1];
    without.push_back(statistic(rest));
    mean += without.back();
  }
  mean /= static_cast<double>(values.size());
  double squares = 0.0;
  double cubes = 0.0;
  for (const double value : without) {
    const double distance = mean - value;
    squares += distance * distance;
    cubes += distance * distance * distance;
  }
  if (squares <= 0.0) return 0.0;
  return cubes / (6.0 * squares * std::sqrt(squares));
}

/// Between the order statistics, linearly.
double at_share(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() + 1) - 1.0;
  if (place <= 0.0) return sorted.front();
  const auto index = static_cast<std::size_t>(place);
  if (index + 1 >= sorted.size()) return sorted.back();
  return sorted[index] + (sorted[index + 1] - sorted[index]) * (place - static_cast<double>(index));
}

}  // namespace

Interval bootstrap(std::span<const double> values, const Statistic& statistic,
                   const BootstrapOptions& options) {
  SIM_CHECK(!values.empty());
  SIM_CHECK(options.resamples >= 100);
  SIM_CHECK(options.confidence > 0.0);
  SIM_CHECK(options.confidence < 1.0);
  const double estimate = statistic(values);
  if (values.size() < 2) return {estimate, estimate};

  std::vector<double> estimates;
  std::vector<double> resample(values.size());
  const std::uint64_t key = combine(hash_name("bootstrap"), options.seed);
  std::uint64_t draw = 0;
  for (std::int32_t r = 0; r < options.resamples; ++r) {
    for (double& value : resample) {
      value = values[static_cast<std::size_t>(
          (static_cast<unsigned __int128>(keyed_bits(key, 0, draw++)) * values.size()) >> 64)];
    }
    estimates.push_back(statistic(resample));
  }
  std::sort(estimates.begin(), estimates.end());
  if (estimates.front() == estimates.back()) return {estimate, estimate};

  // Equal ones count half: a median of few values has many ties.
  const auto [below, above] = std::equal_range(estimates.begin(), estimates.end(), estimate);
  const double share =
      (static_cast<double>(below - estimates.begin()) + static_cast<double>(above - below) / 2.0) /
      static_cast<double>(estimates.size());
  const double edge = 0.5 / static_cast<double>(estimates.size());
  const double bias = normal_quantile(std::clamp(share, edge, 1.0 - edge));
  const double skew = acceleration(values, statistic);
  const auto corrected = [&](double p) {
    const double z = bias + normal_quantile(p);
    const double stretch = 1.0 - skew * z;
    if (stretch <= 0.0) return z > 0.0 ? 1.0 : 0.0;
    return normal_cdf(bias + z / stretch);
  };
  const double outside = (1.0 - options.confidence) / 2.0;
  return {at_share(estimates, corrected(outside)), at_share(estimates, corrected(1.0 - outside))};
}

Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options) {
  return bootstrap(
      values,
      [](std::span<const double> of) {
        double sum = 0.0;
        for (const double value : of) sum += value;
        return sum / static_cast<double>(of.size());
      },
      options);
}

}  // namespace brokersim::sim
