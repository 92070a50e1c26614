// The network: hosts with one network card each, connections between processes, cuts and silence.
//
// Why: a broker's clients learn of every failure through a connection, and what they learn differs: a
// dead process is a reset, a dead machine is silence, a partition is a jam that is delivered later. All
// three must be told apart, or no retry and no session timeout in the model means anything.
//
// Model, connection-oriented like TCP, at the level of messages and of chunks: what a card takes of a message at once,
// at most 64 KiB and what TCP's window lets pass.
//   egress      one server per card, with an allowance for bursts. A message of at most one quantum (64 KiB) that finds
//               at most one quantum committed goes at once; else connections take turns, one quantum each.
//   window      slow start from 10 segments, CUBIC or Reno, idle restart, the sockets' buffers (window.cpp).
//   way         the topology's latency, with jitter if asked for; trunks of limited capacity are queues on it.
//   ingress     the switch port and the card: first in, first out, chunk by chunk. What its buffer does not hold is
//               lost: incast. The last bit is in at egress end + latency when the port is idle.
//   loss        found by later segments, a probe or the timer, sent again (recovery.cpp).
//   loopback    a constant delay, no card, no window.
//   handshake   1 round trip, or more with TLS and SASL; control segments take no card time and are not lost by chance.
// Messages of one connection and direction are delivered in order, each exactly once. A message that fits into the
// window and finds the cards idle is one event; a larger one two for each chunk.
//
// Failures: a killed process resets its connections; a host without power is silent, and so is a cut path:
// what is sent there is held and sent again at TCP's retransmission times (200 ms doubling to 120 s) until
// 924.6 s have passed, then this side is reset. Messages the card has wholly sent before a cut arrive. Where only the
// way back is cut, acknowledgements are missing: a sender goes on until its window is full or its timer fires, then it
// stands still as well. So a one-way cut stops both directions of a connection that talks both ways within 200 ms.
// Not modelled: delayed acknowledgements (they delay nobody who has more to send), ECN, the card time of
// acknowledgements (1 to 2 % of the way back of a bulk transfer), receive windows shrinking while a process reads slowly
// (one that stands still does fill its buffer), loss of handshake and closing segments by chance.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/devices/network/config.h"
#include "models/devices/network/impairment.h"
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
  sim::Bytes bytes_resent;           ///< Payload sent again after a loss.
  std::int64_t timeouts = 0;         ///< Retransmission timeouts after a loss.
  std::int64_t dropped_at_port = 0;  ///< Line bytes that the switch port towards this card did not hold.
};

class Network {
 public:
  Network(sim::Simulation& sim, const LatencyConfig& latency, const TcpConfig& tcp = {},
          std::vector<TrunkConfig> trunks = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// A host that is up. Its events bear the path "host/<name>/nic". Names are unique.
  HostId add_host(std::string_view name, const Place& place, const NicConfig& nic);
  HostId add_host(std::string_view name, std::string_view zone, const NicConfig& nic) {
    return add_host(name, Place{{}, std::string(zone), {}}, nic);
  }

  // --- What processes call -------------------------------------------------------------------------------

  /// Connections to `port` of `host` are accepted for `peer`, as events of `owner`. Nobody else may listen
  /// there, and the host must be up.
  void listen(HostId host, Port port, sim::Component& owner, Peer& peer, const SocketOptions& options = {});
  void unlisten(HostId host, Port port);

  /// Starts a connection. Answers with on_connected or on_connect_failed, unless closed before.
  /// `setup_timeout` is positive; a failure is timed_out no later than that.
  [[nodiscard]] ConnectionId connect(HostId from, sim::Component& owner, Peer& peer, HostId to, Port port,
                                     sim::Duration setup_timeout, const SocketOptions& options = {});

  /// Sends `message`, `size` (positive) payload bytes. False, and the message is gone, if this end is closed
  /// or not connected yet.
  bool send(ConnectionId connection, sim::Bytes size, std::unique_ptr<Message> message);

  /// Closes this end at once: nothing is heard on it any more. What was sent before is still delivered, then
  /// the other side hears by_peer. Harmless on an outdated id.
  void close(ConnectionId connection);

  /// Whether the program at this end reads from the connection. While it does not, the receive buffer fills, and then the
  /// other side waits; a message that has arrived whole is given to on_message all the same. Harmless on an outdated id.
  void set_reading(ConnectionId connection, bool reads);

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

  /// Stops everything from `from` to `to` (one direction) until healed as often as cut: partitions nest. With a port:
  /// only connections to that port, of either host.
  void cut(HostId from, HostId to, Port port = {});
  /// What was held goes on at its next retransmission; `at_once`: at once, as from a queue that was stopped (a clog).
  /// Returns what the cut has held so far: flows that it stopped and SYNs that it swallowed.
  std::int64_t heal(HostId from, HostId to, Port port = {}, bool at_once = false);
  [[nodiscard]] bool is_cut(HostId from, HostId to, Port port = {}) const;
  [[nodiscard]] std::int64_t held(HostId from, HostId to, Port port = {}) const;

  /// Makes one direction between two hosts worse until lifted; several add up.
  ImpairmentId impair(HostId from, HostId to, const Impairment& what);
  void lift(ImpairmentId id);
  /// Also after it was lifted.
  [[nodiscard]] const Exposure& exposure(ImpairmentId id) const;

  /// The card of `host` runs at `percent` (1 to 100) of its rate, both directions, without bursts below 100, until
  /// restored with the same number; of several the lowest counts.
  void slow_card(HostId host, std::int32_t percent);
  void restore_card(HostId host, std::int32_t percent);
  /// New connections to `host` are answered with a reset (`refuse`) or not at all, until allowed as often; established
  /// ones go on: no more file descriptors, a full backlog, a firewall's rule.
  void stop_accepting(HostId host, bool refuse);
  void allow_accepting(HostId host, bool refuse);
  /// Connections turned away by that, since the start.
  [[nodiscard]] std::int64_t turned_away(HostId host) const;
  /// Resets every open connection between the two now (a load balancer, `tcpkill`). Returns how many.
  std::int64_t reset_connections(HostId a, HostId b);
  /// A middlebox between the two forgets every open connection: what is sent on it vanishes, for good, and neither side
  /// is told. New ones are not concerned. Returns how many.
  std::int64_t forget_connections(HostId a, HostId b);

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
  /// TCP's state of what this end sends.
  struct Window {
    std::int64_t congestion = 0;  ///< Bytes.
    std::int64_t maximum = 0;     ///< By the sockets' buffers.
    std::int64_t in_flight = 0;
    sim::Duration round_trip;  ///< Smoothed. 0: not measured.
  };
  [[nodiscard]] Window window(ConnectionId connection) const;
  /// Per limited trunk and direction: its name, line bytes passed, line bytes dropped.
  struct TrunkTraffic {
    std::string name;
    sim::Bytes bytes;
    std::int64_t dropped = 0;
  };
  [[nodiscard]] std::vector<TrunkTraffic> trunks() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brokersim::network
