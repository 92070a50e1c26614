// The numbers a scenario may put limits on, by the names under which results print them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::scenario {

enum class MetricUnit : std::uint8_t { count, milliseconds, seconds, per_second, bytes_per_second };

struct Metric {
  std::string name;  ///< "latency.produce.p99_ms": the path in the JSON output.
  MetricUnit unit = MetricUnit::count;
  std::string doc;
};

/// All metrics, sorted by name.
[[nodiscard]] const std::vector<Metric>& metrics();

[[nodiscard]] const Metric* find_metric(std::string_view name);

/// "ms", "s", "/s", "bytes/s" or "".
[[nodiscard]] std::string_view to_string(MetricUnit unit);

}  // namespace brokersim::scenario
