// What a node does of itself: timeouts, and the requests of its role (KafkaRaftClient.pollCurrentState).
#pragma once

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

/// Does what is due at `now`, until nothing is.
void poll(Node& node, sim::SimTime now, Outputs& out);

}  // namespace brokersim::kafka::raft
