// Goal: a cut path jams and then delivers: held, in order, at TCP's retransmission times; nothing is lost or told.
#include <gtest/gtest.h>

#include "models/devices/network/wire.h"
#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;
using Log = std::vector<Heard>;

// Method: the first held message leaves at 1 s + 0, so TCP tries at 1.2, 1.6, 2.4, 4.0 s ...; healed at 2.5 s.
TEST(Cut, HeldMessagesArriveInOrderAtTheNextRetransmission) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.a.host, t.b.host);
  EXPECT_FALSE(t.network.reachable(t.a.host, t.b.host));
  t.run_until_ns(1 * kS);
  t.a.send(connection, 910, 1);
  t.run_until_ns(2 * kS);
  t.a.send(connection, 910, 2);
  t.run_until_ns(2'500 * kMs);
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(3 * kS);
  t.a.send(connection, 910, 3);  // still behind the held ones
  EXPECT_TRUE(t.b.heard.empty());
  t.run_until_ns(10 * kS);
  EXPECT_EQ(
      t.b.heard,
      (Log{{4 * kS + 61'000, "1: 910 B"}, {4 * kS + 182'000, "2: 910 B"}, {4 * kS + 183'000, "3: 910 B"}}))
      << "after a timeout the window is one segment: the others wait for its acknowledgement";
  t.a.send(connection, 910, 4);
  t.run_until_ns(11 * kS);
  EXPECT_EQ(t.b.heard.back(), (Heard{10 * kS + 61'000, "4: 910 B"}))
      << "afterwards the path is as fast as ever";
  EXPECT_TRUE(t.a.heard.empty());
}

TEST(Cut, OneWayCutStopsOneDirectionOnly) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.a.host, t.b.host);
  EXPECT_TRUE(t.network.is_cut(t.a.host, t.b.host));
  EXPECT_FALSE(t.network.is_cut(t.b.host, t.a.host));
  t.a.send(connection, 910, 1);
  t.b.send(t.b.accepted, 910, 2);
  t.run_until_ns(5 * kS);
  EXPECT_TRUE(t.b.heard.empty());
  EXPECT_EQ(t.a.heard, (Log{{kMs + 61'000, "2: 910 B"}}));
}

TEST(Cut, OtherPathsGoOn) {
  Cluster t;
  const ConnectionId from_a = t.open(t.a, t.b);
  const ConnectionId from_c = t.open(t.c, t.b);
  t.network.cut(t.a.host, t.b.host);
  t.a.send(from_a, 910, 1);
  t.c.send(from_c, 910, 2);
  t.run_until_ns(5 * kS);
  EXPECT_EQ(t.b.heard, (Log{{2 * kMs + 61'000, "2: 910 B"}}));
}

// Method: two partitions that share the pair; healing one is not enough. The retransmission at 1 ms + 1.4 s finds
// the path cut, the next is at 3.0 s.
TEST(Cut, PartitionsNest) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.a.host, t.b.host);
  t.network.cut(t.a.host, t.b.host);
  t.a.send(connection, 910, 1);
  t.run_until_ns(1 * kS);
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(2 * kS);
  EXPECT_TRUE(t.b.heard.empty());
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(10 * kS);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 3 * kS + 61'000, "1: 910 B"}}));
  EXPECT_THROW(t.network.heal(t.a.host, t.b.host), sim::Bug);
}

// Method: healed and cut again before the retransmission; the backoff goes on from the first loss.
TEST(Cut, CutAgainBeforeTheRetransmission) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.a.host, t.b.host);
  t.a.send(connection, 910, 1);
  t.run_until_ns(1 * kS);
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(1'100 * kMs);
  t.network.cut(t.a.host, t.b.host);
  t.run_until_ns(20 * kS);
  EXPECT_TRUE(t.b.heard.empty());
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(60 * kS);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 25'400 * kMs + 61'000, "1: 910 B"}}));
}

// Method: 200,000 B are three quanta and a bit, 1 ns a byte. A message wholly sent before the cut arrives. Cut while
// the second quantum is being sent: the first passes, the rest starts again 200 ms after the cut with a window of one
// segment: 1, 2, 4, 8, 16, 32 segments, a round trip of 120 us and one segment each, and the last 42,168 B.
TEST(Cut, WhatHasLeftTheCardPasses) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 910, 1);
  t.run_until_ns(kMs + 1'000);
  t.network.cut(t.a.host, t.b.host);
  t.run_until_ns(10 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 61'000, "1: 910 B"}}));
  t.network.heal(t.a.host, t.b.host);

  const std::int64_t last = wire_bytes(sim::Bytes{200'000 - kQuantumPayload - 63 * 1'448}).n;
  t.a.send(connection, 200'000, 2);
  const std::int64_t cut_at = 10 * kMs + kQuantumWire + 1'000;
  t.run_until_ns(cut_at);
  t.network.cut(t.a.host, t.b.host);
  t.run_until_ns(100 * kMs);
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(1 * kS);
  ASSERT_EQ(t.b.heard.size(), 2u);
  EXPECT_EQ(t.b.heard[1], (Heard{cut_at + 200 * kMs + 6 * (120'000 + 1'538) + last + 60'000, "2: 200000 B"}));
}

TEST(Cut, MessageStillOnTheCardIsHeld) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 910, 1);  // leaves at +1,000 ns
  t.run_until_ns(kMs + 999);
  t.network.cut(t.a.host, t.b.host);
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 999 + 200 * kMs + 61'000, "1: 910 B"}}));
}

TEST(Cut, GivesUpAfterFifteenMinutes) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.a.host, t.b.host);
  t.a.send(connection, 910, 1);
  t.run_until_ns(2'000 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 924'600 * kMs, "reset"}}));
  EXPECT_TRUE(t.b.heard.empty()) << "the other side is half open";
  t.network.heal(t.a.host, t.b.host);
  t.b.send(t.b.accepted, 910, 2);
  t.run_until_ns(2'001 * kS);
  EXPECT_EQ(t.b.heard, (Log{{2'000 * kS + 121'000, "reset"}})) << "a's kernel does not know the connection";
  EXPECT_EQ(t.network.connections(), 0u);
  EXPECT_EQ(t.sim.pending_events(), 0u);
}

// Method: both directions cut and both sides have sent; each gives up by its own clock, nobody hears the other.
TEST(Cut, BothSidesGiveUp) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.a.host, t.b.host);
  t.network.cut(t.b.host, t.a.host);
  t.a.send(connection, 910, 1);
  t.run_until_ns(1 * kS);
  t.b.send(t.b.accepted, 910, 2);
  t.run_until_ns(3'000 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 924'600 * kMs, "reset"}}));
  EXPECT_EQ(t.b.heard, (Log{{kS + 924'600 * kMs, "reset"}}));
  EXPECT_EQ(t.network.connections(), 0u);
  EXPECT_EQ(t.network.messages_in_flight(), 0u);
}

TEST(Cut, CloseIsHeldToo) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.network.cut(t.a.host, t.b.host);
  t.network.close(connection);
  t.run_until_ns(kMs + 300 * kMs);
  EXPECT_TRUE(t.b.heard.empty());
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 600 * kMs + 60'000, "closed by peer"}}));
  EXPECT_EQ(t.network.connections(), 0u);
}

}  // namespace
}  // namespace brokersim::network
