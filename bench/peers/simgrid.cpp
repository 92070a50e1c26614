// PHOLD and the broker mix on SimGrid's timers (Debian's libsimgrid-dev). One cell, as bench_kernel prints it:
//   peer_simgrid phold|mix SIZE
//
// SimGrid's time is a double. A second of its clock is a nanosecond here: dates are then whole numbers below 2^53, sums
// of them are exact, and a timer is due when its date is reached (with fractions of a second the clock can stop one
// rounding error short of a date for ever). Timers are its cheapest events; its actors cost two to three times as much.
#include <cstdlib>
#include <string>
#include <vector>

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>

#include "bench/workloads/broker_mix.h"
#include "bench/workloads/measure.h"

namespace {

using namespace workloads;
using SimGridTimer = simgrid::kernel::timer::Timer;

double now() { return simgrid::s4u::Engine::get_clock(); }

/// The measured part of a run: from `warm` to `until`, both simulated ns.
struct Measured {
  std::int64_t until;
  double begin = 0;
  double ns = 0;
  std::uint64_t before = 0;
  bool over = false;

  /// False after the end: what is still pending then runs out, unmeasured and without effect.
  [[nodiscard]] bool goes_on() const { return !over || now() <= static_cast<double>(until); }
  /// Starts and ends the measurement by timers; `events` counts.
  void arm(std::int64_t warm, const std::uint64_t* events) {
    SimGridTimer::set(static_cast<double>(warm), [this, events] {
      before = *events;
      begin = cpu_ns();
    });
    SimGridTimer::set(static_cast<double>(until), [this] {
      ns = cpu_ns() - begin;
      over = true;
    });
  }
};

class Phold {
 public:
  Phold(std::uint32_t n, Measured* measured) : rules_(n), states_(n), measured_(measured) {
    for (std::uint32_t i = 0; i < n; ++i) states_[i] = PholdRules::start(i);
    for (std::uint32_t i = 0; i < n; ++i) schedule(rules_.first(states_[i]), i);
  }
  void handle(std::uint32_t at) {
    if (!measured_->goes_on()) return;
    ++events;
    const Hold hold = rules_.decide(next_bits(states_[at]), at);
    schedule(hold.delay, hold.target);
  }
  [[nodiscard]] std::uint64_t checksum() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t state : states_) sum = fold(sum, state);
    return sum;
  }
  std::uint64_t events = 0;

 private:
  void schedule(std::int64_t delay, std::uint32_t to) {
    SimGridTimer::set(now() + static_cast<double>(delay), [this, to] { handle(to); });
  }
  PholdRules rules_;
  std::vector<std::uint64_t> states_;
  Measured* measured_;
};

class Engine {
 public:
  using Handle = SimGridTimer*;
  Handle schedule(std::int64_t delay, std::uint32_t batch, Step step) {
    return SimGridTimer::set(now() + static_cast<double>(delay), [this, batch, step] {
      if (!measured->goes_on()) return;
      mix->handle(batch, step);
      ++events;
    });
  }
  Handle set_timer(Timer timer, std::uint32_t batch, Step step) {
    return schedule(kTimerNs[static_cast<int>(timer)], batch, step);
  }
  void cancel(Handle& handle) { handle->remove(); }  // the mix cancels what is pending only
  BrokerMix<Engine>* mix = nullptr;
  Measured* measured = nullptr;
  std::uint64_t events = 0;
};

Row phold(simgrid::s4u::Engine& engine, std::uint32_t n) {
  Measured measured{.until = phold_length(n)};
  Phold world(n, &measured);
  measured.arm(measured.until / 4, &world.events);
  engine.run();
  return {.ns_per_event = measured.ns / static_cast<double>(world.events - measured.before),
          .events = world.events,
          .checksum = world.checksum()};
}

Row mix(simgrid::s4u::Engine& simgrid, std::uint32_t batches) {
  Measured measured{.until = mix_length(batches)};
  Engine engine;
  engine.measured = &measured;
  BrokerMix<Engine> mix(engine, batches);
  engine.mix = &mix;
  mix.start();
  measured.arm(measured.until / 4, &engine.events);
  simgrid.run();
  return {.ns_per_event = measured.ns / static_cast<double>(engine.events - measured.before),
          .events = mix.events(),
          .checksum = mix.checksum()};
}

}  // namespace

int main(int argc, char** argv) {
  simgrid::s4u::Engine engine(&argc, argv);
  if (argc != 3) return 2;
  simgrid::s4u::create_full_zone("nobody")->seal();  // it does not run without a platform
  const auto size = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  workloads::print(std::string(argv[1]) == "phold" ? phold(engine, size) : mix(engine, size));
}
