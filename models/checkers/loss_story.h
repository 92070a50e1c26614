// Turns the fate of lost records into sentences with times and offsets.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/checkers/cluster_view.h"
#include "models/checkers/ledger.h"

namespace brokersim::checkers {

/// What became of one replica's copy of some records.
struct CopyFate {
  enum class Kind : std::uint8_t {
    never,         ///< It never had them.
    storage_lost,  ///< A crash took them.
    truncated,     ///< It cut them.
    deleted,       ///< Its retention, or DeleteRecords, took them before they were committed.
    kept,          ///< It still has them, but does not lead.
    doomed,        ///< Still on its medium, behind a batch that a crash took; it has not come back.
  };
  Kind kind = Kind::never;
  std::int32_t removal = -1;  ///< Index into PartitionView::removals of the (first) removal.
  /// Equal keys tell the same story.
  [[nodiscard]] std::vector<std::int64_t> key(const PartitionView& p) const;
};

/// Lost records that share a story.
struct LossGroup {
  AckRun ack;  ///< Of the first of them; `at` and span cover all.
  sim::SimTime acked_last;
  std::int64_t offset_first = -1;  ///< Smallest known offset; -1 none known.
  std::int64_t offset_last = -1;
  std::int64_t records = 0;
  bool promised = false;
  bool void_answer = false;     ///< Within a transaction that had failed (void_answers.h).
  std::vector<CopyFate> fates;  ///< By replica.
  std::vector<std::map<history::LostState, std::int64_t>>
      states;  ///< By replica: records per state at the crash.
};

/// "Broker 1 acknowledged them at 50.012 s (acks=1)." For one record: "it".
[[nodiscard]] std::string tell_acknowledgement(std::int8_t acks, history::BrokerId broker, sim::SimTime from,
                                               sim::SimTime to, std::int64_t records);

/// Who held them then, what became of each copy, who leads now, and what would have saved them.
[[nodiscard]] std::string tell_fate(const ClusterView& view, const PartitionView& p, const LossGroup& group,
                                    std::int32_t final_leader);

}  // namespace brokersim::checkers
