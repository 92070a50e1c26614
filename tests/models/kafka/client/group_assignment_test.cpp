// Goal: the leader of a classic group gives every topic to members that read it, whatever itself reads. Method: members with
// unequal subscriptions, each in turn the leader; what they get is written out.
#include "models/kafka/client/group_assignment.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace brokersim::kafka::client {
namespace {

using groups::Assignor;
using wire::PartitionId;

const KnownTopics::Topics kTopics{{"invoices", {{3}, {4}}}, {"orders", {{0}, {1}, {2}}}, {"returns", {{5}}}};
constexpr Assignor kAll[] = {Assignor::range, Assignor::round_robin, Assignor::sticky,
                             Assignor::cooperative_sticky};

wire::JoinedMember member(const std::string& id, std::vector<std::string> topics,
                          std::vector<PartitionId> owned = {}, std::int32_t generation = -1) {
  wire::JoinedMember one;
  one.id = id;
  one.metadata.topics = std::move(topics);
  one.metadata.owned = std::move(owned);
  one.metadata.generation = generation;
  return one;
}

std::vector<PartitionId> given(const std::vector<wire::MemberPartitions>& all, const std::string& id) {
  for (const wire::MemberPartitions& one : all) {
    if (one.member != id) continue;
    std::vector<PartitionId> sorted = one.partitions;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }
  return {};
}

// A leader that knew its own topic only once left the others' topics to nobody: no member of the other topic read anything.
TEST(GroupAssignment, EveryTopicGoesToItsReadersWhoeverLeads) {
  for (const Assignor assignor : kAll) {
    for (const std::string leads : {"invoices", "orders", "returns"}) {
      const KnownTopics topics(leads, kTopics.at(leads), &kTopics);
      const auto all = assign_members(
          assignor, topics, {member("a", {"orders"}), member("b", {"invoices"}), member("c", {"returns"})});
      EXPECT_EQ(given(all, "a"), (std::vector<PartitionId>{{0}, {1}, {2}}))
          << groups::name(assignor) << leads;
      EXPECT_EQ(given(all, "b"), (std::vector<PartitionId>{{3}, {4}})) << groups::name(assignor) << leads;
      EXPECT_EQ(given(all, "c"), (std::vector<PartitionId>{{5}})) << groups::name(assignor) << leads;
    }
  }
}

// Range goes topic by topic: a and b share orders (two and one), b alone reads invoices.
TEST(GroupAssignment, RangeGoesTopicByTopic) {
  const KnownTopics topics("orders", kTopics.at("orders"), &kTopics);
  const auto all =
      assign_members(Assignor::range, topics, {member("a", {"orders"}), member("b", {"invoices", "orders"})});
  EXPECT_EQ(given(all, "a"), (std::vector<PartitionId>{{0}, {1}}));
  EXPECT_EQ(given(all, "b"), (std::vector<PartitionId>{{2}, {3}, {4}}));
}

// Who reads one topic only gets it where that makes the loads equal: sticky has a take all of orders.
TEST(GroupAssignment, StickyBalancesOverTopics) {
  for (const Assignor assignor : {Assignor::sticky, Assignor::cooperative_sticky}) {
    const KnownTopics topics("invoices", kTopics.at("invoices"), &kTopics);
    const auto all =
        assign_members(assignor, topics, {member("a", {"orders"}), member("b", {"invoices", "orders"})});
    EXPECT_EQ(given(all, "a"), (std::vector<PartitionId>{{0}, {1}, {2}})) << groups::name(assignor);
    EXPECT_EQ(given(all, "b"), (std::vector<PartitionId>{{3}, {4}})) << groups::name(assignor);
  }
}

// What a member owns of a topic that the leader does not read is understood, and stays with it.
TEST(GroupAssignment, OwnedPartitionsOfOtherTopicsStay) {
  const KnownTopics topics("orders", kTopics.at("orders"), &kTopics);
  const auto all = assign_members(Assignor::sticky, topics,
                                  {member("a", {"orders", "invoices"}, {{4}, {0}, {1}}, 7),
                                   member("b", {"orders", "invoices"}, {{3}, {2}}, 7)});
  EXPECT_EQ(given(all, "a"), (std::vector<PartitionId>{{0}, {1}, {4}}));
  EXPECT_EQ(given(all, "b"), (std::vector<PartitionId>{{2}, {3}}));
}

// A topic that the cluster does not have is nobody's, and costs its reader nothing else.
TEST(GroupAssignment, AnUnknownTopicIsLeftOut) {
  const KnownTopics topics("orders", kTopics.at("orders"), nullptr);
  for (const Assignor assignor : kAll) {
    const auto all = assign_members(assignor, topics, {member("a", {"nowhere", "orders"})});
    EXPECT_EQ(given(all, "a"), (std::vector<PartitionId>{{0}, {1}, {2}})) << groups::name(assignor);
  }
}

}  // namespace
}  // namespace brokersim::kafka::client
