// The report: a recorded run is the same run, its series add up, and nothing in a scenario becomes markup.
#include <gtest/gtest.h>

#include <numeric>

#include <nlohmann/json.hpp>

#include "app/report/report.h"
#include "app/results/execute.h"

namespace brokersim::report {
namespace {

constexpr const char* kSmall = R"({
  "title": "</script><script>alert(1)</script>", "why": "<!-- & \"", "duration": "30 s",
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
                        "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
  "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "200 /s", "config": {"acks": "all"}},
                {"name": "billing", "kind": "kafka_consumer", "topic": "orders"}],
  "faults": [{"at": "8 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "5 s"}]
})";

scenario::Scenario loaded() {
  auto made = scenario::load_text(kSmall, "small.json");
  EXPECT_TRUE(made.scenario.has_value()) << scenario::render(made.diagnostics);
  return *made.scenario;
}

// Goal: recording changes nothing. Method: fingerprint, events and counts with and without.
TEST(Report, ARecordedRunIsTheSameRun) {
  const scenario::Scenario scenario = loaded();
  const results::RunResult plain = results::execute(scenario, 7);
  const Recorded recorded = run(scenario, 7);
  EXPECT_EQ(recorded.result.facts.fingerprint, plain.facts.fingerprint);
  EXPECT_EQ(recorded.result.facts.events, plain.facts.events);
  EXPECT_EQ(recorded.result.findings.measures.records.acknowledged,
            plain.findings.measures.records.acknowledged);
}

// Goal: series add up to the outcome. Method: sums of bins and cells; the leader's kill as an event at its time.
TEST(Report, SeriesAddUp) {
  const Recorded recorded = run(loaded(), 7);
  const auto timeline = nlohmann::json::parse(recorded.timeline);
  const auto sum = [](const nlohmann::json& values) {
    return std::accumulate(
        values.begin(), values.end(), std::int64_t{0},
        [](std::int64_t all, const nlohmann::json& value) { return all + value.get<std::int64_t>(); });
  };
  const checkers::RecordCounts& records = recorded.result.findings.measures.records;
  EXPECT_EQ(timeline["acknowledged"].size(), Timeline::kBins);
  EXPECT_EQ(sum(timeline["acknowledged"]), records.acknowledged);
  EXPECT_EQ(sum(timeline["failed"]), records.failed);
  EXPECT_EQ(sum(timeline["consumed"]), records.consumed);
  EXPECT_GT(records.consumed, 0);
  std::int64_t in_cells = 0;
  for (std::size_t i = 2; i < timeline["latency"]["cells"].size(); i += 3)
    in_cells += timeline["latency"]["cells"][i].get<std::int64_t>();
  EXPECT_EQ(in_cells, records.acknowledged + records.failed);
  for (const auto& host : timeline["hosts"])
    EXPECT_EQ(host["dirty"].size(), Timeline::kSamples) << host["name"];

  const auto& events = timeline["events"];
  std::int64_t at_us = 0;
  bool killed = false;
  for (std::size_t i = 0; i < events["kind"].size(); ++i) {
    at_us += events["at_us"][i].get<std::int64_t>();
    if (events["kinds"][events["kind"][i].get<std::size_t>()] == "broker killed") {
      EXPECT_EQ(at_us, 8'000'000);
      EXPECT_EQ(events["who"][i], 0) << "broker 0 led, as the first of the assignment";
      killed = true;
    }
  }
  EXPECT_TRUE(killed);
  const auto& worst = timeline["partitions"][0];
  EXPECT_EQ(worst["name"], "orders/0");
  EXPECT_EQ(worst["isr_min"], 2);
  EXPECT_GE(worst["leader_changes"].get<std::int64_t>(), 1);
  ASSERT_EQ(worst["logs"].size(), 3u);
  EXPECT_EQ(sum(worst["logs"][1]["leo"]), sum(worst["logs"][2]["leo"]))
      << "steps: their sum is the last value";
}

// Goal: a scenario's words stay words, and the page is whole. Method: what the browser would take for the end of a script.
TEST(Report, NothingInAScenarioBecomesMarkup) {
  const Recorded recorded = run(loaded(), 7, {}, "replay </script> line");
  const std::string& html = recorded.html;
  EXPECT_EQ(html.find("<script>alert"), std::string::npos);
  EXPECT_EQ(html.find("<!--"), std::string::npos);
  EXPECT_NE(html.find("replay \\u003c/script> line"), std::string::npos);
  EXPECT_EQ(html.find("@TIMELINE@"), std::string::npos);
  EXPECT_LT(html.size(), 5'000'000u);
}

TEST(Report, LatencyBucketsAreEightPerDecade) {
  const auto& bounds = Timeline::bucket_bounds();
  EXPECT_EQ(bounds[0], 0);
  EXPECT_EQ(bounds[1], 10'000);
  for (std::size_t i = 9; i < bounds.size(); ++i)
    EXPECT_NEAR(static_cast<double>(bounds[i]) / static_cast<double>(bounds[i - 8]), 10, 0.001);
  for (std::size_t i = 1; i < bounds.size(); ++i) EXPECT_LT(bounds[i - 1], bounds[i]);
}

}  // namespace
}  // namespace brokersim::report
