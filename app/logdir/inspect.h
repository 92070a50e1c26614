// What a restart of a Kafka broker would keep of a real log directory.
//
// Reads, never writes. Rules: LogManager.loadLogs, LogLoader.load, LogSegment.recover of 3.9 to 4.1 (kafka-behaviour.md
// section 2.5): a clean marker means that nothing is checked; without it every segment from the recovery point on is
// scanned, cut at the first invalid batch, and what lies behind is deleted. Compressed batches are checked and counted
// by their headers. Not known from outside: topic settings; the index interval is taken to be 4 KiB.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "models/log/epoch_cache.h"
#include "models/log/format/record_batch.h"
#include "models/log/format/side_files.h"

namespace brokersim::logdir {

enum class Fate : std::uint8_t {
  kept,
  cut,      ///< Kept up to kept_bytes.
  dropped,  ///< Deleted: it lies behind the first invalid batch, below a finished swap, or is left over.
};
[[nodiscard]] const char* to_string(Fate fate);

struct SegmentReport {
  std::string file;  ///< As it is named now.
  std::int64_t base_offset = 0;
  std::int64_t file_bytes = 0;
  std::int64_t kept_bytes = 0;
  std::int64_t batches = 0;  ///< Kept.
  std::int64_t records = 0;  ///< In them, control records included; a compacted batch counts what is left.
  std::int64_t first_offset = -1;  ///< Of the first kept batch, -1 without one.
  std::int64_t last_offset = -1;
  std::int64_t max_timestamp = -1;  ///< ms
  Fate fate = Fate::kept;
  bool checked = false;            ///< A restart verifies its checksums.
  std::string stop;                ///< Why the scan ended; empty at the end of the file.
  std::int64_t bad_checksums = 0;  ///< In a segment that a restart does not check: readers will hit them.
  std::vector<std::string> index_problems;
};

struct PartitionReport {
  std::string name;  ///< Of the directory: "orders-0".
  std::int64_t log_start = 0;
  std::int64_t log_end = 0;
  std::int64_t high_watermark = 0;      ///< As it will be taken at the start: the checkpoint, within the log.
  std::int64_t recovery_point = 0;      ///< By the checkpoint, 0 without.
  std::int64_t dropped_bytes = 0;       ///< Of segment files.
  std::vector<SegmentReport> segments;  ///< By base offset.
  std::vector<log::EpochEntry> epochs;  ///< After loading.
  std::vector<log::format::ProducerEntry> producers;  ///< In the kept batches, by producer id.
  std::vector<log::format::AbortedEntry> aborted;     ///< Transactions aborted in the kept batches.
  std::vector<std::string> notes;                     ///< What is odd, in sentences.
};

struct DirectoryReport {
  std::string path;
  bool clean = false;                        ///< The clean-shutdown marker is there.
  std::optional<std::int64_t> broker_epoch;  ///< As the marker names it.
  std::vector<PartitionReport> partitions;   ///< By name.
  std::vector<std::string> notes;
};

/// A kept batch as it goes by; `position` in its file.
using BatchSink = std::function<void(const PartitionReport& partition, const SegmentReport& segment,
                                     const log::format::BatchHeader& header, std::int64_t position)>;

/// `path`: a log directory (with partitions below it) or one partition's directory. Nothing, and a reason in `error`,
/// if it is neither. `batches` may be empty.
[[nodiscard]] std::optional<DirectoryReport> inspect(const std::string& path, const BatchSink& batches,
                                                     std::string& error);

/// One JSON object (data for programs), or text for people; both end without a line break.
[[nodiscard]] std::string to_json(const DirectoryReport& report);
[[nodiscard]] std::string render_text(const DirectoryReport& report);
/// A batch as one JSON line.
[[nodiscard]] std::string batch_json(const PartitionReport& partition, const SegmentReport& segment,
                                     const log::format::BatchHeader& header, std::int64_t position);

}  // namespace brokersim::logdir
