// What brokers ask each other about transactions: is this partition in it (KIP-890), and write this marker.
//
// Two connections to each broker, itself too, made when they are first needed: AddPartitionsToTxnManager and
// TransactionMarkerChannelManager each have theirs, so that a question does not wait behind a marker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/kafka/broker/params.h"
#include "models/kafka/broker/rpc_channel.h"
#include "models/kafka/wire/image.h"
#include "models/kafka/wire/transaction_messages.h"

namespace brokersim::kafka::broker {

/// Who wants to write for a producer, as its requests say.
struct Writer {
  std::string transactional_id;
  std::int64_t producer_id = -1;
  std::int16_t epoch = -1;
};

class TransactionPeers {
 public:
  TransactionPeers(sim::Component& owner, const BrokerParams& params, network::Network& network,
                   network::HostId self, const wire::ClusterImage& image);

  /// Who coordinates the id, as far as this broker has heard; -1 nobody. `partition`: of __transaction_state.
  [[nodiscard]] wire::BrokerId coordinator_of(const std::string& transactional_id,
                                              wire::PartitionId* partition = nullptr) const;
  /// Who leads the partition; -1: nobody that is there.
  [[nodiscard]] wire::BrokerId leader_of(wire::PartitionId partition) const;

  /// Asks the coordinator once whether the partitions are in the writer's transaction, or, with `add`, to take them in.
  /// One answer each, as the coordinator gives it; COORDINATOR_NOT_AVAILABLE if nobody is known to be it,
  /// NETWORK_EXCEPTION if it has not answered (AddPartitionsToTxnManager).
  [[nodiscard]] sim::Task<std::vector<wire::ErrorCode>> ask(Writer writer, std::vector<wire::PartitionId> partitions,
                                                            bool add);
  /// Null: no answer.
  [[nodiscard]] sim::Task<std::unique_ptr<wire::Message>> write_markers(
      wire::BrokerId broker, std::unique_ptr<wire::WriteTxnMarkersRequest> request);

 private:
  using Channels = std::vector<std::unique_ptr<RpcChannel>>;  // by broker
  [[nodiscard]] RpcChannel& channel(Channels& channels, wire::BrokerId broker);

  sim::Component& owner_;
  const BrokerParams& params_;
  const ClusterShape& cluster_;
  network::Network& network_;
  network::HostId self_;
  const wire::ClusterImage& image_;
  Channels questions_;
  Channels markers_;
};

}  // namespace brokersim::kafka::broker
