#include "models/kafka/client/admin_client.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "models/devices/host/host.h"
#include "models/kafka/client/produce_errors.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {

// AdminClientConfig: request.timeout.ms, retry.backoff.ms and its maximum, reconnect.backoff.ms and its maximum,
// socket.connection.setup.timeout.ms and its maximum, metadata.max.age.ms, default.api.timeout.ms; send.buffer.bytes and
// receive.buffer.bytes.
constexpr sim::Duration kRequestTimeout = {30'000'000'000};
constexpr Backoff kRetry = {{100'000'000}, {1'000'000'000}};
constexpr Backoff kReconnect = {{50'000'000}, {1'000'000'000}};
constexpr Backoff kSetup = {{10'000'000'000}, {30'000'000'000}};
constexpr sim::Duration kMetadataAge = {300'000'000'000};
constexpr sim::Duration kApiTimeout = {60'000'000'000};

std::vector<wire::PartitionId> partitions_of(const AdminParams& params) {
  std::vector<wire::PartitionId> all;
  for (const auto& action : params.actions) all.push_back(action.partition);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

}  // namespace

AdminClient::AdminClient(sim::Process& process, const ClientSite& site, AdminParams params,
                         history::History& history)
    : component_(process, process.path() + "/admin"),
      site_(site),
      params_(std::move(params)),
      history_(history),
      connections_(component_, site_,
                   {kRequestTimeout, /*max_in_flight=*/100, kReconnect, kSetup, {131'072}, {65'536}, false},
                   *this),
      metadata_(component_, site_, connections_, {kRetry, kMetadataAge}, partitions_of(params_)),
      jitter_(component_.stream("retry_backoff").child(site.life)),
      states_(params_.actions.size()) {
  SIM_CHECK(!params_.bootstrap.empty(), params_.name + " knows no broker");
  for (const wire::BrokerEndpoint& endpoint : params_.bootstrap) connections_.learn(endpoint);
}

void AdminClient::terminate() {
  stopped_ = true;
  connections_.close_all();
  component_.cancel(wake_);
  if (site_.machine != nullptr) site_.machine->exited(site_.service);
}

/// Tries what is due, and decides when to look again.
void AdminClient::settle() {
  if (stopped_) return;
  sim::SimTime wake = sim::SimTime::max();
  bool asking = false;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    State& state = states_[i];
    const sim::SimTime at = params_.actions[i].action.at;
    if (!state.done && now() >= at + kApiTimeout) finish(i, state.last_error, -1);
    if (state.done) continue;
    if (state.under_way) {
      wake = std::min(wake, at + kApiTimeout);
      continue;
    }
    const sim::SimTime due = std::max(at, state.not_before);
    if (due > now()) {
      wake = std::min(wake, due);
      continue;
    }
    asking = true;
    if (!std::exchange(state.begun, true)) begin_anew();
    try_action(i);
    wake = std::min(wake, at + kApiTimeout);
  }
  if (asking) metadata_.poke();
  if (wake == wake_at_) return;
  component_.cancel(wake_);
  wake_at_ = wake;
  if (wake != sim::SimTime::max())
    wake_ = component_.at(wake, "admin.wake", sim::bind<&AdminClient::on_wake>(this));
}

void AdminClient::on_wake() {
  wake_ = {};
  wake_at_ = sim::SimTime::max();
  settle();
}

/// A new tool has no connections. Those that others still wait on stay.
void AdminClient::begin_anew() {
  if (std::any_of(states_.begin(), states_.end(), [](const State& state) { return state.under_way; })) return;
  connections_.close_all();
  metadata_.on_lost();  // if it was under way
}

void AdminClient::try_action(std::size_t index) {
  const AdminParams::Action& asked = params_.actions[index];
  if (asked.action.kind != AdminKind::delete_records) return ask_controller(index);
  const std::int32_t partition = metadata_.leaders().index_of(asked.partition);
  const wire::BrokerId leader = metadata_.leaders()[partition].broker;
  if (leader < 0) {
    if (metadata_.known()) metadata_.request();
    return;
  }
  if (!connections_.ready(leader)) return;
  const RequestTag tag{wire::Api::delete_records, static_cast<std::uint32_t>(index)};
  states_[index].under_way = true;
  switch (asked.action.kind) {
    case AdminKind::elect_leader:
    case AdminKind::reassign:
    case AdminKind::create_topic:
    case AdminKind::create_partitions:
    case AdminKind::delete_topic: return;
    case AdminKind::delete_records: {
      auto request = std::make_unique<wire::DeleteRecordsRequest>();
      request->partition = asked.partition;
      request->offset = asked.action.before_offset;
      const sim::Bytes size = wire::wire_bytes(*request);
      connections_.send(leader, tag, size, std::move(request));
      return;
    }
  }
}

/// What the controller decides goes to any broker, which passes it on.
void AdminClient::ask_controller(std::size_t index) {
  const AdminParams::Action& asked = params_.actions[index];
  State& state = states_[index];
  const std::uint64_t bits =
      jitter_.child(index).child(1).bits(static_cast<std::uint64_t>(state.failures));
  const wire::BrokerId broker = connections_.least_loaded(bits);
  if (broker < 0) return;  // on_broker_ready will come
  state.under_way = true;
  const auto number = static_cast<std::uint32_t>(index);
  if (asked.action.kind == AdminKind::elect_leader) {
    auto request = std::make_unique<wire::ElectLeadersRequest>();
    request->partition = asked.partition;
    request->unclean = asked.action.unclean;
    const sim::Bytes size = wire::wire_bytes(*request);
    connections_.send(broker, {wire::Api::elect_leaders, number}, size, std::move(request));
  } else if (asked.action.kind == AdminKind::create_topic || asked.action.kind == AdminKind::delete_topic ||
             asked.action.kind == AdminKind::create_partitions) {
    const wire::Api api = asked.action.kind == AdminKind::create_topic        ? wire::Api::create_topics
                          : asked.action.kind == AdminKind::create_partitions ? wire::Api::create_partitions
                                                                              : wire::Api::delete_topics;
    auto request = std::make_unique<wire::TopicRequest>(api);
    request->partitions = asked.topic;
    const sim::Bytes size = wire::wire_bytes(*request);
    connections_.send(broker, {api, number}, size, std::move(request));
  } else {
    auto request = std::make_unique<wire::ReassignRequest>();
    request->partition = asked.partition;
    request->replicas = asked.action.replicas;
    const sim::Bytes size = wire::wire_bytes(*request);
    connections_.send(broker, {wire::Api::alter_partition_reassignments, number}, size, std::move(request));
  }
}

void AdminClient::on_response(wire::BrokerId, RequestTag tag, const wire::Message& response) {
  if (stopped_) return;
  switch (tag.api) {
    case wire::Api::metadata:
      metadata_.on_response(static_cast<const wire::MetadataResponse&>(response));
      break;
    case wire::Api::delete_records: {
      const auto& answer = static_cast<const wire::DeleteRecordsResponse&>(response);
      answered(tag.number, answer.error, answer.low_watermark);
      break;
    }
    case wire::Api::create_topics:
    case wire::Api::create_partitions:
    case wire::Api::delete_topics:
    case wire::Api::elect_leaders:
    case wire::Api::alter_partition_reassignments:
      answered(tag.number, static_cast<const wire::AdminResponse&>(response).error, -1);
      break;
    default: SIM_CHECK(false, "an administrator never asks that");
  }
  settle();
}

void AdminClient::answered(std::size_t index, wire::ErrorCode error, std::int64_t offset) {
  states_[index].under_way = false;
  if (error != wire::ErrorCode::none && is_retriable(error)) {
    failed(index, error);
  } else {
    finish(index, error, offset);
  }
}

void AdminClient::failed(std::size_t index, wire::ErrorCode error) {
  State& state = states_[index];
  state.under_way = false;
  state.last_error = error;
  if (wants_metadata(error)) metadata_.request();
  state.not_before =
      now() + kRetry(state.failures, jitter_.child(index).bits(static_cast<std::uint64_t>(state.failures)));
  ++state.failures;
}

void AdminClient::finish(std::size_t index, wire::ErrorCode error, std::int64_t offset) {
  State& state = states_[index];
  if (state.done) return;
  state.done = true;
  const AdminAction& action = params_.actions[index].action;
  history::AdminDone event;
  event.at = now();
  event.asked_at = action.at;
  event.name = action.name;
  event.kind = name(action.kind);
  event.target = action.topic + "/" + std::to_string(action.partition);
  event.error = static_cast<std::int16_t>(error);
  event.error_name = error == wire::ErrorCode::none ? "" : wire::name(error);
  event.offset = offset;
  history_.record(event);
}

void AdminClient::on_request_lost(wire::BrokerId, RequestTag tag) {
  if (tag.api == wire::Api::metadata) {
    metadata_.on_lost();
  } else {
    failed(tag.number, wire::ErrorCode::network_exception);
  }
}

void AdminClient::on_disconnected(wire::BrokerId) {
  metadata_.request();
  settle();
}

}  // namespace brokersim::kafka::client
