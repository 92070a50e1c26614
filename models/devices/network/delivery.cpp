// From the wire to the peer: the receiving card, and the flow's order.
#include <algorithm>
#include <utility>

#include "models/devices/network/impl.h"

namespace brokersim::network {

// The last bit is in, or was while the process was paused. Events and parcels are both in order but not tied
// together: an event takes the first parcel that has not arrived, so that order survives a pause.
void Network::Impl::on_arrival(std::uint64_t which) {
  std::uint32_t to = find(which);
  if (to == kNoIndex) return;
  establish(to);
  to = find(which);  // the peer may have closed it
  if (to == kNoIndex) return;
  if (!at(to).alive()) return;
  Flow& flow = at(other(to)).out;
  Parcel* const parcel = flow.arriving;
  if (parcel == nullptr) return;
  if (parcel->stage != Parcel::Stage::on_way) return;
  flow.arriving = parcel->next;
  parcel->stage = Parcel::Stage::arrived;

  sim::SimTime done = sim.now();
  const bool late = parcel->arrival < sim.now();
  const bool by_card = parcel->wire.n > 0 && at(to).host != at(other(to)).host;
  if (by_card && !late) done = receive(to, *parcel);
  done = std::max(done, flow.last_delivery);
  flow.last_delivery = done;
  if (done == sim.now() && parcel == flow.head) return deliver(to);
  parcel->event = at(to).owner->at(done, "net.delivery", sim::bind<&Impl::on_delivery>(this, which));
}

void Network::Impl::on_delivery(std::uint64_t which) {
  const std::uint32_t to = find(which);
  if (to == kNoIndex) return;
  if (!at(to).alive()) return;
  const Parcel* const head = at(other(to)).out.head;
  if (head == nullptr) return;
  if (head->stage == Parcel::Stage::arrived) deliver(to);
}

/// Books `parcel`, whose last bit is in now, on the receiving card; returns when the card is done with it.
sim::SimTime Network::Impl::receive(std::uint32_t to, const Parcel& parcel) {
  const sim::SimTime now = sim.now();
  Machine& m = machine(at(to).host);
  const sim::Duration length = sim::transfer_time(parcel.wire, m.bandwidth);
  if (parcel.wire > kQuantum) return receive_large(to, parcel, length);
  m.traffic.ingress_busy += length;
  m.in_free = std::max(m.in_free, now - length) + length;
  std::erase_if(m.in_large, [now](sim::SimTime done) { return done <= now; });
  if (m.in_large.empty()) return m.in_small_free = m.in_free;
  // Senders take turns on the way in too: a small message waits for one quantum of each large one at most.
  m.in_small_free = std::max(m.in_small_free, now - length) + length;
  const sim::SimTime fair = m.in_small_free + m.quantum_time * static_cast<std::int64_t>(m.in_large.size());
  return std::min(m.in_free, fair);
}

// The card has worked on a large message while it came in, beside whatever else came. It is done when the work
// there was at its first bit, all that has come since and its own are done; or, if that is earlier, one after another.
sim::SimTime Network::Impl::receive_large(std::uint32_t to, const Parcel& parcel, sim::Duration length) {
  Machine& m = machine(at(to).host);
  const sim::SimTime first_bit = parcel.started + way(other(to));
  const sim::Duration since = m.traffic.ingress_busy - parcel.in_work_at_start;
  const sim::SimTime shared = std::max(first_bit, parcel.in_free_at_start) + since + length;
  const sim::SimTime queued = std::max(first_bit, m.in_free) + length;
  const sim::SimTime done = std::max(sim.now(), std::min(shared, queued));
  m.traffic.ingress_busy += length;
  m.in_free = std::max(m.in_free, done);
  std::erase_if(m.in_large, [this](sim::SimTime earlier) { return earlier <= sim.now(); });
  if (done > sim.now()) m.in_large.push_back(done);
  return done;
}

void Network::Impl::deliver(std::uint32_t to) {
  End& receiver = at(to);
  Peer* const peer = receiver.peer;
  const ConnectionId id = id_of(to);
  Parcel* const parcel = pop_head(at(other(to)).out);
  const Parcel::Kind kind = parcel->kind;
  const sim::Bytes size = parcel->size;
  std::unique_ptr<Message> message = std::move(parcel->message);
  parcels.release(parcel);

  if (kind == Parcel::Kind::data) {
    at(other(to)).out.unacknowledged -= size;
    if (receiver.host != at(other(to)).host) {
      ++machine(receiver.host).traffic.messages_in;
      machine(receiver.host).traffic.bytes_in += size;
    }
    peer->on_message(id, std::move(message), size);
    return;
  }
  receiver.state = End::State::closed;
  free_if_done(to);
  peer->on_closed(id, kind == Parcel::Kind::reset ? CloseReason::reset : CloseReason::by_peer);
}

Parcel* Network::Impl::pop_head(Flow& flow) {
  Parcel* const parcel = flow.head;
  flow.head = parcel->next;
  if (flow.head == nullptr) flow.tail = nullptr;
  if (flow.arriving == parcel) flow.arriving = parcel->next;
  if (flow.unsent == parcel) flow.unsent = parcel->next;
  return parcel;
}

void Network::Impl::drop_flow(std::uint32_t end) {
  Flow& flow = at(end).out;
  leave_turns(end);
  end_stall(flow);
  while (flow.head != nullptr) {
    Parcel* const parcel = pop_head(flow);
    sim.cancel(parcel->event);
    parcels.release(parcel);
  }
  flow.ends = false;
}

/// What the card has not wholly sent by now is unsent again; what left before the last chunk is not sent twice.
void Network::Impl::take_back(std::uint32_t end) {
  End& e = at(end);
  Flow& flow = e.out;
  const bool loopback = e.host == at(other(end)).host;
  flow.last_arrival = flow.last_delivery;
  bool first = true;
  for (Parcel* parcel = flow.arriving; parcel != nullptr; parcel = parcel->next) {
    if (parcel->stage != Parcel::Stage::on_way) break;
    if (parcel->sent <= sim.now()) {
      flow.last_arrival = parcel->arrival;
      continue;
    }
    sim.cancel(parcel->event);
    parcel->stage = Parcel::Stage::unsent;
    parcel->wire_left = parcel->last_chunk;
    if (std::exchange(first, false)) flow.unsent = parcel;
    if (parcel->kind == Parcel::Kind::data && !loopback) {
      --machine(e.host).traffic.messages_out;
      machine(e.host).traffic.bytes_out -= parcel->size;
    }
  }
  flow.last_sent = std::min(flow.last_sent, sim.now());
}

void Network::Impl::drop_unsent(std::uint32_t end) {
  Flow& flow = at(end).out;
  leave_turns(end);
  take_back(end);
  end_stall(flow);
  Parcel* doomed = flow.unsent;
  if (doomed == nullptr) return;
  Parcel* before = nullptr;
  for (Parcel* parcel = flow.head; parcel != doomed; parcel = parcel->next) before = parcel;
  flow.tail = before;
  (before == nullptr ? flow.head : before->next) = nullptr;
  if (flow.arriving == doomed) flow.arriving = nullptr;
  flow.unsent = nullptr;
  flow.ends = false;
  while (doomed != nullptr) parcels.release(std::exchange(doomed, doomed->next));
}

/// Keeps the messages that lie wholly within the first `taken` payload bytes of the flow. The caller appends its end.
void Network::Impl::drop_beyond(std::uint32_t end, sim::Bytes taken) {
  Flow& flow = at(end).out;
  Parcel* before = nullptr;
  Parcel* doomed = flow.head;
  for (; doomed != nullptr && doomed->size <= taken; doomed = doomed->next) {
    taken -= doomed->size;
    before = doomed;
  }
  if (doomed == nullptr) return;
  leave_turns(end);
  flow.tail = before;
  (before == nullptr ? flow.head : before->next) = nullptr;
  while (doomed != nullptr) {
    Parcel* const parcel = std::exchange(doomed, doomed->next);
    if (flow.arriving == parcel) flow.arriving = nullptr;
    if (flow.unsent == parcel) flow.unsent = nullptr;
    sim.cancel(parcel->event);
    parcels.release(parcel);
  }
}

}  // namespace brokersim::network
