// Encoded sizes of the metadata log and its requests (message definitions of Kafka 4.1: Vote v2, BeginQuorumEpoch v1,
// EndQuorumEpoch v1, Fetch v18, FetchSnapshot v1; RegisterBrokerRecord, PartitionRecord).
#include "models/kafka/wire/encoded.h"
#include "models/kafka/wire/raft_messages.h"
#include "sim/check.h"

namespace brokersim::kafka::wire {

namespace {

// "__cluster_metadata" 19, topic and partition arrays 2, partition index 4, tags 3
constexpr std::int64_t kPartition = 28;
// cluster id 1 + 22, its own tags 1
constexpr std::int64_t kClusterId = 24;
// A varint for id, 16 bytes of directory id
constexpr std::int64_t kReplicaKey = 20;

}  // namespace

std::int64_t record_bytes(const MetadataRecord& record) {
  const auto ids = [](const std::vector<BrokerId>& list) { return 1 + 4 * count(list); };
  switch (record.kind) {
    case RecordKind::no_op: return 12;
    case RecordKind::leader_change: return 12;
    case RecordKind::broker: return 72;
    case RecordKind::partition:
      // topic id 16, partition 4, leader 4, epochs 8, recovery state 1, directories 16 each
      return 45 + ids(record.partition->replicas) + ids(record.partition->isr) + ids(record.partition->elr) +
             ids(record.partition->last_known_elr) + ids(record.partition->adding) +
             ids(record.partition->removing) - 2 + 16 * count(record.partition->replicas);
    case RecordKind::partition_removed: return 28;
    case RecordKind::producer_id_block: return 32;
  }
  return 12;
}

std::int64_t batch_bytes(const MetadataBatch& batch) {
  std::int64_t bytes = log::kBatchHeaderBytes;
  for (const LoggedRecord& logged : batch.records) bytes += record_bytes(logged.record);
  return bytes;
}

std::int64_t snapshot_bytes(const ClusterImage& image) {
  // header and footer: a control batch each
  std::int64_t bytes = 2 * (log::kBatchHeaderBytes + 12) + log::kBatchHeaderBytes;
  MetadataRecord record;
  record.kind = RecordKind::partition;
  for (const PartitionState& state : image.partitions()) {
    if (state.partition.n < 0) continue;
    record.partition = state;
    bytes += record_bytes(record);
  }
  record.kind = RecordKind::broker;
  for (const BrokerState& state : image.brokers()) {
    if (state.broker >= 0) bytes += record_bytes(record);
  }
  return bytes;
}

sim::Bytes wire_bytes(const VoteRequest&) {
  // voter 4, epoch 4, candidate key, voter directory 16, last epoch 4, last offset 8, pre-vote 1
  return {kRequestHeader + kClusterId + kPartition + 37 + kReplicaKey};
}
sim::Bytes wire_bytes(const VoteResponse&) { return {kResponseHeader + 2 + kPartition + 2 + 4 + 4 + 1}; }
sim::Bytes wire_bytes(const BeginQuorumEpochRequest&) {
  // voter key, leader 4, epoch 4, endpoints 40
  return {kRequestHeader + kClusterId + kPartition + kReplicaKey + 48};
}
sim::Bytes wire_bytes(const BeginQuorumEpochResponse&) { return {kResponseHeader + 2 + kPartition + 10}; }
sim::Bytes wire_bytes(const EndQuorumEpochRequest& m) {
  return {kRequestHeader + kClusterId + kPartition + 48 + kReplicaKey * count(m.successors)};
}
sim::Bytes wire_bytes(const EndQuorumEpochResponse&) { return {kResponseHeader + 2 + kPartition + 10}; }
sim::Bytes wire_bytes(const MetadataFetchRequest&) { return {kRequestHeader + 39 + 51}; }
sim::Bytes wire_bytes(const MetadataFetchResponse& m) {
  std::int64_t bytes = kResponseHeader + 12 + 58;
  if (m.diverging) bytes += 15;
  if (m.snapshot) bytes += 15;
  for (const MetadataBatch* batch : m.batches) bytes += batch_bytes(*batch);
  return {bytes};
}
sim::Bytes wire_bytes(const FetchSnapshotRequest&) {
  // replica 4, max bytes 4, epoch 4, snapshot id 12, position 8
  return {kRequestHeader + kClusterId + kPartition + 32};
}
sim::Bytes wire_bytes(const FetchSnapshotResponse& m) {
  return {kResponseHeader + 6 + kPartition + 40 + m.bytes};
}

sim::Bytes raft_request_bytes(const Message& request) {
  switch (request.api) {
    case Api::vote: return wire_bytes(static_cast<const VoteRequest&>(request));
    case Api::begin_quorum_epoch: return wire_bytes(static_cast<const BeginQuorumEpochRequest&>(request));
    case Api::end_quorum_epoch: return wire_bytes(static_cast<const EndQuorumEpochRequest&>(request));
    case Api::metadata_fetch: return wire_bytes(static_cast<const MetadataFetchRequest&>(request));
    case Api::fetch_snapshot: return wire_bytes(static_cast<const FetchSnapshotRequest&>(request));
    default: break;
  }
  SIM_CHECK(false, "not a request to a Raft node");
  return {};
}

sim::Bytes raft_response_bytes(const Message& response) {
  switch (response.api) {
    case Api::vote: return wire_bytes(static_cast<const VoteResponse&>(response));
    case Api::begin_quorum_epoch: return wire_bytes(static_cast<const BeginQuorumEpochResponse&>(response));
    case Api::end_quorum_epoch: return wire_bytes(static_cast<const EndQuorumEpochResponse&>(response));
    case Api::metadata_fetch: return wire_bytes(static_cast<const MetadataFetchResponse&>(response));
    case Api::fetch_snapshot: return wire_bytes(static_cast<const FetchSnapshotResponse&>(response));
    default: break;
  }
  SIM_CHECK(false, "not a response of a Raft node");
  return {};
}

}  // namespace brokersim::kafka::wire
