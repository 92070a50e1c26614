#include "models/checkers/interval_set.h"

#include <gtest/gtest.h>

#include <set>

#include "models/checkers/interval_map.h"
#include "sim/hash.h"

namespace brokersim::checkers {
namespace {

// Goal: an interval set is a set. Method: 2,000 random ranges over 0..499 against std::set, operation by operation.
TEST(IntervalSet, EqualsASetOfNumbers) {
  for (std::uint64_t round = 0; round < 20; ++round) {
    IntervalSet set, other;
    std::set<std::int64_t> reference, other_reference;
    for (std::uint64_t i = 0; i < 60; ++i) {
      const auto first = static_cast<std::int64_t>(sim::mix64(round * 1'000 + i + 1) % 490);
      const auto count = static_cast<std::int64_t>(sim::mix64(round * 1'000 + i + 7'001) % 12);
      const bool to_other = i % 3 == 0;
      std::int64_t fresh = 0;
      for (std::int64_t n = first; n < first + count; ++n)
        fresh += (to_other ? other_reference : reference).insert(n).second;
      EXPECT_EQ((to_other ? other : set).add(first, first + count), fresh);
    }
    EXPECT_EQ(set.size(), static_cast<std::int64_t>(reference.size()));
    std::int64_t within = 0;
    for (const std::int64_t n : reference) within += n >= 100 && n < 333;
    EXPECT_EQ(set.count_within(100, 333), within);
    std::set<std::int64_t> rest;
    for (const std::int64_t n : reference) {
      if (!other_reference.contains(n)) rest.insert(n);
    }
    std::set<std::int64_t> found;
    std::int64_t before = -2;
    const IntervalSet difference = set.minus(other);
    for (const Interval& i : difference.intervals()) {
      EXPECT_GT(i.first, before) << "intervals do not touch";
      before = i.end;
      for (std::int64_t n = i.first; n < i.end; ++n) found.insert(n);
    }
    EXPECT_EQ(found, rest);
  }
}

TEST(IntervalMap, PaintsOverWhatWasThere) {
  IntervalMap<int> map(0);
  map.paint(10, 20, 1);
  map.paint(15, 30, 2);
  map.paint(0, 12, 3);
  EXPECT_EQ(map.at(-5), 0);
  EXPECT_EQ(map.at(0), 3);
  EXPECT_EQ(map.at(12), 1);
  EXPECT_EQ(map.at(14), 1);
  EXPECT_EQ(map.at(15), 2);
  EXPECT_EQ(map.at(29), 2);
  EXPECT_EQ(map.at(30), 0);
  EXPECT_EQ(map.next_start(12), 15);
}

}  // namespace
}  // namespace brokersim::checkers
