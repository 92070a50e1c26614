// Goal: whatever is scheduled, moved, cancelled, put into timer classes and restarted, from inside handlers and between
// runs, events execute in exactly the order (time, sequence of the call) (DESIGN.md decision 1).
// Method: random lives of a simulation beside a std::map by (time, sequence), which gives every call its number in the
// same way; millions of operations, twelve spreads of delays with ties, bursts and drains, runs in slices and steps.
#include <gtest/gtest.h>

#include <map>
#include <utility>
#include <vector>

#include "sim/component.h"
#include "sim/simulation.h"
#include "tests/sim/reference_queue.h"

namespace brokersim::sim {
namespace {

class RandomLife {
 public:
  explicit RandomLife(std::uint64_t seed) : choices_(seed), sim_(seed), component_(sim_, "life") {
    constexpr Duration kDurations[] = {{0}, {1}, {700}, {5'000'000}, {30'000'000'000}};
    for (const Duration duration : kDurations) classes_.push_back({sim_.timer_class(duration), duration});
    spread_ = choices_.below(kDelayKinds);
  }

  /// The number of operations, or 0 once something was wrong.
  std::uint64_t run() {
    for (int phase = 0; phase < 25 && !failed_; ++phase) {
      const std::uint64_t burst = choices_.one_in(5) ? choices_.below(4'000) : choices_.below(250);
      for (std::uint64_t i = 0; i < burst; ++i) act();
      growing_ = choices_.one_in(3);
      budget_ = choices_.below(5'000);
      drain();
      EXPECT_EQ(sim_.pending_events(), reference_.size());
    }
    growing_ = false;
    budget_ = 0;
    if (!failed_) sim_.run_to_end();  // what is left, without anything new
    EXPECT_TRUE(failed_ || reference_.empty()) << reference_.size() << " events never ran";
    EXPECT_EQ(sim_.pending_events(), 0u);
    return failed_ ? 0 : operations_;
  }

 private:
  struct Class {
    TimerClass timers;
    Duration duration;
  };
  using Key = std::pair<std::int64_t, std::uint64_t>;  // time, sequence
  struct Event {
    EventHandle handle;
    Key key;
  };

  /// One of the ways of letting time go on.
  void drain() {
    const auto until = [this](std::uint64_t delay) {
      return SimTime{sim_.now().ns + static_cast<std::int64_t>(delay)};
    };
    switch (choices_.below(4)) {
      case 0:
        for (int i = 0; i < 40 && !failed_; ++i) sim_.run_until(until(delay()));
        break;
      case 1:
        for (std::uint64_t i = choices_.below(3'000); i > 0 && !failed_; --i) {
          if (!sim_.step()) break;
        }
        break;
      case 2:
        for (std::uint64_t i = choices_.below(500); i > 0 && !failed_; --i)
          static_cast<void>(sim_.step(until(delay())));  // often nothing is due, and time stays where it is
        break;
      default: sim_.run_until(until(choices_.one_in(2) ? delay() : std::uint64_t{1} << 35)); break;
    }
  }
  [[nodiscard]] std::uint64_t delay() {
    return delay_of_kind(choices_.one_in(4) ? choices_.below(kDelayKinds) : spread_, choices_) %
           (std::uint64_t{1} << 50);
  }
  /// One call, here and in the reference.
  void act() {
    ++operations_;
    const std::uint64_t what = choices_.below(20);
    if (what < 9 || events_.empty()) {
      const SimTime at{sim_.now().ns + static_cast<std::int64_t>(delay())};
      const std::uint64_t id = add({at.ns, sequence_++});
      events_[id].handle = component_.at(at, "event", bind<&RandomLife::fire>(this, id));
    } else if (what < 13) {
      const Class& chosen = classes_[choices_.below(classes_.size())];
      const std::uint64_t id = add({sim_.now().ns + chosen.duration.ns, sequence_++});
      events_[id].handle =
          sim_.set_timer(chosen.timers, component_, "timer", bind<&RandomLife::fire>(this, id));
    } else {
      const std::uint64_t id = choices_.below(events_.size());
      Event& event = events_[id];
      const auto found = reference_.find(event.key);
      const bool pending = found != reference_.end() && found->second == id;
      EXPECT_EQ(sim_.pending(event.handle), pending);
      if (what < 17) {
        EXPECT_EQ(sim_.cancel(event.handle), pending);
        if (pending) reference_.erase(found);
      } else if (what < 19) {
        const SimTime at{sim_.now().ns + static_cast<std::int64_t>(delay())};
        EXPECT_EQ(sim_.reschedule(event.handle, at), pending);
        if (pending) move(found, {at.ns, sequence_++}, id);
      } else {
        const Class& chosen = classes_[choices_.below(classes_.size())];
        EXPECT_EQ(sim_.restart_timer(chosen.timers, event.handle), pending);
        if (pending) move(found, {sim_.now().ns + chosen.duration.ns, sequence_++}, id);
      }
    }
  }
  std::uint64_t add(Key key) {
    const std::uint64_t id = events_.size();
    events_.push_back({.handle = {}, .key = key});
    reference_.emplace(key, id);
    return id;
  }
  void move(std::map<Key, std::uint64_t>::iterator from, Key to, std::uint64_t id) {
    reference_.erase(from);
    reference_.emplace(to, id);
    events_[id].key = to;
  }
  /// Event `id` runs: it must be the first of the reference, at its time.
  void fire(std::uint64_t id) {
    ++operations_;
    if (failed_) return;
    const auto first = reference_.begin();
    if (first == reference_.end() || first->second != id || first->first.first != sim_.now().ns) {
      ADD_FAILURE() << "event " << id << " runs at " << sim_.now().ns << ", due was "
                    << (first == reference_.end() ? -1 : static_cast<std::int64_t>(first->second));
      failed_ = true;
      sim_.stop();
      return;
    }
    reference_.erase(first);
    if (budget_ == 0) return;
    std::uint64_t more = growing_ ? choices_.below(4) : choices_.below(2);
    if (choices_.one_in(200)) more = choices_.below(150);
    for (; more > 0 && budget_ > 0; --more, --budget_) act();
  }

  Choices choices_;
  Simulation sim_;
  Component component_;
  std::vector<Class> classes_;
  std::uint64_t spread_ = 0;
  bool growing_ = false;
  bool failed_ = false;
  std::uint64_t budget_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t operations_ = 0;
  std::vector<Event> events_;
  std::map<Key, std::uint64_t> reference_;
};

TEST(Schedule, OrderEqualsAReferenceUnderEveryOperation) {
  std::uint64_t operations = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::uint64_t done = RandomLife(seed).run();
    ASSERT_GT(done, 0u) << "seed " << seed;
    operations += done;
  }
  EXPECT_GT(operations, 10'000'000u);
}

// A timer of a class whose head was cancelled is armed late, with the place in the order that it took when it was set:
// it runs before an event of the same instant that was scheduled after it, whatever the queue has seen in between.
TEST(Schedule, ATimerThatIsArmedLateKeepsItsPlace) {
  struct Seen {
    std::vector<std::uint64_t> order;
    void add(std::uint64_t id) { order.push_back(id); }
  } seen;
  Simulation sim(1);
  Component c(sim, "c");
  const TimerClass timers = sim.timer_class({1'000});
  const EventHandle head = sim.set_timer(timers, c, "timer", bind<&Seen::add>(&seen, 1));
  sim.run_until(SimTime{10});
  sim.set_timer(timers, c, "timer", bind<&Seen::add>(&seen, 2));
  c.at(SimTime{1'010}, "event", bind<&Seen::add>(&seen, 3));
  sim.cancel(head);
  sim.set_timer(timers, c, "timer", bind<&Seen::add>(&seen, 4));
  sim.run_to_end();
  EXPECT_EQ(seen.order, (std::vector<std::uint64_t>{2, 3, 4}));
  EXPECT_EQ(sim.now(), SimTime{1'010});
  EXPECT_EQ(sim.fingerprint().events(), 3u) << "the entry of the cancelled head is not an event";
}

// The reach of a timer class: only its head is in the queue, however many timers there are and are cancelled.
TEST(Schedule, ATimerClassHoldsOneEntryInTheQueue) {
  struct Nothing {
    void never() {}
  } nothing;
  Simulation sim(1);
  Component c(sim, "c");
  const TimerClass timers = sim.timer_class({30'000'000'000});
  for (int i = 0; i < 10'000; ++i) sim.set_timer(timers, c, "timer", bind<&Nothing::never>(&nothing));
  EXPECT_EQ(sim.pending_events(), 10'000u);
  EXPECT_EQ(sim.queue_entries(), 1u);
  EXPECT_EQ(sim.timer_class({30'000'000'000}).index, timers.index) << "equal durations share a class";
}

}  // namespace
}  // namespace brokersim::sim
