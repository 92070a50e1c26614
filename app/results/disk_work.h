// What brokers' disks were given to write, beside what they write in the long run.
//
// Why: a page cache takes in seconds what the disk behind it needs minutes for, so that a short load looks sustained when it
// is not. What is written to files goes to the device sooner or later, each page once.
#pragma once

#include <string>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/world/world.h"
#include "sim/units.h"

namespace brokersim::results {

struct DiskWork {
  std::string disk;                 ///< "b-0 disk 1".
  sim::Bytes given;                 ///< Written to its files since the run began.
  sim::Bytes waiting;               ///< Of it, not on the device yet.
  sim::BytesPerSecond sustainable;  ///< What the device writes in the long run. Positive.

  /// What it was given since `before` over what it could have written in `time` (positive): above 1 no page cache is
  /// large enough for long.
  [[nodiscard]] double share_since(sim::Bytes before, sim::Duration time) const;
};

/// Sequential writes of a device for hours: its data sheet's steady rate; of a cloud volume the baseline, without credits.
[[nodiscard]] sim::BytesPerSecond sustainable_writes(const storage::DiskConfig& disk);

/// Of every disk of every broker, in order; empty without a cluster. `config`: of that world.
[[nodiscard]] std::vector<DiskWork> disk_work(const world::World& world, const world::Config& config);

/// A warning for each disk whose page cache hid over a load of length `load` that the device cannot keep up.
[[nodiscard]] std::vector<std::string> hidden_by_page_cache(const std::vector<DiskWork>& work,
                                                            sim::Duration load);

}  // namespace brokersim::results
