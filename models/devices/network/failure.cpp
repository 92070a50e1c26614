// Silence, cuts and TCP's answer to both: hold, and send again at the retransmission times.
#include <algorithm>

#include "models/devices/network/impl.h"
#include "models/devices/network/wire.h"

namespace brokersim::network {

bool Network::Impl::is_cut(HostId from, HostId to) const {
  if (machines[from.value].cuts_out == 0) return false;
  return cuts_.contains({from, to});
}

/// Nothing sent from `end` gets there, or, where only a reset can come back, nothing comes back.
bool Network::Impl::blocked(std::uint32_t end) {
  const End& sender = at(end);
  const End& receiver = at(other(end));
  if (sender.host == receiver.host) return false;
  if (!machine(receiver.host).up) return true;
  if (is_cut(sender.host, receiver.host)) return true;
  return !receiver.alive() && is_cut(receiver.host, sender.host);
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
  flow.give_up = machine(at(end).host)
                     .component.at(std::max(sim.now(), first_lost + kGiveUp), "net.give_up",
                                   sim::bind<&Impl::on_give_up>(this, word(end)));
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
  sim.cancel(flow.retransmit);
  flow.retransmit = machine(at(end).host)
                        .component.at(next_retransmission(flow.first_lost, sim.now()), "net.retransmit",
                                      sim::bind<&Impl::on_retransmit>(this, word(end)));
}

void Network::Impl::on_retransmit(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  Flow& flow = at(end).out;
  if (!flow.stalled) return;
  if (blocked(end)) return;  // cut again meanwhile; healing plans anew
  end_stall(flow);
  dispatch(end);
}

void Network::Impl::on_give_up(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  if (!at(end).out.stalled) return;
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
  for (Parcel* parcel = flow.head; parcel != nullptr; parcel = parcel->next) {
    sim.cancel(parcel->event);
    parcel->stage = Parcel::Stage::unsent;
    parcel->wire_left = parcel->wire;
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
  m.in_free = std::min(m.in_free, sim.now());
  m.in_small_free = std::min(m.in_small_free, sim.now());
  m.in_large.clear();
}

void Network::Impl::host_up(HostId host) {
  if (machine(host).up) return;
  machine(host).up = true;
  for (const std::uint32_t end : ends_of(host)) plan_retransmission(other(end));
}

void Network::Impl::cut(HostId from, HostId to) {
  SIM_CHECK(from != to, "a host cannot be cut from itself");
  SIM_CHECK(to.value < machines.size());
  if (++cuts_[{from, to}] > 1) return;
  ++machine(from).cuts_out;
  for (const std::uint32_t end : ends_of(from)) {
    if (at(other(end)).host != to) continue;
    take_back(end);
    if (at(end).out.unsent != nullptr) stall(end, sim.now());
  }
}

void Network::Impl::heal(HostId from, HostId to) {
  const auto found = cuts_.find({from, to});
  SIM_CHECK(found != cuts_.end(), machine(from).name + " is not cut from " + machine(to).name);
  if (--found->second > 0) return;
  cuts_.erase(found);
  --machine(from).cuts_out;
  for (const std::uint32_t end : ends_of(from)) {
    if (at(other(end)).host != to) continue;
    plan_retransmission(end);
    plan_retransmission(other(end));
  }
}

}  // namespace brokersim::network
