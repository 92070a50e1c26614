#include "models/kafka/groups/classic_group.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::groups {

using wire::ErrorCode;

const char* name(ClassicState state) {
  switch (state) {
    case ClassicState::empty: return "Empty";
    case ClassicState::preparing_rebalance: return "PreparingRebalance";
    case ClassicState::completing_rebalance: return "CompletingRebalance";
    case ClassicState::stable: return "Stable";
    case ClassicState::dead: return "Dead";
  }
  return "Dead";
}

ClassicGroup::ClassicGroup(const wire::GroupRecord& record, const ClassicRules& rules, sim::SimTime now)
    : id_(record.group),
      rules_(rules),
      generation_(record.generation),
      protocol_(record.protocol),
      leader_(record.leader),
      empty_since_(record.at) {
  for (const wire::StoredMember& stored : record.members) {
    Member member{stored.id,
                  stored.instance,
                  stored.client_id,
                  stored.session_timeout,
                  stored.rebalance_timeout,
                  stored.protocols,
                  stored.assignment,
                  false,
                  {},
                  {},
                  {}};
    refresh(member, now);
    if (!member.instance.empty()) instances_[member.instance] = member.id;
    members_.emplace(member.id, std::move(member));
  }
  state_ = members_.empty() ? ClassicState::empty : ClassicState::stable;
}

wire::GroupRecord ClassicGroup::record(sim::SimTime now) const {
  wire::GroupRecord record;
  record.kind = wire::GroupRecord::Kind::group;
  record.group = id_;
  record.at = now;
  record.generation = generation_;
  record.protocol = protocol_;
  record.leader = leader_;
  for (const auto& [id, member] : members_) {
    wire::StoredMember stored;
    stored.id = member.id;
    stored.instance = member.instance;
    stored.client_id = member.client_id;
    stored.session_timeout = member.session_timeout;
    stored.rebalance_timeout = member.rebalance_timeout;
    for (const wire::GroupProtocol& protocol : member.protocols) {
      if (protocol.name == protocol_) stored.protocols.push_back(protocol);
    }
    stored.assignment = member.assignment;
    record.members.push_back(std::move(stored));
  }
  return record;
}

void ClassicGroup::enter(ClassicState state, sim::SimTime now) {
  if (state == ClassicState::empty && state_ != ClassicState::empty) empty_since_ = now;
  state_ = state;
}

// --- join ------------------------------------------------------------------------------------------------------------

void ClassicGroup::join(const wire::JoinGroupRequest& request, Waiting waiting, const std::string& new_id,
                        sim::SimTime now, ClassicOutputs& out) {
  const auto refuse = [&](ErrorCode error) {
    out.joins.push_back({waiting, error, -1, {}, {}, request.member, false, {}});
  };
  if (request.session_timeout < rules_.session_timeout_min ||
      request.session_timeout > rules_.session_timeout_max)
    return refuse(ErrorCode::invalid_session_timeout);
  if (state_ == ClassicState::dead) return refuse(ErrorCode::coordinator_not_available);
  if (!supports(request.protocols)) return refuse(ErrorCode::inconsistent_group_protocol);
  const bool counted = members_.contains(request.member) || instances_.contains(request.instance);
  if (!counted && static_cast<std::int64_t>(members_.size()) >= rules_.size_max)
    return refuse(ErrorCode::group_max_size_reached);
  if (request.member.empty()) {
    request.instance.empty() ? join_new(request, waiting, new_id, now, out)
                             : join_static(request, waiting, new_id, now, out);
    return;
  }
  if (pending_.erase(request.member) > 0) return add_member(request, waiting, request.member, now, out);
  const ErrorCode error = check_member(request.member, request.instance);
  if (error != ErrorCode::none) return refuse(error);
  join_known(members_.at(request.member), request, waiting, now, out);
}

/// KIP-394: the id is given first, so that a client that never hears it leaves no member behind.
void ClassicGroup::join_new(const wire::JoinGroupRequest& request, Waiting waiting, const std::string& new_id,
                            sim::SimTime now, ClassicOutputs& out) {
  pending_[new_id] = now + request.session_timeout;
  out.joins.push_back({waiting, ErrorCode::member_id_required, -1, {}, {}, new_id, false, {}});
}

void ClassicGroup::join_static(const wire::JoinGroupRequest& request, Waiting waiting,
                               const std::string& new_id, sim::SimTime now, ClassicOutputs& out) {
  const auto known = instances_.find(request.instance);
  if (known == instances_.end()) return add_member(request, waiting, new_id, now, out);
  // The one that was there under this instance is replaced, and fenced.
  Member member = std::move(members_.at(known->second));
  members_.erase(known->second);
  if (member.joining)
    out.joins.push_back({*member.joining, ErrorCode::fenced_instance_id, -1, {}, {}, member.id, false, {}});
  if (member.syncing) out.syncs.push_back({*member.syncing, ErrorCode::fenced_instance_id, {}});
  member.joining.reset();
  member.syncing.reset();
  if (sync_missing_.erase(member.id) > 0) sync_missing_[new_id] = true;
  const bool led = leader_ == member.id;
  if (led) leader_ = new_id;
  member.id = new_id;
  known->second = new_id;
  const auto topics_before = member.protocols;
  Member& slot = members_.emplace(new_id, std::move(member)).first->second;
  update(slot, request, waiting);
  refresh(slot, now);
  const auto same_topics = [&] {
    for (const wire::GroupProtocol& old : topics_before) {
      for (const wire::GroupProtocol& fresh : slot.protocols) {
        if (old.name == fresh.name) return old.metadata.topics == fresh.metadata.topics;
      }
    }
    return false;
  };
  switch (state_) {
    case ClassicState::stable:
      if (vote() == protocol_ && same_topics()) {
        slot.joining.reset();
        slot.is_new = false;
        out.write = record(now);
        JoinAnswer answer = joined(slot, waiting, led);
        answer.skip_assignment = led;
        out.joins.push_back(std::move(answer));
        return;
      }
      prepare_rebalance(now, out);
      return;
    case ClassicState::completing_rebalance: prepare_rebalance(now, out); return;
    case ClassicState::preparing_rebalance: complete_if_all_joined(now, out); return;
    default: SIM_CHECK(false, "a static member of a group without members");
  }
}

void ClassicGroup::join_known(Member& member, const wire::JoinGroupRequest& request, Waiting waiting,
                              sim::SimTime now, ClassicOutputs& out) {
  switch (state_) {
    case ClassicState::preparing_rebalance:
      update(member, request, waiting);
      complete_if_all_joined(now, out);
      return;
    case ClassicState::completing_rebalance:
      // The answer was lost; the same again.
      if (member.protocols == request.protocols) {
        out.joins.push_back(joined(member, waiting, member.id == leader_));
        return;
      }
      update(member, request, waiting);
      prepare_rebalance(now, out);
      return;
    case ClassicState::stable:
      if (member.id == leader_ || member.protocols != request.protocols) {
        update(member, request, waiting);
        prepare_rebalance(now, out);
        return;
      }
      out.joins.push_back(joined(member, waiting, false));
      return;
    default:
      out.joins.push_back({waiting, ErrorCode::unknown_member_id, -1, {}, {}, request.member, false, {}});
  }
}

void ClassicGroup::add_member(const wire::JoinGroupRequest& request, Waiting waiting, const std::string& id,
                              sim::SimTime now, ClassicOutputs& out) {
  Member& member = members_[id];
  member.id = id;
  member.instance = request.instance;
  member.client_id = request.client_id;
  member.is_new = true;
  member.session_end = now + rules_.new_member_join_timeout;
  update(member, request, waiting);
  if (!member.instance.empty()) instances_[member.instance] = id;
  if (leader_.empty()) leader_ = id;
  if (state_ == ClassicState::preparing_rebalance && initial_) joined_meanwhile_ = true;
  prepare_or_complete(now, out);
}

void ClassicGroup::update(Member& member, const wire::JoinGroupRequest& request, Waiting waiting) {
  member.protocols = request.protocols;
  member.session_timeout = request.session_timeout;
  member.rebalance_timeout = request.rebalance_timeout;
  member.joining = waiting;
}

JoinAnswer ClassicGroup::joined(const Member& member, Waiting waiting, bool with_members) const {
  JoinAnswer answer{waiting, ErrorCode::none, generation_, protocol_, leader_, member.id, false, {}};
  if (!with_members) return answer;
  for (const auto& [id, other] : members_) {
    for (const wire::GroupProtocol& protocol : other.protocols) {
      if (protocol.name == protocol_) answer.members.push_back({id, other.instance, protocol.metadata});
    }
  }
  return answer;
}

// --- rebalance ---------------------------------------------------------------------------------------------------------

void ClassicGroup::prepare_or_complete(sim::SimTime now, ClassicOutputs& out) {
  if (state_ == ClassicState::preparing_rebalance) {
    complete_if_all_joined(now, out);
  } else {
    prepare_rebalance(now, out);
  }
}

void ClassicGroup::prepare_rebalance(sim::SimTime now, ClassicOutputs& out) {
  if (state_ == ClassicState::completing_rebalance) fail_syncs(ErrorCode::rebalance_in_progress, out);
  sync_end_ = sim::SimTime::max();
  sync_missing_.clear();
  initial_ = state_ == ClassicState::empty;
  enter(ClassicState::preparing_rebalance, now);
  if (initial_) {
    // Others will come, too: better one rebalance for all of them.
    join_end_ = now + rules_.initial_rebalance_delay;
    initial_left_ = std::max(rebalance_timeout() - rules_.initial_rebalance_delay, sim::Duration{});
    joined_meanwhile_ = false;
    if (rules_.initial_rebalance_delay <= sim::Duration{}) on_initial_delay_over(now, out);
    return;
  }
  join_end_ = now + rebalance_timeout();
  complete_if_all_joined(now, out);
}

void ClassicGroup::on_initial_delay_over(sim::SimTime now, ClassicOutputs& out) {
  if (joined_meanwhile_ && initial_left_ > sim::Duration{}) {
    joined_meanwhile_ = false;
    const sim::Duration more = std::min(rules_.initial_rebalance_delay, initial_left_);
    initial_left_ = std::max(initial_left_ - rules_.initial_rebalance_delay, sim::Duration{});
    join_end_ = now + more;
    return;
  }
  complete_join(now, out);
}

bool ClassicGroup::all_joined() const {
  return pending_.empty() && std::all_of(members_.begin(), members_.end(),
                                         [](const auto& m) { return m.second.joining.has_value(); });
}

void ClassicGroup::complete_if_all_joined(sim::SimTime now, ClassicOutputs& out) {
  if (state_ != ClassicState::preparing_rebalance || initial_ || !all_joined()) return;
  complete_join(now, out);
}

void ClassicGroup::complete_join(sim::SimTime now, ClassicOutputs& out) {
  initial_ = false;
  std::vector<std::string> late;
  bool anybody = false;
  for (const auto& [id, member] : members_) {
    anybody = anybody || member.joining.has_value();
    if (!member.joining && member.instance.empty()) late.push_back(id);
  }
  for (const std::string& id : late) {
    members_.erase(id);
    if (leader_ == id) leader_.clear();
  }
  if (!members_.empty() && !anybody) {
    join_end_ = now + rebalance_timeout();  // only static members, none of which is back: wait on
    return;
  }
  if (!leader_.empty() && !members_.at(leader_).joining) leader_.clear();
  if (leader_.empty()) {
    for (const auto& [id, member] : members_) {
      if (leader_.empty() && member.joining) leader_ = id;
    }
  }
  join_end_ = sim::SimTime::max();
  ++generation_;
  if (members_.empty()) {
    protocol_.clear();
    leader_.clear();
    enter(ClassicState::empty, now);
    out.write = record(now);
    return;
  }
  protocol_ = vote();
  enter(ClassicState::completing_rebalance, now);
  sync_end_ = now + rebalance_timeout();
  sync_missing_.clear();
  for (auto& [id, member] : members_) {
    sync_missing_[id] = true;
    if (!member.joining) continue;
    out.joins.push_back(joined(member, *member.joining, id == leader_));
    member.joining.reset();
    member.is_new = false;
    refresh(member, now);
  }
}

sim::Duration ClassicGroup::rebalance_timeout() const {
  sim::Duration longest;
  for (const auto& [id, member] : members_) longest = std::max(longest, member.rebalance_timeout);
  return longest;
}

/// Every member votes for the first of its protocols that all support.
std::string ClassicGroup::vote() const {
  std::map<std::string, int> votes;
  for (const auto& [id, member] : members_) {
    for (const wire::GroupProtocol& protocol : member.protocols) {
      const bool common = std::all_of(members_.begin(), members_.end(), [&](const auto& other) {
        return std::any_of(other.second.protocols.begin(), other.second.protocols.end(),
                           [&](const auto& p) { return p.name == protocol.name; });
      });
      if (!common) continue;
      ++votes[protocol.name];
      break;
    }
  }
  std::string best;
  for (const auto& [candidate, count] : votes) {
    if (best.empty() || count > votes[best]) best = candidate;
  }
  SIM_CHECK(!best.empty(), "members without a common protocol");
  return best;
}

bool ClassicGroup::supports(const std::vector<wire::GroupProtocol>& protocols) const {
  if (protocols.empty()) return false;
  if (members_.empty()) return true;
  return std::any_of(protocols.begin(), protocols.end(), [this](const wire::GroupProtocol& mine) {
    return std::all_of(members_.begin(), members_.end(), [&](const auto& other) {
      return std::any_of(other.second.protocols.begin(), other.second.protocols.end(),
                         [&](const auto& p) { return p.name == mine.name; });
    });
  });
}

// --- sync --------------------------------------------------------------------------------------------------------------

void ClassicGroup::sync(const wire::SyncGroupRequest& request, Waiting waiting, sim::SimTime now,
                        ClassicOutputs& out) {
  const auto refuse = [&](ErrorCode error) { out.syncs.push_back({waiting, error, {}}); };
  if (state_ == ClassicState::dead) return refuse(ErrorCode::coordinator_not_available);
  const ErrorCode error = check_member(request.member, request.instance);
  if (error != ErrorCode::none) return refuse(error);
  if (request.generation != generation_) return refuse(ErrorCode::illegal_generation);
  Member& member = members_.at(request.member);
  switch (state_) {
    case ClassicState::empty: return refuse(ErrorCode::unknown_member_id);
    case ClassicState::preparing_rebalance: return refuse(ErrorCode::rebalance_in_progress);
    case ClassicState::stable:
      refresh(member, now);
      out.syncs.push_back({waiting, ErrorCode::none, member.assignment});
      return;
    default: break;
  }
  member.syncing = waiting;
  refresh(member, now);
  sync_missing_.erase(member.id);
  if (sync_missing_.empty()) sync_end_ = sim::SimTime::max();
  if (member.id != leader_) return;
  wire::GroupRecord write = record(now);
  for (wire::StoredMember& stored : write.members) {
    stored.assignment.clear();
    for (const wire::MemberPartitions& given : request.assignments) {
      if (given.member == stored.id) stored.assignment = given.partitions;
    }
    members_.at(stored.id).assignment = stored.assignment;
  }
  out.write = std::move(write);
}

void ClassicGroup::written(std::int32_t generation, ErrorCode error, sim::SimTime now, ClassicOutputs& out) {
  if (state_ != ClassicState::completing_rebalance || generation != generation_) return;
  if (error != ErrorCode::none) {
    fail_syncs(error, out);
    prepare_rebalance(now, out);
    return;
  }
  enter(ClassicState::stable, now);
  for (auto& [id, member] : members_) {
    if (!member.syncing) continue;
    out.syncs.push_back({*member.syncing, ErrorCode::none, member.assignment});
    member.syncing.reset();
    refresh(member, now);
  }
}

void ClassicGroup::fail_syncs(ErrorCode error, ClassicOutputs& out) {
  for (auto& [id, member] : members_) {
    member.assignment.clear();
    if (!member.syncing) continue;
    out.syncs.push_back({*member.syncing, error, {}});
    member.syncing.reset();
  }
}

// --- heartbeats, leaving, commits ----------------------------------------------------------------------------------------

ErrorCode ClassicGroup::check_member(const std::string& member, const std::string& instance) const {
  if (!instance.empty()) {
    const auto known = instances_.find(instance);
    if (known == instances_.end()) return ErrorCode::unknown_member_id;
    if (known->second != member) return ErrorCode::fenced_instance_id;
  }
  return members_.contains(member) ? ErrorCode::none : ErrorCode::unknown_member_id;
}

ErrorCode ClassicGroup::heartbeat(const std::string& id, const std::string& instance, std::int32_t generation,
                                  sim::SimTime now) {
  if (state_ == ClassicState::dead) return ErrorCode::coordinator_not_available;
  const ErrorCode error = check_member(id, instance);
  if (error != ErrorCode::none) return error;
  if (generation != generation_) return ErrorCode::illegal_generation;
  if (state_ == ClassicState::empty) return ErrorCode::unknown_member_id;
  Member& member = members_.at(id);
  refresh(member, now);
  return state_ == ClassicState::preparing_rebalance ? ErrorCode::rebalance_in_progress : ErrorCode::none;
}

ErrorCode ClassicGroup::leave(const std::string& id, const std::string& instance, sim::SimTime now,
                              ClassicOutputs& out) {
  if (state_ == ClassicState::dead) return ErrorCode::coordinator_not_available;
  if (pending_.erase(id) > 0) {
    if (state_ == ClassicState::preparing_rebalance) complete_if_all_joined(now, out);
    return ErrorCode::none;
  }
  const ErrorCode error = check_member(id, instance);
  if (error != ErrorCode::none) return error;
  remove_member(id, ErrorCode::unknown_member_id, now, out);
  return ErrorCode::none;
}

void ClassicGroup::remove_member(const std::string& id, ErrorCode waiting_gets, sim::SimTime now,
                                 ClassicOutputs& out) {
  const Member& member = members_.at(id);
  if (member.joining) out.joins.push_back({*member.joining, waiting_gets, -1, {}, {}, id, false, {}});
  if (member.syncing) out.syncs.push_back({*member.syncing, waiting_gets, {}});
  if (!member.instance.empty()) instances_.erase(member.instance);
  members_.erase(id);
  sync_missing_.erase(id);
  if (leader_ == id) leader_ = members_.empty() ? "" : members_.begin()->first;
  if (state_ == ClassicState::stable || state_ == ClassicState::completing_rebalance) {
    prepare_rebalance(now, out);
  } else if (state_ == ClassicState::preparing_rebalance) {
    complete_if_all_joined(now, out);
  }
}

ErrorCode ClassicGroup::check_commit(const std::string& id, const std::string& instance,
                                     std::int32_t generation, sim::SimTime now) {
  if (state_ == ClassicState::dead) return ErrorCode::coordinator_not_available;
  if (generation < 0 && state_ == ClassicState::empty) return ErrorCode::none;
  if (generation < 0 && id.empty() && instance.empty()) return ErrorCode::unknown_member_id;
  const ErrorCode error = check_member(id, instance);
  if (error != ErrorCode::none) return error;
  if (generation != generation_) return ErrorCode::illegal_generation;
  if (state_ == ClassicState::completing_rebalance) return ErrorCode::rebalance_in_progress;
  refresh(members_.at(id), now);
  return ErrorCode::none;
}

// --- time ----------------------------------------------------------------------------------------------------------------

sim::SimTime ClassicGroup::next_tick() const {
  if (state_ == ClassicState::dead) return sim::SimTime::max();
  sim::SimTime next = std::min(join_end_, sync_end_);
  for (const auto& [id, end] : pending_) next = std::min(next, end);
  for (const auto& [id, member] : members_) next = std::min(next, member.session_end);
  return next;
}

void ClassicGroup::tick(sim::SimTime now, ClassicOutputs& out) {
  if (state_ == ClassicState::dead) return;
  const std::size_t pending_before = pending_.size();
  std::erase_if(pending_, [&](const auto& entry) { return entry.second <= now; });
  if (pending_.size() != pending_before && state_ == ClassicState::preparing_rebalance)
    complete_if_all_joined(now, out);
  std::vector<std::string> silent;
  for (auto& [id, member] : members_) {
    if (member.session_end > now) continue;
    // Who waits for an answer cannot be asked to speak; only a first join may not wait for ever.
    if (!member.is_new && (member.joining || member.syncing)) {
      member.session_end = sim::SimTime::max();
    } else {
      silent.push_back(id);
    }
  }
  for (const std::string& id : silent) {
    const auto member = members_.find(id);  // the one before may have ended the join phase
    if (member != members_.end() && member->second.session_end <= now)
      remove_member(id, ErrorCode::unknown_member_id, now, out);
  }
  // Also of a group that its leader's SyncGroup has made stable already (GroupMetadataManager.expirePendingSync).
  if (sync_end_ <= now &&
      (state_ == ClassicState::completing_rebalance || state_ == ClassicState::stable)) {
    sync_end_ = sim::SimTime::max();
    const auto missing = std::exchange(sync_missing_, {});
    for (const auto& [id, flag] : missing) {
      const auto member = members_.find(id);
      if (member == members_.end()) continue;
      if (!member->second.instance.empty()) instances_.erase(member->second.instance);
      members_.erase(member);
      if (leader_ == id) leader_ = members_.empty() ? "" : members_.begin()->first;
    }
    prepare_rebalance(now, out);
  }
  if (join_end_ <= now && state_ == ClassicState::preparing_rebalance)
    initial_ ? on_initial_delay_over(now, out) : complete_join(now, out);
}

void ClassicGroup::unload(ErrorCode error, ClassicOutputs& out) {
  for (auto& [id, member] : members_) {
    if (member.joining) out.joins.push_back({*member.joining, error, -1, {}, {}, id, false, {}});
    if (member.syncing) out.syncs.push_back({*member.syncing, error, {}});
    member.joining.reset();
    member.syncing.reset();
  }
  state_ = ClassicState::dead;
}

}  // namespace brokersim::kafka::groups
