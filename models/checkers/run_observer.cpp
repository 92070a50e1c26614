#include "models/checkers/run_observer.h"

#include <algorithm>
#include <optional>

#include "models/checkers/divergence.h"
#include "models/checkers/words.h"

namespace brokersim::checkers {

bool Findings::any_violation() const {
  return std::any_of(checks.begin(), checks.end(),
                     [](const CheckResult& c) { return c.verdict == Verdict::violated; });
}

RunObserver::RunObserver(history::History& history, bool invariants)
    : view_(history),
      book_(invariants),
      replication_(history, book_),
      transactions_(view_, book_),
      stale_keys_(history),
      key_order_(history),
      partition_load_(history),
      clients_(view_, book_, transactions_),
      liveness_(book_),
      storage_(book_),
      meter_(history),
      groups_(history, book_, &view_),
      shares_(view_, book_, liveness_, transactions_),
      pipelines_(history, book_) {
  if (invariants) invariants_.emplace(view_, book_);
  history.attach(*this);
}

void RunObserver::on(const history::Sent& event) {
  meter_.on(event);
  clients_.on(event);
}

void RunObserver::on(const history::ProduceOutcome& event) {
  meter_.on(event);
  partition_load_.on(event);
  clients_.on(event);
}

void RunObserver::on(const history::Consumed& event) {
  meter_.on(event);
  meter_.served_by(event, view_.partition(event.records.partition).leader);
  groups_.on(event);
  clients_.on(event);
  transactions_.on(event);
  stale_keys_.on(event);
  shares_.on(event);
  key_order_.on(event);
  if (invariants_) invariants_->judge(event);
}

void RunObserver::on(const history::FetchAnswered& event) { meter_.on(event); }

void RunObserver::on(const history::PositionAnswered& event) { meter_.on(event); }

void RunObserver::on(const history::ClientRestarted& event) {
  meter_.on(event);
  clients_.on(event);
  shares_.on(event);
}

void RunObserver::on(const history::OwnershipChanged& event) {
  meter_.on(event);
  groups_.on(event);
  clients_.on(event);
}

void RunObserver::on(const history::Appended& event) {
  const AppendFacts facts = view_.apply(event);
  replication_.judge(event, facts, view_.partition(event.records.partition));
  clients_.judge(event);
  transactions_.on(event);
  stale_keys_.on(event);
  liveness_.on(event);
}

void RunObserver::on(const history::Truncated& event) {
  const CutFacts facts = view_.apply(event);
  meter_.on(event, facts.committed_from >= 0);
  replication_.judge(event, facts, view_.partition(event.partition));
}

void RunObserver::on(const history::HighWatermark& event) {
  PartitionView& p = view_.partition(event.partition);
  const std::int32_t index = p.index_of(event.broker);
  const std::int64_t committed = p.logs.committed();
  if (index >= 0) meter_.on(event, p.replicas[static_cast<std::size_t>(index)].high_watermark);
  const HighWatermarkFacts facts = view_.apply(event);
  replication_.judge(event, facts, p);
  if (p.logs.committed() > committed) replication_.judge_candidates(event.at, view_, p);
  shares_.on(event);
  if (invariants_) invariants_->judge(event);
}

void RunObserver::on(const history::LeaderIsr& event) {
  view_.apply(event);
  if (invariants_) invariants_->judge(event);
}

void RunObserver::on(const history::RoleChanged& event) {
  const bool lacks_committed = view_.apply(event);
  replication_.judge(event, lacks_committed, view_.partition(event.partition));
  if (invariants_) invariants_->judge(event);
}

void RunObserver::on(const history::PartitionChanged& event) {
  PartitionView& p = view_.partition(event.partition);
  if (invariants_) invariants_->settle(event.at);
  replication_.judge_change(event, p);
  meter_.on(event, p.info, p.known, p.leader, p.isr, p.elr);
  const bool elected = p.known && event.leader >= 0 && event.leader != p.leader;
  view_.apply(event);
  replication_.judge_candidates(event.at, view_, p);
  if (invariants_) invariants_->judge(event);
  if (elected) count_risk(event.partition, event.leader);
}

void RunObserver::count_risk(history::PartitionId partition, std::int32_t leader) {
  const auto n = static_cast<std::size_t>(partition.n);
  const std::int32_t index = view_.partition(partition).index_of(leader);
  if (index < 0) return;
  if (at_risk_.size() <= n) at_risk_.resize(n + 1, 0);
  const LossFinder finder(view_, clients_.ledger(), clients_.void_answers());
  at_risk_sum_ -= at_risk_[n];
  at_risk_[n] = finder.acknowledged_not_on(n, static_cast<std::size_t>(index));
  at_risk_sum_ += at_risk_[n];
  at_risk_max_ = std::max(at_risk_max_, at_risk_sum_);
}

void RunObserver::on(const history::BrokerChanged& event) {
  if (invariants_) invariants_->settle(event.at);
  meter_.on(event);
  view_.apply(event);
  transactions_.on(event);
  liveness_.on(event);
  storage_.on(event);
  if (invariants_) invariants_->judge(event);
}

void RunObserver::on(const history::ControllerChanged& event) {
  meter_.on(event);
  liveness_.on(event);
}

void RunObserver::on(const history::CorruptRead& event) {
  meter_.on(event);
  liveness_.on(event);
}

void RunObserver::on(const history::MetadataLogChanged& event) {
  view_.apply(event);
  if (event.change == history::MetadataChange::damaged) replication_.quorum_damaged(view_.quorum_excuse());
  if (invariants_) invariants_->judge(event);
}

void RunObserver::on(const history::StorageLost& event) {
  meter_.on(event);
  view_.apply(event);
}

void RunObserver::on(const history::Recovered& event) {
  meter_.on(event);
  const CutFacts facts = view_.apply(event);
  if (facts.removed > 0) {
    const history::Truncated cut{event.at,
                                 event.broker,
                                 event.partition,
                                 event.log_end,
                                 event.log_end + facts.removed,
                                 history::TruncateReason::recovery};
    meter_.on(cut, facts.committed_from >= 0);
  }
  replication_.judge(event, facts, view_.partition(event.partition));
  if (invariants_) invariants_->judge(event);
}

void RunObserver::on(const history::Flushed& event) { view_.apply(event); }

void RunObserver::on(const history::FaultFired& event) {
  meter_.on(event);
  storage_.on(event);
  liveness_.on(event);
}

void RunObserver::on(const history::LogStartMoved& event) {
  transactions_.read_before_it_goes(event.partition);
  const LogStartFacts facts = view_.apply(event);
  const PartitionView& p = view_.partition(event.partition);
  replication_.judge(event, facts, p);
  clients_.forget_expired(event.partition, p.expired);
  meter_.on(event);
}

void RunObserver::on(const history::Compacted& event) {
  transactions_.read_before_it_goes(event.partition);
  const CompactionFacts facts = view_.apply(event);
  replication_.judge(event, facts, view_.partition(event.partition));
  if (!event.copied) meter_.on(event);
}

void RunObserver::on(const history::LogDirFailed& event) {
  meter_.on(event);
  storage_.judge(event);
  liveness_.on(event);
}

void RunObserver::on(const history::PartitionDeleted& event) {
  if (invariants_) invariants_->settle(event.at);
  meter_.on(event);
  view_.apply(event);
}

void RunObserver::on(const history::AdminDone& event) {
  meter_.on(event);
  liveness_.on(event);
}

void RunObserver::on(const history::OffsetReset& event) {
  const PartitionView& p = view_.partition(event.partition);
  std::int64_t start = 0;
  const std::int32_t leader = p.index_of(p.leader);
  if (leader >= 0) start = p.logs.start(static_cast<std::size_t>(leader));
  meter_.on(event, start, p.logs.committed());
  clients_.on(event);
}

void RunObserver::note_breaches_of_contract() {
  std::int64_t broken = 0;
  std::string why;
  for (std::size_t n = 0; n < view_.partitions(); ++n) {
    const Contract& contract = view_.partition_at(n).contract;
    if (!contract.ever_broken()) continue;
    ++broken;
    if (why.empty()) why = contract.why();
  }
  if (broken == 0) return;
  const std::string note = "Not judged while outside its premises, on " + count_text(broken) + " of " +
                           count_text(static_cast<std::int64_t>(view_.partitions())) + " partitions: " + why +
                           ".";
  for (const CheckId check :
       {CheckId::S3, CheckId::S5, CheckId::S9, CheckId::S11, CheckId::S12, CheckId::S20, CheckId::S21,
        CheckId::S23, CheckId::S25, CheckId::S26, CheckId::S27, CheckId::S28, CheckId::S29}) {
    book_.note(check, note);
  }
}

Findings RunObserver::finish(sim::SimTime now, const std::vector<std::int32_t>& leaders) {
  view_.know_all();
  if (invariants_) invariants_->finish(now);
  clients_.settle();
  Findings findings;
  findings.ended_at = now;
  findings.measures = meter_.finish(now);
  Measures& measures = findings.measures;
  measures.groups = groups_.finish(now);
  findings.shares = shares_.finish(now);
  const LossFinder finder(view_, clients_.ledger(), clients_.void_answers());

  for (const history::ClientInfo& client : view_.history().clients())
    findings.client_names.push_back(client.name);
  for (std::size_t n = 0; n < view_.partitions(); ++n) {
    const PartitionView& p = view_.partition_at(n);
    findings.partition_names.push_back(p.name);
    if (p.contract.ever_broken()) ++findings.contracts_broken;
    const std::int32_t committed = n < leaders.size() ? leaders[n] : p.leader;
    const std::int32_t index = committed < 0 ? -1 : p.index_of(committed);
    // A replica that has not recovered from a crash yet shows what it had before.
    const bool runs =
        index >= 0 && view_.broker(committed).up && !p.replicas[static_cast<std::size_t>(index)].lost_cache;
    std::optional<Census> census;
    transactions_.read(n, runs ? index : -1);
    if (runs) {
      const auto replica = static_cast<std::size_t>(index);
      census = take_census(p.logs, replica, p.logs.end(replica), p.replicas[replica].removed);
      clients_.finish(now, n, *census);
      if (p.info.internal) continue;  // counted are the topics of the scenario
      measures.records.duplicated += census->duplicated;
      measures.records.reordered += census->reordered;
      for (std::size_t other = 0; other < p.replicas.size(); ++other) {
        const ReplicaView& copy = p.replicas[other];
        if (other == replica || !view_.broker(copy.broker).up || copy.lost_cache) continue;
        const std::int64_t end = std::min({p.replicas[replica].high_watermark, copy.high_watermark,
                                           p.logs.end(replica), p.logs.end(other)});
        measures.records.diverged += differing_offsets(p.logs, replica, other, end);
      }
      measures.records.unread += clients_.unread(n, *census);
      for (std::size_t c = 0; c < census->producers.size(); ++c) {
        WorkloadMeasures& w = measures.workloads[view_.history().clients()[c].workload];
        w.records.duplicated += census->producers[c].duplicated;
        w.records.reordered += census->producers[c].reordered;
      }
    } else if (p.known && !p.deleted) {
      findings.warnings.push_back(
          p.name +
          (committed < 0 ? " has no leader" : " is led by " + broker_text(committed) + ", which is down,") +
          " when the run ends; of its acknowledged records those count as lost that no replica holds any "
          "more. A longer run would tell.");
    }
    if (!view_.history().pipelines().empty()) {
      const auto tell = [&](const Run& run) { pipelines_.read({static_cast<std::int32_t>(n)}, run); };
      if (runs) {
        const auto replica = static_cast<std::size_t>(index);
        p.logs.for_each(replica, 0, p.logs.end(replica), tell);
      } else {
        p.logs.reference().for_each(0, p.logs.committed(), tell);
      }
    }
    finder.find(n, runs ? committed : -1, census ? &*census : nullptr, findings.losses);
  }
  std::stable_sort(findings.losses.losses.begin(), findings.losses.losses.end(),
                   [](const Loss& a, const Loss& b) {
                     return a.promised > b.promised;  // breaches of the promise first
                   });
  for (const Loss& loss : findings.losses.losses) {
    measures.workloads[view_.history().client(loss.producer).workload].records.lost_acknowledged +=
        loss.records;
  }
  measures.records.lost_acknowledged = findings.losses.lost;
  measures.records.expired = findings.losses.expired;
  measures.records.compacted = findings.losses.compacted;
  findings.at_risk_max = std::max(at_risk_max_, findings.losses.lost + findings.losses.at_risk);
  if (findings.losses.lost > 0) measures.probes.hit(Probe::records_lost, findings.losses.lost);
  if (measures.records.duplicated > 0)
    measures.probes.hit(Probe::duplicate_in_log, measures.records.duplicated);
  if (measures.records.reordered > 0)
    measures.probes.hit(Probe::records_reordered, measures.records.reordered);
  if (measures.records.unfinished() > 0) {
    findings.warnings.push_back(
        records_text(measures.records.unfinished()) +
        " had neither succeeded nor failed when the run ended; a longer run would tell.");
  }
  judge_losses(findings.losses, view_, clients_.ledger(), clients_.void_answers(), now, book_);
  if (measures.records.consumed == 0) {
    book_.not_applicable(CheckId::S25, "No consumer read anything.");
    book_.not_applicable(CheckId::S26, "No consumer read anything.");
  }
  findings.events = pipelines_.finish(now);
  findings.transactions = transactions_.finish(now);
  liveness_.finish(now, view_);
  for (const auto& [workload, count] : stale_keys_.finish()) {
    findings.measures.records.stale_keys += count;
    findings.measures.workloads[workload].records.stale_keys = count;
  }
  for (const auto& [workload, count] : key_order_.late()) {
    findings.measures.records.out_of_key_order += count;
    findings.measures.workloads[workload].records.out_of_key_order = count;
  }
  for (const auto& [workload, permille] : partition_load_.finish()) {
    RecordCounts& records =
        workload.empty() ? findings.measures.records : findings.measures.workloads[workload].records;
    records.hottest_partition_permille = permille;
  }
  note_breaches_of_contract();
  findings.checks = book_.results();
  return findings;
}

}  // namespace brokersim::checkers
