// Choices of one trial, one after the other: equal on every machine and compiler, whoever makes them.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/hash.h"
#include "sim/random.h"

namespace brokersim::explore {

class Choices {
 public:
  Choices(std::uint64_t search, std::uint64_t number) : key_(sim::combine(search, number)) {}

  /// 0 .. n - 1; n is positive.
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>(
        (static_cast<unsigned __int128>(sim::keyed_bits(key_, 0, next_++)) * n) >> 64);
  }
  /// low .. high, both included.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool percent(std::uint64_t n) { return below(100) < n; }
  template <class T>
  const T& one_of(const std::vector<T>& of) {
    return of[below(of.size())];
  }

 private:
  std::uint64_t key_;
  std::uint64_t next_ = 0;
};

}  // namespace brokersim::explore
