#include "models/checkers/replication_laws.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

const char* reason_text(history::TruncateReason reason) {
  switch (reason) {
    case history::TruncateReason::divergence: return "to the end of a common epoch";
    case history::TruncateReason::out_of_range: return "because it was ahead of its leader";
    case history::TruncateReason::recovery: return "in recovery";
    case history::TruncateReason::high_watermark: return "to its own high watermark";
  }
  return "";
}

}  // namespace

std::string ReplicationLaws::content_text(const std::vector<Run>& runs) const {
  if (runs.empty()) return "nothing";
  const Run& run = runs.front();
  if (run.producer == Run::kHole) return "bytes that are no record";
  return "record " + count_text(run.first) + " of " + history_->client({run.producer}).name + " (epoch " +
         std::to_string(run.epoch) + ")";
}

void ReplicationLaws::one_leader(const PartitionView& p, history::PartitionId id, std::int32_t epoch,
                                 history::BrokerId broker, sim::SimTime at, const char* how) {
  const auto [entry, added] = leaders_.try_emplace({id.n, epoch}, broker);
  if (added || entry->second == broker) return;
  book_->breach(CheckId::S8, at,
                at_text(at) + broker_text(broker) + " " + how + " " + p.name + " in epoch " +
                    std::to_string(epoch) + ", whose leader is " + broker_text(entry->second) + ".",
                quorum_excuse_);
}

void ReplicationLaws::judge(const history::Appended& event, const AppendFacts& facts,
                            const PartitionView& p) {
  const auto who = [&] { return broker_text(event.broker); };
  if (event.base_offset != facts.expected_base) {
    book_->breach(CheckId::S12, event.at,
                  at_text(event.at) + who() + " appended to " + p.name + " at offset " +
                      count_text(event.base_offset) + ", but its log ended at " +
                      count_text(facts.expected_base) + ".");
  }
  if (facts.reused) {
    const std::string story = at_text(event.at) + who() + ", leader of " + p.name + " in epoch " +
                              std::to_string(event.leader_epoch) + ", wrote a new record at offset " +
                              count_text(event.base_offset) + ", although everything below " +
                              count_text(facts.committed_before) + " was committed.";
    book_->breach(CheckId::S12, event.at, story, p.excuse());
    book_->breach(CheckId::INV4, event.at, story, p.excuse());
  }
  if (facts.unread_from >= 0) {
    book_->breach(CheckId::S25, event.at,
                  at_text(event.at) + "consumers had read " + p.name + " beyond offset " +
                      count_text(facts.unread_from) + "; " + who() +
                      " now leads without these records and writes others there.",
                  p.excuse());
  }
  if (event.role != history::AppendRole::leader) return;
  one_leader(p, event.records.partition, event.leader_epoch, event.broker, event.at, "appended as leader to");
  const ReplicaView& view = p.replicas[static_cast<std::size_t>(p.index_of(event.broker))];
  if (!view.has_role) return;
  if (!view.leads()) {
    book_->breach(CheckId::S8, event.at,
                  at_text(event.at) + who() + " appended as leader to " + p.name + ", but follows " +
                      broker_text(view.role_leader) + ".");
  } else if (view.role_epoch != event.leader_epoch) {
    book_->breach(CheckId::S8, event.at,
                  at_text(event.at) + who() + " leads " + p.name + " in epoch " +
                      std::to_string(view.role_epoch) + ", but stamped epoch " +
                      std::to_string(event.leader_epoch) + " on a batch.");
  }
}

void ReplicationLaws::judge(const history::Truncated& event, const CutFacts& facts, const PartitionView& p) {
  if (event.reason == history::TruncateReason::recovery) {
    if (!facts.without_loss) return;
    book_->breach(CheckId::S11, event.at,
                  at_text(event.at) + "recovery of " + broker_text(event.broker) + " cut " +
                      records_text(facts.removed) + " of " + p.name + " from offset " +
                      count_text(event.to_offset) + ", although no crash took them.");
    return;
  }
  if (facts.committed_from < 0) return;
  book_->breach(CheckId::S11, event.at,
                at_text(event.at) + broker_text(event.broker) + " cut " + p.name + " " +
                    reason_text(event.reason) + ", offset " + count_text(event.to_offset) + ", and removed " +
                    records_text(facts.committed_count) + " below the true high watermark.",
                p.excuse());
}

void ReplicationLaws::judge(const history::Recovered& event, const CutFacts& facts, const PartitionView& p) {
  const auto replica = static_cast<std::size_t>(p.index_of(event.broker));
  if (facts.without_loss) {
    book_->breach(CheckId::S11, event.at,
                  at_text(event.at) + "recovery of " + broker_text(event.broker) + " ended " + p.name +
                      " at offset " + count_text(event.log_end) + " and dropped " +
                      records_text(facts.removed) + ", although no crash took them.");
  }
  if (event.log_end > p.logs.end(replica)) {
    book_->breach(CheckId::S12, event.at,
                  at_text(event.at) + broker_text(event.broker) + " recovered " + p.name + " up to offset " +
                      count_text(event.log_end) + ", but nobody had appended beyond " +
                      count_text(p.logs.end(replica)) + ".");
  }
  if (facts.garbage_from < 0) return;
  book_->breach(CheckId::S22, event.at,
                at_text(event.at) + broker_text(event.broker) + " recovered " + p.name + " up to offset " +
                    count_text(event.log_end) + " and kept as records, from offset " +
                    count_text(facts.garbage_from) + ", bytes that the crash had destroyed.");
}

void ReplicationLaws::judge(const history::HighWatermark& event, const HighWatermarkFacts& facts,
                            const PartitionView& p) {
  const auto who = [&] { return broker_text(event.broker); };
  if (facts.went_back) {
    book_->breach(CheckId::S9, event.at,
                  at_text(event.at) + "the high watermark of " + who() + ", leader of " + p.name +
                      ", went back from " + count_text(facts.before) + " to " + count_text(event.offset) +
                      ".",
                  p.excuse());
  }
  if (event.leader && facts.beyond_log) {
    book_->breach(CheckId::S9, event.at,
                  at_text(event.at) + "the high watermark of " + who() + ", leader of " + p.name + ", is " +
                      count_text(event.offset) + ", beyond the end of its log.",
                  p.excuse());
  }
  if (facts.given_up_from >= 0) {
    book_->breach(CheckId::S25, event.at,
                  at_text(event.at) + "consumers had read " + p.name + " beyond offset " +
                      count_text(facts.given_up_from) + "; " + who() + " commits other records there.",
                  p.excuse());
  }
  if (facts.differs_at < 0) return;
  std::vector<Run> own;
  std::vector<Run> committed;
  const auto replica = static_cast<std::size_t>(p.index_of(event.broker));
  const std::int64_t at = facts.differs_at;
  p.logs.for_each(replica, at, at + 1, [&](const Run& run) { own.push_back(run); });
  p.logs.reference().for_each(at, at + 1, [&](const Run& run) { committed.push_back(run); });
  book_->breach(CheckId::S3, event.at,
                at_text(event.at) + who() + " takes " + p.name + " for committed below " +
                    count_text(event.offset) + ", but at offset " + count_text(at) + " it holds " +
                    content_text(own) + ", and the committed log " + content_text(committed) + ".",
                p.excuse());
}

void ReplicationLaws::judge(const history::Compacted& event, const CompactionFacts& facts,
                            const PartitionView& p) {
  if (facts.unlawful == 0) return;
  book_->breach(CheckId::S34, event.at,
                at_text(event.at) + "compaction of " + broker_text(event.broker) + " removed " +
                    records_text(facts.unlawful) + " of " + p.name +
                    " although no later record of their keys was committed; the first: offset " +
                    count_text(facts.first_offset) + ", key " + count_text(facts.first_key) + ".",
                p.excuse());
}

void ReplicationLaws::judge(const history::LogStartMoved& event, const LogStartFacts& facts,
                            const PartitionView& p) {
  if (facts.uncommitted_from < 0) return;
  book_->breach(CheckId::S34, event.at,
                at_text(event.at) + broker_text(event.broker) + " moved the start of " + p.name +
                    " to offset " + count_text(event.offset) + ", but what lies from offset " +
                    count_text(facts.uncommitted_from) + " on was not committed.",
                p.excuse());
}

void ReplicationLaws::judge(const history::RoleChanged& event, bool lacks_committed, const PartitionView& p) {
  if (event.leader == event.broker) {
    one_leader(p, event.partition, event.leader_epoch, event.broker, event.at, "took the lead of");
  }
  if (!lacks_committed) return;
  const auto replica = static_cast<std::size_t>(p.index_of(event.broker));
  const std::string story = at_text(event.at) + broker_text(event.broker) + " took the lead of " + p.name +
                            " in epoch " + std::to_string(event.leader_epoch) +
                            " with a log that ends at or differs from offset " +
                            count_text(p.logs.agreed(replica)) + ", but more had been committed.";
  book_->breach(CheckId::S5, event.at, story, p.excuse());
  book_->breach(CheckId::INV1, event.at, story, p.excuse());
}

void ReplicationLaws::judge_candidates(sim::SimTime at, const ClusterView& view, PartitionView& p) {
  for (const auto* members : {&p.isr, &p.elr}) {
    for (const history::BrokerId broker : *members) {
      const std::int32_t index = p.index_of(broker);
      if (index < 0) continue;
      const auto replica = static_cast<std::size_t>(index);
      if (p.logs.agreed(replica) >= p.logs.committed()) continue;
      if (!view.broker(broker).up || p.replicas[replica].lost_cache || p.contract.lossy(broker)) continue;
      p.logs.rematch(replica);
      if (p.logs.agreed(replica) >= p.logs.committed()) continue;
      const std::string excuse = p.excuse();
      std::string story;
      if (book_->wants_story(CheckId::S5, !excuse.empty()) ||
          book_->wants_story(CheckId::INV2, !excuse.empty())) {
        story = at_text(at) + broker_text(broker) + " is in the " + (members == &p.isr ? "ISR" : "ELR") +
                " of " + p.name + ", but holds only what lies below offset " +
                count_text(p.logs.agreed(replica)) + "; committed is everything below " +
                count_text(p.logs.committed()) + ".";
      }
      book_->breach(CheckId::S5, at, story, excuse);
      book_->breach(CheckId::INV2, at, story, excuse);
    }
  }
}

void ReplicationLaws::judge_change(const history::PartitionChanged& event, const PartitionView& before) {
  const auto flag = [&](const std::string& what) {
    book_->breach(CheckId::S7, event.at, at_text(event.at) + before.name + ": " + what + ".", quorum_excuse_);
  };
  for (const history::BrokerId broker : event.isr) {
    if (before.index_of(broker) < 0) flag(broker_text(broker) + " is in the ISR but is no replica");
    if (contains(event.elr, broker)) flag(broker_text(broker) + " is in both ISR and ELR");
  }
  for (const history::BrokerId broker : event.elr) {
    if (before.index_of(broker) < 0) flag(broker_text(broker) + " is in the ELR but is no replica");
  }
  if (event.leader >= 0 && !contains(event.isr, event.leader)) {
    flag(broker_text(event.leader) + " leads in epoch " + std::to_string(event.leader_epoch) +
         " but is not in the ISR");
  }
  if (event.leader >= 0) {
    one_leader(before, event.partition, event.leader_epoch, event.leader, event.at, "was made leader of");
  }
  if (!before.known) return;
  const bool elected = event.leader >= 0 && event.leader != before.leader;
  // A reassignment that ends takes the ISR that the leader has asked for and elects from it, in one record
  // (PartitionReassignmentReplicas.maybeCompleteReassignment).
  const bool asked_for = contains(before.asked_isr, event.leader) &&
                         std::all_of(event.isr.begin(), event.isr.end(), [&](history::BrokerId member) {
                           return contains(before.asked_isr, member);
                         });
  const bool from_outside =
      elected && !contains(before.isr, event.leader) && !contains(before.elr, event.leader) && !asked_for;
  // KIP-966: when unclean restarts have emptied ISR and ELR, the last known leader may be taken.
  std::int32_t last_leader = -1;
  for (const LeaderChange& change : before.changes)
    last_leader = change.leader >= 0 ? change.leader : last_leader;
  const bool last_known = before.info.eligible_leader_replicas && event.unclean &&
                          event.leader == last_leader && event.elr.empty() && event.isr.size() == 1;
  const bool allowed = before.info.unclean_leader_election || last_known || event.by_operator;
  if ((from_outside || (elected && event.unclean)) && !allowed) {
    flag(broker_text(event.leader) + " was elected from outside ISR and ELR (epoch " +
         std::to_string(event.leader_epoch) + "), although unclean.leader.election.enable is false");
  }
  if (event.partition_epoch <= before.partition_epoch) {
    flag("partition epoch went from " + std::to_string(before.partition_epoch) + " to " +
         std::to_string(event.partition_epoch));
  }
  if (event.leader_epoch < before.leader_epoch) {
    book_->breach(CheckId::S8, event.at,
                  at_text(event.at) + before.name + ": leader epoch went back from " +
                      std::to_string(before.leader_epoch) + " to " + std::to_string(event.leader_epoch) + ".",
                  quorum_excuse_);
  }
}

}  // namespace brokersim::checkers
