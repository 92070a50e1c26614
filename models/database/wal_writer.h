// The log's way to the medium: buffers, write, fdatasync, and who waits for whom.
//
// Rules (PostgreSQL xlog.c XLogFlush, XLogBackgroundFlush): records gather in wal_buffers; a committer that needs its own
// on the medium writes everything that is there and flushes once, and all who came meanwhile wait for the next flush
// together (group commit); commit_delay makes it wait for company if commit_siblings other transactions are open. With
// synchronous_commit=off nobody waits, and the WAL writer flushes every wal_writer_delay; the manual promises that a crash
// takes at most three times that. A log that cannot be written or flushed is a PANIC.
// The file grows by appending. PostgreSQL recycles segments, so that fdatasync needs no commit of the file's size; here it
// does, as with wal_recycle=off.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/database/config.h"
#include "models/database/wal.h"
#include "models/devices/storage/file_system.h"
#include "models/devices/storage/types.h"
#include "sim/sync.h"
#include "sim/task.h"

namespace brokersim::database {

/// What is known after a crash of how far the log had got: kept by the world for explanations, not read by the database.
struct WalResidue {
  Lsn written = 0;
  Lsn flushed = 0;
  std::vector<storage::LostRange> lost;  ///< Of log files, by the host's latest crash.
};

[[nodiscard]] std::string wal_file(std::int64_t segment);
/// The segment of a file of the log, nothing if it is another file.
[[nodiscard]] std::optional<std::int64_t> wal_segment(const std::string& file);

class WalWriter {
 public:
  /// Goes on at the end of `content`, all of which is on the medium.
  WalWriter(storage::FileSystem& files, const DatabaseConfig& config, const WalContent& content,
            WalResidue& residue);

  /// Completes when everything up to `lsn` is on the medium, as far as the device says. `others`: open transactions
  /// beside the caller's own. Another status than ok: panic.
  [[nodiscard]] sim::Task<storage::Status> flush(Lsn lsn, std::size_t others);
  /// The WAL writer: until the process dies. Returns if the log cannot be written.
  [[nodiscard]] sim::Task<storage::Status> background();
  /// Drops segments that lie wholly below `lsn`.
  void remove_before(Lsn lsn);

  [[nodiscard]] Lsn flushed() const { return flushed_; }
  [[nodiscard]] Lsn written() const { return written_; }
  [[nodiscard]] std::int64_t flushes() const { return flushes_; }

 private:
  [[nodiscard]] sim::Duration write_all();

  storage::FileSystem& files_;
  const DatabaseConfig& config_;
  const WalContent& content_;
  WalResidue& residue_;
  Lsn written_;
  Lsn flushed_;
  std::int64_t first_segment_;
  bool busy_ = false;
  storage::Status status_ = storage::Status::ok;
  sim::Signal done_{"database.flush"};
  std::int64_t flushes_ = 0;
};

}  // namespace brokersim::database
