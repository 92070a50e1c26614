// Share groups at their coordinator (KIP-932): heartbeats, and members whose session is over.
#include <utility>

#include "models/kafka/broker/group_coordinator.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;

void GroupCoordinator::share_heartbeat(RequestId id, const wire::ShareGroupHeartbeatRequest& request) {
  using Response = wire::ShareGroupHeartbeatResponse;
  std::size_t shard = 0;
  const ErrorCode error = shard_of(request.group, shard);
  if (error != ErrorCode::none) return refuse<Response>(id, error);
  const Group* known = find(shard, request.group);
  if (known == nullptr && request.member_epoch != 0)
    return refuse<Response>(id, ErrorCode::unknown_member_id);
  // A group keeps its kind as long as it is known (GroupMetadataManager.getOrMaybeCreateShareGroup).
  if (known != nullptr && known->share == nullptr) return refuse<Response>(id, ErrorCode::group_id_not_found);
  const std::size_t index =
      known == nullptr ? add_group(shard, request.group) : shards_[shard].groups.at(request.group);
  if (known == nullptr)
    groups_[index].share = std::make_unique<groups::ShareGroup>(request.group, share_rules_);
  groups::ShareGroup before = *groups_[index].share;
  groups::ShareGroup::Step step = groups_[index].share->heartbeat(request, cluster_.topics, owner_.now());
  auto answer = std::make_unique<Response>(std::move(step.answer));
  if (!step.changed) {
    server_.respond(id, std::move(answer));
  } else {
    Write write;
    write.request = id;
    write.answers = true;
    write.group = index;
    write.generation = groups_[index].share->epoch();
    write.share_beat = std::move(answer);
    std::vector<wire::GroupRecord> records;
    records.push_back(groups_[index].share->record(owner_.now()));
    const ErrorCode failed = append(shard, std::move(records), write);
    if (failed != ErrorCode::none) {
      *groups_[index].share = std::move(before);
      refuse<Response>(id, failed);
    }
  }
  arm(index);
}

/// As with tick_modern: what cannot be written is tried again a second later.
void GroupCoordinator::tick_share(std::size_t index) {
  Group& group = groups_[index];
  groups::ShareGroup before = *group.share;
  if (!group.share->tick(cluster_.topics, owner_.now())) return;
  Write write;
  write.group = index;
  write.generation = group.share->epoch();
  std::vector<wire::GroupRecord> records;
  records.push_back(group.share->record(owner_.now()));
  if (append(group.shard, std::move(records), write) == ErrorCode::none) return;
  *group.share = std::move(before);
  group.timer_at = owner_.now() + sim::Duration{1'000'000'000};
  group.timer =
      owner_.at(group.timer_at, "broker.group_timer", sim::bind<&GroupCoordinator::on_timer>(this, index));
}

}  // namespace brokersim::kafka::broker
