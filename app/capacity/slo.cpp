#include "app/capacity/slo.h"

#include <algorithm>
#include <array>
#include <sstream>

#include "app/scenario/quantity.h"

namespace brokersim::capacity {

std::variant<Slo, std::string> parse_slo(std::string_view text) {
  constexpr std::array<std::string_view, 3> latencies{"produce", "produce_ok", "end_to_end"};
  constexpr std::array<std::string_view, 6> quantiles{"mean", "p50", "p95", "p99", "p999", "max"};
  std::string spaced(text);  // the spaces about the sign may be missing
  if (const std::size_t sign = spaced.find("<="); sign != std::string::npos) spaced.replace(sign, 2, " <= ");
  std::istringstream words{spaced};
  std::string latency;
  std::string quantile;
  std::string sign;
  words >> latency >> quantile >> sign;
  if (std::find(latencies.begin(), latencies.end(), latency) == latencies.end())
    return std::string("begins with produce, produce_ok or end_to_end");
  if (quantile == "p99.9") quantile = "p999";
  if (std::find(quantiles.begin(), quantiles.end(), quantile) == quantiles.end())
    return std::string("the second word is mean, p50, p95, p99, p999 (p99.9) or max");
  if (sign != "<=") return std::string("the third word is <=");
  std::string bound;
  std::getline(words >> std::ws, bound);
  const auto parsed = scenario::parse_quantity(bound, scenario::Dimension::duration);
  if (const auto* error = std::get_if<scenario::QuantityError>(&parsed))
    return "\"" + bound + "\" " + error->message;
  const std::int64_t ns = std::get<std::int64_t>(parsed);
  if (ns <= 0) return std::string("the bound is not positive");
  Slo slo;
  slo.metric = "latency." + latency + "." + quantile + "_ms";
  slo.bound_ms = static_cast<double>(ns) / 1e6;
  slo.text = std::string(text);
  return slo;
}

}  // namespace brokersim::capacity
