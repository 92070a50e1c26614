// One mounted ext4 on one disk: files of tagged appends, and exactly what of them survives.
//
// Why: "written" means in the page cache. What a crash keeps follows from how far each byte had got (dirty,
// under write-back, in the drive's cache, on the medium) and from the last journal commit, which alone shows
// sizes and names (device-models.md 3.6, 3.8). Recovery reads what is here, and only that.
// Model: ext4 with delayed allocation and commit every 5 s, or XFS (below). ext4 ordered: a file's size moves when write-back of
// its bytes completes (unwritten extents, the default since Linux 5.6), so a committed size never shows bytes
// that were not written. writeback: it moves when write-back is submitted, so zeros can show after a crash.
// fsync writes the file's dirty bytes, commits the journal, and flushes a volatile drive cache; concurrent
// fsyncs share commits. Nothing is scheduled while nothing is dirty and no metadata waits.
// XFS: sizes move as in ordered mode; its log is forced as ext4's journal is committed (one ring, batch service); a rename
// over a file waits for no data, so that a crash may leave the new name with no bytes; a failed log write shuts it down.
// A failed write-back marks the pages clean (both; file_faults.cpp).
// Not modelled: holes by seeking, writes inside a file, directories as objects (names are paths), permissions.
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

#include "models/devices/storage/allocation.h"
#include "models/devices/storage/config.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/file.h"
#include "models/devices/storage/flusher.h"
#include "models/devices/storage/journal.h"
#include "models/devices/storage/page_cache.h"
#include "models/devices/storage/readahead.h"
#include "models/devices/storage/types.h"
#include "sim/component.h"
#include "sim/sync.h"
#include "sim/task.h"

namespace brokersim::storage {

/// What happened on one file system so far, for exposure and for tests.
struct FileSystemCounters {
  std::int64_t unreadable_pages = 0;  ///< Page reads that met a latent sector error.
  std::int64_t failed_syncs = 0;      ///< fsyncs that returned an error.
  std::int64_t failed_writes = 0;     ///< Appends that returned an error or were cut short.
  std::int64_t ghost_bytes = 0;       ///< Marked clean, never written: by a failed fsync or a lost write.
  std::int64_t commits = 0;           ///< Journal commits.
  std::int64_t failed_journals = 0;   ///< Mounts that turned read-only or shut down.
  std::int64_t device_errors = 0;     ///< Requests that the device answered with an error, see fail_device().
  std::int64_t rotten_pages = 0;      ///< Pages with bit rot that came to light: read, or met after a crash.
  std::int64_t lost_writes = 0;  ///< Writes that the drive acknowledged and did not do, or did elsewhere.
};

/// Every file of a file system at one instant, as a volume snapshot of a frozen file system holds them (fsfreeze: what
/// was dirty is in it).
struct Image {
  std::vector<File> files;  ///< In order of id; settled: nothing dirty, nothing under way.
};

class FileSystem : public sim::Component {
 public:
  /// `disk` and `page_cache` must outlive it; one file system per disk.
  FileSystem(sim::Simulation& sim, std::string path, const FileSystemConfig& config, Disk& disk,
             PageCache& page_cache);
  ~FileSystem();

  // --- names. All take effect at once and are durable with a later journal commit. ----------------------
  /// Opens `name`, empty if it did not exist (O_CREAT).
  FileId create(std::string_view name);
  /// As find(), by a process that will sync the file: see FileSystemConfig::unseen_errors.
  [[nodiscard]] std::optional<FileId> open(std::string_view name);
  [[nodiscard]] std::optional<FileId> find(std::string_view name) const;
  /// Names that begin with `prefix`, sorted by bytes.
  [[nodiscard]] std::vector<std::string> list(std::string_view prefix) const;
  [[nodiscard]] const std::string& name(FileId file) const;
  [[nodiscard]] bool exists(FileId file) const {
    const auto index = static_cast<std::size_t>(file.n);
    return index < files_.size() && files_[index] != nullptr && files_[index]->linked;
  }
  /// False if there is no such name. The id of a removed file must not be used any more.
  bool remove(std::string_view name);
  /// Replaces an existing `to`. False if there is no `from`. Replacing a file starts write-back of the new
  /// one's bytes, and in ordered mode the commit waits for them (auto_da_alloc): old or new after a crash.
  bool rename(std::string_view from, std::string_view to);

  // --- content ------------------------------------------------------------------------------------------
  [[nodiscard]] sim::Bytes size(FileId file) const;
  /// Which thread of the host writes next: PageCache::act_as().
  void act_as(std::int32_t task) { page_cache_.act_as(task); }
  /// A buffered write of `length` > 0 bytes at the end. No event. no_space: cut short, and the part that fitted is
  /// not intact; read_only or io_error: see mode().
  [[nodiscard]] WriteResult write(FileId file, sim::Bytes length, ContentTag tag);
  /// The same for writers that cannot do anything about an error. Returns how long the writer is held back.
  [[nodiscard]] sim::Duration append(FileId file, sim::Bytes length, ContentTag tag) {
    return write(file, length, tag).held_back;
  }
  /// Cuts the file to `size`, not above its size.
  void truncate(FileId file, sim::Bytes size);
  /// fsync: completes when every byte written before the call, the size and the name are durable. No event
  /// if they are. The work starts at the call, not at the co_await. io_error: see fail_next_sync().
  [[nodiscard]] sim::Task<Status> sync(FileId file);
  /// fdatasync: as sync(), but a commit is made only for a size that is not durable yet.
  [[nodiscard]] sim::Task<Status> datasync(FileId file);
  /// fsync of a directory: completes when every change of names so far is durable.
  [[nodiscard]] sim::Task<Status> sync_names();
  /// Everything, as before a clean unmount.
  [[nodiscard]] sim::Task<Status> sync_all();
  /// Starts write-back of the file's dirty bytes (sync_file_range); nobody waits.
  void write_back_async(FileId file);

  /// True if a read of [offset, offset + length) needs no disk: cost is the copy only. Counts as a use.
  [[nodiscard]] bool cached(FileId file, sim::Bytes offset, sim::Bytes length);
  /// Completes when that range is in the cache: at once and without an event if it is, else after device reads as
  /// Linux' readahead makes them (readahead.h) for a reader that asks for 64 KiB at a time. io_error: a page of it
  /// could not be read (fault D6), or shut down. no_file: it was removed.
  [[nodiscard]] sim::Task<Status> read(FileId file, sim::Bytes offset, sim::Bytes length);
  /// What a reader sees: whole extents, the first being the one that holds byte `from`.
  [[nodiscard]] std::vector<Extent> extents(FileId file, sim::Bytes from = {0}) const;
  /// The extent that holds byte `at`; at < size. O(log n).
  [[nodiscard]] Extent extent_at(FileId file, sim::Bytes at) const;
  [[nodiscard]] bool has_dirty(FileId file) const;
  /// Room on the disk.
  [[nodiscard]] sim::Bytes available() const;
  [[nodiscard]] Mode mode() const { return mode_; }
  /// Bytes of `file` that are not what was written, in order.
  [[nodiscard]] const std::vector<Interval>& damage(FileId file) const;

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
  /// What a snapshot of the disk taken now holds. Takes no time on the disk.
  [[nodiscard]] Image image() const;
  /// The disk is exchanged for one with these files, all durable, their ids new. Reports what the old one had and the
  /// image has not. Only while no process runs on the host.
  CrashReport restore(const Image& image);
  [[nodiscard]] std::int32_t crashes() const { return crashes_; }

  // --- faults -------------------------------------------------------------------------------------------
  /// The next sync() of `file` fails once with io_error; its dirty bytes count as clean, stay readable, and
  /// are gone after a crash (fsyncgate, fault D5).
  void fail_next_sync(FileId file);
  /// The same for the next `count` sync() calls, whatever their file.
  void fail_syncs(std::int32_t count);
  [[nodiscard]] std::int32_t syncs_to_fail() const { return syncs_to_fail_; }
  /// While on, write-back fails: the bytes count as clean, stay readable while cached, and are on no disk. The next
  /// sync() of the file tells it, once (faults D5, D6). Pairs may overlap.
  void fail_writes(bool failing);
  /// Others take so much of the disk (fault D7).
  void reserve(sim::Bytes reserved);
  /// The next journal commit fails: ext4 turns read-only, XFS shuts down, until the next mount.
  void fail_journal();
  /// Reads of these sectors from the disk fail until they are rewritten (fault D6). Cached pages stay readable.
  void make_unreadable(FileId file, sim::Bytes offset, sim::Bytes length);
  /// While on, the device answers every request with an error (faults D6, D17): reads of what is not cached fail,
  /// write-back marks clean what it did not write, the next journal commit turns ext4 read-only and shuts XFS down. A
  /// machine that boots meanwhile cannot mount it: Mode::shut_down until it boots again with the device back. Pairs may overlap. Not
  /// modelled: the seconds that a kernel tries again and resets a device before it tells an error.
  void fail_device(bool failing);
  [[nodiscard]] bool device_failed() const { return device_failed_ > 0; }
  /// The extents that [offset, offset + length) touches are not intact any more, for cached readers too.
  void corrupt(FileId file, sim::Bytes offset, sim::Bytes length);
  /// Bit rot at rest of one bit in [offset, offset + length), in whole sectors (fault D8). Cached pages hide it: it comes
  /// to light when the sectors are read from the device, or after a crash. Without effect on what is not written yet.
  void rot(FileId file, sim::Bytes offset, sim::Bytes length);
  /// So much of the file, from its beginning, is written at the device: what can rot.
  [[nodiscard]] sim::Bytes written(FileId file) const;
  /// A scan has looked at these bytes (by extents()): rot there that no cached page hides has come to light, and counts.
  void note_scanned(FileId file, sim::Bytes offset, sim::Bytes length);
  /// The next `count` writes of file data are acknowledged and not done (phantom writes, fault D11): as long as the pages
  /// are cached nobody sees it. `misdirected`: each lands on a place of the same length that holds data, by a draw, and
  /// what was there is as rotten (fault D10).
  void lose_writes(std::int64_t count, bool misdirected);
  [[nodiscard]] std::int64_t writes_to_lose() const { return writes_to_lose_; }
  /// Would a reader of [offset, offset + length) get what was written? Through the cache where pages are cached.
  [[nodiscard]] bool sound(FileId file, sim::Bytes offset, sim::Bytes length) const;
  /// The file is shorter, durably, and nobody was told (fault D9).
  void truncate_silently(FileId file, sim::Bytes size);

  [[nodiscard]] Disk& disk() const { return disk_; }
  [[nodiscard]] PageCache& page_cache() const { return page_cache_; }
  [[nodiscard]] const FileSystemConfig& config() const { return config_; }
  [[nodiscard]] const FileSystemCounters& counters() const { return counters_; }

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
    bool data_only = false;  // fdatasync
    Stage stage = Stage::data;
    Status status = Status::ok;
    sim::Signal finished;
  };
  struct ReadOperation {
    FileId file;
    std::int64_t next = 0;        // page to look at next
    std::int64_t end = 0;         // one past the last
    std::int64_t piece_end = 0;   // of the present read request
    std::int64_t untouched = -1;  // page that the reader had read before
    std::int64_t failed = -1;     // page whose read has failed once
    Status status = Status::ok;
    bool finished = false;
    sim::Signal done;
  };
  struct DeviceRead {
    FileId file;
    std::int64_t first = 0;  // pages [first, end)
    std::int64_t end = 0;
    std::vector<std::uint64_t> waiting;  // operations
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
  void make_ghosts(File& file, std::int64_t from, std::int64_t to);
  void lose_ghosts(File& file, std::int64_t from, std::int64_t to);
  void journal_failed();
  void write_range(File& file, std::int64_t length, ContentTag tag);
  void drop_dirty(File& file, std::int64_t from);
  [[nodiscard]] std::int64_t dirty_behind(const File& file, std::int64_t from) const;
  void drop_blocks(File& file, std::int64_t from);
  Placed placed(File& file, std::int64_t offset);
  void discard();
  void free_file(FileId id);

  // write-back
  void submit_write(File& file, std::int64_t length_max, Cause cause);
  void submit_all(File& file, Cause cause);
  void write_done(std::uint64_t slot);

  // fsync
  std::shared_ptr<SyncOperation> start_sync(FileId id, bool data_only = false);
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
  void meet_marker(File& file, std::int64_t page, std::int64_t request);
  void miss(File& file, std::int64_t page, std::int64_t request);
  void bring_in(File& file, const ReadaheadWindow& window);
  void start_read(File& file, std::int64_t first, std::int64_t end);
  void drop_unreadable(File& file, std::uint32_t handle, std::int64_t first, std::int64_t end);
  void meet_rot(File& file, std::int64_t from, std::int64_t to);
  void lose_write(File& file, std::int64_t from, std::int64_t to);
  [[nodiscard]] std::int64_t readahead_max() const;
  [[nodiscard]] bool is_present(const File& file, std::int64_t page) const;
  [[nodiscard]] std::uint32_t read_of(const File& file, std::int64_t page) const;
  [[nodiscard]] std::uint32_t handle_at(const File& file, std::int64_t block) const;
  [[nodiscard]] std::uint32_t make_resident(File& file, std::int64_t block);
  void note_written(File& file, std::int64_t from, std::int64_t to);
  void evicted(FileId id, std::int32_t block, std::uint32_t shadow);
  [[nodiscard]] bool evictable(FileId id, std::int32_t block) const;

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
  Allocation allocation_;
  Journal journal_;
  Flusher flusher_;
  std::vector<std::unique_ptr<File>> files_;  // by id; null once gone for good
  std::map<std::string, FileId, std::less<>> names_;
  std::vector<WriteInFlight> writes_;
  std::vector<std::uint32_t> free_writes_;
  std::vector<std::shared_ptr<SyncOperation>> syncs_;  // in order of call
  std::map<std::uint64_t, std::shared_ptr<ReadOperation>> reads_;
  std::uint64_t next_read_ = 1;
  std::vector<DeviceRead> device_reads_;
  std::vector<std::uint32_t> free_reads_;
  FileSystemCounters counters_;
  Mode mode_ = Mode::writable;
  sim::Bytes reserved_;
  std::int32_t syncs_to_fail_ = 0;
  std::int32_t writes_fail_ = 0;    // faults that make it so
  std::int32_t device_failed_ = 0;  // likewise
  bool lost_are_misdirected_ = false;
  std::int64_t writes_to_lose_ = 0;
  std::uint64_t latest_flush_ = 0;  // number of the latest flush submitted
  sim::Bytes used_;
  std::int32_t crashes_ = 0;
};

}  // namespace brokersim::storage
