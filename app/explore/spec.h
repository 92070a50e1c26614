// What a search may change, and of which scenario: the file that `brokersim explore` reads.
//
//   {"title": "...", "scenario": "base.json" or a whole scenario, "seed": 1,
//    "faults": {"kinds": ["power_loss", ...] or "all", "count": [1, 6], "between": ["3 s", "20 s"],
//               "lasts": ["500 ms", "10 s"], "restart_after": ["500 ms", "8 s"], "stable_for": "1 s",
//               "inside_budget": true, "patterns": true, "leave_broken": true},
//    "knobs": {"/workloads/0/config/acks": [1, "all"], "/workloads/1": [null]},
//    "losses_are_failures": false}
//
// A knob is a JSON pointer into the scenario and what may stand there instead of what does; null leaves it out. The
// scenario as it is, is always one of the alternatives. "inside_budget": all faults that can take what was written hit one
// broker of each run.
//
// "stable_for": what a fault leaves behind stays so for at least that long before the next one hits the same target. Why:
// faults that undo each other at once hide what only shows after an election, a recovery or a timeout.
//
// "leave_broken": in some trials one broker never comes back after the last fault (killed, standing still or cut off), while all
// others heal: liveness is asked of a legal core.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/scenario/diagnostic.h"
#include "app/trial/json.h"

namespace brokersim::explore {

using trial::Json;

struct Knob {
  std::string pointer;
  std::vector<Json> values;
};

struct Spec {
  std::string file;
  Json base;              ///< The scenario, overrides and all.
  std::string base_name;  ///< Its path, or the spec's.
  std::uint64_t seed = 1;
  std::vector<std::string> kinds;  ///< Of faults; none: only knobs and seeds are searched.
  bool patterns = true;            ///< Named combinations of faults, too: of the kinds above ...
  bool patterns_of_all = false;    ///< ... or, where the file asks for them itself, of any kind.
  std::int64_t count_min = 1;
  std::int64_t count_max = 6;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::int64_t lasts_min_ns = 500'000'000;
  std::int64_t lasts_max_ns = 10'000'000'000;
  std::int64_t restart_min_ns = 500'000'000;
  std::int64_t restart_max_ns = 8'000'000'000;
  std::int64_t stable_ns = 0;
  bool inside_budget = false;
  bool leave_broken = false;
  std::vector<Knob> knobs;
  bool losses_are_failures = false;

  // Of the base scenario.
  std::string system;
  std::int64_t brokers = 0;
  std::vector<std::string> partitions;    ///< "orders/0"
  std::vector<std::string> coordinators;  ///< "__transaction_state/0": of internal topics, a few each.
  std::vector<std::string> workloads;
  std::int64_t duration_ns = 0;
  std::uint64_t base_events = 0;  ///< Unknown here: 0.

  std::string hash;  ///< 16 hexadecimal digits, of everything above but the changes of --set.

  /// A combination may hold a fault of this kind.
  [[nodiscard]] bool may_have(std::string_view kind) const {
    return patterns_of_all || std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  }
};

struct SpecResult {
  std::optional<Spec> spec;
  std::vector<scenario::Diagnostic> diagnostics;
};

/// Reads and checks the file. `overrides` change the base scenario; `seed` replaces the search's.
[[nodiscard]] SpecResult load_spec(const std::string& path, const std::vector<std::string>& overrides,
                                   std::optional<std::uint64_t> seed);

/// Kinds that a search can make, in a fixed order.
[[nodiscard]] const std::vector<std::string>& known_kinds();

}  // namespace brokersim::explore
