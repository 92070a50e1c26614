// Goal: routes are the cheapest, exact to the nanosecond, and never depend on iteration order.
#include <gtest/gtest.h>

#include "models/devices/network/topology.h"
#include "models/devices/network/wire.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;

// Method: odd delays, so that halving an edge would lose a nanosecond.
TEST(Topology, DelaysAreExactlyTheConfiguredOnes) {
  Topology topology({.loopback = 7_ns, .same_zone = 61'001_ns, .cross_zone = 350'004_ns});
  const HostId a = topology.add_host("x");
  const HostId b = topology.add_host("x");
  const HostId c = topology.add_host("y");
  EXPECT_EQ(topology.latency(a, a), 7_ns);
  EXPECT_EQ(topology.latency(a, b), 61'001_ns);
  EXPECT_EQ(topology.latency(b, a), 61'001_ns);
  EXPECT_EQ(topology.latency(a, c), 350'004_ns);
  EXPECT_EQ(topology.latency(c, b), 350'004_ns);
  const HostId d = topology.add_host("y");
  EXPECT_EQ(topology.latency(d, c), 61'001_ns) << "a host added later is in the table";
}

TEST(Topology, RouteGoesOverSwitches) {
  Topology topology(LatencyConfig{});
  const HostId a = topology.add_host("x");  // switch x is node 0, the region's router 1, a is node 2
  const HostId b = topology.add_host("x");  // node 3
  const HostId c = topology.add_host("y");  // switch y is node 4, c is node 5
  EXPECT_EQ(topology.route(a, b), (std::vector<NodeId>{{2}, {0}, {3}}));
  EXPECT_EQ(topology.route(a, c), (std::vector<NodeId>{{2}, {0}, {4}, {5}}));
}

// Method: two cables of 10 us + 10 us over hosts of the same cost, made in both orders.
TEST(Topology, TiesGoThroughTheLowestNode) {
  for (const bool reversed : {false, true}) {
    Topology topology({.loopback = 0_ns, .same_zone = 60_us, .cross_zone = 350_us});
    const HostId from = topology.add_host("x");    // node 2
    const HostId first = topology.add_host("x");   // node 3
    const HostId second = topology.add_host("x");  // node 4
    const HostId to = topology.add_host("x");      // node 5
    for (const HostId via : reversed ? std::vector{second, first} : std::vector{first, second}) {
      topology.add_link(from, via, 10_us);
      topology.add_link(via, to, 10_us);
    }
    EXPECT_EQ(topology.latency(from, to), 20_us);
    EXPECT_EQ(topology.latency(to, from), 60_us) << "the cables are one-way";
    EXPECT_EQ(topology.route(from, to), (std::vector<NodeId>{{2}, {3}, {5}}));
    topology.add_link(from, to, 20_us);
    EXPECT_EQ(topology.route(from, to), (std::vector<NodeId>{{2}, {5}})) << "equal delay: fewer hops";
  }
}

// Method: device-models.md 4.1: 1 MB on 10 GbE with MTU 1500 takes 0.850 ms, 94.15 % of the line.
TEST(Wire, HeadersCostSixPercent) {
  EXPECT_EQ(wire_bytes(sim::Bytes{1}), sim::Bytes{91});
  EXPECT_EQ(wire_bytes(sim::Bytes{1'448}), sim::Bytes{1'538});
  EXPECT_EQ(wire_bytes(sim::Bytes{1'449}), sim::Bytes{1'629});
  const sim::Duration megabyte = sim::transfer_time(wire_bytes(sim::Bytes{1'000'000}), {1'250'000'000});
  EXPECT_EQ(megabyte, 849'752_ns);
}

// Method: the doubling series by hand: 0.2, 0.6, 1.4, ... and the cap of 120 s between later ones.
TEST(Wire, RetransmissionsDouble) {
  const sim::SimTime sent = sim::SimTime{} + 5_s;
  EXPECT_EQ(next_retransmission(sent, sent), sent + 200_ms);
  EXPECT_EQ(next_retransmission(sent, sent + 200_ms), sent + 200_ms) << "a heal at that instant is in time";
  EXPECT_EQ(next_retransmission(sent, sent + 200'000'001_ns), sent + 600_ms);
  EXPECT_EQ(next_retransmission(sent, sent + 1_s), sent + 1'400_ms);
  EXPECT_EQ(next_retransmission(sent, sent + 45_s), sent + 51'000_ms);
  EXPECT_EQ(next_retransmission(sent, sent + 110_s), sent + 204'600_ms);
  EXPECT_EQ(next_retransmission(sent, sent + 205_s), sent + 324'600_ms) << "from here every 120 s";
  EXPECT_EQ(syn_delay(0), 0_s);
  EXPECT_EQ(syn_delay(3), 7_s);
  EXPECT_EQ(syn_delay(kSynRetries), 63_s);
}

}  // namespace
}  // namespace brokersim::network
