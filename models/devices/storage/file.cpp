#include "models/devices/storage/file.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::storage {

std::size_t File::range_at(std::int64_t at) const {
  SIM_CHECK(at >= 0);
  SIM_CHECK(at < size);
  const auto after =
      std::partition_point(ranges.begin(), ranges.end(), [at](const Range& r) { return r.offset <= at; });
  SIM_CHECK(after != ranges.begin());
  return static_cast<std::size_t>(after - ranges.begin()) - 1;
}

std::vector<Range> File::cut_ranges(std::int64_t to) {
  std::vector<Range> tail;
  if (to >= size) return tail;
  const std::size_t first = range_at(to);
  tail.assign(ranges.begin() + static_cast<std::ptrdiff_t>(first), ranges.end());
  const bool in_two = ranges[first].offset < to;
  ranges.resize(first + (in_two ? 1 : 0));
  return tail;
}

void File::restore_ranges(std::int64_t at, const std::vector<Range>& tail) {
  while (!ranges.empty() && ranges.back().offset >= at) ranges.pop_back();
  // A range that was cut in two is still in front.
  const bool in_two = !tail.empty() && tail.front().offset < at;
  ranges.insert(ranges.end(), tail.begin() + (in_two ? 1 : 0), tail.end());
}

}  // namespace brokersim::storage
