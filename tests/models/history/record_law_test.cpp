// Goal: keys come with the weights that were asked for, sizes with their distribution, both as functions of identity.
// Method: chi-square against the exact law (bounds at a probability of 1e-6 by Wilson and Hilferty's formula), moments against
// their closed forms, the same identity asked twice.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <numeric>

#include "models/history/keys.h"
#include "models/history/record_law.h"
#include "sim/hash.h"

namespace brokersim::history {
namespace {

constexpr int kDraws = 400'000;

std::uint64_t word(int i) { return sim::mix64(static_cast<std::uint64_t>(i) * 0x9E3779B97F4A7C15ull + 77); }

/// The chi-square value that `freedom` degrees of freedom exceed once in a million.
double chi_square_bound(double freedom) {
  const double z = 4.753;
  const double a = 2.0 / (9.0 * freedom);
  return freedom * std::pow(1.0 - a + z * std::sqrt(a), 3.0);
}

double chi_square(const std::vector<std::int64_t>& seen, const std::vector<double>& expected) {
  double sum = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const double off = static_cast<double>(seen[i]) - expected[i];
    sum += off * off / expected[i];
  }
  return sum;
}

std::vector<double> exact_zipf(std::int64_t n, double s, double records) {
  std::vector<double> p;
  for (std::int64_t k = 1; k <= n; ++k) p.push_back(std::pow(static_cast<double>(k), -s));
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x *= records / total;
  return p;
}

/// A law whose key k belongs to partition (k x 7 + k / 3) % partitions, of partitions 10, 11, ... in the history.
RecordLaw law_of(const std::vector<std::uint64_t>& weights, const std::vector<std::int32_t>& sizes) {
  RecordLaw law(5, 100);
  const auto n = static_cast<std::int64_t>(weights.size());
  law.set_keys({n, "key-", 6}, weights);
  for (const std::int32_t partitions : sizes) {
    std::vector<std::int32_t> where;
    for (std::int64_t k = 0; k < n; ++k)
      where.push_back(static_cast<std::int32_t>((k * 7 + k / 3) % partitions));
    law.add_table(where, partitions);
  }
  for (std::int32_t p = 0; p < sizes.back(); ++p) law.name_partition({10 + p}, p);
  return law;
}

// Goal: partition by the sum of its keys' weights, then key by weight within it, is the law itself.
TEST(RecordLaw, PartitionAndKeyTogetherFollowZipf) {
  for (const double s : {0.5, 0.99, 1.0, 1.5}) {
    const RecordLaw law = law_of(key_weights(60, s), {7});
    std::vector<std::int64_t> next(7, 0);
    std::vector<std::int64_t> seen(60, 0);
    for (int i = 0; i < kDraws; ++i) {
      const std::int32_t p = law.table(7).draw_partition(word(i));
      const std::int64_t key = law.key_of({3}, {10 + p}, next[static_cast<std::size_t>(p)]++);
      EXPECT_EQ(law.table(7).partition_of(key), p);
      ++seen[static_cast<std::size_t>(key)];
    }
    EXPECT_LT(chi_square(seen, exact_zipf(60, s, kDraws)), chi_square_bound(59)) << "exponent " << s;
  }
}

TEST(RecordLaw, UniformKeysAreAllAlike) {
  const std::vector<std::uint64_t> weights = key_weights(1'000, 0);
  for (const std::uint64_t weight : weights) EXPECT_EQ(weight, weights.front());
  const std::uint64_t sum = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  EXPECT_NEAR(static_cast<double>(sum), 0x1.0p62, 1'000 * 0x1.0p10) << "each rounded to 53 bits";
}

// Goal: hot groups take their shares, the others the rest by their law.
TEST(RecordLaw, HotKeysTakeTheirShare) {
  const std::vector<std::uint64_t> weights = key_weights(12, 1.0, {{0.5, 1}, {0.2, 4}});
  const double all = 0x1.0p62;
  EXPECT_NEAR(static_cast<double>(weights[0]) / all, 0.5, 1e-12);
  for (std::size_t k = 1; k <= 4; ++k) EXPECT_NEAR(static_cast<double>(weights[k]) / all, 0.05, 1e-12);
  const std::vector<double> rest = exact_zipf(7, 1.0, 0.3);
  for (std::size_t k = 0; k < 7; ++k) EXPECT_NEAR(static_cast<double>(weights[5 + k]) / all, rest[k], 1e-12);
  const std::vector<std::uint64_t> only = key_weights(3, 0, {{1.0, 1}});
  EXPECT_EQ(only[1] + only[2], 0u) << "every record has key 0";
}

// Goal: a key is a function of identity, and of the partitions that its producer knew.
TEST(RecordLaw, ErasBeginWhereTheProducerLearns) {
  RecordLaw law = law_of(key_weights(100, 0), {4, 6});
  law.begin_era({1}, 4, {0, 0, 0, 0});
  EXPECT_FALSE(law.has_eras());
  const std::int64_t before = law.key_of({1}, {12}, 50);
  law.begin_era({1}, 6, {40, 40, 51, 40, 0, 0});
  EXPECT_TRUE(law.has_eras());
  EXPECT_EQ(law.key_of({1}, {12}, 50), before) << "what was sent before stays";
  EXPECT_EQ(law.era_of({1}, {12}, 50), 0);
  EXPECT_EQ(law.era_of({1}, {12}, 51), 1);
  EXPECT_EQ(law.era_of({1}, {15}, 0), 1);
  EXPECT_EQ(law.era_of({2}, {12}, 51), 0) << "another producer has not heard yet";
  for (std::int64_t n = 51; n < 400; ++n) EXPECT_EQ(law.table(6).partition_of(law.key_of({1}, {12}, n)), 2);
  law.begin_era({1}, 6, {90, 90, 90, 90, 90, 90});
  EXPECT_EQ(law.era_of({1}, {12}, 95), 1) << "the same table is the same era";
}

TEST(RecordLaw, KeysHaveTexts) {
  const RecordLaw law = law_of(key_weights(2'000'000, 0), {3});
  EXPECT_EQ(law.names().text(0), "key-000000");
  EXPECT_EQ(law.names().text(123), "key-000123");
  EXPECT_EQ(law.names().text(1'234'567), "key-1234567") << "no digit is lost";
}

// Goal: a trace's keys and sizes are kept by record, and told again after a crash.
TEST(RecordLaw, ListedRecordsAreKept) {
  RecordLaw law(5, 100);
  law.set_keys({3, "", 0, {"a", "b", "c"}}, {1, 1, 1});
  law.list_keys();
  law.list_sizes();
  law.add_table({0, 1, 0}, 2);
  law.name_partition({0}, 0);
  law.name_partition({1}, 1);
  law.note({0}, 0, 0, {2, 700});
  law.note({0}, 0, 1, {0, 900});
  EXPECT_EQ(law.key_of({0}, {0}, 0), 2);
  EXPECT_EQ(law.size_of({0}, PartitionId{0}, 1), 900);
  law.note({0}, 0, 0, {0, 50});
  EXPECT_EQ(law.size_of({0}, PartitionId{0}, 0), 50) << "the process died before its batch was closed";
  EXPECT_EQ(law.size_of({0}, PartitionId{0}, 1), 100) << "not given any more";
}

// Goal: a tombstone is its key and nothing else, whatever sizes records have, and as many are drawn as were asked for.
// Method: a law of texts with sizes of 500 B; one without texts; the same through the key space, which others ask.
TEST(RecordLaw, TombstonesAreTheirKeyOnly) {
  const auto law = std::make_shared<RecordLaw>(5, 100);
  law->set_keys({2'000, "key-", 6, {}}, key_weights(2'000, 0));
  law->add_table(std::vector<std::int32_t>(2'000, 0), 1);
  law->name_partition({1}, 0);
  law->set_sizes({SizeKind::uniform, 500, 500, 0, 0, {}});
  law->set_tombstones(250, 77);
  KeySpace space;
  space.keys = 2'000;
  space.tombstone_permille = 250;
  space.shared = true;
  space.law = law;
  int tombstones = 0;
  for (std::int64_t ordinal = 0; ordinal < 20'000; ++ordinal) {
    const bool deletes = is_tombstone(space, {3}, {1}, ordinal);
    tombstones += deletes ? 1 : 0;
    EXPECT_EQ(law->size_of({3}, PartitionId{1}, ordinal), deletes ? 10 : 500) << "key-000000 has ten bytes";
  }
  EXPECT_NEAR(tombstones / 20'000.0, 0.25, 4 * std::sqrt(0.25 * 0.75 / 20'000));
  RecordLaw plain(5, 100);
  plain.name_partition({0}, 0);
  EXPECT_FALSE(plain.sizes_differ());
  plain.set_tombstones(1'000, 77);
  EXPECT_TRUE(plain.sizes_differ());
  EXPECT_EQ(plain.size_of({3}, PartitionId{0}, 9), kPlainKeyBytes);
}

double mean_of(const SizeLaw& law, double& second) {
  double sum = 0;
  second = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto size = static_cast<double>(law.sample(word(i)));
    sum += size;
    second += size * size;
  }
  second /= kDraws;
  return sum / kDraws;
}

// Goal: a key of 64 bytes or more has a length of two bytes in its record, which counts on top of key and value.
// Method: listed keys of 63, 64 and 1,024 bytes, asked for before and after they are told; a prefix that makes 63 or 64.
TEST(RecordLaw, LengthsOfLongKeysCount) {
  RecordLaw law(5, 2'000);
  law.set_keys({3, "", 0, {std::string(63, 'a'), std::string(64, 'b'), std::string(1'024, 'c')}}, {1, 1, 1});
  law.list_keys();
  EXPECT_TRUE(law.sizes_differ());
  const std::vector<std::int64_t> expected{2'000, 2'001, 2'001};
  for (std::uint32_t key = 0; key < 3; ++key) {
    EXPECT_EQ(law.size_of({0}, 0, key, {key, 0}), expected[key]);
    law.note({0}, 0, key, {key, 0});
    EXPECT_EQ(law.size_of({0}, 0, std::int64_t{key}), expected[key]);
  }
  law.list_sizes();
  EXPECT_EQ(law.size_of({0}, 0, 3, {2, 1'500}), 1'501);
  EXPECT_EQ(law.size_of({0}, 0, 3, {0, 1'500}), 1'500);

  for (const std::int32_t digits : {3, 4}) {
    RecordLaw named(5, 2'000);
    named.set_keys({10, std::string(60, 'p'), digits}, std::vector<std::uint64_t>(10, 1));
    named.add_table(std::vector<std::int32_t>(10, 0), 1);
    EXPECT_EQ(named.names().text_bytes(9), static_cast<std::int64_t>(named.names().text(9).size()));
    EXPECT_EQ(named.sizes_differ(), digits == 4);
    EXPECT_EQ(named.size_of({0}, 0, std::int64_t{7}), digits == 4 ? 2'001 : 2'000);
  }
  const KeyNames names{2'000, "k", 2};
  for (const std::int64_t key : {0, 9, 10, 99, 100, 1'999})
    EXPECT_EQ(names.text_bytes(key), static_cast<std::int64_t>(names.text(key).size())) << key;
}

// Goal: moments are those of the law; the law's own mean, too.
TEST(SizeLaw, LognormalHasItsMomentsAndItsP99) {
  const double sigma = 0.8;
  const SizeLaw law({SizeKind::lognormal, 1, 1 << 30, 2'000, sigma, {}});
  double second = 0;
  const double mean = mean_of(law, second);
  const double exact = 2'000 * std::exp(sigma * sigma / 2);
  const double deviation = exact * std::sqrt(std::exp(sigma * sigma) - 1);
  EXPECT_NEAR(mean, exact, 5 * deviation / std::sqrt(kDraws));
  EXPECT_NEAR(law.mean(), exact, exact * 1e-3);
  EXPECT_NEAR(std::sqrt(second - mean * mean) / deviation, 1, 0.03);
  int above = 0;
  const double p99 = 2'000 * std::exp(sigma * 2.3263478740408408);
  for (int i = 0; i < kDraws; ++i) above += static_cast<double>(law.sample(word(i))) > p99 ? 1 : 0;
  EXPECT_NEAR(above / double{kDraws}, 0.01, 5 * std::sqrt(0.01 * 0.99 / kDraws));
}

TEST(SizeLaw, ParetoHasItsTail) {
  const SizeLaw law({SizeKind::pareto, 100, 1 << 30, 100, 1.5, {}});
  std::int64_t above[3] = {0, 0, 0};
  for (int i = 0; i < kDraws; ++i) {
    const std::int64_t size = law.sample(word(i));
    EXPECT_GE(size, 100);
    above[0] += size > 200 ? 1 : 0;
    above[1] += size > 1'000 ? 1 : 0;
    above[2] += size > 10'000 ? 1 : 0;
  }
  int i = 0;
  for (const double s : {200.5, 1'000.5, 10'000.5}) {
    const double p = std::pow(100 / s, 1.5);
    EXPECT_NEAR(static_cast<double>(above[i++]) / kDraws, p, 5 * std::sqrt(p / kDraws)) << s;
  }
}

TEST(SizeLaw, UniformAndEmpiricalAreExact) {
  const SizeLaw uniform({SizeKind::uniform, 10, 19, 0, 0, {}});
  std::vector<std::int64_t> seen(10, 0);
  for (int i = 0; i < kDraws; ++i) ++seen.at(static_cast<std::size_t>(uniform.sample(word(i)) - 10));
  EXPECT_LT(chi_square(seen, std::vector<double>(10, kDraws / 10.0)), chi_square_bound(9));
  EXPECT_NEAR(uniform.mean(), 14.5, 0.01);
  const SizeLaw counted({SizeKind::empirical, 100, 5'000, 0, 0, {{100, 7}, {5'000, 1}, {1'000, 2}}});
  std::int64_t large = 0;
  for (int i = 0; i < kDraws; ++i) large += counted.sample(word(i)) == 5'000 ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(large) / kDraws, 0.1, 5 * std::sqrt(0.09 / kDraws));
  EXPECT_DOUBLE_EQ(counted.mean(), 770);
}

TEST(SizeLaw, BoundsHold) {
  const SizeLaw law({SizeKind::exponential, 50, 300, 100, 0, {}});
  std::int64_t low = 0, high = 0;
  for (int i = 0; i < kDraws; ++i) {
    const std::int64_t size = law.sample(word(i));
    EXPECT_GE(size, 50);
    EXPECT_LE(size, 300);
    low += size == 50 ? 1 : 0;
    high += size == 300 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(high) / kDraws, std::exp(-2.995), 0.003)
      << "what is larger is cut to the bound";
  EXPECT_NEAR(static_cast<double>(low) / kDraws, 1 - std::exp(-0.505), 0.005);
}

// Goal: sizes of one identity are the same whenever they are asked for, and those of neighbours are not.
TEST(SizeLaw, SizesAreOfIdentity) {
  RecordLaw law(9, 100);
  law.set_sizes({SizeKind::uniform, 1, 1'000'000, 0, 0, {}});
  law.name_partition({0}, 0);
  law.name_partition({4}, 0);
  const std::int64_t size = law.size_of({0}, 0, 17);
  EXPECT_EQ(law.size_of({0}, PartitionId{4}, 17), size) << "the topic made anew has the same partition 0";
  EXPECT_NE(law.size_of({1}, 0, 17), size);
  EXPECT_NE(law.size_of({0}, 1, 17), size);
  EXPECT_NE(law.size_of({0}, 0, 18), size);
}

}  // namespace
}  // namespace brokersim::history
