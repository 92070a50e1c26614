// Transactions on tables, decided purely: what a statement sees, changes, waits for and fails with.
//
// Rules (PostgreSQL 16): read committed takes a snapshot for each statement and goes on with the newest version of a row
// that changed meanwhile, if it still meets the conditions (EvalPlanQual); repeatable read has one snapshot and fails with
// 40001 then. Writers hold their rows to the end. A commit is a record in the log; the rows become visible when
// finish_commit() is called, which the shell does after the flush: so the order in which transactions become visible is
// not the order of their numbers, nor that of values from sequences. Sequences are not part of a transaction; their log
// record runs 32 values ahead (SEQ_LOG_VALS), so that a crash skips up to 32.
// No clock (times come in as values), no dice, no waiting: a statement that must wait says so and is asked again.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "models/database/config.h"
#include "models/database/locks.h"
#include "models/database/statement.h"
#include "models/database/table.h"
#include "models/database/transactions.h"
#include "models/database/wal.h"
#include "sim/time.h"

namespace brokersim::database {

/// A row that a transaction wrote, as history tells it.
struct WrittenRow {
  WalRecord::Kind kind = WalRecord::Kind::insert;  ///< insert, update or erase.
  TableId table = 0;
  Row row;
};

class Engine {
 public:
  enum class Step : std::uint8_t { done, waits };  ///< done: the execution's result says how.

  /// An empty database, or one as the log's records tell it (replay of committed transactions, in log order).
  Engine(const DatabaseConfig& config, WalContent& wal);

  [[nodiscard]] Serial begin(Isolation isolation, sim::SimTime now);
  /// Goes on with a statement. waits: the transaction stands in the queue of a row; ask again once it is granted
  /// (finish_commit, abort), or call give_up().
  [[nodiscard]] Step step(Serial who, Execution& execution);
  /// The wait of `who` is over without the row: its statement fails, and so does the transaction.
  void give_up(Serial who, Execution& execution, Error error);
  [[nodiscard]] bool deadlocked(Serial who) const { return locks_.deadlocked(who); }
  /// Stands in the queue of a row.
  [[nodiscard]] bool waits(Serial who) const { return locks_.waits(who); }

  /// Writes the commit record and returns its end; nothing if the transaction wrote nothing.
  [[nodiscard]] std::optional<Lsn> log_commit(Serial who);
  /// The transaction's rows become visible, its locks are free. Returns who may go on with a row now.
  [[nodiscard]] std::vector<Serial> finish_commit(Serial who);
  /// Rolls back, also one that failed.
  [[nodiscard]] std::vector<Serial> abort(Serial who);

  [[nodiscard]] bool failed(Serial who) const { return open_.at(who).failed; }
  [[nodiscard]] bool is_open(Serial who) const { return open_.contains(who); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }
  [[nodiscard]] std::size_t open_writers() const { return transactions_.open(); }
  [[nodiscard]] const std::vector<WrittenRow>& written(Serial who) const { return open_.at(who).written; }
  [[nodiscard]] sim::SimTime began(Serial who) const { return open_.at(who).began; }
  [[nodiscard]] Xid xid(Serial who) const { return open_.at(who).xid; }

  /// nextval() of the table's sequence, from 1 on.
  [[nodiscard]] std::int64_t next_value(TableId table);
  /// Pages changed since the last call, of 8 KiB: what a checkpoint has to write.
  [[nodiscard]] std::int64_t take_dirty_pages();
  [[nodiscard]] const Table& table(TableId id) const { return tables_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const Transactions& transactions() const { return transactions_; }
  /// Committed rows of a table right now, by key: for tests and reports.
  [[nodiscard]] std::vector<Row> committed_rows(TableId table) const;

 private:
  struct Open {
    Isolation isolation = Isolation::read_committed;
    sim::SimTime began;
    Xid xid = kNoXid;
    std::optional<Snapshot> snapshot;
    bool failed = false;
    std::vector<WrittenRow> written;
  };
  struct Sequence {
    std::int64_t last = 0;
    std::int64_t logged = 0;
  };

  void replay();
  [[nodiscard]] Table& at(TableId table) { return tables_[static_cast<std::size_t>(table)]; }
  Xid ensure_xid(Open& open);
  void fail(Open& open, Execution& execution, Error error);
  [[nodiscard]] Step insert(Serial who, Open& open, Execution& execution);
  [[nodiscard]] Step change(Serial who, Open& open, Execution& execution);
  [[nodiscard]] Step select(Serial who, Open& open, Execution& execution);
  /// What became of a candidate row of a locking SELECT.
  enum class Taken : std::uint8_t { yes, no, waits, failed };
  [[nodiscard]] Taken take(Serial who, Open& open, Execution& execution, IndexEntry candidate);
  [[nodiscard]] bool matches(const Statement& statement, const Row& row, Xid horizon) const;
  [[nodiscard]] const Version* seen(const Open& open, const Table& table, std::int64_t key) const;
  void write(Open& open, WalRecord::Kind kind, TableId table, const Row& row, Serial who);
  [[nodiscard]] std::vector<Serial> end(Serial who, bool committed);
  [[nodiscard]] Xid horizon() const;

  const DatabaseConfig& config_;
  WalContent& wal_;
  Transactions transactions_;
  RowLocks locks_;
  std::vector<Table> tables_;
  std::vector<Sequence> sequences_;
  std::map<Serial, Open> open_;
  std::set<RowName> dirty_;  ///< Table and page number.
};

}  // namespace brokersim::database
