// The workloads on our kernel: the Simulation that every scenario runs on, fingerprint on, tracing off.
#pragma once

#include <cstddef>
#include <vector>

#include "bench/workloads/allocations.h"
#include "bench/workloads/broker_mix.h"
#include "bench/workloads/measure.h"
#include "sim/component.h"
#include "sim/simulation.h"
#include "sim/task.h"

namespace workloads {

namespace sim = brokersim::sim;

/// PHOLD with one callback an event; a process of PHOLD is an object.
class KernelPhold {
 public:
  explicit KernelPhold(std::uint32_t n) : component_(simulation, "phold"), rules_(n), processes_(n) {
    for (std::uint32_t i = 0; i < n; ++i) processes_[i] = {PholdRules::start(i), this};
    for (std::uint32_t i = 0; i < n; ++i) schedule(rules_.first(processes_[i].state), i);
  }
  [[nodiscard]] std::uint64_t checksum() const {
    std::uint64_t sum = 0;
    for (const Process& p : processes_) sum = fold(sum, p.state);
    return sum;
  }
  sim::Simulation simulation{1};

 private:
  struct Process {
    std::uint64_t state;
    KernelPhold* world;
    void handle() {
      const std::uint64_t bits = next_bits(state);
      world->simulation.fingerprint().draw(bits);
      const Hold hold =
          world->rules_.decide(bits, static_cast<std::uint32_t>(this - world->processes_.data()));
      world->schedule(hold.delay, hold.target);
    }
  };
  void schedule(std::int64_t delay, std::uint32_t to) {
    component_.at(simulation.now() + sim::Duration{delay}, "phold",
                  sim::bind<&Process::handle>(&processes_[to]));
  }
  sim::Component component_;
  PholdRules rules_;
  std::vector<Process> processes_;
};

/// PHOLD with one task for each of the N events: it waits, draws at the process where it is, and goes on.
class TaskPhold {
 public:
  explicit TaskPhold(std::uint32_t n)
      : process_(simulation, "phold"), component_(process_, "phold/tasks"), rules_(n), states_(n) {
    for (std::uint32_t i = 0; i < n; ++i) states_[i] = PholdRules::start(i);
    for (std::uint32_t i = 0; i < n; ++i) component_.spawn(token(this, i));
  }
  [[nodiscard]] std::uint64_t checksum() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t state : states_) sum = fold(sum, state);
    return sum;
  }
  /// Of the block that a token's frame takes: whole cache lines. As the first in its process to make any.
  [[nodiscard]] static std::size_t frame_bytes() {
    const sim::Task<void> a = token(nullptr, 0), b = token(nullptr, 0);
    const auto* first = static_cast<const char*>(a.handle().address());
    const auto* second = static_cast<const char*>(b.handle().address());
    return static_cast<std::size_t>(second > first ? second - first : first - second);
  }
  sim::Simulation simulation{1};

 private:
  static constexpr sim::EventKind kPhold = "phold";

  static sim::Task<void> token(TaskPhold* world, std::uint32_t at) {
    sim::Duration wait{world->rules_.first(world->states_[at])};
    for (;;) {
      co_await sim::delay<kPhold>(wait, &world->states_[at]);
      at = world->visit(at, wait);
    }
  }
  /// The draw at process `at`: where the token goes, and how long it waits there.
  std::uint32_t visit(std::uint32_t at, sim::Duration& wait) {
    const std::uint64_t bits = next_bits(states_[at]);
    simulation.fingerprint().draw(bits);
    const Hold hold = rules_.decide(bits, at);
    wait.ns = hold.delay;
    return hold.target;
  }
  sim::Process process_;
  sim::Component component_;
  PholdRules rules_;
  std::vector<std::uint64_t> states_;
};

/// Requests for memory since construction, but those of the fingerprint's log, which doubles every now and then.
class Requests {
 public:
  explicit Requests(const sim::Simulation& simulation)
      : simulation_(simulation), log_(log()), before_(allocations().count) {}
  [[nodiscard]] std::uint64_t count() const {
    std::uint64_t of_log = 0;
    for (std::size_t capacity = log_; capacity < log(); capacity = capacity == 0 ? 1 : 2 * capacity) ++of_log;
    return allocations().count - before_ - of_log;
  }

 private:
  [[nodiscard]] std::size_t log() const { return simulation_.fingerprint().checkpoints().capacity(); }
  const sim::Simulation& simulation_;
  std::size_t log_;
  std::uint64_t before_;
};

[[nodiscard]] inline double bytes_per_pending_event(const sim::Simulation& simulation) {
  return static_cast<double>(simulation.event_memory()) / static_cast<double>(simulation.pending_events());
}

template <class World>
[[nodiscard]] Row kernel_phold(std::uint32_t n, std::int64_t warm, std::int64_t until) {
  World world(n);
  world.simulation.run_until(sim::SimTime{warm});
  const std::uint64_t before = world.simulation.fingerprint().events();
  const Requests requests(world.simulation);
  const double begin = cpu_ns();
  world.simulation.run_until(sim::SimTime{until});
  const double ns = cpu_ns() - begin;
  const std::uint64_t events = world.simulation.fingerprint().events();
  return {.ns_per_event = ns / static_cast<double>(events - before),
          .events = events,
          .checksum = world.checksum(),
          .allocations = requests.count(),
          .measured = events - before,
          .bytes_per_pending_event = bytes_per_pending_event(world.simulation)};
}

/// The engine of the broker mix: an event's object is its batch, and timers are in classes.
class KernelEngine {
 public:
  using Handle = sim::EventHandle;
  explicit KernelEngine(std::uint32_t) : component_(simulation, "mix") {
    for (int i = 0; i < 3; ++i) classes_[i] = simulation.timer_class({kTimerNs[i]});
  }
  Handle schedule(std::int64_t delay, std::uint32_t batch, Step step) {
    return component_.after({delay}, "mix", callback(batch, step));
  }
  Handle set_timer(Timer timer, std::uint32_t batch, Step step) {
    return simulation.set_timer(classes_[static_cast<int>(timer)], component_, "mix.timer",
                                callback(batch, step));
  }
  void cancel(Handle& handle) { component_.cancel(handle); }
  sim::Simulation simulation{1};
  BrokerMix<KernelEngine>* mix = nullptr;

 private:
  [[nodiscard]] sim::Callback callback(std::uint32_t batch, Step step) {
    return {&BrokerMix<KernelEngine>::handle_object, mix->object(batch), static_cast<std::uint64_t>(step)};
  }
  sim::Component component_;
  sim::TimerClass classes_[3];
};

[[nodiscard]] inline Row kernel_mix(std::uint32_t batches, std::int64_t warm, std::int64_t until) {
  KernelEngine engine(batches);
  BrokerMix<KernelEngine> mix(engine, batches);
  engine.mix = &mix;
  mix.start();
  engine.simulation.run_until(sim::SimTime{warm});
  const std::uint64_t before = mix.events();
  const Requests requests(engine.simulation);
  const double begin = cpu_ns();
  engine.simulation.run_until(sim::SimTime{until});
  const double ns = cpu_ns() - begin;
  return {.ns_per_event = ns / static_cast<double>(mix.events() - before),
          .events = mix.events(),
          .checksum = mix.checksum(),
          .allocations = requests.count(),
          .measured = mix.events() - before,
          .bytes_per_pending_event = bytes_per_pending_event(engine.simulation)};
}

}  // namespace workloads
