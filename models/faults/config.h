// A fault as data: what, whom, when, how long, how strong, and how it heals.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/time.h"

namespace brokersim::faults {

/// What can happen. In brackets the row of the fault catalogue. Each kind is a file of kinds/ and a row of kinds.cpp;
/// what it needs beyond FaultConfig's own fields is in `numbers` and `texts`, filled from its table in app/scenario.
enum class FaultKind : std::uint8_t {
  kill_process,         ///< [P1] SIGKILL; page cache kept.
  controlled_shutdown,  ///< [P3] SIGTERM.
  power_loss,           ///< [P2] Host (or every host of a power domain) loses mains.
  kernel_panic,         ///< [P2] Page cache lost, the drive stays powered.
  pause_process,        ///< [P4] SIGSTOP, later SIGCONT.
  partition,            ///< [N1..N4] Messages between sides are held back by the network.
  slow_disk,            ///< [D13] Service times times `factor`.
  stall_disk,           ///< [D14] Nothing is served for `lasts`; requests wait.
  lying_flush,          ///< [D11] Flushes are acknowledged and not done.
  fsync_error,          ///< [D5] The next fsyncs fail; their pages are clean and on no disk.
  write_error,          ///< [D5, D6] Write-back fails meanwhile; told to the next fsync, once.
  journal_error,       ///< [D5] The next journal commit fails: the file system turns read-only or shuts down.
  unreadable_sectors,  ///< [D6] Reads of some sectors fail until they are rewritten.
  disk_full,           ///< [D7] Somebody else fills the disk.
  file_truncated,      ///< [D9] A log file is shorter, and nobody was told.
  disk_failed,         ///< [D6, D17] Every request to a disk fails.
  disk_replaced,       ///< [P5] The host comes back with empty disks.
  disk_rolled_back,    ///< [D12] Its disks are set back to a snapshot.
  bit_rot,             ///< [D8] Bits of log files on the medium change.
  lost_writes,         ///< [D11] Writes are acknowledged and not done.
  misdirected_writes,  ///< [D10] Writes are done elsewhere.
  memory_pressure,     ///< [P8, D15] Processes take memory from the page cache.
  drop_caches,         ///< [D15] Every clean page is gone.
  flapping_link,  ///< [N10] The path between sides goes down and up in a rhythm.
  nic_down,  ///< [N1] The card of a host has no link.
  packet_loss,  ///< [N5] Segments are lost, damaged, doubled, reordered; TCP hides it, later.
  network_delay,  ///< [N6 N12] The way takes longer.
  bandwidth_cap,  ///< [N8] The path between sides is narrow.
  mtu_black_hole,  ///< [N10] Large packets vanish.
  reset_connections,  ///< [N9] Open connections between sides are reset.
  forget_connections,  ///< [N9] A middlebox forgets them: half open.
  refuse_connections,  ///< [N9 P10] New connections are refused, or their SYNs dropped.
  slow_nic,  ///< [N8] The card runs at a share of its rate.
  crash_loop,           ///< [P6] Killed and started again and again.
  frozen_host,          ///< [P4] The machine stands still, its kernel too.
  stalled_threads,      ///< [P9] Some threads of a broker's pool stand still.
  slow_cpu,             ///< [P7] Everything computes more slowly.
  noisy_neighbour,      ///< [P7] Somebody else's threads compute on the same cores.
  lost_cores,           ///< [P7] Cores are taken offline.
  clock_step,           ///< [T1] The wall clock is set wrong.
  clock_drift,          ///< [T2] The wall clock gains or loses.
  clock_strobe,         ///< [T3] The wall clock jumps to and fro.
};

/// Whom a fault hits. Exactly one selector is set; `target` may hold several for a partition's sides.
struct Target {
  enum class By : std::uint8_t {
    host,                 ///< name
    host_group,           ///< every host of a group
    zone,                 ///< every host of a zone
    power_domain,         ///< every host of a power domain
    broker,               ///< system name + broker id
    leader_of,            ///< "topic/partition" of a system, resolved when the fault fires
    follower_of,          ///< one ISR follower of "topic/partition"; several: one draw
    controller,           ///< the active controller of a system
    controller_follower,  ///< one controller of a system that is up and not active, by a draw
    random_broker,        ///< one live broker of a system, by a draw
    workload,             ///< the client processes of a workload
  };
  By by = By::host;
  std::string name;         ///< Host, group, zone, domain, workload or topic name.
  std::string system;       ///< Kafka cluster name where one is needed.
  std::int32_t number = 0;  ///< Broker id or partition.

  bool operator==(const Target&) const = default;
};

enum class PartitionShape : std::uint8_t {
  full,        ///< Nothing passes between the sides.
  one_way,     ///< Nothing passes from `targets` to `others`; the other direction works.
  one_way_in,  ///< Nothing passes from `others` to `targets`; the other direction works.
};

struct FaultConfig {
  std::string name;  ///< Stable name: given, or kind + content hash + occurrence.
  FaultKind kind = FaultKind::kill_process;
  sim::SimTime at;              ///< When it is requested.
  std::vector<Target> targets;  ///< Whom (partition: side one, "from"). At least one.
  std::vector<Target> others;   ///< Partition: side two, "to"; empty = everybody not in `targets`.
  PartitionShape shape = PartitionShape::full;
  std::optional<sim::Duration> lasts;          ///< Pause, partition, slow disk: until healed.
  std::optional<sim::Duration> restart_after;  ///< Kill, power loss, panic: until power-on or process start.
  std::int32_t factor_percent = 1'000;         ///< slow_disk: service time in percent of normal. >= 100.

  /// What only this kind has, by its field's name in the scenario file: numbers in base units (ns, bytes, ...).
  std::map<std::string, std::int64_t, std::less<>> numbers;
  std::map<std::string, std::string, std::less<>> texts;  ///< The same for choices and names.

  /// The setting; our bug if the kind's table does not have it.
  [[nodiscard]] std::int64_t number(std::string_view setting) const;
  [[nodiscard]] std::int64_t number_or(std::string_view setting, std::int64_t otherwise) const;
  [[nodiscard]] const std::string& text(std::string_view setting) const;

  bool operator==(const FaultConfig&) const = default;
};

/// Faults that are drawn from the seed when the world is built, instead of being listed one by one.
/// Each count asks for that many faults of the kind, uniform over [from, to] and over legal targets; expand.h.
struct FaultPlan {
  std::string system;                                  ///< Kafka cluster that is hit.
  std::int32_t kill_process = 0;                       ///< Broker processes.
  std::int32_t controlled_shutdown = 0;                ///< Broker processes.
  std::int32_t power_loss = 0;                         ///< Single broker hosts.
  std::int32_t kernel_panic = 0;                       ///< Single broker hosts.
  std::int32_t pause_process = 0;                      ///< Broker processes.
  std::int32_t partition = 0;                          ///< Full, one-way, partial in turn; see expand.h.
  std::int32_t slow_disk = 0;                          ///< One broker's disks.
  std::int32_t controller_kill = 0;                    ///< The active controller's process.
  sim::SimTime from;                                   ///< No fault is requested earlier.
  sim::SimTime to;                                     ///< No fault is requested later. Not before `from`.
  sim::Duration lasts_min = {1'000'000'000};           ///< Pauses, partitions, slow disks: shortest.
  sim::Duration lasts_max = {20'000'000'000};          ///< Longest. Not below lasts_min.
  sim::Duration restart_after_min = {1'000'000'000};   ///< Kills, power losses: earliest restart.
  sim::Duration restart_after_max = {10'000'000'000};  ///< Latest. Not below restart_after_min.
};

}  // namespace brokersim::faults
