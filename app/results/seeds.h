// What many seeds of one scenario show together: means with intervals, shares with exact bounds.
//
// Why: one seed is an anecdote. "0 of 100 runs lost data" is printed with the share it does not exclude.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/results/run_result.h"
#include "sim/statistics.h"

namespace brokersim::results {

/// Collects scalars only, so that a thousand runs fit in memory. Runs may be added in any order; the table depends
/// on the set of runs alone.
class SeedTable {
 public:
  void add(const RunResult& result);

  [[nodiscard]] std::int64_t runs() const { return static_cast<std::int64_t>(by_seed_.size()); }
  /// Worst of all runs.
  [[nodiscard]] int exit_code() const { return exit_code_; }
  [[nodiscard]] sim::Summary summary(const std::string& metric) const;

  /// A table of metrics (mean, 95 % interval of it, minimum, median, maximum), how often data was lost and which
  /// laws and expectations failed how often, and the line that replays the worst run.
  [[nodiscard]] std::string render(std::size_t width, bool colour) const;

 private:
  struct Row {
    std::map<std::string, double> values;  ///< By metric; absent if not measured.
    std::vector<std::string> violated;     ///< Laws and expectations.
    std::vector<std::string> inconclusive;
    int exit_code = 0;
    std::string replay;
  };
  std::map<std::uint64_t, Row> by_seed_;
  int exit_code_ = 0;
  std::string scenario_;
  std::string title_;
};

}  // namespace brokersim::results
