// Goal: a model that loops at one instant, floods the queue or waits for ever is stopped with its name, and the run is
// counted as our own bug (exit code 70), as any user would see it.
// Method: a shipped scenario under limits that its sound model passes, and planted tasks in its world.
#include <gtest/gtest.h>

#include "sim/sync.h"
#include "sim/task.h"
#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using testing_support::load;
constexpr const char* kScenario = "scenarios/quickstart/r1.json";

struct Looper {
  sim::Component component;
  explicit Looper(World& world) : component(world.sim(), "planted/looper") {}
  void again() { component.after({0}, "planted.again", sim::bind<&Looper::again>(this)); }
};

TEST(WorldLimits, AModelThatLoopsAtOneInstantIsNamed) {
  const auto scenario = load(kScenario);
  World world(scenario->config, 1);
  world.sim().set_limits({.events_at_instant = 100'000, .pending_events = 1'000'000});
  Looper looper(world);
  looper.component.at(sim::SimTime{2'000'000'000}, "planted.again", sim::bind<&Looper::again>(&looper));
  const RunEnd end = run(world);
  EXPECT_FALSE(end.completed);
  EXPECT_NE(end.bug.find("time stands still at 2.000 s"), std::string::npos) << end.bug;
  EXPECT_NE(end.bug.find("planted/looper with planted.again"), std::string::npos) << end.bug;
  EXPECT_EQ(end.ended_at, sim::SimTime{2'000'000'000});
}

struct Flood {
  sim::Component component;
  explicit Flood(World& world) : component(world.sim(), "planted/flood") {}
  void more() {
    for (int i = 0; i < 3; ++i) component.after({1'000'000}, "planted.more", sim::bind<&Flood::more>(this));
  }
};

TEST(WorldLimits, AModelThatFloodsTheQueueIsNamed) {
  const auto scenario = load(kScenario);
  World world(scenario->config, 1);
  world.sim().set_limits({.pending_events = 50'000});
  Flood flood(world);
  flood.component.at(sim::SimTime{2'000'000'000}, "planted.more", sim::bind<&Flood::more>(&flood));
  const RunEnd end = run(world);
  EXPECT_FALSE(end.completed);
  EXPECT_NE(end.bug.find("the event queue is flooded"), std::string::npos) << end.bug;
  EXPECT_NE(end.bug.find("are planted.more of planted/flood"), std::string::npos) << end.bug;
  EXPECT_EQ(world.sim().pending_events(), 50'000u) << "stopped at the limit, not after it";
}

// The limits have room: the sound scenario stays far below them.
TEST(WorldLimits, TheReferenceRunStaysFarBelow) {
  const auto scenario = load(kScenario);
  World world(scenario->config, 1);
  world.sim().set_limits({.events_at_instant = 20'000, .pending_events = 20'000});
  const RunEnd end = run(world);
  EXPECT_EQ(end.bug, "");
  EXPECT_GT(end.events, 100'000u);
}

sim::Task<void> waits_for(sim::Signal* signal) { co_await signal->wait(); }

// Goal: whoever waits for what can never come is named. In a world with a cluster timers are always pending, so the
// planted task waits in an empty one.
TEST(WorldLimits, AStuckWorldSaysWhoWaitsForWhat) {
  const Config config;
  World world(config, 1);
  sim::Process process(world.sim(), "planted/app");
  sim::Component component(process, "planted/app/worker");
  sim::Signal never("an answer");
  component.spawn(waits_for(&never));
  const RunEnd end = run(world);
  EXPECT_FALSE(end.completed);
  EXPECT_NE(end.bug.find("planted/app/worker of planted/app waits for an answer since 0"), std::string::npos) << end.bug;
}

}  // namespace
}  // namespace brokersim::world
