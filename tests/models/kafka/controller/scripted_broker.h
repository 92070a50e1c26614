// A broker of which only the conversation with the controller is real: registration, heartbeats, metadata fetches.
//
// It keeps a journal outside its process, so that a test can see what each life saw. It stores no data.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/host/host.h"
#include "models/devices/network/network.h"
#include "models/kafka/wire/image.h"
#include "models/kafka/wire/raft_messages.h"
#include "sim/component.h"

namespace brokersim::kafka::controller {

/// What happened to one broker, over all its lives.
struct BrokerJournal {
  std::vector<std::pair<sim::SimTime, wire::ErrorCode>> registrations;  ///< Answers.
  sim::SimTime last_heartbeat_sent;
  sim::SimTime last_heartbeat_answered;
  bool fenced = true;        ///< As the last heartbeat's answer said.
  sim::SimTime unfenced_at;  ///< First answer of this life that said so.
  sim::SimTime told_to_shut_down;
  std::vector<wire::AlterPartitionResult> altered;
  sim::SimTime altered_at;
  std::vector<wire::AllocateProducerIdsResponse> producer_ids;
  std::map<std::int32_t, sim::SimTime> leader_seen_at;  ///< By leader epoch of partition 0: when applied.
  int begun_again = 0;                                  ///< The controller's log is not what it was.
  std::vector<wire::ErrorCode> refused;                 ///< Errors of heartbeats and fetches.
};

struct ScriptedBrokerConfig {
  wire::BrokerId id = 0;
  network::HostId controller;
  bool says_known_high_watermark = true;  ///< Fetch v18 (4.1)
  std::int64_t previous_broker_epoch = -1;
};

class ScriptedBroker final : public host::Service, public network::Peer {
 public:
  ScriptedBroker(sim::Process& process, host::Host& host, const ScriptedBrokerConfig& config,
                 BrokerJournal& journal)
      : host_(host),
        config_(config),
        journal_(journal),
        component_(process, process.path() + "/script"),
        incarnation_(host.incarnation("broker") * 1'000 + static_cast<std::uint64_t>(config.id)) {}

  void start() override { connect(); }
  void terminate() override {
    shutting_down_ = true;
    heartbeat_now();
  }

  /// As leader of `state`, asks for this ISR.
  void alter(const wire::PartitionState& state, const std::vector<wire::BrokerId>& isr) {
    auto request = std::make_unique<wire::AlterPartitionRequest>();
    request->broker = config_.id;
    request->broker_epoch = epoch_;
    wire::AlterPartitionPart part{state.partition, state.leader_epoch, state.partition_epoch, {}};
    for (const wire::BrokerId id : isr) part.new_isr.push_back({id, -1});
    request->parts.push_back(part);
    send(std::move(request));
  }
  void allocate_producer_ids() { send(std::make_unique<wire::AllocateProducerIdsRequest>()); }
  const wire::ClusterImage& image() const { return image_; }
  std::int64_t applied() const { return applied_; }

  void on_connected(network::ConnectionId connection) override {
    connection_ = connection;
    component_.cancel(fetch_again_);
    fetch();
    epoch_ < 0 ? register_now() : heartbeat_now();
  }
  void on_connect_failed(network::ConnectionId, network::ConnectError) override { reconnect_later(); }
  void on_closed(network::ConnectionId, network::CloseReason) override { reconnect_later(); }
  void on_message(network::ConnectionId, std::unique_ptr<network::Message> message, sim::Bytes) override {
    const auto& answer = static_cast<const wire::Message&>(*message);
    switch (answer.api) {
      case wire::Api::broker_registration:
        registered(static_cast<const wire::BrokerRegistrationResponse&>(answer));
        break;
      case wire::Api::broker_heartbeat:
        heartbeat_answered(static_cast<const wire::BrokerHeartbeatResponse&>(answer));
        break;
      case wire::Api::metadata_fetch: fetched(static_cast<const wire::MetadataFetchResponse&>(answer)); break;
      case wire::Api::alter_partition:
        for (const auto& result : static_cast<const wire::AlterPartitionResponse&>(answer).results)
          journal_.altered.push_back(result);
        journal_.altered_at = component_.now();
        break;
      case wire::Api::allocate_producer_ids:
        journal_.producer_ids.push_back(static_cast<const wire::AllocateProducerIdsResponse&>(answer));
        break;
      default: break;
    }
  }

 private:
  void connect() {
    connection_ = host_.network().connect(host_.id(), component_, *this, config_.controller,
                                          wire::kControllerPort, sim::Duration{10'000'000'000});
  }
  void reconnect_later() {
    connection_ = {};
    pending_.clear();
    held_ = applied_;
    held_epoch_ = applied_epoch_;
    component_.cancel(heartbeat_);
    component_.cancel(unanswered_);
    component_.after({50'000'000}, "script.reconnect", sim::bind<&ScriptedBroker::connect>(this));
  }
  /// A machine without power says nothing: give the connection up.
  void give_up() {
    host_.network().close(connection_);
    reconnect_later();
  }
  template <class Request>
  void send(std::unique_ptr<Request> request) {
    request->correlation = ++correlation_;
    const sim::Bytes size = wire::wire_bytes(*request);
    host_.network().send(connection_, size, std::move(request));
  }
  void register_now() {
    auto request = std::make_unique<wire::BrokerRegistrationRequest>();
    request->broker = config_.id;
    request->incarnation = incarnation_;
    request->previous_broker_epoch = config_.previous_broker_epoch;
    send(std::move(request));
  }
  void registered(const wire::BrokerRegistrationResponse& answer) {
    journal_.registrations.emplace_back(component_.now(), answer.error);
    if (answer.error != wire::ErrorCode::none) {
      component_.after({100'000'000}, "script.register", sim::bind<&ScriptedBroker::register_now>(this));
      return;
    }
    epoch_ = answer.broker_epoch;
    journal_.fenced = true;
    heartbeat_now();
  }
  void heartbeat_now() {
    component_.cancel(heartbeat_);
    auto request = std::make_unique<wire::BrokerHeartbeatRequest>();
    request->broker = config_.id;
    request->broker_epoch = epoch_;
    request->metadata_offset = applied_ - 1;
    request->want_shut_down = shutting_down_;
    send(std::move(request));
    component_.cancel(unanswered_);
    unanswered_ =
        component_.after({4'500'000'000}, "script.unanswered", sim::bind<&ScriptedBroker::give_up>(this));
    journal_.last_heartbeat_sent = component_.now();
  }
  void heartbeat_answered(const wire::BrokerHeartbeatResponse& answer) {
    component_.cancel(unanswered_);
    if (answer.error != wire::ErrorCode::none) journal_.refused.push_back(answer.error);
    journal_.last_heartbeat_answered = component_.now();
    if (journal_.fenced && !answer.fenced) journal_.unfenced_at = component_.now();
    journal_.fenced = answer.fenced;
    if (answer.should_shut_down) {
      journal_.told_to_shut_down = component_.now();
      host_.exited("broker");
      return;
    }
    // BrokerLifecycleManager: 10 ms while it starts, 50 ms while it leaves, else broker.heartbeat.interval.ms.
    const sim::Duration wait{answer.fenced ? 10'000'000 : shutting_down_ ? 50'000'000 : 2'000'000'000};
    heartbeat_ = component_.after(wait, "script.heartbeat", sim::bind<&ScriptedBroker::heartbeat_now>(this));
  }
  void fetch() {
    auto request = std::make_unique<wire::MetadataFetchRequest>();
    request->epoch = leader_epoch_;
    request->fetch_offset = held_;
    request->last_fetched_epoch = held_epoch_;
    if (config_.says_known_high_watermark) request->known_high_watermark = applied_;
    send(std::move(request));
  }
  void fetched(const wire::MetadataFetchResponse& answer) {
    if (answer.error != wire::ErrorCode::none) {
      // It does not lead yet, or in another epoch.
      if (answer.epoch > leader_epoch_ && answer.leader >= 0) {
        leader_epoch_ = answer.epoch;
        fetch();
        return;
      }
      journal_.refused.push_back(answer.error);
      fetch_again_ = component_.after({50'000'000}, "script.fetch", sim::bind<&ScriptedBroker::fetch>(this));
      return;
    }
    if (answer.diverging) {
      // Ahead of the controller: begin again.
      ++journal_.begun_again;
      held_ = applied_ = 0;
      held_epoch_ = applied_epoch_ = 0;
      pending_.clear();
      fetch();
      return;
    }
    for (const wire::MetadataBatch* batch : answer.batches) {
      for (const auto& logged : batch->records) pending_.push_back(logged.record);
      held_epoch_ = batch->epoch;
      held_ = batch->next_offset();
    }
    while (applied_ < answer.high_watermark && !pending_.empty()) {
      apply(pending_.front());
      pending_.erase(pending_.begin());
    }
    if (applied_ == held_) applied_epoch_ = held_epoch_;
    fetch();
  }
  void apply(const wire::MetadataRecord& record) {
    image_.apply(record);
    ++applied_;
    if (record.kind == wire::RecordKind::partition && record.partition->partition.n == 0) {
      journal_.leader_seen_at.emplace(record.partition->leader_epoch, component_.now());
    }
  }

  host::Host& host_;
  ScriptedBrokerConfig config_;
  BrokerJournal& journal_;
  sim::Component component_;
  std::uint64_t incarnation_;
  network::ConnectionId connection_;
  std::int32_t correlation_ = 0;
  std::int64_t epoch_ = -1;
  bool shutting_down_ = false;
  sim::EventHandle heartbeat_;
  sim::EventHandle unanswered_;
  sim::EventHandle fetch_again_;
  std::int64_t held_ = 0;  // next offset to fetch
  std::int32_t held_epoch_ = 0;
  std::int32_t applied_epoch_ = 0;
  std::int32_t leader_epoch_ = 0;
  std::int64_t applied_ = 0;  // records below are applied
  std::vector<wire::MetadataRecord> pending_;
  wire::ClusterImage image_;
};

}  // namespace brokersim::kafka::controller
