// What a sweep shows: a row for each setting, each number with its interval.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/sweep/runner.h"

namespace brokersim::sweep {

/// The row of one run as a JSON object on one line, with one column for each varied place, then seed, fingerprint,
/// verdict, exit_code, bug, wall_seconds and the metrics: the same names as the rows of brokersim.sweep in Python.
/// `metrics`: which; empty: all of the whole run.
[[nodiscard]] std::string row_json(const Plan& plan, const Row& row, const std::vector<MetricName>& metrics);

/// What the table shows if nothing is asked for.
[[nodiscard]] std::vector<MetricName> table_metrics();

class Table {
 public:
  /// `metrics` in the order of the columns. `plan` outlives this.
  Table(const Plan& plan, std::vector<MetricName> metrics);

  void add(const Row& row);
  [[nodiscard]] std::int64_t runs() const { return runs_; }
  [[nodiscard]] std::int64_t known() const { return known_; }  ///< Of them, from the store.
  [[nodiscard]] int exit_code() const { return exit_code_; }   ///< Worst of all runs.

  /// For each metric the mean over seeds with its 95 % interval (Student), how many runs lost acknowledged records with
  /// the exact interval of the share, and how many runs were not as expected.
  [[nodiscard]] std::string render(bool colour) const;

 private:
  struct Cells {
    std::int64_t runs = 0;
    std::int64_t lossy = 0;
    std::int64_t failed = 0;
    std::vector<std::vector<double>> values;  ///< By metric.
  };

  const Plan& plan_;
  std::vector<MetricName> metrics_;
  std::vector<Cells> settings_;
  std::int64_t runs_ = 0;
  std::int64_t known_ = 0;
  int exit_code_ = 0;
};

}  // namespace brokersim::sweep
