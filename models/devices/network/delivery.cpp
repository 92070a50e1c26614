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
  const std::uint32_t from = other(to);
  Flow& flow = at(from).out;
  Parcel* const parcel = flow.arriving;
  if (parcel == nullptr) return;
  if (parcel->stage != Parcel::Stage::on_way) return;
  flow.arriving = parcel->next;
  parcel->event = {};

  sim::SimTime done = sim.now();
  if (Chunk* const chunk = std::exchange(parcel->chunk, nullptr)) {
    const bool late = parcel->arrival < sim.now();
    if (late) {
      chunk->arrived = true;  // the kernel took it long ago
    } else {
      done = book(*chunk);
    }
    chunk->parcel = nullptr;
    release_if_done(from, chunk);
  }
  if (held_up(flow, *parcel)) {
    parcel->stage = Parcel::Stage::held;
    return;
  }
  parcel->stage = Parcel::Stage::arrived;
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

void Network::Impl::deliver(std::uint32_t to) {
  End& receiver = at(to);
  Peer* const peer = receiver.peer;
  const ConnectionId id = id_of(to);
  Flow& flow = at(other(to)).out;
  Parcel* const parcel = pop_head(flow);
  const Parcel::Kind kind = parcel->kind;
  const sim::Bytes size = parcel->size;
  std::unique_ptr<Message> message = std::move(parcel->message);
  flow.delivered_to = parcel->end;
  parcels.release(parcel);

  if (kind == Parcel::Kind::data) {
    flow.unacknowledged -= size;
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

/// Gives a parcel back; chunks of it that are under way go on without it.
void Network::Impl::drop(Flow& flow, Parcel* parcel) {
  for (Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next) {
    if (chunk->parcel != parcel) continue;
    chunk->parcel = nullptr;
    // Its last chunk had the parcel's event; nobody waits for the rest of it.
    if (chunk->last && chunk->hop == kNoIndex) chunk->arrived = true;
  }
  sim.cancel(parcel->event);
  parcels.release(parcel);
}

void Network::Impl::drop_flow(std::uint32_t end) {
  Flow& flow = at(end).out;
  leave_turns(end);
  end_stall(flow);
  forget_chunks(end);
  while (flow.head != nullptr) drop(flow, pop_head(flow));
  flow.ends = false;
}

/// Nothing of the flow is under way, lost or acknowledged: TCP has no more to do with it.
void Network::Impl::forget_chunks(std::uint32_t end) {
  Flow& flow = at(end).out;
  while (flow.chunks != nullptr) remove_chunk(end, flow.chunks);
  flow.in_flight = 0;
  flow.delivered_to = flow.acked_to = flow.sent_bytes;
  flow.holes.clear();
  flow.timed_out = flow.recovering = flow.awaits_reader = false;
  sim.cancel(flow.loss_event);
  sim.cancel(flow.window_event);
  sim.cancel(flow.deaf_event);
}

/// What the card has not wholly sent by now is unsent again; what left before is not sent twice.
void Network::Impl::take_back(std::uint32_t end) {
  End& e = at(end);
  Flow& flow = e.out;
  const bool loopback = e.host == at(other(end)).host;
  flow.last_arrival = flow.last_delivery;
  bool first = true;
  for (Parcel* parcel = flow.arriving; parcel != nullptr; parcel = parcel->next) {
    if (parcel->stage != Parcel::Stage::on_way) break;
    if (parcel->sent <= sim.now()) {
      flow.last_arrival = std::max(flow.last_arrival, parcel->arrival);
      continue;
    }
    sim.cancel(parcel->event);
    parcel->stage = Parcel::Stage::unsent;
    if (std::exchange(first, false)) flow.unsent = parcel;
    if (parcel->kind == Parcel::Kind::data && !loopback) {
      --machine(e.host).traffic.messages_out;
      machine(e.host).traffic.bytes_out -= parcel->size;
    }
  }
  flow.last_sent = std::min(flow.last_sent, sim.now());
  while (flow.chunks_tail != nullptr && flow.chunks_tail->sent > sim.now()) {
    Chunk* const chunk = flow.chunks_tail;
    if (chunk->parcel != nullptr) chunk->parcel->left += chunk->bytes;
    if (!chunk->acked) flow.in_flight -= chunk->bytes;
    flow.sent_bytes -= chunk->bytes;
    std::erase_if(flow.holes, [&](const Hole& hole) { return hole.place > flow.sent_bytes && !hole.found; });
    remove_chunk(end, chunk);
  }
  flow.last_chunk = std::min(flow.last_chunk, sim.now());
  for (const Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next)
    flow.last_arrival =
        std::max(flow.last_arrival, std::min(chunk->arrival, chunk->arrived ? sim.now() : chunk->arrival));
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
  while (doomed != nullptr) drop(flow, std::exchange(doomed, doomed->next));
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
    drop(flow, parcel);
  }
}

}  // namespace brokersim::network
