#include "sim/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <vector>

#include "sim/check.h"
#include "sim/hash.h"
#include "sim/statistics.h"

namespace brokersim::sim {
namespace {

std::int64_t exact_quantile(std::vector<std::int64_t> values, double q) {
  std::sort(values.begin(), values.end());
  const double exact = q * static_cast<double>(values.size());
  auto rank = static_cast<std::size_t>(exact);
  if (static_cast<double>(rank) < exact) ++rank;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

// Goal: quantiles are within 1/128 of the exact nearest rank over twelve orders of magnitude. Method: mixed
// magnitudes from a fixed hash, compared with a sorted list.
TEST(Histogram, QuantilesAreWithinOneInOneHundredTwentyEight) {
  Histogram histogram;
  std::vector<std::int64_t> values;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const auto value = static_cast<std::int64_t>(mix64(i + 1) >> (24 + i % 40));
    values.push_back(value);
    histogram.add(value);
  }
  EXPECT_EQ(histogram.count(), 20'000);
  EXPECT_EQ(histogram.min(), *std::min_element(values.begin(), values.end()));
  EXPECT_EQ(histogram.max(), *std::max_element(values.begin(), values.end()));
  for (const double q : {0.0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0}) {
    const auto exact = static_cast<double>(exact_quantile(values, q));
    EXPECT_LE(std::abs(static_cast<double>(histogram.quantile(q)) - exact), exact / 128.0) << "q = " << q;
  }
  double sum = 0;
  for (const std::int64_t value : values) sum += static_cast<double>(value);
  EXPECT_NEAR(histogram.mean(), sum / 20'000.0, sum / 20'000.0 * 1e-9);
}

// Goal: a ramp equals its values one by one, in both directions. Method: the same values both ways; every
// quantile must be equal, not close.
TEST(Histogram, RampEqualsItsValues) {
  for (const auto& [first, last, count] :
       std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t>>{{0, 1'000, 11},
                                                                         {5'000'000, 1'000'000, 401},
                                                                         {7, 7, 5},
                                                                         {100, 163, 64},
                                                                         {9, 3, 1},
                                                                         {0, 1ll << 40, 1'025}}) {
    Histogram ramp;
    Histogram single;
    ramp.add_ramp(first, last, count);
    for (std::int64_t i = 0; i < count; ++i) {
      single.add(count == 1 ? first : first + (last - first) / (count - 1) * i);
    }
    ASSERT_TRUE(count == 1 || (last - first) % (count - 1) == 0) << "the test's own values must be whole";
    EXPECT_EQ(ramp.count(), single.count());
    EXPECT_EQ(ramp.min(), single.min());
    EXPECT_EQ(ramp.max(), single.max());
    EXPECT_DOUBLE_EQ(ramp.mean(), single.mean());
    for (int q = 0; q <= 100; ++q)
      EXPECT_EQ(ramp.quantile(q / 100.0), single.quantile(q / 100.0)) << first << " " << q;
  }
}

// Goal: the same where the values are not whole, and are rounded down. Method: random ramps of many values over few
// buckets and of few over many, every value counted by itself.
TEST(Histogram, RampsOfAnyStepEqualTheirValues) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const std::uint64_t bits = mix64(seed);
    const auto first = static_cast<std::int64_t>(bits % 100'000);
    const auto last = static_cast<std::int64_t>((bits >> 20) % 100'000);
    const auto count = static_cast<std::int64_t>(2 + (bits >> 40) % (seed % 2 == 0 ? 50 : 20'000));
    Histogram ramp, single;
    ramp.add_ramp(first, last, count);
    for (std::int64_t i = 0; i < count; ++i)
      single.add(std::min(first, last) + std::abs(last - first) * i / (count - 1));
    ASSERT_EQ(ramp.count(), single.count());
    for (int q = 0; q <= 1'000; ++q)
      ASSERT_EQ(ramp.quantile(q / 1e3), single.quantile(q / 1e3)) << seed << " " << q;
  }
}

// Goal: the rank is ceil(q * count) for q as it is written: exact where the product is whole, else rounded up.
TEST(Histogram, TheRankOfAQuantileIsRoundedUpAndNotTooFar) {
  Histogram ten, hundred, thousand;
  for (int i = 1; i <= 10; ++i) ten.add(i);
  for (int i = 1; i <= 100; ++i) hundred.add(i);
  thousand.add(1, 70);
  thousand.add(2, 930);
  for (int i = 1; i <= 10; ++i) {
    EXPECT_EQ(ten.quantile(i / 10.0), i);
    if (i == 10) break;
    EXPECT_EQ(ten.quantile(i / 10.0 + 0.01), i + 1);
    EXPECT_EQ(ten.quantile(i / 10.0 + 1e-9), i + 1);
  }
  for (int i = 1; i <= 100; ++i) EXPECT_EQ(hundred.quantile(i / 100.0), i);
  EXPECT_EQ(hundred.quantile(0.07), 7) << "though 0.07 * 100 is 7.000000000000001";
  EXPECT_EQ(thousand.quantile(0.07), 1);
  EXPECT_EQ(thousand.quantile(0.0701), 2);
}

// Goal: more values than 64 bits can count are refused, and nothing changes.
TEST(Histogram, CountsUpToItsEndOnly) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  Histogram histogram;
  histogram.add(1, kMost);
  EXPECT_THROW(histogram.add(1), Bug);
  EXPECT_THROW(histogram.add_ramp(1, 5, 5), Bug);
  EXPECT_THROW(histogram.merge(Histogram{histogram}), Bug);
  EXPECT_EQ(histogram.count(), kMost);
  EXPECT_EQ(histogram.quantile(0.5), 1);
  Histogram large;
  large.add(kMost);
  EXPECT_EQ(large.quantile(0.5), kMost);
}

// Goal: merging is addition. Method: two halves merged, in both orders, against the whole.
TEST(Histogram, MergeEqualsTheWhole) {
  Histogram low, high, whole;
  low.add_ramp(1'000, 90'000, 500);
  high.add_ramp(1'000'000'000, 9'000'000'000, 700);
  whole.add_ramp(1'000, 90'000, 500);
  whole.add_ramp(1'000'000'000, 9'000'000'000, 700);
  Histogram up = low;
  up.merge(high);
  Histogram down = high;
  down.merge(low);
  down.merge(Histogram{});
  for (int q = 0; q <= 100; ++q) {
    EXPECT_EQ(up.quantile(q / 100.0), whole.quantile(q / 100.0));
    EXPECT_EQ(down.quantile(q / 100.0), whole.quantile(q / 100.0));
  }
  EXPECT_EQ(down.count(), 1'200);
  EXPECT_EQ(down.min(), 1'000);
}

TEST(Histogram, EmptyAndNegativeAreZero) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.99), 0);
  EXPECT_EQ(histogram.mean(), 0.0);
  histogram.add(-5);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.count(), 1);
}

// Goal: intervals as published. Source: device-models.md section 7 (n = 10,000) and the rule of three; the
// Student values are those of any printed table.
TEST(Statistics, ClopperPearsonMatchesPublishedValues) {
  EXPECT_NEAR(clopper_pearson(1, 10'000).low, 2.53e-6, 1e-8);
  EXPECT_NEAR(clopper_pearson(1, 10'000).high, 5.57e-4, 1e-6);
  EXPECT_NEAR(clopper_pearson(3, 10'000).low, 6.19e-5, 1e-7);
  EXPECT_NEAR(clopper_pearson(3, 10'000).high, 8.76e-4, 1e-6);
  EXPECT_NEAR(clopper_pearson(10, 10'000).high, 1.84e-3, 1e-5);
  EXPECT_NEAR(share_at_most(0, 100), 0.02951, 1e-5) << "one-sided: 1 - 0.05^(1/100)";
  EXPECT_NEAR(share_at_least(100, 100), 0.97049, 1e-5);
  EXPECT_EQ(clopper_pearson(0, 0).high, 1.0);
  EXPECT_EQ(share_text(0, 100), "0 of 100 (at most 2.95 %)");
}

TEST(Statistics, StudentMatchesPrintedTables) {
  EXPECT_NEAR(student_t(1, 0.95), 12.706, 1e-3);
  EXPECT_NEAR(student_t(2, 0.95), 4.303, 1e-3);
  EXPECT_NEAR(student_t(9, 0.95), 2.262, 1e-3);
  EXPECT_NEAR(student_t(30, 0.99), 2.750, 1e-3);
  EXPECT_NEAR(student_t(999, 0.95), 1.962, 1e-3);
  const Summary summary = summarise({1, 2, 3, 4, 5});
  EXPECT_EQ(summary.mean, 3.0);
  EXPECT_EQ(summary.median, 3.0);
  EXPECT_NEAR(student_interval(summary).high, 3.0 + 2.776445 * 1.5811388 / 2.2360680, 1e-5);
  EXPECT_EQ(student_interval(summarise({7})).low, 7.0);
}

}  // namespace
}  // namespace brokersim::sim
