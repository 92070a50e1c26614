// Goal: a dead process is a reset, a dead host is silence, a paused process is late. Nothing leaks.
#include <gtest/gtest.h>

#include "models/devices/network/wire.h"
#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;
using Log = std::vector<Heard>;

TEST(Death, KilledProcessResetsItsConnectionsAfterThePathLatency) {
  Cluster t;
  const ConnectionId near = t.open(t.a, t.b);
  const ConnectionId across = t.open(t.far, t.b);
  t.run_until_ns(10 * kMs);
  t.far.heard.clear();
  t.b.heard.clear();
  t.b.kill();
  EXPECT_TRUE(t.a.send(near, 10, 1)) << "the sender does not know yet";
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.a.heard, (Log{{10 * kMs + 60'000, "reset"}}));
  EXPECT_EQ(t.far.heard, (Log{{10 * kMs + 350'000, "reset"}}));
  EXPECT_FALSE(t.a.send(near, 10, 2));
  EXPECT_FALSE(t.network.is_open(across));
  EXPECT_TRUE(t.b.heard.empty());
  EXPECT_EQ(t.network.connections(), 0u);
}

// Method: the first answer has left the card when b dies, the second (200 kB) has not.
TEST(Death, WhatTheCardHasSentArrivesBeforeTheReset) {
  Cluster t;
  static_cast<void>(t.open(t.a, t.b));
  int alive = 0;
  t.b.send(t.b.accepted, 910, 1, &alive);
  t.b.send(t.b.accepted, 200'000, 2, &alive);
  t.run_until_ns(kMs + 100'000);
  t.b.kill();
  EXPECT_EQ(alive, 0) << "the first was delivered, the second is lost at once";
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 61'000, "1: 910 B"}, {kMs + 160'000, "reset"}}));
  EXPECT_EQ(t.sim.pending_events(), 0u);
}

TEST(Death, MessagesToADeadProcessAreFreed) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  int alive = 0;
  for (int i = 0; i < 5; ++i) t.a.send(connection, 50'000, i, &alive);
  EXPECT_EQ(alive, 5);
  t.run_until_ns(kMs + 130'000);  // one is delivered
  EXPECT_EQ(alive, 4);
  t.b.kill();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(t.network.messages_in_flight(), 1u) << "the reset";
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.network.messages_in_flight(), 0u);
}

TEST(Death, MessagesUnderWayAtTheEndAreFreed) {
  int alive = 0;
  {
    Cluster t;
    const ConnectionId connection = t.open(t.a, t.b);
    t.a.send(connection, 10, 1, &alive);
    t.a.send(connection, 500'000, 2, &alive);
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

TEST(Death, ProcessMayDieInItsOwnHandler) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.b.die_on = 2;
  for (int i = 1; i <= 3; ++i) t.a.send(connection, 910, i);
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 61'000, "1: 910 B"}, {kMs + 62'000, "2: 910 B"}}));
  EXPECT_EQ(t.a.heard, (Log{{kMs + 122'000, "reset"}}));
  EXPECT_EQ(t.network.connections(), 0u);
}

TEST(Death, CleanExitClosesAfterItsData) {
  Cluster t;
  static_cast<void>(t.open(t.a, t.b));
  t.b.send(t.b.accepted, 200'000, 1);
  t.b.process.kill();
  t.network.close_all_of(t.b.process, CloseReason::by_peer);
  t.run_until_ns(1 * kS);
  const std::int64_t in = kMs + wire_bytes(sim::Bytes{200'000}).n + 60'000;
  EXPECT_EQ(t.a.heard, (Log{{in, "1: 200000 B"}, {in, "closed by peer"}}));
}

TEST(Death, ResetIsHeldByACut) {
  Cluster t;
  static_cast<void>(t.open(t.a, t.b));
  t.network.cut(t.b.host, t.a.host);
  t.b.kill();
  t.run_until_ns(5 * kS);
  EXPECT_TRUE(t.a.heard.empty());
  t.network.heal(t.b.host, t.a.host);
  t.run_until_ns(10 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 6'200 * kMs + 60'000, "reset"}}));
}

// Method: b loses power at 10 ms. a's message at 20 ms is tried again at 20 ms + 0.2, 0.6, 1.4, 3.0 s ...; b is
// back at 2 s, so its kernel answers the try at 3.02 s with a reset, one round trip later.
TEST(Death, PowerLossIsSilenceUntilTheHostIsBack) {
  Cluster t;
  const ConnectionId talking = t.open(t.a, t.b);
  const ConnectionId idle = t.open(t.c, t.b);
  t.run_until_ns(10 * kMs);
  t.b.process.kill();
  t.network.host_down(t.b.host);
  EXPECT_FALSE(t.network.is_up(t.b.host));
  t.run_until_ns(20 * kMs);
  EXPECT_TRUE(t.a.send(talking, 910, 1));
  t.run_until_ns(2 * kS);
  t.network.host_up(t.b.host);
  t.run_until_ns(60 * kS);
  EXPECT_EQ(t.a.heard, (Log{{3'020 * kMs + 121'000, "reset"}}));
  EXPECT_TRUE(t.c.heard.empty()) << "who sends nothing learns nothing";
  EXPECT_TRUE(t.network.is_open(idle));
  t.c.send(idle, 910, 2);
  t.run_until_ns(61 * kS);
  EXPECT_EQ(t.c.heard, (Log{{60 * kS + 121'000, "reset"}}))
      << "the new kernel does not know the old connection";
  EXPECT_EQ(t.network.connections(), 0u);
}

// Method: the message is on the way when b goes down; its clock runs from when it was sent.
TEST(Death, MessageUnderWayToALostHostIsRetransmitted) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 910, 1);
  t.run_until_ns(kMs + 30'000);
  t.b.process.kill();
  t.network.host_down(t.b.host);
  t.run_until_ns(500 * kMs);
  t.network.host_up(t.b.host);
  t.run_until_ns(10 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 1'000 + 600 * kMs + 121'000, "reset"}}));
}

TEST(Death, HostThatStaysDownIsGivenUp) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.b.process.kill();
  t.network.host_down(t.b.host);
  t.a.send(connection, 910, 1);
  t.run_until_ns(1'000 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 924'600 * kMs, "reset"}}));
  EXPECT_EQ(t.network.connections(), 0u);
}

TEST(Death, PowerLossOfTheSenderKeepsWhatIsOnTheWay) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  int alive = 0;
  t.a.send(connection, 910, 1, &alive);
  t.a.send(connection, 910, 2, &alive);
  t.run_until_ns(kMs + 1'500);  // the first has left, the second has not
  t.a.process.kill();
  t.network.host_down(t.a.host);
  EXPECT_EQ(alive, 1);
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 61'000, "1: 910 B"}})) << "and no word of the end";
  EXPECT_TRUE(t.network.is_open(t.b.accepted));
}

TEST(Death, ReplyLostByACutIsAskedForAgain) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.b.process.kill();
  t.network.host_down(t.b.host);
  t.network.host_up(t.b.host);
  t.network.cut(t.b.host, t.a.host);  // the reset cannot come back
  t.a.send(connection, 910, 1);
  t.run_until_ns(1 * kS);
  EXPECT_TRUE(t.a.heard.empty());
  t.network.heal(t.b.host, t.a.host);
  t.run_until_ns(10 * kS);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 1'400 * kMs + 121'000, "reset"}}));
}

TEST(Death, PausedProcessHearsEverythingLaterInOrder) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.run_until_ns(2 * kMs);
  t.b.process.pause();
  for (int i = 1; i <= 3; ++i) t.a.send(connection, 910, i);
  t.run_until_ns(5 * kS);
  t.a.kill();
  t.run_until_ns(20 * kS);
  EXPECT_TRUE(t.b.heard.empty());
  t.b.process.resume();
  t.run_until_ns(21 * kS);
  EXPECT_EQ(t.b.heard,
            (Log{{20 * kS, "1: 910 B"}, {20 * kS, "2: 910 B"}, {20 * kS, "3: 910 B"}, {20 * kS, "reset"}}));
}

// Method: the card is busy when the pause begins, so an arrival has been booked and its delivery waits; later
// messages arrive in the pause, and one at the very instant of the resume.
TEST(Death, OrderSurvivesAPauseAtAnyPoint) {
  for (std::int64_t pause_at = 2 * kMs + 60'500; pause_at < 2 * kMs + 66'000; pause_at += 250) {
    Cluster t;
    const ConnectionId from_a = t.open(t.a, t.b);
    const ConnectionId from_c = t.open(t.c, t.b);
    for (int i = 1; i <= 4; ++i) {
      t.a.send(from_a, 910, i);
      t.c.send(from_c, 910, i + 10);
    }
    t.run_until_ns(pause_at);
    t.b.process.pause();
    t.run_until_ns(pause_at + 1'500);
    t.b.process.resume();
    t.run_until_ns(1 * kS);
    std::vector<int> near, other;
    for (const Heard& heard : t.b.heard) {
      const int value = std::stoi(heard.what);
      (value > 10 ? other : near).push_back(value);
    }
    EXPECT_EQ(near, (std::vector{1, 2, 3, 4})) << pause_at;
    EXPECT_EQ(other, (std::vector{11, 12, 13, 14})) << pause_at;
  }
}

}  // namespace
}  // namespace brokersim::network
