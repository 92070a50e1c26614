#include "tests/worlds/runner.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "app/scenario/scenario.h"
#include "models/checkers/run_observer.h"
#include "models/faults/names.h"
#include "models/kafka/broker/broker_service.h"
#include "models/world/kafka_cluster.h"
#include "models/world/world.h"
#include "tests/worlds/tracer.h"

namespace brokersim::worlds {
namespace {

void fail(Outcome& outcome, const std::string& kind, const std::string& text) {
  outcome.failures.push_back(kind + ": " + text);
  outcome.kinds.push_back(kind);
}

/// KAFKA-19522, before 4.1: the test whether the last known leader lives is inverted, so when ISR and ELR have run empty,
/// nobody is elected any more, or somebody who is down. Such a partition is lost to its clients.
bool orphaned(const world::World& world) {
  const kafka::ClusterConfig& config = world.kafka()->config();
  const auto* image = world.kafka()->committed();
  if (config.version == kafka::Version::v4_1 || !config.broker.eligible_leader_replicas || image == nullptr)
    return false;
  for (const kafka::wire::PartitionState& state : image->partitions()) {
    if (state.partition.n >= 0 && state.leader < 0 && state.elr.empty()) return true;
  }
  return false;
}

/// Long after the last fault: everybody leads, follows and is in sync again, and clients get on.
void judge_liveness(const world::World& world, const checkers::Findings& findings, Outcome& outcome) {
  const auto& partitions = world.kafka()->committed();
  if (partitions == nullptr) {
    fail(outcome, "liveness", "no active controller at the end");
    return;
  }
  for (const kafka::wire::PartitionState& state : partitions->partitions()) {
    if (state.partition.n < 0) continue;
    const std::string& name = findings.partition_names[static_cast<std::size_t>(state.partition.n)];
    if (state.leader < 0) fail(outcome, "liveness", name + " has no leader at the end");
    if (state.isr.size() < state.replicas.size())
      fail(outcome, "liveness",
           name + ": " + std::to_string(state.isr.size()) + " of " + std::to_string(state.replicas.size()) +
               " replicas are in the ISR at the end");
  }
  // What a client had under way when it died has no outcome.
  const bool clients_die = outcome.transactions > 0;
  if (!clients_die && findings.measures.records.unfinished() > 0)
    fail(outcome, "liveness",
         std::to_string(findings.measures.records.unfinished()) + " records have no outcome at the end");
}

constexpr std::int16_t kOutOfOrderSequence = 45;
constexpr std::int16_t kInvalidProducerEpoch = 47;
constexpr std::int16_t kOperationNotAttempted = 55;  // the rest of the transaction

/// What producers and consumers got once everything had been well for some time.
class Service final : public history::Watcher {
 public:
  Service(const history::History& history, sim::SimTime calm, std::vector<std::string> aging)
      : history_(&history), calm_(calm), aging_(std::move(aging)) {}
  using history::Watcher::on;
  void on(const history::ProduceOutcome& event) override {
    if (event.intended_first < calm_ || event.outcome == history::Outcome::acknowledged) return;
    // With few retries a number may have been given up during the faults; the next batch is refused once, and then the
    // epoch is raised.
    if (event.error == kOutOfOrderSequence) return;
    const bool outdated = event.error == kInvalidProducerEpoch || event.error == kOperationNotAttempted;
    std::string& first = outdated ? outdated_ : refused_;
    if (first.empty())
      first = history_->client(event.records.producer).name + " could not write to " +
              history_->partition(event.records.partition).name() + " what it wanted to send at " +
              sim::to_string(event.intended_first) + " (error " + std::to_string(event.error) + " at " +
              sim::to_string(event.at) + ")";
  }
  void on(const history::Consumed& event) override {
    // Members of a group read on for each other.
    const history::GroupId group = history_->client(event.consumer).group;
    const std::int32_t who = group.n < 0 ? event.consumer.n : -1 - group.n;
    std::int64_t& end = read_[{who, event.records.partition.n}];
    end = std::max(end, event.base_offset + event.records.count);
  }
  /// Beyond the budget __transaction_state may have lost what was committed there. Then its coordinator gives out epochs
  /// that the partitions have seen long ago, and they refuse them until the id has climbed to where it was, one epoch with
  /// every transaction that is aborted (world 7250).
  void judge_writes(Outcome& outcome) const {
    if (!refused_.empty()) fail(outcome, "liveness", refused_);
    if (outcome.in_budget && !outdated_.empty()) fail(outcome, "liveness", outdated_);
  }
  void judge_reads(const std::vector<world::FinalPartition>& partitions, Outcome& outcome) const {
    for (const auto& [who, end] : read_) {
      const world::FinalPartition& partition = partitions[static_cast<std::size_t>(who.second)];
      // Its last records may have been taken before anybody came to read them.
      const std::string& topic = history_->partition({who.second}).topic;
      if (std::find(aging_.begin(), aging_.end(), topic) != aging_.end()) continue;
      const std::string name = who.first < 0 ? history_->groups()[static_cast<std::size_t>(-1 - who.first)]
                                             : history_->client({who.first}).name;
      if (end < partition.high_watermark)
        fail(outcome, "liveness",
             name + " has read " + history_->partition({who.second}).name() + " up to " +
                 std::to_string(end) + ", committed is everything below " +
                 std::to_string(partition.high_watermark));
    }
  }

 private:
  const history::History* history_;
  sim::SimTime calm_;
  std::vector<std::string> aging_;  // topics
  std::string refused_;
  std::string outdated_;  // the same, because of its epoch
  std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> read_;
};

/// At the end every transfer counts whole or not at all, for who reads the log and, where all of it has a leader to be read
/// from, for who has read it.
void judge_books(const checkers::KafkaTransactions& found, bool readable, Outcome& outcome) {
  for (const checkers::TransactionFindings& bank : found.workloads) {
    if (bank.balance != 0) fail(outcome, "books", bank.name + ": the sum is " + std::to_string(bank.balance));
    if (readable && bank.read_balance != 0)
      fail(outcome, "books", bank.name + ": the sum of what was read is " + std::to_string(bank.read_balance));
  }
}

}  // namespace

Outcome run(const Plan& plan, const std::optional<std::string>& trace) {
  const std::string name = "world-" + std::to_string(plan.number) + ".json";
  scenario::LoadResult loaded = scenario::load_text(text(plan), name);
  if (!loaded.scenario) {
    std::fprintf(stderr, "%s%s", text(plan).c_str(), scenario::render(loaded.diagnostics).c_str());
    std::exit(2);
  }
  const auto scenario = std::make_unique<scenario::Scenario>(std::move(*loaded.scenario));
  const auto world = std::make_unique<world::World>(scenario->config, scenario->config.seed);
  checkers::RunObserver observer(world->history(), /*invariants=*/true);
  std::optional<Tracer> tracer;
  if (trace) world->history().attach(tracer.emplace(world->history(), *trace));
  Coverage coverage(world->history());
  world->history().attach(coverage);
  const sim::Duration calm{static_cast<std::int64_t>(plan.settled_from_ms) * 1'000'000};
  Service service(world->history(), sim::SimTime{} + calm, plan.aging);
  const bool inside =
      plan.family == Family::inside || plan.family == Family::transfers || plan.family == Family::shares;
  if (inside) world->history().attach(service);
  const world::RunEnd end = world::run(*world);
  Outcome outcome;
  outcome.fingerprint = end.fingerprint;
  outcome.events = end.events;
  if (!end.bug.empty()) {
    fail(outcome, "bug", end.bug);
    return outcome;
  }
  std::vector<std::int32_t> leaders;
  const std::vector<world::FinalPartition> partitions = world->final_partitions();
  for (const world::FinalPartition& partition : partitions) leaders.push_back(partition.leader);
  const checkers::Findings findings = observer.finish(end.ended_at, leaders);
  outcome.lost_all = findings.losses.lost_acks_all;
  outcome.seen = coverage.seen();
  outcome.in_budget = findings.contracts_broken == 0;
  outcome.acknowledged_all = coverage.acknowledged_all();
  for (const faults::RealisedFault& fault : world->faults().realised())
    outcome.effective_faults[std::string(faults::to_string(fault.kind))] += fault.had_effect ? 1 : 0;
  const bool stuck = orphaned(*world);
  for (const checkers::CheckResult& check : findings.checks) {
    if (check.id == "L1" && stuck) continue;  // what that release really does
    if (check.verdict == checkers::Verdict::violated && plan.family != Family::broken_disks)
      fail(outcome, check.id, check.detail);
  }
  for (const checkers::TransactionFindings& bank : findings.transactions.workloads)
    outcome.transactions += bank.committed;
  // Beyond the budget acknowledged records may be gone, and with them halves of transfers.
  if (plan.family == Family::transfers && outcome.in_budget) judge_books(findings.transactions, !stuck, outcome);
  if (inside && stuck) {
    outcome.orphaned = true;
  } else if (inside) {
    judge_liveness(*world, findings, outcome);
    service.judge_writes(outcome);
    // The end of a partition with transactions is a marker, which no consumer gets; there the books tell.
    if (plan.family == Family::inside) service.judge_reads(partitions, outcome);
  }
  return outcome;
}

Plan shrink(Plan plan, const std::string& kind, int& runs) {
  const auto fails = [&](const Plan& candidate) {
    ++runs;
    const Outcome outcome = run(candidate);
    return std::find(outcome.kinds.begin(), outcome.kinds.end(), kind) != outcome.kinds.end();
  };
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (std::vector<std::string> Plan::*list : {&Plan::faults, &Plan::workloads}) {
      if ((plan.family == Family::transfers || plan.family == Family::shares) && list == &Plan::workloads) continue;  // faults name them
      const std::size_t least = list == &Plan::workloads ? 1 : 0;
      for (std::size_t i = (plan.*list).size(); i-- > 0 && (plan.*list).size() > least;) {
        Plan candidate = plan;
        (candidate.*list).erase((candidate.*list).begin() + static_cast<std::ptrdiff_t>(i));
        if (!fails(candidate)) continue;
        plan = std::move(candidate);
        smaller = true;
      }
    }
  }
  return plan;
}

}  // namespace brokersim::worlds
