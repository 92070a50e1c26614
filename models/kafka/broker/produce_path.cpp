// Produce: append, flush if asked, answer now or from purgatory (kafka-behaviour.md section 3).
#include <algorithm>

#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {

/// KAFKA-15653 (3.6.0): the callback of a transaction's verification ran on another handler thread and decompressed with
/// the buffers of the request that this thread was at. Without transactions there is no callback here: one compressed
/// batch in fifty is taken to have met another one, by a draw for each time it comes.
bool ReplicaManager::mixes_buffers(const log::BatchData& batch) {
  if (batch.codec == compute::Codec::none) return false;
  const sim::Stream draws =
      owner_.stream("planted.verification").child(static_cast<std::uint64_t>(batch.records.partition.n));
  return draws.below(planted_draws_++, 50) == 0;
}

/// Appends one batch; the caller sees that nobody holds the log's lock. Its result is the next of the response. If there
/// is something to wait for, the log is left locked until finish_append(). `thread` of the handlers does it.
ReplicaManager::Wait ReplicaManager::append(const log::BatchData& batch, Acks acks, std::size_t thread,
                                            Replica* replica, std::vector<Appended>& appended,
                                            wire::ProduceResponse& response) {
  wire::ProduceResult result;
  result.partition = batch.records.partition;
  Wait wait;
  if (!owner_.process()->alive()) {
    result.error =
        wire::ErrorCode::kafka_storage_error;  // an earlier batch of the request has halted the broker
  } else if (replica == nullptr) {
    result.error = wire::ErrorCode::not_leader_or_follower;
  } else if (cluster_.config.planted.verification_shares_buffers && mixes_buffers(batch)) {
    result.error = wire::ErrorCode::corrupt_message;
  } else {
    touch_sessions(*replica);
    replica->files().act_as(static_cast<std::int32_t>(thread));
    const ClientAppend append = replica->append_as_leader(batch, acks, owner_.now());
    replica->files().act_as(-1);
    result.error = append.error;
    result.base_offset = append.base_offset;
    if (append.error == wire::ErrorCode::not_leader_or_follower) {
      result.leader = replica->leader_id();
      result.leader_epoch = replica->leader_epoch();
    }
    if (append.error == wire::ErrorCode::kafka_storage_error) storage_failed(*replica);
    if (append.error == wire::ErrorCode::none) {
      appended.push_back({replica, append.next_offset, static_cast<std::uint32_t>(response.results.size()),
                          append.appended});
      wait = {append.held_back, append.must_flush};
      if (wait.held_back.ns > 0 || wait.flush) replica->lock();
      if (append.rolled) after_roll(*replica);
    }
  }
  response.results.push_back(result);
  return wait;
}

void ReplicaManager::produce(RequestId id, wire::ProduceRequest& request) {
  if (!request.transactional_id.empty() && must_ask(request)) [[unlikely]] {
    owner_.spawn(ask_and_append(id, &request));
    return;
  }
  append_all(id, request);
}

void ReplicaManager::append_all(RequestId id, wire::ProduceRequest& request) {
  auto response = std::make_unique<wire::ProduceResponse>();
  response->results.reserve(request.batches.size());
  scratch_.clear();
  for (std::size_t i = 0; i < request.batches.size(); ++i) {
    const log::BatchData& batch = request.batches[i];
    if (!request.refused.empty() && request.refused[i] != wire::ErrorCode::none) [[unlikely]] {
      response->results.push_back({batch.records.partition, request.refused[i]});
      continue;
    }
    Replica* replica = find(batch.records.partition);
    Wait wait;
    const bool locked = replica != nullptr && replica->locked();
    if (!locked)
      wait = append(batch, request.acks, server_.handler_pool().current(), replica, scratch_, *response);
    if (!locked && wait.held_back.ns == 0 && !wait.flush) continue;
    // The handler thread itself waits: for the lock, for the device that cannot keep up, or for the fsync.
    Production production{scratch_, std::move(response), locked ? i : i + 1};
    const std::size_t thread = server_.hold_thread();
    owner_.spawn(produce_slowly(id, &request, thread, wait, std::move(production)));
    return;
  }
  finish_produce(id, request.acks, request.timeout, scratch_, std::move(response));
}

/// The rest of a produce request, from where it had to wait. The request stays ours while its handler thread is held.
sim::Task<void> ReplicaManager::produce_slowly(RequestId id, wire::ProduceRequest* request,
                                               std::size_t thread, Wait first, Production production) {
  wire::ProduceResponse* response = production.response.get();
  if (first.held_back.ns > 0 || first.flush)
    co_await finish_append(production.appended.back(), first, response);
  for (; production.next < request->batches.size(); ++production.next) {
    const log::BatchData& batch = request->batches[production.next];
    if (!request->refused.empty() && request->refused[production.next] != wire::ErrorCode::none) {
      response->results.push_back({batch.records.partition, request->refused[production.next]});
      continue;
    }
    Replica* replica = find(batch.records.partition);
    while (replica != nullptr && replica->locked()) co_await replica->lock_free().wait();
    const Wait wait = append(batch, request->acks, thread, replica, production.appended, *response);
    if (wait.held_back.ns > 0 || wait.flush)
      co_await finish_append(production.appended.back(), wait, response);
  }
  const Acks acks = request->acks;
  const sim::Duration timeout = request->timeout;
  server_.release_thread(thread);
  std::erase_if(production.appended, [&](const Appended& one) {
    return response->results[one.result].error != wire::ErrorCode::none;
  });
  finish_produce(id, acks, timeout, production.appended, std::move(production.response));
}

/// write() that is held back, then the fsync, both under the log's lock: the next append to the partition waits.
sim::Task<void> ReplicaManager::finish_append(Appended one, Wait wait, wire::ProduceResponse* response) {
  if (wait.held_back.ns > 0) co_await sim::delay(wait.held_back, "broker.dirty_throttled");
  if (wait.flush && !cluster_.config.planted.fsync_lies) {
    const sim::SimTime from = owner_.now();
    sim::Task<storage::Status> forcing = force(one.replica, one.required);
    const storage::Status status = co_await forcing;
    if (status == storage::Status::ok) {
      record_flush(params_, one.replica->name().id, from, owner_.now(), one.replica->log().recovery_point());
    } else if (!cluster_.config.planted.ignores_fsync_errors) {
      response->results[one.result].error = wire::ErrorCode::kafka_storage_error;
      storage_failed(*one.replica);
    }
  }
  one.replica->unlock();
}

void ReplicaManager::finish_produce(RequestId id, Acks acks, sim::Duration timeout,
                                    std::vector<Appended>& appended,
                                    std::unique_ptr<wire::ProduceResponse> response) {
  if (acks == Acks::none) {
    const bool failed = std::any_of(response->results.begin(), response->results.end(),
                                    [](const auto& r) { return r.error != wire::ErrorCode::none; });
    failed ? server_.close_connection(id) : server_.respond_nothing(id);
  } else if (acks == Acks::leader || cluster_.config.planted.ack_before_replication) {
    server_.respond(id, std::move(response));
  } else {
    // Wait first, then advance: advancing settles whatever is already covered.
    std::int32_t open = 0;
    for (const Appended& one : appended) open += one.replica->role() == Role::leader ? 1 : 0;
    for (const Appended& one : appended) {
      // Leadership went while we flushed.
      if (one.replica->role() != Role::leader)
        response->results[one.result].error = wire::ErrorCode::not_leader_or_follower;
    }
    if (open == 0) {
      server_.respond(id, std::move(response));
    } else {
      const ProducePurgatory::Ref ref = produce_purgatory_.park(id, std::move(response), open, timeout);
      for (const Appended& one : appended) {
        if (one.replica->role() != Role::leader) continue;
        // A duplicate that has long been committed, or what followers copied, or a later append passed, during our fsync.
        if (one.replica->high_watermark() >= one.required) {
          produce_purgatory_.settle(ref, one.result, committed_verdict(*one.replica));
          continue;
        }
        auto& waits = one.replica->produce_waits;
        const auto at =
            std::upper_bound(waits.begin(), waits.end(), one.required,
                             [](std::int64_t o, const ProduceWait& w) { return o < w.required_offset; });
        waits.insert(at, {one.required, ref.operation, ref.generation, one.result});
      }
    }
  }
  for (const Appended& one : appended) {
    if (one.replica->role() != Role::leader) continue;
    advance(*one.replica);  // after a duplicate, too (Partition.appendRecordsToLeader)
    SIM_DCHECK(one.replica->produce_waits.empty() ||
               one.replica->produce_waits.front().required_offset > one.replica->high_watermark());
    if (one.wrote) wake_fetches(*one.replica, false);
  }
}

}  // namespace brokersim::kafka::broker
