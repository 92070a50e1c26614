// A connection of a broker to one other server (controller or leader), with at most a few requests under way.
//
// Connects on demand; a request waits for the connection no longer than its timeout. One that times out closes the connection, as NetworkClient does; every other
// request on it then fails too.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/devices/network/network.h"
#include "models/kafka/wire/raft_messages.h"
#include "sim/sync.h"

namespace brokersim::kafka::broker {

class RpcChannel final : public network::Peer {
 public:
  RpcChannel(sim::Component& owner, network::Network& network, network::HostId from, network::HostId to,
             network::Port port, const network::SocketOptions& options = {});

  /// Sends `request` and returns its response; null if no connection could be made or the request failed
  /// (reset, closed, no answer within `timeout`).
  template <class Request>
  [[nodiscard]] sim::Task<std::unique_ptr<wire::Message>> call(std::unique_ptr<Request> request,
                                                               sim::Duration timeout) {
    const sim::Bytes bytes = wire_bytes(*request);
    return exchange(std::move(request), bytes, timeout);
  }
  void close();
  /// From now on requests go to `to`; if that is somebody else, what is under way fails.
  void retarget(network::HostId to);
  [[nodiscard]] network::HostId target() const { return to_; }

  void on_connected(network::ConnectionId connection) override;
  void on_connect_failed(network::ConnectionId connection, network::ConnectError error) override;
  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes size) override;
  void on_closed(network::ConnectionId connection, network::CloseReason reason) override;

 private:
  enum class State : std::uint8_t { closed, connecting, open };
  /// One request under way; lives in the frame of exchange().
  struct Call {
    std::int32_t correlation = 0;
    std::unique_ptr<wire::Message> response;
    bool failed = false;
    sim::Signal done;
  };

  [[nodiscard]] sim::Task<std::unique_ptr<wire::Message>> exchange(std::unique_ptr<wire::Message> request,
                                                                   sim::Bytes bytes, sim::Duration timeout);
  void fail_all();

  sim::Component& owner_;
  network::Network& network_;
  network::HostId from_;
  network::HostId to_;
  network::Port port_;
  network::SocketOptions options_;
  State state_ = State::closed;
  network::ConnectionId connection_;
  sim::Signal connected_;  // also notified when connecting failed
  std::int32_t next_correlation_ = 1;
  std::vector<Call*> calls_;
};

}  // namespace brokersim::kafka::broker
