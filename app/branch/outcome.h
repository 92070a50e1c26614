// What one branch came to, on its way from the child that ran it to whoever asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/branch/request.h"
#include "app/results/run_result.h"

namespace brokersim::branch {

struct Outcome {
  std::uint64_t number = 0;  ///< Plan::task().
  Task task;
  std::string died;  ///< Why its process ended without a result; "" if there is one. Then exit_code is 70.
  double cpu_seconds = 0;   ///< Of its process: its own half of the run, and what the fork cost it.
  double wall_seconds = 0;  ///< From the fork to the result.
  int exit_code = 0;        ///< As of RunResult.
  std::string verdict;
  std::string bug;
  std::string fingerprint;  ///< 16 hexadecimal digits.
  std::string replay;
  std::vector<std::string> violated;           ///< Laws and expectations.
  std::vector<std::string> inconclusive;       ///< Expectations.
  std::vector<std::optional<double>> metrics;  ///< As Request::metrics; nothing: not measured.
  std::vector<std::string> measured_names;  ///< What a metric can be `of`, if one asked for was not measured.
  std::string json;                         ///< One line, as to_json() of its result.
  std::string text;                         ///< render_text(), if it was asked for.

  /// An expectation or a law was violated, or a bug of ours ended it.
  [[nodiscard]] bool failed() const { return exit_code == 1 || exit_code == 70; }
};

/// In the child: what crosses the process border of a result.
[[nodiscard]] std::string encode_outcome(const results::RunResult& result, const Request& request);
/// In the driver. Nothing if `payload` is not of encode_outcome().
[[nodiscard]] std::optional<Outcome> decode_outcome(std::string_view payload);

/// The outcome of a task whose process died; its line of JSON has the members that are known.
[[nodiscard]] Outcome outcome_of_dead(const Request& request, const Plan& plan, std::uint64_t number,
                                      const std::string& died);

/// What the task is, for RunFacts.
[[nodiscard]] results::BranchFacts facts_of(const Request& request, const Plan& plan, const Task& task);

}  // namespace brokersim::branch
