// What machines did since they were looked at last: the counters of their devices as rates.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/world/world.h"

namespace brokersim::report {

/// What one machine did up to a sample.
struct HostSample {
  double disk_busy = 0;  ///< Share of the time since the last sample, of the busiest disk: 0 to 1.
  double cpu_cores = 0;  ///< Reference cores' worth of work done, on average since the last sample.
  double out_bytes = 0;  ///< Per second since the last sample, by the network card; payload.
  double in_bytes = 0;
  double nic_busy = 0;          ///< Share of the time, of the busier direction.
  std::int64_t dirty = 0;       ///< Bytes at the sample.
  std::int64_t cached = 0;      ///< Bytes at the sample, dirty ones included.
  std::int64_t read_bytes = 0;  ///< From all disks since the last sample.
  std::int64_t written_bytes = 0;
};

class HostMeter {
 public:
  /// Of the machines of `config`, in its order. `world` outlives this.
  HostMeter(world::World& world, const world::Config& config);

  [[nodiscard]] const std::vector<std::string>& hosts() const { return hosts_; }
  /// The machine's devices now, beside what they were at the last call for it; `since`, positive: how long ago.
  [[nodiscard]] HostSample sample(std::size_t host, sim::Duration since);

 private:
  struct Before {
    std::vector<sim::Duration> disk_busy;
    sim::Duration cpu;
    std::int64_t out = 0;
    std::int64_t in = 0;
    sim::Duration egress;
    sim::Duration ingress;
    std::int64_t read = 0;
    std::int64_t written = 0;
  };
  world::World& world_;
  std::vector<std::string> hosts_;
  std::vector<Before> before_;
};

}  // namespace brokersim::report
