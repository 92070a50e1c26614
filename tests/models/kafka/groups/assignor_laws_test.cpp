// Goal: what every assignment owes: nobody shares a partition, all is read, nobody has two more than another, and what could
// stay stays. Method: random groups that members join and leave, judged by the definitions.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "models/kafka/groups/assignor.h"
#include "sim/random.h"

namespace brokersim::kafka::groups {
namespace {

class Group {
 public:
  explicit Group(std::uint64_t seed) : seed_(seed) {
    const auto topics = 1 + draw(4);
    for (std::uint64_t t = 0; t < topics; ++t)
      topics_.push_back(
          {std::string(1, static_cast<char>('a' + t)), static_cast<std::int32_t>(1 + draw(20))});
    for (std::uint64_t m = 0, n = 1 + draw(9); m < n; ++m) join();
  }
  void join() {
    MemberInput member;
    member.id = "m" + std::to_string(draw(1'000'000)) + "-" + std::to_string(next_++);
    for (const Topic& topic : topics_) member.topics.push_back(topic.name);
    members_.push_back(member);
  }
  void leave() {
    if (members_.size() > 1)
      members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(draw(members_.size())));
  }
  void adopt(const Assignment& assignment, std::int32_t generation) {
    for (MemberInput& member : members_) {
      member.owned = assignment.at(member.id);
      member.generation = generation;
    }
  }
  std::uint64_t draw(std::uint64_t below) { return sim::keyed_bits(seed_, 0, ordinal_++) % below; }

  std::vector<Topic> topics_;
  std::vector<MemberInput> members_;

 private:
  std::uint64_t seed_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t next_ = 0;
};

std::int32_t partitions_of(const Group& group) {
  std::int32_t n = 0;
  for (const Topic& topic : group.topics_) n += topic.partitions;
  return n;
}

/// Number of partitions given; fails when one is given twice.
std::int32_t given(const Assignment& assignment) {
  std::set<TopicPartition> seen;
  for (const auto& [id, list] : assignment) {
    for (const TopicPartition& partition : list) EXPECT_TRUE(seen.insert(partition).second) << id;
  }
  return static_cast<std::int32_t>(seen.size());
}

void expect_balanced(const Assignment& assignment) {
  std::size_t least = ~std::size_t{0};
  std::size_t most = 0;
  for (const auto& [id, list] : assignment) {
    least = std::min(least, list.size());
    most = std::max(most, list.size());
  }
  EXPECT_LE(most, least + 1);
}

TEST(AssignorLaws, EverythingIsReadOnceAndSharedEvenly) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Group group(seed);
    for (const Assignor assignor : {Assignor::round_robin, Assignor::sticky, Assignor::cooperative_sticky}) {
      const Assignment result = assign(assignor, group.topics_, group.members_);
      EXPECT_EQ(given(result), partitions_of(group)) << name(assignor) << " seed " << seed;
      expect_balanced(result);
    }
    EXPECT_EQ(given(assign(Assignor::range, group.topics_, group.members_)), partitions_of(group));
    const Assignment uniform = assign(ServerAssignor::uniform, group.topics_, group.members_);
    EXPECT_EQ(given(uniform), partitions_of(group));
    expect_balanced(uniform);
  }
}

// Method: after every join or leave, count what a member that stays loses beyond what balance demands.
TEST(AssignorLaws, StickyOnesMoveOnlyWhatBalanceDemands) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Group group(seed);
    std::int32_t generation = 1;
    group.adopt(assign_sticky(group.topics_, group.members_), generation);
    for (int round = 0; round < 4; ++round) {
      group.draw(2) == 0 ? group.join() : group.leave();
      const Assignment next = assign_sticky(group.topics_, group.members_);
      EXPECT_EQ(given(next), partitions_of(group));
      expect_balanced(next);
      const auto members = static_cast<std::int32_t>(group.members_.size());
      const auto least = static_cast<std::size_t>(partitions_of(group) / members);
      for (const MemberInput& member : group.members_) {
        const auto& list = next.at(member.id);
        std::size_t kept = 0;
        for (const TopicPartition& owned : member.owned)
          kept += std::binary_search(list.begin(), list.end(), owned);
        EXPECT_GE(kept, std::min(member.owned.size(), least)) << "seed " << seed << " round " << round;
      }
      group.adopt(next, ++generation);
    }
  }
}

// Method: the cooperative assignor never gives to one what another still owns, and a second rebalance completes it.
TEST(AssignorLaws, CooperativeTakesTwoStepsAndNeverShares) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Group group(seed);
    group.adopt(assign_cooperative_sticky(group.topics_, group.members_), 1);
    group.join();
    group.leave();
    const Assignment first = assign_cooperative_sticky(group.topics_, group.members_);
    std::set<TopicPartition> owned;
    for (const MemberInput& member : group.members_) owned.insert(member.owned.begin(), member.owned.end());
    for (const MemberInput& member : group.members_) {
      for (const TopicPartition& partition : first.at(member.id)) {
        const bool mine =
            std::find(member.owned.begin(), member.owned.end(), partition) != member.owned.end();
        EXPECT_TRUE(mine || !owned.contains(partition)) << "seed " << seed;
      }
    }
    group.adopt(first, 2);
    const Assignment second = assign_cooperative_sticky(group.topics_, group.members_);
    EXPECT_EQ(given(second), partitions_of(group)) << "seed " << seed;
    expect_balanced(second);
  }
}

}  // namespace
}  // namespace brokersim::kafka::groups
