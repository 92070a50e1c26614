// TCP's window: how much may be under way, and when more may be.
//
// Acknowledgements are not events. A chunk carries the time at which its first segment's acknowledgement is back:
// from there on the rest of them come as fast as the chunk went, so that the sender may go on with as much again.
// Whoever looks at the window settles what is due first; only a sender that is kept waiting schedules an event.
#include <algorithm>

#include "models/devices/network/impl.h"

namespace brokersim::network {

std::int64_t Network::Impl::quantum(std::uint32_t end) { return quantum_of({connection(end).segment}).n; }

std::int64_t Network::Impl::wire_of(std::uint32_t end, std::int64_t payload) {
  const sim::Bytes segment = {connection(end).segment};
  return wire_bytes({payload}, segment, sim::Bytes{tcp.headers} + kEthernet).n;
}

/// Takes note of what has been acknowledged by now.
void Network::Impl::settle(std::uint32_t end) {
  Flow& flow = at(end).out;
  while (Chunk* const chunk = flow.chunks) {
    if (chunk->acked) {  // only its arrival is outstanding: behind it may be more
      Chunk* const next = next_unacked(chunk);
      if (next == nullptr || !is_acked(*next)) break;
      acknowledge(end, *next);
      continue;
    }
    if (!is_acked(*chunk)) break;
    acknowledge(end, *chunk);
  }
  if (flow.in_flight > 0 || flow.unsent == nullptr || flow.last_sent.ns == 0) return;
  const sim::Duration rto = retransmission_timeout(flow);
  if (!tcp.slow_start_after_idle || sim.now() - flow.last_sent <= rto) return;
  flow.congestion.on_idle(sim.now() - flow.last_sent, rto);
  flow.last_sent = sim.now();
  flow.peak = flow.peak_before = 0;
}

Chunk* Network::Impl::next_unacked(Chunk* chunk) {
  while (chunk != nullptr && chunk->acked) chunk = chunk->next;
  return chunk;
}

bool Network::Impl::is_acked(const Chunk& chunk) {
  if (chunk.ack > sim.now()) return false;
  // Estimated while the chunk is under way: if others are before it at the receiver's card, its arrival will tell.
  if (chunk.arrived || chunk.arrival <= sim.now()) return true;
  return machine(at(other(chunk.sender)).host).in.free <= sim.now() && chunk.hop == kNoIndex;
}

void Network::Impl::acknowledge(std::uint32_t end, Chunk& chunk) {
  Flow& flow = at(end).out;
  const std::int64_t came = chunk.bytes - chunk.lost;
  chunk.acked = true;
  flow.in_flight -= came;
  if (came > 0) {
    flow.acked_to = std::max(flow.acked_to, chunk.end);
    flow.newest_acked = std::max(flow.newest_acked, chunk.sent);
    flow.last_came = came;
    delivered_in_recovery(flow, came);
    const sim::Duration sample = chunk.ack - (chunk.sent - chunk.lead);
    if (sample.ns > 0 && chunk.lost == 0) measure(flow, sample);
    const std::int64_t peak = std::max(flow.peak, flow.peak_before);
    const std::int64_t window = flow.congestion.window();
    // Linux, tcp_is_cwnd_limited: slow start goes on while at least half of the window is used; later on it must have
    // been full, but for a piece that was too small to send.
    const bool limited = flow.congestion.slow_start() ? window < 2 * peak : window - peak < piece(end);
    flow.congestion.on_ack(came, sim.now(), flow.round_trip, limited && flow.holes.empty());
  }
  if (chunk.end >= flow.round_end) {
    flow.peak_before = flow.peak;
    flow.peak = flow.in_flight;
    flow.round_end = flow.sent_bytes;
  }
  release_if_done(end, &chunk);
}

void Network::Impl::release_if_done(std::uint32_t end, Chunk* chunk) {
  if (!chunk->acked || !chunk->arrived) return;
  remove_chunk(end, chunk);
}

void Network::Impl::remove_chunk(std::uint32_t end, Chunk* chunk) {
  Flow& flow = at(end).out;
  (chunk->previous == nullptr ? flow.chunks : chunk->previous->next) = chunk->next;
  (chunk->next == nullptr ? flow.chunks_tail : chunk->next->previous) = chunk->previous;
  sim.cancel(chunk->event);
  if (chunk->parcel != nullptr && chunk->parcel->chunk == chunk) chunk->parcel->chunk = nullptr;
  chunks.release(chunk);
}

/// RFC 6298: smoothed round trip and its variance, gains 1/8 and 1/4.
void Network::Impl::measure(Flow& flow, sim::Duration sample) {
  if (flow.round_trip.ns == 0) {
    flow.round_trip = sample;
    flow.round_trip_variance = sample / 2;
    return;
  }
  const sim::Duration off = sample > flow.round_trip ? sample - flow.round_trip : flow.round_trip - sample;
  flow.round_trip_variance += (off - flow.round_trip_variance) / 4;
  flow.round_trip += (sample - flow.round_trip) / 8;
}

sim::Duration Network::Impl::retransmission_timeout(const Flow& flow) const {
  return std::max(tcp.rto_min, flow.round_trip + flow.round_trip_variance * 4);
}

/// Payload that may be sent beside what is in flight. Negative after a loss.
std::int64_t Network::Impl::window_left(std::uint32_t end) {
  const Flow& flow = at(end).out;
  const std::int64_t room = std::min(flow.congestion.window(), flow.window_max) - flow.in_flight;
  return flow.recovering ? std::min(room, flow.credit) : room;
}

/// How much of the first unsent message may go now as one chunk: 0 while the window is too small for it. Small
/// pieces are left to wait for more, as Linux does (tcp_tso_should_defer), or they would never grow together again.
std::int64_t Network::Impl::sendable(std::uint32_t end) {
  Flow& flow = at(end).out;
  const std::int64_t most = std::min(flow.unsent->left, quantum(end));
  if (!reader_takes(end, most)) return 0;
  const std::int64_t room = window_left(end);
  if (room >= most) return most;
  const std::int64_t segment = connection(end).segment;
  if (room >= worthwhile(end))
    return std::max(std::min(segment, most), room / segment * segment);  // whole ones
  if (flow.in_flight == 0) return std::min(most, std::max(room / segment * segment, segment));
  return 0;
}

std::int64_t Network::Impl::worthwhile(std::uint32_t end) {
  return std::min(piece(end), at(end).out.unsent->left);
}

/// The smallest part of a message that is sent while acknowledgements are outstanding.
std::int64_t Network::Impl::piece(std::uint32_t end) {
  const Flow& flow = at(end).out;
  const std::int64_t window = std::min(flow.congestion.window(), flow.window_max);
  return std::max(connection(end).segment, std::min(quantum(end) / 4, window / 64));
}

/// A process that stands still, or does not read from this connection, takes nothing; its kernel goes on until the receive
/// buffer is full.
bool Network::Impl::reader_takes(std::uint32_t end, std::int64_t bytes) {
  Flow& flow = at(end).out;
  const End& receiver = at(other(end));
  if (!receiver.alive()) return true;  // nor is its owner to be touched
  const bool paused = receiver.owner->process() != nullptr && receiver.owner->process()->paused();
  if (!paused && flow.read_to < 0) return true;
  const std::int64_t read = flow.read_to < 0 ? flow.delivered_to : flow.read_to;
  if (flow.sent_bytes - read + bytes <= flow.receive_buffer) return true;
  if (!flow.awaits_reader) {
    flow.awaits_reader = true;  // until set_reading(), or until the process goes on
    if (paused) receiver.owner->at(sim.now(), "net.reader", sim::bind<&Impl::on_reader>(this, word(end)));
  }
  return false;
}

void Network::Impl::set_reading(std::uint32_t end, bool reads) {
  const std::uint32_t sender = other(end);
  Flow& flow = at(sender).out;
  flow.read_to = reads ? -1 : flow.delivered_to;
  if (reads && flow.awaits_reader) on_reader(word(sender));
}

/// The process reads again: its kernel says so, and the sender goes on after the way back.
void Network::Impl::on_reader(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  Flow& flow = at(end).out;
  if (!flow.awaits_reader) return;
  flow.awaits_reader = false;
  sim.cancel(flow.window_event);
  flow.window_event =
      machine(at(end).host)
          .component.after(way(other(end)), "net.window", sim::bind<&Impl::on_window>(this, word(end)));
}

/// Schedules the moment at which enough of what is in flight has been acknowledged.
void Network::Impl::wait_for_window(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (sim.pending(flow.window_event)) return;
  if (flow.awaits_reader) return;
  const std::int64_t wanted = worthwhile(end);
  std::int64_t room = window_left(end);
  std::int64_t still = flow.in_flight;
  sim::SimTime when = sim.now();  // acknowledgements are taken in order
  for (const Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next) {
    if (chunk->acked) continue;
    if (chunk->ack == sim::SimTime::max()) return;  // healing or the timer goes on
    when = std::max(when, chunk->ack > sim.now() || is_acked(*chunk) ? chunk->ack : chunk->arrival);
    room += chunk->bytes - chunk->lost;
    still -= chunk->bytes - chunk->lost;
    if (room < wanted && still > 0) continue;
    when = std::max(when, sim.now() + sim::Duration{1});
    flow.window_event =
        machine(at(end).host).component.at(when, "net.window", sim::bind<&Impl::on_window>(this, word(end)));
    return;
  }
  // All that is in flight is lost: the sender will find out.
}

void Network::Impl::on_window(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  at(end).out.window_event = {};
  dispatch(end);
}

}  // namespace brokersim::network
