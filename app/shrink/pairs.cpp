// Two cuts at once, where neither is possible alone: fewer partitions may need another count of records, and so on.
#include <algorithm>
#include <iterator>

#include "app/shrink/cuts.h"

namespace brokersim::shrink {
namespace {

constexpr std::size_t kOfEach = 6;

/// A few of many, the boldest and the mildest among them.
std::vector<Candidate> some(std::vector<Candidate> all) {
  if (all.size() <= kOfEach) return all;
  std::vector<Candidate> few;
  for (std::size_t i = 0; i < kOfEach; ++i)
    few.push_back(std::move(all[i * (all.size() - 1) / (kOfEach - 1)]));
  return few;
}

std::vector<Candidate> faults_singly(const Json& best) { return without_faults(best, 1'000'000); }
std::vector<Candidate> workloads_singly(const Json& best) { return without_workloads(best, 1'000'000); }

}  // namespace

std::vector<Candidate> two_at_once(const Json& best) {
  using Ways = std::vector<Candidate> (*)(const Json&);
  static constexpr Ways ways[] = {fewer_partitions, fewer_brokers, fewer_replicas, faults_singly,
                                  workloads_singly, fewer_records, shorter};
  std::vector<Candidate> candidates;
  for (std::size_t first = 0; first < std::size(ways); ++first) {
    for (const Candidate& one : some(ways[first](best))) {
      for (std::size_t second = first; second < std::size(ways); ++second) {
        for (Candidate& both : some(ways[second](one.document))) {
          both.reseed = true;
          candidates.push_back(std::move(both));
        }
      }
    }
  }
  return candidates;
}

}  // namespace brokersim::shrink
