// What members of share groups, leaders of partitions and share coordinators say to each other, and what the coordinator writes
// (KIP-932).
//
// Versions of 4.1: ShareGroupHeartbeat 1, ShareFetch 1, ShareAcknowledge 1, ReadShareGroupState 0, WriteShareGroupState 0.
// Partitions are named by number where the real ones carry topic id and index. Ranges of offsets are [first, end) here and
// first and last on the wire. Simplified: a request about state is about one share-partition (the real ones take many), and
// InitializeShareGroupState is not sent: a coordinator that knows nothing of a share-partition says so by start offset -1.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/kafka/wire/group_messages.h"

namespace brokersim::kafka::wire {

/// AcknowledgeType as it is on the wire.
enum class AcknowledgeType : std::uint8_t { gap = 0, accept = 1, release = 2, reject = 3 };

/// RecordState as it is on the wire.
enum class ShareRecordState : std::uint8_t { available = 0, acquired = 1, acknowledged = 2, archived = 4 };

/// Records of which a leader or coordinator knows the same.
struct ShareStateBatch {
  std::int64_t first = 0;
  std::int64_t end = 0;
  ShareRecordState state = ShareRecordState::available;
  std::int32_t delivery_count = 0;
  [[nodiscard]] bool operator==(const ShareStateBatch&) const = default;
};

struct AcknowledgementBatch {
  std::int64_t first = 0;
  std::int64_t end = 0;
  AcknowledgeType type = AcknowledgeType::accept;
  [[nodiscard]] bool operator==(const AcknowledgementBatch&) const = default;
};

/// Member epoch as in ConsumerGroupHeartbeat: 0 joins, -1 leaves.
struct ShareGroupHeartbeatRequest : GroupRequest {
  ShareGroupHeartbeatRequest() : GroupRequest(Api::share_group_heartbeat) {}
  std::string client_id;  ///< From the header.
  std::int32_t member_epoch = 0;
  bool full = false;  ///< `topics` is given.
  std::vector<std::string> topics;
};
struct ShareGroupHeartbeatResponse : Message {
  ShareGroupHeartbeatResponse() : Message(Api::share_group_heartbeat) {}
  ErrorCode error = ErrorCode::none;
  std::string member;
  std::int32_t member_epoch = 0;
  sim::Duration heartbeat_interval;
  bool assignment_given = false;  ///< Else as before.
  std::vector<PartitionId> assignment;
};

/// A partition of a ShareFetch or ShareAcknowledge.
struct SharePart {
  PartitionId partition;
  std::vector<AcknowledgementBatch> acknowledgements;
};
/// Epoch 0 begins a share session with these partitions, -1 ends it, others go on: only partitions that are new or have
/// acknowledgements are listed.
struct ShareFetchRequest : Message {
  ShareFetchRequest() : Message(Api::share_fetch) {}
  std::string client_id;  ///< From the header.
  std::string group;
  std::string member;
  std::int32_t session_epoch = 0;
  sim::Duration max_wait = {500'000'000};
  std::int32_t min_bytes = 1;
  std::int32_t max_bytes = 52'428'800;
  std::int32_t max_records = 500;  ///< Soft: batches are not split.
  std::vector<SharePart> parts;
  std::vector<PartitionId> forgotten;
};
struct AcquiredRecords {
  std::int64_t first = 0;
  std::int64_t end = 0;
  std::int32_t delivery_count = 1;
  [[nodiscard]] bool operator==(const AcquiredRecords&) const = default;
};
struct ShareFetchedPart {
  PartitionId partition;
  ErrorCode error = ErrorCode::none;
  ErrorCode acknowledge_error = ErrorCode::none;
  BrokerId leader = -1;  ///< With NOT_LEADER: who leads, as this broker knows.
  std::int32_t leader_epoch = -1;
  std::vector<AcquiredRecords> acquired;
  std::vector<log::BatchId> batches;  ///< Those that hold them.
  std::int64_t bytes = 0;
};
struct ShareFetchResponse : Message {
  ShareFetchResponse() : Message(Api::share_fetch) {}
  ErrorCode error = ErrorCode::none;
  std::vector<ShareFetchedPart> parts;  ///< Only those with something to say.
};

struct ShareAcknowledgeRequest : Message {
  ShareAcknowledgeRequest() : Message(Api::share_acknowledge) {}
  std::string group;
  std::string member;
  std::int32_t session_epoch = 0;  ///< -1: the session ends, what the member still holds is released.
  std::vector<SharePart> parts;
};
struct ShareAcknowledgedPart {
  PartitionId partition;
  ErrorCode error = ErrorCode::none;
  BrokerId leader = -1;
  std::int32_t leader_epoch = -1;
};
struct ShareAcknowledgeResponse : Message {
  ShareAcknowledgeResponse() : Message(Api::share_acknowledge) {}
  ErrorCode error = ErrorCode::none;
  std::vector<ShareAcknowledgedPart> parts;
};

// --- leaders to share coordinators -----------------------------------------------------------------------------

struct ReadShareStateRequest : Message {
  ReadShareStateRequest() : Message(Api::read_share_state) {}
  std::string group;
  PartitionId partition;
  std::int32_t leader_epoch = -1;
};
struct ReadShareStateResponse : Message {
  ReadShareStateResponse() : Message(Api::read_share_state) {}
  ErrorCode error = ErrorCode::none;
  std::int32_t state_epoch = 0;
  std::int64_t start = -1;  ///< -1: nothing was ever written.
  std::vector<ShareStateBatch> batches;
};
struct WriteShareStateRequest : Message {
  WriteShareStateRequest() : Message(Api::write_share_state) {}
  std::string group;
  PartitionId partition;
  std::int32_t state_epoch = 0;
  std::int32_t leader_epoch = -1;
  std::int64_t start = -1;
  std::vector<ShareStateBatch> batches;
};
struct WriteShareStateResponse : Message {
  WriteShareStateResponse() : Message(Api::write_share_state) {}
  ErrorCode error = ErrorCode::none;
};

// --- records of __share_group_state ------------------------------------------------------------------------------

/// ShareSnapshot: all that is known of a share-partition; ShareUpdate: what a leader has written since.
struct ShareRecord {
  std::string group;
  PartitionId partition;
  bool snapshot = false;
  std::int32_t state_epoch = 0;
  std::int32_t leader_epoch = -1;
  std::int64_t start = -1;
  std::vector<ShareStateBatch> batches;
};

/// What the batches of __share_group_state say. A batch names its entry (log::BatchData::payload); entries never change.
class ShareRecordStore {
 public:
  [[nodiscard]] std::uint32_t add(ShareRecord record) {
    entries_.push_back(std::move(record));
    return static_cast<std::uint32_t>(entries_.size());
  }
  [[nodiscard]] const ShareRecord& operator[](std::uint32_t payload) const { return entries_[payload - 1]; }

 private:
  std::deque<ShareRecord> entries_;
};

/// SharePartitionKey.asCoordinatorKey: what decides which partition of __share_group_state keeps a share-partition. The
/// topic's id is a text of 22 characters in Kafka; here the number of the partition stands for both.
[[nodiscard]] std::string share_key(const std::string& group, PartitionId partition);

/// Encoded key and value of a record, without the record's own header.
[[nodiscard]] std::int64_t encoded_bytes(const ShareRecord& record);

[[nodiscard]] sim::Bytes wire_bytes(const ShareGroupHeartbeatRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ShareGroupHeartbeatResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const ShareFetchRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ShareFetchResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const ShareAcknowledgeRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ShareAcknowledgeResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const ReadShareStateRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const ReadShareStateResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const WriteShareStateRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const WriteShareStateResponse& m);

}  // namespace brokersim::kafka::wire
