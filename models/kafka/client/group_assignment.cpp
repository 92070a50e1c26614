#include "models/kafka/client/group_assignment.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::client {

groups::TopicPartition KnownTopics::name_of(wire::PartitionId id) const {
  for (std::size_t i = 0; i < own_.size(); ++i) {
    if (own_[i] == id) return {topic_, static_cast<std::int32_t>(i)};
  }
  if (others_ != nullptr) {
    for (const auto& [topic, partitions] : *others_) {
      const auto found = std::find(partitions.begin(), partitions.end(), id);
      if (found != partitions.end()) return {topic, static_cast<std::int32_t>(found - partitions.begin())};
    }
  }
  SIM_CHECK(false, "a partition of no topic");
  return {};
}

const std::vector<wire::PartitionId>& KnownTopics::partitions_of(const std::string& topic) const {
  static const std::vector<wire::PartitionId> none;
  if (topic == topic_) return own_;
  if (others_ == nullptr) return none;
  const auto found = others_->find(topic);
  return found == others_->end() ? none : found->second;
}

wire::PartitionId KnownTopics::id_of(const groups::TopicPartition& name) const {
  return partitions_of(name.topic).at(static_cast<std::size_t>(name.partition));
}

std::vector<wire::MemberPartitions> assign_members(groups::Assignor assignor, const KnownTopics& topics,
                                                   const std::vector<wire::JoinedMember>& joined) {
  std::vector<groups::MemberInput> members;
  std::set<std::string> names;  // all that anybody reads
  for (const wire::JoinedMember& one : joined) {
    groups::MemberInput member;
    member.id = one.id;
    member.instance = one.instance;
    member.topics = one.metadata.topics;
    names.insert(member.topics.begin(), member.topics.end());
    for (const wire::PartitionId owned : one.metadata.owned) member.owned.push_back(topics.name_of(owned));
    member.generation = one.metadata.generation;
    members.push_back(std::move(member));
  }
  std::vector<groups::Topic> known;
  for (const std::string& name : names) {
    const auto count = static_cast<std::int32_t>(topics.partitions_of(name).size());
    if (count > 0) known.push_back({name, count});
  }
  std::vector<wire::MemberPartitions> result;
  for (const auto& [id, partitions] : groups::assign(assignor, known, members)) {
    wire::MemberPartitions given{id, {}};
    for (const groups::TopicPartition& partition : partitions)
      given.partitions.push_back(topics.id_of(partition));
    result.push_back(std::move(given));
  }
  return result;
}

}  // namespace brokersim::kafka::client
