// Goal: every network fault visibly changes what machines hear, counts it, and is gone once healed.
// Method: the small machines of rig.h ping each other every 100 ms; the first seconds are whole, then the fault comes.
#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;

FaultConfig between(FaultKind kind, sim::Duration at, Target from, Target to,
                    std::optional<sim::Duration> lasts = {}) {
  FaultConfig config = fault(kind, at, std::move(from));
  config.others = {std::move(to)};
  config.lasts = lasts;
  config.restart_after = {};
  return config;
}

TEST(NetworkFault, PartitionCountsWhatItHeld) {
  Rig rig({between(partition, 2_s, broker(0), broker(1), 2_s)});
  rig.run(10_s);
  EXPECT_EQ(rig.heard("b-0", "b-1", 2500_ms, 4_s), 0);
  EXPECT_GE(rig.realised().effects, 2) << "a flow each way";
  EXPECT_EQ(rig.heard("b-0", "b-1", 0_s, 10_s), rig.heard("b-0", "b-2", 0_s, 10_s)) << "all came later";
}

TEST(NetworkFault, PartitionOfAnotherPortChangesNothing) {
  FaultConfig config = between(partition, 2_s, broker(0), broker(1), 2_s);
  config.texts["port"] = "controllers";
  Rig rig({config});
  rig.run(10_s);
  EXPECT_EQ(rig.heard("b-0", "b-1", 2_s, 4_s), 20);
  EXPECT_EQ(rig.realised().effects, 0);
}

// Method: clogged from 2 to 4 s: everything held comes at 4 s, not at TCP's next try.
TEST(NetworkFault, ClogDeliversAtOnceWhenItEnds) {
  FaultConfig config = between(partition, 2_s, broker(0), broker(1), 2_s);
  config.texts["then"] = "at_once";
  Rig rig({config});
  rig.run(10_s);
  EXPECT_EQ(rig.heard("b-0", "b-1", 2010_ms, 4_s), 0);
  EXPECT_GE(rig.heard("b-0", "b-1", 4_s, 4010_ms), 19);
}

// Method: 1 s down, 1 s up for 6 s; TCP's backoff makes the silences longer than the outages.
TEST(NetworkFault, FlappingLinkComesAndGoes) {
  FaultConfig config = between(flapping_link, 2_s, broker(0), broker(1), 6_s);
  config.numbers["down"] = 1'000'000'000;
  config.numbers["up"] = 1'000'000'000;
  Rig rig({config});
  rig.run(2500_ms);
  EXPECT_TRUE(rig.cut("b-0", "b-1"));
  rig.run(3500_ms);
  EXPECT_FALSE(rig.cut("b-0", "b-1"));
  rig.run(4500_ms);
  EXPECT_TRUE(rig.cut("b-0", "b-1"));
  rig.run(20_s);
  EXPECT_FALSE(rig.cut("b-0", "b-1"));
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_GE(rig.realised().effects, 4);
  EXPECT_EQ(rig.heard("b-0", "b-1", 12_s, 13_s), 10) << "whole again";
}

TEST(NetworkFault, NicDownCutsFromEverybody) {
  FaultConfig config = fault(nic_down, 2_s, some(Target::By::host_group, "b"));
  config.lasts = 3_s;
  Rig rig({config});
  rig.run(3_s);
  for (const char* other : {"b-1", "b-2", "c-0", "w-0"}) {
    EXPECT_TRUE(rig.cut("b-0", other)) << other;
    EXPECT_TRUE(rig.cut(other, "b-0")) << other;
  }
  EXPECT_FALSE(rig.cut("c-0", "w-0"));
  rig.run(20_s);
  EXPECT_EQ(rig.heard("b-0", "b-1", 12_s, 13_s), 10);
  EXPECT_TRUE(rig.realised().had_effect);
}

TEST(NetworkFault, PacketLossDelaysButLosesNothing) {
  FaultConfig config = between(packet_loss, 2_s, broker(0), broker(1), 8_s);
  config.numbers["loss_ppm"] = 200'000;
  config.numbers["corrupt_ppm"] = 100'000;
  Rig rig({config});
  rig.run(30_s);
  // The other path heard the same pings, each at once.
  EXPECT_EQ(rig.heard("b-0", "b-1", 0_s, 20_s), rig.heard("b-0", "b-2", 0_s, 20_s));
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_NEAR(static_cast<double>(rig.realised().effects), 2 * 80 * 0.3, 40) << "80 pings each way";
  EXPECT_NE(rig.diary.heard[std::make_pair("b-0", "b-1")], rig.diary.heard[std::make_pair("b-0", "b-2")]);
}

TEST(NetworkFault, LossWithoutTrafficHasNoEffect) {
  FaultConfig config = between(packet_loss, 2_s, broker(0), broker(1), 8_s);
  config.numbers["loss_ppm"] = 1;
  Rig rig({config});
  rig.run(20_s);
  EXPECT_TRUE(rig.realised().fired);
  EXPECT_FALSE(rig.realised().had_effect);
}

TEST(NetworkFault, DelayShiftsEveryPing) {
  FaultConfig config = between(network_delay, 2_s, broker(0), broker(1), 4_s);
  config.numbers["delay"] = 50'000'000;
  Rig rig({config});
  rig.run(10_s);
  EXPECT_EQ(rig.heard("b-0", "b-1", 3_s, 3050_ms), 0);
  EXPECT_EQ(rig.heard("b-0", "b-1", 3050_ms, 3060_ms), 1);
  EXPECT_EQ(rig.heard("b-0", "b-1", 8_s, 8010_ms), 1) << "healed";
  EXPECT_EQ(rig.realised().effects, 80) << "40 pings each way";
}

TEST(NetworkFault, BandwidthCapSlowsThePair) {
  FaultConfig config = between(bandwidth_cap, 2_s, broker(0), broker(1), 4_s);
  config.numbers["bandwidth"] = 1'000;  // a ping of 190 B on the wire takes 190 ms
  Rig rig({config});
  rig.run(4_s);
  EXPECT_LE(rig.heard("b-0", "b-1", 3_s, 4_s), 6);
  EXPECT_EQ(rig.heard("b-0", "b-2", 3_s, 4_s), 10);
  rig.run(20_s);
  EXPECT_TRUE(rig.realised().had_effect);
}

TEST(NetworkFault, BlackHoleHoldsOnlyLargeMessages) {
  FaultConfig small = between(mtu_black_hole, 2_s, broker(0), broker(1), 4_s);
  small.numbers["mtu"] = 1'400;
  Rig whole({small});
  whole.run(10_s);
  EXPECT_EQ(whole.heard("b-0", "b-1", 2_s, 6_s), 40) << "pings are small";
  EXPECT_FALSE(whole.realised().had_effect);
  small.numbers["mtu"] = 100;
  Rig held({small});
  held.run(20_s);
  EXPECT_EQ(held.heard("b-0", "b-1", 2010_ms, 6_s), 0);
  EXPECT_TRUE(held.realised().had_effect);
}

TEST(NetworkFault, ResetsAreHeardAndMadeGood) {
  Rig rig({between(reset_connections, 2050_ms, broker(0), some(Target::By::host_group, "b"))});
  rig.run(10_s);
  EXPECT_EQ(rig.realised().effects, 4) << "one connection each way with b-1 and with b-2";
  EXPECT_EQ(rig.heard("b-0", "b-1", 3_s, 4_s), 10) << "connected anew at the next ping";
  EXPECT_LT(rig.heard("b-0", "b-1", 2_s, 3_s), 10);
  EXPECT_EQ(rig.realised().healed_at, std::nullopt);
}

TEST(NetworkFault, ForgottenConnectionsAreSilentForGood) {
  Rig rig({between(forget_connections, 2050_ms, broker(0), broker(1))});
  rig.run(60_s);
  EXPECT_EQ(rig.realised().effects, 2);
  EXPECT_EQ(rig.heard("b-0", "b-1", 2100_ms, 60_s), 0) << "nobody tells a pinger that its peer is gone";
  EXPECT_EQ(rig.heard("b-0", "b-2", 3_s, 4_s), 10);
}

// Method: b-1 is killed and back at once; with its door shut nobody gets a connection until 8 s.
TEST(NetworkFault, RefusedConnectionsComeBackAfterwards) {
  for (const char* how : {"refuse", "drop"}) {
    FaultConfig config = fault(refuse_connections, 2_s, broker(1));
    config.lasts = 6_s;
    config.texts["how"] = how;
    Rig rig({config, fault(kill_process, 3_s, broker(1), 10_ms)});
    rig.run(20_s);
    EXPECT_EQ(rig.heard("b-0", "b-1", 3100_ms, 8_s), 0) << how;
    EXPECT_EQ(rig.heard("b-1", "b-0", 4_s, 5_s), 10) << "it can call others";
    EXPECT_EQ(rig.heard("b-0", "b-1", 11_s, 12_s), 10) << how;
    EXPECT_TRUE(rig.realised(0).had_effect);
    EXPECT_GE(rig.realised(0).effects, 4);
  }
}

TEST(NetworkFault, SlowNicsSlowestCounts) {
  FaultConfig tenth = fault(slow_nic, 2_s, broker(0));
  tenth.lasts = 4_s;
  tenth.numbers["percent"] = 10;
  FaultConfig half = fault(slow_nic, 3_s, broker(0), {}, "half");
  half.lasts = 1_s;
  half.numbers["percent"] = 50;
  Rig rig({tenth, half});
  rig.run(1_s);
  const auto busy = [&] { return rig.network.traffic(rig.host("b-0").id()).egress_busy.ns; };
  const auto in_a_second = [&](sim::Duration until) {
    const std::int64_t before = busy();
    rig.run(until);
    return busy() - before;
  };
  const std::int64_t normal = in_a_second(1950_ms);
  rig.run(2100_ms);
  const double slow = static_cast<double>(in_a_second(2950_ms)) / 850 * 950;
  rig.run(3100_ms);
  const double both = static_cast<double>(in_a_second(3950_ms)) / 850 * 950;
  EXPECT_NEAR(slow / static_cast<double>(normal), 10, 1.5);
  EXPECT_NEAR(both / static_cast<double>(normal), 10, 1.5);
  rig.run(10_s);
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_GE(rig.realised().effects, 40 * 4);
}

}  // namespace
}  // namespace brokersim::faults::test
