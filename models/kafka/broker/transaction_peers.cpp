#include "models/kafka/broker/transaction_peers.h"

#include "models/kafka/java_hash.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;

TransactionPeers::TransactionPeers(sim::Component& owner, const BrokerParams& params, network::Network& network,
                                   network::HostId self, const wire::ClusterImage& image)
    : owner_(owner),
      params_(params),
      cluster_(*params.cluster),
      network_(network),
      self_(self),
      image_(image),
      questions_(params.cluster->broker_hosts.size()),
      markers_(params.cluster->broker_hosts.size()) {}

wire::BrokerId TransactionPeers::leader_of(wire::PartitionId partition) const {
  const wire::PartitionState* state = image_.partition(partition);
  const wire::BrokerState* leader =
      state == nullptr || state->leader < 0 ? nullptr : image_.broker(state->leader);
  return leader == nullptr || leader->fenced ? -1 : state->leader;
}

wire::BrokerId TransactionPeers::coordinator_of(const std::string& transactional_id,
                                                wire::PartitionId* partition) const {
  const auto count = static_cast<std::int32_t>(cluster_.transactions_topic.size());
  if (count == 0) return -1;
  const auto number = static_cast<std::size_t>(partition_for_group(transactional_id, count));
  if (partition != nullptr) *partition = cluster_.transactions_topic[number];
  return leader_of(cluster_.transactions_topic[number]);
}

RpcChannel& TransactionPeers::channel(Channels& channels, wire::BrokerId broker) {
  auto& channel = channels[static_cast<std::size_t>(broker)];
  if (!channel) {
    const bool tls = cluster_.config.inter_broker.tls;
    channel = std::make_unique<RpcChannel>(owner_, network_, self_,
                                           cluster_.broker_hosts[static_cast<std::size_t>(broker)],
                                           tls ? wire::kBrokerTlsPort : wire::kBrokerPort);
  }
  return *channel;
}

sim::Task<std::vector<ErrorCode>> TransactionPeers::ask(Writer writer, std::vector<wire::PartitionId> partitions,
                                                        bool add) {
  const wire::BrokerId coordinator = coordinator_of(writer.transactional_id);
  if (coordinator < 0)
    co_return std::vector<ErrorCode>(partitions.size(), ErrorCode::coordinator_not_available);
  auto request = std::make_unique<wire::AddPartitionsToTxnRequest>();
  request->transactional_id = writer.transactional_id;
  request->producer_id = writer.producer_id;
  request->producer_epoch = writer.epoch;
  request->verify_only = !add;
  request->partitions = partitions;
  std::unique_ptr<wire::Message> answer =
      co_await channel(questions_, coordinator).call(std::move(request), cluster_.config.request_timeout);
  if (answer == nullptr) co_return std::vector<ErrorCode>(partitions.size(), ErrorCode::network_exception);
  std::vector<ErrorCode> errors = static_cast<const wire::AddPartitionsToTxnResponse&>(*answer).errors;
  if (errors.size() != partitions.size()) errors.assign(partitions.size(), errors.front());
  co_return errors;
}

sim::Task<std::unique_ptr<wire::Message>> TransactionPeers::write_markers(
    wire::BrokerId broker, std::unique_ptr<wire::WriteTxnMarkersRequest> request) {
  return channel(markers_, broker).call(std::move(request), cluster_.config.request_timeout);
}

}  // namespace brokersim::kafka::broker
