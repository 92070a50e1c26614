// What the leader of a classic group does with the members' subscriptions (ConsumerCoordinator.onLeaderElected).
//
// Members name topics, and may name different ones; the coordinator's partitions are numbers. The leader knows all topics of
// the cluster, for it asks for the metadata of every topic that a member names.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/kafka/groups/assignor.h"
#include "models/kafka/wire/group_messages.h"

namespace brokersim::kafka::client {

/// The topics that a member knows: its own, and those of the cluster. The lists that it is given must outlive it.
class KnownTopics {
 public:
  using Topics = std::map<std::string, std::vector<wire::PartitionId>>;
  /// `own`: the partitions of `topic`. `others` may be null: there is no other topic.
  KnownTopics(std::string topic, const std::vector<wire::PartitionId>& own, const Topics* others)
      : topic_(std::move(topic)), own_(own), others_(others) {}

  /// Topic and number of a partition of a topic that it knows.
  [[nodiscard]] groups::TopicPartition name_of(wire::PartitionId id) const;
  [[nodiscard]] wire::PartitionId id_of(const groups::TopicPartition& name) const;
  /// In order of partition number; none of a topic that it does not know.
  [[nodiscard]] const std::vector<wire::PartitionId>& partitions_of(const std::string& topic) const;

 private:
  std::string topic_;
  const std::vector<wire::PartitionId>& own_;
  const Topics* others_;
};

/// What each member gets. Topics that the cluster does not have are left out.
[[nodiscard]] std::vector<wire::MemberPartitions> assign_members(
    groups::Assignor assignor, const KnownTopics& topics, const std::vector<wire::JoinedMember>& joined);

}  // namespace brokersim::kafka::client
