// What a user says of a disk, its file system and the page cache above it.
#pragma once

#include <cstdint>
#include <string>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::storage {

enum class DiskKind : std::uint8_t { nvme, hdd };

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
  bool flush_lies =
      false;  ///< A flush answers at once and does nothing (fault D11). Only with a volatile cache.
  std::int32_t shorn_write_permille =
      10;                       ///< Chance in 1,000 that an in-flight write is torn by a power loss.
  sim::Bytes sector = {4'096};  ///< Unit that the device writes whole or not at all.
};

/// ext4's two ways to order data and metadata.
enum class JournalData : std::uint8_t {
  ordered,    ///< Data reaches the device before the size that shows it: no holes from delayed sizes.
  writeback,  ///< A size may be durable before its data: zeros after a crash.
};

struct FileSystemConfig {
  JournalData data = JournalData::ordered;
  sim::Duration commit_interval = {5'000'000'000};  ///< ext4 commit=5.
};

/// Linux write-back. Ratios are shares of `memory`.
struct PageCacheConfig {
  sim::Bytes memory = {48ll << 30};               ///< Memory the cache may fill (RAM less heap). Positive.
  sim::Percent dirty_background = {10};           ///< vm.dirty_background_ratio: write-back starts.
  sim::Percent dirty_limit = {20};                ///< vm.dirty_ratio: writers are throttled towards this.
  sim::Duration dirty_expire = {30'000'000'000};  ///< vm.dirty_expire_centisecs.
  sim::Duration writeback_interval = {5'000'000'000};  ///< vm.dirty_writeback_centisecs.
  sim::BytesPerSecond copy_rate = {5'700'000'000};     ///< memory copy on a cached read or a write.
};

}  // namespace brokersim::storage
