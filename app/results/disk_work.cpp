#include "app/results/disk_work.h"

#include <algorithm>
#include <cstdio>

#include "models/devices/host/host.h"
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

double DiskWork::share_since(sim::Bytes before, sim::Duration time) const {
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

std::vector<DiskWork> disk_work(const world::World& world, const world::Config& config) {
  std::vector<DiskWork> work;
  const world::KafkaCluster* kafka = world.kafka();
  if (kafka == nullptr) return work;
  for (std::size_t id = 0; id < config.clusters.at(0).broker_hosts.size(); ++id) {
    host::Host& host = kafka->broker_host(static_cast<std::int32_t>(id));
    for (std::size_t i = 0; i < host.file_systems(); ++i) {
      const storage::DirtyDevice& cached = host.page_cache().device(static_cast<std::int32_t>(i));
      work.push_back({host.name() + " disk " + std::to_string(i),
                      {cached.dirtied},
                      {cached.dirty},
                      sustainable_writes(host.disk(i).config())});
    }
  }
  return work;
}

std::vector<std::string> hidden_by_page_cache(const std::vector<DiskWork>& work, sim::Duration load) {
  std::vector<std::string> told;
  if (load < kLoad) return told;
  for (const DiskWork& one : work) {
    if (one.share_since({0}, load) < kTold || one.waiting < kWaiting) continue;
    char text[256];
    std::snprintf(
        text, sizeof text,
        "%s was given %.0f MB/s to write and writes %.0f MB/s in the long run: the page cache took the rest "
        "(%.1f GiB wait at the end), so a longer load is slower",
        one.disk.c_str(), static_cast<double>(one.given.n) / load.seconds() / 1e6,
        static_cast<double>(one.sustainable.n) / 1e6, static_cast<double>(one.waiting.n) / (1 << 30));
    told.emplace_back(text);
  }
  return told;
}

}  // namespace brokersim::results
