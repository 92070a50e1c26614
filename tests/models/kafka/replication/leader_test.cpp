// Goal: the leader's follower progress, ISR and high-watermark rules hold one by one (kafka-behaviour.md section 4.5).
#include "models/kafka/replication/leader.h"

#include <gtest/gtest.h>

namespace brokersim::kafka::replication {
namespace {
using namespace sim::literals;
using sim::SimTime;

wire::PartitionState state(std::vector<BrokerId> isr, std::int32_t leader_epoch = 1,
                           std::int32_t partition_epoch = 1) {
  wire::PartitionState s;
  s.partition = {0};
  s.replicas = {0, 1, 2};
  s.isr = std::move(isr);
  s.leader = 0;
  s.leader_epoch = leader_epoch;
  s.partition_epoch = partition_epoch;
  return s;
}
LeaderRules rules(std::int32_t min_isr = 2) {
  LeaderRules r;
  r.min_insync_replicas = min_isr;
  return r;
}
const std::vector<BrokerId> kAll = {0, 1, 2};

TEST(Leader, HighWatermarkWaitsForEveryMemberToFetchOnceInTheNewEpoch) {
  Leader leader(state({0, 1, 2}), 0, 10, 7, rules(), {});
  EXPECT_EQ(leader.advance(10, kAll, {}), std::nullopt);
  leader.fetched(1, 10, 0, 5, 10, SimTime{} + 1_ms);
  EXPECT_EQ(leader.advance(10, kAll, SimTime{} + 1_ms), std::nullopt) << "broker 2 is still unknown";
  leader.fetched(2, 9, 0, 5, 10, SimTime{} + 1_ms);
  EXPECT_EQ(leader.advance(10, kAll, SimTime{} + 1_ms), 9);
  leader.fetched(2, 10, 0, 5, 10, SimTime{} + 2_ms);
  EXPECT_EQ(leader.advance(10, kAll, SimTime{} + 2_ms), 10);
  EXPECT_EQ(leader.advance(10, kAll, SimTime{} + 2_ms), std::nullopt) << "never twice";
}

// A fetch of the broker's life before comes late, out of a socket of a network that was cut: world 3201 of the transfers, where
// a quiet partition never heard of the new life again, and its ISR could not grow any more.
TEST(Leader, WhatAnEarlierLifeSaysLateDoesNotCount) {
  Leader leader(state({0, 1}), 0, 10, 7, rules(), {});
  EXPECT_TRUE(leader.fetched(2, 10, 0, /*broker_epoch=*/9, 10, SimTime{} + 2_ms));
  EXPECT_FALSE(leader.fetched(2, 4, 0, /*broker_epoch=*/5, 10, SimTime{} + 3_ms));
  EXPECT_EQ(leader.follower(2)->log_end, 10);
  EXPECT_EQ(leader.follower(2)->broker_epoch, 9);
  EXPECT_TRUE(leader.should_expand({2, false, false, 9})) << "KIP-903 asks for the epoch of its present life";
}

TEST(Leader, StrictMinIsrFreezesTheHighWatermark) {
  Leader strict(state({0}), 0, 10, 5, rules(2), {});
  EXPECT_EQ(strict.advance(10, {0}, {}), std::nullopt) << "KAFKA-15583";
  LeaderRules old = rules(2);
  old.strict_min_isr = false;
  Leader lenient(state({0}), 0, 10, 5, old, {});
  EXPECT_EQ(lenient.advance(10, {0}, {}), 10);
}

// I02: with the committed ISR a joining follower would not hold the high watermark back.
TEST(Leader, PendingExpandHoldsTheHighWatermarkOnlyUnderTheRightRule) {
  for (const bool wrong : {false, true}) {
    LeaderRules r = rules();
    r.hw_uses_committed_isr = wrong;
    Leader leader(state({0, 1}), 0, 0, 0, r, {});
    leader.fetched(2, 0, 0, 5, 0, SimTime{} + 1_ms);
    ASSERT_TRUE(leader.should_expand({2, false, false, 5}));
    EXPECT_EQ(leader.begin_expand(2), (std::vector<BrokerId>{0, 1, 2}));
    leader.fetched(1, 10, 0, 5, 10, SimTime{} + 2_ms);
    EXPECT_EQ(leader.advance(10, kAll, SimTime{} + 2_ms),
              wrong ? std::optional<std::int64_t>{10} : std::nullopt);
  }
}

// I03: a shrink counts only once the controller has agreed.
TEST(Leader, PendingShrinkKeepsTheOldIsrUnderTheRightRule) {
  for (const bool wrong : {false, true}) {
    LeaderRules r = rules();
    r.shrink_before_confirmed = wrong;
    Leader leader(state({0, 1, 2}), 0, 0, 0, r, {});
    leader.fetched(1, 10, 0, 5, 10, SimTime{} + 31_s);
    const SimTime now = SimTime{} + 31_s;
    ASSERT_EQ(leader.lagging(10, now), (std::vector<BrokerId>{2}));
    EXPECT_EQ(leader.begin_shrink({2}), (std::vector<BrokerId>{0, 1}));
    EXPECT_TRUE(leader.lagging(10, now).empty()) << "one change at a time";
    EXPECT_EQ(leader.advance(10, {0, 1}, now), wrong ? std::optional<std::int64_t>{10} : std::nullopt);
    EXPECT_TRUE(leader.adopt(state({0, 1}, 1, 2)));
    if (!wrong) {
      EXPECT_EQ(leader.advance(10, {0, 1}, now), 10);
    }
  }
}

TEST(Leader, LaggingIsJudgedByTheLastCaughtUpInstant) {
  Leader leader(state({0, 1, 2}), 0, 0, 0, rules(), {});
  leader.fetched(1, 0, 0, 5, 0, SimTime{} + 10_s);
  // At 20 s the log has grown to 5 and the fetch at 0 shows it was caught up at its previous fetch.
  leader.fetched(1, 0, 0, 5, 5, SimTime{} + 20_s);
  EXPECT_EQ(leader.follower(1)->last_caught_up, SimTime{} + 10_s);
  EXPECT_EQ(leader.lagging(5, SimTime{} + 30_s), std::vector<BrokerId>{}) << "exactly the limit is in time";
  EXPECT_EQ(leader.lagging(5, SimTime{30'000'000'001}), (std::vector<BrokerId>{2}));
  EXPECT_EQ(leader.lagging(5, SimTime{40'000'000'001}), (std::vector<BrokerId>{1, 2}));
}

TEST(Leader, AFollowerAtTheLogEndNeverLags) {
  Leader leader(state({0, 1}), 0, 0, 0, rules(), {});
  leader.fetched(1, 5, 0, 5, 5, SimTime{} + 1_s);
  EXPECT_TRUE(leader.lagging(5, SimTime{} + 500_s).empty());
}

TEST(Leader, ExpandConditions) {
  const auto ready = [] {
    Leader leader(state({0, 1}), 0, 10, 8, rules(), {});
    leader.fetched(2, 10, 0, 5, 10, SimTime{} + 1_ms);
    return leader;
  };
  EXPECT_TRUE(ready().should_expand({2, false, false, 5}));
  EXPECT_FALSE(ready().should_expand({1, false, false, 5})) << "already a member";
  EXPECT_FALSE(ready().should_expand({2, true, false, 5})) << "fenced (KIP-841)";
  EXPECT_FALSE(ready().should_expand({2, false, true, 5})) << "shutting down";
  EXPECT_FALSE(ready().should_expand({2, false, false, 6})) << "another incarnation fetched (KIP-903)";
  Leader behind(state({0, 1}), 0, 10, 8, rules(), {});
  behind.fetched(2, 9, 0, 5, 10, SimTime{} + 1_ms);
  EXPECT_FALSE(behind.should_expand({2, false, false, 5}))
      << "at the HW but below the epoch's start (KAFKA-7128)";
}

TEST(Leader, RefusalReturnsToTheCommittedIsr) {
  Leader leader(state({0, 1}), 0, 0, 0, rules(), {});
  leader.fetched(2, 0, 0, 5, 0, SimTime{} + 1_ms);
  leader.begin_expand(2);
  EXPECT_EQ(leader.maximal_isr(), (std::vector<BrokerId>{0, 1, 2}));
  leader.reject();
  EXPECT_EQ(leader.maximal_isr(), (std::vector<BrokerId>{0, 1}));
  EXPECT_EQ(leader.pending(), PendingIsr::none);
}

TEST(Leader, OlderPartitionEpochsAreIgnored) {
  Leader leader(state({0, 1}, 1, 5), 0, 0, 0, rules(), {});
  EXPECT_FALSE(leader.adopt(state({0}, 1, 5)));
  EXPECT_FALSE(leader.adopt(state({0}, 2, 6))) << "another leader epoch is another leadership";
  EXPECT_TRUE(leader.adopt(state({0}, 1, 6)));
  EXPECT_EQ(leader.isr(), (std::vector<BrokerId>{0}));
}

TEST(Leader, EffectiveMinIsrIsAtMostTheReplicaCount) {
  EXPECT_EQ(Leader(state({0, 1, 2}), 0, 0, 0, rules(5), {}).effective_min_isr(), 3);
}

// I05: before 3.3 the leader asked nobody whether the follower is about to leave.
TEST(Leader, AFollowerThatShutsDownRejoinsOnlyUnderTheOldRule) {
  for (const bool old : {false, true}) {
    LeaderRules r = rules();
    r.admits_only_active = !old;
    Leader leader(state({0, 1}), 0, 0, 0, r, {});
    leader.fetched(2, 0, 0, 5, 0, SimTime{} + 1_ms);
    EXPECT_EQ(leader.should_expand({2, /*fenced=*/false, /*shutting_down=*/true, 5}), old);
    EXPECT_EQ(leader.should_expand({2, /*fenced=*/true, /*shutting_down=*/false, 5}), old);
  }
}

// I10: a leader that is elected again counts what it knew of a follower that has cut its log since; the cure does not.
TEST(Leader, ReelectedItCountsOldLogEndsUnlessItForgetsThem) {
  for (const bool cure : {false, true}) {
    LeaderRules r = rules();
    r.reelection_forgets_followers = cure;
    Leader leader(state({0, 1, 2}), 0, 10, 10, r, {});
    leader.fetched(2, 15, 0, 5, 15, SimTime{} + 1_ms);
    leader.reelected(state({0, 2}, 3, 3), 15, SimTime{} + 2_ms);
    EXPECT_EQ(leader.advance(15, {0, 2}, SimTime{} + 2_ms),
              cure ? std::nullopt : std::optional<std::int64_t>{15});
  }
}

// KIP-455: replicas come and go with the partition epoch.
TEST(Leader, ReassignmentChangesWhoIsFollowed) {
  Leader leader(state({0, 1, 2}), 0, 0, 0, rules(), {});
  wire::PartitionState next = state({0, 1, 2}, 1, 2);
  next.replicas = {0, 3, 1, 2};
  EXPECT_TRUE(leader.adopt(next));
  ASSERT_NE(leader.follower(3), nullptr);
  EXPECT_EQ(leader.follower(3)->log_end, -1);
  EXPECT_TRUE(leader.fetched(3, 0, 0, 5, 0, SimTime{} + 1_ms));
  next = state({0, 3}, 1, 3);
  next.replicas = {0, 3};
  EXPECT_TRUE(leader.adopt(next));
  EXPECT_EQ(leader.follower(1), nullptr);
  EXPECT_FALSE(leader.fetched(1, 0, 0, 5, 0, SimTime{} + 2_ms)) << "it is no replica any more";
  EXPECT_EQ(leader.effective_min_isr(), 2);
}

}  // namespace
}  // namespace brokersim::kafka::replication
