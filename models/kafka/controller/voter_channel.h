// The connection of a voter to another voter: connects on demand, says when a request came to nothing.
//
// A connection that failed is tried again after 50 ms, then twice as late each time, at most 500 ms (reconnect backoff of
// Raft's KafkaNetworkChannel); until then requests fail at once. One that leaves a request unanswered for the request
// timeout is closed.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "models/devices/network/network.h"
#include "models/kafka/wire/raft_messages.h"
#include "sim/component.h"

namespace brokersim::kafka::controller {

/// Told from within the channel's events; never from within send().
class VoterChannelListener {
 public:
  virtual void on_answer(wire::NodeId from, std::unique_ptr<wire::Message> response) = 0;
  virtual void on_failure(wire::NodeId to, std::int32_t correlation) = 0;

 protected:
  ~VoterChannelListener() = default;
};

class VoterChannel final : public network::Peer {
 public:
  VoterChannel(sim::Component& owner, network::Network& network, network::HostId from, network::HostId to,
               wire::NodeId voter, sim::Duration request_timeout, VoterChannelListener& listener);

  void send(std::unique_ptr<wire::Message> request);

  void on_connected(network::ConnectionId connection) override;
  void on_connect_failed(network::ConnectionId connection, network::ConnectError error) override;
  void on_message(network::ConnectionId connection, std::unique_ptr<network::Message> message,
                  sim::Bytes size) override;
  void on_closed(network::ConnectionId connection, network::CloseReason reason) override;

 private:
  enum class State : std::uint8_t { closed, connecting, open };
  struct Asked {
    std::int32_t correlation = 0;
    sim::SimTime at;
  };
  void connect();
  void broken();
  void report(std::uint64_t correlation);
  void transmit(std::unique_ptr<wire::Message> request);

  sim::Component& owner_;
  network::Network& network_;
  network::HostId from_;
  network::HostId to_;
  wire::NodeId voter_;
  sim::Duration request_timeout_;
  VoterChannelListener& listener_;
  State state_ = State::closed;
  network::ConnectionId connection_;
  std::unique_ptr<wire::Message> waiting_;  // for the connection
  std::deque<Asked> asked_;                 // not answered yet
  sim::Duration backoff_;
  sim::SimTime closed_until_;
};

}  // namespace brokersim::kafka::controller
