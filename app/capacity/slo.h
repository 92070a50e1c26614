// A service level as a person writes it: "produce p99 <= 20 ms".
#pragma once

#include <string>
#include <string_view>
#include <variant>

namespace brokersim::capacity {

/// A latency that must not be above a bound.
struct Slo {
  std::string metric;   ///< As `brokersim list metrics` has it: "latency.produce.p99_ms".
  double bound_ms = 0;  ///< Positive.
  std::string text;     ///< As it was written.
};

/// WHAT QUANTILE <= DURATION. WHAT: produce (intended send to outcome), produce_ok (actual send to success) or end_to_end
/// (to the consumer). QUANTILE: mean, p50, p95, p99, p999 (p99.9, too) or max. Text is what is wrong with it.
[[nodiscard]] std::variant<Slo, std::string> parse_slo(std::string_view text);

}  // namespace brokersim::capacity
