// Goal: faults of processors, clocks and threads visibly change what they hit, count what they touched and heal.
// Method: the small machines of rig.h; work is given to their processors by hand.
#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;

FaultConfig lasting(FaultKind kind, sim::Duration at, Target target, sim::Duration lasts) {
  FaultConfig config = fault(kind, at, std::move(target));
  config.restart_after.reset();
  config.lasts = lasts;
  config.name = std::string("fault-") + std::to_string(static_cast<int>(kind)) + "-" + std::to_string(at.ns);
  return config;
}

struct Worker {
  Rig& rig;
  std::vector<std::int64_t> ends;
  void work(const std::string& host, sim::Duration cost) {
    rig.host(host).cpu().run(rig.component, cost, sim::bind<&Worker::done>(this));
  }
  void done() { ends.push_back(rig.sim.now().ns); }
};

// Method: 100 ms of work at 1 s on a host that is four times slower from 1.05 s to 1.25 s: 50 + 200 (50 done) ms.
TEST(CpuFault, SlowCpuStretchesTheWorkUnderWay) {
  FaultConfig slow = lasting(slow_cpu, 1050_ms, broker(1), 200_ms);
  slow.factor_percent = 400;
  Rig rig({slow});
  Worker worker{rig, {}};
  rig.run(1_s);
  worker.work("b-1", 100_ms);
  worker.work("b-0", 100_ms);
  rig.run(1100_ms);
  worker.work("b-1", 0_ms);
  rig.run(2_s);
  EXPECT_EQ(worker.ends, (std::vector<std::int64_t>{1'100'000'000, 1'100'000'000, 1'250'000'000}));
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_EQ(rig.realised().effects, 1) << "one job was begun meanwhile";
  EXPECT_EQ(rig.realised().healed_at, sim::SimTime{} + 1250_ms);
}

TEST(CpuFault, OnAnIdleHostItHasNoEffect) {
  FaultConfig slow = lasting(slow_cpu, 1_s, broker(1), 1_s);
  Rig rig({slow});
  rig.run(3_s);
  EXPECT_TRUE(rig.realised().fired);
  EXPECT_FALSE(rig.realised().had_effect);
}

// Method: 8 cores. 24 neighbours leave one thread 8/25 of a core: 1 ms takes 3.125 ms. Two such faults add up.
TEST(CpuFault, NeighboursTakeTheirShareAndAddUp) {
  FaultConfig one = lasting(noisy_neighbour, 1_s, broker(0), 4_s);
  one.numbers["threads"] = 7;
  FaultConfig two = lasting(noisy_neighbour, 2_s, broker(0), 2_s);
  two.numbers["threads"] = 17;
  Rig rig({one, two});
  Worker worker{rig, {}};
  rig.run(1500_ms);
  worker.work("b-0", 1_ms);  // 8 threads on 8 cores
  rig.run(1900_ms);
  EXPECT_FALSE(rig.realised(0).had_effect) << "nobody had less than a core";
  rig.run(2500_ms);
  worker.work("b-0", 1_ms);
  rig.run(4500_ms);
  worker.work("b-0", 1_ms);
  rig.run(6_s);
  ASSERT_EQ(worker.ends.size(), 3u);
  EXPECT_EQ(worker.ends[0], 1'501'000'000);
  EXPECT_NEAR(static_cast<double>(worker.ends[1]), 2'503'125'000, 10);
  EXPECT_EQ(worker.ends[2], 4'501'000'000) << "the second has gone, the first alone leaves a whole core";
  EXPECT_TRUE(rig.realised(0).had_effect);
  EXPECT_TRUE(rig.realised(1).had_effect);
}

// Method: of 8 cores 6 are lost; 4 threads share 2.
TEST(CpuFault, LostCoresAreMissed) {
  FaultConfig lost = lasting(lost_cores, 1_s, host_named("b-2"), 1_s);
  lost.numbers["cores"] = 6;
  Rig rig({lost});
  Worker worker{rig, {}};
  rig.run(1500_ms);
  for (int i = 0; i < 4; ++i) worker.work("b-2", 1_ms);
  rig.run(3_s);
  EXPECT_EQ(worker.ends, (std::vector<std::int64_t>(4, 1'502'000'000)));
  EXPECT_TRUE(rig.realised().had_effect);
}

// Three deaths, 1 s apart from start to death, 500 ms down each time.
TEST(CrashLoop, KillsAndStartsAsOftenAsAsked) {
  FaultConfig loop = fault(crash_loop, 2_s, broker(1));
  loop.numbers = {{"times", 3}, {"down_for", 500'000'000}, {"up_for", 1'000'000'000}};
  Rig rig({loop});
  rig.run(10_s);
  std::vector<std::string> starts;
  for (const std::string& line : rig.diary.lives) {
    if (line.find("b-1 start") != std::string::npos) starts.push_back(line);
  }
  EXPECT_EQ(starts, (std::vector<std::string>{"0 b-1 start 1", "2500000000 b-1 start 2",
                                              "4000000000 b-1 start 3", "5500000000 b-1 start 4"}));
  EXPECT_EQ(rig.realised().effects, 3);
  EXPECT_TRUE(rig.realised().had_effect);
}

// The kernel is silent too, and afterwards everything goes on in the same life; a stopped clock is behind.
TEST(FrozenHost, IsSilentAndGoesOnWhereItWas) {
  FaultConfig freeze = lasting(frozen_host, 2_s, broker(1), 1_s);
  freeze.numbers["clock_stops"] = 1;
  Rig rig({freeze});
  rig.run(2500_ms);
  EXPECT_TRUE(rig.cut("b-0", "b-1"));
  EXPECT_TRUE(rig.cut("b-1", "c-0"));
  EXPECT_FALSE(rig.cut("b-0", "b-2"));
  rig.run(5_s);
  EXPECT_EQ(rig.beats("b-1", 2100_ms, 3_s), 0);
  EXPECT_EQ(rig.beats("b-1", 4_s, 5_s), 10);
  EXPECT_EQ(rig.host("b-1").incarnation("broker"), 1u);
  EXPECT_FALSE(rig.cut("b-0", "b-1"));
  EXPECT_EQ(rig.host("b-1").clock().error(rig.sim.now()), -1'000'000'000);
  EXPECT_TRUE(rig.realised().had_effect);
}

FaultConfig clock(FaultKind kind, sim::Duration at, sim::Duration lasts, const std::string& direction,
                  const std::string& correction) {
  FaultConfig config = lasting(kind, at, host_named("w-0"), lasts);
  config.texts = {{"direction", direction}, {"correction", correction}};
  return config;
}

TEST(ClockFault, StepIsSeenByWhoReadsTheClockAndIsCorrected) {
  FaultConfig step = clock(clock_step, 1_s, 2_s, "back", "step");
  step.numbers["offset"] = 7'200'000'000'000;
  Rig rig({step});
  rig.run(2_s);
  EXPECT_FALSE(rig.realised().had_effect) << "nobody has looked";
  EXPECT_EQ(rig.host("w-0").clock().read(rig.sim.now()), -7'200'000'000'000);
  EXPECT_EQ(rig.host("b-0").clock().read(rig.sim.now()), 0);
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_EQ(rig.realised().effects, 1);
  rig.run(4_s);
  EXPECT_EQ(rig.host("w-0").clock().read(rig.sim.now()), 0);
  EXPECT_EQ(rig.realised().effects, 1);
}

// 100 ppm for 10 s are 1 ms; slewed at 500 ppm that takes 2 s.
TEST(ClockFault, DriftGrowsAndIsSlewedAway) {
  FaultConfig drift = clock(clock_drift, 1_s, 10_s, "forward", "slew");
  drift.numbers["ppm"] = 100;
  Rig rig({drift});
  rig.run(6_s);
  EXPECT_EQ(rig.host("w-0").clock().read(rig.sim.now()), 500'000);
  rig.run(12_s);
  EXPECT_EQ(rig.host("w-0").clock().read(rig.sim.now()), 500'000) << "half is worn off";
  rig.run(14_s);
  EXPECT_EQ(rig.host("w-0").clock().read(rig.sim.now()), 0);
}

// Timers fast by a tenth: 11 beats where others make 10. What was under way at the change ends as it was.
TEST(ClockFault, DriftMakesTimersFast) {
  FaultConfig drift = clock(clock_drift, 1_s, 10_s, "forward", "step");
  drift.targets = {broker(1)};
  drift.numbers["ppm"] = 100'000;
  Rig rig({drift});
  rig.run(15_s);
  EXPECT_EQ(rig.beats("b-1", 2_s, 4_s), 22);
  EXPECT_EQ(rig.beats("b-0", 2_s, 4_s), 20);
  EXPECT_EQ(rig.beats("b-1", 12_s, 14_s), 20);
}

TEST(ClockFault, StrobeJumpsToAndFro) {
  FaultConfig strobe = clock(clock_strobe, 1_s, 3500_ms, "forward", "step");
  strobe.numbers = {{"offset", 60'000'000'000}, {"period", 1'000'000'000}};
  Rig rig({strobe});
  std::vector<std::int64_t> seconds;
  for (int i = 0; i < 6; ++i) {
    rig.run(sim::Duration{500'000'000 + i * 1'000'000'000ll});
    seconds.push_back(rig.host("w-0").clock().read(rig.sim.now()) / 1'000'000'000);
  }
  EXPECT_EQ(seconds, (std::vector<std::int64_t>{0, 60, 0, 60, 0, 0}));
  EXPECT_TRUE(rig.realised().had_effect);
}

}  // namespace
}  // namespace brokersim::faults::test
