#include "models/kafka/groups/share_group.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::groups {

using wire::ErrorCode;

namespace {

constexpr std::int32_t kLeaves = -1;

/// Who fetches from which partition while the assignment is being made.
class Sharing {
 public:
  Sharing(const std::vector<wire::PartitionId>& partitions, const std::vector<ShareMemberInput>& members)
      : partitions_(partitions), members_(members), has_(members.size()) {
    const auto n = static_cast<std::int64_t>(members.size());
    const auto p = static_cast<std::int64_t>(partitions.size());
    sharing_ = (n + p - 1) / p;
    const auto upto = [&](std::int64_t i) { return (sharing_ * p * i + n - 1) / n; };
    for (std::size_t m = 0; m < members.size(); ++m) {
      const auto i = static_cast<std::int64_t>(m);
      wanted_.push_back(upto(i + 1) - upto(i));
      for (const wire::PartitionId partition : members[m].now) {
        if (std::find(partitions.begin(), partitions.end(), partition) != partitions.end())
          has_[m].insert(partition);
      }
    }
  }

  std::map<std::string, std::vector<wire::PartitionId>> make() {
    for (const wire::PartitionId partition : partitions_) {
      drop_while_overshared(partition, /*overfilled_only=*/true);
      drop_while_overshared(partition, /*overfilled_only=*/false);
    }
    for (std::size_t m = 0; m < members_.size(); ++m) {
      while (size(m) > wanted_[m]) has_[m].erase(has_[m].begin());
    }
    for (const wire::PartitionId partition : partitions_) fill(partition);
    std::map<std::string, std::vector<wire::PartitionId>> result;
    for (std::size_t m = 0; m < members_.size(); ++m)
      result[members_[m].id] = {has_[m].begin(), has_[m].end()};
    return result;
  }

 private:
  [[nodiscard]] std::int64_t size(std::size_t m) const { return static_cast<std::int64_t>(has_[m].size()); }
  [[nodiscard]] std::int64_t sharers(wire::PartitionId partition) const {
    return std::count_if(has_.begin(), has_.end(), [&](const auto& has) { return has.contains(partition); });
  }
  void drop_while_overshared(wire::PartitionId partition, bool overfilled_only) {
    std::int64_t sharers_now = sharers(partition);
    for (std::size_t m = 0; m < members_.size() && sharers_now > sharing_; ++m) {
      if (!has_[m].contains(partition) || (overfilled_only && size(m) <= wanted_[m])) continue;
      has_[m].erase(partition);
      --sharers_now;
    }
  }
  /// Members in turn that have fewer than they should.
  void fill(wire::PartitionId partition) {
    for (std::int64_t sharers_now = sharers(partition); sharers_now < sharing_; ++sharers_now) {
      std::size_t chosen = members_.size();
      for (std::size_t i = 0; i < members_.size() && chosen == members_.size(); ++i) {
        const std::size_t m = (turn_ + i) % members_.size();
        if (!has_[m].contains(partition) && size(m) < wanted_[m]) chosen = m;
      }
      if (chosen == members_.size()) {
        if (!exchange(partition)) return;
        continue;
      }
      has_[chosen].insert(partition);
      turn_ = chosen + 1;
    }
  }
  /// All who have too few have the partition already: one of them takes another one from somebody who then takes this one.
  bool exchange(wire::PartitionId partition) {
    for (std::size_t few = 0; few < members_.size(); ++few) {
      if (size(few) >= wanted_[few]) continue;
      for (std::size_t other = 0; other < members_.size(); ++other) {
        if (has_[other].contains(partition)) continue;
        for (const wire::PartitionId given : has_[other]) {
          if (has_[few].contains(given)) continue;
          has_[few].insert(given);
          has_[other].erase(given);
          has_[other].insert(partition);
          return true;
        }
      }
    }
    return false;
  }

  const std::vector<wire::PartitionId>& partitions_;
  const std::vector<ShareMemberInput>& members_;
  std::vector<std::set<wire::PartitionId>> has_;
  std::vector<std::int64_t> wanted_;
  std::int64_t sharing_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace

std::map<std::string, std::vector<wire::PartitionId>> assign_shares(
    const std::vector<wire::PartitionId>& partitions, const std::vector<ShareMemberInput>& members) {
  if (partitions.empty() || members.empty()) return {};
  return Sharing(partitions, members).make();
}

ShareGroup::ShareGroup(const wire::GroupRecord& record, const ShareGroupRules& rules, sim::SimTime now)
    : id_(record.group), rules_(rules), epoch_(record.generation), empty_since_(record.at) {
  for (const wire::StoredMember& stored : record.members) {
    Member member;
    member.id = stored.id;
    member.client_id = stored.client_id;
    member.epoch = stored.epoch;
    if (!stored.protocols.empty()) member.topics = stored.protocols.front().metadata.topics;
    member.assigned = stored.assignment;
    member.session_end = now + rules_.session_timeout;
    members_.emplace(member.id, std::move(member));
  }
}

wire::GroupRecord ShareGroup::record(sim::SimTime now) const {
  wire::GroupRecord record;
  record.kind = wire::GroupRecord::Kind::group;
  record.group = id_;
  record.at = now;
  record.share_protocol = true;
  record.generation = epoch_;
  record.target_epoch = epoch_;
  for (const auto& [id, member] : members_) {
    wire::StoredMember stored;
    stored.id = id;
    stored.client_id = member.client_id;
    stored.protocols = {{"share", {member.topics, {}, -1}}};
    stored.assignment = member.assigned;
    stored.epoch = member.epoch;
    record.members.push_back(std::move(stored));
  }
  return record;
}

/// Members or subscriptions are others now: the next epoch, and who fetches where in it.
void ShareGroup::change(const TopicDirectory& topics, sim::SimTime now) {
  ++epoch_;
  if (members_.empty()) empty_since_ = now;
  std::map<std::string, std::vector<wire::PartitionId>> assigned;
  for (const auto& [topic, partitions] : topics) {
    std::vector<ShareMemberInput> inputs;
    for (const auto& [id, member] : members_) {
      if (std::find(member.topics.begin(), member.topics.end(), topic) != member.topics.end())
        inputs.push_back({id, member.assigned});
    }
    for (const auto& [id, parts] : assign_shares(partitions, inputs))
      assigned[id].insert(assigned[id].end(), parts.begin(), parts.end());
  }
  for (auto& [id, member] : members_) {
    std::vector<wire::PartitionId>& target = assigned[id];
    std::sort(target.begin(), target.end());
    member.assigned = std::move(target);
  }
}

ShareGroup::Step ShareGroup::heartbeat(const wire::ShareGroupHeartbeatRequest& request,
                                       const TopicDirectory& topics, sim::SimTime now) {
  Step step;
  step.answer.member = request.member;
  step.answer.heartbeat_interval = rules_.heartbeat_interval;
  const auto known = members_.find(request.member);
  if (request.member_epoch == kLeaves) {
    step.answer.member_epoch = kLeaves;
    if (known == members_.end()) {
      step.answer.error = ErrorCode::unknown_member_id;
      return step;
    }
    members_.erase(known);
    change(topics, now);
    step.changed = true;
    return step;
  }
  const bool joins = request.member_epoch == 0;
  if (known == members_.end()) {
    if (!joins) {
      step.answer.error = ErrorCode::unknown_member_id;
      return step;
    }
    if (static_cast<std::int32_t>(members_.size()) >= rules_.size_max) {
      step.answer.error = ErrorCode::group_max_size_reached;
      return step;
    }
  } else if (!joins && request.member_epoch > known->second.epoch) {
    step.answer.error = ErrorCode::fenced_member_epoch;  // ahead of what was ever given to it
    return step;
  }
  Member& member = known == members_.end() ? members_[request.member] : known->second;
  const bool is_new = known == members_.end();
  member.id = request.member;
  member.client_id = request.client_id;
  member.session_end = now + rules_.session_timeout;
  const bool other_topics = request.full && member.topics != request.topics;
  if (other_topics) member.topics = request.topics;
  if (is_new || other_topics) {
    change(topics, now);
    step.changed = true;
  }
  if (member.epoch != epoch_) {
    member.epoch = epoch_;
    step.changed = true;
  }
  step.answer.member_epoch = member.epoch;
  if (joins || request.full || request.member_epoch != member.epoch) {
    step.answer.assignment_given = true;
    step.answer.assignment = member.assigned;
  }
  return step;
}

bool ShareGroup::tick(const TopicDirectory& topics, sim::SimTime now) {
  const std::size_t before = members_.size();
  std::erase_if(members_, [&](const auto& entry) { return entry.second.session_end <= now; });
  if (members_.size() == before) return false;
  change(topics, now);
  return true;
}

sim::SimTime ShareGroup::next_tick() const {
  sim::SimTime next = sim::SimTime::max();
  for (const auto& [id, member] : members_) next = std::min(next, member.session_end);
  return next;
}

}  // namespace brokersim::kafka::groups
