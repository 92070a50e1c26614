#include "models/checkers/transaction_laws.h"

#include <algorithm>
#include <set>

#include "models/checkers/words.h"

namespace brokersim::checkers {

using history::TransactionMark;
using history::TransactionOutcome;

// --- what is written ---------------------------------------------------------------------------------------------------------

void TransactionLaws::note(const history::Appended& event) {
  if (event.role != history::AppendRole::leader) return;
  used_ = true;
  const history::RecordRange& r = event.records;
  std::vector<Written>& all = written_[{r.partition.n, r.producer.n}];
  Rounds& rounds = rounds_[event.producer_id];
  if (event.mark != TransactionMark::data) {
    rounds.markers += rounds.open.erase(r.partition.n) > 0 ? 1 : 0;
  } else {
    rounds.open.insert(r.partition.n);
    if (rounds.begun.empty() || rounds.begun.back().first < rounds.markers)
      rounds.begun.emplace_back(rounds.markers, event.at);
  }
  if (rounds.client < 0 && !view_->history().client(r.producer).internal) rounds.client = r.producer.n;
  const bool known = !all.empty() && r.first < all.back().end;  // a retry after a truncation
  const bool goes_on = !known && !all.empty() && all.back().end == r.first && all.back().mark == event.mark &&
                       all.back().producer_id == event.producer_id && all.back().round == rounds.markers &&
                       all.back().epoch == event.producer_epoch && event.mark == TransactionMark::data;
  if (goes_on) {
    all.back().end += r.count;
  } else if (!known) {
    all.push_back({r.first, r.first + r.count, event.producer_id, event.producer_epoch, event.mark, event.at,
                   rounds.markers});
  }
  if (event.mark != TransactionMark::data) return;
  const auto given = given_.find(event.producer_id);
  if (given == given_.end() || event.producer_epoch >= given->second) return;
  const PartitionView& p = view_->partition(r.partition);
  // A leader that was replaced and does not know it yet appends to a tail that is cut: nothing of it is ever committed.
  if (event.leader_epoch < p.leader_epoch) return;
  book_->breach(CheckId::S29, event.at,
                at_text(event.at) + broker_text(event.broker) + " appended " +
                    record_range_text(r.first, r.count) + " of " + view_->history().client(r.producer).name +
                    " to " + p.name + " at " + offset_range_text(event.base_offset, r.count) +
                    " with epoch " + std::to_string(event.producer_epoch) + " of producer " +
                    std::to_string(event.producer_id) + ", although epoch " + std::to_string(given->second) +
                    " had been given to a client.",
                excuse());
}

void TransactionLaws::on(const history::ProducerEpochGiven& event) {
  std::int16_t& epoch = given_[event.producer_id];
  epoch = std::max(epoch, event.epoch);
}

const TransactionLaws::Written* TransactionLaws::written(std::int32_t partition, std::int32_t client,
                                                         std::int64_t ordinal) const {
  const auto found = written_.find({partition, client});
  if (found == written_.end()) return nullptr;
  const auto above = std::upper_bound(found->second.begin(), found->second.end(), ordinal,
                                      [](std::int64_t o, const Written& w) { return o < w.first; });
  if (above == found->second.begin()) return nullptr;
  const Written& candidate = *(above - 1);
  return ordinal < candidate.end ? &candidate : nullptr;
}

void TransactionLaws::take(Reading& reading, std::int32_t partition, const Run& run) const {
  reading.cursor = run.end();
  if (run.producer == Run::kHole) return;
  for (std::int64_t i = 0; i < run.count;) {
    const Written* w = written(partition, run.producer, run.first + i);
    const std::int64_t count = w == nullptr ? 1 : std::min(run.count - i, w->end - run.first - i);
    const std::int64_t base = run.base + i;
    const Range range{base,
                      run.producer,
                      run.first + i,
                      count,
                      w == nullptr ? sim::SimTime{} : w->at,
                      w == nullptr ? 0 : w->round};
    i += count;
    if (w == nullptr) {
      // Of no transaction; neighbours may be, so it goes one by one only where transactions are.
      if (!reading.keeps) continue;
      if (!reading.visible.empty() && reading.visible.back().producer == range.producer &&
          reading.visible.back().base + reading.visible.back().count == base &&
          reading.visible.back().first + reading.visible.back().count == range.first) {
        reading.visible.back().count += count;
      } else {
        reading.visible.push_back(range);
      }
      continue;
    }
    if (w->mark == TransactionMark::data) {
      Open& open = reading.open[w->producer_id];
      if (open.ranges.empty()) open.first_offset = base;
      open.ranges.push_back(range);
      continue;
    }
    reading.control.add(base, base + count);
    const auto found = reading.open.find(w->producer_id);
    if (found == reading.open.end()) continue;
    for (const Range& part : found->second.ranges) {
      if (w->mark == TransactionMark::abort) {
        reading.aborted.add(part.base, part.base + part.count);
        if (reading.keeps) reading.hidden[part.producer].add(part.first, part.first + part.count);
      } else if (reading.keeps) {
        reading.visible.push_back(part);
      }
    }
    reading.open.erase(found);
  }
}

/// Reads on in what is committed.
void TransactionLaws::advance(std::size_t partition) {
  const PartitionView& p = view_->partition_at(partition);
  Reading& reading = committed_[partition];
  if (p.logs.committed() < reading.cursor) reading = {};  // given up by an unclean leader: from the start
  p.logs.reference().for_each(reading.cursor, p.logs.committed(), [&](const Run& run) {
    take(reading, static_cast<std::int32_t>(partition), run);
  });
}

std::int64_t TransactionLaws::hidden_offsets(history::PartitionId partition, std::int64_t from,
                                             std::int64_t to, history::ClientId consumer) {
  if (!used_ || from >= to) return 0;
  const auto n = static_cast<std::size_t>(partition.n);
  advance(n);
  const Reading& reading = committed_[n];
  std::int64_t count = reading.control.count_within(from, to);
  if (view_->history().client(consumer).read_committed) count += reading.aborted.count_within(from, to);
  return count;
}

// --- what is read -------------------------------------------------------------------------------------------------------------

void TransactionLaws::judge(const history::Consumed& event) {
  const auto n = static_cast<std::size_t>(event.records.partition.n);
  const history::ClientInfo& consumer = view_->history().client(event.consumer);
  PartitionView& p = view_->partition(event.records.partition);
  advance(n);
  const Reading& reading = committed_[n];
  const std::int64_t end = event.base_offset + event.records.count;
  const auto story = [&](const std::string& what) {
    book_->breach(CheckId::S27, event.at,
                  at_text(event.at) + consumer.name + " was given " +
                      record_range_text(event.records.first, event.records.count) + " of " +
                      view_->history().client(event.records.producer).name + " at " +
                      offset_range_text(event.base_offset, event.records.count) + " of " + p.name + ", " +
                      what,
                  p.excuse_ever());
  };
  if (reading.control.count_within(event.base_offset, end) > 0) story("where a marker stands.");
  if (!consumer.read_committed) return;
  if (reading.aborted.count_within(event.base_offset, end) > 0)
    story("which belong to a transaction that was aborted.");
  for (const auto& [id, open] : reading.open) {
    if (open.first_offset >= end) continue;
    story("although the transaction of producer " + std::to_string(id) + " that begins at offset " +
          count_text(open.first_offset) + " is open.");
    break;
  }
  const Stream stream{event.records.partition.n, event.records.producer.n};
  const auto amounts = amounts_.find(stream);
  if (amounts == amounts_.end()) return;
  IntervalSet& read = read_[stream];
  for (std::int64_t i = event.records.first; i < event.records.first + event.records.count; ++i) {
    const auto amount = amounts->second.find(i);
    if (read.add(i, i + 1) > 0 && amount != amounts->second.end())
      of(event.records.producer).read_balance += amount->second;
  }
}

// --- what clients say ---------------------------------------------------------------------------------------------------------

TransactionFindings& TransactionLaws::of(history::ClientId client) {
  const std::string& name = view_->history().client(client).workload;
  for (TransactionFindings& known : found_.workloads) {
    if (known.name == name) return known;
  }
  found_.workloads.emplace_back();
  found_.workloads.back().name = name;
  return found_.workloads.back();
}

void TransactionLaws::on(const history::TransactionJoined& event) {
  transformations_.on(event);
  if (event.transaction < 0) return;
  Transaction& transaction = transactions_[{event.client.n, event.transaction}];
  if (transaction.members.empty()) ++of(event.client).begun;
  transaction.members.push_back({event.records, event.amount});
  if (event.amount != 0)
    amounts_[{event.records.partition.n, event.records.producer.n}][event.records.first] = event.amount;
}

void TransactionLaws::on(const history::TransactionEnded& event) {
  TransactionFindings& findings = of(event.client);
  if (event.fenced) ++findings.fenced;
  Transaction& transaction = transactions_[{event.client.n, event.transaction}];
  transaction.outcome = event.outcome;
  transaction.ended = true;
  switch (event.outcome) {
    case TransactionOutcome::committed:
      ++findings.committed;
      findings.duration.add((event.at - event.began).ns);
      return;
    case TransactionOutcome::aborted: ++findings.aborted; return;
    case TransactionOutcome::unknown: ++findings.unknown; return;
  }
}

// --- the end --------------------------------------------------------------------------------------------------------------------

void TransactionLaws::read(std::size_t partition, std::int32_t replica) {
  if (!used_ && !transformations_.any()) return;
  const PartitionView& p = view_->partition_at(partition);
  Reading& reading = final_[partition];
  reading.keeps = true;
  const auto taking = [&](const Run& run) { take(reading, static_cast<std::int32_t>(partition), run); };
  if (replica >= 0) {
    const auto r = static_cast<std::size_t>(replica);
    p.logs.for_each(r, 0, p.logs.end(r), taking);
  } else {
    p.logs.reference().for_each(0, p.logs.committed(), taking);
  }
  for (const auto& [id, open] : reading.open) {
    for (const Range& range : open.ranges)
      reading.hidden[range.producer].add(range.first, range.first + range.count);
  }
  for (const Range& range : reading.visible)
    visible_[{static_cast<std::int32_t>(partition), range.producer}].add(range.first,
                                                                         range.first + range.count);
}

const IntervalSet* TransactionLaws::hidden(std::size_t partition, std::size_t producer) const {
  const auto reading = final_.find(partition);
  if (reading == final_.end()) return nullptr;
  const auto found = reading->second.hidden.find(static_cast<std::int32_t>(producer));
  return found == reading->second.hidden.end() ? nullptr : &found->second;
}

bool TransactionLaws::stands(const history::RecordRange& record) const {
  const auto found = visible_.find({record.partition.n, record.producer.n});
  return found != visible_.end() &&
         found->second.count_within(record.first, record.first + record.count) == record.count;
}

/// Whether something of the partition's log is gone by rule.
bool TransactionLaws::ages(history::PartitionId partition) const {
  const PartitionView& p = view_->partition(partition);
  return p.deleted || p.info.compacted || p.logs.reference().start() > 0;
}

/// Why a cluster beyond its fault budget need not keep transactions whole.
std::string TransactionLaws::excuse() {
  for (std::size_t n = 0; n < view_->partitions(); ++n) {
    const std::string why = view_->partition_at(n).excuse_ever();
    if (!why.empty()) return why;
  }
  return {};
}

void TransactionLaws::judge_transaction(history::ClientId client, std::int64_t number,
                                        const Transaction& transaction, TransactionFindings& findings,
                                        sim::SimTime now) {
  std::int64_t visible = 0;
  std::int64_t moved = 0;
  bool undecided = false;
  std::string there;
  std::string missing;
  for (const Member& member : transaction.members) {
    const bool counts = stands(member.record);
    const std::string place =
        record_range_text(member.record.first, 1) + " in " + view_->partition(member.record.partition).name;
    (counts ? there : missing) = place;
    if (counts) {
      ++visible;
      moved += member.amount;
      continue;
    }
    const auto n = static_cast<std::size_t>(member.record.partition.n);
    const IntervalSet* aborted = hidden(n, static_cast<std::size_t>(member.record.producer.n));
    const bool stays_hidden =
        aborted != nullptr && aborted->count_within(member.record.first, member.record.first + 1) > 0;
    // Gone by retention, compaction, DeleteRecords or with its topic, perhaps: then nobody can tell any more what it was.
    if (!stays_hidden && ages(member.record.partition)) undecided = true;
    const auto reading = final_.find(n);
    if (reading == final_.end()) continue;
    for (const auto& [id, open] : reading->second.open) {
      for (const Range& range : open.ranges) {
        undecided =
            undecided || (range.producer == member.record.producer.n && member.record.first >= range.first &&
                          member.record.first < range.first + range.count);
      }
    }
  }
  findings.records_committed += visible;
  const auto all = static_cast<std::int64_t>(transaction.members.size());
  if (undecided) return;
  findings.balance += moved;
  const std::string name =
      "Transaction " + count_text(number) + " of " + view_->history().client(client).name;
  if (visible > 0 && visible < all) {
    ++findings.torn;
    book_->breach(CheckId::S28, now,
                  name + " is torn: of its " + records_text(all) + " " + count_text(visible) +
                      " count, such as " + there + ", and others do not, such as " + missing + ".",
                  excuse());
    return;
  }
  if (!transaction.ended || all == 0) return;
  const bool committed = transaction.outcome == TransactionOutcome::committed;
  if (committed && visible == 0) {
    ++findings.wrong;
    book_->breach(CheckId::S28, now,
                  name + " was committed, and none of its records counts, such as " + missing + ".",
                  excuse());
  }
  if (transaction.outcome == TransactionOutcome::aborted && visible == all) {
    ++findings.wrong;
    book_->breach(CheckId::S28, now, name + " was aborted, and its records count, such as " + there + ".",
                  excuse());
  }
}

void TransactionLaws::judge_transformations(sim::SimTime now) {
  if (!transformations_.any()) return;
  std::map<std::size_t, std::vector<VisibleRange>> visible;
  std::map<std::size_t, std::vector<VisibleRange>> undecided;
  std::set<std::int32_t> aged;
  for (const auto& [partition, reading] : final_) {
    const auto n = static_cast<std::int32_t>(partition);
    if (ages({n})) aged.insert(n);
    for (const Range& range : reading.visible)
      visible[partition].push_back({range.base, range.producer, range.first, range.count});
    for (const auto& [id, open] : reading.open) {
      for (const Range& range : open.ranges)
        undecided[partition].push_back({range.base, range.producer, range.first, range.count});
    }
  }
  for (const history::TransformationInfo& info : view_->history().transformations()) {
    std::vector<std::string> breaches;
    found_.transformations.push_back(transformations_.judge(info, visible, aged, undecided, breaches));
    if (!info.exactly_once) continue;
    for (const std::string& breach : breaches) book_->breach(CheckId::S28, now, breach, excuse());
  }
}

KafkaTransactions TransactionLaws::finish(sim::SimTime now) {
  const auto& clients = view_->history().clients();
  const bool any = std::any_of(clients.begin(), clients.end(), [](const auto& c) { return c.transactional; });
  if (!any) {
    for (const CheckId check : {CheckId::S27, CheckId::S28, CheckId::S29, CheckId::L8})
      book_->not_applicable(check, "No producer is transactional.");
  }
  for (const auto& [key, transaction] : transactions_) {
    TransactionFindings& findings = of({key.first});
    if (!transaction.ended && !transaction.members.empty()) ++findings.unfinished;
    judge_transaction({key.first}, key.second, transaction, findings, now);
  }
  for (const auto& [partition, reading] : final_) {
    for (const auto& [client, ordinals] : reading.hidden) {
      if (client >= 0 && !view_->history().client({client}).internal)
        of({client}).records_aborted += ordinals.size();
    }
  }
  judge_transformations(now);
  judge_hanging(now);
  return std::move(found_);
}

}  // namespace brokersim::checkers
