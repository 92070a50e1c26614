// Goal: each sampler draws from the distribution it names, tails included, with the same bits everywhere.
// Method: golden values (compared bit for bit by every build of the determinism matrix), goodness of fit with fixed
// seeds against closed forms of the C library (Kolmogorov-Smirnov, Anderson-Darling, chi-square; each at a level of
// about 10^-4, so that a wrong sampler fails and the fixed seeds do not), and words at the ends of the range.
#include "sim/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <vector>

#include "sim/check.h"
#include "sim/hash.h"
#include "sim/portable_math.h"
#include "sim/random.h"

namespace brokersim::sim {
namespace {

class Words {
 public:
  explicit Words(std::uint64_t seed) : stream_(fingerprint_, seed, hash_name("sampling"), "test") {}
  std::uint64_t operator[](std::uint64_t i) const { return stream_.bits(i); }

 private:
  mutable Fingerprint fingerprint_;
  Stream stream_;
};

constexpr int kSamples = 100'000;

/// Values of the distribution function, sorted: uniform if the sampler is right.
std::vector<double> transformed(const std::function<double(std::uint64_t)>& sample,
                                const std::function<double(double)>& cdf, std::uint64_t seed) {
  const Words words(seed);
  std::vector<double> u;
  for (int i = 0; i < kSamples; ++i) u.push_back(cdf(sample(words[static_cast<std::uint64_t>(i)])));
  std::sort(u.begin(), u.end());
  return u;
}

/// sqrt(n) times the greatest distance. 2.23 has a probability of 10^-4.
double kolmogorov_smirnov(const std::vector<double>& u) {
  double distance = 0;
  const double n = static_cast<double>(u.size());
  for (std::size_t i = 0; i < u.size(); ++i) {
    distance = std::max({distance, static_cast<double>(i + 1) / n - u[i], u[i] - static_cast<double>(i) / n});
  }
  return distance * std::sqrt(n);
}

/// A^2: heavy on the tails. 8.8 has a probability of about 10^-4.
double anderson_darling(const std::vector<double>& u) {
  const auto n = u.size();
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += static_cast<double>(2 * i + 1) * (std::log(u[i]) + std::log1p(-u[n - 1 - i]));
  }
  return -static_cast<double>(n) - sum / static_cast<double>(n);
}

void expect_fit(const char* name, const std::function<double(std::uint64_t)>& sample,
                const std::function<double(double)>& cdf) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto u = transformed(sample, cdf, seed);
    ASSERT_GT(u.front(), 0.0) << name;
    ASSERT_LT(u.back(), 1.0) << name;
    EXPECT_LT(kolmogorov_smirnov(u), 2.23) << name << ", seed " << seed;
    EXPECT_LT(anderson_darling(u), 8.8) << name << ", seed " << seed;
  }
}

/// Chi-square of counts against probabilities, as a normal deviate (Wilson and Hilferty). Cells below 20 are pooled.
double chi_square_deviate(const std::vector<double>& counts, const std::vector<double>& probabilities,
                          double n) {
  double sum = 0;
  double cells = 0;
  double count = 0;
  double expected = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    count += counts[i];
    expected += probabilities[i] * n;
    if (expected < 20 && i + 1 < counts.size()) continue;
    if (expected > 0) sum += (count - expected) * (count - expected) / expected;
    cells += 1;
    count = expected = 0;
  }
  const double degrees = cells - 1;
  const double scale = 2.0 / (9.0 * degrees);
  return (std::cbrt(sum / degrees) - (1.0 - scale)) / std::sqrt(scale);
}

/// Counts 0 ... cells - 2, the last cell takes the rest. `pmf(k)`.
void expect_counts(const char* name, const std::function<std::int64_t(std::uint64_t)>& sample,
                   const std::function<double(std::int64_t)>& pmf, std::int64_t first, std::size_t cells) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const Words words(seed);
    std::vector<double> counts(cells), probabilities(cells);
    double left = 1.0;
    for (std::size_t k = 0; k + 1 < cells; ++k) {
      probabilities[k] = pmf(first + static_cast<std::int64_t>(k));
      left -= probabilities[k];
    }
    probabilities.back() = std::max(left, 0.0);
    for (int i = 0; i < kSamples; ++i) {
      const std::int64_t k = sample(words[static_cast<std::uint64_t>(i)]) - first;
      ASSERT_GE(k, 0) << name;
      counts[std::min(static_cast<std::size_t>(k), cells - 1)] += 1;
    }
    EXPECT_LT(chi_square_deviate(counts, probabilities, kSamples), 3.72) << name << ", seed " << seed;
  }
}

double normal_cdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

TEST(Sampling, ContinuousSamplersFitTheirDistributions) {
  const Uniform uniform(-3, 5);
  expect_fit(
      "uniform", [&](auto w) { return uniform.sample(w | 1u << 11); }, [](double x) { return (x + 3) / 8; });
  const Exponential exponential(2.5);
  expect_fit(
      "exponential", [&](auto w) { return exponential.sample(w); },
      [](double x) { return -std::expm1(-x / 2.5); });
  const Normal normal(10, 3);
  expect_fit(
      "normal", [&](auto w) { return normal.sample(w); }, [](double x) { return normal_cdf((x - 10) / 3); });
  const LogNormal lognormal(7, 0.8);
  expect_fit(
      "lognormal", [&](auto w) { return lognormal.sample(w); },
      [](double x) { return normal_cdf(std::log(x / 7) / 0.8); });
  for (const double shape : {0.5, 1.0, 1.2, 4.0}) {
    const Weibull weibull(2, shape);
    expect_fit(
        "weibull", [&](auto w) { return weibull.sample(w); },
        [&](double x) { return -std::expm1(-std::pow(x / 2, shape)); });
  }
  const Empirical empirical({{0, 1}, {0.5, 2}, {0.9, 4}, {1, 100}});
  expect_fit(
      "empirical", [&](auto w) { return empirical.sample(w); },
      [](double x) {
        if (x < 2) return 0.5 * (x - 1);
        if (x < 4) return 0.5 + 0.4 * (x - 2) / 2;
        return 0.9 + 0.1 * (x - 4) / 96;
      });
}

// Goal: the tests above have teeth. Method: samplers that are wrong by little must fail them.
TEST(Sampling, AWrongSamplerIsFoundOut) {
  const auto u = transformed([](auto w) { return 1.02 * Exponential::standard(w); },
                             [](double x) { return -std::expm1(-x); }, 1);
  EXPECT_GT(std::max(kolmogorov_smirnov(u) / 2.23, anderson_darling(u) / 8.8), 1.0);
  // A tail cut at 3.5 deviations: one value in two thousand, and Anderson-Darling alone does not see it; the tests of
  // the tails do (below).
  const Zipf zipf(1'000, 1.1);
  std::vector<double> counts(20), probabilities(20);
  const Words words(1);
  double norm = 0;
  for (int k = 1; k <= 1'000; ++k) norm += std::pow(k, -1.08);
  for (int i = 0; i < kSamples; ++i) {
    counts[static_cast<std::size_t>(
        std::min<std::int64_t>(zipf.sample(words[static_cast<std::uint64_t>(i)]), 20) - 1)] += 1;
  }
  double left = 1;
  for (std::size_t k = 0; k < 19; ++k)
    left -= probabilities[k] = std::pow(static_cast<double>(k + 1), -1.08) / norm;
  probabilities[19] = left;
  EXPECT_GT(chi_square_deviate(counts, probabilities, kSamples), 3.72);
}

TEST(Sampling, WholeNumberSamplersFitTheirDistributions) {
  for (const double p : {0.9, 0.3, 0.01}) {
    const Geometric geometric(p);
    expect_counts(
        "geometric", [&](auto w) { return geometric.sample(w); },
        [&](std::int64_t k) { return p * std::pow(1 - p, k); }, 0, p < 0.1 ? 600 : 40);
  }
  for (const double mean : {0.02, 1.0, 9.99, 10.0, 37.5, 1'000.0, 250'000.0}) {
    const Poisson poisson(mean);
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(mean - 8 * std::sqrt(mean) - 10));
    expect_counts(
        "poisson", [&](auto w) { return std::max(poisson.sample(w), first); },
        [&](std::int64_t k) {
          const auto x = static_cast<double>(k);
          return std::exp(x * std::log(mean) - mean - std::lgamma(x + 1));
        },
        first, static_cast<std::size_t>(16 * std::sqrt(mean) + 40));
  }
  for (const double skew : {0.0, 0.5, 0.99, 1.0, 1.01, 2.0, 6.0}) {
    for (const std::int64_t n : {1, 2, 10, 1'000}) {
      const Zipf zipf(n, skew);
      double norm = 0;
      for (std::int64_t k = 1; k <= n; ++k) norm += std::pow(k, -skew);
      if (n == 1) {
        EXPECT_EQ(zipf.sample(123), 1);
        continue;
      }
      if (n == 2 && skew > 5) continue;  // too few in the second cell
      expect_counts(
          "zipf", [&](auto w) { return zipf.sample(w); },
          [&](std::int64_t k) { return std::pow(k, -skew) / norm; }, 1, static_cast<std::size_t>(n));
    }
  }
}

// Goal: Zipf over ranks that no table could hold. Method: logarithmic cells against the Euler-Maclaurin sum.
TEST(Sampling, ZipfOfManyRanks) {
  for (const double skew : {0.5, 0.99, 1.2}) {
    const std::int64_t n = std::int64_t{1} << 40;
    const Zipf zipf(n, skew);
    // Sum of k^-s for a < k <= b, by the integral and the ends; exact to 1e-6 from k = 64 on.
    const auto sum = [&](double a, double b) {
      const double power = 1 - skew;
      return (std::pow(b, power) - std::pow(a, power)) / power -
             (std::pow(a, -skew) - std::pow(b, -skew)) / 2;
    };
    std::vector<double> weights(40);
    for (int k = 1; k <= 64; ++k) weights[0] += std::pow(k, -skew);
    for (int octave = 7; octave <= 40; ++octave) {
      weights[static_cast<std::size_t>(octave - 6)] = sum(std::pow(2, octave - 1), std::pow(2, octave));
    }
    double total = 0;
    for (const double w : weights) total += w;
    for (double& w : weights) w /= total;
    std::vector<double> counts(40);
    const Words words(5);
    for (int i = 0; i < kSamples; ++i) {
      const std::int64_t k = zipf.sample(words[static_cast<std::uint64_t>(i)]);
      ASSERT_LE(k, n);
      const int octave = std::bit_width(static_cast<std::uint64_t>(k - 1));  // k in (2^(o - 1), 2^o]
      counts[static_cast<std::size_t>(std::max(octave - 6, 0))] += 1;
    }
    EXPECT_LT(chi_square_deviate(counts, weights, kSamples), 3.72) << skew;
  }
}

TEST(Sampling, WeightedIsExact) {
  const std::vector<std::uint64_t> weights{5, 0, 1, 94, 300, 0, 600};
  const Weighted weighted(weights);
  expect_counts(
      "weighted", [&](auto w) { return static_cast<std::int64_t>(weighted.sample(w)); },
      [&](std::int64_t k) { return static_cast<double>(weights[static_cast<std::size_t>(k)]) / 1'000; }, 0,
      7);
  const Words words(4);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::size_t index = weighted.sample(words[i]);
    ASSERT_NE(index, 1u) << "a weight of 0 is never drawn";
    ASSERT_NE(index, 5u);
  }
  // Exactly, by a sweep of 2^20 evenly spaced words: each index takes its share to one word per border.
  std::vector<std::uint64_t> counts(weights.size());
  for (std::uint64_t i = 0; i < 1u << 20; ++i) counts[weighted.sample(i << 44)] += 1;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(counts[i]) / (1u << 20), static_cast<double>(weights[i]) / 1'000, 2e-5)
        << i;
  }
  EXPECT_EQ(Weighted({7}).sample(~0ull), 0u);
  EXPECT_EQ(Weighted({0, (std::uint64_t{1} << 63) - 1}).sample(0), 1u) << "the greatest sum";
}

// Goal: tails far beyond what can be sampled. Method: words whose top bits are fixed make values of one far tail, and
// their distribution there is known: a tail of the exponential is an exponential again; for the normal the
// distribution function of the tail.
TEST(Sampling, TailsAreRightToTheLastBit) {
  for (const int zeros : {10, 30, 50}) {
    const auto deep = [&](std::uint64_t w) { return w >> zeros; };
    expect_fit(
        "exponential tail", [&](auto w) { return Exponential::standard(deep(w)); },
        [&](double x) { return -std::expm1(-(x - zeros * std::log(2.0))); });
    if (zeros == 50) continue;  // 14 bits are left: a grid, and no continuous distribution any more
    expect_fit(
        "normal tail", [&](auto w) { return Normal::standard(deep(w) >> 1); },
        [&](double z) { return 1 - std::erfc(z / std::sqrt(2.0)) / 2 * std::pow(2.0, zeros + 1); });
  }
  EXPECT_DOUBLE_EQ(Exponential::standard(0), 65 * std::log(2.0));
  EXPECT_DOUBLE_EQ(Exponential::standard(~0ull), 0x1p-53) << "never 0";
  EXPECT_NEAR(Normal::standard(0), 9.155293772686075, 2e-14) << "P(Z > z) = 2^-65";
  EXPECT_EQ(Normal::standard(~0ull), -Normal::standard(0));
  EXPECT_NEAR(Normal::standard(0x7FFF'FFFF'FFFF'FFFFull), 0, 1e-15);
  for (const double p : {1e-300, 1e-100, 1e-20, 1e-9, 1e-3, 0.074, 0.076, 0.2, 0.4999}) {
    const double z = normal_quantile(p);
    EXPECT_NEAR(std::erfc(-z / std::sqrt(2.0)) / 2 / p, 1.0, 1e-11 * std::max(1.0, z * z)) << p;
  }
  EXPECT_EQ(normal_quantile(0.5), 0.0);
  EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-15);
}

TEST(Sampling, EndsOfTheRangeAreSound) {
  for (const std::uint64_t w : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 63,
                                (std::uint64_t{1} << 63) - 1, ~std::uint64_t{0}}) {
    EXPECT_GE(unit_of(w), 0.0);
    EXPECT_LT(unit_of(w), 1.0);
    EXPECT_GT(open_unit_of(w), 0.0);
    EXPECT_LT(open_unit_of(w), 1.0);
    EXPECT_GT(Exponential(1).sample(w), 0.0);
    EXPECT_LT(Uniform(1e16, 1e16 + 4).sample(w), 1e16 + 4) << "rounding does not reach the end";
    EXPECT_EQ(Uniform(2, 2).sample(w), 2.0);
    EXPECT_GE(Poisson(9.9).sample(w), 0);
    EXPECT_LE(Poisson(9.9).sample(w), 200);
    EXPECT_GE(Poisson(1e9).sample(w), 999'000'000);
    EXPECT_LE(Poisson(1e9).sample(w), 1'001'000'000);
    EXPECT_EQ(Poisson(0).sample(w), 0);
    EXPECT_EQ(Geometric(1).sample(w), 0);
    EXPECT_LE(Geometric(1e-300).sample(w), std::int64_t{1} << 62);
    EXPECT_GE(Zipf(std::int64_t{1} << 40, 20).sample(w), 1);
    EXPECT_LE(Zipf(std::int64_t{1} << 40, 0).sample(w), std::int64_t{1} << 40);
    EXPECT_GE(Weibull(1, 0.05).sample(w), 0.0) << "may be too small for a double";
    EXPECT_GT(LogNormal(1, 20).sample(w), 0.0);
  }
  EXPECT_EQ(whole_ns(-1).ns, 0);
  EXPECT_EQ(whole_ns(1.5).ns, 2);
  EXPECT_EQ(whole_ns(1e300), Duration::max());
}

TEST(Sampling, WrongParametersAreRefused) {
  const double nan = std::nan("");
  const double infinite = HUGE_VAL;
  EXPECT_THROW(Uniform(1, 0), Bug);
  EXPECT_THROW(Uniform(0, infinite), Bug);
  EXPECT_THROW(Exponential(0), Bug);
  EXPECT_THROW(Exponential(-1), Bug);
  EXPECT_THROW(Exponential{nan}, Bug);
  EXPECT_THROW(Normal(0, -1), Bug);
  EXPECT_THROW(Normal(nan, 1), Bug);
  EXPECT_THROW(LogNormal(0, 1), Bug);
  EXPECT_THROW(LogNormal(1, 21), Bug);
  EXPECT_THROW((void)LogNormal::from_quantile(5, {0.4, 10}), Bug);
  EXPECT_THROW((void)LogNormal::from_quantile(5, {0.99, 4}), Bug);
  EXPECT_THROW(Weibull(1, 0), Bug);
  EXPECT_THROW(Weibull(infinite, 1), Bug);
  EXPECT_THROW(Geometric(0), Bug);
  EXPECT_THROW(Geometric(1.1), Bug);
  EXPECT_THROW(Poisson(-1), Bug);
  EXPECT_THROW(Poisson(2e9), Bug);
  EXPECT_THROW(Poisson{nan}, Bug);
  EXPECT_THROW(Zipf(0, 1), Bug);
  EXPECT_THROW(Zipf(10, -1), Bug);
  EXPECT_THROW(Weighted({}), Bug);
  EXPECT_THROW(Weighted({0, 0}), Bug);
  EXPECT_THROW(Weighted({~0ull}), Bug);
  EXPECT_THROW(Weighted({std::uint64_t{1} << 62, std::uint64_t{1} << 62}), Bug);
  EXPECT_THROW(Empirical({{0, 1}}), Bug);
  EXPECT_THROW(Empirical({{0, 1}, {0.9, 2}}), Bug);
  EXPECT_THROW(Empirical({{0, 2}, {1, 1}}), Bug);
  EXPECT_THROW(Empirical({{0, 1}, {0, 2}, {1, 3}}), Bug);
  EXPECT_THROW((void)normal_quantile(0), Bug);
  EXPECT_THROW((void)portable_ln(0), Bug);
  EXPECT_THROW((void)portable_ln(-1), Bug);
}

TEST(Sampling, SummariesAgreeWithTheSamples) {
  const LogNormal latency = LogNormal::from_quantile(2e6, {0.99, 12e6});
  const Empirical empirical({{0, 1}, {0.5, 2}, {0.9, 4}, {1, 100}});
  const Words words(8);
  double sum = 0, above = 0, low = 0;
  for (int i = 0; i < kSamples; ++i) {
    const auto w = words[static_cast<std::uint64_t>(i)];
    sum += latency.sample(w);
    above += latency.sample(w) > 12e6 ? 1 : 0;
    low += empirical.sample(w);
  }
  EXPECT_NEAR(sum / kSamples / latency.mean(), 1, 0.01);
  EXPECT_NEAR(above / kSamples, 0.01, 0.001);
  EXPECT_NEAR(low / kSamples / empirical.mean(), 1, 0.02);
  EXPECT_NEAR(empirical.mean(), 0.5 * 1.5 + 0.4 * 3 + 0.1 * 52, 1e-12);
  EXPECT_EQ(empirical.quantile(0.9), 4.0);
  EXPECT_EQ(empirical.quantile(1), 100.0);
  EXPECT_EQ(empirical.quantile(0), 1.0);
}

// Goal: the error that portable_math.h states. Method: a million arguments of every size against 80-bit functions.
TEST(PortableMath, ErrorIsWithinItsBound) {
  const Words words(3);
  double ln_worst = 0, exp_worst = 0, log1p_worst = 0, expm1_worst = 0;
  const auto units = [](double value, long double exact) {
    const double rounded = static_cast<double>(exact);
    const double unit = std::abs(std::nextafter(rounded, HUGE_VAL) - rounded);
    return static_cast<double>(std::abs(static_cast<long double>(value) - exact) /
                               static_cast<long double>(unit));
  };
  for (std::uint64_t i = 0; i < 1'000'000; ++i) {
    const std::uint64_t w = words[i];
    const double any = std::bit_cast<double>(w % 0x7FF0'0000'0000'0000ull);
    const double near_one = 0.5 + unit_of(w);
    for (const double x : {any, near_one}) {
      if (x > 0) ln_worst = std::max(ln_worst, units(portable_ln(x), std::log(static_cast<long double>(x))));
    }
    for (const double x : {-708.0 + 1'417 * unit_of(w), 2 * unit_of(w) - 1}) {
      exp_worst = std::max(exp_worst, units(portable_exp(x), std::exp(static_cast<long double>(x))));
    }
    const double r = (2 * unit_of(w) - 1) * std::ldexp(1, -static_cast<int>(w % 40));
    if (r > -1 && r != 0) {
      log1p_worst = std::max(log1p_worst, units(portable_log1p(r), std::log1p(static_cast<long double>(r))));
      expm1_worst = std::max(expm1_worst, units(portable_expm1(r), std::expm1(static_cast<long double>(r))));
    }
  }
  RecordProperty("units", std::to_string(ln_worst) + " " + std::to_string(exp_worst));
  EXPECT_LE(ln_worst, 2.0);
  EXPECT_LE(exp_worst, 1.5);
  EXPECT_LE(log1p_worst, 3.0);
  EXPECT_LE(expm1_worst, 8.0);
  EXPECT_EQ(portable_ln(1), 0.0);
  EXPECT_EQ(portable_exp(0), 1.0);
  EXPECT_EQ(portable_exp(1'000), std::numeric_limits<double>::max());
  EXPECT_EQ(portable_exp(-1'000), 0.0);
  EXPECT_EQ(portable_ln(0x1p-1074), -0x1.74385446d71c3p+9) << "a subnormal";
}

}  // namespace
}  // namespace brokersim::sim
