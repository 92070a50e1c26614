#include "python/bindings/failing_check.h"

#include <utility>

#include "models/checkers/run_observer.h"
#include "models/world/world.h"
#include "sim/check.h"
#include "sim/component.h"

namespace brokersim::python {
namespace {

/// Claims, when its time comes, that one and one are three.
class FalsePromise {
 public:
  explicit FalsePromise(sim::Simulation& sim) : component_(sim, "python/false_promise") {}

  void break_at(sim::SimTime at) {
    component_.at(at, "false_promise.break", sim::bind<&FalsePromise::break_now>(this));
  }

 private:
  void break_now() {
    const int sum = 1 + 1;
    SIM_CHECK(sum == 3, "planted by a test of the Python package");
  }

  sim::Component component_;
};

}  // namespace

results::RunResult execute_with_failing_check(const scenario::Scenario& scenario, std::uint64_t seed,
                                              const std::vector<std::string>& overrides) {
  world::World world(scenario.config, seed);
  FalsePromise promise(world.sim());
  promise.break_at(sim::SimTime{} + scenario.config.duration / 2);
  checkers::RunObserver observer(world.history());
  const world::RunEnd end = world::run(world);
  SIM_CHECK(!end.completed, "the check that must fail did not run");
  results::RunFacts facts;
  facts.seed = seed;
  facts.fingerprint = end.fingerprint;
  facts.fingerprint_parts = end.fingerprint_parts;
  facts.events = end.events;
  facts.ended_at = end.ended_at;
  facts.bug = end.bug;
  facts.overrides = overrides;
  return results::collect(scenario, std::move(facts), observer.finish(end.ended_at),
                          world.faults().realised());
}

}  // namespace brokersim::python
