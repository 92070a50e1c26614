// Goal: every cut leaves a scenario, or nothing that a run would have to refuse for the cut's own fault.
// Method: each cut of a known document; names and numbers that belong together change together.
#include "app/shrink/cuts.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/scenario/scenario.h"
#include "tests/search/samples.h"

namespace brokersim::shrink {
namespace {

Json noisy() { return *trial::parse(trial::noisy_text); }

TEST(Cuts, ABrokerGoesWithItsReplicasAndWhoAimsAtIt) {
  const auto candidates = fewer_brokers(noisy());
  ASSERT_EQ(candidates.size(), 3u) << "one for each broker, the last first";
  const Json& without_0 = candidates[2].document;
  EXPECT_EQ(without_0["hosts"][0]["count"], 2);
  EXPECT_EQ(without_0["hosts"][0]["zones"], Json({"b", "c"}));
  const Json& topics = without_0["systems"]["kafka"]["topics"];
  EXPECT_EQ(topics[1]["assignment"], Json({{0, 1}, {0, 1}, {1, 0}})) << "who was 1 is 0 now, who was 2 is 1";
  ASSERT_EQ(without_0["faults"].size(), 3u)
      << "neither the cut of broker 0 nor the death of host b-0 is left";
  EXPECT_EQ(without_0["faults"][0]["target"]["broker"], 1);
  EXPECT_EQ(without_0["faults"][1]["target"]["broker"], 0);
  const Json& without_2 = candidates[0].document;
  EXPECT_EQ(without_2["faults"][1]["to"], Json::parse(R"([{"broker": 1}])")) << "one side lost one of two";
}

TEST(Cuts, OnePartitionIsLeftAndItIsTheFirst) {
  Json document = noisy();
  document["faults"][0]["target"] = {{"leader_of", "orders/2"}};
  const auto candidates = fewer_partitions(document);
  ASSERT_EQ(candidates.size(), 8u)
      << "three times one partition, two of them with a broker named, three times two";
  EXPECT_EQ(candidates[1].document["systems"]["kafka"]["topics"][1]["assignment"],
            Json::parse("[[0, 1, 2]]"));
  EXPECT_EQ(candidates[1].document["faults"][0]["target"]["leader_of"], "orders/0");
  // Or whoever leads the partition that goes is hit as what it is to the one that stays.
  EXPECT_EQ(candidates[3].document["systems"]["kafka"]["topics"][1]["assignment"],
            Json::parse("[[1, 2, 0]]"));
  EXPECT_EQ(candidates[3].document["faults"][0]["target"], Json({{"broker", 2}}));
}

TEST(Cuts, PartitionsWithoutAnAssignmentAreWhereTheyWouldBeByDefault) {
  Json document = noisy();
  Json& topic = document["systems"]["kafka"]["topics"][1];
  topic.erase("assignment");
  topic["partitions"] = 3;
  topic["replication_factor"] = 2;
  document["faults"][0]["target"] = {{"follower_of", "orders/0"}};
  const auto candidates = fewer_partitions(document);
  ASSERT_EQ(candidates.size(), 4u) << "one partition, twice with a broker named, and two";
  EXPECT_EQ(candidates[1].document["systems"]["kafka"]["topics"][1]["assignment"], Json::parse("[[1, 2]]"));
  EXPECT_EQ(candidates[1].document["faults"][0]["target"], Json({{"broker", 1}}))
      << "leader of the one that stays";
}

TEST(Cuts, ATopicGoesWithItsClients) {
  const auto candidates = without_topics(noisy());
  ASSERT_EQ(candidates.size(), 2u);
  EXPECT_EQ(candidates[0].document["workloads"].size(), 2u) << "the auditor wrote to it";
  EXPECT_EQ(candidates[1].document["workloads"].size(), 1u);
}

TEST(Cuts, WhatComesLaterThanTheEndGoes) {
  for (const Candidate& c : shorter(noisy())) {
    const auto end = trial::duration_of(c.document, "duration").value_or(0);
    ASSERT_GT(end, 0);
    for (const Json& fault : c.document.contains("faults") ? c.document["faults"] : Json::array())
      EXPECT_LE(trial::duration_of(fault, "at").value_or(0), end);
  }
}

// What breaks a law on the way need not be waited for any longer.
TEST(Cuts, TheEndComesSoonAfterTheFailure) {
  const auto candidates = ending_after(noisy(), 13'200'000'000);
  ASSERT_EQ(candidates.size(), 3u);
  EXPECT_EQ(candidates[0].document["duration"], "14 s");
  EXPECT_EQ(candidates[0].document["faults"].size(), 4u) << "the fifth comes at 20 s";
  EXPECT_EQ(candidates[2].document["duration"], "23 s");
  EXPECT_TRUE(ending_after(noisy(), 40'000'000'000).empty()) << "judged at the end";
}

TEST(Cuts, WaitingIsShortenedForAllThatFollows) {
  const auto candidates = earlier(noisy());
  const auto found = std::find_if(candidates.begin(), candidates.end(), [](const Candidate& c) {
    return c.document["faults"][0]["at"] == "0 s" && c.document["duration"] == "37 s";
  });
  ASSERT_NE(found, candidates.end()) << "the 3 s before the first fault";
  EXPECT_EQ(found->document["faults"][3]["at"], "9500 ms") << "distances stay";
}

TEST(Cuts, NumbersGetRounder) {
  bool second = false;
  for (const Candidate& c : rounder(noisy())) {
    if (c.document["faults"][1]["at"] == "6 s") second = true;
    EXPECT_NE(c.document, noisy());
  }
  EXPECT_TRUE(second) << "6117 ms is 6 s";
}

TEST(Cuts, EveryMemberMayGoButThoseThatAScenarioIsMadeOf) {
  const auto candidates = without_members(noisy());
  const auto goes = [&](const char* pointer) {
    return std::any_of(candidates.begin(), candidates.end(),
                       [&](const Candidate& c) { return !c.document.contains(Json::json_pointer(pointer)); });
  };
  EXPECT_TRUE(goes("/systems/kafka/config"));
  const bool together = std::any_of(candidates.begin(), candidates.end(), [](const Candidate& c) {
    const Json& kafka = c.document["systems"]["kafka"];
    return !kafka.contains("config") && !kafka.contains("controllers") && !kafka.contains("rules");
  });
  EXPECT_TRUE(together) << "of what is many, several at a time";
  EXPECT_TRUE(goes("/systems/kafka/config/num.replica.fetchers"));
  EXPECT_TRUE(goes("/hosts/0/zones"));
  EXPECT_FALSE(goes("/duration"));
  EXPECT_FALSE(goes("/workloads/0/kind"));
}

TEST(Cuts, APlanIsWrittenOutAsItHappened) {
  Json document = *trial::parse(trial::sound_text());
  document.erase("faults");
  document["fault_plan"] = Json::parse(
      R"({"counts": {"kill_process": 2, "partition": 3, "controller_kill": 1}, "between": ["5 s", "20 s"]})");
  const trial::Outcome outcome = trial::run_text(document.dump(), "plan.json", {});
  ASSERT_TRUE(outcome.ran()) << outcome.problem;
  const auto faults = faults_of_plan(document, "plan.json", outcome.faults);
  ASSERT_EQ(faults.size(), 6u);
  document.erase("fault_plan");
  for (const Json& fault : faults) document["faults"].push_back(fault);
  const scenario::LoadResult loaded = scenario::load_text(document.dump(), "plan.json");
  EXPECT_TRUE(loaded.scenario.has_value()) << scenario::render(loaded.diagnostics);
  const bool drawn = std::any_of(faults.begin(), faults.end(), [](const Json& fault) {
    return fault.dump().find("random_broker") != std::string::npos;
  });
  EXPECT_FALSE(drawn) << "who was drawn is named";
}

TEST(Cuts, SizesAreCounted) {
  const Size size = size_of(noisy());
  EXPECT_EQ(size.faults, 5);
  EXPECT_EQ(size.brokers, 3);
  EXPECT_EQ(size.partitions, 4);
  EXPECT_EQ(size.workloads, 3);
  EXPECT_EQ(size.duration_ns, 40'000'000'000);
}

// A cut of one thing may need another one: every pair is a change of two kinds.
TEST(Cuts, TwoAtOnce) {
  const Json best = Json::parse(R"({"duration": "2 s", "hosts": [{"name": "b", "count": 2}],
    "systems": {"kafka": {"brokers_on": "b", "topics": [{"name": "orders", "partitions": 3, "replication_factor": 1}]}},
    "workloads": [{"name": "w", "kind": "kafka_producer", "topic": "orders", "rate": "1 /s", "records": 20}],
    "faults": [{"name": "f", "at": "1 s", "kind": "kill_process", "target": {"broker": 0}}]})");
  bool both = false;
  for (const Candidate& candidate : two_at_once(best)) {
    EXPECT_TRUE(candidate.reseed);
    const Json& document = candidate.document;
    if (!document.contains("workloads")) continue;
    both = both || (document["systems"]["kafka"]["topics"][0]["partitions"] == 1 &&
                    document["workloads"][0]["records"] == 1);
  }
  EXPECT_TRUE(both);
}

TEST(Cuts, PartitionsGoOneByOneAndTheOthersKeepTheirFaults) {
  const Json best = Json::parse(R"({"systems": {"kafka": {"brokers_on": "b", "topics": [
      {"name": "orders", "assignment": [[0, 1], [1, 2], [2, 0]]}]}},
    "faults": [{"kind": "kill_process", "target": {"leader_of": "orders/2"}}, {"kind": "kill_process", "target": {"leader_of": "orders/0"}}]})");
  bool found = false;
  for (const Candidate& candidate : fewer_partitions(best)) {
    const Json& document = candidate.document;
    if (document["systems"]["kafka"]["topics"][0]["assignment"] != Json::parse("[[0, 1], [2, 0]]")) continue;
    found = true;
    EXPECT_EQ(document["faults"][0]["target"]["leader_of"], "orders/1");
    EXPECT_EQ(document["faults"][1]["target"]["leader_of"], "orders/0");
  }
  EXPECT_TRUE(found);
}

TEST(Cuts, DrawnBrokersAreNamedAsTheyWereDrawn) {
  const Json drawn = Json::parse(R"({"faults": [
    {"name": "a", "kind": "kill_process", "target": {"random_broker": true}},
    {"name": "b", "kind": "partition", "from": {"leader_of": "orders/0"}, "to": {"random_broker": true}},
    {"name": "c", "kind": "kill_process", "target": {"random_broker": true}}]})");
  const std::vector<trial::FaultSeen> seen{
      {"a", "kill_process", "broker 2 on host b-2 (drawn)", 1, true, true},
      {"b", "partition", "broker 0 on host b-0 (leader of orders/0) <-> broker 1 on host b-1 (drawn)", 2,
       true, true},
      {"c", "kill_process", "random broker", 3, false, false}};
  const Json named = with_brokers_named(drawn, seen);
  EXPECT_EQ(named["faults"][0]["target"], Json::parse(R"({"broker": 2})"));
  EXPECT_EQ(named["faults"][1]["from"], drawn["faults"][1]["from"]) << "a role stays a role";
  EXPECT_EQ(named["faults"][1]["to"], Json::parse(R"({"broker": 1})"));
  EXPECT_EQ(named["faults"][2], drawn["faults"][2]) << "nobody was drawn";
}

TEST(Cuts, RowsOfArrivalsAreFewer) {
  const Json best = Json::parse(R"({"workloads": [{"kind": "kafka_producer",
    "arrivals": {"kind": "trace", "rows": ["time", "1", "2", "3"]}}]})");
  std::vector<std::string> rows;
  for (const Candidate& candidate : fewer_records(best)) {
    if (candidate.document["workloads"][0]["arrivals"] != best["workloads"][0]["arrivals"])
      rows.push_back(candidate.document["workloads"][0]["arrivals"]["rows"].dump());
  }
  EXPECT_EQ(rows, (std::vector<std::string>{R"(["time","1"])", R"(["time","3"])", R"(["time","1","2"])",
                                            R"(["time","2","3"])", R"(["time","1"])", R"(["time","3"])"}));
}

}  // namespace
}  // namespace brokersim::shrink
