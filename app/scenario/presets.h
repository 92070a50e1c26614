// Hardware presets, each figure with its source.
//
// Why: nobody knows the numbers of their machine by heart, and a number without a source cannot be
// trusted or corrected. `brokersim list hardware` prints what stands here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "models/devices/host/config.h"

namespace brokersim::scenario {

/// One figure and where it comes from. Sources marked "assumption" are ours.
struct PresetFigure {
  std::string name;   ///< "disks[].read_bandwidth"
  std::string value;  ///< "666894336 B/s"
  std::string source;
};

struct Preset {
  std::string name;
  std::string summary;  ///< One line.
  host::HardwareConfig hardware;
  std::vector<PresetFigure> figures;
};

/// All presets, in the order of the reference page.
[[nodiscard]] const std::vector<Preset>& presets();

[[nodiscard]] const Preset* find_preset(std::string_view name);

[[nodiscard]] std::vector<std::string> preset_names();

/// What is left for the page cache on a machine with that much memory: three quarters (the rest is the
/// Java heap, its overhead and the system).
[[nodiscard]] sim::Bytes page_cache_share(sim::Bytes memory);

/// The listing for `brokersim list hardware`.
[[nodiscard]] std::string list_hardware();

}  // namespace brokersim::scenario
