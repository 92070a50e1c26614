// Goal: the frames of tasks live and die as they should: long chains, deep joins, tasks that are moved or misused.
#include <gtest/gtest.h>

#include <string>
#include <utility>
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
  Process process{sim, "p"};
  Component c{process, "p/c"};
  std::vector<int> gone;  // in the order in which they went
};
struct Guard {
  World* w;
  int who;
  ~Guard() { w->gone.push_back(who); }
};
std::vector<int> down_from(int depth) {
  std::vector<int> order;
  for (int i = depth; i >= 0; --i) order.push_back(depth - i);
  return order;
}

Task<int> chain(World* w, int depth) {
  const Guard guard{w, depth};
  if (depth == 0) {
    co_await delay(1_s);
    co_return 0;
  }
  Task<int> inner = chain(w, depth - 1);
  const int below = co_await inner;
  co_return below + 1;
}
Task<void> runs_chain(World* w, int depth, int* result) { *result = co_await chain(w, depth); }

constexpr int kDeep = 300'000;

// Goal: a kill destroys a chain of any length, innermost first, without growing the native stack.
TEST(Frames, AKillEndsALongChainInnermostFirst) {
  World w;
  int result = -1;
  w.c.spawn(runs_chain(&w, kDeep, &result));
  w.sim.run_until(SimTime{} + 1_ms);
  w.process.kill();
  EXPECT_EQ(w.gone, down_from(kDeep));
  EXPECT_EQ(result, -1);
  EXPECT_EQ(w.sim.pending_events(), 0u);
}
TEST(Frames, ALongChainReturnsItsValue) {
  World w;
  int result = -1;
  w.c.spawn(runs_chain(&w, kDeep, &result));
  w.sim.run_to_end();
  EXPECT_EQ(result, kDeep);
  EXPECT_EQ(w.process.tasks(), 0u);
}

enum class Last { returns, waits, awaits, fails };
Task<void> kills_below(World* w, int depth, Last last) {
  const Guard guard{w, depth};
  if (depth > 0) {
    Task<void> inner = kills_below(w, depth - 1, last);
    co_await inner;
    co_return;
  }
  co_await delay(1_ms);
  if (last == Last::fails) SIM_CHECK(false, "planted");
  w->process.kill();
  if (last == Last::waits) co_await delay(1_ms);
  if (last == Last::awaits) co_await kills_below(w, 0, Last::returns);
}
// Goal: the same where the innermost frame of the chain kills its own process, and then ends, waits or awaits another.
TEST(Frames, ALongChainThatKillsItsProcessGoesInnermostFirst) {
  for (const Last last : {Last::returns, Last::waits, Last::awaits}) {
    World w;
    w.c.spawn(kills_below(&w, kDeep, last));
    w.sim.run_to_end();
    EXPECT_EQ(w.gone, down_from(kDeep)) << static_cast<int>(last);
    EXPECT_EQ(w.sim.now(), SimTime{} + 1_ms);
    EXPECT_EQ(w.sim.pending_events(), 0u);
  }
}
// Goal: a failed check in a long chain ends the run, and the world can be taken down.
TEST(Frames, ALongChainThatFailsCanBeTakenDown) {
  World w;
  w.c.spawn(kills_below(&w, kDeep, Last::fails));
  EXPECT_THROW(w.sim.run_to_end(), Bug);
  w.process.kill();
  EXPECT_EQ(w.gone, down_from(kDeep));
}

Task<void> nested_timeouts(World* w, int depth) {
  const Guard guard{w, depth};
  if (depth == 0) {
    co_await delay(1_s);
    co_return;
  }
  Task<void> inner = nested_timeouts(w, depth - 1);
  co_await with_timeout(std::move(inner), 3600_s);
}
// Goal: the same with joins in joins.
TEST(Frames, AKillEndsDeepJoinsInnermostFirst) {
  constexpr int kJoins = 100'000;
  World w;
  w.c.spawn(nested_timeouts(&w, kJoins));
  w.sim.run_until(SimTime{} + 1_ms);
  w.process.kill();
  EXPECT_EQ(w.gone, down_from(kJoins));
  EXPECT_EQ(w.sim.pending_events(), 0u);
}

// Goal: a kill in the middle of what several chains of a process wait for leaves each destroyed once. Method: waits of
// every kind in the branches of joins; a sanitizer build sees the rest.
Task<void> waits_in_many_ways(World* w, Channel<int>* channel, Resource* resource, Signal* signal) {
  struct Ways {
    static Task<void> receives(World* world, Channel<int>* from) {
      const Guard guard{world, 1};
      co_await from->receive_for(10_s);
    }
    static Task<void> acquires(World* world, Resource* of) {
      const Guard guard{world, 2};
      const Lease lease = co_await of->acquire_for(10_s);
      co_await delay(20_s);
    }
    static Task<void> is_told(World* world, Signal* by) {
      const Guard guard{world, 3};
      co_await by->wait();
    }
    static Task<void> acquires_twice(World* world, Resource* of) {
      Task<void> first = acquires(world, of);
      Task<void> second = acquires(world, of);
      auto both = all_of(std::move(first), std::move(second));
      co_await both;
    }
  };
  const Guard guard{w, 0};
  Task<void> a = Ways::receives(w, channel);
  Task<void> b = Ways::acquires_twice(w, resource);
  Task<void> c = Ways::is_told(w, signal);
  auto all = all_of(std::move(a), std::move(b), std::move(c));
  co_await all;
}
TEST(Frames, AKillEndsWaitsOfEveryKindOnce) {
  World w;
  Channel<int> channel("channel");
  Resource resource("resource", 1);
  Signal signal("signal");
  w.c.spawn(waits_in_many_ways(&w, &channel, &resource, &signal));
  w.sim.run_until(SimTime{} + 1_s);
  ASSERT_EQ(w.sim.waiting().size(), 6u);
  w.process.kill();
  EXPECT_EQ(w.gone, (std::vector<int>{2, 2, 3, 1, 0})) << "the newest first, and who waits for them last";
  EXPECT_FALSE(signal.has_waiters());
  EXPECT_FALSE(resource.has_waiters());
  w.sim.run_to_end();
  EXPECT_EQ(w.sim.now(), SimTime{} + 1_s) << "no timer is left";
}

// ---- Tasks that are moved, or misused

struct Holder {
  std::vector<Task<int>> tasks;
};
Task<void> awaits_in_place(World* w, Holder* holder, int* result) {
  const Guard guard{w, 9};
  Task<int>& task = holder->tasks[0];
  *result = co_await task;
}
// Goal: a task that has moved since it was awaited (which must not resume then: who awaits it knows the old place) is
// destroyed once in a kill, with its whole chain.
TEST(Frames, AnAwaitedTaskThatHasMovedIsDestroyedOnce) {
  World w;
  Holder holder;
  holder.tasks.push_back(chain(&w, 2));
  int result = -1;
  w.c.spawn(awaits_in_place(&w, &holder, &result));
  w.sim.run_until(SimTime{} + 1_ms);
  for (int i = 0; i < 100; ++i) holder.tasks.emplace_back();
  w.process.kill();
  w.sim.run_to_end();
  EXPECT_EQ(result, -1);
  EXPECT_EQ(w.gone, (std::vector<int>{0, 1, 2, 9}));
}

Task<int> answers() {
  co_await delay(1_ms);
  co_return 7;
}
Task<void> awaits_twice(bool in_a_join) {
  Task<int> task = answers();
  co_await task;
  if (in_a_join) {
    auto all = all_of(std::move(task));
    co_await all;
  } else {
    co_await task;
  }
}
Task<void> awaits_nothing(bool in_a_join) {
  Task<int> task;
  if (in_a_join) {
    auto all = all_of(std::move(task));
    co_await all;
  } else {
    co_await task;
  }
}
// Goal: a task runs once; what is no task, or was one, is named as our own bug instead of crashing.
TEST(Frames, ATaskRunsOnce) {
  for (const bool in_a_join : {false, true}) {
    const auto ends_with = [](Task<void> task) -> std::string {
      World w;
      try {
        w.c.spawn(std::move(task));
        w.sim.run_to_end();
      } catch (const Bug& bug) {
        return bug.what();
      }
      return "";
    };
    EXPECT_NE(ends_with(awaits_twice(in_a_join)).find("a task is to run a second time"), std::string::npos);
    EXPECT_NE(ends_with(awaits_nothing(in_a_join)).find("a task that is empty"), std::string::npos);
    EXPECT_NE(ends_with(Task<void>{}).find("a task that is empty"), std::string::npos);
  }
}

constexpr EventKind kRetry = "test.retry";
Task<void> retries(World* w) {
  const Waited waited = co_await delay<kRetry>(2_ms);
  w->gone.push_back(waited == Waited::timed_out ? 1 : 0);
  co_await delay<kRetry>(3_ms, w);
}
// Goal: a delay whose kind is known to the compiler is a delay like any other.
TEST(Frames, ADelayOfAStaticKindIsADelay) {
  World w;
  w.c.spawn(retries(&w));
  w.sim.run_until(SimTime{} + 1_ms);
  ASSERT_EQ(w.sim.waiting().size(), 1u);
  EXPECT_EQ(w.sim.waiting()[0].what, "test.retry");
  w.sim.run_to_end();
  EXPECT_EQ(w.gone, (std::vector<int>{1}));
  EXPECT_EQ(w.sim.now(), SimTime{} + 5_ms);
}

// ---- Timers that run fast

Task<void> waits_a_second(World* w, Signal* signal, std::vector<std::int64_t>* at) {
  co_await signal->wait_for(1_s);
  at->push_back(w->sim.now().ns);
}
Task<void> receives_for_a_second(World* w, Channel<int>* channel, std::vector<std::int64_t>* at) {
  co_await channel->receive_for(1_s);
  at->push_back(w->sim.now().ns);
}
Task<void> acquires_for_a_second(World* w, Resource* resource, std::vector<std::int64_t>* at) {
  const Lease lease = co_await resource->acquire_for(1_s);
  at->push_back(w->sim.now().ns);
}
Task<void> delays_a_second(World* w, std::vector<std::int64_t>* at) {
  co_await delay(1_s);
  at->push_back(w->sim.now().ns);
}
Task<void> holds(Resource* resource) {
  const Lease lease = co_await resource->acquire();
  co_await delay(3600_s);
}
struct Stamp {
  World* w;
  std::vector<std::int64_t>* at;
  void now() { at->push_back(w->sim.now().ns); }
};
// Goal: every timer of a process goes by its oscillator: a tenth fast, a second is 909,090,909 ns.
TEST(Drift, EveryKindOfTimerGoesByTheProcesssOscillator) {
  World w;
  Signal signal("signal");
  Channel<int> channel("channel");
  Resource resource("resource", 1);
  std::vector<std::int64_t> at;
  Stamp stamp{&w, &at};
  const TimerClass second = w.sim.timer_class(1_s);
  w.c.spawn(holds(&resource));
  w.sim.run_until(SimTime{});
  w.process.set_timer_drift(100'000'000);
  w.c.spawn(waits_a_second(&w, &signal, &at));
  w.c.spawn(receives_for_a_second(&w, &channel, &at));
  w.c.spawn(acquires_for_a_second(&w, &resource, &at));
  w.c.spawn(delays_a_second(&w, &at));
  w.c.after(1_s, "test", bind<&Stamp::now>(&stamp));
  w.sim.set_timer(second, w.c, "test", bind<&Stamp::now>(&stamp));
  const EventHandle restarted = w.sim.set_timer(second, w.c, "test", bind<&Stamp::now>(&stamp));
  EXPECT_TRUE(w.sim.restart_timer(second, restarted));
  w.sim.run_until(SimTime{} + 2_s);
  EXPECT_EQ(at, (std::vector<std::int64_t>(7, 909'090'909)));
}
// Goal: a timer of a class that is set again after the drift has changed goes by the new one, and the class keeps its order.
TEST(Drift, ATimerOfAClassIsSetAgainByTheDriftOfThatInstant) {
  World w;
  Component exact(w.sim, "hardware");
  std::vector<std::int64_t> at;
  Stamp stamp{&w, &at};
  const TimerClass second = w.sim.timer_class(1_s);
  const EventHandle timer = w.sim.set_timer(second, w.c, "test", bind<&Stamp::now>(&stamp));
  w.sim.set_timer(second, exact, "test", bind<&Stamp::now>(&stamp));
  w.process.set_timer_drift(-100'000'000);
  EXPECT_TRUE(w.sim.restart_timer(second, timer));
  w.sim.run_until(SimTime{} + 500_ms);
  w.process.set_timer_drift(0);
  EXPECT_TRUE(w.sim.restart_timer(second, timer));
  w.sim.run_to_end();
  EXPECT_EQ(at, (std::vector<std::int64_t>{1'000'000'000, 1'500'000'000}));
}

}  // namespace
}  // namespace brokersim::sim
