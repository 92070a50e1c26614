// Share-partitions and their state: read when first asked for, written after every change, forgotten with the lead.
#include "models/kafka/broker/share_partitions.h"

#include <algorithm>
#include <utility>

#include "models/kafka/broker/offset_by_time.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

using groups::SharePartition;
using groups::ShareReason;
using wire::ErrorCode;

namespace {

history::ShareState state_of(wire::ShareRecordState state) {
  switch (state) {
    case wire::ShareRecordState::available: return history::ShareState::available;
    case wire::ShareRecordState::acquired: return history::ShareState::acquired;
    case wire::ShareRecordState::acknowledged: return history::ShareState::acknowledged;
    case wire::ShareRecordState::archived: return history::ShareState::archived;
  }
  return history::ShareState::available;
}

history::ShareCause cause_of(ShareReason reason) {
  switch (reason) {
    case ShareReason::delivered: return history::ShareCause::delivered;
    case ShareReason::accepted: return history::ShareCause::accepted;
    case ShareReason::released: return history::ShareCause::released;
    case ShareReason::rejected: return history::ShareCause::rejected;
    case ShareReason::gap: return history::ShareCause::gap;
    case ShareReason::lock_expired: return history::ShareCause::lock_expired;
    case ShareReason::session_ended: return history::ShareCause::session_ended;
    case ShareReason::log_start: return history::ShareCause::log_start;
  }
  return history::ShareCause::delivered;
}

}  // namespace

SharePartitions::SharePartitions(sim::Component& owner, const BrokerParams& params, ReplicaManager& replicas,
                                 RequestServer& server, const wire::ClusterImage& image,
                                 SharePersister& persister)
    : owner_(owner),
      params_(params),
      cluster_(*params.cluster),
      replicas_(replicas),
      server_(server),
      image_(image),
      persister_(persister),
      by_partition_(params.cluster->shares_topic.empty() ? 0 : params.cluster->partitions.size()) {}

SharePartitions::HeldPtr SharePartitions::find(const std::string& group, wire::PartitionId partition) const {
  for (const HeldPtr& held : by_partition_[static_cast<std::size_t>(partition.n)]) {
    if (held->group == group) return held;
  }
  return nullptr;
}

/// The share-partition; it is being read when it is new.
SharePartitions::HeldPtr SharePartitions::open(const std::string& group, Replica& replica) {
  HeldPtr held = find(group, replica.name().id);
  if (held != nullptr) return held;
  held = std::make_shared<Held>();
  held->number = ++numbers_;
  held->group = group;
  held->group_id = params_.history->group(group);
  held->replica = &replica;
  held->partition = replica.name().id;
  held->leader_epoch = replica.leader_epoch();
  held_[held->number] = held;
  by_partition_[static_cast<std::size_t>(held->partition.n)].push_back(held);
  owner_.spawn(load(held));
  return held;
}

/// Where a group begins that has never been here (share.auto.offset.reset). Where no record is young enough for by_duration, at
/// the end: Kafka asks again until one comes, and begins with that.
std::int64_t SharePartitions::first_start(const ShareGroupConfig* settings, const Replica& replica) const {
  const OffsetReset reset = settings == nullptr ? OffsetReset::latest : settings->auto_offset_reset;
  if (reset == OffsetReset::earliest) return replica.log().log_start();
  if (reset != OffsetReset::by_duration) return replica.high_watermark();
  const std::int64_t error = params_.clock == nullptr ? 0 : params_.clock->read(owner_.now());
  const std::int64_t wall = owner_.now().ns + error;
  return offset_at_time(params_, replica, (wall - settings->auto_offset_reset_ago.ns) / 1'000'000)
      .value_or(replica.high_watermark());
}

sim::Task<void> SharePartitions::load(HeldPtr held) {
  sim::Task<std::unique_ptr<wire::ReadShareStateResponse>> reading =
      persister_.read(held->group, held->partition, held->leader_epoch);
  const std::unique_ptr<wire::ReadShareStateResponse> known = co_await reading;
  if (held->gone) co_return;
  if (known->error != ErrorCode::none) {
    drop(held);  // whoever asks next begins anew
    co_return;
  }
  groups::ShareRules rules;
  rules.delivery_limit = cluster_.config.group_share_delivery_count_limit;
  rules.lock_duration = cluster_.config.group_share_record_lock_duration;
  rules.locks_max = cluster_.config.group_share_partition_max_record_locks;
  rules.gives_acquired = cluster_.config.planted.share_gives_acquired;
  rules.start_skips_released = cluster_.config.planted.share_start_skips_released;
  rules.without_limit = cluster_.config.planted.share_delivers_without_limit;
  rules.forgets_released = cluster_.config.planted.share_forgets_released;
  const ShareGroupConfig* settings = nullptr;
  for (const ShareGroupConfig& group : cluster_.share_groups) {
    if (group.name != held->group) continue;
    settings = &group;
    if (group.record_lock_duration) rules.lock_duration = *group.record_lock_duration;
  }
  const std::int64_t log_start = held->replica->log().log_start();
  const bool fresh = known->start < 0;
  std::int64_t start = known->start;
  if (fresh) start = first_start(settings, *held->replica);
  held->state_epoch = known->state_epoch;
  held->state = std::make_unique<SharePartition>(rules, std::max(start, log_start), known->batches);
  held->told_start = held->state->start();
  params_.history->record(history::ShareStartMoved{owner_.now(), params_.id, held->group_id, held->partition,
                                                   held->told_start, /*loaded=*/true, fresh});
  for (const wire::ShareStateBatch& batch : held->state->states()) {
    params_.history->record(history::ShareRecordsChanged{owner_.now(),
                                                         params_.id,
                                                         held->group_id,
                                                         held->partition,
                                                         batch.first,
                                                         batch.end,
                                                         {},
                                                         state_of(batch.state),
                                                         history::ShareCause::loaded,
                                                         batch.delivery_count});
  }
  wake(held->partition);
}

/// Nobody is served here any more.
void SharePartitions::drop(const HeldPtr& held) {
  if (held->gone) return;
  held->gone = true;
  owner_.cancel(held->timer);
  for (const Write& write : std::exchange(held->writes, {})) {
    if (write.outcome == nullptr) continue;
    write.outcome->error = ErrorCode::not_leader_or_follower;
    write.outcome->done = true;
    write.outcome->changed.notify_all();
  }
  const HeldPtr keep = held;
  std::erase(by_partition_[static_cast<std::size_t>(keep->partition.n)], keep);
  held_.erase(keep->number);
  if (keep->state != nullptr) wake(keep->partition);  // else its reading has failed: not again at once
}

void SharePartitions::leads_no_more(Replica& replica) {
  const std::vector<HeldPtr> all = by_partition_[static_cast<std::size_t>(replica.name().id.n)];
  for (const HeldPtr& held : all) drop(held);
}

void SharePartitions::bounds_moved(Replica& replica) {
  const auto& all = by_partition_[static_cast<std::size_t>(replica.name().id.n)];
  if (all.empty()) return;
  const std::int64_t log_start = replica.log().log_start();
  for (const HeldPtr& held : all) {
    if (held->state == nullptr || log_start <= held->state->start()) continue;
    tell(*held, held->state->move_log_start(log_start));
  }
  wake(replica.name().id);
}

/// Whoever waits for something of the partition looks again.
void SharePartitions::wake(wire::PartitionId partition) {
  for (auto& [key, session] : sessions_) {
    if (!session.woken.has_waiters()) continue;
    if (std::find(session.parts.begin(), session.parts.end(), partition) != session.parts.end())
      session.woken.notify_all();
  }
}

// --- changes ------------------------------------------------------------------------------------------------------------

/// What a member says of records that it was given.
std::shared_ptr<SharePartitions::Outcome> SharePartitions::take(const std::string& group,
                                                                const std::string& member,
                                                                const wire::SharePart& part) {
  const HeldPtr held = find(group, part.partition);
  SharePartition::Transition transition;
  transition.error = ErrorCode::not_leader_or_follower;
  if (held != nullptr && held->state != nullptr)
    transition = held->state->acknowledge(member, part.acknowledgements);
  return persist(held, std::move(transition));
}

std::shared_ptr<SharePartitions::Outcome> SharePartitions::persist(const HeldPtr& held,
                                                                   SharePartition::Transition transition) {
  auto outcome = std::make_shared<Outcome>();
  outcome->error = transition.error;
  outcome->done = transition.error != ErrorCode::none || transition.number == 0;
  if (outcome->done) return outcome;
  Write write{transition.number, std::move(transition.batches), outcome};
  if (cluster_.config.planted.share_answers_unpersisted) {
    tell(*held, held->state->complete(write.transition, true));
    outcome->done = true;
    write.transition = 0;
  }
  held->writes.push_back(std::move(write));
  if (!held->writing) owner_.spawn(write_out(held));
  return outcome;
}

/// One request is under way for a share-partition; what comes meanwhile goes together with the next.
sim::Task<void> SharePartitions::write_out(HeldPtr held) {
  held->writing = true;
  while (!held->gone && !held->writes.empty()) {
    const std::vector<Write> writes = std::exchange(held->writes, {});
    wire::WriteShareStateRequest request;
    request.group = held->group;
    request.partition = held->partition;
    request.state_epoch = held->state_epoch;
    request.leader_epoch = held->leader_epoch;
    request.start = held->state->start();
    for (const Write& write : writes)
      request.batches.insert(request.batches.end(), write.batches.begin(), write.batches.end());
    sim::Task<ErrorCode> writing = persister_.write(std::move(request));
    const ErrorCode error = co_await writing;
    const bool fenced = error == ErrorCode::fenced_leader_epoch || error == ErrorCode::fenced_state_epoch;
    for (const Write& write : writes) {
      if (!held->gone) tell(*held, held->state->complete(write.transition, error == ErrorCode::none));
      if (write.outcome == nullptr || write.outcome->done) continue;
      // What a member hears (ShareFetchUtils): somebody else leads, or the coordinator could not be reached.
      write.outcome->error = held->gone || fenced       ? ErrorCode::not_leader_or_follower
                             : error == ErrorCode::none ? ErrorCode::none
                                                        : ErrorCode::unknown_server_error;
      write.outcome->done = true;
      write.outcome->changed.notify_all();
    }
    if (held->gone) co_return;
    if (fenced) {
      drop(held);
      co_return;
    }
    arm(*held);
    wake(held->partition);
  }
  held->writing = false;
}

void SharePartitions::arm(Held& held) {
  const sim::SimTime next = held.state->next_expiry();
  if (next >= held.timer_at) return;
  owner_.cancel(held.timer);
  held.timer_at = std::max(next, owner_.now());
  held.timer =
      owner_.at(held.timer_at, "broker.share_lock", sim::bind<&SharePartitions::on_timer>(this, held.number));
}

void SharePartitions::on_timer(std::uint64_t number) {
  const auto known = held_.find(number);
  if (known == held_.end()) return;
  const HeldPtr held = known->second;
  held->timer = {};
  held->timer_at = sim::SimTime::max();
  Write write;
  tell(*held, held->state->expire(owner_.now(), write.batches));
  if (!write.batches.empty()) {
    held->writes.push_back(std::move(write));
    if (!held->writing) owner_.spawn(write_out(held));
    wake(held->partition);
  }
  arm(*held);
}

void SharePartitions::tell(Held& held, const std::vector<SharePartition::Change>& changes) {
  for (const SharePartition::Change& change : changes) {
    const auto member = held.members.find(change.member);
    params_.history->record(history::ShareRecordsChanged{
        owner_.now(), params_.id, held.group_id, held.partition, change.first, change.end,
        member == held.members.end() ? history::ClientId{} : member->second, state_of(change.state),
        cause_of(change.reason), change.delivery_count});
  }
  tell_start(held);
}

void SharePartitions::tell_start(Held& held) {
  if (held.state->start() == held.told_start) return;
  held.told_start = held.state->start();
  params_.history->record(
      history::ShareStartMoved{owner_.now(), params_.id, held.group_id, held.partition, held.told_start});
}

}  // namespace brokersim::kafka::broker
