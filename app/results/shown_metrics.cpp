#include "app/results/shown_metrics.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "app/results/expectations.h"
#include "app/scenario/metrics.h"

namespace brokersim::results {
namespace {

constexpr const char* kShown[] = {"records.sent",
                                  "records.acknowledged",
                                  "records.failed",
                                  "records.lost_acknowledged",
                                  "records.duplicated",
                                  "records.reordered",
                                  "throughput.records_per_second",
                                  "unavailable.longest",
                                  "unavailable.total",
                                  "leader_changes",
                                  "recovery.to_leader_max_s",
                                  "recovery.to_acknowledgement_max_s",
                                  "latency.produce.p50_ms",
                                  "latency.produce.p99_ms",
                                  "latency.produce.p999_ms",
                                  "latency.produce.max_ms",
                                  "latency.end_to_end.p99_ms"};

}  // namespace

std::span<const char* const> shown_metrics() { return kShown; }

sim::Interval interval_of_mean(const sim::Summary& summary) {
  sim::Interval interval = sim::student_interval(summary);
  if (summary.min >= 0) interval.low = std::max(interval.low, 0.0);
  return interval;
}

std::string mean_text(double value, const char* metric) {
  const bool whole = value == static_cast<double>(static_cast<std::int64_t>(value));
  const std::string_view name = metric;
  const scenario::Metric* known = scenario::find_metric(name);
  const bool small_count =
      known != nullptr && known->unit == scenario::MetricUnit::count && !whole && value < 1'000;
  return small_count ? value_text(value, "") : value_text(value, name);
}

}  // namespace brokersim::results
