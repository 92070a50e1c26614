// WriteTxnMarkers: a coordinator ends a transaction in the partitions that this broker leads.
//
// Each marker is appended like a batch with acks=all and counts once it is committed; in a partition of __consumer_offsets the
// group coordinator then hears of it, before the answer (KafkaApis.handleWriteTxnMarkersRequest).
// Simplified: a marker does not wait for flush.messages.
#pragma once

#include <cstdint>

#include "models/kafka/broker/group_coordinator.h"
#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/request_server.h"

namespace brokersim::kafka::broker {

class TransactionMarkers {
 public:
  TransactionMarkers(sim::Component& owner, const BrokerParams& params, ReplicaManager& replicas,
                     RequestServer& server, GroupCoordinator& groups)
      : owner_(owner), params_(params), replicas_(replicas), server_(server), groups_(groups) {}

  void handle(RequestId id, wire::WriteTxnMarkersRequest& request) { owner_.spawn(write(id, &request)); }

 private:
  [[nodiscard]] sim::Task<void> write(RequestId id, wire::WriteTxnMarkersRequest* request);
  [[nodiscard]] wire::ErrorCode append(Replica& replica, const wire::WriteTxnMarkersRequest& request);

  sim::Component& owner_;
  const BrokerParams& params_;
  ReplicaManager& replicas_;
  RequestServer& server_;
  GroupCoordinator& groups_;
};

}  // namespace brokersim::kafka::broker
