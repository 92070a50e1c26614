// Databases and outboxes in whole worlds: planted bugs and their twins, and what every pattern must keep over seeds.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "app/results/execute.h"
#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using testing_support::load;
using testing_support::shipped;

results::RunResult run(const std::string& file, std::uint64_t seed,
                       const std::vector<std::string>& changes = {}) {
  const auto scenario = load(file, changes);
  return results::execute(*scenario, seed, changes);
}

/// The changes that take a scenario's planted bug out.
std::vector<std::string> without_bugs() { return {"/systems/db/planted=[]"}; }

// Goal: the laws of databases and events see the planted bugs, and nothing else.
// Method: every file of scenarios/planted/outbox as it is, and with its bug taken out.
TEST(Outbox, PlantedBugsAreSeenAndTheirTwinsAreClean) {
  const std::vector<std::string> files = shipped({"planted/outbox"});
  ASSERT_EQ(files.size(), 4u);
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    const results::RunResult planted = run(file, 1);
    EXPECT_EQ(planted.exit_code(), 0);
    EXPECT_TRUE(planted.findings.any_violation());
    std::vector<std::string> changes = without_bugs();
    if (file.find("ignores-send-failures") != std::string::npos) changes = {"/workloads/1/planted=[]"};
    if (file.find("inbox-in-its-own") != std::string::npos) changes = {"/workloads/2/planted=[]"};
    const results::RunResult sound = run(file, 1, changes);
    EXPECT_EQ(sound.facts.bug, "");
    EXPECT_FALSE(sound.findings.any_violation());
  }
}

// Goal: fault-free and crashing outboxes keep O1 and O2 whatever the seed. Method: five seeds of two scenarios.
TEST(Outbox, AFlagPollerLosesNothingOverSeeds) {
  for (const char* file :
       {"scenarios/incidents/outbox-flag.json", "scenarios/incidents/database-kill.json"}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const results::RunResult result = run(file, seed);
      EXPECT_EQ(result.facts.bug, "") << file << " seed " << seed;
      const checkers::PipelineFindings& events = result.findings.events.pipelines.at(0);
      EXPECT_GT(events.committed, 1'000) << file << " seed " << seed;
      EXPECT_EQ(events.lost, 0) << file << " seed " << seed;
      EXPECT_EQ(events.phantom, 0) << file << " seed " << seed;
      EXPECT_EQ(events.pending, 0) << file << " seed " << seed;
    }
  }
}

// Goal: a publisher that dies with its requests on the wire repeats what the broker has appended, and a service that sends within
// its transaction leaves a phantom: a death before that would show neither. Method: the crash points after_publish and after_send
// at every third arrival; without an answer nobody marks and nobody commits.
TEST(Outbox, ADeathInFlightLeavesWhatTheBrokerAppends) {
  const auto publisher =
      run("scenarios/incidents/outbox-flag.json", 1,
          {"/duration=30 s", "/workloads/1/crash={\"at\": \"after_publish\", \"every\": 3}"});
  ASSERT_GT(publisher.findings.events.crashes, 3);
  const checkers::PipelineFindings& events = publisher.findings.events.pipelines.at(0);
  EXPECT_GE(events.duplicated, publisher.findings.events.crashes) << "at least a record of each batch";
  EXPECT_EQ(events.lost, 0);
  EXPECT_FALSE(publisher.findings.any_violation()) << "a batch for each death is O3's bound";
  const auto service = run("scenarios/incidents/outbox-flag.json", 1,
                           {"/duration=30 s", "/workloads/0/publishing=event_in_transaction",
                            "/workloads/0/crash={\"at\": \"after_send\", \"every\": 100}"});
  ASSERT_GT(service.findings.events.crashes, 3);
  EXPECT_GE(service.findings.events.pipelines.at(0).phantom, service.findings.events.crashes);
}

// Goal: two workloads that publish one outbox in different ways each send every event; that is their owner's doing and no law's.
// Method: a cursor publisher beside the flag publisher.
TEST(Outbox, TwoWaysToPublishOneOutboxRepeatEverything) {
  const auto both =
      run("scenarios/incidents/outbox-flag.json", 1,
          {"/duration=20 s", R"(/workloads/2={"name": "second", "kind": "outbox_publisher", "topic": "events",
                                              "find": "cursor"})"});
  EXPECT_GT(both.findings.events.pipelines.at(0).duplicated, 1'000);
  EXPECT_FALSE(both.findings.any_violation());
}

// Goal: the same seed is the same run. Method: fingerprints of two runs in one process, and of another seed.
TEST(Outbox, RunsRepeat) {
  const std::string file = "scenarios/incidents/inbox-dedups.json";
  const std::vector<std::string> shorter = {"/duration=20 s"};
  EXPECT_EQ(run(file, 7, shorter).facts.fingerprint, run(file, 7, shorter).facts.fingerprint);
  EXPECT_NE(run(file, 7, shorter).facts.fingerprint, run(file, 8, shorter).facts.fingerprint);
}

// Goal: publishing differently does not change what operations there are (decision 2: addressed draws).
// Method: committed events of an outbox by flag and below the horizon, same seed, no crash.
TEST(Outbox, VariantsShareTheirWorkload) {
  const std::vector<std::string> shorter = {"/duration=20 s"};
  const auto cursor = run("scenarios/incidents/outbox-cursor-loses.json", 3, shorter);
  const auto horizon = run("scenarios/incidents/outbox-horizon.json", 3, shorter);
  EXPECT_EQ(cursor.findings.events.pipelines.at(0).committed,
            horizon.findings.events.pipelines.at(0).committed);
  EXPECT_GT(cursor.findings.events.pipelines.at(0).lost, 0);
  EXPECT_EQ(horizon.findings.events.pipelines.at(0).lost, 0);
}

}  // namespace
}  // namespace brokersim::world
