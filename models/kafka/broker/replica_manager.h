// All replicas of a broker, and the requests that touch them (ReplicaManager.scala).
//
// A shell: decisions are replication::Leader, replication::truncate_to and log::Log.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/storage/file_system.h"
#include "models/kafka/broker/fetch_sessions.h"
#include "models/kafka/broker/isr_manager.h"
#include "models/kafka/broker/purgatory.h"
#include "models/kafka/broker/replica.h"
#include "models/kafka/broker/request_server.h"
#include "models/kafka/broker/transaction_peers.h"
#include "models/kafka/replication/replication_quota.h"
#include "models/kafka/wire/image.h"

namespace brokersim::kafka::broker {

/// Told when the set of partitions to copy from a leader changes.
class FollowerSet {
 public:
  virtual void follow(Replica& replica) = 0;  ///< Fetch from replica.leader_id() in its epoch from now.
  virtual void unfollow(Replica& replica) = 0;
  virtual void log_start_moved(Replica& replica) = 0;  ///< For the next request to its leader.

 protected:
  ~FollowerSet() = default;
};

/// Told when a log directory has failed: a write or an fsync returned an error.
class LogDirFailures {
 public:
  virtual void log_dir_failed(const storage::FileSystem& dir) = 0;
  /// A replica turned out to lie in a directory that has failed before.
  virtual void replica_offline() = 0;

 protected:
  ~LogDirFailures() = default;
};

/// Told what happens to the partitions of an internal topic that this broker leads.
class InternalTopic {
 public:
  virtual void elected(Replica& replica) = 0;    ///< Leads it from now.
  virtual void resigned(Replica& replica) = 0;   ///< Leads it no more.
  virtual void committed(Replica& replica) = 0;  ///< Its high watermark has moved.

 protected:
  ~InternalTopic() = default;
};

/// Told what happens to the partitions that this broker leads; those of share groups are served there.
class LeaderWatcher {
 public:
  virtual void leads_no_more(Replica& replica) = 0;
  /// Consumers may read further, or the log begins later.
  virtual void bounds_moved(Replica& replica) = 0;

 protected:
  ~LeaderWatcher() = default;
};

class ReplicaManager final : public FetchCompleter, public IsrResults {
 public:
  ReplicaManager(sim::Component& owner, const BrokerParams& params,
                 std::vector<storage::FileSystem*> log_dirs, RequestServer& server,
                 const wire::ClusterImage& image);

  void connect(IsrManager& isr, FollowerSet& followers, LogDirFailures& failures) {
    isr_ = &isr;
    followers_ = &followers;
    failures_ = &failures;
  }
  void connect_internal(InternalTopic& topic) { offsets_ = &topic; }
  /// `watcher` hears of every partition that this broker leads.
  void connect_shares(InternalTopic& topic, LeaderWatcher& watcher) {
    shares_ = &topic;
    watcher_ = &watcher;
  }
  void connect_transactions(InternalTopic& topic, TransactionPeers& peers) {
    transactions_ = &topic;
    peers_ = &peers;
  }
  /// Appends a batch of the broker's own to a partition that it leads, as with acks=all, and wakes followers. Simplified:
  /// does not wait for flush.messages or for a disk that cannot keep up.
  [[nodiscard]] wire::ErrorCode append_internal(Replica& replica, const log::BatchData& batch);
  /// May a transactional batch of the broker's own begin its transaction there? Asks the coordinator if that must be;
  /// `add`: the partition is to be taken into it. `batch`: for the replica of its partition, led here.
  [[nodiscard]] sim::Task<wire::ErrorCode> verify_internal(Writer writer, log::BatchData batch, bool add);
  /// The directory of `replica` returned an error; nothing there is to be trusted any more.
  void storage_failed(Replica& replica) { storage_failed(replica.files()); }
  void storage_failed(const storage::FileSystem& dir) {
    if (!cluster_.config.planted.ignores_fsync_errors) failures_->log_dir_failed(dir);
  }
  /// Every replica in `dir` goes offline; no new one is placed there. Returns how many.
  std::int32_t directory_failed(const storage::FileSystem& dir);
  /// Replicas that are offline, by partition id.
  [[nodiscard]] std::vector<wire::PartitionId> offline_replicas() const;
  [[nodiscard]] bool is_offline(const storage::FileSystem& dir) const;

  // --- metadata ------------------------------------------------------------------------------------------
  /// Has this broker a replica of it, or had it one?
  [[nodiscard]] bool concerns(const wire::PartitionState& state) const;
  /// Acts on the committed state of a partition: lead it, follow it, or nothing. May write the epoch file.
  [[nodiscard]] sim::Task<void> apply(wire::PartitionState state);
  /// The partition is no more: served no longer, its files go.
  void topic_deleted(wire::PartitionId id);
  /// Logs of topics that were deleted while this broker was down (KIP-516: by the id in partition.metadata).
  void drop_strays();
  /// Whether the files of a directory that several topics have borne the name of are this one's.
  [[nodiscard]] bool owns_directory(const PartitionName& name, storage::FileSystem& files) const;
  /// After any change of brokers in the image.
  void refresh_eligible();

  // --- requests (on a handler thread) ----------------------------------------------------------------------
  void produce(RequestId id, wire::ProduceRequest& request);
  void fetch(RequestId id, wire::FetchRequest& request);
  void list_offsets(RequestId id, const wire::ListOffsetsRequest& request);
  void delete_records(RequestId id, const wire::DeleteRecordsRequest& request);
  void offsets_for_leader_epoch(RequestId id, const wire::OffsetsForLeaderEpochRequest& request);

  // --- housekeeping ----------------------------------------------------------------------------------------
  /// Every half of replica.lag.time.max.ms: proposes to drop members that lag. Spawn once.
  [[nodiscard]] sim::Task<void> isr_check_loop();
  /// Flushes closed segments of a log after a roll, in the background.
  [[nodiscard]] sim::Task<void> flush_rolled(Replica* replica);
  /// Unlinks deleted segments after file.delete.delay.ms.
  void unlink_later(Replica& replica, log::DeletedSegments deleted);
  /// Writes the epoch cache of a log to its file, durably; one writer after the other.
  [[nodiscard]] sim::Task<void> write_epochs(Replica* replica);
  /// The epoch cache of a log was cut: its file follows in the background, durably (since 3.8, KAFKA-16541).
  void epochs_cut(Replica& replica);
  /// Called for every follower append that rolled, too.
  void after_roll(Replica& replica);

  /// A follower has heard its leader's high watermark: consumers who read here may go on (KIP-392).
  void follow_high_watermark(Replica& replica, std::int64_t leader_high_watermark);

  /// The log start is told to those who fetch from the replica, or to its leader.
  void log_start_moved(Replica& replica);

  [[nodiscard]] Replica* find(wire::PartitionId id);
  /// Replicas by partition id, but for those that are offline.
  [[nodiscard]] std::vector<Replica*> replicas();
  [[nodiscard]] Replica& open(wire::PartitionId id);
  [[nodiscard]] storage::FileSystem& directory_of(wire::PartitionId id);
  [[nodiscard]] std::size_t log_dirs() const { return log_dirs_.size(); }
  [[nodiscard]] storage::FileSystem& log_dir(std::size_t i) { return *log_dirs_[i]; }
  /// Partitions that a fetch looks at, those that it does not list included.
  [[nodiscard]] std::size_t fetched_partitions(const wire::FetchRequest& request) const;
  [[nodiscard]] sim::Duration produce_cost(const wire::ProduceRequest& request) const;

  /// LogSegment.flush up to `to`: log, journal, both indexes, and the sleeps between. The log is locked by the caller.
  [[nodiscard]] sim::Task<storage::Status> force(Replica* replica, std::int64_t to);

  void complete_fetch(RequestId request, wire::FetchRequest& fetch) override;
  void on_alter_result(const wire::AlterPartitionPart& asked,
                       const wire::AlterPartitionResult& result) override;
  [[nodiscard]] bool still_wanted(const wire::AlterPartitionPart& asked) const override;

 private:
  struct Appended {
    Replica* replica = nullptr;
    std::int64_t required = 0;
    std::uint32_t result = 0;
    bool wrote = false;
  };
  struct ReadSet {
    std::unique_ptr<wire::FetchResponse> response;
    std::vector<std::pair<Replica*, log::FileSlice>> slices;
    std::vector<std::pair<Replica*, log::FileSlice>> index_pages;  // looked up, of closed segments
    std::int64_t bytes = 0;
    std::uint32_t session = 0;
    bool immediate = false;
  };

  /// A produce request on its way through its partitions, one after the other.
  struct Production {
    std::vector<Appended> appended;
    std::unique_ptr<wire::ProduceResponse> response;
    std::size_t next = 0;  ///< Batch of the request.
  };
  /// What an append has to wait for before its lock is free again.
  struct Wait {
    sim::Duration held_back;
    bool flush = false;
  };
  [[nodiscard]] Wait append(const log::BatchData& batch, Acks acks, std::size_t thread, Replica* replica,
                            std::vector<Appended>& appended, wire::ProduceResponse& response);
  void append_all(RequestId id, wire::ProduceRequest& request);
  // transaction_verification.cpp
  [[nodiscard]] bool must_ask(const wire::ProduceRequest& request);
  [[nodiscard]] bool must_ask(const log::BatchData& batch, bool add);
  [[nodiscard]] sim::Task<void> ask_and_append(RequestId id, wire::ProduceRequest* request);
  [[nodiscard]] sim::Task<void> produce_slowly(RequestId id, wire::ProduceRequest* request,
                                               std::size_t thread, Wait first, Production production);
  [[nodiscard]] sim::Task<void> finish_append(Appended one, Wait wait, wire::ProduceResponse* response);
  void finish_produce(RequestId id, Acks acks, sim::Duration timeout, std::vector<Appended>& appended,
                      std::unique_ptr<wire::ProduceResponse> response);
  [[nodiscard]] ReadSet read(std::uint32_t slot, const wire::FetchRequest& request);
  [[nodiscard]] bool held_back(const FetchSession& session, const Replica& replica);
  void count_copied(const ReadSet& set);
  void settle(const ReadSet& set);
  void watch(Replica& replica, std::uint32_t slot, std::uint32_t place);
  [[nodiscard]] SessionPart* part_of(const SessionWatch& watch);
  void touch_sessions(Replica& replica);
  [[nodiscard]] bool has_more(const FetchSession& session, const SessionPart& part) const;
  void mark_corrupt(ReadSet& set) const;
  void answer_fetch(RequestId id, ReadSet set);
  /// On the network thread: the bytes of an answer that were not in memory.
  void refuse_session(RequestId id);
  void read_again(std::uint64_t index);
  void read_cold(std::uint64_t index);
  [[nodiscard]] sim::Task<void> read_slices(std::uint64_t index);
  /// On the handler thread: index pages that were not in memory, then the fetch from the beginning.
  [[nodiscard]] sim::Task<void> fault_indexes(RequestId id, wire::FetchRequest* request, std::size_t thread,
                                              std::vector<std::pair<Replica*, log::FileSlice>> pages);
  void answer_or_park(RequestId id, wire::FetchRequest& request, ReadSet set);
  [[nodiscard]] sim::Task<void> unlink(Replica* replica, std::vector<std::string> files);
  [[nodiscard]] sim::Task<void> await_low_watermark(RequestId id, Replica* replica, std::int64_t offset,
                                                    sim::Duration timeout);
  [[nodiscard]] std::int64_t low_watermark(const Replica& replica) const;
  void note_followers(std::uint32_t slot);
  void note_follower(FetchSession& session, SessionPart& part, sim::SimTime at);
  [[nodiscard]] bool mixes_buffers(const log::BatchData& batch);
  /// The answer to a produce with acks=all whose records are committed: an error if the maximal ISR is below its minimum.
  [[nodiscard]] static wire::ErrorCode committed_verdict(const Replica& replica);
  void advance(Replica& replica);
  void wake_fetches(Replica& replica, bool consumers);
  [[nodiscard]] bool has_data(const FetchSession& session);
  void fail_waiters(Replica& replica);
  void remove(const wire::PartitionState& state);
  void retire(std::unique_ptr<Replica>& slot);
  [[nodiscard]] std::size_t directory_index(const storage::FileSystem& dir) const;
  void propose(Replica& replica, std::vector<wire::BrokerId> isr);

  sim::Component& owner_;
  const BrokerParams& params_;
  const ClusterShape& cluster_;
  std::vector<storage::FileSystem*> log_dirs_;
  std::vector<const storage::FileSystem*> offline_dirs_;
  RequestServer& server_;
  const wire::ClusterImage& image_;
  IsrManager* isr_ = nullptr;
  FollowerSet* followers_ = nullptr;
  LogDirFailures* failures_ = nullptr;
  /// Who coordinates by that partition; null: it is of no internal topic.
  /// The coordinator of the internal `partition` leads it no more: its directory has failed.
  void resign(std::uint64_t partition);
  [[nodiscard]] InternalTopic* coordinator_of(const Replica& replica) const {
    if (replica.name().internal < 0) return nullptr;
    switch (replica.name().kind) {
      case InternalKind::offsets: return offsets_;
      case InternalKind::transactions: return transactions_;
      case InternalKind::shares: return shares_;
    }
    return nullptr;
  }
  InternalTopic* offsets_ = nullptr;
  InternalTopic* transactions_ = nullptr;
  InternalTopic* shares_ = nullptr;
  LeaderWatcher* watcher_ = nullptr;
  TransactionPeers* peers_ = nullptr;
  ProducePurgatory produce_purgatory_;
  FetchPurgatory fetch_purgatory_;
  FetchSessions sessions_;
  replication::ReplicationQuota leader_quota_;
  std::vector<std::uint32_t> noting_;               // scratch
  std::vector<std::uint32_t> kept_;                 // scratch
  std::vector<std::uint32_t> behind_;               // scratch
  std::vector<SessionWatch> waking_;                // scratch
  std::vector<std::unique_ptr<Replica>> replicas_;  // by PartitionId; null: not here
  std::vector<Replica*> here_;                     // of replicas_, by id: few of a large cluster's partitions
  std::vector<std::size_t> logs_in_;               // by log directory: replicas there
  std::vector<std::unique_ptr<Replica>> retired_;  // taken away by a reassignment
  std::vector<wire::BrokerId> eligible_;           // active brokers, by id
  std::vector<Appended> scratch_;
  struct ParkedFetch {
    RequestId id;
    wire::FetchRequest* request = nullptr;  // the server's, while it waits for its answer
  };
  struct ColdAnswer {
    RequestId id;
    std::vector<std::pair<Replica*, log::FileSlice>> slices;
  };
  std::uint64_t planted_draws_ = 0;
  std::vector<std::int64_t> indexed_;  // by partition: index entries when its log was forced last
  std::vector<ParkedFetch> again_;  // parked fetches whose session is being read once more
  std::vector<std::uint32_t> again_free_;
  std::vector<ColdAnswer> cold_;  // answers that their network threads will have to read
  std::vector<std::uint32_t> cold_free_;
};

}  // namespace brokersim::kafka::broker
