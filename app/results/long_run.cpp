#include "app/results/long_run.h"

#include <algorithm>
#include <cstdio>

#include "models/devices/host/host.h"
#include "models/devices/network/wire.h"
#include "models/devices/storage/cloud_volume.h"
#include "models/devices/storage/disk.h"
#include "models/world/kafka_cluster.h"

namespace brokersim::results {
namespace {

/// Below these nobody needs to be told: noise of indexes and journals, loads too short to have a rate.
constexpr double kTold = 1.05;
constexpr sim::Bytes kWaiting = {256ll << 20};
constexpr sim::Duration kLoad = {1'000'000'000};

}  // namespace

double LongRun::share_since(sim::Bytes before, sim::Duration time) const {
  return static_cast<double>(given.n - before.n) / (static_cast<double>(sustainable.n) * time.seconds());
}

sim::BytesPerSecond sustainable_writes(const storage::DiskConfig& disk) {
  if (disk.kind != storage::DiskKind::cloud) return disk.write_bandwidth;
  const storage::VolumeLimits limits = storage::volume_limits(disk.volume, disk.capacity);
  std::int64_t rate = limits.bytes_base > 0 ? limits.bytes_base : limits.bytes_peak;
  const std::int64_t operations = limits.iops_base > 0 ? limits.iops_base : limits.iops_peak;
  if (operations > 0) rate = std::min(rate, operations * limits.io_max);
  return {std::max<std::int64_t>(rate, 1)};
}

std::vector<LongRun> long_run(const world::World& world, const world::Config& config) {
  std::vector<LongRun> work;
  const world::KafkaCluster* kafka = world.kafka();
  if (kafka == nullptr) return work;
  for (std::size_t id = 0; id < config.clusters.at(0).broker_hosts.size(); ++id) {
    host::Host& host = kafka->broker_host(static_cast<std::int32_t>(id));
    for (std::size_t i = 0; i < host.file_systems(); ++i) {
      const storage::DirtyDevice& cached = host.page_cache().device(static_cast<std::int32_t>(i));
      work.push_back({.part = host.name() + " disk " + std::to_string(i),
                      .given = {cached.dirtied},
                      .waiting = {cached.dirty},
                      .sustainable = sustainable_writes(host.disk(i).config())});
    }
    const network::NicConfig& card = host.config().hardware.nic;
    if (card.burst.n == 0) continue;
    const network::Traffic& traffic = host.network().traffic(host.id());
    work.push_back({.part = host.name() + " NIC out",
                    .is_disk = false,
                    .given = network::wire_bytes(traffic.bytes_out),
                    .waiting = {},
                    .sustainable = card.bandwidth});
    work.push_back({.part = host.name() + " NIC in",
                    .is_disk = false,
                    .given = network::wire_bytes(traffic.bytes_in),
                    .waiting = {},
                    .sustainable = card.bandwidth});
  }
  return work;
}

std::vector<std::string> not_sustained(const std::vector<LongRun>& work, sim::Duration load) {
  std::vector<std::string> told;
  if (load < kLoad) return told;
  for (const LongRun& one : work) {
    if (one.share_since({0}, load) < kTold || (one.is_disk && one.waiting < kWaiting)) continue;
    const double given = static_cast<double>(one.given.n) / load.seconds() / 1e6;
    const double takes = static_cast<double>(one.sustainable.n) / 1e6;
    char text[256];
    if (one.is_disk)
      std::snprintf(text, sizeof text,
                    "%s was given %.0f MB/s to write and writes %.0f MB/s in the long run: the page cache "
                    "took the rest "
                    "(%.1f GiB wait at the end), so a longer load is slower",
                    one.part.c_str(), given, takes, static_cast<double>(one.waiting.n) / (1 << 30));
    else
      std::snprintf(
          text, sizeof text,
          "%s had %.0f MB/s and has %.0f MB/s in the long run: burst credits paid for the rest, so a longer "
          "load is slower",
          one.part.c_str(), given, takes);
    told.emplace_back(text);
  }
  return told;
}

}  // namespace brokersim::results
