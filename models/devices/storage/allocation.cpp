#include "models/devices/storage/allocation.h"

#include <algorithm>
#include <iterator>

#include "sim/check.h"

namespace brokersim::storage {

Allocation::Allocation(std::int64_t capacity) : capacity_(capacity / kBlock * kBlock) {}

std::int64_t Allocation::first_fit(std::int64_t from, std::int64_t to, std::int64_t length) const {
  auto next = taken_.upper_bound(from);
  if (next != taken_.begin()) from = std::max(from, std::prev(next)->second);
  while (from + length <= to) {
    if (next == taken_.end() || from + length <= next->first) return from;
    from = next->second;
    ++next;
  }
  return -1;
}

std::optional<Interval> Allocation::take(std::int64_t wish, std::int64_t length) {
  SIM_CHECK(length > 0);
  SIM_CHECK(length % kBlock == 0);
  SIM_CHECK(wish >= 0);
  for (std::int64_t piece = length; piece >= kBlock; piece = piece / 2 / kBlock * kBlock) {
    std::int64_t at = first_fit(wish, capacity_, piece);
    if (at < 0) at = first_fit(0, std::min(capacity_, wish + piece), piece);
    if (at < 0) continue;
    claim(at, at + piece);
    return Interval{at, at + piece};
  }
  return std::nullopt;
}

void Allocation::claim(std::int64_t from, std::int64_t to) {
  SIM_CHECK(from < to);
  SIM_DCHECK(is_free(from, to));
  taken_bytes_ += to - from;
  auto next = taken_.lower_bound(from);
  if (next != taken_.begin() && std::prev(next)->second == from) {
    const auto before = std::prev(next);
    from = before->first;
    taken_.erase(before);
  }
  if (next != taken_.end() && next->first == to) {
    to = next->second;
    taken_.erase(next);
  }
  taken_.emplace(from, to);
}

void Allocation::release(std::int64_t from, std::int64_t to) {
  auto each = taken_.upper_bound(from);
  if (each != taken_.begin()) --each;
  while (each != taken_.end() && each->first < to) {
    const std::int64_t first = each->first;
    const std::int64_t last = each->second;
    if (last <= from) {
      ++each;
      continue;
    }
    each = taken_.erase(each);
    taken_bytes_ -= std::min(last, to) - std::max(first, from);
    if (first < from) taken_.emplace(first, from);
    if (to < last) each = taken_.emplace(to, last).first;
  }
}

bool Allocation::is_free(std::int64_t from, std::int64_t to) const {
  const auto next = taken_.lower_bound(to);
  return next == taken_.begin() || std::prev(next)->second <= from;
}

}  // namespace brokersim::storage
