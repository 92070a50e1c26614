// Goal: what a scenario says about when and whom comes true: events that faults wait for, probabilities, coordinators; and every
// named pattern becomes the faults that its name promises, which fire and change state.
// Method: one small cluster of 3 brokers, 60 s; what happened is read from the run's faults, probes and checks.
#include <gtest/gtest.h>

#include <algorithm>

#include "app/scenario/scenario.h"
#include "app/trial/json.h"
#include "app/trial/trial.h"
#include "models/checkers/probes.h"

namespace brokersim::trial {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

constexpr const char* cluster_text = R"({
  "title": "Faults", "why": "For tests.", "seed": 7, "duration": "60 s",
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"], "boot_time": "1 s"}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 3},
    "config": {"broker.session.timeout.ms": 3000, "broker.heartbeat.interval.ms": 500, "replica.lag.time.max.ms": 3000,
               "offsets.topic.num.partitions": 1, "transaction.state.log.num.partitions": 1},
    "topics": [{"name": "orders", "assignment": [[1, 2, 0]], "config": {"min.insync.replicas": 2}}]}},
  "workloads": [
    {"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "50 /s", "config": {"acks": "all"}},
    {"name": "billing", "kind": "kafka_consumer", "topic": "orders", "group": "billing"}]
})";

struct Ran {
  Outcome outcome;
  checkers::ProbeCounts probes;
  [[nodiscard]] std::int64_t count(checkers::Probe probe) const { return probes.count(probe); }
};

Ran run_with(const char* faults, std::uint64_t seed = 7, const char* rules = nullptr) {
  Json document = *parse(cluster_text);
  document["faults"] = *parse(faults);
  if (rules != nullptr) document["systems"]["kafka"]["rules"] = *parse(rules);
  const scenario::LoadResult loaded = scenario::load_text(document.dump(), "faults.json");
  EXPECT_TRUE(loaded.scenario.has_value()) << scenario::render(loaded.diagnostics);
  Ran result;
  if (loaded.scenario) result.outcome = run(*loaded.scenario, seed, {}, nullptr, &result.probes);
  return result;
}

/// "kind at_s" of the faults that fired, in order of time, in whole seconds.
std::string told(const Outcome& outcome) {
  std::string text;
  for (const FaultSeen& fault : outcome.faults) {
    if (fault.fired)
      text += (text.empty() ? "" : ", ") + fault.kind + " " + std::to_string(fault.at_ns / kSecond);
  }
  return text;
}

std::string problems_of(const char* faults) {
  Json document = *parse(cluster_text);
  document["faults"] = *parse(faults);
  return scenario::render(scenario::load_text(document.dump(), "faults.json").diagnostics);
}

// ---- Patterns ---------------------------------------------------------------------------------------------------

struct PatternCase {
  const char* fault;
  const char* told;  ///< What fires.
  std::vector<checkers::Probe> reached;
};

TEST(FaultPatterns, BecomeTheFaultsOfTheirNamesAndChangeState) {
  using checkers::Probe;
  const std::vector<PatternCase> cases{
      {R"([{"at": "5 s", "kind": "last_replica_standing", "partition": "orders/0", "every": "5 s"}])",
       "partition 5, partition 10, power_loss 15",
       {Probe::isr_below_minimum, Probe::power_lost, Probe::leader_lost}},
      {R"([{"at": "5 s", "kind": "double_failover", "partition": "orders/0"}])",
       "kill_process 5, kill_process 17",
       {Probe::leader_changed, Probe::process_killed}},
      {R"([{"at": "5 s", "kind": "zombie_leader", "partition": "orders/0"}])",
       "partition 5",
       {Probe::broker_fenced, Probe::leader_changed}},
      {R"([{"at": "5 s", "kind": "paused_leader", "partition": "orders/0"}])",
       "pause_process 5",
       {Probe::broker_paused, Probe::broker_resumed, Probe::leader_changed}},
      {R"([{"at": "5 s", "kind": "rolling_power_loss"}])",
       "power_loss 5, power_loss 8, power_loss 11",
       {Probe::power_lost, Probe::storage_lost, Probe::recovered_unclean}},
      {R"([{"at": "5 s", "kind": "common_power_loss"}])",
       "power_loss 5, power_loss 5, power_loss 5",
       {Probe::power_lost, Probe::storage_lost, Probe::records_lost}},
      {R"([{"at": "5 s", "kind": "catch_up_then_die", "partition": "orders/0", "every": "3 s"}])",
       "disk_replaced 5, kill_process 10",
       {Probe::storage_damaged, Probe::process_killed, Probe::leader_changed}},
      {R"([{"at": "5 s", "kind": "swizzle_clog", "lasts": "6 s"}])",
       "partition 5, partition 6, partition 7",
       {Probe::broker_fenced, Probe::leader_changed}},
      {R"([{"at": "5 s", "kind": "shrink_then_log_dir_fails", "partition": "orders/0", "every": "8 s"}])",
       "partition 5, disk_failed 13",
       {Probe::isr_shrank, Probe::isr_below_minimum, Probe::log_dir_failed}},
      {R"([{"at": "40 s", "kind": "rot_then_election", "partition": "orders/0", "every": "5 s", "restart_after": "2 s"}])",
       "bit_rot 40, drop_caches 45, drop_caches 45, drop_caches 45, power_loss 45, power_loss 50",
       {Probe::storage_damaged, Probe::leader_changed}},
  };
  for (const PatternCase& one : cases) {
    const Ran ran = run_with(one.fault);
    EXPECT_EQ(told(ran.outcome), one.told) << one.fault;
    for (const checkers::Probe probe : one.reached)
      EXPECT_GT(ran.count(probe), 0) << one.fault << ": "
                                     << checkers::probes()[static_cast<std::size_t>(probe)].name;
    for (const FaultSeen& fault : ran.outcome.faults) {
      // Rot shows when the place is read, which is drawn.
      EXPECT_TRUE(fault.had_effect || fault.kind == "bit_rot") << one.fault << ": " << fault.name;
    }
  }
}

// Goal: rot is met where the medium is read, and only there. Method: broker 1 rots at 45 s, when what came before 15 s is written
// back; then it is killed, and its page cache stays and hides the rot; or it loses its power.
TEST(FaultPatterns, RotIsMetAfterAPowerLossAndNotAfterAKill) {
  const std::string rot = R"({"at": "45 s", "kind": "bit_rot", "target": {"broker": 1}, "length": "16 KiB"})";
  const std::string kill =
      R"({"at": "47 s", "kind": "kill_process", "target": {"broker": 1}, "restart_after": "1 s"})";
  const std::string power =
      R"({"at": "47 s", "kind": "power_loss", "target": {"broker": 1}, "restart_after": "1 s"})";
  const auto rot_shows = [](const std::string& faults) {
    return run_with(("[" + faults + "]").c_str()).outcome.faults.front().had_effect;
  };
  EXPECT_FALSE(rot_shows(rot + ", " + kill)) << "SIGKILL leaves the page cache, and recovery reads that";
  EXPECT_TRUE(rot_shows(rot + ", " + power));
  const std::string drop = R"({"at": "46 s", "kind": "drop_caches", "target": {"broker": 1}})";
  EXPECT_TRUE(rot_shows(rot + ", " + drop + ", " + kill))
      << "nothing hides it any more: the recovery that cuts the log there has met it";
}

// Goal: what rots is on the medium. Method: a sector of every log of broker 1 rots, then its power goes: at 36 s, when only the
// first seconds of what was written in 36 are on the medium (what is 30 s old is written back), the place is drawn among those, in
// every one of eight seeds; at 20 s nothing of the records is there, and fewer files can rot.
TEST(FaultPatterns, RotHitsWhatIsOnTheMedium) {
  const auto rot_at = [](const std::string& at, const std::string& then, std::uint64_t seed) {
    const std::string faults = R"([{"at": ")" + at +
                               R"(", "kind": "bit_rot", "target": {"broker": 1}, "length": "512 B"},
      {"at": ")" + then + R"(", "kind": "power_loss", "target": {"broker": 1}, "restart_after": "1 s"}])";
    return run_with(faults.c_str(), seed).outcome.faults.front();
  };
  const auto files_in = [](const std::string& text) {
    return std::stoi(text.substr(text.find("in each of ") + 11));
  };
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const FaultSeen early = rot_at("20 s", "22 s", seed);
    const FaultSeen late = rot_at("36 s", "38 s", seed);
    EXPECT_TRUE(late.had_effect) << "seed " << seed << ": " << late.target;
    EXPECT_LT(files_in(early.target), files_in(late.target)) << early.target << "; " << late.target;
  }
}

// Teeth: each of these laws is broken by a planted bug only when the pattern strikes.
TEST(FaultPatterns, FindWhatTheyAreFor) {
  const char* calm = "[]";
  const char* standing =
      R"([{"at": "5 s", "kind": "last_replica_standing", "partition": "orders/0", "every": "4 s", "lasts": "10 s", "stop": "kill_process", "restart_after": "40 s"}])";
  const char* bug = R"({"planted": ["elect_outside_isr"]})";
  EXPECT_FALSE(run_with(calm, 7, bug).outcome.failure.breaks("S7"));
  EXPECT_TRUE(run_with(standing, 7, bug).outcome.failure.breaks("S7"));
  EXPECT_FALSE(run_with(standing).outcome.failure.breaks("S7"));
}

TEST(FaultPatterns, AreNamedAndHealInAnotherOrderThanTheyCame) {
  const Ran ran =
      run_with(R"([{"name": "swirl", "at": "5 s", "kind": "swizzle_clog", "every": "1 s", "lasts": "6 s"}])");
  ASSERT_EQ(ran.outcome.faults.size(), 3u);
  EXPECT_EQ(ran.outcome.faults[0].name, "swirl-1");
  EXPECT_EQ(ran.outcome.faults[2].name, "swirl-3");
  const scenario::LoadResult loaded = [] {
    Json document = *parse(cluster_text);
    document["faults"] =
        *parse(R"([{"name": "swirl", "at": "5 s", "kind": "swizzle_clog", "every": "1 s", "lasts": "6 s"}])");
    return scenario::load_text(document.dump(), "faults.json");
  }();
  std::vector<std::int64_t> heals;
  for (const auto& fault : loaded.scenario->config.faults)
    heals.push_back((fault.at.ns + fault.lasts->ns) / kSecond);
  EXPECT_EQ(heals, (std::vector<std::int64_t>{14, 13, 15}))
      << "the last clog is at 7 s, the first clears 6 s later";
}

TEST(FaultPatterns, SayWhatIsWrongWithThem) {
  EXPECT_NE(problems_of(R"([{"at": "5 s", "kind": "double_failover", "partition": "order/0"}])")
                .find("unknown-topic"),
            std::string::npos);
  EXPECT_NE(problems_of(R"([{"at": "58 s", "kind": "rolling_power_loss"}])").find("after-the-end"),
            std::string::npos);
  EXPECT_NE(problems_of(R"([{"at": "5 s", "kind": "double_failover"}])").find("partition"),
            std::string::npos);
  EXPECT_NE(problems_of(R"([{"at": "5 s", "kind": "rolling_power_loss", "probability_percent": 3}])")
                .find("probability_percent"),
            std::string::npos);
}

// A step that is shorter than a session strikes whom nobody has missed yet.
TEST(FaultPatterns, ShortStepsAreWarnedOf) {
  for (const std::string kind : {"double_failover", "last_replica_standing"}) {
    const auto warned = [&](const std::string& more) {
      const std::string faults =
          R"([{"at": "5 s", "partition": "orders/0", "kind": ")" + kind + "\"" + more + "}]";
      return problems_of(faults.c_str()).find("below broker.session.timeout.ms (3 s)") != std::string::npos;
    };
    EXPECT_TRUE(warned(R"(, "every": "0 s")")) << kind;
    EXPECT_TRUE(warned(R"(, "every": "2999 ms")")) << kind;
    EXPECT_FALSE(warned(R"(, "every": "3 s")")) << kind;
    EXPECT_FALSE(warned("")) << kind;
  }
  EXPECT_EQ(problems_of(R"([{"at": "5 s", "kind": "double_failover", "partition": "orders/0", "every": "1 s",
                             "stop": "controlled_shutdown"}])"),
            "")
      << "who leaves in order is followed at once";
}

// ---- When -------------------------------------------------------------------------------------------------------

// The leader dies 20 ms after the ISR shrank, whenever that is; a fault whose event never comes is not requested.
TEST(FaultTriggers, FollowTheirEventByTheirDelay) {
  const Ran ran = run_with(R"([
    {"name": "cut", "at": "10 s", "kind": "partition", "from": {"broker": 0}, "lasts": "8 s"},
    {"name": "death", "at": "4 s", "when": {"event": "isr_shrank", "partition": "orders/0", "delay": "20 ms"},
     "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "2 s"},
    {"name": "never", "at": "4 s", "when": {"event": "log_dir_failed"}, "kind": "power_loss", "target": {"broker": 2}},
    {"name": "third", "at": "4 s", "when": {"event": "broker_running", "occurrence": 2, "delay": "1 s"},
     "kind": "pause_process", "target": {"broker": 2}, "lasts": "1 s"}])");
  ASSERT_EQ(ran.outcome.faults.size(), 4u);
  const auto fault = [&](const std::string& name) {
    return *std::find_if(ran.outcome.faults.begin(), ran.outcome.faults.end(),
                         [&](const FaultSeen& f) { return f.name == name; });
  };
  EXPECT_TRUE(fault("death").fired);
  EXPECT_GT(fault("death").at_ns, 11 * kSecond)
      << "the cut-off follower's session or lag has to run out first";
  EXPECT_LT(fault("death").at_ns, 18 * kSecond);
  EXPECT_FALSE(fault("never").fired);
  EXPECT_TRUE(fault("third").fired) << "broker 0 is unfenced after the cut, broker 1 after its death";
  EXPECT_GT(fault("third").at_ns, fault("death").at_ns);
}

// The other faults and the draws of a run are the same whether a trigger waits in vain or is not there.
TEST(FaultTriggers, WaitingChangesNothing) {
  const Ran without = run_with(
      R"([{"name": "k", "at": "10 s", "kind": "kill_process", "target": {"random_broker": true}, "restart_after": "2 s"}])");
  const Ran with = run_with(
      R"([{"name": "k", "at": "10 s", "kind": "kill_process", "target": {"random_broker": true}, "restart_after": "2 s"},
    {"name": "w", "at": "3 s", "when": {"event": "log_dir_failed"}, "kind": "power_loss", "target": {"broker": 2}}])");
  EXPECT_EQ(without.outcome.sent, with.outcome.sent);
  EXPECT_EQ(with.outcome.faults[1].name, "k") << "in order of time";
  EXPECT_EQ(without.outcome.faults[0].target, with.outcome.faults[1].target);
  EXPECT_EQ(without.outcome.events + 1, with.outcome.events) << "the arming";
}

// 30 %: of 200 seeds between 40 and 80 (mean 60, sigma 6.5), and always the same ones.
TEST(FaultTriggers, AProbabilityIsADrawOfTheSeed) {
  Json document = *parse(cluster_text);
  document["duration"] = "2 s";
  document["workloads"] = Json::array();
  document["faults"] = *parse(
      R"([{"name": "maybe", "at": "1 s", "kind": "kill_process", "target": {"broker": 0}, "probability_percent": 30}])");
  const scenario::LoadResult loaded = scenario::load_text(document.dump(), "faults.json");
  ASSERT_TRUE(loaded.scenario.has_value()) << scenario::render(loaded.diagnostics);
  std::string first;
  for (int round = 0; round < 2; ++round) {
    std::string fired;
    for (std::uint64_t seed = 1; seed <= 200; ++seed)
      fired += run(*loaded.scenario, seed, {}).faults.front().fired ? '1' : '0';
    const auto hits = std::count(fired.begin(), fired.end(), '1');
    EXPECT_GE(hits, 40);
    EXPECT_LE(hits, 80);
    if (round == 0) first = fired;
    EXPECT_EQ(fired, first);
  }
}

// ---- Whom -------------------------------------------------------------------------------------------------------

// Goal: a second fault of a kind finds another follower while the first one is in force, though both are in the ISR; and who is
// dead is not killed again. Method: two cuts, two pauses and two kills a second apart, in a session of 3 s, 12 seeds; a third of a
// kind has nobody left to prefer, and strikes one of the two.
TEST(FaultTargets, AFollowerIsOneThatIsNotStruckYet) {
  for (const std::string kind : {"partition", "pause_process", "kill_process"}) {
    const std::string whom = kind == "partition" ? "from" : "target";
    const std::string more = kind == "kill_process" ? R"("restart_after": "30 s")" : R"("lasts": "30 s")";
    const auto fault = [&](const char* at) {
      return R"({"at": ")" + std::string(at) + R"(", "kind": ")" + kind + R"(", ")" + whom +
             R"(": {"follower_of": "orders/0"}, )" + more + "}";
    };
    const std::string faults = "[" + fault("10 s") + ", " + fault("11 s") + ", " + fault("12 s") + "]";
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
      const std::vector<FaultSeen> seen = run_with(faults.c_str(), seed).outcome.faults;
      ASSERT_EQ(seen.size(), 3u);
      EXPECT_NE(seen[0].target.substr(0, 8), seen[1].target.substr(0, 8)) << kind << ", seed " << seed;
      EXPECT_TRUE(seen[1].had_effect) << kind << ", seed " << seed;
      EXPECT_TRUE(seen[2].fired) << kind << ", seed " << seed;
    }
  }
}

TEST(FaultTargets, CoordinatorsAreFoundByGroupAndTransaction) {
  const Ran ran = run_with(
      R"([{"at": "10 s", "kind": "kill_process", "target": {"coordinator_of": "billing"}, "restart_after": "2 s"}])");
  EXPECT_EQ(told(ran.outcome), "kill_process 10");
  EXPECT_NE(ran.outcome.faults[0].target.find("leader of __consumer_offsets/0"), std::string::npos)
      << ran.outcome.faults[0].target;
  EXPECT_NE(
      problems_of(
          R"([{"at": "10 s", "kind": "kill_process", "target": {"transaction_coordinator_of": "bank"}}])")
          .find("no transactional producer"),
      std::string::npos);
}

}  // namespace
}  // namespace brokersim::trial
