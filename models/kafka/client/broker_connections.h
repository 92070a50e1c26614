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
//   - A request that is not answered (acks=0) is done when the socket has taken it (Sender.handleProduceResponse of
//     a completed send). The socket holds send.buffer.bytes (131072, ProducerConfig) of what the other side has not
//     got; beyond that the request stays unfinished, counts against max.in.flight and request.timeout.ms, and is lost
//     with the connection like one that is not answered. What the socket had taken by then counts as done.
// Simplified: requests behind an unfinished one wait in the network model, not in the client; when a timeout closes
// the connection, what the socket had not taken is withdrawn. While unfinished, the client looks again by polling,
// 50 us (or the time the excess needs on the line) doubling to 10 ms, where a selector would be woken.
// Not modelled: connections.max.idle.ms.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/devices/compute/thread_pool.h"
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
  sim::Bytes send_buffer = {131'072};    ///< send.buffer.bytes; negative: the system's autotuning
  sim::Bytes receive_buffer = {65'536};  ///< receive.buffer.bytes; likewise
  Security
      security;  ///< TLS: to the listener with encryption. The ApiVersions round trip of NetworkClient is not modelled.
  /// The client's own thread, which reads answers in the order in which they come; null: they are read at once.
  compute::ThreadPool* thread = nullptr;
  sim::Duration response_cost = {0};  ///< Of an answer, on that thread.
  std::int64_t response_ps_per_byte = 0;
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
  /// The socket has taken a request of send_unanswered().
  virtual void on_request_written(wire::BrokerId broker, RequestTag tag) {
    static_cast<void>(broker);
    static_cast<void>(tag);
  }
  virtual void on_response(wire::BrokerId broker, RequestTag tag, const wire::Message& response) = 0;
  /// No answer will come, or the socket will never take it: the connection broke or the request timed out.
  /// on_disconnected follows.
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

  /// Sends a request to a broker that can_send(). `timeout`: how long its answer may take; 0: request.timeout.ms.
  void send(wire::BrokerId broker, RequestTag tag, sim::Bytes size, std::unique_ptr<wire::Message> request,
            sim::Duration timeout = {});
  /// Sends one that is not answered (acks=0). on_request_written comes when the socket has taken it: at this very
  /// time, as an event of its own, while no more than send.buffer.bytes wait for the card or for the other side.
  /// Else when that much has left the card at the line rate and has been received; or it is lost.
  void send_unanswered(wire::BrokerId broker, RequestTag tag, sim::Bytes size,
                       std::unique_ptr<wire::Message> request);

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
    bool answered = true;  // else it is done when written
    bool left = false;     // unanswered: all but a send buffer of it has left the card
    sim::Bytes through;    // unanswered: bytes of the connection up to and with this request
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
    sim::Bytes sent;           // on this connection
    sim::SimTime card_free;    // when the card has sent all unanswered ones
    sim::Duration look_after;  // until the next look at a full socket; 0: it is not full
    bool look_armed = false;
    std::vector<InFlight> in_flight;  // unanswered ones until written; oldest first
    bool uneven = false;              // some request had a timeout of its own: later ones may be due earlier
  };

  [[nodiscard]] Node& node(wire::BrokerId broker) { return nodes_[static_cast<std::size_t>(broker)]; }
  void on_read(std::uint64_t);
  void deliver(network::ConnectionId connection, const network::Message& message);
  [[nodiscard]] wire::BrokerId broker_of(network::ConnectionId connection) const;
  [[nodiscard]] std::int32_t load(const Node& node) const;
  void want(wire::BrokerId broker);
  void connect(wire::BrokerId broker);
  void retry(std::uint64_t broker);
  void lose(wire::BrokerId broker);
  void on_left(std::uint64_t word);
  void finish_written(wire::BrokerId broker);
  void look_later(wire::BrokerId broker, sim::Bytes excess);
  void on_look(std::uint64_t broker);
  void arm_timeout();
  [[nodiscard]] static sim::SimTime first_deadline(const Node& node);
  void check_timeouts();

  sim::Component& owner_;
  network::Network& network_;
  network::HostId host_;
  sim::BytesPerSecond line_rate_;
  ConnectionConfig config_;
  sim::Bytes send_buffer_;
  ConnectionListener& listener_;
  /// Has come, and waits for the client's thread.
  struct Unread {
    network::ConnectionId connection;
    std::unique_ptr<network::Message> message;
  };
  std::deque<Unread> unread_;
  sim::Stream reconnect_jitter_;
  sim::Stream setup_jitter_;
  std::vector<Node> nodes_;  // by broker id
  std::int32_t next_correlation_ = 0;
  sim::EventHandle timeout_;
  sim::SimTime timeout_at_ = sim::SimTime::max();
};

}  // namespace brokersim::kafka::client
