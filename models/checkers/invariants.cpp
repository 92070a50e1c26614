#include "models/checkers/invariants.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

using history::BrokerEvent;

}  // namespace

Invariants::OfReplica& Invariants::of(history::PartitionId partition, std::size_t replica) {
  const auto n = static_cast<std::size_t>(partition.n);
  if (replicas_.size() <= n) replicas_.resize(n + 1);
  if (replicas_[n].size() <= replica) replicas_[n].resize(view_->partition(partition).replicas.size());
  return replicas_[n][replica];
}

Invariants::OfBroker& Invariants::of(history::BrokerId broker) {
  const auto n = static_cast<std::size_t>(broker);
  if (brokers_.size() <= n) brokers_.resize(n + 1);
  return brokers_[n];
}

void Invariants::judge(const history::LeaderIsr& event) {
  const std::int32_t index = view_->partition(event.partition).index_of(event.broker);
  if (index < 0) return;
  OfReplica& replica = of(event.partition, static_cast<std::size_t>(index));
  replica.epoch = event.leader_epoch;
  replica.committed = event.committed;
  replica.maximal = event.maximal;
  judge_quorums(event.at, event.partition);
}

void Invariants::judge(const history::HighWatermark& event) {
  const std::int32_t index = view_->partition(event.partition).index_of(event.broker);
  if (index < 0) return;
  OfReplica& replica = of(event.partition, static_cast<std::size_t>(index));
  replica.high_watermark_max = std::max(replica.high_watermark_max, event.offset);
  if (event.leader) judge_quorums(event.at, event.partition);
}

void Invariants::judge_quorums(sim::SimTime at, history::PartitionId id) {
  PartitionView& p = view_->partition(id);
  const std::int32_t index = p.index_of(p.leader);
  if (!p.known || index < 0) return;
  const ReplicaView& leader = p.replicas[static_cast<std::size_t>(index)];
  const OfReplica& told = of(id, static_cast<std::size_t>(index));
  if (!leader.leads() || leader.role_epoch != p.leader_epoch || told.epoch != p.leader_epoch) return;
  const std::int32_t min_isr =
      std::min(p.info.min_insync_replicas, static_cast<std::int32_t>(p.info.replicas.size()));
  const bool strict = p.info.strict_min_isr;
  if (strict && static_cast<std::int32_t>(told.committed.size()) < min_isr) return;  // it may not advance
  const auto missing = [&](const std::vector<history::BrokerId>& members, const char* set) {
    for (const history::BrokerId broker : members) {
      if (contains(told.maximal, broker)) continue;
      book_->breach(CheckId::INV3, at,
                    at_text(at) + broker_text(p.leader) + " leads " + p.name + " in epoch " +
                        std::to_string(p.leader_epoch) + " and may commit what " +
                        brokers_text(told.maximal) + " hold, but the controller may elect " +
                        broker_text(broker) + ", which is in its " + set + ".",
                    p.excuse());
    }
  };
  missing(p.isr, "ISR");
  if (strict) missing(p.elr, "ELR");
}

void Invariants::judge(const history::PartitionChanged& event) {
  changed_ = true;
  changed_at_ = event.at;
  judge_quorums(event.at, event.partition);
}

void Invariants::judge(const history::BrokerChanged& event) {
  OfBroker& broker = of(event.broker);
  switch (event.event) {
    case BrokerEvent::process_killed:
    case BrokerEvent::kernel_panicked:
    case BrokerEvent::power_lost:
      if (!broker.loaded) return;  // it had not touched its logs in this life
      broker.stopped_unclean = true;
      broker.stopped_at = event.at;
      broker.loaded = false;
      return;
    case BrokerEvent::stopped_clean: broker.stopped_unclean = false; return;
    case BrokerEvent::process_started: broker.loaded = false; return;
    case BrokerEvent::fenced:
      broker.fenced = true;
      changed_ = true;
      changed_at_ = event.at;
      return;
    case BrokerEvent::running: break;
    default: return;
  }
  broker.fenced = false;
  // A heartbeat of the dead incarnation that was long on its way may unfence it once more; nobody is back then.
  broker.ghost = broker.stopped_unclean && !broker.loaded;
  if (broker.ghost || !broker.stopped_unclean) {
    broker.loaded = broker.loaded || !broker.ghost;
    return;
  }
  broker.stopped_unclean = false;
  for (std::size_t n = 0; n < view_->partitions(); ++n) {
    const PartitionView& p = view_->partition_at(n);
    const bool in_isr = contains(p.isr, event.broker);
    if (!in_isr && !contains(p.elr, event.broker)) continue;
    if (in_isr && p.isr.size() == 1) {
      if (!p.info.eligible_leader_replicas) continue;  // the last replica standing
      // The last known leader was taken (KIP-966); before 4.1 perhaps even before it was back (KAFKA-19522).
      const auto last = std::find_if(p.changes.rbegin(), p.changes.rend(),
                                     [](const LeaderChange& c) { return c.leader >= 0; });
      if (last != p.changes.rend() && last->unclean && last->leader == event.broker &&
          last->at >= broker.stopped_at)
        continue;
    }
    book_->breach(CheckId::INV5, event.at,
                  at_text(event.at) + broker_text(event.broker) +
                      " was started again after an unclean stop and is still in the " +
                      (in_isr ? "ISR" : "ELR") + " of " + p.name + ".",
                  "");
  }
}

void Invariants::judge(const history::RoleChanged& event) {
  OfBroker& broker = of(event.broker);
  if (!broker.ghost) return;
  // It was no ghost: it had no log to load.
  broker.ghost = false;
  broker.loaded = true;
  broker.stopped_unclean = false;
}

void Invariants::judge(const history::Recovered& event) {
  OfBroker& broker = of(event.broker);
  broker.loaded = true;
  // It died after a controlled shutdown had flushed everything and left its marker.
  if (event.clean) broker.stopped_unclean = false;
}

void Invariants::judge(const history::Consumed& event) {
  if (event.broker < 0) return;
  const PartitionView& p = view_->partition(event.records.partition);
  const std::int32_t index = p.index_of(event.broker);
  if (index < 0) return;
  const std::int64_t end = event.base_offset + event.records.count;
  const std::int64_t reached =
      of(event.records.partition, static_cast<std::size_t>(index)).high_watermark_max;
  if (end <= reached) return;
  book_->breach(CheckId::INV8, event.at,
                at_text(event.at) + view_->history().client(event.consumer).name + " got " +
                    offset_range_text(event.base_offset, event.records.count) + " of " + p.name + " from " +
                    broker_text(event.broker) + ", whose high watermark never passed " + count_text(reached) +
                    ".",
                p.excuse_ever());
}

void Invariants::settle(sim::SimTime now, bool over) {
  if (!changed_ || (now == changed_at_ && !over)) return;
  changed_ = false;
  for (std::size_t n = 0; n < view_->partitions(); ++n) {
    const PartitionView& p = view_->partition_at(n);
    if (p.isr.size() < 2) continue;
    for (const history::BrokerId broker : p.isr) {
      if (!of(broker).fenced) continue;
      book_->breach(CheckId::INV7, changed_at_,
                    at_text(changed_at_) + broker_text(broker) + " is fenced and in the ISR of " + p.name +
                        ", which is " + brokers_text(p.isr) + ".",
                    view_->quorum_excuse());
    }
  }
}

}  // namespace brokersim::checkers
