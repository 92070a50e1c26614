// The group coordinator of a broker: for every partition of __consumer_offsets that it leads, the groups that belong there.
//
// A shell: groups::ClassicGroup, ConsumerGroup, ShareGroup and OffsetStore decide. Here requests find their group, records are
// appended with acks=all to the partition that keeps them, and what depends on them is answered once the high watermark
// has passed (GroupCoordinatorService and CoordinatorRuntime of 4.1; kafka-behaviour.md section 6).
// Life of a partition here: sharded_coordinator.h.
// An append that is refused changes nothing (the state is as before the request); one that is not committed within
// offsets.commit.timeout.ms is answered COORDINATOR_NOT_AVAILABLE and may still become visible, as in Kafka.
// Not modelled: group.coordinator.append.linger.ms (every write is appended at once), the coordinator's own threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/request_server.h"
#include "models/kafka/broker/sharded_coordinator.h"
#include "models/kafka/groups/classic_group.h"
#include "models/kafka/groups/consumer_group.h"
#include "models/kafka/groups/offset_store.h"
#include "models/kafka/groups/share_group.h"
#include "models/kafka/wire/group_messages.h"
#include "models/kafka/wire/image.h"
#include "models/kafka/wire/transaction_messages.h"

namespace brokersim::kafka::broker {

/// No group's own write.
inline constexpr std::size_t kNoGroup = ~std::size_t{0};

/// Records that are appended and not committed yet.
struct GroupWrite {
  std::int64_t producer_id = -1;  ///< Of a transaction that the offsets belong to; -1: of none.
  std::int16_t producer_epoch = -1;
  bool transaction_api = false;  ///< `request` is a TxnOffsetCommit.
  std::int64_t next_offset = 0;
  std::uint32_t payload = 0;
  sim::SimTime deadline;
  RequestId request;             ///< An offset commit that waits; none for a group's own write.
  bool answers = false;          ///< `request` is to be answered.
  std::size_t group = kNoGroup;  ///< A group's own write.
  std::int32_t generation = -1;
  std::shared_ptr<const bool> given_up;  ///< OffsetCommitRequest::given_up
  /// KIP-848: what `request` is answered once the group is written.
  std::shared_ptr<wire::ConsumerGroupHeartbeatResponse> beat;
  std::shared_ptr<wire::ShareGroupHeartbeatResponse> share_beat;  ///< KIP-932: likewise.
};
/// What a partition of __consumer_offsets knows.
struct GroupShard {
  std::map<std::string, std::size_t> groups;
  groups::OffsetStore offsets;
};

class GroupCoordinator final : public ShardedCoordinator<GroupShard, GroupWrite> {
 public:
  /// `life`: of the broker's process, so that two lives give different member ids.
  GroupCoordinator(sim::Component& owner, const BrokerParams& params, ReplicaManager& replicas,
                   RequestServer& server, const wire::ClusterImage& image, std::uint64_t life);

  /// Serves one of the group requests. Answers now or later.
  void handle(RequestId id, wire::Message& request);
  /// Deletes offsets that nobody needs. Spawn once.
  [[nodiscard]] sim::Task<void> expiry_loop();

  /// A marker is committed in a partition of __consumer_offsets that this broker leads.
  void transaction_ended(Replica& replica, std::int64_t producer_id, bool commit);

 private:
  using Write = GroupWrite;
  /// A group of either protocol, in a slot that timers can name.
  struct Group {
    std::string name;
    std::size_t shard = 0;
    std::unique_ptr<groups::ClassicGroup> classic;
    std::unique_ptr<groups::ConsumerGroup> modern;
    std::unique_ptr<groups::ShareGroup> share;
    std::int32_t told_epoch = 0;  ///< modern, share: the last target epoch that the history knows.
    sim::EventHandle timer;
    sim::SimTime timer_at = sim::SimTime::max();
  };

  void find_coordinator(RequestId id, const wire::FindCoordinatorRequest& request);
  void join(RequestId id, const wire::JoinGroupRequest& request);
  void sync(RequestId id, const wire::SyncGroupRequest& request);
  void heartbeat(RequestId id, const wire::GroupHeartbeatRequest& request);
  void leave(RequestId id, const wire::LeaveGroupRequest& request);
  void consumer_heartbeat(RequestId id, const wire::ConsumerGroupHeartbeatRequest& request);
  void share_heartbeat(RequestId id, const wire::ShareGroupHeartbeatRequest& request);
  void commit(RequestId id, const wire::OffsetCommitRequest& request);
  void fetch_offsets(RequestId id, const wire::OffsetFetchRequest& request);
  [[nodiscard]] sim::Task<void> commit_in_transaction(RequestId id, wire::TxnOffsetCommitRequest* request);
  [[nodiscard]] wire::ErrorCode check_member(std::size_t shard, const wire::GroupRequest& request,
                                             std::int32_t generation);

  template <class Response>
  void refuse(RequestId id, wire::ErrorCode error) {
    auto response = std::make_unique<Response>();
    response->error = error;
    server_.respond(id, std::move(response));
  }
  [[nodiscard]] wire::PartitionId home_of(const std::string& group) const;
  /// NONE, or why this broker cannot speak for the group now.
  [[nodiscard]] wire::ErrorCode shard_of(const std::string& group, std::size_t& shard) const;
  [[nodiscard]] Group* find(std::size_t shard, const std::string& group);
  [[nodiscard]] std::size_t add_group(std::size_t shard, const std::string& group);
  [[nodiscard]] std::string new_member_id(const std::string& client);

  /// Answers and writes what a step of `group` led to, and sets its timer.
  void deliver(std::size_t group, groups::ClassicOutputs outputs);
  void on_timer(std::uint64_t group);
  void arm(std::size_t group);
  [[nodiscard]] static sim::SimTime next_tick(const Group& group);
  /// Topics with the partitions that there are; those that an administrator will add are not among them.
  [[nodiscard]] const groups::TopicDirectory& topics();
  void tick_modern(std::size_t group);
  void tick_share(std::size_t group);
  /// Tells the history who of `before` is a member no more.
  void note_removed(const Group& group, const groups::ConsumerGroup& before);
  void answer_write(const Write& write, wire::ErrorCode error);

  /// Appends `records`. An error: nothing has changed.
  [[nodiscard]] wire::ErrorCode append(std::size_t shard, std::vector<wire::GroupRecord> records,
                                       Write write);
  void apply(Shard& shard, const wire::GroupRecord& record, std::int32_t generation, bool tell);
  void apply(Shard& shard, const Write& write, const wire::GroupRecord& record);
  [[nodiscard]] sim::Task<void> load(std::size_t shard, std::uint64_t term) override;
  void settle(std::size_t shard) override;
  void forget(std::size_t shard) override;
  void expire_writes() override;
  [[nodiscard]] bool is_told(const Write& write) const override {
    return write.deadline == sim::SimTime::max();
  }
  void finish(std::size_t shard, const Write& write, wire::ErrorCode error);

  const BrokerParams& params_;
  const ClusterShape& cluster_;
  ReplicaManager& replicas_;
  RequestServer& server_;
  groups::TopicDirectory existing_;  // what topics() said, while partitions are to come
  const wire::ClusterImage& image_;
  sim::Stream member_ids_;
  std::uint64_t next_member_id_ = 0;
  groups::ClassicRules rules_;
  groups::ConsumerGroupRules modern_rules_;
  groups::ShareGroupRules share_rules_;
  std::vector<Group> groups_;
  std::vector<std::size_t> free_groups_;
};

}  // namespace brokersim::kafka::broker
