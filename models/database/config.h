// What a database is told: settings by the names of PostgreSQL 16, with its defaults, and its tables.
//
// Sources: PostgreSQL 16 manual, chapters 20.5 (WAL), 20.12 (locks), 20.11 (client defaults), 30 (reliability).
// Not modelled: full_page_writes (bytes only), shared_buffers (data are in memory: reads cost CPU, no I/O), autovacuum's
// work (dead versions go as soon as no snapshot needs them), replication, WAL compression, archiving.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::database {

/// A page of PostgreSQL, bytes.
inline constexpr std::int64_t kPageBytes = 8'192;

struct TableConfig {
  std::string name;
  std::int64_t row_bytes = 200;  ///< A row on the page and in the log, header included. Positive.
  /// Secondary indexes: the columns that they are sorted by, the primary key last by itself.
  std::vector<std::vector<std::int32_t>> indexes;
  bool sequence =
      false;  ///< Keys come from a sequence (identity column): taken before the commit, never given back.
};

/// CPU time on the reference core, and bytes of the log.
///
/// Assumptions, from orders of magnitude: `pgbench -S` with prepared statements does about 25,000 transactions a second
/// per core (40 us each), the five writing statements of its TPC-B-like script about 2,500 (400 us).
struct Costs {
  sim::Duration statement = {40'000};           ///< Parse, bind, execute a statement.
  sim::Duration row = {5'000};                  ///< Per row read or written.
  sim::Duration control = {15'000};             ///< BEGIN, COMMIT, ROLLBACK.
  sim::Duration connect = {2'000'000};          ///< fork() of a backend, its caches, authentication.
  sim::Duration redo_record = {1'500};          ///< Replay of one log record, from the cache.
  sim::Duration process_start = {400'000'000};  ///< From exec() of the postmaster to the begin of recovery.
};

struct DatabaseConfig {
  std::string name;  ///< Key in `systems`.
  std::string host;
  // Durability.
  bool synchronous_commit = true;    ///< off: an answer does not wait for the log's flush.
  bool fsync = true;                 ///< off: nothing is ever flushed. Test clusters do that.
  sim::Duration commit_delay;        ///< The one who flushes waits so long for others, at most 100 ms.
  std::int32_t commit_siblings = 5;  ///< ... if at least so many other transactions are open.
  sim::Duration wal_writer_delay = {200'000'000};  ///< Flushes behind asynchronous commits.
  sim::Bytes wal_buffers = {16ll << 20};
  sim::Bytes wal_segment_size = {16ll << 20};
  sim::Duration checkpoint_timeout = {300'000'000'000};
  sim::Bytes max_wal_size = {1ll << 30};  ///< A checkpoint begins when half of it is written since the last.
  std::int32_t checkpoint_completion_percent = 90;  ///< checkpoint_completion_target.
  // Locks and sessions.
  std::int32_t max_connections = 100;
  sim::Duration deadlock_timeout = {1'000'000'000};   ///< A waiter looks for a cycle after that.
  sim::Duration lock_timeout;                         ///< 0: waits for ever.
  sim::Duration idle_in_transaction_session_timeout;  ///< 0: off, the default.
  // The machine's part.
  sim::Duration restart_after_crash = {
      1'000'000'000};  ///< systemd or the postmaster start it again after a panic.
  Costs costs;
  std::vector<TableConfig> tables;
  // Planted bugs: never true in a sound run.
  struct Planted {
    bool answers_before_flush = false;  ///< synchronous_commit=on that does not wait.
    bool reads_uncommitted = false;     ///< Snapshots see rows of transactions that are still open.
  } planted;
};

}  // namespace brokersim::database
