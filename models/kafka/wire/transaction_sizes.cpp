// Encoded sizes of the transaction messages, from the definitions of Kafka 4.1 (flexible versions), as in group_sizes.cpp.
#include "models/kafka/wire/encoded.h"
#include "models/kafka/wire/transaction_messages.h"

namespace brokersim::kafka::wire {

namespace {

constexpr std::int64_t kProducer = 8 + 2;

template <class Range>
std::int64_t topic_parts(const Range& list, std::int64_t bytes) {
  return list.empty() ? 1 : kNamedTopic + bytes * static_cast<std::int64_t>(list.size());
}
std::int64_t who(const TransactionRequest& m) {
  return kRequestHeader + text(m.transactional_id) + kProducer + 1;
}

}  // namespace

const char* to_string(TransactionState state) {
  switch (state) {
    case TransactionState::empty: return "Empty";
    case TransactionState::ongoing: return "Ongoing";
    case TransactionState::prepare_commit: return "PrepareCommit";
    case TransactionState::prepare_abort: return "PrepareAbort";
    case TransactionState::complete_commit: return "CompleteCommit";
    case TransactionState::complete_abort: return "CompleteAbort";
    case TransactionState::dead: return "Dead";
    case TransactionState::prepare_epoch_fence: return "PrepareEpochFence";
  }
  return "";
}

std::int64_t encoded_bytes(const TransactionRecord& r) {
  // Key: version 2, id. Value: version 2, producer 8, epoch 2, timeout 4, state 1, array of topics, two times 8 each.
  const std::int64_t key = 2 + 2 + static_cast<std::int64_t>(r.id.size());
  if (r.state == TransactionState::dead) return key;
  return key + 2 + kProducer + 4 + 1 + 16 + (r.raises_epoch ? 18 : 0) + topic_parts(r.partitions, 4);
}

sim::Bytes wire_bytes(const AddPartitionsToTxnRequest& m) {
  return {who(m) + 2 + topic_parts(m.partitions, 4)};
}
sim::Bytes wire_bytes(const AddPartitionsToTxnResponse& m) {
  return {kResponseHeader + 7 + topic_parts(m.errors, 7)};
}
sim::Bytes wire_bytes(const AddOffsetsToTxnRequest& m) { return {who(m) + text(m.group)}; }
sim::Bytes wire_bytes(const AddOffsetsToTxnResponse&) { return {kResponseHeader + 7}; }
sim::Bytes wire_bytes(const TxnOffsetCommitRequest& m) {
  return {kRequestHeader + text(m.transactional_id) + text(m.group) + kProducer + 4 + text(m.member) +
          text(m.instance) + 1 + topic_parts(m.offsets, 18)};
}
sim::Bytes wire_bytes(const TxnOffsetCommitResponse&) { return {kResponseHeader + 5 + kNamedTopic + 7}; }
sim::Bytes wire_bytes(const EndTxnRequest& m) { return {who(m) + 1}; }
sim::Bytes wire_bytes(const EndTxnResponse&) { return {kResponseHeader + 7 + kProducer}; }
sim::Bytes wire_bytes(const WriteTxnMarkersRequest& m) {
  return {kRequestHeader + kProducer + 1 + 4 + 2 + topic_parts(m.partitions, 4)};
}
sim::Bytes wire_bytes(const WriteTxnMarkersResponse& m) {
  return {kResponseHeader + 10 + topic_parts(m.errors, 7)};
}

}  // namespace brokersim::kafka::wire
