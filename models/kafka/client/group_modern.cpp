// A member by the protocol of KIP-848: heartbeats that say what it owns and hear what it should own.
#include <algorithm>
#include <cstdio>
#include <utility>

#include "models/kafka/client/group_member.h"

namespace brokersim::kafka::client {

using wire::ErrorCode;

/// In the application's thread: what it had before is lost, and it joins with epoch 0.
void GroupMember::begin_modern_join() {
  lose_all();
  if (member_id_.empty()) {
    char id[40];
    const std::uint64_t high = member_ids_.bits(2 * ids_);
    const std::uint64_t low = member_ids_.bits(2 * ids_ + 1);
    ++ids_;
    std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(high),
                  static_cast<unsigned long long>(low));
    member_id_ = id;
  }
  phase_ = Phase::joining;
  full_due_ = true;
  next_heartbeat_ = now();
}

void GroupMember::send_modern_heartbeat() {
  const bool due = next_heartbeat_ <= now() || owned_due_;
  if (heartbeat_in_flight_ || !due || !coordinator_ready()) return;
  heartbeat_in_flight_ = true;
  next_heartbeat_ = now() + component_.timer(heartbeat_interval_);
  auto made = request<wire::ConsumerGroupHeartbeatRequest>();
  made->client_id = params_.name;
  made->member_epoch = is_member() ? generation_ : 0;
  made->full = full_due_ || !is_member();
  made->rebalance_timeout = config().max_poll_interval;
  if (made->full) {
    made->topics = {params_.topic};
    made->server_assignor = config().group_remote_assignor;
  }
  made->owned_given = made->full || owned_due_;
  if (made->owned_given) made->owned = owned_;
  full_due_ = false;
  owned_due_ = false;
  send(++attempt_, std::move(made));
}

void GroupMember::on_modern_heartbeat(const wire::ConsumerGroupHeartbeatResponse& response) {
  switch (response.error) {
    case ErrorCode::none: break;
    case ErrorCode::fenced_member_epoch:
    case ErrorCode::unknown_member_id: return reset(false);
    case ErrorCode::unreleased_instance_id:
    case ErrorCode::fenced_instance_id:
    case ErrorCode::group_id_not_found:  // the group is of another kind
    case ErrorCode::group_max_size_reached: return fail(response.error);
    case ErrorCode::not_coordinator:
    case ErrorCode::coordinator_not_available: coordinator_unknown(); [[fallthrough]];
    default:
      full_due_ = true;
      next_heartbeat_ = now() + backoff(join_failures_++);
      return;
  }
  join_failures_ = 0;
  heard_ = now();
  generation_ = response.member_epoch;
  heartbeat_interval_ = response.heartbeat_interval;
  next_heartbeat_ = now() + component_.timer(heartbeat_interval_);
  if (phase_ == Phase::joining) phase_ = Phase::stable;
  if (!response.assignment_given) return;
  adoption_ = Adoption{generation_, response.assignment};
  std::sort(adoption_->partitions.begin(), adoption_->partitions.end());
}

bool GroupMember::may_adopt() {
  if (!modern_) return true;
  if (phase_ == Phase::preparing) return false;
  const bool gives_up = std::any_of(owned_.begin(), owned_.end(), [this](wire::PartitionId partition) {
    return !std::binary_search(adoption_->partitions.begin(), adoption_->partitions.end(), partition);
  });
  if (!gives_up || committed_for_adoption_ || !config().enable_auto_commit ||
      commit_.kind != CommitKind::none)
    return true;
  phase_ = Phase::preparing;
  begin_commit(CommitKind::before_rebalance, owner_.consumed(), config().request_timeout);
  return phase_ != Phase::preparing;
}

}  // namespace brokersim::kafka::client
