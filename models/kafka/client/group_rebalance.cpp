// How a member of the classic protocol gets its partitions: give up, join, assign (the leader), sync, adopt.
#include <algorithm>
#include <utility>

#include "models/kafka/client/group_assignment.h"
#include "models/kafka/client/group_member.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::ErrorCode;

namespace {

/// AbstractCoordinator.JOIN_GROUP_TIMEOUT_LAPSE: a join may be held for the rebalance timeout, and a little more.
constexpr sim::Duration kJoinLapse = {5'000'000'000};

groups::Assignor assignor_of(AssignmentStrategy strategy) {
  switch (strategy) {
    case AssignmentStrategy::range: return groups::Assignor::range;
    case AssignmentStrategy::round_robin: return groups::Assignor::round_robin;
    case AssignmentStrategy::sticky: return groups::Assignor::sticky;
    case AssignmentStrategy::cooperative_sticky: return groups::Assignor::cooperative_sticky;
  }
  return groups::Assignor::range;
}

std::vector<wire::PartitionId> difference(const std::vector<wire::PartitionId>& a,
                                          const std::vector<wire::PartitionId>& b) {
  std::vector<wire::PartitionId> result;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(result));
  return result;
}

}  // namespace

void GroupMember::change(history::OwnershipChange what, const std::vector<wire::PartitionId>& partitions) {
  ++ownership_;
  offsets_in_flight_ = false;
  history_.record(history::OwnershipChanged{now(), params_.client, group_, generation_, what, partitions});
}

void GroupMember::prepare_rejoin() {
  rejoin_needed_ = false;
  if (modern_) return begin_modern_join();
  phase_ = Phase::preparing;
  if (is_member() && config().enable_auto_commit && commit_.kind == CommitKind::none) {
    begin_commit(CommitKind::before_rebalance, owner_.consumed(), config().max_poll_interval);
    return;
  }
  give_up_and_join();
}

void GroupMember::give_up_and_join() {
  if (!is_member()) {
    lose_all();
  } else if (!cooperative_) {
    change(history::OwnershipChange::revoked, owned_);
    const std::vector<wire::PartitionId> all = std::exchange(owned_, {});
    without_offset_.clear();
    owner_.dropped(all);
  }
  phase_ = Phase::joining;
  join_in_flight_ = false;
  join_not_before_ = {};
}

void GroupMember::lose_all() {
  if (owned_.empty()) return;
  change(history::OwnershipChange::lost, owned_);
  const std::vector<wire::PartitionId> all = std::exchange(owned_, {});
  without_offset_.clear();
  owner_.dropped(all);
}

void GroupMember::fail(ErrorCode error) {
  lose_all();
  history_.record(
      history::ClientFailed{now(), params_.client, params_.group, static_cast<std::int16_t>(error)});
  stop();
}

/// Not a member any more, or not of this generation: what it owns is lost once the application polls.
void GroupMember::reset(bool forget_id) {
  generation_ = -1;
  if (forget_id) member_id_.clear();
  ++attempt_;
  heartbeat_in_flight_ = false;
  join_in_flight_ = false;
  adoption_.reset();
  rejoin_needed_ = true;
  if (phase_ == Phase::joining || phase_ == Phase::syncing) {
    lose_all();
    rejoin_needed_ = false;
    phase_ = Phase::joining;
    return;
  }
  if (phase_ == Phase::stable) phase_ = Phase::unjoined;
}

void GroupMember::send_join() {
  if (join_in_flight_ || join_not_before_ > now() || !coordinator_ready()) return;
  auto made = request<wire::JoinGroupRequest>();
  made->client_id = params_.name;
  made->session_timeout = config().session_timeout;
  made->rebalance_timeout = config().max_poll_interval;
  for (const AssignmentStrategy strategy : config().assignment_strategy) {
    wire::GroupProtocol protocol;
    protocol.name = groups::name(assignor_of(strategy));
    protocol.metadata.topics = {params_.topic};
    if (strategy == AssignmentStrategy::cooperative_sticky) {
      protocol.metadata.owned = owned_;
      protocol.metadata.generation = generation_;
    } else if (strategy == AssignmentStrategy::sticky) {
      protocol.metadata.owned = remembered_;
      protocol.metadata.generation = remembered_generation_;
    }
    made->protocols.push_back(std::move(protocol));
  }
  join_in_flight_ = true;
  send(++attempt_, std::move(made),
       std::max(config().request_timeout, config().max_poll_interval + kJoinLapse));
}

void GroupMember::on_joined(const wire::JoinGroupResponse& response) {
  join_in_flight_ = false;
  switch (response.error) {
    case ErrorCode::none: break;
    case ErrorCode::member_id_required: member_id_ = response.member; return;  // again at once
    case ErrorCode::unknown_member_id: return reset(true);
    case ErrorCode::illegal_generation: return reset(false);
    case ErrorCode::fenced_instance_id:
    case ErrorCode::inconsistent_group_protocol:
    case ErrorCode::invalid_session_timeout:
    case ErrorCode::group_max_size_reached: return fail(response.error);
    case ErrorCode::not_coordinator:
    case ErrorCode::coordinator_not_available: coordinator_unknown(); [[fallthrough]];
    default: join_not_before_ = now() + backoff(join_failures_++); return;
  }
  join_failures_ = 0;
  member_id_ = response.member;
  generation_ = response.generation;
  protocol_ = response.protocol;
  leads_ = response.leader == response.member;
  to_assign_.clear();
  if (leads_ && !response.skip_assignment) assign(response);
  phase_ = Phase::syncing;
  join_not_before_ = {};
  heard_ = now();
  next_heartbeat_ = now() + component_.timer(config().heartbeat_interval);
}

/// The leader runs the chosen assignor over all members.
void GroupMember::assign(const wire::JoinGroupResponse& response) {
  std::vector<wire::PartitionId> own = params_.partitions;
  if (topic_size_ > 0) own.resize(static_cast<std::size_t>(topic_size_));
  const KnownTopics topics(params_.topic, own, params_.topics);
  for (const AssignmentStrategy strategy : config().assignment_strategy) {
    const groups::Assignor assignor = assignor_of(strategy);
    if (protocol_ != groups::name(assignor)) continue;
    to_assign_ = assign_members(assignor, topics, response.members);
    return;
  }
  SIM_CHECK(false, "the coordinator chose an assignor that we did not offer");
}

/// The leader joins again when its metadata says that a topic has more partitions than it has assigned
/// (ConsumerCoordinator.rejoinNeededOrPending); with KIP-848 the coordinator sees it by itself.
void GroupMember::topic_has(std::int32_t partitions) {
  const bool grown = topic_size_ > 0 && partitions > topic_size_;
  topic_size_ = partitions;
  if (grown && leads_ && !modern_) rejoin_needed_ = true;
}

void GroupMember::send_sync() {
  if (join_in_flight_ || join_not_before_ > now() || !coordinator_ready()) return;
  auto made = request<wire::SyncGroupRequest>();
  made->generation = generation_;
  made->assignments = to_assign_;
  join_in_flight_ = true;
  send(attempt_, std::move(made),
       std::max(config().request_timeout, config().max_poll_interval + kJoinLapse));
}

void GroupMember::on_synced(const wire::SyncGroupResponse& response) {
  join_in_flight_ = false;
  switch (response.error) {
    case ErrorCode::none:
      phase_ = Phase::stable;
      adoption_ = Adoption{generation_, response.partitions};
      std::sort(adoption_->partitions.begin(), adoption_->partitions.end());
      return;
    case ErrorCode::rebalance_in_progress: phase_ = Phase::joining; return;
    case ErrorCode::unknown_member_id: return reset(true);
    case ErrorCode::illegal_generation: return reset(false);
    case ErrorCode::fenced_instance_id: return fail(response.error);
    case ErrorCode::not_coordinator:
    case ErrorCode::coordinator_not_available: coordinator_unknown(); [[fallthrough]];
    default: phase_ = Phase::joining; join_not_before_ = now() + backoff(join_failures_++);
  }
}

/// In the application's thread, once it polls.
void GroupMember::adopt() {
  const std::vector<wire::PartitionId> mine = std::exchange(adoption_, std::nullopt)->partitions;
  const std::vector<wire::PartitionId> gone = difference(owned_, mine);
  const std::vector<wire::PartitionId> added = difference(mine, owned_);
  if (!gone.empty()) {
    change(history::OwnershipChange::revoked, gone);
    rejoin_needed_ = !modern_;  // so that others may have them
    for (const wire::PartitionId partition : gone) std::erase(without_offset_, partition);
    owner_.dropped(gone);
  }
  owned_ = mine;
  owned_due_ = true;
  committed_for_adoption_ = false;
  remembered_ = mine;
  remembered_generation_ = generation_;
  change(history::OwnershipChange::assigned, added);
  without_offset_.insert(without_offset_.end(), added.begin(), added.end());
  offsets_not_before_ = {};
  if (config().enable_auto_commit)
    next_auto_commit_ = now() + component_.timer(config().auto_commit_interval);
  owner_.assigned(added);
}

}  // namespace brokersim::kafka::client
