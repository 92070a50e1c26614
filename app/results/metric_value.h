// The value of a metric, by the name under which app/scenario lists it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/results/run_result.h"

namespace brokersim::results {

struct MetricValue {
  double value = 0;
  std::int64_t samples = 0;  ///< Of a latency: how many it stands for. Else 0.
  std::int64_t needed = 0;   ///< Fewer samples than this say nothing: 10 beyond the quantile.
  [[nodiscard]] bool enough() const { return samples >= needed; }
};

/// `of`: "" the whole run, a workload, or "topic/partition" (unavailable.* only). Nothing if that is not measured:
/// an unknown name, or a latency of which there is no sample.
[[nodiscard]] std::optional<MetricValue> metric_value(const RunResult& result, std::string_view name,
                                                      std::string_view of = "");

/// Length of the union of windows of all kinds, per partition added up.
[[nodiscard]] sim::Duration total_unavailable(const std::vector<checkers::UnavailableWindow>& windows);

}  // namespace brokersim::results
