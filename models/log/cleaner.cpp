#include "models/log/cleaner.h"

#include <algorithm>

#include "models/history/record_law.h"
#include "sim/check.h"

namespace brokersim::log {

DirtyRange dirty_range(const std::vector<CleanerSegment>& segments, std::int64_t cleaned_to,
                       std::int64_t log_start, std::int64_t stable_end, const CleanerSettings& settings,
                       std::int64_t now_ms) {
  SIM_CHECK(!segments.empty());
  DirtyRange range;
  const std::int64_t active = segments.back().base_offset;
  range.first_dirty = cleaned_to < log_start || cleaned_to > active ? log_start : cleaned_to;
  range.first_uncleanable = std::min(stable_end, active);
  if (settings.min_lag.ns > 0) {
    for (const CleanerSegment& segment : segments) {
      if (segment.base_offset < range.first_dirty) continue;
      if (segment.largest_timestamp_ms <= now_ms - settings.min_lag.ns / 1'000'000) continue;
      range.first_uncleanable = std::min(range.first_uncleanable, segment.base_offset);
      break;
    }
  }
  for (std::size_t i = 0; i + 1 < segments.size(); ++i) {
    const CleanerSegment& segment = segments[i];
    const std::int64_t end = segments[i + 1].base_offset;
    if (end <= range.first_dirty) {
      range.clean_bytes += segment.bytes;
    } else if (segment.base_offset < range.first_uncleanable) {
      range.dirty_bytes += segment.bytes;
      if (settings.max_lag != sim::Duration::max() && segment.bytes > 0)
        range.overdue =
            range.overdue || segment.first_timestamp_ms < now_ms - settings.max_lag.ns / 1'000'000;
    }
  }
  return range;
}

namespace {

/// Calls fn(position) for the records that are still in the batch.
template <class Function>
void for_each_record(const BatchStore& store, const StoredBatch& batch, Function fn) {
  if (batch.cleaned == 0) {
    for (std::int64_t i = 0; i < batch.data.records.count; ++i) fn(i);
  } else {
    for (const std::int32_t i : store.cleaned(batch.cleaned).kept) fn(std::int64_t{i});
  }
}

}  // namespace

bool OffsetMap::add(const BatchStore& store, const StoredBatch& batch, std::int64_t end) {
  const history::RecordRange& records = batch.data.records;
  const history::KeySpace& keys = store.keys_of(records.producer);
  if (keys.keys > 0 && batch.data.payload == 0) {
    if (static_cast<std::int64_t>(last_.size()) + records.count > keys_max_) return false;
    for_each_record(store, batch, [&](std::int64_t i) {
      if (batch.base_offset + i >= end) return;
      last_[history::key_of(keys, records.producer, records.partition, records.first + i)] =
          batch.base_offset + i;
    });
  }
  end_ = std::max(end_, std::min(batch.next_offset(), end));
  return true;
}

std::optional<std::int64_t> OffsetMap::last_of(std::int64_t key) const {
  const auto found = last_.find(key);
  if (found == last_.end()) return std::nullopt;
  return found->second;
}

std::int64_t cleaned_batch_bytes(const BatchStore& store, const StoredBatch& batch,
                                 const CleanedBatch& cleaned) {
  const BatchData& data = batch.data;
  const std::int64_t count = data.records.count;
  const std::int64_t payload = data.payload_bytes / std::max<std::int64_t>(count, 1);
  const history::RecordLaw* law = store.keys_of(data.records.producer).law.get();
  const auto time_ms = [&](std::int32_t i) {
    return record_time(data.first_time, data.last_time, count, i).ns / 1'000'000;
  };
  std::int64_t base_ms = cleaned.kept.empty() ? 0 : time_ms(cleaned.kept.front());
  // The horizon is wall-clock time, as the record's own stamp is: true time and the producer's error.
  if (cleaned.delete_horizon_ms >= 0) base_ms = cleaned.delete_horizon_ms - data.clock_error_ms;
  std::int64_t raw = kBatchHeaderBytes;
  for (const std::int32_t i : cleaned.kept) {
    // A negative delta takes as many bytes as the positive one below it (zigzag).
    const std::int64_t delta = time_ms(i) - base_ms;
    const std::int64_t size =
        law == nullptr ? payload
                       : law->size_of(data.records.producer, data.records.partition, data.records.first + i);
    raw += record_bytes(size, delta < 0 ? -delta - 1 : delta, i);
  }
  if (data.codec == compute::Codec::none) return raw;
  return cleaned.kept.empty()
             ? kBatchHeaderBytes
             : compressed_batch_bytes(compute::codec_model(data.codec, compute::kDefaultLevel,
                                                           std::int64_t{data.compressed_percent} * 10'000),
                                      raw);
}

BatchVerdict clean_batch(const BatchStore& store, const StoredBatch& batch, const OffsetMap& map,
                         sim::Duration delete_retention, std::int64_t now_ms) {
  const history::RecordRange& records = batch.data.records;
  const history::KeySpace& keys = store.keys_of(records.producer);
  BatchVerdict verdict;
  // The keys of interned contents are not known here; without its marker a transaction would be open again.
  if (batch.data.payload != 0 || batch.data.is_marker()) {
    verdict.bytes = batch.data.bytes;
    return verdict;
  }
  std::int64_t horizon = batch.cleaned == 0 ? -1 : store.cleaned(batch.cleaned).delete_horizon_ms;
  bool tombstones = false;
  for_each_record(store, batch, [&](std::int64_t i) {
    const std::int64_t offset = batch.base_offset + i;
    bool keep = true;
    if (offset < map.end()) {
      if (keys.keys == 0) {
        keep = false;  // without a key nothing says what it supersedes
      } else {
        const auto last =
            map.last_of(history::key_of(keys, records.producer, records.partition, records.first + i));
        const bool tombstone =
            history::is_tombstone(keys, records.producer, records.partition, records.first + i);
        keep = !last || offset >= *last;
        if (keep && tombstone) keep = horizon < 0 || now_ms < horizon;
        tombstones = tombstones || (keep && tombstone);
      }
    }
    if (keep) {
      verdict.left.kept.push_back(static_cast<std::int32_t>(i));
      return;
    }
    verdict.unchanged = false;
    if (!verdict.removed.empty() && verdict.removed.back().end == offset) {
      ++verdict.removed.back().end;
    } else {
      verdict.removed.push_back({offset, offset + 1});
    }
  });
  if (tombstones && horizon < 0) {
    horizon = now_ms + delete_retention.ns / 1'000'000;
    verdict.unchanged = false;
  }
  verdict.left.delete_horizon_ms = horizon;
  verdict.bytes = verdict.unchanged ? batch.data.bytes : cleaned_batch_bytes(store, batch, verdict.left);
  return verdict;
}

}  // namespace brokersim::log
