#include "models/kafka/client/consumer.h"

#include <algorithm>
#include <utility>

#include "models/devices/host/host.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

Consumer::Consumer(sim::Process& process, const ClientSite& site, ConsumerParams params,
                   const log::BatchStore& store, history::History& history)
    : component_(process, process.path() + "/consumer"),
      site_(site),
      params_(std::move(params)),
      store_(store),
      history_(history),
      thread_(make_thread(component_, site_, params_.costs)),
      connections_(component_, site_,
                   {params_.config.request_timeout,
                    /*max_in_flight=*/100,
                    {params_.config.reconnect_backoff, params_.config.reconnect_backoff_max},
                    {params_.config.socket_connection_setup_timeout,
                     params_.config.socket_connection_setup_timeout_max},
                    params_.config.send_buffer,
                    params_.config.receive_buffer,
                    params_.config.security,
                    thread_.get(),
                    params_.costs.client_request + params_.costs.client_response,
                    params_.costs.client_ps_per_byte},
                   *this),
      metadata_(
          component_, site_, connections_,
          {{params_.config.retry_backoff, params_.config.retry_backoff_max}, params_.config.metadata_max_age},
          params_.partitions),
      retry_jitter_(component_.stream("retry_backoff").child(site.life)),
      partitions_(params_.partitions.size()) {
  SIM_CHECK(!params_.bootstrap.empty(), params_.name + " knows no broker");
  SIM_CHECK(params_.config.max_poll_records > 0);
  for (const wire::BrokerEndpoint& endpoint : params_.bootstrap) connections_.learn(endpoint);
  metadata_.follow_names(params_.group.empty());
  metadata_.expect_only(params_.partitions_at_start);
  if (params_.group.empty()) return;
  MemberOwner& self = *this;
  member_ = std::make_unique<GroupMember>(component_, site_, params_, history_, self);
  if (params_.partitions_at_start > 0) member_->topic_has(params_.partitions_at_start);
  for (Partition& partition : partitions_) partition.where = Where::unowned;
}

void Consumer::start() {
  if (site_.life > 1) history_.record(history::ClientRestarted{now(), params_.client});
  if (partitions_.empty()) return;
  for (std::size_t i = 0; params_.application != nullptr && i < partitions_.size(); ++i) {
    const std::int64_t position = params_.application->first_position(i);
    if (position < 0) continue;
    partitions_[i].position = position;
    partitions_[i].where = Where::fetching;
  }
  settle();
}

void Consumer::terminate() {
  if (member_ != nullptr && !stopped_) {
    stopped_ = true;
    component_.cancel(wake_);
    member_->close();
    return;
  }
  left();
}

void Consumer::left() {
  stopped_ = true;
  if (member_ != nullptr) member_->stop();
  connections_.close_all();
  component_.cancel(wake_);
  if (site_.machine != nullptr) site_.machine->exited(site_.service);
}

/// After anything has happened: hand out, fetch, and decide when to look again.
void Consumer::settle() {
  if (stopped_) return;
  if (now() >= params_.start) {
    poll();
    request_all();
    metadata_.poke();
  }
  arm();
}

void Consumer::on_wake() {
  wake_ = {};
  wake_at_ = sim::SimTime::max();
  settle();
}

void Consumer::on_broker_ready(wire::BrokerId) { settle(); }

void Consumer::on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) {
  if (stopped_) return;
  switch (tag.api) {
    case wire::Api::fetch:
      on_fetch_response(broker, static_cast<const wire::FetchResponse&>(response));
      break;
    case wire::Api::list_offsets:
      on_offset(static_cast<std::int32_t>(tag.number),
                static_cast<const wire::ListOffsetsResponse&>(response));
      break;
    case wire::Api::offsets_for_leader_epoch:
      on_epoch_end(static_cast<std::int32_t>(tag.number),
                   static_cast<const wire::OffsetsForLeaderEpochResponse&>(response).parts.front());
      break;
    case wire::Api::metadata: {
      const auto& answer = static_cast<const wire::MetadataResponse&>(response);
      metadata_.on_response(answer);
      for (const std::int32_t index : metadata_.take_replaced()) meet_successor(index);
      if (member_ != nullptr && params_.partitions_at_start > 0) member_->topic_has(metadata_.topic_size());
      if (params_.rack < 0) break;
      online_.clear();
      for (const wire::BrokerEndpoint& endpoint : answer.brokers) online_.push_back(endpoint.broker);
      break;
    }
    default: SIM_CHECK(false, "a consumer never asks that");
  }
  settle();
}

/// Another topic bears the name now. The position stays (SubscriptionState knows partitions by name); where the new log is
/// shorter, it is out of range and auto.offset.reset decides; where it is longer, records are skipped, and nobody hears of it.
void Consumer::meet_successor(std::int32_t index) {
  const auto i = static_cast<std::size_t>(index);
  Partition& partition = at(index);
  for (Fetch& fetch : fetches_) fetch.session.forget(params_.partitions[i]);
  // Nobody misses the old one any more; whether the new one can be read is a question of its own.
  if (partition.answered == 0) note_answer(index, true);
  partition.answered = -1;
  params_.partitions[i] = metadata_.leaders().partitions()[i];
  if (partition.where == Where::asking) partition.where = Where::unknown;
  if (partition.where == Where::validating) partition.where = Where::fetching;
  partition.fetched_from = -1;  // what is under way is about the old one
  partition.position_epoch = -1;
  partition.validated_epoch = -1;
  partition.preferred = -1;
  partition.failures = 0;
  partition.not_before = {};
}

void Consumer::on_request_lost(wire::BrokerId broker, RequestTag tag) {
  switch (tag.api) {
    case wire::Api::fetch:
      for (Partition& partition : partitions_) {
        if (partition.preferred == broker) partition.preferred = -1;
      }
      for (const std::int32_t index : fetch_of(broker).indexes) note_answer(index, false);
      fetch_of(broker).session.lost();
      end_fetch(broker);
      break;
    case wire::Api::list_offsets:
      if (at(static_cast<std::int32_t>(tag.number)).where != Where::asking) break;  // taken away meanwhile
      at(static_cast<std::int32_t>(tag.number)).where = Where::unknown;
      back_off(static_cast<std::int32_t>(tag.number));
      break;
    case wire::Api::offsets_for_leader_epoch:
      if (at(static_cast<std::int32_t>(tag.number)).where != Where::validating)
        break;  // taken away meanwhile
      at(static_cast<std::int32_t>(tag.number)).where = Where::fetching;
      back_off(static_cast<std::int32_t>(tag.number));
      break;
    case wire::Api::metadata: metadata_.on_lost(); break;
    default: SIM_CHECK(false, "a consumer never asks that");
  }
}

void Consumer::on_disconnected(wire::BrokerId broker) {
  // The next fetch begins a new session; what the broker led cannot be read now.
  fetch_of(broker).session.lost();
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    if (source_of(static_cast<std::int32_t>(i)) != broker) continue;
    if (partitions_[i].where == Where::fetching) note_answer(static_cast<std::int32_t>(i), false);
  }
  metadata_.request();
  settle();
}

/// An error holds the partition back until its backoff is over or a new leader is known.
bool Consumer::is_held_back(const Partition& partition, std::int32_t epoch) const {
  return partition.not_before > now() && partition.failed_epoch == epoch;
}

/// Asks for positions and sends a fetch to every broker that has none in flight.
void Consumer::request_all() {
  held_back_until_ = sim::SimTime::max();
  std::vector<wire::BrokerId>& brokers = wanted_brokers_;
  brokers.clear();
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    Partition& partition = partitions_[i];
    if (partition.where != Where::unknown && partition.where != Where::fetching) continue;
    const Leader& leader = metadata_.leaders()[index];
    if (partition.buffered) continue;
    const wire::BrokerId source = source_of(index);
    if (leader.broker >= 0 && partition.fetched_from == source) continue;
    if (leader.broker < 0) {
      if (metadata_.is_missing(index)) continue;
      if (metadata_.known()) metadata_.request();
      if (partition.where == Where::fetching) note_answer(index, false);
      continue;
    }
    if (is_held_back(partition, leader.epoch)) {
      held_back_until_ = std::min(held_back_until_, partition.not_before);
      continue;
    }
    if (partition.where == Where::unknown) {
      ask_offset(index, leader.broker);
    } else if (params_.validate_offsets && partition.position_epoch >= 0 &&
               leader.epoch > partition.validated_epoch) {
      validate(index, leader.broker);
    } else if (std::find(brokers.begin(), brokers.end(), source) == brokers.end()) {
      brokers.push_back(source);
    }
  }
  std::sort(brokers.begin(), brokers.end());
  for (const wire::BrokerId broker : brokers) {
    if (fetch_of(broker).under_way) continue;
    if (connections_.ready(broker)) send_fetch(broker);
  }
}

wire::BrokerId Consumer::source_of(std::int32_t index) {
  const Leader& leader = metadata_.leaders()[index];
  Partition& partition = at(index);
  if (partition.preferred < 0) [[likely]]
    return leader.broker;
  const bool gone = std::find(online_.begin(), online_.end(), partition.preferred) == online_.end();
  if (gone) metadata_.request();
  // A new leader is asked anew (SubscriptionState.maybeValidatePosition).
  if (gone || partition.preferred_until <= now() || partition.preferred_epoch != leader.epoch)
    partition.preferred = -1;
  return partition.preferred < 0 ? leader.broker : partition.preferred;
}

void Consumer::ask_offset(std::int32_t index, wire::BrokerId leader) {
  Partition& partition = at(index);
  if (params_.config.auto_offset_reset == OffsetReset::none) {
    partition.where = Where::stopped;  // NoOffsetForPartitionException, OffsetOutOfRangeException
    note_reset(index, -1);
    note_answer(index, false);
    return;
  }
  if (!connections_.ready(leader)) return;
  auto request = std::make_unique<wire::ListOffsetsRequest>();
  request->partition = params_.partitions[static_cast<std::size_t>(index)];
  request->read_committed = params_.config.read_committed;
  request->latest = params_.config.auto_offset_reset == OffsetReset::latest;
  if (params_.config.auto_offset_reset == OffsetReset::by_duration)
    request->timestamp_ms = (now().ns - params_.config.auto_offset_reset_ago.ns) / 1'000'000;
  const sim::Bytes size = wire::wire_bytes(*request);
  partition.where = Where::asking;
  partition.asked_epoch = metadata_.leaders()[index].epoch;
  connections_.send(leader, {wire::Api::list_offsets, static_cast<std::uint32_t>(index)}, size,
                    std::move(request));
}

// KIP-320: a new leader may have lost what was read (unclean election), and then holds other records at the position.
void Consumer::validate(std::int32_t index, wire::BrokerId leader) {
  if (!connections_.ready(leader)) return;
  Partition& partition = at(index);
  auto request = std::make_unique<wire::OffsetsForLeaderEpochRequest>();
  partition.where = Where::validating;
  partition.asked_epoch = metadata_.leaders()[index].epoch;
  request->parts.push_back(
      {params_.partitions[static_cast<std::size_t>(index)], partition.asked_epoch, partition.position_epoch});
  const sim::Bytes size = wire::wire_bytes(*request);
  connections_.send(leader, {wire::Api::offsets_for_leader_epoch, static_cast<std::uint32_t>(index)}, size,
                    std::move(request));
}

void Consumer::send_fetch(wire::BrokerId broker) {
  auto request = std::make_unique<wire::FetchRequest>();
  request->max_wait = params_.config.fetch_max_wait;
  request->read_committed = params_.config.read_committed;
  request->min_bytes = static_cast<std::int32_t>(params_.config.fetch_min_bytes.n);
  request->max_bytes = static_cast<std::int32_t>(params_.config.fetch_max_bytes.n);
  request->rack = params_.rack;
  request->rack_bytes = static_cast<std::int32_t>(params_.config.client_rack.size());
  Fetch& fetch = fetch_of(broker);
  SIM_CHECK(fetch.indexes.empty());
  for (std::size_t i = 0; i < partitions_.size(); ++i) {
    const auto index = static_cast<std::int32_t>(i);
    Partition& partition = partitions_[i];
    const Leader& leader = metadata_.leaders()[index];
    bool wanted = partition.where == Where::fetching && !partition.buffered && leader.broker >= 0 &&
                  source_of(index) == broker;
    wanted = wanted && partition.fetched_from != broker && !is_held_back(partition, leader.epoch);
    wanted = wanted && !(params_.validate_offsets && partition.position_epoch >= 0 &&
                         leader.epoch > partition.validated_epoch);
    if (!wanted) {
      fetch.session.forget(params_.partitions[i]);
      continue;
    }
    wire::FetchPart part;
    part.partition = params_.partitions[i];
    part.current_leader_epoch = leader.epoch;
    part.fetch_offset = partition.position;
    part.max_bytes = static_cast<std::int32_t>(params_.config.max_partition_fetch_bytes.n);
    fetch.session.want(part);
    partition.fetched_from = broker;
    partition.asked_epoch = leader.epoch;
    partition.wanted = std::min(partition.wanted, now());
    fetch.indexes.push_back(index);
  }
  SIM_CHECK(!fetch.indexes.empty());
  fetch.under_way = true;
  fetch.session.fill(*request);
  const sim::Bytes size = wire::wire_bytes(*request);
  connections_.send(broker, {wire::Api::fetch, 0}, size, std::move(request));
}

Consumer::Fetch& Consumer::fetch_of(wire::BrokerId broker) {
  const auto b = static_cast<std::size_t>(broker);
  if (fetches_.size() <= b) fetches_.resize(b + 1);
  return fetches_[b];
}

void Consumer::arm() {
  sim::SimTime wake = held_back_until_;
  if (now() < params_.start) wake = params_.start;
  const bool may_poll =
      member_ == nullptr || (!committing_ && (member_->may_hand_out() || busy_until_ > now()));
  const bool has_reason = !buffer_.empty() || (member_ != nullptr && busy_until_ > now());
  if (has_reason && may_poll && !application_busy()) wake = std::min(wake, std::max(busy_until_, now()));
  if (wake == wake_at_) return;
  component_.cancel(wake_);
  wake_at_ = wake;
  if (wake != sim::SimTime::max())
    wake_ = component_.at(wake, "consumer.wake", sim::bind<&Consumer::on_wake>(this));
}

}  // namespace brokersim::kafka::client
