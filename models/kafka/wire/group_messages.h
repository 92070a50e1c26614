// What consumers of a group and its coordinator say to each other, and what the coordinator writes into its log.
//
// Versions of 4.1: JoinGroup 9, SyncGroup 5, Heartbeat 4, LeaveGroup 5, OffsetCommit 9, OffsetFetch 9, FindCoordinator 6,
// ConsumerGroupHeartbeat 1 (KIP-848). Partitions are named by number where the real ones carry topic and index.
// A member's subscription and assignment travel as values; their bytes are counted as ConsumerProtocol encodes them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "models/kafka/wire/messages.h"

namespace brokersim::kafka::wire {

/// What a member tells the others through the coordinator (ConsumerProtocolSubscription v3).
struct Subscription {
  std::vector<std::string> topics;
  std::vector<PartitionId> owned;  ///< Cooperative and sticky assignors.
  std::int32_t generation = -1;    ///< Of `owned`.
  [[nodiscard]] bool operator==(const Subscription&) const = default;
};

/// An assignor that a member supports, with what it needs to know.
struct GroupProtocol {
  std::string name;  ///< "range"
  Subscription metadata;
  [[nodiscard]] bool operator==(const GroupProtocol&) const = default;
};

/// A member as the one who assigns sees it.
struct JoinedMember {
  std::string id;
  std::string instance;
  Subscription metadata;
};

struct MemberPartitions {
  std::string member;
  std::vector<PartitionId> partitions;
};

struct FindCoordinatorRequest : Message {
  FindCoordinatorRequest() : Message(Api::find_coordinator) {}
  std::string group;         ///< The key: a group, or a transactional id.
  bool transaction = false;  ///< key_type 1
};
struct FindCoordinatorResponse : Message {
  FindCoordinatorResponse() : Message(Api::find_coordinator) {}
  ErrorCode error = ErrorCode::none;
  BrokerEndpoint coordinator;
};

/// Requests of the group APIs name their group; so the broker can look up where it belongs.
struct GroupRequest : Message {
  using Message::Message;
  std::string group;
  std::string member;    ///< Empty: it has no id yet.
  std::string instance;  ///< group.instance.id; empty: a dynamic member.
};

struct JoinGroupRequest : GroupRequest {
  JoinGroupRequest() : GroupRequest(Api::join_group) {}
  std::string client_id;
  sim::Duration session_timeout;
  sim::Duration rebalance_timeout;
  std::vector<GroupProtocol> protocols;  ///< In order of preference.
};
struct JoinGroupResponse : Message {
  JoinGroupResponse() : Message(Api::join_group) {}
  ErrorCode error = ErrorCode::none;
  std::int32_t generation = -1;
  std::string protocol;
  std::string leader;
  std::string member;
  bool skip_assignment = false;       ///< A static leader came back: what was assigned still holds (v9).
  std::vector<JoinedMember> members;  ///< For the leader only.
};

struct SyncGroupRequest : GroupRequest {
  SyncGroupRequest() : GroupRequest(Api::sync_group) {}
  std::int32_t generation = -1;
  std::vector<MemberPartitions> assignments;  ///< By the leader.
};
struct SyncGroupResponse : Message {
  SyncGroupResponse() : Message(Api::sync_group) {}
  ErrorCode error = ErrorCode::none;
  std::vector<PartitionId> partitions;
};

struct GroupHeartbeatRequest : GroupRequest {
  GroupHeartbeatRequest() : GroupRequest(Api::heartbeat) {}
  std::int32_t generation = -1;
};
struct GroupHeartbeatResponse : Message {
  GroupHeartbeatResponse() : Message(Api::heartbeat) {}
  ErrorCode error = ErrorCode::none;
};

struct LeaveGroupRequest : GroupRequest {
  LeaveGroupRequest() : GroupRequest(Api::leave_group) {}
};
struct LeaveGroupResponse : Message {
  LeaveGroupResponse() : Message(Api::leave_group) {}
  ErrorCode error = ErrorCode::none;
};

struct PartitionOffset {
  PartitionId partition;
  std::int64_t offset = -1;        ///< The next record to read; -1: nothing is committed.
  std::int32_t leader_epoch = -1;  ///< Of the record before it; -1 unknown.
};

struct OffsetCommitRequest : GroupRequest {
  OffsetCommitRequest() : GroupRequest(Api::offset_commit) {}
  std::int32_t generation = -1;  ///< Or member epoch (KIP-848). -1: not a member.
  std::vector<PartitionOffset> offsets;
  /// Not on the wire, for the history only: its sender has closed the connection it went by. What the member has
  /// committed since may then have been stored before this one, which a broker cannot know.
  std::shared_ptr<const bool> given_up;
};
struct OffsetCommitResponse : Message {
  OffsetCommitResponse() : Message(Api::offset_commit) {}
  ErrorCode error = ErrorCode::none;  ///< One for all partitions: they share a group, so they share a fate.
};

struct OffsetFetchRequest : GroupRequest {
  OffsetFetchRequest() : GroupRequest(Api::offset_fetch) {}
  std::int32_t generation = -1;  ///< Member epoch with KIP-848 (v9); -1: not checked.
  bool require_stable = false;   ///< Not while a transaction's offsets are pending (KIP-447); consumers always want it.
  std::vector<PartitionId> partitions;
};
struct OffsetFetchResponse : Message {
  OffsetFetchResponse() : Message(Api::offset_fetch) {}
  ErrorCode error = ErrorCode::none;
  std::vector<PartitionOffset> offsets;
};

/// KIP-848. A field that did not change since the last request is left out (`full` is false).
struct ConsumerGroupHeartbeatRequest : GroupRequest {
  ConsumerGroupHeartbeatRequest() : GroupRequest(Api::consumer_group_heartbeat) {}
  std::string client_id;          ///< From the header.
  std::int32_t member_epoch = 0;  ///< 0: joins; -1: leaves; -2: leaves, static, and will come back.
  bool full = false;              ///< Subscription and owned partitions are given.
  sim::Duration rebalance_timeout;
  std::vector<std::string> topics;
  std::string server_assignor;  ///< Empty: the broker chooses.
  bool owned_given = false;
  std::vector<PartitionId> owned;
};
struct ConsumerGroupHeartbeatResponse : Message {
  ConsumerGroupHeartbeatResponse() : Message(Api::consumer_group_heartbeat) {}
  ErrorCode error = ErrorCode::none;
  std::string member;
  std::int32_t member_epoch = 0;
  sim::Duration heartbeat_interval;
  bool assignment_given = false;  ///< Else as before.
  std::vector<PartitionId> assignment;
};

// --- records of __consumer_offsets ------------------------------------------------------------------------------

/// A member as a group metadata record keeps it.
struct StoredMember {
  std::string id;
  std::string instance;
  std::string client_id;
  sim::Duration session_timeout;
  sim::Duration rebalance_timeout;
  std::vector<GroupProtocol> protocols;
  std::vector<PartitionId> assignment;
  // KIP-848 only.
  std::int32_t epoch = 0;
  std::int32_t previous_epoch = -1;
  std::vector<PartitionId> target;
  std::vector<PartitionId> pending_revocation;
};

/// One record: a committed offset, or the whole of a group's metadata as of a generation. The real protocol of KIP-848
/// writes several small records where one of these stands; their bytes are counted.
struct GroupRecord {
  enum class Kind : std::uint8_t { offset, group, tombstone };
  Kind kind = Kind::offset;
  std::string group;
  PartitionOffset committed;  ///< kind offset
  sim::SimTime at;
  // kind group
  bool consumer_protocol = false;  ///< KIP-848
  bool share_protocol = false;     ///< KIP-932
  std::int32_t generation = 0;     ///< Or group epoch.
  std::int32_t target_epoch = 0;   ///< KIP-848: of the members' targets.
  std::string protocol;
  std::string leader;
  std::vector<StoredMember> members;
};

/// What the batches of internal topics say. A batch names its entry (log::BatchData::payload); entries never change.
class GroupRecordStore {
 public:
  /// The number to put into a batch: never 0.
  [[nodiscard]] std::uint32_t add(std::vector<GroupRecord> records) {
    entries_.push_back(std::move(records));
    return static_cast<std::uint32_t>(entries_.size());
  }
  [[nodiscard]] const std::vector<GroupRecord>& operator[](std::uint32_t payload) const {
    return entries_[payload - 1];
  }
  /// Ordinal of the next record that broker `broker` writes to `partition`, as an identity for the history.
  [[nodiscard]] std::int64_t take_ordinals(BrokerId broker, PartitionId partition, std::int64_t count) {
    const auto b = static_cast<std::size_t>(broker);
    const auto p = static_cast<std::size_t>(partition.n);
    if (ordinals_.size() <= b) ordinals_.resize(b + 1);
    if (ordinals_[b].size() <= p) ordinals_[b].resize(p + 1, 0);
    const std::int64_t first = ordinals_[b][p];
    ordinals_[b][p] += count;
    return first;
  }

 private:
  std::deque<std::vector<GroupRecord>> entries_;
  std::vector<std::vector<std::int64_t>> ordinals_;  // [broker][partition]
};

/// Encoded key and value of a record, without the record's own header.
[[nodiscard]] std::int64_t encoded_bytes(const GroupRecord& record);

[[nodiscard]] sim::Bytes wire_bytes(const FindCoordinatorRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const FindCoordinatorResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const JoinGroupRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const JoinGroupResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const SyncGroupRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const SyncGroupResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const GroupHeartbeatRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const GroupHeartbeatResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const LeaveGroupRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const LeaveGroupResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const OffsetCommitRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const OffsetCommitResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const OffsetFetchRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const OffsetFetchResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const ConsumerGroupHeartbeatRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ConsumerGroupHeartbeatResponse& m);

}  // namespace brokersim::kafka::wire
