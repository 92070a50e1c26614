// The trace: a traced run is the same run, and its packets say what the history said.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "app/results/execute.h"
#include "app/trace/perfetto.h"
#include "app/trace/spans.h"
#include "app/trace/trace.h"

namespace brokersim::trace {
namespace {

using sim::SimTime;

constexpr const char* kSmall = R"({
  "title": "small", "duration": "30 s",
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
                        "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
  "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "100 /s", "config": {"acks": "all"}},
                {"name": "billing", "kind": "kafka_consumer", "topic": "orders"}],
  "faults": [{"at": "8 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "5 s"}]
})";

scenario::Scenario loaded() {
  auto made = scenario::load_text(kSmall, "small.json");
  EXPECT_TRUE(made.scenario.has_value()) << scenario::render(made.diagnostics);
  return *made.scenario;
}

std::int64_t occurrences(const std::string& text, const std::string& word) {
  std::int64_t n = 0;
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

// Goal: looking changes nothing. Method: fingerprint and events with and without, whole and windowed, twice.
TEST(Trace, ATracedRunIsTheSameRunAndTheSameBytes) {
  const scenario::Scenario scenario = loaded();
  const results::RunResult plain = results::execute(scenario, 7);
  const Traced whole = run(scenario, 7);
  const Traced window = run(scenario, 7, {}, {.from = {8'000'000'000}, .to = {9'000'000'000}});
  EXPECT_EQ(whole.result.facts.fingerprint, plain.facts.fingerprint);
  EXPECT_EQ(whole.result.facts.events, plain.facts.events);
  EXPECT_EQ(window.result.facts.fingerprint, plain.facts.fingerprint);
  EXPECT_EQ(run(scenario, 7).file, whole.file);
  EXPECT_GT(whole.slices, 2'000);
  EXPECT_LT(window.slices * 5, whole.slices) << "a thirtieth of the time";
  EXPECT_LT(window.file.size() * 5, whole.file.size());
  EXPECT_EQ(whole.left_out, 0);
}

// Goal: what happened is in it. Method: the names of slices in the bytes of the file.
TEST(Trace, NamesWhatHappened) {
  const Traced traced = run(loaded(), 7);
  for (const char* word :
       {"broker 0 (b-0)", "client checkout-0", "client billing-0", "kill_process", "killed",
        "election orders/0", "led by broker 0", "led by broker 1", "Fetch by broker", "copies from leaders",
        "produce requests", "produce_acks_all orders/0", "log, flush and purgatory", "page cache dirty"})
    EXPECT_GT(occurrences(traced.file, word), 0) << word;
}

// Goal: no room is no end. Method: room for 100.
TEST(Trace, WhatFindsNoRoomIsCounted) {
  const Traced traced = run(loaded(), 7, {}, {.from = {}, .to = SimTime::max(), .slices_max = 100});
  EXPECT_LE(traced.slices, 100);
  EXPECT_GT(traced.left_out, 1'000);
}

// Goal: a failing run says when it failed. Method: a run without faults, and one that loses what its leader alone had.
TEST(Trace, FirstFailure) {
  const results::RunResult well = results::execute(loaded(), 7, {});
  EXPECT_EQ(first_failure(well), std::nullopt);
  auto lossy = scenario::load_text(kSmall, "small.json",
                                   {R"(/workloads/0/config/acks=0)", R"(/faults/0/kind="power_loss")",
                                    R"(/expect=[{"metric": "records.lost_acknowledged", "equals": 0}])"});
  ASSERT_TRUE(lossy.scenario.has_value()) << scenario::render(lossy.diagnostics);
  const results::RunResult result = results::execute(*lossy.scenario, 7, {});
  ASSERT_GT(result.findings.losses.lost, 0);
  const auto at = first_failure(result);
  ASSERT_TRUE(at.has_value());
  SimTime earliest = SimTime::max();
  for (const checkers::Loss& loss : result.findings.losses.losses)
    earliest = std::min(earliest, loss.acknowledged_from);
  EXPECT_EQ(*at, earliest);
  const Options options = around(*at, {2'000'000'000});
  EXPECT_EQ(options.from, SimTime{at->ns - 2'000'000'000});
  EXPECT_EQ(options.to, SimTime{at->ns + 2'000'000'000});
  EXPECT_EQ(around({1'000}, {2'000}).from, SimTime{}) << "not before the run";
}

// Goal: slices that overlap do not share a track; those that do not, do. Method: three slices, the tracks by their begins.
TEST(Spans, OverlappingSlicesGetLanes) {
  Spans spans({}, {1'000}, 10);
  const std::int32_t place = spans.place({spans.process("p"), 0, "lane"});
  spans.add({.place = place, .from = {0}, .to = {100}, .category = "c", .name = "one"});
  spans.add({.place = place, .from = {50}, .to = {150}, .category = "c", .name = "two"});
  spans.add({.place = place, .from = {100}, .to = {200}, .category = "c", .name = "three"});
  EXPECT_EQ(spans.kept(), 3);
  EXPECT_EQ(occurrences(spans.write({1'000}), "lane"), 2);
}

// Goal: the window cuts. Method: slices before, across and after; outdated names do no harm.
TEST(Spans, KeepsWhatOverlapsTheWindow) {
  Spans spans({100}, {200}, 10);
  const std::int32_t place = spans.place({spans.process("p"), 0, "lane"});
  const SliceId before =
      spans.open({.place = place, .from = {10}, .to = {}, .category = "c", .name = "before"});
  spans.close(before, {50});
  EXPECT_EQ(spans.find(before), nullptr);
  spans.close(before, {60});
  spans.add({.place = place, .from = {90}, .to = {300}, .category = "c", .name = "across"});
  spans.add({.place = place, .from = {250}, .to = {300}, .category = "c", .name = "after"});
  EXPECT_EQ(spans.kept(), 1);
  const std::string file = spans.write({1'000});
  EXPECT_EQ(occurrences(file, "across"), 1);
  EXPECT_EQ(occurrences(file, "after") + occurrences(file, "before"), 0);
}

}  // namespace
}  // namespace brokersim::trace
