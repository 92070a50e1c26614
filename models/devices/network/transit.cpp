// Between the cards: the way, its trunks, and what happens to a chunk on it.
#include <algorithm>

#include "models/devices/network/impl.h"
#include "sim/check.h"
#include "sim/sampling.h"

namespace brokersim::network {

namespace {

/// Median 1, sigma in permille.
double lognormal(const sim::Stream& draws, std::int32_t sigma_permille) {
  return sim::LogNormal(1.0, sigma_permille / 1'000.0).sample(draws.bits(0));
}

sim::Duration scaled(sim::Duration d, double factor) {
  return {static_cast<std::int64_t>(static_cast<double>(d.ns) * factor)};
}

}  // namespace

Queue::Passage Queue::pass(sim::SimTime now, std::int64_t wire) {
  const sim::Duration length = line.estimate({wire});
  const sim::SimTime first_bit = now - length;
  const sim::SimTime start = std::max(free, first_bit);
  Passage passage;
  if (buffer.n > 0 && start > first_bit) {
    const auto backlog = static_cast<std::int64_t>(static_cast<__int128>((start - first_bit).ns) *
                                                   line.rate().n / 1'000'000'000);
    passage.dropped = std::clamp<std::int64_t>(backlog - buffer.n, 0, wire);
    dropped += passage.dropped;
  }
  free = start + line.move(start, {wire - passage.dropped});
  passage.done = std::max(free, now);
  return passage;
}

TrunkState& Network::Impl::trunk(TrunkId id) {
  while (trunks_.size() < topology.trunks().size())
    trunks_.emplace_back(sim, topology.trunks()[trunks_.size()]);
  return trunks_[id.value];
}

/// The chunk leaves its card at `sent`: when will it be there, and when will its sender know?
void Network::Impl::launch(Chunk& chunk) {
  const std::uint32_t end = chunk.sender;
  Flow& flow = at(end).out;
  const HostId from = at(end).host;
  const HostId to = at(other(end)).host;
  Machine& card = machine(from);
  const std::int64_t first = std::min(chunk.wire, wire_of(end, connection(end).segment));
  const sim::Duration length_out = chunk.lead;
  const sim::Duration length_in = machine(to).in.line.estimate({chunk.wire});

  sim::SimTime sent = chunk.sent;
  if (card.nic.flow_limit.n > 0) {
    flow.shaper_free = sent =
        std::max(sent, flow.shaper_free + sim::transfer_time({chunk.wire}, card.nic.flow_limit));
  }
  sim::Duration latency = topology.latency(from, to);
  ++flow.chunks_sent;
  if (card.impaired_out != 0 || latency_config.jitter_permille > 0 || tcp.lose_every > 0) {
    latency += suffer(chunk, sent);
  }
  const sim::Duration longest = std::max(length_out, length_in);
  chunk.lead = {longest.ns * (chunk.wire - first) / chunk.wire};

  const auto hops = topology.hops(from, to);
  chunk.arrival = std::max(sent + latency, sent - length_out + latency + length_in);
  plan_acknowledgement(chunk);
  if (!hops.empty()) {
    chunk.hop = 0;
    chunk.event = trunk(hops[0].trunk)
                      .component.at(sent + hops[0].before, "net.trunk",
                                    sim::bind<&Impl::on_trunk>(this, pointer(chunk)));
  } else {
    chunk.hop = kNoIndex;
    reach_card(chunk);
  }
  // Its acknowledgement, or that of what comes behind it, tells of what was lost.
  if (!flow.holes.empty()) plan_loss(end, chunk.ack == sim::SimTime::max() ? chunk.arrival : chunk.ack);
}

void Network::Impl::plan_acknowledgement(Chunk& chunk) {
  const std::uint32_t end = chunk.sender;
  if (at(end).out.deaf || is_cut_back(end)) {
    chunk.ack = sim::SimTime::max();
    go_deaf(end);
    return;
  }
  sim::Duration back = way(other(end));
  if (const PairState* pair = pair_state(at(other(end)).host, at(end).host)) back += pair->total.delay;
  chunk.ack = chunk.arrival - chunk.lead + back;
}

/// Nothing limited is before it any more: it gets to the card, in its order.
void Network::Impl::reach_card(Chunk& chunk) {
  const std::uint32_t end = chunk.sender;
  Flow& flow = at(end).out;
  if (chunk.arrival < flow.last_arrival) {
    if (chunk.ack != sim::SimTime::max()) chunk.ack += flow.last_arrival - chunk.arrival;
    chunk.arrival = flow.last_arrival;
  }
  flow.last_arrival = chunk.arrival;
  if (chunk.last) return;  // the message's own event
  chunk.event =
      machine(at(other(end)).host)
          .component.at(chunk.arrival, "net.chunk", sim::bind<&Impl::on_chunk>(this, pointer(chunk)));
}

void Network::Impl::on_trunk(std::uint64_t which) {
  Chunk& chunk = chunk_of(which);
  const std::uint32_t end = chunk.sender;
  const auto hops = topology.hops(at(end).host, at(other(end)).host);
  TrunkState& passed = trunk(hops[chunk.hop].trunk);
  const std::int64_t wire = wire_left(chunk);
  const Queue::Passage passage = passed.queue.pass(sim.now(), wire);
  passed.bytes += sim::Bytes{wire - passage.dropped};
  if (passage.dropped > 0) drop_tail(chunk, passage.dropped);
  const sim::Duration waited = passage.done - sim.now();
  chunk.arrival += waited;
  if (chunk.ack != sim::SimTime::max()) chunk.ack += waited;
  ++chunk.hop;
  if (chunk.hop < hops.size()) {
    chunk.event = trunk(hops[chunk.hop].trunk)
                      .component.at(passage.done + hops[chunk.hop].before, "net.trunk",
                                    sim::bind<&Impl::on_trunk>(this, which));
    return;
  }
  chunk.hop = kNoIndex;
  chunk.event = {};
  reach_card(chunk);
  if (chunk.last && chunk.parcel != nullptr) schedule_arrival(end, chunk.parcel, chunk.arrival);
  if (chunk.last && chunk.parcel == nullptr) chunk.arrived = true;  // nobody waits for it
  release_if_done(end, &chunk);
}

/// A chunk that ends no message is in: books it on the receiver's card.
void Network::Impl::on_chunk(std::uint64_t which) {
  Chunk& chunk = chunk_of(which);
  chunk.event = {};
  static_cast<void>(book(chunk));
  chunk.parcel = nullptr;  // it may be delivered and gone before the chunk is acknowledged
  release_if_done(chunk.sender, &chunk);
}

/// The chunk's last bit is at the card's port now; returns when the card is done with it.
sim::SimTime Network::Impl::book(Chunk& chunk) {
  Machine& m = machine(at(other(chunk.sender)).host);
  const std::int64_t wire = wire_left(chunk);
  chunk.arrived = true;
  if (wire == 0) return sim.now();
  const Queue::Passage passage = m.in.pass(sim.now(), wire);
  m.traffic.ingress_busy += m.in.line.estimate({wire - passage.dropped});
  if (!chunk.acked && chunk.ack != sim::SimTime::max()) chunk.ack += passage.done - sim.now();
  if (passage.dropped > 0) drop_tail(chunk, passage.dropped);
  return passage.done;
}

std::int64_t Network::Impl::wire_left(const Chunk& chunk) {
  if (chunk.lost == 0) return chunk.wire;
  return chunk.lost == chunk.bytes ? 0 : wire_of(chunk.sender, chunk.bytes - chunk.lost);
}

// --- What a path does to it ------------------------------------------------------------------------------------

/// Draws the fate of a chunk on an imperfect path; returns its delay.
sim::Duration Network::Impl::suffer(Chunk& chunk, sim::SimTime& sent) {
  const std::uint32_t end = chunk.sender;
  Flow& flow = at(end).out;
  const HostId from = at(end).host;
  const HostId to = at(other(end)).host;
  const std::int64_t segment = connection(end).segment;
  const std::int64_t segments = (chunk.bytes + segment - 1) / segment;
  const sim::Stream draws = machine(from)
                                .component.stream("path")
                                .child(connection(end).ordinal * 2 + end % 2)
                                .child(flow.chunks_sent);
  sim::Duration delay = {0};
  if (latency_config.jitter_permille > 0) {
    const sim::Duration base = topology.latency(from, to);
    const double factor = lognormal(draws.child(1), latency_config.jitter_permille);
    delay += scaled(base / 2, factor) - base / 2;
    if (latency_config.stalls && draws.chance_permille(2, 1)) delay += base * 4;
  }
  if (tcp.lose_every > 0) {
    const std::int64_t before = flow.segments_sent / tcp.lose_every;
    flow.segments_sent += segments;
    const std::int64_t lost = flow.segments_sent / tcp.lose_every - before;
    if (lost > 0) lose(chunk, std::min(lost * segment, chunk.bytes), chunk.end - chunk.bytes + segment);
  }
  PairState* const pair = pair_state(from, to);
  if (pair == nullptr) return delay;
  const Impairment& total = pair->total;
  std::int64_t lost = 0, first_lost = 0, duplicated = 0;
  bool late = false;
  for (std::int64_t i = 0; i < segments; ++i) {
    const sim::Stream draw = draws.child(16 + static_cast<std::uint64_t>(i));
    const auto hits = [&draw](std::uint64_t what, std::int32_t ppm) {
      return ppm > 0 && draw.below(what, 1'000'000) < static_cast<std::uint64_t>(ppm);
    };
    if (hits(0, total.loss_ppm)) {
      if (lost == 0) first_lost = i;
      ++lost;
    } else if (hits(1, total.duplicate_ppm)) {
      ++duplicated;
    } else if (hits(2, total.reorder_ppm)) {
      late = true;
    }
  }
  const bool heard = at(other(end)).alive();
  if (lost > 0 && heard) {
    const std::int64_t place = chunk.end - chunk.bytes + (first_lost + 1) * segment;
    lose(chunk, std::min(lost * segment, chunk.bytes), std::min(place, chunk.end));
  }
  chunk.wire += duplicated * wire_of(end, std::min(segment, chunk.bytes));
  if (late) delay += total.reorder_delay;
  if (total.delay.ns > 0) {
    const bool spread = total.jitter_permille > 0;
    delay += spread ? scaled(total.delay, lognormal(draws.child(3), total.jitter_permille)) : total.delay;
  }
  bool slowed = false;
  if (total.bandwidth.n > 0) {
    const sim::Duration length = sim::transfer_time({chunk.wire}, total.bandwidth);
    const sim::SimTime start = std::max(pair->free, sent - chunk.lead);
    slowed = start + length > sent;
    pair->free = start + length;
    sent = std::max(sent, pair->free);
  }
  for (Active& active : pair->active) {
    Exposure& exposure = exposures_[active.id.value];
    ++exposure.chunks;
    if (active.what.loss_ppm > 0 && heard) exposure.lost += lost;
    if (active.what.duplicate_ppm > 0) exposure.duplicated += duplicated;
    const bool delayed = active.what.delay.ns > 0 || (late && active.what.reorder_ppm > 0) ||
                         (slowed && active.what.bandwidth == total.bandwidth);
    if (delayed) ++exposure.delayed;
  }
  return delay;
}

// --- Impairments -----------------------------------------------------------------------------------------------

PairState* Network::Impl::pair_state(HostId from, HostId to) {
  if (machine(from).impaired_out == 0) return nullptr;
  const auto found = pairs_.find({from, to});
  return found == pairs_.end() ? nullptr : &found->second;
}

void PairState::sum_up() {
  total = Impairment{};
  double passes = 1.0;
  for (const Active& each : active) {
    const Impairment& what = each.what;
    passes *= 1.0 - what.loss_ppm / 1e6;
    total.duplicate_ppm = std::min(1'000'000, total.duplicate_ppm + what.duplicate_ppm);
    total.reorder_ppm = std::min(1'000'000, total.reorder_ppm + what.reorder_ppm);
    if (what.reorder_ppm > 0) total.reorder_delay = std::max(total.reorder_delay, what.reorder_delay);
    total.delay += what.delay;
    total.jitter_permille = std::max(total.jitter_permille, what.jitter_permille);
    if (what.bandwidth.n > 0 && (total.bandwidth.n == 0 || what.bandwidth < total.bandwidth))
      total.bandwidth = what.bandwidth;
    if (what.mtu > 0 && (total.mtu == 0 || what.mtu < total.mtu)) total.mtu = what.mtu;
  }
  total.loss_ppm = static_cast<std::int32_t>((1.0 - passes) * 1e6 + 0.5);
}

ImpairmentId Network::Impl::impair(HostId from, HostId to, const Impairment& what) {
  SIM_CHECK(from != to, "a host's way to itself cannot be impaired");
  SIM_CHECK(what.loss_ppm >= 0);
  SIM_CHECK(what.loss_ppm <= 1'000'000);
  SIM_CHECK(what.delay.ns >= 0);
  SIM_CHECK(what.bandwidth.n >= 0);
  SIM_CHECK(what.mtu == 0 || what.mtu >= 68);
  const ImpairmentId id = {static_cast<std::uint32_t>(exposures_.size())};
  exposures_.emplace_back();
  PairState& pair = pairs_[{from, to}];
  if (pair.active.empty()) ++machine(from).impaired_out;
  pair.active.push_back({id, what});
  pair.sum_up();
  return id;
}

void Network::Impl::lift(ImpairmentId id) {
  for (auto it = pairs_.begin(); it != pairs_.end(); ++it) {
    if (std::erase_if(it->second.active, [id](const Active& active) { return active.id == id; }) == 0)
      continue;
    const auto [from, to] = it->first;
    if (it->second.active.empty()) {
      pairs_.erase(it);
      --machine(from).impaired_out;
    } else {
      it->second.sum_up();
    }
    for (const std::uint32_t end : ends_of(from)) {
      if (connection(end).used && at(other(end)).host == to) plan_retransmission(end);
    }
    return;
  }
  SIM_CHECK(false, "this impairment was lifted before");
}

}  // namespace brokersim::network
