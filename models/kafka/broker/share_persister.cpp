#include "models/kafka/broker/share_persister.h"

#include <utility>

#include "models/kafka/java_hash.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;

namespace {

constexpr int kAttempts = 5;
constexpr sim::Duration kBackoff = {
    1'000'000'000};  // PersisterStateManager.REQUEST_BACKOFF_MS, doubled each time

bool may_pass(ErrorCode error) {
  switch (error) {
    case ErrorCode::coordinator_not_available:
    case ErrorCode::coordinator_load_in_progress:
    case ErrorCode::not_coordinator:
    case ErrorCode::network_exception: return true;
    default: return false;
  }
}

}  // namespace

SharePersister::SharePersister(sim::Component& owner, const BrokerParams& params, network::Network& network,
                               network::HostId self, const wire::ClusterImage& image)
    : owner_(owner),
      cluster_(*params.cluster),
      network_(network),
      self_(self),
      image_(image),
      channels_(params.cluster->broker_hosts.size()) {}

wire::BrokerId SharePersister::coordinator_of(const std::string& group, wire::PartitionId partition) const {
  const auto count = static_cast<std::int32_t>(cluster_.shares_topic.size());
  if (count == 0) return -1;
  const auto number = static_cast<std::size_t>(partition_for_group(wire::share_key(group, partition), count));
  const wire::PartitionState* state = image_.partition(cluster_.shares_topic[number]);
  const wire::BrokerState* leader =
      state == nullptr || state->leader < 0 ? nullptr : image_.broker(state->leader);
  return leader == nullptr || leader->fenced ? -1 : state->leader;
}

RpcChannel& SharePersister::channel(wire::BrokerId broker) {
  auto& channel = channels_[static_cast<std::size_t>(broker)];
  if (!channel) {
    const bool tls = cluster_.config.inter_broker.tls;
    channel = std::make_unique<RpcChannel>(owner_, network_, self_,
                                           cluster_.broker_hosts[static_cast<std::size_t>(broker)],
                                           tls ? wire::kBrokerTlsPort : wire::kBrokerPort);
  }
  return *channel;
}

sim::Task<std::unique_ptr<wire::ReadShareStateResponse>> SharePersister::read(std::string group,
                                                                              wire::PartitionId partition,
                                                                              std::int32_t leader_epoch) {
  auto result = std::make_unique<wire::ReadShareStateResponse>();
  sim::Duration wait = kBackoff;
  for (int attempt = 1;; ++attempt) {
    const wire::BrokerId coordinator = coordinator_of(group, partition);
    result->error = ErrorCode::coordinator_not_available;
    if (coordinator >= 0) {
      auto request = std::make_unique<wire::ReadShareStateRequest>();
      request->group = group;
      request->partition = partition;
      request->leader_epoch = leader_epoch;
      std::unique_ptr<wire::Message> answer =
          co_await channel(coordinator).call(std::move(request), cluster_.config.request_timeout);
      if (answer == nullptr) {
        result->error = ErrorCode::network_exception;
      } else {
        *result = static_cast<const wire::ReadShareStateResponse&>(*answer);
      }
    }
    if (!may_pass(result->error) || attempt == kAttempts) co_return result;
    co_await sim::delay(wait, "broker.share_persister_backoff");
    wait = wait * 2;
  }
}

sim::Task<ErrorCode> SharePersister::write(wire::WriteShareStateRequest state) {
  sim::Duration wait = kBackoff;
  for (int attempt = 1;; ++attempt) {
    const wire::BrokerId coordinator = coordinator_of(state.group, state.partition);
    ErrorCode error = ErrorCode::coordinator_not_available;
    if (coordinator >= 0) {
      auto request = std::make_unique<wire::WriteShareStateRequest>(state);
      std::unique_ptr<wire::Message> answer =
          co_await channel(coordinator).call(std::move(request), cluster_.config.request_timeout);
      error = answer == nullptr ? ErrorCode::network_exception
                                : static_cast<const wire::WriteShareStateResponse&>(*answer).error;
    }
    if (!may_pass(error) || attempt == kAttempts) co_return error;
    co_await sim::delay(wait, "broker.share_persister_backoff");
    wait = wait * 2;
  }
}

}  // namespace brokersim::kafka::broker
