// Which partitions change, and how, when a broker comes, goes or is forgotten, and when leaders are put right.
//
// Rules: ReplicationControlManager (4.0/4.1), kafka-behaviour.md sections 5.2 and 5.5. Pure: the state before in, the
// changed partitions out, in order of partition. Each call looks at every partition once.
#pragma once

#include <cstddef>
#include <vector>

#include "models/kafka/controller/election.h"
#include "models/kafka/wire/errors.h"
#include "models/kafka/wire/image.h"

namespace brokersim::kafka::controller {

/// What the controller knows of a partition beside the records: its topic's settings.
struct PartitionSpec {
  wire::PartitionId partition;
  std::vector<BrokerId> replicas;  ///< Assignment order, at least one, nobody twice.
  std::int32_t min_insync_replicas = 1;
  bool unclean_leader_election = false;
  bool on_request = false;  ///< Created when an administrator asks for it, not when the cluster starts.
  /// Number of its topic's name: equal for topics that bear one name, one after the other. -1: a name of its own.
  std::int32_t name = -1;

  /// min.insync.replicas, but never more than there are replicas (getTopicEffectiveMinIsr).
  [[nodiscard]] std::int32_t effective_min_isr() const;
};

/// By PartitionId::n; numbers that are not of this cluster have `partition.n == -1`.
using PartitionSpecs = std::vector<PartitionSpec>;

/// Puts specs at their numbers. Each number at most once.
[[nodiscard]] PartitionSpecs by_number(const std::vector<PartitionSpec>& specs);

struct ClusterView {
  const wire::ClusterImage& image;
  const PartitionSpecs& specs;
  const ElectionRules& rules;
};

using ChangedPartitions = std::vector<ChangedPartition>;

/// `broker` is fenced, begins a controlled shutdown, or comes back after a clean stop: it leaves every ISR in which
/// others remain (with ELR: every ISR), and leads nothing any more.
[[nodiscard]] ChangedPartitions broker_leaves(const ClusterView& view, BrokerId broker);

/// `broker` comes back after an unclean stop and ELR is on: as broker_leaves(), and it leaves every ELR too, because
/// nobody knows what its log has lost.
[[nodiscard]] ChangedPartitions broker_lost_log(const ClusterView& view, BrokerId broker);

/// The replicas of `broker` of these partitions are on a log directory that failed (KIP-858,
/// ReplicationControlManager.handleDirectoriesOffline): they leave ISR and ELR and lead nothing any more. Kafka keeps them
/// in the ELR and passes over them when it elects, because their directory is offline; nobody can tell the difference
/// until the directory comes back.
[[nodiscard]] ChangedPartitions directory_failed(const ClusterView& view, BrokerId broker,
                                                 const std::vector<wire::PartitionId>& partitions);

/// `broker` is being unfenced: partitions without a leader may get one.
[[nodiscard]] ChangedPartitions broker_returns(const ClusterView& view, BrokerId broker);

/// At most `limit` partitions whose first replica may lead and does not (auto.leader.rebalance.enable).
[[nodiscard]] ChangedPartitions preferred_leaders(const ClusterView& view, std::size_t limit);

/// At most `limit` leaderless partitions that an unclean election helps; only of topics that allow it (KAFKA-12670).
[[nodiscard]] ChangedPartitions unclean_leaders(const ClusterView& view, std::size_t limit);

/// One partition by an administrator's ElectLeaders: the change, or why there is none: unknown_topic_or_partition,
/// election_not_needed, preferred_leader_not_available, eligible_leaders_not_available.
[[nodiscard]] wire::ErrorCode elect_one(const ClusterView& view, wire::PartitionId partition, bool unclean,
                                        ChangedPartitions& changes);
/// One partition to other replicas, or, if `replicas` is empty, back to those before the reassignment under way:
/// unknown_topic_or_partition, invalid_replica_assignment, no_reassignment_in_progress.
[[nodiscard]] wire::ErrorCode reassign_one(const ClusterView& view, wire::PartitionId partition,
                                           const std::vector<BrokerId>& replicas, ChangedPartitions& changes);

/// Partitions of `specs` that do not exist yet and of which at least one replica is active: the ISR is the active
/// replicas in assignment order, the first of them leads, epochs are 0 (buildPartitionRegistration).
/// At most `limit` of them. Those on request only if they are `requested`.
[[nodiscard]] std::vector<wire::PartitionState> new_partitions(const ClusterView& view, std::size_t limit,
                                                               const std::vector<wire::PartitionId>& requested = {});

/// True if every replica of every partition that does not exist yet is active.
[[nodiscard]] bool all_replicas_active(const ClusterView& view);
/// True if no partition is missing.
[[nodiscard]] bool all_created(const ClusterView& view);

/// True if `broker` leads at least one partition.
[[nodiscard]] bool leads_any(const wire::ClusterImage& image, BrokerId broker);

}  // namespace brokersim::kafka::controller
