#include "app/results/expectations.h"

#include <gtest/gtest.h>

#include "app/results/metric_value.h"
#include "app/scenario/metrics.h"
#include "tests/app/results/synthetic_result.h"

namespace brokersim::results {
namespace {

using scenario::Comparison;
using scenario::ExpectationKind;
using test::facts_of;
using test::lossy_findings;
using test::metric;
using test::scenario_of;

RunResult result_of(std::vector<scenario::Expectation> expect) {
  return collect(scenario_of(std::move(expect)), facts_of(), lossy_findings(), {});
}

// Goal: every metric that a scenario may name has a value, or is honestly absent. Method: all names of the list.
TEST(Expectations, EveryListedMetricIsMeasured) {
  RunResult result = result_of({});
  // A pipeline, an inbox, a database and transactions, which the cluster alone has not.
  checkers::KafkaTransactions& transactions = result.findings.transactions;
  transactions.workloads.emplace_back().duration.add(1'000'000);
  transactions.transformations.emplace_back().latency.add(1'000'000);
  checkers::EventFindings& events = result.findings.events;
  events.pipelines.emplace_back().commit_to_topic.add(1'000'000);
  events.effects.emplace_back();
  events.databases.emplace_back();
  for (const scenario::Metric& listed : scenario::metrics()) {
    EXPECT_TRUE(metric_value(result, listed.name).has_value()) << listed.name;
  }
  EXPECT_FALSE(metric_value(result, "records.imagined").has_value());
}

TEST(Expectations, ValuesOfTheRunOfAWorkloadAndOfAPartition) {
  const RunResult result = result_of({});
  const auto value = [&](const char* name, const char* of = "") {
    return metric_value(result, name, of)->value;
  };
  EXPECT_EQ(value("records.sent"), 211);
  EXPECT_EQ(value("records.lost_acknowledged"), 20);
  EXPECT_EQ(value("records.lost_acknowledged_acks_1"), 20);
  EXPECT_EQ(value("records.lost_acknowledged", "checkout"), 20);
  EXPECT_EQ(value("records.consumed", "reader"), 100);
  EXPECT_EQ(value("unavailable.longest", "orders/0"), 9.0);
  EXPECT_EQ(value("unavailable.produce.longest"), 9.0);
  EXPECT_EQ(value("unavailable.no_leader.longest"), 0.0);
  EXPECT_EQ(value("recovery.to_leader_max_s"), 8.9);
  EXPECT_EQ(value("recovery.to_acknowledgement_max_s", "orders/0"), 9.0);
  EXPECT_EQ(value("faults.had_effect"), 1);
  EXPECT_FALSE(metric_value(result, "records.sent", "nobody").has_value());
  EXPECT_FALSE(metric_value(result, "unavailable.longest", "orders/9").has_value());
}

TEST(Expectations, LimitsDecideTheExitCode) {
  EXPECT_EQ(result_of({}).exit_code(), 0) << "acks=1 may lose";
  EXPECT_EQ(result_of({metric("records.lost_acknowledged", Comparison::equals, 20)}).exit_code(), 0);
  EXPECT_EQ(result_of({metric("records.lost_acknowledged", Comparison::equals, 0)}).exit_code(), 1);
  EXPECT_EQ(result_of({metric("unavailable.longest", Comparison::at_most, 9.0)}).exit_code(), 0);
  EXPECT_EQ(result_of({metric("unavailable.longest", Comparison::at_most, 8.999)}).exit_code(), 1);
  EXPECT_EQ(result_of({metric("unavailable.longest", Comparison::at_least, 9.1)}).exit_code(), 1);
}

TEST(Expectations, TooFewSamplesAreInconclusive) {
  // 211 outcomes: enough for the 95th percentile, not for the 99th.
  EXPECT_EQ(result_of({metric("latency.produce.p95_ms", Comparison::at_most, 10'000)}).exit_code(), 0);
  const RunResult result = result_of({metric("latency.produce.p99_ms", Comparison::at_most, 10'000)});
  EXPECT_EQ(result.exit_code(), 3);
  EXPECT_EQ(result.expectations[0].detail, "9,000 ms, too few samples: 211 of 1,000");
  EXPECT_EQ(result_of({metric("records.sent", Comparison::at_least, 1, "nobody")}).exit_code(), 3);
}

TEST(Expectations, SometimesIsSeenOrInconclusive) {
  const RunResult seen = result_of({{.kind = ExpectationKind::sometimes,
                                     .name = "storage_lost_dirty",
                                     .text = "sometimes storage_lost_dirty"}});
  EXPECT_EQ(seen.exit_code(), 0);
  EXPECT_EQ(seen.expectations[0].detail, "seen 1 time");
  EXPECT_EQ(result_of({{.kind = ExpectationKind::sometimes, .name = "unclean_election"}}).exit_code(), 3);
  EXPECT_EQ(result_of({{.kind = ExpectationKind::sometimes, .name = "no_such_probe"}}).exit_code(), 3);
}

// Goal: a broken law fails a run unless the scenario was written to break one. Method: S21 broken by a duplicate.
TEST(Expectations, BrokenLawsFailUnlessExpected) {
  checkers::test::Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.replicated(0, 0, 10, 1);
  for (const std::int32_t broker : {1, 2, 3}) s.append(broker, 10, 0, 10, 1, broker == 1);
  const checkers::Findings findings = s.finish(1);
  const scenario::Expectation planted{
      .kind = ExpectationKind::check, .name = "S21", .verdict = checkers::Verdict::violated};
  const scenario::Expectation sound{
      .kind = ExpectationKind::check, .name = "S21", .verdict = checkers::Verdict::holds};
  const scenario::Expectation elsewhere{
      .kind = ExpectationKind::check, .name = "S1", .verdict = checkers::Verdict::violated};
  const RunResult plain = collect(scenario_of({}), facts_of(), findings, {});
  EXPECT_EQ(plain.exit_code(), 1);
  EXPECT_EQ(plain.failed_laws, std::vector<std::string>{"S21"});
  EXPECT_EQ(collect(scenario_of({planted}), facts_of(), findings, {}).exit_code(), 0);
  EXPECT_EQ(collect(scenario_of({sound}), facts_of(), findings, {}).exit_code(), 1);
  // One that is expected excuses no other law; invariants go with it.
  checkers::Findings more = findings;
  more.checks.push_back({.id = "INV3", .verdict = checkers::Verdict::violated});
  EXPECT_EQ(collect(scenario_of({planted}), facts_of(), more, {}).exit_code(), 0);
  more.checks.push_back({.id = "S5", .verdict = checkers::Verdict::violated});
  const RunResult unnamed = collect(scenario_of({planted}), facts_of(), more, {});
  EXPECT_EQ(unnamed.exit_code(), 1);
  EXPECT_EQ(unnamed.failed_laws, std::vector<std::string>{"S5"});
  EXPECT_EQ(collect(scenario_of({elsewhere}), facts_of(), findings, {}).exit_code(), 1)
      << "S1 holds, and S21 was not expected";
}

TEST(Expectations, OurOwnBugIsSeventyAndTheWorstCounts) {
  RunFacts facts = facts_of();
  facts.bug = "SIM_CHECK failed";
  EXPECT_EQ(collect(scenario_of({}), facts, {}, {}).exit_code(), 70);
  EXPECT_EQ(worse_exit_code(0, 3), 3);
  EXPECT_EQ(worse_exit_code(3, 1), 1);
  EXPECT_EQ(worse_exit_code(2, 1), 2);
  EXPECT_EQ(worse_exit_code(70, 2), 70);
}

}  // namespace
}  // namespace brokersim::results
