// One change of one partition: new ISR, eligible replicas, leader and epochs.
//
// Rules: PartitionChangeBuilder (4.0/4.1), kafka-behaviour.md section 5.5; KIP-841 (who may lead), KIP-966 (eligible
// leader replicas), KAFKA-15021 (leader epoch and ISR shrinks), KAFKA-19522 (liveness of the last leader).
// KIP-455 and KAFKA-15665 (reassignment: done when every target replica is in the ISR).
// Pure: a partition and a request in, the changed partition out.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/kafka/wire/image.h"

namespace brokersim::kafka::controller {

using wire::BrokerId;

enum class Election : std::uint8_t {
  online,     ///< Somebody of the ISR (or the ELR), to keep the partition available.
  unclean,    ///< As online, but anybody alive rather than nobody.
  preferred,  ///< The first replica of the assignment if it qualifies, else as online.
};

struct ElectionRules {
  bool eligible_leader_replicas = true;  ///< KIP-966: the ISR may become empty, the ELR remembers.
  /// 4.1.0, KAFKA-19522. Before, the test was the wrong way round: the last known leader was elected if it was not
  /// alive, so a partition was given to a fenced broker, and one that came back was not elected.
  bool last_known_leader_must_live = true;
  bool bump_leader_epoch_on_isr_shrink = false;  ///< Metadata versions before 3.6 (KAFKA-15021).
  /// Planted bug: whoever lives and comes first in the assignment is elected, in the ISR or not.
  bool elect_outside_isr = false;
};

/// Who may lead, as the controller sees it in the middle of a change: the image still shows the state before.
struct Candidates {
  const wire::ClusterImage& image;
  BrokerId removed = -1;  ///< Being fenced or shut down: not acceptable.
  BrokerId added = -1;    ///< Being unfenced: acceptable although the image still shows it fenced.

  [[nodiscard]] bool acceptable(BrokerId broker) const {
    return broker != removed && (broker == added || image.is_active(broker));
  }
};

/// Other replicas for a partition.
struct Reassignment {
  std::vector<BrokerId> replicas;  ///< The target, then those that are still to go.
  std::vector<BrokerId> adding;
  std::vector<BrokerId> removing;
};
/// The way from the replicas of `current` to `target` (PartitionReassignmentReplicas).
[[nodiscard]] Reassignment reassignment_to(const wire::PartitionState& current,
                                           const std::vector<BrokerId>& target);

struct ChangeRequest {
  std::vector<BrokerId> isr;  ///< Wanted ISR: members of the replica set, each once.
  Election election = Election::online;
  std::int32_t min_isr = 1;        ///< Effective: not above the number of replicas. Positive.
  BrokerId unclean_shutdown = -1;  ///< Lost its memory: leaves the ELR too. -1: nobody.
  std::optional<Reassignment> reassignment;  ///< Nothing: replicas stay, one under way goes on.
  bool recovered = false;          ///< The leader says it has recovered from an unclean election.
};

struct ChangedPartition {
  wire::PartitionState state;
  bool unclean = false;  ///< The new leader came from outside ISR and ELR: acknowledged records may be lost.
};

/// The partition after the request; nothing if it would stay as it is. The partition epoch rises by one with
/// every change, the leader epoch by one when the leader changes (none included).
[[nodiscard]] std::optional<ChangedPartition> change_partition(const wire::PartitionState& current,
                                                               const ChangeRequest& request,
                                                               const Candidates& candidates,
                                                               const ElectionRules& rules);

}  // namespace brokersim::kafka::controller
