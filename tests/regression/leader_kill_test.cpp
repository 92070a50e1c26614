// A fault-injection regression test, as a user would write one for a service.
//
// Goal: when the broker that leads dies, no order that was confirmed may be lost, and checkout stands still for no
// longer than a session timeout and a failover. Method: the scenario below is the whole test bed; it runs in virtual
// time, so that each run takes milliseconds. The second test proves that the first can fail: with a broker that
// answers acks=all before anybody else has the record, the same demand is not met.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "app/results/execute.h"

namespace brokersim {
namespace {

constexpr const char* checkout_cluster = R"({
  "title": "The leader dies while the network between brokers is down",
  "duration": "60 s",
  "hosts": [{"name": "b", "count": 3, "hardware": "i3en.2xlarge", "zones": ["a", "b", "c"]}],
  "systems": {
    "kafka": {
      "kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 3},
      "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]
    }
  },
  "workloads": [
    {
      "name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "1000 /s", "arrivals": "poisson",
      "stop": "45 s", "config": {"acks": "all"}
    }
  ],
  "faults": [
    {
      "name": "network", "at": "19800 ms", "kind": "partition", "from": {"host": "b-0"},
      "to": [{"host": "b-1"}, {"host": "b-2"}], "lasts": "5 s"
    },
    {"name": "crash", "at": "20 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "15 s"}
  ]
})";

results::RunResult run_checkout(std::uint64_t seed, const std::vector<std::string>& changes = {}) {
  scenario::LoadResult loaded = scenario::load_text(checkout_cluster, "checkout.json", changes);
  EXPECT_TRUE(loaded.scenario.has_value()) << "the scenario has errors";
  return results::execute(*loaded.scenario, seed, changes);
}

/// What the business was promised.
testing::AssertionResult orders_are_safe(const results::RunResult& run) {
  const checkers::RecordCounts& records = run.findings.measures.records;
  if (!run.facts.bug.empty()) return testing::AssertionFailure() << run.facts.bug;
  if (records.acknowledged < 40'000)
    return testing::AssertionFailure() << "only " << records.acknowledged << " orders";
  if (records.lost_acknowledged > 0) {
    return testing::AssertionFailure() << records.lost_acknowledged << " confirmed orders are lost. "
                                       << run.findings.losses.losses.front().explanation;
  }
  return testing::AssertionSuccess();
}

TEST(LeaderKill, LosesNoConfirmedOrderAndStandsStillForOneFailover) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(seed);
    const results::RunResult run = run_checkout(seed);
    EXPECT_TRUE(orders_are_safe(run));
    EXPECT_EQ(run.findings.measures.records.sent, run.findings.measures.records.acknowledged);
    EXPECT_EQ(run.findings.measures.records.duplicated, 0);
    for (const results::FaultResult& fault : run.faults) EXPECT_TRUE(fault.had_effect) << fault.name;
    ASSERT_EQ(run.findings.measures.unavailable.size(), 1u);
    const checkers::UnavailableWindow& window = run.findings.measures.unavailable.front();
    EXPECT_EQ(window.what, checkers::UnavailableWhat::produce_acks_all);
    EXPECT_NEAR(window.from.seconds(), 19.8, 0.05)
        << "the first order that nobody confirms is sent into the cut";
    EXPECT_GE((window.to - sim::SimTime{20'000'000'000}).seconds(), 7.0);
    EXPECT_LE((window.to - sim::SimTime{20'000'000'000}).seconds(), 11.7);
    EXPECT_EQ(run.exit_code(), 0);
  }
}

TEST(LeaderKill, TheTestAboveGoesRedWhenTheBrokerAnswersTooEarly) {
  const results::RunResult run =
      run_checkout(1, {R"(/systems/kafka/rules={"planted": ["ack_before_replication"]})"});
  EXPECT_FALSE(orders_are_safe(run));
  EXPECT_GT(run.findings.measures.records.lost_acknowledged, 100)
      << "about 1000 /s times the 200 ms of the cut";
  EXPECT_LT(run.findings.measures.records.lost_acknowledged, 300);
  EXPECT_EQ(run.exit_code(), 1);
  const std::vector<std::string> caught{"S1", "S23"};
  EXPECT_EQ(run.failed_laws, caught);
}

TEST(LeaderKill, TheSameSeedGivesTheSameRun) {
  const results::RunResult first = run_checkout(4);
  const results::RunResult second = run_checkout(4);
  EXPECT_EQ(first.facts.fingerprint, second.facts.fingerprint);
  EXPECT_EQ(first.facts.events, second.facts.events);
  EXPECT_NE(first.facts.fingerprint, run_checkout(5).facts.fingerprint);
}

}  // namespace
}  // namespace brokersim
