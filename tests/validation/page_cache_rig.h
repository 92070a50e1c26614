// One host's storage for the page cache rows, without a broker.
#pragma once

#include "models/devices/storage/file_system.h"
#include "sim/component.h"
#include "sim/simulation.h"
#include "sim/task.h"
#include "tests/validation/report.h"

namespace brokersim::validation {

struct StorageRig {
  StorageRig(const storage::DiskConfig& disk_config, const storage::PageCacheConfig& cache_config,
             const storage::FileSystemConfig& file_system_config = {})
      : sim(1),
        disk(sim, "host/disk/0", disk_config),
        cache(sim, "host/page_cache", cache_config),
        fs(sim, "host/fs/0", file_system_config, disk, cache),
        process(sim, "host/app"),
        app(process, "host/app") {}
  ~StorageRig() { process.kill(); }
  StorageRig(const StorageRig&) = delete;
  StorageRig& operator=(const StorageRig&) = delete;

  sim::Simulation sim;
  storage::Disk disk;
  storage::PageCache cache;
  storage::FileSystem fs;
  sim::Process process;
  sim::Component app;
};

/// PC-20GB ... PC-100GB, PC-cal.
void pipeline_rows(Report& report);

}  // namespace brokersim::validation
