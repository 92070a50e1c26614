// A simulated broker's log directories as real Kafka files.
//
// Every batch is encoded byte by byte (format v2, CRC-32C); values are made from the record's identity, so that a record
// found in a file names its producer, partition and ordinal. Indexes and producer snapshots are derived by the broker's
// rules; checkpoints and markers are the texts that the simulated broker wrote. What a crash tore is torn here too:
// zeros where the medium kept nothing, a flipped byte where a batch is there but not intact.
// Simulated time 0 is 2026-01-01 00:00:00 UTC in timestamps.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/world/world.h"

namespace brokersim::logdir {

struct ExportSummary {
  std::vector<std::string> directories;  ///< One per log directory of the broker.
  std::int64_t partitions = 0;
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::int64_t batches = 0;
  std::int64_t torn = 0;  ///< Extents that are not what was written.
  std::string error;      ///< Why it ended early; empty: all is written.
};

/// Writes the log directories of `broker` as they are at this instant below `path`, which must be absent or an empty
/// directory: path/ itself with one log directory, path/disk0, path/disk1, ... with several.
[[nodiscard]] ExportSummary export_log(world::World& world, std::int32_t broker, const std::string& path);

}  // namespace brokersim::logdir
