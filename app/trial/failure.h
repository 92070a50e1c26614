// What is wrong with a run, in a form that can be compared with another run's.
//
// Rules are named by short texts, the same for every run that breaks them:
//   "bug: <text without numbers>"   a check of our own stopped the run
//   "S1", "INV4" ...                a law that was violated, whether the scenario expects that or not
//   "expect: <text>"                an expectation of the scenario that was violated (what is inconclusive is not)
//   "lost"                          acknowledged records are lost, promised or not
//   "died: <how>"                   the process ended without a result
#pragma once

#include <string>
#include <vector>

#include "app/results/run_result.h"

namespace brokersim::trial {

struct Failure {
  /// Most telling first: bug, laws in the order of the catalogue, expectations in that of the file, "lost". "lost" alone
  /// is no failure by itself: acks=1 promises nothing.
  std::vector<std::string> rules;

  [[nodiscard]] bool breaks(const std::string& rule) const;
  [[nodiscard]] bool breaks_all(const std::vector<std::string>& wanted) const;
  /// The rule that names the failure; "" if nothing was broken.
  [[nodiscard]] std::string headline() const { return rules.empty() ? std::string() : rules.front(); }

  bool operator==(const Failure&) const = default;
};

[[nodiscard]] Failure failure_of(const results::RunResult& result);

/// The text without its numbers, so that it is the same wherever it happens: "broker # at # s".
[[nodiscard]] std::string without_numbers(const std::string& text);

/// "S1, S5 and 3 more".
[[nodiscard]] std::string rules_text(const std::vector<std::string>& rules, std::size_t shown = 6);

}  // namespace brokersim::trial
