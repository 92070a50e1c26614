#include "models/log/format/side_files.h"

#include "models/log/format/bytes.h"
#include "models/log/format/crc32c.h"

namespace brokersim::log::format {
namespace {

constexpr std::int16_t kSnapshotVersion = 1;
constexpr std::size_t kSnapshotChecksummedFrom = 6;
constexpr std::size_t kSnapshotEntryBytes = 46;

}  // namespace

std::string encode(const std::vector<OffsetEntry>& entries) {
  std::string bytes;
  ByteWriter out(bytes);
  for (const OffsetEntry& entry : entries) {
    out.i32(entry.relative_offset);
    out.i32(entry.position);
  }
  return bytes;
}

std::string encode(const std::vector<TimeEntry>& entries) {
  std::string bytes;
  ByteWriter out(bytes);
  for (const TimeEntry& entry : entries) {
    out.i64(entry.timestamp);
    out.i32(entry.relative_offset);
  }
  return bytes;
}

std::string encode(const std::vector<AbortedEntry>& entries) {
  std::string bytes;
  ByteWriter out(bytes);
  for (const AbortedEntry& entry : entries) {
    out.i16(0);
    out.i64(entry.producer_id);
    out.i64(entry.first_offset);
    out.i64(entry.last_offset);
    out.i64(entry.last_stable_offset);
  }
  return bytes;
}

std::vector<OffsetEntry> parse_offset_index(std::string_view bytes) {
  std::vector<OffsetEntry> entries;
  ByteReader in(bytes);
  while (in.left() >= static_cast<std::size_t>(kOffsetEntryBytes)) {
    OffsetEntry entry;
    entry.relative_offset = in.i32();
    entry.position = in.i32();
    entries.push_back(entry);
  }
  while (!entries.empty() && entries.back() == OffsetEntry{}) entries.pop_back();
  return entries;
}

std::vector<TimeEntry> parse_time_index(std::string_view bytes) {
  std::vector<TimeEntry> entries;
  ByteReader in(bytes);
  while (in.left() >= static_cast<std::size_t>(kTimeEntryBytes)) {
    TimeEntry entry;
    entry.timestamp = in.i64();
    entry.relative_offset = in.i32();
    entries.push_back(entry);
  }
  while (!entries.empty() && entries.back() == TimeEntry{}) entries.pop_back();
  return entries;
}

std::optional<std::vector<AbortedEntry>> parse_aborted_index(std::string_view bytes) {
  std::vector<AbortedEntry> entries;
  ByteReader in(bytes);
  while (in.left() > 0) {
    const std::int16_t version = in.i16();
    AbortedEntry entry;
    entry.producer_id = in.i64();
    entry.first_offset = in.i64();
    entry.last_offset = in.i64();
    entry.last_stable_offset = in.i64();
    if (!in.ok() || version != 0) return std::nullopt;
    entries.push_back(entry);
  }
  return entries;
}

std::string encode_snapshot(const std::vector<ProducerEntry>& producers) {
  std::string bytes;
  ByteWriter out(bytes);
  out.i16(kSnapshotVersion);
  out.i32(0);
  out.i32(static_cast<std::int64_t>(producers.size()));
  for (const ProducerEntry& producer : producers) {
    out.i64(producer.producer_id);
    out.i16(producer.epoch);
    out.i32(producer.last_sequence);
    out.i64(producer.last_offset);
    out.i32(producer.offset_delta);
    out.i64(producer.timestamp);
    out.i32(producer.coordinator_epoch);
    out.i64(producer.transaction_first_offset);
  }
  patch_i32(bytes, 2, crc32c(std::string_view(bytes).substr(kSnapshotChecksummedFrom)));
  return bytes;
}

std::optional<std::vector<ProducerEntry>> parse_snapshot(std::string_view bytes) {
  ByteReader in(bytes);
  const std::int16_t version = in.i16();
  const std::uint32_t crc = in.u32();
  if (!in.ok() || version != kSnapshotVersion) return std::nullopt;
  if (crc != crc32c(bytes.substr(kSnapshotChecksummedFrom))) return std::nullopt;
  const std::int32_t count = in.i32();
  if (!in.ok() || count < 0 || in.left() != static_cast<std::size_t>(count) * kSnapshotEntryBytes) {
    return std::nullopt;
  }
  std::vector<ProducerEntry> producers;
  for (std::int32_t i = 0; i < count; ++i) {
    ProducerEntry producer;
    producer.producer_id = in.i64();
    producer.epoch = in.i16();
    producer.last_sequence = in.i32();
    producer.last_offset = in.i64();
    producer.offset_delta = in.i32();
    producer.timestamp = in.i64();
    producer.coordinator_epoch = in.i32();
    producer.transaction_first_offset = in.i64();
    producers.push_back(producer);
  }
  return producers;
}

void IndexBuilder::add(std::int64_t position, std::int64_t bytes, std::int64_t last_offset,
                       std::int64_t max_timestamp, std::int64_t timestamp_offset) {
  if (max_timestamp > max_timestamp_) {
    max_timestamp_ = max_timestamp;
    timestamp_offset_ = timestamp_offset;
  }
  if (since_last_ > interval_bytes_) {
    offsets_.push_back(
        {static_cast<std::int32_t>(last_offset - base_offset_), static_cast<std::int32_t>(position)});
    add_time();
    since_last_ = 0;
  }
  since_last_ += bytes;
}

void IndexBuilder::close() { add_time(); }

/// An entry must be newer than the one before; otherwise nothing is written (TimeIndex.maybeAppend).
void IndexBuilder::add_time() {
  if (timestamp_offset_ < 0) return;
  if (!times_.empty() && max_timestamp_ <= times_.back().timestamp) return;
  times_.push_back({max_timestamp_, static_cast<std::int32_t>(timestamp_offset_ - base_offset_)});
}

}  // namespace brokersim::log::format
