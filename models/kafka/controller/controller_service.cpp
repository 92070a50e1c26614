#include "models/kafka/controller/controller_service.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

using wire::Api;
using wire::ErrorCode;

QuorumConfig quorum_config(const ControllerServiceConfig& config, std::uint64_t incarnation) {
  const BrokerConfig& broker = config.broker;
  QuorumConfig quorum;
  quorum.self = config.node;
  quorum.voters = config.voters;
  quorum.incarnation = incarnation;
  quorum.stands_first = config.node == 0;
  quorum.append_linger = broker.controller_append_linger;
  quorum.rules.election_timeout = broker.controller_election_timeout;
  quorum.rules.fetch_timeout = broker.controller_fetch_timeout;
  quorum.rules.election_backoff_max = broker.controller_election_backoff_max;
  quorum.rules.request_timeout = broker.controller_request_timeout;
  quorum.rules.retry_backoff = broker.controller_retry_backoff;
  quorum.rules.pre_vote = broker.pre_vote.value_or(config.version >= Version::v4_0);
  quorum.rules.commit_wakes_fetch = broker.metadata_commit_wakes_fetch;
  quorum.segment_bytes = broker.metadata_segment_bytes;
  quorum.snapshots = {broker.metadata_bytes_between_snapshots, broker.metadata_snapshot_interval_max,
                      broker.metadata_retention_bytes};
  if (broker.metadata_retention_bytes.n < 0)
    quorum.snapshots.retention = {std::numeric_limits<std::int64_t>::max()};
  return quorum;
}

}  // namespace

ControllerService::ControllerService(sim::Process& process, host::Host& host,
                                     const ControllerServiceConfig& config, MetadataStore& store,
                                     history::History& history)
    : host_(host),
      network_(host.network()),
      history_(history),
      store_(store),
      config_(config),
      component_(process, process.path() + "/events"),
      thread_(component_, /*threads=*/1, host.cpu()),
      controller_(controller_rules(config.version, config.broker), config.partitions),
      quorum_(component_, network_, host.id(), host.file_system(), store,
              quorum_config(config_, host.incarnation(config_.process_name)), *this) {}

void ControllerService::start() {
  network::SocketOptions sockets;
  sockets.send_buffer = config_.broker.socket_send_buffer;
  sockets.receive_buffer = config_.broker.socket_receive_buffer;
  sockets.backlog = config_.broker.socket_listen_backlog_size;
  network_.listen(host_.id(), wire::kControllerPort, component_, *this, sockets);
  quorum_.start();
}

void ControllerService::terminate() { component_.spawn(shut_down()); }

sim::Task<void> ControllerService::shut_down() {
  co_await quorum_.shut_down();
  host_.exited(config_.process_name);
}

void ControllerService::on_fatal() { host_.exited(config_.process_name); }

// --- the Raft node ------------------------------------------------------------------------------------------

void ControllerService::on_snapshot(const wire::MetadataSnapshot& snapshot) { committed_ = snapshot.image; }

void ControllerService::on_committed(const MetadataBatch& batch) {
  record_metadata(history::MetadataChange::committed, batch.epoch, batch.base_offset, batch.next_offset());
  const bool first = store_.first_commit(batch);
  for (const LoggedRecord& logged : batch.records) {
    if (first) record_history(logged);
    committed_.apply(logged.record);
  }
  while (!awaiting_.empty() && awaiting_.front().await_offset <= batch.next_offset()) {
    send(std::move(awaiting_.front()));
    awaiting_.pop_front();
  }
}

void ControllerService::on_leader(std::int32_t epoch) {
  active_ = true;
  epoch_ = epoch;
  history_.record(
      history::ControllerChanged{component_.now(), config_.node, epoch, history::ControllerEvent::active});
  controller_.load(committed_, quorum_.next_offset());
  controller_.activate(component_.now());
  last_record_ = component_.now();
  arm_fencing();
  arm_topic_creation();
  const BrokerConfig& broker = config_.broker;
  if (broker.metadata_max_idle_interval > sim::Duration{}) {
    idle_ = component_.after(broker.metadata_max_idle_interval, "controller.idle",
                             sim::bind<&ControllerService::idle_due>(this));
  }
  if (broker.auto_leader_rebalance) {
    balance_ = component_.after(broker.leader_imbalance_check_interval, "controller.balance",
                                sim::bind<&ControllerService::balance_due>(this));
  }
  unclean_ = component_.after(broker.unclean_leader_election_interval, "controller.elect_unclean",
                              sim::bind<&ControllerService::unclean_due>(this));
}

void ControllerService::on_resigned() {
  active_ = false;
  history_.record(
      history::ControllerChanged{component_.now(), config_.node, epoch_, history::ControllerEvent::resigned});
  stop_timers();
  for (const Answer& answer : std::exchange(awaiting_, {})) reject(answer.connection, *answer.response);
  for (const Event& event : std::exchange(queue_, {})) {
    if (event.work == Work::request) reject(event.connection, *event.request);
  }
  fence_queued_ = false;
}

void ControllerService::stop_timers() {
  for (sim::EventHandle* timer : {&fencing_, &topic_creation_, &idle_, &balance_, &unclean_}) {
    if (component_.sim().pending(*timer)) component_.cancel(*timer);
    *timer = {};
  }
}

void ControllerService::on_log_changed(history::MetadataChange change, std::int32_t epoch, std::int64_t from,
                                       std::int64_t to) {
  record_metadata(change, epoch, from, to);
}

void ControllerService::record_metadata(history::MetadataChange change, std::int32_t epoch, std::int64_t from,
                                        std::int64_t to) {
  history_.record(history::MetadataLogChanged{component_.now(), config_.node, /*observer=*/false, change,
                                              epoch, from, to});
}

void ControllerService::record_history(const LoggedRecord& logged) {
  const wire::MetadataRecord& record = logged.record;
  const sim::SimTime now = component_.now();
  if (record.kind == wire::RecordKind::partition) {
    const wire::PartitionState& state = record.partition;
    history_.record(history::PartitionChanged{now, state.partition, state.leader, state.leader_epoch,
                                              state.partition_epoch, state.isr, state.elr, logged.unclean,
                                              logged.by_operator});
  } else if (record.kind == wire::RecordKind::partition_removed) {
    const wire::PartitionState& gone = record.partition;
    history_.record(history::PartitionDeleted{now, gone.partition});
  } else if (record.kind == wire::RecordKind::broker) {
    const wire::BrokerState* before = committed_.broker(record.broker.broker);
    const bool was_fenced = before == nullptr || before->fenced;
    if (was_fenced != record.broker.fenced) {
      const auto event = was_fenced ? history::BrokerEvent::running : history::BrokerEvent::fenced;
      history_.record(history::BrokerChanged{now, record.broker.broker, event});
    }
  }
}

// --- the network ----------------------------------------------------------------------------------------------

void ControllerService::on_message(network::ConnectionId connection,
                                   std::unique_ptr<network::Message> message, sim::Bytes) {
  std::unique_ptr<wire::Message> request(static_cast<wire::Message*>(message.release()));
  switch (request->api) {
    case Api::vote:
    case Api::begin_quorum_epoch:
    case Api::end_quorum_epoch:
    case Api::metadata_fetch:
    case Api::fetch_snapshot: quorum_.on_request(connection, std::move(request)); return;
    default: break;
  }
  if (!active_) {
    reject(connection, *request);
    return;
  }
  // Counted before it waits in the queue, so that a busy controller does not fence the living.
  if (request->api == Api::broker_heartbeat) {
    controller_.heartbeat_arrived(static_cast<const wire::BrokerHeartbeatRequest&>(*request),
                                  component_.now());
  }
  queue_.push_back({Work::request, connection, std::move(request)});
  pump();
}

void ControllerService::on_closed(network::ConnectionId connection, network::CloseReason) {
  quorum_.forget(connection);
}

void ControllerService::send(Answer answer) {
  network_.send(answer.connection, answer.size, std::move(answer.response));
}

template <class Response>
void ControllerService::answer(const Event& event, Response response) {
  response.correlation = event.request->correlation;
  const sim::Bytes size = wire::wire_bytes(response);
  // Also an answer without records waits: it was read from state that may not be committed yet.
  answers_.push_back(
      {event.connection, std::make_unique<Response>(std::move(response)), size, controller_.next_offset()});
}

void ControllerService::reject(network::ConnectionId connection, const wire::Message& message) {
  const auto refuse = [&](auto response) {
    response.correlation = message.correlation;
    response.error = ErrorCode::not_controller;
    const sim::Bytes size = wire::wire_bytes(response);
    network_.send(connection, size, std::make_unique<decltype(response)>(std::move(response)));
  };
  switch (message.api) {
    case Api::broker_registration: return refuse(wire::BrokerRegistrationResponse{});
    case Api::broker_heartbeat: return refuse(wire::BrokerHeartbeatResponse{});
    case Api::alter_partition: return refuse(wire::AlterPartitionResponse{});
    case Api::allocate_producer_ids: return refuse(wire::AllocateProducerIdsResponse{});
    case Api::elect_leaders:
    case Api::alter_partition_reassignments:
    case Api::create_topics:
    case Api::create_partitions:
    case Api::delete_topics: return refuse(wire::AdminResponse(message.api));
    default: SIM_CHECK(false, "not a request for a controller");
  }
}

// --- the event queue ---------------------------------------------------------------------------------------------

void ControllerService::enqueue(Work work) {
  if (!active_) return;
  queue_.push_back({work, {}, nullptr});
  pump();
}

void ControllerService::pump() {
  if (busy_ || queue_.empty()) return;
  busy_ = true;
  busy_epoch_ = epoch_;
  Event event = std::move(queue_.front());
  queue_.pop_front();
  decide(event);
  const sim::Duration cost = kEventCost + kRecordCost * static_cast<std::int64_t>(made_.size());
  thread_.submit(cost, sim::bind<&ControllerService::event_done>(this));
}

void ControllerService::decide(Event& event) {
  const sim::SimTime now = component_.now();
  switch (event.work) {
    case Work::request: decide_request(event); break;
    case Work::fence:
      // One at a time, so that the effect of one is visible before the next.
      fence_queued_ = controller_.fence_one(now, made_) && controller_.next_expiry() <= now;
      if (fence_queued_) queue_.push_back({Work::fence, {}, nullptr});
      break;
    case Work::create_topics: controller_.create_topics(now, made_); break;
    case Work::no_op: controller_.emit(wire::MetadataRecord{}, made_); break;
    case Work::balance:
      if (controller_.balance_leaders(made_)) {
        balance_ = component_.after(kElectionRerun, "controller.balance",
                                    sim::bind<&ControllerService::balance_due>(this));
      } else if (config_.broker.auto_leader_rebalance) {
        balance_ = component_.after(config_.broker.leader_imbalance_check_interval, "controller.balance",
                                    sim::bind<&ControllerService::balance_due>(this));
      }
      break;
    case Work::elect_unclean: {
      const bool more = controller_.elect_unclean_leaders(made_);
      unclean_ =
          component_.after(more ? kElectionRerun : config_.broker.unclean_leader_election_interval,
                           "controller.elect_unclean", sim::bind<&ControllerService::unclean_due>(this));
      break;
    }
  }
  if (!made_.empty()) last_record_ = now;
}

void ControllerService::decide_request(Event& event) {
  const sim::SimTime now = component_.now();
  const wire::Message& request = *event.request;
  switch (request.api) {
    case Api::broker_registration: {
      const auto& registration = static_cast<const wire::BrokerRegistrationRequest&>(request);
      const wire::BrokerRegistrationResponse response = controller_.register_broker(registration, now, made_);
      if (response.error == ErrorCode::duplicate_broker_registration)
        history_.record(history::RegistrationRefused{now, registration.broker});
      answer(event, response);
      return;
    }
    case Api::broker_heartbeat:
      answer(event,
             controller_.heartbeat(static_cast<const wire::BrokerHeartbeatRequest&>(request), now, made_));
      return;
    case Api::alter_partition:
      answer(event,
             controller_.alter_partition(static_cast<const wire::AlterPartitionRequest&>(request), made_));
      return;
    case Api::allocate_producer_ids:
      answer(event, controller_.allocate_producer_ids(
                        static_cast<const wire::AllocateProducerIdsRequest&>(request), made_));
      return;
    case Api::elect_leaders:
      answer(event, controller_.elect_leader(static_cast<const wire::ElectLeadersRequest&>(request), made_));
      return;
    case Api::alter_partition_reassignments:
      answer(event, controller_.reassign(static_cast<const wire::ReassignRequest&>(request), made_));
      return;
    case Api::create_topics:
    case Api::create_partitions:
      answer(event, controller_.create_topic(static_cast<const wire::TopicRequest&>(request), made_));
      return;
    case Api::delete_topics:
      answer(event, controller_.delete_topic(static_cast<const wire::TopicRequest&>(request), made_));
      return;
    default: SIM_CHECK(false, "not a request for a controller");
  }
}

void ControllerService::event_done() {
  busy_ = false;
  if (!active_ || busy_epoch_ != epoch_) {
    // It leads no more: what the event made was never in the log.
    made_.clear();
    for (const Answer& answer : std::exchange(answers_, {})) reject(answer.connection, *answer.response);
    pump();
    return;
  }
  quorum_.append(std::exchange(made_, {}));
  SIM_CHECK(quorum_.next_offset() == controller_.next_offset());
  for (Answer& answer : std::exchange(answers_, {})) {
    if (answer.await_offset <= quorum_.high_watermark()) {
      send(std::move(answer));
    } else {
      awaiting_.push_back(std::move(answer));
    }
  }
  arm_fencing();
  arm_topic_creation();
  if (controller_.more_to_create()) enqueue(Work::create_topics);
  pump();
}

// --- timers -----------------------------------------------------------------------------------------------------

void ControllerService::arm_fencing() {
  if (component_.sim().pending(fencing_)) return;
  sim::SimTime next;
  if (config_.broker.periodic_fence_check.value_or(config_.version >= Version::v4_0)) {
    next = component_.now() + config_.broker.broker_session_timeout / kFenceChecksPerSession;
  } else {
    next = controller_.next_expiry();
    if (fence_queued_ || next == sim::SimTime::max()) return;
  }
  fencing_ = component_.at(std::max(next, component_.now()), "controller.fencing",
                           sim::bind<&ControllerService::fencing_due>(this));
}

void ControllerService::fencing_due() {
  fencing_ = {};
  if (!fence_queued_ && controller_.next_expiry() <= component_.now()) {
    fence_queued_ = true;
    enqueue(Work::fence);
  }
  arm_fencing();
}

void ControllerService::arm_topic_creation() {
  if (component_.sim().pending(topic_creation_)) return;
  const sim::SimTime deadline = controller_.topic_creation_deadline();
  // Past the deadline, topics are created as brokers are unfenced.
  if (deadline == sim::SimTime::max() || deadline < component_.now()) return;
  topic_creation_ = component_.at(deadline, "controller.create_topics",
                                  sim::bind<&ControllerService::topic_creation_due>(this));
}

void ControllerService::topic_creation_due() {
  topic_creation_ = {};
  enqueue(Work::create_topics);
}

void ControllerService::idle_due() {
  const sim::Duration interval = config_.broker.metadata_max_idle_interval;
  if (component_.now() >= last_record_ + interval) {
    enqueue(Work::no_op);
    last_record_ = component_.now();
  }
  idle_ = component_.at(last_record_ + interval, "controller.idle",
                        sim::bind<&ControllerService::idle_due>(this));
}

void ControllerService::balance_due() { enqueue(Work::balance); }

void ControllerService::unclean_due() { enqueue(Work::elect_unclean); }

}  // namespace brokersim::kafka::controller
