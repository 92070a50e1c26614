// One replica's log: segments of batches in files, with the offsets, epochs and producers they imply.
//
// Why: durability is decided here. The log believes its memory while the process lives and only its files
// after a restart; recovery keeps a valid prefix and nothing else (LogLoader, LogSegment.recover).
// Model: .log files hold batches in true sizes; .index and .timeindex are memory maps whose entries are
// counted and written when their segment closes; leader-epoch-checkpoint, snapshots as small files.
// Time in a log is wall-clock milliseconds since the run began, as the stampers had it (batch.h, timestamp_ms).
// Not modelled: the file of the transaction index (.txnindex): what it says is kept in memory and found anew in the log.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "models/devices/storage/file_system.h"
#include "models/log/batch.h"
#include "models/log/cleaner.h"
#include "models/log/epoch_cache.h"
#include "models/log/producer_state.h"
#include "models/log/retention.h"
#include "sim/task.h"

namespace brokersim::log {

struct LogConfig {
  sim::Bytes segment_bytes = {1ll << 30};            ///< segment.bytes
  sim::Duration segment_ms = {604'800'000'000'000};  ///< segment.ms
  sim::Duration segment_jitter = {0};                ///< segment.jitter.ms
  sim::Bytes index_interval_bytes = {4'096};         ///< index.interval.bytes
  sim::Bytes segment_index_bytes = {10ll << 20};     ///< segment.index.bytes
  bool compacted = false;                            ///< cleanup.policy has `compact`: offsets may have gaps.
  bool trusts_missing_index =
      false;  ///< planted (L03): a clean load takes a segment without index for an empty one
  bool refuses_empty_epochs = false;          ///< planted (L05): an empty epoch file counts as malformed
  bool recovery_skips_crc = false;            ///< planted: trust file sizes, never check batches
  bool epoch_checkpoint_loses_entry = false;  ///< planted, L10: load() forgets the last epoch but one
};

/// How a batch is named in the file system; storage::kNoTag (0) names none.
[[nodiscard]] constexpr storage::ContentTag tag_of(BatchId batch) { return storage::ContentTag{batch} + 1; }
[[nodiscard]] constexpr BatchId batch_of(storage::ContentTag tag) { return static_cast<BatchId>(tag - 1); }

/// Where a batch lies in its segment.
struct LogEntry {
  BatchId batch = 0;
  std::uint32_t position = 0;
};

/// No record of a segment has a timestamp (it has none at all).
inline constexpr const char* kDeletedSuffix = ".deleted";
inline constexpr std::int64_t kNoTimestamp = std::numeric_limits<std::int64_t>::min();

struct Segment {
  std::int64_t base_offset = 0;
  storage::FileId file{};
  std::int64_t bytes = 0;
  std::int64_t index_entries = 0;
  std::int64_t bytes_since_index = 0;
  std::int64_t first_timestamp_ms =
      kNoTimestamp;  ///< Largest of its first batch: rolling by time counts from it.
  std::int64_t largest_timestamp_ms = kNoTimestamp;  ///< Retention by time looks at it.
  std::int64_t roll_after_ms = 0;                    ///< segment.ms less the segment's own jitter.
  std::vector<LogEntry> entries;
  storage::FileId index_file{};  ///< The .index, once the segment is closed and has one.
};

struct AppendResult {
  storage::Status status = storage::Status::ok;  ///< Else nothing was appended, and the directory has failed.
  sim::Duration held_back;  ///< Dirty-page throttling: the writing thread is held this much longer.
  bool rolled = false;      ///< A segment was closed: flush it in the background.
};

/// A contiguous piece of one segment's file, for the page cache to serve.
struct FileSlice {
  storage::FileId file{};
  std::int64_t position = 0;
  std::int64_t bytes = 0;
  /// What finding it touched of a closed segment's offset index: its last page (the upper levels of the binary search
  /// are shared by all look-ups, so they stay in memory). n = -1: nothing, as in the active segment's warm end.
  storage::FileId index_file{};
  std::int64_t index_position = 0;
};

struct ReadResult {
  std::vector<BatchId> batches;
  std::int64_t bytes = 0;
  FileSlice slice;
};

/// Segments that left a log: renamed to .deleted, to be unlinked after file.delete.delay.ms.
struct DeletedSegments {
  std::vector<std::string> files;  ///< With the suffix.
  std::int64_t segments = 0;
  std::int64_t bytes = 0;  ///< Of the .log files.
};

/// Some neighbouring segments, and what one new segment in their place will hold.
struct CleaningGroup {
  struct Source {
    std::int64_t base_offset = 0;
    storage::FileId file{};
    std::int64_t bytes = 0;
  };
  struct Copy {
    BatchId batch = 0;
    CleanedBatch left;       ///< Unless unchanged.
    std::int64_t bytes = 0;  ///< Of what is copied.
    bool unchanged = true;
  };
  std::vector<Source> sources;
  std::vector<Copy> batches;
  std::vector<history::OffsetRange> removed;
};
struct CleaningPlan {
  std::vector<CleaningGroup> groups;
  std::int64_t end = 0;         ///< The first dirty offset once it is carried out.
  std::int64_t read_bytes = 0;  ///< For the map, and for the copy.
};
struct CleaningResult {
  storage::Status status = storage::Status::ok;
  bool aborted = false;  ///< A source was truncated or deleted meanwhile; nothing has changed.
  DeletedSegments deleted;
  std::vector<history::OffsetRange> removed;
  sim::Duration held_back;
};

struct LoadReport {
  std::int64_t scanned_bytes = 0;  ///< Read and checked by recovery.
  std::int64_t dropped_bytes = 0;  ///< Cut away: the first invalid batch and everything after it.
  std::int64_t scanned_from = 0;   ///< First offset that was scanned.
  bool epochs_malformed =
      false;  ///< leader-epoch-checkpoint makes no sense: a broker takes the directory offline.
};

class Log {
 public:
  /// `directory` is "<topic>-<partition>". Nothing is read or written until load() or create().
  Log(storage::FileSystem& files, BatchStore& store, std::string directory, const LogConfig& config);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Writes what an unclean load has found anew: the indexes of closed segments from `scanned_from` on (their old ones went
  /// before the scan) and the producer snapshot at the end. An error leaves the rest unwritten.
  [[nodiscard]] storage::Status write_recovered(std::int64_t scanned_from);
  /// A snapshot of the producers at the log's end, as a clean close leaves it. Not synced.
  [[nodiscard]] storage::Status write_snapshot();
  /// Are there files of this log on the disk?
  [[nodiscard]] static bool exists(const storage::FileSystem& files, const std::string& directory);
  /// A new, empty log.
  void create(sim::SimTime now);
  /// Reads what the disk holds. `clean`: trust it. Otherwise scan from `recovery_point` and cut at the first
  /// invalid batch. `log_start`: by its checkpoint, 0 if that names none. Takes no time; the caller charges it for
  /// `scanned_bytes`.
  LoadReport load(bool clean, std::int64_t recovery_point, std::int64_t log_start, sim::SimTime now);

  // --- writing -------------------------------------------------------------------------------------------

  /// Appends a batch whose base_offset equals log_end() (of a compacted log: is not below it), rolling the segment first
  /// if it must.
  AppendResult append(BatchId batch, sim::SimTime now);
  /// Removes every record at or after `offset`, and the rest of a batch that it splits. An offset below log_start() leaves
  /// an empty log that begins there (UnifiedLog.truncateTo). Not made durable (kafka-behaviour.md 2.4).
  void truncate_to(std::int64_t offset, sim::SimTime now);
  /// fsyncs the segments that hold [recovery_point(), offset) and then moves the recovery point up to it.
  sim::Task<storage::Status> flush_to(std::int64_t offset);
  /// Starts `epoch` at the log's end if it is new. True: the caller writes epoch_text() durably.
  bool assign_epoch(std::int32_t epoch) { return epochs_.assign(epoch, log_end_); }

  // --- the beginning (log_retention.cpp; kafka-behaviour.md section 8.1) -----------------------------------

  /// Records below `offset` are not part of the log any more; their segments stay until delete_old_segments().
  /// False if it starts there already. `offset` at most log_end().
  bool move_log_start(std::int64_t offset);
  /// What retention takes at `now_ms` (wall clock, ms): the oldest segments below `high_watermark` that lie below the
  /// log start, or are too many or too old. If all go, an empty one is opened. Moves the log start.
  DeletedSegments delete_old_segments(const RetentionConfig& config, std::int64_t high_watermark,
                                      std::int64_t now_ms);
  /// Forgets everything and starts empty at `offset` (LocalLog.truncateFullyAndStartAt).
  DeletedSegments start_anew(std::int64_t offset);
  /// Unlinks what was deleted before, as far as it is still there.
  void unlink(const std::vector<std::string>& files);

  // --- compaction (log_cleaning.cpp, cleaner.h) -------------------------------------------------------------

  /// What is dirty at `now_ms` (wall clock, ms) below `stable_end`.
  [[nodiscard]] DirtyRange dirty(const CleanerSettings& settings, std::int64_t stable_end,
                                 std::int64_t now_ms) const;
  /// Which segments become which, by what the log holds now. Takes no time; the caller charges it for `read_bytes`.
  [[nodiscard]] CleaningPlan plan_cleaning(const DirtyRange& range, const CleanerSettings& settings,
                                           std::int64_t now_ms) const;
  /// Writes the new segment, syncs it, and exchanges it for its sources if they are still as they were.
  [[nodiscard]] sim::Task<CleaningResult> write_cleaned(CleaningGroup group);
  /// Below this offset the log has been cleaned (cleaner-offset-checkpoint).
  [[nodiscard]] std::int64_t cleaned_to() const { return cleaned_to_; }
  void set_cleaned_to(std::int64_t offset) { cleaned_to_ = offset; }

  // --- reading -------------------------------------------------------------------------------------------

  /// Whole batches from the one that holds `offset`, up to `max_bytes` (at least one if `at_least_one`) and
  /// below `upper_bound`, from one segment. Empty at the end. `offset` within [log_start, log_end].
  [[nodiscard]] ReadResult read(std::int64_t offset, std::int64_t max_bytes, std::int64_t upper_bound,
                                bool at_least_one) const;

  [[nodiscard]] std::int64_t log_end() const { return log_end_; }  ///< LEO
  [[nodiscard]] std::int64_t log_start() const { return log_start_; }
  [[nodiscard]] std::int64_t recovery_point() const { return recovery_point_; }
  [[nodiscard]] std::int64_t bytes() const;
  [[nodiscard]] const EpochCache& epochs() const { return epochs_; }
  [[nodiscard]] const ProducerState& producers() const { return producers_; }
  [[nodiscard]] ProducerState& producers() { return producers_; }
  [[nodiscard]] const std::vector<Segment>& segments() const { return segments_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] std::string epoch_file() const { return directory_ + "/leader-epoch-checkpoint"; }
  [[nodiscard]] const BatchStore& store() const { return store_; }

 private:
  [[nodiscard]] std::string segment_file(std::int64_t base_offset, const char* suffix) const;
  void open_segment(std::int64_t base_offset);
  void close_active();
  [[nodiscard]] bool must_roll(const StoredBatch& batch) const;
  [[nodiscard]] std::int64_t index_entries_max() const;
  [[nodiscard]] std::int64_t roll_after_ms(std::int64_t base_offset) const;
  static void note_time(Segment& segment, const BatchData& batch);
  void delete_first(std::size_t count, DeletedSegments& deleted);
  void mark_deleted(const Segment& segment, DeletedSegments& deleted);
  void remove_leftovers();
  void finish_swaps();
  [[nodiscard]] std::vector<CleanerSegment> cleaner_segments() const;
  void plan_segment(const Segment& segment, bool last, const OffsetMap& map, const CleanerSettings& settings,
                    std::int64_t now_ms, CleaningGroup& group) const;
  [[nodiscard]] std::optional<std::size_t> find_sources(const CleaningGroup& group) const;
  void count_index(Segment& segment, std::int64_t bytes);
  [[nodiscard]] std::size_t first_without_index() const;
  bool load_segment(Segment& segment, bool check, LoadReport& report);
  void drop_segments_from(std::size_t index);
  /// False: malformed.
  [[nodiscard]] bool load_epochs();
  void wipe_indexes(const Segment& segment);
  [[nodiscard]] storage::Status write_indexes(Segment& segment);
  [[nodiscard]] storage::Status write_side_file(const std::string& name, std::int64_t bytes);
  void rebuild_producers();

  storage::FileSystem& files_;
  BatchStore& store_;
  std::string directory_;
  LogConfig config_;
  std::vector<Segment> segments_;
  std::int64_t log_start_ = 0;
  std::int64_t log_end_ = 0;
  std::int64_t recovery_point_ = 0;
  std::int64_t cleaned_to_ = 0;
  EpochCache epochs_;
  ProducerState producers_;
};

}  // namespace brokersim::log
