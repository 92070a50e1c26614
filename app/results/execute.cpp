#include "app/results/execute.h"

#include <algorithm>
#include <utility>

#include "app/results/long_run.h"

namespace brokersim::results {

Execution::Execution(const scenario::Scenario& scenario, std::uint64_t seed,
                     std::vector<std::string> overrides)
    : scenario_(scenario), world_(scenario.config, seed), observer_(world_.history(), scenario.invariants) {
  world_.sim().set_limits(scenario.limits);
  facts_.seed = seed;
  facts_.overrides = std::move(overrides);
}

std::string Execution::run_until(sim::SimTime until) {
  if (stopped_) return stopped_->bug;
  world::RunEnd end = world::run_until(world_, std::min(until, world_.end_of_run()));
  if (!end.bug.empty()) stopped_ = std::move(end);
  return stopped_ ? stopped_->bug : std::string();
}

void Execution::branch(BranchFacts branch, std::vector<faults::FaultConfig> faults) {
  world_.branch(branch.id);
  world_.add_faults(std::move(faults));
  facts_.branch = std::move(branch);
}

RunResult Execution::finish() {
  const world::RunEnd end = stopped_ ? *stopped_ : world::run(world_);
  facts_.fingerprint = end.fingerprint;
  facts_.fingerprint_parts = end.fingerprint_parts;
  facts_.events = end.events;
  facts_.task_events = end.task_events;
  facts_.ended_at = end.ended_at;
  facts_.bug = end.bug;
  std::vector<std::int32_t> leaders;
  for (const world::FinalPartition& partition : world_.final_partitions())
    leaders.push_back(partition.leader);
  checkers::Findings findings = observer_.finish(end.ended_at, leaders);
  RunResult result = collect(scenario_, std::move(facts_), std::move(findings), world_.faults().realised());
  const checkers::Measures& measures = result.findings.measures;
  for (std::string& warning :
       not_sustained(long_run(world_, scenario_.config), measures.last_acknowledged - measures.first_sent))
    result.warnings.push_back(std::move(warning));
  return result;
}

RunResult execute(const scenario::Scenario& scenario, std::uint64_t seed,
                  const std::vector<std::string>& overrides) {
  return Execution(scenario, seed, overrides).finish();
}

}  // namespace brokersim::results
