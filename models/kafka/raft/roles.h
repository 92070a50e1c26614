// The transitions between roles (QuorumState, KafkaRaftClient.transitionTo...).
#pragma once

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

/// T + rand[0, T): how long a node waits for an election or before it begins one.
[[nodiscard]] sim::Duration random_election_timeout(Node& node);

/// `epoch` is the present one or a later one. What was left of the old timer goes on.
void become_unattached(Node& node, std::int32_t epoch, sim::SimTime now, Outputs& out);
void become_follower(Node& node, std::int32_t epoch, NodeId leader, sim::SimTime now, Outputs& out);
void become_prospective(Node& node, sim::SimTime now, Outputs& out);
/// Raises the epoch and votes for itself. Alone: leads at once.
void become_candidate(Node& node, sim::SimTime now, Outputs& out);
void become_leader(Node& node, sim::SimTime now, Outputs& out);
void become_resigned(Node& node, sim::SimTime now, Outputs& out);
/// Nobody leads as far as this node knows, and it has waited: prospective, or candidate before 4.0.
void stand(Node& node, sim::SimTime now, Outputs& out);

/// A message spoke of `epoch` and perhaps of its leader: believe what is newer.
void observe(Node& node, std::int32_t epoch, NodeId leader, sim::SimTime now, Outputs& out);

}  // namespace brokersim::kafka::raft
