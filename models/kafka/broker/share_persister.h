// How the leader of a share-partition reads and writes its state at the share coordinator (DefaultStatePersister,
// PersisterStateManager of 4.1).
//
// A question that fails for a reason that may pass (no coordinator known, one that is loading, no answer) is asked again: at
// most five times, after 1 s, 2 s, 4 s and so on.
// Simplified: the coordinator is looked up in the broker's own metadata, where Kafka sends a FindCoordinator; requests of
// several share-partitions are not put together.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/kafka/broker/params.h"
#include "models/kafka/broker/rpc_channel.h"
#include "models/kafka/wire/image.h"
#include "models/kafka/wire/share_messages.h"

namespace brokersim::kafka::broker {

class SharePersister {
 public:
  SharePersister(sim::Component& owner, const BrokerParams& params, network::Network& network,
                 network::HostId self, const wire::ClusterImage& image);

  /// `error` says whether it worked; never null.
  [[nodiscard]] sim::Task<std::unique_ptr<wire::ReadShareStateResponse>> read(std::string group,
                                                                              wire::PartitionId partition,
                                                                              std::int32_t leader_epoch);
  [[nodiscard]] sim::Task<wire::ErrorCode> write(wire::WriteShareStateRequest state);

 private:
  [[nodiscard]] wire::BrokerId coordinator_of(const std::string& group, wire::PartitionId partition) const;
  [[nodiscard]] RpcChannel& channel(wire::BrokerId broker);

  sim::Component& owner_;
  const ClusterShape& cluster_;
  network::Network& network_;
  network::HostId self_;
  const wire::ClusterImage& image_;
  std::vector<std::unique_ptr<RpcChannel>> channels_;  // by broker
};

}  // namespace brokersim::kafka::broker
