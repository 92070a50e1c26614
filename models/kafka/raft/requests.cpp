#include "models/kafka/raft/requests.h"

namespace brokersim::kafka::raft {

void failed(const Node& node, Peer& peer, sim::SimTime now) {
  peer.correlation = 0;
  peer.ready_at = now + node.rules.retry_backoff;
}

}  // namespace brokersim::kafka::raft
