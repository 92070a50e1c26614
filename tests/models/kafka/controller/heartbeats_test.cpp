// Goal: sessions end exactly when they should, one at a time, and controlled shutdown waits for the others.
// Method: time is a value; 9 s sessions.
#include "models/kafka/controller/heartbeats.h"

#include <gtest/gtest.h>

#include <limits>

namespace brokersim::kafka::controller {
namespace {

using sim::SimTime;
using namespace sim::literals;

constexpr SimTime kStart{};

wire::BrokerHeartbeatRequest request(wire::BrokerId broker, std::int64_t metadata_offset) {
  wire::BrokerHeartbeatRequest request;
  request.broker = broker;
  request.metadata_offset = metadata_offset;
  return request;
}

/// Broker `id` registered, heard at `at`, unfenced with `offset` applied.
void unfence(BrokerHeartbeats& heartbeats, wire::BrokerId id, SimTime at, std::int64_t offset) {
  heartbeats.registered(id);
  heartbeats.heard(id, at);
  heartbeats.touch(id, /*fenced=*/false, offset);
}

TEST(Heartbeats, ASessionEndsExactlyOneTimeoutAfterTheLastHeartbeat) {
  BrokerHeartbeats heartbeats({9_s, true});
  unfence(heartbeats, 0, kStart + 1_s, 10);
  EXPECT_EQ(heartbeats.next_expiry(), kStart + 10_s);
  EXPECT_TRUE(heartbeats.session_alive(0, kStart + 10_s - 1_ns));
  EXPECT_FALSE(heartbeats.longest_expired(kStart + 10_s - 1_ns).has_value());
  EXPECT_FALSE(heartbeats.session_alive(0, kStart + 10_s));
  EXPECT_EQ(heartbeats.longest_expired(kStart + 10_s), 0);
  heartbeats.heard(0, kStart + 9_s);
  EXPECT_EQ(heartbeats.next_expiry(), kStart + 18_s) << "a heartbeat moves the whole session";
}

TEST(Heartbeats, TheLongestSilentIsFencedFirstOneAtATime) {
  BrokerHeartbeats heartbeats({9_s, true});
  unfence(heartbeats, 0, kStart + 2_s, 10);
  unfence(heartbeats, 1, kStart + 1_s, 10);
  unfence(heartbeats, 2, kStart + 1_s, 10);
  EXPECT_EQ(heartbeats.longest_expired(kStart + 60_s), 1) << "of equal ones the lowest id";
  heartbeats.end_session(1);
  EXPECT_EQ(heartbeats.longest_expired(kStart + 60_s), 2);
  heartbeats.end_session(2);
  EXPECT_EQ(heartbeats.longest_expired(kStart + 60_s), 0);
  heartbeats.end_session(0);
  EXPECT_FALSE(heartbeats.longest_expired(kStart + 60_s).has_value());
  EXPECT_EQ(heartbeats.next_expiry(), SimTime::max());
}

TEST(Heartbeats, FencedBrokersAreNotFencedAgain) {
  BrokerHeartbeats heartbeats({9_s, true});
  heartbeats.registered(0);
  heartbeats.heard(0, kStart);
  EXPECT_EQ(heartbeats.next_expiry(), SimTime::max());
}

TEST(Heartbeats, AFencedBrokerHasASessionFrom40On) {
  for (const bool from_4_0 : {false, true}) {
    BrokerHeartbeats heartbeats({9_s, from_4_0});
    heartbeats.registered(0);
    EXPECT_FALSE(heartbeats.session_alive(0, kStart)) << "nothing heard yet";
    heartbeats.heard(0, kStart + 1_s);
    EXPECT_EQ(heartbeats.session_alive(0, kStart + 2_s), from_4_0);
    heartbeats.touch(0, /*fenced=*/false, 5);
    EXPECT_TRUE(heartbeats.session_alive(0, kStart + 2_s));
    heartbeats.end_session(0);
    EXPECT_FALSE(heartbeats.session_alive(0, kStart + 2_s)) << "told to go";
  }
}

TEST(Heartbeats, ANewIncarnationStartsWithoutASession) {
  BrokerHeartbeats heartbeats({9_s, true});
  unfence(heartbeats, 0, kStart, 10);
  heartbeats.registered(0);
  EXPECT_FALSE(heartbeats.session_alive(0, kStart));
  EXPECT_EQ(heartbeats.control(0), BrokerControl::fenced);
}

// Heartbeat times are not in the log: a controller that starts gives everybody unfenced a full session (K02).
TEST(Heartbeats, AfterARestartOfTheControllerEveryUnfencedBrokerHasAFullSession) {
  BrokerHeartbeats heartbeats({9_s, true});
  heartbeats.activate({{0, 3, 1, false, false}, {}, {2, 5, 1, true, false}}, kStart + 100_s);
  EXPECT_EQ(heartbeats.next_expiry(), kStart + 109_s);
  EXPECT_TRUE(heartbeats.session_alive(0, kStart + 108_s));
  EXPECT_FALSE(heartbeats.session_alive(2, kStart + 100_s)) << "fenced: may register again at once";
  EXPECT_EQ(heartbeats.lowest_active_offset(), -1) << "what it has applied is not known yet";
}

TEST(Heartbeats, UnfencedOnceItsMetadataReachesItsRegistration) {
  BrokerHeartbeats heartbeats({9_s, true});
  heartbeats.registered(0);
  EXPECT_EQ(heartbeats.next_control(request(0, 41), 42, false), BrokerControl::fenced);
  EXPECT_EQ(heartbeats.next_control(request(0, 42), 42, false), BrokerControl::unfenced);
  wire::BrokerHeartbeatRequest recovering = request(0, 50);
  recovering.want_fence = true;
  EXPECT_EQ(heartbeats.next_control(recovering, 42, false), BrokerControl::fenced)
      << "it is still loading its log";
  wire::BrokerHeartbeatRequest leaving = request(0, 50);
  leaving.want_shut_down = true;
  EXPECT_EQ(heartbeats.next_control(leaving, 42, false), BrokerControl::shutdown_now);
}

TEST(Heartbeats, AnUnfencedBrokerMayAskToBeFenced) {
  BrokerHeartbeats heartbeats({9_s, true});
  unfence(heartbeats, 0, kStart, 50);
  wire::BrokerHeartbeatRequest ask = request(0, 50);
  ask.want_fence = true;
  EXPECT_EQ(heartbeats.next_control(ask, 42, true), BrokerControl::fenced);
  ask.want_shut_down = true;
  EXPECT_EQ(heartbeats.next_control(ask, 42, true), BrokerControl::shutdown_now);
}

TEST(Heartbeats, ControlledShutdownWaitsForLeadershipsAndForTheMetadataOfOthers) {
  BrokerHeartbeats heartbeats({9_s, true});
  unfence(heartbeats, 0, kStart, 50);
  unfence(heartbeats, 1, kStart, 50);
  unfence(heartbeats, 2, kStart, 70);
  wire::BrokerHeartbeatRequest leaving = request(0, 50);
  leaving.want_shut_down = true;
  EXPECT_EQ(heartbeats.next_control(leaving, 3, /*leads=*/false), BrokerControl::shutdown_now)
      << "nothing to hand over";
  EXPECT_EQ(heartbeats.next_control(leaving, 3, /*leads=*/true), BrokerControl::controlled_shutdown);

  heartbeats.begin_shutdown(0, 60);
  heartbeats.begin_shutdown(0, 65);
  EXPECT_EQ(heartbeats.control(0), BrokerControl::controlled_shutdown);
  EXPECT_EQ(heartbeats.lowest_active_offset(), 50) << "of 1; the leaving one does not count";
  EXPECT_EQ(heartbeats.next_control(leaving, 3, true), BrokerControl::controlled_shutdown) << "still leads";
  EXPECT_EQ(heartbeats.next_control(leaving, 3, false), BrokerControl::controlled_shutdown) << "1 is behind";
  heartbeats.touch(1, false, 59);
  EXPECT_EQ(heartbeats.next_control(leaving, 3, false), BrokerControl::controlled_shutdown);
  heartbeats.touch(1, false, 60);
  EXPECT_EQ(heartbeats.next_control(leaving, 3, false), BrokerControl::shutdown_now)
      << "the first offset counts, not 65";
}

TEST(Heartbeats, TheLastBrokerNeedNotWaitForAnybody) {
  BrokerHeartbeats heartbeats({9_s, true});
  unfence(heartbeats, 0, kStart, 50);
  heartbeats.begin_shutdown(0, 60);
  EXPECT_EQ(heartbeats.lowest_active_offset(), std::numeric_limits<std::int64_t>::max());
  wire::BrokerHeartbeatRequest leaving = request(0, 50);
  leaving.want_shut_down = true;
  EXPECT_EQ(heartbeats.next_control(leaving, 3, false), BrokerControl::shutdown_now);
}

}  // namespace
}  // namespace brokersim::kafka::controller
