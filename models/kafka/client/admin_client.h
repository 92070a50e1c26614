// Kafka's Admin client: carries out a list of actions at their times and tells the history what came of each.
//
// Rules (KafkaAdminClient): a call that names a partition goes to its leader, found by metadata; a retriable error or a
// lost request is tried again after retry.backoff.ms (100, doubling to 1,000), until default.api.timeout.ms (60 s)
// after the action's time. Actions do not wait for each other. Each is a run of a tool of its own, so it does not begin with a
// connection that an earlier one has left, whose broker may be silent; of the bootstrap brokers one is tried at a time, for
// socket.connection.setup.timeout.ms (10 s). Not modelled: batching of several partitions in one
// request.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/devices/host/service.h"
#include "models/history/history.h"
#include "models/kafka/admin.h"
#include "models/kafka/client/broker_connections.h"
#include "models/kafka/client/metadata.h"
#include "models/kafka/client/params.h"

namespace brokersim::kafka::client {

struct AdminParams {
  struct Action {
    AdminAction action;
    history::PartitionId partition;  ///< Of the action's topic and number.
    std::vector<history::PartitionId> topic;  ///< create_topic, delete_topic: all of it.
  };
  std::string name;
  std::vector<Action> actions;                  ///< In any order of time.
  std::vector<wire::BrokerEndpoint> bootstrap;  ///< Not empty.
};

class AdminClient final : public host::Service, private ConnectionListener {
 public:
  AdminClient(sim::Process& process, const ClientSite& site, AdminParams params, history::History& history);

  void start() override { settle(); }
  void terminate() override;

 private:
  struct State {
    bool done = false;
    bool under_way = false;
    bool begun = false;
    std::int64_t failures = 0;
    sim::SimTime not_before;
    wire::ErrorCode last_error = wire::ErrorCode::request_timed_out;
  };

  void on_broker_ready(wire::BrokerId) override { settle(); }
  void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) override;
  void on_request_lost(wire::BrokerId broker, RequestTag tag) override;
  void on_disconnected(wire::BrokerId broker) override;
  void on_wake();

  void settle();
  void begin_anew();
  void try_action(std::size_t index);
  void ask_controller(std::size_t index);
  void answered(std::size_t index, wire::ErrorCode error, std::int64_t offset);
  void failed(std::size_t index, wire::ErrorCode error);
  void finish(std::size_t index, wire::ErrorCode error, std::int64_t offset);
  [[nodiscard]] sim::SimTime now() const { return component_.now(); }

  sim::Component component_;
  ClientSite site_;
  AdminParams params_;
  history::History& history_;
  BrokerConnections connections_;
  MetadataUpdater metadata_;
  sim::Stream jitter_;
  std::vector<State> states_;
  sim::EventHandle wake_;
  sim::SimTime wake_at_ = sim::SimTime::max();
  bool stopped_ = false;
};

}  // namespace brokersim::kafka::client
