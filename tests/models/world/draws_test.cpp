// Goal: adding a component or taking a fault away changes no other draw (DESIGN.md decision 2).
// Method: random small worlds, each run twice, once with something more; a recorder notes every draw as (stream by name,
// ordinal, value). What both runs draw must be the same, address by address, although their events part early.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/scenario/scenario.h"
#include "models/world/world.h"
#include "sim/recorder.h"
#include "tests/matrix/small_world.h"

namespace brokersim::world {
namespace {

using Address = std::pair<std::string, std::uint64_t>;  // stream and ordinal
struct Draws {
  std::map<Address, std::uint64_t> values;
  std::uint64_t fingerprint = 0;
};

Draws draws_of(std::uint64_t number, const std::vector<std::string>& overrides) {
  const scenario::LoadResult loaded =
      scenario::load_text(matrix::small_world(number), "small-world.json", overrides);
  EXPECT_TRUE(loaded.scenario.has_value()) << scenario::render(loaded.diagnostics);
  Draws draws;
  if (!loaded.scenario) return draws;
  sim::Recorder recorder(0, 10'000'000);
  World world(loaded.scenario->config, loaded.scenario->config.seed, &recorder);
  const RunEnd end = run(world);
  EXPECT_EQ(end.bug, "");
  draws.fingerprint = end.fingerprint;
  const auto add = [&](const sim::RecordedDraw& draw) {
    const auto [at, is_new] =
        draws.values.try_emplace({recorder.stream_name(draw.stream), draw.ordinal}, draw.value);
    EXPECT_EQ(at->second, draw.value)
        << "one address, two values: " << at->first.first << " #" << draw.ordinal;
  };
  for (const sim::RecordedDraw& draw : recorder.draws_outside()) add(draw);
  for (const sim::RecordedEvent& event : recorder.events()) {
    for (const sim::RecordedDraw& draw : event.draws) add(draw);
  }
  return draws;
}

struct Change {
  const char* what;
  std::vector<std::string> overrides;
};

TEST(WorldDraws, WhatIsAddedChangesNoOtherDraw) {
  const std::vector<Change> changes{
      {"a fault",
       {R"(/faults/-={"name": "extra", "kind": "kill_process", "at": "1500 ms", "target": {"random_broker": true}, "restart_after": "1 s"})"}},
      {"a producer",
       {R"(/workloads/-={"name": "extra", "kind": "kafka_producer", "topic": "orders", "rate": "50 /s", "arrivals": "poisson"})"}},
      {"a consumer", {R"(/workloads/-={"name": "extra", "kind": "kafka_consumer", "topic": "orders"})"}},
      {"a machine", {R"(/hosts/-={"name": "spare", "hardware": "generic.hdd", "zones": ["a"]})"}},
      {"a topic", {R"(/systems/kafka/topics/-={"name": "extra", "partitions": 2, "replication_factor": 1})"}},
  };
  std::size_t common_in_all = 0;
  std::size_t parted = 0;
  for (std::uint64_t number = 1; number <= 12; ++number) {
    const Draws base = draws_of(number, {});
    for (const Change& change : changes) {
      SCOPED_TRACE(std::string(change.what) + " in world " + std::to_string(number));
      const Draws more = draws_of(number, change.overrides);
      parted += more.fingerprint != base.fingerprint ? 1 : 0;
      std::size_t common = 0;
      for (const auto& [address, value] : base.values) {
        const auto found = more.values.find(address);
        if (found == more.values.end()) continue;  // not drawn: the run went another way
        ++common;
        ASSERT_EQ(found->second, value) << address.first << " #" << address.second;
      }
      EXPECT_GE(2 * common, base.values.size()) << "most of the addresses are met again";
      common_in_all += common;
    }
  }
  EXPECT_GT(common_in_all, 20'000u);
  EXPECT_GT(parted, 40u) << "the changes do change the runs";
}

// The test's own teeth: another seed changes them all.
TEST(WorldDraws, AnotherSeedChangesEveryDraw) {
  const Draws one = draws_of(3, {});
  const Draws two = draws_of(3, {"/seed=999"});
  std::size_t same = 0;
  std::size_t common = 0;
  for (const auto& [address, value] : one.values) {
    const auto found = two.values.find(address);
    if (found == two.values.end()) continue;
    ++common;
    same += found->second == value ? 1 : 0;
  }
  EXPECT_GT(common, 100u);
  EXPECT_EQ(same, 0u);
}

}  // namespace
}  // namespace brokersim::world
