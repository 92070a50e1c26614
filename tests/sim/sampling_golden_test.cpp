// Goal: the same word gives the same bits of value on every compiler, optimisation level and machine. A change of this
// table changes the numbers of every scenario that samples: it must be meant.
// Method: three values in full (hexadecimal, so that no bit hides), and a hash over 20,000 values of each sampler.
#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "sim/hash.h"
#include "sim/portable_math.h"
#include "sim/random.h"
#include "sim/sampling.h"

namespace brokersim::sim {
namespace {

struct Golden {
  const char* name;
  std::function<double(std::uint64_t)> sample;
  const char* first;  // of the words 0x0123456789ABCDEF, 0x8000000000000000 and ~0
  const char* second;
  const char* third;
  const char* hash;  // of the values of keyed_bits(1, 0, 0 ... 19,999)
};

std::string hexadecimal(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%a", x);
  return text;
}

const std::vector<Golden>& table() {
  static const std::vector<Golden> rows{
      {"unit", [](std::uint64_t w) { return unit_of(w); }, "0x1.23456789abc8p-8", "0x1p-1",
       "0x1.fffffffffffffp-1", "b27c80c67cca7401"},
      {"open_unit", [](std::uint64_t w) { return open_unit_of(w); }, "0x1.23456789abcdfp-8", "0x1p-1",
       "0x1.fffffffffffffp-1", "eabc40f546374b59"},
      {"uniform", [](std::uint64_t w) { return Uniform(-3, 5).sample(w); }, "-0x1.7b72ea61d950ep+1", "0x1p+0",
       "0x1.3ffffffffffffp+2", "d028070d0527139d"},
      {"exponential", [](std::uint64_t w) { return Exponential(2.5).sample(w); }, "0x1.b149bc7a09a27p+3",
       "0x1.bb9d3beb8c86bp+0", "0x1.4p-52", "37c085270d54b42c"},
      {"normal", [](std::uint64_t w) { return Normal(10, 3).sample(w); }, "0x1.1d951283fb3fcp+4", "0x1.4p+3",
       "-0x1.17743ff80e0ap+4", "2b3c09bae210ee22"},
      {"lognormal", [](std::uint64_t w) { return LogNormal(7, 0.8).sample(w); }, "0x1.c62210a97f81ep+5",
       "0x1.cp+2", "0x1.2e7c07dccad47p-8", "d9bef217265f925f"},
      {"lognormal by quantile",
       [](std::uint64_t w) {
         return LogNormal::from_quantile(2e6, {0.99, 12e6}).sample(w);
       },
       "0x1.c9d83df0941d3p+23", "0x1.e848p+20", "0x1.b11572054c08fp+10", "16a2cde130c71992"},
      {"weibull", [](std::uint64_t w) { return Weibull(2, 1.2).sample(w); }, "0x1.05918dfd4dbb4p+3",
       "0x1.793ef25b5ec1ep+0", "0x1.c823e074ec124p-44", "4120cffdd5d20bad"},
      {"geometric", [](std::uint64_t w) { return static_cast<double>(Geometric(0.01).sample(w)); },
       "0x1.0dp+9", "0x1.1p+6", "0x0p+0", "8785c367c5c4bf63"},
      {"poisson, inverted", [](std::uint64_t w) { return static_cast<double>(Poisson(4.5).sample(w)); },
       "0x0p+0", "0x1p+2", "0x1.fp+4", "ed84529570a5db81"},
      {"poisson, rejected", [](std::uint64_t w) { return static_cast<double>(Poisson(1e6).sample(w)); },
       "0x1.e81b6p+19", "0x1.e8622p+19", "0x1.e7d06p+19", "06f2b2fbda446a43"},
      {"zipf", [](std::uint64_t w) { return static_cast<double>(Zipf(1'000'000, 0.99).sample(w)); },
       "0x1.641p+12", "0x1.49p+8", "0x1.39572p+19", "6378e5fb51d61162"},
      {"zipf of skew 1", [](std::uint64_t w) { return static_cast<double>(Zipf(1'000'000, 1).sample(w)); },
       "0x1.181p+12", "0x1.fep+7", "0x1.2f948p+19", "043d0555d683f729"},
      {"weighted",
       [](std::uint64_t w) {
         return static_cast<double>(Weighted({5, 0, 1, 94, 300, 0, 600}).sample(w));
       },
       "0x0p+0", "0x1.8p+1", "0x1p+2", "074c5c4ad2a450f4"},
      {"empirical",
       [](std::uint64_t w) {
         return Empirical({{0, 1}, {0.5, 2}, {0.9, 4}, {1, 100}}).sample(w);
       },
       "0x1.02468acf1357ap+0", "0x1p+1", "0x1.8fffffffffff8p+6", "0d8366c1a121ff6d"},
      {"ln", [](std::uint64_t w) { return portable_ln(open_unit_of(w)); }, "-0x1.5aa16394d481fp+2",
       "-0x1.62e42fefa39efp-1", "-0x1p-53", "8c91318703d7dd91"},
      {"exp", [](std::uint64_t w) { return portable_exp(600 * (unit_of(w) - 0.5)); },
       "0x1.06f4976d20e51p-429", "0x1p+0", "0x1.c05c0a716698ap+432", "21e35d36ee383ee8"},
      {"log1p", [](std::uint64_t w) { return portable_log1p(unit_of(w) - 0.5); }, "-0x1.5e5c401f3ed93p-1",
       "0x0p+0", "0x1.9f323ecbf984bp-2", "e9a770a05939ed5c"},
      {"expm1", [](std::uint64_t w) { return portable_expm1(unit_of(w) - 0.5); }, "-0x1.90256505d5002p-2",
       "0x0p+0", "0x1.4c2531c3c0d35p-1", "5d0f25e6b970a93d"},
  };
  return rows;
}

TEST(SamplingGolden, EverySamplerGivesItsBits) {
  for (const Golden& row : table()) {
    std::uint64_t hash = 0;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
      hash = combine(hash, std::bit_cast<std::uint64_t>(row.sample(keyed_bits(1, 0, i))));
    }
    EXPECT_EQ(hexadecimal(row.sample(0x0123456789ABCDEFull)), row.first) << row.name;
    EXPECT_EQ(hexadecimal(row.sample(std::uint64_t{1} << 63)), row.second) << row.name;
    EXPECT_EQ(hexadecimal(row.sample(~std::uint64_t{0})), row.third) << row.name;
    EXPECT_EQ(hex16(hash), row.hash) << row.name;
  }
}

// The words themselves.
TEST(SamplingGolden, WordsOfStreams) {
  Fingerprint fingerprint;
  const Stream stream(fingerprint, 42, hash_name("host/b-0"), "crash");
  EXPECT_EQ(hex16(stream.bits(0)), "d38e0bb8b8a23495");
  EXPECT_EQ(hex16(stream.child(7).bits(3)), "3bee7418dab7552d");
  EXPECT_EQ(stream.below(5, 1'000), 647u);
  fingerprint.branch(2);
  EXPECT_EQ(hex16(stream.bits(0)), "07b600f2f1c2ca4e");
}

}  // namespace
}  // namespace brokersim::sim
