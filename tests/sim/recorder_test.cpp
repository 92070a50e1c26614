// Goal: a recorder tells of each event of its interval what it was, which draws it made and what led to it, and the
// run does not notice.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "sim/component.h"
#include "sim/recorder.h"

namespace brokersim::sim {
namespace {
using namespace literals;

/// A chain of events a -> b -> a ..., 1 ms apart; each second one draws.
struct Ball {
  Component& left;
  Component& right;
  Stream stream;
  std::uint64_t flights = 0;

  void fly() {
    Component& to = flights % 2 == 0 ? left : right;
    to.after(1_ms, flights % 2 == 0 ? EventKind{"ping"} : EventKind{"pong"}, bind<&Ball::land>(this));
    ++flights;
  }
  void land() {
    if (flights % 2 == 0) (void)stream.child(5).bits(flights);
    fly();
  }
};

struct Recorded {
  std::vector<RecordedEvent> events;
  std::vector<std::string> cause_paths;  // of the last event
  std::string stream;
  std::uint64_t fingerprint = 0;
};

Recorded play(std::optional<std::pair<std::uint64_t, std::uint64_t>> interval) {
  Recorder recorder(interval ? interval->first : 0, interval ? interval->second : 0);
  Simulation sim(1, interval ? &recorder : nullptr);
  Component a(sim, "a");
  Component b(sim, "b");
  Ball ball{a, b, a.stream("spin")};
  ball.fly();
  sim.run_until(SimTime{} + 100_ms);
  Recorded result;
  result.events = recorder.events();
  result.fingerprint = sim.fingerprint().value();
  if (result.events.empty()) return result;
  for (const Cause& cause : result.events.back().causes) {
    result.cause_paths.push_back(recorder.path(cause.component));
  }
  for (const RecordedEvent& event : result.events) {
    if (!event.draws.empty()) result.stream = recorder.stream_name(event.draws.front().stream);
  }
  return result;
}

// Method: exact times, kinds, draws and causes of a chain whose every event is known.
TEST(Recorder, TellsWhatWhenWhichDrawsAndWhy) {
  const Recorded seen = play({{50, 4}});
  ASSERT_EQ(seen.events.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    const RecordedEvent& event = seen.events[i];
    EXPECT_EQ(event.index, 50 + i);
    EXPECT_EQ(event.time, SimTime{} + Duration{1'000'000} * static_cast<std::int64_t>(51 + i));
    EXPECT_EQ(event.component, i % 2 == 0 ? "a" : "b");
    EXPECT_EQ(event.kind, i % 2 == 0 ? "ping" : "pong");
    EXPECT_EQ(event.draws.size(), i % 2 == 0 ? 0u : 1u);
    ASSERT_EQ(event.causes.size(), RecordedEvent::kCauses);
    for (std::size_t up = 0; up < event.causes.size(); ++up) {
      EXPECT_EQ(event.causes[up].index, event.index - 1 - up);
      EXPECT_EQ(event.causes[up].time, event.time - Duration{1'000'000} * static_cast<std::int64_t>(up + 1));
    }
  }
  EXPECT_EQ(seen.events[1].draws[0].ordinal, 52u);
  EXPECT_EQ(seen.stream, "a \"spin\" [5]");
  EXPECT_EQ(seen.cause_paths, (std::vector<std::string>{"a", "b", "a", "b", "a", "b"}));
}

TEST(Recorder, TheFirstEventHasNoCause) {
  const Recorded seen = play({{0, 2}});
  ASSERT_EQ(seen.events.size(), 2u);
  EXPECT_TRUE(seen.events[0].causes.empty()) << "who built the world is no event";
  ASSERT_EQ(seen.events[1].causes.size(), 1u);
  EXPECT_EQ(seen.events[1].causes[0].index, 0u);
}

TEST(Recorder, ChangesNothing) { EXPECT_EQ(play({{3, 90}}).fingerprint, play({}).fingerprint); }

// Goal: the reuse of a slot does not mix up causes. Method: an event that schedules two; the second is cancelled and
// its slot taken by a third of another cause.
struct Tree {
  Component& c;
  EventHandle second;
  void root() {
    c.after(2_ms, "first", bind<&Tree::leaf>(this));
    second = c.after(3_ms, "second", bind<&Tree::leaf>(this));
    c.after(1_ms, "middle", bind<&Tree::middle>(this));
  }
  void middle() {
    c.cancel(second);
    c.after(5_ms, "third", bind<&Tree::leaf>(this));
  }
  void leaf() {}
};

TEST(Recorder, AReusedSlotHasItsOwnCause) {
  Recorder recorder(0, 100);
  Simulation sim(1, &recorder);
  Component c(sim, "c");
  Tree tree{c, {}};
  c.after(1_ms, "root", bind<&Tree::root>(&tree));
  sim.run_to_end();
  ASSERT_EQ(recorder.events().size(), 4u);
  EXPECT_EQ(recorder.events()[3].kind, "third");
  ASSERT_EQ(recorder.events()[3].causes.size(), 2u);
  EXPECT_STREQ(recorder.events()[3].causes[0].kind, "middle");
  EXPECT_STREQ(recorder.events()[3].causes[1].kind, "root");
  EXPECT_STREQ(recorder.events()[2].causes[0].kind, "root");
}

}  // namespace
}  // namespace brokersim::sim
