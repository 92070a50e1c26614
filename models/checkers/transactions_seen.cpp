#include "models/checkers/transactions_seen.h"

namespace brokersim::checkers {

std::string lost_in_text(history::CommitLostIn where) {
  switch (where) {
    case history::CommitLostIn::wal_buffers: return "in wal_buffers, the memory of the database's process";
    case history::CommitLostIn::page_cache: return "in the page cache, written and not flushed";
    case history::CommitLostIn::on_the_way: return "on its way to the drive";
    case history::CommitLostIn::drive_cache: return "in the drive's volatile cache";
    case history::CommitLostIn::after_flush: return "in the drive, which had said that it was flushed";
    case history::CommitLostIn::behind_a_hole: return "on the medium, behind bytes that were lost";
  }
  return "";
}

DatabaseFindings& TransactionsSeen::of(history::DatabaseId database) {
  const auto n = static_cast<std::size_t>(database.n);
  while (findings_.size() <= n) {
    DatabaseFindings next;
    next.name = history_->databases()[findings_.size()].name;
    findings_.push_back(std::move(next));
  }
  return findings_[n];
}

void TransactionsSeen::on(const history::TransactionCommitted& event) { ++of(event.database).committed; }

void TransactionsSeen::on(const history::CommitAnswered& event) {
  answered_[{event.database.n, event.transaction}] = event.at;
}

void TransactionsSeen::on(const history::TransactionRolledBack& event) {
  ++of(event.database).rolled_back;
  if (event.cause == history::RollbackCause::deadlock) ++of(event.database).deadlocks;
}

void TransactionsSeen::on(const history::DatabaseChanged& event) {
  DatabaseFindings& findings = of(event.database);
  if (event.event == history::DatabaseEvent::recovered && event.at > sim::SimTime{}) ++findings.restarts;
}

std::string TransactionsSeen::excuse(const history::TransactionLost& event) const {
  const history::DatabaseInfo& info = history_->databases()[static_cast<std::size_t>(event.database.n)];
  if (!info.fsync) return info.name + " runs with fsync=off";
  if (!info.synchronous_commit) return info.name + " runs with synchronous_commit=off";
  if (event.where == history::CommitLostIn::after_flush)
    return "a drive of " + info.name + " lies about flushes";
  return "";
}

void TransactionsSeen::on(const history::TransactionLost& event, LawBook& book) {
  DatabaseFindings& findings = of(event.database);
  const Name name{event.database.n, event.transaction};
  lost_[name] = event;
  ++findings.lost;
  const auto told = answered_.find(name);
  if (told == answered_.end()) return;
  ++findings.lost_answered;
  const std::string story = sim::to_string(event.at) + ": the recovery of " + findings.name +
                            " does not find transaction " + std::to_string(event.transaction) +
                            ", whose commit was answered at " + sim::to_string(told->second) +
                            "; its record was " + lost_in_text(event.where) + ".";
  book.breach(CheckId::B1, event.at, story, excuse(event));
}

}  // namespace brokersim::checkers
