// The record batch as it lies in a file: header, checksum, records (magic 2, KIP-98).
//
// Pure: bytes in, values out, and back. Sizes made here equal those of models/log/batch.h, which the simulation uses
// without making any bytes. Compressed records are not opened: offsets, times and the checksum are in the header.
// Source: kafka-behaviour.md section 2.1 (DefaultRecordBatch, DefaultRecord).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brokersim::log::format {

inline constexpr std::int64_t kHeaderBytes = 61;
/// Base offset and length: what comes before the bytes that `length` counts.
inline constexpr std::int64_t kLengthEnd = 12;
/// As far as the magic: what is read to tell which format follows.
inline constexpr std::int64_t kMagicEnd = 17;
/// Shortest `length` of any format that a broker takes for a batch at all (LegacyRecord.RECORD_OVERHEAD_V0).
inline constexpr std::int32_t kLengthMin = 14;
inline constexpr std::int64_t kChecksummedFrom = 21;

enum class Codec : std::uint8_t { none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };
/// "none", "gzip", ...; "unknown" for 5 to 7.
[[nodiscard]] const char* to_string(Codec codec);

struct BatchHeader {
  std::int64_t base_offset = 0;
  std::int32_t length = 0;  ///< Bytes after this field.
  std::int32_t leader_epoch = -1;
  std::int8_t magic = 2;
  std::uint32_t crc = 0;
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  std::int64_t base_timestamp = -1;  ///< ms; the delete horizon when has_delete_horizon().
  std::int64_t max_timestamp = -1;   ///< ms
  std::int64_t producer_id = -1;
  std::int16_t producer_epoch = -1;
  std::int32_t base_sequence = -1;
  std::int32_t count = 0;

  [[nodiscard]] std::int64_t bytes() const { return kLengthEnd + length; }
  [[nodiscard]] std::int64_t last_offset() const { return base_offset + last_offset_delta; }
  [[nodiscard]] std::int64_t next_offset() const { return last_offset() + 1; }
  /// -1 without a producer; wraps from 2^31 - 1 to 0.
  [[nodiscard]] std::int32_t last_sequence() const;
  [[nodiscard]] Codec codec() const { return static_cast<Codec>(attributes & 7); }
  [[nodiscard]] bool log_append_time() const { return (attributes & 8) != 0; }
  [[nodiscard]] bool transactional() const { return (attributes & 16) != 0; }
  [[nodiscard]] bool control() const { return (attributes & 32) != 0; }
  [[nodiscard]] bool has_delete_horizon() const { return (attributes & 64) != 0; }
};

/// The header in the first 61 bytes of `bytes`, whatever they say. Nothing if there are fewer.
[[nodiscard]] std::optional<BatchHeader> parse_header(std::string_view bytes);

/// A record inside an uncompressed batch. Views are into the batch's bytes.
struct RecordView {
  std::int64_t offset = 0;
  std::int64_t timestamp = 0;  ///< ms
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< Nothing: a tombstone.
  std::int64_t headers = 0;
};

/// Walks the records of one whole uncompressed batch.
class RecordWalk {
 public:
  /// `records` are the bytes behind the header.
  RecordWalk(const BatchHeader& header, std::string_view records) : header_(header), rest_(records) {}
  /// The next record; nothing at the end, or at a record that is malformed: then broken() is true. All records are
  /// there and nothing is left over exactly when done() holds at the end.
  [[nodiscard]] std::optional<RecordView> next();
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] bool done() const { return !broken_ && taken_ == header_.count && rest_.empty(); }

 private:
  BatchHeader header_;
  std::string_view rest_;
  std::int32_t taken_ = 0;
  bool broken_ = false;
};

/// What an end-transaction marker says (type 0 ABORT, 1 COMMIT; others belong to the metadata log).
struct ControlMarker {
  std::int16_t type = 0;
  std::int32_t coordinator_epoch = -1;  ///< -1 for types other than 0 and 1.
};
[[nodiscard]] std::optional<ControlMarker> parse_marker(const RecordView& record);

/// Makes one uncompressed batch. Records are added in order of offset.
class BatchBuilder {
 public:
  /// length, crc, last_offset_delta, max_timestamp and count of `header` are filled in by finish().
  explicit BatchBuilder(const BatchHeader& header);
  /// `offset` and `timestamp` as in RecordView; nothing for a null key or value. `filling`: the value of a header "f", if
  /// there is to be one.
  void add(std::int64_t offset, std::int64_t timestamp, std::optional<std::string_view> key,
           std::optional<std::string_view> value, std::optional<std::string_view> filling = std::nullopt);
  /// The whole batch with its checksum. `last_offset_delta`: if not below the last record's (compaction keeps it).
  [[nodiscard]] std::string finish(std::int32_t last_offset_delta = -1);

 private:
  BatchHeader header_;
  std::string records_;
  std::string record_;  // scratch
};

}  // namespace brokersim::log::format
