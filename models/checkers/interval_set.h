// Sets of whole numbers as disjoint half-open intervals: the fate of every record, exactly, in little memory.
//
// Why: a run may acknowledge a thousand million records; acknowledgements come almost in order, so their set
// is a few intervals. Adding at the end is O(1) amortised, elsewhere O(intervals).
#pragma once

#include <cstdint>
#include <vector>

namespace brokersim::checkers {

/// first <= n < end. Never empty inside a set.
struct Interval {
  std::int64_t first = 0;
  std::int64_t end = 0;
  [[nodiscard]] bool operator==(const Interval&) const = default;
  [[nodiscard]] std::int64_t size() const { return end - first; }
};

class IntervalSet {
 public:
  /// Adds [first, end) and returns how many of its numbers were not in the set before. end >= first.
  std::int64_t add(std::int64_t first, std::int64_t end);
  void add(const IntervalSet& other);
  /// Drops every number at or above `end`.
  void cut(std::int64_t end);

  [[nodiscard]] bool empty() const { return intervals_.empty(); }
  /// How many numbers are in the set.
  [[nodiscard]] std::int64_t size() const { return size_; }
  /// How many of [first, end) are in the set.
  [[nodiscard]] std::int64_t count_within(std::int64_t first, std::int64_t end) const;
  /// The parts of [first, end) that are in the set, ascending.
  [[nodiscard]] std::vector<Interval> within(std::int64_t first, std::int64_t end) const;
  /// Numbers of this set that are not in `other`.
  [[nodiscard]] IntervalSet minus(const IntervalSet& other) const;
  /// One past the largest number; 0 if empty.
  [[nodiscard]] std::int64_t end() const { return intervals_.empty() ? 0 : intervals_.back().end; }
  /// Ascending, disjoint, not touching.
  [[nodiscard]] const std::vector<Interval>& intervals() const { return intervals_; }

 private:
  std::vector<Interval> intervals_;
  std::int64_t size_ = 0;
};

}  // namespace brokersim::checkers
