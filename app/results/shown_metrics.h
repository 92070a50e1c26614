// The metrics that a table over many runs shows, and how it writes their means.
#pragma once

#include <span>
#include <string>

namespace brokersim::results {

/// In the order of the table; those that no run measured are left out there.
[[nodiscard]] std::span<const char* const> shown_metrics();

/// A mean of counts is rarely a whole number.
[[nodiscard]] std::string mean_text(double value, const char* metric);

}  // namespace brokersim::results
