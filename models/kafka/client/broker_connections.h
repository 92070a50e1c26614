// A client's connections: one per broker, requests in flight, timeouts, reconnects. Shared by producer and consumer.
//
// Rules (NetworkClient, ClusterConnectionStates, InFlightRequests):
//   - A connection is made when somebody wants to send, not before, and not during its backoff
//     (reconnect.backoff.ms x 2^failures up to .max, jitter 20 %).
//   - Setting up may take socket.connection.setup.timeout.ms x 2^failures up to .max, jitter 20 %.
//   - A request unanswered for request.timeout.ms costs the connection: it is closed and every request in flight
//     on it is lost, oldest first. Nothing else tells a client that a machine has fallen silent.
//   - Something that any broker can answer goes to the ready one with the fewest requests in flight; with none
//     ready, to the one being connected, else to one that may be connected.
// Not modelled: connections.max.idle.ms, and partial writes (see written_at for acks=0).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/devices/network/network.h"
#include "models/kafka/client/backoff.h"
#include "models/kafka/client/params.h"
#include "models/kafka/wire/messages.h"
#include "sim/component.h"

namespace brokersim::kafka::client {

struct ConnectionConfig {
  sim::Duration request_timeout;
  std::int32_t max_in_flight = 100;
  Backoff reconnect;
  Backoff setup;
};

/// A request as its sender knows it.
struct RequestTag {
  wire::Api api = wire::Api::metadata;
  std::uint32_t number = 0;  ///< The sender's own.
};

class ConnectionListener {
 public:
  /// Requests can be sent to `broker` now.
  virtual void on_broker_ready(wire::BrokerId broker) = 0;
  virtual void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) = 0;
  /// No answer will come: the connection broke or the request timed out. on_disconnected follows.
  virtual void on_request_lost(wire::BrokerId broker, RequestTag tag) = 0;
  /// A connection broke or could not be made, after its requests were reported lost.
  virtual void on_disconnected(wire::BrokerId broker) = 0;

 protected:
  ~ConnectionListener() = default;
};

class BrokerConnections final : public network::Peer {
 public:
  /// Events belong to `owner`; it, `site.network` and `listener` must outlive this object.
  BrokerConnections(sim::Component& owner, const ClientSite& site, const ConnectionConfig& config,
                    ConnectionListener& listener);

  /// A broker's address: from the bootstrap list or from metadata.
  void learn(const wire::BrokerEndpoint& endpoint);

  /// True if a request can be sent to `broker` now. If it is not connected, a connection is made as soon as the
  /// backoff allows and on_broker_ready comes; if too much is in flight, a response or loss will come.
  bool ready(wire::BrokerId broker);
  /// The same question without wanting anything.
  [[nodiscard]] bool can_send(wire::BrokerId broker) const;
  /// Connected, but as much in flight as may be.
  [[nodiscard]] bool is_full(wire::BrokerId broker) const;
  /// The broker to ask what any can answer, -1 if none is ready yet; then on_broker_ready will come. `bits` break
  /// ties.
  [[nodiscard]] wire::BrokerId least_loaded(std::uint64_t bits);

  /// Sends a request to a broker that can_send().
  void send(wire::BrokerId broker, RequestTag tag, sim::Bytes size, std::unique_ptr<wire::Message> request);
  /// Sends one that is not answered (acks=0). Returns when the socket has taken it: at once while at most
  /// send.buffer.bytes (128 KiB) wait for the card, else when that much has left at the line rate. The caller
  /// must call written() then.
  [[nodiscard]] sim::SimTime send_unanswered(wire::BrokerId broker, sim::Bytes size,
                                             std::unique_ptr<wire::Message> request);
  void written(wire::BrokerId broker);

  void close_all();

  void on_connected(network::ConnectionId connection) override;
  void on_connect_failed(network::ConnectionId connection, network::ConnectError error) override;
  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes size) override;
  void on_closed(network::ConnectionId connection, network::CloseReason reason) override;

 private:
  enum class State : std::uint8_t { unknown, idle, connecting, connected };
  struct InFlight {
    std::int32_t correlation = 0;
    RequestTag tag;
    sim::SimTime deadline;
  };
  struct Node {
    State state = State::unknown;
    network::HostId host;
    network::ConnectionId connection;
    std::int64_t failures = 0;        // disconnects since the last success
    std::int64_t setup_failures = 0;  // failed set-ups since the last success
    std::uint64_t draws = 0;          // connection attempts and losses of this life
    sim::SimTime retry_at;
    bool retry_armed = false;
    bool wanted = false;
    std::int32_t unwritten = 0;       // unanswered requests the socket has not taken
    sim::SimTime card_free;           // when the card has sent all unanswered ones
    std::vector<InFlight> in_flight;  // oldest first
  };

  [[nodiscard]] Node& node(wire::BrokerId broker) { return nodes_[static_cast<std::size_t>(broker)]; }
  [[nodiscard]] wire::BrokerId broker_of(network::ConnectionId connection) const;
  [[nodiscard]] std::int32_t load(const Node& node) const;
  void want(wire::BrokerId broker);
  void connect(wire::BrokerId broker);
  void retry(std::uint64_t broker);
  void lose(wire::BrokerId broker);
  void arm_timeout();
  void check_timeouts();

  sim::Component& owner_;
  network::Network& network_;
  network::HostId host_;
  sim::BytesPerSecond line_rate_;
  ConnectionConfig config_;
  ConnectionListener& listener_;
  sim::Stream reconnect_jitter_;
  sim::Stream setup_jitter_;
  std::vector<Node> nodes_;  // by broker id
  std::int32_t next_correlation_ = 0;
  bool timeout_armed_ = false;
};

}  // namespace brokersim::kafka::client
