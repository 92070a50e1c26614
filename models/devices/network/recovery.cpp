// Loss: how a sender finds out, and what it sends again.
//
// Three segments acknowledged behind the missing ones: at once (fast retransmit, window to beta of itself, once per
// window). Nothing behind them: a probe after two round trips (RFC 8985 section 7), or without it, or if what was
// sent again is lost too, the retransmission timeout: one segment, slow start, doubling.
// One event per loss and step; a connection without loss has none.
// Not modelled: reordering taken for loss (Linux adapts and undoes it), spurious timeouts by delay alone.
#include <algorithm>

#include "models/devices/network/impl.h"
#include "models/devices/network/wire.h"

namespace brokersim::network {

/// `bytes` of the chunk never come; `place` is the last byte of the first lost segment in the flow.
void Network::Impl::lose(Chunk& chunk, std::int64_t bytes, std::int64_t place) {
  Flow& flow = at(chunk.sender).out;
  bytes = std::min(bytes, chunk.bytes - chunk.lost);
  if (bytes <= 0) return;
  chunk.lost += bytes;
  if (chunk.acked) flow.in_flight += bytes;  // it was counted as there
  Hole hole;
  hole.place = place;
  hole.bytes = bytes;
  hole.sent = chunk.sent;
  const auto where = std::find_if(flow.holes.begin(), flow.holes.end(),
                                  [place](const Hole& other) { return other.place > place; });
  flow.holes.insert(where, hole);
}

/// A full queue took only the first of the chunk's bytes.
void Network::Impl::drop_tail(Chunk& chunk, std::int64_t wire) {
  if (!at(other(chunk.sender)).alive()) return;
  const std::int64_t segment = connection(chunk.sender).segment;
  const std::int64_t per_segment = wire_of(chunk.sender, segment);
  const std::int64_t segments = (wire + per_segment - 1) / per_segment;
  lose(chunk, segments * segment, chunk.end);
  plan_loss(chunk.sender, chunk.ack == sim::SimTime::max() ? sim.now() : chunk.ack);
}

bool Network::Impl::held_up(const Flow& flow, const Parcel& parcel) {
  return !flow.holes.empty() && std::any_of(flow.holes.begin(), flow.holes.end(), [&](const Hole& hole) {
    return hole.bytes > 0 && hole.place <= parcel.end;
  });
}

/// Looks after the holes at `when`, or earlier if that is planned.
void Network::Impl::plan_loss(std::uint32_t end, sim::SimTime when) {
  Flow& flow = at(end).out;
  when = std::max(when, sim.now());
  if (sim.pending(flow.loss_event)) {
    if (flow.loss_at <= when) return;
    sim.cancel(flow.loss_event);
  }
  flow.loss_at = when;
  flow.loss_event =
      machine(at(end).host).component.at(when, "net.loss", sim::bind<&Impl::on_loss>(this, word(end)));
}

void Network::Impl::on_loss(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  Flow& flow = at(end).out;
  flow.loss_event = {};
  if (flow.stalled || flow.holes.empty()) return;
  if (blocked(end) || flow.deaf) return stall(end, flow.holes.front().sent);
  settle(end);
  hear_of_resent(end);
  find_holes(end);
  if (!fire_timers(end)) return;
  resend(end);
  if (flow.holes.empty()) flow.timed_out = false;
  plan_next_look(end);
  dispatch(end);
}

/// The probe and the retransmission timeout, if their time has come. False: the connection is given up.
bool Network::Impl::fire_timers(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (flow.holes.empty()) return true;
  if (sim.now() - flow.holes.front().sent >= kGiveUp) {
    give_up(end);
    return false;
  }
  bool timeout = false;
  for (Hole& hole : flow.holes) {
    if (!hole.again || hole.not_before > sim.now()) continue;
    hole.again = false;
    timeout = true;
  }
  if (any_unfound(flow) && next_news(end) == sim::SimTime::max() && sim.now() >= timer_at(flow)) {
    const bool probes = tcp.tail_loss_probe && flow.timeouts == 0;
    if (probes) {
      flow.congestion.on_loss();
      flow.recovery_end = flow.sent_bytes;
    } else {
      timeout = true;
    }
    for (Hole& hole : flow.holes) mark_found(end, hole);
  }
  if (timeout) {
    ++flow.timeouts;
    ++machine(at(end).host).traffic.timeouts;
    flow.timed_out = true;
    flow.congestion.on_timeout();
    flow.recovery_end = flow.sent_bytes;
    for (Hole& hole : flow.holes) mark_found(end, hole);
  }
  return true;
}

bool Network::Impl::any_unfound(const Flow& flow) {
  return std::any_of(flow.holes.begin(), flow.holes.end(), [](const Hole& hole) { return !hole.found; });
}

/// The retransmission timeout after those that have fired in a row.
sim::Duration Network::Impl::backed_off(const Flow& flow) const {
  return std::min(kRtoMax, retransmission_timeout(flow) * (std::int64_t{1} << std::min(flow.timeouts, 10)));
}

/// When a lost tail is noticed: RFC 8985's probe timeout, or the retransmission timeout.
sim::SimTime Network::Impl::timer_at(const Flow& flow) const {
  const sim::SimTime rto = flow.holes.front().sent + backed_off(flow);
  if (!tcp.tail_loss_probe || flow.timeouts > 0) return rto;
  return std::min(rto, flow.last_chunk + flow.round_trip * 2);
}

/// Acknowledgements of what was sent again.
void Network::Impl::hear_of_resent(std::uint32_t end) {
  Flow& flow = at(end).out;
  for (Hole& hole : flow.holes) {
    if (hole.filled == 0 || hole.known_at > sim.now()) continue;
    flow.in_flight -= hole.filled;
    flow.timeouts = 0;
    flow.congestion.on_ack(hole.filled, sim.now(), flow.round_trip, flow.congestion.slow_start());
    flow.acked_to = std::max(flow.acked_to, hole.place);
    hole.filled = 0;
  }
  std::erase_if(flow.holes, [](const Hole& hole) { return hole.bytes == 0 && hole.filled == 0; });
}

void Network::Impl::find_holes(std::uint32_t end) {
  Flow& flow = at(end).out;
  const std::int64_t threshold = 3 * connection(end).segment;
  for (Hole& hole : flow.holes) {
    if (hole.found || flow.acked_to - hole.place < threshold) continue;
    mark_found(end, hole);
    if (hole.place <= flow.recovery_end) continue;
    flow.congestion.on_loss();
    flow.recovery_end = flow.sent_bytes;
  }
}

void Network::Impl::mark_found(std::uint32_t end, Hole& hole) {
  if (hole.found) return;
  hole.found = true;
  at(end).out.in_flight -= hole.bytes;
}

/// Sends found holes again as far as the window allows: always at least a segment of the first.
void Network::Impl::resend(std::uint32_t end) {
  Flow& flow = at(end).out;
  bool first = true;
  for (Hole& hole : flow.holes) {
    if (!hole.found || hole.bytes == 0 || hole.on_way > 0 || hole.filled > 0) continue;
    if (hole.not_before > sim.now()) continue;
    const std::int64_t segment = connection(end).segment;
    const std::int64_t room = std::max(flow.congestion.window() - flow.in_flight, first ? segment : 0);
    first = false;
    if (room < std::min(segment, hole.bytes)) return;
    send_again(end, hole, std::min({hole.bytes, room, quantum(end)}));
  }
}

void Network::Impl::send_again(std::uint32_t end, Hole& hole, std::int64_t bytes) {
  Flow& flow = at(end).out;
  Machine& m = machine(at(end).host);
  const std::int64_t wire = wire_of(end, bytes);
  const sim::SimTime start = std::max(sim.now(), m.out_free);
  const sim::Duration length = m.out.move(start, {wire});
  m.out_free = start + length;
  m.traffic.egress_busy += length;
  m.traffic.bytes_resent += sim::Bytes{bytes};
  hole.on_way = bytes;
  hole.due = m.out_free + way(end);
  flow.in_flight += bytes;
  const PairState* const pair = pair_state(at(end).host, at(other(end)).host);
  if (pair != nullptr) {
    hole.due += pair->total.delay;
    const sim::Stream draws =
        m.component.stream("resent").child(connection(end).ordinal * 2 + end % 2).child(++flow.resent);
    if (draws.below(0, 1'000'000) < static_cast<std::uint64_t>(pair->total.loss_ppm)) {
      for (const Active& active : pair->active) {
        if (active.what.loss_ppm > 0) ++exposures_[active.id.value].lost;
      }
      return lose_again(end, hole, m.out_free);
    }
  }
  machine(at(other(end)).host)
      .component.at(hole.due, "net.resent", sim::bind<&Impl::on_resent>(this, word(end)));
}

/// What was sent again at `since` is lost too: only the timer helps.
void Network::Impl::lose_again(std::uint32_t end, Hole& hole, sim::SimTime since) {
  Flow& flow = at(end).out;
  flow.in_flight -= hole.on_way;
  hole.on_way = 0;
  hole.again = true;
  hole.not_before = since + backed_off(flow);
}

/// What was sent again is there: what waited behind it goes up.
void Network::Impl::on_resent(std::uint64_t which) {
  const std::uint32_t end = find(which);
  if (end == kNoIndex) return;
  Flow& flow = at(end).out;
  for (Hole& hole : flow.holes) {
    if (hole.on_way == 0 || hole.due > sim.now()) continue;
    Machine& m = machine(at(other(end)).host);
    const std::int64_t wire = wire_of(end, hole.on_way);
    const Queue::Passage passage = m.in.pass(sim.now(), wire);
    m.traffic.ingress_busy += m.in.line.estimate({wire});
    if (passage.dropped > 0) {  // dropped again: by timeout
      lose_again(end, hole, sim.now());
      plan_loss(end, hole.not_before);
      continue;
    }
    hole.bytes -= hole.on_way;
    hole.filled += hole.on_way;
    hole.on_way = 0;
    hole.known_at = passage.done + way(other(end));
    plan_loss(end, hole.known_at);
    flow.last_delivery = std::max(flow.last_delivery, passage.done);
  }
  release_held(end);
}

void Network::Impl::release_held(std::uint32_t end) {
  Flow& flow = at(end).out;
  const std::uint32_t to = other(end);
  for (Parcel* parcel = flow.head; parcel != nullptr; parcel = parcel->next) {
    if (parcel->stage == Parcel::Stage::arrived) continue;
    if (parcel->stage != Parcel::Stage::held || held_up(flow, *parcel)) return;
    parcel->stage = Parcel::Stage::arrived;
    flow.last_delivery = std::max(flow.last_delivery, sim.now());
    if (!at(to).alive()) continue;
    parcel->event =
        at(to).owner->at(flow.last_delivery, "net.delivery", sim::bind<&Impl::on_delivery>(this, word(to)));
  }
}

/// When something can be learnt or must be done about the holes that are left.
void Network::Impl::plan_next_look(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (flow.holes.empty()) return;
  sim::SimTime next = sim::SimTime::max();
  for (const Hole& hole : flow.holes) {
    if (hole.filled > 0) next = std::min(next, hole.known_at);
    if (hole.again && hole.bytes > 0 && hole.on_way == 0) next = std::min(next, hole.not_before);
  }
  if (any_unfound(flow)) {
    const sim::SimTime news = next_news(end);
    next = std::min(next, news == sim::SimTime::max() ? timer_at(flow) : news);
  }
  if (next == sim::SimTime::max()) return;
  plan_loss(end, std::max(next, sim.now() + sim::Duration{1}));
}

/// The next acknowledgement, else the timer.
sim::SimTime Network::Impl::next_news(std::uint32_t end) {
  Flow& flow = at(end).out;
  for (const Chunk* chunk = flow.chunks; chunk != nullptr; chunk = chunk->next) {
    if (chunk->acked || chunk->lost == chunk->bytes) continue;
    return chunk->ack > sim.now() ? chunk->ack : chunk->arrival;
  }
  return sim::SimTime::max();
}

}  // namespace brokersim::network
