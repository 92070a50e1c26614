#include "app/explore/coverage.h"

#include <algorithm>

#include "sim/hash.h"

namespace brokersim::explore {
namespace {

// Families of features.
enum : std::uint64_t {
  kPartition = 1,
  kLeaderIsr,
  kReplica,
  kBroker,
  kController,
  kMetadata,
  kProducer,
  kGroup,
  kFault,
};

std::uint64_t mix(std::uint64_t a, std::uint64_t b, std::uint64_t c = 0) {
  return sim::combine(sim::combine(a, b), c);
}

/// 0, 1, 2, 3 for 3 and more: sizes of sets.
std::uint64_t few(std::size_t n) { return std::min<std::size_t>(n, 3); }
/// Powers of eight: lengths.
std::uint64_t magnitude(std::int64_t n) {
  std::uint64_t m = 0;
  for (; n > 0; n /= 8) ++m;
  return m;
}

std::uint64_t id(std::int32_t n) { return static_cast<std::uint64_t>(static_cast<std::uint32_t>(n)); }

}  // namespace

void Coverage::hit(std::uint64_t feature) {
  ++hits_[kProbeCells + static_cast<std::uint32_t>(feature % (kCells - kProbeCells))];
}

void Coverage::note(std::uint64_t family, std::uint64_t thing, std::uint64_t what) {
  std::uint64_t& last = last_[{family, thing}];
  hit(mix(family, what));
  hit(mix(family + 100, last, what));
  last = what;
}

void Coverage::on(const history::PartitionChanged& event) {
  leaderless_[event.partition.n] = event.leader < 0;
  const auto led =
      std::count_if(leaderless_.begin(), leaderless_.end(), [](const auto& one) { return one.second; });
  const auto down = std::count_if(down_.begin(), down_.end(), [](const auto& one) { return one.second; });
  cluster_ = mix(few(static_cast<std::size_t>(led)), few(static_cast<std::size_t>(down)));
  const std::uint64_t state = few(event.isr.size()) * 32 + few(event.elr.size()) * 8 +
                              (event.leader >= 0 ? 4u : 0u) + (event.unclean ? 2u : 0u);
  note(kPartition, id(event.partition.n), state);
  hit(mix(kPartition + 200, state, cluster_));
}

void Coverage::on(const history::LeaderIsr& event) {
  note(kLeaderIsr, id(event.partition.n),
       few(event.committed.size()) * 16 + few(event.maximal.size()) * 2 + (event.pending ? 1 : 0));
}

void Coverage::on(const history::RoleChanged& event) {
  note(kReplica, mix(id(event.partition.n), id(event.broker)),
       1'000 + (event.leader == event.broker ? 1u
                : event.leader < 0           ? 2u
                                             : 0u));
}

void Coverage::on(const history::Truncated& event) {
  note(
      kReplica, mix(id(event.partition.n), id(event.broker)),
      2'000 + static_cast<std::uint64_t>(event.reason) * 32 + magnitude(event.from_offset - event.to_offset));
}

void Coverage::on(const history::FetchRefused& event) {
  note(kReplica, mix(id(event.partition.n), id(event.follower)),
       3'000 + (event.asked_epoch < event.own_epoch ? 1u : 0u));
}

void Coverage::on(const history::BrokerChanged& event) {
  using enum history::BrokerEvent;
  if (event.event == running) down_[event.broker] = false;
  if (event.event == fenced || event.event == process_killed || event.event == power_lost ||
      event.event == kernel_panicked)
    down_[event.broker] = true;
  note(kBroker, id(event.broker), 100 + static_cast<std::uint64_t>(event.event));
  hit(mix(kBroker + 200, static_cast<std::uint64_t>(event.event), cluster_));
}

void Coverage::on(const history::RegistrationRefused& event) { note(kBroker, id(event.broker), 200); }

void Coverage::on(const history::ControllerChanged& event) {
  note(kController, 0, static_cast<std::uint64_t>(event.event));
}

void Coverage::on(const history::MetadataLogChanged& event) {
  // Appends and commits are its daily bread.
  if (event.change == history::MetadataChange::appended || event.change == history::MetadataChange::committed)
    return;
  note(kMetadata, id(event.node) * 2 + (event.observer ? 1 : 0), static_cast<std::uint64_t>(event.change));
}

void Coverage::on(const history::StorageLost& event) {
  note(kReplica, mix(7, id(event.broker)), 4'000 + static_cast<std::uint64_t>(event.state));
}

void Coverage::on(const history::Recovered& event) {
  note(kReplica, mix(id(event.partition.n), id(event.broker)),
       5'000 + (event.clean ? 1u : 0u) + (event.scanned_bytes > 0 ? 2u : 0u) + 4 * few(event.content.size()));
}

void Coverage::on(const history::CorruptRead& event) {
  note(kReplica, mix(id(event.partition.n), id(event.broker)), 6'000 + (event.broker < 0 ? 1u : 0u));
}

void Coverage::on(const history::FaultFired& event) {
  if (!event.fired) return;
  const std::uint64_t kind = sim::hash_name(event.kind) * 2 + (event.healed ? 1 : 0);
  note(kFault, 0, kind);
  hit(mix(kFault + 200, kind, cluster_));
}

void Coverage::on(const history::ProduceOutcome& event) {
  if (event.outcome == history::Outcome::acknowledged && event.attempts <= 1) return;
  hit(mix(kProducer,
          static_cast<std::uint64_t>(event.outcome) * 8 +
              few(static_cast<std::size_t>(std::max(0, event.attempts))),
          id(event.error)));
}

void Coverage::on(const history::GroupGeneration& event) {
  note(kGroup, id(event.group.n),
       few(static_cast<std::size_t>(std::max(0, event.members))) * 2 + (event.modern ? 1 : 0));
}

void Coverage::on(const history::LogDirFailed& event) {
  note(kBroker, id(event.broker), 300 + (event.halts ? 1u : 0u));
}

void Coverage::on(const history::Compacted& event) {
  note(kReplica, mix(id(event.partition.n), id(event.broker)),
       7'000 + (event.copied ? 1u : 0u) + 2 * few(event.removed.size()));
}

void Coverage::on(const history::LogStartMoved& event) {
  note(kReplica, mix(id(event.partition.n), id(event.broker)),
       8'000 + static_cast<std::uint64_t>(event.cause));
}

std::vector<std::uint32_t> Coverage::cells(const checkers::ProbeCounts& probes) const {
  std::vector<std::uint32_t> cells;
  for (const checkers::ProbeInfo& probe : checkers::probes()) {
    const std::int64_t count = probes.count(probe.probe);
    if (count <= 0) continue;
    cells.push_back(static_cast<std::uint32_t>(probe.probe));
    cells.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(count, 0xFFFF'FFFF)));
  }
  for (const auto& [cell, count] : hits_) {
    cells.push_back(cell);
    cells.push_back(count);
  }
  return cells;
}

std::uint32_t count_class(std::uint32_t hits) {
  if (hits <= 3) return hits;
  std::uint32_t bits = 0;
  for (; hits > 0; hits >>= 1) ++bits;
  return bits + 1;
}

}  // namespace brokersim::explore
