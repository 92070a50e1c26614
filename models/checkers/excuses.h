// Why a law that is about clients may not hold although the partition that it is about is within its contract.
#pragma once

#include <string>

#include "models/checkers/cluster_view.h"

namespace brokersim::checkers {

/// Of transactional producers: a coordinator whose log has lost records gives out producer epochs again that were in use. Then
/// partitions refuse what is sent, or take it for a repetition of older batches and answer without writing it
/// (ProducerStateManager knows a batch by epoch and sequence). "": that cannot have been.
[[nodiscard]] inline std::string transaction_log_excuse(ClusterView& view) {
  for (std::size_t n = 0; n < view.partitions(); ++n) {
    const PartitionView& p = view.partition_at(n);
    if (p.info.topic == "__transaction_state" && p.answers.ever_broken()) return p.answers.why();
  }
  return {};
}

}  // namespace brokersim::checkers
