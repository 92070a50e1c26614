// Requests and responses between clients, brokers and the controller.
//
// Requests carry what the real ones carry and decide with; `wire_bytes()` gives their encoded size, so
// that links and sockets fill as they really do (versions of 4.1, topic names counted once per partition).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/devices/network/network.h"
#include "models/kafka/config.h"
#include "models/kafka/wire/errors.h"
#include "models/kafka/wire/metadata.h"
#include "models/log/batch.h"
#include "models/log/producer_state.h"
#include "sim/time.h"

namespace brokersim::kafka::wire {

/// Ports that brokers and controllers listen on.
inline constexpr network::Port kBrokerPort{9092};     ///< Of the listener without encryption.
inline constexpr network::Port kBrokerTlsPort{9094};  ///< Of the listener with TLS.
inline constexpr network::Port kControllerPort{9093};

enum class Api : std::uint8_t {
  produce,
  fetch,
  list_offsets,
  metadata,
  init_producer_id,
  broker_registration,
  broker_heartbeat,
  alter_partition,
  metadata_fetch,
  allocate_producer_ids,
  vote,
  begin_quorum_epoch,
  end_quorum_epoch,
  fetch_snapshot,
  // Groups, see group_messages.h.
  find_coordinator,
  join_group,
  sync_group,
  heartbeat,
  leave_group,
  offset_commit,
  offset_fetch,
  consumer_group_heartbeat,
  delete_records,
  offsets_for_leader_epoch,
  elect_leaders,
  alter_partition_reassignments,
  create_topics,
  delete_topics,
  // Transactions, see transaction_messages.h.
  add_partitions_to_txn,
  add_offsets_to_txn,
  txn_offset_commit,
  end_txn,
  write_txn_markers,
  // Share groups, see share_messages.h.
  share_group_heartbeat,
  share_fetch,
  share_acknowledge,
  read_share_state,
  write_share_state,
  create_partitions,
};

/// Base of every request and response. A response repeats its request's api and correlation.
struct Message : network::Message {
  explicit Message(Api a) : api(a) {}
  Api api;
  std::int32_t correlation = 0;  ///< Unique per connection and direction of asking.
};

// --- clients to brokers -----------------------------------------------------------------------------

struct ProduceRequest : Message {
  ProduceRequest() : Message(Api::produce) {}
  Acks acks = Acks::all;
  sim::Duration timeout = {30'000'000'000};  ///< How long acks=all may wait on the broker.
  std::vector<log::BatchData> batches;       ///< At most one per partition.
  /// Of transactional batches; empty: there are none.
  std::string transactional_id;
  bool adds_partitions = false;  ///< Produce v12 (KIP-890 part 2): the broker adds its partitions to the transaction.
  /// Of the broker, while it works on the request: batches that verification has refused. Empty: none.
  std::vector<ErrorCode> refused;
};

struct ProduceResult {
  PartitionId partition;
  ErrorCode error = ErrorCode::none;
  std::int64_t base_offset = -1;
  BrokerId leader = -1;  ///< With NOT_LEADER (Produce v10, KIP-951): who leads, as this broker knows.
  std::int32_t leader_epoch = -1;
};
struct ProduceResponse : Message {
  ProduceResponse() : Message(Api::produce) {}
  std::vector<ProduceResult> results;
};

struct FetchPart {
  PartitionId partition;
  std::int32_t current_leader_epoch = -1;  ///< -1: client does not check.
  std::int64_t fetch_offset = 0;
  std::int32_t last_fetched_epoch = -1;  ///< Followers: epoch of their last batch (KIP-595 divergence).
  std::int64_t log_start = 0;
  std::int32_t max_bytes = 1'048'576;
};
struct FetchRequest : Message {
  FetchRequest() : Message(Api::fetch) {}
  BrokerId replica = -1;            ///< -1: a consumer.
  std::int64_t replica_epoch = -1;  ///< Broker epoch of the follower (KIP-903).
  sim::Duration max_wait = {500'000'000};
  std::int32_t min_bytes = 1;
  std::int32_t max_bytes = 10'485'760;
  bool read_committed = false;  ///< isolation_level 1: nothing at or above the last stable offset.
  /// KIP-227. Epoch 0: `parts` is everything, make a session; -1: everything, without a session; above: only what changed in
  /// the session since its last request.
  std::int32_t session_id = 0;
  std::int32_t session_epoch = -1;
  std::vector<FetchPart> parts;
  std::vector<PartitionId> forgotten;  ///< No longer of the session.
  std::int32_t rack = -1;       ///< Of the consumer (client.rack), by its number in the cluster; -1: none.
  std::int32_t rack_bytes = 0;  ///< Length of its name.
  // Of the broker, while it works on the request.
  std::uint32_t session_slot = 0;
  std::uint32_t session_generation = 0;
};

struct DivergingEpoch {
  std::int32_t epoch = -1;
  std::int64_t end_offset = -1;
};
struct FetchedPart {
  PartitionId partition;
  ErrorCode error = ErrorCode::none;
  std::int64_t high_watermark = -1;
  std::int64_t log_start = 0;
  std::optional<DivergingEpoch> diverging;
  BrokerId leader = -1;  ///< With NOT_LEADER or FENCED: who leads, as this broker knows.
  std::int32_t leader_epoch = -1;
  BrokerId preferred = -1;  ///< Read there from now on (KIP-392): the answer is empty then. -1: here.
  std::vector<log::BatchId> batches;
  std::int64_t bytes = 0;  ///< Sum of the batches' sizes.
  std::vector<log::AbortedTransaction> aborted;  ///< With read_committed: those within the batches.
  /// Index in `batches` of the first whose bytes are not what was appended: who checks its CRC finds out. -1: none.
  std::int32_t corrupt_from = -1;
};
struct FetchResponse : Message {
  FetchResponse() : Message(Api::fetch) {}
  ErrorCode error = ErrorCode::none;
  std::int32_t session_id = 0;     ///< 0: no session.
  std::vector<FetchedPart> parts;  ///< Only partitions with something to say.
};

struct ListOffsetsRequest : Message {
  ListOffsetsRequest() : Message(Api::list_offsets) {}
  PartitionId partition;
  bool latest = true;     ///< Else earliest.
  /// Instead of both: the first record whose timestamp is not before this (wall-clock milliseconds since the run began).
  std::optional<std::int64_t> timestamp_ms;
  BrokerId replica = -1;  ///< A follower asks for the log end, a consumer (-1) for the high watermark.
  bool read_committed = false;  ///< ... or for the last stable offset.
};
struct ListOffsetsResponse : Message {
  ListOffsetsResponse() : Message(Api::list_offsets) {}
  PartitionId partition;
  ErrorCode error = ErrorCode::none;
  std::int64_t offset = -1;
  std::int32_t leader_epoch = -1;  ///< Of the record before the offset; -1 unknown.
};

/// Where does an epoch end? Asked by followers before KIP-595, and by consumers (KIP-320).
struct EpochQuestion {
  PartitionId partition;
  std::int32_t current_leader_epoch = -1;  ///< -1: not checked.
  std::int32_t epoch = -1;
};
struct OffsetsForLeaderEpochRequest : Message {
  OffsetsForLeaderEpochRequest() : Message(Api::offsets_for_leader_epoch) {}
  std::vector<EpochQuestion> parts;
};
struct EpochAnswer {
  PartitionId partition;
  ErrorCode error = ErrorCode::none;
  std::int32_t epoch = -1;  ///< The epoch that the offset is about; -1: the leader knows none.
  std::int64_t end_offset = -1;
};
struct OffsetsForLeaderEpochResponse : Message {
  OffsetsForLeaderEpochResponse() : Message(Api::offsets_for_leader_epoch) {}
  std::vector<EpochAnswer> parts;
};

/// DeleteRecords v2 for one partition (KIP-107).
struct DeleteRecordsRequest : Message {
  DeleteRecordsRequest() : Message(Api::delete_records) {}
  PartitionId partition;
  std::int64_t offset = -1;                  ///< Offsets below it go; -1: all below the high watermark.
  sim::Duration timeout = {30'000'000'000};  ///< How long the leader waits for its live followers.
};
struct DeleteRecordsResponse : Message {
  DeleteRecordsResponse() : Message(Api::delete_records) {}
  PartitionId partition;
  ErrorCode error = ErrorCode::none;
  std::int64_t low_watermark = -1;  ///< Smallest log start of the live replicas.
};

struct MetadataRequest : Message {
  MetadataRequest() : Message(Api::metadata) {}
  std::vector<PartitionId> partitions;
};
struct PartitionMetadata {
  PartitionId partition;  ///< As it was asked for: clients go by the topic's name.
  PartitionId current = {-1};  ///< Which life of that name this is about (topic id), if not the one asked for; n = -1: it is.
  ErrorCode error = ErrorCode::none;  ///< LEADER_NOT_AVAILABLE when nobody leads.
  BrokerId leader = -1;
  std::int32_t leader_epoch = -1;
};
struct BrokerEndpoint {
  BrokerId broker = -1;
  network::HostId host;
};
struct MetadataResponse : Message {
  MetadataResponse() : Message(Api::metadata) {}
  std::vector<BrokerEndpoint> brokers;  ///< Unfenced brokers, by id.
  std::vector<PartitionMetadata> partitions;
};

struct InitProducerIdRequest : Message {
  InitProducerIdRequest() : Message(Api::init_producer_id) {}
  std::string transactional_id;  ///< Empty: idempotent only; any broker answers.
  sim::Duration transaction_timeout = {60'000'000'000};
  std::int64_t producer_id = -1;  ///< KIP-360: what the client has; -1: it has just started.
  std::int16_t producer_epoch = -1;
};
struct InitProducerIdResponse : Message {
  InitProducerIdResponse() : Message(Api::init_producer_id) {}
  ErrorCode error = ErrorCode::none;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = 0;
};

// --- administrators to the controller, through any broker -----------------------------------------------

/// ElectLeaders for one partition (KIP-460).
struct ElectLeadersRequest : Message {
  ElectLeadersRequest() : Message(Api::elect_leaders) {}
  PartitionId partition;
  bool unclean = false;  ///< Else the preferred replica.
};
/// AlterPartitionReassignments for one partition (KIP-455).
struct ReassignRequest : Message {
  ReassignRequest() : Message(Api::alter_partition_reassignments) {}
  PartitionId partition;
  std::vector<BrokerId> replicas;  ///< Empty: cancel the reassignment under way.
};
/// CreateTopics or DeleteTopics for one topic. The controller knows the topic's assignment and settings by its partitions.
struct TopicRequest : Message {
  explicit TopicRequest(Api a) : Message(a) {}
  std::vector<PartitionId> partitions;
};
struct AdminResponse : Message {
  explicit AdminResponse(Api a) : Message(a) {}
  ErrorCode error = ErrorCode::none;
};

// --- brokers to the controller --------------------------------------------------------------------------

struct BrokerRegistrationRequest : Message {
  BrokerRegistrationRequest() : Message(Api::broker_registration) {}
  BrokerId broker = -1;
  std::uint64_t incarnation = 0;
  std::int64_t previous_broker_epoch = -1;  ///< From the clean-shutdown file; -1 after an unclean stop.
};
struct BrokerRegistrationResponse : Message {
  BrokerRegistrationResponse() : Message(Api::broker_registration) {}
  ErrorCode error = ErrorCode::none;
  std::int64_t broker_epoch = -1;
};

struct BrokerHeartbeatRequest : Message {
  BrokerHeartbeatRequest() : Message(Api::broker_heartbeat) {}
  BrokerId broker = -1;
  std::int64_t broker_epoch = -1;
  std::int64_t metadata_offset = -1;  ///< Highest metadata offset applied.
  bool want_fence = false;
  /// Failed log directories so far (KIP-858), and the replicas that were in them. On the wire there are only the ids of the
  /// directories: the controller knows from AssignReplicasToDirs requests, which are not modelled, what lay where.
  std::int32_t offline_dirs = 0;
  std::vector<PartitionId> offline_replicas;
  bool want_shut_down = false;
};
struct BrokerHeartbeatResponse : Message {
  BrokerHeartbeatResponse() : Message(Api::broker_heartbeat) {}
  ErrorCode error = ErrorCode::none;
  bool caught_up = false;
  bool fenced = true;
  bool should_shut_down = false;
};

struct IsrMember {
  BrokerId broker = -1;
  std::int64_t broker_epoch = -1;  ///< -1: not checked.
};
struct AlterPartitionPart {
  PartitionId partition;
  std::int32_t leader_epoch = 0;
  std::int32_t partition_epoch = 0;
  std::vector<IsrMember> new_isr;
};
struct AlterPartitionRequest : Message {
  AlterPartitionRequest() : Message(Api::alter_partition) {}
  BrokerId broker = -1;
  std::int64_t broker_epoch = -1;
  std::vector<AlterPartitionPart> parts;
};
struct AlterPartitionResult {
  ErrorCode error = ErrorCode::none;
  PartitionState state;  ///< partition always set; the rest when error is none.
};
struct AlterPartitionResponse : Message {
  AlterPartitionResponse() : Message(Api::alter_partition) {}
  ErrorCode error = ErrorCode::none;
  std::vector<AlterPartitionResult> results;
};

struct AllocateProducerIdsRequest : Message {
  AllocateProducerIdsRequest() : Message(Api::allocate_producer_ids) {}
  BrokerId broker = -1;
};
struct AllocateProducerIdsResponse : Message {
  AllocateProducerIdsResponse() : Message(Api::allocate_producer_ids) {}
  ErrorCode error = ErrorCode::none;
  std::int64_t first = 0;
  std::int32_t count = 0;
};

/// Encoded size on the wire, request or response header included (about 40 B of headers, 20-60 B per
/// partition entry, plus the batches).
[[nodiscard]] sim::Bytes wire_bytes(const ProduceRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ProduceResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const FetchRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const FetchResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const ListOffsetsRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ListOffsetsResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const DeleteRecordsRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const DeleteRecordsResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const OffsetsForLeaderEpochRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const OffsetsForLeaderEpochResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const ElectLeadersRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ReassignRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const TopicRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const AdminResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const MetadataRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const MetadataResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const InitProducerIdRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const InitProducerIdResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const BrokerRegistrationRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const BrokerRegistrationResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const BrokerHeartbeatRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const BrokerHeartbeatResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const AlterPartitionRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const AlterPartitionResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const AllocateProducerIdsRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const AllocateProducerIdsResponse& m);

}  // namespace brokersim::kafka::wire
