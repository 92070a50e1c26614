// What talks over the network: names of hosts, ports and connections, and the interface that hears.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>

#include "sim/units.h"

namespace brokersim::network {

/// A machine on the network, dense from 0 in the order of Network::add_host.
struct HostId {
  std::uint32_t value = 0xFFFFFFFFu;
  [[nodiscard]] constexpr auto operator<=>(const HostId&) const = default;
};

struct Port {
  std::uint16_t value = 0;
  [[nodiscard]] constexpr auto operator<=>(const Port&) const = default;
};

/// One END of a connection, as a file descriptor names it: the two ends have different ids. `index` is
/// small and dense, and is used again after the connection has gone; the generation tells the uses apart.
/// A default or outdated id is harmless everywhere.
struct ConnectionId {
  std::uint32_t index = 0xFFFFFFFFu;
  std::uint32_t generation = 0;
  [[nodiscard]] constexpr auto operator<=>(const ConnectionId&) const = default;
  [[nodiscard]] constexpr bool valid() const { return index != 0xFFFFFFFFu; }
};

/// A payload, opaque to the network: its size on the wire is given when it is sent.
struct Message {
  Message() = default;
  Message(const Message&) = default;
  Message& operator=(const Message&) = default;
  virtual ~Message() = default;
};

enum class ConnectError : std::uint8_t {
  refused,    ///< The host answered that nothing listens there: one round trip after the request.
  timed_out,  ///< No answer within the setup timeout (or 127 s, Linux tcp_syn_retries = 6).
};

enum class CloseReason : std::uint8_t {
  reset,    ///< The other process died, its host forgot the connection, or retransmission gave up.
  by_peer,  ///< The other side closed; everything it had sent before has been delivered.
};

/// A server or a client. Every call is an event of the component given to listen() or connect(): a dead
/// process hears nothing, a paused one hears it when it resumes, in order. Every handler may call connect,
/// send and close. After on_connect_failed and on_closed the id is outdated.
class Peer {
 public:
  /// One round trip after connect().
  virtual void on_connected(ConnectionId connection) { static_cast<void>(connection); }
  virtual void on_connect_failed(ConnectionId connection, ConnectError error) {
    static_cast<void>(connection);
    static_cast<void>(error);
  }
  /// A client has connected to `port`; comes before its first message.
  virtual void on_accepted(ConnectionId connection, Port port) {
    static_cast<void>(connection);
    static_cast<void>(port);
  }
  /// `size` is the payload size given to send().
  virtual void on_message(ConnectionId connection, std::unique_ptr<Message> message, sim::Bytes size) = 0;
  /// The other side has gone. Not called for this side's own close().
  virtual void on_closed(ConnectionId connection, CloseReason reason) = 0;

 protected:
  ~Peer() = default;
};

}  // namespace brokersim::network
