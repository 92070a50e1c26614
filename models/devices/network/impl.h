// Network's implementation: one class, four files by decision: setup.cpp (handshake and closing), egress.cpp and
// delivery.cpp (the two cards of a message), failure.cpp (silence, cuts, retransmission).
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "models/devices/network/network.h"
#include "models/devices/network/state.h"
#include "models/devices/network/topology.h"

namespace brokersim::network {

class Network::Impl {
 public:
  Impl(sim::Simulation& sim_in, const LatencyConfig& latency) : sim(sim_in), topology(latency) {}

  // setup.cpp
  ConnectionId connect(HostId from, sim::Component& owner, Peer& peer, HostId to, Port port,
                       sim::Duration timeout);
  void close(std::uint32_t end);
  void close_unfinished(std::uint32_t end, sim::Bytes taken);
  void close_all_of(const sim::Process& process, CloseReason reason);
  [[nodiscard]] std::size_t connections() const;

  // egress.cpp
  bool send(std::uint32_t end, sim::Bytes size, std::unique_ptr<Message> message);

  // failure.cpp
  void host_down(HostId host);
  void host_up(HostId host);
  void cut(HostId from, HostId to);
  void heal(HostId from, HostId to);
  [[nodiscard]] bool is_cut(HostId from, HostId to) const;

  // Shared small things.
  [[nodiscard]] Connection& connection(std::uint32_t end) { return connections_[end / 2]; }
  [[nodiscard]] End& at(std::uint32_t end) { return connections_[end / 2].ends[end % 2]; }
  [[nodiscard]] static std::uint32_t other(std::uint32_t end) { return end ^ 1u; }
  [[nodiscard]] Machine& machine(HostId host) { return machines[host.value]; }
  [[nodiscard]] ConnectionId id_of(std::uint32_t end) { return {end, connection(end).generation}; }
  /// The end that `id` names, or kNoIndex if it is outdated.
  [[nodiscard]] std::uint32_t find(ConnectionId id);

  sim::Simulation& sim;
  Topology topology;
  std::deque<Machine> machines;

 private:
  // An event's word: which end, and which use of it.
  [[nodiscard]] std::uint64_t word(std::uint32_t end) {
    return (std::uint64_t{connection(end).generation} << 32) | end;
  }
  [[nodiscard]] std::uint32_t find(std::uint64_t word) {
    return find(ConnectionId{static_cast<std::uint32_t>(word), static_cast<std::uint32_t>(word >> 32)});
  }
  [[nodiscard]] sim::Duration way(std::uint32_t from_end) {
    return topology.latency(at(from_end).host, at(other(from_end)).host);
  }

  // setup.cpp
  std::uint32_t take_connection();
  void link(std::uint32_t end);
  void unlink(std::uint32_t end);
  void free_if_done(std::uint32_t end);
  void send_syn(std::uint32_t end);
  void retry_syn_later(std::uint32_t end);
  void on_syn(std::uint64_t word);
  void on_syn_retry(std::uint64_t word);
  void on_connected(std::uint64_t word);
  void on_accepted(std::uint64_t word);
  void on_refused(std::uint64_t word);
  void on_setup_timeout(std::uint64_t word);
  void fail_setup(std::uint32_t end, ConnectError error);
  void establish(std::uint32_t end);
  void stop_setup(std::uint32_t end);
  void finish_end(std::uint32_t end, Parcel::Kind how);

  // egress.cpp
  void append(std::uint32_t end, Parcel* parcel);
  void dispatch(std::uint32_t end);
  void join_turns(std::uint32_t end);
  void leave_turns(std::uint32_t end);
  void push_turn(Machine& machine, std::uint32_t end);
  void plan_turn(Machine& machine);
  void serve_turn(Machine& machine);
  void on_egress(std::uint64_t host);  // the word is the host
  void hand_over(std::uint32_t end, Parcel* parcel, sim::SimTime sent);
  void schedule_arrival(std::uint32_t end, Parcel* parcel);
  sim::SimTime send_chunk(std::uint32_t end, Parcel& parcel, sim::Bytes bytes);

  // delivery.cpp
  void on_arrival(std::uint64_t word);
  void on_delivery(std::uint64_t word);
  void deliver(std::uint32_t to);
  sim::SimTime receive(std::uint32_t to, const Parcel& parcel);
  sim::SimTime receive_large(std::uint32_t to, const Parcel& parcel, sim::Duration length);
  Parcel* pop_head(Flow& flow);
  void drop_flow(std::uint32_t end);
  void drop_unsent(std::uint32_t end);
  void drop_beyond(std::uint32_t end, sim::Bytes taken);
  void take_back(std::uint32_t end);

  // failure.cpp
  [[nodiscard]] bool blocked(std::uint32_t end);
  void stall(std::uint32_t end, sim::SimTime first_lost);
  void end_stall(Flow& flow);
  void plan_retransmission(std::uint32_t end);
  void on_retransmit(std::uint64_t word);
  void on_give_up(std::uint64_t word);
  void on_no_socket(std::uint64_t word);
  void reset_end(std::uint32_t end, sim::SimTime at_time);
  void on_reset(std::uint64_t word);
  void lose(std::uint32_t end);
  [[nodiscard]] std::vector<std::uint32_t> ends_of(HostId host);

  std::deque<Connection> connections_;
  std::vector<std::uint32_t> free_;  // connections to use again
  std::map<std::pair<HostId, HostId>, std::uint32_t> cuts_;

 public:
  ParcelPool parcels;
};

}  // namespace brokersim::network
