// Encoded sizes, from the message definitions of Kafka 4.1 (flexible versions: compact arrays and strings,
// one tag byte per struct). A topic name is taken as 10 characters; topic ids are 16 bytes.
#include "models/kafka/wire/encoded.h"
#include "models/kafka/wire/messages.h"

namespace brokersim::kafka::wire {

namespace {

constexpr std::int64_t kTopicName = 11;

}  // namespace

sim::Bytes wire_bytes(const ProduceRequest& m) {
  // transactional id 1, acks 2, timeout 4, topics array 1, tags 1
  std::int64_t n = kRequestHeader + 9;
  // topic name 11 + array 1 + tags 2, index 4, records length 3, tags 1
  for (const auto& batch : m.batches) n += kTopicName + 3 + 8 + batch.bytes;
  return {n};
}
sim::Bytes wire_bytes(const ProduceResponse& m) {
  // name, index 4, error 2, base offset 8, append time 8, log start 8, errors 1, message 1, tags 2
  return {kResponseHeader + 6 + count(m.results) * (kTopicName + 35)};
}
sim::Bytes wire_bytes(const FetchRequest& m) {
  // max wait 4, min bytes 4, max bytes 4, isolation 1, session 8, arrays 2, rack 1, tags 2, replica state 13
  // per listed partition: topic id 16, index 4, epoch 4, offset 8, last epoch 4, log start 8, max bytes 4, tags 3
  // per forgotten partition: topic id 16, index 4, array and tags 2
  return {kRequestHeader + 39 + m.rack_bytes + count(m.parts) * 51 + count(m.forgotten) * 22};
}
sim::Bytes wire_bytes(const FetchResponse& m) {
  std::int64_t n = kResponseHeader + 12;
  for (const auto& part : m.parts) {
    // topic id 16, index 4, error 2, high watermark 8, LSO 8, log start 8, aborted 1, replica 4, length 4, tags 3
    n += 58 + part.bytes + (part.diverging ? 15 : 0);
  }
  return {n};
}
sim::Bytes wire_bytes(const ListOffsetsRequest&) { return {kRequestHeader + 10 + kTopicName + 17}; }
sim::Bytes wire_bytes(const ListOffsetsResponse&) { return {kResponseHeader + 6 + kTopicName + 28}; }
// topics 1, name 11, partitions 1, index 4, offset 8, timeout 4, tags 3
sim::Bytes wire_bytes(const DeleteRecordsRequest&) { return {kRequestHeader + kTopicName + 21}; }
// throttle 4, topics 1, name 11, partitions 1, index 4, low watermark 8, error 2, tags 3
sim::Bytes wire_bytes(const DeleteRecordsResponse&) { return {kResponseHeader + kTopicName + 23}; }
sim::Bytes wire_bytes(const OffsetsForLeaderEpochRequest& m) {
  // replica 4, array 1, tags 1; name, index 4, current epoch 4, epoch 4, array and tags 3
  return {kRequestHeader + 6 + count(m.parts) * (kTopicName + 15)};
}
sim::Bytes wire_bytes(const OffsetsForLeaderEpochResponse& m) {
  // throttle 4, array 1, tags 1; name, error 2, index 4, epoch 4, end 8, array and tags 3
  return {kResponseHeader + 6 + count(m.parts) * (kTopicName + 21)};
}
// election type 1, timeout 4, tags 1; name, partitions 1, index 4, tags 1
sim::Bytes wire_bytes(const ElectLeadersRequest&) { return {kRequestHeader + kTopicName + 13}; }
// timeout 4, tags 1; name, partitions 1, index 4, replicas 4 each, tags 3
sim::Bytes wire_bytes(const ReassignRequest& m) {
  return {kRequestHeader + kTopicName + 15 + 4 * count(m.replicas)};
}
// topics 1, timeout 4, validate 1, tags 1; name, per partition assignments of 3 replicas
sim::Bytes wire_bytes(const TopicRequest& m) {
  return {kRequestHeader + 7 + kTopicName +
          (m.api == Api::create_topics       ? count(m.partitions) * 18
           : m.api == Api::create_partitions ? 6 + count(m.partitions) * 14
                                             : 18)};
}
// throttle 4, error 2, message 1, tags 1; name, index 4, error 2, message 1, arrays and tags 4
sim::Bytes wire_bytes(const AdminResponse&) { return {kResponseHeader + kTopicName + 19}; }
sim::Bytes wire_bytes(const MetadataRequest& m) {
  return {kRequestHeader + 5 + 16 + kTopicName + 0 * count(m.partitions)};
}
sim::Bytes wire_bytes(const MetadataResponse& m) {
  // broker: id 4, host 20, port 4, rack 3, tags 1; partition: error 2, index 4, leader 4, epoch 4, arrays of 3 x 4 twice
  return {kResponseHeader + 40 + count(m.brokers) * 32 + count(m.partitions) * 42};
}
sim::Bytes wire_bytes(const InitProducerIdRequest&) { return {kRequestHeader + 16}; }
sim::Bytes wire_bytes(const InitProducerIdResponse&) { return {kResponseHeader + 17}; }
sim::Bytes wire_bytes(const BrokerRegistrationRequest&) { return {kRequestHeader + 180}; }
sim::Bytes wire_bytes(const BrokerRegistrationResponse&) { return {kResponseHeader + 15}; }
sim::Bytes wire_bytes(const BrokerHeartbeatRequest& m) { return {kRequestHeader + 25 + m.offline_dirs * 16}; }
sim::Bytes wire_bytes(const BrokerHeartbeatResponse&) { return {kResponseHeader + 10}; }
sim::Bytes wire_bytes(const AlterPartitionRequest& m) {
  std::int64_t n = kRequestHeader + 15;
  for (const auto& part : m.parts) n += 30 + count(part.new_isr) * 13;
  return {n};
}
sim::Bytes wire_bytes(const AlterPartitionResponse& m) {
  std::int64_t n = kResponseHeader + 8;
  for (const auto& result : m.results) n += 37 + count(result.state.isr) * 4;
  return {n};
}
sim::Bytes wire_bytes(const AllocateProducerIdsRequest&) { return {kRequestHeader + 13}; }
sim::Bytes wire_bytes(const AllocateProducerIdsResponse&) { return {kResponseHeader + 19}; }

}  // namespace brokersim::kafka::wire
