#include "app/capacity/search.h"

#include <algorithm>
#include <cmath>

#include "sim/check.h"

namespace brokersim::capacity {

Bracket find_highest(const Search& search, const std::function<bool(std::int64_t)>& holds) {
  SIM_CHECK(search.least >= 1);
  SIM_CHECK(search.most >= search.least);
  SIM_CHECK(search.factor > 1);
  SIM_CHECK(search.precision > 0);
  Bracket bracket;
  const auto scaled = [&](std::int64_t rate, double by) {
    const double value = std::clamp(static_cast<double>(rate) * by, static_cast<double>(search.least),
                                    static_cast<double>(search.most));
    return static_cast<std::int64_t>(value);
  };
  const auto try_rate = [&](std::int64_t rate) {
    ++bracket.tries;
    const bool yes = holds(rate);
    (yes ? bracket.holds : bracket.fails) = rate;
    return yes;
  };
  std::int64_t rate = std::clamp(search.start, search.least, search.most);
  if (try_rate(rate)) {
    while (!bracket.fails && rate < search.most) {
      rate = std::max(rate + 1, scaled(rate, search.factor));
      try_rate(std::min(rate, search.most));
    }
  } else {
    while (!bracket.holds && rate > search.least) {
      rate = std::min(rate - 1, scaled(rate, 1 / search.factor));
      try_rate(std::max(rate, search.least));
    }
  }
  while (bracket.holds && bracket.fails) {
    const std::int64_t low = *bracket.holds;
    const std::int64_t high = *bracket.fails;
    if (high - low <= 1) break;
    if (static_cast<double>(high - low) <= search.precision * static_cast<double>(low)) break;
    try_rate(low + (high - low) / 2);
  }
  return bracket;
}

}  // namespace brokersim::capacity
