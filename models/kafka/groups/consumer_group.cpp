#include "models/kafka/groups/consumer_group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::groups {

using wire::ErrorCode;

namespace {

constexpr std::int32_t kLeavesForAWhile = -2;

using Partitions = std::vector<wire::PartitionId>;

bool contains(const Partitions& sorted, wire::PartitionId partition) {
  return std::binary_search(sorted.begin(), sorted.end(), partition);
}
Partitions minus(const Partitions& a, const Partitions& b) {
  Partitions result;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}
Partitions both(const Partitions& a, const Partitions& b) {
  Partitions result;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

}  // namespace

ConsumerGroup::ConsumerGroup(const wire::GroupRecord& record, const ConsumerGroupRules& rules,
                             sim::SimTime now)
    : id_(record.group),
      rules_(rules),
      epoch_(record.generation),
      target_epoch_(record.target_epoch),
      empty_since_(record.at) {
  for (const wire::StoredMember& stored : record.members) {
    Member member;
    member.id = stored.id;
    member.instance = stored.instance;
    member.client_id = stored.client_id;
    member.epoch = stored.epoch;
    member.previous_epoch = stored.previous_epoch;
    member.rebalance_timeout = stored.rebalance_timeout;
    if (!stored.protocols.empty()) member.topics = stored.protocols.front().metadata.topics;
    member.assigned = stored.assignment;
    member.pending_revocation = stored.pending_revocation;
    member.target = stored.target;
    member.state = !member.pending_revocation.empty()              ? MemberState::unrevoked_partitions
                   : minus(member.target, member.assigned).empty() ? MemberState::stable
                                                                   : MemberState::unreleased_partitions;
    member.session_end = now + rules_.session_timeout;
    if (member.state == MemberState::unrevoked_partitions) member.revoke_end = now + member.rebalance_timeout;
    if (!member.instance.empty()) instances_[member.instance] = member.id;
    members_.emplace(member.id, std::move(member));
  }
}

wire::GroupRecord ConsumerGroup::record(sim::SimTime now) const {
  wire::GroupRecord record;
  record.kind = wire::GroupRecord::Kind::group;
  record.group = id_;
  record.at = now;
  record.consumer_protocol = true;
  record.generation = epoch_;
  record.target_epoch = target_epoch_;
  for (const auto& [id, member] : members_) {
    wire::StoredMember stored;
    stored.id = id;
    stored.instance = member.instance;
    stored.client_id = member.client_id;
    stored.rebalance_timeout = member.rebalance_timeout;
    stored.protocols = {{"consumer", {member.topics, {}, -1}}};
    stored.assignment = member.assigned;
    stored.epoch = member.epoch;
    stored.previous_epoch = member.previous_epoch;
    stored.target = member.target;
    stored.pending_revocation = member.pending_revocation;
    record.members.push_back(std::move(stored));
  }
  return record;
}

/// Lets the sender in, or says why not. A new or returning member raises the group epoch.
ErrorCode ConsumerGroup::admit(const wire::ConsumerGroupHeartbeatRequest& request, sim::SimTime now) {
  const auto known = members_.find(request.member);
  if (request.member_epoch == 0) {
    const auto slot = request.instance.empty() ? instances_.end() : instances_.find(request.instance);
    if (slot != instances_.end() && slot->second != request.member) {
      Member& before = members_.at(slot->second);
      if (before.epoch != kLeavesForAWhile) return ErrorCode::unreleased_instance_id;
      Member back = std::move(before);
      members_.erase(slot->second);
      back.id = request.member;
      back.epoch = 0;
      back.previous_epoch = -1;
      back.state = MemberState::stable;
      slot->second = request.member;
      // It takes over what was kept for it.
      members_.emplace(back.id, std::move(back));
      return ErrorCode::none;
    }
    if (known == members_.end()) {
      Member member;
      member.id = request.member;
      member.instance = request.instance;
      if (!member.instance.empty()) instances_[member.instance] = member.id;
      members_.emplace(member.id, std::move(member));
      ++epoch_;
      return ErrorCode::none;
    }
    // Fenced, or its answer was lost: it begins anew and owns nothing.
    known->second.epoch = 0;
    known->second.previous_epoch = -1;
    known->second.assigned.clear();
    known->second.pending_revocation.clear();
    known->second.state = MemberState::stable;
    return ErrorCode::none;
  }
  if (known == members_.end()) return ErrorCode::unknown_member_id;
  if (!request.instance.empty() && known->second.instance != request.instance)
    return ErrorCode::fenced_instance_id;
  const Member& member = known->second;
  if (request.member_epoch == member.epoch) return ErrorCode::none;
  // The answer that raised the epoch was lost: fine if it owns nothing that it should not.
  Partitions owned = request.owned;
  std::sort(owned.begin(), owned.end());
  const bool lost_answer = request.member_epoch == member.previous_epoch && request.owned_given &&
                           minus(owned, member.assigned).empty();
  static_cast<void>(now);
  return lost_answer ? ErrorCode::none : ErrorCode::fenced_member_epoch;
}

ConsumerGroup::Step ConsumerGroup::heartbeat(const wire::ConsumerGroupHeartbeatRequest& request,
                                             const TopicDirectory& topics, sim::SimTime now) {
  Step step;
  step.answer.member = request.member;
  step.answer.heartbeat_interval = rules_.heartbeat_interval;
  if (request.member_epoch < 0) {
    const auto known = members_.find(request.member);
    if (known == members_.end()) {
      step.answer.error = ErrorCode::unknown_member_id;
      return step;
    }
    step.answer.member_epoch = request.member_epoch;
    step.changed = true;
    if (request.member_epoch == kLeavesForAWhile && !known->second.instance.empty()) {
      known->second.epoch = kLeavesForAWhile;
    } else {
      remove(request.member, now);
      update_target(topics);
    }
    return step;
  }
  const std::int32_t epoch_before = epoch_;
  const bool joins = request.member_epoch == 0;
  step.answer.error = admit(request, now);
  if (step.answer.error != ErrorCode::none) return step;
  Member& member = members_.at(request.member);
  member.session_end = now + rules_.session_timeout;
  member.client_id = request.client_id;
  if (request.full) {
    member.rebalance_timeout = request.rebalance_timeout;
    if (member.topics != request.topics) {
      member.topics = request.topics;
      if (epoch_ == epoch_before) ++epoch_;
    }
  }
  if (epoch_ == epoch_before && misses_some(topics)) ++epoch_;
  if (target_epoch_ < epoch_) update_target(topics);
  std::optional<Partitions> owned;
  if (request.owned_given) {
    owned = request.owned;
    std::sort(owned->begin(), owned->end());
  }
  const Partitions assigned_before = member.assigned;
  const bool moved = reconcile(member, owned, now);
  step.changed = moved || joins || epoch_ != epoch_before;
  step.answer.member_epoch = member.epoch;
  if (joins || request.full || member.assigned != assigned_before) {
    step.answer.assignment_given = true;
    step.answer.assignment = member.assigned;
  }
  return step;
}

void ConsumerGroup::remove(const std::string& id, sim::SimTime now) {
  const auto member = members_.find(id);
  SIM_CHECK(member != members_.end());
  if (!member->second.instance.empty()) instances_.erase(member->second.instance);
  members_.erase(member);
  ++epoch_;
  if (members_.empty()) empty_since_ = now;
}

void ConsumerGroup::update_target(const TopicDirectory& topics) {
  target_epoch_ = epoch_;
  if (members_.empty()) return;
  std::vector<Topic> known;
  std::map<wire::PartitionId, TopicPartition> names;
  for (const auto& [name, partitions] : topics) {
    known.push_back({name, static_cast<std::int32_t>(partitions.size())});
    for (std::size_t i = 0; i < partitions.size(); ++i)
      names[partitions[i]] = {name, static_cast<std::int32_t>(i)};
  }
  std::vector<MemberInput> inputs;
  for (const auto& [id, member] : members_) {
    MemberInput input{id, member.instance, member.topics, {}, member.epoch};
    for (const wire::PartitionId partition : member.target) input.owned.push_back(names.at(partition));
    inputs.push_back(std::move(input));
  }
  for (const auto& [id, partitions] : assign(rules_.assignor, known, inputs)) {
    Partitions target;
    for (const TopicPartition& partition : partitions)
      target.push_back(topics.at(partition.topic).at(static_cast<std::size_t>(partition.partition)));
    std::sort(target.begin(), target.end());
    members_.at(id).target = std::move(target);
  }
}

bool ConsumerGroup::misses_some(const TopicDirectory& topics) {
  std::size_t all = 0;
  for (const auto& [name, partitions] : topics) all += partitions.size();
  if (std::exchange(partitions_seen_, all) == all) return false;
  std::set<std::string> read;
  for (const auto& [id, member] : members_) read.insert(member.topics.begin(), member.topics.end());
  std::size_t there = 0;
  for (const std::string& name : read) {
    const auto topic = topics.find(name);
    if (topic != topics.end()) there += topic->second.size();
  }
  std::size_t given = 0;
  for (const auto& [id, member] : members_) given += member.target.size();
  return target_epoch_ > 0 && given < there;
}

bool ConsumerGroup::is_free(wire::PartitionId partition, const std::string& except) const {
  for (const auto& [id, member] : members_) {
    if (id == except) continue;
    if (contains(member.assigned, partition)) return false;
    if (!rules_.frees_before_revoked && contains(member.pending_revocation, partition)) return false;
  }
  return true;
}

/// One step of the member towards its target. True: something changed.
bool ConsumerGroup::reconcile(Member& member, const std::optional<Partitions>& owned, sim::SimTime now) {
  const std::int32_t epoch = member.epoch;
  const Partitions assigned = member.assigned;
  const Partitions pending = member.pending_revocation;
  const MemberState state = member.state;
  switch (member.state) {
    case MemberState::stable:
      if (member.epoch != target_epoch_) next_assignment(member, owned, now);
      break;
    case MemberState::unrevoked_partitions:
      // It moves on once it says that it owns none of them any more.
      if (owned && both(*owned, member.pending_revocation).empty()) {
        member.pending_revocation.clear();
        next_assignment(member, owned, now);
      }
      break;
    case MemberState::unreleased_partitions: next_assignment(member, owned, now); break;
  }
  return epoch != member.epoch || assigned != member.assigned || pending != member.pending_revocation ||
         state != member.state;
}

void ConsumerGroup::next_assignment(Member& member, const std::optional<Partitions>& owned,
                                    sim::SimTime now) {
  const Partitions kept = both(member.assigned, member.target);
  const Partitions revoked = minus(member.assigned, member.target);
  const bool still_owns = !owned || !both(*owned, revoked).empty();
  member.revoke_end = sim::SimTime::max();
  member.pending_revocation.clear();
  if (!revoked.empty() && still_owns) {
    member.assigned = kept;
    member.pending_revocation = revoked;
    member.state = MemberState::unrevoked_partitions;
    member.revoke_end = now + member.rebalance_timeout;
    return;
  }
  Partitions assigned = kept;
  bool unreleased = false;
  for (const wire::PartitionId partition : minus(member.target, kept)) {
    if (is_free(partition, member.id)) {
      assigned.push_back(partition);
    } else {
      unreleased = true;
    }
  }
  std::sort(assigned.begin(), assigned.end());
  member.assigned = std::move(assigned);
  if (member.epoch != target_epoch_) {
    member.previous_epoch = member.epoch;
    member.epoch = target_epoch_;
  }
  member.state = unreleased ? MemberState::unreleased_partitions : MemberState::stable;
}

ErrorCode ConsumerGroup::check_commit(const std::string& member, std::int32_t epoch) const {
  if (member.empty() && epoch < 0) return members_.empty() ? ErrorCode::none : ErrorCode::unknown_member_id;
  const auto known = members_.find(member);
  if (known == members_.end()) return ErrorCode::unknown_member_id;
  return epoch == known->second.epoch ? ErrorCode::none : ErrorCode::stale_member_epoch;
}

sim::SimTime ConsumerGroup::next_tick() const {
  sim::SimTime next = sim::SimTime::max();
  for (const auto& [id, member] : members_) next = std::min({next, member.session_end, member.revoke_end});
  return next;
}

bool ConsumerGroup::tick(const TopicDirectory& topics, sim::SimTime now) {
  std::vector<std::string> gone;
  for (const auto& [id, member] : members_) {
    if (member.session_end <= now || member.revoke_end <= now) gone.push_back(id);
  }
  for (const std::string& id : gone) remove(id, now);
  if (!gone.empty()) update_target(topics);
  return !gone.empty();
}

bool ConsumerGroup::shares_a_partition() const {
  std::set<wire::PartitionId> seen;
  for (const auto& [id, member] : members_) {
    for (const Partitions* list : {&member.assigned, &member.pending_revocation}) {
      for (const wire::PartitionId partition : *list) {
        if (!seen.insert(partition).second) return true;
      }
    }
  }
  return false;
}

}  // namespace brokersim::kafka::groups
