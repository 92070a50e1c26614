// A host's storage for tests: disk, page cache, one file system, and processes to run tasks in.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/storage/file_system.h"
#include "sim/component.h"
#include "sim/simulation.h"
#include "sim/task.h"

namespace brokersim::storage {

/// The default NVMe (with power-loss protection).
inline DiskConfig protected_nvme() { return {}; }

/// A consumer NVMe: a cache that loses its content with the power.
inline DiskConfig volatile_nvme() {
  DiskConfig config;
  config.volatile_cache = {64ll << 20};
  config.power_loss_protection = false;
  return config;
}

inline DiskConfig plain_hdd() {
  DiskConfig config;
  config.kind = DiskKind::hdd;
  config.capacity = {4'000'000'000'000};
  config.read_bandwidth = {165'300'000};
  config.write_bandwidth = {165'300'000};
  return config;
}

struct Rig {
  explicit Rig(std::uint64_t seed = 1, DiskConfig disk_config = {}, FileSystemConfig file_system = {},
               PageCacheConfig cache_config = {})
      : sim(seed),
        disk(sim, "host/b-0/disk/0", disk_config),
        cache(sim, "host/b-0/cache", cache_config),
        fs(sim, "host/b-0/fs/0", file_system, disk, cache) {
    start_process();
  }

  void start_process() {
    process = std::make_unique<sim::Process>(sim, "host/b-0/process/app");
    apps.push_back(std::make_unique<sim::Component>(*process, "host/b-0/process/app"));
  }
  void kill_process() {
    process->kill();
    dead.push_back(std::move(process));
    start_process();
  }
  void spawn(sim::Task<void> task) { apps.back()->spawn(std::move(task)); }
  void run_for(sim::Duration length) { sim.run_until(sim.now() + length); }

  CrashReport panic() {
    kill_process();
    return fs.kernel_crash();
  }
  CrashReport cut_power() {
    kill_process();
    return fs.power_loss();
  }
  /// Runs fsync of `file` to its end and returns how long it took.
  sim::Duration sync(FileId file);

  sim::Simulation sim;
  Disk disk;
  PageCache cache;
  FileSystem fs;
  std::vector<std::unique_ptr<sim::Component>> apps;  // outlive the frames that their processes own
  std::vector<std::unique_ptr<sim::Process>> dead;
  std::unique_ptr<sim::Process> process;
};

/// What a task leaves behind for the test.
struct Outcome {
  bool complete = false;
  Status status = Status::ok;
  sim::SimTime at;
};

inline sim::Task<void> sync_file(Rig* rig, FileId file, Outcome* outcome) {
  outcome->status = co_await rig->fs.sync(file);
  outcome->complete = true;
  outcome->at = rig->sim.now();
}

inline sim::Task<void> datasync_file(Rig* rig, FileId file, Outcome* outcome) {
  outcome->status = co_await rig->fs.datasync(file);
  outcome->complete = true;
  outcome->at = rig->sim.now();
}

inline sim::Task<void> sync_directory(Rig* rig, Outcome* outcome) {
  outcome->status = co_await rig->fs.sync_names();
  outcome->complete = true;
  outcome->at = rig->sim.now();
}

inline sim::Task<void> sync_everything(Rig* rig, Outcome* outcome) {
  outcome->status = co_await rig->fs.sync_all();
  outcome->complete = true;
  outcome->at = rig->sim.now();
}

inline sim::Task<void> replace_file(Rig* rig, std::string name, std::string content, Outcome* outcome) {
  sim::Task<Status> replaced = rig->fs.replace(std::move(name), std::move(content));
  outcome->status = co_await replaced;
  outcome->complete = true;
  outcome->at = rig->sim.now();
}

inline sim::Task<void> remove_file_durably(Rig* rig, std::string name, Outcome* outcome) {
  sim::Task<Status> removed = rig->fs.remove_durably(std::move(name));
  outcome->status = co_await removed;
  outcome->complete = true;
  outcome->at = rig->sim.now();
}

inline sim::Task<void> read_range(Rig* rig, FileId file, sim::Bytes offset, sim::Bytes length,
                                  Outcome* outcome) {
  co_await rig->fs.read(file, offset, length);
  outcome->complete = true;
  outcome->at = rig->sim.now();
}

inline sim::Duration Rig::sync(FileId file) {
  const sim::SimTime begin = sim.now();
  Outcome outcome;
  spawn(sync_file(this, file, &outcome));
  while (!outcome.complete && sim.step()) {
  }
  SIM_CHECK(outcome.complete, "fsync never completed");
  return outcome.at - begin;
}

}  // namespace brokersim::storage
