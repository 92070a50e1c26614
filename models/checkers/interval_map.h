// A value per whole number, stored per interval: paint a range, ask where the colour changes next.
#pragma once

#include <cstdint>
#include <iterator>
#include <limits>
#include <map>

namespace brokersim::checkers {

template <class Value>
class IntervalMap {
 public:
  explicit IntervalMap(Value initial) : initial_(initial) {}

  /// Every number in [first, end) gets `value`. O(log n + pieces covered).
  void paint(std::int64_t first, std::int64_t end, const Value& value) {
    if (first >= end) return;
    const Value after = at(end);
    starts_.erase(starts_.lower_bound(first), starts_.lower_bound(end));
    starts_[first] = value;
    starts_.try_emplace(end, after);
  }

  [[nodiscard]] const Value& at(std::int64_t n) const {
    const auto next = starts_.upper_bound(n);
    return next == starts_.begin() ? initial_ : std::prev(next)->second;
  }

  /// The smallest number above `n` at which another piece starts; the largest int64 if none.
  [[nodiscard]] std::int64_t next_start(std::int64_t n) const {
    const auto next = starts_.upper_bound(n);
    return next == starts_.end() ? std::numeric_limits<std::int64_t>::max() : next->first;
  }

 private:
  Value initial_;
  std::map<std::int64_t, Value> starts_;
};

}  // namespace brokersim::checkers
