// hosts: groups of machines, by preset or by hand.
#include "app/scenario/build.h"
#include "app/scenario/presets.h"
#include "app/scenario/take.h"

namespace brokersim::scenario {
namespace {

using storage::DiskConfig;

host::HardwareConfig build_hardware(Build& build, const View& host) {
  const NodeId node = host.member("hardware");
  const bool by_hand = node != no_node && build.doc.tree[node].kind == NodeKind::object;
  const View view(build.doc, by_hand ? node : no_node, hardware_table());
  std::string name = (by_hand ? view.text("preset") : host.text("hardware")).value_or("");
  const Preset* preset = find_preset(name);
  if (preset == nullptr) preset = &presets().front();  // Wrong names are reported already.
  host::HardwareConfig hardware = preset->hardware;
  if (!by_hand) return hardware;

  if (build.doc.tree[node].size > (view.has("preset") ? 1u : 0u)) hardware.preset.clear();
  if (const auto memory = view.bytes("memory")) {
    hardware.memory = *memory;
    hardware.page_cache.memory = page_cache_share(*memory);
  }
  const View cpu = view.object("cpu");
  take(hardware.cpu.cores, cpu.integer("cores"));
  take(hardware.cpu.speed_percent, cpu.integer("speed_percent"));
  const View nic = view.object("nic");
  take(hardware.nic.bandwidth, nic.quantity("bandwidth"));
  // Who gives a rate by hand means a card of that rate, without what a cloud adds to the preset's.
  if (nic.has("bandwidth")) hardware.nic.burst = {0}, hardware.nic.burst_bucket = {0};
  take(hardware.nic.burst, nic.quantity("burst"));
  take(hardware.nic.burst_bucket, nic.quantity("burst_bucket"));
  take(hardware.nic.flow_limit, nic.quantity("flow_limit"));
  take(hardware.nic.mtu, nic.integer("mtu"));
  take(hardware.nic.port_buffer, nic.quantity("port_buffer"));
  if (hardware.nic.burst.n > 0 && hardware.nic.burst <= hardware.nic.bandwidth) {
    build.doc.error(nic.place("burst"), "out-of-range", "burst is not above bandwidth",
                    "bandwidth is the sustained rate");
    hardware.nic.burst = {0};
  }
  take(hardware.cpu.threads_per_core, cpu.integer("threads_per_core"));
  take(hardware.cpu.smt_gain_percent, cpu.integer("smt_gain_percent"));
  take(hardware.cpu.steal_percent, cpu.integer("steal_percent"));
  take(hardware.cpu.quota_percent, cpu.integer("quota_percent"));
  take(hardware.cpu.quota_period, cpu.quantity("quota_period"));

  const View cache = view.object("page_cache");
  take(hardware.page_cache.memory, cache.quantity("memory"));
  hardware.page_cache.dirty_background = {static_cast<std::int32_t>(*cache.integer("dirty_background"))};
  hardware.page_cache.dirty_limit = {static_cast<std::int32_t>(*cache.integer("dirty_limit"))};
  take(hardware.page_cache.dirty_expire, cache.quantity("dirty_expire"));
  take(hardware.page_cache.writeback_interval, cache.quantity("writeback_interval"));
  take(hardware.page_cache.dirty_background_bytes, cache.quantity("dirty_background_bytes"));
  take(hardware.page_cache.dirty_limit_bytes, cache.quantity("dirty_limit_bytes"));
  take(hardware.page_cache.readahead, cache.quantity("readahead"));
  take(hardware.page_cache.copy_rate, cache.quantity("copy_rate"));
  if (hardware.page_cache.memory > hardware.memory) {
    build.doc.error(cache.place("memory"), "out-of-range",
                    "the page cache is larger than the machine's memory",
                    "three quarters of the memory are usual");
  }
  const storage::PageCacheConfig& dirty = hardware.page_cache;
  if (dirty.readahead.n % 4'096 != 0) {
    build.doc.error(cache.place("readahead"), "out-of-range",
                    "readahead must be a whole number of 4 KiB pages", "Linux has 128 KiB");
  }
  if (dirty.dirty_background_bytes.n > 0 && dirty.dirty_limit_bytes.n > 0 &&
      dirty.dirty_background_bytes >= dirty.dirty_limit_bytes) {
    build.doc.error(cache.place("dirty_limit_bytes"), "out-of-range",
                    "dirty_limit_bytes must be above dirty_background_bytes",
                    "write-back has to start before writers stop");
  }
  if (dirty.dirty_limit_bytes.n == 0 && dirty.dirty_background >= dirty.dirty_limit) {
    build.doc.error(cache.place("dirty_limit"), "out-of-range", "dirty_limit must be above dirty_background",
                    "Linux has 20 and 10; a limit at or below the start would stop every writer");
  }
  const View file_system = view.object("file_system");
  hardware.file_system.data = file_system.text("data") == "writeback" ? storage::JournalData::writeback
                                                                      : storage::JournalData::ordered;
  const bool xfs = file_system.text("kind") == "xfs";
  hardware.file_system.kind = xfs ? storage::FileSystemKind::xfs : storage::FileSystemKind::ext4;
  if (xfs) hardware.file_system.commit_interval = {30'000'000'000};
  if (xfs && file_system.has("data"))
    build.doc.warn(file_system.place("data"), "no-effect",
                   "data is a mount option of ext4; xfs has none such");
  take(hardware.file_system.commit_interval, file_system.quantity("commit_interval"));
  hardware.file_system.discard = file_system.boolean("discard").value_or(false);
  hardware.file_system.unseen_errors = file_system.text("unseen_errors") == "lost_on_open"
                                           ? storage::UnseenErrors::lost_on_open
                                           : storage::UnseenErrors::kept;

  if (view.has("disks")) {
    const DiskConfig base = hardware.disks.empty() ? DiskConfig{} : hardware.disks.front();
    hardware.disks.clear();
    for (const NodeId disk : view.elements("disks"))
      build_disk(build, View(build.doc, disk, disk_table()), base, hardware.disks);
    if (hardware.disks.empty())
      build.doc.error(view.member("disks"), "empty-list", "a machine needs at least one disk");
  }
  return hardware;
}

void build_group(Build& build, const View& view) {
  const auto group = view.text("name");
  const auto count = view.integer("count");
  if (build.doc.tree[view.node()].kind != NodeKind::object || !group) {
    build.hosts_known = false;
    return;
  }
  if (build.group_hosts.contains(*group)) {
    build.doc.error(view.member("name"), "duplicate-name",
                    "there are two groups of hosts named " + in_quotes(*group), "choose another name");
    return;
  }
  build.group_nodes.emplace(*group, view.node());
  // A count out of range makes one host, so that later references find the group.
  if (view.wrong("count")) build.hosts_known = false;

  host::HostConfig host;
  host.group = *group;
  host.boot_time = view.duration("boot_time").value_or(host.boot_time);
  host.hardware = build_hardware(build, view);
  const std::vector<std::string> zones = view.texts("zones");
  const std::vector<std::string> racks = view.texts("racks");
  host.region = view.text("region").value_or("");
  for (std::int64_t i = 0; i < *count; ++i) {
    host.name = *group + "-" + std::to_string(i);
    host.zone = zones[static_cast<std::size_t>(i) % zones.size()];
    if (!racks.empty()) host.rack = racks[static_cast<std::size_t>(i) / zones.size() % racks.size()];
    host.power_domain = view.text("power_domain").value_or(host.zone);
    build.add_host(host, view.place("count"));
  }
}

}  // namespace

void build_hosts(Build& build, const View& scenario) {
  const auto groups = scenario.elements("hosts");
  for (const NodeId group : groups) build_group(build, View(build.doc, group, host_table()));
  if (groups.empty()) {
    build.hosts_known = false;
    if (scenario.has("hosts") && build.doc.tree[scenario.member("hosts")].kind == NodeKind::array) {
      build.doc.error(scenario.member("hosts"), "empty-list", "there are no hosts",
                      "a system needs at least one");
    }
  }
}

}  // namespace brokersim::scenario
