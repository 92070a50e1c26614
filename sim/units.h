// Quantities with a unit in their type: bytes, rates, shares.
//
// Why: a number without a unit is the most common wrong number. All are exact integers so that no
// run depends on rounding modes.
#pragma once

#include <compare>
#include <cstdint>

#include "sim/time.h"

namespace brokersim::sim {

/// A count of bytes. Never negative in a valid configuration.
struct Bytes {
  std::int64_t n = 0;

  [[nodiscard]] constexpr auto operator<=>(const Bytes&) const = default;
  constexpr Bytes& operator+=(Bytes other) {
    n += other.n;
    return *this;
  }
  constexpr Bytes& operator-=(Bytes other) {
    n -= other.n;
    return *this;
  }
  [[nodiscard]] friend constexpr Bytes operator+(Bytes a, Bytes b) { return {a.n + b.n}; }
  [[nodiscard]] friend constexpr Bytes operator-(Bytes a, Bytes b) { return {a.n - b.n}; }
  [[nodiscard]] friend constexpr Bytes operator*(Bytes a, std::int64_t k) { return {a.n * k}; }
};

/// Bytes per second. Positive wherever it divides.
struct BytesPerSecond {
  std::int64_t n = 0;
  [[nodiscard]] constexpr auto operator<=>(const BytesPerSecond&) const = default;
};

/// A whole number of percent, 0 to 100.
struct Percent {
  std::int32_t n = 0;
  [[nodiscard]] constexpr auto operator<=>(const Percent&) const = default;
};

/// Time to move `amount` at `rate`, rounded up to a whole nanosecond. `rate` must be positive.
[[nodiscard]] constexpr Duration transfer_time(Bytes amount, BytesPerSecond rate) {
  const auto product = static_cast<unsigned __int128>(amount.n) * 1'000'000'000u;
  const auto divisor = static_cast<unsigned __int128>(rate.n);
  return {static_cast<std::int64_t>((product + divisor - 1) / divisor)};
}

namespace literals {
[[nodiscard]] constexpr Bytes operator""_B(unsigned long long n) { return {static_cast<std::int64_t>(n)}; }
[[nodiscard]] constexpr Bytes operator""_KiB(unsigned long long n) {
  return {static_cast<std::int64_t>(n) << 10};
}
[[nodiscard]] constexpr Bytes operator""_MiB(unsigned long long n) {
  return {static_cast<std::int64_t>(n) << 20};
}
[[nodiscard]] constexpr Bytes operator""_GiB(unsigned long long n) {
  return {static_cast<std::int64_t>(n) << 30};
}
}  // namespace literals

}  // namespace brokersim::sim
