// Goal: every message takes exactly serialisation + latency + waiting, in order, at one event when nobody competes.
#include <gtest/gtest.h>

#include "models/devices/network/wire.h"
#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;
using Log = std::vector<Heard>;

TEST(Transfer, SmallMessageTakesSerialisationPlusLatency) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  const std::uint64_t events = t.sim.fingerprint().events();
  t.a.send(connection, 1'000, 1);  // 1,090 B on the wire
  t.run_until_ns(2 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 1'090 + 60'000, "1: 1000 B"}}));
  EXPECT_EQ(t.sim.fingerprint().events() - events, 1u);
  EXPECT_EQ(t.network.messages_in_flight(), 0u);
  const Traffic& out = t.network.traffic(t.a.host);
  EXPECT_EQ(out.bytes_out, sim::Bytes{1'000});
  EXPECT_EQ(out.messages_out, 1);
  EXPECT_EQ(out.egress_busy, 1'090_ns);
  const Traffic& in = t.network.traffic(t.b.host);
  EXPECT_EQ(in.bytes_in, sim::Bytes{1'000});
  EXPECT_EQ(in.messages_in, 1);
  EXPECT_EQ(in.ingress_busy, 1'090_ns);
}

TEST(Transfer, ReplyFromTheHandlerTravelsBack) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.b.reply_bytes = 10;  // 100 B
  t.a.send(connection, 10, 1);
  t.run_until_ns(2 * kMs);
  EXPECT_EQ(t.a.heard, (Log{{kMs + 2 * (100 + 60'000), "-1: 10 B"}}));
}

TEST(Transfer, MessagesOfOneConnectionQueueAtTheSender) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  for (int i = 1; i <= 3; ++i) t.a.send(connection, 910, i);  // 1,000 B each
  t.run_until_ns(2 * kMs);
  EXPECT_EQ(t.b.heard,
            (Log{{kMs + 61'000, "1: 910 B"}, {kMs + 62'000, "2: 910 B"}, {kMs + 63'000, "3: 910 B"}}));
}

// Method: a and c finish sending at the same instant; b's card takes one after the other.
TEST(Transfer, TwoSendersShareTheReceiversCard) {
  Cluster t;
  const ConnectionId from_a = t.open(t.a, t.b);
  const ConnectionId from_c = t.open(t.c, t.b);
  const std::uint64_t events = t.sim.fingerprint().events();
  t.a.send(from_a, 910, 1);
  t.c.send(from_c, 910, 2);
  t.run_until_ns(3 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{2 * kMs + 61'000, "1: 910 B"}, {2 * kMs + 62'000, "2: 910 B"}}));
  EXPECT_EQ(t.sim.fingerprint().events() - events, 3u) << "one more event for the one that waited";
}

// Method: the second one's first bit comes 400 ns before the first one's last.
TEST(Transfer, ReceiversCardWaitsOnlyForTheOverlap) {
  Cluster t;
  const ConnectionId from_a = t.open(t.a, t.b);
  const ConnectionId from_c = t.open(t.c, t.b);
  t.a.send(from_a, 910, 1);
  t.run_until_ns(2 * kMs + 600);
  t.c.send(from_c, 910, 2);
  t.run_until_ns(3 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{2 * kMs + 61'000, "1: 910 B"}, {2 * kMs + 62'000, "2: 910 B"}}));
  EXPECT_EQ(2 * kMs + 62'000 - (2 * kMs + 600 + 61'000), 400);
}

TEST(Transfer, SlowReceiverSetsThePace) {
  sim::Simulation sim(1);
  Network network(sim, kLatency, kWide);
  Node fast(sim, network, network.add_host("fast", "a", kGigabyteNic), "fast");
  Node slow(sim, network, network.add_host("slow", "a", {sim::BytesPerSecond{100'000'000}}), "slow");
  slow.listen(kPort);
  const ConnectionId connection = fast.connect(slow, kPort);
  sim.run_until(sim::SimTime{kMs});
  slow.heard.clear();
  fast.send(connection, 910, 1);
  fast.send(connection, 910, 2);
  sim.run_until(sim::SimTime{2 * kMs});
  EXPECT_EQ(slow.heard, (Log{{kMs + 70'000, "1: 910 B"}, {kMs + 80'000, "2: 910 B"}}));
  fast.heard.clear();
  slow.send(slow.accepted, 910, 3);
  sim.run_until(sim::SimTime{3 * kMs});
  EXPECT_EQ(fast.heard, (Log{{2 * kMs + 70'000, "3: 910 B"}}));
}

// Method: two equal messages of 4 quanta on one card. Turns alternate, so the first ends one quantum before the
// second, and both have all but one quantum of the other before them.
TEST(Transfer, LargeMessagesOfTwoConnectionsTakeTurns) {
  Cluster t;
  const ConnectionId to_b = t.open(t.a, t.b);
  t.c.listen(Port{1});
  const ConnectionId to_c = t.a.connect(t.c, Port{1});
  t.run_until_ns(2 * kMs);
  t.c.heard.clear();
  const std::int64_t payload = 4 * kQuantumPayload + 10;
  ASSERT_EQ(wire_bytes(sim::Bytes{payload}), sim::Bytes{4 * kQuantumWire + 100});
  t.a.send(to_b, payload, 1);
  t.a.send(to_c, payload, 2);
  // 4 full quanta and a rest of 100 B on the wire each, in turns: b c b c b c b c b c.
  t.run_until_ns(10 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{2 * kMs + 8 * kQuantumWire + 100 + 60'000, "1: 266442 B"}}));
  EXPECT_EQ(t.c.heard, (Log{{2 * kMs + 8 * kQuantumWire + 200 + 60'000, "2: 266442 B"}}));
  EXPECT_EQ(t.network.traffic(t.a.host).egress_busy, sim::Duration{8 * kQuantumWire + 200});
}

// Method: a 10 MB message needs 10.6 ms; a heartbeat sent 1 ms later passes after the quantum in service.
TEST(Transfer, SmallMessagePassesALargeOneOfAnotherConnection) {
  Cluster t;
  const ConnectionId bulk = t.open(t.a, t.b);
  const ConnectionId heartbeat = t.open(t.a, t.b);
  const std::int64_t start = t.sim.now().ns;
  t.a.send(bulk, 10'000'000, 1);
  t.run_until_ns(start + kMs);
  t.a.send(heartbeat, 10, 2);
  t.run_until_ns(start + 20 * kMs);
  const std::int64_t wire = wire_bytes(sim::Bytes{10'000'000}).n;
  const std::int64_t quantum_end = (kMs / kQuantumWire + 1) * kQuantumWire;
  ASSERT_EQ(t.b.heard.size(), 2u);
  EXPECT_EQ(t.b.heard[0], (Heard{start + quantum_end + 100 + 60'000, "2: 10 B"}));
  EXPECT_EQ(t.b.heard[1], (Heard{start + wire + 100 + 60'000, "1: 10000000 B"}));
}

// Method: two 1 MB messages reach b together, chunk by chunk. The port takes them in turns, so that both are in after
// the time of both; the first one's last chunk is before the second one's, which has 880 B.
TEST(Transfer, TwoSendersShareThePortChunkByChunk) {
  Cluster t;
  const ConnectionId from_a = t.open(t.a, t.b);
  const ConnectionId from_c = t.open(t.c, t.b);
  t.run_until_ns(10 * kMs);
  const std::int64_t wire = wire_bytes(sim::Bytes{1'000'000}).n;
  ASSERT_EQ(1'000'000 % kQuantumPayload, 880);
  t.a.send(from_a, 1'000'000, 1);
  t.c.send(from_c, 1'000'000, 2);
  t.c.send(from_c, 10, 3);  // may not pass what its connection sent before
  t.run_until_ns(20 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{10 * kMs + 2 * wire - 970 + 60'000, "1: 1000000 B"},
                            {10 * kMs + 2 * wire + 60'000, "2: 1000000 B"},
                            {10 * kMs + 2 * wire + 100 + 60'000, "3: 10 B"}}));
}

// Method: a switch port is first in, first out: a heartbeat behind half of the 2 MB that two senders poured in waits
// for it. With windows as TCP has them there is less in front of it.
TEST(Transfer, SmallMessageWaitsBehindWhatThePortHolds) {
  std::int64_t waited[2] = {};
  for (const bool wide : {false, true}) {
    Cluster t(wide ? kWide : TcpConfig{});
    const ConnectionId from_a = t.open(t.a, t.b);
    const ConnectionId from_c = t.open(t.c, t.b);
    const ConnectionId heartbeat = t.open(t.far, t.b);  // 350 us away
    t.run_until_ns(10 * kMs);
    t.b.heard.clear();
    t.a.send(from_a, 1'000'000, 1);
    t.c.send(from_c, 1'000'000, 2);
    const std::int64_t sent = 10 * kMs + 900'000;
    t.run_until_ns(sent);
    t.far.send(heartbeat, 10, 3);
    t.run_until_ns(20 * kMs);
    ASSERT_EQ(t.b.heard.size(), 3u);
    ASSERT_EQ(t.b.heard[wide ? 2 : 0].what, "3: 10 B");
    waited[wide] = t.b.heard[wide ? 2 : 0].ns - (sent + 350'100);
  }
  EXPECT_LT(waited[0], waited[1]);
  EXPECT_GT(waited[0], 0);
}

// Method: sizes from a byte to many quanta, two connections, both directions; the receiver hears the order of sending.
TEST(Transfer, EachConnectionKeepsItsOrder) {
  Cluster t;
  const ConnectionId first = t.open(t.a, t.b);
  const ConnectionId second = t.open(t.a, t.b);
  const sim::Stream sizes = t.a.component.stream("sizes");
  for (int i = 0; i < 400; ++i) {
    const auto ordinal = static_cast<std::uint64_t>(i);
    const auto size = static_cast<std::int64_t>(1 + sizes.below(ordinal, i % 7 == 0 ? 400'000 : 3'000));
    ASSERT_TRUE(t.a.send(i % 3 == 0 ? second : first, size, i));
    t.sim.run_until(t.sim.now() +
                    sim::Duration{static_cast<std::int64_t>(sizes.child(1).below(ordinal, 30'000))});
  }
  t.run_until_ns(1 * kS);
  ASSERT_EQ(t.b.heard.size(), 400u);
  int last[2] = {-1, -1};
  for (const Heard& heard : t.b.heard) {
    const int value = std::stoi(heard.what);
    int& previous = last[value % 3 == 0 ? 1 : 0];
    EXPECT_LT(previous, value);
    previous = value;
  }
}

TEST(Transfer, GracefulCloseDeliversEverythingFirst) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.a.send(connection, 200'000, 1);  // more than one quantum: still being sent at the close
  t.network.close(connection);
  EXPECT_FALSE(t.a.send(connection, 1, 2));
  t.b.send(t.b.accepted, 10, 3);  // nobody is there to hear it
  t.run_until_ns(10 * kMs);
  const std::int64_t in = kMs + wire_bytes(sim::Bytes{200'000}).n + 60'000;
  EXPECT_EQ(t.b.heard, (Log{{in, "1: 200000 B"}, {in, "closed by peer"}}));
  EXPECT_TRUE(t.a.heard.empty());
  EXPECT_FALSE(t.b.last_open) << "the connection is closed when on_closed is called";
  EXPECT_EQ(t.network.connections(), 0u);
  EXPECT_EQ(t.network.messages_in_flight(), 0u);
}

TEST(Transfer, CloseInsideTheHandler) {
  Cluster t;
  const ConnectionId connection = t.open(t.a, t.b);
  t.b.close_on = 1;
  t.a.send(connection, 910, 1);
  t.a.send(connection, 910, 2);
  t.run_until_ns(10 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{kMs + 61'000, "1: 910 B"}}));
  EXPECT_EQ(t.a.heard, (Log{{kMs + 121'000, "closed by peer"}}));
  EXPECT_EQ(t.network.connections(), 0u);
}

// Goal: who stops reading lets the other side go on until the receive buffer is full. Method: a buffer of 100 kB that is not
// read; 40 kB fit, of the 1 MB behind them what is left of the buffer, and the rest comes when reading goes on.
TEST(Transfer, AReaderThatStopsFillsItsBuffer) {
  Cluster t;
  constexpr Port port{9'000};
  SocketOptions options;
  options.receive_buffer = {100'000};
  t.network.listen(t.b.host, port, t.b.component, t.b, options);
  const ConnectionId connection = t.a.connect(t.b, port);
  t.run_until_ns(2 * kMs);
  t.b.heard.clear();
  t.network.set_reading(t.b.accepted, false);
  t.a.send(connection, 40'000, 1);
  t.a.send(connection, 1'000'000, 2);
  t.run_until_ns(500 * kMs);
  ASSERT_EQ(t.b.heard.size(), 1u) << "what is there whole is told";
  EXPECT_EQ(t.b.heard.front().what, "1: 40000 B");
  EXPECT_LE(t.network.traffic(t.a.host).bytes_out.n, 100'000);
  EXPECT_GE(t.network.traffic(t.a.host).bytes_out.n, 40'000);
  t.network.set_reading(t.b.accepted, true);
  t.run_until_ns(510 * kMs);
  ASSERT_EQ(t.b.heard.size(), 2u);
  EXPECT_EQ(t.b.heard.back().what, "2: 1000000 B");
  EXPECT_GT(t.b.heard.back().ns, 500 * kMs + 900'000 + 2 * 60'000) << "the window's news, then the rest";
  t.network.set_reading(t.b.accepted, false);
  t.a.send(connection, 1'000'000, 3);
  t.run_until_ns(520 * kMs);
  t.a.kill();
  t.run_until_ns(530 * kMs);
  t.network.set_reading(t.b.accepted, true);  // outdated: nothing
}

}  // namespace
}  // namespace brokersim::network
