// Goal: a run is a function of its scenario and seed alone (DESIGN.md section 2, decision 3).
// Method: the shipped scenarios, as whole worlds: twice in one process, watched and not, alone and in turns with
// all the others, each time with the same fingerprint over all executed events.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "models/checkers/run_observer.h"
#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using testing_support::load;
using testing_support::shipped;

struct Solo {
  std::uint64_t fingerprint = 0;
  std::uint64_t events = 0;
};

Solo run_alone(const Config& config) {
  World world(config, config.seed);
  world.run();
  return {world.sim().fingerprint().value(), world.sim().fingerprint().events()};
}

/// Every fifth, by name: that all of them repeat is what the test `scenarios_twice` shows.
std::vector<std::string> sample(const std::vector<std::string>& files) {
  std::vector<std::string> some;
  for (std::size_t i = 0; i < files.size(); i += 5) some.push_back(files[i]);
  return some;
}

// Watching must not change what is watched: checks, stories and measures neither schedule nor draw.
TEST(WorldDeterminism, ASecondRunUnderAllCheckersHasTheSameFingerprint) {
  const auto files = sample(shipped({"incidents", "quickstart"}));
  ASSERT_GE(files.size(), 11u);
  std::set<std::uint64_t> different;
  for (const std::string& file : files) {
    SCOPED_TRACE(file);
    const auto scenario = load(file);
    const Solo first = run_alone(scenario->config);
    World world(scenario->config, scenario->config.seed);
    checkers::RunObserver observer(world.history());
    world.run();
    EXPECT_EQ(world.sim().fingerprint().value(), first.fingerprint);
    EXPECT_EQ(world.sim().fingerprint().events(), first.events);
    EXPECT_GT(first.events, 10'000u) << "a run in which little happens proves little";
    different.insert(first.fingerprint);
  }
  EXPECT_EQ(different.size(), files.size()) << "different scenarios must not look the same";
}

// Two simulations in one process do not know of each other. All worlds live at once and step in turns of 97 ms,
// which falls between the events of none of them on purpose.
TEST(WorldDeterminism, WorldsThatStepInTurnsRunAsIfAlone) {
  const auto files = sample(shipped({"incidents", "quickstart"}));
  std::vector<std::unique_ptr<scenario::Scenario>> scenarios;
  std::vector<std::unique_ptr<World>> worlds;
  std::vector<Solo> alone;
  for (const std::string& file : files) {
    scenarios.push_back(load(file));
    const Config& config = scenarios.back()->config;
    alone.push_back(run_alone(config));
    worlds.push_back(std::make_unique<World>(config, config.seed));
  }
  bool running = true;
  for (sim::SimTime until; running;) {
    until += sim::Duration{97'000'000};
    running = false;
    for (std::size_t i = 0; i < worlds.size(); ++i) {
      const sim::SimTime end = sim::SimTime{} + scenarios[i]->config.duration;
      if (worlds[i]->sim().now() >= end) continue;
      worlds[i]->run_until(std::min(until, end));
      running = true;
    }
  }
  for (std::size_t i = 0; i < worlds.size(); ++i) {
    SCOPED_TRACE(files[i]);
    EXPECT_EQ(worlds[i]->sim().fingerprint().value(), alone[i].fingerprint);
    EXPECT_EQ(worlds[i]->sim().fingerprint().events(), alone[i].events);
  }
}

TEST(WorldDeterminism, AnotherSeedIsAnotherRun) {
  const auto scenario = load("scenarios/quickstart/r1.json");
  std::set<std::uint64_t> fingerprints;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    World world(scenario->config, seed);
    world.run();
    fingerprints.insert(world.sim().fingerprint().value());
  }
  EXPECT_EQ(fingerprints.size(), 5u);
}

}  // namespace
}  // namespace brokersim::world
