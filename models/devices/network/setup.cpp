// Handshake and closing: how connections come and go.
#include <algorithm>

#include "models/devices/network/impl.h"
#include "models/devices/network/wire.h"

namespace brokersim::network {

std::uint32_t Network::Impl::find(ConnectionId id) {
  if (id.index / 2 >= connections_.size()) return kNoIndex;
  const Connection& found = connections_[id.index / 2];
  if (!found.used) return kNoIndex;
  return found.generation == id.generation ? id.index : kNoIndex;
}

std::size_t Network::Impl::connections() const { return connections_.size() - free_.size(); }

std::uint32_t Network::Impl::take_connection() {
  if (free_.empty()) {
    connections_.emplace_back();
    free_.push_back(static_cast<std::uint32_t>(connections_.size() - 1));
  }
  const std::uint32_t index = free_.back();
  free_.pop_back();
  connections_[index].used = true;
  return index * 2;
}

void Network::Impl::link(std::uint32_t end) {
  Machine& m = machine(at(end).host);
  at(end).previous = m.ends_tail;
  at(end).next = kNoIndex;
  (m.ends_tail == kNoIndex ? m.ends_head : at(m.ends_tail).next) = end;
  m.ends_tail = end;
}

void Network::Impl::unlink(std::uint32_t end) {
  const End& e = at(end);
  Machine& m = machine(e.host);
  (e.previous == kNoIndex ? m.ends_head : at(e.previous).next) = e.next;
  (e.next == kNoIndex ? m.ends_tail : at(e.next).previous) = e.previous;
}

void Network::Impl::free_if_done(std::uint32_t end) {
  const std::uint32_t first = end & ~1u;
  if (at(first).alive()) return;
  if (at(first + 1).alive()) return;
  Connection& gone = connection(end);
  for (const std::uint32_t each : {first, first + 1}) {
    drop_flow(each);
    unlink(each);
  }
  const std::uint32_t generation = gone.generation;
  gone = Connection{};
  gone.generation = generation + 1;
  free_.push_back(first / 2);
}

// --- Opening ---------------------------------------------------------------------------------------------------

ConnectionId Network::Impl::connect(HostId from, sim::Component& owner, Peer& peer, HostId to, Port port,
                                    sim::Duration timeout, const SocketOptions& options) {
  SIM_CHECK(timeout.ns > 0, "a connection needs a setup timeout");
  SIM_CHECK(to.value < machines.size());
  SIM_CHECK(machine(from).up, machine(from).name + " is down and cannot connect");
  const std::uint32_t end = take_connection();
  Connection& c = connection(end);
  c.to = to;
  c.port = port;
  c.began = sim.now();
  c.attempt = 0;
  c.ends[0].state = End::State::connecting;
  c.ends[0].host = from;
  c.ends[0].owner = &owner;
  c.ends[0].peer = &peer;
  c.ends[0].options = options;
  c.ends[1].host = to;
  c.ordinal = machine(from).connects++;
  link(end);
  link(end + 1);
  c.timeout = owner.after(std::min(timeout, kSynGiveUp), "net.connect_timeout",
                          sim::bind<&Impl::on_setup_timeout>(this, word(end)));
  send_syn(end);
  return id_of(end);
}

void Network::Impl::send_syn(std::uint32_t end) {
  const Connection& c = connection(end);
  if (is_cut(at(end).host, c.to, c.port)) {
    count_held(at(end).host, c.to, c.port);
    return retry_syn_later(end);
  }
  machine(connection(end).to).component.after(way(end), "net.syn", sim::bind<&Impl::on_syn>(this, word(end)));
}

void Network::Impl::retry_syn_later(std::uint32_t end) {
  Connection& c = connection(end);
  if (c.attempt == kSynRetries) return;  // the setup timeout ends it
  ++c.attempt;
  const sim::SimTime when = std::max(sim.now(), c.began + syn_delay(c.attempt));
  c.retry = machine(at(end).host)
                .component.at(when, "net.syn_retry", sim::bind<&Impl::on_syn_retry>(this, word(end)));
}

void Network::Impl::on_syn_retry(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  if (at(end).state == End::State::connecting) send_syn(end);
}

// The kernel of the called host answers, whether or not the process there is paused.
void Network::Impl::on_syn(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  End& client = at(end);
  End& server = at(other(end));
  if (client.state != End::State::connecting) return;
  if (!machine(server.host).up) return retry_syn_later(end);
  if (is_cut_back(end)) {  // the answer is lost
    count_held(server.host, client.host, connection(end).port);
    return retry_syn_later(end);
  }

  Machine& m = machine(server.host);
  if (m.deafness > 0) {
    ++m.turned_away;
    return retry_syn_later(end);
  }
  const sim::SimTime answered = sim.now() + way(other(end));
  const auto listener = m.listeners.find(connection(end).port);
  if (m.refusals > 0) ++m.turned_away;
  if (listener == m.listeners.end() || m.refusals > 0) {
    client.owner->at(answered, "net.refused", sim::bind<&Impl::on_refused>(this, word(end)));
    return;
  }
  // A process that stands still accepts nothing; its kernel goes on until the backlog is full, then drops SYNs.
  Listener& l = listener->second;
  sim::Process* const process = l.owner->process();
  if (process == nullptr || !process->paused()) {
    l.waiting = 0;
  } else if (l.waiting++ >= l.options.backlog) {
    return retry_syn_later(end);
  }
  const sim::SimTime accepted = answered + way(end);
  begin_tcp(end, l.options);
  server.state = End::State::accepting;
  server.owner = listener->second.owner;
  server.peer = listener->second.peer;
  server.out.last_arrival = server.out.last_delivery = answered;
  client.out.last_arrival = client.out.last_delivery = accepted;
  // With TLS or SASL the client waits for answers of the process there; see establish().
  if (client.options.handshake_round_trips == 0)
    client.owner->at(answered, "net.connected", sim::bind<&Impl::on_connected>(this, word(end)));
  server.owner->at(accepted, "net.accepted", sim::bind<&Impl::on_accepted>(this, word(other(end))));
}

std::int64_t Network::Impl::buffer(sim::Bytes asked, sim::Bytes automatic) {
  return asked.n < 0 ? automatic.n : std::max<std::int64_t>(asked.n, 1);
}

/// Both directions, with the smaller MTU and buffers of both ends; the handshake has measured the round trip.
void Network::Impl::begin_tcp(std::uint32_t client, const SocketOptions& listening) {
  const std::uint32_t server = other(client);
  at(server).options = listening;
  Connection& c = connection(client);
  const std::int32_t mtu = std::min(machine(at(client).host).nic.mtu, machine(at(server).host).nic.mtu);
  c.segment = mtu - tcp.headers;
  const sim::Duration round_trip = way(client) + way(server);
  for (const std::uint32_t sender : {client, server}) {
    Flow& flow = at(sender).out;
    flow.congestion.start(tcp, c.segment);
    flow.receive_buffer = buffer(at(other(sender)).options.receive_buffer, tcp.receive_buffer);
    flow.window_max = std::max(
        c.segment, std::min(buffer(at(sender).options.send_buffer, tcp.send_buffer), flow.receive_buffer));
    measure(flow, round_trip);
  }
}

void Network::Impl::on_connected(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end != kNoIndex) establish(end);
}

void Network::Impl::on_accepted(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end != kNoIndex) establish(end);
}

// Tells the peer that its end is open, once. Also called before the first delivery, because a process that
// resumes at the very instant of a later event hears that event before those that have waited.
void Network::Impl::establish(std::uint32_t end) {
  End& e = at(end);
  if (e.state == End::State::connecting) {
    stop_setup(end);
    e.state = End::State::open;
    e.peer->on_connected(id_of(end));
  } else if (e.state == End::State::accepting) {
    e.state = End::State::open;
    End& client = at(other(end));
    const std::int64_t trips = client.options.handshake_round_trips;
    if (trips > 0 && client.state == End::State::connecting) {
      const sim::Duration round_trip = way(end) + way(other(end));
      client.owner->at(sim.now() + way(end) + round_trip * (trips - 1), "net.connected",
                       sim::bind<&Impl::on_connected>(this, word(other(end))));
    }
    e.peer->on_accepted(id_of(end), connection(end).port);
  }
}

void Network::Impl::on_refused(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  if (at(end).state == End::State::connecting) fail_setup(end, ConnectError::refused);
}

void Network::Impl::on_setup_timeout(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  if (at(end).state == End::State::connecting) fail_setup(end, ConnectError::timed_out);
}

void Network::Impl::fail_setup(std::uint32_t end, ConnectError error) {
  Peer* const peer = at(end).peer;
  const ConnectionId id = id_of(end);
  finish_end(end, Parcel::Kind::closed);
  peer->on_connect_failed(id, error);
}

void Network::Impl::stop_setup(std::uint32_t end) {
  if (end % 2 != 0) return;
  Connection& c = connection(end);
  sim.cancel(c.timeout);
  sim.cancel(c.retry);
}

// --- Closing ---------------------------------------------------------------------------------------------------

void Network::Impl::close(std::uint32_t end) {
  if (at(end).alive()) finish_end(end, Parcel::Kind::closed);
}

void Network::Impl::close_unfinished(std::uint32_t end, sim::Bytes taken) {
  if (!at(end).alive()) return;
  drop_beyond(end, taken);
  close(end);
}

// This end hears nothing any more; the other one hears `how` after what was sent before.
void Network::Impl::finish_end(std::uint32_t end, Parcel::Kind how) {
  stop_setup(end);
  at(end).state = End::State::closed;
  drop_flow(other(end));
  if (at(other(end)).alive()) {
    if (how == Parcel::Kind::reset) drop_unsent(end);
    Parcel* const last = parcels.take();
    last->kind = how;
    append(end, last);
  }
  free_if_done(end);
}

void Network::Impl::close_all_of(const sim::Process& process, CloseReason reason) {
  const auto kind = reason == CloseReason::reset ? Parcel::Kind::reset : Parcel::Kind::closed;
  for (Machine& m : machines) {
    std::erase_if(m.listeners, [&](const auto& entry) { return entry.second.owner->process() == &process; });
  }
  for (std::uint32_t host = 0; host < machines.size(); ++host) {
    for (const std::uint32_t end : ends_of({host})) {
      // An earlier round may have freed the whole connection: a process may be connected to itself.
      if (!at(end).alive()) continue;
      if (at(end).owner->process() == &process) finish_end(end, kind);
    }
  }
}

}  // namespace brokersim::network
