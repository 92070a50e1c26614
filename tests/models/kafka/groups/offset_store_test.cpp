// Goal: committed offsets are kept, replaced and expired as KIP-211 has it. Method: records by hand at exact times.
#include "models/kafka/groups/offset_store.h"

#include <gtest/gtest.h>

namespace brokersim::kafka::groups {
namespace {

constexpr sim::SimTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }
constexpr sim::Duration kRetention = {100'000'000'000};

wire::GroupRecord commit(const std::string& group, std::int32_t partition, std::int64_t offset,
                         std::int64_t seconds) {
  wire::GroupRecord record;
  record.group = group;
  record.committed = {{partition}, offset, -1};
  record.at = at(seconds);
  return record;
}

TEST(OffsetStore, KeepsTheLastAndForgetsByTombstone) {
  OffsetStore store;
  store.apply(commit("g", 0, 10, 1));
  store.apply(commit("g", 0, 7, 2));
  EXPECT_EQ(store.find("g", {0})->offset, 7) << "the last, not the largest";
  EXPECT_FALSE(store.find("g", {1}).has_value());
  EXPECT_FALSE(store.find("h", {0}).has_value());
  store.apply(commit("g", 0, -1, 3));
  EXPECT_FALSE(store.find("g", {0}).has_value());
}

TEST(OffsetStore, ExpiresWhatAnEmptyGroupLeftAndWhatNoMemberCommitted) {
  OffsetStore store;
  store.apply(commit("live", 0, 10, 1));
  store.apply(commit("empty", 0, 10, 1));
  store.apply(commit("simple", 0, 10, 1));
  const std::map<std::string, sim::SimTime> since{{"live", sim::SimTime::max()}, {"empty", at(50)}};
  EXPECT_TRUE(store.expired(at(100), kRetention, since).empty());
  auto tombstones = store.expired(at(101), kRetention, since);
  ASSERT_EQ(tombstones.size(), 1u) << "who is no member: from the commit";
  EXPECT_EQ(tombstones[0].group, "simple");
  EXPECT_EQ(tombstones[0].committed.offset, -1);
  tombstones = store.expired(at(150), kRetention, since);
  ASSERT_EQ(tombstones.size(), 2u) << "an empty group: from when it became empty";
  EXPECT_EQ(tombstones[0].group, "empty");
}

}  // namespace
}  // namespace brokersim::kafka::groups
