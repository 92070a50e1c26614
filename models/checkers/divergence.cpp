#include "models/checkers/divergence.h"

#include <algorithm>
#include <vector>

namespace brokersim::checkers {

std::int64_t differing_offsets(const ReplicaLogs& logs, std::size_t a, std::size_t b, std::int64_t end) {
  const std::int64_t from = std::min({logs.agreed(a), logs.agreed(b), end});
  std::vector<Run> other;
  logs.for_each(b, from, end, [&](const Run& run) { other.push_back(run); });
  std::int64_t same = 0;
  std::size_t next = 0;
  logs.for_each(a, from, end, [&](const Run& run) {
    while (next < other.size() && other[next].end() <= run.base) ++next;
    for (std::size_t i = next; i < other.size() && other[i].base < run.end(); ++i) {
      const bool equal =
          other[i].producer == run.producer && other[i].first - other[i].base == run.first - run.base;
      if (equal) same += std::min(run.end(), other[i].end()) - std::max(run.base, other[i].base);
    }
  });
  return end - from - same;
}

}  // namespace brokersim::checkers
