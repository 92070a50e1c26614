// Goal: intervals have the ends that tables give, and cover what they claim.
// Method: values of an independent implementation (SciPy 1.10), and simulations with fixed seeds that count how often an
// interval holds the truth. Coverage of 2,000 intervals at 95 % lies in 93.3 % to 96.7 % with all but one in 1,000.
#include "sim/statistics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/bootstrap.h"
#include "sim/check.h"
#include "sim/random.h"
#include "sim/sampling.h"
#include "sim/series.h"

namespace brokersim::sim {
namespace {

/// Draws in order; the tests' own dice.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : key_(combine(seed, 77)) {}
  std::uint64_t operator()() { return keyed_bits(key_, 0, next_++); }

 private:
  std::uint64_t key_;
  std::uint64_t next_ = 0;
};

void expect_interval(const Interval& seen, double low, double high) {
  EXPECT_NEAR(seen.low, low, 1e-9 * std::max(1.0, std::abs(low)));
  EXPECT_NEAR(seen.high, high, 1e-9 * std::max(1.0, std::abs(high)));
}

// Row STAT-1: k of 10,000.
TEST(Statistics, ClopperPearsonAsTables) {
  expect_interval(clopper_pearson(0, 10'000), 0, 0.0003688199146187622);
  expect_interval(clopper_pearson(1, 10'000), 2.5317775934746866e-06, 0.0005570369979470473);
  expect_interval(clopper_pearson(3, 10'000), 6.187148574838713e-05, 0.0008764745225140007);
  expect_interval(clopper_pearson(10, 10'000), 0.0004796397237710768, 0.0018382641342106199);
  expect_interval(clopper_pearson(10'000, 10'000), 0.9996311800853812, 1);
  expect_interval(clopper_pearson(5, 10, 0.99), 0.12831055393508325, 0.8716894460649167);
  expect_interval(clopper_pearson(0, 0), 0, 1);
  EXPECT_THROW((void)clopper_pearson(3, 2), Bug);
  EXPECT_THROW((void)clopper_pearson(1, 2, 1.0), Bug);
}

// Row STAT-2: the rule of three, exactly.
TEST(Statistics, NothingSeenIsAnUpperBound) {
  EXPECT_NEAR(share_at_most(0, 100), 1 - std::pow(0.05, 1.0 / 100), 1e-12);
  EXPECT_NEAR(share_at_most(0, 1'000), 1 - std::pow(0.05, 1.0 / 1'000), 1e-12);
  EXPECT_NEAR(share_at_most(0, 100), 0.02951, 5e-6);
  EXPECT_NEAR(share_at_most(0, 1'000), 0.0029913, 1e-7);
  EXPECT_NEAR(share_at_least(100, 100), std::pow(0.05, 1.0 / 100), 1e-12);
  EXPECT_EQ(share_at_most(0, 0), 1.0);
  EXPECT_EQ(share_at_least(0, 0), 0.0);
  EXPECT_EQ(share_text(0, 100), "0 of 100 (at most 2.95 %)");
  EXPECT_EQ(share_text(100, 100), "100 of 100 (at least 97 %)");
}

TEST(Statistics, GarwoodAsTables) {
  expect_interval(garwood(0, 1), 0, 3.6888794541139354);
  expect_interval(garwood(1, 1), 0.025317807984289876, 5.571643390938898);
  expect_interval(garwood(4, 1), 1.0898653736263249, 10.241588675403694);
  expect_interval(garwood(100, 50), 81.36399125092314 / 50, 121.62679379242638 / 50);
  EXPECT_THROW((void)garwood(1, 0), Bug);
  EXPECT_THROW((void)garwood(-1, 1), Bug);
}

// Goal: large counts are as exact as small ones, and cost no more. Method: on both sides of where the sums give way to
// integrals, and far beyond, where a sum of terms would take minutes for these thousand intervals.
TEST(Statistics, IntervalsOfLargeCountsAsTables) {
  expect_interval(clopper_pearson(99'999, 1'000'000), 0.0994116724822261, 0.100588645577044);
  expect_interval(clopper_pearson(100'001, 1'000'000), 0.0994136672498678, 0.100590650797789);
  expect_interval(clopper_pearson(500'000'000'000, 1'000'000'000'000), 0.499999020017508, 0.500000979982492);
  EXPECT_NEAR(clopper_pearson(5, 1'000'000'000'000).low, 1.62348639012035e-12, 1e-22);
  EXPECT_NEAR(clopper_pearson(5, 1'000'000'000'000).high, 1.16683320792838e-11, 1e-22);
  expect_interval(garwood(99'999, 1), 99380.1557627304, 100620.741640774);
  expect_interval(garwood(100'001, 1), 99382.1495647746, 100622.747838699);
  expect_interval(garwood(1'000'000'000'000, 1), 999998040036.963, 1000001959965.93);
  double sum = 0;
  for (std::int64_t i = 0; i < 1'000; ++i) sum += clopper_pearson(500'000'000'000 + i, 1'000'000'000'000).low;
  EXPECT_NEAR(sum, 499.99902, 1e-4);
}

TEST(Statistics, StudentAsTables) {
  EXPECT_NEAR(student_t(1, 0.95), 12.706204736432095, 1e-8);
  EXPECT_NEAR(student_t(5, 0.99), 4.032142983557536, 1e-9);
  EXPECT_NEAR(student_t(29, 0.90), 1.6991270265334972, 1e-9);
  EXPECT_NEAR(student_t(2'000, 0.95), 1.9611508260994375, 1e-9);
  EXPECT_NEAR(student_t(2'001, 0.95), 1.961150232622441, 1e-9) << "by the expansion";
  EXPECT_NEAR(student_t(10'000, 0.999), 3.2914999659416355, 1e-9);
  // Close to certainty the rounding of 1 - confidence counts: 1e-7 of t here.
  EXPECT_NEAR(student_t(1, 0.99999999), 63661976.9169, 63.0);
  EXPECT_NEAR(student_t(1, 0.999999999), 636619790.372, 636.0);
  EXPECT_NEAR(student_t(3, 0.999999999), 1301.63717956, 1e-3);
  EXPECT_GT(student_t(1, 1 - 0x1p-53), 1e15) << "6e15; one step below certainty is within a factor";
}

TEST(Statistics, DistributionFunctionsAsTables) {
  EXPECT_NEAR(binomial_at_most(3, 10, 0.3), 0.6496107184000002, 1e-13);
  EXPECT_NEAR(binomial_at_most(480, 1'000, 0.5), 0.10872414660207046, 1e-12);
  EXPECT_NEAR(poisson_at_most(3, 2.5), 0.7575761331330662, 1e-13);
  EXPECT_NEAR(poisson_at_most(950, 1'000), 0.057836292955323276, 1e-12);
  EXPECT_EQ(binomial_at_most(-1, 10, 0.3), 0.0);
  EXPECT_EQ(binomial_at_most(10, 10, 0.3), 1.0);
}

// Exact intervals cover at least what they claim, everywhere: summed over all outcomes, no sampling.
TEST(Statistics, ExactIntervalsCoverAtLeastTheirConfidence) {
  for (const std::int64_t n : {5, 30, 200}) {
    for (const double p : {0.002, 0.03, 0.2, 0.5, 0.97}) {
      double covered = 0;
      for (std::int64_t k = 0; k <= n; ++k) {
        const Interval interval = clopper_pearson(k, n);
        if (interval.low <= p && p <= interval.high)
          covered += binomial_at_most(k, n, p) - binomial_at_most(k - 1, n, p);
      }
      EXPECT_GE(covered, 0.95 - 1e-9) << n << " " << p;
    }
  }
  for (const double mean : {0.05, 0.9, 4.0, 30.0}) {
    double covered = 0;
    for (std::int64_t k = 0; k <= 200; ++k) {
      const Interval interval = garwood(k, 1);
      if (interval.low <= mean && mean <= interval.high)
        covered += poisson_at_most(k, mean) - poisson_at_most(k - 1, mean);
    }
    EXPECT_GE(covered, 0.95 - 1e-9) << mean;
  }
}

TEST(Statistics, StudentIntervalCovers) {
  Dice dice(1);
  int covered = 0;
  for (int trial = 0; trial < 2'000; ++trial) {
    Moments moments;
    for (int i = 0; i < 8; ++i) moments.add(Normal(5, 2).sample(dice()));
    const Interval interval = moments.mean_interval();
    covered += interval.low <= 5 && 5 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 1'866);
  EXPECT_LE(covered, 1'934);
}

// Goal: merging is adding. Method: numbers far from 0, in one go and in uneven parts.
// Goal: the interval of a mean is Student's, exactly. Method: five numbers by hand, and the same kept as a list.
TEST(Statistics, TheIntervalOfAMeanIsStudents) {
  Moments moments;
  for (const double value : {1.0, 2.0, 3.0, 4.0, 5.0}) moments.add(value);
  const double half = 2.7764451051977987 * std::sqrt(2.5 / 5);
  expect_interval(moments.mean_interval(), 3 - half, 3 + half);
  expect_interval(student_interval(summarise({1, 2, 3, 4, 5})), 3 - half, 3 + half);
  EXPECT_EQ(Moments{}.mean_interval().high, 0.0);
}

TEST(Statistics, MomentsMerge) {
  Dice dice(2);
  Moments whole;
  std::vector<Moments> parts(7);
  for (int i = 0; i < 10'000; ++i) {
    const double value = 1e9 + Exponential(3).sample(dice());
    whole.add(value);
    parts[static_cast<std::size_t>(i % 97 % 7)].add(value);
  }
  Moments merged;
  for (const Moments& part : parts) merged.merge(part);
  merged.merge(Moments{});
  EXPECT_EQ(merged.count(), whole.count());
  EXPECT_NEAR(merged.mean(), whole.mean(), 1e-6);
  EXPECT_NEAR(merged.variance(), whole.variance(), 1e-6);
  EXPECT_EQ(merged.min(), whole.min());
  EXPECT_EQ(merged.max(), whole.max());
  EXPECT_NEAR(whole.variance(), 9.0, 0.6) << "small beside 10^18, and not lost";
  EXPECT_EQ(Moments{}.variance(), 0.0);
}

TEST(Statistics, BootstrapAgreesWithAnotherImplementation) {
  const std::vector<double> values{1.2, 3.4, 0.7, 9.1, 2.2, 4.8, 1.9, 2.5, 6.3, 0.4, 3.3, 2.8};
  const Interval interval = bootstrap_mean(values, {.resamples = 50'000});
  EXPECT_NEAR(interval.low, 2.1333, 0.02) << "SciPy, BCa";
  EXPECT_NEAR(interval.high, 4.9667, 0.04);
  const Interval again = bootstrap_mean(values, {.resamples = 50'000});
  EXPECT_EQ(interval.low, again.low) << "the same values, the same interval";
  EXPECT_EQ(interval.high, again.high);
  const Interval other = bootstrap_mean(values, {.resamples = 50'000, .seed = 2});
  EXPECT_NE(interval.low, other.low);
  EXPECT_EQ(bootstrap_mean(std::vector<double>{7}).low, 7.0);
  EXPECT_EQ(bootstrap_mean(std::vector<double>{7, 7, 7}).high, 7.0);
  EXPECT_THROW((void)bootstrap_mean({}), Bug);
}

// Skewed values, where a plain percentile interval covers too little. 400 trials: 92 % to 98 %.
TEST(Statistics, BootstrapCovers) {
  Dice dice(3);
  int mean_covered = 0;
  int median_covered = 0;
  const auto median = [](std::span<const double> of) {
    std::vector<double> sorted(of.begin(), of.end());
    std::nth_element(sorted.begin(), sorted.begin() + 15, sorted.end());
    return sorted[15];
  };
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < 31; ++i) values.push_back(Exponential(1).sample(dice()));
    const Interval of_mean = bootstrap_mean(values, {.resamples = 500});
    mean_covered += of_mean.low <= 1 && 1 <= of_mean.high ? 1 : 0;
    const Interval of_median = bootstrap(values, median, {.resamples = 500});
    median_covered += of_median.low <= std::log(2.0) && std::log(2.0) <= of_median.high ? 1 : 0;
  }
  EXPECT_GE(mean_covered, 360);
  EXPECT_LE(mean_covered, 394);
  EXPECT_GE(median_covered, 360);
  EXPECT_LE(median_covered, 396);
}

TEST(Series, TimeWeightedIsExact) {
  using namespace literals;
  TimeWeighted queue;
  queue.set(SimTime{} + 10_ms, 4);
  queue.set(SimTime{} + 20_ms, 10);
  queue.add(SimTime{} + 20_ms, -4);  // 10 never lasted
  queue.set(SimTime{} + 50_ms, 0);
  queue.advance(SimTime{} + 100_ms);
  EXPECT_EQ(queue.measured(), 90_ms);
  EXPECT_DOUBLE_EQ(queue.mean(), (4.0 * 10 + 6.0 * 30) / 90);
  EXPECT_EQ(queue.min(), 0);
  EXPECT_EQ(queue.max(), 6) << "a value that lasted no time is none";
  TimeWeighted other;
  other.set(SimTime{}, 100);
  other.advance(SimTime{} + 10_ms);
  queue.merge(other);
  EXPECT_DOUBLE_EQ(queue.mean(), (4.0 * 10 + 6.0 * 30 + 100.0 * 10) / 100);
  EXPECT_EQ(queue.max(), 100);
  EXPECT_EQ(queue.min(), 0);
  TimeWeighted high = other;
  high.merge(queue);
  EXPECT_EQ(high.min(), 0) << "the lower of the two, whichever is merged into which";
  EXPECT_EQ(high.max(), 100);
  EXPECT_EQ(TimeWeighted{}.mean(), 0.0);
  EXPECT_THROW(other.set(SimTime{} + 9_ms, 1), Bug) << "time does not go back";
  TimeWeighted bytes;  // whole numbers far beyond 2^63 in the integral
  bytes.set(SimTime{}, std::int64_t{1} << 50);
  bytes.set(SimTime{} + 1_s, (std::int64_t{1} << 50) + 2);
  bytes.advance(SimTime{} + 2_s);
  EXPECT_EQ(bytes.mean(), static_cast<double>((std::int64_t{1} << 50) + 1));
}

/// An M/M/1-like correlated series: autoregressive with mean 3.
double next_correlated(double& state, Dice& dice, double memory) {
  state = memory * state + std::sqrt(1 - memory * memory) * Normal::standard(dice());
  return 3 + state;
}

TEST(Series, BatchMeansCoverWhereThePlainIntervalDoesNot) {
  Dice dice(5);
  int covered = 0;
  int plain_covered = 0;
  int trusted = 0;
  for (int trial = 0; trial < 500; ++trial) {
    BatchMeans batches;
    Moments plain;
    double state = Normal::standard(dice());
    for (int i = 0; i < 6'000; ++i) {
      const double value = next_correlated(state, dice, 0.9);
      batches.add(value);
      plain.add(value);
    }
    const SteadyState steady = batches.result();
    trusted += steady.trustworthy ? 1 : 0;
    covered += steady.interval.low <= 3 && 3 <= steady.interval.high ? 1 : 0;
    plain_covered += plain.mean_interval().low <= 3 && 3 <= plain.mean_interval().high ? 1 : 0;
    if (trial == 0) {
      EXPECT_GE(steady.batches, 20);
      EXPECT_EQ(steady.observations, steady.batches * steady.batch_size);
    }
  }
  EXPECT_GE(covered, 453) << "95 % less four standard errors";
  EXPECT_GT(trusted, 450);
  EXPECT_LT(plain_covered, 300) << "the plain interval is far too narrow";
}

TEST(Series, BatchMeansSayWhenARunWasTooShort) {
  Dice dice(6);
  BatchMeans batches;
  double state = 0;
  for (int i = 0; i < 300; ++i) batches.add(next_correlated(state, dice, 0.99));
  EXPECT_FALSE(batches.result().trustworthy);
  BatchMeans few;
  for (int i = 0; i < 10; ++i) few.add(i);
  EXPECT_FALSE(few.result().trustworthy);
  EXPECT_EQ(BatchMeans{}.result().batches, 0);
}

// Goal: constant memory loses nothing but the open batch; merging pools batches of one size.
TEST(Series, BatchMeansMerge) {
  BatchMeans a;
  BatchMeans b;
  for (int i = 0; i < 64 * 16; ++i) a.add(1.0);
  for (int i = 0; i < 100; ++i) b.add(4.0);
  EXPECT_EQ(a.result().mean, 1.0);
  a.merge(b);
  const SteadyState steady = a.result();
  // 1,024 observations in batches of 32, and 100 in three of 32.
  EXPECT_EQ(steady.batch_size, 32);
  EXPECT_EQ(steady.batches, 35);
  EXPECT_NEAR(steady.mean, (32 * 1.0 + 3 * 4.0) / 35, 1e-12);
}

// Goal: pairing an odd number of batches up loses no observation. Method: 33 batches of one are merged with 32 of two, so
// that the 33rd waits in the open batch for its partner, which comes next.
TEST(Series, AnOddBatchWaitsForItsPartner) {
  BatchMeans odd, even;
  for (int i = 0; i < 33; ++i) odd.add(i < 32 ? 1.0 : 100.0);
  for (int i = 0; i < 64; ++i) even.add(1.0);
  odd.merge(even);
  EXPECT_EQ(odd.observations(), 97);
  EXPECT_EQ(odd.result().batches, 48) << "16 and 32 of two; the odd one is in none yet";
  odd.add(200.0);
  const SteadyState steady = odd.result();
  EXPECT_EQ(steady.batch_size, 2);
  EXPECT_EQ(steady.batches, 49);
  EXPECT_NEAR(steady.mean, (48 * 1.0 + (100.0 + 200.0) / 2) / 49, 1e-12);
}

TEST(Series, WarmUpIsFoundByMser5) {
  std::vector<double> falling;
  for (int i = 0; i < 400; ++i) falling.push_back(i < 50 ? 100.0 - i : 50.0 + (i * 7) % 5);
  EXPECT_EQ(warm_up(falling), std::optional<std::size_t>(50)) << "as the formula by hand";
  std::vector<double> level;
  Dice dice(9);
  for (int i = 0; i < 1'000; ++i) level.push_back(Normal::standard(dice()));
  ASSERT_TRUE(warm_up(level).has_value());
  EXPECT_LT(*warm_up(level), 250u) << "nothing to cut, and little is";
  std::vector<double> rising;
  for (int i = 0; i < 400; ++i) rising.push_back(i);
  EXPECT_EQ(warm_up(rising), std::nullopt) << "never steady: the run was too short";
  EXPECT_EQ(warm_up(std::vector<double>{1, 2, 3}), std::nullopt);
  std::vector<double> biased;
  for (int i = 0; i < 3'000; ++i) biased.push_back(20 * std::exp(-i / 60.0) + Normal::standard(dice()));
  const auto cut = warm_up(biased);
  ASSERT_TRUE(cut.has_value());
  EXPECT_GT(*cut, 100u);
  EXPECT_LT(*cut, 700u);
}

TEST(Series, RanksEncloseAQuantile) {
  const auto median = quantile_ranks(1'000, 0.5);
  ASSERT_TRUE(median.has_value());
  EXPECT_EQ(median->low, 468u);
  EXPECT_EQ(median->high, 531u);
  const auto p99 = quantile_ranks(1'000, 0.99);
  ASSERT_TRUE(p99.has_value());
  EXPECT_EQ(p99->low, 982u);
  EXPECT_EQ(p99->high, 996u);
  EXPECT_EQ(quantile_ranks(1'000, 0.999), std::nullopt) << "too few for p99.9";
  EXPECT_TRUE(quantile_ranks(4'000, 0.999).has_value());
  EXPECT_EQ(quantile_ranks(0, 0.5), std::nullopt);
}

TEST(Series, Autocorrelation) {
  EXPECT_NEAR(autocorrelation(std::vector<double>{1, -1, 1, -1, 1, -1, 1, -1}), -0.875, 1e-12);
  EXPECT_EQ(autocorrelation(std::vector<double>{2, 2, 2, 2}), 0.0);
  EXPECT_EQ(autocorrelation(std::vector<double>{2, 3}), 0.0);
}

}  // namespace
}  // namespace brokersim::sim
