// The random numbers of the benchmark workloads: the same integers in every engine and language.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace workloads {

/// A Weyl counter and the finaliser of SplitMix64 (Steele, Lea, Flood 2014): one multiplication chain a draw.
inline std::uint64_t next_bits(std::uint64_t& state) {
  std::uint64_t z = state += 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

/// Exponential with mean 1 s from 32 bits, in nanoseconds: -ln of a dyadic number by clz, a table of 256 intervals
/// and a straight line within. Integers only after the table is made.
class Exponential {
 public:
  Exponential() {
    for (std::size_t i = 0; i < table_.size(); ++i)
      table_[i] = std::llround(std::log1p(static_cast<double>(i) / 256.0) * 1e9);
  }
  [[nodiscard]] std::int64_t operator()(std::uint32_t bits) const {
    const std::uint64_t v = std::uint64_t{bits} + 1;  // 1 to 2^32
    const int log2 = 63 - std::countl_zero(v);
    const std::uint64_t fraction = (v << (32 - log2)) & 0xFFFFFFFFu;
    const std::size_t i = fraction >> 24;
    const std::int64_t line =
        ((table_[i + 1] - table_[i]) * static_cast<std::int64_t>(fraction & 0xFFFFFF)) >> 24;
    return (32 - log2) * kLn2 - table_[i] - line + (log2 == 32 ? 0 : 1);
  }

 private:
  static constexpr std::int64_t kLn2 = 693'147'181;
  std::array<std::int64_t, 257> table_;
};

/// Uniform in [0, n) from 31 bits.
inline std::uint32_t uniform(std::uint64_t bits31, std::uint32_t n) {
  return static_cast<std::uint32_t>((bits31 * n) >> 31);
}

}  // namespace workloads
