// Goal: TCP as its closed forms have it: slow start, idle restart, buffers, loss, timeouts; exact simulated times.
// Method: 1 GB/s cards (1 ns a byte), 60 us one way, so a round trip is 120 us and one full segment 1,538 ns.
#include <gtest/gtest.h>

#include "models/devices/network/congestion.h"
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

// Method: a message is lost, and what the probe sends again two round trips later as well. The next message is there, and
// its acknowledgement tells the sender, 200 ms before the timer would (RFC 8985, RACK).
TEST(Tcp, LostRetransmissionIsMissedByWhatCameAfterIt) {
  Cluster t(TcpConfig{});
  const ConnectionId connection = t.open(t.a, t.b);
  Impairment all;
  all.loss_ppm = 1'000'000;
  const ImpairmentId id = t.network.impair(t.a.host, t.b.host, all);
  t.a.send(connection, 910, 1);
  t.run_until_ns(kMs + 300'000);
  EXPECT_EQ(t.network.exposure(id).lost, 2) << "at 1.001 ms, and at 1.242 ms again";
  t.network.lift(id);
  t.a.send(connection, 910, 2);
  t.run_until_ns(kS);
  const std::int64_t known = kMs + 300'000 + 1'000 + kRound;  // the second message's acknowledgement
  EXPECT_EQ(t.b.heard, (Log{{known + 61'000, "1: 910 B"}, {known + 61'000, "2: 910 B"}}));
  EXPECT_EQ(t.network.traffic(t.a.host).timeouts, 0);
  EXPECT_EQ(t.network.window(connection).in_flight, 0);
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

struct Overrun {
  std::int64_t took_ns = 0;
  std::int64_t dropped = 0;
  std::int64_t timeouts = 0;
};

/// `senders` with cards of `card` bytes a second send `bytes` each to one card of 1 Gb/s behind a port of `buffer`.
Overrun overrun(int senders, std::int64_t card, std::int64_t bytes, std::int64_t buffer) {
  sim::Simulation sim(1);
  LatencyConfig near = kLatency;
  near.same_zone = sim::Duration{100'000};
  Network network(sim, near, TcpConfig{});
  NicConfig slow{sim::BytesPerSecond{125'000'000}};
  slow.port_buffer = sim::Bytes{buffer};
  Node sink(sim, network, network.add_host("sink", "a", slow), "sink");
  sink.listen(kPort);
  std::vector<std::unique_ptr<Node>> all;
  std::vector<ConnectionId> connections;
  for (int i = 0; i < senders; ++i) {
    const std::string name = "s" + std::to_string(i);
    all.push_back(std::make_unique<Node>(
        sim, network, network.add_host(name, "a", NicConfig{sim::BytesPerSecond{card}}), name));
    connections.push_back(all.back()->connect(sink, kPort));
  }
  sim.run_until(sim::SimTime{kMs});
  sink.heard.clear();
  for (std::size_t i = 0; i < all.size(); ++i) all[i]->send(connections[i], bytes, 1);
  sim.run_to_end();
  EXPECT_EQ(sink.heard.size(), all.size());
  Overrun result;
  result.took_ns = sink.heard.back().ns - kMs;
  result.dropped = network.traffic(sink.host).dropped_at_port;
  for (const auto& node : all) result.timeouts += network.traffic(node->host).timeouts;
  return result;
}

// Goal: a port that slow start overflows costs a little, not a timer's 200 ms, while few send; with many it does (incast, as
// Phanishayee et al., FAST 2008, measured with ports of 64 kB and units of 256 kB: line rate for two or three senders, less
// than a third from eight on). Method: their set-up, and a fast card into a slow one.
TEST(Tcp, FewSendersOverflowAPortWithoutATimeout) {
  for (const int senders : {2, 3}) {
    const Overrun few = overrun(senders, 125'000'000, 256'000, 64'000);
    const std::int64_t ideal = senders * wire(256'000) * 8;
    EXPECT_GT(few.dropped, 0);
    EXPECT_EQ(few.timeouts, 0) << senders;
    EXPECT_LT(few.took_ns, ideal + ideal / 5) << senders;
  }
  const Overrun one = overrun(1, 1'250'000'000, 1'000'000, 256'000);
  EXPECT_GT(one.dropped, 0);
  EXPECT_EQ(one.timeouts, 0);
  EXPECT_LT(one.took_ns, 10 * kMs) << "8.5 ms on the slow card";
  const Overrun many = overrun(16, 125'000'000, 256'000, 64'000);
  EXPECT_GT(many.timeouts, 0);
  EXPECT_GT(many.took_ns, 3 * 16 * wire(256'000) * 8) << "incast";
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
