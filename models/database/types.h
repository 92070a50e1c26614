// Words of the database: rows, transaction numbers, positions in the write-ahead log, errors.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace brokersim::database {

/// Transaction number, given at the first write, from kFirstXid on, never wrapping (PostgreSQL's xid8). 0: none.
using Xid = std::int64_t;
inline constexpr Xid kNoXid = 0;
inline constexpr Xid kFirstXid = 3;  ///< As PostgreSQL, whose first three numbers are special.

/// Byte position in the write-ahead log, from its very beginning.
using Lsn = std::int64_t;

/// One transaction over all lives of the database: what checkers and history call it. Not something a real one stores.
using Serial = std::int64_t;
inline constexpr Serial kNoSerial = -1;

/// Position of a table in the schema.
using TableId = std::int32_t;

/// Whole numbers are all the columns that steer anything; what else a row has counts by TableConfig::row_bytes.
inline constexpr std::size_t kColumns = 6;
using Columns = std::array<std::int64_t, kColumns>;
struct Row {
  std::int64_t key = 0;  ///< Primary key.
  Columns columns{};
  [[nodiscard]] bool operator==(const Row&) const = default;
};

/// Names a row of any table.
struct RowName {
  TableId table = 0;
  std::int64_t key = 0;
  [[nodiscard]] constexpr auto operator<=>(const RowName&) const = default;
};

/// What a statement fails with; the comment is PostgreSQL's SQLSTATE.
enum class Error : std::uint8_t {
  none,
  unique_violation,       ///< 23505
  serialization_failure,  ///< 40001: somebody committed a newer version (repeatable read).
  deadlock_detected,      ///< 40P01
  lock_not_available,     ///< 55P03: lock_timeout, or NOWAIT.
  transaction_aborted,    ///< 25P02: an earlier statement of the transaction failed.
  too_many_connections,   ///< 53300
  idle_timeout,           ///< 25P03: idle_in_transaction_session_timeout has ended the session.
  connection_lost,        ///< The client's own: no connection, or no answer any more.
};
[[nodiscard]] const char* to_string(Error error);

enum class Isolation : std::uint8_t {
  read_committed,   ///< A new snapshot for each statement (the default of PostgreSQL).
  repeatable_read,  ///< Snapshot isolation: one snapshot, first updater wins.
};

}  // namespace brokersim::database
