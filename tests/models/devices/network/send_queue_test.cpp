// Goal: a sender knows what the other side has not got, and what its socket never took is never delivered.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {

// Method: 910 B are 1,000 B on the wire, so 1 us on the card and 60 us on the way.
TEST(SendQueue, CountsPayloadUntilItIsDelivered) {
  Cluster t;
  EXPECT_EQ(t.network.unacknowledged({}), sim::Bytes{0}) << "an outdated id is harmless";
  const ConnectionId connection = t.open(t.a, t.b);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{0});
  t.a.send(connection, 910, 1);
  t.a.send(connection, 910, 2);
  t.b.send(t.b.accepted, 100, 3);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{1'820});
  EXPECT_EQ(t.network.unacknowledged(t.b.accepted), sim::Bytes{100}) << "each end counts its own";
  t.run_until_ns(kMs + 60'999);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{1'820});
  t.run_until_ns(kMs + 61'000);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{910});
  t.run_until_ns(kMs + 62'000);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{0});
}

// Method: one message is under way and one queued when b loses power; more is sent into the silence. After power is
// back b's kernel answers the retransmission with a reset.
TEST(SendQueue, SilenceKeepsAllUntilTheReset) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 910, 1);
  t.a.send(connection, 200'000, 2);
  t.run_until_ns(kMs + 30'000);
  t.network.host_down(t.b.host);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{200'910});
  t.a.send(connection, 90, 3);
  t.run_until_ns(10 * kS);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{201'000});
  t.network.host_up(t.b.host);
  t.run_until_ns(60 * kS);
  ASSERT_EQ(t.a.heard.size(), 1u);
  EXPECT_EQ(t.a.heard[0].what, "reset");
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{0}) << "outdated";
}

// Method: b's process dies behind a cut: its reset cannot come, and what a sends reaches nobody.
TEST(SendQueue, BytesSentToTheDeadStayUntilTheSenderHears) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 910, 1);
  t.network.cut(t.b.host, t.a.host);
  t.b.kill();
  t.a.send(connection, 90, 2);
  t.run_until_ns(5 * kS);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{1'000});
  EXPECT_TRUE(t.b.heard.empty());
}

// Method: five messages of 1,000 B held by a cut; the socket had taken 2,500 B, so two messages and a half. After
// healing the two arrive, then the close.
TEST(SendQueue, UnfinishedMessagesAreWithdrawn) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  int alive = 0;
  t.network.cut(t.a.host, t.b.host);
  for (int i = 1; i <= 5; ++i) t.a.send(connection, 1'000, i, &alive);
  t.network.close_unfinished(connection, sim::Bytes{2'500});
  EXPECT_EQ(alive, 2);
  EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{0}) << "closed";
  t.network.heal(t.a.host, t.b.host);
  t.run_until_ns(5 * kS);
  ASSERT_EQ(t.b.heard.size(), 3u);
  EXPECT_EQ(t.b.heard[0].what, "1: 1000 B");
  EXPECT_EQ(t.b.heard[1].what, "2: 1000 B");
  EXPECT_EQ(t.b.heard[2].what, "closed by peer");
  EXPECT_EQ(t.network.connections(), 0u);
  EXPECT_EQ(t.network.messages_in_flight(), 0u);
  EXPECT_EQ(t.sim.pending_events(), 0u);
}

// Method: the same at every stage of a message: on the card and under way (50 us), partly on the card (200 kB), not
// begun; the receiver paused, so that nothing is delivered before the close. Another connection of the card goes on.
TEST(SendQueue, WithdrawnAtEveryStage) {
  for (const std::int64_t at_ns : {0, 500, 50'000, 100'000, 300'000}) {
    Cluster t;
    const ConnectionId connection = t.open(t.a, t.b);
    const ConnectionId other = t.open(t.a, t.b);
    const std::int64_t start = t.sim.now().ns;
    t.b.process.pause();
    t.a.send(connection, 910, 1);
    t.a.send(connection, 910, 2);
    t.a.send(connection, 200'000, 3);
    t.a.send(connection, 910, 4);
    t.a.send(other, 910, 5);
    t.run_until_ns(start + at_ns);
    EXPECT_EQ(t.network.unacknowledged(connection), sim::Bytes{202'730})
        << "a paused process has got nothing";
    t.network.close_unfinished(connection, sim::Bytes{1'500});
    t.run_until_ns(start + 1 * kMs);
    t.b.process.resume();
    t.run_until_ns(start + 1 * kS);
    std::vector<std::string> heard;
    for (const Heard& h : t.b.heard) heard.push_back(h.what);
    std::sort(heard.begin(), heard.end());
    EXPECT_EQ(heard, (std::vector<std::string>{"1: 910 B", "5: 910 B", "closed by peer"})) << at_ns;
    EXPECT_EQ(t.network.messages_in_flight(), 0u);
    EXPECT_EQ(t.sim.pending_events(), 0u);
  }
}

}  // namespace
}  // namespace brokersim::network
