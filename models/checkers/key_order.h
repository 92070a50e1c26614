// Whether readers get the records of a key in the order in which they were sent.
//
// Why: that order is what keys are for, and Kafka promises it within a partition only. It ends when a retry overtakes, and,
// for every key that moves, when partitions are added: the new partition may be read before the old one has been.
// Counted are records that a group (or a consumer without one) gets for the first time and after a later one of the same key
// and producer; records that are read again count as duplicates elsewhere. Only for keys of whole topics (record_law.h).
// Cost: per batch, as long as batches come in order and no partitions were added; then per record of what was overtaken, or of
// what comes after partitions were added.
// With partitioner.ignore.keys the order between partitions is not judged: nobody promised one.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/interval_set.h"
#include "models/history/history.h"

namespace brokersim::checkers {

class KeyOrder {
 public:
  explicit KeyOrder(const history::History& history) : history_(&history) {}

  void on(const history::Consumed& event) {
    if (event.records.producer.n < 0) return;
    if (history_->client(event.records.producer).keys.shared) [[unlikely]]
      note(event);
  }
  /// By workload of the readers: records that came after a later one of their key.
  [[nodiscard]] const std::map<std::string, std::int64_t>& late() const { return late_; }

 private:
  /// What a reader has had of one producer.
  struct Had {
    std::map<std::int32_t, IntervalSet> ordinals;      // by partition
    std::map<std::int32_t, std::vector<bool>> of_era;  // keys of records of that era, from 1 on
  };
  void note(const history::Consumed& event);
  [[nodiscard]] std::int64_t overtaken(const history::RecordRange& records, const IntervalSet& had) const;
  [[nodiscard]] std::int64_t moved(const history::RecordRange& records, const IntervalSet& had,
                                   Had& all) const;

  const history::History* history_;
  std::map<std::pair<std::int32_t, std::int32_t>, Had> had_;  ///< By reader (groups below 0) and producer.
  std::map<std::string, std::int64_t> late_;
};

}  // namespace brokersim::checkers
