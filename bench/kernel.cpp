// What an event costs: PHOLD on the kernel (callbacks and tasks) beside a std::priority_queue with std::function, in
// the same minute; timers that are set and cancelled; a draw.
//
// PHOLD(N): N processes, N pending events; each event draws a delay, a coin and a target and schedules one event. The
// delay here is uniform with mean 1 s, so that the table compares queues and dispatch, not logarithms.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <queue>
#include <vector>

#include "sim/component.h"
#include "sim/simulation.h"
#include "sim/task.h"

namespace {

using namespace brokersim::sim;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 3;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Draws {
  std::uint64_t state;
  std::uint64_t next() { return mix64(state += 0x9E3779B97F4A7C15ull); }
};
std::int64_t delay_of(std::uint64_t bits) { return static_cast<std::int64_t>(bits % 2'000'000'000) + 1; }

/// The kernel, one callback per event.
struct Phold {
  Phold(std::uint64_t n, Simulation& s) : sim(s), component(s, "phold"), streams(n) {
    for (std::uint64_t i = 0; i < n; ++i) streams[i].state = i;
    for (std::uint64_t i = 0; i < n; ++i) {
      component.after({delay_of(streams[i].next())}, "phold", bind<&Phold::handle>(this, i));
    }
  }
  void handle(std::uint64_t i) {
    const std::uint64_t bits = streams[i].next();
    const std::uint64_t to = (bits >> 63) != 0 ? i : (bits >> 20) % streams.size();
    component.after({delay_of(bits)}, "phold", bind<&Phold::handle>(this, to));
  }
  Simulation& sim;
  Component component;
  std::vector<Draws> streams;
};
double kernel_callbacks(std::uint64_t n, std::uint64_t events) {
  Simulation sim(1);
  Phold model(n, sim);
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < events; ++i) static_cast<void>(sim.step());
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / static_cast<double>(events);
}

Task<void> hold(Draws draws) {
  for (;;) co_await delay({delay_of(draws.next())}, "phold");
}
double kernel_tasks(std::uint64_t n, std::uint64_t events) {
  Simulation sim(1);
  Process process(sim, "phold");
  Component component(process, "phold/tasks");
  for (std::uint64_t i = 0; i < n; ++i) component.spawn(hold({i}));
  for (std::uint64_t i = 0; i < n; ++i) static_cast<void>(sim.step());  // starts
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < events; ++i) static_cast<void>(sim.step());
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / static_cast<double>(events);
}

/// The plain thing: a binary heap of std::function.
double baseline(std::uint64_t n, std::uint64_t events) {
  struct Entry {
    std::int64_t time;
    std::uint64_t sequence;
    std::function<void()> run;
    bool operator<(const Entry& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };
  std::priority_queue<Entry> queue;
  std::vector<Draws> streams(n);
  std::int64_t now = 0;
  std::uint64_t sequence = 0;
  std::function<void(std::uint64_t)> handle = [&](std::uint64_t i) {
    const std::uint64_t bits = streams[i].next();
    const std::uint64_t to = (bits >> 63) != 0 ? i : (bits >> 20) % n;
    queue.push({now + delay_of(bits), sequence++, [&handle, to] { handle(to); }});
  };
  for (std::uint64_t i = 0; i < n; ++i) {
    streams[i].state = i;
    queue.push({delay_of(streams[i].next()), sequence++, [&handle, i] { handle(i); }});
  }
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < events; ++i) {
    Entry entry = queue.top();
    queue.pop();
    now = entry.time;
    entry.run();
  }
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / static_cast<double>(events);
}

struct Nothing {
  void never() {}
};
double set_and_cancel(std::uint64_t count) {
  Simulation sim(1);
  Component component(sim, "timers");
  Nothing nothing;
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < count; ++i) {
    EventHandle timer = component.after({30'000'000'000}, "timer", bind<&Nothing::never>(&nothing));
    component.cancel(timer);
  }
  return std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / static_cast<double>(count);
}
double draws(std::uint64_t count) {
  Simulation sim(1);
  Component component(sim, "draws");
  const Stream stream = component.stream("bench");
  std::uint64_t sum = 0;
  const auto begin = Clock::now();
  for (std::uint64_t i = 0; i < count; ++i) sum += stream.bits(i);
  const double ns =
      std::chrono::duration<double, std::nano>(Clock::now() - begin).count() / static_cast<double>(count);
  return sum == 0 ? 0 : ns;
}

}  // namespace

int main() {
  std::printf("PHOLD, ns per event (median of %d interleaved rounds), fingerprint on\n", kRounds);
  std::printf("%10s %12s %12s %22s %10s\n", "pending", "callback", "task", "priority_queue+function",
              "ratio");
  for (const std::uint64_t n : {1'024ull, 65'536ull, 1'048'576ull}) {
    const std::uint64_t events = std::max<std::uint64_t>(500'000, n);
    std::vector<double> callbacks, tasks, plain;
    for (int round = 0; round < kRounds; ++round) {
      callbacks.push_back(kernel_callbacks(n, events));
      tasks.push_back(kernel_tasks(n, events));
      plain.push_back(baseline(n, events));
    }
    std::printf("%10llu %12.1f %12.1f %22.1f %10.2f\n", static_cast<unsigned long long>(n), median(callbacks),
                median(tasks), median(plain), median(plain) / median(callbacks));
  }
  std::printf("timer set and cancelled: %.1f ns; draw: %.1f ns\n", set_and_cancel(5'000'000),
              draws(50'000'000));
  return 0;
}
