#include "models/database/table.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::database {

Table::Table(const TableConfig& config) : config_(config), indexes_(config.indexes.size()) {
  for (const auto& columns : config_.indexes)
    SIM_CHECK(columns.size() <= 2, "an index has at most two columns");
}

const Version* Table::visible(std::int64_t key, const Transactions& transactions, const Snapshot& snapshot,
                              Xid own) const {
  const auto found = rows_.find(key);
  if (found == rows_.end()) return nullptr;
  for (auto version = found->second.rbegin(); version != found->second.rend(); ++version) {
    if (!transactions.sees(snapshot, own, version->xmin)) continue;
    const bool gone = version->xmax != kNoXid && transactions.sees(snapshot, own, version->xmax);
    return gone ? nullptr : &*version;
  }
  return nullptr;
}

const Version* Table::newest(std::int64_t key, const Transactions& transactions, Xid own) const {
  const auto found = rows_.find(key);
  if (found == rows_.end()) return nullptr;
  for (auto version = found->second.rbegin(); version != found->second.rend(); ++version) {
    if (transactions.status(version->xmin) == Transactions::Status::aborted) continue;
    if (version->xmax == kNoXid) return &*version;
    if (version->xmax == own) return nullptr;
    return transactions.status(version->xmax) == Transactions::Status::committed ? nullptr : &*version;
  }
  return nullptr;
}

void Table::insert(const Row& row, Xid xid) {
  rows_[row.key].push_back({row, xid, kNoXid});
  add_to_indexes(row);
}

void Table::update(const Row& row, const Transactions& transactions, Xid xid) {
  erase(row.key, transactions, xid);
  insert(row, xid);
}

void Table::erase(std::int64_t key, const Transactions& transactions, Xid xid) {
  const Version* const version = newest(key, transactions, xid);
  SIM_CHECK(version != nullptr, "a row that is not there is replaced");
  const_cast<Version*>(version)->xmax = xid;
}

IndexEntry Table::entry(std::size_t index, const Row& row) const {
  IndexEntry entry;
  entry.key = row.key;
  const auto& columns = config_.indexes[index];
  for (std::size_t i = 0; i < columns.size(); ++i)
    entry.values[i] = row.columns[static_cast<std::size_t>(columns[i])];
  return entry;
}

void Table::add_to_indexes(const Row& row) {
  for (std::size_t i = 0; i < indexes_.size(); ++i) indexes_[i].insert(entry(i, row));
}

void Table::remove_from_indexes(const Row& row, const std::vector<Version>& rest) {
  for (std::size_t i = 0; i < indexes_.size(); ++i) {
    const IndexEntry gone = entry(i, row);
    const bool kept = std::any_of(rest.begin(), rest.end(),
                                  [&](const Version& version) { return entry(i, version.row) == gone; });
    if (!kept) indexes_[i].erase(gone);
  }
}

void Table::ended(Xid xid, const std::vector<std::int64_t>& keys) {
  for (const std::int64_t key : keys) pending_.push_back({xid, key});
}

void Table::prune(Xid horizon, const Transactions& transactions) {
  // In order of commits; one that must wait holds up those behind it, which costs memory only.
  while (!pending_.empty() && pending_.front().xid < horizon) {
    clean(pending_.front().key, horizon, transactions);
    pending_.pop_front();
  }
}

void Table::clean(std::int64_t key, Xid horizon, const Transactions& transactions) {
  using Status = Transactions::Status;
  const auto found = rows_.find(key);
  if (found == rows_.end()) return;
  std::vector<Version>& versions = found->second;
  for (std::size_t i = 0; i < versions.size();) {
    const Version version = versions[i];
    const bool never = transactions.status(version.xmin) == Status::aborted;
    const bool past = version.xmax != kNoXid && version.xmax < horizon &&
                      transactions.status(version.xmax) == Status::committed;
    if (!never && !past) {
      ++i;
      continue;
    }
    versions.erase(versions.begin() + static_cast<std::ptrdiff_t>(i));
    remove_from_indexes(version.row, versions);
  }
  if (versions.empty()) rows_.erase(found);
}

}  // namespace brokersim::database
