// What the voters of the metadata log say to each other, and how brokers read it (KIP-595, KIP-630, KIP-996, KIP-1166).
//
// Why apart: these requests are answered by the Raft node of a controller, not by its event queue.
// A metadata batch is immutable once appended, so a message names it instead of carrying a copy; its bytes count.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/kafka/wire/image.h"
#include "models/kafka/wire/messages.h"

namespace brokersim::kafka::wire {

/// A voter: its position among the controllers of the cluster (its node.id is another number; nothing depends on it).
using NodeId = std::int32_t;
inline constexpr NodeId kNoNode = -1;

/// A place in the metadata log: the end offset of something, and the epoch of the record before it.
struct OffsetEpoch {
  std::int64_t offset = 0;
  std::int32_t epoch = 0;
  bool operator==(const OffsetEpoch&) const = default;
};

/// The cluster at an offset, as written into a checkpoint file (KIP-630). `id.offset` is exclusive.
struct MetadataSnapshot {
  OffsetEpoch id;
  ClusterImage image;
  std::int64_t bytes = 0;  ///< Encoded size of the file.
};

/// Vote v2: `pre_vote` asks whether a vote would be given, without raising anybody's epoch (KIP-996).
struct VoteRequest : Message {
  VoteRequest() : Message(Api::vote) {}
  std::int32_t epoch = 0;  ///< Of the candidate; a pre-vote carries the present one.
  NodeId candidate = kNoNode;
  OffsetEpoch log_end;
  bool pre_vote = false;
};
/// Every answer of a voter names the epoch and the leader it knows; so does MetadataFetchResponse.
struct VoteResponse : Message {
  VoteResponse() : Message(Api::vote) {}
  ErrorCode error = ErrorCode::none;
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
  bool granted = false;
};

struct BeginQuorumEpochRequest : Message {
  BeginQuorumEpochRequest() : Message(Api::begin_quorum_epoch) {}
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
};
struct BeginQuorumEpochResponse : Message {
  BeginQuorumEpochResponse() : Message(Api::begin_quorum_epoch) {}
  ErrorCode error = ErrorCode::none;
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
};

struct EndQuorumEpochRequest : Message {
  EndQuorumEpochRequest() : Message(Api::end_quorum_epoch) {}
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
  std::vector<NodeId> successors;  ///< Preferred, best first.
};
struct EndQuorumEpochResponse : Message {
  EndQuorumEpochResponse() : Message(Api::end_quorum_epoch) {}
  ErrorCode error = ErrorCode::none;
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
};

struct MetadataFetchRequest : Message {
  MetadataFetchRequest() : Message(Api::metadata_fetch) {}
  NodeId replica = kNoNode;  ///< A voter; kNoNode: an observer (a broker).
  std::int32_t epoch = -1;   ///< Leader epoch the fetcher believes in; -1: it asks who leads.
  std::int64_t fetch_offset = 0;
  std::int32_t last_fetched_epoch = 0;     ///< Epoch of the last record held; 0: none.
  std::int64_t known_high_watermark = -1;  ///< Fetch v18 (KIP-1166, 4.1); -1 before.
  sim::Duration max_wait = {500'000'000};
};
struct MetadataFetchResponse : Message {
  MetadataFetchResponse() : Message(Api::metadata_fetch) {}
  ErrorCode error = ErrorCode::none;  ///< NOT_LEADER_OR_FOLLOWER, FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH.
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
  /// The fetcher's log is not a prefix of the leader's: where the leader's records of that epoch end.
  std::optional<OffsetEpoch> diverging;
  /// The leader has no record that far back any more: fetch this snapshot.
  std::optional<OffsetEpoch> snapshot;
  std::vector<const MetadataBatch*> batches;  ///< From fetch_offset on; the first may begin before it.
  std::int64_t high_watermark = -1;           ///< Records below it are committed; -1: not known yet.
};

struct FetchSnapshotRequest : Message {
  FetchSnapshotRequest() : Message(Api::fetch_snapshot) {}
  NodeId replica = kNoNode;
  std::int32_t epoch = 0;
  OffsetEpoch snapshot;
  std::int64_t position = 0;  ///< Bytes the fetcher has.
};
struct FetchSnapshotResponse : Message {
  FetchSnapshotResponse() : Message(Api::fetch_snapshot) {}
  ErrorCode error = ErrorCode::none;  ///< SNAPSHOT_NOT_FOUND, or as for a fetch.
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
  OffsetEpoch id;
  std::int64_t position = 0;
  std::int64_t bytes = 0;                      ///< Of this piece.
  const MetadataSnapshot* snapshot = nullptr;  ///< Whose bytes these are.
};

/// Encoded size of a metadata record, and of a batch with its header.
[[nodiscard]] std::int64_t record_bytes(const MetadataRecord& record);
[[nodiscard]] std::int64_t batch_bytes(const MetadataBatch& batch);
/// Of a snapshot of `image`: one record for each broker and partition, and header and footer.
[[nodiscard]] std::int64_t snapshot_bytes(const ClusterImage& image);

/// Encoded sizes, headers included. MetadataFetchResponse: with its batches.
[[nodiscard]] sim::Bytes wire_bytes(const VoteRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const VoteResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const BeginQuorumEpochRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const BeginQuorumEpochResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const EndQuorumEpochRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const EndQuorumEpochResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const MetadataFetchRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const MetadataFetchResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const FetchSnapshotRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const FetchSnapshotResponse& m);
/// Of any of these requests or responses.
[[nodiscard]] sim::Bytes raft_request_bytes(const Message& request);
[[nodiscard]] sim::Bytes raft_response_bytes(const Message& response);

}  // namespace brokersim::kafka::wire
