// Where two runs part: the first event that is not the same in both, what of it differs, and what led to it.
//
// Why: two fingerprints say that two runs differ; a person needs to know where, and an end result shows it far too
// late. Method: both worlds run side by side until their checkpoints (one every 4,096 events) differ, so that an early
// difference is found early; then both run again up to there with a recorder over that interval only. Memory: two
// worlds, their checkpoints and the recorded interval, whatever the length of the runs.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/scenario/scenario.h"
#include "sim/fingerprint.h"
#include "sim/time.h"

namespace brokersim::results {

/// One of the runs that are compared.
struct CompareSide {
  const scenario::Scenario* scenario = nullptr;
  std::uint64_t seed = 0;
  std::vector<std::string> overrides;  ///< "POINTER=VALUE", already in the scenario; for words only.
  std::optional<std::uint64_t> earlier_fingerprint;  ///< Of an earlier run whose result was kept.
};

/// How far a run was followed.
struct ComparedRun {
  std::string scenario;
  std::uint64_t seed = 0;
  std::vector<std::string> overrides;
  std::optional<std::uint64_t> earlier_fingerprint;
  bool completed = false;  ///< To its end; else only as far as was needed.
  std::uint64_t events = 0;
  std::uint64_t fingerprint = 0;
  sim::SimTime reached;
  std::string bug;  ///< Our own bug that stopped it, "" if none.
};

struct ComparedDraw {
  std::string stream;  ///< `producer/checkout-0 "arrivals"`.
  std::uint64_t ordinal = 0;
  std::uint64_t value = 0;
};

struct ComparedCause {
  std::uint64_t number = 0;  ///< From 1.
  sim::SimTime time;
  std::string component;
  std::string kind;

  [[nodiscard]] bool operator==(const ComparedCause&) const = default;
};

struct ComparedEvent {
  std::uint64_t number = 0;  ///< From 1.
  sim::SimTime time;
  std::string component;
  std::string kind;
  std::vector<ComparedDraw> draws;
  std::vector<ComparedCause>
      causes;  ///< Who scheduled it, who scheduled that, ... Empty: who built the world.
  /// An event of the same time, component and kind in the other run, at or after the difference; number from 1.
  std::optional<std::uint64_t> in_other;
};

/// What of the first differing event is not the same. `end`: one run has no such event.
enum class Ingredient : std::uint8_t { time, component, kind, draws, end };
[[nodiscard]] std::string to_string(Ingredient ingredient);

struct RunComparison {
  bool equal = false;
  ComparedRun a;
  ComparedRun b;
  std::uint64_t equal_events = 0;        ///< Events at the start that are the same in both.
  std::vector<Ingredient> differs;       ///< In the order above; empty if equal.
  std::optional<ComparedEvent> a_event;  ///< The first one that differs. Nothing: this run has ended.
  std::optional<ComparedEvent> b_event;
  std::vector<ComparedEvent> before;  ///< The last events that both share, at most three, oldest first.
  std::string setup;                  ///< Draws that differ before any event, in words; "" if none do.
  std::uint64_t recorded = 0;  ///< Events that were recorded of each run from the last equal checkpoint on.
  std::string not_repeatable;  ///< A run that was not the same twice: our own bug, in words; else "".

  /// 0 equal; 70 a bug of ours; 1 the runs differ, or one of them is no longer the run of the result file it came from.
  [[nodiscard]] int exit_code() const;
};

/// Told now and then: events executed so far, by both in the same phase (1 searching, 2 recording).
using CompareProgress = std::function<void(int phase, std::uint64_t events)>;

/// Runs and compares. A bug of ours ends that run, as for execute(). Throws nothing.
[[nodiscard]] RunComparison compare(const CompareSide& a, const CompareSide& b,
                                    const CompareProgress& progress = {});

/// For people, at most `width` columns where it can.
[[nodiscard]] std::string render_comparison(const RunComparison& comparison, bool colour);
/// One JSON object without line breaks.
[[nodiscard]] std::string comparison_json(const RunComparison& comparison);

}  // namespace brokersim::results
