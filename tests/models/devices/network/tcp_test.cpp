// Goal: TCP as its closed forms have it: slow start, idle restart, buffers, loss, timeouts; exact simulated times.
// Method: 1 GB/s cards (1 ns a byte), 60 us one way, so a round trip is 120 us and one full segment 1,538 ns.
#include <gtest/gtest.h>

#include "models/devices/network/congestion.h"
#include "models/devices/network/line.h"
#include "models/devices/network/topology.h"
#include "models/devices/network/wire.h"
#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;
using Log = std::vector<Heard>;

constexpr std::int64_t kRound = 120'000;
constexpr std::int64_t kFull = 1'538;

std::int64_t wire(std::int64_t payload) { return wire_bytes(sim::Bytes{payload}).n; }

// Method: 10 segments go at once; the other 4 when the first one's acknowledgement is back.
TEST(Tcp, FirstWindowIsTenSegments) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 10 * 1'448, 1);
  t.run_until_ns(2 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 10 * kFull + 60'000, "1: 14480 B"}}));

  Cluster u(TcpConfig{});
  const ConnectionId second = u.open(u.a, u.b);
  u.a.send(second, 14 * 1'448, 1);
  u.run_until_ns(2 * kMs);
  EXPECT_EQ(u.b.heard, (Log{{kMs + kFull + kRound + 4 * kFull + 60'000, "1: 20272 B"}}));
}

// Method: rounds of 10, 20, 40 segments, then the rest of 8; each begins a round trip and a segment after the last.
TEST(Tcp, SlowStartDoublesEveryRound) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 78 * 1'448, 1);
  t.run_until_ns(5 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 3 * (kRound + kFull) + 8 * kFull + 60'000, "1: 112944 B"}}));
}

// Method: a request that fits the window costs one event; one of two windows three: its chunk, the wait, the arrival.
TEST(Tcp, EventsPerMessage) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  std::uint64_t events = t.sim.fingerprint().events();
  t.a.send(connection, 14'000, 1);
  t.run_until_ns(2 * kMs);
  EXPECT_EQ(t.sim.fingerprint().events() - events, 1u);
  Cluster u(TcpConfig{});
  const ConnectionId second = u.open(u.a, u.b);
  events = u.sim.fingerprint().events();
  u.a.send(second, 20'000, 1);
  u.run_until_ns(2 * kMs);
  EXPECT_EQ(u.sim.fingerprint().events() - events, 3u);
}

// Method: after 112,944 B the window is 80 segments or so; 300 ms of silence halve it once, to 40 at least; a second
// halves it to the initial 10. What is sent then takes more rounds.
TEST(Tcp, IdleConnectionsStartSlowlyAgain) {
  std::int64_t took[3] = {};
  int i = 0;
  for (const std::int64_t idle : {50 * kMs, 300 * kMs, 2 * kS}) {
    Cluster t(TcpConfig{});
    const ConnectionId connection = t.open(t.a, t.b);
    t.a.send(connection, 78 * 1'448, 1);
    t.run_until_ns(5 * kMs);
    t.run_until_ns(5 * kMs + idle);
    t.a.send(connection, 78 * 1'448, 2);
    t.run_until_ns(5 * kMs + idle + kS);
    ASSERT_EQ(t.b.heard.size(), 2u);
    took[i++] = t.b.heard[1].ns - 5 * kMs - idle;
  }
  EXPECT_EQ(took[0], wire(78 * 1'448) + 60'000) << "the whole window is there";
  EXPECT_GT(took[1], took[0]);
  EXPECT_GT(took[2], took[1]);
  EXPECT_EQ(took[2], 3 * (kRound + kFull) + 8 * kFull + 60'000) << "as on the first day";
}

// Method: 128 KiB of send buffer over 80 ms: a window each round trip, 1.6 MB/s however fast the link.
TEST(Tcp, SocketBufferLimitsARemoteTransfer) {
  sim::Simulation sim(1);
  LatencyConfig latency;
  latency.same_zone = 40_ms;
  latency.cross_zone = 40_ms;
  Network network(sim, latency);
  Node a(sim, network, network.add_host("a", "a", kGigabyteNic), "a");
  Node b(sim, network, network.add_host("b", "a", kGigabyteNic), "b");
  b.listen(kPort);
  SocketOptions options;
  options.send_buffer = sim::Bytes{131'072};
  const ConnectionId connection = network.connect(a.host, a.component, a, b.host, kPort, 10_s, options);
  sim.run_until(sim::SimTime{} + 1_s);
  a.send(connection, 50'000'000, 1);
  sim.run_until(sim::SimTime{} + 100_s);
  ASSERT_EQ(b.heard.size(), 2u);
  const double seconds = static_cast<double>(b.heard[1].ns - kS) / 1e9;
  EXPECT_NEAR(50.0 / seconds, 131'072 / 0.08 / 1e6, 0.03);
  EXPECT_EQ(network.window(connection).maximum, 131'072);
}

// Method: a paused process with a receive buffer of 64 KiB; a megabyte waits at the sender, and goes on afterwards.
TEST(Tcp, PausedReaderFillsItsBuffer) {
  sim::Simulation sim(1);
  Network network(sim, kLatency);
  Node a(sim, network, network.add_host("a", "a", kGigabyteNic), "a");
  Node b(sim, network, network.add_host("b", "a", kGigabyteNic), "b");
  SocketOptions options;
  options.receive_buffer = sim::Bytes{65'536};
  network.listen(b.host, kPort, b.component, b, options);
  const ConnectionId connection = a.connect(b, kPort);
  sim.run_until(sim::SimTime{kMs});
  b.process.pause();
  for (int i = 1; i <= 100; ++i) a.send(connection, 10'000, i);
  sim.run_until(sim::SimTime{kS});
  EXPECT_EQ(network.traffic(a.host).bytes_out, sim::Bytes{60'000}) << "six messages fit";
  b.process.resume();
  sim.run_until(sim::SimTime{2 * kS});
  EXPECT_EQ(b.heard.size(), 101u);
}

/// One lost segment, the n-th that is sent.
TcpConfig losing(std::int64_t nth) {
  TcpConfig tcp;
  tcp.lose_every = nth;
  return tcp;
}

// Method: the 5th of 10 segments is lost. The acknowledgements behind it tell the sender when the first one's is back
// (that of the chunk); the segment comes again half a round trip later. The window is 0.7 of what it was.
TEST(Tcp, LostSegmentComesOneRoundTripLater) {
  Cluster t(losing(6));
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 10 * 1'448, 1);
  t.run_until_ns(100 * kMs);
  ASSERT_EQ(t.b.heard.size(), 1u);
  const std::int64_t found = kMs + kFull + kRound;
  EXPECT_EQ(t.b.heard[0].ns, found + kFull + 60'000);
  EXPECT_EQ(t.network.traffic(t.a.host).bytes_resent, sim::Bytes{1'448});
  EXPECT_EQ(t.network.traffic(t.a.host).timeouts, 0);
}

// Method: everything from a to b is lost until 1 ms later; with the probe it is noticed after two round trips, without
// by the timer after 200 ms.
TEST(Tcp, LostTailIsProbedOrWaitsForTheTimer) {
  for (const bool probe : {true, false}) {
    TcpConfig tcp;
    tcp.tail_loss_probe = probe;
    Cluster t(tcp);
    const ConnectionId connection = t.open(t.a, t.b);
    Impairment all;
    all.loss_ppm = 1'000'000;
    const ImpairmentId id = t.network.impair(t.a.host, t.b.host, all);
    t.a.send(connection, 910, 1);
    t.run_until_ns(kMs + 10'000);
    t.network.lift(id);
    t.run_until_ns(kS);
    ASSERT_EQ(t.b.heard.size(), 1u) << probe;
    const std::int64_t sent = kMs + 1'000;
    EXPECT_EQ(t.b.heard[0].ns, sent + (probe ? 2 * kRound : 200 * kMs) + 61'000) << probe;
    EXPECT_EQ(t.network.exposure(id).lost, 1);
    EXPECT_EQ(t.network.traffic(t.a.host).timeouts, probe ? 0 : 1);
  }
}

// Method: while all is lost each timeout doubles: probe, then 200 ms, 400 ms ... after it; in the end the 15 minutes.
TEST(Tcp, TotalLossGivesUpAtLast) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  Impairment all;
  all.loss_ppm = 1'000'000;
  static_cast<void>(t.network.impair(t.a.host, t.b.host, all));
  t.a.send(connection, 910, 1);
  t.run_until_ns(2'000 * kS);
  ASSERT_EQ(t.a.heard.size(), 1u);
  EXPECT_EQ(t.a.heard[0].what, "reset");
  EXPECT_GE(t.a.heard[0].ns, kGiveUp.ns);
  EXPECT_LE(t.a.heard[0].ns, kGiveUp.ns + kRtoMax.ns + kS);
  EXPECT_TRUE(t.b.heard.empty());
}

// Method: messages of all sizes at 5 % loss each way: all heard, in order, each once; and some were sent again.
TEST(Tcp, NothingIsLostOrSwappedUnderLoss) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  Impairment bad;
  bad.loss_ppm = 50'000;
  bad.duplicate_ppm = 50'000;
  bad.reorder_ppm = 50'000;
  const ImpairmentId there = t.network.impair(t.a.host, t.b.host, bad);
  static_cast<void>(t.network.impair(t.b.host, t.a.host, bad));
  t.b.reply_bytes = 3'000;
  const sim::Stream sizes = t.a.component.stream("sizes");
  std::int64_t sum = 0;
  for (int i = 1; i <= 300; ++i) {
    const auto size = static_cast<std::int64_t>(1 + sizes.below(static_cast<std::uint64_t>(i), 30'000));
    sum += size;
    t.a.send(connection, size, i);
    t.run_until_ns(t.sim.now().ns + 300'000);
  }
  t.sim.run_to_end();
  ASSERT_EQ(t.b.heard.size(), 300u);
  ASSERT_EQ(t.a.heard.size(), 300u);
  for (int i = 1; i <= 300; ++i) {
    EXPECT_EQ(std::stoi(t.b.heard[static_cast<std::size_t>(i - 1)].what), i);
    EXPECT_EQ(std::stoi(t.a.heard[static_cast<std::size_t>(i - 1)].what), -i);
  }
  EXPECT_EQ(t.network.traffic(t.b.host).bytes_in, sim::Bytes{sum});
  const Exposure& exposure = t.network.exposure(there);
  EXPECT_NEAR(static_cast<double>(exposure.lost) / (static_cast<double>(sum) / 1'448), 0.05, 0.02);
  EXPECT_GT(exposure.duplicated, 50);
  EXPECT_GT(exposure.delayed, 50);
  EXPECT_GT(t.network.traffic(t.a.host).bytes_resent.n, 50'000);
  EXPECT_EQ(t.network.window(connection).in_flight, 0);
  EXPECT_EQ(t.network.messages_in_flight(), 0u);
}

// Method: only acknowledgements from b are cut off. a's messages still come until its timer fires 200 ms after the
// first; then a stands still until healing and the next retransmission.
TEST(Tcp, CutWayBackStopsTheSenderAtItsTimer) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.b.host, t.a.host);
  t.a.send(connection, 910, 1);
  t.run_until_ns(100 * kMs);
  t.a.send(connection, 910, 2);
  t.run_until_ns(300 * kMs);
  t.a.send(connection, 910, 3);
  t.run_until_ns(kS);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 61'000, "1: 910 B"}, {100 * kMs + 61'000, "2: 910 B"}}));
  EXPECT_EQ(t.network.heal(t.b.host, t.a.host), 1) << "one flow stood still for it";
  t.run_until_ns(10 * kS);
  // First sent at 1.001 ms, so tried 0.2, 0.6, 1.4 s later.
  ASSERT_EQ(t.b.heard.size(), 3u);
  EXPECT_EQ(t.b.heard[2], (Heard{kMs + 1'000 + 1'400 * kMs + 61'000, "3: 910 B"}));
}

// Method: 20 senders of 64 KB into one port of 64 KB at a tenth of their rate. With a large buffer nothing is dropped.
TEST(Tcp, IncastOverflowsThePort) {
  for (const std::int64_t buffer : {64'000, 10'000'000}) {
    TcpConfig tcp;
    tcp.tail_loss_probe = false;
    sim::Simulation sim(1);
    Network network(sim, kLatency, tcp);
    NicConfig slow{sim::BytesPerSecond{100'000'000}};
    slow.port_buffer = sim::Bytes{buffer};
    Node sink(sim, network, network.add_host("sink", "a", slow), "sink");
    sink.listen(kPort);
    std::vector<std::unique_ptr<Node>> all;
    std::vector<ConnectionId> connections;
    for (int i = 0; i < 20; ++i) {
      const std::string name = "s" + std::to_string(i);
      all.push_back(std::make_unique<Node>(sim, network, network.add_host(name, "a", kGigabyteNic), name));
      connections.push_back(all.back()->connect(sink, kPort));
    }
    sim.run_until(sim::SimTime{kMs});
    sink.heard.clear();
    for (std::size_t i = 0; i < 20; ++i) all[i]->send(connections[i], 64'000, 1);
    sim.run_to_end();
    ASSERT_EQ(sink.heard.size(), 20u);
    const std::int64_t took = sink.heard.back().ns - kMs;
    const std::int64_t ideal = 20 * wire(64'000) * 10;
    if (buffer > 1'000'000) {
      EXPECT_EQ(network.traffic(sink.host).dropped_at_port, 0);
      EXPECT_LT(took, ideal + kMs);
    } else {
      EXPECT_GT(network.traffic(sink.host).dropped_at_port, 0);
      EXPECT_GT(took, ideal + 150 * kMs) << "at least one timeout of 200 ms";
    }
  }
}

// --- Cards and trunks ------------------------------------------------------------------------------------------

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

// --- Connections -----------------------------------------------------------------------------------------------

TEST(Handshake, TlsAndSaslTakeRoundTripsOfTheProcess) {
  Cluster t(TcpConfig{});
  SocketOptions options;
  options.handshake_round_trips = 3;
  static_cast<void>(t.network.connect(t.a.host, t.a.component, t.a, t.b.host, kPort, 10_s, options));
  t.run_until_ns(kS);
  EXPECT_EQ(t.a.heard, (Log{{4 * kRound, "connected"}}));
  // A process that stands still answers no ClientHello, though its kernel shakes hands.
  t.b.process.pause();
  t.a.heard.clear();
  static_cast<void>(t.network.connect(t.a.host, t.a.component, t.a, t.b.host, kPort, 10_s, options));
  t.run_until_ns(3 * kS);
  EXPECT_TRUE(t.a.heard.empty());
  t.b.process.resume();
  t.run_until_ns(4 * kS);
  EXPECT_EQ(t.a.heard, (Log{{3 * kS + 60'000 + 2 * kRound, "connected"}}));
}

// Method: 50 connections wait for a paused process, the 51st finds the backlog full and tries again a second later.
TEST(Handshake, BacklogOfAPausedProcessIsFull) {
  Cluster t(TcpConfig{});
  t.b.process.pause();
  for (int i = 0; i < 51; ++i) static_cast<void>(t.a.connect(t.b, kPort));
  t.run_until_ns(500 * kMs);
  EXPECT_EQ(t.a.heard.size(), 50u);
  t.b.process.resume();
  t.run_until_ns(2 * kS);
  EXPECT_EQ(t.a.heard.size(), 51u);
  EXPECT_EQ(t.a.heard.back(), (Heard{kS + kRound, "connected"}));
}

TEST(Middlebox, ResetReachesBothSides) {
  Cluster t(TcpConfig{});
  static_cast<void>(t.open(t.a, t.b));
  const ConnectionId other = t.open(t.c, t.b);
  EXPECT_EQ(t.network.reset_connections(t.a.host, t.b.host), 1);
  t.run_until_ns(10 * kMs);
  EXPECT_EQ(t.a.heard, (Log{{2 * kMs, "reset"}}));
  EXPECT_EQ(t.b.heard, (Log{{2 * kMs, "reset"}}));
  EXPECT_TRUE(t.network.is_open(other));
  EXPECT_EQ(t.network.connections(), 1u);
}

// Method: the state is forgotten: old connections fall silent both ways, for good; a new one works.
TEST(Middlebox, ForgottenConnectionsAreHalfOpen) {
  Cluster t(TcpConfig{});
  const ConnectionId old = t.open(t.a, t.b);
  const ConnectionId old_b = t.b.accepted;
  EXPECT_EQ(t.network.forget_connections(t.a.host, t.b.host), 1);
  t.a.send(old, 910, 1);
  t.b.send(old_b, 910, 2);
  t.run_until_ns(20 * kS);
  EXPECT_TRUE(t.a.heard.empty());
  EXPECT_TRUE(t.b.heard.empty());
  EXPECT_TRUE(t.network.is_open(old)) << "nobody was told";
  const ConnectionId fresh = t.open(t.a, t.b);
  t.a.send(fresh, 910, 3);
  t.run_until_ns(21 * kS);
  EXPECT_EQ(t.b.heard.size(), 1u);
  t.run_until_ns(2'000 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + kGiveUp.ns, "reset"}}));
}

TEST(Middlebox, PortsAreCutAlone) {
  Cluster t(TcpConfig{});
  t.b.listen(Port{1});
  const ConnectionId first = t.open(t.a, t.b);
  const ConnectionId second = t.a.connect(t.b, Port{1});
  t.run_until_ns(10 * kMs);
  t.b.heard.clear();
  t.network.cut(t.a.host, t.b.host, Port{1});
  t.a.send(first, 910, 1);
  t.a.send(second, 910, 2);
  t.run_until_ns(kS);
  EXPECT_EQ(t.b.heard, (Log{{10 * kMs + 61'000, "1: 910 B"}}));
  EXPECT_EQ(t.network.heal(t.a.host, t.b.host, Port{1}, /*at_once=*/true), 1);
  t.run_until_ns(2 * kS);
  EXPECT_EQ(t.b.heard.back(), (Heard{kS + 61'000, "2: 910 B"})) << "as from a queue that stood still";
}

// Method: small messages pass the black hole, a large one and all behind it do not.
TEST(Middlebox, BlackHoleTakesLargeMessagesOnly) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  Impairment hole;
  hole.mtu = 1'400;
  const ImpairmentId id = t.network.impair(t.a.host, t.b.host, hole);
  t.a.send(connection, 1'000, 1);
  t.a.send(connection, 5'000, 2);
  t.a.send(connection, 100, 3);
  t.run_until_ns(20 * kS);
  ASSERT_EQ(t.b.heard.size(), 1u);
  EXPECT_EQ(t.network.exposure(id).held, 1);
  t.network.lift(id);
  t.run_until_ns(60 * kS);
  EXPECT_EQ(t.b.heard.size(), 3u);
}

TEST(Impairments, DelayAndCapAddUpAndEnd) {
  Cluster t(kWide);
  const ConnectionId connection = t.open(t.a, t.b);
  Impairment slow;
  slow.delay = 5_ms;
  slow.bandwidth = sim::BytesPerSecond{100'000'000};
  const ImpairmentId first = t.network.impair(t.a.host, t.b.host, slow);
  slow.bandwidth = {0};
  const ImpairmentId second = t.network.impair(t.a.host, t.b.host, slow);
  t.a.send(connection, 910, 1);  // 10 us at 100 MB/s
  t.run_until_ns(100 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 10'000 + 60'000 + 10 * kMs, "1: 910 B"}}));
  t.network.lift(first);
  t.a.send(connection, 910, 2);
  t.run_until_ns(200 * kMs);
  EXPECT_EQ(t.b.heard.back(), (Heard{100 * kMs + 61'000 + 5 * kMs, "2: 910 B"}));
  t.network.lift(second);
  t.a.send(connection, 910, 3);
  t.run_until_ns(300 * kMs);
  EXPECT_EQ(t.b.heard.back(), (Heard{200 * kMs + 61'000, "3: 910 B"}));
  EXPECT_EQ(t.network.exposure(first).delayed, 1);
  EXPECT_EQ(t.network.exposure(second).delayed, 2);
}

// --- The window by itself --------------------------------------------------------------------------------------

TEST(Congestion, CubicReturnsToItsMaximumAfterK) {
  EXPECT_DOUBLE_EQ(cube_root(27.0), 3.0);
  EXPECT_DOUBLE_EQ(cube_root(1e-9), 1e-3);
  TcpConfig config;
  config.initial_window = 1'000;
  Congestion c;
  c.start(config, 1'000);
  c.on_loss();  // from 1,000 segments to 700
  EXPECT_EQ(c.window(), 700'000);
  // K = cbrt(1000 * 0.3 / 0.4) = 9.086 s; a window acknowledged every 100 ms.
  std::int64_t at_k = 0;
  for (int i = 0; i <= 91; ++i) {
    c.on_ack(c.window(), sim::SimTime{i * 100'000'000ll}, 100_ms, true);
    at_k = c.window();
  }
  EXPECT_NEAR(static_cast<double>(at_k), 1e6, 3e3);
}

TEST(Congestion, RenoGrowsASegmentPerRound) {
  TcpConfig config;
  config.congestion_control = CongestionControl::reno;
  config.initial_window = 100;
  Congestion c;
  c.start(config, 1'000);
  c.on_loss();
  EXPECT_EQ(c.window(), 50'000);
  for (int i = 0; i < 10; ++i) c.on_ack(c.window(), sim::SimTime{i}, 100_ms, true);
  EXPECT_NEAR(static_cast<double>(c.window()), 60'000, 20);
  c.on_ack(50'000, sim::SimTime{100}, 100_ms, /*limited=*/false);
  EXPECT_NEAR(static_cast<double>(c.window()), 60'000, 20) << "nobody needed more";
  c.on_timeout();
  EXPECT_EQ(c.window(), 1'000);
  EXPECT_TRUE(c.slow_start());
}

}  // namespace
}  // namespace brokersim::network
