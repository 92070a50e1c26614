// Requests of groups: find the group, ask it, answer.
#include "models/kafka/broker/group_coordinator.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "models/kafka/java_hash.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

using wire::ErrorCode;

namespace {

groups::Waiting waiting_of(RequestId id) { return std::uint64_t{id.slot} << 32 | id.generation; }
RequestId request_of(groups::Waiting waiting) {
  return {static_cast<std::uint32_t>(waiting >> 32), static_cast<std::uint32_t>(waiting)};
}

}  // namespace

GroupCoordinator::GroupCoordinator(sim::Component& owner, const BrokerParams& params,
                                   ReplicaManager& replicas, RequestServer& server,
                                   const wire::ClusterImage& image, std::uint64_t life)
    : ShardedCoordinator(owner, params.cluster->offsets_topic.size(),
                         {"broker.group_committed", "broker.group_write_timeout"}),
      params_(params),
      cluster_(*params.cluster),
      replicas_(replicas),
      server_(server),
      image_(image),
      member_ids_(owner.stream("member_id").child(life)) {
  const BrokerConfig& config = cluster_.config;
  rules_.initial_rebalance_delay = config.group_initial_rebalance_delay;
  rules_.session_timeout_min = config.group_min_session_timeout;
  rules_.session_timeout_max = config.group_max_session_timeout;
  rules_.size_max = config.group_max_size;
  modern_rules_.session_timeout = config.group_consumer_session_timeout;
  modern_rules_.heartbeat_interval = config.group_consumer_heartbeat_interval;
  modern_rules_.frees_before_revoked = config.planted.group_frees_before_revoked;
  share_rules_.session_timeout = config.group_share_session_timeout;
  share_rules_.heartbeat_interval = config.group_share_heartbeat_interval;
  share_rules_.size_max = config.group_share_max_size;
}

void GroupCoordinator::handle(RequestId id, wire::Message& request) {
  using wire::Api;
  switch (request.api) {
    case Api::find_coordinator:
      return find_coordinator(id, static_cast<const wire::FindCoordinatorRequest&>(request));
    case Api::join_group: return join(id, static_cast<const wire::JoinGroupRequest&>(request));
    case Api::sync_group: return sync(id, static_cast<const wire::SyncGroupRequest&>(request));
    case Api::heartbeat: return heartbeat(id, static_cast<const wire::GroupHeartbeatRequest&>(request));
    case Api::leave_group: return leave(id, static_cast<const wire::LeaveGroupRequest&>(request));
    case Api::offset_commit: return commit(id, static_cast<const wire::OffsetCommitRequest&>(request));
    case Api::consumer_group_heartbeat:
      return consumer_heartbeat(id, static_cast<const wire::ConsumerGroupHeartbeatRequest&>(request));
    case Api::share_group_heartbeat:
      return share_heartbeat(id, static_cast<const wire::ShareGroupHeartbeatRequest&>(request));
    case Api::txn_offset_commit:
      owner_.spawn(commit_in_transaction(id, static_cast<wire::TxnOffsetCommitRequest*>(&request)));
      return;
    case Api::offset_fetch: return fetch_offsets(id, static_cast<const wire::OffsetFetchRequest&>(request));
    default: SIM_CHECK(false, "not a request of groups");
  }
}

// --- where a group lives ----------------------------------------------------------------------------------------------

wire::PartitionId GroupCoordinator::home_of(const std::string& group) const {
  const auto count = static_cast<std::int32_t>(cluster_.offsets_topic.size());
  if (count == 0) return {};
  return cluster_.offsets_topic[static_cast<std::size_t>(partition_for_group(group, count))];
}

ErrorCode GroupCoordinator::shard_of(const std::string& group, std::size_t& shard) const {
  if (shards_.empty()) return ErrorCode::coordinator_not_available;
  shard = static_cast<std::size_t>(partition_for_group(group, static_cast<std::int32_t>(shards_.size())));
  return state_of(shard);
}

void GroupCoordinator::find_coordinator(RequestId id, const wire::FindCoordinatorRequest& request) {
  auto response = std::make_unique<wire::FindCoordinatorResponse>();
  const wire::PartitionState* state = image_.partition(home_of(request.group));
  const wire::BrokerState* leader =
      state == nullptr || state->leader < 0 ? nullptr : image_.broker(state->leader);
  if (leader == nullptr || leader->fenced) {
    response->error = ErrorCode::coordinator_not_available;
  } else {
    response->coordinator = {state->leader, cluster_.broker_hosts[static_cast<std::size_t>(state->leader)]};
  }
  server_.respond(id, std::move(response));
}

GroupCoordinator::Group* GroupCoordinator::find(std::size_t shard, const std::string& group) {
  const auto known = shards_[shard].groups.find(group);
  return known == shards_[shard].groups.end() ? nullptr : &groups_[known->second];
}

std::size_t GroupCoordinator::add_group(std::size_t shard, const std::string& name) {
  std::size_t index = groups_.size();
  if (free_groups_.empty()) {
    groups_.emplace_back();
  } else {
    index = free_groups_.back();
    free_groups_.pop_back();
  }
  groups_[index].name = name;
  groups_[index].shard = shard;
  shards_[shard].groups[name] = index;
  return index;
}

/// The client's id, a dash and a random UUID.
std::string GroupCoordinator::new_member_id(const std::string& client) {
  const std::uint64_t high = member_ids_.bits(2 * next_member_id_);
  const std::uint64_t low = member_ids_.bits(2 * next_member_id_ + 1);
  ++next_member_id_;
  char text[40];
  std::snprintf(text, sizeof text, "-%08x-%04x-4%03x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xFFFF), static_cast<unsigned>(high & 0xFFF),
                static_cast<unsigned>(0x8000 | (low >> 48 & 0x3FFF)),
                static_cast<unsigned long long>(low & 0xFFFFFFFFFFFFull));
  return client + text;
}

// --- requests -----------------------------------------------------------------------------------------------------------

void GroupCoordinator::join(RequestId id, const wire::JoinGroupRequest& request) {
  std::size_t shard = 0;
  const ErrorCode error = shard_of(request.group, shard);
  if (error != ErrorCode::none) return refuse<wire::JoinGroupResponse>(id, error);
  const Group* known = find(shard, request.group);
  if (known == nullptr && !request.member.empty())
    return refuse<wire::JoinGroupResponse>(id, ErrorCode::unknown_member_id);
  const std::size_t index =
      known == nullptr ? add_group(shard, request.group) : shards_[shard].groups.at(request.group);
  Group& group = groups_[index];
  if (group.modern != nullptr && !group.modern->members().empty())
    return refuse<wire::JoinGroupResponse>(id, ErrorCode::inconsistent_group_protocol);
  if (group.share != nullptr) return refuse<wire::JoinGroupResponse>(id, ErrorCode::inconsistent_group_protocol);
  group.modern.reset();
  if (group.classic == nullptr) group.classic = std::make_unique<groups::ClassicGroup>(request.group, rules_);
  groups::ClassicOutputs outputs;
  group.classic->join(request, waiting_of(id), new_member_id(request.client_id), owner_.now(), outputs);
  deliver(index, std::move(outputs));
}

void GroupCoordinator::sync(RequestId id, const wire::SyncGroupRequest& request) {
  std::size_t shard = 0;
  const ErrorCode error = shard_of(request.group, shard);
  if (error != ErrorCode::none) return refuse<wire::SyncGroupResponse>(id, error);
  const Group* group = find(shard, request.group);
  if (group == nullptr || group->classic == nullptr)
    return refuse<wire::SyncGroupResponse>(id, ErrorCode::unknown_member_id);
  groups::ClassicOutputs outputs;
  group->classic->sync(request, waiting_of(id), owner_.now(), outputs);
  deliver(shards_[shard].groups.at(request.group), std::move(outputs));
}

void GroupCoordinator::heartbeat(RequestId id, const wire::GroupHeartbeatRequest& request) {
  auto response = std::make_unique<wire::GroupHeartbeatResponse>();
  std::size_t shard = 0;
  response->error = shard_of(request.group, shard);
  if (response->error == ErrorCode::none) {
    const Group* group = find(shard, request.group);
    response->error =
        group == nullptr || group->classic == nullptr
            ? ErrorCode::unknown_member_id
            : group->classic->heartbeat(request.member, request.instance, request.generation, owner_.now());
  }
  server_.respond(id, std::move(response));
}

void GroupCoordinator::leave(RequestId id, const wire::LeaveGroupRequest& request) {
  std::size_t shard = 0;
  ErrorCode error = shard_of(request.group, shard);
  Group* group = error == ErrorCode::none ? find(shard, request.group) : nullptr;
  groups::ClassicOutputs outputs;
  if (error == ErrorCode::none) {
    error = group == nullptr || group->classic == nullptr
                ? ErrorCode::unknown_member_id
                : group->classic->leave(request.member, request.instance, owner_.now(), outputs);
  }
  refuse<wire::LeaveGroupResponse>(id, error);
  if (group != nullptr) deliver(shards_[shard].groups.at(request.group), std::move(outputs));
}

void GroupCoordinator::consumer_heartbeat(RequestId id, const wire::ConsumerGroupHeartbeatRequest& request) {
  using Response = wire::ConsumerGroupHeartbeatResponse;
  std::size_t shard = 0;
  const ErrorCode error = shard_of(request.group, shard);
  if (error != ErrorCode::none) return refuse<Response>(id, error);
  const Group* known = find(shard, request.group);
  if (known == nullptr && request.member_epoch != 0)
    return refuse<Response>(id, ErrorCode::unknown_member_id);
  const std::size_t index =
      known == nullptr ? add_group(shard, request.group) : shards_[shard].groups.at(request.group);
  Group& group = groups_[index];
  if (group.modern == nullptr) {
    const bool in_use = group.classic != nullptr && group.classic->state() != groups::ClassicState::empty;
    if (in_use || group.share != nullptr) return refuse<Response>(id, ErrorCode::group_id_not_found);
    group.classic.reset();
    group.modern = std::make_unique<groups::ConsumerGroup>(request.group, modern_rules_);
  }
  groups::ConsumerGroup before = *group.modern;
  groups::ConsumerGroup::Step step = group.modern->heartbeat(request, topics(), owner_.now());
  auto answer = std::make_unique<Response>(std::move(step.answer));
  if (!step.changed) {
    server_.respond(id, std::move(answer));
  } else {
    Write write;
    write.request = id;
    write.answers = true;
    write.group = index;
    write.generation = group.modern->target_epoch();
    write.beat = std::move(answer);
    std::vector<wire::GroupRecord> records;
    records.push_back(group.modern->record(owner_.now()));
    const ErrorCode failed = append(shard, std::move(records), write);
    if (failed != ErrorCode::none) {
      *groups_[index].modern = std::move(before);
      refuse<Response>(id, failed);
    } else {
      note_removed(groups_[index], before);
    }
  }
  arm(index);
}

/// Whether who commits is a member of the group as it is.
ErrorCode GroupCoordinator::check_member(std::size_t shard, const wire::GroupRequest& request,
                                         std::int32_t generation) {
  const Group* group = find(shard, request.group);
  if (group != nullptr && group->modern != nullptr)
    return group->modern->check_commit(request.member, generation);
  if (group != nullptr && group->classic != nullptr)
    return group->classic->check_commit(request.member, request.instance, generation, owner_.now());
  // The group is not known: whoever says it is a member has to join anew.
  return generation >= 0 ? ErrorCode::illegal_generation : ErrorCode::none;
}

void GroupCoordinator::commit(RequestId id, const wire::OffsetCommitRequest& request) {
  std::size_t shard = 0;
  ErrorCode error = shard_of(request.group, shard);
  if (error == ErrorCode::none) error = check_member(shard, request, request.generation);
  if (error == ErrorCode::none) {
    std::vector<wire::GroupRecord> records;
    for (const wire::PartitionOffset& offset : request.offsets) {
      wire::GroupRecord record;
      record.group = request.group;
      record.committed = offset;
      record.at = owner_.now();
      records.push_back(std::move(record));
    }
    if (!records.empty()) {
      Write write;
      write.request = id;
      write.answers = true;
      write.generation = request.generation;
      write.given_up = request.given_up;
      error = append(shard, std::move(records), write);
      if (error == ErrorCode::none) return;  // answered when it is committed
    }
  }
  refuse<wire::OffsetCommitResponse>(id, error);
}

void GroupCoordinator::fetch_offsets(RequestId id, const wire::OffsetFetchRequest& request) {
  auto response = std::make_unique<wire::OffsetFetchResponse>();
  std::size_t shard = 0;
  response->error = shard_of(request.group, shard);
  if (response->error == ErrorCode::none && request.generation >= 0) {
    const Group* group = find(shard, request.group);
    if (group != nullptr && group->modern != nullptr)
      response->error = group->modern->check_commit(request.member, request.generation);
  }
  if (response->error == ErrorCode::none) {
    for (const wire::PartitionId partition : request.partitions) {
      if (request.require_stable && shards_[shard].offsets.is_pending(request.group, partition))
        response->error = ErrorCode::unstable_offset_commit;  // KIP-447: ask again
      const auto found = shards_[shard].offsets.find(request.group, partition);
      response->offsets.push_back({partition, found ? found->offset : -1, found ? found->leader_epoch : -1});
    }
  }
  server_.respond(id, std::move(response));
}

// --- what a step leads to -------------------------------------------------------------------------------------------------

void GroupCoordinator::deliver(std::size_t index, groups::ClassicOutputs outputs) {
  for (groups::JoinAnswer& answer : outputs.joins) {
    auto response = std::make_unique<wire::JoinGroupResponse>();
    response->error = answer.error;
    response->generation = answer.generation;
    response->protocol = std::move(answer.protocol);
    response->leader = std::move(answer.leader);
    response->member = std::move(answer.member);
    response->skip_assignment = answer.skip_assignment;
    response->members = std::move(answer.members);
    server_.respond(request_of(answer.to), std::move(response));
  }
  for (groups::SyncAnswer& answer : outputs.syncs) {
    auto response = std::make_unique<wire::SyncGroupResponse>();
    response->error = answer.error;
    response->partitions = std::move(answer.partitions);
    server_.respond(request_of(answer.to), std::move(response));
  }
  if (outputs.write) {
    const std::int32_t generation = outputs.write->generation;
    Write write;
    write.group = index;
    write.generation = generation;
    std::vector<wire::GroupRecord> records;
    records.push_back(std::move(*outputs.write));
    const ErrorCode error = append(groups_[index].shard, std::move(records), write);
    if (error != ErrorCode::none) {
      groups::ClassicOutputs more;
      groups_[index].classic->written(generation, error, owner_.now(), more);
      return deliver(index, std::move(more));
    }
  }
  arm(index);
}

sim::SimTime GroupCoordinator::next_tick(const Group& group) {
  if (group.modern != nullptr) return group.modern->next_tick();
  if (group.share != nullptr) return group.share->next_tick();
  return group.classic != nullptr ? group.classic->next_tick() : sim::SimTime::max();
}

void GroupCoordinator::note_removed(const Group& group, const groups::ConsumerGroup& before) {
  for (const auto& [id, member] : before.members()) {
    if (group.modern->members().contains(id)) continue;
    for (std::size_t i = 0; i < params_.history->clients().size(); ++i) {
      if (params_.history->clients()[i].name != member.client_id) continue;
      params_.history->record(history::MemberRemoved{
          owner_.now(), params_.history->group(group.name), {static_cast<std::int32_t>(i)}});
    }
  }
}

const groups::TopicDirectory& GroupCoordinator::topics() {
  const auto exists = [&](wire::PartitionId id) { return image_.partition(id) != nullptr; };
  const bool grows = std::any_of(cluster_.topics.begin(), cluster_.topics.end(), [&](const auto& topic) {
    return exists(topic.second.front()) && !exists(topic.second.back());
  });
  if (!grows) return cluster_.topics;
  existing_ = cluster_.topics;
  for (auto& [name, partitions] : existing_) {
    while (partitions.size() > 1 && exists(partitions.front()) && !exists(partitions.back()))
      partitions.pop_back();
  }
  return existing_;
}

/// Members whose time is over leave; if that cannot be written, it is tried again a second later.
void GroupCoordinator::tick_modern(std::size_t index) {
  Group& group = groups_[index];
  groups::ConsumerGroup before = *group.modern;
  if (!group.modern->tick(topics(), owner_.now())) return;
  Write write;
  write.group = index;
  write.generation = group.modern->target_epoch();
  std::vector<wire::GroupRecord> records;
  records.push_back(group.modern->record(owner_.now()));
  if (append(group.shard, std::move(records), write) == ErrorCode::none)
    return note_removed(groups_[index], before);
  *group.modern = std::move(before);
  group.timer_at = owner_.now() + sim::Duration{1'000'000'000};
  group.timer =
      owner_.at(group.timer_at, "broker.group_timer", sim::bind<&GroupCoordinator::on_timer>(this, index));
}

void GroupCoordinator::arm(std::size_t index) {
  Group& group = groups_[index];
  const sim::SimTime next = next_tick(group);
  // Heartbeats move the end of sessions all the time: an alarm that comes too early looks again.
  if (next >= group.timer_at) return;
  owner_.cancel(group.timer);
  group.timer_at = next;
  group.timer = owner_.at(std::max(next, owner_.now()), "broker.group_timer",
                          sim::bind<&GroupCoordinator::on_timer>(this, index));
}

void GroupCoordinator::on_timer(std::uint64_t index) {
  Group& group = groups_[index];
  group.timer = {};
  group.timer_at = sim::SimTime::max();
  if (group.modern != nullptr) {
    if (group.modern->next_tick() <= owner_.now()) tick_modern(index);
    if (groups_[index].timer_at == sim::SimTime::max()) arm(index);
    return;
  }
  if (group.share != nullptr) {
    if (group.share->next_tick() <= owner_.now()) tick_share(index);
    if (groups_[index].timer_at == sim::SimTime::max()) arm(index);
    return;
  }
  if (group.classic == nullptr) return;
  groups::ClassicOutputs outputs;
  if (group.classic->next_tick() <= owner_.now()) group.classic->tick(owner_.now(), outputs);
  deliver(index, std::move(outputs));
}

}  // namespace brokersim::kafka::broker
