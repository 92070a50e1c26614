// The metrics that a table over many runs shows, and how it writes their means.
#pragma once

#include <span>
#include <string>

#include "sim/statistics.h"

namespace brokersim::results {

/// In the order of the table; those that no run measured are left out there.
[[nodiscard]] std::span<const char* const> shown_metrics();

/// The 95 % interval of the mean, not below 0 where no value is: nothing that is measured can be negative, and Student's
/// interval of a few skewed values does not know.
[[nodiscard]] sim::Interval interval_of_mean(const sim::Summary& summary);

/// A mean of counts is rarely a whole number.
[[nodiscard]] std::string mean_text(double value, const char* metric);

}  // namespace brokersim::results
