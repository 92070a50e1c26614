// Compaction of one log: the plan, and the exchange of segments (Cleaner.cleanSegments, LocalLog.replaceSegments).
#include <algorithm>

#include "models/log/checkpoint.h"
#include "models/log/log.h"
#include "sim/check.h"

namespace brokersim::log {

std::vector<CleanerSegment> Log::cleaner_segments() const {
  std::vector<CleanerSegment> all;
  all.reserve(segments_.size());
  for (const Segment& segment : segments_)
    all.push_back(
        {segment.base_offset, segment.bytes, segment.first_timestamp_ms, segment.largest_timestamp_ms});
  return all;
}

DirtyRange Log::dirty(const CleanerSettings& settings, std::int64_t stable_end, std::int64_t now_ms) const {
  return dirty_range(cleaner_segments(), cleaned_to_, log_start_, stable_end, settings, now_ms);
}

CleaningPlan Log::plan_cleaning(const DirtyRange& range, const CleanerSettings& settings,
                                std::int64_t now_ms) const {
  CleaningPlan plan;
  OffsetMap map(settings.keys_max);
  bool room = true;
  for (const Segment& segment : segments_) {
    if (!room || segment.base_offset >= range.first_uncleanable) break;
    if (segment.entries.empty() || store_.next_offset(segment.entries.back().batch) <= range.first_dirty)
      continue;
    plan.read_bytes += segment.bytes;
    for (const LogEntry& entry : segment.entries) {
      if (store_.base_offset(entry.batch) >= range.first_uncleanable) break;
      if (store_.next_offset(entry.batch) <= range.first_dirty) continue;
      if (producers_.is_aborted(store_[entry.batch])) continue;
      room = map.add(store_, store_[entry.batch], range.first_uncleanable);
      if (!room) break;
    }
  }
  plan.end = room ? range.first_uncleanable : std::max(map.end(), range.first_dirty);
  if (map.keys() == 0) return plan;
  std::size_t first = 0;
  while (first + 1 < segments_.size() && segments_[first].base_offset < plan.end) {
    CleaningGroup group;
    std::int64_t bytes = 0;
    std::size_t next = first;
    while (next + 1 < segments_.size() && segments_[next].base_offset < plan.end) {
      const Segment& segment = segments_[next];
      const std::int64_t span = segments_[next + 1].base_offset - segments_[first].base_offset;
      const bool fits = bytes + segment.bytes <= config_.segment_bytes.n &&
                        span <= std::numeric_limits<std::int32_t>::max();
      if (next > first && !fits) break;
      bytes += segment.bytes;
      group.sources.push_back({segment.base_offset, segment.file, segment.bytes});
      ++next;
    }
    plan.read_bytes += bytes;
    const bool last_group = next + 1 >= segments_.size() || segments_[next].base_offset >= plan.end;
    for (std::size_t i = first; i < next; ++i)
      plan_segment(segments_[i], last_group && i + 1 == next, map, settings, now_ms, group);
    plan.groups.push_back(std::move(group));
    first = next;
  }
  return plan;
}

void Log::plan_segment(const Segment& segment, bool last, const OffsetMap& map,
                       const CleanerSettings& settings, std::int64_t now_ms, CleaningGroup& group) const {
  for (const LogEntry& entry : segment.entries) {
    const StoredBatch batch = store_[entry.batch];
    BatchVerdict verdict = clean_batch(store_, batch, map, settings.delete_retention, now_ms);
    group.removed.insert(group.removed.end(), verdict.removed.begin(), verdict.removed.end());
    if (verdict.unchanged) {
      group.batches.push_back({entry.batch, {}, batch.data.bytes, true});
      continue;
    }
    if (verdict.left.kept.empty()) {
      const bool ends_round = last && &entry == &segment.entries.back();
      if (!ends_round && !producers_.is_latest(batch)) continue;
    }
    group.batches.push_back({entry.batch, std::move(verdict.left), verdict.bytes, false});
  }
}

/// The group's segments as they lie in the log, nothing if one of them has changed or gone meanwhile.
std::optional<std::size_t> Log::find_sources(const CleaningGroup& group) const {
  for (std::size_t i = 0; i + group.sources.size() < segments_.size(); ++i) {
    if (segments_[i].file != group.sources.front().file) continue;
    for (std::size_t n = 0; n < group.sources.size(); ++n) {
      const Segment& segment = segments_[i + n];
      if (segment.file != group.sources[n].file || segment.bytes != group.sources[n].bytes)
        return std::nullopt;
    }
    return i;
  }
  return std::nullopt;
}

sim::Task<CleaningResult> Log::write_cleaned(CleaningGroup group) {
  CleaningResult result;
  const std::int64_t base = group.sources.front().base_offset;
  const std::string name = segment_file(base, ".log");
  const std::string cleaned = name + ".cleaned";
  Segment segment;
  segment.base_offset = base;
  segment.roll_after_ms = roll_after_ms(base);
  if (files_.find(cleaned)) files_.remove(cleaned);
  segment.file = files_.create(cleaned);
  for (CleaningGroup::Copy& copy : group.batches) {
    BatchId id = copy.batch;
    StoredBatch batch = store_[id];
    if (!copy.unchanged) {
      batch.data.bytes = static_cast<std::int32_t>(copy.bytes);
      id = store_.add_cleaned(batch, std::move(copy.left));
    }
    const storage::WriteResult written = files_.write(segment.file, {copy.bytes}, tag_of(id));
    result.held_back = std::max(result.held_back, written.held_back);
    if (written.status != storage::Status::ok) {
      result.status = written.status;
      co_return result;
    }
    count_index(segment, copy.bytes);
    note_time(segment, batch.data);
    segment.entries.push_back({id, static_cast<std::uint32_t>(segment.bytes)});
    segment.bytes += copy.bytes;
  }
  result.status = co_await files_.sync(segment.file);
  if (result.status != storage::Status::ok) co_return result;
  const auto at = find_sources(group);
  if (!at) {
    // Truncated or deleted meanwhile: the pass is given up (LogCleaningAbortedException).
    files_.remove(cleaned);
    result.aborted = true;
    co_return result;
  }
  files_.rename(cleaned, name + ".swap");
  const auto first = segments_.begin() + static_cast<std::ptrdiff_t>(*at);
  for (std::size_t i = 0; i < group.sources.size(); ++i) mark_deleted(segments_[*at + i], result.deleted);
  files_.rename(name + ".swap", name);
  *first = std::move(segment);
  segments_.erase(first + 1, first + static_cast<std::ptrdiff_t>(group.sources.size()));
  result.status = write_indexes(segments_[*at]);
  result.removed = std::move(group.removed);
  co_return result;
}

/// Swap files that a crash left behind take the place of the segments they were made from (LogLoader.completeSwap).
void Log::finish_swaps() {
  for (const std::string& swap : files_.list(directory_ + "/")) {
    if (!swap.ends_with(".log.swap")) continue;
    const std::string name = swap.substr(0, swap.size() - 5);
    std::int64_t end = -1;
    for (const storage::Extent& extent : files_.extents(*files_.find(swap), {0})) {
      if (extent.tag == storage::kNoTag || batch_of(extent.tag) >= store_.size()) break;
      end = store_.next_offset(batch_of(extent.tag));
    }
    for (const std::string& other : files_.list(directory_ + "/")) {
      if (!other.ends_with(".log") || other < name) continue;
      const auto base = parse_int(other.substr(directory_.size() + 1, 20));
      if (base && *base < end) files_.remove(other);
    }
    files_.rename(swap, name);
  }
}

}  // namespace brokersim::log
