#include "app/results/execute.h"

#include "models/checkers/run_observer.h"
#include "models/world/world.h"

namespace brokersim::results {

RunResult execute(const scenario::Scenario& scenario, std::uint64_t seed,
                  const std::vector<std::string>& overrides) {
  world::World world(scenario.config, seed);
  checkers::RunObserver observer(world.history());
  const world::RunEnd end = world::run(world);
  RunFacts facts;
  facts.seed = seed;
  facts.fingerprint = end.fingerprint;
  facts.fingerprint_parts = end.fingerprint_parts;
  facts.events = end.events;
  facts.ended_at = end.ended_at;
  facts.bug = end.bug;
  facts.overrides = overrides;
  std::vector<std::int32_t> leaders;
  for (const world::FinalPartition& partition : world.final_partitions()) leaders.push_back(partition.leader);
  checkers::Findings findings = observer.finish(end.ended_at, leaders);
  return collect(scenario, std::move(facts), std::move(findings), world.faults().realised());
}

}  // namespace brokersim::results
