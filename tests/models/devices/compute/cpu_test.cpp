// Goal: threads share the cores as a fair scheduler gives them out, exactly, whoever comes, goes, stops or dies.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "models/devices/compute/cpu.h"
#include "sim/task.h"

namespace brokersim::compute {
namespace {
using namespace sim::literals;

struct Ended {
  std::int64_t ns = 0;
  std::uint64_t job = 0;
  bool operator==(const Ended&) const = default;
};

struct Bench {
  explicit Bench(const CpuConfig& config) : cpu(sim, "host/b/cpu", config) {}
  sim::Simulation sim{1};
  sim::Process process{sim, "host/b/broker"};
  sim::Component component{process, "host/b/broker/io"};
  Cpu cpu;
  std::vector<Ended> ended;

  void done(std::uint64_t job) { ended.push_back({sim.now().ns, job}); }
  Cpu::Work run(sim::Duration cost, std::uint64_t job) {
    return cpu.run(component, cost, sim::bind<&Bench::done>(this, job));
  }
  void until(std::int64_t ns) { sim.run_until(sim::SimTime{ns}); }
};

// Method: as many threads as cores: everybody ends as if alone, one event a job.
TEST(Cpu, FreeCoresCostOneEventAJob) {
  Bench t({.cores = 2});
  t.run(10_us, 1);
  t.until(3'000);
  t.run(20_us, 2);
  t.until(10'000);
  t.run(1_us, 3);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{10'000, 1}, {11'000, 3}, {23'000, 2}}));
  EXPECT_EQ(t.sim.fingerprint().events(), 3u);
  EXPECT_EQ(t.cpu.contended(), 0u);
  EXPECT_EQ(t.cpu.work_done(), 31_us);
}

// Method: processor sharing by hand on one core. 10 us of work at 0, 10 us at 4 us, 1 us at 6 us.
// 0..4 alone (4 done); 4..6 half each (5 and 1 done); 6..9 a third each: job 3 ends at 9 us, the others have 6 and 2;
// 9..17 half each: job 1 ends at 17 us; job 2 has 6 left and ends at 21 us.
TEST(Cpu, OneCoreIsSharedEqually) {
  Bench t({.cores = 1});
  t.run(10_us, 1);
  t.until(4'000);
  t.run(10_us, 2);
  t.until(6'000);
  const Cpu::Work third = t.run(1_us, 3);
  EXPECT_EQ(t.cpu.left(third), 3'001_ns) << "a rate is a multiple of 2^-20, so a third is a little less";
  t.sim.run_to_end();
  ASSERT_EQ(t.ended.size(), 3u);
  EXPECT_EQ(t.ended[0].job, 3u);
  EXPECT_NEAR(static_cast<double>(t.ended[0].ns), 9'000, 1);
  EXPECT_EQ(t.ended[1].job, 1u);
  EXPECT_NEAR(static_cast<double>(t.ended[1].ns), 17'000, 2);
  EXPECT_EQ(t.ended[2].job, 2u);
  EXPECT_NEAR(static_cast<double>(t.ended[2].ns), 21'000, 2);
}

// Method: 2,000 jobs by drawn arrivals on 3 cores; an independent computation steps from change to change in doubles.
TEST(Cpu, EqualsProcessorSharingStepByStep) {
  Bench t({.cores = 3});
  const sim::Stream draws = t.component.stream("jobs");
  struct Open {
    double left;
    std::uint64_t job;
  };
  std::vector<Open> open;
  std::vector<std::pair<double, std::uint64_t>> expected;
  double now = 0;
  const auto run_to = [&](double until) {
    while (!open.empty()) {
      const double rate = std::min(1.0, 3.0 / static_cast<double>(open.size()));
      auto next = std::min_element(open.begin(), open.end(),
                                   [](const Open& a, const Open& b) { return a.left < b.left; });
      const double end = now + next->left / rate;
      const double to = std::min(end, until);
      for (Open& o : open) o.left -= (to - now) * rate;
      now = to;
      if (end > until) break;
      expected.emplace_back(end, next->job);
      open.erase(next);
    }
    now = until;
  };
  std::int64_t at = 0;
  std::int64_t work = 0;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    at += static_cast<std::int64_t>(draws.below(2 * i, 7'000));
    const auto cost = static_cast<std::int64_t>(draws.below(2 * i + 1, 20'000));
    work += cost;
    run_to(static_cast<double>(at));
    t.until(at);
    open.push_back({static_cast<double>(cost), i});
    t.run(sim::Duration{cost}, i);
  }
  run_to(1e12);
  t.sim.run_to_end();
  ASSERT_EQ(t.ended.size(), expected.size());
  std::sort(expected.begin(), expected.end(), [](auto& a, auto& b) { return a.second < b.second; });
  std::sort(t.ended.begin(), t.ended.end(), [](auto& a, auto& b) { return a.job < b.job; });
  for (std::size_t i = 0; i < expected.size(); ++i)
    ASSERT_NEAR(static_cast<double>(t.ended[i].ns), expected[i].first, 100) << "job " << i;
  EXPECT_NEAR(static_cast<double>(t.cpu.work_done().ns), static_cast<double>(work), 2'000);
  EXPECT_GT(t.cpu.contended(), 500u);
}

// Method: 4 hardware threads on 2 cores, +30 %: 2 threads run at full speed, 3 have 2.3 / 3, 4 have 2.6 / 4, 8 half of that.
TEST(Cpu, HyperthreadsAddLessThanCores) {
  const auto slowest = [](int threads) {
    Bench t({.cores = 4, .threads_per_core = 2, .smt_gain_percent = 30});
    for (int i = 0; i < threads; ++i) t.run(26_us, static_cast<std::uint64_t>(i));
    t.sim.run_to_end();
    return static_cast<double>(t.sim.now().ns);
  };
  EXPECT_EQ(slowest(2), 26'000);
  EXPECT_NEAR(slowest(3), 26'000 * 3 / 2.3, 3);
  EXPECT_NEAR(slowest(4), 40'000, 3);
  EXPECT_NEAR(slowest(8), 80'000, 5);
}

// Method: half a core of each 100 ms period, one thread: 50 ms of work a period, then silence.
TEST(Cpu, QuotaStopsEverybodyUntilThePeriodEnds) {
  Bench t({.cores = 2, .quota_percent = 50});
  t.run(120_ms, 1);
  t.until(60'000'000);
  EXPECT_TRUE(t.cpu.throttled());
  t.run(1_us, 2);  // waits for the next period, though a core is free
  t.sim.run_to_end();
  // 50 ms, then from 100 ms both run; job 2 ends at 100.001 ms, and 49.999 ms later job 1 has used what it left.
  ASSERT_EQ(t.ended.size(), 2u);
  EXPECT_EQ(t.ended[0], (Ended{100'001'000, 2}));
  EXPECT_EQ(t.ended[1].job, 1u);
  EXPECT_EQ(t.ended[1].ns, 220'001'000) << "50 + 49.999 + 20.001 ms of work in three periods";
  EXPECT_EQ(t.cpu.throttles(), 2u);
}

TEST(Cpu, QuotaAboveTheNeedChangesNothing) {
  Bench t({.cores = 2, .quota_percent = 100});
  t.run(250_ms, 1);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{250'000'000, 1}}));
}

// Method: each disturbance for the first 10 us of a job of 10 us on one of two cores.
TEST(Cpu, StealSlownessNeighboursAndLostCoresTakeTheirShare) {
  const auto end_with = [](const CpuConfig& config, void (*disturb)(Cpu&), void (*heal)(Cpu&)) {
    Bench t(config);
    if (disturb != nullptr) disturb(t.cpu);
    t.run(10_us, 1);
    t.run(10_us, 2);
    t.until(10'000);
    if (heal != nullptr) heal(t.cpu);
    t.sim.run_to_end();
    return t.ended.back().ns;
  };
  EXPECT_EQ(end_with({.cores = 2}, nullptr, nullptr), 10'000);
  EXPECT_NEAR(static_cast<double>(end_with({.cores = 2, .steal_percent = 50}, nullptr, nullptr)), 20'000, 1);
  // A quarter of the speed: 2.5 us done after 10 us, 7.5 us to go.
  EXPECT_EQ(end_with(
                {.cores = 2}, [](Cpu& c) { c.set_slow_factor(400); }, [](Cpu& c) { c.set_slow_factor(100); }),
            17'500);
  // Four threads on two cores: half a core each.
  EXPECT_EQ(end_with(
                {.cores = 2}, [](Cpu& c) { c.set_neighbours(2); }, [](Cpu& c) { c.set_neighbours(0); }),
            15'000);
  EXPECT_EQ(end_with(
                {.cores = 2}, [](Cpu& c) { c.set_lost_cores(1); }, [](Cpu& c) { c.set_lost_cores(0); }),
            15'000);
  EXPECT_EQ(end_with(
                {.cores = 2}, [](Cpu& c) { c.set_lost_cores(9); }, nullptr),
            20'000)
      << "one core is left";
}

// Method: two processes on one core; one is stopped at 4 us and goes on at 100 us. The other has the core meanwhile, and
// the first needs all the rest of its work afterwards.
TEST(Cpu, StoppedProcessGivesUpItsShareAndGoesOnWhereItWas) {
  Bench t({.cores = 1});
  sim::Process other(t.sim, "host/b/other");
  sim::Component its(other, "host/b/other/main");
  t.run(10_us, 1);
  t.cpu.run(its, 10_us, sim::bind<&Bench::done>(&t, 2));
  t.until(4'000);  // 2 us done of each
  t.process.pause();
  t.cpu.stop(t.process);
  t.until(100'000);
  EXPECT_EQ(t.ended, (std::vector<Ended>{{12'000, 2}}));
  t.process.resume();
  t.cpu.resume(t.process);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{12'000, 2}, {108'000, 1}}));
}

TEST(Cpu, DeadProcessLeavesTheCoreToOthers) {
  Bench t({.cores = 1});
  sim::Process other(t.sim, "host/b/other");
  sim::Component its(other, "host/b/other/main");
  const Cpu::Work dead = t.run(10_us, 1);
  t.cpu.run(its, 10_us, sim::bind<&Bench::done>(&t, 2));
  t.until(4'000);
  t.process.kill();
  t.cpu.forget(t.process);
  EXPECT_EQ(t.cpu.left(dead), 0_us);
  t.cpu.abandon(dead);  // harmless
  EXPECT_EQ(t.cpu.running(), 1);
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{12'000, 2}}));
}

sim::Task<void> compute(Bench* t, std::uint64_t job) {
  co_await t->cpu.work(t->component, 10_us);
  t->done(job);
}

TEST(Cpu, TasksComputeToo) {
  Bench t({.cores = 1});
  t.component.spawn(compute(&t, 1));
  t.component.spawn(compute(&t, 2));
  t.sim.run_to_end();
  EXPECT_EQ(t.ended, (std::vector<Ended>{{20'000, 1}, {20'000, 2}}));
  t.component.spawn(compute(&t, 3));
  t.until(21'000);
  EXPECT_EQ(t.cpu.running(), 1);
  t.process.kill();
  t.sim.run_to_end();
  EXPECT_EQ(t.cpu.running(), 0) << "the frame gave the core back";
}

}  // namespace
}  // namespace brokersim::compute
