// When enough seeds have been run: the interval of what is asked for is narrow enough.
//
// Sequential stopping makes intervals a little too narrow (the run that happens to agree stops early): hence a minimum
// of runs, and values that are all equal never count as precise, since they say nothing about their spread.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/statistics.h"

namespace brokersim::sweep {

struct Precision {
  std::string metric;  ///< "latency.produce.p99_ms", or with " of WORKLOAD".
  /// Of runs in which the metric is above 0 instead of its mean: the exact interval of a share (Clopper-Pearson).
  bool share = false;
  double half_width = 0.05;  ///< Positive. Relative: of the mean.
  bool relative = true;      ///< False: in the metric's unit (a share: of 1).
  double confidence = 0.95;
  std::int64_t runs_min = 10;
};

/// "METRIC=5%" (relative), "METRIC=0.5" (in its unit), "any METRIC=0.02" (share of runs above 0). Or what is wrong with
/// it, as a sentence.
[[nodiscard]] std::variant<Precision, std::string> parse_precision(const std::string& text);

/// The interval of `values`: Student's of their mean, Clopper and Pearson's of the share above 0.
[[nodiscard]] sim::Interval interval_of(const std::vector<double>& values, const Precision& precision);

/// True if `values`, those of the first seeds in order, are enough.
[[nodiscard]] bool precise(const std::vector<double>& values, const Precision& precision);

}  // namespace brokersim::sweep
