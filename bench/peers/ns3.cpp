// PHOLD and the broker mix on ns-3 (Debian's libns3-dev), its default scheduler. One cell, as bench_kernel prints it:
//   peer_ns3 phold|mix SIZE
#include <cstdlib>
#include <string>
#include <vector>

#include <ns3/event-id.h>
#include <ns3/nstime.h>
#include <ns3/simulator.h>

#include "bench/workloads/broker_mix.h"
#include "bench/workloads/measure.h"

namespace {

using namespace workloads;

/// Advances to `until` and stops there.
void run_until(std::int64_t until) {
  ns3::Simulator::Stop(ns3::NanoSeconds(until) - ns3::Simulator::Now());
  ns3::Simulator::Run();
}

class Phold {
 public:
  explicit Phold(std::uint32_t n) : rules_(n), states_(n) {
    for (std::uint32_t i = 0; i < n; ++i) states_[i] = PholdRules::start(i);
    for (std::uint32_t i = 0; i < n; ++i) schedule(rules_.first(states_[i]), i);
  }
  void handle(std::uint32_t at) {
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
    ns3::Simulator::Schedule(ns3::NanoSeconds(delay), &Phold::handle, this, to);
  }
  PholdRules rules_;
  std::vector<std::uint64_t> states_;
};

class Engine {
 public:
  using Handle = ns3::EventId;
  explicit Engine(std::uint32_t) {}
  Handle schedule(std::int64_t delay, std::uint32_t batch, Step step) {
    return ns3::Simulator::Schedule(ns3::NanoSeconds(delay), &Engine::run, this, batch, step);
  }
  Handle set_timer(Timer timer, std::uint32_t batch, Step step) {
    return schedule(kTimerNs[static_cast<int>(timer)], batch, step);
  }
  // Remove() frees the entry; Cancel() would leave it there for 30 simulated seconds.
  void cancel(Handle& handle) { ns3::Simulator::Remove(handle); }
  BrokerMix<Engine>* mix = nullptr;

 private:
  void run(std::uint32_t batch, Step step) { mix->handle(batch, step); }
};

Row phold(std::uint32_t n) {
  const std::int64_t length = phold_length(n);
  Phold world(n);
  run_until(length / 4);
  const std::uint64_t before = world.events;
  const double begin = cpu_ns();
  run_until(length);
  return {.ns_per_event = (cpu_ns() - begin) / static_cast<double>(world.events - before),
          .events = world.events,
          .checksum = world.checksum()};
}

Row mix(std::uint32_t batches) {
  const std::int64_t length = mix_length(batches);
  Engine engine(batches);
  BrokerMix<Engine> mix(engine, batches);
  engine.mix = &mix;
  mix.start();
  run_until(length / 4);
  const std::uint64_t before = mix.events();
  const double begin = cpu_ns();
  run_until(length);
  return {.ns_per_event = (cpu_ns() - begin) / static_cast<double>(mix.events() - before),
          .events = mix.events(),
          .checksum = mix.checksum()};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto size = static_cast<std::uint32_t>(std::strtoul(argv[2], nullptr, 10));
  workloads::print(std::string(argv[1]) == "phold" ? phold(size) : mix(size));
}
