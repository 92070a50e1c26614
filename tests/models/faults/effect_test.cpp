// Goal: every kind of fault visibly changes the machines it hits, and they are as before once it has healed.
// Method: small machines that beat every 100 ms, ping each other and write to disk (rig.h); exact simulated times.
#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;
using Lines = std::vector<std::string>;

Lines lives_of(const Rig& rig, const std::string& host) {
  Lines lines;
  for (const std::string& line : rig.diary.lives) {
    if (line.find(" " + host + " ") != std::string::npos) lines.push_back(line);
  }
  return lines;
}

TEST(FaultEffect, KilledProcessIsSilentUntilItsRestartAndKeepsThePageCache) {
  Rig rig({fault(kill_process, 2_s, leader(), 1500_ms)});
  rig.run(1999_ms);
  EXPECT_FALSE(rig.realised().requested);
  EXPECT_EQ(rig.realised().target, "leader of orders/0") << "nobody is found before it fires";
  const sim::Bytes before = rig.host("b-1").file_system().size(*rig.host("b-1").file_system().find("data"));
  rig.run(2_s);
  EXPECT_FALSE(rig.running("b-1"));
  EXPECT_EQ(rig.host("b-1").power(), host::Power::on);
  EXPECT_EQ(rig.host("b-1").file_system().size(*rig.host("b-1").file_system().find("data")), before);
  rig.run(6_s);
  EXPECT_EQ(lives_of(rig, "b-1"), (Lines{"0 b-1 start 1", "3500000000 b-1 start 2"}));
  EXPECT_EQ(rig.beats("b-1", 1_s, 2_s), 10);
  EXPECT_EQ(rig.beats("b-1", 2_s, 3500_ms), 0);
  EXPECT_EQ(rig.beats("b-1", 4_s, 5_s), 10);
  EXPECT_EQ(rig.beats("b-0", 2_s, 3_s), 10) << "nobody else is hit";
  const RealisedFault realised = rig.realised();
  EXPECT_EQ(realised.target, "broker 1 on host b-1 (leader of orders/0)");
  EXPECT_TRUE(realised.requested);
  EXPECT_TRUE(realised.fired);
  EXPECT_TRUE(realised.had_effect);
  EXPECT_EQ(realised.healed_at, sim::SimTime{} + 3500_ms);
}

TEST(FaultEffect, KilledProcessWithoutRestartStaysDown) {
  Rig rig({fault(kill_process, 2_s, broker(0))});
  rig.run(60_s);
  EXPECT_EQ(lives_of(rig, "b-0"), (Lines{"0 b-0 start 1"}));
  EXPECT_EQ(rig.realised().healed_at, std::nullopt);
  ASSERT_EQ(rig.log.events.size(), 1u);
}

TEST(FaultEffect, ControlledShutdownLetsTheProcessEndAndCountsFromTheSignal) {
  Rig rig({fault(controlled_shutdown, 2_s, broker(2), 1_s)});
  rig.run(5_s);
  EXPECT_EQ(lives_of(rig, "b-2"), (Lines{"0 b-2 start 1", "2000000000 b-2 SIGTERM 1", "2050000000 b-2 exit 1",
                                         "3000000000 b-2 start 2"}));
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_EQ(rig.realised().healed_at, sim::SimTime{} + 3_s);
}

// The process needs 2.33 s to leave, but is to be restarted after 1 s: tried every 100 ms until it has gone.
TEST(FaultEffect, ControlledShutdownThatTakesLongIsWaitedFor) {
  Rig rig({fault(controlled_shutdown, 2_s, broker(2), 1_s)});
  rig.diary.exit_delay = 2330_ms;
  rig.run(6_s);
  EXPECT_EQ(lives_of(rig, "b-2"), (Lines{"0 b-2 start 1", "2000000000 b-2 SIGTERM 1", "4330000000 b-2 exit 1",
                                         "4400000000 b-2 start 2"}));
  EXPECT_EQ(rig.realised().healed_at, sim::SimTime{} + 4400_ms);
}

// Nothing has been synced, so a power loss leaves nothing, where a kill leaves everything.
TEST(FaultEffect, PowerLossOfADomainTakesEveryHostAndItsPageCache) {
  Rig rig({fault(power_loss, 2_s, some(Target::By::power_domain, "left"), 5_s)});
  rig.run(1_s);
  storage::FileSystem& fs = rig.host("b-0").file_system();
  static_cast<void>(fs.append(fs.create("unsynced"), {4'096}, {}));
  rig.run(2_s);
  EXPECT_EQ(rig.host("b-0").power(), host::Power::off);
  EXPECT_EQ(rig.host("b-1").power(), host::Power::off);
  EXPECT_EQ(rig.host("b-2").power(), host::Power::on);
  const auto file = fs.find("unsynced");
  EXPECT_TRUE(!file || fs.size(*file) == sim::Bytes{0}) << "what nobody synced in a second is gone";
  EXPECT_TRUE(fs.find("data").has_value()) << "what was synced is there";
  rig.run(12_s);
  EXPECT_EQ(rig.power.lines,
            (Lines{"2000 b-0 power lost", "2000 b-1 power lost", "10000 b-0 booted", "10000 b-1 booted"}));
  EXPECT_EQ(rig.beats("b-1", 2_s, 10_s), 0);
  EXPECT_EQ(rig.beats("b-1", 11_s, 12_s), 10);
  EXPECT_EQ(rig.realised().target, "hosts b-0, b-1 (power domain left)");
  EXPECT_EQ(rig.realised().healed_at, sim::SimTime{} + 7_s) << "mains are back; the boot follows";
}

TEST(FaultEffect, KernelPanicIsNotAPowerLoss) {
  Rig rig({fault(kernel_panic, 2_s, leader(), 1_s)});
  rig.run(7_s);
  EXPECT_EQ(rig.power.lines, (Lines{"2000 b-1 panicked", "6000 b-1 booted"}));
  EXPECT_EQ(rig.beats("b-1", 2_s, 6_s), 0);
  EXPECT_EQ(rig.beats("b-1", 6_s, 7_s), 10);
  EXPECT_TRUE(rig.realised().had_effect);
}

TEST(FaultEffect, PausedProcessStandsStillAndGoesOnInTheSameLife) {
  Rig rig({fault(pause_process, 2050_ms, broker(0), 3_s)});
  rig.run(3_s);
  EXPECT_TRUE(rig.host("b-0").is_paused("broker"));
  rig.run(7_s);
  EXPECT_EQ(rig.beats("b-0", 2050_ms, 5050_ms), 0);
  EXPECT_EQ(rig.beats("b-0", 5050_ms, 6050_ms), 10);
  EXPECT_EQ(rig.host("b-0").incarnation("broker"), 1u);
  EXPECT_EQ(rig.power.lines, (Lines{"2050 b-0 paused", "5050 b-0 resumed"}));
}

FaultConfig partition_of(std::vector<Target> from, std::vector<Target> to, PartitionShape shape) {
  FaultConfig config = fault(partition, 3_s, from.front(), 4_s);
  config.targets = std::move(from);
  config.others = std::move(to);
  config.shape = shape;
  return config;
}

// A jam, then delivery: what was sent meanwhile arrives after healing, in order, by TCP's retransmission.
TEST(FaultEffect, FullPartitionStopsBothWaysAndDeliversLater) {
  Rig rig({partition_of({leader()}, {}, PartitionShape::full)});
  rig.run(15_s);
  EXPECT_EQ(rig.realised().target, "broker 1 on host b-1 (leader of orders/0) <-> everybody else");
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_EQ(rig.realised().healed_at, sim::SimTime{} + 7_s);
  for (const std::string other : {"b-0", "b-2", "c-0", "w-0"}) {
    EXPECT_GE(rig.heard(other, "b-1", 2_s, 3_s), 9) << other;
    EXPECT_EQ(rig.heard(other, "b-1", 3001_ms, 7_s), 0) << other;
    EXPECT_EQ(rig.heard("b-1", other, 3001_ms, 7_s), 0) << other;
    EXPECT_EQ(rig.heard(other, "b-1", 1_s, 15_s), 140) << other << ": nothing is lost on an open connection";
  }
  EXPECT_EQ(rig.heard("b-0", "b-2", 4_s, 6_s), 20) << "the others go on";
}

// TCP needs its acknowledgements: what goes the other way is heard until the sender's timer fires 200 ms after the
// first ping that nobody acknowledged, so three pings of 100 ms; then that direction stands still as well.
TEST(FaultEffect, OneWayPartitionsStopOneWayAtOnceTheOtherByTheTimer) {
  Rig out({partition_of({broker(1)}, {broker(2)}, PartitionShape::one_way)});
  out.run(6_s);
  EXPECT_EQ(out.realised().target, "broker 1 on host b-1 -> broker 2 on host b-2");
  EXPECT_EQ(out.heard("b-1", "b-2", 3001_ms, 6_s), 0);
  EXPECT_EQ(out.heard("b-2", "b-1", 3_s, 3300_ms), 3);
  EXPECT_EQ(out.heard("b-2", "b-1", 3300_ms, 6_s), 0);
  EXPECT_EQ(out.heard("b-1", "b-0", 3_s, 6_s), 30);

  Rig in({partition_of({broker(1)}, {}, PartitionShape::one_way_in)});
  in.run(15_s);
  EXPECT_EQ(in.realised().target, "broker 1 on host b-1 <- everybody else");
  EXPECT_EQ(in.heard("b-1", "b-2", 3_s, 7_s), 3);
  EXPECT_EQ(in.heard("b-2", "b-1", 3001_ms, 7_s), 0);
  EXPECT_EQ(in.heard("w-0", "b-1", 3001_ms, 7_s), 0);
  EXPECT_EQ(in.heard("b-1", "b-2", 1_s, 15_s), 140) << "nothing is lost on an open connection";
}

// N2: the leader cannot see one follower; both see the controller and the rest.
TEST(FaultEffect, PartialPartitionLeavesTheBridge) {
  Rig rig({partition_of({leader()}, {follower()}, PartitionShape::full)});
  rig.run(6_s);
  const bool hit_0 = rig.realised().target.ends_with(" <-> broker 0 on host b-0 (follower of orders/0)");
  const bool hit_2 = rig.realised().target.ends_with(" <-> broker 2 on host b-2 (follower of orders/0)");
  ASSERT_TRUE(hit_0 != hit_2) << rig.realised().target;
  const std::string hit = hit_0 ? "b-0" : "b-2";
  const std::string spared = hit_0 ? "b-2" : "b-0";
  EXPECT_EQ(rig.heard("b-1", hit, 3001_ms, 6_s), 0);
  EXPECT_EQ(rig.heard(hit, "b-1", 3001_ms, 6_s), 0);
  EXPECT_EQ(rig.heard("b-1", spared, 3_s, 6_s), 30);
  EXPECT_EQ(rig.heard(hit, spared, 3_s, 6_s), 30);
  EXPECT_EQ(rig.heard(hit, "c-0", 3_s, 6_s), 30);
}

// Both disks of b-1 take 10,000 times as long, so that a write of 20 us takes longer than a beat.
TEST(FaultEffect, SlowDiskServesSlowlyAndCountsItsRequests) {
  FaultConfig slow = fault(slow_disk, 4_s, host_named("b-1"), 4_s);
  slow.factor_percent = 1'000'000;
  Rig rig({slow});
  const auto synced = [&] {
    return rig.host("b-1").disk(0).counters().flushes + rig.host("b-1").disk(0).counters().writes;
  };
  rig.run(4_s);
  const std::int64_t before = synced();
  EXPECT_EQ(rig.realised().effects, 0) << "nothing was served slowly yet";
  EXPECT_FALSE(rig.realised().had_effect);
  rig.run(8_s);
  const std::int64_t meanwhile = synced() - before;
  EXPECT_EQ(rig.realised().effects, meanwhile);
  EXPECT_TRUE(rig.realised().had_effect);
  rig.run(12_s);
  const std::int64_t after = synced() - before - meanwhile;
  EXPECT_GT(meanwhile, 0);
  EXPECT_LT(meanwhile * 2, after) << "healthy again";
  EXPECT_EQ(rig.realised().effects, meanwhile) << "counted until it healed";
  ASSERT_EQ(rig.log.events.size(), 2u);
  EXPECT_EQ(rig.log.events[1].effects, meanwhile);
}

// The record: one entry when it fires, one when it heals, with the index of the list and the words of the results.
TEST(FaultEffect, HistoryHoldsBothEnds) {
  Rig rig({fault(power_loss, 2_s, broker(2), 1_s), fault(pause_process, 1_s, controller(), 500_ms)});
  rig.run(5_s);
  ASSERT_EQ(rig.log.events.size(), 4u);
  const auto expect = [&](std::size_t i, sim::Duration at, std::int32_t index, const char* kind,
                          const char* target, bool healed) {
    const history::FaultFired& event = rig.log.events[i];
    EXPECT_EQ(event.at, sim::SimTime{} + at);
    EXPECT_EQ(event.fault, index);
    EXPECT_EQ(event.kind, kind);
    EXPECT_EQ(event.target, target);
    EXPECT_TRUE(event.fired);
    EXPECT_EQ(event.healed, healed);
    EXPECT_EQ(event.effects, -1);
  };
  expect(0, 1_s, 1, "pause_process", "controller on host c-0", false);
  expect(1, 1500_ms, 1, "pause_process", "controller on host c-0", true);
  expect(2, 2_s, 0, "power_loss", "broker 2 on host b-2", false);
  expect(3, 3_s, 0, "power_loss", "broker 2 on host b-2", true);
}

}  // namespace
}  // namespace brokersim::faults::test
