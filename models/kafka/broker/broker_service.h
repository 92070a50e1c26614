// A Kafka broker process: registration, heartbeats, requests, replicas, shutdown (BrokerServer, BrokerLifecycleManager).
//
// Life: read the clean markers -> register -> follow metadata up to the own registration -> load the logs -> serve and
// follow -> ask to be unfenced -> run -> (SIGTERM) hand over leadership, flush, leave the clean marker, exit.
// Rules: kafka-behaviour.md sections 2.5, 5.2, 10.1.
#pragma once

#include <cstdint>
#include <memory>

#include "models/devices/host/host.h"
#include "models/kafka/broker/controller_channel.h"
#include "models/kafka/broker/fetcher.h"
#include "models/kafka/broker/group_coordinator.h"
#include "models/kafka/broker/isr_manager.h"
#include "models/kafka/broker/log_manager.h"
#include "models/kafka/broker/metadata_loop.h"
#include "models/kafka/broker/replica_manager.h"
#include "models/kafka/broker/request_server.h"
#include "models/kafka/broker/share_coordinator.h"
#include "models/kafka/broker/share_partitions.h"
#include "models/kafka/broker/share_persister.h"
#include "models/kafka/broker/transaction_coordinator.h"
#include "models/kafka/broker/transaction_markers.h"

namespace brokersim::kafka::broker {

class BrokerService final : public host::Service, public RequestHandler, public LogDirFailures {
 public:
  BrokerService(sim::Process& process, host::Host& host, const BrokerParams& params);

  void start() override { component_.spawn(run()); }
  void terminate() override;

  [[nodiscard]] sim::Duration cost(const wire::Message& request) const override;
  void handle(RequestId id, wire::Message& request) override;
  void connection_closed(network::ConnectionId connection) override { shares_.connection_closed(connection); }

  // For measures and checks, never for other modelled software.
  [[nodiscard]] ReplicaManager& replicas() { return replicas_; }
  [[nodiscard]] RequestServer& server() { return server_; }
  [[nodiscard]] MetadataLoop& metadata_loop() { return metadata_loop_; }
  /// The thread that sends heartbeats stands still, or goes on: the controller then fences a broker that serves (C3).
  void set_heartbeats_stalled(bool stalled) { heartbeats_stalled_ = stalled; }
  [[nodiscard]] const RequestServer& server() const { return server_; }

 private:
  enum class State : std::uint8_t { starting, recovering, running, shutting_down };

  [[nodiscard]] sim::Task<void> run();
  [[nodiscard]] sim::Duration start_duration() const;
  [[nodiscard]] sim::Duration first_heartbeat_wait() const;
  [[nodiscard]] sim::Task<void> register_with_controller();
  [[nodiscard]] sim::Task<void> heartbeat_loop();
  [[nodiscard]] sim::Task<void> leave_at_last();
  [[nodiscard]] sim::Task<void> shut_down();
  template <class Request>
  [[nodiscard]] sim::Task<void> forward(RequestId id, std::unique_ptr<Request> request);
  [[nodiscard]] wire::PartitionId successor(wire::PartitionId gone) const;
  void answer_metadata(RequestId id, const wire::MetadataRequest& request);
  [[nodiscard]] sim::Task<void> answer_init_producer_id(RequestId id);
  [[nodiscard]] std::vector<storage::FileSystem*> log_dirs();
  void log_dir_failed(const storage::FileSystem& dir) override;
  void replica_offline() override;
  [[nodiscard]] sim::Task<void> halt_unless_reported(std::int32_t dirs);

  std::int32_t failed_dirs_ = 0;
  std::int32_t reported_dirs_ = 0;  // of these, told to the controller
  bool halted_ = false;
  host::Host& host_;
  BrokerParams params_;
  const ClusterShape& cluster_;
  sim::Component component_;
  wire::ClusterImage image_;
  RequestServer server_;
  RpcChannel quorum_;
  ReplicaManager replicas_;
  TransactionPeers peers_;
  GroupCoordinator groups_;
  LogManager logs_;
  MetadataLoop metadata_loop_;
  // Kafka keeps a channel for each of these, so that a slow one holds up no other.
  ControllerChannel heartbeats_;
  ControllerChannel alter_;
  ControllerChannel producer_ids_;
  ControllerChannel forwarding_;
  ProducerIds ids_;
  TransactionCoordinator transactions_;
  TransactionMarkers markers_;
  ShareCoordinator share_state_;
  SharePersister persister_;
  SharePartitions shares_;
  IsrManager isr_;
  std::int64_t broker_epoch_ = -1;
  FetcherManager fetchers_;
  std::int64_t previous_epoch_ = -1;
  State state_ = State::starting;
  bool ready_to_unfence_ = false;
  bool want_shut_down_ = false;
  bool heartbeats_stalled_ = false;
  sim::Signal kick_;  // heartbeat now
};

}  // namespace brokersim::kafka::broker
