// What is true of the cluster, rebuilt from the white-box events of the history. Checkers read it; nobody else.
//
// Every method applies one event and returns the facts that the laws judge; it never judges itself. Memory is
// proportional to runs of records, elections and crashes, not to records.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/checkers/contract.h"
#include "models/checkers/interval_set.h"
#include "models/checkers/replica_logs.h"
#include "models/history/history.h"

namespace brokersim::checkers {

/// What a broker's replica of a partition believes.
struct ReplicaView {
  history::BrokerId broker = -1;
  std::int64_t high_watermark = 0;
  std::int64_t flushed = 0;        ///< Everything below is on the medium.
  std::int64_t recovered_end = 0;  ///< Log end as its last unclean recovery found it.
  std::int64_t loaded_end = 0;     ///< Log end as its process found it when it started.
  std::int32_t role_leader = -1;   ///< Whom it follows; itself if it leads; -1 nobody.
  std::int32_t role_epoch = -1;
  bool has_role = false;                 ///< Since its process started.
  std::int64_t led_high_watermark = -1;  ///< Last one reported in this leadership; -1 none yet.
  bool lost_cache = false;               ///< A lossy stop since its last recovery.
  IntervalSet removed;                   ///< Offsets that compaction took from this replica.
  std::size_t recovered_at = 0;  ///< How many removals of the partition there were at its last recovery.
  [[nodiscard]] bool leads() const { return has_role && role_leader == broker; }
};

/// One committed choice of a leader (or of none).
struct LeaderChange {
  sim::SimTime at;
  std::int32_t leader = -1;
  std::int32_t epoch = 0;
  bool unclean = false;
  bool by_operator = false;
  std::vector<history::BrokerId> isr;
  std::int64_t log_end = 0;  ///< Of the leader's log just then; 0 if none.
};

enum class RemovalKind : std::uint8_t {
  storage_lost,
  truncated,
  deleted,  ///< By retention or DeleteRecords, before they were committed.
};

/// Records that left one replica, as they stood there.
struct Removal {
  sim::SimTime at;
  Run run;
  RemovalKind kind = RemovalKind::truncated;
  history::LostState state = history::LostState::dirty;                  ///< storage_lost
  history::TruncateReason reason = history::TruncateReason::divergence;  ///< truncated
  std::int16_t replica = 0;
  std::int32_t followed_epoch = -1;  ///< truncated: epoch of the leader it followed.
  std::int32_t followed = -1;        ///< truncated: that leader.
};

struct PartitionView {
  explicit PartitionView(const history::PartitionInfo& of);

  history::PartitionInfo info;
  std::string name;
  ReplicaLogs logs;
  std::vector<ReplicaView> replicas;  ///< In the order of info.replicas.
  Contract contract;                  ///< Of what is committed.
  Contract answers;                   ///< Of what acks=all was answered for.
  bool known = false;                 ///< The controller has spoken of it.
  bool deleted = false;  ///< Its topic was deleted: it has no ISR and no leader, and nobody misses them.
  std::int32_t leader = -1;
  std::int32_t leader_epoch = 0;
  std::int32_t partition_epoch = 0;
  std::vector<history::BrokerId> isr;
  std::vector<history::BrokerId> elr;
  std::vector<history::BrokerId>
      asked_isr;  ///< The maximal ISR, as the newest leader last said: what it has asked for.
  std::int32_t reference_epoch = -1;  ///< Epoch of the leader whose log is the reference.
  std::int32_t committed_epoch = -1;  ///< Newest epoch in which the true high watermark moved.
  std::int64_t read_end = 0;          ///< Offsets below were read by a consumer, or committed before.
  std::vector<LeaderChange> changes;
  std::deque<Removal> removals;
  /// By client number: records that retention or DeleteRecords took from a replica that held them as committed.
  std::vector<IntervalSet> expired;
  /// By client number: records that compaction took, superseded by a committed one of their key, or tombstones.
  std::vector<IntervalSet> compacted;
  IntervalSet compacted_offsets;                     ///< The same as offsets.
  std::map<std::int64_t, std::int64_t> last_of_key;  ///< Of the committed log below keyed_to.
  std::int64_t keyed_to = 0;
  std::int64_t keyed_after = 0;  ///< ReplicaLogs::times_given_up() then.

  /// Index in `replicas`, -1 if the broker has none.
  [[nodiscard]] std::int32_t index_of(history::BrokerId broker) const;
  /// "" while the contract holds; else why not.
  [[nodiscard]] std::string excuse() const { return contract.broken() ? contract.why() : std::string{}; }
  [[nodiscard]] std::string excuse_ever() const {
    return contract.ever_broken() ? contract.why() : std::string{};
  }
  [[nodiscard]] std::string answers_excuse_ever() const {
    return answers.ever_broken() ? answers.why() : std::string{};
  }
};

struct Crash {
  sim::SimTime at;
  history::BrokerEvent event = history::BrokerEvent::process_killed;
};
struct BrokerView {
  bool up = true;              ///< Nobody said that its process is down; it may be paused or fenced.
  std::vector<Crash> crashes;  ///< Stops, and damage to its disks.
};

struct AppendFacts {
  std::int64_t expected_base = 0;  ///< The replica's log end before.
  bool reused = false;             ///< A leader of the current epoch wrote below the true high watermark.
  std::int64_t committed_before = 0;
  std::int64_t unread_from = -1;  ///< First offset that a consumer had read and that was given up; -1 none.
};
struct CutFacts {
  std::int64_t removed = 0;
  std::int64_t committed_from = -1;  ///< First committed record that was cut; -1 none.
  std::int64_t committed_count = 0;
  bool without_loss = false;  ///< Recovery cut records although no crash had taken anything.
  std::int64_t garbage_from =
      -1;  ///< First offset that recovery kept although a crash had taken its bytes; -1 none.
};
struct HighWatermarkFacts {
  std::int64_t before = 0;
  bool went_back = false;  ///< Within one leadership.
  bool beyond_log = false;
  std::int64_t differs_at = -1;  ///< First offset below it where the replica differs from what was committed.
  std::int64_t given_up_from = -1;  ///< Read offsets given up, as in AppendFacts.
};

struct LogStartFacts {
  std::int64_t before = 0;
  std::int64_t uncommitted_from = -1;  ///< First offset that was removed without being committed; -1 none.
};

struct CompactionFacts {
  std::int64_t unlawful = 0;  ///< Records removed although they were the last committed ones of their keys.
  std::int64_t first_offset = -1;  ///< The first of them.
  std::int64_t first_key = -1;
};

class ClusterView {
 public:
  explicit ClusterView(const history::History& history) : history_(&history) {}

  [[nodiscard]] PartitionView& partition(history::PartitionId id);
  [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
  [[nodiscard]] PartitionView& partition_at(std::size_t n) { return *partitions_[n]; }
  /// An empty view for a broker that never spoke.
  [[nodiscard]] const BrokerView& broker(history::BrokerId id) const;
  [[nodiscard]] const history::History& history() const { return *history_; }
  /// Makes sure that every partition of the history has its view.
  void know_all();

  AppendFacts apply(const history::Appended& event);
  CutFacts apply(const history::Truncated& event);
  HighWatermarkFacts apply(const history::HighWatermark& event);
  /// True if the broker now leads and lacks committed records.
  bool apply(const history::RoleChanged& event);
  void apply(const history::PartitionChanged& event);
  void apply(const history::PartitionDeleted& event);
  void apply(const history::LeaderIsr& event);
  void apply(const history::BrokerChanged& event);
  void apply(const history::StorageLost& event);
  CutFacts apply(const history::Recovered& event);
  void apply(const history::Flushed& event);
  /// Only damage counts: from then on the quorum may forget what it had committed, and no partition has a promise.
  void apply(const history::MetadataLogChanged& event);
  /// "" while every voter has what it had fsynced; else why not.
  [[nodiscard]] const std::string& quorum_excuse() const { return quorum_excuse_; }
  LogStartFacts apply(const history::LogStartMoved& event);
  CompactionFacts apply(const history::Compacted& event);

 private:
  BrokerView& broker_mutable(history::BrokerId id);
  CutFacts cut(PartitionView& p, std::size_t replica, std::int64_t offset, history::TruncateReason reason,
               sim::SimTime at);
  /// Makes `replica` the reference; returns the first read offset that is no longer committed, -1 if none.
  std::int64_t promote(PartitionView& p, std::size_t replica, std::int32_t epoch);

  const history::History* history_;
  std::vector<std::unique_ptr<PartitionView>> partitions_;
  std::vector<BrokerView> brokers_;
  std::string quorum_excuse_;
};

}  // namespace brokersim::checkers
