// Before the first batch of a transaction in a partition: is the partition in that transaction? (KIP-890.)
//
// TV1: the client has added it before, the broker only asks. TV2: the broker adds it, and waits a moment if the transaction
// before is just ending (ReplicaManager.handleProduceAppend of 4.0). The handler thread does not wait; the answer goes on in
// an event of its own. A marker that comes while the broker asks voids the answer (log::ProducerState::grant), so every
// question is prepared anew: the marker of the transaction before may come between two of them.
#include <algorithm>
#include <utility>

#include "models/kafka/broker/replica_manager.h"
#include "sim/sync.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;

namespace {

/// add.partitions.to.txn.retry.backoff.ms and .max.ms: how a broker waits for the end of the transaction before.
constexpr sim::Duration kConcurrentBackoff = {20'000'000};
constexpr sim::Duration kConcurrentMax = {100'000'000};

/// What a client of the produce API hears: a coordinator that cannot tell now is NOT_ENOUGH_REPLICAS, which every client
/// tries again.
ErrorCode as_produce_error(ErrorCode error, bool add) {
  switch (error) {
    case ErrorCode::none:
    case ErrorCode::invalid_producer_id_mapping: return error;
    case ErrorCode::producer_fenced:
    case ErrorCode::invalid_producer_epoch: return ErrorCode::invalid_producer_epoch;
    // A client from before 4.0 does not know 120.
    case ErrorCode::transaction_abortable:
    case ErrorCode::invalid_txn_state:
      return add ? ErrorCode::transaction_abortable : ErrorCode::invalid_txn_state;
    default: return ErrorCode::not_enough_replicas;
  }
}

/// Of TV2: the broker asks again while the transaction before is ending.
bool asks_again(const std::vector<ErrorCode>& errors, bool add, sim::Duration since) {
  return add && since + kConcurrentBackoff <= kConcurrentMax &&
         std::find(errors.begin(), errors.end(), ErrorCode::concurrent_transactions) != errors.end();
}

}  // namespace

bool ReplicaManager::must_ask(const log::BatchData& batch, bool add) {
  if (batch.kind != log::BatchKind::transactional) return false;
  if (!add && !cluster_.config.transaction_verification) return false;
  const Replica* replica = find(batch.records.partition);
  if (replica == nullptr || replica->role() != Role::leader) return false;
  return replica->log().producers().needs_verification(batch);
}

bool ReplicaManager::must_ask(const wire::ProduceRequest& request) {
  for (const log::BatchData& batch : request.batches) {
    if (must_ask(batch, request.adds_partitions)) return true;
  }
  return false;
}

sim::Task<void> ReplicaManager::ask_and_append(RequestId id, wire::ProduceRequest* request) {
  struct Asked {
    std::size_t batch = 0;
    std::uint64_t guard = 0;
  };
  const sim::SimTime began = owner_.now();
  const bool add = request->adds_partitions;
  std::vector<Asked> asked;
  std::vector<ErrorCode> errors;
  for (;;) {
    asked.clear();
    std::vector<wire::PartitionId> partitions;
    for (std::size_t i = 0; i < request->batches.size(); ++i) {
      const log::BatchData& batch = request->batches[i];
      if (!must_ask(batch, add)) continue;
      asked.push_back({i, find(batch.records.partition)->log().producers().begin_verification(batch)});
      partitions.push_back(batch.records.partition);
    }
    if (asked.empty()) break;
    Writer writer;
    writer.transactional_id = request->transactional_id;
    writer.producer_id = request->batches[asked.front().batch].producer_id;
    writer.epoch = request->batches[asked.front().batch].producer_epoch;
    sim::Task<std::vector<ErrorCode>> asking = peers_->ask(std::move(writer), std::move(partitions), add);
    errors = co_await asking;
    if (!asks_again(errors, add, owner_.now() - began)) break;
    co_await sim::delay(kConcurrentBackoff, "broker.add_partitions_retry");
  }
  request->refused.assign(request->batches.size(), ErrorCode::none);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const log::BatchData& batch = request->batches[asked[i].batch];
    request->refused[asked[i].batch] = as_produce_error(errors[i], add);
    Replica* replica = find(batch.records.partition);
    if (errors[i] == ErrorCode::none && replica != nullptr)
      replica->log().producers().grant(batch, asked[i].guard);
  }
  // On a handler thread again, which may have to wait (KafkaRequestHandler.wrapAsyncCallback).
  struct Continuation {
    ReplicaManager* manager;
    RequestId id;
    wire::ProduceRequest* request;
    sim::Signal done{"broker.verified"};
    static void run(void* self, std::uint64_t) {
      auto* continuation = static_cast<Continuation*>(self);
      continuation->manager->append_all(continuation->id, *continuation->request);
      continuation->done.notify_all();
    }
  };
  Continuation continuation{this, id, request};
  server_.handler_pool().submit(sim::Duration{}, {&Continuation::run, &continuation, 0});
  co_await continuation.done.wait();
}

sim::Task<ErrorCode> ReplicaManager::verify_internal(Writer writer, log::BatchData batch, bool add) {
  const sim::SimTime began = owner_.now();
  while (must_ask(batch, add)) {
    const std::uint64_t guard = find(batch.records.partition)->log().producers().begin_verification(batch);
    std::vector<wire::PartitionId> partitions{batch.records.partition};
    Writer copy = writer;
    sim::Task<std::vector<ErrorCode>> asking = peers_->ask(std::move(copy), std::move(partitions), add);
    const std::vector<ErrorCode> errors = co_await asking;
    Replica* replica = find(batch.records.partition);
    if (errors.front() == ErrorCode::none && replica != nullptr) replica->log().producers().grant(batch, guard);
    if (!asks_again(errors, add, owner_.now() - began)) co_return as_produce_error(errors.front(), add);
    co_await sim::delay(kConcurrentBackoff, "broker.add_partitions_retry");
  }
  co_return ErrorCode::none;
}

}  // namespace brokersim::kafka::broker
