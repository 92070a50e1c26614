#include "models/log/format/segment_scan.h"

#include <algorithm>
#include <limits>

#include "models/log/format/crc32c.h"

namespace brokersim::log::format {
namespace {

/// Reads forward through a window, so that small batches cost one read a mebibyte.
class Window {
 public:
  explicit Window(ByteSource& source) : source_(source) {}

  /// At least min(count, what is left) bytes from `at`, count at most kWindow. False: unreadable.
  [[nodiscard]] bool load(std::int64_t at, std::int64_t count) {
    const std::int64_t wanted = std::min(count, source_.size() - at);
    if (at >= from_ && at + wanted <= from_ + static_cast<std::int64_t>(bytes_.size())) return true;
    from_ = at;
    return source_.read(at, kWindow, bytes_) && static_cast<std::int64_t>(bytes_.size()) >= wanted;
  }
  [[nodiscard]] std::string_view view(std::int64_t at, std::int64_t count) const {
    return std::string_view(bytes_).substr(static_cast<std::size_t>(at - from_),
                                           static_cast<std::size_t>(count));
  }

 private:
  ByteSource& source_;
  std::int64_t from_ = 0;
  std::string bytes_;
};

bool plausible(const BatchHeader& header) {
  if (header.magic > 2 || header.magic < 0) return false;
  if (header.magic < 2) return true;
  return header.bytes() >= kHeaderBytes && header.count >= 0 && header.last_offset_delta >= 0;
}

/// The checksum over [from, to), piece by piece. Nothing: unreadable.
std::optional<std::uint32_t> checksum(Window& window, std::int64_t from, std::int64_t to) {
  std::uint32_t crc = 0;
  while (from < to) {
    const std::int64_t piece = std::min(to - from, kWindow);
    if (!window.load(from, piece)) return std::nullopt;
    crc = crc32c(window.view(from, piece), crc);
    from += piece;
  }
  return crc;
}

/// Offsets of old formats cannot be told from the header alone: the batch's own number is its last offset.
void read_legacy(BatchHeader& header) {
  header.attributes = 0;
  header.last_offset_delta = 0;
  header.count = 1;
  header.producer_id = header.base_timestamp = header.max_timestamp = -1;
  header.producer_epoch = -1;
  header.base_sequence = header.leader_epoch = -1;
}

}  // namespace

const char* to_string(Stop stop) {
  switch (stop) {
    case Stop::end: return "end of file";
    case Stop::cut_short: return "the file ends inside a batch";
    case Stop::bad_length: return "a batch length below 14";
    case Stop::bad_checksum: return "checksum differs";
    case Stop::bad_header: return "malformed batch header";
    case Stop::offset_too_far: return "offset outside the segment's range";
    case Stop::unreadable: return "the file cannot be read";
  }
  return "?";
}

ScanResult scan_segment(ByteSource& source, std::int64_t base_offset, bool check, BatchVisitor& visitor) {
  ScanResult result;
  Window window(source);
  const std::int64_t size = source.size();
  while (result.valid_bytes < size) {
    const std::int64_t at = result.valid_bytes;
    const auto stop = [&result](Stop why) {
      result.stop = why;
      return result;
    };
    if (size - at < kMagicEnd) return stop(Stop::cut_short);
    if (!window.load(at, kHeaderBytes)) return stop(Stop::unreadable);
    std::string head(window.view(at, std::min(kHeaderBytes, size - at)));
    const std::size_t there = head.size();
    head.resize(static_cast<std::size_t>(kHeaderBytes));
    BatchHeader header = *parse_header(head);
    if (header.length < kLengthMin) return stop(Stop::bad_length);
    if (header.bytes() > size - at) return stop(Stop::cut_short);
    if (!plausible(header) || (header.magic == 2 && there < static_cast<std::size_t>(kHeaderBytes))) {
      return stop(Stop::bad_header);
    }
    bool intact = true;
    if (header.magic < 2) {
      read_legacy(header);
    } else {
      const auto crc = checksum(window, at + kChecksummedFrom, at + header.bytes());
      if (!crc) return stop(Stop::unreadable);
      intact = *crc == header.crc;
      if (check && !intact) return stop(Stop::bad_checksum);
    }
    // Differences, not sums: both offsets come from outside.
    if (header.base_offset > std::numeric_limits<std::int64_t>::max() - header.last_offset_delta - 1 ||
        header.last_offset() < base_offset ||
        header.last_offset() - base_offset > std::numeric_limits<std::int32_t>::max()) {
      return stop(Stop::offset_too_far);
    }
    if (!visitor.on_batch(header, at, intact)) {
      result.refused = true;
      return result;
    }
    ++result.batches;
    result.valid_bytes += header.bytes();
  }
  return result;
}

}  // namespace brokersim::log::format
