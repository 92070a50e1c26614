// Requests of transactions: find the id, ask it, answer.
#include "models/kafka/broker/transaction_coordinator.h"

#include <algorithm>
#include <utility>

#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

using transactions::Step;
using transactions::Transaction;
using wire::Api;
using wire::ErrorCode;

TransactionCoordinator::TransactionCoordinator(sim::Component& owner, const BrokerParams& params,
                                               ReplicaManager& replicas, RequestServer& server,
                                               TransactionPeers& peers, ProducerIds& ids)
    : ShardedCoordinator(owner, params.cluster->transactions_topic.size(),
                         {"broker.transaction_committed", "broker.transaction_write_timeout"}),
      params_(params),
      cluster_(*params.cluster),
      replicas_(replicas),
      server_(server),
      peers_(peers),
      producer_ids_(ids) {}

void TransactionCoordinator::handle(RequestId id, wire::Message& request) {
  switch (request.api) {
    case Api::find_coordinator:
      return find_coordinator(id, static_cast<const wire::FindCoordinatorRequest&>(request));
    case Api::init_producer_id:
      owner_.spawn(init(id, static_cast<wire::InitProducerIdRequest*>(&request)));
      return;
    case Api::add_partitions_to_txn:
      return add_partitions(id, static_cast<const wire::AddPartitionsToTxnRequest&>(request));
    case Api::add_offsets_to_txn:
      return add_offsets(id, static_cast<const wire::AddOffsetsToTxnRequest&>(request));
    case Api::end_txn: owner_.spawn(end(id, static_cast<wire::EndTxnRequest*>(&request))); return;
    default: SIM_CHECK(false, "not a request of transactions");
  }
}

void TransactionCoordinator::find_coordinator(RequestId id, const wire::FindCoordinatorRequest& request) {
  auto response = std::make_unique<wire::FindCoordinatorResponse>();
  const wire::BrokerId leader = peers_.coordinator_of(request.group);
  if (leader < 0) {
    response->error = ErrorCode::coordinator_not_available;
  } else {
    response->coordinator = {leader, cluster_.broker_hosts[static_cast<std::size_t>(leader)]};
  }
  server_.respond(id, std::move(response));
}

TransactionCoordinator::Found TransactionCoordinator::find(const std::string& transactional_id) {
  Found found;
  if (shards_.empty()) return {0, nullptr, ErrorCode::coordinator_not_available};
  found.shard = static_cast<std::size_t>(
      partition_for_group(transactional_id, static_cast<std::int32_t>(shards_.size())));
  Shard& shard = shards_[found.shard];
  found.error = state_of(found.shard);
  if (found.error != ErrorCode::none) return found;
  const auto known = shard.ids.find(transactional_id);
  if (known != shard.ids.end()) found.transaction = &known->second;
  return found;
}

sim::Task<void> TransactionCoordinator::init(RequestId id, wire::InitProducerIdRequest* request) {
  if (!producer_ids_.ready()) co_await producer_ids_.fill();
  Found found = find(request->transactional_id);
  const bool fits =
      request->transaction_timeout.ns > 0 && request->transaction_timeout <= cluster_.config.transaction_max_timeout;
  if (found.error == ErrorCode::none && !fits) found.error = ErrorCode::invalid_transaction_timeout;
  if (found.error != ErrorCode::none) {
    answer(id, Api::init_producer_id, found.error, 1, nullptr);
    co_return;
  }
  if (found.transaction == nullptr) {
    found.transaction =
        &shards_[found.shard]
             .ids.emplace(request->transactional_id, Transaction(request->transactional_id))
             .first->second;
  }
  const wire::TransactionRecord& known = found.transaction->now();
  const bool fresh = known.producer_id < 0 || known.producer_epoch >= transactions::kEpochMax;
  Step step = found.transaction->init(request->producer_id, request->producer_epoch, request->transaction_timeout,
                                      fresh ? producer_ids_.take() : -1, owner_.now());
  carry_out(found, std::move(step), id, Api::init_producer_id);
}

void TransactionCoordinator::add_partitions(RequestId id, const wire::AddPartitionsToTxnRequest& request) {
  const Found found = find(request.transactional_id);
  ErrorCode error = found.error;
  if (error == ErrorCode::none && found.transaction == nullptr) error = ErrorCode::invalid_producer_id_mapping;
  if (error != ErrorCode::none)
    return answer(id, request.api, error, request.partitions.size(), found.transaction);
  if (!request.verify_only) {
    Step step =
        found.transaction->add(request.producer_id, request.producer_epoch, request.partitions, owner_.now());
    return carry_out(found, std::move(step), id, request.api, request.partitions.size());
  }
  auto response = std::make_unique<wire::AddPartitionsToTxnResponse>();
  for (const wire::PartitionId partition : request.partitions) {
    response->errors.push_back(
        found.transaction->verify(request.producer_id, request.producer_epoch, partition));
  }
  server_.respond(id, std::move(response));
}

void TransactionCoordinator::add_offsets(RequestId id, const wire::AddOffsetsToTxnRequest& request) {
  const Found found = find(request.transactional_id);
  ErrorCode error = found.error;
  if (error == ErrorCode::none && found.transaction == nullptr) error = ErrorCode::invalid_producer_id_mapping;
  if (error == ErrorCode::none && cluster_.offsets_topic.empty()) error = ErrorCode::coordinator_not_available;
  if (error != ErrorCode::none) return answer(id, request.api, error, 1, nullptr);
  const auto number = static_cast<std::size_t>(
      partition_for_group(request.group, static_cast<std::int32_t>(cluster_.offsets_topic.size())));
  const std::vector<wire::PartitionId> partitions{cluster_.offsets_topic[number]};
  Step step = found.transaction->add(request.producer_id, request.producer_epoch, partitions, owner_.now());
  carry_out(found, std::move(step), id, request.api);
}

sim::Task<void> TransactionCoordinator::end(RequestId id, wire::EndTxnRequest* request) {
  if (request->raises_epoch && !producer_ids_.ready()) co_await producer_ids_.fill();
  const Found found = find(request->transactional_id);
  ErrorCode error = found.error;
  if (error == ErrorCode::none && found.transaction == nullptr) error = ErrorCode::invalid_producer_id_mapping;
  if (error != ErrorCode::none) {
    answer(id, Api::end_txn, error, 1, nullptr);
    co_return;
  }
  const bool fresh =
      request->raises_epoch && found.transaction->now().producer_epoch + 1 >= transactions::kEpochMax;
  Step step = found.transaction->end(request->producer_id, request->producer_epoch, request->committed,
                                     request->raises_epoch, fresh ? producer_ids_.take() : -1, owner_.now());
  carry_out(found, std::move(step), id, Api::end_txn);
}

void TransactionCoordinator::carry_out(Found found, Step step, RequestId request, Api api, std::size_t count) {
  if (!step.write) return answer(request, api, step.error, count, found.transaction);
  Write write;
  write.request = request;
  write.answers = api;
  write.count = count;
  write.error = step.error;
  const ErrorCode failed = append(found.shard, std::move(*step.write), write);
  if (failed == ErrorCode::none) return;  // answered when it is committed
  found.transaction->write_failed();
  answer(request, api, failed, count, nullptr);
}

void TransactionCoordinator::answer(RequestId request, Api api, ErrorCode error, std::size_t count,
                                    const Transaction* transaction) {
  switch (api) {
    case Api::init_producer_id: {
      auto response = std::make_unique<wire::InitProducerIdResponse>();
      response->error = error;
      if (error == ErrorCode::none) {
        response->producer_id = transaction->now().producer_id;
        response->producer_epoch = transaction->now().producer_epoch;
        params_.history->record(history::ProducerEpochGiven{owner_.now(), params_.id, response->producer_id,
                                                            response->producer_epoch, false});
      }
      server_.respond(request, std::move(response));
      return;
    }
    case Api::add_partitions_to_txn: {
      auto response = std::make_unique<wire::AddPartitionsToTxnResponse>();
      response->errors.assign(std::max<std::size_t>(count, 1), error);
      server_.respond(request, std::move(response));
      return;
    }
    case Api::add_offsets_to_txn: {
      auto response = std::make_unique<wire::AddOffsetsToTxnResponse>();
      response->error = error;
      server_.respond(request, std::move(response));
      return;
    }
    case Api::end_txn: {
      auto response = std::make_unique<wire::EndTxnResponse>();
      response->error = error;
      if (error == ErrorCode::none) {
        response->producer_id = transaction->next_producer_id();
        response->producer_epoch = transaction->next_epoch();
      }
      server_.respond(request, std::move(response));
      return;
    }
    default: return;  // nobody waits
  }
}

void TransactionCoordinator::answer(const Write& write, ErrorCode error) {
  if (write.timed_out) return;
  const wire::TransactionRecord& record = (*params_.transaction_records)[write.payload];
  const auto found = find(record.id);
  if (error == ErrorCode::none && write.error != ErrorCode::none) error = write.error;
  answer(write.request, write.answers, error, write.count, found.transaction);
}

sim::Task<void> TransactionCoordinator::expiry_loop() {
  if (shards_.empty()) co_return;
  sim::SimTime next_forget = owner_.now() + cluster_.config.transactional_id_cleanup_interval;
  for (;;) {
    co_await sim::delay(cluster_.config.transaction_abort_interval, "broker.transaction_expiry");
    const bool forgets = owner_.now() >= next_forget;
    if (forgets) next_forget = owner_.now() + cluster_.config.transactional_id_cleanup_interval;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (shards_[i].state != ShardState::active) continue;
      std::vector<std::string> ids;
      for (const auto& [id, transaction] : shards_[i].ids) ids.push_back(id);
      for (const std::string& id : ids) {
        const auto at = shards_[i].ids.find(id);
        if (at == shards_[i].ids.end()) continue;  // an append has ended the leadership
        Step step;
        if (!cluster_.config.planted.transactions_never_time_out) step = at->second.expire(owner_.now());
        if (!step.write && forgets) step.write = at->second.forget(owner_.now(), cluster_.config.transactional_id_expiration);
        if (step.write) carry_out({i, &at->second, ErrorCode::none}, std::move(step), {}, Api::metadata);
      }
    }
  }
}

}  // namespace brokersim::kafka::broker
