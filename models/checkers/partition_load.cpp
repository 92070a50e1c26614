#include "models/checkers/partition_load.h"

#include <algorithm>
#include <numeric>

namespace brokersim::checkers {

std::map<std::string, std::int64_t> PartitionLoad::finish() const {
  std::map<std::string, std::vector<std::int64_t>> sums;
  for (std::size_t n = 0; n < by_client_.size(); ++n) {
    for (const std::string& whose : {history_->clients()[n].workload, std::string{}}) {
      std::vector<std::int64_t>& sum = sums[whose];
      if (sum.size() < by_client_[n].size()) sum.resize(by_client_[n].size(), 0);
      for (std::size_t p = 0; p < by_client_[n].size(); ++p) sum[p] += by_client_[n][p];
    }
  }
  std::map<std::string, std::int64_t> shares;
  for (const auto& [whose, sum] : sums) {
    const std::int64_t all = std::accumulate(sum.begin(), sum.end(), std::int64_t{0});
    if (all > 0) shares[whose] = *std::max_element(sum.begin(), sum.end()) * 1'000 / all;
  }
  return shares;
}

}  // namespace brokersim::checkers
