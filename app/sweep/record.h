// What a sweep keeps of one run: identity, verdict and numbers. A line of the store, a row of the table.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/results/run_result.h"

namespace brokersim::sweep {

/// A metric of the whole run (`of` empty), of a workload or of a partition.
struct MetricName {
  std::string metric;
  std::string of;
  /// "latency.produce.p99_ms of checkout".
  [[nodiscard]] std::string text() const { return of.empty() ? metric : metric + " of " + of; }
};

struct Record {
  std::string id;  ///< run_id().
  std::uint64_t seed = 0;
  std::string fingerprint;
  std::string verdict;
  int exit_code = 0;
  std::string bug;
  double wall_seconds = 0;
  std::map<std::string, std::optional<double>> metrics;  ///< By MetricName::text(). Nothing: not measured.

  /// Null if no run has been asked for it.
  [[nodiscard]] const std::optional<double>* find(const std::string& metric) const;
  /// One JSON object on one line, read back by parse_record().
  [[nodiscard]] std::string line() const;
};

/// Every metric of the whole run, and `wanted` besides.
[[nodiscard]] Record record_of(const results::RunResult& result, const std::string& id,
                               const std::vector<MetricName>& wanted);
/// Nothing if `line` is no record.
[[nodiscard]] std::optional<Record> parse_record(const std::string& line);

/// What a metric can be `of`: workloads, then partitions.
[[nodiscard]] std::vector<std::string> measured_names(const results::RunResult& result);

}  // namespace brokersim::sweep
