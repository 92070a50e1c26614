// The beginning of a log: what retention and DeleteRecords take away.
#include <algorithm>

#include "models/log/log.h"
#include "sim/check.h"

namespace brokersim::log {

bool Log::move_log_start(std::int64_t offset) {
  SIM_CHECK(offset <= log_end_, directory_ + ": log start beyond the end");
  if (offset <= log_start_) return false;
  log_start_ = offset;
  epochs_.truncate_from_start(offset);
  return true;
}

DeletedSegments Log::delete_old_segments(const RetentionConfig& config, std::int64_t high_watermark,
                                         std::int64_t now_ms) {
  std::vector<SegmentFacts> facts;
  facts.reserve(segments_.size());
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    const std::int64_t end = i + 1 < segments_.size() ? segments_[i + 1].base_offset : log_end_;
    facts.push_back({segment.base_offset, end, segment.bytes, segment.largest_timestamp_ms});
  }
  DeletedSegments deleted;
  const std::size_t count = count_deletable(facts, config, high_watermark, log_start_, now_ms);
  if (count == 0) return deleted;
  if (count == segments_.size()) {
    close_active();
    open_segment(log_end_);
  }
  delete_first(count, deleted);
  move_log_start(segments_.front().base_offset);
  return deleted;
}

void Log::mark_deleted(const Segment& segment, DeletedSegments& deleted) {
  for (const char* suffix : {".log", ".index", ".timeindex", ".snapshot"}) {
    const std::string name = segment_file(segment.base_offset, suffix);
    if (!files_.find(name)) continue;
    files_.rename(name, name + kDeletedSuffix);
    deleted.files.push_back(name + kDeletedSuffix);
  }
  ++deleted.segments;
  deleted.bytes += segment.bytes;
}

void Log::delete_first(std::size_t count, DeletedSegments& deleted) {
  for (std::size_t i = 0; i < count; ++i) mark_deleted(segments_[i], deleted);
  segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(count));
  recovery_point_ = std::max(recovery_point_, segments_.front().base_offset);
}

DeletedSegments Log::start_anew(std::int64_t offset) {
  DeletedSegments deleted;
  for (const Segment& segment : segments_) mark_deleted(segment, deleted);
  segments_.clear();
  open_segment(offset);
  log_start_ = offset;
  log_end_ = offset;
  recovery_point_ = offset;
  epochs_ = EpochCache();
  producers_.clear();
  return deleted;
}

void Log::unlink(const std::vector<std::string>& files) {
  for (const std::string& name : files) {
    if (files_.find(name)) files_.remove(name);
  }
}

/// What an earlier process had deleted but not yet unlinked.
void Log::remove_leftovers() {
  for (const std::string& name : files_.list(directory_ + "/")) {
    if (name.ends_with(kDeletedSuffix) || name.ends_with(".cleaned")) files_.remove(name);
  }
  finish_swaps();
}

}  // namespace brokersim::log
