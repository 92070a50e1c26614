// Named drives and volumes, each figure with its source.
//
// Why: a data sheet has four numbers and a model needs ten; where they come from must be readable.
// `brokersim list hardware` prints them after the machines; `"disks": [{"preset": "samsung-970pro-1tb"}]` uses one.
// Provenance: S read in the source named, K from a publication not re-checked (10 % either way), D derived from S data,
// A an assumption of ours.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/devices/storage/config.h"

namespace brokersim::scenario {

struct DevicePreset {
  std::string name;
  std::string summary;  ///< What it is, then what stands behind which figure.
  storage::DiskConfig disk;
};

/// All of them: hard disks, SSDs, instance drives, cloud volumes.
[[nodiscard]] const std::vector<DevicePreset>& device_presets();

[[nodiscard]] const DevicePreset* find_device(std::string_view name);

/// The listing, one drive after the other.
[[nodiscard]] std::string list_devices();

}  // namespace brokersim::scenario
