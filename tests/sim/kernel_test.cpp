// Goal: the kernel's order, ownership and cancellation rules hold exactly.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "sim/sync.h"
#include "sim/task.h"

namespace brokersim::sim {
namespace {
using namespace literals;

struct Log {
  std::vector<std::uint64_t> seen;
  void add(std::uint64_t value) { seen.push_back(value); }
};

TEST(Simulation, RunsInOrderOfTimeThenScheduling) {
  Simulation sim(1);
  Component c(sim, "c");
  Log log;
  c.after(2_ms, "test", bind<&Log::add>(&log, 3));
  c.after(1_ms, "test", bind<&Log::add>(&log, 1));
  c.after(1_ms, "test", bind<&Log::add>(&log, 2));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(sim.now(), SimTime{} + 2_ms);
  EXPECT_EQ(sim.fingerprint().events(), 3u);
}

TEST(Simulation, CancelledEventIsNotAnEvent) {
  Simulation sim(1);
  Component c(sim, "c");
  Log log;
  EventHandle h = c.after(1_ms, "test", bind<&Log::add>(&log, 1));
  EXPECT_TRUE(sim.pending(h));
  EXPECT_TRUE(sim.cancel(h));
  EXPECT_FALSE(sim.cancel(h)) << "the second cancel finds nothing";
  sim.run_to_end();
  EXPECT_TRUE(log.seen.empty());
  EXPECT_EQ(sim.fingerprint().events(), 0u);
}

// Method: random schedules, ties and cancels against a multimap keyed (time, sequence).
TEST(Simulation, OrderEqualsReferenceMultimap) {
  Simulation sim(1);
  Component c(sim, "c");
  Log log;
  std::multimap<std::pair<std::int64_t, int>, std::uint64_t> reference;
  std::vector<std::pair<EventHandle, decltype(reference)::iterator>> handles;
  const Stream random = c.stream("order");
  for (int i = 0; i < 20'000; ++i) {
    const auto at = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * i), 3'000));
    const EventHandle h = c.at(SimTime{at}, "test", bind<&Log::add>(&log, static_cast<std::uint64_t>(i)));
    handles.emplace_back(h, reference.emplace(std::pair{at, i}, static_cast<std::uint64_t>(i)));
    if (random.below(static_cast<std::uint64_t>(2 * i + 1), 10) < 8 && !handles.empty()) {
      const auto victim = random.child(7).below(static_cast<std::uint64_t>(i), handles.size());
      if (sim.cancel(handles[victim].first)) reference.erase(handles[victim].second);
    }
  }
  sim.run_to_end();
  std::vector<std::uint64_t> expected;
  for (const auto& [key, value] : reference) expected.push_back(value);
  EXPECT_EQ(log.seen, expected);
}

Task<int> add_later(int a, int b) {
  co_await delay(1_ms);
  co_return a + b;
}
Task<void> adder(Log* log) {
  const int sum = co_await add_later(2, 3);
  log->add(static_cast<std::uint64_t>(sum));
}

TEST(Task, NestedAwaitTakesExactlyItsDelay) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  c.spawn(adder(&log));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{5}));
  EXPECT_EQ(sim.now(), SimTime{} + 1_ms);
  EXPECT_EQ(process.tasks(), 0u) << "a finished task leaves its process";
}

struct Guard {
  Log* log;
  std::uint64_t id;
  ~Guard() { log->add(id); }
};
Task<void> inner(Log* log) {
  Guard guard{log, 1};
  co_await delay(1_s);
  log->add(99);
}
Task<void> outer(Log* log) {
  Guard guard{log, 2};
  co_await inner(log);
  log->add(98);
}
struct Killer {
  Process* process;
  Log* log;
  void fire() {
    process->kill();
    log->add(10);
  }
};

// Goal: a kill destroys frames innermost first, after the handler, and nothing of the process runs again.
TEST(Process, KillDestroysFramesAfterTheHandlerInnermostFirst) {
  Simulation sim(1);
  Component world(sim, "world");
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  c.spawn(outer(&log));
  Killer killer{&process, &log};
  world.after(5_ms, "test.kill", bind<&Killer::fire>(&killer));
  c.after(6_ms, "test", bind<&Log::add>(&log, 97));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{10, 1, 2}));
}

Task<void> suicide(Process* process, Log* log) {
  Guard guard{log, 3};
  co_await delay(1_ms);
  process->kill();
  log->add(4);
  co_await delay(1_ms);
  log->add(99);
}

TEST(Process, ATaskMayKillItsOwnProcess) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  c.spawn(suicide(&process, &log));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{4, 3}));
}

TEST(Process, PausedEventsRunInOrderAtResume) {
  Simulation sim(1);
  Component world(sim, "world");
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  c.after(1_ms, "test", bind<&Log::add>(&log, 1));
  c.after(2_ms, "test", bind<&Log::add>(&log, 2));
  EventHandle cancelled = c.after(2_ms, "test", bind<&Log::add>(&log, 9));
  process.pause();
  world.after(5_ms, "test", bind<&Process::resume>(&process));
  sim.run_until(SimTime{} + 3_ms);
  EXPECT_TRUE(log.seen.empty());
  EXPECT_TRUE(sim.cancel(cancelled)) << "a waiting event can still be cancelled";
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(sim.now(), SimTime{} + 5_ms);
}

struct CancelsThenKills {
  Simulation* sim;
  Process* process;
  Component* other;
  EventHandle waiting;
  Log* log;
  void fire() {
    EXPECT_TRUE(sim->cancel(waiting));
    other->after(1_ms, "test", bind<&Log::add>(log, 7));  // takes the slot of the cancelled event
    process->kill();
  }
};
// Goal: killing a paused process voids its own events only. Method: an event that waits for the process to resume is
// cancelled, its place in the kernel serves another component's event, and then the process is killed.
TEST(Process, KillingAPausedProcessSparesTheEventsOfOthers) {
  Simulation sim(1);
  Component world(sim, "world");
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  CancelsThenKills killer{&sim, &process, &world, c.after(1_ms, "test", bind<&Log::add>(&log, 1)), &log};
  process.pause();
  world.after(2_ms, "test.kill", bind<&CancelsThenKills::fire>(&killer));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{7}));
  EXPECT_EQ(sim.now(), SimTime{} + 3_ms);
  EXPECT_EQ(sim.pending_events(), 0u);
}

// Goal: events of a paused process that are moved while they wait keep the order of the schedule calls.
TEST(Process, AnEventMovedWhileItsProcessIsPausedTakesItsNewPlace) {
  Simulation sim(1);
  Component world(sim, "world");
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  const EventHandle first = c.after(1_ms, "test", bind<&Log::add>(&log, 1));
  c.after(1_ms, "test", bind<&Log::add>(&log, 2));
  process.pause();
  sim.run_until(SimTime{} + 2_ms);
  EXPECT_TRUE(sim.reschedule(first, sim.now() + 1_ms)) << "surfaces again at 3 ms, after the other";
  world.after(3_ms, "test", bind<&Process::resume>(&process));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(sim.now(), SimTime{} + 5_ms);
}

Task<int> ready() { co_return 1; }
Task<void> ten_million(Log* log) {
  std::uint64_t sum = 0;
  for (int i = 0; i < 10'000'000; ++i) sum += static_cast<std::uint64_t>(co_await ready());
  log->add(sum);
}

// Goal: the trampoline keeps the native stack flat (symmetric transfer crashes here at -O0).
TEST(Task, TenMillionReadyAwaitsDoNotGrowTheStack) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  c.spawn(ten_million(&log));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{10'000'000}));
}

Task<void> kill_and_return(Process* process, Log* log) {
  Guard guard{log, 5};
  process->kill();
  co_return;
}
Task<void> kills_and_ends(Process* process, Log* log) {
  Guard guard{log, 6};
  co_await delay(1_ms);
  co_await kill_and_return(process, log);
  log->add(99);
}

// Goal: a task that kills its process and then ends is destroyed once, and its caller does not go on.
TEST(Process, ATaskMayEndAfterKillingItsOwnProcess) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  c.spawn(kills_and_ends(&process, &log));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{5, 6}));
}

Task<void> waiter(Signal* signal, Log* log) {
  const Waited result = co_await signal->wait_for(10_ms);
  log->add(result == Waited::timed_out ? 1 : 2);
}
TEST(Signal, TimesOutOrIsNotifiedNeverBoth) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  Signal signal;
  c.spawn(waiter(&signal, &log));
  sim.run_until(SimTime{} + 5_ms);
  signal.notify_all();
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{2}));
  EXPECT_EQ(sim.now(), SimTime{} + 5_ms) << "the timer was cancelled";
  c.spawn(waiter(&signal, &log));
  sim.run_to_end();
  EXPECT_EQ(log.seen.back(), 1u);
  EXPECT_EQ(sim.now(), SimTime{} + 15_ms);
}

Task<void> fails() {
  co_await delay(1_ms);
  SIM_CHECK(1 == 2, "planted");
}
TEST(Task, ABugInATaskStopsTheRun) {
  Simulation sim(7);
  Process process(sim, "p");
  Component c(process, "p/c");
  c.spawn(fails());
  try {
    sim.run_to_end();
    FAIL() << "the bug was swallowed";
  } catch (const Bug& bug) {
    EXPECT_NE(std::string(bug.what()).find("1 == 2"), std::string::npos);
    EXPECT_NE(std::string(bug.what()).find("planted"), std::string::npos);
  }
}

struct Deathbed {
  bool* gone;
  ~Deathbed() { *gone = true; }
};
Task<void> waits_on(bool* gone) {
  const Deathbed bed{gone};
  co_await delay(3600_s);
}
struct FailsInPlainCode {
  void now() { SIM_CHECK(1 == 2, "planted"); }
};
// Goal: after a check failed in a plain handler, a world can be taken down. Method: a process that dies then must take
// its frames with it at once, not when the simulation goes, for what they refer to is gone by then.
TEST(Simulation, ABugInAPlainHandlerLeavesAWorldThatCanBeDestroyed) {
  Simulation sim(7);
  auto process = std::make_unique<Process>(sim, "p");
  Component software(*process, "p/c");
  Component world(sim, "world");
  FailsInPlainCode fails_in_plain_code;
  bool gone = false;
  software.spawn(waits_on(&gone));
  world.after(1_ms, "test.fail", bind<&FailsInPlainCode::now>(&fails_in_plain_code));
  EXPECT_THROW(sim.run_to_end(), Bug);
  EXPECT_EQ(sim.now(), SimTime{} + 1_ms);
  EXPECT_FALSE(gone);
  process.reset();
  EXPECT_TRUE(gone);
}

struct Loop {
  Component* c;
  void again() { c->after(0_ns, "test.loop", bind<&Loop::again>(this)); }
};
TEST(Simulation, AModelThatLoopsAtOneInstantIsNamed) {
  Simulation sim(1);
  Component c(sim, "host/looper");
  Loop loop{&c};
  loop.again();
  try {
    sim.run_to_end();
    FAIL() << "the loop was not seen";
  } catch (const Bug& bug) {
    EXPECT_NE(std::string(bug.what()).find("host/looper"), std::string::npos);
  }
}

std::uint64_t small_world(std::uint64_t seed, bool extra) {
  Simulation sim(seed);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  const Stream s = c.stream("gap");
  if (extra) static_cast<void>(Component(sim, "other").path());
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    c.after(Duration{static_cast<std::int64_t>(s.below(i, 1'000'000))}, "test", bind<&Log::add>(&log, i));
  }
  sim.run_to_end();
  return sim.fingerprint().value();
}
TEST(Fingerprint, RepeatsAndDependsOnTheSeedOnly) {
  EXPECT_EQ(small_world(1, false), small_world(1, false));
  EXPECT_EQ(small_world(1, false), small_world(1, true)) << "an idle component changes nothing";
  EXPECT_NE(small_world(1, false), small_world(2, false));
}

}  // namespace
}  // namespace brokersim::sim
