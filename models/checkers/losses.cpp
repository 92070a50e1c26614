#include "models/checkers/losses.h"

#include <algorithm>
#include <map>

#include "models/checkers/excuses.h"
#include "models/checkers/interval_map.h"
#include "models/checkers/loss_story.h"
#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

/// Offsets below which the replica's records are really there: before the first batch that a crash took and
/// that recovery has not cut yet.
std::int64_t intact_end(const PartitionView& p, std::size_t replica) {
  std::int64_t end = p.logs.end(replica);
  for (std::size_t i = p.replicas[replica].recovered_at; i < p.removals.size(); ++i) {
    const Removal& removal = p.removals[i];
    if (removal.kind != RemovalKind::storage_lost || static_cast<std::size_t>(removal.replica) != replica)
      continue;
    end = std::min(end, removal.run.base);
  }
  return end;
}

/// The last lossy stop of the broker at or before `at`; -1 if none.
std::int64_t last_lossy_stop(const BrokerView& broker, sim::SimTime at) {
  std::int64_t last = -1;
  for (const Crash& crash : broker.crashes) {
    const bool lossy = crash.event == history::BrokerEvent::power_lost ||
                       crash.event == history::BrokerEvent::kernel_panicked;
    if (lossy && crash.at <= at) last = crash.at.ns;
  }
  return last;
}

/// What became of the copies of one producer's `lost` records, by replica and ordinal.
std::vector<IntervalMap<CopyFate>> fates_of(ClusterView& view, const PartitionView& p, std::int32_t producer,
                                            const IntervalSet& lost) {
  std::vector<IntervalMap<CopyFate>> fates(p.replicas.size(), IntervalMap<CopyFate>(CopyFate{}));
  for (std::size_t i = 0; i < p.removals.size(); ++i) {
    const Removal& removal = p.removals[i];
    if (removal.run.producer != producer) continue;
    const auto replica = static_cast<std::size_t>(removal.replica);
    const bool recovery =
        removal.kind == RemovalKind::truncated && removal.reason == history::TruncateReason::recovery;
    const std::int64_t crash =
        recovery ? last_lossy_stop(view.broker(p.replicas[replica].broker), removal.at) : -1;
    for (const Interval& part : lost.within(removal.run.first, removal.run.first + removal.run.count)) {
      for (std::int64_t n = part.first; n < part.end;) {
        const CopyFate before = fates[replica].at(n);
        const std::int64_t end = std::min(part.end, fates[replica].next_start(n));
        // Recovery only writes down what the crash before it had taken.
        const bool known = recovery && before.kind == CopyFate::Kind::storage_lost &&
                           p.removals[static_cast<std::size_t>(before.removal)].at.ns == crash;
        if (!known) {
          const CopyFate::Kind kind = removal.kind == RemovalKind::storage_lost ? CopyFate::Kind::storage_lost
                                      : removal.kind == RemovalKind::deleted    ? CopyFate::Kind::deleted
                                                                                : CopyFate::Kind::truncated;
          fates[replica].paint(n, end, {kind, static_cast<std::int32_t>(i)});
        }
        n = end;
      }
    }
  }
  for (std::size_t replica = 0; replica < p.replicas.size(); ++replica) {
    const std::int64_t intact = intact_end(p, replica);
    p.logs.for_each(replica, 0, p.logs.end(replica), [&](const Run& run) {
      if (run.producer != producer) return;
      const Run good = clip(run, run.base, intact);
      for (const Interval& part : lost.within(good.first, good.first + good.count)) {
        fates[replica].paint(part.first, part.end, {CopyFate::Kind::kept, -1});
      }
      const Run behind = clip(run, intact, run.end());
      for (const Interval& part : lost.within(behind.first, behind.first + behind.count)) {
        for (std::int64_t n = part.first; n < part.end;) {
          const std::int64_t end = std::min(part.end, fates[replica].next_start(n));
          if (fates[replica].at(n).kind != CopyFate::Kind::storage_lost) {
            fates[replica].paint(n, end, {CopyFate::Kind::doomed, -1});
          }
          n = end;
        }
      }
    });
  }
  return fates;
}

/// Where a lost record stood: as its leader answered, else as some replica had it.
std::int64_t offset_of(const PartitionView& p, const AckRun& ack, const std::vector<CopyFate>& fates,
                       std::int64_t ordinal) {
  if (ack.base >= 0) return ack.base + (ordinal - ack.first);
  for (const CopyFate& fate : fates) {
    if (fate.removal < 0) continue;
    const Run& run = p.removals[static_cast<std::size_t>(fate.removal)].run;
    return run.base + (ordinal - run.first);
  }
  return -1;
}

struct Grouped {
  LossGroup group;
  std::vector<Interval> pieces;
};

/// Why a transactional producer may be told of a write that never was; "": it may not.
std::string epochs_given_twice(ClusterView& view, std::int32_t producer) {
  return view.history().client({producer}).transactional ? transaction_log_excuse(view) : std::string{};
}

/// Up to where the numbers from `n` on are all in the set, or all out of it; at most `end`.
std::int64_t same_until(const IntervalSet& set, std::int64_t n, std::int64_t end) {
  const std::vector<Interval> parts = set.within(n, end);
  if (parts.empty()) return end;
  return parts.front().first > n ? parts.front().first : parts.front().end;
}

/// Splits the lost ordinals wherever the story changes, and puts equal stories together, in order of their first
/// record.
std::vector<Grouped> group_by_story(ClusterView& view, const PartitionView& p, std::int32_t producer,
                                    const Account& account, const IntervalSet& lost,
                                    const IntervalSet* void_answers) {
  const auto fates = fates_of(view, p, producer, lost);
  const bool epochs_hold = epochs_given_twice(view, producer).empty();
  std::vector<Grouped> groups;
  std::map<std::vector<std::int64_t>, std::size_t> index;
  auto ack = account.acked.begin();
  for (const Interval& interval : lost.intervals()) {
    for (std::int64_t n = interval.first; n < interval.end;) {
      while (ack->end() <= n) ++ack;
      std::int64_t end = std::min(interval.end, ack->end());
      std::vector<CopyFate> here;
      for (const auto& of_replica : fates) {
        here.push_back(of_replica.at(n));
        end = std::min(end, of_replica.next_start(n));
      }
      const bool is_void = void_answers != nullptr && void_answers->count_within(n, n + 1) > 0;
      if (void_answers != nullptr) end = std::min(end, same_until(*void_answers, n, end));
      const bool promised = ack->acks < 0 && epochs_hold && !is_void && !p.answers.void_by_config() &&
                            !p.answers.broken_since(ack->at);
      std::vector<std::int64_t> key{ack->broker,  ack->acks,        ack->holders,
                                    ack->flushed, promised ? 1 : 0, is_void ? 1 : 0};
      for (const CopyFate& fate : here) {
        const std::vector<std::int64_t> part = fate.key(p);
        key.insert(key.end(), part.begin(), part.end());
      }
      const auto [entry, added] = index.try_emplace(key, groups.size());
      if (added) {
        Grouped fresh;
        fresh.group = {.ack = *ack,
                       .acked_last = ack->last_at(),
                       .promised = promised,
                       .void_answer = is_void,
                       .fates = here};
        fresh.group.states.resize(here.size());
        groups.push_back(fresh);
      }
      Grouped& target = groups[entry->second];
      LossGroup& group = target.group;
      group.records += end - n;
      group.ack.at = std::min(group.ack.at, ack->at);
      group.acked_last = std::max(group.acked_last, ack->last_at());
      const std::int64_t offset = offset_of(p, *ack, here, n);
      if (offset >= 0) {
        group.offset_first = group.offset_first < 0 ? offset : std::min(group.offset_first, offset);
        group.offset_last = std::max(group.offset_last, offset + (end - n) - 1);
      }
      for (std::size_t replica = 0; replica < here.size(); ++replica) {
        if (here[replica].kind != CopyFate::Kind::storage_lost) continue;
        group.states[replica][p.removals[static_cast<std::size_t>(here[replica].removal)].state] += end - n;
      }
      if (!target.pieces.empty() && target.pieces.back().end == n) {
        target.pieces.back().end = end;
      } else {
        target.pieces.push_back({n, end});
      }
      n = end;
    }
  }
  return groups;
}

}  // namespace

std::string ordinals_text(const Loss& loss) {
  if (loss.pieces == 1) return record_range_text(loss.first, loss.records);
  return records_text(loss.records) + " in " + count_text(loss.pieces) + " pieces between " +
         count_text(loss.first) + " and " + count_text(loss.last);
}

std::int64_t LossFinder::acknowledged_not_on(std::size_t partition, std::size_t replica) const {
  const PartitionView& p = view_->partition_at(partition);
  const Census census = take_census(p.logs, replica, p.logs.end(replica), p.replicas[replica].removed);
  std::int64_t missing = 0;
  for (std::size_t n = 0; n < ledger_->producers(partition); ++n) {
    const Account* account = ledger_->find(partition, n);
    if (account == nullptr) continue;
    const IntervalSet& present = census.present(n);
    const bool expired = n < p.expired.size() && !p.expired[n].empty();
    const bool compacted = n < p.compacted.size() && !p.compacted[n].empty();
    IntervalSet accounted;
    if (expired || compacted) accounted = present;
    if (expired) accounted.add(p.expired[n]);
    if (compacted) accounted.add(p.compacted[n]);
    for (const AckRun& run : account->acked)
      missing += run.count - (expired || compacted ? accounted : present).count_within(run.first, run.end());
  }
  return missing;
}

void LossFinder::find(std::size_t partition, std::int32_t leader, const Census* census,
                      LossReport& report) const {
  const PartitionView& p = view_->partition_at(partition);
  std::vector<Census> copies;
  if (census == nullptr) {
    for (std::size_t i = 0; i < p.replicas.size(); ++i)
      copies.push_back(take_census(p.logs, i, intact_end(p, i), p.replicas[i].removed));
  }
  for (std::size_t n = 0; n < ledger_->producers(partition); ++n) {
    const Account* account = ledger_->find(partition, n);
    if (account == nullptr || account->acknowledged == 0) continue;
    report.expired += account->forgotten;
    const IntervalSet acknowledged = account->acknowledged_set();
    IntervalSet lost;
    if (census != nullptr) {
      lost = acknowledged.minus(census->present(n));
    } else {
      IntervalSet present;
      for (const Census& copy : copies) present.add(copy.present(n));
      lost = acknowledged.minus(present);
      report.at_risk += acknowledged.size() - lost.size();
    }
    if (n < p.expired.size()) {
      const std::int64_t missing = lost.size();
      lost = lost.minus(p.expired[n]);
      report.expired += missing - lost.size();
    }
    if (n < p.compacted.size()) {
      const std::int64_t missing = lost.size();
      lost = lost.minus(p.compacted[n]);
      report.compacted += missing - lost.size();
    }
    if (lost.empty()) continue;
    const auto producer = static_cast<std::int32_t>(n);
    for (const Grouped& grouped :
         group_by_story(*view_, p, producer, *account, lost, void_answers_->records(partition, producer))) {
      const LossGroup& group = grouped.group;
      Loss loss{.partition = {static_cast<std::int32_t>(partition)},
                .producer = {producer},
                .partition_name = p.name,
                .producer_name = view_->history().client({producer}).name};
      loss.first = grouped.pieces.front().first;
      loss.last = grouped.pieces.back().end - 1;
      loss.records = group.records;
      loss.pieces = static_cast<std::int64_t>(grouped.pieces.size());
      loss.acks = group.ack.acks;
      loss.promised = group.promised;
      loss.void_answer = group.void_answer;
      loss.led = leader >= 0;
      loss.acknowledged_from = group.ack.at;
      loss.acknowledged_to = group.acked_last;
      loss.acknowledged_by = group.ack.broker;
      loss.fate = tell_fate(*view_, p, group, leader);
      loss.explanation = "Producer " + loss.producer_name + " wrote " + ordinals_text(loss) + " to " + p.name;
      if (group.offset_first >= 0) {
        loss.explanation +=
            " (" + offset_range_text(group.offset_first, group.offset_last - group.offset_first + 1) + ")";
      }
      loss.explanation += ". " +
                          tell_acknowledgement(loss.acks, loss.acknowledged_by, loss.acknowledged_from,
                                               loss.acknowledged_to, loss.records) +
                          " " + loss.fate;
      report.lost += loss.records;
      (loss.acks == 0  ? report.lost_acks_0
       : loss.acks > 0 ? report.lost_acks_1
                       : report.lost_acks_all) += loss.records;
      if (loss.promised) report.lost_promised += loss.records;
      report.losses.push_back(std::move(loss));
    }
  }
}

namespace {

std::string lost_of(std::int64_t lost, std::int64_t acknowledged, const char* acks) {
  return std::string(acks) + ": " + count_text(lost) + " of " + count_text(acknowledged) +
         " acknowledged records lost";
}

}  // namespace

void judge_losses(const LossReport& report, ClusterView& view, const Ledger& ledger,
                  const VoidAnswers& void_answers, sim::SimTime now, LawBook& book) {
  std::int64_t acknowledged[3] = {0, 0, 0};  // acks=0, 1, all
  std::int64_t promised = 0;
  std::string why_not;
  for (std::size_t partition = 0; partition < view.partitions(); ++partition) {
    const PartitionView& p = view.partition_at(partition);
    bool any_all = false;
    for (std::size_t n = 0; n < ledger.producers(partition); ++n) {
      const Account* account = ledger.find(partition, n);
      if (account == nullptr || account->acknowledged == 0) continue;
      const std::int8_t acks = account->acks;
      acknowledged[acks < 0 ? 2 : acks] += account->acknowledged;
      any_all = any_all || acks < 0;
    }
    if (!any_all) continue;
    if (p.answers.void_by_config()) {
      if (why_not.empty()) why_not = p.name + " allows unclean leader election";
      continue;
    }
    if (p.answers.ever_broken() && why_not.empty()) why_not = p.answers.why();
    if (!p.answers.broken()) ++promised;  // also what was acknowledged since the promise began anew
  }

  for (const Loss& loss : report.losses) {
    if (loss.acks >= 0) continue;
    const PartitionView& p = view.partition(loss.partition);
    std::string excuse;
    if (loss.void_answer) {
      excuse = void_answers.why(static_cast<std::size_t>(loss.partition.n), loss.producer.n);
    } else if (!loss.promised) {
      excuse = p.answers.void_by_config() ? p.name + " allows unclean leader election" : p.answers.why();
    }
    if (!loss.promised && excuse.empty()) excuse = epochs_given_twice(view, loss.producer.n);
    if (book.wants_story(CheckId::S1, !loss.promised)) {
      book.breach(CheckId::S1, now, records_text(loss.records) + " lost. " + loss.explanation, excuse);
    } else {
      book.breach(CheckId::S1, now, "", excuse);
    }
  }
  if (acknowledged[2] == 0) {
    book.not_applicable(CheckId::S1, "No record was acknowledged with acks=all; S2 counts the rest.");
  } else if (promised == 0) {
    book.not_applicable(
        CheckId::S1, "Outside its premises (" + why_not + "). Measured: " +
                         (report.lost_acks_all == 0 ? "nothing was lost all the same." : "see the losses."));
  } else {
    std::string note = count_text(acknowledged[2]) + " records acknowledged with acks=all";
    note += report.lost_acks_all == 0 ? ", none lost." : ".";
    if (!why_not.empty()) note += " Not everything was within the premises: " + why_not + ".";
    book.note(CheckId::S1, note);
  }
  std::string account;
  const char* names[3] = {"acks=0", "acks=1", "acks=all"};
  const std::int64_t lost[3] = {report.lost_acks_0, report.lost_acks_1, report.lost_acks_all};
  for (int i = 0; i < 3; ++i) {
    if (acknowledged[i] == 0) continue;
    if (!account.empty()) account += "; ";
    account += lost_of(lost[i], acknowledged[i], names[i]);
  }
  if (account.empty()) {
    book.not_applicable(CheckId::S2, "No record was acknowledged.");
  } else {
    book.note(CheckId::S2, account + ".");
  }
}

}  // namespace brokersim::checkers
