// The drives of the validation rows.
#pragma once

#include "models/devices/storage/config.h"

namespace brokersim::validation {

/// WD 4 TB 7200 rpm "G4" with its measured two-piece seek curve, no write cache.
inline storage::DiskConfig wd_g4() {
  storage::DiskConfig config;
  config.kind = storage::DiskKind::hdd;
  config.capacity = {3'955'544'867'840};
  config.read_bandwidth = {165'300'000};
  config.write_bandwidth = {165'300'000};
  config.hdd.seek = {73'671, {1'409'000}, 19'630'000, {4'537'000}, 31'260};
  config.hdd.scheduler = storage::HostScheduler::none;
  config.volatile_cache = {0};
  return config;
}

/// An SSD of the three-stage model by its calibration: queue depth 1, highest rate, bandwidth.
inline storage::DiskConfig staged_ssd(std::int32_t dies, std::int64_t die_ns, std::int64_t fixed_ns,
                                      std::int64_t iops, std::int64_t bytes_per_second) {
  storage::DiskConfig config;
  config.capacity = {800'000'000'000};
  config.read_bandwidth = {bytes_per_second};
  config.read_iops = iops;
  config.read_latency = {die_ns + fixed_ns};
  config.flash.dies = dies;
  config.flash.die_read = {die_ns};
  config.flash.page = {4'096};
  return config;
}

inline storage::DiskConfig intel_p3700() { return staged_ssd(32, 50'000, 25'730, 460'000, 2'800'000'000); }
// 3.0 GB/s of its data sheet would be 732,000 pages a second: the bandwidth is that of the rate.
inline storage::DiskConfig micron_9100() { return staged_ssd(64, 80'000, 26'370, 750'000, 3'072'000'000); }
inline storage::DiskConfig intel_p4800x() { return staged_ssd(7, 6'000, 1'190, 584'800, 2'400'000'000); }

/// One drive of an i4i.2xlarge and of an i3en.3xlarge, as measured by iotune.
inline storage::DiskConfig instance_drive(std::int64_t read_bps, std::int64_t write_bps,
                                          std::int64_t read_iops, std::int64_t write_iops) {
  storage::DiskConfig config;
  config.read_bandwidth = {read_bps};
  config.write_bandwidth = {write_bps};
  config.read_iops = read_iops;
  config.write_iops = write_iops;
  return config;
}

}  // namespace brokersim::validation
