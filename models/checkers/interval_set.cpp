#include "models/checkers/interval_set.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::checkers {
namespace {

/// The first interval that ends after `n`, so the first that may hold `n` or anything above it.
auto first_ending_after(const std::vector<Interval>& intervals, std::int64_t n) {
  return std::upper_bound(intervals.begin(), intervals.end(), n,
                          [](std::int64_t value, const Interval& i) { return value < i.end; });
}

}  // namespace

std::int64_t IntervalSet::add(std::int64_t first, std::int64_t end) {
  SIM_CHECK(first <= end);
  if (first == end) return 0;
  if (intervals_.empty() || first > intervals_.back().end) {
    intervals_.push_back({first, end});
    size_ += end - first;
    return end - first;
  }
  // The first interval that overlaps or touches from the left.
  auto from = std::lower_bound(intervals_.begin(), intervals_.end(), first,
                               [](const Interval& i, std::int64_t value) { return i.end < value; });
  auto to = from;
  std::int64_t before = 0;
  Interval merged{first, end};
  while (to != intervals_.end() && to->first <= end) {
    before += to->size();
    merged.first = std::min(merged.first, to->first);
    merged.end = std::max(merged.end, to->end);
    ++to;
  }
  if (from == to) {
    intervals_.insert(from, merged);
  } else {
    *from = merged;
    intervals_.erase(from + 1, to);
  }
  const std::int64_t added = merged.size() - before;
  size_ += added;
  return added;
}

void IntervalSet::add(const IntervalSet& other) {
  for (const Interval& i : other.intervals_) add(i.first, i.end);
}

void IntervalSet::cut(std::int64_t end) {
  while (!intervals_.empty() && intervals_.back().first >= end) {
    size_ -= intervals_.back().end - intervals_.back().first;
    intervals_.pop_back();
  }
  if (intervals_.empty() || intervals_.back().end <= end) return;
  size_ -= intervals_.back().end - end;
  intervals_.back().end = end;
}

std::int64_t IntervalSet::count_within(std::int64_t first, std::int64_t end) const {
  std::int64_t count = 0;
  for (auto i = first_ending_after(intervals_, first); i != intervals_.end() && i->first < end; ++i) {
    count += std::min(i->end, end) - std::max(i->first, first);
  }
  return count;
}

std::vector<Interval> IntervalSet::within(std::int64_t first, std::int64_t end) const {
  std::vector<Interval> parts;
  for (auto i = first_ending_after(intervals_, first); i != intervals_.end() && i->first < end; ++i) {
    parts.push_back({std::max(i->first, first), std::min(i->end, end)});
  }
  return parts;
}

IntervalSet IntervalSet::minus(const IntervalSet& other) const {
  IntervalSet rest;
  auto taken = other.intervals_.begin();
  for (const Interval& i : intervals_) {
    std::int64_t at = i.first;
    while (taken != other.intervals_.end() && taken->end <= at) ++taken;
    for (auto t = taken; t != other.intervals_.end() && t->first < i.end; ++t) {
      if (t->first > at) rest.add(at, t->first);
      at = std::max(at, t->end);
    }
    if (at < i.end) rest.add(at, i.end);
  }
  return rest;
}

}  // namespace brokersim::checkers
