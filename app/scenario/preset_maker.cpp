#include "app/scenario/preset_maker.h"

namespace brokersim::scenario {

using sim::Bytes;
using sim::BytesPerSecond;
using sim::Duration;
using storage::DiskConfig;
using storage::DiskKind;

namespace {}  // namespace

PresetMaker::PresetMaker(std::string name, std::string summary) {
  preset_.name = std::move(name);
  preset_.summary = std::move(summary);
  preset_.hardware.preset = preset_.name;
}

PresetMaker& PresetMaker::machine(std::int32_t cores, std::int64_t memory, const char* source) {
  preset_.hardware.cpu.cores = cores;
  preset_.hardware.memory = {memory};
  preset_.hardware.page_cache.memory = page_cache_share({memory});
  note("cpu.cores", std::to_string(cores), source);
  note("memory", size_text({memory}), source);
  note("page_cache.memory", size_text(preset_.hardware.page_cache.memory),
       "three quarters of the memory: assumption");
  return *this;
}

PresetMaker& PresetMaker::hyperthreads(const char* source) {
  preset_.hardware.cpu.threads_per_core = 2;
  note("cpu.threads_per_core", "2", source);
  return *this;
}

PresetMaker& PresetMaker::speed(std::int32_t percent, const char* source) {
  preset_.hardware.cpu.speed_percent = percent;
  note("cpu.speed_percent", std::to_string(percent), source);
  return *this;
}

PresetMaker& PresetMaker::nic(std::int64_t bytes_per_second, const char* source) {
  preset_.hardware.nic.bandwidth = {bytes_per_second};
  note("nic.bandwidth", bandwidth_text({bytes_per_second}), source);
  return *this;
}

PresetMaker& PresetMaker::ec2(std::int64_t burst, const char* source) {
  network::NicConfig& nic = preset_.hardware.nic;
  nic.flow_limit = {625'000'000};
  note("nic.flow_limit", bandwidth_text(nic.flow_limit), source);
  if (burst == 0) return *this;
  nic.burst = {burst};
  nic.burst_bucket = {(burst - nic.bandwidth.n) * 300};
  note("nic.burst", bandwidth_text(nic.burst), source);
  note("nic.burst_bucket", size_text(nic.burst_bucket), "assumption: 5 minutes at burst, of AWS' 5 to 60");
  return *this;
}

PresetMaker& PresetMaker::disks(std::size_t count, const DiskConfig& disk, const char* bandwidth_source,
                                const char* latency_source, const char* cache_source) {
  preset_.hardware.disks.assign(count, disk);
  note("disks",
       std::to_string(count) + (disk.kind == DiskKind::nvme ? " x nvme, " : " x hdd, ") +
           size_text(disk.capacity),
       bandwidth_source);
  note("disks[].read_bandwidth", bandwidth_text(disk.read_bandwidth), bandwidth_source);
  note("disks[].write_bandwidth", bandwidth_text(disk.write_bandwidth), bandwidth_source);
  if (disk.kind == DiskKind::nvme) {
    note("disks[].read_iops", std::to_string(disk.read_iops), bandwidth_source);
    note("disks[].write_iops", std::to_string(disk.write_iops), bandwidth_source);
    note("disks[].read_latency", duration_text(disk.read_latency), latency_source);
    note("disks[].write_latency", duration_text(disk.write_latency), latency_source);
  } else {
    note("disks[].rpm", std::to_string(disk.rpm), latency_source);
    note("disks[].seek_average", duration_text(disk.seek_average), latency_source);
    note("disks[].seek_track_to_track", duration_text(disk.seek_track_to_track), latency_source);
    note("disks[].controller_overhead", duration_text(disk.controller_overhead), latency_source);
  }
  note("disks[].power_loss_protection", disk.power_loss_protection ? "true" : "false", cache_source);
  note("disks[].volatile_cache", size_text(disk.volatile_cache), cache_source);
  if (disk.power_loss_protection && disk.flash.slc_cache.n > 0) {
    note("disks[].flash.slc_cache", size_text(disk.flash.slc_cache), preset_sources::write_buffer);
    note("disks[].flash.slc_bandwidth", bandwidth_text(disk.flash.slc_bandwidth),
         preset_sources::write_buffer_rate);
  }
  if (!disk.power_loss_protection)
    note("disks[].flush_latency", duration_text(disk.flush_latency), cache_source);
  return *this;
}

void PresetMaker::note(std::string name, std::string value, const char* source) {
  preset_.figures.push_back({std::move(name), std::move(value), source});
}

DiskConfig protected_nvme(std::int64_t capacity, std::int64_t read_bps, std::int64_t write_bps,
                          std::int64_t read_iops, std::int64_t write_iops) {
  DiskConfig disk;
  disk.kind = DiskKind::nvme;
  disk.capacity = {capacity};
  disk.read_bandwidth = {read_bps};
  disk.write_bandwidth = {write_bps};
  disk.read_iops = read_iops;
  disk.write_iops = write_iops;
  disk.read_latency = {90'000};
  disk.write_latency = {20'000};
  disk.volatile_cache = {0};
  disk.power_loss_protection = true;
  disk.flush_latency = {0};
  return disk;
}

DiskConfig with_write_buffer(DiskConfig disk, std::int64_t drive_bps) {
  disk.flash.slc_cache = {16ll << 20};
  disk.flash.slc_bandwidth = {drive_bps};
  return disk;
}

}  // namespace brokersim::scenario
