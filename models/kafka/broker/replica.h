// One partition as one broker holds it: its log, its role, and who waits on it.
//
// A thin shell around replication::Leader and log::Log: applies decisions, writes history, wakes waiters.
// It never awaits; ReplicaManager does.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "models/history/history.h"
#include "models/kafka/broker/params.h"
#include "models/kafka/replication/leader.h"
#include "models/kafka/wire/errors.h"
#include "models/kafka/wire/messages.h"
#include "models/log/log.h"
#include "sim/check.h"
#include "sim/sync.h"

namespace brokersim::kafka::broker {

enum class Role : std::uint8_t { none, leader, follower };

/// A produce operation in purgatory that waits for this partition's high watermark.
struct ProduceWait {
  std::int64_t required_offset = 0;
  std::uint32_t operation = 0;
  std::uint32_t generation = 0;
  std::uint32_t result = 0;  ///< Index into the operation's response.
};
/// A place in a fetch session that is about this partition; it may be another's by now.
struct SessionWatch {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint32_t place = 0;
  wire::PartitionId partition;
};

/// What an append by a client came to.
struct ClientAppend {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::int64_t base_offset = -1;
  std::int64_t next_offset = -1;  ///< acks=all waits until the high watermark reaches it.
  sim::Duration held_back;
  bool appended = false;  ///< False for errors and duplicates.
  bool rolled = false;
  bool must_flush = false;  ///< flush.messages is reached: fsync before the answer.
};

class Replica {
 public:
  Replica(const BrokerParams& params, const PartitionName& name, storage::FileSystem& files);

  // --- roles ---------------------------------------------------------------------------------------------

  /// Leads `state`'s epoch from now. True: the epoch cache changed and must be written durably.
  bool become_leader(const wire::PartitionState& state, sim::SimTime now);
  /// Follows `state.leader` (-1: nobody yet). Followers keep their log; truncation comes with the first fetch.
  void become_follower(const wire::PartitionState& state, sim::SimTime now);

  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] std::int32_t leader_epoch() const { return leader_epoch_; }
  [[nodiscard]] wire::BrokerId leader_id() const { return leader_id_; }
  [[nodiscard]] replication::Leader* leader() { return leader_ ? &*leader_ : nullptr; }
  [[nodiscard]] const replication::Leader* leader() const { return leader_ ? &*leader_ : nullptr; }

  // --- leader ---------------------------------------------------------------------------------------------

  /// Checks and appends a client's batch (kafka-behaviour.md section 3 item 4).
  ClientAppend append_as_leader(const log::BatchData& data, Acks acks, sim::SimTime now);
  /// NONE, NOT_LEADER, FENCED or UNKNOWN_LEADER_EPOCH for a request that names `epoch` (-1: unchecked).
  [[nodiscard]] wire::ErrorCode check_leader(std::int32_t epoch) const;
  /// The same for a fetch: consumers that name an epoch may read from followers, too (Fetch v11, KIP-392).
  [[nodiscard]] wire::ErrorCode check_reader(std::int32_t epoch, bool follower) const;
  /// What a fetch may read up to: followers the log end, others the high watermark or, with `read_committed`, the last
  /// stable offset.
  [[nodiscard]] std::int64_t readable_end(bool follower, bool read_committed) const;
  /// Reads for a fetch, up to readable_end().
  [[nodiscard]] wire::FetchedPart read(const wire::FetchPart& part, bool follower, bool read_committed,
                                       std::int64_t max_bytes, bool at_least_one, log::FileSlice& slice) const;
  /// The same without data: offsets and errors only.
  [[nodiscard]] wire::FetchedPart look(const wire::FetchPart& part, bool follower) const;
  /// In leader.replication.throttled.replicas, or in the follower's list.
  [[nodiscard]] bool throttled_leading() const { return throttled_leading_; }
  [[nodiscard]] bool throttled_following() const { return throttled_following_; }
  /// Tells the history the ISR as this leader has it; after every change of it.
  void record_isr(sim::SimTime now) const;
  /// Moves the high watermark if it can; true if it moved.
  bool maybe_advance(const std::vector<wire::BrokerId>& eligible, sim::SimTime now);

  // --- follower -------------------------------------------------------------------------------------------

  /// Appends a batch copied from the leader.
  log::AppendResult append_as_follower(log::BatchId batch, sim::SimTime now);
  /// HW := min(leader's, log end); recorded when it changes, and true then.
  bool follow_high_watermark(std::int64_t leader_high_watermark, sim::SimTime now);
  void truncate(std::int64_t offset, history::TruncateReason reason, sim::SimTime now);

  // --- the beginning of the log --------------------------------------------------------------------------

  /// Moves the log start up to `offset`, if it is higher and not above the high watermark; records it.
  void move_log_start(std::int64_t offset, history::LogStartCause cause, sim::SimTime now);
  /// What retention takes now; the caller unlinks it after file.delete.delay.ms.
  [[nodiscard]] log::DeletedSegments apply_retention(sim::SimTime now);
  [[nodiscard]] log::CleanerSettings cleaner_settings() const;
  /// What compaction finds to do.
  [[nodiscard]] log::DirtyRange dirty(sim::SimTime now) const;
  /// The broker's wall clock, in milliseconds since the run began.
  [[nodiscard]] std::int64_t wall_ms(sim::SimTime now) const {
    return (now.ns + params_.clock->read(now)) / 1'000'000;
  }
  /// A follower whose log ended before the leader's begins: empty from `offset` on.
  [[nodiscard]] log::DeletedSegments start_anew(std::int64_t offset, sim::SimTime now);
  /// Of a leader: one of the partition's log starts has moved, its own or a follower's.
  [[nodiscard]] sim::Signal& log_starts_moved() { return log_starts_moved_; }

  [[nodiscard]] std::int64_t high_watermark() const;
  void set_initial_high_watermark(std::int64_t offset);
  [[nodiscard]] bool must_flush() const;
  [[nodiscard]] log::Log& log() { return *log_; }
  [[nodiscard]] const log::Log& log() const { return *log_; }
  /// Its log directory has failed: it neither leads nor follows, and every request for it is answered with
  /// KAFKA_STORAGE_ERROR.
  void set_offline(sim::SimTime now);
  [[nodiscard]] bool offline() const { return offline_; }
  [[nodiscard]] bool opened() const { return opened_; }
  void set_opened() { opened_ = true; }
  [[nodiscard]] const PartitionName& name() const { return name_; }
  [[nodiscard]] storage::FileSystem& files() const { return files_; }

  // --- the log's lock (UnifiedLog.lock): held by an append until its write and its fsync are done ------------------

  [[nodiscard]] bool locked() const { return locked_; }
  void lock() {
    SIM_CHECK(!locked_, "a log is locked twice");
    locked_ = true;
  }
  void unlock() {
    locked_ = false;
    lock_free_.notify_all();
  }
  /// Told at every unlock; whoever waits looks again whether it is free.
  [[nodiscard]] sim::Signal& lock_free() { return lock_free_; }

  std::deque<ProduceWait> produce_waits;  ///< By required offset.
  std::vector<SessionWatch> watches;
  bool writing_epochs = false;  ///< leader-epoch-checkpoint is being replaced.
  sim::Signal epochs_written;
  bool flushing = false;  ///< A background flush of closed segments is under way.
  sim::Signal committed{"replica.committed"};  ///< The high watermark or the role has changed; for those who wait.

 private:
  void note_copied_gaps(const log::StoredBatch& stored, std::int64_t end_before, sim::SimTime now);
  [[nodiscard]] log::BatchData as_stored(log::BatchData data, sim::SimTime now) const;
  [[nodiscard]] std::int64_t stable_end(std::int64_t high_watermark) const;
  [[nodiscard]] wire::ErrorCode check_transaction(const log::BatchData& data) const;
  [[nodiscard]] bool valid_time(const log::BatchData& data, sim::SimTime now) const;

  const BrokerParams& params_;
  const PartitionName& name_;
  storage::FileSystem& files_;
  std::unique_ptr<log::Log> log_;
  bool throttled_leading_ = false;
  bool throttled_following_ = false;
  bool opened_ = false;  // loaded or created
  bool offline_ = false;
  Role role_ = Role::none;
  std::int32_t leader_epoch_ = -1;
  std::int32_t partition_epoch_ = -1;
  wire::BrokerId leader_id_ = -1;
  std::int64_t high_watermark_ = 0;  // while not leading
  std::optional<replication::Leader> leader_;
  std::int64_t stable_before_ = 0;  // planted (C11): the last stable offset before the latest move
  bool locked_ = false;
  sim::Signal lock_free_;
  sim::Signal log_starts_moved_;
};

}  // namespace brokersim::kafka::broker
