// The Raft node of a controller process: disk, network and timers around the pure core in models/kafka/raft.
//
// One thread does all of it, as KafkaRaftClient does: it takes one input, does what the core wants done in order
// (write quorum-state, append, fsync, send), and only then takes the next. While it fsyncs, requests wait.
// With ONE voter the majority is the leader itself, and the high watermark moves at the append, BEFORE the fsync
// completes (kafka-behaviour.md section 5.1). A power loss in between takes back what brokers may have applied already;
// three voters do not have that hole.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/devices/network/network.h"
#include "models/devices/storage/file_system.h"
#include "models/history/events.h"
#include "models/kafka/controller/metadata_log.h"
#include "models/kafka/controller/metadata_snapshots.h"
#include "models/kafka/controller/voter_channel.h"
#include "models/kafka/raft/step.h"
#include "sim/component.h"
#include "sim/sync.h"
#include "sim/task.h"

namespace brokersim::kafka::controller {

struct QuorumConfig {
  wire::NodeId self = 0;
  std::vector<network::HostId> voters;  ///< Hosts by node id, this one included. Empty: alone.
  /// A node that has no quorum-state yet stands at once instead of after 1 to 2 s: the run then begins with an election
  /// under way and not with a silence.
  bool stands_first = false;
  std::uint64_t incarnation = 1;  ///< Of the process: its draws are its own.
  raft::RaftRules rules;
  sim::Duration append_linger = {25'000'000};  ///< controller.quorum.append.linger.ms. Not negative.
  sim::Bytes segment_bytes = {1ll << 30};      ///< metadata.log.segment.bytes
  SnapshotRules snapshots;
};
/// Raft's own limit (KafkaRaftClient): a fetch brings at most 8 MiB.
inline constexpr sim::Bytes kFetchBytesMax = {8ll << 20};
/// A resigned leader waits so long for its successor before it exits (KafkaRaftManager.shutdown).
inline constexpr sim::Duration kQuorumShutdownMax = {5'000'000'000};

/// Told by the quorum, from within its own events.
class QuorumListener {
 public:
  /// The state begins with this snapshot: forget everything else.
  virtual void on_snapshot(const wire::MetadataSnapshot& snapshot) = 0;
  /// `batch` is committed; in order, each once in this life.
  virtual void on_committed(const MetadataBatch& batch) = 0;
  /// This node leads in `epoch` and on_committed() has told everything before: records may be appended from now on.
  virtual void on_leader(std::int32_t epoch) = 0;
  /// It leads no more: what was appended and not reported as committed may never be.
  virtual void on_resigned() = 0;
  /// The node's log changed, for the history; never `committed`.
  virtual void on_log_changed(history::MetadataChange change, std::int32_t epoch, std::int64_t from,
                              std::int64_t to) = 0;
  /// The committed state, for a snapshot.
  [[nodiscard]] virtual const wire::ClusterImage& committed_image() const = 0;
  /// The log could not be made durable, or the leader contradicts it: the process must stop (FaultHandler).
  virtual void on_fatal() = 0;

 protected:
  ~QuorumListener() = default;
};

class MetadataQuorum final : private VoterChannelListener {
 public:
  MetadataQuorum(sim::Component& owner, network::Network& network, network::HostId host,
                 storage::FileSystem& file_system, MetadataStore& store, const QuorumConfig& config,
                 QuorumListener& listener);
  MetadataQuorum(const MetadataQuorum&) = delete;
  MetadataQuorum& operator=(const MetadataQuorum&) = delete;

  /// Loads the log and joins the quorum. Once.
  void start();
  /// Leads, and has said so to the listener.
  [[nodiscard]] bool is_leader() const { return claimed_; }
  [[nodiscard]] raft::Role role() const { return node_ ? node_->role : raft::Role::unattached; }
  [[nodiscard]] std::int32_t epoch() const { return node_ ? node_->election.epoch : 0; }
  /// As this node believes; kNoNode: it knows none.
  [[nodiscard]] wire::NodeId leader() const { return node_ ? node_->election.leader : wire::kNoNode; }

  /// Appends when the linger of the first waiting record is over. Leader only.
  void append(Records records);
  /// SIGTERM: resigns, makes everything durable. Complete: the process may exit.
  [[nodiscard]] sim::Task<void> shut_down();

  /// A request of a voter or a broker: answered on `connection`, perhaps later.
  void on_request(network::ConnectionId connection, std::unique_ptr<wire::Message> request);
  void forget(network::ConnectionId connection);

  [[nodiscard]] std::int64_t high_watermark() const { return node_ ? node_->high_watermark : 0; }
  /// Records appended or waiting for their linger.
  [[nodiscard]] std::int64_t next_offset() const {
    return log_.end_offset() + static_cast<std::int64_t>(waiting_.size());
  }
  [[nodiscard]] const MetadataLog& log() const { return log_; }
  [[nodiscard]] const MetadataSnapshots& snapshots() const { return snapshots_; }

 private:
  struct Input {
    enum class Kind : std::uint8_t { request, answer, failure, tick, drain, snapshot_written, shut_down };
    Kind kind = Kind::tick;
    std::unique_ptr<wire::Message> message = nullptr;
    std::uint64_t token = 0;
    wire::NodeId voter = wire::kNoNode;
    std::int32_t correlation = 0;
    wire::OffsetEpoch snapshot = {};
  };

  void on_answer(wire::NodeId from, std::unique_ptr<wire::Message> response) override;
  void on_failure(wire::NodeId to, std::int32_t correlation) override;

  [[nodiscard]] sim::Task<void> load();
  void take(Input input);
  void work();
  void handle(Input& input);
  void drain();
  /// Tells the listener of what was appended since the log ended at `from`.
  void tell_appended(std::int32_t epoch, std::int64_t from);
  /// Does outputs until one must be waited for; false: it is under way, and continues here.
  bool perform();
  bool perform(raft::Output& output);
  [[nodiscard]] sim::Task<void> persist(raft::Election election);
  [[nodiscard]] sim::Task<void> flush();
  [[nodiscard]] sim::Task<void> install(const wire::MetadataSnapshot* snapshot);
  void done_waiting(storage::Status status);
  /// Takes note of an append to the log. False: it failed, and with it this process.
  bool appended(const storage::WriteResult& written);
  void fail();
  void send(raft::Respond& respond);
  void tell_committed();
  void tell_role();
  void arm();
  void timer_due();
  void linger_over();
  void consider_snapshot();
  [[nodiscard]] sim::Task<void> write_snapshot(wire::OffsetEpoch id, wire::ClusterImage image);

  sim::Component& owner_;
  network::Network& network_;
  storage::FileSystem& file_system_;
  QuorumConfig config_;
  QuorumListener& listener_;
  std::string state_file_;
  MetadataLog log_;
  MetadataSnapshots snapshots_;
  std::vector<std::unique_ptr<VoterChannel>> channels_;  // by node id; none to itself
  std::optional<raft::Node> node_;                       // from when the log is loaded

  std::deque<Input> inputs_;
  Input input_;            // at work
  raft::Outputs outputs_;  // of it
  std::size_t next_output_ = 0;
  bool busy_ = true;         // until the log is loaded
  sim::Duration held_back_;  // by dirty throttling, to be added to the next fsync
  bool failed_ = false;

  std::vector<std::pair<std::uint64_t, network::ConnectionId>> askers_;  // by token, ascending
  std::uint64_t next_token_ = 1;
  std::int64_t told_ = 0;  // what is below was reported as committed
  bool claimed_ = false;
  std::int32_t claimed_epoch_ = 0;

  Records waiting_;
  sim::EventHandle linger_;
  sim::EventHandle timer_;
  sim::SimTime timer_at_;
  std::int64_t bytes_since_snapshot_ = 0;
  sim::SimTime last_snapshot_;
  bool writing_snapshot_ = false;
  sim::Signal stopped_;
};

}  // namespace brokersim::kafka::controller
