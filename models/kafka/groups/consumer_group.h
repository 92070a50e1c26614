// A consumer group of the protocol of KIP-848: the coordinator assigns, and leads every member from what it has to what it
// should have, without a barrier. Pure.
//
// Group epoch: raised when members or subscriptions change. Target: what the assignor says for that epoch. A member is first
// told to give up what is not in its target; once it says that it has, it moves to the target's epoch and gets what is
// free; what others still hold comes with a later heartbeat. A partition is never in two members' hands.
// Sources: kafka-behaviour.md section 6.3, KIP-848, ConsumerGroup and CurrentAssignmentBuilder of 4.1.
// Not modelled: regular expressions, racks, migration from and to the classic protocol, members with different
// subscriptions under the uniform assignor, changes of a topic's partition count.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/kafka/groups/assignor.h"
#include "models/kafka/wire/group_messages.h"

namespace brokersim::kafka::groups {

struct ConsumerGroupRules {
  sim::Duration session_timeout = {45'000'000'000};    ///< group.consumer.session.timeout.ms
  sim::Duration heartbeat_interval = {5'000'000'000};  ///< group.consumer.heartbeat.interval.ms
  ServerAssignor assignor = ServerAssignor::uniform;   ///< group.consumer.assignors, the first
  /// Planted, as in KAFKA-16147: what a member was told to give up counts as free before it has.
  bool frees_before_revoked = false;
};

/// Topics that exist and their partitions, by name.
using TopicDirectory = std::map<std::string, std::vector<wire::PartitionId>>;

enum class MemberState : std::uint8_t { stable, unrevoked_partitions, unreleased_partitions };

class ConsumerGroup {
 public:
  ConsumerGroup(std::string id, const ConsumerGroupRules& rules) : id_(std::move(id)), rules_(rules) {}
  ConsumerGroup(const wire::GroupRecord& record, const ConsumerGroupRules& rules, sim::SimTime now);

  struct Step {
    wire::ConsumerGroupHeartbeatResponse answer;
    /// The group has changed: record() is to be written before `answer` is given. If that fails, the step did not happen:
    /// the caller keeps a copy from before.
    bool changed = false;
  };
  [[nodiscard]] Step heartbeat(const wire::ConsumerGroupHeartbeatRequest& request,
                               const TopicDirectory& topics, sim::SimTime now);
  [[nodiscard]] wire::ErrorCode check_commit(const std::string& member, std::int32_t epoch) const;

  /// Runs what is due; true: the group has changed.
  [[nodiscard]] bool tick(const TopicDirectory& topics, sim::SimTime now);
  [[nodiscard]] sim::SimTime next_tick() const;

  struct Member {
    std::string id;
    std::string instance;
    std::string client_id;
    std::int32_t epoch = 0;
    std::int32_t previous_epoch = -1;
    sim::Duration rebalance_timeout;
    std::vector<std::string> topics;
    MemberState state = MemberState::stable;
    std::vector<wire::PartitionId> assigned;            ///< Sorted, as the next three.
    std::vector<wire::PartitionId> pending_revocation;  ///< Told to give up, not given up yet.
    std::vector<wire::PartitionId> target;
    sim::SimTime session_end = sim::SimTime::max();
    sim::SimTime revoke_end = sim::SimTime::max();
  };
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] std::int32_t epoch() const { return epoch_; }
  [[nodiscard]] std::int32_t target_epoch() const { return target_epoch_; }
  [[nodiscard]] const std::map<std::string, Member>& members() const { return members_; }
  [[nodiscard]] sim::SimTime empty_since() const { return empty_since_; }
  [[nodiscard]] wire::GroupRecord record(sim::SimTime now) const;
  /// The partition is in two members' hands: never, unless it is planted.
  [[nodiscard]] bool shares_a_partition() const;

 private:
  [[nodiscard]] wire::ErrorCode admit(const wire::ConsumerGroupHeartbeatRequest& request, sim::SimTime now);
  void remove(const std::string& member, sim::SimTime now);
  void update_target(const TopicDirectory& topics);
  /// Partitions were added to a topic that somebody reads since the target was made.
  [[nodiscard]] bool misses_some(const TopicDirectory& topics);
  [[nodiscard]] bool reconcile(Member& member, const std::optional<std::vector<wire::PartitionId>>& owned,
                               sim::SimTime now);
  void next_assignment(Member& member, const std::optional<std::vector<wire::PartitionId>>& owned,
                       sim::SimTime now);
  [[nodiscard]] bool is_free(wire::PartitionId partition, const std::string& except) const;

  std::string id_;
  ConsumerGroupRules rules_;
  std::int32_t epoch_ = 0;
  std::int32_t target_epoch_ = 0;
  std::map<std::string, Member> members_;
  std::map<std::string, std::string> instances_;
  sim::SimTime empty_since_;
  std::size_t partitions_seen_ = 0;  // of all topics, when misses_some() looked last
};

}  // namespace brokersim::kafka::groups
