// Who stands where in one log: the ordinals of every producer, and which of them twice or out of order.
#pragma once

#include <cstdint>
#include <vector>

#include "models/checkers/cluster_view.h"
#include "models/checkers/interval_set.h"

namespace brokersim::checkers {

/// One producer's records in the log.
struct ProducerCensus {
  IntervalSet present;
  std::int64_t first_in_log = -1;     ///< Ordinal of its record at the lowest offset; -1 none.
  std::int64_t duplicated = 0;        ///< Records that stand at a second (third, ...) offset.
  std::int64_t reordered = 0;         ///< Records that stand after one which was sent later.
  Run first_duplicate;                ///< count 0: none.
  Run first_reordered;                ///< count 0: none.
  std::int64_t reordered_after = -1;  ///< The later ordinal that stands before first_reordered.
};

/// The broker took a later batch for the producer's first: without any state of a producer it accepts every sequence
/// number, and batches that overtook a retried one stand before it, perhaps twice (KAFKA-14359, open).
[[nodiscard]] inline bool began_in_the_middle(const ProducerCensus& producer) {
  return !producer.present.empty() && producer.first_in_log > producer.present.intervals().front().first;
}

struct Census {
  std::vector<ProducerCensus> producers;  ///< By client number; may be shorter than the list of clients.
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;

  [[nodiscard]] const IntervalSet& present(std::size_t producer) const;
};

/// Counts the replica's log at offsets below `end`, but for those that compaction has `removed`. O(runs).
[[nodiscard]] Census take_census(const ReplicaLogs& logs, std::size_t replica, std::int64_t end,
                                 const IntervalSet& removed = {});

}  // namespace brokersim::checkers
