// Goal: what a simulation says of its own bounds is true: who floods it, who loops, who waits, and where time ends.
#include <gtest/gtest.h>

#include <memory>
#include <string>
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

/// What the Bug says that `body` ends with; "" if it does not.
template <class Body>
std::string complaint(const Body& body) {
  try {
    body();
  } catch (const Bug& bug) {
    return bug.what();
  }
  return "";
}
testing::AssertionResult says(const std::string& text, const std::string& words) {
  if (text.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "\"" << words << "\" is not in \"" << text << "\"";
}

// Goal: a flood is counted, and the kind and the component that most events belong to are named, not only who came last.
TEST(Limits, AFloodNamesWhatMostEventsAre) {
  Simulation sim(1);
  Component culprit(sim, "host/culprit");
  Component last(sim, "host/last");
  Log log;
  sim.set_limits({.pending_events = 1'000});
  for (int i = 0; i < 900; ++i) culprit.after(1_s, "test.flood", bind<&Log::add>(&log, 1));
  const std::string text = complaint([&] {
    for (int i = 0; i < 200; ++i) last.after(1_s, "test.drop", bind<&Log::add>(&log, 2));
  });
  EXPECT_TRUE(says(text, "host/last schedules test.drop with 1000 events pending"));
  EXPECT_TRUE(says(text, "of which 900 are test.flood of host/culprit"));
}

// Goal: a bound that is set late is exact, too. Method: a hundred events come and go first, so that there are free places
// which nobody has to ask for.
TEST(Limits, ABoundOnPendingEventsIsExactHoweverManyThereWere) {
  Simulation sim(1);
  Component c(sim, "c");
  Log log;
  std::vector<EventHandle> early;
  for (int i = 0; i < 100; ++i) early.push_back(c.after(1_s, "test", bind<&Log::add>(&log, 1)));
  for (int i = 5; i < 100; ++i) sim.cancel(early[static_cast<std::size_t>(i)]);
  sim.set_limits({.pending_events = 10});
  for (int i = 0; i < 5; ++i) c.after(1_s, "test", bind<&Log::add>(&log, 2));
  EXPECT_EQ(sim.pending_events(), 10u);
  EXPECT_TRUE(says(complaint([&] { c.after(1_s, "test", bind<&Log::add>(&log, 3)); }), "flooded"));
  EXPECT_EQ(sim.pending_events(), 10u);
}

TEST(Limits, ABoundThatTheQueueCannotKeepIsRefused) {
  Simulation sim(1);
  EXPECT_NO_THROW(sim.set_limits({.pending_events = Limits::kPendingEventsMax}));
  EXPECT_TRUE(
      says(complaint([&] { sim.set_limits({.pending_events = 1'000'000'000}); }), "at most 16776960"));
}

// Goal: only events of one instant count as a loop. Method: a thousand timers of a class, each at its own instant, under a
// limit of fifty.
TEST(Limits, TimersAtInstantsOfTheirOwnAreNoLoop) {
  Simulation sim(1);
  Component c(sim, "c");
  Log log;
  sim.set_limits({.events_at_instant = 50});
  const TimerClass timers = sim.timer_class(1_ms);
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    sim.run_until(SimTime{} + 1_us * static_cast<std::int64_t>(i));
    sim.set_timer(timers, c, "test", bind<&Log::add>(&log, i));
  }
  EXPECT_NO_THROW(sim.run_to_end());
  EXPECT_EQ(log.seen.size(), 1'000u);
}

// Goal: what is left of cancelled events stays small. Method: a hundred thousand long timers set and cancelled.
TEST(Limits, CancelledEventsLeaveTheQueue) {
  Simulation sim(1);
  Component c(sim, "c");
  Log log;
  for (int i = 0; i < 100'000; ++i) {
    EventHandle timer = c.after(3600_s, "test", bind<&Log::add>(&log, 1));
    c.cancel(timer);
    ASSERT_LE(sim.queue_entries(), 4'096u);
  }
  EXPECT_LE(sim.event_memory(), std::size_t{1} << 20);
}

struct Life {
  Process process;
  Component component;
  Life(Simulation& sim, TimerClass timers, int count, Log* log)
      : process(sim, "broker"), component(process, "broker/sessions") {
    for (int i = 0; i < count; ++i) {
      component.after(3600_s, "session.timeout", bind<&Log::add>(log, 1));
      sim.set_timer(timers, component, "session.linger", bind<&Log::add>(log, 2));
    }
  }
};
// Goal: the timers of the dead are gone at once: they are no flood, and their memory serves the next life.
TEST(Limits, TimersOfKilledProcessesAreNotPending) {
  Simulation sim(1);
  const TimerClass hour = sim.timer_class(3600_s);
  Log log;
  sim.set_limits({.pending_events = 2'500});
  std::size_t memory = 0;
  for (int life = 0; life < 50; ++life) {
    Life broker(sim, hour, 1'000, &log);
    EXPECT_EQ(sim.pending_events(), 2'000u);
    sim.run_until(sim.now() + 1_s);
    broker.process.kill();
    EXPECT_EQ(sim.pending_events(), 0u);
    if (life == 10) memory = sim.event_memory();
  }
  EXPECT_LE(sim.event_memory(), memory);
  sim.run_to_end();
  EXPECT_TRUE(log.seen.empty());
  EXPECT_EQ(sim.fingerprint().events(), 0u);
}

// Goal: the same where the process is destroyed while it lives, and nobody has killed it.
TEST(Limits, TimersOfDestroyedProcessesAreNotPending) {
  Simulation sim(1);
  const TimerClass hour = sim.timer_class(3600_s);
  Log log;
  sim.set_limits({.pending_events = 2'500});
  for (int life = 0; life < 5; ++life) {
    { const Life broker(sim, hour, 1'000, &log); }
    EXPECT_EQ(sim.pending_events(), 0u);
  }
  sim.run_to_end();
  EXPECT_TRUE(log.seen.empty());
}

// Goal: a timer class that the dead shared with the living goes on in order. Method: timers of the dead at its head, in its
// middle and at its end; then new ones in the places that they left.
TEST(Limits, ATimerClassOutlivesTheDead) {
  Simulation sim(1);
  Process living(sim, "living"), dying(sim, "dying");
  Component a(living, "living/a"), b(dying, "dying/b");
  Log log;
  const TimerClass second = sim.timer_class(1_s);
  for (std::uint64_t i = 0; i < 9; ++i) {
    sim.run_until(SimTime{} + 10_ms * static_cast<std::int64_t>(i));
    sim.set_timer(second, i % 4 == 0 ? b : a, "test", bind<&Log::add>(&log, i));
  }
  dying.kill();
  EXPECT_EQ(sim.pending_events(), 6u);
  for (std::uint64_t i = 9; i < 12; ++i) sim.set_timer(second, a, "test", bind<&Log::add>(&log, i));
  sim.run_until(SimTime{} + 1'010_ms);
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{1}));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{1, 2, 3, 5, 6, 7, 9, 10, 11}));
  EXPECT_EQ(sim.now(), SimTime{} + 1'080_ms);
  EXPECT_EQ(sim.pending_events(), 0u);
}

struct Zombie {
  Process* process;
  Component* component;
  EventHandle before;
  Log* log;
  void dies_and_schedules_on() {
    before = component->after(1_s, "test.before", bind<&Log::add>(log, 1));
    process->kill();
    EXPECT_FALSE(component->sim().pending(before));
    EXPECT_FALSE(component->sim().cancel(before)) << "it was voided";
    component->after(1_s, "test.after", bind<&Log::add>(log, 2));
    EXPECT_EQ(component->sim().pending_events(), 0u) << "the dead have no pending events";
  }
};
TEST(Limits, AHandlerThatSchedulesForTheDeadLeavesNothing) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  Zombie zombie{&process, &c, {}, &log};
  c.after(1_ms, "test", bind<&Zombie::dies_and_schedules_on>(&zombie));
  sim.run_until(SimTime{} + 1_ms);
  EXPECT_EQ(sim.pending_events(), 0u);
  sim.run_to_end();
  EXPECT_TRUE(log.seen.empty());
  EXPECT_EQ(sim.now(), SimTime{} + 1_ms) << "time does not go on to the events of the dead";
}

// Goal: events that wait for a paused process go with it when it is killed.
TEST(Limits, EventsHeldBackByAPauseAreNotPendingOnceKilled) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  for (std::uint64_t i = 0; i < 10; ++i) c.after(1_ms, "test", bind<&Log::add>(&log, i));
  process.pause();
  sim.run_until(SimTime{} + 2_ms);
  EXPECT_EQ(sim.pending_events(), 10u) << "they run when it resumes";
  process.kill();
  EXPECT_EQ(sim.pending_events(), 0u);
  sim.run_to_end();
  EXPECT_TRUE(log.seen.empty());
}

Task<void> waits_on(Signal* signal) { co_await signal->wait(); }
// Goal: a timer of the dead does not hide that nothing can ever happen again.
TEST(Limits, ATimerOfTheDeadDoesNotHideAStuckSimulation) {
  Simulation sim(1);
  Process living(sim, "living"), dying(sim, "dying");
  Component a(living, "living/a"), b(dying, "dying/b");
  Signal signal("nobody notifies");
  Log log;
  a.spawn(waits_on(&signal));
  b.after(3600_s, "test", bind<&Log::add>(&log, 1));
  sim.run_until(SimTime{} + 1_s);
  EXPECT_NO_THROW(sim.check_not_stuck()) << "a timer is pending";
  dying.kill();
  EXPECT_TRUE(
      says(complaint([&] { sim.check_not_stuck(); }), "living/a of living waits for nobody notifies"));
}

// ---- The ends of time

TEST(EndOfTime, ALimitBeforeNowRunsNothing) {
  Simulation sim(1);
  Component c(sim, "c");
  Log log;
  c.after(0_s, "test", bind<&Log::add>(&log, 1));
  sim.run_until(SimTime{-1});
  EXPECT_FALSE(sim.step(SimTime{-5}));
  sim.run_to_end(SimTime{} - 1_s);
  EXPECT_TRUE(log.seen.empty());
  EXPECT_EQ(sim.now(), SimTime{});
  sim.run_until(SimTime{} + 5_s);
  c.after(0_s, "test", bind<&Log::add>(&log, 2));
  sim.run_until(SimTime{} + 4_s);
  EXPECT_EQ(sim.now(), SimTime{} + 5_s) << "time does not go back";
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{1}));
}

Task<void> sleeps(Duration length, Log* log) {
  co_await delay(length);
  log->add(3);
}
// Goal: a timer past the end of time never goes off, however it is asked for, and does not disturb others.
TEST(EndOfTime, WhatIsDueAfterItNeverRuns) {
  Simulation sim(1);
  Process process(sim, "p");
  Component c(process, "p/c");
  Log log;
  sim.run_until(SimTime{} + 1_s);
  const TimerClass ever = sim.timer_class(Duration::max());
  const TimerClass long_enough = sim.timer_class(Duration::max() - 100_s);
  c.after(Duration::max(), "test", bind<&Log::add>(&log, 1));
  sim.set_timer(ever, c, "test", bind<&Log::add>(&log, 2));
  sim.set_timer(ever, c, "test", bind<&Log::add>(&log, 2));
  c.spawn(sleeps(Duration::max(), &log));
  const EventHandle moved = c.after(1_s, "test", bind<&Log::add>(&log, 4));
  EXPECT_TRUE(sim.reschedule(moved, sim.now() + Duration::max()));
  process.set_timer_drift(-100'000'000);
  c.after(Duration::max(), "test", bind<&Log::add>(&log, 5));
  process.set_timer_drift(0);
  sim.set_timer(long_enough, c, "test", bind<&Log::add>(&log, 6));
  c.after(1_s, "test", bind<&Log::add>(&log, 7));
  sim.run_to_end();
  EXPECT_EQ(log.seen, (std::vector<std::uint64_t>{7, 6}));
  EXPECT_EQ(sim.now(), SimTime::max() - 99_s);
  EXPECT_EQ(sim.pending_events(), 6u) << "they are still to be cancelled, or to die";
  process.kill();
  EXPECT_EQ(sim.pending_events(), 0u);
}

}  // namespace
}  // namespace brokersim::sim
