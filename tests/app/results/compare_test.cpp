// Goal: compare() names the first event at which two runs part, with what differs and what led to it.
// Method: every answer is held against a comparison of two whole recordings, event by event, which needs neither
// checkpoints nor intervals.
#include "app/results/compare.h"

#include <gtest/gtest.h>

#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/results/execute.h"
#include "models/world/world.h"
#include "sim/recorder.h"

namespace brokersim::results {
namespace {

constexpr const char* shop = R"({
  "title": "a shop", "duration": "20 s", "seed": 9,
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
    {"name": "second", "at": "14 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}, "restart_after": "2 s"}
  ]
})";

struct Variant {
  explicit Variant(const std::vector<std::string>& overrides = {}, std::uint64_t seed = 9)
      : loaded(scenario::load_text(shop, "shop.json", overrides)), side{nullptr, seed, overrides, {}} {
    EXPECT_TRUE(loaded.scenario.has_value());
    side.scenario = &*loaded.scenario;
  }
  Variant(const Variant&) = delete;
  Variant& operator=(const Variant&) = delete;

  scenario::LoadResult loaded;
  CompareSide side;
};

/// Every event of a run.
std::vector<sim::RecordedEvent> whole(const CompareSide& side) {
  sim::Recorder recorder(0, 10'000'000);
  world::World world(side.scenario->config, side.seed, &recorder);
  EXPECT_TRUE(world::run(world).completed);
  return recorder.events();
}

bool same_event(const sim::RecordedEvent& a, const sim::RecordedEvent& b) {
  const auto value_equal = [](const sim::RecordedDraw& x, const sim::RecordedDraw& y) {
    return x.value == y.value;
  };
  return a.time == b.time && a.component == b.component && a.kind == b.kind &&
         std::equal(a.draws.begin(), a.draws.end(), b.draws.begin(), b.draws.end(), value_equal);
}

std::size_t first_difference(const std::vector<sim::RecordedEvent>& a,
                             const std::vector<sim::RecordedEvent>& b) {
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && same_event(a[i], b[i])) ++i;
  return i;
}

void expect_event(const std::optional<ComparedEvent>& seen, const std::vector<sim::RecordedEvent>& all,
                  std::size_t index) {
  ASSERT_EQ(seen.has_value(), index < all.size());
  if (!seen) return;
  EXPECT_EQ(seen->number, index + 1);
  EXPECT_EQ(seen->time, all[index].time);
  EXPECT_EQ(seen->component, all[index].component);
  EXPECT_EQ(seen->kind, all[index].kind);
  EXPECT_EQ(seen->draws.size(), all[index].draws.size());
  // The chain of causes: each is an event of this very run.
  ASSERT_EQ(seen->causes.size(), all[index].causes.size());
  for (const ComparedCause& cause : seen->causes) {
    ASSERT_LE(cause.number, index);
    const sim::RecordedEvent& at = all[cause.number - 1];
    EXPECT_EQ(cause.time, at.time);
    EXPECT_EQ(cause.component, at.component);
    EXPECT_EQ(cause.kind, at.kind);
  }
}

void expect_exact(const Variant& a, const Variant& b) {
  const RunComparison comparison = compare(a.side, b.side);
  ASSERT_EQ(comparison.not_repeatable, "");
  EXPECT_FALSE(comparison.equal);
  EXPECT_EQ(comparison.exit_code(), 1);
  const auto left = whole(a.side);
  const auto right = whole(b.side);
  const std::size_t index = first_difference(left, right);
  EXPECT_EQ(comparison.equal_events, index);
  expect_event(comparison.a_event, left, index);
  expect_event(comparison.b_event, right, index);
  EXPECT_LE(comparison.recorded, 2 * sim::Fingerprint::kInterval);
  ASSERT_EQ(comparison.before.size(), std::min<std::size_t>(index, 3));
  for (std::size_t i = 0; i < comparison.before.size(); ++i) {
    EXPECT_EQ(comparison.before[i].number, index - comparison.before.size() + i + 1);
  }
}

TEST(Compare, IdenticalRunsSaySo) {
  const Variant a;
  const Variant b;
  const RunComparison comparison = compare(a.side, b.side);
  EXPECT_TRUE(comparison.equal);
  EXPECT_EQ(comparison.exit_code(), 0);
  EXPECT_TRUE(comparison.a.completed);
  const RunResult run = execute(*a.side.scenario, 9);
  EXPECT_EQ(comparison.a.fingerprint, run.facts.fingerprint)
      << "neither checkers nor a comparison change a run";
  EXPECT_EQ(comparison.equal_events, run.facts.events);
  EXPECT_FALSE(comparison.a_event.has_value());
}

// Another seed: the first draw of all that differs, in the first interval.
TEST(Compare, AnotherSeedDiffersFirstInItsDraws) {
  const Variant a({}, 9);
  const Variant b({}, 10);
  const RunComparison comparison = compare(a.side, b.side);
  EXPECT_EQ(comparison.differs, std::vector{Ingredient::draws});
  expect_exact(a, b);
}

// Later and later, across many intervals, up to a difference in the last one.
TEST(Compare, FindsADifferenceInAnyInterval) {
  const Variant plain;
  for (const char* at : {"\"1 s\"", "\"4 s\"", "\"9500 ms\"", "\"13999 ms\"", "\"17 s\"", "\"19990 ms\""}) {
    SCOPED_TRACE(at);
    const Variant moved({std::string("/faults/1/at=") + at});
    expect_exact(plain, moved);
    expect_exact(moved, plain);
  }
}

// A fault that one run does not have: its event is named, and the other run's event is found again one later.
TEST(Compare, AnEventThatOneRunHasNotIsNamed) {
  const Variant both;
  const Variant one({R"(/faults=[{"name": "first", "at": "8 s", "kind": "pause_process",
                        "target": {"follower_of": "orders/0"}, "lasts": "3 s"}])"});
  const RunComparison comparison = compare(both.side, one.side);
  ASSERT_TRUE(comparison.a_event.has_value());
  ASSERT_TRUE(comparison.b_event.has_value());
  EXPECT_EQ(comparison.a_event->time, sim::SimTime{14'000'000'000});
  EXPECT_EQ(comparison.a_event->component, "world");
  EXPECT_EQ(comparison.a_event->in_other, std::nullopt);
  ASSERT_TRUE(comparison.b_event->in_other.has_value());
  EXPECT_GT(*comparison.b_event->in_other, comparison.b_event->number);
  EXPECT_EQ(comparison.differs.front(), Ingredient::time);
  expect_exact(both, one);
}

// A longer run of the same scenario without faults: the shorter one ends, and nothing differs before.
TEST(Compare, AShorterRunEnds) {
  const Variant longer({"/faults=[]", "/workloads/0/stop=\"4 s\""});
  const Variant shorter({"/faults=[]", "/workloads/0/stop=\"4 s\"", "/duration=\"19 s\""});
  const RunComparison comparison = compare(longer.side, shorter.side);
  EXPECT_EQ(comparison.differs, std::vector{Ingredient::end});
  EXPECT_FALSE(comparison.b_event.has_value());
  ASSERT_TRUE(comparison.a_event.has_value());
  EXPECT_GT(comparison.a_event->time, sim::SimTime{19'000'000'000});
  EXPECT_EQ(comparison.equal_events, comparison.b.events);
  EXPECT_NE(render_comparison(comparison, false).find("then B ends"), std::string::npos);
}

TEST(Compare, TextAndJsonTellTheSame) {
  const Variant a;
  const Variant b({"/faults/1/at=\"13 s\""});
  const RunComparison comparison = compare(a.side, b.side);
  const std::string text = render_comparison(comparison, false);
  const auto json = nlohmann::json::parse(comparison_json(comparison));
  EXPECT_EQ(json.at("equal"), false);
  EXPECT_EQ(json.at("equal_events"), comparison.equal_events);
  EXPECT_EQ(json.at("differs_first_in"), "time");
  EXPECT_EQ(json.at("b_event").at("at_ns"), 13'000'000'000);
  EXPECT_EQ(json.at("b_event").at("component"), "world");
  EXPECT_EQ(json.at("a_event").at("causes").size(), comparison.a_event->causes.size());
  EXPECT_NE(text.find("13.000000000 s"), std::string::npos) << text;
  EXPECT_NE(text.find("differs in its time"), std::string::npos) << text;
  EXPECT_EQ(text.find('\033'), std::string::npos) << "no colour was asked for";
}

}  // namespace
}  // namespace brokersim::results
