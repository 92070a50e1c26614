// What the branches of a run show together: how likely a failure or a loss is from each instant on, with exact bounds.
//
// A share has its Clopper-Pearson interval (95 %). Branches of one instant are independent given the run's past up to
// there, and only given that: the share is of the futures of this past, not of runs with other seeds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/branch/outcome.h"

namespace brokersim::branch {

class Summary {
 public:
  Summary(const Request& request, const Plan& plan) : request_(request), plan_(plan) {}

  /// In any order, each once.
  void add(const Outcome& outcome);

  [[nodiscard]] std::int64_t branches() const { return branches_; }
  /// Worst of all branches; 0 without any.
  [[nodiscard]] int exit_code() const { return exit_code_; }

  /// One instant and variant: a table of metrics. Several: a row for each with its likelihood of a failure and of a
  /// loss. Then what was violated how often, and the line that replays the worst branch.
  [[nodiscard]] std::string render(std::size_t width, bool colour) const;

  /// The shares as one JSON object on one line: scenario, seed, points [{branch_at_s, variant, branches, failed,
  /// failed_share, lost, lost_share, died, inconclusive}], each share as {value, low, high}.
  [[nodiscard]] std::string json() const;

 private:
  /// Outcomes of one variant at one instant.
  struct Group {
    std::int64_t branches = 0;
    std::int64_t failed = 0;
    std::int64_t lost = 0;  ///< At least one acknowledged record.
    std::int64_t died = 0;
    std::int64_t inconclusive = 0;
    std::vector<std::vector<double>> metrics;  ///< By index of Request::metrics.
  };

  [[nodiscard]] std::string metric_table(const Group& group) const;
  [[nodiscard]] std::string likelihoods() const;

  const Request& request_;
  const Plan& plan_;
  std::map<std::pair<std::size_t, std::size_t>, Group> groups_;  // by (variant, point)
  std::map<std::string, std::int64_t> violated_;
  std::map<std::string, std::int64_t> inconclusive_;
  std::int64_t branches_ = 0;
  int exit_code_ = 0;
  int worst_code_ = 0;
  std::uint64_t worst_number_ = 0;
  std::string worst_replay_;
};

/// The metrics that render() shows; for Request::metrics.
[[nodiscard]] std::vector<MetricName> summary_metrics();

}  // namespace brokersim::branch
