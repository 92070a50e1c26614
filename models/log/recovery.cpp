// Loading a log from what the disk holds (LogLoader.load, LogSegment.recover; kafka-behaviour.md section 2.5).
#include <algorithm>

#include "models/log/checkpoint.h"
#include "models/log/log.h"
#include "sim/check.h"

namespace brokersim::log {

LoadReport Log::load(bool clean, std::int64_t recovery_point, std::int64_t log_start, sim::SimTime now) {
  SIM_CHECK(segments_.empty());
  remove_leftovers();
  LoadReport report;
  for (const auto& name : files_.list(directory_ + "/")) {
    if (!name.ends_with(".log")) continue;
    const auto base = parse_int(name.substr(directory_.size() + 1, 20));
    SIM_CHECK(base.has_value(), name);
    Segment segment;
    segment.base_offset = *base;
    segment.file = *files_.open(name);
    segment.roll_after_ms = roll_after_ms(*base);
    segments_.push_back(std::move(segment));
  }
  if (segments_.empty()) open_segment(log_start);
  log_start_ = segments_.front().base_offset;
  log_end_ = log_start_;
  report.epochs_malformed = !load_epochs();
  // Unclean: check from the segment that holds the recovery point.
  std::size_t first_checked = segments_.size();
  if (!clean) {
    const auto above = std::upper_bound(segments_.begin(), segments_.end(), recovery_point,
                                        [](std::int64_t o, const Segment& s) { return o < s.base_offset; });
    first_checked = above == segments_.begin() ? 0 : static_cast<std::size_t>(above - segments_.begin()) - 1;
  }
  report.scanned_from = first_checked < segments_.size() ? segments_[first_checked].base_offset : -1;
  std::size_t keep = segments_.size();
  for (std::size_t i = first_checked; i < segments_.size(); ++i) wipe_indexes(segments_[i]);
  if (clean && config_.trusts_missing_index) keep = std::min(keep, first_without_index());
  for (std::size_t i = 0; i < keep; ++i) {
    // A crash may keep a later file and lose the end of an earlier one: the log ends before the gap. Simplified:
    // LogLoader.recoverLog itself does not compare a segment's end with the next one's base, and would keep what lies
    // behind (kafka-behaviour.md 2.4 has it a prefix). Compaction leaves such gaps by right, so there they stay unseen.
    if (i > 0 && segments_[i].base_offset != log_end_ && !config_.compacted) {
      keep = i;
    } else if (!load_segment(segments_[i], i >= first_checked, report)) {
      keep = i + 1;
    }
  }
  for (std::size_t gone = keep; gone < segments_.size(); ++gone) {
    report.dropped_bytes += files_.size(segments_[gone].file).n;
  }
  drop_segments_from(keep);
  if (segments_.empty()) open_segment(log_end_);
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (const auto index = files_.find(segment_file(segments_[i].base_offset, ".index")))
      segments_[i].index_file = *index;
  }
  if (log_end_ < log_start) {
    // What is left ends before the log begins (LogLoader): nothing of it counts.
    drop_segments_from(0);
    open_segment(log_start);
    log_end_ = log_start;
  }
  log_start_ = std::max(log_start_, log_start);
  recovery_point_ = clean ? log_end_ : std::min(recovery_point, log_end_);
  epochs_.truncate_from_end(log_end_ + 1);
  epochs_.truncate_from_start(log_start);  // by the checkpoint, not by the first segment (LogLoader.load)
  rebuild_producers();
  static_cast<void>(now);
  return report;
}

/// Fills `segment` with its valid batches. False: it ended early and everything after it must go.
bool Log::load_segment(Segment& segment, bool check, LoadReport& report) {
  const std::int64_t size = files_.size(segment.file).n;
  std::int64_t position = 0;
  std::int64_t next_offset = std::max(log_end_, segment.base_offset);
  for (const auto& extent : files_.extents(segment.file, {0})) {
    const bool whole = extent.offset.n == position &&
                       (extent.intact || !check || config_.recovery_skips_crc) &&
                       extent.tag != storage::kNoTag && batch_of(extent.tag) < store_.size();
    if (!whole && check && !extent.intact) files_.note_scanned(segment.file, extent.offset, extent.length);
    if (!whole) break;
    const auto id = batch_of(extent.tag);
    const StoredBatch batch = store_[id];
    // An extent shorter than its batch is a batch cut by the file's end: its length field says so.
    if (extent.length.n != batch.data.bytes) break;
    if (batch.base_offset < next_offset) break;  // an old batch shows through behind a lost truncation
    count_index(segment, batch.data.bytes);
    note_time(segment, batch.data);
    segment.entries.push_back({id, static_cast<std::uint32_t>(position)});
    position += batch.data.bytes;
    next_offset = batch.next_offset();
    if (check) epochs_.assign(batch.leader_epoch, batch.base_offset);
  }
  segment.bytes = position;
  log_end_ = std::max(log_end_, next_offset);
  if (check) report.scanned_bytes += position;
  if (position == size) return true;
  report.dropped_bytes += size - position;
  files_.truncate(segment.file, {position});
  return false;
}

bool Log::load_epochs() {
  const auto text = files_.read_whole(epoch_file());
  if (!text) return true;
  if (text->empty()) return !config_.refuses_empty_epochs;  // CheckpointFile.read: no lines, no entries
  auto cache = EpochCache::parse(*text);
  if (!cache) return false;
  epochs_ = std::move(*cache);
  if (config_.epoch_checkpoint_loses_entry) epochs_.forget_last_but_one();
  return true;
}

void Log::wipe_indexes(const Segment& segment) {
  for (const char* suffix : {".index", ".timeindex"}) {
    const std::string name = segment_file(segment.base_offset, suffix);
    if (files_.find(name)) files_.remove(name);
  }
}

storage::Status Log::write_recovered(std::int64_t scanned_from) {
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (segments_[i].base_offset < scanned_from) continue;
    const storage::Status status = write_indexes(segments_[i]);
    if (status != storage::Status::ok) return status;
  }
  return write_snapshot();
}

/// The first segment, but for the last, that has no index file; how many there are if all have.
std::size_t Log::first_without_index() const {
  for (std::size_t i = 0; i + 1 < segments_.size(); ++i) {
    if (!files_.find(segment_file(segments_[i].base_offset, ".timeindex"))) return i;
  }
  return segments_.size();
}

/// From the newest snapshot on that the log reaches, as ProducerStateManager.truncateAndReload has it: a snapshot knows one
/// batch of each producer, what is read after it up to five. Simplified: the snapshot's content is what the batches before
/// it say, so a producer whose records have all gone is forgotten.
void Log::rebuild_producers() {
  producers_.clear();
  std::int64_t snapshot = -1;
  for (const std::string& name : files_.list(directory_ + "/")) {
    if (!name.ends_with(".snapshot")) continue;
    const auto offset = parse_int(name.substr(directory_.size() + 1, 20));
    if (offset && *offset <= log_end_) snapshot = std::max(snapshot, *offset);
  }
  bool loaded = false;
  for (const auto& segment : segments_) {
    for (const auto& entry : segment.entries) {
      if (!loaded && store_.base_offset(entry.batch) >= snapshot) {
        producers_.keep_latest();
        loaded = true;
      }
      producers_.note(store_[entry.batch]);
    }
  }
  if (!loaded && snapshot >= 0) producers_.keep_latest();
}

}  // namespace brokersim::log
