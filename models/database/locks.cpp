#include "models/database/locks.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::database {

Serial RowLocks::holder(RowName row) const {
  const auto found = rows_.find(row);
  return found == rows_.end() ? kNoSerial : found->second.holder;
}

bool RowLocks::try_lock(RowName row, Serial who) {
  Entry& entry = rows_[row];
  if (entry.holder == who) return true;
  if (entry.holder != kNoSerial) return false;
  entry.holder = who;
  held_[who].push_back(row);
  return true;
}

void RowLocks::wait(RowName row, Serial who) {
  Entry& entry = rows_.at(row);
  SIM_CHECK(entry.holder != who, "a transaction waits for itself");
  const bool added = waiting_.emplace(who, row).second;
  SIM_CHECK(added, "a transaction waits for two rows");
  entry.waiters.push_back(who);
}

void RowLocks::stop_waiting(Serial who) {
  const auto found = waiting_.find(who);
  if (found == waiting_.end()) return;
  std::erase(rows_.at(found->second).waiters, who);
  waiting_.erase(found);
}

std::vector<Serial> RowLocks::release_all(Serial who) {
  std::vector<Serial> granted;
  const auto held = held_.find(who);
  if (held == held_.end()) return granted;
  const std::vector<RowName> rows = std::move(held->second);
  held_.erase(held);
  for (const RowName row : rows) {
    const auto found = rows_.find(row);
    Entry& entry = found->second;
    if (entry.waiters.empty()) {
      rows_.erase(found);
      continue;
    }
    entry.holder = entry.waiters.front();
    entry.waiters.pop_front();
    waiting_.erase(entry.holder);
    held_[entry.holder].push_back(row);
    granted.push_back(entry.holder);
  }
  return granted;
}

bool RowLocks::deadlocked(Serial who) const {
  // Everybody waits for one row with one holder, so the graph is a set of chains: follow the one of `who`.
  Serial at = who;
  for (std::size_t steps = 0; steps <= waiting_.size(); ++steps) {
    const auto waits = waiting_.find(at);
    if (waits == waiting_.end()) return false;
    at = rows_.at(waits->second).holder;
    if (at == who) return true;
  }
  return false;
}

}  // namespace brokersim::database
