// Loss: how a sender finds out, and what it sends again.
//
// Three segments acknowledged behind the missing ones: at once (fast retransmit, window to beta of itself, once per
// window). Nothing behind them: a probe after two round trips (RFC 8985 section 7), or without it the retransmission
// timeout: one segment, slow start, doubling. What was sent again and is lost too is missed once something sent later
// has been acknowledged (RFC 8985 section 6, RACK; goes with the probe), else at the timeout. While a loss is mended no
// more goes out than has been delivered allows (RFC 6937, PRR).
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
  miss_resent(end);
  if (!fire_timers(end)) return;
  resend(end);
  if (flow.holes.empty()) flow.timed_out = flow.recovering = false;
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
      flow.recovering = true;
      flow.credit = 0;  // the probe is one segment
    } else {
      timeout = true;
    }
    for (Hole& hole : flow.holes) mark_found(end, hole);
  }
  if (timeout) {
    ++flow.timeouts;
    ++machine(at(end).host).traffic.timeouts;
    flow.timed_out = true;
    flow.recovering = false;
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
    delivered_in_recovery(flow, hole.filled);
    flow.timeouts = 0;
    flow.congestion.on_ack(hole.filled, sim.now(), flow.round_trip, flow.congestion.slow_start());
    flow.acked_to = std::max(flow.acked_to, hole.place);
    flow.newest_acked = std::max(flow.newest_acked, hole.resent);
    hole.filled = 0;
  }
  std::erase_if(flow.holes, [](const Hole& hole) { return hole.bytes == 0 && hole.filled == 0; });
}

/// PRR (RFC 6937): while a loss is mended, what is delivered lets as much go out: the share of the new window while more
/// than that is in flight, else as in slow start. A full queue so gets room before it gets retransmissions.
void Network::Impl::delivered_in_recovery(Flow& flow, std::int64_t bytes) {
  if (!flow.recovering) return;
  flow.credit += flow.in_flight > flow.congestion.window() ? bytes * 7 / 10 : 2 * bytes;
}

/// RACK: what was sent again is lost if something sent later is there.
void Network::Impl::miss_resent(std::uint32_t end) {
  Flow& flow = at(end).out;
  if (!tcp.tail_loss_probe) return;
  for (Hole& hole : flow.holes) {
    if (hole.again && hole.resent < flow.newest_acked) {
      hole.again = false;
      hole.not_before = sim.now();
    }
  }
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
    flow.recovering = true;
    flow.credit = flow.last_came;
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
    std::int64_t room = flow.congestion.window() - flow.in_flight;
    if (flow.recovering) room = std::min(room, flow.credit);
    if (first) room = std::max(room, segment);
    first = false;
    if (room < std::min(segment, hole.bytes)) return;
    const std::int64_t bytes = std::min({hole.bytes, room, quantum(end)});
    send_again(end, hole, bytes == hole.bytes ? bytes : bytes / segment * segment);
  }
}

void Network::Impl::send_again(std::uint32_t end, Hole& hole, std::int64_t bytes) {
  Flow& flow = at(end).out;
  Machine& m = machine(at(end).host);
  const std::int64_t wire = wire_of(end, bytes);
  const sim::SimTime start = std::max(sim.now(), m.out_free);
  const sim::Duration length = m.out.move(start, {wire});
  m.out_free = start + length;
  hole.resent = m.out_free;
  m.traffic.egress_busy += length;
  m.traffic.bytes_resent += sim::Bytes{bytes};
  hole.on_way = bytes;
  // As a chunk: a slower card at the other end has the last bit later.
  hole.due = std::max(m.out_free, start + machine(at(other(end)).host).in.line.estimate({wire})) + way(end);
  flow.in_flight += bytes;
  flow.credit -= bytes;
  const PairState* const pair = pair_state(at(end).host, at(other(end)).host);
  if (pair != nullptr) {
    hole.due += pair->total.delay;
    const sim::Stream draws =
        m.component.stream("resent").child(connection(end).ordinal * 2 + end % 2).child(++flow.resent);
    if (draws.below(0, 1'000'000) < static_cast<std::uint64_t>(pair->total.loss_ppm)) {
      for (const Active& active : pair->active) {
        if (active.what.loss_ppm > 0) ++exposures_[active.id.value].lost;
      }
      return lose_again(end, hole, bytes, m.out_free);
    }
  }
  machine(at(other(end)).host)
      .component.at(hole.due, "net.resent", sim::bind<&Impl::on_resent>(this, word(end)));
}

/// Of what was sent again at `since`, the last `bytes` are lost too.
void Network::Impl::lose_again(std::uint32_t end, Hole& hole, std::int64_t bytes, sim::SimTime since) {
  Flow& flow = at(end).out;
  flow.in_flight -= bytes;
  hole.on_way -= bytes;
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
    if (passage.dropped > 0) {
      const std::int64_t segment = connection(end).segment;
      const std::int64_t per_segment = wire_of(end, segment);
      const std::int64_t segments = (passage.dropped + per_segment - 1) / per_segment;
      lose_again(end, hole, std::min(segments * segment, hole.on_way), sim.now());
      if (hole.on_way == 0) {
        const sim::SimTime news = next_news(end);
        plan_loss(end, tcp.tail_loss_probe ? std::min(news, hole.not_before) : hole.not_before);
        continue;
      }
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
    if (hole.again && hole.bytes > 0 && hole.on_way == 0) {
      next = std::min(next, hole.not_before);
      if (tcp.tail_loss_probe) next = std::min(next, next_news(end));
    }
  }
  if (any_unfound(flow)) {
    const sim::SimTime news = next_news(end);
    next = std::min(next, news == sim::SimTime::max() ? timer_at(flow) : news);
  } else if (flow.recovering) {
    next = std::min(next, next_news(end));
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
