// Walks the batches of a segment as a broker's recovery does, and says where and why it stops.
//
// Rules: FileLogInputStream.nextBatch, DefaultRecordBatch.ensureValid, LogSegment.recover (kafka-behaviour.md section
// 2.5). Every number in the file may be wrong: memory stays within `kWindow` and one header, whatever a length says.
// Batches of the old formats (magic 0 and 1) are passed by their length; their checksum (CRC-32 of zip) is not checked.
#pragma once

#include <cstdint>
#include <string>

#include "models/log/format/record_batch.h"

namespace brokersim::log::format {

/// Where bytes come from: a real file, or memory.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  [[nodiscard]] virtual std::int64_t size() const = 0;
  /// Replaces `out` by the bytes [at, at + count), fewer at the end of the file. False: it cannot be read.
  [[nodiscard]] virtual bool read(std::int64_t at, std::int64_t count, std::string& out) = 0;
};

/// Why a scan ended.
enum class Stop : std::uint8_t {
  end,             ///< Exactly at the end of the file.
  cut_short,       ///< The file ends inside a batch: dropped in silence, as a torn tail is.
  bad_length,      ///< A length below 14: nothing can be told from there on.
  bad_checksum,    ///< CRC-32C differs.
  bad_header,      ///< Too short for its format, a count or a delta below zero, or a magic above 2.
  offset_too_far,  ///< Last offset below the segment's base or more than 2^31 - 1 above it.
  unreadable,      ///< The file system refused to read.
};
[[nodiscard]] const char* to_string(Stop stop);

class BatchVisitor {
 public:
  virtual ~BatchVisitor() = default;
  /// Each whole batch, in file order, and where it begins; `intact`: its checksum is right (magic 2). False ends the
  /// scan before the batch counts.
  [[nodiscard]] virtual bool on_batch(const BatchHeader& header, std::int64_t position, bool intact) = 0;
};

struct ScanResult {
  Stop stop = Stop::end;
  std::int64_t valid_bytes =
      0;  ///< Where the first batch begins that is not whole, or that the visitor refused.
  std::int64_t batches = 0;
  bool refused = false;  ///< The visitor ended it.
};

inline constexpr std::int64_t kWindow = 1ll << 20;

/// `check`: end at the first wrong checksum, as recovery does; without, only lengths and headers count, as for a log
/// that was closed cleanly.
[[nodiscard]] ScanResult scan_segment(ByteSource& source, std::int64_t base_offset, bool check,
                                      BatchVisitor& visitor);

}  // namespace brokersim::log::format
