// What a sweep runs: every combination of the values at some places of a scenario, with every seed.
//
// All combinations are loaded and checked before anything runs. The seeds are the same for all: draws are addressed, so
// two settings share every draw that they have in common, and rows of one seed may be compared as pairs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/scenario/scenario.h"

namespace brokersim::sweep {

/// Values to try at a place of the scenario file.
struct Axis {
  std::string pointer;
  std::vector<std::string> values;  ///< Each JSON, or else text: as VALUE of --set.
};

/// "POINTER=1,2,all", or "POINTER=[JSON, ...]" for values with commas. Or what is wrong with it, as a sentence.
[[nodiscard]] std::variant<Axis, std::string> parse_axis(const std::string& text);

struct Setting {
  std::vector<std::string> values;     ///< One for each axis.
  std::vector<std::string> overrides;  ///< "POINTER=VALUE": the sweep's own first.
  scenario::Scenario scenario;
  std::string content;  ///< scenario::content_id().
};

struct Plan {
  std::vector<Axis> axes;
  std::vector<Setting> settings;  ///< The last axis changes fastest.
  std::vector<std::uint64_t> seeds;
};

struct PlanResult {
  std::optional<Plan> plan;  ///< Present if and only if no diagnostic is an error.
  std::vector<scenario::Diagnostic> diagnostics;
};

/// `text` is the scenario, `name` its path or what stands for it. At most 100,000 settings.
[[nodiscard]] PlanResult make_plan(const std::string& text, const std::string& name,
                                   const std::vector<std::string>& overrides, std::vector<Axis> axes,
                                   std::vector<std::uint64_t> seeds);

}  // namespace brokersim::sweep
