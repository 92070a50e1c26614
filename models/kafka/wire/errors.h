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
  not_enough_replicas = 19,
  not_enough_replicas_after_append = 20,
  invalid_required_acks = 21,
  invalid_timestamp = 32,
  not_controller = 41,
  invalid_request = 42,
  out_of_order_sequence_number = 45,
  invalid_producer_epoch = 47,
  operation_not_attempted = 55,
  kafka_storage_error = 56,
  fenced_leader_epoch = 74,
  unknown_leader_epoch = 75,
  stale_broker_epoch = 77,
  offset_not_available = 78,
  invalid_update_version = 95,
  snapshot_not_found = 98,
  duplicate_broker_registration = 101,
  broker_id_not_registered = 102,
  ineligible_replica = 107,
  new_leader_elected = 108,
};

/// "NOT_LEADER_OR_FOLLOWER".
[[nodiscard]] const char* name(ErrorCode code);

}  // namespace brokersim::kafka::wire
