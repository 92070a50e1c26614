#include "models/kafka/client/group_member.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::Api;
using wire::ErrorCode;

namespace {
/// Numbers of the commits that nobody waits for.
constexpr std::uint32_t kAutomatic = 0x8000'0000u;

bool wants_other_coordinator(ErrorCode error) {
  return error == ErrorCode::not_coordinator || error == ErrorCode::coordinator_not_available;
}
bool all_cooperative(const ConsumerConfig& config) {
  return std::all_of(config.assignment_strategy.begin(), config.assignment_strategy.end(),
                     [](AssignmentStrategy s) { return s == AssignmentStrategy::cooperative_sticky; });
}
}  // namespace

GroupMember::GroupMember(sim::Component& component, const ClientSite& site, const ConsumerParams& params,
                         history::History& history, MemberOwner& owner)
    : component_(component),
      params_(params),
      history_(history),
      owner_(owner),
      connections_(
          component, site,
          {params.config.request_timeout,
           /*max_in_flight=*/100,
           {params.config.reconnect_backoff, params.config.reconnect_backoff_max},
           {params.config.socket_connection_setup_timeout, params.config.socket_connection_setup_timeout_max},
           params.config.send_buffer,
           params.config.receive_buffer,
           params.config.security},
          *this),
      retry_jitter_(component.stream("group_backoff").child(site.life)),
      choice_(component.stream("find_coordinator").child(site.life)),
      group_(history.group(params.group)),
      cooperative_(all_cooperative(params.config)),
      modern_(params.config.group_protocol == GroupProtocolKind::consumer),
      member_ids_(component.stream("member_id").child(site.life)),
      heartbeat_interval_(params.config.heartbeat_interval) {
  SIM_CHECK(!params.group.empty());
  for (const wire::BrokerEndpoint& endpoint : params.bootstrap) connections_.learn(endpoint);
}

sim::Duration GroupMember::backoff(std::int64_t failures) {
  const Backoff rule{config().retry_backoff, config().retry_backoff_max};
  return rule(failures, retry_jitter_.bits(draws_++));
}

// --- the application's thread ---------------------------------------------------------------------------------------

void GroupMember::poll() {
  if (phase_ == Phase::dead || phase_ == Phase::closing) return;
  const bool wanted = rejoin_needed_ && (phase_ == Phase::unjoined || phase_ == Phase::stable);
  if (!adoption_ && !wanted && next_auto_commit_ > now() && poll_deadline_ == sim::SimTime::max()) return;
  poll_deadline_ = sim::SimTime::max();
  if (adoption_ && may_adopt()) adopt();
  auto_commit();
  if (rejoin_needed_ && (phase_ == Phase::unjoined || phase_ == Phase::stable)) prepare_rejoin();
  run();
}

bool GroupMember::may_hand_out() const {
  if (phase_ == Phase::dead || phase_ == Phase::closing) return false;
  return phase_ == Phase::stable || (cooperative_ && !modern_) || (modern_ && phase_ == Phase::joining);
}

void GroupMember::processing_until(sim::SimTime until) {
  if (until - now() <= config().max_poll_interval) return;
  poll_deadline_ = now() + component_.timer(config().max_poll_interval);
  arm();
}

void GroupMember::commit_sync(std::vector<wire::PartitionOffset> offsets) {
  if (offsets.empty() || !is_member() || phase_ == Phase::dead) {
    owner_.commit_ended(offsets.empty());  // CommitFailedException: not part of an active group
    return;
  }
  begin_commit(CommitKind::application, std::move(offsets), config().default_api_timeout);
  run();
}

void GroupMember::close() {
  if (phase_ == Phase::dead) {
    owner_.left();
    return;
  }
  const bool member = is_member();
  phase_ = Phase::closing;
  commit_ = {};
  if (member && config().enable_auto_commit) {
    begin_commit(CommitKind::before_close, owner_.consumed(), config().request_timeout);
  } else {
    leave();
  }
  if (phase_ != Phase::dead) run();
}

void GroupMember::stop() {
  phase_ = Phase::dead;
  connections_.close_all();
  component_.cancel(alarm_);
}

// --- what goes on beside ----------------------------------------------------------------------------------------------

void GroupMember::run() {
  if (phase_ == Phase::dead) return;
  if (coordinator_ < 0) {
    find_coordinator();
  } else {
    if (commit_.kind != CommitKind::none) send_commit();
    if (phase_ == Phase::joining && !modern_) send_join();
    if (phase_ == Phase::syncing) send_sync();
    if (!without_offset_.empty()) fetch_offsets();
    if (modern_) {
      if (is_member() ? phase_ != Phase::closing : phase_ == Phase::joining) send_modern_heartbeat();
    } else if (is_member() && phase_ != Phase::joining && phase_ != Phase::closing) {
      send_heartbeat();
    }
  }
  if (commit_.kind != CommitKind::none && commit_.deadline <= now()) end_commit(false);
  if (phase_ != Phase::dead) arm();
}

void GroupMember::on_alarm() {
  alarm_ = {};
  alarm_at_ = sim::SimTime::max();
  if (poll_deadline_ <= now() && phase_ != Phase::closing) {
    // The heartbeat thread finds that nobody polls.
    poll_deadline_ = sim::SimTime::max();
    if (is_member() || !member_id_.empty()) {
      leave();
      reset(true);
    }
  }
  run();
  owner_.wake();
}

void GroupMember::arm() {
  sim::SimTime next = poll_deadline_;
  const auto consider = [&](sim::SimTime at) { next = std::min(next, at); };
  if (coordinator_ < 0) {
    if (!finding_) consider(std::max(find_not_before_, now()));
  } else {
    if (commit_.kind != CommitKind::none && !commit_.in_flight) consider(commit_.not_before);
    if ((phase_ == Phase::joining || phase_ == Phase::syncing) && !join_in_flight_)
      consider(modern_ ? next_heartbeat_ : join_not_before_);
    if (!without_offset_.empty() && !offsets_in_flight_) consider(offsets_not_before_);
    if (is_member() && phase_ != Phase::joining && phase_ != Phase::closing && !heartbeat_in_flight_)
      consider(next_heartbeat_);
    if (is_member()) consider(heard_ + component_.timer(config().session_timeout));
  }
  if (commit_.kind != CommitKind::none) consider(commit_.deadline);
  // What is due already waits for a connection or for an answer, and those wake us.
  if (next <= now()) next = now() + sim::Duration{100'000'000};
  if (next == alarm_at_) return;
  component_.cancel(alarm_);
  alarm_at_ = next;
  if (next != sim::SimTime::max())
    alarm_ = component_.at(next, "consumer.group_alarm", sim::bind<&GroupMember::on_alarm>(this));
}

// --- the coordinator -----------------------------------------------------------------------------------------------------

void GroupMember::find_coordinator() {
  if (finding_ || find_not_before_ > now()) return;
  const wire::BrokerId broker = connections_.least_loaded(choice_.bits(choices_));
  if (broker < 0) return;
  ++choices_;
  finding_ = true;
  auto made = std::make_unique<wire::FindCoordinatorRequest>();
  made->group = params_.group;
  const sim::Bytes size = wire::wire_bytes(*made);
  connections_.send(broker, {Api::find_coordinator, 0}, size, std::move(made));
}

void GroupMember::on_coordinator_found(const wire::FindCoordinatorResponse& response) {
  finding_ = false;
  if (response.error != ErrorCode::none) {
    find_not_before_ = now() + backoff(find_failures_++);
    return;
  }
  find_failures_ = 0;
  coordinator_ = response.coordinator.broker;
  connections_.learn(response.coordinator);
  heard_ = now();
}

void GroupMember::coordinator_unknown() {
  if (coordinator_ < 0) return;
  coordinator_ = -1;
  find_not_before_ = now() + backoff(find_failures_++);
}

bool GroupMember::coordinator_ready() { return coordinator_ >= 0 && connections_.ready(coordinator_); }

void GroupMember::send_heartbeat() {
  if (now() - heard_ >= component_.timer(config().session_timeout)) {
    coordinator_unknown();  // the session is over there, whoever "there" is by now
    heard_ = now();
    return;
  }
  if (heartbeat_in_flight_ || next_heartbeat_ > now() || !coordinator_ready()) return;
  heartbeat_in_flight_ = true;
  next_heartbeat_ = now() + component_.timer(config().heartbeat_interval);
  auto made = request<wire::GroupHeartbeatRequest>();
  made->generation = generation_;
  send(attempt_, std::move(made));
}

void GroupMember::on_heartbeat(ErrorCode error) {
  switch (error) {
    case ErrorCode::none: heard_ = now(); return;
    case ErrorCode::rebalance_in_progress:
      heard_ = now();
      if (phase_ == Phase::stable) rejoin_needed_ = true;
      return;
    case ErrorCode::illegal_generation: return reset(false);
    case ErrorCode::unknown_member_id: return reset(true);
    case ErrorCode::fenced_instance_id: return fail(error);
    case ErrorCode::coordinator_load_in_progress: return;
    default: coordinator_unknown();
  }
}

void GroupMember::leave() {
  left_sent_ = true;
  const bool stays =
      !params_.instance.empty() && !modern_;  // static members of the classic protocol say nothing
  if (stays || member_id_.empty() || coordinator_ < 0 || !connections_.can_send(coordinator_)) {
    if (phase_ == Phase::closing) {
      phase_ = Phase::dead;
      owner_.left();
    }
    return;
  }
  if (modern_) {
    auto made = request<wire::ConsumerGroupHeartbeatRequest>();
    made->member_epoch = params_.instance.empty() || phase_ != Phase::closing ? -1 : -2;
    send(0, std::move(made));
    return;
  }
  send(0, request<wire::LeaveGroupRequest>());
}

// --- commits ---------------------------------------------------------------------------------------------------------------

void GroupMember::auto_commit() {
  if (!config().enable_auto_commit || next_auto_commit_ > now() || !is_member() || phase_ != Phase::stable)
    return;
  next_auto_commit_ = now() + component_.timer(config().auto_commit_interval);
  std::vector<wire::PartitionOffset> offsets = owner_.consumed();
  if (offsets.empty() || auto_commit_in_flight_ || !coordinator_ready()) return;
  auto_commit_in_flight_ = true;
  auto made = request<wire::OffsetCommitRequest>();
  made->generation = generation_;
  made->offsets = std::move(offsets);
  made->given_up = note_unanswered(kAutomatic);
  send(kAutomatic, std::move(made));
}

void GroupMember::begin_commit(CommitKind kind, std::vector<wire::PartitionOffset> offsets,
                               sim::Duration patience) {
  commit_ = {};
  commit_.kind = kind;
  commit_.offsets = std::move(offsets);
  commit_.deadline = now() + patience;
  ++commit_number_;
  if (commit_.offsets.empty()) end_commit(true);
}

void GroupMember::send_commit() {
  if (commit_.in_flight || commit_.not_before > now() || !coordinator_ready()) return;
  commit_.in_flight = true;
  auto made = request<wire::OffsetCommitRequest>();
  made->generation = generation_;
  made->offsets = commit_.offsets;
  made->given_up = note_unanswered(commit_number_);
  send(commit_number_, std::move(made));
}

std::shared_ptr<const bool> GroupMember::note_unanswered(std::uint32_t number) {
  return unanswered_commits_.emplace_back(number, std::make_shared<bool>(false)).second;
}

void GroupMember::on_commit(RequestTag tag, ErrorCode error) {
  const auto known = std::find_if(unanswered_commits_.begin(), unanswered_commits_.end(),
                                  [&](const auto& commit) { return commit.first == tag.number; });
  if (known != unanswered_commits_.end()) {
    *known->second = error == ErrorCode::network_exception;
    unanswered_commits_.erase(known);
  }
  if (wants_other_coordinator(error)) coordinator_unknown();
  const bool lost_id = error == ErrorCode::unknown_member_id;
  const bool gone = lost_id || error == ErrorCode::illegal_generation;
  const bool retriable = wants_other_coordinator(error) || error == ErrorCode::coordinator_load_in_progress ||
                         error == ErrorCode::request_timed_out || error == ErrorCode::network_exception ||
                         error == ErrorCode::stale_member_epoch;
  if (tag.number == kAutomatic) {
    auto_commit_in_flight_ = false;
    if (retriable) next_auto_commit_ = std::min(next_auto_commit_, now() + backoff(0));
  } else if (tag.number == commit_number_ && commit_.kind != CommitKind::none) {
    commit_.in_flight = false;
    if (retriable) {
      commit_.not_before = now() + backoff(commit_.failures++);
    } else {
      end_commit(error == ErrorCode::none);
    }
  }
  if (error == ErrorCode::rebalance_in_progress && phase_ == Phase::stable) rejoin_needed_ = true;
  if (gone && phase_ == Phase::stable) reset(lost_id);
}

void GroupMember::end_commit(bool ok) {
  const CommitKind kind = std::exchange(commit_, SyncCommit{}).kind;
  switch (kind) {
    case CommitKind::none: return;
    case CommitKind::application: owner_.commit_ended(ok); return;
    case CommitKind::before_rebalance:
      if (phase_ != Phase::preparing) return;
      if (!modern_) return give_up_and_join();
      phase_ = Phase::stable;
      committed_for_adoption_ = true;
      return;
    case CommitKind::before_close: leave(); return;
  }
}

// --- committed offsets -------------------------------------------------------------------------------------------------------

void GroupMember::ask_committed(wire::PartitionId partition) {
  without_offset_.push_back(partition);
  run();
}

void GroupMember::fetch_offsets() {
  if (offsets_in_flight_ || offsets_not_before_ > now() || !coordinator_ready()) return;
  offsets_in_flight_ = true;
  auto made = request<wire::OffsetFetchRequest>();
  made->partitions = without_offset_;
  made->require_stable = true;  // whatever isolation.level says (ConsumerCoordinator.sendOffsetFetchRequest)
  if (modern_) made->generation = generation_;
  send(ownership_, std::move(made));
}

void GroupMember::on_offsets(const wire::OffsetFetchResponse& response) {
  offsets_in_flight_ = false;
  if (response.error != ErrorCode::none) {
    if (wants_other_coordinator(response.error)) coordinator_unknown();
    offsets_not_before_ = now() + backoff(offset_failures_++);
    return;
  }
  offset_failures_ = 0;
  for (const wire::PartitionOffset& offset : response.offsets) {
    if (std::erase(without_offset_, offset.partition) > 0) owner_.start_at(offset.partition, offset.offset);
  }
}

// --- answers -----------------------------------------------------------------------------------------------------------------

void GroupMember::on_broker_ready(wire::BrokerId) {
  run();
  owner_.wake();
}

void GroupMember::on_response(wire::BrokerId, RequestTag tag, const wire::Message& response) {
  if (phase_ == Phase::dead) return;
  switch (tag.api) {
    case Api::find_coordinator:
      on_coordinator_found(static_cast<const wire::FindCoordinatorResponse&>(response));
      break;
    case Api::join_group:
      if (tag.number == attempt_ && phase_ == Phase::joining)
        on_joined(static_cast<const wire::JoinGroupResponse&>(response));
      break;
    case Api::sync_group:
      if (tag.number == attempt_ && phase_ == Phase::syncing)
        on_synced(static_cast<const wire::SyncGroupResponse&>(response));
      break;
    case Api::heartbeat:
      heartbeat_in_flight_ = false;
      if (tag.number == attempt_)
        on_heartbeat(static_cast<const wire::GroupHeartbeatResponse&>(response).error);
      break;
    case Api::consumer_group_heartbeat:
      heartbeat_in_flight_ = false;
      if (phase_ == Phase::closing) {
        if (tag.number != 0) break;
        phase_ = Phase::dead;
        owner_.left();
        return;
      }
      if (tag.number == attempt_)
        on_modern_heartbeat(static_cast<const wire::ConsumerGroupHeartbeatResponse&>(response));
      break;
    case Api::offset_commit:
      on_commit(tag, static_cast<const wire::OffsetCommitResponse&>(response).error);
      break;
    case Api::offset_fetch:
      if (tag.number == ownership_) on_offsets(static_cast<const wire::OffsetFetchResponse&>(response));
      break;
    case Api::leave_group:
      if (phase_ == Phase::closing) {
        phase_ = Phase::dead;
        owner_.left();
        return;
      }
      break;
    default: SIM_CHECK(false, "a member never asks that");
  }
  run();
  owner_.wake();
}

void GroupMember::on_request_lost(wire::BrokerId, RequestTag tag) {
  if (phase_ == Phase::dead) return;
  switch (tag.api) {
    case Api::find_coordinator:
      finding_ = false;
      find_not_before_ = now() + backoff(find_failures_++);
      return;
    case Api::join_group:
    case Api::sync_group:
      if (tag.number != attempt_) return;
      join_in_flight_ = false;
      if (phase_ == Phase::syncing) phase_ = Phase::joining;
      join_not_before_ = now() + backoff(join_failures_++);
      return;
    case Api::heartbeat: heartbeat_in_flight_ = false; return;
    case Api::consumer_group_heartbeat:
      heartbeat_in_flight_ = false;
      full_due_ = true;
      if (phase_ != Phase::closing || tag.number != 0) return;
      phase_ = Phase::dead;
      owner_.left();
      return;
    case Api::offset_commit: on_commit(tag, ErrorCode::network_exception); return;
    case Api::offset_fetch:
      if (tag.number != ownership_) return;
      offsets_in_flight_ = false;
      offsets_not_before_ = now() + backoff(offset_failures_++);
      return;
    case Api::leave_group:
      if (phase_ != Phase::closing) return;
      phase_ = Phase::dead;
      owner_.left();
      return;
    default: SIM_CHECK(false, "a member never asks that");
  }
}

void GroupMember::on_disconnected(wire::BrokerId broker) {
  if (phase_ == Phase::dead) return;
  if (broker == coordinator_) coordinator_unknown();
  run();
  owner_.wake();
}

}  // namespace brokersim::kafka::client
