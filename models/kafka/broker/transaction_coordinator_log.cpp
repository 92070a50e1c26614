// The coordinator's log: append and wait for the high watermark, read back after an election, forget after a resignation;
// and the markers of what was prepared, until every one is written.
#include <algorithm>
#include <utility>

#include "models/kafka/broker/internal_log.h"
#include "models/kafka/broker/transaction_coordinator.h"
#include "sim/check.h"
#include "sim/join.h"

namespace brokersim::kafka::broker {

using transactions::Transaction;
using wire::ErrorCode;
using wire::TransactionRecord;
using wire::TransactionState;

namespace {

/// retry.backoff.ms of the markers' sender.
constexpr sim::Duration kMarkerRetry = {100'000'000};

}  // namespace

ErrorCode TransactionCoordinator::append(std::size_t index, TransactionRecord record, Write write) {
  Shard& shard = shards_[index];
  const wire::PartitionId partition = shard.replica->name().id;
  log::BatchData batch =
      internal_batch(params_, owner_.now(), partition, 1, kInternalRecordOverhead + wire::encoded_bytes(record));
  batch.payload = params_.transaction_records->add(std::move(record));
  write.payload = batch.payload;
  write.deadline = owner_.now() + cluster_.config.request_timeout;
  // In the queue before the append: with one replica the high watermark moves within it.
  shard.writes.push_back(write);
  shard.writes.back().next_offset = shard.replica->log().log_end() + 1;
  const ErrorCode error = replicas_.append_internal(*shard.replica, batch);
  if (error != ErrorCode::none) {
    shard.writes.pop_back();
    return as_coordinator_error(error);
  }
  arm_write_timeout();
  if (cluster_.config.planted.coordinator_answers_uncommitted) committed(*shard.replica);
  return ErrorCode::none;
}

std::int64_t TransactionCoordinator::answered_end(const Replica& replica) const {
  return cluster_.config.planted.coordinator_answers_uncommitted ? replica.log().log_end() : replica.high_watermark();
}

void TransactionCoordinator::settle(std::size_t index) {
  Shard& shard = shards_[index];
  const std::int64_t end = answered_end(*shard.replica);
  while (!shard.writes.empty() && shard.writes.front().next_offset <= end) {
    const Write write = shard.writes.front();
    shard.writes.pop_front();
    if (write.timed_out) continue;  // as in Kafka: only what is read back later counts
    const TransactionRecord& record = (*params_.transaction_records)[write.payload];
    const auto at = shard.ids.find(record.id);
    if (at == shard.ids.end()) continue;
    at->second.written(record);
    answer(write, ErrorCode::none);
    if (record.state == TransactionState::dead) {
      shard.ids.erase(at);
    } else if (at->second.prepared()) {
      owner_.spawn(complete(index, shard.term, record.id));
    }
  }
}

void TransactionCoordinator::expire_writes() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_[i];
    for (Write& write : shard.writes) {
      if (write.timed_out || write.deadline > owner_.now()) continue;
      const auto at = shard.ids.find((*params_.transaction_records)[write.payload].id);
      answer(write, ErrorCode::coordinator_not_available);
      write.timed_out = true;
      if (at == shard.ids.end()) continue;
      at->second.write_failed();
      // The end of a transaction that is prepared is written again, after its markers, which do no harm twice.
      if (at->second.prepared()) owner_.spawn(complete(i, shard.term, at->first));
    }
  }
}

// --- leadership -----------------------------------------------------------------------------------------------------------

void TransactionCoordinator::forget(std::size_t index) {
  Shard& shard = shards_[index];
  for (const Write& write : std::exchange(shard.writes, {})) {
    if (!write.timed_out) answer(write.request, write.answers, ErrorCode::not_coordinator, write.count, nullptr);
  }
  shard.ids.clear();
}

/// Reads the partition from its start to its end as it was at the election; later records are our own. Kafka reads up to the
/// high watermark, as it was when the end was reached.
sim::Task<void> TransactionCoordinator::load(std::size_t index, std::uint64_t term) {
  Replica* replica = shards_[index].replica;
  const std::int64_t end = replica->log().log_end();
  sim::Task<void> reading = read_log(&owner_, &params_, replica);
  co_await reading;
  if (shards_[index].term != term) co_return;
  Shard& shard = shards_[index];
  for (const log::Segment& segment : replica->log().segments()) {
    for (const log::LogEntry& entry : segment.entries) {
      const log::StoredBatch& batch = (*params_.store)[entry.batch];
      if (batch.base_offset >= end || batch.data.payload == 0) continue;
      const TransactionRecord& record = (*params_.transaction_records)[batch.data.payload];
      if (record.state == TransactionState::dead) {
        shard.ids.erase(record.id);
      } else {
        shard.ids.insert_or_assign(record.id, Transaction(record));
      }
    }
  }
  shard.state = ShardState::active;
  if (cluster_.config.planted.markers_forgotten_on_failover) co_return;
  for (const auto& [id, transaction] : shard.ids) {
    if (transaction.prepared()) owner_.spawn(complete(index, term, id));
  }
}

// --- markers ----------------------------------------------------------------------------------------------------------------

/// From Prepare to Complete: every partition gets its marker, whoever leads it by then, then the record follows.
sim::Task<void> TransactionCoordinator::complete(std::size_t index, std::uint64_t term, std::string id) {
  const auto known = shards_[index].ids.find(id);
  if (shards_[index].term != term || known == shards_[index].ids.end() || !known->second.prepared()) co_return;
  const TransactionRecord prepared = known->second.now();
  std::vector<wire::PartitionId> left = prepared.partitions;
  if (cluster_.config.planted.marker_skips_partition && left.size() > 1) left.pop_back();
  while (!left.empty()) {
    std::map<wire::BrokerId, std::unique_ptr<wire::WriteTxnMarkersRequest>> by_leader;
    for (const wire::PartitionId partition : left) {
      const wire::BrokerId leader = peers_.leader_of(partition);
      if (leader < 0) continue;
      auto& markers = by_leader[leader];
      if (!markers) {
        markers = std::make_unique<wire::WriteTxnMarkersRequest>();
        markers->producer_id = prepared.producer_id;
        markers->producer_epoch = prepared.producer_epoch;
        markers->coordinator_epoch = shards_[index].replica->leader_epoch();
        markers->committed = prepared.state == TransactionState::prepare_commit;
      }
      markers->partitions.push_back(partition);
    }
    std::vector<sim::Task<void>> sending;
    for (auto& [leader, markers] : by_leader) sending.push_back(send_markers(std::move(markers), &left));
    if (!sending.empty()) {
      auto all = sim::all_of(std::move(sending));
      co_await all;
    }
    if (shards_[index].term != term) co_return;
    if (!left.empty()) {
      co_await sim::delay(kMarkerRetry, "broker.markers_retry");
      if (shards_[index].term != term) co_return;
    }
  }
  // A record that cannot be written now is written later; the id stays where it is until then.
  for (;;) {
    const auto at = shards_[index].ids.find(id);
    if (at == shards_[index].ids.end() || !at->second.prepared() || at->second.pending()) co_return;
    const ErrorCode error = append(index, at->second.completed(owner_.now()), {});
    if (error == ErrorCode::none) co_return;
    at->second.write_failed();
    co_await sim::delay(kMarkerRetry, "broker.markers_retry");
    if (shards_[index].term != term) co_return;
  }
}

/// To one leader. What it has written, or need not write, leaves `left`.
sim::Task<void> TransactionCoordinator::send_markers(std::unique_ptr<wire::WriteTxnMarkersRequest> markers,
                                                     std::vector<wire::PartitionId>* left) {
  const std::vector<wire::PartitionId> partitions = markers->partitions;
  const wire::BrokerId leader = peers_.leader_of(partitions.front());
  if (leader < 0) co_return;
  std::unique_ptr<wire::Message> answer = co_await peers_.write_markers(leader, std::move(markers));
  if (answer == nullptr) co_return;
  const auto& response = static_cast<const wire::WriteTxnMarkersResponse&>(*answer);
  for (std::size_t i = 0; i < partitions.size() && i < response.errors.size(); ++i) {
    switch (response.errors[i]) {
      case ErrorCode::none:
      // A newer epoch of the producer, or a newer coordinator, has been there: nothing is left to do.
      case ErrorCode::invalid_producer_epoch:
      case ErrorCode::transaction_coordinator_fenced: std::erase(*left, partitions[i]); break;
      default: break;
    }
  }
}

}  // namespace brokersim::kafka::broker
