// What pipelines make of records: once, twice, not at all, in which order, and how long it takes (consume, process, produce).
//
// Every record that a pipeline makes names the one it was made from (TransactionJoined). At the end the leaders' logs say
// which of them count; the offsets that the group has committed say which records count as done.
// Where there is no pipeline nothing is kept.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/interval_set.h"
#include "models/history/history.h"
#include "sim/histogram.h"

namespace brokersim::checkers {

/// A group that makes records from records.
struct TransformationFindings {
  std::string name;
  bool exactly_once = true;
  std::int64_t made = 0;        ///< Committed records out.
  std::int64_t duplicated = 0;  ///< Of these, beyond one for each time that the record in stands in its log.
  std::int64_t lost = 0;        ///< Records in below the committed offset, without one out.
  std::int64_t reordered =
      0;  ///< Firsts of one record in that stand behind one made from a later record of its partition.
  sim::Histogram
      latency;  ///< From the intended send of a record in to the first reading of one made from it, ns.
};

/// Records of a log at the end that count, of one producer, with consecutive ordinals and offsets.
struct VisibleRange {
  std::int64_t base = 0;
  std::int32_t producer = -1;
  std::int64_t first = 0;
  std::int64_t count = 0;
};

class Transformations {
 public:
  explicit Transformations(const history::History& history) : history_(&history) {}

  [[nodiscard]] bool any() const { return !history_->transformations().empty(); }
  /// Whether the consumer is a member of a pipeline's group.
  [[nodiscard]] bool reads(history::ClientId consumer) const;
  void on(const history::Consumed& event) {
    if (any()) note(event);
  }
  void on(const history::TransactionJoined& event);
  void on(const history::OffsetCommitted& event) {
    if (any()) offsets_[{event.group.n, event.partition.n}] = event.offset;
  }

  /// `visible`: by partition, whatever order. `aged`: partitions whose logs have lost something by rule, so that what was
  /// made there is taken to stand. `open`: what stands in transactions without a marker when the run ends: the partition
  /// may have no leader who could write one, while the offsets of the same transaction have theirs; it is taken to stand,
  /// too (that a transaction hangs is L8's affair). Texts of what breaks exactly-once come back in `breaches`.
  [[nodiscard]] TransformationFindings judge(const history::TransformationInfo& info,
                                             const std::map<std::size_t, std::vector<VisibleRange>>& visible,
                                             const std::set<std::int32_t>& aged,
                                             const std::map<std::size_t, std::vector<VisibleRange>>& open,
                                             std::vector<std::string>& breaches);

 private:
  using Stream = std::pair<std::int32_t, std::int32_t>;  ///< Partition, client.
  void note(const history::Consumed& event);
  [[nodiscard]] std::string place(const history::RecordRange& record) const;

  const history::History* history_;
  std::map<Stream, std::map<std::int64_t, history::RecordRange>>
      sources_;  ///< Of what was made, by its ordinal.
  std::map<Stream, std::map<std::int64_t, sim::SimTime>>
      intended_;                            ///< Of records in that a pipeline has read.
  std::map<Stream, IntervalSet> answered_;  ///< Records in of which something was read.
  std::map<std::pair<std::int32_t, std::int32_t>, std::int64_t> offsets_;  ///< Group, partition.
  std::map<std::string, sim::Histogram> latencies_;                        ///< By workload.
};

}  // namespace brokersim::checkers
