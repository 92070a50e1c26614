// Goal: faults that meet on one target nest, heal once, and are counted as what they did.
#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;
using Lines = std::vector<std::string>;

TEST(FaultOverlap, PartitionsNestPerPair) {
  FaultConfig from_all = fault(partition, 1_s, broker(1), 4_s, "from all");
  FaultConfig from_one = fault(partition, 2_s, broker(1), 5_s, "from one");
  from_one.others = {broker(0)};
  FaultConfig within = fault(partition, 3_s, broker(0), 1_s, "within");
  within.others = {broker(1)};
  Rig rig({from_all, from_one, within});
  rig.run(4500_ms);
  EXPECT_TRUE(rig.cut("b-0", "b-1")) << "two of three still hold it";
  rig.run(5_s);
  EXPECT_FALSE(rig.cut("b-2", "b-1"));
  EXPECT_TRUE(rig.cut("b-0", "b-1"));
  EXPECT_TRUE(rig.cut("b-1", "b-0"));
  rig.run(7_s);
  EXPECT_FALSE(rig.cut("b-0", "b-1"));
  EXPECT_TRUE(rig.realised(0).had_effect);
  EXPECT_FALSE(rig.realised(1).had_effect) << "both ways were cut already";
  EXPECT_FALSE(rig.realised(2).had_effect);
  EXPECT_EQ(rig.engine->fired(), 3);
  EXPECT_EQ(rig.engine->had_effect(), 1);
}

TEST(FaultOverlap, PausesNestAndTheLastOneResumes) {
  Rig rig({fault(pause_process, 1_s, broker(0), 2_s, "a"), fault(pause_process, 2_s, broker(0), 3_s, "b")});
  rig.run(10_s);
  EXPECT_EQ(rig.power.lines, (Lines{"1000 b-0 paused", "5000 b-0 resumed"}));
  EXPECT_EQ(rig.realised(0).healed_at, sim::SimTime{} + 3_s);
  EXPECT_TRUE(rig.realised(0).had_effect);
  EXPECT_FALSE(rig.realised(1).had_effect);
}

TEST(FaultOverlap, APauseEndsWithTheLifeItPaused) {
  Rig rig({fault(pause_process, 1_s, broker(0), 10_s, "pause"),
           fault(kill_process, 2_s, broker(0), 1_s, "kill"),
           fault(pause_process, 4_s, broker(0), 1_s, "second")});
  rig.run(12_s);
  EXPECT_EQ(rig.power.lines,
            (Lines{"1000 b-0 paused", "2000 b-0 killed", "4000 b-0 paused", "5000 b-0 resumed"}))
      << "the first pause does not hold the second life";
  EXPECT_EQ(rig.realised(0).healed_at, sim::SimTime{} + 11_s);
  EXPECT_TRUE(rig.realised(1).had_effect) << "a paused process can be killed";
  EXPECT_TRUE(rig.realised(2).had_effect);
}

TEST(FaultOverlap, MainsComeBackWhenTheLastFaultLetsGo) {
  Rig rig({fault(power_loss, 1_s, host_named("b-0"), 2_s, "host"),
           fault(power_loss, 2_s, some(Target::By::power_domain, "left"), 4_s, "domain"),
           fault(kernel_panic, 3_s, host_named("b-0"), 1_s, "panic")});
  rig.run(12_s);
  EXPECT_EQ(rig.power.lines,
            (Lines{"1000 b-0 power lost", "2000 b-1 power lost", "9000 b-0 booted", "9000 b-1 booted"}));
  EXPECT_TRUE(rig.realised(1).had_effect) << "b-1 was on";
  EXPECT_TRUE(rig.realised(2).fired);
  EXPECT_FALSE(rig.realised(2).had_effect) << "a host that is off cannot panic";
  EXPECT_EQ(rig.realised(2).healed_at, std::nullopt) << "so there is nothing to heal";
}

TEST(FaultOverlap, ALossOfMainsDuringTheBootStopsTheBoot) {
  Rig rig({fault(power_loss, 1_s, host_named("b-0"), 1_s, "first"),
           fault(power_loss, 4_s, host_named("b-0"), 1_s, "second")});
  rig.run(12_s);
  EXPECT_EQ(rig.power.lines, (Lines{"1000 b-0 power lost", "4000 b-0 power lost", "8000 b-0 booted"}));
  EXPECT_TRUE(rig.realised(1).had_effect);
}

TEST(FaultOverlap, SlowDisksDoNotMultiplyAndTheSlowestCounts) {
  FaultConfig slower = fault(slow_disk, 1_s, broker(0), 4_s, "slower");
  slower.factor_percent = 500'000;
  FaultConfig slow = fault(slow_disk, 2_s, broker(0), 6_s, "slow");
  slow.factor_percent = 5'000;
  Rig both({slower, slow});
  Rig alone({slower});
  Rig healthy({});
  const auto busy_in_a_second_to = [](Rig& rig, sim::Duration end) {
    rig.run(end - 1_s);
    const sim::Duration before = rig.host("b-0").disk().counters().busy;
    rig.run(end);
    return (rig.host("b-0").disk().counters().busy - before).ns;
  };
  EXPECT_EQ(busy_in_a_second_to(both, 4_s), busy_in_a_second_to(alone, 4_s))
      << "the weaker fault adds nothing";
  const std::int64_t normal = busy_in_a_second_to(healthy, 7_s);
  EXPECT_GT(busy_in_a_second_to(both, 7_s), 20 * normal) << "the weaker fault is still on";
  EXPECT_LT(busy_in_a_second_to(both, 10_s), 2 * normal);
  EXPECT_EQ(both.realised(0).healed_at, sim::SimTime{} + 5_s);
  EXPECT_EQ(both.realised(1).healed_at, sim::SimTime{} + 8_s);
}

TEST(FaultOverlap, KillsAndRestartsThatMeetAreHarmless) {
  Rig rig({fault(kill_process, 1_s, broker(0), 3_s, "kill"),
           fault(kill_process, 2_s, broker(0), 500_ms, "dead already"),
           fault(power_loss, 10_s, broker(1), 20_s, "power"),
           fault(kill_process, 12_s, broker(1), 1_s, "host is off"),
           fault(controlled_shutdown, 13_s, broker(1), 1_s, "host is off too"),
           fault(pause_process, 14_s, broker(1), 1_s, "nobody to pause")});
  rig.run(40_s);
  EXPECT_TRUE(rig.realised(0).had_effect);
  EXPECT_EQ(rig.realised(0).healed_at, sim::SimTime{} + 4_s) << "not at 2.5 s: that fault killed nobody";
  EXPECT_EQ(rig.host("b-0").incarnation("broker"), 2u);
  for (const std::size_t i : {1u, 3u, 4u, 5u}) {
    EXPECT_TRUE(rig.realised(i).fired) << rig.realised(i).name;
    EXPECT_FALSE(rig.realised(i).had_effect) << rig.realised(i).name;
    EXPECT_EQ(rig.realised(i).healed_at, std::nullopt) << rig.realised(i).name;
  }
  EXPECT_EQ(rig.host("b-1").incarnation("broker"), 2u);
  EXPECT_EQ(rig.engine->had_effect(), 2);
}

// Killed at 1 s, due back at 3 s; the mains go at 2 s and the boot ends at 8 s and starts the process itself.
TEST(FaultOverlap, ARestartThatIsDueOnADarkHostWaitsForTheBoot) {
  Rig rig(
      {fault(kill_process, 1_s, broker(0), 2_s, "kill"), fault(power_loss, 2_s, broker(0), 3_s, "power")});
  rig.run(10_s);
  EXPECT_EQ(rig.host("b-0").incarnation("broker"), 2u) << "started once, by the boot";
  EXPECT_EQ(rig.realised(0).healed_at, sim::SimTime{} + 8_s);
  EXPECT_EQ(rig.realised(1).healed_at, sim::SimTime{} + 5_s);
}

// The restart of the first death must not shorten the second.
TEST(FaultOverlap, ARestartBelongsToItsOwnDeath) {
  Rig rig({fault(kill_process, 1_s, broker(0), 9_s, "first"), fault(power_loss, 2_s, broker(0), 1_s, "power"),
           fault(kill_process, 8_s, broker(0), 4_s, "second")});
  rig.run(20_s);
  EXPECT_EQ(rig.beats("b-0", 6_s, 8_s), 20) << "booted at 6 s";
  EXPECT_EQ(rig.beats("b-0", 8_s, 12_s), 0) << "not back at 10 s";
  EXPECT_EQ(rig.beats("b-0", 12_s, 13_s), 10);
  EXPECT_EQ(rig.host("b-0").incarnation("broker"), 3u);
}

TEST(FaultOverlap, ASecondSigtermToTheSameLifeIsNotSent) {
  Rig rig({fault(controlled_shutdown, 1_s, broker(0), 3_s, "first"),
           fault(controlled_shutdown, 2_s, broker(0), 9_s, "second"),
           fault(kill_process, 3_s, broker(0), 500_ms, "kill")});
  rig.diary.exit_delay = 5_s;
  rig.run(20_s);
  EXPECT_TRUE(rig.realised(0).had_effect);
  EXPECT_FALSE(rig.realised(1).had_effect);
  EXPECT_TRUE(rig.realised(2).had_effect) << "a stubborn process is killed";
  EXPECT_EQ(rig.host("b-0").incarnation("broker"), 2u) << "started once, at 3.5 s";
  EXPECT_EQ(rig.beats("b-0", 3500_ms, 4500_ms), 10);
  EXPECT_EQ(rig.realised(0).healed_at, sim::SimTime{} + 4_s) << "found it started";
}

// Back to back: the first ends at the instant at which the second begins.
TEST(FaultOverlap, HealingComesBeforeFiringAtOneInstant) {
  Rig rig({fault(kill_process, 3_s, broker(0), 1_s, "second"),
           fault(kill_process, 1_s, broker(0), 2_s, "first")});
  rig.run(3_s);
  EXPECT_TRUE(rig.realised(0).had_effect) << "restarted at 3 s, killed at 3 s";
  EXPECT_EQ(rig.realised(1).healed_at, sim::SimTime{} + 3_s);
  rig.run(5_s);
  EXPECT_EQ(rig.host("b-0").incarnation("broker"), 3u);
}

TEST(FaultOverlap, OneInstantRunsInTheOrderOfTheList) {
  Rig kill_first(
      {fault(kill_process, 1_s, broker(0), 1_s, "kill"), fault(pause_process, 1_s, broker(0), 1_s, "pause")});
  kill_first.run(3_s);
  EXPECT_TRUE(kill_first.realised(0).had_effect);
  EXPECT_FALSE(kill_first.realised(1).had_effect);
  Rig pause_first(
      {fault(pause_process, 1_s, broker(0), 1_s, "pause"), fault(kill_process, 1_s, broker(0), 1_s, "kill")});
  pause_first.run(3_s);
  EXPECT_TRUE(pause_first.realised(0).had_effect);
  EXPECT_TRUE(pause_first.realised(1).had_effect);
  Rig at_once({fault(kill_process, 1_s, broker(0), 0_s, "kill")});
  at_once.run(2_s);
  EXPECT_EQ(at_once.host("b-0").incarnation("broker"), 2u) << "restart after nothing is a restart";
  Rig both(
      {fault(kill_process, 1_s, broker(0), 0_s, "kill"), fault(pause_process, 1_s, broker(0), 1_s, "pause")});
  both.run(2_s);
  EXPECT_FALSE(both.realised(1).had_effect) << "the restart comes after all that fires at its instant";
}

}  // namespace
}  // namespace brokersim::faults::test
