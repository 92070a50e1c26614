#include "models/kafka/broker/broker_service.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::broker {

namespace {
/// BrokerLifecycleManager: delay between heartbeats while a state change is under way.
constexpr sim::Duration kFastHeartbeat = {10'000'000};
/// A broker waits this long for its controlled shutdown before it goes anyway.
constexpr sim::Duration kControlledShutdownMax = {300'000'000'000};
/// controller.socket.timeout.ms
constexpr sim::Duration kControllerSocketTimeout = {30'000'000'000};
constexpr sim::Duration kBackoffBase = {100'000'000};

BrokerParams params_on(BrokerParams params, host::Host& host) {
  params.cpu = &host.cpu();
  params.clock = &host.clock();
  return params;
}

}  // namespace

BrokerService::BrokerService(sim::Process& process, host::Host& host, const BrokerParams& params)
    : host_(host),
      params_(params_on(params, host)),
      cluster_(*params.cluster),
      component_(process, process.path() + "/main"),
      server_(component_, host.network(), params_, host.cpu(), *this),
      quorum_(component_, host.network(), host.id(), cluster_.controller_hosts.front(),
              wire::kControllerPort),
      replicas_(component_, params_, log_dirs(), server_, image_),
      peers_(component_, params_, host.network(), host.id(), image_),
      groups_(component_, params_, replicas_, server_, image_, host.incarnation(params.program)),
      logs_(component_, params_, replicas_),
      metadata_loop_(component_, params_, quorum_, replicas_, image_),
      heartbeats_(component_, host.network(), host.id(), cluster_.controller_hosts, metadata_loop_.leader(),
                  cluster_.config.broker_session_timeout / 2),
      alter_(component_, host.network(), host.id(), cluster_.controller_hosts, metadata_loop_.leader(),
             kControllerSocketTimeout),
      producer_ids_(component_, host.network(), host.id(), cluster_.controller_hosts, metadata_loop_.leader(),
                    kControllerSocketTimeout),
      forwarding_(component_, host.network(), host.id(), cluster_.controller_hosts, metadata_loop_.leader(),
                  kControllerSocketTimeout),
      ids_(params_, producer_ids_),
      transactions_(component_, params_, replicas_, server_, peers_, ids_),
      markers_(component_, params_, replicas_, server_, groups_),
      share_state_(component_, params_, replicas_, server_),
      persister_(component_, params_, host.network(), host.id(), image_),
      shares_(component_, params_, replicas_, server_, image_, persister_),
      isr_(alter_, replicas_, params.id),
      fetchers_(process, process.path(), host.network(), host.id(), params_, &broker_epoch_, replicas_) {
  replicas_.connect(isr_, fetchers_, *this);
  if (!cluster_.offsets_topic.empty()) replicas_.connect_internal(groups_);
  if (!cluster_.transactions_topic.empty()) replicas_.connect_transactions(transactions_, peers_);
  if (!cluster_.shares_topic.empty()) replicas_.connect_shares(share_state_, shares_);
}

std::vector<storage::FileSystem*> BrokerService::log_dirs() {
  std::vector<storage::FileSystem*> dirs;
  for (std::size_t i = 0; i < host_.file_systems(); ++i) dirs.push_back(&host_.file_system(i));
  return dirs;
}

/// KIP-112, KIP-858 (LogDirFailureHandler, ReplicaManager.handleLogDirFailure): the replicas in it go offline and the
/// controller is told with a heartbeat at once, so that leaders move. The broker halts, no clean marker written, when it
/// was the last directory, and when log.dir.failure.timeout.ms passes before the controller has heard of it.
/// Assumption: metadata.log.dir lies on a disk of its own. By default it is the first of log.dirs, and a broker halts when
/// that one fails.
void BrokerService::log_dir_failed(const storage::FileSystem& dir) {
  if (halted_ || replicas_.is_offline(dir)) return;
  const std::int32_t replicas = replicas_.directory_failed(dir);
  ++failed_dirs_;
  halted_ = static_cast<std::size_t>(failed_dirs_) == host_.file_systems();
  std::int32_t place = 0;
  for (std::size_t i = 0; i < host_.file_systems(); ++i) {
    if (&host_.file_system(i) == &dir) place = static_cast<std::int32_t>(i);
  }
  params_.history->record(history::LogDirFailed{component_.now(), params_.id, place, replicas, halted_});
  if (halted_) {
    host_.exited(params_.program);
    return;
  }
  component_.spawn(halt_unless_reported(failed_dirs_));
  kick_.notify_all();
}

void BrokerService::replica_offline() { kick_.notify_all(); }

sim::Task<void> BrokerService::halt_unless_reported(std::int32_t dirs) {
  co_await sim::delay(cluster_.config.log_dir_failure_timeout, "broker.log_dir_failure_timeout");
  if (reported_dirs_ >= dirs || halted_) co_return;
  halted_ = true;
  params_.history->record(history::LogDirFailed{component_.now(), params_.id, -1, 0, true});
  host_.exited(params_.program);
}

sim::Duration BrokerService::start_duration() const {
  const StartUp& start = cluster_.start_up;
  const std::uint64_t life = host_.incarnation(params_.program);
  if (life <= 1 || start.process_max <= sim::Duration{}) return {};
  const auto range = static_cast<std::uint64_t>((start.process_max - start.process_min).ns + 1);
  return start.process_min +
         sim::Duration{static_cast<std::int64_t>(component_.stream("start").below(life, range))};
}

sim::Duration BrokerService::first_heartbeat_wait() const {
  const sim::Duration interval = cluster_.config.broker_heartbeat_interval;
  if (!cluster_.start_up.heartbeat_phase) return interval;
  const std::uint64_t life = host_.incarnation(params_.program);
  return {static_cast<std::int64_t>(
      component_.stream("heartbeat.phase").below(life, static_cast<std::uint64_t>(interval.ns)))};
}

sim::Task<void> BrokerService::run() {
  const sim::Duration starting = start_duration();
  if (starting > sim::Duration{}) co_await sim::delay(starting, "broker.process_start");
  for (std::size_t i = 0; i < host_.file_systems(); ++i) {
    // Neither the lock file nor the marker can be written.
    if (host_.file_system(i).mode() != storage::Mode::writable) log_dir_failed(host_.file_system(i));
  }
  if (halted_) co_return;
  previous_epoch_ = logs_.take_clean_markers();
  component_.spawn(metadata_loop_.run());
  co_await register_with_controller();
  while (metadata_loop_.applied() <= broker_epoch_) co_await metadata_loop_.progress().wait();
  state_ = State::recovering;
  component_.spawn(
      heartbeat_loop());  // from the registration on: its session must not run out while logs load
  co_await logs_.load_all();
  network::SocketOptions sockets;
  sockets.send_buffer = cluster_.config.socket_send_buffer;
  sockets.receive_buffer = cluster_.config.socket_receive_buffer;
  sockets.backlog = cluster_.config.socket_listen_backlog_size;
  host_.network().listen(host_.id(), wire::kBrokerPort, component_, server_, sockets);
  host_.network().listen(host_.id(), wire::kBrokerTlsPort, component_, server_, sockets);
  co_await metadata_loop_.publish();
  component_.spawn(isr_.run(&broker_epoch_));
  component_.spawn(replicas_.isr_check_loop());
  component_.spawn(logs_.high_watermark_checkpoint_loop());
  component_.spawn(logs_.recovery_point_checkpoint_loop());
  component_.spawn(logs_.log_start_checkpoint_loop());
  component_.spawn(logs_.retention_loop());
  if (cluster_.config.log_cleaner_enable && logs_.any_compacted()) {
    for (std::int32_t i = 0; i < cluster_.config.log_cleaner_threads; ++i)
      component_.spawn(logs_.cleaner_loop());
  }
  component_.spawn(logs_.flush_loop());
  if (!cluster_.offsets_topic.empty()) component_.spawn(groups_.expiry_loop());
  if (!cluster_.transactions_topic.empty()) component_.spawn(transactions_.expiry_loop());
  ready_to_unfence_ = true;
  kick_.notify_all();
}

sim::Task<void> BrokerService::register_with_controller() {
  const std::uint64_t incarnation = sim::combine(component_.path_hash(), host_.incarnation(params_.program));
  const sim::Stream jitter = component_.stream("registration.backoff");
  sim::Duration backoff = kBackoffBase;
  for (std::uint64_t attempt = 0;; ++attempt) {
    auto request = std::make_unique<wire::BrokerRegistrationRequest>();
    request->broker = params_.id;
    request->incarnation = incarnation;
    request->previous_broker_epoch = previous_epoch_;
    using Answer = wire::BrokerRegistrationResponse;
    std::unique_ptr<Answer> response = co_await heartbeats_.call<wire::BrokerRegistrationRequest, Answer>(
        std::move(request), cluster_.config.broker_session_timeout);
    if (response != nullptr && response->error == wire::ErrorCode::none) {
      broker_epoch_ = response->broker_epoch;
      co_return;
    }
    // Exponential from 100 ms, doubling, up to the session timeout, with 2 % of jitter.
    const std::int64_t two_percent = backoff.ns / 50;
    const sim::Duration wait{
        backoff.ns - two_percent +
        static_cast<std::int64_t>(
            jitter.child(incarnation).below(attempt, static_cast<std::uint64_t>(2 * two_percent + 1)))};
    co_await sim::delay(wait, "broker.registration_backoff");
    backoff = std::min(backoff * 2, cluster_.config.broker_session_timeout);
  }
}

sim::Task<void> BrokerService::heartbeat_loop() {
  const sim::Stream jitter = component_.stream("heartbeat.backoff");
  sim::Duration backoff = kBackoffBase;
  for (std::uint64_t round = 0;; ++round) {
    auto request = std::make_unique<wire::BrokerHeartbeatRequest>();
    request->broker = params_.id;
    request->broker_epoch = broker_epoch_;
    request->metadata_offset = metadata_loop_.applied() - 1;
    request->want_fence = !ready_to_unfence_;
    request->want_shut_down = want_shut_down_;
    request->offline_dirs = failed_dirs_;
    request->offline_replicas = replicas_.offline_replicas();
    const std::int32_t told_dirs = failed_dirs_;
    const std::size_t told_replicas = request->offline_replicas.size();
    const bool asked_to_leave = want_shut_down_;
    using Answer = wire::BrokerHeartbeatResponse;
    std::unique_ptr<Answer> response = co_await heartbeats_.call<wire::BrokerHeartbeatRequest, Answer>(
        std::move(request), cluster_.config.broker_session_timeout);
    const bool failed = response == nullptr || response->error != wire::ErrorCode::none;
    if (!failed) reported_dirs_ = std::max(reported_dirs_, told_dirs);
    if (!failed && asked_to_leave && response->should_shut_down) break;
    if (state_ == State::shutting_down) co_return;
    if (response != nullptr && response->error == wire::ErrorCode::stale_broker_epoch) {
      // The controller's log lost our registration with its power (see MetadataLoop::forget).
      co_await register_with_controller();
      continue;
    }
    sim::Duration wait = cluster_.config.broker_heartbeat_interval;
    if (failed) {
      const std::int64_t two_percent = backoff.ns / 50;
      wait = {
          backoff.ns - two_percent +
          static_cast<std::int64_t>(jitter.below(round, static_cast<std::uint64_t>(2 * two_percent + 1)))};
      backoff = std::min(backoff * 2, cluster_.config.broker_session_timeout);
    } else {
      backoff = kBackoffBase;
      if (state_ == State::recovering && ready_to_unfence_ && !response->fenced) {
        state_ = State::running;
        wait = first_heartbeat_wait();
      }
      if (state_ == State::recovering || asked_to_leave) wait = kFastHeartbeat;
    }
    // What failed while the request was under way is told at once.
    if (!failed && (failed_dirs_ > told_dirs || replicas_.offline_replicas().size() > told_replicas))
      wait = kFastHeartbeat;
    co_await kick_.wait_for(wait);
    while (heartbeats_stalled_)
      co_await sim::delay(cluster_.config.broker_heartbeat_interval, "broker.heartbeats_stalled");
    if (state_ == State::shutting_down) co_return;
  }
  co_await shut_down();
}

/// The controller has not let it go: it goes all the same (BrokerServer.shutdown waits for controlledShutdownFuture no
/// longer).
sim::Task<void> BrokerService::leave_at_last() {
  co_await sim::delay(kControlledShutdownMax, "broker.controlled_shutdown_max");
  co_await shut_down();
}

void BrokerService::terminate() {
  if (want_shut_down_) return;
  want_shut_down_ = true;
  if (state_ == State::starting || !cluster_.config.controlled_shutdown_enable) {
    component_.spawn(shut_down());
    return;
  }
  component_.spawn(leave_at_last());
  kick_.notify_all();
}

sim::Task<void> BrokerService::shut_down() {
  if (state_ == State::shutting_down) co_return;
  state_ = State::shutting_down;
  if (ready_to_unfence_) {  // else logs are not loaded yet: no clean marker (KAFKA-15375)
    host_.network().unlisten(host_.id(), wire::kBrokerPort);
    host_.network().unlisten(host_.id(), wire::kBrokerTlsPort);
    // Requests are not worked on any more (SocketServer.stopProcessingRequests), fetchers stop, and what is under way
    // comes to its end, before the logs are flushed and called clean.
    fetchers_.stop();
    for (bool quiet = false; !quiet;) {
      quiet = true;
      for (Replica* replica : replicas_.replicas()) {
        if (!replica->locked()) continue;
        quiet = false;
        co_await replica->lock_free().wait();
      }
    }
    co_await logs_.shut_down(broker_epoch_);
  }
  host_.exited(params_.program);
}

sim::Duration BrokerService::cost(const wire::Message& request) const {
  const Costs& costs = cluster_.costs;
  switch (request.api) {
    case wire::Api::produce: return replicas_.produce_cost(static_cast<const wire::ProduceRequest&>(request));
    case wire::Api::fetch:
      return costs.handle_request +
             costs.read_partition * static_cast<std::int64_t>(replicas_.fetched_partitions(
                                        static_cast<const wire::FetchRequest&>(request)));
    case wire::Api::write_txn_markers:
      return costs.handle_request +
             costs.append_batch * static_cast<std::int64_t>(
                                      static_cast<const wire::WriteTxnMarkersRequest&>(request).partitions.size());
    case wire::Api::share_fetch:
      return costs.handle_request +
             costs.read_partition *
                 static_cast<std::int64_t>(static_cast<const wire::ShareFetchRequest&>(request).parts.size());
    case wire::Api::end_txn:
    case wire::Api::add_partitions_to_txn:
    case wire::Api::add_offsets_to_txn:
    case wire::Api::txn_offset_commit:
    case wire::Api::write_share_state:
    case wire::Api::offset_commit:
    case wire::Api::sync_group: return costs.handle_request + costs.append_batch;
    default: return costs.handle_request;
  }
}

void BrokerService::handle(RequestId id, wire::Message& request) {
  if (state_ == State::shutting_down) return;  // its connection ends with the process
  switch (request.api) {
    case wire::Api::produce: return replicas_.produce(id, static_cast<wire::ProduceRequest&>(request));
    case wire::Api::fetch: return replicas_.fetch(id, static_cast<wire::FetchRequest&>(request));
    case wire::Api::list_offsets:
      return replicas_.list_offsets(id, static_cast<wire::ListOffsetsRequest&>(request));
    case wire::Api::delete_records:
      return replicas_.delete_records(id, static_cast<wire::DeleteRecordsRequest&>(request));
    case wire::Api::offsets_for_leader_epoch:
      return replicas_.offsets_for_leader_epoch(id,
                                                static_cast<wire::OffsetsForLeaderEpochRequest&>(request));
    case wire::Api::elect_leaders: {
      auto copy =
          std::make_unique<wire::ElectLeadersRequest>(static_cast<wire::ElectLeadersRequest&>(request));
      component_.spawn(forward(id, std::move(copy)));
      return;
    }
    case wire::Api::alter_partition_reassignments: {
      auto copy = std::make_unique<wire::ReassignRequest>(static_cast<wire::ReassignRequest&>(request));
      component_.spawn(forward(id, std::move(copy)));
      return;
    }
    case wire::Api::create_topics:
    case wire::Api::create_partitions:
    case wire::Api::delete_topics: {
      auto copy = std::make_unique<wire::TopicRequest>(static_cast<wire::TopicRequest&>(request));
      component_.spawn(forward(id, std::move(copy)));
      return;
    }
    case wire::Api::metadata: return answer_metadata(id, static_cast<wire::MetadataRequest&>(request));
    case wire::Api::init_producer_id:
      if (!static_cast<wire::InitProducerIdRequest&>(request).transactional_id.empty())
        return transactions_.handle(id, request);
      component_.spawn(answer_init_producer_id(id));
      return;
    case wire::Api::write_txn_markers:
      return markers_.handle(id, static_cast<wire::WriteTxnMarkersRequest&>(request));
    case wire::Api::end_txn:
    case wire::Api::add_partitions_to_txn:
    case wire::Api::add_offsets_to_txn: return transactions_.handle(id, request);
    case wire::Api::find_coordinator:
      if (static_cast<wire::FindCoordinatorRequest&>(request).transaction) return transactions_.handle(id, request);
      return groups_.handle(id, request);
    case wire::Api::txn_offset_commit:
    case wire::Api::join_group:
    case wire::Api::sync_group:
    case wire::Api::heartbeat:
    case wire::Api::leave_group:
    case wire::Api::offset_commit:
    case wire::Api::offset_fetch:
    case wire::Api::consumer_group_heartbeat:
    case wire::Api::share_group_heartbeat: return groups_.handle(id, request);
    case wire::Api::share_fetch:
    case wire::Api::share_acknowledge: return shares_.handle(id, request);
    case wire::Api::read_share_state:
    case wire::Api::write_share_state: return share_state_.handle(id, request);
    default: SIM_CHECK(false, "a broker does not serve this request");
  }
}

/// What only the controller can do is passed on to it (ForwardingManager); a silent controller is a timeout.
template <class Request>
sim::Task<void> BrokerService::forward(RequestId id, std::unique_ptr<Request> request) {
  const wire::Api api = request->api;
  std::unique_ptr<wire::AdminResponse> answer = co_await forwarding_.call<Request, wire::AdminResponse>(
      std::move(request), cluster_.config.request_timeout);
  auto response = std::make_unique<wire::AdminResponse>(api);
  response->error = answer == nullptr ? wire::ErrorCode::request_timed_out : answer->error;
  server_.respond(id, std::move(response));
}

/// The partition of a later topic that bears the name of one that is gone; n = -1: there is none.
wire::PartitionId BrokerService::successor(wire::PartitionId gone) const {
  const PartitionName& name = cluster_.partitions[static_cast<std::size_t>(gone.n)];
  if (!name.shares_directory) return {-1};
  for (const PartitionName& other : cluster_.partitions) {
    if (other.id > gone && other.directory == name.directory && image_.partition(other.id) != nullptr)
      return other.id;
  }
  return {-1};
}

void BrokerService::answer_metadata(RequestId id, const wire::MetadataRequest& request) {
  auto response = std::make_unique<wire::MetadataResponse>();
  for (const auto& broker : image_.brokers()) {
    if (broker.broker < 0 || broker.fenced) continue;
    response->brokers.push_back(
        {broker.broker, cluster_.broker_hosts[static_cast<std::size_t>(broker.broker)]});
  }
  for (const wire::PartitionId id_wanted : request.partitions) {
    wire::PartitionMetadata metadata;
    metadata.partition = id_wanted;
    const wire::PartitionState* state = image_.partition(id_wanted);
    if (state == nullptr) {
      metadata.current = successor(id_wanted);
      if (metadata.current.n >= 0) state = image_.partition(metadata.current);
    }
    if (state == nullptr) {
      metadata.error = wire::ErrorCode::unknown_topic_or_partition;
    } else {
      const wire::BrokerState* leader = state->leader < 0 ? nullptr : image_.broker(state->leader);
      const bool available = leader != nullptr && !leader->fenced;
      metadata.error = available ? wire::ErrorCode::none : wire::ErrorCode::leader_not_available;
      metadata.leader = available ? state->leader : -1;
      metadata.leader_epoch = state->leader_epoch;
    }
    response->partitions.push_back(metadata);
  }
  server_.respond(id, std::move(response));
}

sim::Task<void> BrokerService::answer_init_producer_id(RequestId id) {
  if (!ids_.ready()) co_await ids_.fill();
  auto response = std::make_unique<wire::InitProducerIdResponse>();
  response->producer_id = ids_.take();
  server_.respond(id, std::move(response));
}

}  // namespace brokersim::kafka::broker
