// The file system's journal: which changes of names and sizes a crash cannot take back.
//
// One transaction runs and collects changes; one may be committing. A commit starts 5 s after the first
// change, or when an fsync asks, and is one barrier write; an fsync that comes while a commit is under way
// shares the next one (device-models.md 3.6: one server with batch service).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/file.h"
#include "sim/component.h"

namespace brokersim::storage {

class FileSystem;

/// One change, with what is needed to take it back.
struct JournalChange {
  UndoneChange::Kind kind = UndoneChange::Kind::create;
  FileId file;
  FileId replaced;   // rename: the file that `to` named before; n = -1 none
  std::string from;  // name before (create: the name)
  std::string to;    // rename: name after
  // truncate:
  std::int64_t cut_to = 0;
  std::int64_t size = 0;
  std::int64_t done_to = 0;
  std::vector<Range> tail;
  IntervalSet damage;
  IntervalSet ghosts;  // from the cut on, as is rotten
  IntervalSet rotten;
  std::string content;
};

struct CommittedSize {
  FileId file;
  std::int64_t size = 0;
  std::int32_t layer = 0;
};

struct Transaction {
  std::uint64_t id = 1;
  std::vector<JournalChange> changes;
  std::vector<FileId> sized;         // files whose size it will carry, each once
  std::vector<CommittedSize> sizes;  // their sizes when its commit began
  std::int32_t waits_for_data = 0;   // ordered data in flight that its commit waits for
  [[nodiscard]] bool empty() const { return changes.empty() && sized.empty(); }
};

class Journal {
 public:
  Journal(FileSystem& file_system, Disk& disk, sim::Duration commit_interval);

  /// Adds a change of names or a truncation to the running transaction.
  void add(JournalChange change);
  /// The running transaction carries the size of `file`.
  void add_size(File& file);
  /// Ordered data: the running transaction's commit waits until data_done().
  std::uint64_t wait_for_data();
  void data_done(std::uint64_t transaction);

  /// The next commit fails, and with it the journal: nothing is committed until the next mount.
  void fail_next_commit() { fail_next_ = true; }

  /// Asks for a commit of everything so far.
  void request_commit();
  [[nodiscard]] std::uint64_t running_id() const { return running_.id; }
  [[nodiscard]] std::uint64_t committed_id() const { return committed_id_; }
  /// The latest transaction that holds a change of names: sync_names() waits for it. 0: none.
  [[nodiscard]] std::uint64_t names_changed_in() const { return names_changed_in_; }

  /// The crash: both transactions, oldest first, to apply or take back; the journal starts afresh.
  struct Unfinished {
    bool committing = false;  // `first` is a commit in flight
    Transaction first;
    Transaction second;
  };
  Unfinished crash();

 private:
  friend class FileSystem;
  void touch();
  void begin_commit();
  void commit_due();
  void commit_done();

  FileSystem& file_system_;
  Disk& disk_;
  sim::Duration commit_interval_;
  Transaction running_;
  Transaction committing_;
  bool committing_now_ = false;
  bool commit_wanted_ = false;
  bool fail_next_ = false;
  std::uint64_t committed_id_ = 0;
  std::uint64_t names_changed_in_ = 0;
  std::int64_t cursor_ = 0;  // next byte in the journal's ring
  sim::EventHandle timer_;
};

}  // namespace brokersim::storage
