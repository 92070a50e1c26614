#include "models/kafka/client/coordinator_calls.h"

#include <utility>

#include "models/kafka/wire/share_messages.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::Api;

namespace {

constexpr sim::Duration kLookAgain = {100'000'000};

template <class Response>
std::unique_ptr<wire::Message> copy_of(const wire::Message& response) {
  return std::make_unique<Response>(static_cast<const Response&>(response));
}

}  // namespace

CoordinatorCalls::CoordinatorCalls(sim::Component& owner, const ClientSite& site, const ProducerParams& params)
    : CoordinatorCalls(
          owner, site,
          {params.config.request_timeout,
           /*max_in_flight=*/5,
           {params.config.reconnect_backoff, params.config.reconnect_backoff_max},
           {params.config.socket_connection_setup_timeout, params.config.socket_connection_setup_timeout_max},
           params.config.send_buffer,
           params.config.receive_buffer,
           params.config.security},
          params.config.retry_backoff, params.bootstrap) {}

CoordinatorCalls::CoordinatorCalls(sim::Component& owner, const ClientSite& site, const ConnectionConfig& config,
                                   sim::Duration retry_backoff, const std::vector<wire::BrokerEndpoint>& bootstrap)
    : owner_(owner),
      connections_(owner, site, config, *this),
      choice_(owner.stream("find_coordinator").child(site.life)),
      jitter_(owner.stream("coordinator_backoff").child(site.life)),
      retry_backoff_(retry_backoff) {
  for (const wire::BrokerEndpoint& endpoint : bootstrap) connections_.learn(endpoint);
}

sim::Task<void> CoordinatorCalls::find(Of of, std::string key) {
  const std::uint64_t number = choices_++;
  const wire::BrokerId broker = connections_.least_loaded(choice_.bits(number));
  if (broker < 0) {
    co_await changed_.wait_for(kLookAgain);
    co_return;
  }
  auto request = std::make_unique<wire::FindCoordinatorRequest>();
  request->group = std::move(key);
  request->transaction = of == Of::transaction;
  const sim::Bytes size = wire::wire_bytes(*request);
  waiting_ = true;
  answer_.reset();
  connections_.send(broker, {Api::find_coordinator, ++number_}, size, std::move(request));
  while (waiting_) co_await changed_.wait();
  const auto* found = static_cast<const wire::FindCoordinatorResponse*>(answer_.get());
  if (found == nullptr || found->error != wire::ErrorCode::none) {
    co_await sim::delay(retry_backoff_, "client.find_coordinator_backoff");
    co_return;
  }
  connections_.learn(found->coordinator);
  coordinators_[static_cast<std::size_t>(of)] = found->coordinator.broker;
}

sim::Task<std::unique_ptr<wire::Message>> CoordinatorCalls::exchange(Of of, std::string key,
                                                                     std::unique_ptr<wire::Message> request,
                                                                     sim::Bytes size) {
  const auto which = static_cast<std::size_t>(of);
  for (;;) {
    if (coordinators_[which] < 0) {
      sim::Task<void> finding = find(of, key);
      co_await finding;
      continue;
    }
    if (connections_.ready(coordinators_[which])) break;
    co_await changed_.wait_for(kLookAgain);
  }
  const Api api = request->api;
  waiting_ = true;
  answer_.reset();
  connections_.send(coordinators_[which], {api, ++number_}, size, std::move(request));
  while (waiting_) co_await changed_.wait();
  if (answer_ == nullptr) coordinators_[which] = -1;
  co_return std::move(answer_);
}

void CoordinatorCalls::on_broker_ready(wire::BrokerId) { changed_.notify_all(); }

void CoordinatorCalls::on_response(wire::BrokerId, RequestTag tag, const wire::Message& response) {
  if (!waiting_ || tag.number != number_) return;
  switch (tag.api) {
    case Api::find_coordinator: answer_ = copy_of<wire::FindCoordinatorResponse>(response); break;
    case Api::init_producer_id: answer_ = copy_of<wire::InitProducerIdResponse>(response); break;
    case Api::add_partitions_to_txn: answer_ = copy_of<wire::AddPartitionsToTxnResponse>(response); break;
    case Api::add_offsets_to_txn: answer_ = copy_of<wire::AddOffsetsToTxnResponse>(response); break;
    case Api::txn_offset_commit: answer_ = copy_of<wire::TxnOffsetCommitResponse>(response); break;
    case Api::end_txn: answer_ = copy_of<wire::EndTxnResponse>(response); break;
    case Api::share_group_heartbeat: answer_ = copy_of<wire::ShareGroupHeartbeatResponse>(response); break;
    default: SIM_CHECK(false, "no coordinator is asked that");
  }
  waiting_ = false;
  changed_.notify_all();
}

void CoordinatorCalls::on_request_lost(wire::BrokerId, RequestTag tag) {
  if (!waiting_ || tag.number != number_) return;
  waiting_ = false;
  changed_.notify_all();
}

void CoordinatorCalls::on_disconnected(wire::BrokerId broker) {
  for (wire::BrokerId& coordinator : coordinators_) {
    if (coordinator == broker) coordinator = -1;
  }
  changed_.notify_all();
}

}  // namespace brokersim::kafka::client
