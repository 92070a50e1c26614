// What a client asks for: one statement on one table, by a typed access path instead of SQL.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/database/table.h"
#include "models/database/types.h"

namespace brokersim::database {

/// column = value, or column = column + value.
struct Change {
  std::int32_t column = 0;
  std::int64_t value = 0;
  bool add = false;
};

struct Statement {
  enum class Kind : std::uint8_t { insert, select, update, erase };
  enum class Lock : std::uint8_t {
    none,         ///< SELECT
    for_update,   ///< ... FOR UPDATE: waits for whoever holds a row.
    skip_locked,  ///< ... FOR UPDATE SKIP LOCKED: as if such rows were not there.
    nowait,       ///< ... FOR UPDATE NOWAIT: fails.
  };
  Kind kind = Kind::select;
  TableId table = 0;

  // insert
  Row row;
  bool on_conflict_do_nothing = false;  ///< Else a key that is there already is a unique violation.
  std::int32_t xid_column = -1;         ///< Gets pg_current_xact_id().
  std::int32_t now_column = -1;         ///< Gets now(): when the transaction began (PostgreSQL), in ns.

  // select ... ORDER BY the index LIMIT limit
  std::int32_t index = -1;           ///< -1: the primary key.
  std::vector<std::int64_t> equals;  ///< Of the first columns of the index; of the key if index is -1.
  std::optional<IndexEntry> after;   ///< Only what comes after it (row comparison).
  std::int32_t horizon_column =
      -1;                          ///< Only rows with this column < pg_snapshot_xmin(pg_current_snapshot()).
  std::int32_t shard_column = -1;  ///< Only rows with column % shards = shard.
  std::int64_t shard = 0;
  std::int64_t shards = 1;
  std::int64_t limit = 1'000'000'000;
  Lock lock = Lock::none;

  // update, erase: the rows with these keys, as far as they exist
  std::vector<std::int64_t> keys;
  std::vector<Change> changes;
};

struct Result {
  Error error = Error::none;
  std::vector<Row> rows;      ///< select, and insert: the row as it was written.
  std::int64_t affected = 0;  ///< insert, update, erase.
};

/// A statement under way: what it has, and where to go on after a wait.
struct Execution {
  Statement statement;
  Result result;
  std::size_t next_key = 0;      ///< update, erase.
  std::optional<IndexEntry> at;  ///< select: the candidate it waited for.
  bool started = false;
};

}  // namespace brokersim::database
