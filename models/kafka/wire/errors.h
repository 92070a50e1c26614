// Kafka's protocol error codes that the model uses (org.apache.kafka.common.protocol.Errors).
#pragma once

#include <cstdint>

namespace brokersim::kafka::wire {

enum class ErrorCode : std::int16_t {
  unknown_server_error = -1,
  none = 0,
  offset_out_of_range = 1,
  corrupt_message = 2,
  unknown_topic_or_partition = 3,
  leader_not_available = 5,
  not_leader_or_follower = 6,
  request_timed_out = 7,
  message_too_large = 10,
  network_exception = 13,
  record_list_too_large = 18,
  coordinator_load_in_progress = 14,
  coordinator_not_available = 15,
  not_coordinator = 16,
  not_enough_replicas = 19,
  not_enough_replicas_after_append = 20,
  invalid_required_acks = 21,
  illegal_generation = 22,
  inconsistent_group_protocol = 23,
  unknown_member_id = 25,
  invalid_session_timeout = 26,
  rebalance_in_progress = 27,
  invalid_timestamp = 32,
  topic_already_exists = 36,
  invalid_replica_assignment = 39,
  not_controller = 41,
  invalid_request = 42,
  out_of_order_sequence_number = 45,
  invalid_producer_epoch = 47,
  invalid_record = 87,
  operation_not_attempted = 55,
  kafka_storage_error = 56,
  fetch_session_id_not_found = 70,
  invalid_fetch_session_epoch = 71,
  fenced_leader_epoch = 74,
  unknown_leader_epoch = 75,
  stale_broker_epoch = 77,
  offset_not_available = 78,
  preferred_leader_not_available = 80,
  eligible_leaders_not_available = 83,
  election_not_needed = 84,
  no_reassignment_in_progress = 85,
  member_id_required = 79,
  group_max_size_reached = 81,
  fenced_instance_id = 82,
  unstable_offset_commit = 88,
  invalid_update_version = 95,
  snapshot_not_found = 98,
  duplicate_broker_registration = 101,
  broker_id_not_registered = 102,
  ineligible_replica = 107,
  new_leader_elected = 108,
  fenced_member_epoch = 110,
  unreleased_instance_id = 111,
  stale_member_epoch = 113,
};

/// "NOT_LEADER_OR_FOLLOWER".
[[nodiscard]] const char* name(ErrorCode code);

}  // namespace brokersim::kafka::wire
