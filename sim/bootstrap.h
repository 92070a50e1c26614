// Intervals of any statistic of a few independent values, by resampling.
//
// Why: a median over thirty seeds, or the ratio of two means, has no table. Efron's BCa interval (1987) corrects the
// bias and the skew of plain percentiles; it is right to the second order where values are independent. Resamples are
// addressed draws of a seed, so that the same values give the same interval everywhere. Not for fewer than 8 values, and
// not for extremes (minimum, maximum, p99.9 of a hundred): no resample holds what was never seen.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "sim/statistics.h"

namespace brokersim::sim {

/// A number from values; must not depend on anything else.
using Statistic = std::function<double(std::span<const double>)>;

struct BootstrapOptions {
  double confidence = 0.95;
  std::int32_t resamples = 2'000;  ///< At least 100.
  std::uint64_t seed = 1;
};

/// BCa interval of `statistic`. With fewer than two values, or if all resamples agree, it is the value itself.
[[nodiscard]] Interval bootstrap(std::span<const double> values, const Statistic& statistic,
                                 const BootstrapOptions& options = {});

/// Of the mean.
[[nodiscard]] Interval bootstrap_mean(std::span<const double> values, const BootstrapOptions& options = {});

}  // namespace brokersim::sim
