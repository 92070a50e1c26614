// The record of a run, streamed to whoever watches.
//
// Why a stream: a run of fifty million records would not fit in memory as events. Watchers (checkers,
// measures, timelines) keep only their own state. Recording never schedules events and never draws.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "models/history/database.h"
#include "models/history/events.h"
#include "models/history/keys.h"
#include "models/history/outbox.h"

namespace brokersim::history {

/// Receives events in the order in which they happened. Override what is needed.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on(const Sent&) {}
  virtual void on(const ProduceOutcome&) {}
  virtual void on(const Consumed&) {}
  virtual void on(const FetchAnswered&) {}
  virtual void on(const PositionAnswered&) {}
  virtual void on(const ClientRestarted&) {}
  virtual void on(const ClientStopped&) {}
  virtual void on(const ClientFailed&) {}
  virtual void on(const OwnershipChanged&) {}
  virtual void on(const GroupGeneration&) {}
  virtual void on(const MemberRemoved&) {}
  virtual void on(const OffsetCommitted&) {}
  virtual void on(const Appended&) {}
  virtual void on(const Truncated&) {}
  virtual void on(const HighWatermark&) {}
  virtual void on(const LeaderIsr&) {}
  virtual void on(const FetchRefused&) {}
  virtual void on(const RoleChanged&) {}
  virtual void on(const PartitionChanged&) {}
  virtual void on(const BrokerChanged&) {}
  virtual void on(const RegistrationRefused&) {}
  virtual void on(const ControllerChanged&) {}
  virtual void on(const MetadataLogChanged&) {}
  virtual void on(const StorageLost&) {}
  virtual void on(const CorruptRead&) {}
  virtual void on(const Recovered&) {}
  virtual void on(const Flushed&) {}
  virtual void on(const FaultFired&) {}
  virtual void on(const TransactionCommitted&) {}
  virtual void on(const CommitAnswered&) {}
  virtual void on(const TransactionLost&) {}
  virtual void on(const TransactionRolledBack&) {}
  virtual void on(const DatabaseChanged&) {}
  virtual void on(const EventJoined&) {}
  virtual void on(const OperationEnded&) {}
  virtual void on(const CrashedAtStep&) {}
  virtual void on(const PublishFailed&) {}
  virtual void on(const EventHandled&) {}
  virtual void on(const LogStartMoved&) {}
  virtual void on(const Compacted&) {}
  virtual void on(const LogDirFailed&) {}
  virtual void on(const PartitionDeleted&) {}
  virtual void on(const AdminDone&) {}
  virtual void on(const OffsetReset&) {}
  virtual void on(const ShareRecordsChanged&) {}
  virtual void on(const ShareStartMoved&) {}
  virtual void on(const ShareAcknowledged&) {}
  virtual void on(const TransactionJoined&) {}
  virtual void on(const TransactionEnded&) {}
  virtual void on(const ProducerEpochGiven&) {}
};

/// What a checker must know of a partition to judge it.
struct PartitionInfo {
  std::string topic;
  std::int32_t partition = 0;
  std::vector<BrokerId> replicas;  ///< Assignment order.
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election = false;
  bool eligible_leader_replicas = true;
  std::int64_t flush_messages = 0;  ///< 1: every append is flushed before its answer.
  bool compacted = false;           ///< cleanup.policy has `compact`.
  bool internal = false;            ///< The cluster's own: no client of the scenario writes or reads it.
  bool strict_min_isr = true;       ///< KAFKA-15583: no commit while the ISR is below min.insync.replicas.
  [[nodiscard]] std::string name() const { return topic + "/" + std::to_string(partition); }
};
struct ClientInfo {
  std::string name;  ///< "checkout-0"
  std::string workload;
  bool producer = true;
  std::int8_t acks = -1;
  bool idempotent = true;
  std::int32_t max_in_flight = 5;
  KeySpace keys;  ///< Of a producer's records.
  GroupId group = {};  ///< Of a consumer that is a member of one.
  bool internal = false;        ///< A broker that writes to internal topics, and markers.
  bool read_committed = false;  ///< Of a consumer.
  bool transactional = false;   ///< Of a producer.
  bool share = false;           ///< Of a consumer: a member of a share group.
  /// Of a transactional producer: after that a coordinator ends what it left open, with the pause between two looks.
  sim::Duration transaction_timeout = {};
};

/// A share group, for those who judge it.
struct ShareGroupInfo {
  GroupId group;
  std::int32_t delivery_limit = 5;                     ///< group.share.delivery.count.limit
  sim::Duration lock_duration = {30'000'000'000};      ///< share.record.lock.duration.ms
  sim::Duration session_timeout = {45'000'000'000};    ///< group.share.session.timeout.ms
  sim::Duration heartbeat_interval = {5'000'000'000};  ///< group.share.heartbeat.interval.ms
};

/// A group that makes records of one topic from those of another.
struct TransformationInfo {
  std::string workload;
  GroupId group;
  std::vector<PartitionId> from;
  std::vector<PartitionId> to;
  bool exactly_once = true;
};

class History {
 public:
  /// Watchers must outlive the history's use. Order of attachment is order of delivery.
  void attach(Watcher& watcher) { watchers_.push_back(&watcher); }

  PartitionId add_partition(PartitionInfo info) {
    partitions_.push_back(std::move(info));
    return {static_cast<std::int32_t>(partitions_.size()) - 1};
  }
  ClientId add_client(ClientInfo info) {
    clients_.push_back(std::move(info));
    return {static_cast<std::int32_t>(clients_.size()) - 1};
  }
  /// The number of the group with this name; a new one if it has none yet.
  GroupId group(const std::string& name) {
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (groups_[i] == name) return {static_cast<std::int32_t>(i)};
    }
    groups_.push_back(name);
    return {static_cast<std::int32_t>(groups_.size()) - 1};
  }
  [[nodiscard]] const std::vector<std::string>& groups() const { return groups_; }
  DatabaseId add_database(DatabaseInfo info) {
    databases_.push_back(std::move(info));
    return {static_cast<std::int32_t>(databases_.size()) - 1};
  }
  [[nodiscard]] const std::vector<DatabaseInfo>& databases() const { return databases_; }
  void add_pipeline(PipelineInfo info) { pipelines_.push_back(std::move(info)); }
  [[nodiscard]] const std::vector<PipelineInfo>& pipelines() const { return pipelines_; }
  /// One for each workload: instances of the same say the same.
  void add_transformation(TransformationInfo info) {
    for (const TransformationInfo& known : transformations_) {
      if (known.workload == info.workload) return;
    }
    transformations_.push_back(std::move(info));
  }
  [[nodiscard]] const std::vector<TransformationInfo>& transformations() const { return transformations_; }
  /// One for each group: workloads of the same say the same.
  void add_share_group(ShareGroupInfo info) {
    for (const ShareGroupInfo& known : share_groups_) {
      if (known.group == info.group) return;
    }
    share_groups_.push_back(info);
  }
  [[nodiscard]] const std::vector<ShareGroupInfo>& share_groups() const { return share_groups_; }
  void add_inbox(InboxInfo info) { inboxes_.push_back(std::move(info)); }
  [[nodiscard]] const std::vector<InboxInfo>& inboxes() const { return inboxes_; }
  [[nodiscard]] const PartitionInfo& partition(PartitionId id) const {
    return partitions_[static_cast<std::size_t>(id.n)];
  }
  [[nodiscard]] const ClientInfo& client(ClientId id) const {
    return clients_[static_cast<std::size_t>(id.n)];
  }
  [[nodiscard]] const std::vector<PartitionInfo>& partitions() const { return partitions_; }
  [[nodiscard]] const std::vector<ClientInfo>& clients() const { return clients_; }

  template <class Event>
  void record(const Event& event) {
    for (Watcher* watcher : watchers_) watcher->on(event);
  }

 private:
  std::vector<Watcher*> watchers_;
  std::vector<PartitionInfo> partitions_;
  std::vector<ClientInfo> clients_;
  std::vector<std::string> groups_;
  std::vector<DatabaseInfo> databases_;
  std::vector<PipelineInfo> pipelines_;
  std::vector<InboxInfo> inboxes_;
  std::vector<TransformationInfo> transformations_;
  std::vector<ShareGroupInfo> share_groups_;
};

}  // namespace brokersim::history
