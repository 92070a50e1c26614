// Virtual time.
//
// Why: every result must repeat bit for bit, so time is an integer count of nanoseconds, compared
// exactly and never rounded behind the caller's back. There is no floating-point time anywhere.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>

namespace brokersim::sim {

/// A length of virtual time in nanoseconds. May be negative as the result of a subtraction. Its own sums and products are
/// not checked: keep them within 292 years.
struct Duration {
  std::int64_t ns = 0;

  [[nodiscard]] constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration& operator+=(Duration other) {
    ns += other.ns;
    return *this;
  }
  constexpr Duration& operator-=(Duration other) {
    ns -= other.ns;
    return *this;
  }
  [[nodiscard]] friend constexpr Duration operator+(Duration a, Duration b) { return {a.ns + b.ns}; }
  [[nodiscard]] friend constexpr Duration operator-(Duration a, Duration b) { return {a.ns - b.ns}; }
  [[nodiscard]] friend constexpr Duration operator*(Duration a, std::int64_t n) { return {a.ns * n}; }
  [[nodiscard]] friend constexpr Duration operator*(std::int64_t n, Duration a) { return {a.ns * n}; }
  [[nodiscard]] friend constexpr Duration operator/(Duration a, std::int64_t n) { return {a.ns / n}; }
  [[nodiscard]] constexpr Duration operator-() const { return {-ns}; }

  /// For output only; never feed the result back into a run.
  [[nodiscard]] constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }
  [[nodiscard]] constexpr double milliseconds() const { return static_cast<double>(ns) / 1e6; }

  [[nodiscard]] static constexpr Duration max() { return {std::numeric_limits<std::int64_t>::max()}; }
};

/// An instant of virtual time: nanoseconds since the start of the run, never negative.
struct SimTime {
  std::int64_t ns = 0;

  [[nodiscard]] constexpr auto operator<=>(const SimTime&) const = default;
  /// What would be later than max() is max(): a timer of Duration::max() never goes off.
  [[nodiscard]] friend constexpr SimTime operator+(SimTime t, Duration d) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(t.ns, d.ns, &sum)) [[unlikely]]
      return max();
    return {sum};
  }
  constexpr SimTime& operator+=(Duration d) { return *this = *this + d; }
  [[nodiscard]] friend constexpr SimTime operator-(SimTime t, Duration d) { return {t.ns - d.ns}; }
  [[nodiscard]] friend constexpr Duration operator-(SimTime a, SimTime b) { return {a.ns - b.ns}; }

  [[nodiscard]] constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }
  [[nodiscard]] constexpr double milliseconds() const { return static_cast<double>(ns) / 1e6; }

  /// Later than every instant at which something can happen: 292 years.
  [[nodiscard]] static constexpr SimTime max() { return {std::numeric_limits<std::int64_t>::max()}; }
};

/// "12.345 s" with nanosecond digits dropped below a microsecond. For people, not for parsing.
[[nodiscard]] std::string to_string(SimTime t);
[[nodiscard]] std::string to_string(Duration d);

namespace literals {
[[nodiscard]] constexpr Duration operator""_ns(unsigned long long n) {
  return {static_cast<std::int64_t>(n)};
}
[[nodiscard]] constexpr Duration operator""_us(unsigned long long n) {
  return {static_cast<std::int64_t>(n) * 1'000};
}
[[nodiscard]] constexpr Duration operator""_ms(unsigned long long n) {
  return {static_cast<std::int64_t>(n) * 1'000'000};
}
[[nodiscard]] constexpr Duration operator""_s(unsigned long long n) {
  return {static_cast<std::int64_t>(n) * 1'000'000'000};
}
}  // namespace literals

}  // namespace brokersim::sim
