// What a user says of a disk, its file system and the page cache above it.
#pragma once

#include <cstdint>
#include <string>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::storage {

/// The timing law of a block device.
enum class DiskKind : std::uint8_t {
  nvme,   ///< SSD: dies, port, write buffer (flash_device.h).
  hdd,    ///< Rotating disk: arm, platter, queue (hdd_device.h).
  cloud,  ///< Network volume: token buckets and a base latency (cloud_volume.h).
};

/// Order in which a hard disk serves the commands it holds.
enum class DriveOrder : std::uint8_t {
  satf,   ///< Shortest access time first: seek and rotation (NCQ).
  clook,  ///< Next cylinder at or above the arm's, then from the lowest again.
  fcfs,   ///< In order of arrival.
};

/// What the operating system does with requests before the device sees them. For hard disks.
enum class HostScheduler : std::uint8_t {
  none,         ///< In order of arrival.
  mq_deadline,  ///< Ascending batches of one class, foreground preferred, with deadlines.
  bfq,          ///< Slices of time per stream, idling for the next request of the stream (as CFQ did).
};

/// A measured two-piece seek curve: a + b sqrt(d) below `knee` cylinders, c + e d from there on.
struct SeekPieces {
  std::int64_t knee = 0;  ///< Cylinders. 0: the curve follows from the seek times of the data sheet.
  sim::Duration a;
  std::int64_t b_ps = 0;  ///< Picoseconds per square root of a cylinder.
  sim::Duration c;
  std::int64_t e_ps = 0;  ///< Picoseconds per cylinder.
};

/// Mechanics, queue and scheduler of a hard disk. Defaults: WD 4 TB 7200 rpm "G4" (device-models.md 1.2, 1.3).
struct HddConfig {
  std::int32_t heads = 10;
  SeekPieces seek;                         ///< Measured curve, if there is one.
  sim::Duration seek_full;                 ///< Full stroke; 0 = 1.961 times the average, as the G4.
  sim::Duration write_settle = {800'000};  ///< Added to a seek before a write (HC310: 8.2 against 7.4 ms).
  std::int32_t skew_ppm = 141'669;         ///< Share of a revolution lost at each change of track.
  bool is_zoned = true;                    ///< 59 zones, inner half as dense; false: one density.
  std::int32_t queue_depth = 31;           ///< Commands that the drive holds (NCQ). 1 to 1,024.
  DriveOrder order = DriveOrder::satf;
  sim::Duration slack;  ///< A sector closer than this in rotation counts as missed (satf).
  sim::Duration age_limit = {1'000'000'000};  ///< A command that waited longer is served next.
  HostScheduler scheduler = HostScheduler::mq_deadline;
  sim::Bytes readahead = {3 << 19};  ///< What the drive reads ahead into its buffer; 0 = off.
};

/// Parameters of an SSD that a data sheet does not print. Device-models.md 2.1 and 2.3.
struct FlashConfig {
  std::int32_t dies = 64;             ///< Independent units. 1 to 1,024.
  sim::Duration die_read = {40'000};  ///< One page from the array; part of the read latency. Below it.
  sim::Bytes page = {16'384};         ///< What one die delivers in one read.
  std::int32_t spare_permille = 0;    ///< Spare over usable space. 0: random writes cost 1/write_iops each.
  sim::Bytes slc_cache = {0};  ///< Bytes written at slc_bandwidth before the steady rate; empties when idle.
  sim::BytesPerSecond slc_bandwidth = {3'300'000'000};  ///< Positive.
  std::int32_t slow_read_ppm = 0;                       ///< Reads per million that meet a retry or an erase.
  sim::Duration slow_read = {2'000'000};  ///< What such a read costs at most (uniform above a tenth of it).
  /// A read that comes while writes are programmed waits up to this for its die (a program suspended, or collection;
  /// MQSim: 0.1 ms with suspension; without it a whole program, 0.2 to 2 ms). 0: reads never meet programs.
  sim::Duration program_suspend = {0};
  bool shares_budget = true;  ///< Reads and writes share one budget (storage-optimised instances, 2.6).
};

/// What a cloud volume is. Baselines, bursts and caps follow from type and size (device-models.md 2.7).
enum class VolumeType : std::uint8_t { gp2, gp3, io1, io2, io2_block_express, st1, sc1 };

struct VolumeConfig {
  VolumeType type = VolumeType::gp3;
  std::int64_t iops = 3'000;                       ///< Provisioned: gp3, io1, io2.
  sim::BytesPerSecond throughput = {125ll << 20};  ///< Provisioned: gp3.
  std::int32_t initial_credits_permille = 1'000;   ///< How full the burst bucket is at first (gp2, st1, sc1).
  sim::Duration latency_median = {560'000};        ///< One small operation, without queueing.
  std::int32_t latency_sigma_permille = 300;       ///< Lognormal.
  std::int32_t degraded_permille = 0;  ///< Minutes in 1,000 with 50 to 90 % of the rate (AWS: 10 or 1).
  std::int64_t instance_iops = 0;      ///< Limit of the machine for all volumes; 0 = none.
  sim::BytesPerSecond instance_throughput = {0};  ///< Likewise.
};

/// One block device. The NVMe figures are used when kind is nvme, the HDD figures when it is hdd.
struct DiskConfig {
  DiskKind kind = DiskKind::nvme;
  sim::Bytes capacity = {2'500'000'000'000};

  sim::BytesPerSecond read_bandwidth = {666'900'000};   ///< Sequential, outer zone for an HDD. Positive.
  sim::BytesPerSecond write_bandwidth = {333'400'000};  ///< Sequential, steady state. Positive.
  sim::Duration read_latency = {90'000};                ///< NVMe: fixed part of one read at queue depth 1.
  sim::Duration write_latency = {20'000};               ///< NVMe: fixed part of one write into its buffer.
  std::int64_t read_iops = 84'480;                      ///< NVMe: highest 4 KiB random reads per second.
  std::int64_t write_iops = 66'969;                     ///< NVMe: highest 4 KiB random writes per second.

  std::int32_t rpm = 7'200;                         ///< HDD: revolutions per minute.
  sim::Duration seek_average = {7'240'000};         ///< HDD: capacity-weighted average seek.
  sim::Duration seek_track_to_track = {1'429'000};  ///< HDD: one-cylinder seek.
  sim::Duration controller_overhead = {100'000};    ///< HDD: per command.

  sim::Bytes volatile_cache = {0};    ///< Write cache that loses its content with the power; 0 = none.
  bool power_loss_protection = true;  ///< Acknowledged writes survive a power loss; a flush is then free.
  sim::Duration flush_latency = {900'000};  ///< Cost of a cache flush without protection, beside the destage.
  sim::Duration fua_latency = {0};  ///< Of a write through the cache (FUA); 0: none, it costs a second flush.
  bool flush_lies =
      false;  ///< A flush answers at once and does nothing (fault D11). Only with a volatile cache.
  std::int32_t shorn_write_permille =
      10;                       ///< Chance in 1,000 that an in-flight write is torn by a power loss.
  sim::Bytes sector = {4'096};  ///< Unit that the device writes whole or not at all.

  /// Hours in a million in which the drive is 2 to 10 times slower (Hao et al., FAST 2016: HDD 2,000, SSD 6,000).
  std::int32_t slow_hours_ppm = 0;

  HddConfig hdd;
  FlashConfig flash;
  VolumeConfig volume;
};

/// ext4's two ways to order data and metadata.
enum class JournalData : std::uint8_t {
  ordered,    ///< Data reaches the device before the size that shows it: no holes from delayed sizes.
  writeback,  ///< A size may be durable before its data: zeros after a crash.
};

/// Whose rules decide what fsync, a rename and a failed write mean.
enum class FileSystemKind : std::uint8_t { ext4, xfs };

/// What becomes of a write-back error that no fsync has told yet when the file is opened anew.
enum class UnseenErrors : std::uint8_t {
  kept,          ///< Told to the next fsync: before Linux 4.13, and since 4.16.
  lost_on_open,  ///< Only who had the file open hears of it: Linux 4.13 to 4.15 (errseq_t).
};

struct FileSystemConfig {
  FileSystemKind kind = FileSystemKind::ext4;
  JournalData data = JournalData::ordered;  ///< ext4 only; XFS moves sizes when write-back is complete.
  sim::Duration commit_interval = {5'000'000'000};  ///< ext4 commit=5; XFS syncs its log every 30 s.
  UnseenErrors unseen_errors = UnseenErrors::kept;
  /// Mount option discard: an SSD hears with each commit how much of it is in use, and what is free serves it as spare
  /// space (FlashConfig::spare_permille). Off, as by default in Linux: the drive is in steady state, all of it once written.
  bool discard = false;
};

/// Linux write-back. Ratios are shares of `memory`.
struct PageCacheConfig {
  sim::Bytes memory = {48ll << 30};         ///< Memory the cache may fill (RAM less heap). Positive.
  sim::Percent dirty_background = {10};     ///< vm.dirty_background_ratio: write-back starts.
  sim::Percent dirty_limit = {20};          ///< vm.dirty_ratio: writers are throttled towards this.
  sim::Bytes dirty_background_bytes = {0};  ///< vm.dirty_background_bytes: instead of the ratio, if not 0.
  sim::Bytes dirty_limit_bytes = {0};       ///< vm.dirty_bytes: instead of the ratio, if not 0.
  sim::Duration dirty_expire = {30'000'000'000};       ///< vm.dirty_expire_centisecs.
  sim::Duration writeback_interval = {5'000'000'000};  ///< vm.dirty_writeback_centisecs; 0: nothing periodic.
  sim::BytesPerSecond copy_rate = {5'700'000'000};     ///< memory copy on a cached read or a write.
  sim::Bytes readahead = {128 << 10};  ///< read_ahead_kb: largest window, whole pages; 0: what is asked for.
};

}  // namespace brokersim::storage
