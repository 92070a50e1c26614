// The plain thing that every kernel is measured against: std::priority_queue of std::function, cancel by a flag.
#pragma once

#include <functional>
#include <queue>
#include <vector>

#include "bench/workloads/broker_mix.h"
#include "bench/workloads/measure.h"

namespace workloads {

class PlainQueue {
 public:
  void schedule(std::int64_t delay, std::function<void()> run) {
    queue_.push({now_ + delay, sequence_++, std::move(run)});
  }
  void run_until(std::int64_t until) {
    while (!queue_.empty() && queue_.top().time <= until) {
      const Entry entry = std::move(const_cast<Entry&>(queue_.top()));
      queue_.pop();
      now_ = entry.time;
      entry.run();
    }
    now_ = until;
  }

 private:
  struct Entry {
    std::int64_t time;
    std::uint64_t sequence;
    std::function<void()> run;
    bool operator<(const Entry& other) const {
      return time != other.time ? time > other.time : sequence > other.sequence;
    }
  };
  std::priority_queue<Entry> queue_;
  std::int64_t now_ = 0;
  std::uint64_t sequence_ = 0;
};

[[nodiscard]] inline Row plain_phold(std::uint32_t n, std::int64_t warm, std::int64_t until) {
  struct World {
    explicit World(std::uint32_t count) : rules(count), states(count) {}
    void handle(std::uint32_t i) {
      ++events;
      const Hold hold = rules.decide(next_bits(states[i]), i);
      queue.schedule(hold.delay, [this, to = hold.target] { handle(to); });
    }
    PholdRules rules;
    std::vector<std::uint64_t> states;
    PlainQueue queue;
    std::uint64_t events = 0;
  } world(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    world.states[i] = PholdRules::start(i);
    world.queue.schedule(world.rules.first(world.states[i]), [&world, i] { world.handle(i); });
  }
  world.queue.run_until(warm);
  const std::uint64_t before = world.events;
  const double begin = cpu_ns();
  world.queue.run_until(until);
  Row row{.ns_per_event = cpu_ns() - begin, .events = world.events};
  row.ns_per_event /= static_cast<double>(world.events - before);
  for (const std::uint64_t state : world.states) row.checksum = fold(row.checksum, state);
  return row;
}

/// The engine of the mix: a cancelled event stays in the heap and finds its generation gone.
class PlainEngine {
 public:
  using Handle = std::uint64_t*;
  Handle schedule(std::int64_t delay, std::uint32_t batch, Step step) {
    Handle cell = take();
    const std::uint64_t generation = *cell;
    queue.schedule(delay, [this, cell, generation, batch, step] {
      if (*cell != generation) return;
      give(cell);
      mix->handle(batch, step);
    });
    return cell;
  }
  Handle set_timer(Timer timer, std::uint32_t batch, Step step) {
    return schedule(kTimerNs[static_cast<int>(timer)], batch, step);
  }
  void cancel(Handle& handle) {
    if (handle != nullptr) give(handle);
    handle = nullptr;
  }
  PlainQueue queue;
  BrokerMix<PlainEngine>* mix = nullptr;

 private:
  Handle take() {
    if (free_.empty()) {
      cells_.emplace_back(new std::uint64_t[1'024]());
      for (int i = 0; i < 1'024; ++i) free_.push_back(cells_.back().get() + i);
    }
    Handle cell = free_.back();
    free_.pop_back();
    return cell;
  }
  void give(Handle cell) {
    ++*cell;
    free_.push_back(cell);
  }
  std::vector<std::unique_ptr<std::uint64_t[]>> cells_;
  std::vector<Handle> free_;
};

[[nodiscard]] inline Row plain_mix(std::uint32_t batches, std::int64_t warm, std::int64_t until) {
  PlainEngine engine;
  BrokerMix<PlainEngine> mix(engine, batches);
  engine.mix = &mix;
  mix.start();
  engine.queue.run_until(warm);
  const std::uint64_t before = mix.events();
  const double begin = cpu_ns();
  engine.queue.run_until(until);
  return {.ns_per_event = (cpu_ns() - begin) / static_cast<double>(mix.events() - before),
          .events = mix.events(),
          .checksum = mix.checksum()};
}

}  // namespace workloads
