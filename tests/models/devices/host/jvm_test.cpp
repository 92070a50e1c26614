// Goal: a collector stops exactly the threads of its own process, as often and as long as its law says.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "models/devices/host/host.h"
#include "sim/task.h"

namespace brokersim::host {
namespace {
using namespace sim::literals;

/// Notes the time every 100 us.
class Ticker final : public Service {
 public:
  Ticker(sim::Process& process, std::vector<std::int64_t>& ticks)
      : component_(process, process.path() + "/main"), ticks_(ticks) {}
  void start() override { component_.spawn(tick()); }
  void terminate() override {}

 private:
  sim::Task<void> tick() {
    while (true) {
      ticks_.push_back(component_.now().ns);
      co_await sim::delay(100_us);
    }
  }
  sim::Component component_;
  std::vector<std::int64_t>& ticks_;
};

struct Machine {
  explicit Machine(const compute::JvmConfig& jvm, std::uint64_t seed = 1) : sim(seed) {
    for (const char* name : {"broker", "other"}) {
      std::vector<std::int64_t>& ticks = name == std::string("broker") ? broker : other;
      host.install(
          name, [&ticks](sim::Process& process, Host&) { return std::make_unique<Ticker>(process, ticks); });
    }
    host.set_jvm("broker", jvm);
    host.start("broker");
    host.start("other");
  }
  static std::vector<std::int64_t> gaps(const std::vector<std::int64_t>& ticks) {
    std::vector<std::int64_t> long_ones;
    for (std::size_t i = 1; i < ticks.size(); ++i) {
      if (ticks[i] - ticks[i - 1] > 100'000) long_ones.push_back(ticks[i] - ticks[i - 1]);
    }
    return long_ones;
  }
  sim::Simulation sim;
  network::Network network{sim, {}};
  Host host{sim, network, {.name = "b"}};
  std::vector<std::int64_t> broker;
  std::vector<std::int64_t> other;
};

TEST(GarbageCollector, StopsItsOwnProcessOnly) {
  Machine m({.collector = compute::Collector::g1});
  m.sim.run_until(sim::SimTime{} + 60_s);
  const std::vector<std::int64_t> pauses = Machine::gaps(m.broker);
  EXPECT_GE(pauses.size(), 15u);
  EXPECT_LE(pauses.size(), 50u);
  EXPECT_GE(m.host.collections("broker"), pauses.size());
  EXPECT_GT(*std::max_element(pauses.begin(), pauses.end()), 15'000'000);
  EXPECT_EQ(Machine::gaps(m.other), std::vector<std::int64_t>{});
  EXPECT_EQ(m.host.collections("other"), 0u);
}

TEST(GarbageCollector, ZgcIsHardlyNoticed) {
  Machine m({.collector = compute::Collector::zgc});
  m.sim.run_until(sim::SimTime{} + 60_s);
  EXPECT_GT(m.host.collections("broker"), 4u);
  for (const std::int64_t gap : Machine::gaps(m.broker)) EXPECT_LE(gap, 200'000);
}

// A SIGSTOP that ends within a collection does not end the collection, nor the other way round.
TEST(GarbageCollector, NestsWithSigstop) {
  Machine m({});
  m.sim.run_until(sim::SimTime{} + 1_ms);
  EXPECT_TRUE(m.host.stop_world("broker"));
  EXPECT_FALSE(m.host.stop_world("broker")) << "stopped already";
  EXPECT_TRUE(m.host.pause("broker"));
  EXPECT_TRUE(m.host.is_paused("broker"));
  m.sim.run_until(sim::SimTime{} + 2_ms);
  EXPECT_TRUE(m.host.resume_world("broker"));
  m.sim.run_until(sim::SimTime{} + 3_ms);
  const std::size_t before = m.broker.size();
  EXPECT_TRUE(m.host.resume("broker"));
  m.sim.run_until(sim::SimTime{} + 4_ms);
  EXPECT_GT(m.broker.size(), before);
  EXPECT_EQ(Machine::gaps(m.broker).size(), 1u) << "one long silence from 1 to 3 ms";
}

// The dead collect nothing; a next life has draws of its own.
TEST(GarbageCollector, EndsWithItsLife) {
  Machine m({.collector = compute::Collector::g1});
  m.sim.run_until(sim::SimTime{} + 10_s);
  m.host.kill("broker");
  m.host.kill("other");
  m.sim.run_until(sim::SimTime{} + 60_s);
  EXPECT_EQ(m.sim.pending_events(), 0u);
  m.host.start("broker");
  m.sim.run_until(sim::SimTime{} + 90_s);
  EXPECT_GT(m.host.collections("broker"), 5u);
}

}  // namespace
}  // namespace brokersim::host
