// hardware.disks: block devices, by named drive, hardware preset or by hand.
#include "app/scenario/build.h"
#include "app/scenario/device_presets.h"
#include "app/scenario/judge_disk.h"
#include "app/scenario/presets.h"
#include "app/scenario/take.h"

namespace brokersim::scenario {
namespace {

using storage::DiskConfig;

template <typename Enum>
void take_choice(Enum& to, const std::optional<std::string>& text,
                 std::initializer_list<std::pair<const char*, Enum>> words) {
  if (!text) return;
  for (const auto& [word, value] : words) {
    if (*text == word) to = value;
  }
}

void build_hdd(const View& view, storage::HddConfig& hdd) {
  take(hdd.heads, view.integer("heads"));
  take(hdd.seek_full, view.quantity("seek_full"));
  take(hdd.write_settle, view.quantity("write_settle"));
  take(hdd.skew_ppm, view.integer("skew_ppm"));
  take(hdd.is_zoned, view.boolean("is_zoned"));
  take(hdd.queue_depth, view.integer("queue_depth"));
  take_choice(hdd.order, view.text("order"),
              {{"satf", storage::DriveOrder::satf},
               {"clook", storage::DriveOrder::clook},
               {"fcfs", storage::DriveOrder::fcfs}});
  take(hdd.slack, view.quantity("slack"));
  take(hdd.age_limit, view.quantity("age_limit"));
  take_choice(hdd.scheduler, view.text("scheduler"),
              {{"none", storage::HostScheduler::none},
               {"mq_deadline", storage::HostScheduler::mq_deadline},
               {"bfq", storage::HostScheduler::bfq}});
  take(hdd.readahead, view.quantity("readahead"));
}

void build_flash(const View& view, storage::FlashConfig& flash) {
  take(flash.dies, view.integer("dies"));
  take(flash.die_read, view.quantity("die_read"));
  take(flash.page, view.quantity("page"));
  take(flash.spare_permille, view.integer("spare_permille"));
  take(flash.slc_cache, view.quantity("slc_cache"));
  take(flash.slc_bandwidth, view.quantity("slc_bandwidth"));
  take(flash.slow_read_ppm, view.integer("slow_read_ppm"));
  take(flash.slow_read, view.quantity("slow_read"));
  take(flash.program_suspend, view.quantity("program_suspend"));
  take(flash.shares_budget, view.boolean("shares_budget"));
}

void build_volume(const View& view, storage::VolumeConfig& volume) {
  using storage::VolumeType;
  take_choice(volume.type, view.text("type"),
              {{"gp2", VolumeType::gp2},
               {"gp3", VolumeType::gp3},
               {"io1", VolumeType::io1},
               {"io2", VolumeType::io2},
               {"io2_block_express", VolumeType::io2_block_express},
               {"st1", VolumeType::st1},
               {"sc1", VolumeType::sc1}});
  take(volume.iops, view.integer("iops"));
  take(volume.throughput, view.quantity("throughput"));
  take(volume.initial_credits_permille, view.integer("initial_credits_permille"));
  take(volume.latency_median, view.quantity("latency_median"));
  take(volume.latency_sigma_permille, view.integer("latency_sigma_permille"));
  take(volume.degraded_permille, view.integer("degraded_permille"));
  take(volume.instance_iops, view.integer("instance_iops"));
  take(volume.instance_throughput, view.quantity("instance_throughput"));
}

DiskConfig base_of(const View& view, const DiskConfig& base) {
  const auto name = view.text("preset");
  if (!name) return base;
  if (const DevicePreset* device = find_device(*name)) return device->disk;
  if (const Preset* preset = find_preset(*name); preset != nullptr && !preset->hardware.disks.empty())
    return preset->hardware.disks.front();
  return base;
}

}  // namespace

void build_disk(Build& build, const View& view, const DiskConfig& base, std::vector<DiskConfig>& disks) {
  DiskConfig disk = base_of(view, base);
  take_choice(disk.kind, view.text("kind"),
              {{"nvme", storage::DiskKind::nvme},
               {"hdd", storage::DiskKind::hdd},
               {"cloud", storage::DiskKind::cloud}});
  take(disk.capacity, view.quantity("capacity"));
  take(disk.read_bandwidth, view.quantity("read_bandwidth"));
  take(disk.write_bandwidth, view.quantity("write_bandwidth"));
  take(disk.read_latency, view.quantity("read_latency"));
  take(disk.write_latency, view.quantity("write_latency"));
  take(disk.read_iops, view.integer("read_iops"));
  take(disk.write_iops, view.integer("write_iops"));
  take(disk.rpm, view.integer("rpm"));
  if (view.has("seek_average") || view.has("seek_track_to_track"))
    disk.hdd.seek = {};  // no longer the measured curve
  take(disk.seek_average, view.quantity("seek_average"));
  take(disk.seek_track_to_track, view.quantity("seek_track_to_track"));
  take(disk.controller_overhead, view.quantity("controller_overhead"));
  take(disk.volatile_cache, view.quantity("volatile_cache"));
  take(disk.power_loss_protection, view.boolean("power_loss_protection"));
  take(disk.flush_latency, view.quantity("flush_latency"));
  take(disk.fua_latency, view.quantity("fua_latency"));
  take(disk.shorn_write_permille, view.integer("shorn_write_permille"));
  take(disk.slow_hours_ppm, view.integer("slow_hours_ppm"));
  take(disk.sector, view.quantity("sector"));
  build_hdd(view.object("hdd"), disk.hdd);
  build_flash(view.object("flash"), disk.flash);
  build_volume(view.object("volume"), disk.volume);
  // A short read latency given by hand leaves the array its usual share of it.
  if (disk.flash.die_read > disk.read_latency) {
    if (view.object("flash").has("die_read")) {
      build.doc.error(view.object("flash").place("die_read"), "out-of-range",
                      "die_read is longer than read_latency", "it is the array's part of it");
    }
    disk.flash.die_read = {disk.read_latency.ns / 2};
  }
  if ((disk.sector.n & (disk.sector.n - 1)) != 0) {
    build.doc.error(view.place("sector"), "out-of-range", "sector must be a power of two",
                    "512 B and 4 KiB are common");
  }
  judge_disk(build, view, disk);
  disks.insert(disks.end(), static_cast<std::size_t>(view.integer("count").value_or(1)), disk);
}

}  // namespace brokersim::scenario
