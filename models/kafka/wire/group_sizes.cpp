// Encoded sizes of the group messages, from the definitions of Kafka 4.1 (flexible versions: compact arrays and strings, a
// byte of tags per struct). A partition in a list is its index, 4 bytes; its topic's name or id comes once per list.
#include "models/kafka/wire/encoded.h"
#include "models/kafka/wire/group_messages.h"

namespace brokersim::kafka::wire {

namespace {

template <class Range>
std::int64_t indexes(const Range& list) {
  return list.empty() ? 1 : kNamedTopic + 4 * static_cast<std::int64_t>(list.size());
}
std::int64_t bytes_of(const Subscription& s) {
  // version 2, topics, user data 4, owned, generation 4, rack 2
  std::int64_t n = 12 + indexes(s.owned);
  for (const std::string& topic : s.topics) n += 2 + static_cast<std::int64_t>(topic.size());
  return n;
}
std::int64_t who(const GroupRequest& m) {
  return kRequestHeader + text(m.group) + text(m.member) + text(m.instance) + 1;
}

}  // namespace

std::int64_t encoded_bytes(const GroupRecord& r) {
  // Key: version 2, group, topic and partition. Value of an offset: version 2, offset 8, epoch 4, metadata 2, time 8.
  if (r.kind == GroupRecord::Kind::offset)
    return 2 + 2 + static_cast<std::int64_t>(r.group.size()) + 12 + 4 + 24;
  std::int64_t n = 4 + static_cast<std::int64_t>(r.group.size());
  if (r.kind == GroupRecord::Kind::tombstone) return n;
  // protocol type and name, generation, leader, time
  n += 40 + static_cast<std::int64_t>(r.protocol.size() + r.leader.size());
  for (const StoredMember& member : r.members) {
    n += 30 + text(member.id) + text(member.instance) + text(member.client_id) + indexes(member.assignment);
    n += r.consumer_protocol ? indexes(member.target) + indexes(member.pending_revocation) + 20 : 0;
    if (!member.protocols.empty()) n += bytes_of(member.protocols.front().metadata);
  }
  return n;
}

sim::Bytes wire_bytes(const FindCoordinatorRequest& m) { return {kRequestHeader + 3 + text(m.group)}; }
sim::Bytes wire_bytes(const FindCoordinatorResponse&) { return {kResponseHeader + 4 + 45}; }
sim::Bytes wire_bytes(const JoinGroupRequest& m) {
  std::int64_t n = who(m) + 8 + 9 + 2;
  for (const GroupProtocol& protocol : m.protocols)
    n += text(protocol.name) + 2 + bytes_of(protocol.metadata);
  return {n};
}
sim::Bytes wire_bytes(const JoinGroupResponse& m) {
  std::int64_t n = kResponseHeader + 4 + 2 + 4 + 9 + text(m.protocol) + text(m.leader) + text(m.member) + 3;
  for (const JoinedMember& member : m.members)
    n += text(member.id) + text(member.instance) + 2 + bytes_of(member.metadata);
  return {n};
}
sim::Bytes wire_bytes(const SyncGroupRequest& m) {
  std::int64_t n = who(m) + 4 + 15;
  for (const MemberPartitions& member : m.assignments)
    n += text(member.member) + 8 + indexes(member.partitions);
  return {n};
}
sim::Bytes wire_bytes(const SyncGroupResponse& m) { return {kResponseHeader + 22 + indexes(m.partitions)}; }
sim::Bytes wire_bytes(const GroupHeartbeatRequest& m) { return {who(m) + 4}; }
sim::Bytes wire_bytes(const GroupHeartbeatResponse&) { return {kResponseHeader + 7}; }
sim::Bytes wire_bytes(const LeaveGroupRequest& m) { return {who(m) + 20}; }
sim::Bytes wire_bytes(const LeaveGroupResponse&) { return {kResponseHeader + 45}; }
sim::Bytes wire_bytes(const OffsetCommitRequest& m) {
  // index 4, offset 8, epoch 4, metadata 1, tags 1
  return {who(m) + 4 + kNamedTopic + 18 * static_cast<std::int64_t>(m.offsets.size())};
}
sim::Bytes wire_bytes(const OffsetCommitResponse&) { return {kResponseHeader + 5 + kNamedTopic + 7}; }
sim::Bytes wire_bytes(const OffsetFetchRequest& m) { return {who(m) + 6 + indexes(m.partitions)}; }
sim::Bytes wire_bytes(const OffsetFetchResponse& m) {
  return {kResponseHeader + 8 + kNamedTopic + 20 * static_cast<std::int64_t>(m.offsets.size())};
}
sim::Bytes wire_bytes(const ConsumerGroupHeartbeatRequest& m) {
  std::int64_t n = who(m) + 4 + 2;
  if (m.full) {
    n += 4 + text(m.server_assignor);
    for (const std::string& topic : m.topics) n += text(topic);
  }
  return {n + (m.owned_given ? 6 + indexes(m.owned) : 1)};
}
sim::Bytes wire_bytes(const ConsumerGroupHeartbeatResponse& m) {
  return {kResponseHeader + 4 + 2 + 1 + text(m.member) + 8 + 1 +
          (m.assignment_given ? 6 + indexes(m.assignment) : 1)};
}

}  // namespace brokersim::kafka::wire
