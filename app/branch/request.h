// What a branching run is asked to do, and whether it can be done.
//
// A run is brought to each instant in turn; there every variant (a list of faults; without variants just one, empty)
// is continued with every branch id. Outcomes are numbered in that order: instant, variant, id.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/scenario.h"
#include "app/scenario/variants.h"

namespace brokersim::branch {

inline constexpr std::uint64_t kOutcomesMax = 1'000'000;  ///< Of one request.

/// A metric as app/results/metric_value.h knows it.
struct MetricName {
  std::string name;
  std::string of;

  bool operator==(const MetricName&) const = default;
};

struct Request {
  scenario::NamedText scenario;
  std::vector<std::string> overrides;  ///< As of --set.
  std::optional<std::uint64_t> seed;   ///< Nothing: the scenario's own.
  std::vector<sim::SimTime> at;        ///< Instants, in any order; after 0 and before the end.
  sim::Duration every;                 ///< More instants: its multiples before the end. 0: none.
  std::uint64_t first = 1;  ///< Branch ids, both included. 0: with the randomness of the run itself.
  std::uint64_t last = 1;
  std::optional<scenario::NamedText> variants;
  std::string variant;  ///< Only this one; "": all.
  int jobs = 1;         ///< Children at a time, 1 or more.
  std::vector<MetricName> metrics;
  std::size_t text_width = 0;  ///< Columns of the outcome as text; 0: no text.

  bool operator==(const Request&) const = default;
};

/// For the way between processes. decode() gives nothing for what encode() cannot have made.
[[nodiscard]] std::string encode(const Request& request);
[[nodiscard]] std::optional<Request> decode(std::string_view text);

/// One continuation of the run.
struct Task {
  std::size_t point = 0;    ///< Index of Plan::at.
  std::size_t variant = 0;  ///< Index of Plan::variants.
  std::uint64_t id = 0;

  bool operator==(const Task&) const = default;
};

/// A request that can be done.
struct Plan {
  scenario::Scenario scenario;
  std::uint64_t seed = 0;
  std::vector<sim::SimTime> at;                  ///< Ascending, without repetitions. At least one.
  std::vector<scenario::FaultVariant> variants;  ///< At least one; without a name if none were given.
  std::uint64_t first = 1;
  std::uint64_t last = 1;

  [[nodiscard]] std::uint64_t tasks() const { return at.size() * variants.size() * (last - first + 1); }
  /// Number 0 to tasks() - 1, in the order in which they are run and told.
  [[nodiscard]] Task task(std::uint64_t number) const;
};

struct PlanResult {
  std::optional<Plan> plan;  ///< Present if and only if no diagnostic is an error.
  std::vector<scenario::Diagnostic> diagnostics;
};

/// Reads the scenario and the variants and checks the rest; all problems at once. The names of what is wrong are those
/// of the command line (--at, --branches).
[[nodiscard]] PlanResult make_plan(const Request& request);

}  // namespace brokersim::branch
