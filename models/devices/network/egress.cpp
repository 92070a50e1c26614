// From send() to the wire: the sending card and its turns.
#include <algorithm>
#include <utility>

#include "models/devices/network/impl.h"
#include "models/devices/network/wire.h"

namespace brokersim::network {

bool Network::Impl::send(std::uint32_t end, sim::Bytes size, std::unique_ptr<Message> message) {
  if (at(end).state != End::State::open) return false;
  at(end).out.unacknowledged += size;
  // The other side has closed and its word is on the way: what is sent meanwhile reaches nobody.
  const End& receiver = at(other(end));
  if (!receiver.alive() && receiver.out.ends) return true;
  Parcel* const parcel = parcels.take();
  parcel->message = std::move(message);
  parcel->size = size;
  parcel->wire = parcel->wire_left = wire_bytes(size);
  append(end, parcel);
  return true;
}

void Network::Impl::append(std::uint32_t end, Parcel* parcel) {
  Flow& flow = at(end).out;
  SIM_CHECK(!flow.ends, "something is sent after the end of a flow");
  (flow.tail == nullptr ? flow.head : flow.tail->next) = parcel;
  flow.tail = parcel;
  if (flow.arriving == nullptr) flow.arriving = parcel;
  if (flow.unsent == nullptr) flow.unsent = parcel;
  flow.ends = parcel->kind != Parcel::Kind::data;
  dispatch(end);
}

// Gives the card what it takes at once, and queues for turns with the rest.
void Network::Impl::dispatch(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (flow.stalled || flow.waiting || flow.in_service) return;
  if (flow.unsent == nullptr) return;
  if (blocked(end)) return stall(end, sim.now());
  const bool loopback = at(end).host == at(other(end)).host;
  Machine& m = machine(at(end).host);
  while (Parcel* const parcel = flow.unsent) {
    if (loopback || parcel->wire_left.n == 0) {
      hand_over(end, parcel, std::max(sim.now(), flow.last_sent));
      continue;
    }
    const bool at_once =
        parcel->wire_left <= kQuantum && !sim.pending(m.egress) && m.out_free <= sim.now() + m.quantum_time;
    if (!at_once) return join_turns(end);
    const sim::SimTime sent = send_chunk(end, *parcel, parcel->wire_left);
    hand_over(end, parcel, sent);
  }
}

/// Commits the card to `bytes` more of `parcel`; returns when they have left.
sim::SimTime Network::Impl::send_chunk(std::uint32_t end, Parcel& parcel, sim::Bytes bytes) {
  Machine& m = machine(at(end).host);
  const sim::SimTime start = std::max(sim.now(), m.out_free);
  const sim::Duration length = sim::transfer_time(bytes, m.bandwidth);
  if (parcel.wire_left == parcel.wire) {
    const Machine& receiver = machine(at(other(end)).host);
    parcel.started = start;
    parcel.in_free_at_start = receiver.in_free;
    parcel.in_work_at_start = receiver.traffic.ingress_busy;
  }
  parcel.wire_left -= bytes;
  parcel.last_chunk = bytes;
  m.out_free = start + length;
  m.traffic.egress_busy += length;
  return m.out_free;
}

void Network::Impl::hand_over(std::uint32_t end, Parcel* parcel, sim::SimTime sent) {
  End& e = at(end);
  parcel->stage = Parcel::Stage::on_way;
  parcel->sent = sent;
  e.out.last_sent = sent;
  e.out.unsent = parcel->next;
  if (parcel->kind == Parcel::Kind::data && e.host != at(other(end)).host) {
    ++machine(e.host).traffic.messages_out;
    machine(e.host).traffic.bytes_out += parcel->size;
  }
  schedule_arrival(end, parcel);
}

void Network::Impl::schedule_arrival(std::uint32_t end, Parcel* parcel) {
  End& sender = at(end);
  End& receiver = at(other(end));
  const sim::Duration latency = way(end);
  sim::SimTime arrival = parcel->sent + latency;
  const sim::BytesPerSecond rate_in = machine(receiver.host).bandwidth;
  if (parcel->wire.n > 0 && rate_in < machine(sender.host).bandwidth && sender.host != receiver.host) {
    arrival = std::max(arrival, parcel->started + latency + sim::transfer_time(parcel->wire, rate_in));
  }
  arrival = std::max(arrival, sender.out.last_arrival);
  sender.out.last_arrival = parcel->arrival = arrival;
  if (receiver.alive()) {
    parcel->event =
        receiver.owner->at(arrival, "net.arrival", sim::bind<&Impl::on_arrival>(this, word(other(end))));
  } else {
    parcel->event =
        machine(receiver.host)
            .component.at(arrival, "net.no_socket", sim::bind<&Impl::on_no_socket>(this, word(end)));
  }
}

// --- Turns -----------------------------------------------------------------------------------------------------

void Network::Impl::push_turn(Machine& m, std::uint32_t end) {
  Flow& flow = at(end).out;
  flow.waiting = true;
  flow.turn_previous = m.turns_tail;
  flow.turn_next = kNoIndex;
  (m.turns_tail == kNoIndex ? m.turns_head : at(m.turns_tail).out.turn_next) = end;
  m.turns_tail = end;
}

void Network::Impl::join_turns(std::uint32_t end) {
  Machine& m = machine(at(end).host);
  push_turn(m, end);
  if (sim.pending(m.egress)) return;
  if (m.out_free <= sim.now()) {
    serve_turn(m);
  } else {
    plan_turn(m);
  }
}

void Network::Impl::leave_turns(std::uint32_t end) {
  Flow& flow = at(end).out;
  Machine& m = machine(at(end).host);
  if (flow.waiting) {
    (flow.turn_previous == kNoIndex ? m.turns_head : at(flow.turn_previous).out.turn_next) = flow.turn_next;
    (flow.turn_next == kNoIndex ? m.turns_tail : at(flow.turn_next).out.turn_previous) = flow.turn_previous;
    flow.waiting = false;
  }
  if (flow.in_service) {
    flow.in_service = false;
    m.in_service = kNoIndex;
  }
  if (m.turns_head == kNoIndex && m.in_service == kNoIndex) m.component.cancel(m.egress);
}

void Network::Impl::plan_turn(Machine& m) {
  m.egress = m.component.at(m.out_free, "net.egress", sim::bind<&Impl::on_egress>(this, m.id.value));
}

void Network::Impl::on_egress(std::uint64_t host) {
  Machine& m = machines[host];
  m.egress = {};
  if (m.in_service != kNoIndex) {
    at(m.in_service).out.in_service = false;
    push_turn(m, std::exchange(m.in_service, kNoIndex));
  }
  if (m.turns_head != kNoIndex) serve_turn(m);
}

// One connection's turn: one quantum of what it has to send. It queues again only when the quantum has left,
// behind whoever has come meanwhile.
void Network::Impl::serve_turn(Machine& m) {
  const std::uint32_t end = m.turns_head;
  Flow& flow = at(end).out;
  m.turns_head = flow.turn_next;
  (m.turns_head == kNoIndex ? m.turns_tail : at(m.turns_head).out.turn_previous) = kNoIndex;
  flow.waiting = false;

  sim::Bytes budget = kQuantum;
  while (Parcel* const parcel = flow.unsent) {
    if (parcel->wire_left.n == 0) {
      hand_over(end, parcel, std::max(sim.now(), flow.last_sent));
      continue;
    }
    if (budget.n == 0) break;
    const sim::Bytes chunk = std::min(budget, parcel->wire_left);
    budget -= chunk;
    const sim::SimTime sent = send_chunk(end, *parcel, chunk);
    if (parcel->wire_left.n == 0) hand_over(end, parcel, sent);
  }
  if (flow.unsent != nullptr) {
    flow.in_service = true;
    m.in_service = end;
  }
  if (m.in_service != kNoIndex || m.turns_head != kNoIndex) plan_turn(m);
}

}  // namespace brokersim::network
