#include "models/kafka/controller/controller.h"

#include <algorithm>
#include <utility>

#include "models/kafka/controller/alter_partition.h"
#include "sim/check.h"

namespace brokersim::kafka::controller {

using wire::BrokerState;
using wire::ErrorCode;
using wire::MetadataRecord;
using wire::RecordKind;

ControllerRules controller_rules(Version version, const BrokerConfig& config) {
  ControllerRules rules;
  rules.election.eligible_leader_replicas = config.eligible_leader_replicas;
  rules.election.last_known_leader_must_live =
      config.last_known_leader_must_live.value_or(version >= Version::v4_1);
  rules.election.bump_leader_epoch_on_isr_shrink = config.leader_epoch_rises_on_isr_shrink;
  rules.election.elect_outside_isr = config.planted.elect_outside_isr;
  rules.heartbeats.session_timeout = config.broker_session_timeout;
  rules.heartbeats.fenced_brokers_have_sessions = version >= Version::v4_0;
  rules.detect_clean_shutdown = config.detect_clean_shutdown.value_or(version >= Version::v4_0);
  rules.isr_admits_only_active = config.isr_admits_only_active;
  rules.isr_checks_broker_epoch = config.isr_checks_broker_epoch;
  return rules;
}

Controller::Controller(const ControllerRules& rules, const std::vector<PartitionSpec>& partitions)
    : rules_(rules), specs_(by_number(partitions)), heartbeats_(rules.heartbeats) {}

void Controller::replay(const MetadataRecord& record) {
  image_.apply(record);
  ++next_offset_;
}

void Controller::load(const wire::ClusterImage& image, std::int64_t next_offset) {
  image_ = image;
  next_offset_ = next_offset;
  all_created_ = false;
}

void Controller::activate(sim::SimTime now) {
  heartbeats_.activate(image_.brokers(), now);
  first_registration_ = sim::SimTime::max();
  // A controller that restarts while topics are missing begins to wait again: times are not in the log.
  if (!image_.brokers().empty()) first_registration_ = now;
}

void Controller::heartbeat_arrived(const wire::BrokerHeartbeatRequest& request, sim::SimTime now) {
  if (current_epoch(request.broker, request.broker_epoch)) heartbeats_.heard(request.broker, now);
}

wire::BrokerRegistrationResponse Controller::register_broker(const wire::BrokerRegistrationRequest& request,
                                                             sim::SimTime now, Records& out) {
  SIM_CHECK(request.broker >= 0);
  wire::BrokerRegistrationResponse response;
  const BrokerState* existing = image_.broker(request.broker);
  if (existing != nullptr) {
    if (existing->incarnation == request.incarnation) {
      // The same process asks again because it did not hear the answer: it keeps its epoch.
      response.broker_epoch = existing->broker_epoch;
      return response;
    }
    if (heartbeats_.session_alive(request.broker, now)) {
      response.error = ErrorCode::duplicate_broker_registration;
      return response;
    }
    const bool clean =
        rules_.detect_clean_shutdown && existing->broker_epoch == request.previous_broker_epoch;
    const bool lost_log = rules_.election.eligible_leader_replicas && !clean;
    emit_all(lost_log ? broker_lost_log(view(), request.broker) : broker_leaves(view(), request.broker), out);
  }
  if (first_registration_ == sim::SimTime::max()) first_registration_ = now;
  BrokerState state;
  state.broker = request.broker;
  state.broker_epoch = next_offset_;  // The offset of the record that follows.
  state.incarnation = request.incarnation;
  response.broker_epoch = state.broker_epoch;
  emit_broker(state, out);
  heartbeats_.registered(request.broker);
  return response;
}

wire::BrokerHeartbeatResponse Controller::heartbeat(const wire::BrokerHeartbeatRequest& request,
                                                    sim::SimTime now, Records& out) {
  wire::BrokerHeartbeatResponse response;
  const BrokerId broker = request.broker;
  if (!current_epoch(broker, request.broker_epoch)) {
    response.error = ErrorCode::stale_broker_epoch;
    return response;
  }
  const bool leads = request.want_shut_down && leads_any(image_, broker);
  const BrokerControl before = heartbeats_.control(broker);
  const BrokerControl after = heartbeats_.next_control(request, request.broker_epoch, leads);
  if (before != after) {
    switch (after) {
      case BrokerControl::fenced:
      case BrokerControl::shutdown_now: fence(broker, out); break;
      case BrokerControl::unfenced: unfence(broker, out); break;
      case BrokerControl::controlled_shutdown: begin_controlled_shutdown(broker, out); break;
    }
  }
  if (!request.offline_replicas.empty())
    emit_all(directory_failed(view(), broker, request.offline_replicas), out);
  response.caught_up = request.metadata_offset >= request.broker_epoch;
  response.fenced = after == BrokerControl::fenced || after == BrokerControl::shutdown_now;
  response.should_shut_down = after == BrokerControl::shutdown_now;
  heartbeats_.touch(broker, response.fenced, request.metadata_offset);
  if (after == BrokerControl::controlled_shutdown) heartbeats_.begin_shutdown(broker, next_offset_ - 1);
  // Its successor may register at once: this incarnation was told to go.
  if (after == BrokerControl::shutdown_now) heartbeats_.end_session(broker);
  if (after == BrokerControl::unfenced && before != after) create_topics(now, out);
  return response;
}

wire::AlterPartitionResponse Controller::alter_partition(const wire::AlterPartitionRequest& request,
                                                         Records& out) {
  wire::AlterPartitionResponse response;
  if (!current_epoch(request.broker, request.broker_epoch)) {
    response.error = ErrorCode::stale_broker_epoch;
    return response;
  }
  response.results.reserve(request.parts.size());
  for (const wire::AlterPartitionPart& part : request.parts) {
    response.results.push_back(alter_one(request.broker, part, out));
  }
  return response;
}

wire::AlterPartitionResult Controller::alter_one(BrokerId leader, const wire::AlterPartitionPart& part,
                                                 Records& out) {
  wire::AlterPartitionResult result;
  result.error = validate_alter_partition(image_, leader, part,
                                          {rules_.isr_admits_only_active, rules_.isr_checks_broker_epoch});
  result.state.partition = part.partition;
  if (result.error != ErrorCode::none) return result;

  const PartitionSpec& spec = specs_[static_cast<std::size_t>(part.partition.n)];
  ChangeRequest request;
  for (const wire::IsrMember& member : part.new_isr) request.isr.push_back(member.broker);
  const wire::PartitionState& current = *image_.partition(part.partition);
  request.min_isr = std::min(spec.min_insync_replicas, static_cast<std::int32_t>(current.replicas.size()));
  request.election = spec.unclean_leader_election ? Election::unclean : Election::online;
  // Brokers have no recovery to do after an unclean election: their first request says "recovered" (KIP-704).
  request.recovered = true;
  if (auto changed = change_partition(current, request, Candidates{image_}, rules_.election)) {
    wire::MetadataRecord record;
    record.kind = RecordKind::partition;
    record.partition = std::move(changed->state);
    emit(std::move(record), out, changed->unclean);
  }
  result.state = *image_.partition(part.partition);
  if (result.state.leader != leader) result.error = ErrorCode::new_leader_elected;
  return result;
}

wire::AllocateProducerIdsResponse Controller::allocate_producer_ids(const wire::AllocateProducerIdsRequest&,
                                                                    Records& out) {
  wire::AllocateProducerIdsResponse response;
  response.first = image_.next_producer_id();
  response.count = kProducerIdBlock;
  MetadataRecord record;
  record.kind = RecordKind::producer_id_block;
  record.next_producer_id = response.first + kProducerIdBlock;
  emit(std::move(record), out);
  return response;
}

wire::AdminResponse Controller::elect_leader(const wire::ElectLeadersRequest& request, Records& out) {
  wire::AdminResponse response(request.api);
  ChangedPartitions changes;
  response.error = elect_one(view(), request.partition, request.unclean, changes);
  emit_all(std::move(changes), out);
  if (request.unclean && !out.empty()) out.back().by_operator = out.back().unclean;
  return response;
}

wire::AdminResponse Controller::reassign(const wire::ReassignRequest& request, Records& out) {
  wire::AdminResponse response(request.api);
  ChangedPartitions changes;
  response.error = reassign_one(view(), request.partition, request.replicas, changes);
  emit_all(std::move(changes), out);
  return response;
}

std::vector<wire::PartitionId> Controller::living_of_name(const std::vector<wire::PartitionId>& topic) const {
  std::vector<wire::PartitionId> living;
  const std::int32_t name = specs_[static_cast<std::size_t>(topic.front().n)].name;
  for (const PartitionSpec& spec : specs_) {
    const bool same =
        name >= 0 ? spec.name == name : std::find(topic.begin(), topic.end(), spec.partition) != topic.end();
    if (spec.partition.n >= 0 && same && image_.partition(spec.partition) != nullptr)
      living.push_back(spec.partition);
  }
  return living;
}

wire::AdminResponse Controller::create_topic(const wire::TopicRequest& request, Records& out) {
  wire::AdminResponse response(request.api);
  // CreatePartitions names those that are to come; the topic itself has its first ones.
  if (request.api == wire::Api::create_topics && !living_of_name(request.partitions).empty())
    response.error = ErrorCode::topic_already_exists;
  if (response.error != ErrorCode::none) return response;
  for (wire::PartitionState& state : new_partitions(view(), request.partitions.size(), request.partitions)) {
    if (std::find(request.partitions.begin(), request.partitions.end(), state.partition) ==
        request.partitions.end())
      continue;
    MetadataRecord record;
    record.kind = RecordKind::partition;
    record.partition = std::move(state);
    emit(std::move(record), out);
  }
  return response;
}

wire::AdminResponse Controller::delete_topic(const wire::TopicRequest& request, Records& out) {
  wire::AdminResponse response(request.api);
  // By name: whichever topic bears it now.
  const std::vector<wire::PartitionId> living = living_of_name(request.partitions);
  if (living.empty()) response.error = ErrorCode::unknown_topic_or_partition;
  for (const wire::PartitionId id : living) {
    wire::PartitionState gone;
    gone.partition = id;
    MetadataRecord record;
    record.kind = RecordKind::partition_removed;
    record.partition = std::move(gone);
    emit(std::move(record), out);
  }
  return response;
}

bool Controller::fence_one(sim::SimTime now, Records& out) {
  const auto broker = heartbeats_.longest_expired(now);
  if (!broker) return false;
  fence(*broker, out);
  heartbeats_.end_session(*broker);
  return true;
}

bool Controller::balance_leaders(Records& out) {
  ChangedPartitions changes = preferred_leaders(view(), kElectionsPerRun);
  const bool more = changes.size() >= kElectionsPerRun;
  emit_all(std::move(changes), out);
  return more;
}

bool Controller::elect_unclean_leaders(Records& out) {
  ChangedPartitions changes = unclean_leaders(view(), kElectionsPerRun);
  const bool more = changes.size() >= kElectionsPerRun;
  emit_all(std::move(changes), out);
  return more;
}

void Controller::create_topics(sim::SimTime now, Records& out) {
  more_to_create_ = false;
  if (nothing_to_create()) return;
  if (now < topic_creation_deadline() && !all_replicas_active(view())) return;
  std::vector<wire::PartitionState> created = new_partitions(view(), kCreationsPerRun);
  more_to_create_ = created.size() == kCreationsPerRun;
  for (wire::PartitionState& state : created) {
    MetadataRecord record;
    record.kind = RecordKind::partition;
    record.partition = std::move(state);
    emit(std::move(record), out);
  }
}

bool Controller::nothing_to_create() const {
  if (!all_created_) all_created_ = all_created(view());
  return all_created_;
}

sim::SimTime Controller::topic_creation_deadline() const {
  if (first_registration_ == sim::SimTime::max() || nothing_to_create()) return sim::SimTime::max();
  return first_registration_ + kTopicCreationPatience;
}

void Controller::emit(MetadataRecord record, Records& out, bool unclean) {
  image_.apply(record);
  ++next_offset_;
  out.push_back({std::move(record), unclean});
}

bool Controller::current_epoch(BrokerId broker, std::int64_t broker_epoch) const {
  const BrokerState* state = image_.broker(broker);
  return state != nullptr && state->broker_epoch == broker_epoch;
}

void Controller::emit_all(ChangedPartitions changes, Records& out) {
  for (ChangedPartition& changed : changes) {
    MetadataRecord record;
    record.kind = RecordKind::partition;
    record.partition = std::move(changed.state);
    emit(std::move(record), out, changed.unclean);
  }
}

void Controller::emit_broker(BrokerState state, Records& out) {
  MetadataRecord record;
  record.kind = RecordKind::broker;
  record.broker = state;
  emit(std::move(record), out);
}

void Controller::fence(BrokerId broker, Records& out) {
  emit_all(broker_leaves(view(), broker), out);
  BrokerState state = *image_.broker(broker);
  if (state.fenced) return;
  state.fenced = true;
  emit_broker(state, out);
}

void Controller::unfence(BrokerId broker, Records& out) {
  BrokerState state = *image_.broker(broker);
  state.fenced = false;
  state.in_controlled_shutdown = false;
  ChangedPartitions changes = broker_returns(view(), broker);
  emit_broker(state, out);
  emit_all(std::move(changes), out);
}

void Controller::begin_controlled_shutdown(BrokerId broker, Records& out) {
  ChangedPartitions changes = broker_leaves(view(), broker);
  BrokerState state = *image_.broker(broker);
  if (!state.in_controlled_shutdown) {
    state.in_controlled_shutdown = true;
    emit_broker(state, out);
  }
  emit_all(std::move(changes), out);
}

}  // namespace brokersim::kafka::controller
