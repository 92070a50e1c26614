// The outcome of one run: what it was, what it showed, and whether that was expected.
//
// Why one value: the text a person reads, the JSON line, the JUnit case, the Python object and the table over
// seeds all come from it, so that they cannot disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/scenario/scenario.h"
#include "models/checkers/run_observer.h"
#include "models/faults/engine.h"
#include "sim/fingerprint.h"

namespace brokersim::results {

enum class ExpectationVerdict : std::uint8_t { holds, violated, inconclusive };
/// "holds", "violated", "inconclusive".
[[nodiscard]] std::string to_string(ExpectationVerdict verdict);

struct ExpectationResult {
  std::string text;  ///< "unavailable.longest of orders/0 at_most 20 s".
  ExpectationVerdict verdict = ExpectationVerdict::holds;
  std::optional<double> value;  ///< In the metric's unit; hits of a probe. Nothing: not measured.
  std::string detail;           ///< "9.482 s", "violated", "too few samples: 57 of 1,000".
};

/// A published number beside the predicted one. Not judged.
struct Comparison {
  std::string metric;
  std::string source;
  double published = 0;
  std::optional<double> predicted;
};

struct FaultResult {
  std::string name;
  std::string kind;
  std::string target;
  sim::SimTime at;
  std::optional<sim::SimTime> healed_at;
  bool requested = true;
  bool fired = true;
  bool had_effect = false;
};

/// Where a run left another one.
struct BranchFacts {
  std::uint64_t id = 0;     ///< 0: with the same randomness as before.
  sim::SimTime at;          ///< The instant; its own events still belong to the common past.
  std::string variant;      ///< Name of the faults that came with it, "" if none did.
  std::string faults_file;  ///< Where the variant stands.
};

/// What a run is known by, from whoever ran it.
struct RunFacts {
  std::uint64_t seed = 0;
  std::uint64_t fingerprint = 0;
  sim::FingerprintParts fingerprint_parts;
  std::uint64_t events = 0;
  std::uint64_t task_events = 0;  ///< Of them, those that woke a task (a coroutine).
  sim::SimTime ended_at;
  double wall_seconds = 0;
  std::string bug;                     ///< Our own bug that stopped it, "" if none.
  std::vector<std::string> overrides;  ///< "POINTER=VALUE", as given with --set.
  std::optional<BranchFacts> branch;   ///< Nothing: a run of its own.
};

struct RunResult {
  std::string scenario;  ///< File it came from.
  std::string title;
  RunFacts facts;
  checkers::Findings findings;
  std::vector<FaultResult> faults;
  std::vector<ExpectationResult> expectations;
  std::vector<Comparison> published;
  std::vector<std::string> notes;
  std::vector<std::string> warnings;
  /// Laws that failed although the scenario did not say so.
  std::vector<std::string> failed_laws;

  /// 0 all expectations and laws hold, 1 one failed, 3 inconclusive, 70 our own bug.
  [[nodiscard]] int exit_code() const;
  /// "holds", "violated", "inconclusive", "bug".
  [[nodiscard]] std::string verdict() const;
  /// The line to paste that replays the run: "brokersim run FILE --seed N --set ...", of a branch "brokersim branch
  /// FILE ... --at T --only K", quoted for a shell.
  [[nodiscard]] std::string replay() const;
};

/// Puts the outcome together and judges the scenario's expectations. `faults` as realised by the engine; if
/// empty, those that the history tells.
[[nodiscard]] RunResult collect(const scenario::Scenario& scenario, RunFacts facts,
                                checkers::Findings findings,
                                const std::vector<faults::RealisedFault>& faults);

/// Of several runs the worst counts: 70, then 2, 1, 3, 0.
[[nodiscard]] int worse_exit_code(int a, int b);

}  // namespace brokersim::results
