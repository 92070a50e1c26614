// Block devices. Fields are those of models/devices/storage/config.h, under the same names.
#include "app/scenario/device_presets.h"
#include "app/scenario/field.h"
#include "app/scenario/presets.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

namespace {

Field preset_field(Field field) {
  field.doc += " Default: the preset's.";
  return field;
}

std::vector<std::string> disk_preset_names() {
  std::vector<std::string> names;
  for (const DevicePreset& device : device_presets()) names.push_back(device.name);
  for (std::string& name : preset_names()) names.push_back(std::move(name));
  return names;
}

const Table& hdd_table() {
  static const Table table{
      "hardware.disk.hdd",
      "",
      "What a hard disk is beside its data sheet. Zones and seek curve are those of a WD 4 TB drive, scaled.",
      {
          preset_field({.name = "heads", .type = integer, .doc = "Recording surfaces.", .min = 1, .max = 64}),
          preset_field({.name = "seek_full",
                        .type = duration,
                        .doc = "Full stroke; 0 s = 1.961 times the average.",
                        .max = second}),
          preset_field({.name = "write_settle",
                        .type = duration,
                        .doc = "Added to a seek before a write.",
                        .max = second}),
          preset_field({.name = "skew_ppm",
                        .type = integer,
                        .doc = "Millionths of a revolution lost at each change of track.",
                        .max = 1'000'000}),
          preset_field(
              {.name = "is_zoned", .type = boolean, .doc = "Density falls inwards to half, in 59 zones."}),
          preset_field({.name = "queue_depth",
                        .type = integer,
                        .doc = "Commands that the drive holds (NCQ: 31).",
                        .min = 1,
                        .max = 1'024}),
          preset_field({.name = "order",
                        .type = choice,
                        .doc = "Which command is next: shortest access time, elevator, or arrival.",
                        .choices = {"satf", "clook", "fcfs"}}),
          preset_field({.name = "slack",
                        .type = duration,
                        .doc = "satf: a sector nearer than this counts as missed.",
                        .max = second}),
          preset_field({.name = "age_limit",
                        .type = duration,
                        .doc = "A command that waited longer is served next.",
                        .min = ms,
                        .max = hour}),
          preset_field({.name = "scheduler",
                        .type = choice,
                        .doc = "The host's: arrival, deadline with foreground first, or slices per stream.",
                        .choices = {"none", "mq_deadline", "bfq"}}),
          preset_field({.name = "readahead",
                        .type = size,
                        .doc = "What the drive reads ahead into its buffer.",
                        .max = gib}),
      }};
  return table;
}

const Table& flash_table() {
  static const Table table{
      "hardware.disk.flash",
      "",
      "What an SSD is beside its data sheet.",
      {
          preset_field({.name = "dies",
                        .type = integer,
                        .doc = "Units that read independently.",
                        .min = 1,
                        .max = 1'024}),
          preset_field({.name = "die_read",
                        .type = duration,
                        .doc = "One page from the array; part of read_latency.",
                        .max = second}),
          preset_field({.name = "page",
                        .type = size,
                        .doc = "What a die delivers in one read.",
                        .min = 512,
                        .max = 16 * mib}),
          preset_field({.name = "spare_permille",
                        .type = integer,
                        .doc = "Spare over usable space, for the write amplification of random writes; 0: "
                               "they cost 1/write_iops.",
                        .max = 10'000}),
          preset_field({.name = "slc_cache",
                        .type = size,
                        .doc = "Bytes written at slc_bandwidth before the steady rate.",
                        .max = tib}),
          preset_field({.name = "slc_bandwidth",
                        .type = bandwidth,
                        .doc = "Rate into the SLC cache.",
                        .min = mib,
                        .max = bandwidth_max}),
          preset_field({.name = "slow_read_ppm",
                        .type = integer,
                        .doc = "Reads per million that meet a retry or an erase.",
                        .max = 1'000'000}),
          preset_field({.name = "slow_read",
                        .type = duration,
                        .doc = "What such a read costs at most.",
                        .max = 10 * second}),
          preset_field(
              {.name = "program_suspend",
               .type = duration,
               .doc = "What a read waits at most for a die that programs; 0 s: reads never meet programs.",
               .max = second}),
          preset_field({.name = "shares_budget",
                        .type = boolean,
                        .doc = "Reads and writes share one budget of IOPS and bandwidth."}),
      }};
  return table;
}

const Table& volume_table() {
  static const Table table{
      "hardware.disk.volume",
      "",
      "A cloud volume: what the type does not fix.",
      {
          preset_field({.name = "type",
                        .type = choice,
                        .doc = "Sets baselines, bursts and caps by the published rules.",
                        .choices = {"gp2", "gp3", "io1", "io2", "io2_block_express", "st1", "sc1"}}),
          preset_field({.name = "iops",
                        .type = integer,
                        .doc = "Provisioned (gp3, io1, io2).",
                        .min = 100,
                        .max = 256'000}),
          preset_field({.name = "throughput",
                        .type = bandwidth,
                        .doc = "Provisioned (gp3).",
                        .min = mib,
                        .max = bandwidth_max}),
          preset_field({.name = "initial_credits_permille",
                        .type = integer,
                        .doc = "How full the burst bucket is at first.",
                        .max = 1'000}),
          preset_field({.name = "latency_median",
                        .type = duration,
                        .doc = "Of one small operation, without queueing.",
                        .min = us,
                        .max = 10 * second}),
          preset_field({.name = "latency_sigma_permille",
                        .type = integer,
                        .doc = "Width of the lognormal latency.",
                        .max = 2'000}),
          preset_field({.name = "degraded_permille",
                        .type = integer,
                        .doc = "Minutes in 1,000 at 50 to 90 % of the rate (AWS states 10 for gp, 1 for io).",
                        .max = 1'000}),
          preset_field({.name = "instance_iops",
                        .type = integer,
                        .doc = "The machine's own limit; 0 = none.",
                        .max = 10'000'000}),
          preset_field({.name = "instance_throughput",
                        .type = bandwidth,
                        .doc = "The machine's own limit; 0 B/s = none.",
                        .max = bandwidth_max}),
      }};
  return table;
}

}  // namespace

const Table& disk_table() {
  static const Table table{
      "hardware.disk",
      "",
      "One block device, or several alike.",
      {
          {.name = "preset",
           .type = choice,
           .doc = "Start from a named drive or volume, or from the first disk of a hardware preset "
                  "(`brokersim list hardware`).",
           .choices = disk_preset_names()},
          {.name = "count",
           .type = integer,
           .doc = "How many such disks.",
           .fallback = "1",
           .min = 1,
           .max = 64},
          preset_field({.name = "kind",
                        .type = choice,
                        .doc = "The timing law.",
                        .choices = {"nvme", "hdd", "cloud"}}),
          preset_field(
              {.name = "capacity", .type = size, .doc = "Usable bytes.", .min = mib, .max = 1'000 * tib}),
          preset_field({.name = "read_bandwidth",
                        .type = bandwidth,
                        .doc = "Sequential; outer zone of an HDD.",
                        .min = 1'000,
                        .max = bandwidth_max}),
          preset_field({.name = "write_bandwidth",
                        .type = bandwidth,
                        .doc = "Sequential, in steady state.",
                        .min = 1'000,
                        .max = bandwidth_max}),
          preset_field({.name = "read_latency",
                        .type = duration,
                        .doc = "NVMe: fixed part of a read at queue depth 1.",
                        .max = 10 * second}),
          preset_field({.name = "write_latency",
                        .type = duration,
                        .doc = "NVMe: fixed part of a write into the drive's buffer.",
                        .max = 10 * second}),
          preset_field({.name = "read_iops",
                        .type = integer,
                        .doc = "NVMe: highest rate of 4 KiB random reads per second.",
                        .min = 1,
                        .max = 1'000'000'000}),
          preset_field({.name = "write_iops",
                        .type = integer,
                        .doc = "NVMe: highest rate of 4 KiB random writes per second.",
                        .min = 1,
                        .max = 1'000'000'000}),
          preset_field({.name = "rpm",
                        .type = integer,
                        .doc = "HDD: revolutions per minute.",
                        .min = 100,
                        .max = 100'000}),
          preset_field({.name = "seek_average",
                        .type = duration,
                        .doc = "HDD: average seek, weighted by capacity.",
                        .max = second}),
          preset_field({.name = "seek_track_to_track",
                        .type = duration,
                        .doc = "HDD: seek of one cylinder.",
                        .max = second}),
          preset_field(
              {.name = "controller_overhead", .type = duration, .doc = "HDD: per command.", .max = second}),
          preset_field({.name = "volatile_cache",
                        .type = size,
                        .doc = "Write cache that loses its content with the power; 0 B = none.",
                        .max = 64 * gib}),
          preset_field({.name = "power_loss_protection",
                        .type = boolean,
                        .doc = "Acknowledged writes survive a power loss, and a flush is free."}),
          preset_field({.name = "flush_latency",
                        .type = duration,
                        .doc = "Cost of a cache flush without protection, beside the destage.",
                        .max = 10 * second}),
          preset_field(
              {.name = "fua_latency",
               .type = duration,
               .doc = "NVMe: of a write through the cache (FUA); 0 s: none, it costs a second flush.",
               .max = 10 * second}),
          preset_field({.name = "shorn_write_permille",
                        .type = integer,
                        .doc = "Chance in 1,000 that a power loss tears a write in flight.",
                        .max = 1'000}),
          preset_field({.name = "slow_hours_ppm",
                        .type = integer,
                        .doc = "Hours in a million in which the drive is 2 to 10 times slower (published: "
                               "HDD 2,000, SSD 6,000).",
                        .max = 1'000'000}),
          preset_field({.name = "sector",
                        .type = size,
                        .doc = "Unit that the device writes whole or not at all.",
                        .min = 512,
                        .max = 64 << 10}),
          preset_field(
              {.name = "hdd", .type = object, .doc = "HDD: mechanics and queue.", .table = &hdd_table()}),
          preset_field(
              {.name = "flash", .type = object, .doc = "NVMe: dies and caches.", .table = &flash_table()}),
          preset_field({.name = "volume",
                        .type = object,
                        .doc = "Cloud: type and provisioning.",
                        .table = &volume_table()}),
      }};
  return table;
}

}  // namespace brokersim::scenario
