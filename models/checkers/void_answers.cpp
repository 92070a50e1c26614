#include "models/checkers/void_answers.h"

#include <algorithm>

#include "models/checkers/words.h"
#include "sim/check.h"

namespace brokersim::checkers {

void VoidAnswers::joined(const history::TransactionJoined& event) {
  if (event.transaction < 0) return;
  Latest& latest = latest_[event.records.producer.n];
  if (latest.number != event.transaction) latest.parts.clear();
  latest.number = event.transaction;
  latest.parts.try_emplace(event.records.partition.n, Part{event.records.first, -1, 0});
}

void VoidAnswers::failed(const history::ProduceOutcome& event) {
  if (event.broker < 0) return;
  const auto latest = latest_.find(event.records.producer.n);
  if (latest == latest_.end()) return;
  const auto part = latest->second.parts.find(event.records.partition.n);
  if (part == latest->second.parts.end() || event.records.first < part->second.first) return;
  if (part->second.failed >= 0 && part->second.failed <= event.records.first) return;
  part->second.failed = event.records.first;
  part->second.error = event.error;
}

bool VoidAnswers::covers(const history::ProduceOutcome& event) const {
  const auto latest = latest_.find(event.records.producer.n);
  if (latest == latest_.end()) return false;
  const auto part = latest->second.parts.find(event.records.partition.n);
  return part != latest->second.parts.end() && part->second.failed >= 0 &&
         event.records.first > part->second.failed;
}

std::string VoidAnswers::reason(std::int32_t client, const Latest& latest, std::int32_t partition) const {
  const Part& part = latest.parts.at(partition);
  return "transaction " + count_text(latest.number) + " of " + history_->client({client}).name +
         " had failed with " + record_range_text(part.failed, 1) + " in " +
         history_->partition({partition}).name() + " (error " + std::to_string(part.error) +
         "), what came behind had moved up to its numbers, and it could only be aborted";
}

void VoidAnswers::hold(const history::ProduceOutcome& event, std::string story) {
  SIM_CHECK(covers(event), "nothing had failed");
  const std::int32_t client = event.records.producer.n;
  const std::int32_t partition = event.records.partition.n;
  const Latest& latest = latest_.at(client);
  Void& answers = void_[{partition, client}];
  if (answers.why.empty()) answers.why = reason(client, latest, partition);
  answers.records.add(event.records.first, event.records.first + event.records.count);
  held_.push_back({latest.number, event, std::move(story)});
}

void VoidAnswers::file(const Held& held, bool committed, LawBook& book) {
  const history::RecordRange& records = held.answer.records;
  Void& answers = void_.at({records.partition.n, records.producer.n});
  book.breach(CheckId::S23, held.answer.at, held.story, committed ? "" : answers.why);
  if (!committed) return;
  IntervalSet promised;
  promised.add(records.first, records.first + records.count);
  answers.records = answers.records.minus(promised);
}

void VoidAnswers::ended(const history::TransactionEnded& event, LawBook& book) {
  const bool committed = event.outcome == history::TransactionOutcome::committed;
  std::erase_if(held_, [&](const Held& held) {
    if (held.answer.records.producer != event.client || held.transaction != event.transaction) return false;
    file(held, committed, book);
    return true;
  });
  const auto latest = latest_.find(event.client.n);
  const bool same = latest != latest_.end() && latest->second.number == event.transaction;
  if (committed && same) latest->second.parts.clear();
}

void VoidAnswers::finish(LawBook& book) {
  for (const Held& held : held_) file(held, false, book);
  held_.clear();
}

const IntervalSet* VoidAnswers::records(std::size_t partition, std::int32_t producer) const {
  const auto found = void_.find({static_cast<std::int32_t>(partition), producer});
  return found == void_.end() || found->second.records.empty() ? nullptr : &found->second.records;
}

std::string VoidAnswers::why(std::size_t partition, std::int32_t producer) const {
  const auto found = void_.find({static_cast<std::int32_t>(partition), producer});
  return found == void_.end() ? std::string() : found->second.why;
}

}  // namespace brokersim::checkers
