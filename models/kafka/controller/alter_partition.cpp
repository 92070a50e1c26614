#include "models/kafka/controller/alter_partition.h"

#include <cstddef>

namespace brokersim::kafka::controller {
namespace {

using wire::ErrorCode;
using wire::IsrMember;
using Members = std::vector<IsrMember>;

bool names(const Members& members, wire::BrokerId broker) {
  for (const IsrMember& member : members) {
    if (member.broker == broker) return true;
  }
  return false;
}

/// Not empty, within the assignment, nobody twice.
bool well_formed(const wire::PartitionState& state, const Members& members) {
  if (members.empty()) return false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (!wire::contains(state.replicas, members[i].broker)) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (members[j].broker == members[i].broker) return false;
    }
  }
  return true;
}

bool eligible(const wire::ClusterImage& image, const IsrMember& member, const MemberRules& rules) {
  if (rules.only_active && !image.is_active(member.broker)) return false;
  if (!rules.broker_epoch) return true;
  if (image.broker(member.broker) == nullptr) return false;
  // A member that has restarted since the leader saw it may have lost what the leader counts on.
  return member.broker_epoch == -1 || member.broker_epoch == image.broker(member.broker)->broker_epoch;
}

}  // namespace

ErrorCode validate_alter_partition(const wire::ClusterImage& image, wire::BrokerId leader,
                                   const wire::AlterPartitionPart& part, const MemberRules& rules) {
  const wire::PartitionState* state = image.partition(part.partition);
  if (state == nullptr) return ErrorCode::unknown_topic_or_partition;
  if (part.leader_epoch > state->leader_epoch) return ErrorCode::not_controller;
  if (part.partition_epoch > state->partition_epoch) return ErrorCode::not_controller;
  if (part.leader_epoch < state->leader_epoch) return ErrorCode::fenced_leader_epoch;
  if (leader != state->leader) return ErrorCode::invalid_request;
  if (part.partition_epoch < state->partition_epoch) return ErrorCode::invalid_update_version;
  if (!well_formed(*state, part.new_isr)) return ErrorCode::invalid_request;
  if (!names(part.new_isr, leader)) return ErrorCode::invalid_request;
  for (const IsrMember& member : part.new_isr) {
    if (!eligible(image, member, rules)) return ErrorCode::ineligible_replica;
  }
  return ErrorCode::none;
}

}  // namespace brokersim::kafka::controller
