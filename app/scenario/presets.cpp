#include "app/scenario/presets.h"

#include <algorithm>

#include "app/scenario/device_presets.h"
#include "app/scenario/preset_maker.h"
#include "app/scenario/quantity.h"
#include "app/scenario/ranges.h"
#include "models/devices/storage/cloud_volume.h"

namespace brokersim::scenario {
namespace {

using sim::Bytes;
using sim::BytesPerSecond;
using sim::Duration;
using storage::DiskConfig;
using storage::DiskKind;

using namespace preset_sources;

using ranges::gib;

constexpr const char* wd_disksim =
    "WD 4 TB 7200 rpm drive as extracted by Western Digital for DiskSim (G4_LBA_64bit_4T)";

DiskConfig spinning(std::int64_t capacity, std::int64_t bytes_per_second) {
  DiskConfig disk;
  disk.kind = DiskKind::hdd;
  disk.capacity = {capacity};
  disk.read_bandwidth = {bytes_per_second};
  disk.write_bandwidth = {bytes_per_second};
  disk.rpm = 7'200;
  disk.seek_average = {7'240'000};
  disk.seek_track_to_track = {1'429'000};
  disk.controller_overhead = {100'000};
  disk.volatile_cache = {64ll << 20};
  disk.power_loss_protection = false;
  disk.flush_latency = {8'333'333};  // One revolution beside the destage.
  return disk;
}

Preset i3en_2xlarge() {
  const DiskConfig disk = with_write_buffer(
      protected_nvme(2'500'000'000'000, 666'894'336, 333'447'168, 84'480, 66'969), 2'043'674'624);
  return PresetMaker("i3en.2xlarge", "AWS i3en.2xlarge: 8 vCPU, 64 GiB, 2 x 2.5 TB NVMe, 8.4 Gb/s")
      .machine(8, 64 * gib, aws_spec)
      .hyperthreads(aws_spec)
      .speed(100, cost_machine)
      .nic(1'050'000'000, aws_net)
      .ec2(3'125'000'000, aws_net)
      .disks(2, disk, iotune, instance_latency, instance_plp)
      .done();
}

Preset i3en_3xlarge() {
  const DiskConfig disk = with_write_buffer(
      protected_nvme(7'500'000'000'000, 2'043'674'624, 1'024'458'752, 257'024, 174'080), 2'043'674'624);
  return PresetMaker("i3en.3xlarge", "AWS i3en.3xlarge: 12 vCPU, 96 GiB, 1 x 7.5 TB NVMe, 12.5 Gb/s")
      .machine(12, 96 * gib, aws_spec)
      .hyperthreads(aws_spec)
      .speed(100, cost_machine)
      .nic(1'562'500'000, aws_net)
      .ec2(3'125'000'000, aws_net)
      .disks(1, disk, iotune, instance_latency, instance_plp)
      .done();
}

Preset i3en_6xlarge() {
  const DiskConfig disk = with_write_buffer(
      protected_nvme(7'500'000'000'000, 2'043'674'624, 1'024'458'752, 257'024, 174'080), 2'043'674'624);
  return PresetMaker("i3en.6xlarge", "AWS i3en.6xlarge: 24 vCPU, 192 GiB, 2 x 7.5 TB NVMe, 25 Gb/s")
      .machine(24, 192 * gib, aws_spec)
      .hyperthreads(aws_spec)
      .speed(100, cost_machine)
      .nic(3'125'000'000, aws_net)
      .ec2(0, aws_net)
      .disks(2, disk, iotune, instance_latency, instance_plp)
      .done();
}

Preset i3_4xlarge() {
  const DiskConfig disk = with_write_buffer(
      protected_nvme(1'900'000'000'000, 2'015'342'735, 808'775'652, 411'200, 181'500), 2'015'342'735);
  return PresetMaker("i3.4xlarge", "AWS i3.4xlarge: 16 vCPU, 122 GiB, 2 x 1.9 TB NVMe, 5 Gb/s")
      .machine(16, 122 * gib, aws_spec)
      .hyperthreads(aws_spec)
      .speed(85, "assumption: Broadwell (2016) against the machine of the cost constants")
      .nic(625'000'000, "AWS: up to 10 Gb/s; baseline assumed twice the 2.5 Gb/s of i3.2xlarge")
      .ec2(1'250'000'000, aws_net)
      .disks(2, disk, "iotune measurements of i3.2xlarge (one such drive) shipped with Redpanda's rpk",
             instance_latency, instance_plp)
      .done();
}

Preset li2014() {
  constexpr const char* article =
      "engineering.linkedin.com, Benchmarking Apache Kafka: 2 million writes per second on three cheap "
      "machines (2014)";
  return PresetMaker("li2014", "LinkedIn 2014: 6 cores at 2.5 GHz, 32 GB, 6 x 7200 rpm SATA as JBOD, 1 Gb/s")
      .machine(6, 32 * gib, article)
      .speed(75, "assumption: a Xeon of about 2012 against the machine of the cost constants")
      .nic(125'000'000, article)
      .disks(6, spinning(1'000'000'000'000, 137'000'000),
             "822 MB/s linear over six drives in that article; 1 TB each is an assumption", wd_disksim,
             "a SATA drive of that class: volatile write cache, 64 MiB, enabled; a flush costs a revolution "
             "beside the destage")
      .done();
}

Preset generic_hdd() {
  return PresetMaker("generic.hdd", "8 cores, 64 GiB, one 7200 rpm SATA drive with a volatile cache, 10 Gb/s")
      .machine(8, 64 * gib, "assumption: a common server")
      .speed(100, cost_machine)
      .nic(1'250'000'000, "assumption: a common server")
      .disks(1, spinning(3'955'544'867'840, 165'300'000), wd_disksim, wd_disksim,
             "volatile cache of 64 MiB, enabled as delivered; a flush costs a revolution beside the destage")
      .done();
}

Preset generic_nvme() {
  DiskConfig disk;
  disk.kind = DiskKind::nvme;
  disk.capacity = {1'000'000'000'000};
  disk.read_bandwidth = {3'500'000'000};
  disk.write_bandwidth = {2'700'000'000};
  disk.read_iops = 500'000;
  disk.write_iops = 500'000;
  disk.read_latency = {66'667};
  disk.write_latency = {18'182};
  disk.volatile_cache = {1ll << 20};
  disk.power_loss_protection = false;
  disk.flush_latency = {891'000};
  return PresetMaker("generic.nvme",
                     "8 cores, 64 GiB, one consumer NVMe drive without power-loss protection, 10 Gb/s")
      .machine(8, 64 * gib, "assumption: a common server")
      .speed(100, cost_machine)
      .nic(1'250'000'000, "assumption: a common server")
      .disks(1, disk, "Samsung 970 PRO 1 TB data sheet",
             "Samsung 970 PRO 1 TB data sheet: 15,000 reads/s and 55,000 writes/s at queue depth 1",
             "write buffer of 1 MiB: NVMeVirt's model of the 970 PRO; flush 891 us: a drive of that class, "
             "smalldatum.blogspot.com 2026-01")
      .done();
}

Preset generic_nvme_plp() {
  DiskConfig disk = protected_nvme(1'920'000'000'000, 3'200'000'000, 2'000'000'000, 540'000, 50'000);
  disk.read_latency = {85'000};
  disk.write_latency = {50'000};
  constexpr const char* pm983 = "Samsung PM983 1.92 TB data sheet rev 1.0 (2018), sustained";
  return PresetMaker("generic.nvme-plp",
                     "8 cores, 64 GiB, one data-centre NVMe drive with power-loss protection, 10 Gb/s")
      .machine(8, 64 * gib, "assumption: a common server")
      .speed(100, cost_machine)
      .nic(1'250'000'000, "assumption: a common server")
      .disks(1, disk, pm983, pm983, pm983)
      .done();
}

Preset generic_cloud(const char* name, const char* device, const char* summary) {
  const DevicePreset* volume = find_device(device);
  Preset preset = PresetMaker(name, summary)
                      .machine(8, 64 * gib, "assumption: a common server")
                      .speed(100, cost_machine)
                      .nic(1'250'000'000, "assumption: a common server")
                      .done();
  preset.hardware.disks = {volume->disk};
  const storage::VolumeLimits limits = storage::volume_limits(volume->disk.volume, volume->disk.capacity);
  constexpr const char* guide = "AWS EC2 user guide 2023-06, EBS volume types";
  constexpr const char* study = "etcd on EBS, fio with fdatasync (besthub.dev)";
  const auto note = [&preset](const char* figure, std::string value, const char* source) {
    preset.figures.push_back({figure, std::move(value), source});
  };
  note("disks", std::string("1 x ") + device + ", " + size_text(volume->disk.capacity),
       "assumption: a common size");
  note("disks[].iops", std::to_string(limits.iops_base) + " to " + std::to_string(limits.iops_peak), guide);
  note("disks[].throughput",
       bandwidth_text({limits.bytes_base}) + " to " + bandwidth_text({limits.bytes_peak}), guide);
  note("disks[].volume.latency_median", duration_text(volume->disk.volume.latency_median), study);
  note("disks[].volume.latency_sigma_permille", std::to_string(volume->disk.volume.latency_sigma_permille),
       study);
  note("disks[].power_loss_protection", "true", "a volume is durable when it answers (same guide)");
  return preset;
}

Preset client_default() {
  const DiskConfig disk = protected_nvme(1'920'000'000'000, 3'200'000'000, 2'000'000'000, 540'000, 50'000);
  return PresetMaker("client.default", "a client's machine: 8 cores, 32 GiB, 10 Gb/s; its disk is not used")
      .machine(8, 32 * gib, "assumption: large enough never to be the bottleneck by chance")
      .speed(100, cost_machine)
      .nic(1'250'000'000, "assumption: a common server")
      .disks(1, disk, "as generic.nvme-plp", "as generic.nvme-plp", "as generic.nvme-plp")
      .done();
}

Preset controller_default() {
  const DiskConfig disk = protected_nvme(1'920'000'000'000, 3'200'000'000, 2'000'000'000, 540'000, 50'000);
  return PresetMaker("controller.default",
                     "a KRaft controller's machine: 4 cores, 16 GiB, protected NVMe, 10 Gb/s")
      .machine(4, 16 * gib, "assumption: a common size for a dedicated controller")
      .speed(100, cost_machine)
      .nic(1'250'000'000, "assumption: a common server")
      .disks(1, disk, "as generic.nvme-plp", "as generic.nvme-plp", "as generic.nvme-plp")
      .done();
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = [] {
    std::vector<Preset> list{
        i3en_2xlarge(),
        i3en_3xlarge(),
        i3en_6xlarge(),
        i3_4xlarge(),
        li2014(),
        generic_hdd(),
        generic_nvme(),
        generic_nvme_plp(),
        generic_cloud("generic.gp3", "ebs-gp3", "8 cores, 64 GiB, one gp3 volume of 500 GiB, 10 Gb/s"),
        generic_cloud("generic.gp2", "ebs-gp2", "8 cores, 64 GiB, one gp2 volume of 300 GiB, 10 Gb/s"),
        client_default(),
        controller_default()};
    for (Preset& instance : instance_presets()) list.push_back(std::move(instance));
    for (Preset& instance : ebs_instance_presets()) list.push_back(std::move(instance));
    return list;
  }();
  return all;
}

const Preset* find_preset(std::string_view name) {
  for (const Preset& preset : presets()) {
    if (preset.name == name) return &preset;
  }
  return nullptr;
}

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

sim::Bytes page_cache_share(sim::Bytes memory) { return {std::max<std::int64_t>(1, memory.n / 4 * 3)}; }

std::string list_hardware() {
  std::string out;
  for (const Preset& preset : presets()) {
    out += preset.name + "\n    " + preset.summary + "\n";
    std::size_t name_width = 0;
    std::size_t value_width = 0;
    for (const PresetFigure& figure : preset.figures) {
      name_width = std::max(name_width, figure.name.size());
      value_width = std::max(value_width, figure.value.size());
    }
    for (const PresetFigure& figure : preset.figures) {
      out += "    " + figure.name + std::string(name_width - figure.name.size() + 2, ' ') + figure.value +
             std::string(value_width - figure.value.size() + 2, ' ') + figure.source + "\n";
    }
    out += "\n";
  }
  return out + list_devices();
}

}  // namespace brokersim::scenario
