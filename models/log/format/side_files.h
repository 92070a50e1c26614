// The files beside a segment: offset index, time index, transaction index, producer snapshot.
//
// Pure: bytes in, values out, and back. Source: kafka-behaviour.md section 2.2 (OffsetIndex, TimeIndex,
// TransactionIndex, ProducerStateManager).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace brokersim::log::format {

struct OffsetEntry {
  std::int32_t relative_offset = 0;  ///< Last offset of the indexed append, less the segment's base.
  std::int32_t position = 0;         ///< Where that append begins.
  [[nodiscard]] bool operator==(const OffsetEntry&) const = default;
};
struct TimeEntry {
  std::int64_t timestamp = 0;  ///< Largest so far, ms.
  std::int32_t relative_offset = 0;
  [[nodiscard]] bool operator==(const TimeEntry&) const = default;
};
struct AbortedEntry {
  std::int64_t producer_id = 0;
  std::int64_t first_offset = 0;
  std::int64_t last_offset = 0;
  std::int64_t last_stable_offset = 0;
  [[nodiscard]] bool operator==(const AbortedEntry&) const = default;
};

inline constexpr std::int64_t kOffsetEntryBytes = 8;
inline constexpr std::int64_t kTimeEntryBytes = 12;
inline constexpr std::int64_t kAbortedEntryBytes = 34;

[[nodiscard]] std::string encode(const std::vector<OffsetEntry>& entries);
[[nodiscard]] std::string encode(const std::vector<TimeEntry>& entries);
[[nodiscard]] std::string encode(const std::vector<AbortedEntry>& entries);

/// Whole entries, in file order. A map that was not trimmed ends in zeros: these are left out (an entry of zeros can
/// only be the first one of a file). `rest`: bytes behind the last whole entry, if asked.
[[nodiscard]] std::vector<OffsetEntry> parse_offset_index(std::string_view bytes);
[[nodiscard]] std::vector<TimeEntry> parse_time_index(std::string_view bytes);
/// Nothing if an entry has another version than 0 or the size is no multiple of an entry.
[[nodiscard]] std::optional<std::vector<AbortedEntry>> parse_aborted_index(std::string_view bytes);

/// One producer in a snapshot.
struct ProducerEntry {
  std::int64_t producer_id = -1;
  std::int16_t epoch = -1;
  std::int32_t last_sequence = -1;
  std::int64_t last_offset = -1;
  std::int32_t offset_delta = 0;  ///< Last offset less the first one of its last batch.
  std::int64_t timestamp = -1;    ///< ms
  std::int32_t coordinator_epoch = -1;
  std::int64_t transaction_first_offset = -1;  ///< -1: none is open.
  [[nodiscard]] bool operator==(const ProducerEntry&) const = default;
};
[[nodiscard]] std::string encode_snapshot(const std::vector<ProducerEntry>& producers);
/// Nothing if the version, the checksum or the size is wrong.
[[nodiscard]] std::optional<std::vector<ProducerEntry>> parse_snapshot(std::string_view bytes);

/// Both indexes of a segment as a broker makes them, batch by batch (LogSegment.append): an entry in each once more
/// than `interval_bytes` have come since the last, decided before the incoming bytes are counted; the time index gets
/// a last entry when the segment is closed.
class IndexBuilder {
 public:
  IndexBuilder(std::int64_t base_offset, std::int64_t interval_bytes)
      : base_offset_(base_offset), interval_bytes_(interval_bytes) {}
  /// An append of `bytes` at `position` that ends at `last_offset`; `max_timestamp` is of `timestamp_offset`.
  void add(std::int64_t position, std::int64_t bytes, std::int64_t last_offset, std::int64_t max_timestamp,
           std::int64_t timestamp_offset);
  void close();
  [[nodiscard]] const std::vector<OffsetEntry>& offsets() const { return offsets_; }
  [[nodiscard]] const std::vector<TimeEntry>& times() const { return times_; }

 private:
  void add_time();

  std::int64_t base_offset_;
  std::int64_t interval_bytes_;
  std::int64_t since_last_ = 0;
  std::int64_t max_timestamp_ = -1;
  std::int64_t timestamp_offset_ = -1;
  std::vector<OffsetEntry> offsets_;
  std::vector<TimeEntry> times_;
};

}  // namespace brokersim::log::format
