#include "app/scenario/judge_disk.h"

#include <string>

#include "app/scenario/quantity.h"
#include "app/scenario/ranges.h"
#include "models/devices/storage/cloud_volume.h"

namespace brokersim::scenario {
namespace {

using storage::DiskConfig;
using storage::DiskKind;
using storage::VolumeType;

using ranges::gib;

void fields_without_effect(Build& build, const View& view, DiskKind kind) {
  struct Field {
    const char* name;
    bool nvme, hdd, cloud;  // has an effect there
  };
  static constexpr Field kFields[] = {
      {"read_bandwidth", true, true, false},
      {"write_bandwidth", true, true, false},
      {"read_latency", true, false, false},
      {"write_latency", true, false, false},
      {"read_iops", true, false, false},
      {"write_iops", true, false, false},
      {"rpm", false, true, false},
      {"seek_average", false, true, false},
      {"seek_track_to_track", false, true, false},
      {"controller_overhead", false, true, false},
      {"fua_latency", true, false, false},
      {"hdd", false, true, false},
      {"flash", true, false, false},
      {"volume", false, false, true},
  };
  const char* const name = kind == DiskKind::nvme ? "nvme" : kind == DiskKind::hdd ? "hdd" : "cloud";
  for (const Field& field : kFields) {
    const bool has_effect = kind == DiskKind::nvme  ? field.nvme
                            : kind == DiskKind::hdd ? field.hdd
                                                    : field.cloud;
    if (has_effect || !view.has(field.name)) continue;
    build.doc.warn(view.place(field.name), "no-effect",
                   std::string(field.name) + " has no effect on a disk of kind " + name,
                   kind == DiskKind::cloud ? "\"volume\" describes it" : "");
  }
}

void judge_dies(Build& build, const View& view, const DiskConfig& disk) {
  if (!view.has("read_iops") && !view.has("flash")) return;
  if (disk.flash.die_read.ns == 0) return;
  const std::int64_t pages = disk.flash.dies * 1'000'000'000ll / disk.flash.die_read.ns;
  if (disk.read_iops <= pages) return;
  build.doc.warn(view.has("read_iops") ? view.place("read_iops") : view.place("flash"), "no-effect",
                 "read_iops is " + std::to_string(disk.read_iops) + ", but the drive's " +
                     std::to_string(disk.flash.dies) + " dies deliver " + std::to_string(pages) +
                     " pages a second",
                 "raise flash.dies, or lower flash.die_read");
}

/// What AWS would refuse or cut.
void judge_volume(Build& build, const View& view, const DiskConfig& disk) {
  const View volume = view.object("volume");
  const auto warn = [&](const char* field, const std::string& message, const std::string& hint) {
    build.doc.warn(volume.has(field) ? volume.place(field) : view.place(field), "no-effect", message, hint);
  };
  const VolumeType type = disk.volume.type;
  const bool by_bytes = type == VolumeType::st1 || type == VolumeType::sc1;
  const bool provisioned = !by_bytes && type != VolumeType::gp2;
  if (volume.has("iops") && !provisioned)
    warn("iops", "iops has no effect on a volume whose rate follows from its size", "");
  if (volume.has("throughput") && type != VolumeType::gp3)
    warn("throughput", "throughput is provisioned for gp3 only", "");
  if (volume.has("initial_credits_permille") && provisioned)
    warn("initial_credits_permille", "a provisioned volume has no burst bucket", "");
  const storage::VolumeLimits limits = storage::volume_limits(disk.volume, disk.capacity);
  if (volume.has("iops") && provisioned && limits.iops_base != disk.volume.iops)
    warn("iops",
         "iops is " + std::to_string(disk.volume.iops) + ", but a volume of this type and size has " +
             std::to_string(limits.iops_base),
         "AWS allows so many operations for each GiB, and so many in all");
  if (volume.has("throughput") && type == VolumeType::gp3 && limits.bytes_base != disk.volume.throughput.n)
    warn("throughput",
         "throughput is " + format_quantity(disk.volume.throughput.n, Dimension::bandwidth) +
             ", but this volume has " + format_quantity(limits.bytes_base, Dimension::bandwidth),
         "gp3 has 125 to 1000 MiB/s, and a quarter MiB/s for each provisioned operation");
  const std::int64_t least = by_bytes ? 125 : type == VolumeType::gp2 || type == VolumeType::gp3 ? 1 : 4;
  const std::int64_t most = type == VolumeType::io2_block_express ? 65'536 : 16'384;
  if (disk.capacity.n < least * gib || disk.capacity.n > most * gib)
    build.doc.warn(view.place("capacity"), "no-effect",
                   "AWS has no such volume of " + format_quantity(disk.capacity.n, Dimension::size),
                   "from " + std::to_string(least) + " GiB to " + std::to_string(most) + " GiB");
}

}  // namespace

void judge_disk(Build& build, const View& view, const DiskConfig& disk) {
  fields_without_effect(build, view, disk.kind);
  if (disk.kind == DiskKind::nvme) judge_dies(build, view, disk);
  if (disk.kind == DiskKind::cloud) judge_volume(build, view, disk);
  if (disk.kind == DiskKind::hdd && disk.hdd.seek.knee == 0 && disk.seek_track_to_track > disk.seek_average)
    build.doc.error(view.place("seek_track_to_track"), "out-of-range",
                    "the seek of one track is longer than the average seek");
  if (disk.volatile_cache > disk.capacity)
    build.doc.error(view.place("volatile_cache"), "out-of-range", "the write cache is larger than the disk");
}

}  // namespace brokersim::scenario
