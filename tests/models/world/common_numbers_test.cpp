// Goal: two variants of a scenario share every draw that the difference does not touch (DESIGN.md decision 2), so
// that what is compared is the variants and not their luck.
// Method: whole worlds whose producers put every record into a batch of its own, so that the history tells the
// intended send time of each single record.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using testing_support::load;

struct Meant {
  std::int64_t intended_ns = 0;
  std::int64_t bytes = 0;
  bool operator==(const Meant&) const = default;
};
/// (producer, ordinal) -> what the application meant to send.
using Workload = std::map<std::pair<std::int32_t, std::int64_t>, Meant>;

class WorkloadWatcher final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::Sent& event) override { sent += event.records.count; }
  void on(const history::ProduceOutcome& event) override {
    EXPECT_EQ(event.records.count, 1) << "linger.ms=0 and a batch.size below two records";
    outcomes_at_ns += event.at.ns;
    workload[{event.records.producer.n, event.records.first}] = {event.intended_first.ns, event.payload.n};
  }

  Workload workload;
  std::int64_t sent = 0;
  std::int64_t outcomes_at_ns = 0;
};

constexpr const char* shop = R"({
  "title": "a shop", "duration": "60 s", "seed": 9,
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
  "systems": {
    "kafka": {
      "kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
      "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]
    }
  },
  "workloads": [
    {
      "name": "checkout", "kind": "kafka_producer", "topic": "orders", "count": 3, "rate": "150 /s", "arrivals": "poisson",
      "config": {"acks": "all", "linger.ms": 0, "batch.size": 1100}
    }
  ],
  "faults": [
    {"name": "first", "at": "8 s", "kind": "pause_process", "target": {"follower_of": "orders/0"}, "lasts": "3 s"},
    {"name": "second", "at": "20 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "5 s"},
    {"name": "third", "at": "40 s", "kind": "pause_process", "target": {"follower_of": "orders/0"}, "lasts": "2 s"}
  ]
})";

struct ShopRun {
  WorkloadWatcher seen;
  std::vector<faults::RealisedFault> faults;
  std::uint64_t fingerprint_before_second = 0;
  std::uint64_t fingerprint = 0;
};

ShopRun run_shop(const std::vector<std::string>& overrides) {
  scenario::LoadResult loaded = scenario::load_text(shop, "shop.json", overrides);
  ShopRun run;
  EXPECT_TRUE(loaded.scenario.has_value());
  if (!loaded.scenario) return run;
  World world(loaded.scenario->config, loaded.scenario->config.seed);
  world.history().attach(run.seen);
  world.run_until(sim::SimTime{20'000'000'000 - 1});
  run.fingerprint_before_second = world.sim().fingerprint().value();
  world.run();
  run.fingerprint = world.sim().fingerprint().value();
  run.faults = world.faults().realised();
  return run;
}

// acks changes when answers come, how often a batch is sent and what is lost; never what the application meant to send.
TEST(WorldCommonNumbers, AnOpenLoopWorkloadIsTheSameUnderOtherAcks) {
  const ShopRun all = run_shop({});
  const ShopRun one = run_shop({"/workloads/0/config/acks=1"});
  EXPECT_GT(all.seen.sent, 6'000);
  EXPECT_EQ(all.seen.workload.size(), static_cast<std::size_t>(all.seen.sent))
      << "every record has its outcome";
  EXPECT_EQ(all.seen.sent, one.seen.sent);
  EXPECT_TRUE(all.seen.workload == one.seen.workload);
  EXPECT_NE(all.seen.outcomes_at_ns, one.seen.outcomes_at_ns) << "the variants do differ";
  EXPECT_NE(all.fingerprint, one.fingerprint);
}

TEST(WorldCommonNumbers, AnotherSeedIsAnotherWorkload) {
  const ShopRun here = run_shop({});
  const ShopRun there = run_shop({"/seed=10"});
  EXPECT_FALSE(here.seen.workload == there.seen.workload);
}

// Shrinking a failing run takes faults away one by one: nothing else may move. Up to the removed fault the runs are
// the same event by event; after it the cluster differs, but neither the workload nor the other faults' draws do.
TEST(WorldCommonNumbers, RemovingAFaultLeavesTheOtherDrawsAlone) {
  const ShopRun whole = run_shop({});
  const ShopRun without = run_shop({R"(/faults=[
    {"name": "first", "at": "8 s", "kind": "pause_process", "target": {"follower_of": "orders/0"}, "lasts": "3 s"},
    {"name": "third", "at": "40 s", "kind": "pause_process", "target": {"follower_of": "orders/0"}, "lasts": "2 s"}])"});
  ASSERT_EQ(whole.faults.size(), 3u);
  ASSERT_EQ(without.faults.size(), 2u);
  EXPECT_TRUE(whole.faults[1].had_effect);
  EXPECT_EQ(without.faults[0].target, whole.faults[0].target);
  EXPECT_EQ(without.fingerprint_before_second, whole.fingerprint_before_second);
  EXPECT_NE(without.fingerprint, whole.fingerprint) << "the removed fault did something";
  EXPECT_TRUE(without.seen.workload == whole.seen.workload);
}

// The same for faults that a plan draws: the reference run with one power loss fewer.
TEST(WorldCommonNumbers, APlanWithOneFaultFewerKeepsTheOthers) {
  const auto whole = load("scenarios/quickstart/r1.json");
  const auto fewer = load("scenarios/quickstart/r1.json", {"/fault_plan/counts/power_loss=2"});
  World a(whole->config, 3);
  World b(fewer->config, 3);
  const auto all = a.faults().realised();
  const auto rest = b.faults().realised();
  ASSERT_EQ(rest.size() + 1, all.size());
  std::map<std::string, std::int64_t> by_name;
  for (const auto& fault : all) by_name[fault.name] = fault.at.ns;
  for (const auto& fault : rest) {
    ASSERT_TRUE(by_name.contains(fault.name)) << fault.name;
    EXPECT_EQ(by_name[fault.name], fault.at.ns) << fault.name;
    by_name.erase(fault.name);
  }
  ASSERT_EQ(by_name.size(), 1u);
  EXPECT_TRUE(by_name.begin()->first.starts_with("plan/power_loss")) << by_name.begin()->first;
  const sim::SimTime removed_at{by_name.begin()->second};
  a.run_until(removed_at - sim::Duration{1});
  b.run_until(removed_at - sim::Duration{1});
  EXPECT_GT(a.sim().fingerprint().events(), 1'000u);
  EXPECT_EQ(a.sim().fingerprint().value(), b.sim().fingerprint().value());
  a.run();
  b.run();
  EXPECT_NE(a.sim().fingerprint().value(), b.sim().fingerprint().value());
}

}  // namespace
}  // namespace brokersim::world
