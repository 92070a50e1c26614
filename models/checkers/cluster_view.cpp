#include "models/checkers/cluster_view.h"

#include <algorithm>

#include "models/checkers/metadata_laws.h"
#include "models/checkers/words.h"
#include "sim/check.h"

namespace brokersim::checkers {

using history::BrokerEvent;

PartitionView::PartitionView(const history::PartitionInfo& of)
    : info(of),
      name(of.name()),
      logs(of.replicas.size()),
      contract(of, Promise::committed),
      answers(of, Promise::answered) {
  for (const history::BrokerId broker : of.replicas) replicas.push_back({.broker = broker});
}

std::int32_t PartitionView::index_of(history::BrokerId broker) const {
  for (std::size_t i = 0; i < replicas.size(); ++i) {
    if (replicas[i].broker == broker) return static_cast<std::int32_t>(i);
  }
  return -1;
}

PartitionView& ClusterView::partition(history::PartitionId id) {
  SIM_CHECK(id.n >= 0);
  const auto n = static_cast<std::size_t>(id.n);
  while (partitions_.size() <= n) {
    const history::PartitionId next{static_cast<std::int32_t>(partitions_.size())};
    partitions_.push_back(std::make_unique<PartitionView>(history_->partition(next)));
  }
  return *partitions_[n];
}

void ClusterView::know_all() {
  const auto count = static_cast<std::int32_t>(history_->partitions().size());
  if (count > 0) (void)partition({count - 1});
}

BrokerView& ClusterView::broker_mutable(history::BrokerId id) {
  SIM_CHECK(id >= 0);
  if (brokers_.size() <= static_cast<std::size_t>(id)) brokers_.resize(static_cast<std::size_t>(id) + 1);
  return brokers_[static_cast<std::size_t>(id)];
}

const BrokerView& ClusterView::broker(history::BrokerId id) const {
  static const BrokerView nobody;
  const auto n = static_cast<std::size_t>(id);
  return id >= 0 && n < brokers_.size() ? brokers_[n] : nobody;
}

std::int64_t ClusterView::promote(PartitionView& p, std::size_t replica, std::int32_t epoch) {
  const std::int64_t committed_before = p.logs.committed();
  p.logs.promote(replica);
  p.reference_epoch = std::max(p.reference_epoch, epoch);
  const std::int64_t committed = p.logs.committed();
  if (committed == committed_before) return -1;
  const std::int64_t first = committed < p.read_end ? committed : -1;
  p.read_end = std::min(p.read_end, committed);
  return first;
}

AppendFacts ClusterView::apply(const history::Appended& event) {
  PartitionView& p = partition(event.records.partition);
  const std::int32_t index = p.index_of(event.broker);
  SIM_CHECK(index >= 0, "append on " + p.name + " by a broker without a replica");
  const auto replica = static_cast<std::size_t>(index);
  AppendFacts facts{.expected_base = p.logs.end(replica), .committed_before = p.logs.committed()};

  Run run = run_of(event);
  if (run.base < facts.expected_base) p.logs.cut(replica, run.base);
  if (run.base > facts.expected_base && p.info.compacted) {
    // Whole batches that its leader had cleaned away: logically it has them, as a log that it cleaned itself.
    std::vector<Run> gone;
    p.logs.reference().for_each(facts.expected_base, run.base, [&](const Run& r) { gone.push_back(r); });
    for (const Run& r : gone) {
      if (r.base == p.logs.end(replica)) p.logs.append(replica, r);
    }
    facts.expected_base = p.logs.end(replica);
  }
  if (run.base > facts.expected_base) {
    p.logs.append(replica, {facts.expected_base, run.base - facts.expected_base, 0, Run::kHole, -1});
  }
  if (event.role == history::AppendRole::leader && event.leader_epoch >= p.reference_epoch) {
    facts.reused = run.base < p.logs.committed() && event.leader_epoch >= p.committed_epoch;
    facts.unread_from = promote(p, replica, event.leader_epoch);
  }
  p.logs.append(replica, run);
  return facts;
}

CutFacts ClusterView::cut(PartitionView& p, std::size_t replica, std::int64_t offset,
                          history::TruncateReason reason, sim::SimTime at) {
  CutFacts facts;
  const std::int64_t end = p.logs.end(replica);
  if (offset >= end) return facts;
  facts.removed = end - offset;
  p.logs.rematch(replica);
  const std::int64_t committed = std::min(p.logs.agreed(replica), p.logs.committed());
  // What retention took by right somewhere, the others need not keep.
  const std::int64_t from = std::max(offset, p.logs.expired());
  if (from < committed) {
    facts.committed_from = from;
    facts.committed_count = committed - from;
  }
  const ReplicaView& view = p.replicas[replica];
  p.logs.for_each(replica, offset, end, [&](const Run& run) {
    p.removals.push_back({.at = at,
                          .run = run,
                          .kind = RemovalKind::truncated,
                          .reason = reason,
                          .replica = static_cast<std::int16_t>(replica),
                          .followed_epoch = view.role_epoch,
                          .followed = view.role_leader});
  });
  p.logs.cut(replica, offset);
  p.replicas[replica].removed.cut(offset);
  p.replicas[replica].flushed = std::min(p.replicas[replica].flushed, offset);
  return facts;
}

CutFacts ClusterView::apply(const history::Truncated& event) {
  PartitionView& p = partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  SIM_CHECK(index >= 0, "truncation of " + p.name + " by a broker without a replica");
  CutFacts facts = cut(p, static_cast<std::size_t>(index), event.to_offset, event.reason, event.at);
  const bool recovery = event.reason == history::TruncateReason::recovery;
  facts.without_loss =
      recovery && facts.removed > 0 && !p.replicas[static_cast<std::size_t>(index)].lost_cache;
  return facts;
}

HighWatermarkFacts ClusterView::apply(const history::HighWatermark& event) {
  PartitionView& p = partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  SIM_CHECK(index >= 0, "high watermark of " + p.name + " by a broker without a replica");
  const auto replica = static_cast<std::size_t>(index);
  ReplicaView& view = p.replicas[replica];
  HighWatermarkFacts facts{.before = view.high_watermark};
  if (event.leader) {
    facts.before = std::max<std::int64_t>(view.led_high_watermark, 0);
    facts.went_back = event.offset < view.led_high_watermark;
    view.led_high_watermark = event.offset;
  }
  facts.beyond_log = event.offset > p.logs.end(replica);
  view.high_watermark = event.offset;

  const std::int64_t known = std::min(event.offset, p.logs.end(replica));
  if (p.logs.agreed(replica) < known) p.logs.rematch(replica);
  if (event.leader && known > p.logs.committed()) {
    if (p.logs.agreed(replica) < known && view.role_epoch >= p.reference_epoch) {
      facts.given_up_from = promote(p, replica, view.role_epoch);
    }
    if (p.logs.agreed(replica) >= known) {
      p.logs.commit(known);
      p.committed_epoch = std::max(p.committed_epoch, view.role_epoch);
    } else {
      facts.differs_at = p.logs.agreed(replica);  // a deposed leader commits what its successor does not have
    }
  }
  const std::int64_t common = std::min(known, p.logs.committed());
  if (p.logs.agreed(replica) < common) facts.differs_at = p.logs.agreed(replica);
  return facts;
}

bool ClusterView::apply(const history::RoleChanged& event) {
  PartitionView& p = partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  if (index < 0) return false;
  const auto replica = static_cast<std::size_t>(index);
  ReplicaView& view = p.replicas[replica];
  const bool took_over =
      event.leader == event.broker && !(view.leads() && view.role_epoch == event.leader_epoch);
  view.role_leader = event.leader;
  view.role_epoch = event.leader_epoch;
  view.has_role = true;
  if (took_over) view.led_high_watermark = -1;
  if (!took_over || event.leader_epoch < p.reference_epoch) return false;
  p.logs.rematch(replica);
  const bool lacks = p.logs.agreed(replica) < p.logs.committed() && event.leader_epoch >= p.committed_epoch;
  // An incomplete leader becomes the truth only where that is allowed; else its first append tells (S12).
  if (!lacks || p.contract.broken()) (void)promote(p, replica, event.leader_epoch);
  return lacks;
}

void ClusterView::apply(const history::PartitionChanged& event) {
  PartitionView& p = partition(event.partition);
  const bool new_leadership = !p.known || event.leader != p.leader || event.leader_epoch != p.leader_epoch;
  if (new_leadership) {
    const std::int32_t index = p.index_of(event.leader);
    p.changes.push_back({event.at, event.leader, event.leader_epoch, event.unclean, event.by_operator,
                         event.isr, index < 0 ? 0 : p.logs.end(static_cast<std::size_t>(index))});
    p.asked_isr.clear();  // what the old leader had asked for
  }
  p.known = true;
  p.leader = event.leader;
  p.leader_epoch = event.leader_epoch;
  p.partition_epoch = event.partition_epoch;
  p.isr = event.isr;
  p.elr = event.elr;
  const bool was_broken = p.contract.broken();
  p.contract.changed(event);
  p.answers.changed(event);
  if (was_broken && !p.contract.broken()) {
    // The promise begins anew, from what the leader holds now.
    const std::int32_t index = p.index_of(event.leader);
    if (index >= 0) {
      p.logs.rematch(static_cast<std::size_t>(index));
      p.logs.uncommit(p.logs.agreed(static_cast<std::size_t>(index)));
      p.read_end = std::min(p.read_end, p.logs.committed());
    }
  }
}

void ClusterView::apply(const history::PartitionDeleted& event) {
  PartitionView& p = partition(event.partition);
  p.deleted = true;
  p.leader = -1;
  p.isr.clear();
  p.elr.clear();
}

void ClusterView::apply(const history::LeaderIsr& event) {
  PartitionView& p = partition(event.partition);
  if (event.leader_epoch >= p.leader_epoch) p.asked_isr = event.maximal;
}

void ClusterView::apply(const history::BrokerChanged& event) {
  BrokerView& broker = broker_mutable(event.broker);
  const bool damaged = event.event == BrokerEvent::storage_damaged;
  const bool lossy =
      damaged || event.event == BrokerEvent::power_lost || event.event == BrokerEvent::kernel_panicked;
  const bool stops = !damaged && (lossy || event.event == BrokerEvent::process_killed ||
                                  event.event == BrokerEvent::stopped_clean);
  if (event.event == BrokerEvent::process_started || event.event == BrokerEvent::running) broker.up = true;
  if (stops) broker.up = false;
  if (stops || damaged) broker.crashes.push_back({event.at, event.event});
  know_all();
  for (const auto& p : partitions_) {
    const std::int32_t index = p->index_of(event.broker);
    if (index < 0) continue;
    const auto n = static_cast<std::size_t>(index);
    ReplicaView& replica = p->replicas[n];
    if (stops) replica.has_role = false;
    if (lossy) {
      replica.lost_cache = true;
      const bool unflushed = replica.flushed < p->logs.end(n);
      p->contract.lossy_stop(event.broker, event.at, p->isr, unflushed, damaged);
      p->answers.lossy_stop(event.broker, event.at, p->isr, unflushed, damaged);
    }
    if (event.event != BrokerEvent::process_started) continue;
    p->contract.started(event.broker);
    p->answers.started(event.broker);
  }
}

void ClusterView::apply(const history::StorageLost& event) {
  PartitionView& p = partition(event.records.partition);
  const std::int32_t index = p.index_of(event.broker);
  SIM_CHECK(index >= 0, "storage of " + p.name + " lost by a broker without a replica");
  const Run run{event.base_offset, event.records.count, event.records.first, event.records.producer.n, 0};
  if (!p.removals.empty()) {
    Removal& last = p.removals.back();
    const bool same = last.kind == RemovalKind::storage_lost && last.at == event.at &&
                      last.replica == index && last.state == event.state && last.run.producer == run.producer;
    if (same && last.run.end() == run.base && last.run.first + last.run.count == run.first) {
      last.run.count += run.count;
      return;
    }
  }
  p.removals.push_back({.at = event.at,
                        .run = run,
                        .kind = RemovalKind::storage_lost,
                        .state = event.state,
                        .replica = static_cast<std::int16_t>(index)});
}

CutFacts ClusterView::apply(const history::Recovered& event) {
  PartitionView& p = partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  SIM_CHECK(index >= 0, "recovery of " + p.name + " by a broker without a replica");
  const auto replica = static_cast<std::size_t>(index);
  // A truncation into a cleaned segment leaves the log end where it was asked to be (UnifiedLog.truncateTo); a restart finds the
  // end behind the last record that is left. What lies between was cleaned before, and is no loss.
  const std::int64_t end = std::max(event.log_end, p.logs.end(replica));
  const std::int64_t cleaned = p.replicas[replica].removed.count_within(event.log_end, end);
  CutFacts facts = cut(p, replica, event.log_end, history::TruncateReason::recovery, event.at);
  // A lost truncation brings back what it had removed: from there on the log is what recovery found.
  bool differs = false;
  for (const history::RecoveredRun& found : event.content) {
    const Run run{found.base_offset, found.records.count, found.records.first, found.records.producer.n,
                  found.leader_epoch};
    if (!differs && run.end() <= p.logs.end(replica) && p.logs.holds(replica, run)) continue;
    if (!differs) cut(p, replica, run.base, history::TruncateReason::recovery, event.at);
    differs = true;
    if (run.base == p.logs.end(replica)) p.logs.append(replica, run);
  }
  ReplicaView& view = p.replicas[replica];
  facts.without_loss = facts.removed > cleaned && !view.lost_cache;
  // Batches that the crash took and that recovery kept are garbage with an offset.
  for (std::size_t i = view.recovered_at; i < p.removals.size(); ++i) {
    const Removal& removal = p.removals[i];
    if (removal.replica != index || removal.kind != RemovalKind::storage_lost) continue;
    const Run kept = clip(removal.run, removal.run.base, p.logs.end(replica));
    if (kept.count <= 0 || !p.logs.holds(replica, kept)) continue;
    p.logs.punch(replica, kept.base, kept.end());
    // Other logs end before such a gap, so what is there is what was found there.
    const bool found =
        !p.info.compacted || std::any_of(event.content.begin(), event.content.end(), [&](const auto& run) {
          return run.base_offset < kept.end() && run.base_offset + run.records.count > kept.base;
        });
    if (found) {
      facts.garbage_from = facts.garbage_from < 0 ? kept.base : std::min(facts.garbage_from, kept.base);
      continue;
    }
    const std::string what = broker_text(event.broker) + " lost offsets " + std::to_string(kept.base) +
                             " to " + std::to_string(kept.end() - 1) +
                             " with the file of a closed segment, and recovery kept what lies behind";
    p.contract.lost_unseen(event.at, what);
    p.answers.lost_unseen(event.at, what);
  }
  view.recovered_at = p.removals.size();
  view.lost_cache = false;
  if (!event.clean) view.recovered_end = event.log_end;
  view.loaded_end = event.log_end;
  view.high_watermark = std::min(view.high_watermark, event.log_end);
  broker_mutable(event.broker).up = true;
  return facts;
}

namespace {

/// Brings the last committed offset of every key up to date.
void note_keys(PartitionView& p, const history::History& history, history::PartitionId id) {
  const std::int64_t committed = p.logs.committed();
  if (p.keyed_after != p.logs.times_given_up()) {  // begin anew
    p.keyed_after = p.logs.times_given_up();
    p.last_of_key.clear();
    p.keyed_to = 0;
  }
  p.logs.reference().for_each(p.keyed_to, committed, [&](const Run& run) {
    if (run.producer == Run::kHole) return;
    const history::KeySpace& keys = history.client({run.producer}).keys;
    if (keys.keys == 0) return;
    for (std::int64_t i = 0; i < run.count; ++i)
      p.last_of_key[history::key_of(keys, {run.producer}, id, run.first + i)] = run.base + i;
  });
  p.keyed_to = std::max(p.keyed_to, committed);
}

}  // namespace

CompactionFacts ClusterView::apply(const history::Compacted& event) {
  PartitionView& p = partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  SIM_CHECK(index >= 0, "compaction of " + p.name + " by a broker without a replica");
  const auto replica = static_cast<std::size_t>(index);
  CompactionFacts facts;
  note_keys(p, *history_, event.partition);
  for (const history::OffsetRange& range : event.removed) {
    p.replicas[replica].removed.add(range.first, range.end);
    p.logs.for_each(replica, range.first, range.end, [&](const Run& run) {
      if (run.producer == Run::kHole) return;
      const history::ClientId producer{run.producer};
      const history::KeySpace& keys = history_->client(producer).keys;
      for (std::int64_t i = 0; i < run.count; ++i) {
        const std::int64_t offset = run.base + i;
        const std::int64_t ordinal = run.first + i;
        bool lawful = keys.keys == 0;
        if (!lawful) {
          const std::int64_t key = history::key_of(keys, producer, event.partition, ordinal);
          const auto last = p.last_of_key.find(key);
          const bool superseded = last != p.last_of_key.end() && last->second > offset;
          const bool deleted =
              offset < p.logs.committed() && history::is_tombstone(keys, producer, event.partition, ordinal);
          lawful = superseded || deleted;
          if (!lawful) {
            if (facts.unlawful == 0) facts.first_offset = offset;
            if (facts.unlawful == 0) facts.first_key = key & ((std::int64_t{1} << 40) - 1);
            ++facts.unlawful;
          }
        }
        if (!lawful) continue;
        const auto n = static_cast<std::size_t>(run.producer);
        if (p.compacted.size() <= n) p.compacted.resize(n + 1);
        p.compacted[n].add(ordinal, ordinal + 1);
        p.compacted_offsets.add(offset, offset + 1);
      }
    });
  }
  return facts;
}

LogStartFacts ClusterView::apply(const history::LogStartMoved& event) {
  PartitionView& p = partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  SIM_CHECK(index >= 0, "log start of " + p.name + " by a broker without a replica");
  const auto replica = static_cast<std::size_t>(index);
  LogStartFacts facts{.before = p.logs.start(replica)};
  using Cause = history::LogStartCause;
  const bool restarts =
      event.cause == Cause::reset || (event.cause == Cause::loaded && event.offset > p.logs.end(replica));
  if (restarts) {
    p.logs.restart(replica, event.offset);
    p.replicas[replica].flushed = std::min(p.replicas[replica].flushed, event.offset);
    return facts;
  }
  const bool by_rule = event.cause == Cause::retention || event.cause == Cause::delete_records;
  if (by_rule) {
    p.logs.rematch(replica);
    const std::int64_t committed = std::min(p.logs.agreed(replica), p.logs.committed());
    if (event.offset > committed && !p.deleted) {  // who deletes a topic deletes all of it
      facts.uncommitted_from = std::max(committed, facts.before);
      p.logs.for_each(replica, facts.uncommitted_from, std::min(event.offset, p.logs.end(replica)),
                      [&](const Run& run) {
                        if (run.producer == Run::kHole) return;
                        p.removals.push_back({.at = event.at,
                                              .run = run,
                                              .kind = RemovalKind::deleted,
                                              .replica = static_cast<std::int16_t>(replica)});
                      });
    }
    p.logs.for_each(replica, facts.before, std::min(event.offset, committed), [&](const Run& run) {
      if (run.producer == Run::kHole) return;
      const auto producer = static_cast<std::size_t>(run.producer);
      if (p.expired.size() <= producer) p.expired.resize(producer + 1);
      p.expired[producer].add(run.first, run.first + run.count);
    });
    p.logs.expire(std::min(event.offset, committed));
  }
  p.logs.set_start(replica, std::min(event.offset, p.logs.end(replica)));
  return facts;
}

void ClusterView::apply(const history::Flushed& event) {
  PartitionView& p = partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  if (index < 0) return;
  std::int64_t& flushed = p.replicas[static_cast<std::size_t>(index)].flushed;
  flushed = std::max(flushed, event.offset);
}

void ClusterView::apply(const history::MetadataLogChanged& event) {
  if (event.change != history::MetadataChange::damaged || !quorum_excuse_.empty()) return;
  quorum_excuse_ = damage_text(event);
  know_all();
  for (const auto& p : partitions_) {
    p->contract.quorum_damaged(event.at, quorum_excuse_);
    p->answers.quorum_damaged(event.at, quorum_excuse_);
  }
}

}  // namespace brokersim::checkers
