// Produce: append, flush if asked, answer now or from purgatory (kafka-behaviour.md section 3).
#include <algorithm>

#include "models/kafka/broker/replica_manager.h"

namespace brokersim::kafka::broker {

void ReplicaManager::produce(RequestId id, wire::ProduceRequest& request) {
  auto response = std::make_unique<wire::ProduceResponse>();
  response->results.reserve(request.batches.size());
  scratch_.clear();
  sim::Duration held_back;
  bool flush = false;
  for (const log::BatchData& batch : request.batches) {
    wire::ProduceResult result;
    result.partition = batch.records.partition;
    Replica* replica = find(batch.records.partition);
    if (replica == nullptr) {
      result.error = wire::ErrorCode::not_leader_or_follower;
    } else {
      const ClientAppend append = replica->append_as_leader(batch, request.acks, owner_.now());
      result.error = append.error;
      result.base_offset = append.base_offset;
      if (append.error == wire::ErrorCode::not_leader_or_follower) {
        result.leader = replica->leader_id();
        result.leader_epoch = replica->leader_epoch();
      }
      if (append.error == wire::ErrorCode::kafka_storage_error) storage_failed(*replica);
      if (append.error == wire::ErrorCode::none) {
        scratch_.push_back({replica, append.next_offset, static_cast<std::uint32_t>(response->results.size()),
                            append.appended, append.must_flush});
        held_back += append.held_back;
        flush = flush || append.must_flush;
        if (append.rolled) after_roll(*replica);
      }
    }
    response->results.push_back(result);
  }
  if (held_back.ns == 0 && !flush) {
    finish_produce(id, request.acks, request.timeout, scratch_, std::move(response));
    return;
  }
  // The handler thread itself waits: for the device that cannot keep up, or for the fsync.
  const std::size_t thread = server_.hold_thread();
  owner_.spawn(finish_slow(id, &request, thread, held_back, scratch_, std::move(response)));
}

sim::Task<void> ReplicaManager::finish_slow(RequestId id, wire::ProduceRequest* request, std::size_t thread,
                                            sim::Duration held_back, std::vector<Appended> appended,
                                            std::unique_ptr<wire::ProduceResponse> response) {
  if (held_back.ns > 0) co_await sim::delay(held_back, "broker.dirty_throttled");
  for (const Appended& one : appended) {
    if (!one.flush || cluster_.config.planted.fsync_lies) continue;
    const storage::Status status = co_await one.replica->log().flush_to(one.required);
    if (status == storage::Status::ok) {
      params_.history->record(history::Flushed{owner_.now(), params_.id, one.replica->name().id,
                                               one.replica->log().recovery_point()});
    } else if (!cluster_.config.planted.ignores_fsync_errors) {
      response->results[one.result].error = wire::ErrorCode::kafka_storage_error;
      storage_failed(*one.replica);
    }
  }
  // A held connection stays muted, so the request is still ours unless the connection has gone with acks=0.
  const Acks acks = request->acks;
  const sim::Duration timeout = request->timeout;
  server_.release_thread(thread);
  std::erase_if(appended, [&](const Appended& one) {
    return response->results[one.result].error != wire::ErrorCode::none;
  });
  finish_produce(id, acks, timeout, appended, std::move(response));
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
        if (!one.wrote &&
            one.replica->high_watermark() >= one.required) {  // a duplicate, long since committed
          produce_purgatory_.settle(ref, one.result, wire::ErrorCode::none);
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
    if (!one.wrote || one.replica->role() != Role::leader) continue;
    advance(*one.replica);
    wake_fetches(*one.replica, false);
  }
}

}  // namespace brokersim::kafka::broker
