// The network: hosts with one network card each, connections between processes, cuts and silence.
//
// Why: a broker's clients learn of every failure through a connection, and what they learn differs: a
// dead process is a reset, a dead machine is silence, a partition is a jam that is delivered later. All
// three must be told apart, or no retry and no session timeout in the model means anything.
//
// Model, connection-oriented like TCP, at the level of messages:
//   egress      one server per card. A message of at most one quantum (64 KiB) that finds at most one
//               quantum committed goes at once; else connections take turns, one quantum each.
//   way         the topology's latency, constant.
//   ingress     one server per card: the last bit is in at egress end + latency when the card is idle, else
//               when it has worked off what came before. A message of at most one quantum waits for at most
//               one quantum of each larger message before it.
//   loopback    a constant delay, no card.
//   handshake   1 round trip, control segments take no card time.
// Messages of one connection and direction are delivered in order, each exactly once.
//
// Failures: a killed process resets its connections; a host without power is silent, and so is a cut path:
// what is sent there is held and sent again at TCP's retransmission times (200 ms doubling to 120 s) until
// 924.6 s have passed, then this side is reset. Messages the card has wholly sent before a cut arrive.
// Not modelled: congestion and receive windows, slow start, loss, delayed acknowledgement, switch buffers, and that
// data against a one-way cut would stall for want of acknowledgements.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "models/devices/network/config.h"
#include "models/devices/network/peer.h"
#include "sim/component.h"

namespace brokersim::network {

/// What one network card has moved so far. Loopback is not counted.
struct Traffic {
  sim::Bytes bytes_out;  ///< Payload of messages wholly given to the card, those sent again included.
  sim::Bytes bytes_in;   ///< Payload delivered to a process.
  std::int64_t messages_out = 0;
  std::int64_t messages_in = 0;
  sim::Duration egress_busy;  ///< Card time, headers included.
  sim::Duration ingress_busy;
};

class Network {
 public:
  Network(sim::Simulation& sim, const LatencyConfig& latency);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// A host that is up. Its events bear the path "host/<name>/nic". Names are unique.
  HostId add_host(std::string_view name, std::string_view zone, const NicConfig& nic);

  // --- What processes call -------------------------------------------------------------------------------

  /// Connections to `port` of `host` are accepted for `peer`, as events of `owner`. Nobody else may listen
  /// there, and the host must be up.
  void listen(HostId host, Port port, sim::Component& owner, Peer& peer);
  void unlisten(HostId host, Port port);

  /// Starts a connection. Answers with on_connected or on_connect_failed, unless closed before.
  /// `setup_timeout` is positive; a failure is timed_out no later than that.
  [[nodiscard]] ConnectionId connect(HostId from, sim::Component& owner, Peer& peer, HostId to, Port port,
                                     sim::Duration setup_timeout);

  /// Sends `message`, `size` (positive) payload bytes. False, and the message is gone, if this end is closed
  /// or not connected yet.
  bool send(ConnectionId connection, sim::Bytes size, std::unique_ptr<Message> message);

  /// Closes this end at once: nothing is heard on it any more. What was sent before is still delivered, then
  /// the other side hears by_peer. Harmless on an outdated id.
  void close(ConnectionId connection);

  /// Payload bytes handed to send() on this end that the other side has not got: what the kernel's send queue
  /// holds, known locally. Dropped bytes stay until this end has heard of it. 0 for an end that is not open. O(1).
  /// Simplified: a delivery counts at once, without the acknowledgement's way back, and only for a whole message;
  /// nothing waits in a receive buffer, so a paused receiver has got nothing.
  [[nodiscard]] sim::Bytes unacknowledged(ConnectionId connection);
  /// As close(), of a process that was still writing: its socket had taken only the first `taken` of the
  /// unacknowledged bytes. Messages not wholly among them are never delivered.
  void close_unfinished(ConnectionId connection, sim::Bytes taken);

  /// True from on_connected or on_accepted until closed by either side.
  [[nodiscard]] bool is_open(ConnectionId connection) const;
  /// The hosts of an end that is not outdated.
  [[nodiscard]] HostId local_host(ConnectionId connection) const;
  [[nodiscard]] HostId remote_host(ConnectionId connection) const;

  // --- What the host and its power do --------------------------------------------------------------------

  /// The kernel closes all sockets of a process that has died (reset) or exited (by_peer), its listeners too.
  /// reset: what the card has not wholly sent is lost; by_peer: it is still sent.
  void close_all_of(const sim::Process& process, CloseReason reason);
  /// The host falls silent: all its sockets vanish without a word. Idempotent.
  void host_down(HostId host);
  /// The kernel of the host answers again. It knows no connection of before.
  void host_up(HostId host);
  [[nodiscard]] bool is_up(HostId host) const;

  // --- What faults do ------------------------------------------------------------------------------------

  /// Stops everything from `from` to `to` (one direction) until healed as often as cut: partitions nest.
  void cut(HostId from, HostId to);
  void heal(HostId from, HostId to);
  [[nodiscard]] bool is_cut(HostId from, HostId to) const;

  // --- For tests, metrics and reports; never for the modelled software -----------------------------------

  /// A message sent now from `from` would reach `to`: both up, no cut that way.
  [[nodiscard]] bool reachable(HostId from, HostId to) const;
  [[nodiscard]] sim::Duration latency(HostId from, HostId to) const;
  [[nodiscard]] const Traffic& traffic(HostId host) const;
  [[nodiscard]] std::size_t hosts() const;
  [[nodiscard]] const std::string& name(HostId host) const;
  /// Connections of which at least one end is not closed or still has something under way.
  [[nodiscard]] std::size_t connections() const;
  /// Messages accepted by send(), and ends of connections, neither delivered nor dropped.
  [[nodiscard]] std::size_t messages_in_flight() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brokersim::network
