// From which replica a consumer is to read (KIP-392): the leader asks RackAwareReplicaSelector.
//
// Rules (ReplicaManager.findPreferredReadReplica, RackAwareReplicaSelector, ReplicaView.comparator, 4.1): only a leader
// chooses, and only for consumers; who may be chosen is in the ISR, has the fetch offset, and does not begin behind it
// (KAFKA-14372). Of the replicas in the client's rack the leader is taken if it is there, else the one with the highest
// log end; among equals the one that was caught up last, then the one with the highest id.
// Pure: values in, a broker out.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/replication/leader.h"

namespace brokersim::kafka::replication {

/// The broker to read from, or -1 for the leader itself. `racks` by broker id, as numbers; `rack` is the client's,
/// negative: it named none, or one that no broker is in.
[[nodiscard]] BrokerId preferred_read_replica(const Leader& leader, BrokerId self,
                                              const std::vector<std::int32_t>& racks, std::int32_t rack,
                                              std::int64_t fetch_offset);

}  // namespace brokersim::kafka::replication
