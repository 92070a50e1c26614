// The laws of replication, judged at the event that breaks them: S3, S5, S7, S8, S9, S11, S12,
// and S22 where recovery keeps what a crash destroyed.
//
// White box: reads what brokers and the controller did, through the facts of ClusterView. A breach is reported
// with its time and in words; while the partition's contract is broken it is measured instead.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/cluster_view.h"
#include "models/checkers/law_book.h"

namespace brokersim::checkers {

class ReplicationLaws {
 public:
  ReplicationLaws(const history::History& history, LawBook& book) : history_(&history), book_(&book) {}

  /// After the event was applied to the view.
  void judge(const history::Appended& event, const AppendFacts& facts, const PartitionView& p);
  void judge(const history::Truncated& event, const CutFacts& facts, const PartitionView& p);
  void judge(const history::Recovered& event, const CutFacts& facts, const PartitionView& p);
  void judge(const history::HighWatermark& event, const HighWatermarkFacts& facts, const PartitionView& p);
  void judge(const history::Compacted& event, const CompactionFacts& facts, const PartitionView& p);
  void judge(const history::LogStartMoved& event, const LogStartFacts& facts, const PartitionView& p);
  void judge(const history::RoleChanged& event, bool lacks_committed, const PartitionView& p);
  /// S5 for everybody who may be elected: after a change of the ISR, and whenever the true high watermark moved.
  void judge_candidates(sim::SimTime at, const ClusterView& view, PartitionView& p);
  /// From now on S7 and S8 are outside of their premises, and why.
  void quorum_damaged(const std::string& why) { quorum_excuse_ = why; }
  /// Before the event is applied: compares it with what was known.
  void judge_change(const history::PartitionChanged& event, const PartitionView& before);

 private:
  void one_leader(const PartitionView& p, history::PartitionId id, std::int32_t epoch,
                  history::BrokerId broker, sim::SimTime at, const char* how);

  /// "record 3 of checkout-0 (epoch 2)", or what else these runs hold.
  [[nodiscard]] std::string content_text(const std::vector<Run>& runs) const;

  const history::History* history_;
  LawBook* book_;
  std::string quorum_excuse_;
  std::map<std::pair<std::int32_t, std::int32_t>, history::BrokerId>
      leaders_;  ///< (partition, epoch) -> who.
};

}  // namespace brokersim::checkers
