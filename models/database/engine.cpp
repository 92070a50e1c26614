#include "models/database/engine.h"

#include <algorithm>
#include <limits>
#include <set>

#include "sim/check.h"

namespace brokersim::database {

namespace {

constexpr std::int64_t kSequenceAhead = 32;  // SEQ_LOG_VALS
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

}  // namespace

Engine::Engine(const DatabaseConfig& config, WalContent& wal) : config_(config), wal_(wal) {
  for (const TableConfig& table : config_.tables) tables_.emplace_back(table);
  sequences_.resize(tables_.size());
  replay();
}

void Engine::replay() {
  using Kind = WalRecord::Kind;
  Xid next = kFirstXid;
  std::vector<Xid> committed;
  for (const WalRecord& record : wal_.records()) {
    next = std::max(next, record.xid + 1);
    if (record.kind == Kind::commit) committed.push_back(record.xid);
  }
  std::sort(committed.begin(), committed.end());
  transactions_.restore(next, committed);
  for (const WalRecord& record : wal_.records()) {
    if (record.kind == Kind::sequence) {
      Sequence& sequence = sequences_.at(static_cast<std::size_t>(record.table));
      sequence.last = sequence.logged = record.row.key;
    }
    const bool row = record.kind == Kind::insert || record.kind == Kind::update || record.kind == Kind::erase;
    if (!row || !std::binary_search(committed.begin(), committed.end(), record.xid)) continue;
    Table& table = at(record.table);
    if (record.kind == Kind::insert) table.insert(record.row, record.xid);
    if (record.kind == Kind::update) table.update(record.row, transactions_, record.xid);
    if (record.kind == Kind::erase) table.erase(record.row.key, transactions_, record.xid);
    if (record.kind != Kind::insert) {
      table.ended(record.xid, {record.row.key});
      table.prune(transactions_.next(), transactions_);
    }
  }
}

Serial Engine::begin(Isolation isolation, sim::SimTime now) {
  const Serial serial = wal_.next_serial();
  Open& open = open_[serial];
  open.isolation = isolation;
  open.began = now;
  return serial;
}

Xid Engine::ensure_xid(Open& open) {
  if (open.xid == kNoXid) open.xid = transactions_.start();
  return open.xid;
}

void Engine::fail(Open& open, Execution& execution, Error error) {
  execution.result.error = error;
  execution.result.rows.clear();
  execution.result.affected = 0;
  open.failed = true;
}

void Engine::give_up(Serial who, Execution& execution, Error error) {
  locks_.stop_waiting(who);
  fail(open_.at(who), execution, error);
}

Engine::Step Engine::step(Serial who, Execution& execution) {
  Open& open = open_.at(who);
  if (open.failed) {
    execution.result.error = Error::transaction_aborted;
    return Step::done;
  }
  if (!execution.started) {
    execution.started = true;
    if (open.isolation == Isolation::read_committed || !open.snapshot)
      open.snapshot = transactions_.snapshot();
  }
  Step step = Step::done;
  switch (execution.statement.kind) {
    case Statement::Kind::insert: step = insert(who, open, execution); break;
    case Statement::Kind::select: step = select(who, open, execution); break;
    case Statement::Kind::update:
    case Statement::Kind::erase: step = change(who, open, execution); break;
  }
  if (step == Step::done && open.isolation == Isolation::read_committed) open.snapshot.reset();
  return step;
}

std::int64_t Engine::next_value(TableId table) {
  Sequence& sequence = sequences_.at(static_cast<std::size_t>(table));
  if (++sequence.last > sequence.logged) {
    sequence.logged = sequence.last + kSequenceAhead;
    WalRecord record;
    record.kind = WalRecord::Kind::sequence;
    record.table = table;
    record.row.key = sequence.logged;
    wal_.add(record, wal_bytes(record.kind, 0, 0));
  }
  return sequence.last;
}

Engine::Step Engine::insert(Serial who, Open& open, Execution& execution) {
  const Statement& statement = execution.statement;
  Table& table = at(statement.table);
  Row row = statement.row;
  if (table.config().sequence) row.key = next_value(statement.table);
  const Xid own = ensure_xid(open);
  if (statement.xid_column >= 0) row.columns[static_cast<std::size_t>(statement.xid_column)] = own;
  if (statement.now_column >= 0) row.columns[static_cast<std::size_t>(statement.now_column)] = open.began.ns;
  const RowName name{statement.table, row.key};
  if (!locks_.try_lock(name, who)) {
    SIM_CHECK(!table.config().sequence, "a value of a sequence is taken");
    locks_.wait(name, who);
    return Step::waits;
  }
  if (table.newest(row.key, transactions_, own) != nullptr) {
    if (!statement.on_conflict_do_nothing) fail(open, execution, Error::unique_violation);
    return Step::done;
  }
  table.insert(row, own);
  write(open, WalRecord::Kind::insert, statement.table, row, who);
  execution.result.rows = {row};
  execution.result.affected = 1;
  return Step::done;
}

const Version* Engine::seen(const Open& open, const Table& table, std::int64_t key) const {
  if (config_.planted.reads_uncommitted) {
    const auto found = table.rows().find(key);
    if (found == table.rows().end()) return nullptr;
    const Version& last = found->second.back();
    return last.xmax == kNoXid ? &last : nullptr;
  }
  return table.visible(key, transactions_, *open.snapshot, open.xid);
}

Engine::Step Engine::change(Serial who, Open& open, Execution& execution) {
  const Statement& statement = execution.statement;
  Table& table = at(statement.table);
  for (; execution.next_key < statement.keys.size(); ++execution.next_key) {
    const std::int64_t key = statement.keys[execution.next_key];
    const Version* visible = seen(open, table, key);
    if (visible == nullptr) continue;
    const RowName name{statement.table, key};
    if (!locks_.try_lock(name, who)) {
      locks_.wait(name, who);
      return Step::waits;
    }
    const Version* const newest = table.newest(key, transactions_, open.xid);
    if (open.isolation == Isolation::repeatable_read && newest != visible) {
      fail(open, execution, Error::serialization_failure);
      return Step::done;
    }
    if (newest == nullptr) continue;  // deleted meanwhile
    Row row = newest->row;
    const Xid own = ensure_xid(open);
    ++execution.result.affected;
    if (statement.kind == Statement::Kind::erase) {
      table.erase(key, transactions_, own);
      write(open, WalRecord::Kind::erase, statement.table, row, who);
      continue;
    }
    for (const Change& change : statement.changes) {
      std::int64_t& value = row.columns[static_cast<std::size_t>(change.column)];
      value = change.add ? value + change.value : change.value;
    }
    table.update(row, transactions_, own);
    write(open, WalRecord::Kind::update, statement.table, row, who);
  }
  return Step::done;
}

bool Engine::matches(const Statement& statement, const Row& row, Xid horizon) const {
  if (statement.horizon_column >= 0 &&
      row.columns[static_cast<std::size_t>(statement.horizon_column)] >= horizon)
    return false;
  if (statement.shard_column < 0) return true;
  return row.columns[static_cast<std::size_t>(statement.shard_column)] % statement.shards == statement.shard;
}

Engine::Taken Engine::take(Serial who, Open& open, Execution& execution, IndexEntry candidate) {
  const Statement& statement = execution.statement;
  Table& table = at(statement.table);
  const auto fits = [&](const Version* version) {
    if (version == nullptr) return false;
    if (statement.index >= 0 &&
        table.entry(static_cast<std::size_t>(statement.index), version->row) != candidate)
      return false;
    return matches(statement, version->row, open.snapshot->xmin);
  };
  const Version* visible = seen(open, table, candidate.key);
  if (!fits(visible)) return Taken::no;
  if (statement.lock == Statement::Lock::none) {
    execution.result.rows.push_back(visible->row);
    return Taken::yes;
  }
  static_cast<void>(ensure_xid(open));  // a row lock needs a number
  const RowName name{statement.table, candidate.key};
  if (!locks_.try_lock(name, who)) {
    if (statement.lock == Statement::Lock::skip_locked) return Taken::no;
    if (statement.lock == Statement::Lock::nowait) {
      fail(open, execution, Error::lock_not_available);
      return Taken::failed;
    }
    locks_.wait(name, who);
    return Taken::waits;
  }
  const Version* const newest = table.newest(candidate.key, transactions_, open.xid);
  if (newest != visible && open.isolation == Isolation::repeatable_read) {
    fail(open, execution, Error::serialization_failure);
    return Taken::failed;
  }
  if (!fits(newest)) return Taken::no;
  execution.result.rows.push_back(newest->row);
  return Taken::yes;
}

Engine::Step Engine::select(Serial who, Open& open, Execution& execution) {
  const Statement& statement = execution.statement;
  const Table& table = at(statement.table);
  std::vector<Row>& rows = execution.result.rows;
  const auto full = [&] { return static_cast<std::int64_t>(rows.size()) >= statement.limit; };
  if (statement.index < 0) {
    auto row = table.rows().begin();
    if (execution.at) {
      row = table.rows().lower_bound(execution.at->key);
    } else if (!statement.equals.empty()) {
      row = table.rows().lower_bound(statement.equals.front());
    } else if (statement.after) {
      row = table.rows().upper_bound(statement.after->key);
    }
    for (; row != table.rows().end() && !full(); ++row) {
      if (!statement.equals.empty() && row->first != statement.equals.front()) break;
      const IndexEntry candidate{{}, row->first};
      const Taken taken = take(who, open, execution, candidate);
      if (taken == Taken::waits) {
        execution.at = candidate;
        return Step::waits;
      }
      if (taken == Taken::failed) break;
    }
    return Step::done;
  }
  const std::set<IndexEntry>& index = table.index(static_cast<std::size_t>(statement.index));
  IndexEntry lowest{{kLowest, kLowest}, kLowest};
  for (std::size_t i = 0; i < statement.equals.size(); ++i) lowest.values[i] = statement.equals[i];
  auto entry = index.lower_bound(lowest);
  if (execution.at) {
    entry = index.lower_bound(*execution.at);
  } else if (statement.after && !(*statement.after < lowest)) {
    entry = index.upper_bound(*statement.after);
  }
  for (; entry != index.end() && !full(); ++entry) {
    bool within = true;
    for (std::size_t i = 0; i < statement.equals.size(); ++i)
      within = within && entry->values[i] == statement.equals[i];
    if (!within) break;
    const Taken taken = take(who, open, execution, *entry);
    if (taken == Taken::waits) {
      execution.at = *entry;
      return Step::waits;
    }
    if (taken == Taken::failed) break;
  }
  return Step::done;
}

void Engine::write(Open& open, WalRecord::Kind kind, TableId table, const Row& row, Serial who) {
  WalRecord record;
  record.kind = kind;
  record.xid = open.xid;
  record.serial = who;
  record.table = table;
  record.row = row;
  const TableConfig& config = at(table).config();
  wal_.add(record, wal_bytes(kind, config.row_bytes, config.indexes.size()));
  open.written.push_back({kind, table, row});
  const std::int64_t per_page = std::max<std::int64_t>(kPageBytes / config.row_bytes, 1);
  dirty_.insert({table, row.key / per_page});
}

std::optional<Lsn> Engine::log_commit(Serial who) {
  const Open& open = open_.at(who);
  SIM_CHECK(!open.failed, "a failed transaction commits");
  if (open.written.empty()) return std::nullopt;
  WalRecord record;
  record.kind = WalRecord::Kind::commit;
  record.xid = open.xid;
  record.serial = who;
  return wal_.add(record, wal_bytes(record.kind, 0, 0));
}

std::vector<Serial> Engine::finish_commit(Serial who) { return end(who, true); }

std::vector<Serial> Engine::abort(Serial who) {
  const Open& open = open_.at(who);
  if (!open.written.empty()) {
    WalRecord record;
    record.kind = WalRecord::Kind::abort;
    record.xid = open.xid;
    record.serial = who;
    wal_.add(record, wal_bytes(record.kind, 0, 0));
  }
  return end(who, false);
}

std::vector<Serial> Engine::end(Serial who, bool committed) {
  const auto found = open_.find(who);
  const Open open = std::move(found->second);
  open_.erase(found);
  locks_.stop_waiting(who);
  if (open.xid != kNoXid) {
    if (committed) {
      transactions_.commit(open.xid);
    } else {
      transactions_.abort(open.xid);
    }
    std::map<TableId, std::vector<std::int64_t>> keys;
    for (const WrittenRow& written : open.written) {
      if (!committed || written.kind != WalRecord::Kind::insert)
        keys[written.table].push_back(written.row.key);
    }
    for (const auto& [table, list] : keys) at(table).ended(open.xid, list);
  }
  const Xid oldest = horizon();
  for (Table& table : tables_) table.prune(oldest, transactions_);
  return locks_.release_all(who);
}

Xid Engine::horizon() const {
  Xid oldest = transactions_.snapshot().xmin;
  for (const auto& [serial, open] : open_) {
    if (open.snapshot) oldest = std::min(oldest, open.snapshot->xmin);
  }
  return oldest;
}

std::int64_t Engine::take_dirty_pages() {
  const auto pages = static_cast<std::int64_t>(dirty_.size());
  dirty_.clear();
  return pages;
}

std::vector<Row> Engine::committed_rows(TableId id) const {
  std::vector<Row> rows;
  const Snapshot now = transactions_.snapshot();
  const Table& all = table(id);
  for (const auto& [key, versions] : all.rows()) {
    const Version* const version = all.visible(key, transactions_, now, kNoXid);
    if (version != nullptr) rows.push_back(version->row);
  }
  return rows;
}

}  // namespace brokersim::database
