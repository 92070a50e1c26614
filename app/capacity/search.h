// The highest rate at which something still holds, by bracketing and bisection. Pure.
//
// Taken for granted: what holds at a rate holds at every lower one. A system where a little load makes things worse than
// more of it (batching) is near enough to that for latencies well above its idle latency.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace brokersim::capacity {

struct Search {
  std::int64_t start = 1;   ///< First rate to try. Positive.
  std::int64_t least = 1;   ///< None below it is tried.
  std::int64_t most = 1;    ///< None above it is tried.
  double factor = 2;        ///< Between rates while looking for a bracket. Above 1.
  double precision = 0.01;  ///< Done once the ends of the bracket are within this share. Positive.
};

/// The end of a search.
struct Bracket {
  std::optional<std::int64_t> holds;  ///< Highest rate seen to hold; nothing: not even `least` does.
  std::optional<std::int64_t> fails;  ///< Lowest rate seen to fail; nothing: even `most` holds.
  int tries = 0;
};

[[nodiscard]] Bracket find_highest(const Search& search, const std::function<bool(std::int64_t)>& holds);

}  // namespace brokersim::capacity
