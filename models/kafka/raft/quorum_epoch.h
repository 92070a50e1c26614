// A new leader makes itself known, an old one says that it goes (BeginQuorumEpoch, EndQuorumEpoch; KIP-595).
#pragma once

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

void on_begin_quorum_epoch(Node& node, std::uint64_t token, const wire::BeginQuorumEpochRequest& request,
                           sim::SimTime now, Outputs& out);
/// The follower's patience becomes end_epoch_backoff().
void on_end_quorum_epoch(Node& node, std::uint64_t token, const wire::EndQuorumEpochRequest& request,
                         sim::SimTime now, Outputs& out);

/// Of n successors the first stands at once, the k-th after min(max, (max >> (n - 1)) << (k - 1)); whoever is not
/// listed stands at once too (indexOf gives -1).
[[nodiscard]] sim::Duration end_epoch_backoff(const std::vector<NodeId>& successors, NodeId self,
                                              sim::Duration max);

}  // namespace brokersim::kafka::raft
