// Encoded sizes of the share messages, from the definitions of Kafka 4.1 (flexible versions), as in group_sizes.cpp.
#include "models/kafka/wire/encoded.h"
#include "models/kafka/wire/share_messages.h"

namespace brokersim::kafka::wire {

namespace {

constexpr std::int64_t kIdTopic = 18;               // id 16, an array's length, tags
constexpr std::int64_t kState = 8 + 8 + 1 + 2 + 1;  // first, last, state, delivery count, tags

template <class Range>
std::int64_t share_parts(const Range& list, std::int64_t bytes) {
  return list.empty() ? 1 : kIdTopic + bytes * static_cast<std::int64_t>(list.size());
}
std::int64_t acknowledged_parts(const std::vector<SharePart>& list) {
  std::int64_t n = list.empty() ? 1 : kIdTopic;
  // index 4, array, tags; first 8, last 8, array of one type 2, tags
  for (const SharePart& part : list) n += 6 + 19 * static_cast<std::int64_t>(part.acknowledgements.size());
  return n;
}

}  // namespace

std::string share_key(const std::string& group, PartitionId partition) {
  return group + ":" + std::to_string(partition.n);
}

std::int64_t encoded_bytes(const ShareRecord& r) {
  // Key: version 2, group, topic id 16, partition 4. Value: version 2, epochs 4 each, start 8, snapshot epoch 4, batches.
  return 2 + 2 + static_cast<std::int64_t>(r.group.size()) + 20 + 2 + 8 + 8 + 4 + 2 +
         kState * static_cast<std::int64_t>(r.batches.size());
}

sim::Bytes wire_bytes(const ShareGroupHeartbeatRequest& m) {
  std::int64_t n = kRequestHeader + text(m.group) + text(m.member) + 4 + 2 + 1;
  if (m.full) {
    for (const std::string& topic : m.topics) n += text(topic);
  }
  return {n};
}
sim::Bytes wire_bytes(const ShareGroupHeartbeatResponse& m) {
  return {kResponseHeader + 4 + 2 + 1 + text(m.member) + 8 + 1 +
          (m.assignment_given ? 6 + share_parts(m.assignment, 4) : 1)};
}
sim::Bytes wire_bytes(const ShareFetchRequest& m) {
  return {kRequestHeader + text(m.group) + text(m.member) + 4 + 4 * 5 + acknowledged_parts(m.parts) +
          share_parts(m.forgotten, 4) + 1};
}
sim::Bytes wire_bytes(const ShareFetchResponse& m) {
  std::int64_t n = kResponseHeader + 4 + 2 + 4 + 1 + (m.parts.empty() ? 1 : kIdTopic);
  for (const ShareFetchedPart& part : m.parts) {
    // index 4, two errors and their texts 6, leader 9, records' length 4, tags; first 8, last 8, count 2, tags
    n += 25 + part.bytes + 19 * static_cast<std::int64_t>(part.acquired.size());
  }
  return {n};
}
sim::Bytes wire_bytes(const ShareAcknowledgeRequest& m) {
  return {kRequestHeader + text(m.group) + text(m.member) + 4 + acknowledged_parts(m.parts) + 1};
}
sim::Bytes wire_bytes(const ShareAcknowledgeResponse& m) {
  return {kResponseHeader + 4 + 2 + 1 + share_parts(m.parts, 17)};
}
sim::Bytes wire_bytes(const ReadShareStateRequest& m) {
  return {kRequestHeader + text(m.group) + kIdTopic + 9};
}
sim::Bytes wire_bytes(const ReadShareStateResponse& m) {
  return {kResponseHeader + kIdTopic + 4 + 2 + 1 + 4 + 8 +
          kState * static_cast<std::int64_t>(m.batches.size()) + 2};
}
sim::Bytes wire_bytes(const WriteShareStateRequest& m) {
  return {kRequestHeader + text(m.group) + kIdTopic + 20 +
          kState * static_cast<std::int64_t>(m.batches.size()) + 2};
}
sim::Bytes wire_bytes(const WriteShareStateResponse&) { return {kResponseHeader + kIdTopic + 4 + 2 + 1 + 2}; }

}  // namespace brokersim::kafka::wire
