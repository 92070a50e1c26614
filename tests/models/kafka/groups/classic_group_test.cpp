// Goal: the classic group takes the steps that Kafka's takes. Method: requests by hand at exact times; every answer, state and
// deadline is compared (kafka-behaviour.md section 6.1, KIP-134, KIP-345, KIP-394).
#include "models/kafka/groups/classic_group.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace brokersim::kafka::groups {
namespace {

using wire::ErrorCode;
constexpr sim::Duration operator""_s(unsigned long long n) {
  return {static_cast<std::int64_t>(n) * 1'000'000'000};
}
constexpr sim::SimTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

class ClassicGroupTest : public ::testing::Test {
 protected:
  wire::JoinGroupRequest join_request(const std::string& member, const std::string& instance = "",
                                      const std::string& topic = "orders") {
    wire::JoinGroupRequest request;
    request.group = "g";
    request.member = member;
    request.instance = instance;
    request.client_id = "c";
    request.session_timeout = 45_s;
    request.rebalance_timeout = 300_s;
    request.protocols = {{"range", {{topic}, {}, -1}}};
    return request;
  }
  ClassicOutputs join(const std::string& member, sim::SimTime now, Waiting waiting,
                      const std::string& instance = "", const std::string& topic = "orders") {
    ClassicOutputs out;
    group_.join(join_request(member, instance, topic), waiting, "new-" + std::to_string(waiting), now, out);
    return out;
  }
  ClassicOutputs sync(const std::string& member, std::int32_t generation, sim::SimTime now, Waiting waiting,
                      std::vector<wire::MemberPartitions> assignments = {}) {
    wire::SyncGroupRequest request;
    request.member = member;
    request.generation = generation;
    request.assignments = std::move(assignments);
    ClassicOutputs out;
    group_.sync(request, waiting, now, out);
    return out;
  }
  ClassicOutputs tick(sim::SimTime now) {
    ClassicOutputs out;
    group_.tick(now, out);
    return out;
  }
  /// Members a and b, generation 1, Stable at 10 s; a leads and has partition 0, b has 1.
  void make_stable() {
    static_cast<void>(join("", at(0), 1));
    static_cast<void>(join("", at(0), 2));
    static_cast<void>(join("new-1", at(1), 3));
    static_cast<void>(join("new-2", at(2), 4));
    static_cast<void>(tick(at(4)));
    const ClassicOutputs joined = tick(at(7));
    ASSERT_EQ(joined.joins.size(), 2u);
    static_cast<void>(sync("new-2", 1, at(8), 5));
    const ClassicOutputs led = sync("new-1", 1, at(9), 6, {{"new-1", {{0}}}, {"new-2", {{1}}}});
    ASSERT_TRUE(led.write.has_value());
    ClassicOutputs out;
    group_.written(1, ErrorCode::none, at(10), out);
    ASSERT_EQ(out.syncs.size(), 2u);
    ASSERT_EQ(group_.state(), ClassicState::stable);
  }

  ClassicGroup group_{"g", ClassicRules{}};
};

// KIP-394: the first join gives an id and leaves nobody behind if it never comes back.
TEST_F(ClassicGroupTest, AnIdIsGivenBeforeAMemberExists) {
  const ClassicOutputs out = join("", at(0), 1);
  ASSERT_EQ(out.joins.size(), 1u);
  EXPECT_EQ(out.joins[0].error, ErrorCode::member_id_required);
  EXPECT_EQ(out.joins[0].member, "new-1");
  EXPECT_TRUE(group_.members().empty());
  EXPECT_EQ(group_.state(), ClassicState::empty);
  EXPECT_EQ(group_.next_tick(), at(45)) << "the id is forgotten with the session timeout";
  static_cast<void>(tick(at(45)));
  EXPECT_EQ(join("new-1", at(46), 2).joins.at(0).error, ErrorCode::unknown_member_id);
}

// KIP-134: 3 s from the first member, stretched by 3 s while others come.
TEST_F(ClassicGroupTest, TheInitialDelayIsStretchedByEveryoneWhoComes) {
  static_cast<void>(join("", at(0), 1));
  static_cast<void>(join("new-1", at(1), 2));
  EXPECT_EQ(group_.state(), ClassicState::preparing_rebalance);
  EXPECT_EQ(group_.next_tick(), at(4));
  static_cast<void>(join("", at(2), 3));
  static_cast<void>(join("new-3", at(3), 4));
  EXPECT_TRUE(tick(at(4)).joins.empty());
  EXPECT_EQ(group_.next_tick(), at(7)) << "somebody came meanwhile";
  const ClassicOutputs out = tick(at(7));
  ASSERT_EQ(out.joins.size(), 2u);
  EXPECT_EQ(group_.state(), ClassicState::completing_rebalance);
  for (const JoinAnswer& answer : out.joins) {
    EXPECT_EQ(answer.error, ErrorCode::none);
    EXPECT_EQ(answer.generation, 1);
    EXPECT_EQ(answer.leader, "new-1") << "the first that joined";
    EXPECT_EQ(answer.members.size(), answer.member == "new-1" ? 2u : 0u) << "only the leader gets the list";
  }
}

TEST_F(ClassicGroupTest, FollowersWaitForTheLeaderAndForTheWrite) {
  static_cast<void>(join("", at(0), 1));
  static_cast<void>(join("", at(0), 2));
  static_cast<void>(join("new-1", at(0), 3));
  static_cast<void>(join("new-2", at(0), 4));
  static_cast<void>(tick(at(3)));
  static_cast<void>(tick(at(6)));
  EXPECT_TRUE(sync("new-2", 1, at(7), 5).syncs.empty());
  const ClassicOutputs led = sync("new-1", 1, at(8), 6, {{"new-1", {{0}}}, {"new-2", {{1}, {2}}}});
  EXPECT_TRUE(led.syncs.empty()) << "not before it is written";
  ASSERT_TRUE(led.write.has_value());
  EXPECT_EQ(led.write->generation, 1);
  EXPECT_EQ(led.write->members.at(1).assignment.size(), 2u);
  ClassicOutputs out;
  group_.written(1, ErrorCode::none, at(9), out);
  ASSERT_EQ(out.syncs.size(), 2u);
  EXPECT_EQ(out.syncs[1].to, 5u);
  EXPECT_EQ(out.syncs[1].partitions, (std::vector<wire::PartitionId>{{1}, {2}}));
  EXPECT_EQ(group_.state(), ClassicState::stable);
}

TEST_F(ClassicGroupTest, AFailedWriteSendsEverybodyBack) {
  static_cast<void>(join("", at(0), 1));
  static_cast<void>(join("new-1", at(0), 2));
  static_cast<void>(tick(at(3)));
  static_cast<void>(sync("new-1", 1, at(4), 3, {{"new-1", {{0}}}}));
  ClassicOutputs out;
  group_.written(1, ErrorCode::coordinator_not_available, at(9), out);
  ASSERT_EQ(out.syncs.size(), 1u);
  EXPECT_EQ(out.syncs[0].error, ErrorCode::coordinator_not_available);
  EXPECT_EQ(group_.state(), ClassicState::preparing_rebalance);
  EXPECT_TRUE(group_.members().at("new-1").assignment.empty());
}

TEST_F(ClassicGroupTest, HeartbeatsTellOfRebalancesAndFenceGenerations) {
  make_stable();
  EXPECT_EQ(group_.heartbeat("new-1", "", 1, at(11)), ErrorCode::none);
  EXPECT_EQ(group_.heartbeat("new-1", "", 0, at(11)), ErrorCode::illegal_generation);
  EXPECT_EQ(group_.heartbeat("nobody", "", 1, at(11)), ErrorCode::unknown_member_id);
  static_cast<void>(join("", at(12), 7));
  static_cast<void>(join("new-7", at(12), 8));
  EXPECT_EQ(group_.state(), ClassicState::preparing_rebalance);
  EXPECT_EQ(group_.heartbeat("new-1", "", 1, at(13)), ErrorCode::rebalance_in_progress);
  EXPECT_EQ(group_.check_commit("new-1", "", 1, at(13)), ErrorCode::none) << "allowed while members join";
  EXPECT_EQ(sync("new-1", 1, at(13), 9).syncs.at(0).error, ErrorCode::rebalance_in_progress);
}

TEST_F(ClassicGroupTest, ARebalanceEndsWhenAllHaveJoinedOrTheirTimeIsUp) {
  make_stable();
  static_cast<void>(join("", at(20), 7));
  static_cast<void>(join("new-7", at(20), 8));
  static_cast<void>(join("new-1", at(21), 9));
  // new-2 lives (heartbeats), but does not join: after the longest rebalance timeout it is out.
  for (std::int64_t t = 30; t < 320; t += 10) {
    EXPECT_EQ(group_.heartbeat("new-2", "", 1, at(t)), ErrorCode::rebalance_in_progress);
    EXPECT_TRUE(tick(at(t)).joins.empty());
  }
  const ClassicOutputs out = tick(at(320));
  ASSERT_EQ(out.joins.size(), 2u);
  EXPECT_EQ(group_.generation(), 2);
  EXPECT_FALSE(group_.members().contains("new-2"));
  EXPECT_EQ(group_.heartbeat("new-2", "", 1, at(321)), ErrorCode::unknown_member_id);
}

TEST_F(ClassicGroupTest, SilenceForTheSessionTimeoutEndsAMembership) {
  make_stable();
  EXPECT_EQ(group_.heartbeat("new-1", "", 1, at(40)), ErrorCode::none);
  EXPECT_EQ(group_.next_tick(), at(55)) << "new-2 was last heard when it was told its assignment, at 10 s";
  EXPECT_TRUE(tick(at(54)).joins.empty());
  static_cast<void>(tick(at(55)));
  EXPECT_EQ(group_.state(), ClassicState::preparing_rebalance);
  EXPECT_FALSE(group_.members().contains("new-2"));
  const ClassicOutputs out = join("new-1", at(56), 9);
  ASSERT_EQ(out.joins.size(), 1u) << "the only one left: at once";
  EXPECT_EQ(out.joins[0].generation, 2);
}

TEST_F(ClassicGroupTest, LeavingRebalancesAtOnceAndTheLastOneEmptiesTheGroup) {
  make_stable();
  ClassicOutputs out;
  EXPECT_EQ(group_.leave("new-1", "", at(20), out), ErrorCode::none);
  EXPECT_EQ(group_.state(), ClassicState::preparing_rebalance);
  EXPECT_EQ(group_.leave("new-1", "", at(20), out), ErrorCode::unknown_member_id);
  EXPECT_EQ(group_.leave("new-2", "", at(21), out), ErrorCode::none);
  EXPECT_EQ(group_.state(), ClassicState::empty);
  EXPECT_EQ(group_.generation(), 2);
  EXPECT_EQ(group_.empty_since(), at(21));
  ASSERT_TRUE(out.write.has_value());
  EXPECT_TRUE(out.write->members.empty());
  EXPECT_EQ(group_.check_commit("", "", -1, at(22)), ErrorCode::none) << "who is no member may commit now";
}

TEST_F(ClassicGroupTest, CommitsAreFenced) {
  make_stable();
  EXPECT_EQ(group_.check_commit("new-1", "", 1, at(20)), ErrorCode::none);
  EXPECT_EQ(group_.check_commit("new-1", "", 0, at(20)), ErrorCode::illegal_generation);
  EXPECT_EQ(group_.check_commit("gone", "", 1, at(20)), ErrorCode::unknown_member_id);
  EXPECT_EQ(group_.check_commit("", "", -1, at(20)), ErrorCode::unknown_member_id)
      << "no member, group not Empty";
  static_cast<void>(join("new-1", at(21), 8));
  static_cast<void>(join("new-2", at(21), 9));
  ASSERT_EQ(group_.state(), ClassicState::completing_rebalance);
  EXPECT_EQ(group_.check_commit("new-1", "", 2, at(22)), ErrorCode::rebalance_in_progress);
}

// A follower that asks again gets the present generation; the leader's rejoin, or another subscription, rebalances.
TEST_F(ClassicGroupTest, RejoinsInStable) {
  make_stable();
  const ClassicOutputs same = join("new-2", at(20), 7);
  ASSERT_EQ(same.joins.size(), 1u);
  EXPECT_EQ(same.joins[0].generation, 1);
  EXPECT_EQ(group_.state(), ClassicState::stable);
  EXPECT_TRUE(join("new-2", at(21), 8, "", "payments").joins.empty());
  EXPECT_EQ(group_.state(), ClassicState::preparing_rebalance);
}

TEST_F(ClassicGroupTest, TheLeadersRejoinRebalances) {
  make_stable();
  EXPECT_TRUE(join("new-1", at(20), 7).joins.empty());
  EXPECT_EQ(group_.state(), ClassicState::preparing_rebalance);
}

// KIP-345.
TEST_F(ClassicGroupTest, AStaticMemberComesBackWithoutARebalance) {
  static_cast<void>(join("", at(0), 1, "i1"));
  static_cast<void>(join("", at(0), 2, "i2"));
  static_cast<void>(tick(at(3)));
  static_cast<void>(tick(at(6)));
  static_cast<void>(sync("new-1", 1, at(7), 5, {{"new-1", {{0}}}, {"new-2", {{1}}}}));
  static_cast<void>(sync("new-2", 1, at(7), 6));
  ClassicOutputs written;
  group_.written(1, ErrorCode::none, at(8), written);
  const ClassicOutputs back = join("", at(20), 7, "i2");
  ASSERT_EQ(back.joins.size(), 1u);
  EXPECT_EQ(back.joins[0].generation, 1);
  EXPECT_EQ(back.joins[0].member, "new-7");
  EXPECT_EQ(group_.state(), ClassicState::stable);
  ASSERT_TRUE(back.write.has_value()) << "the new id is persisted";
  EXPECT_EQ(sync("new-7", 1, at(21), 8).syncs.at(0).partitions, (std::vector<wire::PartitionId>{{1}}));
  EXPECT_EQ(group_.heartbeat("new-2", "i2", 1, at(22)), ErrorCode::fenced_instance_id);
  // The leader that comes back keeps leading and is told not to assign.
  const ClassicOutputs leader = join("", at(23), 9, "i1");
  EXPECT_TRUE(leader.joins.at(0).skip_assignment);
  EXPECT_EQ(group_.leader(), "new-9");
}

TEST_F(ClassicGroupTest, RefusesWhatDoesNotFit) {
  make_stable();
  wire::JoinGroupRequest request = join_request("");
  request.session_timeout = 1_s;
  ClassicOutputs out;
  group_.join(request, 20, "x", at(20), out);
  EXPECT_EQ(out.joins.at(0).error, ErrorCode::invalid_session_timeout);
  request = join_request("");
  request.protocols[0].name = "roundrobin";
  group_.join(request, 21, "x", at(20), out);
  EXPECT_EQ(out.joins.at(1).error, ErrorCode::inconsistent_group_protocol);
  ClassicGroup small("g", {.size_max = 1});
  ClassicOutputs answers;
  small.join(join_request(""), 1, "a", at(0), answers);
  small.join(join_request("a"), 2, "", at(0), answers);
  small.join(join_request(""), 3, "b", at(0), answers);
  EXPECT_EQ(answers.joins.back().error, ErrorCode::group_max_size_reached);
}

// A coordinator that takes over knows the members and their assignment, and gives them a session to be heard in.
TEST_F(ClassicGroupTest, ReadsItselfBack) {
  make_stable();
  const ClassicGroup again(group_.record(at(20)), ClassicRules{}, at(30));
  EXPECT_EQ(again.state(), ClassicState::stable);
  EXPECT_EQ(again.generation(), 1);
  EXPECT_EQ(again.leader(), "new-1");
  EXPECT_EQ(again.members().at("new-2").assignment, (std::vector<wire::PartitionId>{{1}}));
  EXPECT_EQ(again.next_tick(), at(75));
}

TEST_F(ClassicGroupTest, UnloadingAnswersWhoeverWaits) {
  static_cast<void>(join("", at(0), 1));
  static_cast<void>(join("new-1", at(0), 2));
  ClassicOutputs out;
  group_.unload(ErrorCode::not_coordinator, out);
  ASSERT_EQ(out.joins.size(), 1u);
  EXPECT_EQ(out.joins[0].to, 2u);
  EXPECT_EQ(out.joins[0].error, ErrorCode::not_coordinator);
  EXPECT_EQ(group_.state(), ClassicState::dead);
}

}  // namespace
}  // namespace brokersim::kafka::groups
