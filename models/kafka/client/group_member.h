// A consumer as a member of a group: what KafkaConsumer's coordinator and heartbeat thread do.
//
// Two threads of control. The application's: poll() runs rebalances, automatic commits and callbacks, so a rebalance waits until
// the application has processed what it was given. The heartbeat thread's: it speaks every heartbeat.interval.ms, and
// leaves the group when poll() has not been called for max.poll.interval.ms.
// A rebalance: (automatic commit) -> give up what the protocol says -> JoinGroup -> the leader assigns -> SyncGroup -> fetch
// committed offsets. Eager: all is given up before. Cooperative (only if every configured assignor is): what stays is
// read on, what goes is given up afterwards, and a second rebalance hands it over.
// With group.protocol=consumer (KIP-848, group_modern.cpp) there are heartbeats only: the coordinator says what to own, the
// application's thread gives up (after an automatic commit) and takes, and the next heartbeat says so at once.
// Sources: AbstractCoordinator, ConsumerCoordinator and Heartbeat of 4.1 (kafka-behaviour.md section 6.1).
// Simplified: requests to the coordinator have a connection of their own to every broker asked, as Kafka's have to the coordinator.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/history/history.h"
#include "models/kafka/client/broker_connections.h"
#include "models/kafka/client/params.h"
#include "models/kafka/groups/assignor.h"
#include "models/kafka/wire/group_messages.h"

namespace brokersim::kafka::client {

/// ConsumerGroupMetadata.
struct GroupIdentity {
  std::string group;
  std::string member;
  std::string instance;
  std::int32_t generation = -1;
};

/// The consumer that the member belongs to.
class MemberOwner {
 public:
  /// What it has handed out of each partition it owns: next offsets. Without those it has no position in.
  [[nodiscard]] virtual std::vector<wire::PartitionOffset> consumed() const = 0;
  /// These are its own now; positions come by start_at().
  virtual void assigned(const std::vector<wire::PartitionId>& partitions) = 0;
  /// These are not its own any more: what is buffered of them is thrown away.
  virtual void dropped(const std::vector<wire::PartitionId>& partitions) = 0;
  /// Committed offset of an assigned partition, -1: none.
  virtual void start_at(wire::PartitionId partition, std::int64_t offset) = 0;
  /// The end of commit_sync().
  virtual void commit_ended(bool ok) = 0;
  /// Something has changed that the application's thread may act on.
  virtual void wake() = 0;
  /// close() is done.
  virtual void left() = 0;

 protected:
  ~MemberOwner() = default;
};

class GroupMember final : private ConnectionListener {
 public:
  /// `params` must outlive it.
  GroupMember(sim::Component& component, const ClientSite& site, const ConsumerParams& params,
              history::History& history, MemberOwner& owner);

  /// The application is in poll(): commits, rebalances and adopts what is due. Cheap when nothing is.
  void poll();
  /// False while poll() returns no records: an eager rebalance is under way.
  [[nodiscard]] bool may_hand_out() const;
  /// The application processes until `until` without a poll().
  void processing_until(sim::SimTime until);
  /// commitSync(): answers by commit_ended(), retries until default.api.timeout.ms.
  void commit_sync(std::vector<wire::PartitionOffset> offsets);
  /// consumer.close(): a last automatic commit, LeaveGroup of a dynamic member, then left().
  void close();
  /// The process ends at once.
  void stop();
  /// committed() of a partition of its own: answers by start_at(), once no transaction may change it any more.
  void ask_committed(wire::PartitionId partition);
  /// Metadata says how many partitions the member's topic has; told only of topics that may get more.
  void topic_has(std::int32_t partitions);

  [[nodiscard]] const std::vector<wire::PartitionId>& owned() const { return owned_; }
  [[nodiscard]] std::int32_t generation() const { return generation_; }
  [[nodiscard]] const std::string& id() const { return member_id_; }

 private:
  enum class Phase : std::uint8_t {
    unjoined,   ///< No member now.
    preparing,  ///< The last commit before a rebalance is under way.
    joining,    ///< JoinGroup is to be sent, or under way.
    syncing,    ///< The same of SyncGroup.
    stable,     ///< Member of a generation.
    closing,
    dead,  ///< Closed, or the application has seen a fatal exception.
  };
  enum class CommitKind : std::uint8_t { none, application, before_rebalance, before_close };
  /// The one commit that the application's thread waits for.
  struct SyncCommit {
    CommitKind kind = CommitKind::none;
    std::vector<wire::PartitionOffset> offsets;
    sim::SimTime deadline;
    sim::SimTime not_before;
    bool in_flight = false;
    std::int64_t failures = 0;
  };
  struct Adoption {
    std::int32_t generation = -1;
    std::vector<wire::PartitionId> partitions;
  };

  void on_broker_ready(wire::BrokerId broker) override;
  void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) override;
  void on_request_lost(wire::BrokerId broker, RequestTag tag) override;
  void on_disconnected(wire::BrokerId broker) override;

  // group_member.cpp: the coordinator, heartbeats, commits.
  void run();
  void on_alarm();
  void arm();
  void find_coordinator();
  void coordinator_unknown();
  [[nodiscard]] bool coordinator_ready();
  void send_heartbeat();
  void send_commit();
  void begin_commit(CommitKind kind, std::vector<wire::PartitionOffset> offsets, sim::Duration patience);
  void end_commit(bool ok);
  void auto_commit();
  void fetch_offsets();
  void leave();
  void on_coordinator_found(const wire::FindCoordinatorResponse& response);
  void on_heartbeat(wire::ErrorCode error);
  /// OffsetCommitRequest::given_up of commit `number`.
  [[nodiscard]] std::shared_ptr<const bool> note_unanswered(std::uint32_t number);
  void on_commit(RequestTag tag, wire::ErrorCode error);
  void on_offsets(const wire::OffsetFetchResponse& response);

  // group_modern.cpp: the protocol of KIP-848.
  void send_modern_heartbeat();
  void on_modern_heartbeat(const wire::ConsumerGroupHeartbeatResponse& response);
  void begin_modern_join();
  /// False while the commit before a revocation is under way.
  [[nodiscard]] bool may_adopt();

  // group_rebalance.cpp: joining and what it leads to.
  void prepare_rejoin();
  void give_up_and_join();
  void send_join();
  void send_sync();
  void on_joined(const wire::JoinGroupResponse& response);
  void on_synced(const wire::SyncGroupResponse& response);
  void adopt();
  void assign(const wire::JoinGroupResponse& response);
  void reset(bool forget_id);
  void lose_all();
  /// The application sees an exception that does not pass.
  void fail(wire::ErrorCode error);
  void change(history::OwnershipChange change, const std::vector<wire::PartitionId>& partitions);

  template <class Request>
  [[nodiscard]] std::unique_ptr<Request> request() const {
    auto made = std::make_unique<Request>();
    made->group = params_.group;
    made->member = member_id_;
    made->instance = params_.instance;
    return made;
  }
  template <class Request>
  void send(std::uint32_t number, std::unique_ptr<Request> made, sim::Duration timeout = {}) {
    const sim::Bytes size = wire::wire_bytes(*made);
    const wire::Api api = made->api;
    connections_.send(coordinator_, {api, number}, size, std::move(made), timeout);
  }
  [[nodiscard]] sim::Duration backoff(std::int64_t failures);
  [[nodiscard]] bool is_member() const { return generation_ >= 0; }
  [[nodiscard]] sim::SimTime now() const { return component_.now(); }
  [[nodiscard]] const ConsumerConfig& config() const { return params_.config; }

  sim::Component& component_;
  const ConsumerParams& params_;
  history::History& history_;
  MemberOwner& owner_;
  BrokerConnections connections_;
  sim::Stream retry_jitter_;
  sim::Stream choice_;
  std::uint64_t draws_ = 0;
  std::uint64_t choices_ = 0;
  history::GroupId group_;
  bool cooperative_ = false;
  bool modern_ = false;  // group.protocol=consumer

  Phase phase_ = Phase::unjoined;
  bool rejoin_needed_ = true;
  wire::BrokerId coordinator_ = -1;
  bool finding_ = false;
  std::int64_t find_failures_ = 0;
  sim::SimTime find_not_before_;

  std::string member_id_;
  std::int32_t generation_ = -1;
  std::string protocol_;
  bool leads_ = false;
  std::int32_t topic_size_ = 0;  // partitions of the member's topic; 0: all of params_.partitions
  std::vector<wire::MemberPartitions> to_assign_;  // by us, as leader
  std::vector<wire::PartitionId> owned_;           // sorted
  std::vector<wire::PartitionId> remembered_;      // the sticky assignor's user data
  std::int32_t remembered_generation_ = -1;
  std::uint32_t attempt_ = 0;  // numbers joins and syncs
  bool join_in_flight_ = false;
  std::int64_t join_failures_ = 0;
  sim::SimTime join_not_before_;
  std::optional<Adoption> adoption_;

  sim::Stream member_ids_;
  std::uint64_t ids_ = 0;
  sim::Duration heartbeat_interval_;
  bool full_due_ = true;    // modern: the next heartbeat says everything
  bool owned_due_ = false;  // modern: what it owns has changed; told at once
  bool committed_for_adoption_ = false;
  bool heartbeat_in_flight_ = false;
  sim::SimTime next_heartbeat_;
  sim::SimTime heard_;  // last good answer of the coordinator to a heartbeat
  sim::SimTime poll_deadline_ = sim::SimTime::max();

  SyncCommit commit_;
  sim::SimTime next_auto_commit_ = sim::SimTime::max();
  bool auto_commit_in_flight_ = false;
  std::vector<std::pair<std::uint32_t, std::shared_ptr<bool>>> unanswered_commits_;  // number, given_up
  std::uint32_t commit_number_ = 0;

  std::vector<wire::PartitionId> without_offset_;  // own, committed offset not known yet
  bool offsets_in_flight_ = false;
  std::uint32_t ownership_ = 0;  // counts changes of what it owns: an answer from before one says nothing
  std::int64_t offset_failures_ = 0;
  sim::SimTime offsets_not_before_;

  bool left_sent_ = false;
  sim::EventHandle alarm_;
  sim::SimTime alarm_at_ = sim::SimTime::max();
};

}  // namespace brokersim::kafka::client
