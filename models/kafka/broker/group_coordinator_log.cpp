// The coordinator's log: append and wait for the high watermark, read back after an election, forget after a resignation.
#include <algorithm>
#include <utility>

#include "models/kafka/broker/group_coordinator.h"
#include "models/kafka/broker/internal_log.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;

ErrorCode GroupCoordinator::append(std::size_t index, std::vector<wire::GroupRecord> records, Write write) {
  Shard& shard = shards_[index];
  const wire::PartitionId partition = shard.replica->name().id;
  const auto count = static_cast<std::int64_t>(records.size());
  std::int64_t bytes = 0;
  for (const wire::GroupRecord& record : records) bytes += kInternalRecordOverhead + wire::encoded_bytes(record);
  log::BatchData batch = internal_batch(params_, owner_.now(), partition, count, bytes);
  if (write.producer_id >= 0) {
    batch.kind = log::BatchKind::transactional;
    batch.producer_id = write.producer_id;
    batch.producer_epoch = write.producer_epoch;
  }
  batch.payload = params_.contents->add(std::move(records));
  write.payload = batch.payload;
  write.deadline = owner_.now() + cluster_.config.offsets_commit_timeout;
  // In the queue before the append: with one replica the high watermark moves within it.
  shard.writes.push_back(write);
  shard.writes.back().next_offset = shard.replica->log().log_end() + count;
  const ErrorCode error = replicas_.append_internal(*shard.replica, batch);
  if (error != ErrorCode::none) {
    shard.writes.pop_back();
    return as_coordinator_error(error);
  }
  arm_write_timeout();
  return ErrorCode::none;
}

void GroupCoordinator::settle(std::size_t index) {
  Shard& shard = shards_[index];
  if (shard.state != ShardState::active) return;
  const std::int64_t high_watermark = shard.replica->high_watermark();
  while (!shard.writes.empty() && shard.writes.front().next_offset <= high_watermark) {
    const Write write = shard.writes.front();
    shard.writes.pop_front();
    for (const wire::GroupRecord& record : (*params_.contents)[write.payload])
      apply(shard, write, record);
    finish(index, write, ErrorCode::none);
  }
}

void GroupCoordinator::apply(Shard& shard, const Write& write, const wire::GroupRecord& record) {
  const bool waits = write.producer_id >= 0 && !cluster_.config.planted.offsets_outside_transaction;
  if (waits) return;  // it is pending since it was appended
  const bool abandoned = write.given_up != nullptr && *write.given_up;
  apply(shard, record, write.generation, !abandoned);
  if (!abandoned || record.kind != wire::GroupRecord::Kind::offset || record.committed.offset < 0) return;
  // What the member has sent since by another connection may stand there already.
  params_.history->record(history::OffsetCommitted{owner_.now(), params_.id, params_.history->group(record.group),
                                                   record.committed.partition, record.committed.offset,
                                                   write.generation, /*abandoned=*/true});
}

void GroupCoordinator::transaction_ended(Replica& replica, std::int64_t producer_id, bool commit) {
  const auto index = static_cast<std::size_t>(replica.name().internal);
  Shard& shard = shards_[index];
  if (shard.state != ShardState::active) return;  // what loads will read the marker, too
  settle(index);
  for (const wire::GroupRecord& record : shard.offsets.end_transaction(producer_id, commit)) {
    if (!cluster_.config.planted.offsets_outside_transaction) apply(shard, record, -1, true);
  }
}

/// TxnOffsetCommit (KIP-98, KIP-447): as a commit, but pending until the transaction ends.
sim::Task<void> GroupCoordinator::commit_in_transaction(RequestId id, wire::TxnOffsetCommitRequest* request) {
  std::size_t shard = 0;
  ErrorCode error = shard_of(request->group, shard);
  if (error == ErrorCode::none) {
    Writer writer{request->transactional_id, request->producer_id, request->producer_epoch};
    log::BatchData batch;
    batch.kind = log::BatchKind::transactional;
    batch.producer_id = request->producer_id;
    batch.producer_epoch = request->producer_epoch;
    batch.records.partition = home_of(request->group);
    sim::Task<ErrorCode> verifying =
        replicas_.verify_internal(std::move(writer), batch, request->adds_partitions);
    error = co_await verifying;
    // Its client takes it for what it would hear of the coordinator itself.
    if (error == ErrorCode::not_enough_replicas) error = ErrorCode::coordinator_load_in_progress;
    if (error == ErrorCode::none) error = shard_of(request->group, shard);  // it may have moved meanwhile
  }
  if (error == ErrorCode::none && !cluster_.config.planted.stale_members_commit)
    error = check_member(shard, *request, request->generation);
  if (error == ErrorCode::none && !request->offsets.empty()) {
    std::vector<wire::GroupRecord> records;
    for (const wire::PartitionOffset& offset : request->offsets) {
      wire::GroupRecord record;
      record.group = request->group;
      record.committed = offset;
      record.at = owner_.now();
      records.push_back(std::move(record));
    }
    Write write;
    write.request = id;
    write.answers = true;
    write.transaction_api = true;
    write.generation = request->generation;
    write.producer_id = request->producer_id;
    write.producer_epoch = request->producer_epoch;
    const std::vector<wire::GroupRecord> pending = records;
    error = append(shard, std::move(records), write);
    if (error == ErrorCode::none) {
      for (const wire::GroupRecord& record : pending)
        shards_[shard].offsets.add_pending(request->producer_id, record);
      co_return;  // answered when it is committed
    }
  }
  refuse<wire::TxnOffsetCommitResponse>(id, error);
}

void GroupCoordinator::apply(Shard& shard, const wire::GroupRecord& record, std::int32_t generation,
                             bool tell) {
  if (record.kind != wire::GroupRecord::Kind::offset) return;
  shard.offsets.apply(record);
  if (!tell || record.committed.offset < 0) return;
  params_.history->record(
      history::OffsetCommitted{owner_.now(), params_.id, params_.history->group(record.group),
                               record.committed.partition, record.committed.offset, generation});
}

/// The end of a write: its waiter hears, its group goes on.
void GroupCoordinator::finish(std::size_t, const Write& write, ErrorCode error) {
  answer_write(write, error);
  if (write.group == kNoGroup) return;
  Group& group = groups_[write.group];
  const bool epochs = group.modern != nullptr || group.share != nullptr;
  if (epochs && error == ErrorCode::none && write.generation > group.told_epoch) {
    group.told_epoch = write.generation;
    const std::size_t members =
        group.modern != nullptr ? group.modern->members().size() : group.share->members().size();
    params_.history->record(history::GroupGeneration{owner_.now(), params_.id, params_.history->group(group.name),
                                                     write.generation, static_cast<std::int32_t>(members), true});
  }
  if (group.classic == nullptr) return;
  groups::ClassicOutputs outputs;
  group.classic->written(write.generation, error, owner_.now(), outputs);
  if (error == ErrorCode::none && group.classic->generation() == write.generation) {
    params_.history->record(history::GroupGeneration{
        owner_.now(), params_.id, params_.history->group(group.name), write.generation,
        static_cast<std::int32_t>(group.classic->members().size())});
  }
  deliver(write.group, std::move(outputs));
}

void GroupCoordinator::answer_write(const Write& write, ErrorCode error) {
  if (!write.answers) return;
  if (write.transaction_api) return refuse<wire::TxnOffsetCommitResponse>(write.request, error);
  if (write.share_beat != nullptr) {
    auto answer = std::make_unique<wire::ShareGroupHeartbeatResponse>(*write.share_beat);
    if (error != ErrorCode::none) answer->error = error;
    server_.respond(write.request, std::move(answer));
    return;
  }
  if (write.beat == nullptr) return refuse<wire::OffsetCommitResponse>(write.request, error);
  auto response = std::make_unique<wire::ConsumerGroupHeartbeatResponse>(*write.beat);
  if (error != ErrorCode::none) response->error = error;
  server_.respond(write.request, std::move(response));
}

void GroupCoordinator::expire_writes() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    // Told now; if the record is committed later after all, it counts all the same.
    std::vector<Write> late;
    for (Write& write : shards_[i].writes) {
      if (write.deadline > owner_.now()) continue;
      late.push_back(write);
      write.deadline = sim::SimTime::max();
      write.answers = false;
      write.group = kNoGroup;
    }
    for (const Write& write : late) finish(i, write, ErrorCode::coordinator_not_available);
  }
}

// --- leadership -----------------------------------------------------------------------------------------------------------

void GroupCoordinator::forget(std::size_t index) {
  Shard& shard = shards_[index];
  for (const Write& write : std::exchange(shard.writes, {})) {
    answer_write(write, ErrorCode::not_coordinator);
  }
  for (const auto& [name, slot] : std::exchange(shard.groups, {})) {
    Group& group = groups_[slot];
    groups::ClassicOutputs outputs;
    if (group.classic != nullptr) group.classic->unload(ErrorCode::not_coordinator, outputs);
    owner_.cancel(group.timer);
    deliver(slot, std::move(outputs));
    owner_.cancel(group.timer);
    group = {};
    free_groups_.push_back(slot);
  }
  shard.offsets.clear();
}

/// Reads the partition from its start to its end as it was at the election; later records are our own.
sim::Task<void> GroupCoordinator::load(std::size_t index, std::uint64_t term) {
  const std::int64_t end = shards_[index].replica->log().log_end();
  Replica* replica = shards_[index].replica;
  sim::Task<void> reading = read_log(&owner_, &params_, replica);
  co_await reading;
  if (shards_[index].term != term) co_return;
  std::map<std::string, const wire::GroupRecord*> latest;
  for (const log::Segment& segment : replica->log().segments()) {
    for (const log::LogEntry& entry : segment.entries) {
      const log::StoredBatch& batch = (*params_.store)[entry.batch];
      if (batch.base_offset >= end) continue;
      if (batch.data.is_marker()) {
        const bool commit = batch.data.kind == log::BatchKind::commit;
        for (const wire::GroupRecord& record :
             shards_[index].offsets.end_transaction(batch.data.producer_id, commit))
          apply(shards_[index], record, -1, false);
        continue;
      }
      if (batch.data.payload == 0) continue;
      for (const wire::GroupRecord& record : (*params_.contents)[batch.data.payload]) {
        const bool pending = batch.data.kind == log::BatchKind::transactional &&
                             !cluster_.config.planted.offsets_outside_transaction;
        if (pending) {
          shards_[index].offsets.add_pending(batch.data.producer_id, record);
        } else {
          apply(shards_[index], record, -1, false);
        }
        if (record.kind == wire::GroupRecord::Kind::group) latest[record.group] = &record;
        if (record.kind == wire::GroupRecord::Kind::tombstone) latest.erase(record.group);
      }
    }
  }
  shards_[index].state = ShardState::active;
  for (const auto& [name, record] : latest) {
    const std::size_t slot = add_group(index, name);
    if (record->share_protocol) {
      groups_[slot].share = std::make_unique<groups::ShareGroup>(*record, share_rules_, owner_.now());
      groups_[slot].told_epoch = record->generation;
    } else if (record->consumer_protocol) {
      groups_[slot].modern = std::make_unique<groups::ConsumerGroup>(*record, modern_rules_, owner_.now());
      groups_[slot].told_epoch = record->target_epoch;
    } else {
      groups_[slot].classic = std::make_unique<groups::ClassicGroup>(*record, rules_, owner_.now());
    }
    arm(slot);
  }
}

sim::Task<void> GroupCoordinator::expiry_loop() {
  if (shards_.empty()) co_return;
  for (;;) {
    co_await sim::delay(cluster_.config.offsets_retention_check_interval, "broker.offsets_expiry");
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      if (shards_[i].state != ShardState::active) continue;
      std::map<std::string, sim::SimTime> empty_since;
      for (const auto& [name, slot] : shards_[i].groups) {
        const auto& group = groups_[slot];
        if (group.modern != nullptr) {
          empty_since[name] =
              group.modern->members().empty() ? group.modern->empty_since() : sim::SimTime::max();
        }
        if (group.share != nullptr)
          empty_since[name] = group.share->members().empty() ? group.share->empty_since() : sim::SimTime::max();
        if (group.classic == nullptr) continue;
        empty_since[name] = group.classic->state() == groups::ClassicState::empty
                                ? group.classic->empty_since()
                                : sim::SimTime::max();
      }
      std::vector<wire::GroupRecord> tombstones =
          shards_[i].offsets.expired(owner_.now(), cluster_.config.offsets_retention, empty_since);
      if (!tombstones.empty()) static_cast<void>(append(i, std::move(tombstones), {}));
    }
  }
}

}  // namespace brokersim::kafka::broker
