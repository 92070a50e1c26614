// How unevenly a workload's records are spread over partitions: a hot key makes a hot partition.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/history/history.h"

namespace brokersim::checkers {

class PartitionLoad {
 public:
  explicit PartitionLoad(const history::History& history) : history_(&history) {}

  void on(const history::ProduceOutcome& event) {
    if (event.outcome != history::Outcome::acknowledged) return;
    const auto n = static_cast<std::size_t>(event.records.producer.n);
    if (by_client_.size() <= n) by_client_.resize(n + 1);
    const auto p = static_cast<std::size_t>(event.records.partition.n);
    if (by_client_[n].size() <= p) by_client_[n].resize(p + 1, 0);
    by_client_[n][p] += event.records.count;
  }

  /// By workload, and under "" of all: the busiest partition's share of the acknowledged records, in thousandths.
  [[nodiscard]] std::map<std::string, std::int64_t> finish() const;

 private:
  const history::History* history_;
  std::vector<std::vector<std::int64_t>> by_client_;  // acknowledged records, by partition
};

}  // namespace brokersim::checkers
