// The broker's request path: network threads, request handler threads, responses in order.
//
// Model (kafka-behaviour.md section 3 item 2): a connection belongs to one network thread of its listener, given out in
// turn. That thread reads a request, mutes the connection until the response has been sent (so requests of a connection
// are handled one at a time and in order; meanwhile the socket's receive buffer fills, socket.receive.buffer.bytes, and what
// is larger waits at the client), and puts it into the request queue that all listeners share. Handlers run on
// num.io.threads; a handler may keep its thread while it waits (fsync), or answer later from purgatory. The response is
// written by the connection's own network thread.
// Limits: while the queue holds queued.max.requests a network thread that has one more stands still until a handler takes
// one, and nothing else of that thread's connections goes on; while requests not yet handled fill
// queued.max.request.bytes, no further request is read (KIP-72: the one that goes beyond it still is).
// Not modelled: the acceptor's own time, max.connections, connections.max.idle.ms, the selector's 300 ms poll, quotas,
// the round trips of a TLS handshake.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/devices/compute/thread_pool.h"
#include "models/devices/network/network.h"
#include "models/kafka/broker/params.h"
#include "models/kafka/wire/messages.h"

namespace brokersim::kafka::broker {

/// Names a request until it is answered. Outdated ids are harmless: answering one does nothing.
struct RequestId {
  std::uint32_t slot = 0xFFFFFFFFu;
  std::uint32_t generation = 0;
};

/// Handles requests on a handler thread.
class RequestHandler {
 public:
  /// CPU time on the handler thread before handle() runs.
  [[nodiscard]] virtual sim::Duration cost(const wire::Message& request) const = 0;
  /// Answers by RequestServer::respond, now or later; `request` stays alive until then.
  virtual void handle(RequestId id, wire::Message& request) = 0;
  /// A client's connection is no more.
  virtual void connection_closed(network::ConnectionId connection) { static_cast<void>(connection); }

 protected:
  ~RequestHandler() = default;
};

struct RequestCounters {
  std::uint64_t requests = 0;      ///< Read from connections.
  std::uint64_t queue_full = 0;    ///< A network thread found the request queue full and stood still.
  std::uint64_t memory_full = 0;   ///< A connection was not read for want of queued.max.request.bytes.
  std::uint64_t cold_answers = 0;  ///< A network thread read from the disk.
  std::uint64_t tls_handshakes = 0;
  std::size_t queued_max = 0;  ///< Most requests that ever waited for a handler.
};

class RequestServer final : public network::Peer {
 public:
  RequestServer(sim::Component& owner, network::Network& network, const BrokerParams& params,
                compute::Cpu& cpu, RequestHandler& handler);

  /// Sends the answer.
  template <class Response>
  void respond(RequestId id, std::unique_ptr<Response> response) {
    const sim::Bytes bytes = wire::wire_bytes(*response);
    finish(id, std::move(response), bytes);
  }
  /// The same for an answer whose bytes are not all in memory: its network thread calls `read` when it comes to send
  /// and stands still until read_complete() or read_failed(), and with it everybody it serves, because sendfile() reads
  /// in the calling thread (KAFKA-7504).
  template <class Response>
  void respond_reading(RequestId id, std::unique_ptr<Response> response, sim::Callback read) {
    if (!waiting(id)) return;
    slots_[id.slot].read = read;
    respond(id, std::move(response));
  }
  void read_complete(RequestId id) { end_read(id, /*failed=*/false); }
  /// The connection is closed: part of the answer may have gone out.
  void read_failed(RequestId id) { end_read(id, /*failed=*/true); }
  /// acks=0: nothing is sent, the connection goes on.
  void respond_nothing(RequestId id);
  /// acks=0 with an error: the broker closes the connection.
  void close_connection(RequestId id);
  [[nodiscard]] bool waiting(RequestId id) const;
  /// By which the request came; it may be closed.
  [[nodiscard]] network::ConnectionId connection_of(RequestId id) const { return slots_[id.slot].connection; }

  /// The handler thread that runs handle() now stays occupied until release_thread(token).
  [[nodiscard]] std::size_t hold_thread() { return handlers_.hold(); }
  void release_thread(std::size_t token) { handlers_.release(token); }

  [[nodiscard]] const compute::ThreadPool& handler_pool() const { return handlers_; }
  [[nodiscard]] compute::ThreadPool& handler_pool() { return handlers_; }
  /// Of the listener without encryption, or of the one with.
  [[nodiscard]] compute::ThreadPool& network_pool(bool tls = false) {
    return tls ? tls_threads_ : plain_threads_;
  }
  [[nodiscard]] const RequestCounters& counters() const { return counters_; }
  /// Requests in the queue between network threads and handlers, those that stand before it included.
  [[nodiscard]] std::size_t queued() const { return handlers_.queued() + blocked_.size(); }

  void on_accepted(network::ConnectionId connection, network::Port port) override;
  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes size) override;
  void on_closed(network::ConnectionId connection, network::CloseReason reason) override;

 private:
  struct Slot {
    std::unique_ptr<wire::Message> request;
    std::unique_ptr<wire::Message> response;
    network::ConnectionId connection;
    std::size_t thread = 0;  // of the connection, which may be gone when the answer is
    bool tls = false;
    sim::Bytes response_bytes;
    sim::Callback read;              // before it is sent
    std::size_t reading_thread = 0;  // network thread that stands still meanwhile
    sim::Bytes memory;   // of the pool, until it has been handled
    RequestTimes times;  // for who looks on
    std::uint32_t generation = 0;
    bool in_use = false;
  };
  struct Arrived {
    std::unique_ptr<wire::Message> message;
    sim::Bytes size;
  };
  struct Connection {
    Connection() = default;
    Connection(Connection&&) noexcept = default;
    Connection& operator=(Connection&&) noexcept = default;
    network::ConnectionId id;
    std::size_t thread = 0;
    bool tls = false;
    bool muted = false;
    bool starved = false;          // waits for memory
    std::vector<Arrived> pending;  // at most max.in.flight of the client, so a plain vector will do
  };

  /// A network thread that holds a request and has no room for it.
  struct Blocked {
    std::uint32_t slot;
    compute::ThreadPool* pool;
    std::size_t thread;
  };

  void read_next(Connection& connection);
  void begin(Connection& connection, Arrived arrived);
  void on_handshake(std::uint64_t connection);
  void on_dequeued();
  void give_back_memory(Slot& slot);
  void enqueue(std::uint32_t slot);
  void run_on_network_thread(const Connection& connection, sim::Duration cost, std::int64_t bytes,
                             sim::Callback done);
  void on_read(std::uint64_t slot);
  void on_handle(std::uint64_t slot);
  void on_write(std::uint64_t slot);
  void send(std::uint32_t slot);
  void end_read(RequestId id, bool failed);
  void finish(RequestId id, std::unique_ptr<wire::Message> response, sim::Bytes bytes);
  void unmute(network::ConnectionId connection);
  void release(std::uint32_t slot);

  sim::Component& owner_;
  network::Network& network_;
  const wire::BrokerId id_;
  const ClusterShape& cluster_;
  RequestHandler& handler_;
  compute::ThreadPool plain_threads_;
  compute::ThreadPool tls_threads_;
  compute::ThreadPool handlers_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<Connection> connections_;  // by ConnectionId::index
  std::deque<Blocked> blocked_;
  std::deque<network::ConnectionId> starved_;
  std::int64_t memory_free_ = 0;
  std::size_t next_thread_[2] = {0, 0};
  RequestCounters counters_;
};

}  // namespace brokersim::kafka::broker
