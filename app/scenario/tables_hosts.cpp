// Machines and their parts. Fields are those of models/devices/*/config.h, under the same names.
#include "app/scenario/field.h"
#include "app/scenario/presets.h"
#include "app/scenario/ranges.h"

namespace brokersim::scenario {

using namespace ranges;
using enum FieldType;

const Table& host_table() {
  static const Table table{
      "host",
      "",
      "A group of equal machines, named NAME-0, NAME-1 and so on.",
      {
          {.name = "name", .type = name, .doc = "Name of the group; machine i is NAME-i.", .required = true},
          {.name = "count",
           .type = integer,
           .doc = "How many machines.",
           .fallback = "1",
           .min = 1,
           .max = limits::hosts},
          {.name = "hardware",
           .type = preset,
           .doc = "A preset (`brokersim list hardware`), or a description by hand.",
           .fallback = "i3en.2xlarge",
           .choices = preset_names(),
           .table = &hardware_table()},
          {.name = "zones", .type = name_list, .doc = "Network zones, taken in turn.", .fallback = "[\"a\"]"},
          {.name = "region", .type = name, .doc = "Region of all its zones. Default: the only one."},
          {.name = "racks",
           .type = name_list,
           .doc = "Racks within each zone, taken in turn among the machines of that zone. Default: none."},
          {.name = "power_domain",
           .type = name,
           .doc = "Machines of one power domain lose mains together. Default: the zone's name."},
          {.name = "boot_time",
           .type = duration,
           .doc = "From power-on until processes start.",
           .fallback = "30 s",
           .max = day},
      }};
  return table;
}

namespace {

constexpr const char* of_the_preset = " Default: the preset's.";

Field hardware_field(Field field) {
  field.doc += of_the_preset;
  return field;
}

const Table& cpu_table() {
  static const Table table{
      "hardware.cpu",
      "",
      "Processors.",
      {
          hardware_field(
              {.name = "cores", .type = integer, .doc = "Hardware threads.", .min = 1, .max = 1'024}),
          hardware_field({.name = "speed_percent",
                        .type = integer,
                        .doc = "Speed in percent of the machine on which the cost constants were measured.",
                        .min = 1,
                        .max = 10'000}),
          hardware_field({.name = "threads_per_core",
                        .type = integer,
                        .doc = "Hardware threads that share a physical core: 2 with hyperthreading.",
                        .min = 1,
                        .max = 8}),
          hardware_field({.name = "smt_gain_percent",
                        .type = integer,
                        .doc = "Throughput that the further hardware threads of a core add, together.",
                        .max = 100}),
          {.name = "steal_percent",
           .type = integer,
           .doc = "Time that the hypervisor gives to other guests.",
           .fallback = "0",
           .max = 95},
          {.name = "quota_percent",
           .type = integer,
           .doc = "CPU time that all processes together may use in a quota_period, in percent of one "
                  "hardware thread "
                  "(a container's CPU limit); 0: no limit.",
           .fallback = "0",
           .max = 1'000'000},
          {.name = "quota_period",
           .type = duration,
           .doc = "cpu.cfs_period_us.",
           .fallback = "100 ms",
           .min = ms,
           .max = second},
      }};
  return table;
}

const Table& nic_table() {
  static const Table table{
      "hardware.nic",
      "",
      "The network card, full duplex, and the switch port it is plugged into.",
      {
          hardware_field(
              {.name = "bandwidth",
               .type = bandwidth,
               .doc = "Of each direction, on the wire. Given by hand, the preset's bursts do not apply.",
               .min = 1'000,
               .max = bandwidth_max}),
          hardware_field({.name = "burst",
                        .type = bandwidth,
                        .doc = "Above `bandwidth`: the rate while the bucket of each direction is not empty.",
                        .min = 1'000,
                        .max = bandwidth_max}),
          hardware_field({.name = "burst_bucket",
                        .type = size,
                        .doc = "That bucket, full at the start and refilled at `bandwidth`.",
                        .max = 1'000 * tib}),
          hardware_field({.name = "flow_limit",
                        .type = bandwidth,
                        .doc = "Highest rate of one connection and direction (EC2: 5 Gb/s).",
                        .min = 1'000,
                        .max = bandwidth_max}),
          hardware_field({.name = "mtu", .type = integer, .doc = "IP packet size.", .min = 576, .max = 9'216}),
          hardware_field(
              {.name = "port_buffer",
               .type = size,
               .doc = "What the switch port towards the card holds before it drops; 0 B: everything.",
               .max = tib}),
      }};
  return table;
}

const Table& page_cache_table() {
  static const Table table{
      "hardware.page_cache",
      "",
      "Linux write-back. Ratios are shares of `memory`.",
      {
          {.name = "memory",
           .type = size,
           .doc = "Memory the cache may fill. Default: three quarters of the machine's.",
           .min = mib,
           .max = 64 * tib},
          {.name = "dirty_background",
           .type = integer,
           .doc = "vm.dirty_background_ratio: write-back starts.",
           .fallback = "10",
           .min = 0,
           .max = 100},
          {.name = "dirty_limit",
           .type = integer,
           .doc = "vm.dirty_ratio: writers are throttled. Above dirty_background.",
           .fallback = "20",
           .min = 1,
           .max = 100},
          {.name = "dirty_expire",
           .type = duration,
           .doc = "vm.dirty_expire_centisecs: age at which dirty data is written back.",
           .fallback = "30 s",
           .min = 10 * ms,
           .max = day},
          {.name = "writeback_interval",
           .type = duration,
           .doc = "vm.dirty_writeback_centisecs: period of the flusher.",
           .fallback = "5 s",
           .min = 10 * ms,
           .max = day},
          {.name = "dirty_background_bytes",
           .type = size,
           .doc = "vm.dirty_background_bytes: instead of the share. 0 B: use the share.",
           .fallback = "0 B",
           .max = 64 * tib},
          {.name = "dirty_limit_bytes",
           .type = size,
           .doc = "vm.dirty_bytes: instead of the share. 0 B: use the share.",
           .fallback = "0 B",
           .max = 64 * tib},
          {.name = "readahead",
           .type = size,
           .doc = "read_ahead_kb of the disks: largest readahead window, whole pages of 4 KiB. "
                  "0 B: none.",
           .fallback = "128 KiB",
           .max = gib},
          {.name = "copy_rate",
           .type = bandwidth,
           .doc = "Memory copy of a cached read or a write.",
           .fallback = "5700 MB/s",
           .min = mib,
           .max = bandwidth_max},
      }};
  return table;
}

const Table& file_system_table() {
  static const Table table{
      "hardware.file_system",
      "",
      "The file system of every disk.",
      {
          {.name = "kind",
           .type = choice,
           .doc = "ext4, or xfs: a rename waits for no data, and a failed log write shuts it down.",
           .fallback = "ext4",
           .choices = {"ext4", "xfs"}},
          {.name = "data",
           .type = choice,
           .doc = "ext4: ordered: data reaches the device before the size that shows it. writeback: it need "
                  "not.",
           .fallback = "ordered",
           .choices = {"ordered", "writeback"}},
          {.name = "commit_interval",
           .type = duration,
           .doc = "Period of the journal: ext4's commit option, XFS' xfssyncd_centisecs. Default: 5 s, for "
                  "xfs 30 s.",
           .min = 10 * ms,
           .max = hour},
          {.name = "discard",
           .type = boolean,
           .doc = "Mount option: an SSD with spare space hears which space is free and uses it as spare.",
           .fallback = "false"},
          {.name = "unseen_errors",
           .type = choice,
           .doc = "A write-back error that no fsync has told yet: kept for whoever syncs next (Linux before "
                  "4.13, and "
                  "since 4.16), or lost_on_open for who opens the file later (4.13 to 4.15).",
           .fallback = "kept",
           .choices = {"kept", "lost_on_open"}},
      }};
  return table;
}

}  // namespace

const Table& hardware_table() {
  static const Table table{
      "hardware",
      "",
      "A machine by hand: a preset with some parts replaced.",
      {
          {.name = "preset",
           .type = choice,
           .doc = "Where to start from (`brokersim list hardware`).",
           .fallback = "i3en.2xlarge",
           .choices = preset_names()},
          hardware_field({.name = "memory", .type = size, .doc = "RAM.", .min = 64 * mib, .max = 64 * tib}),
          hardware_field({.name = "cpu", .type = object, .doc = "Processors.", .table = &cpu_table()}),
          hardware_field({.name = "nic", .type = object, .doc = "Network card.", .table = &nic_table()}),
          hardware_field({.name = "disks",
                        .type = list,
                        .doc = "All disks of the machine; replaces the preset's.",
                        .table = &disk_table()}),
          hardware_field({.name = "page_cache",
                        .type = object,
                        .doc = "Write-back of the operating system.",
                        .table = &page_cache_table()}),
          hardware_field({.name = "file_system",
                        .type = object,
                        .doc = "File system of every disk.",
                        .table = &file_system_table()}),
      }};
  return table;
}

}  // namespace brokersim::scenario
