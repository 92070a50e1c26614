// Silence, cuts and TCP's answer to both: hold, and send again at the retransmission times.
#include <algorithm>

#include "models/devices/network/impl.h"
#include "models/devices/network/wire.h"

namespace brokersim::network {

bool Network::Impl::is_cut(HostId from, HostId to, Port port) const {
  if (machines[from.value].cuts_out == 0) return false;
  if (cuts_.contains({from, to, {0}})) return true;
  return port.value != 0 && cuts_.contains({from, to, port});
}

/// The way of `end`'s acknowledgements is cut.
bool Network::Impl::is_cut_back(std::uint32_t end) {
  return is_cut(at(other(end)).host, at(end).host, connection(end).port);
}

void Network::Impl::count_held(HostId from, HostId to, Port port) {
  for (const Port each : {Port{0}, port}) {
    const auto found = cuts_.find({from, to, each});
    if (found != cuts_.end()) ++found->second.held;
    if (port.value == 0) break;
  }
}

/// Nothing sent from `end` gets there, or, where only a reset can come back, nothing comes back.
bool Network::Impl::blocked(std::uint32_t end) {
  const End& sender = at(end);
  const End& receiver = at(other(end));
  if (sender.host == receiver.host) return false;
  if (!machine(receiver.host).up) return true;
  const Connection& c = connection(end);
  if (c.forgotten) return true;
  if (is_cut(sender.host, receiver.host, c.port)) return true;
  if (const PairState* pair = pair_state(sender.host, receiver.host)) {
    // A black hole takes full segments of large messages, and everything waits behind the first of them.
    const Parcel* const first = sender.out.unsent;
    if (pair->total.mtu > 0 && first != nullptr && first->size.n > pair->total.mtu - tcp.headers) return true;
  }
  return !receiver.alive() && is_cut_back(end);
}

std::vector<std::uint32_t> Network::Impl::ends_of(HostId host) {
  std::vector<std::uint32_t> ends;
  for (std::uint32_t end = machine(host).ends_head; end != kNoIndex; end = at(end).next) ends.push_back(end);
  return ends;
}

// --- Holding and sending again ---------------------------------------------------------------------------------

void Network::Impl::stall(std::uint32_t end, sim::SimTime first_lost) {
  leave_turns(end);
  Flow& flow = at(end).out;
  if (flow.stalled) return;
  flow.stalled = true;
  flow.first_lost = first_lost;
  sim.cancel(flow.window_event);
  sim.cancel(flow.loss_event);
  sim.cancel(flow.deaf_event);
  count_stall(end);
  flow.give_up = machine(at(end).host)
                     .component.at(std::max(sim.now(), first_lost + kGiveUp), "net.give_up",
                                   sim::bind<&Impl::on_give_up>(this, word(end)));
}

/// For the exposure of whatever stands in the way.
void Network::Impl::count_stall(std::uint32_t end) {
  const HostId from = at(end).host;
  const HostId to = at(other(end)).host;
  const Port port = connection(end).port;
  if (is_cut(from, to, port)) {
    count_held(from, to, port);
  } else if (at(end).out.deaf) {
    count_held(to, from, port);
  } else if (PairState* const pair = pair_state(from, to)) {
    for (const Active& active : pair->active) {
      if (active.what.mtu > 0) ++exposures_[active.id.value].held;
    }
  }
}

// --- Acknowledgements that do not come back --------------------------------------------------------------------

/// What is acknowledged from now on never comes back: the retransmission timer will fire.
void Network::Impl::go_deaf(std::uint32_t end) {
  Flow& flow = at(end).out;
  flow.deaf = true;
  if (flow.stalled || sim.pending(flow.deaf_event)) return;
  sim::SimTime oldest = std::max(sim.now(), flow.last_chunk);
  for (const Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next) {
    if (chunk->ack == sim::SimTime::max()) oldest = std::min(oldest, chunk->sent);
  }
  flow.deaf_event = machine(at(end).host)
                        .component.at(std::max(sim.now(), oldest + retransmission_timeout(flow)), "net.rto",
                                      sim::bind<&Impl::on_deaf>(this, word(end)));
}

void Network::Impl::on_deaf(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  Flow& flow = at(end).out;
  flow.deaf_event = {};
  if (!flow.deaf || flow.stalled) return;
  sim::SimTime oldest = sim::SimTime::max();
  for (const Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next) {
    if (!chunk->acked) oldest = std::min(oldest, chunk->sent);
  }
  if (oldest == sim::SimTime::max()) return;
  stall(end, std::min(oldest, sim.now()));
}

/// The way back is cut: what has not been acknowledged from the other side yet never will be.
void Network::Impl::cut_back(std::uint32_t end) {
  Flow& flow = at(end).out;
  const sim::Duration back = way(other(end));
  bool any = false;
  for (Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next) {
    if (chunk->acked || chunk->ack - back < sim.now()) continue;
    chunk->ack = sim::SimTime::max();
    any = true;
  }
  if (any) go_deaf(end);
}

/// The way back is whole again. A sender that stands still learns of it when it tries next; else the next
/// acknowledgement, a round trip from now, covers all.
void Network::Impl::heal_back(std::uint32_t end) {
  Flow& flow = at(end).out;
  flow.deaf = false;
  sim.cancel(flow.deaf_event);
  if (flow.stalled) return;
  const sim::SimTime known = sim.now() + way(end) + way(other(end));
  for (Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next) {
    if (chunk->ack == sim::SimTime::max()) chunk->ack = std::max(known, chunk->arrival);
  }
  dispatch(end);
}

void Network::Impl::end_stall(Flow& flow) {
  if (!flow.stalled) return;
  flow.stalled = false;
  sim.cancel(flow.retransmit);
  sim.cancel(flow.give_up);
}

// Retransmissions that would be lost again are not events: only the first one that can succeed is scheduled.
void Network::Impl::plan_retransmission(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (!flow.stalled) return;
  if (blocked(end)) return;
  if (flow.deaf) return;
  sim.cancel(flow.retransmit);
  const sim::SimTime when = next_retransmission(flow.first_lost, sim.now(), retransmission_timeout(flow));
  flow.retransmit =
      machine(at(end).host)
          .component.at(when, "net.retransmit", sim::bind<&Impl::on_retransmit>(this, word(end)));
}

void Network::Impl::on_retransmit(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  Flow& flow = at(end).out;
  if (!flow.stalled) return;
  if (blocked(end)) return;  // cut again meanwhile; healing plans anew
  if (flow.deaf) return;
  end_stall(flow);
  settle(end);
  // Its answer tells what had come; then TCP starts from one segment.
  acknowledge_all(end);
  flow.congestion.on_timeout();
  if (!flow.holes.empty()) plan_loss(end, sim.now());
  dispatch(end);
}

/// What had arrived is known now; the rest is acknowledged in its time.
void Network::Impl::acknowledge_all(std::uint32_t end) {
  Flow& flow = at(end).out;
  for (Chunk* chunk = flow.chunks; chunk != nullptr;) {
    Chunk* const next = chunk->next;
    if (!chunk->acked && chunk->ack == sim::SimTime::max()) {
      flow.in_flight -= chunk->bytes - chunk->lost;
      chunk->acked = true;
      flow.acked_to = std::max(flow.acked_to, chunk->end);
      release_if_done(end, chunk);
    }
    chunk = next;
  }
}

void Network::Impl::on_give_up(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  if (!at(end).out.stalled) return;
  give_up(end);
}

/// Fifteen retransmissions in vain.
void Network::Impl::give_up(std::uint32_t end) {
  drop_flow(end);
  if (at(end).alive()) {
    reset_end(end, sim.now());
  } else {
    free_if_done(end);
  }
}

/// Nothing of what `end` has under way is received: it is held from the time the first of it was sent.
void Network::Impl::lose(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (flow.head == nullptr) return;
  const sim::SimTime first_lost = flow.head->stage == Parcel::Stage::unsent ? sim.now() : flow.head->sent;
  leave_turns(end);
  forget_chunks(end);
  for (Parcel* parcel = flow.head; parcel != nullptr; parcel = parcel->next) {
    sim.cancel(parcel->event);
    parcel->stage = Parcel::Stage::unsent;
    parcel->left = parcel->size.n;
  }
  flow.arriving = flow.unsent = flow.head;
  stall(end, std::min(first_lost, sim.now()));
}

// --- Resets ----------------------------------------------------------------------------------------------------

// A segment for a connection that the host does not know: its kernel answers with a reset.
void Network::Impl::on_no_socket(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  if (blocked(end)) return lose(end);
  drop_flow(end);
  if (at(end).alive()) {
    reset_end(end, sim.now() + way(other(end)));
  } else {
    free_if_done(end);
  }
}

void Network::Impl::reset_end(std::uint32_t end, sim::SimTime when) {
  End& e = at(end);
  if (e.reset_pending) return;
  e.reset_pending = true;
  e.owner->at(when, "net.reset", sim::bind<&Impl::on_reset>(this, word(end)));
}

void Network::Impl::on_reset(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  End& e = at(end);
  if (!e.alive()) return;
  Peer* const peer = e.peer;
  e.state = End::State::closed;
  drop_flow(end);
  // After giving up the other side may still be there; what it has under way meets no socket here.
  if (at(other(end)).alive()) {
    lose(other(end));
    plan_retransmission(other(end));
  }
  free_if_done(end);
  peer->on_closed({static_cast<std::uint32_t>(which), static_cast<std::uint32_t>(which >> 32)},
                  CloseReason::reset);
}

// --- Hosts and cuts --------------------------------------------------------------------------------------------

void Network::Impl::host_down(HostId host) {
  Machine& m = machine(host);
  if (!m.up) return;
  m.up = false;
  m.listeners.clear();
  for (const std::uint32_t end : ends_of(host)) {
    if (!connection(end).used) continue;  // a connection to itself, freed by its other end
    stop_setup(end);
    drop_unsent(end);
    if (at(end).alive()) at(end).state = End::State::closed;
    if (at(other(end)).alive()) lose(other(end));
    free_if_done(end);
  }
  m.out_free = std::min(m.out_free, sim.now());
  m.in.free = std::min(m.in.free, sim.now());
}

void Network::Impl::host_up(HostId host) {
  if (machine(host).up) return;
  machine(host).up = true;
  for (const std::uint32_t end : ends_of(host)) plan_retransmission(other(end));
}

void Network::Impl::cut(HostId from, HostId to, Port port) {
  SIM_CHECK(from != to, "a host cannot be cut from itself");
  SIM_CHECK(to.value < machines.size());
  if (++cuts_[{from, to, port}].times > 1) return;
  ++machine(from).cuts_out;
  for (const std::uint32_t end : ends_of(from)) {
    if (at(other(end)).host != to) continue;
    if (port.value != 0 && connection(end).port != port) continue;
    take_back(end);
    if (at(end).out.unsent != nullptr) stall(end, sim.now());
    cut_back(other(end));
  }
}

std::int64_t Network::Impl::heal(HostId from, HostId to, Port port, bool at_once) {
  const auto found = cuts_.find({from, to, port});
  SIM_CHECK(found != cuts_.end(), machine(from).name + " is not cut from " + machine(to).name);
  const std::int64_t held = found->second.held;
  if (--found->second.times > 0) return held;
  cuts_.erase(found);
  --machine(from).cuts_out;
  for (const std::uint32_t end : ends_of(from)) {
    if (!connection(end).used) continue;
    if (at(other(end)).host != to) continue;
    if (!is_cut_back(other(end))) heal_back(other(end));
    for (const std::uint32_t each : {end, other(end)}) {
      if (at_once && at(each).out.stalled && !blocked(each) && !at(each).out.deaf) {
        at(each).out.first_lost = sim.now() - retransmission_timeout(at(each).out);
      }
      plan_retransmission(each);
    }
  }
  return held;
}

std::int64_t Network::Impl::held(HostId from, HostId to, Port port) const {
  const auto found = cuts_.find({from, to, port});
  return found == cuts_.end() ? 0 : found->second.held;
}

// --- What middleboxes and admins do ----------------------------------------------------------------------------

/// Ends of living connections of `a` with `b` (or with anybody if `a` == `b`), oldest first, one of each pair.
std::vector<std::uint32_t> Network::Impl::connections_between(HostId a, HostId b) {
  std::vector<std::uint32_t> result;
  for (const std::uint32_t end : ends_of(a)) {
    if (at(other(end)).host != b) continue;
    if (at(end).state == End::State::open || at(other(end)).state == End::State::open) result.push_back(end);
  }
  return result;
}

std::int64_t Network::Impl::reset_between(HostId a, HostId b) {
  std::int64_t count = 0;
  for (const std::uint32_t end : connections_between(a, b)) {
    ++count;
    for (const std::uint32_t each : {end, other(end)}) {
      if (!at(each).alive()) continue;
      reset_end(each, sim.now());
    }
  }
  return count;
}

std::int64_t Network::Impl::forget_between(HostId a, HostId b) {
  std::int64_t count = 0;
  for (const std::uint32_t end : connections_between(a, b)) {
    if (connection(end).forgotten) continue;
    ++count;
    connection(end).forgotten = true;
    for (const std::uint32_t each : {end, other(end)}) {
      take_back(each);
      if (at(each).out.unsent != nullptr) stall(each, sim.now());
    }
  }
  return count;
}

}  // namespace brokersim::network
