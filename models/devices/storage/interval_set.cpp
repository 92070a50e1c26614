#include "models/devices/storage/interval_set.h"

#include <algorithm>

namespace brokersim::storage {

std::vector<Interval>::iterator IntervalSet::first_ending_after(std::int64_t at) {
  return std::partition_point(intervals_.begin(), intervals_.end(),
                              [at](const Interval& i) { return i.to <= at; });
}

void IntervalSet::add(std::int64_t from, std::int64_t to) {
  if (from >= to) return;
  // Touching intervals merge, hence `to < from` here and `<= to` below.
  const auto first = std::partition_point(intervals_.begin(), intervals_.end(),
                                          [from](const Interval& i) { return i.to < from; });
  auto last = first;
  while (last != intervals_.end() && last->from <= to) {
    from = std::min(from, last->from);
    to = std::max(to, last->to);
    ++last;
  }
  if (first == last) {
    intervals_.insert(first, {from, to});
    return;
  }
  *first = {from, to};
  intervals_.erase(first + 1, last);
}

void IntervalSet::subtract(std::int64_t from, std::int64_t to) {
  if (from >= to) return;
  auto it = first_ending_after(from);
  while (it != intervals_.end() && it->from < to) {
    const Interval old = *it;
    if (old.from < from && old.to > to) {
      it->to = from;
      intervals_.insert(it + 1, {to, old.to});
      return;
    }
    if (old.from < from) {
      it->to = from;
      ++it;
    } else if (old.to > to) {
      it->from = to;
      return;
    } else {
      it = intervals_.erase(it);
    }
  }
}

bool IntervalSet::intersects(std::int64_t from, std::int64_t to) const {
  const auto it = std::partition_point(intervals_.begin(), intervals_.end(),
                                       [from](const Interval& i) { return i.to <= from; });
  return it != intervals_.end() && it->from < to;
}

bool IntervalSet::contains(std::int64_t from, std::int64_t to) const {
  if (from >= to) return true;
  const auto it = std::partition_point(intervals_.begin(), intervals_.end(),
                                       [from](const Interval& i) { return i.to <= from; });
  return it != intervals_.end() && it->from <= from && to <= it->to;
}

std::vector<Interval> IntervalSet::gaps(std::int64_t from, std::int64_t to) const {
  std::vector<Interval> result;
  auto it = std::partition_point(intervals_.begin(), intervals_.end(),
                                 [from](const Interval& i) { return i.to <= from; });
  while (from < to && it != intervals_.end() && it->from < to) {
    if (from < it->from) result.push_back({from, it->from});
    from = it->to;
    ++it;
  }
  if (from < to) result.push_back({from, to});
  return result;
}

}  // namespace brokersim::storage
