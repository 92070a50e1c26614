// One mounted ext4 on one disk: files of tagged appends, and exactly what of them survives.
//
// Why: "written" means in the page cache. What a crash keeps follows from how far each byte had got (dirty,
// under write-back, in the drive's cache, on the medium) and from the last journal commit, which alone shows
// sizes and names (device-models.md 3.6, 3.8). Recovery reads what is here, and only that.
// Model: ext4 with delayed allocation and commit every 5 s. ordered: a file's size moves when write-back of
// its bytes completes (unwritten extents, the default since Linux 5.6), so a committed size never shows bytes
// that were not written. writeback: it moves when write-back is submitted, so zeros can show after a crash.
// fsync writes the file's dirty bytes, commits the journal, and flushes a volatile drive cache; concurrent
// fsyncs share commits. Nothing is scheduled while nothing is dirty and no metadata waits.
// Not modelled: holes, writes inside a file, directories as objects (names are paths), permissions.
//
// A killed process changes nothing here. Tasks run in the caller's process; the work they wait for belongs to
// the host and goes on without them. The host kills its processes before it calls kernel_crash() or
// power_loss(); what they waited for never completes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/file.h"
#include "models/devices/storage/flusher.h"
#include "models/devices/storage/journal.h"
#include "models/devices/storage/page_cache.h"
#include "models/devices/storage/types.h"
#include "sim/component.h"
#include "sim/sync.h"
#include "sim/task.h"

namespace brokersim::storage {

class FileSystem : public sim::Component {
 public:
  /// `disk` and `page_cache` must outlive it; one file system per disk.
  FileSystem(sim::Simulation& sim, std::string path, const FileSystemConfig& config, Disk& disk,
             PageCache& page_cache);
  ~FileSystem();

  // --- names. All take effect at once and are durable with a later journal commit. ----------------------
  /// Opens `name`, empty if it did not exist (O_CREAT).
  FileId create(std::string_view name);
  [[nodiscard]] std::optional<FileId> find(std::string_view name) const;
  /// Names that begin with `prefix`, sorted by bytes.
  [[nodiscard]] std::vector<std::string> list(std::string_view prefix) const;
  [[nodiscard]] const std::string& name(FileId file) const;
  /// False if there is no such name. The id of a removed file must not be used any more.
  bool remove(std::string_view name);
  /// Replaces an existing `to`. False if there is no `from`. Replacing a file starts write-back of the new
  /// one's bytes, and in ordered mode the commit waits for them (auto_da_alloc): old or new after a crash.
  bool rename(std::string_view from, std::string_view to);

  // --- content ------------------------------------------------------------------------------------------
  [[nodiscard]] sim::Bytes size(FileId file) const;
  /// A buffered write of `length` > 0 bytes at the end. Returns how long the writer is held back by dirty
  /// throttling (normally zero), to be added to its own time. No event.
  [[nodiscard]] sim::Duration append(FileId file, sim::Bytes length, ContentTag tag);
  /// Cuts the file to `size`, not above its size.
  void truncate(FileId file, sim::Bytes size);
  /// fsync: completes when every byte written before the call, the size and the name are durable. No event
  /// if they are. The work starts at the call, not at the co_await. io_error: see fail_next_sync().
  [[nodiscard]] sim::Task<Status> sync(FileId file);
  /// fsync of a directory: completes when every change of names so far is durable.
  [[nodiscard]] sim::Task<Status> sync_names();
  /// Everything, as before a clean unmount.
  [[nodiscard]] sim::Task<Status> sync_all();
  /// Starts write-back of the file's dirty bytes (sync_file_range); nobody waits.
  void write_back_async(FileId file);

  /// True if a read of [offset, offset + length) needs no disk: cost is the copy only. Counts as a use.
  [[nodiscard]] bool cached(FileId file, sim::Bytes offset, sim::Bytes length);
  /// Completes when that range is in the cache: at once and without an event if it is, else after reads of
  /// 128 KiB, two in flight.
  [[nodiscard]] sim::Task<void> read(FileId file, sim::Bytes offset, sim::Bytes length);
  /// What a reader sees: whole extents, the first being the one that holds byte `from`.
  [[nodiscard]] std::vector<Extent> extents(FileId file, sim::Bytes from = {0}) const;
  /// The extent that holds byte `at`; at < size. O(log n).
  [[nodiscard]] Extent extent_at(FileId file, sim::Bytes at) const;
  [[nodiscard]] bool has_dirty(FileId file) const;
  /// Room on the disk (fault D7 is the caller asking before it writes).
  [[nodiscard]] sim::Bytes available() const;

  // --- small files read and written whole (checkpoints, markers) ------------------------------------------
  /// Write `name`.tmp, fsync, rename, fsync of the directory: old or new after a crash, new once complete.
  [[nodiscard]] sim::Task<Status> replace(std::string name, std::string content);
  /// The same without the fsyncs: after a crash old, new, or (if `name` did not exist) empty.
  void replace_unsynced(std::string_view name, std::string content);
  /// Content as a reader sees it (zeros where data were lost); nothing if there is no such file.
  [[nodiscard]] std::optional<std::string> read_whole(std::string_view name) const;
  /// Remove, and wait until that is durable. no_file if there is none.
  [[nodiscard]] sim::Task<Status> remove_durably(std::string name);

  // --- crashes. Afterwards this is a fresh mount: what survived is durable, the cache is empty. -----------
  /// Kernel panic: dirty bytes are gone; the device, still powered, finishes what it was given.
  CrashReport kernel_crash();
  /// Power loss: also a drawn subset of what was in flight and in an unprotected drive cache is gone.
  CrashReport power_loss();
  /// The disk and everything on it is lost.
  CrashReport drop_everything();
  [[nodiscard]] std::int32_t crashes() const { return crashes_; }

  // --- faults -------------------------------------------------------------------------------------------
  /// The next sync() of `file` fails once with io_error; its dirty bytes count as clean, stay readable, and
  /// are gone after a crash (fsyncgate, fault D5).
  void fail_next_sync(FileId file);
  /// Bit rot of [offset, offset + length): the extents it touches are not intact any more (fault D8).
  void corrupt(FileId file, sim::Bytes offset, sim::Bytes length);
  /// The file is shorter, durably, and nobody was told (fault D9).
  void truncate_silently(FileId file, sim::Bytes size);

  [[nodiscard]] Disk& disk() const { return disk_; }
  [[nodiscard]] PageCache& page_cache() const { return page_cache_; }
  [[nodiscard]] const FileSystemConfig& config() const { return config_; }

 private:
  friend class PageCache;
  friend class Flusher;
  friend class Journal;

  /// Who starts a write: the flusher (background), a sync, or a rename that an ordered commit waits for.
  enum class Cause : std::uint8_t { flusher, sync, ordered };
  struct SyncOperation {
    enum class Stage : std::uint8_t { data, commit, flush, finished };
    FileId file;              // n = -1: names only
    std::int64_t target = 0;  // bytes of the file that must be at the device
    std::uint64_t transaction = 0;
    std::uint64_t mark = 0;  // a flush from this number on covers its data
    Stage stage = Stage::data;
    Status status = Status::ok;
    sim::Signal finished;
  };
  struct ReadOperation {
    FileId file;
    std::int64_t next = 0;  // block to look at next
    std::int64_t end = 0;
    std::deque<std::int64_t> in_flight;
    bool finished = false;
    sim::Signal done;
  };
  struct WriteInFlight {
    FileId file;
    std::int64_t from = 0;
    std::int64_t to = 0;  // clipped by truncation; from == to: nothing left of it
    bool done = false;
    Cause cause = Cause::sync;
    std::int32_t layer = 0;
    std::uint64_t ordered_in = 0;  // the transaction whose commit waits for it, 0 none
  };
  enum class CrashKind : std::uint8_t { kernel, power };

  [[nodiscard]] File& file(FileId id);
  [[nodiscard]] const File& file(FileId id) const;
  [[nodiscard]] File* find_file(std::string_view name) const;
  FileId make_file(std::string_view name);
  void unlink_file(File& file);
  void write_range(File& file, std::int64_t length, ContentTag tag);
  void drop_dirty(File& file, std::int64_t from);
  [[nodiscard]] std::int64_t dirty_behind(const File& file, std::int64_t from) const;
  void drop_blocks(File& file, std::int64_t from);
  void free_file(FileId id);

  // write-back
  void submit_write(File& file, std::int64_t length_max, Cause cause);
  void submit_all(File& file, Cause cause);
  void write_done(std::uint64_t slot);

  // fsync
  std::shared_ptr<SyncOperation> start_sync(FileId id);
  std::shared_ptr<SyncOperation> start_names_sync();
  void advance_syncs();
  void advance(SyncOperation& operation);
  void flush_done();
  [[nodiscard]] sim::Task<Status> wait(std::shared_ptr<SyncOperation> operation);
  [[nodiscard]] sim::Task<Status> wait_all(std::vector<std::shared_ptr<SyncOperation>> operations);
  FileId write_temporary(const std::string& temporary, std::string content);
  void commit_begins(Transaction& transaction);
  void commit_applied(const Transaction& transaction);

  // reads
  void read_more(std::uint64_t id, ReadOperation& operation);
  void read_done(std::uint64_t id);
  void note_resident(File& file, std::int64_t block);
  void evicted(FileId id, std::int64_t block);
  [[nodiscard]] bool evictable(FileId id, std::int64_t block) const;

  // crashes
  CrashReport crash(CrashKind kind);
  [[nodiscard]] IntervalSet medium_of(const File& file, std::int32_t layer, CrashKind kind,
                                      bool barrier_landed, const std::vector<UnsafeWrite>& writes) const;
  void report_losses(const File& file, std::int64_t visible, CrashKind kind, bool barrier_landed,
                     const std::vector<UnsafeWrite>& writes, CrashReport& report) const;
  void take_back(const JournalChange& change, CrashReport& report);
  void settle(File& file, CrashKind kind, bool barrier_landed, const std::vector<UnsafeWrite>& writes);
  void forget_dirty();
  void forget_runtime();

  FileSystemConfig config_;
  Disk& disk_;
  PageCache& page_cache_;
  std::int32_t number_;  // in the page cache
  Journal journal_;
  Flusher flusher_;
  std::vector<std::unique_ptr<File>> files_;  // by id; null once gone for good
  std::map<std::string, FileId, std::less<>> names_;
  std::vector<WriteInFlight> writes_;
  std::vector<std::uint32_t> free_writes_;
  std::vector<std::shared_ptr<SyncOperation>> syncs_;  // in order of call
  std::map<std::uint64_t, std::shared_ptr<ReadOperation>> reads_;
  std::uint64_t next_read_ = 1;
  std::uint64_t latest_flush_ = 0;  // number of the latest flush submitted
  sim::Bytes used_;
  std::int32_t crashes_ = 0;
};

}  // namespace brokersim::storage
