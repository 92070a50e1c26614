// May this leader change its ISR like that?
//
// Rules: ReplicationControlManager.validateAlterPartitionData (4.0/4.1), kafka-behaviour.md section 5.4; KIP-497,
// KIP-841 (fenced or departing brokers), KIP-903 (broker epochs). Pure.
#pragma once

#include <cstdint>

#include "models/kafka/wire/errors.h"
#include "models/kafka/wire/image.h"
#include "models/kafka/wire/messages.h"

namespace brokersim::kafka::controller {

/// Which members are refused; both on since 3.5.
struct MemberRules {
  bool only_active = true;   ///< 3.3, KIP-841 (KAFKA-13916): nobody fenced or shutting down.
  bool broker_epoch = true;  ///< 3.5, KIP-903: nobody who restarted since the leader heard of it.
};

/// none, or why `leader` may not have the ISR of `part`. In the order in which Kafka asks:
///   unknown_topic_or_partition   no such partition;
///   not_controller               an epoch above ours: whoever sent it has heard of a newer controller;
///   fenced_leader_epoch          the leader epoch is old;
///   invalid_request              the sender does not lead;
///   invalid_update_version       the partition epoch is old: the ISR has changed meanwhile;
///   invalid_request              the ISR is empty, names a broker twice, a stranger, or not the leader;
///   ineligible_replica           a member is unknown, fenced, shutting down, or has restarted since.
/// The broker epoch of the sender is checked before, for the whole request.
[[nodiscard]] wire::ErrorCode validate_alter_partition(const wire::ClusterImage& image, wire::BrokerId leader,
                                                       const wire::AlterPartitionPart& part,
                                                       const MemberRules& rules = {});

}  // namespace brokersim::kafka::controller
