#include "models/log/log.h"

#include <algorithm>

#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::log {

namespace {

/// Offset index entries are 8 bytes, time index entries 12 (kafka-behaviour.md section 2.2).
constexpr std::int64_t kOffsetIndexEntry = 8;
constexpr std::int64_t kTimeIndexEntry = 12;
/// A producer snapshot: 10 bytes of header, 46 per producer (models/log/format/side_files.cpp makes real ones).
constexpr std::int64_t kSnapshotHeader = 10;
constexpr std::int64_t kSnapshotEntry = 46;

std::string twenty_digits(std::int64_t offset) {
  std::string digits = std::to_string(offset);
  return std::string(20 - digits.size(), '0') + digits;
}

}  // namespace

Log::Log(storage::FileSystem& files, BatchStore& store, std::string directory, const LogConfig& config)
    : files_(files), store_(store), directory_(std::move(directory)), config_(config) {}

std::string Log::segment_file(std::int64_t base_offset, const char* suffix) const {
  return directory_ + "/" + twenty_digits(base_offset) + suffix;
}

bool Log::exists(const storage::FileSystem& files, const std::string& directory) {
  for (const auto& name : files.list(directory + "/")) {
    if (name.ends_with(".log")) return true;
  }
  return false;
}

void Log::create(sim::SimTime) {
  SIM_CHECK(segments_.empty());
  open_segment(0);
}

void Log::open_segment(std::int64_t base_offset) {
  Segment segment;
  segment.base_offset = base_offset;
  segment.file = files_.create(segment_file(base_offset, ".log"));
  segment.roll_after_ms = roll_after_ms(base_offset);
  segments_.push_back(std::move(segment));
}

/// Both index files have room for a whole number of entries; the last of the time index is kept for the roll.
std::int64_t Log::index_entries_max() const {
  return std::min(config_.segment_index_bytes.n / kOffsetIndexEntry,
                  std::max<std::int64_t>(config_.segment_index_bytes.n / kTimeIndexEntry - 1, 1));
}

/// LogSegment.shouldRoll (kafka-behaviour.md section 2.3), before `batch` is appended.
bool Log::must_roll(const StoredBatch& batch) const {
  const Segment& active = segments_.back();
  if (active.bytes > config_.segment_bytes.n - batch.data.bytes) return active.bytes > 0;
  if (active.index_entries >= index_entries_max()) return true;
  if (active.bytes > 0 && batch.data.timestamp_ms() - active.first_timestamp_ms > active.roll_after_ms)
    return true;
  return batch.next_offset() - 1 - active.base_offset > std::numeric_limits<std::int32_t>::max();
}

/// segment.ms less a share of segment.jitter.ms drawn for this segment (LogConfig.randomSegmentJitter).
std::int64_t Log::roll_after_ms(std::int64_t base_offset) const {
  constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();
  if (config_.segment_ms == sim::Duration::max()) return never;
  const std::int64_t after = config_.segment_ms.ns / 1'000'000;
  const std::int64_t jitter = std::min(config_.segment_jitter.ns / 1'000'000, after);
  if (jitter <= 0) return after;
  const sim::Stream draws = files_.stream("segment.jitter").child(sim::hash_name(directory_));
  return after - static_cast<std::int64_t>(draws.below(static_cast<std::uint64_t>(base_offset),
                                                       static_cast<std::uint64_t>(jitter)));
}

void Log::note_time(Segment& segment, const BatchData& batch) {
  const std::int64_t time = batch.timestamp_ms();
  if (segment.first_timestamp_ms == kNoTimestamp) segment.first_timestamp_ms = time;
  segment.largest_timestamp_ms = std::max(segment.largest_timestamp_ms, time);
}

void Log::count_index(Segment& segment, std::int64_t bytes) {
  if (segment.bytes_since_index > config_.index_interval_bytes.n) {
    ++segment.index_entries;
    segment.bytes_since_index = 0;
  }
  segment.bytes_since_index += bytes;
}

storage::Status Log::write_side_file(const std::string& name, std::int64_t bytes) {
  if (bytes <= 0) return storage::Status::ok;
  if (files_.find(name)) files_.remove(name);
  return files_.write(files_.create(name), {bytes}, storage::kNoTag).status;
}

/// The maps are trimmed to their entries; the time index gets its final entry.
storage::Status Log::write_indexes(Segment& segment) {
  const std::string index = segment_file(segment.base_offset, ".index");
  const storage::Status first = write_side_file(index, segment.index_entries * kOffsetIndexEntry);
  if (first != storage::Status::ok) return first;
  if (segment.index_entries > 0) segment.index_file = *files_.find(index);
  return write_side_file(segment_file(segment.base_offset, ".timeindex"),
                         (segment.index_entries + 1) * kTimeIndexEntry);
}

/// A snapshot of the producers at the log's end, not synced.
storage::Status Log::write_snapshot() {
  return write_side_file(
      segment_file(log_end_, ".snapshot"),
      kSnapshotHeader + static_cast<std::int64_t>(producers_.producers()) * kSnapshotEntry);
}

void Log::close_active() {
  static_cast<void>(write_indexes(segments_.back()));
  static_cast<void>(write_snapshot());
}

AppendResult Log::append(BatchId id, sim::SimTime) {
  const StoredBatch batch = store_[id];
  SIM_CHECK(batch.base_offset == log_end_ || (config_.compacted && batch.base_offset > log_end_),
            directory_ + ": batch at " + std::to_string(batch.base_offset) + ", log ends at " +
                std::to_string(log_end_));
  AppendResult result;
  if (must_roll(batch)) {
    close_active();
    open_segment(std::max(log_end_, batch.base_offset));
    result.rolled = true;
  }
  Segment& active = segments_.back();
  const storage::WriteResult written = files_.write(active.file, {batch.data.bytes}, tag_of(id));
  result.status = written.status;
  result.held_back = written.held_back;
  // What a short write left behind is for recovery to cut: an error here is the end of the directory.
  if (written.status != storage::Status::ok) return result;
  count_index(active, batch.data.bytes);
  note_time(active, batch.data);
  active.entries.push_back({id, static_cast<std::uint32_t>(active.bytes)});
  active.bytes += batch.data.bytes;
  log_end_ = batch.next_offset();
  epochs_.assign(batch.leader_epoch, batch.base_offset);
  producers_.note(batch);
  return result;
}

void Log::drop_segments_from(std::size_t index) {
  for (std::size_t i = index; i < segments_.size(); ++i) {
    for (const char* suffix : {".log", ".index", ".timeindex"}) {
      const std::string name = segment_file(segments_[i].base_offset, suffix);
      if (files_.find(name)) files_.remove(name);
    }
  }
  segments_.resize(index);
}

void Log::truncate_to(std::int64_t offset, sim::SimTime) {
  SIM_CHECK(offset >= 0);
  if (offset < log_end_) {
    std::size_t keep = segments_.size();
    while (keep > 0 && segments_[keep - 1].base_offset > offset) --keep;
    if (keep == 0) {
      drop_segments_from(0);
      open_segment(offset);
    } else {
      drop_segments_from(keep);
      Segment& active = segments_.back();
      active.index_file = {};  // it is the active one again
      while (!active.entries.empty() && store_.base_offset(active.entries.back().batch) >= offset) {
        active.bytes = active.entries.back().position;
        active.entries.pop_back();
      }
      // An offset inside a batch takes the whole batch (LogSegment.truncateTo).
      if (!active.entries.empty() && store_.next_offset(active.entries.back().batch) > offset) {
        offset = store_.base_offset(active.entries.back().batch);
        active.bytes = active.entries.back().position;
        active.entries.pop_back();
      }
      active.index_entries = std::min(
          active.index_entries, active.bytes / std::max<std::int64_t>(config_.index_interval_bytes.n, 1));
      active.bytes_since_index = 0;
      active.first_timestamp_ms = kNoTimestamp;
      active.largest_timestamp_ms = kNoTimestamp;
      for (const LogEntry& entry : active.entries) note_time(active, store_[entry.batch].data);
      // A file that a fault has shortened may be shorter already; FileChannel.truncate does nothing then.
      if (active.bytes < files_.size(active.file).n) files_.truncate(active.file, {active.bytes});
    }
    log_end_ = offset;
    log_start_ = std::min(log_start_, offset);
    recovery_point_ = std::min(recovery_point_, offset);
    cleaned_to_ = std::min(cleaned_to_, offset);
    rebuild_producers();
  }
  epochs_.truncate_from_end(offset);  // also when nothing was cut (KAFKA-10706)
}

sim::Task<storage::Status> Log::flush_to(std::int64_t offset) {
  // Segments may be dropped while we wait: work from their base offsets.
  std::int64_t next = recovery_point_;
  while (next < offset) {
    const auto above = std::upper_bound(segments_.begin(), segments_.end(), next,
                                        [](std::int64_t o, const Segment& s) { return o < s.base_offset; });
    if (above == segments_.begin()) break;
    const storage::FileId file = std::prev(above)->file;
    const std::int64_t end = above == segments_.end() ? offset : above->base_offset;
    const storage::Status status = co_await files_.sync(file);
    if (status != storage::Status::ok) co_return status;
    next = std::max(next + 1, end);
  }
  recovery_point_ = std::max(recovery_point_, std::min(offset, log_end_));
  co_return storage::Status::ok;
}

ReadResult Log::read(std::int64_t offset, std::int64_t max_bytes, std::int64_t upper_bound,
                     bool at_least_one) const {
  ReadResult result;
  if (offset >= log_end_ || offset >= upper_bound) return result;
  std::size_t index = segments_.size() - 1;  // reads are mostly at the tail
  if (segments_[index].base_offset > offset) {
    const auto above = std::upper_bound(segments_.begin(), segments_.end(), offset,
                                        [](std::int64_t o, const Segment& s) { return o < s.base_offset; });
    SIM_CHECK(above != segments_.begin(), directory_ + ": read below the first segment");
    index = static_cast<std::size_t>(above - segments_.begin()) - 1;
  }
  // The last batch of a segment may end right at `offset`: go on in the next one.
  for (; index < segments_.size() && result.batches.empty(); ++index) {
    const Segment& segment = segments_[index];
    const auto& entries = segment.entries;
    auto entry = entries.end();
    for (int steps = 0; steps < 8 && entry != entries.begin(); ++steps) {
      if (store_.next_offset(std::prev(entry)->batch) <= offset) break;
      --entry;
    }
    if (entry != entries.begin() && store_.next_offset(std::prev(entry)->batch) > offset) {
      entry = std::partition_point(entries.begin(), entry, [this, offset](const LogEntry& e) {
        return store_.next_offset(e.batch) <= offset;
      });
    }
    if (entry == entries.end()) continue;
    const std::int64_t entry_position = entry->position;
    result.slice = {segment.file, entry_position, 0, {}, 0};
    for (; entry != entries.end(); ++entry) {
      const std::int64_t bytes = store_.bytes(entry->batch);
      if (store_.next_offset(entry->batch) > upper_bound) break;
      if (result.bytes + bytes > max_bytes && !(at_least_one && result.batches.empty())) break;
      result.batches.push_back(entry->batch);
      result.bytes += bytes;
    }
    result.slice.bytes = result.bytes;
    if (segment.index_file.n >= 0) {
      constexpr std::int64_t block = storage::PageCache::kBlock;
      const std::int64_t index_bytes = segment.index_entries * kOffsetIndexEntry;
      const auto at =
          static_cast<std::int64_t>(static_cast<__int128>(index_bytes) * entry_position / segment.bytes);
      result.slice.index_file = segment.index_file;
      result.slice.index_position = at / block * block;
    }
    break;
  }
  return result;
}

std::int64_t Log::bytes() const {
  std::int64_t total = 0;
  for (const auto& segment : segments_) total += segment.bytes;
  return total;
}

}  // namespace brokersim::log
