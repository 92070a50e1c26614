// Goal: connecting takes exactly the round trips it takes, and every way to fail is told apart.
#include <gtest/gtest.h>

#include "tests/models/devices/network/node.h"

namespace brokersim::network {
namespace {
using namespace sim::literals;
using Log = std::vector<Heard>;

TEST(Setup, ConnectedAfterOneRoundTripAcceptedAfterOneAndAHalf) {
  Cluster t;
  const ConnectionId near = t.a.connect(t.b, kPort);
  const ConnectionId across = t.far.connect(t.b, kPort);
  EXPECT_FALSE(t.network.is_open(near));
  EXPECT_FALSE(t.a.send(near, 100, 1)) << "nothing can be sent before the answer";
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.a.heard, (Log{{120'000, "connected"}}));
  EXPECT_EQ(t.far.heard, (Log{{700'000, "connected"}}));
  EXPECT_EQ(t.b.heard, (Log{{180'000, "accepted 9092"}, {1'050'000, "accepted 9092"}}));
  EXPECT_TRUE(t.network.is_open(near));
  EXPECT_EQ(t.network.remote_host(near), t.b.host);
  EXPECT_EQ(t.network.local_host(across), t.far.host);
  EXPECT_EQ(t.sim.fingerprint().events(), 6u) << "three events a handshake: the timeouts are cancelled";
}

TEST(Setup, LoopbackTakesItsOwnDelayAndAProcessMayCallItself) {
  Cluster t;
  const ConnectionId self = t.b.connect(t.b, kPort);
  t.run_until_ns(1 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{20'000, "connected"}, {30'000, "accepted 9092"}}));
  t.b.heard.clear();
  EXPECT_TRUE(t.b.send(self, 1'000'000, 5));
  t.b.send(t.b.accepted, 10, 6);
  t.run_until_ns(2 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{1'010'000, "5: 1000000 B"}, {1'010'000, "6: 10 B"}}));
  EXPECT_EQ(t.network.traffic(t.b.host).messages_out, 0) << "loopback does not use the card";
  t.b.kill();
  EXPECT_EQ(t.network.connections(), 0u);
}

TEST(Setup, RefusedAfterOneRoundTripWithoutListener) {
  Cluster t;
  static_cast<void>(t.b.connect(t.a, kPort));
  static_cast<void>(t.a.connect(t.b, Port{1}));
  t.run_until_ns(20 * kS);
  EXPECT_EQ(t.b.heard, (Log{{120'000, "refused"}}));
  EXPECT_EQ(t.a.heard, (Log{{120'000, "refused"}}));
  EXPECT_EQ(t.network.connections(), 0u);
}

// Method: a host without power, two timeouts; and no timeout below the kernel's own 127 s.
TEST(Setup, SilentHostTimesOutAtTheSetupTimeout) {
  Cluster t;
  t.network.host_down(t.b.host);
  static_cast<void>(t.a.connect(t.b, kPort, 10_s));
  static_cast<void>(t.c.connect(t.b, kPort, 500_s));
  t.run_until_ns(600 * kS);
  EXPECT_EQ(t.a.heard, (Log{{10 * kS, "timed out"}}));
  EXPECT_EQ(t.c.heard, (Log{{127 * kS, "timed out"}})) << "tcp_syn_retries = 6";
  EXPECT_EQ(t.network.connections(), 0u);
  EXPECT_EQ(t.sim.pending_events(), 0u);
}

// Method: SYNs leave at 0, 1, 3, 7 s. The path is healed at 1.5 s, so the one at 3 s gets through.
TEST(Setup, SynIsRetriedThroughACutInEitherDirection) {
  for (const bool answer_cut : {false, true}) {
    Cluster t;
    const HostId from = answer_cut ? t.b.host : t.a.host;
    const HostId to = answer_cut ? t.a.host : t.b.host;
    t.network.cut(from, to);
    static_cast<void>(t.a.connect(t.b, kPort));
    t.run_until_ns(1'500 * kMs);
    t.network.heal(from, to);
    t.run_until_ns(20 * kS);
    EXPECT_EQ(t.a.heard, (Log{{3 * kS + 120'000, "connected"}}));
    EXPECT_EQ(t.b.heard, (Log{{3 * kS + 180'000, "accepted 9092"}}));
  }
}

TEST(Setup, ConnectsAgainAfterARestart) {
  Cluster t;
  t.b.kill();
  static_cast<void>(t.a.connect(t.b, kPort));
  t.run_until_ns(1 * kS);
  Node second_life(t.sim, t.network, t.b.host, "host/b/process");
  second_life.listen(kPort);
  static_cast<void>(t.a.connect(second_life, kPort));
  t.run_until_ns(2 * kS);
  EXPECT_EQ(t.a.heard, (Log{{120'000, "refused"}, {kS + 120'000, "connected"}}));
  EXPECT_EQ(second_life.heard, (Log{{kS + 180'000, "accepted 9092"}}));
  EXPECT_TRUE(t.b.heard.empty());
}

// The kernel, not the process, answers the handshake.
TEST(Setup, PausedServerAcceptsWhenItResumes) {
  Cluster t;
  t.b.process.pause();
  const ConnectionId connection = t.a.connect(t.b, kPort);
  t.run_until_ns(1 * kS);
  EXPECT_EQ(t.a.heard, (Log{{120'000, "connected"}}));
  t.a.send(connection, 10, 7);
  t.a.send(connection, 10, 8);
  t.run_until_ns(5 * kS);
  EXPECT_TRUE(t.b.heard.empty());
  t.b.process.resume();
  t.run_until_ns(6 * kS);
  EXPECT_EQ(t.b.heard, (Log{{5 * kS, "accepted 9092"}, {5 * kS, "7: 10 B"}, {5 * kS, "8: 10 B"}}));
}

// Method: b resumes at the very instant of the first message's arrival, by an event scheduled before it, so that the
// accepted connection, which has waited, comes back into the queue behind the arrival.
TEST(Setup, AcceptedComesBeforeTheFirstMessageEvenAtAResume) {
  struct Waker {
    sim::Process& process;
    void wake() { process.resume(); }
  };
  Cluster t;
  sim::Component world(t.sim, "world");
  Waker waker{t.b.process};
  world.at(sim::SimTime{180'100}, "resume", sim::bind<&Waker::wake>(&waker));
  const ConnectionId connection = t.a.connect(t.b, kPort);
  t.run_until_ns(120'000);
  t.a.send(connection, 10, 1);  // 100 B: arrives at 180,100 ns
  t.run_until_ns(170'000);
  t.b.process.pause();
  t.run_until_ns(1 * kMs);
  EXPECT_EQ(t.b.heard, (Log{{180'100, "accepted 9092"}, {180'100, "1: 10 B"}}));
}

TEST(Setup, ClosingBeforeTheAnswerSaysNothingToTheCaller) {
  Cluster t;
  const ConnectionId early = t.a.connect(t.b, kPort);
  t.network.close(early);
  const ConnectionId late = t.c.connect(t.b, kPort);
  t.run_until_ns(100'000);  // b has seen the request, c not the answer
  t.network.close(late);
  t.run_until_ns(1 * kS);
  EXPECT_TRUE(t.a.heard.empty());
  EXPECT_TRUE(t.c.heard.empty());
  EXPECT_EQ(t.b.heard, (Log{{180'000, "accepted 9092"}, {180'000, "closed by peer"}}));
  EXPECT_EQ(t.network.connections(), 0u);
}

TEST(Setup, OutdatedIdsAreHarmless) {
  Cluster t;
  const ConnectionId old = t.open(t.a, t.b);
  t.network.close(old);
  t.run_until_ns(2 * kMs);
  const ConnectionId fresh = t.open(t.a, t.b);
  EXPECT_EQ(fresh.index, old.index) << "the slot is used again";
  EXPECT_NE(fresh, old);
  EXPECT_FALSE(t.a.send(old, 10, 1));
  t.network.close(old);
  t.network.close(ConnectionId{});
  EXPECT_TRUE(t.network.is_open(fresh));
}

}  // namespace
}  // namespace brokersim::network
