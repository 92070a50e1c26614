#include "models/kafka/client/produce_errors.h"

namespace brokersim::kafka::client {

using wire::ErrorCode;

bool is_retriable(ErrorCode error) {
  switch (error) {
    case ErrorCode::corrupt_message:
    case ErrorCode::unknown_topic_or_partition:
    case ErrorCode::leader_not_available:
    case ErrorCode::not_leader_or_follower:
    case ErrorCode::request_timed_out:
    case ErrorCode::network_exception:
    case ErrorCode::not_enough_replicas:
    case ErrorCode::not_enough_replicas_after_append:
    case ErrorCode::kafka_storage_error: return true;
    default: return false;
  }
}

bool wants_metadata(ErrorCode error) {
  switch (error) {
    case ErrorCode::unknown_topic_or_partition:
    case ErrorCode::leader_not_available:
    case ErrorCode::not_leader_or_follower:
    case ErrorCode::network_exception:
    case ErrorCode::kafka_storage_error:
    case ErrorCode::fenced_leader_epoch:
    case ErrorCode::unknown_leader_epoch: return true;
    default: return false;
  }
}

bool proves_not_stored(ErrorCode error, Acks acks) {
  switch (error) {
    case ErrorCode::corrupt_message:
    case ErrorCode::unknown_topic_or_partition:
    case ErrorCode::leader_not_available:
    case ErrorCode::message_too_large:
    case ErrorCode::record_list_too_large:
    case ErrorCode::not_enough_replicas:
    case ErrorCode::invalid_required_acks:
    case ErrorCode::invalid_timestamp:
    case ErrorCode::invalid_record:
    case ErrorCode::out_of_order_sequence_number:
    case ErrorCode::invalid_txn_state:
    case ErrorCode::invalid_producer_id_mapping:
    case ErrorCode::transaction_abortable:
    case ErrorCode::invalid_producer_epoch: return true;
    case ErrorCode::not_leader_or_follower: return acks != Acks::all;
    default: return false;
  }
}

}  // namespace brokersim::kafka::client
