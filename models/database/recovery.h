// What a restart finds of the log: how much of it counts, and what is lost of what had committed.
//
// Rule (xlogrecovery.c): records are read from the last checkpoint on until one is not whole; that is the end of the log,
// whatever may lie behind it. Transactions without a commit record before that end never were.
// Simplified: a write that is torn counts as lost from its beginning; data files count as good once a checkpoint's sync
// has returned, also on a drive that lies.
#pragma once

#include <cstddef>
#include <vector>

#include "models/database/wal_writer.h"
#include "models/history/database.h"

namespace brokersim::database {

struct FoundLog {
  std::size_t records = 0;  ///< That count, from the very first one on.
  sim::Bytes scanned;       ///< Of the files that are there.
};

/// Reads the log's files; `content` is what was ever written to them.
[[nodiscard]] FoundLog find_end_of_log(const storage::FileSystem& files, const DatabaseConfig& config,
                                       const WalContent& content);

/// Cuts the files at `lsn`, the new end.
void cut_log(storage::FileSystem& files, const DatabaseConfig& config, Lsn lsn);

/// Where a record that ended at `lsn` was when it was lost.
[[nodiscard]] history::CommitLostIn where_lost(const WalResidue& residue, const DatabaseConfig& config,
                                               Lsn lsn);

}  // namespace brokersim::database
