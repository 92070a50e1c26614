// Goal: in steady state an event costs no request for memory, whatever runs it: callbacks, timers of classes, moved and
// cancelled events, tasks, nested tasks, channels, resources, timeouts (aim of docs/kernel.md).
// Method: this program's operator new counts. Each world runs until its log of fingerprint checkpoints has room for a
// million events more (its array doubles, the only growth there is), then a million events are counted.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "sim/channel.h"
#include "sim/join.h"
#include "sim/resource.h"
#include "sim/sync.h"
#include "sim/task.h"

namespace {
// lint: allow(global) counts of this test program, read by its tests only
std::size_t requests = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++requests;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  void* memory = alignment <= alignof(std::max_align_t) ? std::malloc(size == 0 ? 1 : size)
                                                        : std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) { return counted(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return counted(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace brokersim::sim {
namespace {
using namespace literals;

constexpr std::uint64_t kWarm = 520 * Fingerprint::kInterval;  // the log has just doubled, to 1,024
constexpr std::uint64_t kCounted = 245 * Fingerprint::kInterval;

/// Requests for memory while kCounted events run after kWarm.
std::size_t requests_in_steady_state(Simulation& sim) {
  while (sim.fingerprint().events() < kWarm) EXPECT_TRUE(sim.step());
  const std::size_t before = requests;
  while (sim.fingerprint().events() < kWarm + kCounted) static_cast<void>(sim.step());
  return requests - before;
}

/// A thousand callbacks that schedule themselves, set and cancel timers of a class, and move an event each.
struct Callbacks {
  explicit Callbacks(Simulation& s)
      : sim(s), c(s, "callbacks"), random(c.stream("delay")), timers(s.timer_class(500_ms)) {
    for (std::uint64_t i = 0; i < 1'000; ++i) fire(i);
  }
  void fire(std::uint64_t i) {
    sim.cancel(timer[i]);
    timer[i] = sim.set_timer(timers, c, "timer", bind<&Callbacks::never>(this));
    if (!sim.reschedule(moved[i], sim.now() + 2_s))
      moved[i] = c.after(2_s, "moved", bind<&Callbacks::never>(this));
    c.after(Duration{static_cast<std::int64_t>(random.below(ordinal++, 20'000'000))}, "fire",
            bind<&Callbacks::fire>(this, i));
  }
  void never() {}
  Simulation& sim;
  Component c;
  Stream random;
  TimerClass timers;
  std::uint64_t ordinal = 0;
  EventHandle timer[1'000];
  EventHandle moved[1'000];
};

TEST(Allocations, CallbacksTimersAndMovedEventsTakeNoMemory) {
  Simulation sim(1);
  const auto world = std::make_unique<Callbacks>(sim);
  EXPECT_EQ(requests_in_steady_state(sim), 0u);
}

// What the count is worth: one request an event is seen.
TEST(Allocations, AHandlerThatAllocatesIsSeen) {
  struct Wasteful {
    Component& c;
    std::unique_ptr<std::uint64_t> memory;
    void fire() {
      memory = std::make_unique<std::uint64_t>(c.now().ns);
      c.after(1_us, "fire", bind<&Wasteful::fire>(this));
    }
  };
  Simulation sim(1);
  Component c(sim, "c");
  Wasteful wasteful{c, nullptr};
  wasteful.fire();
  EXPECT_EQ(requests_in_steady_state(sim), kCounted);
}

#if BROKERSIM_FRAME_POOL  // sanitizer builds take every frame from the heap

struct Tasks {
  explicit Tasks(Simulation& sim) : process(sim, "p"), c(process, "p/tasks") {
    for (int i = 0; i < 50; ++i) {
      c.spawn(waiter(this, i));
      c.spawn(sender(this, i));
      c.spawn(receiver(this));
      c.spawn(worker(this));
      c.spawn(racer(this));
      c.spawn(parent(this));
    }
  }
  static Task<int> nested(int value) {
    co_await delay(100_us);
    co_return value;
  }
  static Task<void> child(Tasks*) { co_await delay(30_us); }
  static Task<void> waiter(Tasks* tasks, int i) {
    for (;;) {
      co_await delay(Duration{1'000'000 + i});
      tasks->sum += co_await nested(1);
      tasks->signal.notify_all();
    }
  }
  static Task<void> sender(Tasks* tasks, int i) {
    for (;;) {
      co_await delay(Duration{700'000 + i});
      co_await tasks->channel.send(1);
    }
  }
  static Task<void> receiver(Tasks* tasks) {
    for (;;) {
      const std::optional<int> value = co_await tasks->channel.receive();
      tasks->sum += *value;
    }
  }
  static Task<void> worker(Tasks* tasks) {
    for (;;) {
      Lease lease = co_await tasks->resource.acquire();
      co_await delay(90_us);
      lease.release();
      static_cast<void>(co_await tasks->signal.wait_for(400_us));
    }
  }
  static Task<void> racer(Tasks* tasks) {
    for (;;) {
      Task<int> slow = nested(2);
      const std::optional<int> value = co_await with_timeout(std::move(slow), 50_us);
      tasks->sum += value.value_or(1);
    }
  }
  static Task<void> parent(Tasks* tasks) {
    for (;;) {
      tasks->c.spawn(child(tasks));  // a task of its own, which ends and is buried
      co_await delay(200_us);
    }
  }
  Process process;
  Component c;
  Channel<int> channel{"numbers", 4};
  Resource resource{"desk", 20};
  Signal signal{"tick"};
  int sum = 0;
};

TEST(Allocations, TasksChannelsResourcesAndTimeoutsTakeNoMemory) {
  Simulation sim(1);
  Tasks world(sim);
  EXPECT_EQ(requests_in_steady_state(sim), 0u);
  EXPECT_GT(world.sum, 0);
  EXPECT_GT(2 * sim.task_events(), sim.fingerprint().events()) << "most of these events wake a task";
}

#endif

}  // namespace
}  // namespace brokersim::sim
