// Network's implementation: one class, one file by decision: setup.cpp (handshake and closing), egress.cpp (the sending
// card and its turns), window.cpp (what TCP lets pass), transit.cpp (the way), delivery.cpp (the receiving card and
// order), recovery.cpp (loss), failure.cpp (silence, cuts, retransmission).
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
  Impl(sim::Simulation& sim_in, const LatencyConfig& latency, const TcpConfig& tcp_in,
       std::vector<TrunkConfig> trunks_in);

  // setup.cpp
  ConnectionId connect(HostId from, sim::Component& owner, Peer& peer, HostId to, Port port,
                       sim::Duration timeout, const SocketOptions& options);
  void close(std::uint32_t end);
  void set_reading(std::uint32_t end, bool reads);
  void close_unfinished(std::uint32_t end, sim::Bytes taken);
  void close_all_of(const sim::Process& process, CloseReason reason);
  [[nodiscard]] std::size_t connections() const;

  // egress.cpp
  bool send(std::uint32_t end, sim::Bytes size, std::unique_ptr<Message> message);

  // transit.cpp
  ImpairmentId impair(HostId from, HostId to, const Impairment& what);
  void lift(ImpairmentId id);
  [[nodiscard]] const Exposure& exposure(ImpairmentId id) const { return exposures_.at(id.value); }

  // failure.cpp
  void host_down(HostId host);
  void host_up(HostId host);
  void cut(HostId from, HostId to, Port port);
  std::int64_t heal(HostId from, HostId to, Port port, bool at_once);
  [[nodiscard]] bool is_cut(HostId from, HostId to, Port port = {}) const;
  [[nodiscard]] std::int64_t held(HostId from, HostId to, Port port) const;
  std::int64_t reset_between(HostId a, HostId b);
  std::int64_t forget_between(HostId a, HostId b);

  // Shared small things.
  [[nodiscard]] Connection& connection(std::uint32_t end) { return connections_[end / 2]; }
  [[nodiscard]] End& at(std::uint32_t end) { return connections_[end / 2].ends[end % 2]; }
  [[nodiscard]] static std::uint32_t other(std::uint32_t end) { return end ^ 1u; }
  [[nodiscard]] Machine& machine(HostId host) { return machines[host.value]; }
  [[nodiscard]] TrunkState& trunk(TrunkId id);
  [[nodiscard]] ConnectionId id_of(std::uint32_t end) { return {end, connection(end).generation}; }
  /// The end that `id` names, or kNoIndex if it is outdated.
  [[nodiscard]] std::uint32_t find(ConnectionId id);

  sim::Simulation& sim;
  LatencyConfig latency_config;
  TcpConfig tcp;
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
  // Or a chunk, whose events are cancelled before it goes.
  [[nodiscard]] static std::uint64_t pointer(Chunk& chunk) { return reinterpret_cast<std::uint64_t>(&chunk); }
  [[nodiscard]] static Chunk& chunk_of(std::uint64_t word) { return *reinterpret_cast<Chunk*>(word); }
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
  void begin_tcp(std::uint32_t client, const SocketOptions& listening);
  [[nodiscard]] std::int64_t buffer(sim::Bytes asked, sim::Bytes automatic);

  // egress.cpp
  void append(std::uint32_t end, Parcel* parcel);
  void dispatch(std::uint32_t end);
  void join_turns(std::uint32_t end);
  void leave_turns(std::uint32_t end);
  void push_turn(Machine& machine, std::uint32_t end);
  void plan_turn(Machine& machine);
  void serve_turn(Machine& machine);
  bool serve(std::uint32_t end);
  void on_egress(std::uint64_t host);  // the word is the host
  void hand_over(std::uint32_t end, Parcel* parcel, Chunk* chunk, sim::SimTime sent);
  void schedule_arrival(std::uint32_t end, Parcel* parcel, sim::SimTime arrival);
  void send_chunk(std::uint32_t end, Parcel& parcel, std::int64_t bytes);

  // window.cpp
  [[nodiscard]] std::int64_t quantum(std::uint32_t end);
  [[nodiscard]] std::int64_t wire_of(std::uint32_t end, std::int64_t payload);
  void settle(std::uint32_t end);
  [[nodiscard]] static Chunk* next_unacked(Chunk* chunk);
  [[nodiscard]] bool is_acked(const Chunk& chunk);
  void acknowledge(std::uint32_t end, Chunk& chunk);
  void release_if_done(std::uint32_t end, Chunk* chunk);
  void remove_chunk(std::uint32_t end, Chunk* chunk);
  static void measure(Flow& flow, sim::Duration sample);
  [[nodiscard]] sim::Duration retransmission_timeout(const Flow& flow) const;
  [[nodiscard]] std::int64_t window_left(std::uint32_t end);
  [[nodiscard]] std::int64_t sendable(std::uint32_t end);
  [[nodiscard]] std::int64_t worthwhile(std::uint32_t end);
  [[nodiscard]] std::int64_t piece(std::uint32_t end);
  [[nodiscard]] bool reader_takes(std::uint32_t end, std::int64_t bytes);
  void on_reader(std::uint64_t word);
  void wait_for_window(std::uint32_t end);
  void on_window(std::uint64_t word);

  // transit.cpp
  void launch(Chunk& chunk);
  void plan_acknowledgement(Chunk& chunk);
  void reach_card(Chunk& chunk);
  void on_trunk(std::uint64_t chunk);
  void on_chunk(std::uint64_t chunk);
  sim::SimTime book(Chunk& chunk);
  [[nodiscard]] std::int64_t wire_left(const Chunk& chunk);
  sim::Duration suffer(Chunk& chunk, sim::SimTime& sent);
  [[nodiscard]] PairState* pair_state(HostId from, HostId to);

  // delivery.cpp
  void on_arrival(std::uint64_t word);
  void on_delivery(std::uint64_t word);
  void deliver(std::uint32_t to);
  Parcel* pop_head(Flow& flow);
  void drop(Flow& flow, Parcel* parcel);
  void drop_flow(std::uint32_t end);
  void forget_chunks(std::uint32_t end);
  void drop_unsent(std::uint32_t end);
  void drop_beyond(std::uint32_t end, sim::Bytes taken);
  void take_back(std::uint32_t end);

  // recovery.cpp
  void lose(Chunk& chunk, std::int64_t bytes, std::int64_t place);
  void drop_tail(Chunk& chunk, std::int64_t wire);
  [[nodiscard]] static bool held_up(const Flow& flow, const Parcel& parcel);
  void plan_loss(std::uint32_t end, sim::SimTime when);
  void on_loss(std::uint64_t word);
  void hear_of_resent(std::uint32_t end);
  void find_holes(std::uint32_t end);
  void miss_resent(std::uint32_t end);
  static void delivered_in_recovery(Flow& flow, std::int64_t bytes);
  void mark_found(std::uint32_t end, Hole& hole);
  [[nodiscard]] bool fire_timers(std::uint32_t end);
  [[nodiscard]] static bool any_unfound(const Flow& flow);
  [[nodiscard]] sim::Duration backed_off(const Flow& flow) const;
  [[nodiscard]] sim::SimTime timer_at(const Flow& flow) const;
  void resend(std::uint32_t end);
  void send_again(std::uint32_t end, Hole& hole, std::int64_t bytes);
  void lose_again(std::uint32_t end, Hole& hole, std::int64_t bytes, sim::SimTime since);
  void on_resent(std::uint64_t word);
  void release_held(std::uint32_t end);
  void plan_next_look(std::uint32_t end);
  [[nodiscard]] sim::SimTime next_news(std::uint32_t end);

  // failure.cpp
  [[nodiscard]] bool blocked(std::uint32_t end);
  [[nodiscard]] bool is_cut_back(std::uint32_t end);
  void count_held(HostId from, HostId to, Port port);
  void count_stall(std::uint32_t end);
  void go_deaf(std::uint32_t end);
  void on_deaf(std::uint64_t word);
  void cut_back(std::uint32_t end);
  void heal_back(std::uint32_t end);
  void acknowledge_all(std::uint32_t end);
  void give_up(std::uint32_t end);
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
  [[nodiscard]] std::vector<std::uint32_t> connections_between(HostId a, HostId b);

  std::deque<Connection> connections_;
  std::vector<std::uint32_t> free_;  // connections to use again
  std::map<CutKey, Cut> cuts_;
  std::map<std::pair<HostId, HostId>, PairState> pairs_;
  std::deque<Exposure> exposures_;  // by ImpairmentId
  std::deque<TrunkState> trunks_;   // by TrunkId, made when first used

 public:
  Pool<Parcel> parcels;
  Pool<Chunk> chunks;
};

}  // namespace brokersim::network
