// Goal: tasks that run side by side end when and as their rules say, at exact times, and leave nothing behind.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sim/channel.h"
#include "sim/join.h"
#include "sim/resource.h"
#include "sim/sync.h"

namespace brokersim::sim {
namespace {
using namespace literals;

struct World {
  Simulation sim{1};
  Process process{sim, "host/a/app"};
  Component c{process, "host/a/app/worker"};
  std::vector<std::string> log;
  void say(const std::string& text) { log.push_back(std::to_string(sim.now().ns / 1'000'000) + " " + text); }
};
const char* name(Waited waited) {
  return waited == Waited::notified ? "notified" : waited == Waited::timed_out ? "elapsed" : "cancelled";
}

Task<int> takes(World* w, int ms, int value) {
  const Waited waited = co_await delay({ms * 1'000'000ll}, "test.takes");
  w->say(std::to_string(value) + " " + name(waited));
  co_return value;
}
Task<void> races(World* w) {
  Task<int> slow = takes(w, 30, 1);
  Task<int> fast = takes(w, 10, 2);
  auto both = any_of(std::move(slow), std::move(fast));
  const std::size_t first = co_await both;
  w->say("first " + std::to_string(first) + " value " + std::to_string(both.take<1>().value()));
}
TEST(AnyOf, TheLoserIsCancelledOnceAtTheInstantOfTheWinner) {
  World w;
  w.c.spawn(races(&w));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"10 2 elapsed", "10 1 cancelled", "10 first 1 value 2"}));
  EXPECT_EQ(w.sim.now(), SimTime{} + 10_ms) << "the loser's timer is gone";
  EXPECT_EQ(w.process.tasks(), 0u);
}

Task<void> cleans_up(World* w) {
  const Waited waited = co_await delay(1_s);
  w->say(name(waited));
  const Waited after = co_await delay(5_ms);
  w->say(name(after));
}
Task<void> waits_for_the_cleaner(World* w) {
  Task<void> cleaner = cleans_up(w);
  const Waited waited = co_await with_timeout(std::move(cleaner), 10_ms);
  w->say(name(waited));
}
TEST(WithTimeout, ATaskIsToldOnceAndMayCleanUp) {
  World w;
  w.c.spawn(waits_for_the_cleaner(&w));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"10 cancelled", "15 elapsed", "15 elapsed"}))
      << "cancelled at 10 ms, its clean-up takes 5 ms as usual, then the wait is over";
}

Task<void> asks_in_time(World* w) {
  Task<int> answer = takes(w, 5, 7);
  const std::optional<int> value = co_await with_timeout(std::move(answer), 10_ms);
  w->say(value.has_value() ? std::to_string(*value) : "nothing");
  Task<int> late = takes(w, 50, 8);
  const std::optional<int> nothing = co_await with_timeout(std::move(late), 10_ms);
  w->say(nothing.has_value() ? std::to_string(*nothing) : "nothing");
}
TEST(WithTimeout, GivesTheValueOrNothing) {
  World w;
  w.c.spawn(asks_in_time(&w));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"5 7 elapsed", "5 7", "15 8 cancelled", "15 nothing"}));
  EXPECT_EQ(w.sim.now(), SimTime{} + 15_ms);
}

Task<int> takes_two_steps(int first_ms, int second_ms) {
  co_await delay({first_ms * 1'000'000ll});
  co_await delay({second_ms * 1'000'000ll});
  co_return 9;
}
Task<void> asks_at_the_last_instant(World* w) {
  Task<int> one_wait = takes(w, 10, 7);
  const std::optional<int> in_time = co_await with_timeout(std::move(one_wait), 10_ms);
  w->say(in_time.has_value() ? "in time" : "late");
  Task<int> two_waits = takes_two_steps(4, 6);
  const std::optional<int> late = co_await with_timeout(std::move(two_waits), 10_ms);
  w->say(late.has_value() ? "in time" : "late");
}
// Goal: a tie goes by the order in which the waits began, as every tie does: the task's first wait is before the timer,
// its later ones are after it.
TEST(WithTimeout, ATieGoesByTheOrderOfTheWaits) {
  World w;
  w.c.spawn(asks_at_the_last_instant(&w));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"10 7 elapsed", "10 in time", "20 late"}));
}

Task<void> gathers(World* w) {
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(takes(w, 10 * (5 - i), i));
  auto all = all_of(std::move(tasks));
  const std::size_t first = co_await all;
  int sum = 0;
  for (std::size_t i = 0; i < all.size(); ++i) sum += all.take(i).value();
  w->say("first " + std::to_string(first) + " sum " + std::to_string(sum));
}
TEST(AllOf, WaitsForTheLast) {
  World w;
  w.c.spawn(gathers(&w));
  w.sim.run_to_end();
  EXPECT_EQ(w.log.back(), "50 first 4 sum 10");
}

Task<void> nested_race(World* w, const char* who) {
  Task<int> a = takes(w, 100, 1);
  Task<int> b = takes(w, 200, 2);
  auto both = any_of(std::move(a), std::move(b));
  co_await both;
  w->say(std::string(who) + (both.cancelled() ? " cancelled" : " won"));
}
Task<void> nests(World* w) {
  Task<void> inner = nested_race(w, "inner");
  Task<int> fast = takes(w, 10, 3);
  auto both = any_of(std::move(inner), std::move(fast));
  const std::size_t first = co_await both;
  w->say("first " + std::to_string(first));
}
TEST(AnyOf, ACancelledRaceCancelsItsOwnTasks) {
  World w;
  w.c.spawn(nests(&w));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"10 3 elapsed", "10 1 cancelled", "10 2 cancelled",
                                             "10 inner cancelled", "10 first 1"}));
}

TEST(AnyOf, AKillEndsAllItsTasksSilently) {
  World w;
  Component world(w.sim, "world");
  w.c.spawn(nests(&w));
  world.after(5_ms, "test.kill", bind<&Process::kill>(&w.process));
  w.sim.run_to_end();
  EXPECT_TRUE(w.log.empty());
  EXPECT_EQ(w.sim.waiting().size(), 0u);
}

Task<void> produces(World* w, Channel<std::unique_ptr<int>>* channel, int count) {
  for (int i = 0; i < count; ++i) {
    auto value = std::make_unique<int>(i);
    const bool sent = co_await channel->send(std::move(value));
    w->say((sent ? "sent " : "refused ") + std::to_string(i));
  }
  channel->close();
}
Task<void> consumes(World* w, Channel<std::unique_ptr<int>>* channel) {
  for (;;) {
    const std::optional<std::unique_ptr<int>> value = co_await channel->receive();
    if (!value.has_value()) break;
    w->say("got " + std::to_string(**value));
    co_await delay(10_ms);
  }
  w->say("end");
}
TEST(Channel, ABoundedOneHoldsItsSenderBack) {
  World w;
  Channel<std::unique_ptr<int>> channel("orders", 1);
  w.c.spawn(produces(&w, &channel, 4));
  w.c.spawn(consumes(&w, &channel));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"0 sent 0", "0 got 0", "0 sent 1", "10 got 1", "10 sent 2",
                                             "20 got 2", "20 sent 3", "30 got 3", "40 end"}));
}
TEST(Channel, WithoutCapacityItHandsOver) {
  World w;
  Channel<std::unique_ptr<int>> channel("orders", 0);
  w.c.spawn(produces(&w, &channel, 2));
  w.c.spawn(consumes(&w, &channel));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"0 got 0", "0 sent 0", "10 got 1", "10 sent 1", "20 end"}));
}
Task<void> receives_late(World* w, Channel<int>* channel) {
  const std::optional<int> nothing = co_await channel->receive_for(5_ms);
  w->say(nothing.has_value() ? "something" : "nothing");
  const std::optional<int> value = co_await channel->receive_for(5_ms);
  w->say(value.has_value() ? std::to_string(*value) : "nothing");
}
TEST(Channel, AWaitEndsByItsTimeoutOrItsValueNeverBoth) {
  World w;
  Channel<int> channel("orders");
  w.c.spawn(receives_late(&w, &channel));
  w.sim.run_until(SimTime{} + 7_ms);
  EXPECT_TRUE(channel.try_send(42));
  EXPECT_EQ(channel.size(), 0u) << "handed to the task that waits";
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"5 nothing", "7 42"}));
}

Task<void> uses(World* w, Resource* resource, int who, std::uint64_t units, Duration length) {
  const Lease lease = co_await resource->acquire(units);
  w->say(std::to_string(who) + " has it");
  co_await delay(length);
}
TEST(Resource, IsGrantedInTheOrderOfTheRequests) {
  World w;
  Resource resource("permits", 3);
  w.c.spawn(uses(&w, &resource, 1, 2, 10_ms));
  w.c.spawn(uses(&w, &resource, 2, 3, 10_ms));
  w.c.spawn(uses(&w, &resource, 3, 1, 10_ms));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"0 1 has it", "10 2 has it", "20 3 has it"}))
      << "the third would fit beside the first, but does not overtake the second";
  EXPECT_EQ(resource.free(), 3u);
}
Task<void> gives_up(World* w, Resource* resource) {
  const Lease lease = co_await resource->acquire_for(4_ms, 3);
  w->say(lease ? "has it" : "gave up");
}
TEST(Resource, WhoGivesUpMakesWayForTheNext) {
  World w;
  Resource resource("permits", 3);
  w.c.spawn(uses(&w, &resource, 1, 2, 10_ms));
  w.c.spawn(gives_up(&w, &resource));
  w.c.spawn(uses(&w, &resource, 3, 1, 1_ms));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"0 1 has it", "4 gave up", "4 3 has it"}));
  EXPECT_EQ(resource.free(), 3u);
}
TEST(Resource, AKilledProcessGrantsNothingWhileItsFramesGo) {
  World w;
  Component world(w.sim, "world");
  Resource resource("permits", 1);
  w.c.spawn(uses(&w, &resource, 1, 1, 10_ms));
  w.c.spawn(uses(&w, &resource, 2, 1, 10_ms));
  world.after(5_ms, "test.kill", bind<&Process::kill>(&w.process));
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"0 1 has it"}));
}

Task<void> waits_for(Channel<int>* channel) { co_await channel->receive(); }
Task<void> waits_on(Signal* signal) { co_await signal->wait(); }
Task<void> waits_for_both(Channel<int>* channel, Signal* signal) {
  co_await delay(3_ms);
  Task<void> a = waits_for(channel);
  Task<void> b = waits_on(signal);
  auto both = all_of(std::move(a), std::move(b));
  co_await both;
}
// Goal: a stuck simulation says who waits for what and since when.
TEST(Simulation, AStuckOneNamesWhoWaitsForWhat) {
  World w;
  Channel<int> orders("orders");
  Signal elected("leader elected");
  w.c.spawn(waits_for_both(&orders, &elected));
  w.sim.run_until(SimTime{} + 1_ms);
  ASSERT_EQ(w.sim.waiting().size(), 1u);
  EXPECT_EQ(w.sim.waiting()[0].what, "task.delay");
  EXPECT_NO_THROW(w.sim.check_not_stuck()) << "a timer is pending";
  w.sim.run_to_end();
  const std::vector<WaitingTask> waiting = w.sim.waiting();
  ASSERT_EQ(waiting.size(), 3u);
  EXPECT_EQ(waiting[0].what, "all_of");
  EXPECT_EQ(waiting[1].what, "orders");
  EXPECT_EQ(waiting[2].what, "leader elected");
  EXPECT_EQ(waiting[2].process, "host/a/app");
  EXPECT_EQ(waiting[2].component, "host/a/app/worker");
  EXPECT_EQ(waiting[2].since, SimTime{} + 3_ms);
  try {
    w.sim.check_not_stuck();
    FAIL() << "it is stuck";
  } catch (const Bug& bug) {
    const std::string text = bug.what();
    EXPECT_NE(text.find("host/a/app/worker of host/a/app waits for orders since"), std::string::npos) << text;
    EXPECT_NE(text.find("leader elected"), std::string::npos) << text;
  }
  w.process.pause();
  EXPECT_NO_THROW(w.sim.check_not_stuck()) << "a paused process may wait";
}

Task<void> sleeps(World* w, int who, Duration length) {
  struct Farewell {
    World* w;
    int who;
    ~Farewell() {
      if (w->sim.now() == SimTime{} + 500_ms) w->log.push_back(std::to_string(who));
    }
  };
  const Farewell farewell{w, who};
  co_await delay(length, "nap");
}
// Goal: reports and a kill take the tasks of a process in the order in which they began, also where most of those in
// between have ended and their places in the list are used again.
TEST(Simulation, TasksStayInTheOrderInWhichTheyBegan) {
  World w;
  int who = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 10; ++i, ++who) w.c.spawn(sleeps(&w, who, i == 3 ? 1_s : Duration{1'000'000 + i}));
    w.sim.run_until(w.sim.now() + 2_ms);
  }
  std::vector<std::string> expected;
  for (int i = 3; i < 1'000; i += 10) expected.push_back(std::to_string(i));
  ASSERT_EQ(w.sim.waiting().size(), 100u);
  EXPECT_EQ(w.process.tasks(), 100u);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(w.sim.waiting()[i].since, SimTime{} + 2_ms * static_cast<std::int64_t>(i));
    EXPECT_EQ(w.sim.waiting()[i].what, "nap");
  }
  w.sim.run_until(SimTime{} + 500_ms);
  w.log.clear();
  w.process.kill();
  EXPECT_EQ(w.log, expected);
  EXPECT_EQ(w.process.tasks(), 0u);
}

Task<void> naps(World* w, Duration length, const void* works_on) {
  co_await delay(length, "nap", works_on);
  w->say("awake");
}
// Goal: what a delay says it will work on is a hint: it may be anything, and nothing but speed depends on it.
TEST(Task, WhatADelayWorksOnIsAHintOnly) {
  World w;
  const int object = 1;
  w.c.spawn(naps(&w, 1_ms, &object));
  w.c.spawn(naps(&w, 2_ms, nullptr));
  w.c.spawn(naps(&w, 3_ms, reinterpret_cast<const void*>(std::uintptr_t{1})));
  for (int i = 0; i < 5'000; ++i) w.c.spawn(sleeps(&w, i, 10_ms));  // many: what is next is fetched ahead
  w.sim.run_to_end();
  EXPECT_EQ(w.log, (std::vector<std::string>{"1 awake", "2 awake", "3 awake"}));
}

// Goal: a negative delay is our own bug and is named; one that is made and never awaited costs nothing.
TEST(Task, ANegativeDelayIsNamed) {
  World w;
  w.c.spawn(naps(&w, 0_ms - 1_ns, nullptr));
  try {
    w.sim.run_to_end();
    FAIL() << "it was accepted";
  } catch (const Bug& bug) {
    EXPECT_NE(std::string(bug.what()).find("for nap"), std::string::npos) << bug.what();
  }
  EXPECT_NO_THROW(static_cast<void>(delay(5_ms, "never awaited")));
}

Task<void> receives_many(Channel<int>* channel, std::uint64_t* sum) {
  for (;;) {
    const std::optional<int> value = co_await channel->receive();
    if (!value.has_value()) break;
    *sum += static_cast<std::uint64_t>(*value);
  }
}
// Goal: awaits that are ready at once, of every kind, keep the native stack flat (no symmetric transfer).
TEST(Channel, AMillionReadyReceivesAndLeasesDoNotGrowTheStack) {
  World w;
  Channel<int> channel("numbers");
  for (int i = 0; i < 1'000'000; ++i) EXPECT_TRUE(channel.try_send(1));
  channel.close();
  std::uint64_t sum = 0;
  w.c.spawn(receives_many(&channel, &sum));
  w.sim.run_to_end();
  EXPECT_EQ(sum, 1'000'000u);
}

}  // namespace
}  // namespace brokersim::sim
