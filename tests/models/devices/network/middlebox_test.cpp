// Goal: what connections go through beside loss: handshakes of TLS and SASL, full backlogs, resets, forgotten connections,
// ports, black holes, delays and caps; exact times.
// Method: 1 GB/s cards (1 ns a byte), 60 us one way.
#include <gtest/gtest.h>

#include "models/devices/network/wire.h"
#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;
using Log = std::vector<Heard>;

constexpr std::int64_t kRound = 120'000;

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

}  // namespace
}  // namespace brokersim::network
