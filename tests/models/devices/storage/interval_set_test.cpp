#include "models/devices/storage/interval_set.h"

#include <gtest/gtest.h>

#include <vector>

#include "sim/hash.h"

namespace brokersim::storage {
namespace {

TEST(IntervalSet, MergesTouchingAndSplitsOnSubtract) {
  IntervalSet set;
  set.add(10, 20);
  set.add(30, 40);
  set.add(20, 30);
  EXPECT_EQ(set.intervals(), (std::vector<Interval>{{10, 40}}));
  set.subtract(15, 25);
  EXPECT_EQ(set.intervals(), (std::vector<Interval>{{10, 15}, {25, 40}}));
  EXPECT_EQ(set.gaps(0, 50), (std::vector<Interval>{{0, 10}, {15, 25}, {40, 50}}));
  EXPECT_TRUE(set.contains(26, 40));
  EXPECT_FALSE(set.contains(14, 26));
  EXPECT_TRUE(set.intersects(14, 16));
  EXPECT_FALSE(set.intersects(15, 25));
}

// Goal: the set equals a set of bytes. Method: 2,000 pseudo-random operations against one flag per byte.
TEST(IntervalSet, AgreesWithOneFlagPerByte) {
  IntervalSet set;
  std::vector<bool> flags(64);
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    const std::uint64_t bits = sim::mix64(i + 1);
    auto from = static_cast<std::int64_t>(bits % 64);
    auto to = static_cast<std::int64_t>((bits >> 8) % 65);
    const bool add = (bits >> 20 & 1) != 0;
    add ? set.add(from, to) : set.subtract(from, to);
    for (auto at = from; at < to; ++at) flags[static_cast<std::size_t>(at)] = add;
    for (std::int64_t at = 0; at < 64; ++at) {
      ASSERT_EQ(set.intersects(at, at + 1), flags[static_cast<std::size_t>(at)])
          << "operation " << i << " byte " << at;
    }
    std::int64_t previous = -1;
    for (const Interval& interval : set.intervals()) {
      ASSERT_GT(interval.from, previous) << "in order, not touching";
      ASSERT_GT(interval.to, interval.from);
      previous = interval.to;
    }
  }
}

}  // namespace
}  // namespace brokersim::storage
