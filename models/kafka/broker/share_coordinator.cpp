#include "models/kafka/broker/share_coordinator.h"

#include <algorithm>
#include <utility>

#include "models/kafka/broker/internal_log.h"
#include "models/kafka/groups/share_partition.h"
#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;
using wire::ShareRecord;

ShareCoordinator::ShareCoordinator(sim::Component& owner, const BrokerParams& params,
                                   ReplicaManager& replicas, RequestServer& server)
    : ShardedCoordinator(owner, params.cluster->shares_topic.size(),
                         {"broker.share_committed", "broker.share_write_timeout"}),
      params_(params),
      cluster_(*params.cluster),
      replicas_(replicas),
      server_(server) {}

void ShareCoordinator::handle(RequestId id, wire::Message& request) {
  if (request.api == wire::Api::read_share_state)
    return read(id, static_cast<const wire::ReadShareStateRequest&>(request));
  SIM_CHECK(request.api == wire::Api::write_share_state, "not a request of share coordinators");
  write(id, static_cast<const wire::WriteShareStateRequest&>(request));
}

ErrorCode ShareCoordinator::shard_of(const std::string& group, wire::PartitionId partition,
                                     std::size_t& shard) const {
  if (shards_.empty()) return ErrorCode::coordinator_not_available;
  shard = static_cast<std::size_t>(
      partition_for_group(wire::share_key(group, partition), static_cast<std::int32_t>(shards_.size())));
  return state_of(shard);
}

/// Answered with what is appended, committed or not: the writer of what is not was an older leader.
void ShareCoordinator::read(RequestId id, const wire::ReadShareStateRequest& request) {
  auto response = std::make_unique<wire::ReadShareStateResponse>();
  std::size_t index = 0;
  response->error = shard_of(request.group, request.partition, index);
  if (response->error != ErrorCode::none) return server_.respond(id, std::move(response));
  State& state = shards_[index].keys[{request.group, request.partition}];
  response->state_epoch = state.now.state_epoch;
  response->start = state.now.start;
  response->batches = state.now.batches;
  if (request.leader_epoch < state.now.leader_epoch) {
    response->error = ErrorCode::fenced_leader_epoch;
  } else if (request.leader_epoch > state.now.leader_epoch) {
    ShareRecord record;
    record.group = request.group;
    record.partition = request.partition;
    record.state_epoch = state.now.state_epoch;
    record.leader_epoch = request.leader_epoch;
    record.start = state.now.start;
    Write write;
    write.request = id;
    write.read = std::make_shared<const wire::ReadShareStateResponse>(*response);
    response->error = append(shards_[index], state, std::move(record), std::move(write));
    if (response->error == ErrorCode::none) return;  // answered when it is committed
  }
  server_.respond(id, std::move(response));
}

void ShareCoordinator::apply(State& state, const ShareRecord& record) {
  state.updates = record.snapshot ? 0 : state.updates + 1;
  state.now.group = record.group;
  state.now.partition = record.partition;
  state.now.state_epoch = record.state_epoch;
  state.now.leader_epoch = std::max(state.now.leader_epoch, record.leader_epoch);
  state.now.start = record.snapshot ? record.start : std::max(state.now.start, record.start);
  state.now.batches =
      groups::combine(record.snapshot ? std::vector<wire::ShareStateBatch>{} : state.now.batches,
                      record.batches, state.now.start);
}

void ShareCoordinator::write(RequestId id, const wire::WriteShareStateRequest& request) {
  std::size_t index = 0;
  const ErrorCode error = shard_of(request.group, request.partition, index);
  if (error != ErrorCode::none) return answer(id, error);
  Shard& shard = shards_[index];
  State& state = shard.keys[{request.group, request.partition}];
  if (request.leader_epoch < state.now.leader_epoch) return answer(id, ErrorCode::fenced_leader_epoch);
  if (request.state_epoch < state.now.state_epoch) return answer(id, ErrorCode::fenced_state_epoch);
  ShareRecord record;
  record.group = request.group;
  record.partition = request.partition;
  record.state_epoch = request.state_epoch;
  record.leader_epoch = request.leader_epoch;
  record.start = request.start;
  record.batches = request.batches;
  Write write;
  write.request = id;
  const ErrorCode failed = append(shard, state, std::move(record), std::move(write));
  if (failed != ErrorCode::none) answer(id, failed);
}

ErrorCode ShareCoordinator::append(Shard& shard, State& state, ShareRecord record, Write write) {
  const bool first = state.now.leader_epoch < 0;
  State after = state;
  apply(after, record);
  // The first is a snapshot, too: there is nothing that an update could be about.
  if (first || after.updates >= cluster_.config.share_snapshot_updates) {
    record = after.now;
    record.snapshot = true;
    after.updates = 0;
  }
  log::BatchData batch = internal_batch(params_, owner_.now(), shard.replica->name().id, 1,
                                        kInternalRecordOverhead + wire::encoded_bytes(record));
  batch.payload = params_.share_records->add(std::move(record));
  // In the queue before the append: with one replica the high watermark moves within it.
  write.next_offset = shard.replica->log().log_end() + 1;
  write.deadline = owner_.now() + cluster_.config.share_write_timeout;
  shard.writes.push_back(std::move(write));
  const ErrorCode failed = replicas_.append_internal(*shard.replica, batch);
  if (failed != ErrorCode::none) {
    shard.writes.pop_back();
    return as_coordinator_error(failed);
  }
  state = std::move(after);
  arm_write_timeout();
  return ErrorCode::none;
}

void ShareCoordinator::answer(const Write& write, ErrorCode error) {
  if (write.told) return;
  if (write.read == nullptr) return answer(write.request, error);
  auto response = std::make_unique<wire::ReadShareStateResponse>(*write.read);
  response->error = error;
  server_.respond(write.request, std::move(response));
}

void ShareCoordinator::answer(RequestId id, ErrorCode error) {
  auto response = std::make_unique<wire::WriteShareStateResponse>();
  response->error = error;
  server_.respond(id, std::move(response));
}

void ShareCoordinator::settle(std::size_t index) {
  Shard& shard = shards_[index];
  const std::int64_t end = shard.replica->high_watermark();
  while (!shard.writes.empty() && shard.writes.front().next_offset <= end) {
    const Write write = shard.writes.front();
    shard.writes.pop_front();
    answer(write, ErrorCode::none);
  }
}

void ShareCoordinator::expire_writes() {
  for (Shard& shard : shards_) {
    for (Write& write : shard.writes) {
      if (write.told || write.deadline > owner_.now()) continue;
      answer(write, ErrorCode::coordinator_not_available);
      write.told = true;
    }
  }
}

void ShareCoordinator::forget(std::size_t index) {
  Shard& shard = shards_[index];
  for (const Write& write : std::exchange(shard.writes, {})) {
    answer(write, ErrorCode::not_coordinator);
  }
  shard.keys.clear();
}

sim::Task<void> ShareCoordinator::load(std::size_t index, std::uint64_t term) {
  Replica* replica = shards_[index].replica;
  const std::int64_t end = replica->log().log_end();
  sim::Task<void> reading = read_log(&owner_, &params_, replica);
  co_await reading;
  Shard& shard = shards_[index];
  if (shard.term != term) co_return;
  for (const log::Segment& segment : replica->log().segments()) {
    for (const log::LogEntry& entry : segment.entries) {
      const log::StoredBatch& batch = (*params_.store)[entry.batch];
      if (batch.base_offset >= end || batch.data.payload == 0) continue;
      const ShareRecord& record = (*params_.share_records)[batch.data.payload];
      apply(shard.keys[{record.group, record.partition}], record);
    }
  }
  shard.state = ShardState::active;
}

}  // namespace brokersim::kafka::broker
