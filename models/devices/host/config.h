// A machine: its place, its power and its parts.
#pragma once

#include <string>
#include <vector>

#include "models/devices/compute/config.h"
#include "models/devices/network/config.h"
#include "models/devices/storage/config.h"

namespace brokersim::host {

/// Hardware by preset or by hand. `disks` holds at least one entry on hosts that store data.
struct HardwareConfig {
  std::string preset;  ///< Name it came from, "" if given by hand.
  sim::Bytes memory = {64ll << 30};
  compute::CpuConfig cpu;
  network::NicConfig nic;
  std::vector<storage::DiskConfig> disks;
  storage::PageCacheConfig page_cache;
  storage::FileSystemConfig file_system;
};

struct HostConfig {
  std::string name;          ///< Unique in the scenario: "b-0".
  std::string group;         ///< The entry of `hosts` it came from: "b".
  std::string zone;          ///< Network zone.
  std::string region;        ///< Region of the zone; "" unless there are several.
  std::string rack;          ///< Rack within the zone; "" if racks do not matter.
  std::string power_domain;  ///< Hosts that lose mains together; by default the zone's name.
  sim::Duration boot_time = {30'000'000'000};  ///< From power-on until processes start.
  HardwareConfig hardware;
};

}  // namespace brokersim::host
