// What brokers' disks and cards were given to do, beside what they do in the long run.
//
// Why: a page cache takes in seconds what the disk behind it needs minutes for, and credits of the cloud let a card or a
// volume run above its rate for a while, so that a short load looks sustained when it is not. What is written to files goes to
// the device sooner or later, each page once.
#pragma once

#include <string>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/world/world.h"
#include "sim/units.h"

namespace brokersim::results {

/// A disk, or one direction of a card with burst credits.
struct LongRun {
  std::string part;  ///< "b-0 disk 1", "b-0 NIC out".
  bool is_disk = true;
  sim::Bytes given;    ///< Since the run began: written to its files; sent or received, headers included.
  sim::Bytes waiting;  ///< Of it, not on the device yet.
  sim::BytesPerSecond sustainable;  ///< What it does in the long run. Positive.

  /// What it was given since `before` over what it could have done in `time` (positive): above 1 it cannot go on like that.
  [[nodiscard]] double share_since(sim::Bytes before, sim::Duration time) const;
};

/// Sequential writes of a device for hours: its data sheet's steady rate; of a cloud volume the baseline, without credits.
[[nodiscard]] sim::BytesPerSecond sustainable_writes(const storage::DiskConfig& disk);

/// Of every disk of every broker, and of every card that bursts, in order; empty without a cluster. `config`: of that world.
[[nodiscard]] std::vector<LongRun> long_run(const world::World& world, const world::Config& config);

/// A warning for each part that could not have gone on as it did over a load of length `load`.
[[nodiscard]] std::vector<std::string> not_sustained(const std::vector<LongRun>& work, sim::Duration load);

}  // namespace brokersim::results
