// Goal: members of a share group get partitions as SimpleAssignor divides them, hear of every change with their next heartbeat, and
// go when they are silent. Method: a group step by step, exact epochs and times; the assignor against its definition.
#include "models/kafka/groups/share_group.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/hash.h"

namespace brokersim::kafka::groups {
namespace {

using wire::ErrorCode;
using wire::PartitionId;
using Partitions = std::vector<PartitionId>;

sim::SimTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }
Partitions numbers(std::int32_t count) {
  Partitions all;
  for (std::int32_t i = 0; i < count; ++i) all.push_back({i});
  return all;
}

wire::ShareGroupHeartbeatRequest beat(const std::string& member, std::int32_t epoch) {
  wire::ShareGroupHeartbeatRequest request;
  request.group = "parcels";
  request.member = member;
  request.client_id = member;
  request.member_epoch = epoch;
  request.full = epoch == 0;
  if (request.full) request.topics = {"orders"};
  return request;
}

TEST(ShareGroup, MembersShareAPartitionAndHearOfEachOther) {
  const TopicDirectory topics{{"orders", numbers(2)}};
  ShareGroup group("parcels", {});
  ShareGroup::Step a = group.heartbeat(beat("a", 0), topics, at(0));
  EXPECT_TRUE(a.changed);
  EXPECT_EQ(a.answer.member_epoch, 1);
  EXPECT_EQ(a.answer.assignment, numbers(2)) << "alone it has both";
  ShareGroup::Step b = group.heartbeat(beat("b", 0), topics, at(1));
  EXPECT_EQ(b.answer.member_epoch, 2);
  EXPECT_EQ(b.answer.assignment.size(), 1u);
  a = group.heartbeat(beat("a", 1), topics, at(5));
  EXPECT_TRUE(a.changed) << "its epoch moves";
  EXPECT_TRUE(a.answer.assignment_given);
  EXPECT_EQ(a.answer.assignment.size(), 1u);
  EXPECT_NE(a.answer.assignment, b.answer.assignment);
  ShareGroup::Step c = group.heartbeat(beat("c", 0), topics, at(6));
  EXPECT_EQ(c.answer.assignment.size(), 1u);
  EXPECT_EQ(group.members().at("a").assigned, numbers(2))
      << "three members, two partitions: each is fetched by two";
  a = group.heartbeat(beat("a", 3), topics, at(7));
  EXPECT_FALSE(a.answer.assignment_given) << "nothing new: " << a.answer.member_epoch;
}

TEST(ShareGroup, ALostAnswerIsGivenAgain) {
  const TopicDirectory topics{{"orders", numbers(1)}};
  ShareGroup group("parcels", {});
  static_cast<void>(group.heartbeat(beat("a", 0), topics, at(0)));
  static_cast<void>(group.heartbeat(beat("b", 0), topics, at(0)));
  static_cast<void>(group.heartbeat(beat("a", 1), topics, at(5)));  // its answer is lost
  const ShareGroup::Step again = group.heartbeat(beat("a", 1), topics, at(10));
  EXPECT_FALSE(again.changed);
  EXPECT_TRUE(again.answer.assignment_given);
  EXPECT_EQ(again.answer.member_epoch, 2);
}

TEST(ShareGroup, WhoIsSilentGoesAtTheEndOfItsSession) {
  const TopicDirectory topics{{"orders", numbers(2)}};
  ShareGroup group("parcels", {});
  static_cast<void>(group.heartbeat(beat("a", 0), topics, at(0)));
  static_cast<void>(group.heartbeat(beat("b", 0), topics, at(10)));
  EXPECT_EQ(group.next_tick(), at(45)) << "group.share.session.timeout.ms";
  EXPECT_FALSE(group.tick(topics, at(44)));
  EXPECT_TRUE(group.tick(topics, at(45)));
  EXPECT_EQ(group.epoch(), 3);
  EXPECT_EQ(group.members().at("b").assigned, numbers(2));
  EXPECT_EQ(group.heartbeat(beat("a", 1), topics, at(46)).answer.error, ErrorCode::unknown_member_id);
  EXPECT_EQ(group.heartbeat(beat("b", -1), topics, at(50)).answer.error, ErrorCode::none);
  EXPECT_TRUE(group.members().empty());
  EXPECT_EQ(group.empty_since(), at(50));
}

TEST(ShareGroup, ItIsReadBackAsItWasWritten) {
  const TopicDirectory topics{{"orders", numbers(3)}};
  ShareGroup group("parcels", {});
  static_cast<void>(group.heartbeat(beat("a", 0), topics, at(0)));
  static_cast<void>(group.heartbeat(beat("b", 0), topics, at(1)));
  ShareGroup again(group.record(at(2)), {}, at(20));
  EXPECT_EQ(again.epoch(), 2);
  EXPECT_EQ(again.members().at("b").assigned, group.members().at("b").assigned);
  EXPECT_EQ(again.next_tick(), at(65)) << "sessions begin anew with the new coordinator";
}

TEST(ShareGroup, RefusesWhoIsTooMany) {
  const TopicDirectory topics{{"orders", numbers(1)}};
  ShareGroupRules rules;
  rules.size_max = 1;
  ShareGroup group("parcels", rules);
  static_cast<void>(group.heartbeat(beat("a", 0), topics, at(0)));
  EXPECT_EQ(group.heartbeat(beat("b", 0), topics, at(0)).answer.error, ErrorCode::group_max_size_reached);
  EXPECT_EQ(group.heartbeat(beat("a", 7), topics, at(0)).answer.error, ErrorCode::fenced_member_epoch);
  EXPECT_EQ(group.epoch(), 1);
}

/// As the assignor's description has it: every partition as often as the others, members differ by one at most, and of what
/// a member has it keeps as much as the balance allows.
TEST(AssignShares, IsBalancedAndKeepsWhatItCan) {
  for (std::int32_t partitions = 1; partitions <= 12; ++partitions) {
    std::map<std::string, Partitions> now;
    for (std::uint64_t step = 0; step < 60; ++step) {
      const std::uint64_t draw = sim::mix64(static_cast<std::uint64_t>(partitions) * 1'009 + step);
      const std::string name = "m" + std::to_string(draw % 17);
      const bool leaves = now.contains(name) && now.size() > 1;
      leaves ? static_cast<void>(now.erase(name)) : static_cast<void>(now[name]);
      std::vector<ShareMemberInput> inputs;
      for (const auto& [id, has] : now) inputs.push_back({id, has});
      const auto made = assign_shares(numbers(partitions), inputs);
      const auto members = static_cast<std::int32_t>(now.size());
      const std::int32_t sharing = (members + partitions - 1) / partitions;
      std::map<std::int32_t, std::int32_t> shared;
      std::size_t fewest = 1'000;
      std::size_t most = 0;
      for (const auto& [id, has] : made) {
        fewest = std::min(fewest, has.size());
        most = std::max(most, has.size());
        for (const PartitionId p : has) ++shared[p.n];
      }
      ASSERT_EQ(made.size(), now.size());
      for (std::int32_t p = 0; p < partitions; ++p)
        ASSERT_EQ(shared[p], sharing) << partitions << " partitions, step " << step;
      ASSERT_LE(most - fewest, 1u) << partitions << " partitions, " << members << " members";
      now = made;
      const auto again = assign_shares(numbers(partitions), [&] {
        std::vector<ShareMemberInput> same;
        for (const auto& [id, has] : now) same.push_back({id, has});
        return same;
      }());
      ASSERT_EQ(again, now) << "nothing has changed, so nothing moves";
    }
  }
}

}  // namespace
}  // namespace brokersim::kafka::groups
