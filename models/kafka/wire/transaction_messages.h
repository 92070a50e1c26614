// What transactional producers, brokers and transaction coordinators say to each other, and what a coordinator writes.
//
// Versions of 4.1: AddPartitionsToTxn 5 (from clients one transaction, from brokers one, too), AddOffsetsToTxn 4,
// TxnOffsetCommit 5, EndTxn 5, WriteTxnMarkers 1, InitProducerId 5 (messages.h). KIP-98, KIP-360, KIP-447, KIP-890.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "models/kafka/wire/group_messages.h"
#include "models/kafka/wire/messages.h"

namespace brokersim::kafka::wire {

/// Everything of a transaction names its id, its producer and epoch.
struct TransactionRequest : Message {
  using Message::Message;
  std::string transactional_id;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
};

struct AddPartitionsToTxnRequest : TransactionRequest {
  AddPartitionsToTxnRequest() : TransactionRequest(Api::add_partitions_to_txn) {}
  bool verify_only = false;  ///< By a broker: is it in the transaction? Nothing is added.
  std::vector<PartitionId> partitions;
};
struct AddPartitionsToTxnResponse : Message {
  AddPartitionsToTxnResponse() : Message(Api::add_partitions_to_txn) {}
  /// One for each partition asked about, in that order; or one for the whole request.
  std::vector<ErrorCode> errors;
};

struct AddOffsetsToTxnRequest : TransactionRequest {
  AddOffsetsToTxnRequest() : TransactionRequest(Api::add_offsets_to_txn) {}
  std::string group;
};
struct AddOffsetsToTxnResponse : Message {
  AddOffsetsToTxnResponse() : Message(Api::add_offsets_to_txn) {}
  ErrorCode error = ErrorCode::none;
};

/// To the coordinator of the group. With TV2 that adds its partition of __consumer_offsets to the transaction.
struct TxnOffsetCommitRequest : GroupRequest {
  TxnOffsetCommitRequest() : GroupRequest(Api::txn_offset_commit) {}
  std::string transactional_id;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t generation = -1;  ///< KIP-447; -1: not checked.
  bool adds_partitions = false;
  std::vector<PartitionOffset> offsets;
};
struct TxnOffsetCommitResponse : Message {
  TxnOffsetCommitResponse() : Message(Api::txn_offset_commit) {}
  ErrorCode error = ErrorCode::none;  ///< One for all partitions.
};

struct EndTxnRequest : TransactionRequest {
  EndTxnRequest() : TransactionRequest(Api::end_txn) {}
  bool committed = true;
  bool raises_epoch = false;  ///< Transaction version 2 (EndTxn v5).
};
struct EndTxnResponse : Message {
  EndTxnResponse() : Message(Api::end_txn) {}
  ErrorCode error = ErrorCode::none;
  std::int64_t producer_id = -1;  ///< TV2: for the next transaction.
  std::int16_t producer_epoch = -1;
};

/// For one transaction; the partitions are all led by the broker asked.
struct WriteTxnMarkersRequest : Message {
  WriteTxnMarkersRequest() : Message(Api::write_txn_markers) {}
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t coordinator_epoch = -1;
  bool committed = true;
  std::vector<PartitionId> partitions;
};
struct WriteTxnMarkersResponse : Message {
  WriteTxnMarkersResponse() : Message(Api::write_txn_markers) {}
  std::vector<ErrorCode> errors;  ///< One for each partition, in that order.
};

// --- records of __transaction_state --------------------------------------------------------------------------------

/// States of a transactional id, numbered as in the log.
enum class TransactionState : std::uint8_t {
  empty = 0,
  ongoing = 1,
  prepare_commit = 2,
  prepare_abort = 3,
  complete_commit = 4,
  complete_abort = 5,
  dead = 6,
  prepare_epoch_fence = 7,
};
[[nodiscard]] const char* to_string(TransactionState state);

/// Value of a record: all that is known of a transactional id. State dead: a tombstone.
struct TransactionRecord {
  std::string id;
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int16_t last_epoch = -1;  ///< The one before: of a client that has not heard of the present one yet.
  sim::Duration timeout;
  TransactionState state = TransactionState::empty;
  std::vector<PartitionId> partitions;  ///< Sorted.
  sim::SimTime started;                 ///< Of the open transaction.
  sim::SimTime updated;
  bool raises_epoch = false;            ///< The client is one of transaction version 2.
  std::int64_t next_producer_id = -1;   ///< TV2: the epoch is used up, this id follows.
  [[nodiscard]] bool operator==(const TransactionRecord&) const = default;
};

/// What the batches of __transaction_state say. A batch names its entry (log::BatchData::payload); entries never change.
class TransactionRecordStore {
 public:
  [[nodiscard]] std::uint32_t add(TransactionRecord record) {
    entries_.push_back(std::move(record));
    return static_cast<std::uint32_t>(entries_.size());
  }
  [[nodiscard]] const TransactionRecord& operator[](std::uint32_t payload) const { return entries_[payload - 1]; }

 private:
  std::deque<TransactionRecord> entries_;
};

/// Encoded key and value of a record, without the record's own header.
[[nodiscard]] std::int64_t encoded_bytes(const TransactionRecord& record);

[[nodiscard]] sim::Bytes wire_bytes(const AddPartitionsToTxnRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const AddPartitionsToTxnResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const AddOffsetsToTxnRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const AddOffsetsToTxnResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const TxnOffsetCommitRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const TxnOffsetCommitResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const EndTxnRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const EndTxnResponse& m);
[[nodiscard]] sim::Bytes wire_bytes(const WriteTxnMarkersRequest& m);
[[nodiscard]] sim::Bytes wire_bytes(const WriteTxnMarkersResponse& m);

}  // namespace brokersim::kafka::wire
