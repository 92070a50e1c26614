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
  parcel->left = size.n;
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

/// Gives the card what it takes at once, and queues for turns or waits for the window with the rest.
void Network::Impl::dispatch(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (flow.stalled || flow.waiting || flow.in_service || flow.timed_out) return;
  if (flow.unsent == nullptr) return;
  if (blocked(end)) return stall(end, sim.now());
  settle(end);
  const bool loopback = at(end).host == at(other(end)).host;
  Machine& m = machine(at(end).host);
  while (Parcel* const parcel = flow.unsent) {
    if (loopback || parcel->left == 0) {
      hand_over(end, parcel, nullptr, std::max(sim.now(), flow.last_sent));
      continue;
    }
    if (sim.pending(m.egress) || m.out_free > sim.now() + m.quantum_time) return join_turns(end);
    const std::int64_t bytes = sendable(end);
    if (bytes == 0) return wait_for_window(end);
    if (bytes < parcel->left && window_left(end) > bytes) return join_turns(end);
    send_chunk(end, *parcel, bytes);
  }
}

/// Commits the card to `bytes` more of `parcel`, and sends them on their way.
void Network::Impl::send_chunk(std::uint32_t end, Parcel& parcel, std::int64_t bytes) {
  Flow& flow = at(end).out;
  Machine& m = machine(at(end).host);
  Chunk* const chunk = chunks.take();
  chunk->bytes = bytes;
  chunk->wire = wire_of(end, bytes);
  chunk->parcel = &parcel;
  chunk->sender = end;
  const sim::SimTime start = std::max(sim.now(), m.out_free);
  const sim::Duration length = m.out.move(start, {chunk->wire});
  m.out_free = start + length;
  m.traffic.egress_busy += length;
  chunk->sent = flow.last_chunk = m.out_free;
  chunk->lead = length;  // transit makes it exact

  parcel.left -= bytes;
  flow.sent_bytes += bytes;
  flow.in_flight += bytes;
  flow.credit -= bytes;
  flow.peak = std::max(flow.peak, flow.in_flight);
  chunk->end = flow.sent_bytes;
  chunk->last = parcel.left == 0;
  chunk->previous = flow.chunks_tail;
  (flow.chunks_tail == nullptr ? flow.chunks : flow.chunks_tail->next) = chunk;
  flow.chunks_tail = chunk;
  launch(*chunk);
  if (chunk->last) hand_over(end, &parcel, chunk, chunk->sent);
}

/// The card has all of `parcel`. `chunk` is its last one, null for what takes no time on the card.
void Network::Impl::hand_over(std::uint32_t end, Parcel* parcel, Chunk* chunk, sim::SimTime sent) {
  End& e = at(end);
  parcel->stage = Parcel::Stage::on_way;
  parcel->sent = sent;
  parcel->chunk = chunk;
  parcel->end = e.out.sent_bytes;
  e.out.last_sent = sent;
  e.out.unsent = parcel->next;
  if (parcel->kind == Parcel::Kind::data && e.host != at(other(end)).host) {
    ++machine(e.host).traffic.messages_out;
    machine(e.host).traffic.bytes_out += parcel->size;
  }
  if (chunk != nullptr) {
    if (chunk->hop == kNoIndex) schedule_arrival(end, parcel, chunk->arrival);
    return;  // else its last trunk does
  }
  const sim::SimTime arrival = std::max(sent + way(end), e.out.last_arrival);
  e.out.last_arrival = arrival;
  schedule_arrival(end, parcel, arrival);
}

void Network::Impl::schedule_arrival(std::uint32_t end, Parcel* parcel, sim::SimTime arrival) {
  End& receiver = at(other(end));
  parcel->arrival = arrival;
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
  m.egress = m.component.at(std::max(sim.now(), m.out_free), "net.egress",
                            sim::bind<&Impl::on_egress>(this, m.id.value));
}

void Network::Impl::on_egress(std::uint64_t host) {
  Machine& m = machines[host];
  m.egress = {};
  if (m.in_service != kNoIndex) {
    const std::uint32_t end = std::exchange(m.in_service, kNoIndex);
    at(end).out.in_service = false;
    push_turn(m, end);
  }
  // The card may have been given something else meanwhile: a segment that is sent again.
  if (m.out_free > sim.now()) return plan_turn(m);
  serve_turn(m);
}

/// The first in line sends one quantum, or what its window lets pass; if there is more it queues again at the
/// quantum's end.
void Network::Impl::serve_turn(Machine& m) {
  while (m.turns_head != kNoIndex) {
    const std::uint32_t end = m.turns_head;
    Flow& flow = at(end).out;
    m.turns_head = flow.turn_next;
    (m.turns_head == kNoIndex ? m.turns_tail : at(m.turns_head).out.turn_previous) = kNoIndex;
    flow.waiting = false;
    if (serve(end)) break;
  }
  if (m.in_service != kNoIndex || m.turns_head != kNoIndex) plan_turn(m);
}

/// True if the card was given something.
bool Network::Impl::serve(std::uint32_t end) {
  Flow& flow = at(end).out;
  settle(end);
  std::int64_t budget = quantum(end);
  const std::int64_t whole = budget;
  bool open = true;
  while (Parcel* const parcel = flow.unsent) {
    if (parcel->left == 0) {
      hand_over(end, parcel, nullptr, std::max(sim.now(), flow.last_sent));
      continue;
    }
    if (budget == 0) break;
    const std::int64_t bytes = std::min(budget, sendable(end));
    open = bytes > 0;
    if (!open) break;
    budget -= bytes;
    send_chunk(end, *parcel, bytes);
  }
  if (flow.unsent != nullptr) {
    if (open) {
      Machine& m = machine(at(end).host);
      flow.in_service = true;
      m.in_service = end;
    } else {
      wait_for_window(end);
    }
  }
  return budget < whole;
}

}  // namespace brokersim::network
