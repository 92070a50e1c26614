// What databases did: the part of the history that transactions leave.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/history/events.h"
#include "sim/time.h"

namespace brokersim::history {

/// Dense number of a database, given by History::add_database().
struct DatabaseId {
  std::int32_t n = -1;
  [[nodiscard]] constexpr auto operator<=>(const DatabaseId&) const = default;
};

struct DatabaseInfo {
  std::string name;
  std::vector<std::string> tables;
  bool synchronous_commit = true;
  bool fsync = true;
};

enum class RowChange : std::uint8_t { insert, update, erase };
/// One row as a transaction left it; erase: the key only.
struct DatabaseRow {
  RowChange change = RowChange::insert;
  std::int32_t table = 0;
  std::int64_t key = 0;
  std::array<std::int64_t, 6> columns{};
};

/// A transaction that wrote something became visible to others (white box). The order of these events is the commit order.
struct TransactionCommitted {
  sim::SimTime at;
  DatabaseId database;
  std::int64_t transaction = -1;  ///< Its number over all lives of the database.
  std::int64_t xid = 0;
  sim::SimTime began;
  std::int64_t lsn = 0;  ///< End of its commit record.
  std::vector<DatabaseRow> rows;
};

/// A client was told that its transaction has committed.
struct CommitAnswered {
  sim::SimTime at;
  DatabaseId database;
  std::int64_t transaction = -1;
};

/// Where the commit record was when it was lost.
enum class CommitLostIn : std::uint8_t {
  wal_buffers,    ///< Memory of the process: never written to the file.
  page_cache,     ///< Written, not flushed.
  on_the_way,     ///< Under write-back.
  drive_cache,    ///< In the drive's volatile cache.
  after_flush,    ///< The drive had said that it is on the medium.
  behind_a_hole,  ///< On the medium, behind bytes that were lost: recovery stops there.
};
/// A transaction that had committed is not in the log that recovery found (white box).
struct TransactionLost {
  sim::SimTime at;
  DatabaseId database;
  std::int64_t transaction = -1;
  CommitLostIn where = CommitLostIn::wal_buffers;
};

enum class DatabaseEvent : std::uint8_t {
  starting,    ///< The process began.
  recovered,   ///< Its log is replayed, connections are accepted.
  killed,      ///< SIGKILL, or its own panic.
  panicked,    ///< It stopped itself: the log could not be written.
  stopped,     ///< In order.
  power_lost,  ///< With its host; also a kernel panic.
};
struct DatabaseChanged {
  sim::SimTime at;
  DatabaseId database;
  DatabaseEvent event = DatabaseEvent::starting;
  std::int64_t replayed = 0;  ///< recovered: log records.
};

/// A transaction did not commit, and why.
enum class RollbackCause : std::uint8_t { client, statement_failed, deadlock, connection_lost, idle_timeout };
struct TransactionRolledBack {
  sim::SimTime at;
  DatabaseId database;
  std::int64_t transaction = -1;
  RollbackCause cause = RollbackCause::client;
};

}  // namespace brokersim::history
