// Which acknowledged records are gone, and why: S1 and S2.
//
// Gone by retention or DeleteRecords, from a replica that held it as committed, is expired and not lost.
// Lost: positively acknowledged and in the log of no current leader when the run ends. A partition whose leader
// is down or missing at the end has not healed: what any replica still holds intact is at risk, not lost. Every maximal range of lost records with one fate becomes one story: who wrote it, who
// acknowledged it and when, who held it then, what became of each copy, and what would have saved it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/checkers/census.h"
#include "models/checkers/cluster_view.h"
#include "models/checkers/law_book.h"
#include "models/checkers/ledger.h"
#include "models/checkers/void_answers.h"

namespace brokersim::checkers {

/// Lost records of one producer in one partition with one story.
struct Loss {
  history::PartitionId partition;
  history::ClientId producer;
  std::string partition_name;
  std::string producer_name;
  std::int64_t first = 0;  ///< Smallest lost ordinal.
  std::int64_t last = 0;   ///< Largest.
  std::int64_t records =
      0;  ///< How many are lost; fewer than last - first + 1 if they lie in several pieces.
  std::int64_t pieces = 1;
  std::int8_t acks = -1;
  bool promised = false;  ///< Within the contract: a breach of S1.
  /// Answered within a transaction that could only be aborted (void_answers.h).
  bool void_answer = false;
  bool led = false;  ///< Somebody leads the partition when the run ends.
  sim::SimTime acknowledged_from;
  sim::SimTime acknowledged_to;
  history::BrokerId acknowledged_by = -1;
  std::string fate;         ///< The story from the acknowledgement on; equal for all that shared it.
  std::string explanation;  ///< The whole story.
};

/// "records 3 to 9", "20 records in 4 pieces between 3 and 99".
[[nodiscard]] std::string ordinals_text(const Loss& loss);

struct LossReport {
  std::int64_t lost = 0;
  std::int64_t lost_acks_0 = 0;
  std::int64_t lost_acks_1 = 0;
  std::int64_t lost_acks_all = 0;
  std::int64_t lost_promised = 0;  ///< acks=all within the contract.
  std::int64_t expired = 0;        ///< Taken by retention or DeleteRecords: acknowledged, gone, not lost.
  std::int64_t compacted =
      0;                     ///< Superseded by a later record of their key, or tombstones past their horizon.
  std::int64_t at_risk = 0;  ///< Of partitions that nobody leads at the end: still intact on some replica.
  std::vector<Loss> losses;  ///< Breaches of S1 first, then by partition, producer, first ordinal.
};

class LossFinder {
 public:
  LossFinder(ClusterView& view, const Ledger& ledger, const VoidAnswers& void_answers)
      : view_(&view), ledger_(&ledger), void_answers_(&void_answers) {}

  /// Acknowledged records of the partition that the replica's log does not hold.
  [[nodiscard]] std::int64_t acknowledged_not_on(std::size_t partition, std::size_t replica) const;

  /// Adds one partition to the report. `census` of the leader's log; null if nobody leads.
  void find(std::size_t partition, std::int32_t leader, const Census* census, LossReport& report) const;

 private:
  ClusterView* view_;
  const Ledger* ledger_;
  const VoidAnswers* void_answers_;
};

/// Files S1 and S2 in the book.
void judge_losses(const LossReport& report, ClusterView& view, const Ledger& ledger,
                  const VoidAnswers& void_answers, sim::SimTime now, LawBook& book);

}  // namespace brokersim::checkers
