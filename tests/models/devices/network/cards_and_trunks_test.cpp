// Goal: what a card, a trunk and the way do to bytes: bursts, limits of one connection, shared capacity, jitter; exact times.
// Method: 1 GB/s cards (1 ns a byte), 60 us one way.
#include <gtest/gtest.h>

#include "models/devices/network/line.h"
#include "models/devices/network/topology.h"
#include "models/devices/network/wire.h"
#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;

std::int64_t wire(std::int64_t payload) { return wire_bytes(sim::Bytes{payload}).n; }

// Method: burst at 2 B/ns with 1 MB of tokens, 1 B/ns sustained: 2 MB go at the burst rate, the rest at the other.
TEST(Line, BurstLastsAsLongAsTheBucket) {
  Line line(sim::BytesPerSecond{1'000'000'000}, sim::BytesPerSecond{2'000'000'000}, sim::Bytes{1'000'000});
  EXPECT_EQ(line.move(sim::SimTime{0}, sim::Bytes{2'000'000}), 1_ms);
  EXPECT_EQ(line.move(sim::SimTime{1'000'000}, sim::Bytes{1'000'000}), 1_ms) << "the bucket is empty";
  EXPECT_EQ(line.move(sim::SimTime{12'000'000}, sim::Bytes{2'000'000}), 1_ms)
      << "10 ms refill it to the brim";
  line.slow_to(50);
  EXPECT_EQ(line.move(sim::SimTime{50'000'000}, sim::Bytes{1'000'000}), 2_ms) << "no bursts under a fault";
  line.slow_to(100);
  EXPECT_EQ(line.move(sim::SimTime{60'000'000}, sim::Bytes{2'000'000}), 1_ms);
}

// Method: 5 Gb/s for one connection on a card of 8: a second connection gets the rest.
TEST(Card, OneConnectionIsLimitedTwoAreNot) {
  for (const int flows : {1, 2}) {
    sim::Simulation sim(1);
    Network network(sim, kLatency, kWide);
    NicConfig nic = kGigabyteNic;
    nic.flow_limit = sim::BytesPerSecond{625'000'000};
    Node a(sim, network, network.add_host("a", "a", nic), "a");
    Node b(sim, network, network.add_host("b", "a", nic), "b");
    b.listen(kPort);
    std::vector<ConnectionId> connections;
    for (int i = 0; i < flows; ++i) connections.push_back(a.connect(b, kPort));
    sim.run_until(sim::SimTime{kMs});
    for (const ConnectionId id : connections) a.send(id, 50'000'000, 1);
    sim.run_to_end();
    const double seconds = static_cast<double>(b.heard.back().ns - kMs) / 1e9;
    const double rate = flows * static_cast<double>(wire(50'000'000)) / seconds;
    EXPECT_NEAR(rate, flows == 1 ? 625e6 : 1e9, 1e7);
  }
}

// Method: two pairs of hosts in zones joined by a trunk of half a card's rate share it; its delay is the trunk's own.
TEST(Trunk, IsSharedAndHasItsOwnDelay) {
  sim::Simulation sim(1);
  TrunkConfig trunk;
  trunk.from = "x";
  trunk.to = "y";
  trunk.latency = 1_ms;
  trunk.bandwidth = sim::BytesPerSecond{500'000'000};
  trunk.buffer = sim::Bytes{0};
  Network network(sim, kLatency, kWide, {trunk});
  Node a(sim, network, network.add_host("a", "x", kGigabyteNic), "a");
  Node b(sim, network, network.add_host("b", "y", kGigabyteNic), "b");
  Node c(sim, network, network.add_host("c", "x", kGigabyteNic), "c");
  Node d(sim, network, network.add_host("d", "y", kGigabyteNic), "d");
  b.listen(kPort);
  d.listen(kPort);
  EXPECT_EQ(network.latency(a.host, b.host), 1_ms);
  EXPECT_EQ(network.latency(a.host, c.host), 60_us);
  const ConnectionId first = a.connect(b, kPort);
  const ConnectionId second = c.connect(d, kPort);
  sim.run_until(sim::SimTime{10 * kMs});
  b.heard.clear();
  d.heard.clear();
  a.send(first, 10'000'000, 1);
  c.send(second, 10'000'000, 2);
  sim.run_to_end();
  const std::int64_t both = 2 * 2 * wire(10'000'000);
  EXPECT_NEAR(static_cast<double>(b.heard[0].ns - 10 * kMs), static_cast<double>(both + kMs), 3e5);
  EXPECT_NEAR(static_cast<double>(d.heard[0].ns - 10 * kMs), static_cast<double>(both + kMs), 3e5);
  ASSERT_EQ(network.trunks().size(), 2u);
  EXPECT_EQ(network.trunks()[0].bytes.n + network.trunks()[1].bytes.n, 2 * wire(10'000'000));
}

// Method: regions 40 ms apart by default, a trunk of 10 ms between two of them; racks nearer than zones.
TEST(Trunk, RegionsAndRacks) {
  LatencyConfig latency = kLatency;
  latency.same_rack = 20_us;
  latency.cross_region = 40_ms;
  TrunkConfig near;
  near.level = TrunkConfig::Level::region;
  near.from = "eu";
  near.to = "uk";
  near.latency = 10_ms;
  Topology topology(latency, {near});
  const HostId a = topology.add_host(Place{"eu", "a", "1"});
  const HostId b = topology.add_host(Place{"eu", "a", "1"});
  const HostId c = topology.add_host(Place{"eu", "a", "2"});
  const HostId d = topology.add_host(Place{"eu", "b", "1"});
  const HostId e = topology.add_host(Place{"uk", "a", "1"});
  const HostId f = topology.add_host(Place{"us", "a", ""});
  EXPECT_EQ(topology.latency(a, b), 20_us);
  EXPECT_EQ(topology.latency(a, c), 60_us);
  EXPECT_EQ(topology.latency(a, d), 350_us);
  EXPECT_EQ(topology.latency(a, e), 10_ms);
  EXPECT_EQ(topology.latency(e, a), 10_ms);
  EXPECT_EQ(topology.latency(f, a), 40_ms);
  EXPECT_EQ(topology.latency(f, e), 40_ms);
}

// Method: half of 60 us is fixed, half lognormal with sigma 0.3; the order within a connection is kept.
TEST(Jitter, SpreadsTheWayAndKeepsTheOrder) {
  sim::Simulation sim(1);
  LatencyConfig latency = kLatency;
  latency.jitter_permille = 300;
  Network network(sim, latency);
  Node a(sim, network, network.add_host("a", "a", kGigabyteNic), "a");
  Node b(sim, network, network.add_host("b", "a", kGigabyteNic), "b");
  b.listen(kPort);
  const ConnectionId connection = a.connect(b, kPort);
  sim.run_until(sim::SimTime{kMs});
  b.heard.clear();
  std::vector<std::int64_t> ways;
  for (int i = 0; i < 2'000; ++i) {
    const std::int64_t sent = sim.now().ns;
    a.send(connection, 10, i);
    sim.run_until(sim.now() + 1_ms);
    ASSERT_EQ(b.heard.size(), static_cast<std::size_t>(i + 1));
    ways.push_back(b.heard.back().ns - sent - 100);
  }
  std::sort(ways.begin(), ways.end());
  EXPECT_GT(ways.front(), 30'000) << "never less than the fixed half";
  EXPECT_NEAR(static_cast<double>(ways[1'000]), 60'000, 1'000);
  EXPECT_NEAR(static_cast<double>(ways[1'682]), 30'000 + 30'000 * 1.3499, 2'000) << "84 %: one sigma";
  b.heard.clear();
  for (int i = 0; i < 200; ++i) a.send(connection, 10, i);
  sim.run_to_end();
  for (int i = 0; i < 200; ++i) EXPECT_EQ(std::stoi(b.heard[static_cast<std::size_t>(i)].what), i);
}

}  // namespace
}  // namespace brokersim::network
