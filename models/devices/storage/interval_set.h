// A set of byte offsets as disjoint half-open intervals, in order.
#pragma once

#include <cstdint>
#include <vector>

namespace brokersim::storage {

struct Interval {
  std::int64_t from = 0;
  std::int64_t to = 0;
  [[nodiscard]] bool operator==(const Interval&) const = default;
};

class IntervalSet {
 public:
  /// Empty intervals are ignored. Touching intervals become one.
  void add(std::int64_t from, std::int64_t to);
  void subtract(std::int64_t from, std::int64_t to);
  void clear() { intervals_.clear(); }

  [[nodiscard]] bool empty() const { return intervals_.empty(); }
  [[nodiscard]] bool intersects(std::int64_t from, std::int64_t to) const;
  [[nodiscard]] bool contains(std::int64_t from, std::int64_t to) const;
  /// Parts of [from, to) that are not in the set.
  [[nodiscard]] std::vector<Interval> gaps(std::int64_t from, std::int64_t to) const;
  [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }

 private:
  [[nodiscard]] std::vector<Interval>::iterator first_ending_after(std::int64_t at);
  std::vector<Interval> intervals_;
};

}  // namespace brokersim::storage
