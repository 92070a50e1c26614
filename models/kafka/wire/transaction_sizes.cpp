// Encoded sizes of the transaction messages, from the definitions of Kafka 4.1 (flexible versions), as in group_sizes.cpp.
#include "models/kafka/wire/transaction_messages.h"

namespace brokersim::kafka::wire {

namespace {

constexpr std::int64_t kRequestHeader = 27;
constexpr std::int64_t kResponseHeader = 9;
constexpr std::int64_t kTopic = 14;  // a name of 10, its length, an array's length, tags
constexpr std::int64_t kProducer = 8 + 2;

std::int64_t text(const std::string& s) { return 1 + static_cast<std::int64_t>(s.size()); }
template <class Range>
std::int64_t each(const Range& list, std::int64_t bytes) {
  return list.empty() ? 1 : kTopic + bytes * static_cast<std::int64_t>(list.size());
}
std::int64_t who(const TransactionRequest& m) { return kRequestHeader + text(m.transactional_id) + kProducer + 1; }

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
  return key + 2 + kProducer + 4 + 1 + 16 + (r.raises_epoch ? 18 : 0) + each(r.partitions, 4);
}

sim::Bytes wire_bytes(const AddPartitionsToTxnRequest& m) { return {who(m) + 2 + each(m.partitions, 4)}; }
sim::Bytes wire_bytes(const AddPartitionsToTxnResponse& m) {
  return {kResponseHeader + 7 + each(m.errors, 7)};
}
sim::Bytes wire_bytes(const AddOffsetsToTxnRequest& m) { return {who(m) + text(m.group)}; }
sim::Bytes wire_bytes(const AddOffsetsToTxnResponse&) { return {kResponseHeader + 7}; }
sim::Bytes wire_bytes(const TxnOffsetCommitRequest& m) {
  return {kRequestHeader + text(m.transactional_id) + text(m.group) + kProducer + 4 + text(m.member) +
          text(m.instance) + 1 + each(m.offsets, 18)};
}
sim::Bytes wire_bytes(const TxnOffsetCommitResponse&) { return {kResponseHeader + 5 + kTopic + 7}; }
sim::Bytes wire_bytes(const EndTxnRequest& m) { return {who(m) + 1}; }
sim::Bytes wire_bytes(const EndTxnResponse&) { return {kResponseHeader + 7 + kProducer}; }
sim::Bytes wire_bytes(const WriteTxnMarkersRequest& m) {
  return {kRequestHeader + kProducer + 1 + 4 + 2 + each(m.partitions, 4)};
}
sim::Bytes wire_bytes(const WriteTxnMarkersResponse& m) { return {kResponseHeader + 10 + each(m.errors, 7)}; }

}  // namespace brokersim::kafka::wire
