// A share group as its coordinator has it (KIP-932): members, epochs, and which partitions each of them fetches from. Pure.
//
// Several members may share a partition: the records are divided at the partition's leader, so nobody waits for anybody to
// give something up. A member that joins, leaves or changes its topics raises the group epoch; the assignor says anew who
// fetches where, and each member hears it with its next heartbeat.
// Sources: ShareGroup, GroupMetadataManager.shareGroupHeartbeat and SimpleAssignor of 4.1 (kafka-behaviour.md section 6.5).
// Simplified: where subscriptions differ each topic is divided for itself among those who want it; members and partitions
// are looked at in their order, where Java's hash maps have one of their own.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/kafka/groups/consumer_group.h"
#include "models/kafka/wire/share_messages.h"

namespace brokersim::kafka::groups {

struct ShareGroupRules {
  sim::Duration session_timeout = {45'000'000'000};    ///< group.share.session.timeout.ms
  sim::Duration heartbeat_interval = {5'000'000'000};  ///< group.share.heartbeat.interval.ms
  std::int32_t size_max = 200;                         ///< group.share.max.size
};

/// A member as the assignor sees it, and what it fetches from now.
struct ShareMemberInput {
  std::string id;
  std::vector<wire::PartitionId> now;  ///< Sorted.
};
/// SimpleAssignor for one topic: every partition has as many members as ceil(members / partitions), members differ by one
/// partition at most, and of what they have they keep as much as goes. By member, sorted.
[[nodiscard]] std::map<std::string, std::vector<wire::PartitionId>> assign_shares(
    const std::vector<wire::PartitionId>& partitions, const std::vector<ShareMemberInput>& members);

class ShareGroup {
 public:
  ShareGroup(std::string id, const ShareGroupRules& rules) : id_(std::move(id)), rules_(rules) {}
  /// As the coordinator's log has it; every session begins anew.
  ShareGroup(const wire::GroupRecord& record, const ShareGroupRules& rules, sim::SimTime now);

  struct Step {
    wire::ShareGroupHeartbeatResponse answer;
    /// The group has changed: record() is to be written before `answer` is given. If that fails, the step did not happen:
    /// the caller keeps a copy from before.
    bool changed = false;
  };
  [[nodiscard]] Step heartbeat(const wire::ShareGroupHeartbeatRequest& request, const TopicDirectory& topics,
                               sim::SimTime now);
  /// Removes members whose session is over; true: the group has changed.
  [[nodiscard]] bool tick(const TopicDirectory& topics, sim::SimTime now);
  [[nodiscard]] sim::SimTime next_tick() const;

  struct Member {
    std::string id;
    std::string client_id;
    std::int32_t epoch = 0;
    std::vector<std::string> topics;
    std::vector<wire::PartitionId>
        assigned;  ///< Sorted. Of the group's epoch; it hears of it when it hears of that epoch.
    sim::SimTime session_end = sim::SimTime::max();
  };
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] std::int32_t epoch() const { return epoch_; }
  [[nodiscard]] const std::map<std::string, Member>& members() const { return members_; }
  [[nodiscard]] sim::SimTime empty_since() const { return empty_since_; }
  [[nodiscard]] wire::GroupRecord record(sim::SimTime now) const;

 private:
  void change(const TopicDirectory& topics, sim::SimTime now);

  std::string id_;
  ShareGroupRules rules_;
  std::int32_t epoch_ = 0;
  std::map<std::string, Member> members_;
  sim::SimTime empty_since_;
};

}  // namespace brokersim::kafka::groups
