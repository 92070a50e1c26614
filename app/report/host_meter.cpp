#include "app/report/host_meter.h"

#include <algorithm>

#include "models/devices/storage/disk.h"
#include "models/devices/storage/page_cache.h"

namespace brokersim::report {

HostMeter::HostMeter(world::World& world, const world::Config& config) : world_(world) {
  for (const host::HostConfig& host : config.hosts) hosts_.push_back(host.name);
  before_.resize(hosts_.size());
}

HostSample HostMeter::sample(std::size_t h, sim::Duration since) {
  const double seconds = since.seconds();
  const auto share = [&](sim::Duration now, sim::Duration before) {
    return std::clamp(static_cast<double>((now - before).ns) / static_cast<double>(since.ns), 0.0, 1.0);
  };
  host::Host& host = world_.host(hosts_[h]);
  Before& before = before_[h];
  before.disk_busy.resize(host.file_systems());
  HostSample sample;
  std::int64_t read = 0;
  std::int64_t written = 0;
  for (std::size_t d = 0; d < host.file_systems(); ++d) {
    const storage::DiskCounters& disk = host.disk(d).counters();
    sample.disk_busy = std::max(sample.disk_busy, share(disk.busy, before.disk_busy[d]));
    before.disk_busy[d] = disk.busy;
    read += disk.bytes_read.n;
    written += disk.bytes_written.n;
  }
  sample.read_bytes = std::max<std::int64_t>(read - before.read, 0);  // an exchanged disk counts from 0
  sample.written_bytes = std::max<std::int64_t>(written - before.written, 0);
  before.read = read;
  before.written = written;
  if (host.file_systems() > 0) {
    sample.dirty = host.page_cache().dirty().n;
    sample.cached = host.page_cache().cached().n;
  }
  const network::Traffic& traffic = host.network().traffic(host.id());
  sample.out_bytes = static_cast<double>(traffic.bytes_out.n - before.out) / seconds;
  sample.in_bytes = static_cast<double>(traffic.bytes_in.n - before.in) / seconds;
  sample.nic_busy =
      std::max(share(traffic.egress_busy, before.egress), share(traffic.ingress_busy, before.ingress));
  before.out = traffic.bytes_out.n;
  before.in = traffic.bytes_in.n;
  before.egress = traffic.egress_busy;
  before.ingress = traffic.ingress_busy;
  const sim::Duration cpu = host.cpu().work_done();
  sample.cpu_cores = std::max((cpu - before.cpu).seconds() / seconds, 0.0);
  before.cpu = cpu;
  return sample;
}

}  // namespace brokersim::report
