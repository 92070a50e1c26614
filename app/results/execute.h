// Runs a scenario from beginning to end, or in pieces: the one way the CLI, Python, branches and tests share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/results/run_result.h"
#include "app/scenario/scenario.h"
#include "models/checkers/run_observer.h"
#include "models/world/world.h"

namespace brokersim::results {

/// One run that can stop on its way, to be forked there. Holds no thread, descriptor or process id.
class Execution {
 public:
  /// Builds the world with `seed`. `scenario` outlives this.
  Execution(const scenario::Scenario& scenario, std::uint64_t seed, std::vector<std::string> overrides = {});
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  /// Runs up to and including the events at `until`, at most to the end. What our own bug said that stopped it, ""
  /// if all is well.
  [[nodiscard]] std::string run_until(sim::SimTime until);

  /// From the present instant on: other randomness (branch.id; 0 keeps it), and `faults` besides, whose times are
  /// absolute. Once. `branch` becomes RunFacts::branch.
  void branch(BranchFacts branch, std::vector<faults::FaultConfig> faults);

  /// For more watchers of the history, attached before anything has run, and for the fingerprint on the way.
  [[nodiscard]] world::World& world() { return world_; }

  /// Runs to the end and judges. Once, as the last call. A bug of ours becomes RunFacts::bug, never an exception.
  [[nodiscard]] RunResult finish();

 private:
  const scenario::Scenario& scenario_;
  world::World world_;
  checkers::RunObserver observer_;
  RunFacts facts_;
  std::optional<world::RunEnd> stopped_;  // a bug of ours ended run_until()
};

/// Builds the world with `seed`, runs it, judges it. A bug of ours becomes RunFacts::bug, never an exception.
/// wall_seconds stays 0: the caller has the clock. Safe to call from several threads at once.
[[nodiscard]] RunResult execute(const scenario::Scenario& scenario, std::uint64_t seed,
                                const std::vector<std::string>& overrides = {});

}  // namespace brokersim::results
