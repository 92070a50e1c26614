// Choices of one random world, one after the other: equal on every machine and compiler.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "sim/random.h"

namespace brokersim::worlds {

class Choices {
 public:
  Choices(std::uint64_t family, std::uint64_t number) : key_(sim::combine(family, number)) {}

  /// 0 .. n - 1; n is positive.
  std::uint64_t below(std::uint64_t n) {
    return static_cast<std::uint64_t>(
        (static_cast<unsigned __int128>(sim::keyed_bits(key_, 0, next_++)) * n) >> 64);
  }
  /// low .. high, both included.
  std::uint64_t between(std::uint64_t low, std::uint64_t high) { return low + below(high - low + 1); }
  bool percent(std::uint64_t n) { return below(100) < n; }
  std::string one_of(std::initializer_list<std::string_view> of) {
    return std::string(*(of.begin() + below(of.size())));
  }

 private:
  std::uint64_t key_;
  std::uint64_t next_ = 0;
};

}  // namespace brokersim::worlds
