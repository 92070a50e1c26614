// Goal: failovers take as long as Kafka's rules say (kafka-behaviour.md section 10.1), not as long as one phase of
// the heartbeats happens to make them.
// Method: whole worlds from scenarios/incidents; the fault sweeps over the 2 s between two heartbeats.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/results/execute.h"
#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using testing_support::load;
using namespace sim::literals;

constexpr int kSeeds = 20;

/// Fault time of run `seed`: 20.0, 20.1, ... 21.9 s.
std::string fault_at(int seed) { return "/faults/0/at=" + std::to_string(20'000 + 100 * (seed - 1)) + " ms"; }

// A killed broker is fenced 9 s after its last heartbeat, which was 0 to 2 s before. Then: controller linger and
// commit, the way to the brokers, the producer's refused connection and its backoff (0.1 to 1.5 s).
TEST(FailoverTiming, ASuccessorAnswersSevenToTenAndAHalfSecondsAfterAKill) {
  std::vector<sim::Duration> to_leader, to_answer;
  for (int seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    const auto scenario = load("scenarios/incidents/leader-kill.json", {fault_at(seed), "/duration=45 s"});
    const results::RunResult result = results::execute(*scenario, static_cast<std::uint64_t>(seed));
    ASSERT_EQ(result.facts.bug, "");
    const auto& recoveries = result.findings.measures.recoveries;
    ASSERT_EQ(recoveries.size(), 1u);
    ASSERT_TRUE(recoveries[0].elected_at.has_value());
    ASSERT_TRUE(recoveries[0].acknowledged_at.has_value());
    EXPECT_EQ(recoveries[0].lost, 0);
    EXPECT_EQ(recoveries[0].successor, 1) << "the next in assignment order";
    to_leader.push_back(*recoveries[0].elected_at - recoveries[0].stopped_at);
    to_answer.push_back(*recoveries[0].acknowledged_at - recoveries[0].stopped_at);
    EXPECT_GE(to_leader.back(), 7_s);
    EXPECT_LE(to_leader.back(), 9_s + 1'125_ms + 100_ms) << "the controller looks every eighth of a session";
    EXPECT_GT(to_answer.back(), to_leader.back()) << "nobody answers before it leads";
    EXPECT_LE(to_answer.back(), 9_s + 1'125_ms + 1'500_ms);
    EXPECT_EQ(result.findings.measures.records.lost_acknowledged, 0);
  }
  const auto [least, most] = std::minmax_element(to_leader.begin(), to_leader.end());
  EXPECT_LT(*least, 8_s) << "a kill just before a heartbeat was due";
  EXPECT_GT(*most, 8_s + 700_ms) << "a kill just after a heartbeat";
}

/// When somebody else was elected, and when it first answered a producer, after the first fault.
class HandOver final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::FaultFired& event) override {
    if (!event.healed) asked_at = event.at;
  }
  void on(const history::PartitionChanged& event) override {
    if (asked_at.ns == 0 || event.leader <= 0 || moved_at.ns != 0) return;
    moved_at = event.at;
    successor = event.leader;
  }
  void on(const history::ProduceOutcome& event) override {
    if (successor >= 0 && answered_at.ns == 0 && event.broker == successor) answered_at = event.at;
    if (event.outcome != history::Outcome::acknowledged) ++failures;
  }
  void on(const history::BrokerChanged& event) override {
    if (event.event == history::BrokerEvent::stopped_clean) stopped_at = event.at;
  }

  sim::SimTime asked_at, moved_at, answered_at, stopped_at;
  std::int32_t successor = -1;
  int failures = 0;
};

HandOver shut_down(int seed, const std::string& version) {
  const auto scenario =
      load("scenarios/incidents/controlled-shutdown.json",
           {fault_at(seed), "/duration=40 s", "/systems/kafka/version=\"" + version + "\""});
  World world(scenario->config, static_cast<std::uint64_t>(seed));
  HandOver seen;
  world.history().attach(seen);
  world.run();
  return seen;
}

// SIGTERM is one controller event: controller.quorum.append.linger.ms (25 ms), commit, the way to brokers and clients.
// The process stays until every other broker has reported the change with a heartbeat (2 s at most) and its own next
// heartbeat (2 s more at most) is told so; then it flushes its logs.
TEST(FailoverTiming, AControlledShutdownMovesTheLeadershipWithinSixTenthsOfASecond) {
  for (const std::string version : {"3.9", "4.0", "4.1"}) {
    for (int seed = 1; seed <= kSeeds; ++seed) {
      SCOPED_TRACE(version + ", seed " + std::to_string(seed));
      const HandOver seen = shut_down(seed, version);
      ASSERT_EQ(seen.successor, 1);
      EXPECT_GE(seen.moved_at - seen.asked_at, 25_ms);
      EXPECT_LE(seen.moved_at - seen.asked_at, 100_ms);
      EXPECT_GT(seen.answered_at, seen.moved_at) << "nobody answers before it leads";
      EXPECT_LE(seen.answered_at - seen.asked_at, 600_ms);
      EXPECT_GT(seen.stopped_at, seen.answered_at) << "it leaves after its leaderships";
      EXPECT_LE(seen.stopped_at - seen.asked_at, 4_s + 500_ms);
      EXPECT_EQ(seen.failures, 0);
    }
  }
}

}  // namespace
}  // namespace brokersim::world
