// A client's side of the database: connections with one request at a time, and a pool of them.
//
// A call connects on demand; it fails with connection_lost if no connection can be made, if it breaks, or if no answer comes
// within `timeout` (the socket timeout of a driver; the connection is closed then). Whether the database has carried out a
// call that fails so is unknown to the caller: a COMMIT may or may not have happened.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/database/messages.h"
#include "models/devices/network/network.h"
#include "sim/resource.h"
#include "sim/sync.h"

namespace brokersim::database {

struct ClientConfig {
  std::int32_t pool_size = 10;  ///< Connections.
  sim::Duration connect_timeout = {5'000'000'000};
  sim::Duration timeout = {10'000'000'000};  ///< Of a call.
};

class Connection final : private network::Peer {
 public:
  Connection(sim::Component& owner, network::Network& network, network::HostId from, network::HostId to,
             const ClientConfig& config);

  [[nodiscard]] sim::Task<Reply> begin(Isolation isolation = Isolation::read_committed);
  [[nodiscard]] sim::Task<Reply> run(Statement statement);
  [[nodiscard]] sim::Task<Reply> commit();
  [[nodiscard]] sim::Task<Reply> rollback();
  void close();

 private:
  enum class State : std::uint8_t { closed, connecting, open };
  [[nodiscard]] sim::Task<Reply> call(std::unique_ptr<Request> request);
  void lose();
  void on_connected(network::ConnectionId connection) override;
  void on_connect_failed(network::ConnectionId connection, network::ConnectError error) override;
  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes size) override;
  void on_closed(network::ConnectionId connection, network::CloseReason reason) override;

  sim::Component& owner_;
  network::Network& network_;
  network::HostId from_;
  network::HostId to_;
  ClientConfig config_;
  State state_ = State::closed;
  network::ConnectionId connection_;
  std::unique_ptr<Reply> reply_;
  sim::Signal changed_{"database.answer"};
};

class Pool {
 public:
  Pool(sim::Component& owner, network::Network& network, network::HostId from, network::HostId to,
       const ClientConfig& config);

  /// A connection of one's own, until it is destroyed.
  class Lease {
   public:
    Lease(Pool& pool, sim::Lease slot, Connection* connection)
        : pool_(&pool), slot_(std::move(slot)), connection_(connection) {}
    Lease(Lease&& other) noexcept
        : pool_(other.pool_),
          slot_(std::move(other.slot_)),
          connection_(std::exchange(other.connection_, nullptr)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_ != nullptr) pool_->free_.push_back(connection_);
    }
    Connection* operator->() const { return connection_; }
    [[nodiscard]] Connection* get() const { return connection_; }

   private:
    Pool* pool_;
    sim::Lease slot_;
    Connection* connection_;
  };
  /// Waits for a free connection, first come first served.
  [[nodiscard]] sim::Task<Lease> acquire();

 private:
  std::vector<std::unique_ptr<Connection>> all_;
  std::vector<Connection*> free_;
  sim::Resource slots_;
};

}  // namespace brokersim::database
