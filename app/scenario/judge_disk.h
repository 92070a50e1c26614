// What no single field can tell of a disk: fields that do nothing there, and figures that contradict each other.
#pragma once

#include "app/scenario/build.h"
#include "models/devices/storage/config.h"

namespace brokersim::scenario {

/// Warns of fields that the kind of disk never reads and of limits that cap what was asked for; reports contradictions.
/// `view` is the entry of hardware.disks that `disk` was built from.
void judge_disk(Build& build, const View& view, const storage::DiskConfig& disk);

}  // namespace brokersim::scenario
