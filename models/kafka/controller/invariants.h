// What must hold of the controller's partitions after every step, and of every single change.
//
// After the invariants of kafka-behaviour.md section 9.0 (2, 5 and 7) and KIP-966. Used by tests after each step, and by
// whoever hunts a bug. Throws sim::Bug.
#pragma once

#include "models/kafka/controller/partition_changes.h"

namespace brokersim::kafka::controller {

/// The leader is active and in the ISR; ISR and ELR are disjoint parts of the assignment; an ISR of min ISR or more
/// needs no ELR; nobody fenced or departing is in an ISR of more than one (with ELR: in any); without ELR no ISR is
/// empty. Not for the planted bugs, nor for last_known_leader_must_live = false.
void check_partitions(const ClusterView& view);

/// One change of one partition: the partition epoch rises by one, the leader epoch by one exactly when the leader
/// changes (or, by the old rule, when the ISR shrinks), the assignment stays.
void check_change(const wire::PartitionState& before, const wire::PartitionState& after,
                  const ElectionRules& rules);

}  // namespace brokersim::kafka::controller
