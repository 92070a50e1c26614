// Faults that overlap on one target: it is free again when the last of them has let go.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "models/devices/host/host.h"
#include "models/devices/storage/disk.h"

namespace brokersim::faults {

/// Hosts without mains or with a stopped kernel.
class HostHolds {
 public:
  void hold(host::Host& host);
  /// Powers the host on if nobody holds it any more. True if it began to boot.
  bool release(host::Host& host);

 private:
  std::map<std::string, std::int32_t> holds_;  // by host name
};

/// One life that a fault has paused.
struct Pause {
  host::Host* host = nullptr;
  std::string program;
  std::uint64_t incarnation = 0;
};

class PauseHolds {
 public:
  /// False, and nothing is held, if the program does not run. `changed` tells if it ran unpaused.
  bool hold(host::Host& host, const std::string& program, Pause& pause, bool& changed);
  /// Resumes if nobody holds this life any more; nothing if that life is over.
  void release(const Pause& pause);

 private:
  struct Hold {
    std::uint64_t incarnation = 0;
    std::int32_t count = 0;
  };
  std::map<std::pair<std::string, std::string>, Hold> holds_;  // by host name and program
};

/// Disks that serve slowly: the slowest of the factors that are on counts.
class DiskHolds {
 public:
  void hold(storage::Disk& disk, std::int32_t factor_percent);
  void release(storage::Disk& disk, std::int32_t factor_percent);

 private:
  std::map<std::string, std::vector<std::int32_t>> factors_;  // by path of the disk
};

/// What takes processor time from a host: of slow factors the largest counts, threads and cores add up.
class CpuHolds {
 public:
  void slow(host::Host& host, std::int32_t factor_percent);
  void release_slow(host::Host& host, std::int32_t factor_percent);
  /// Negative takes back.
  void add_neighbours(host::Host& host, std::int32_t threads);
  void add_lost_cores(host::Host& host, std::int32_t cores);

 private:
  struct Hold {
    std::vector<std::int32_t> factors;
    std::int32_t neighbours = 0;
    std::int32_t lost_cores = 0;
  };
  std::map<std::string, Hold> holds_;  // by host name
};

/// Threads of a broker's pool that stand still, by life of the broker: they add up.
class StallHolds {
 public:
  /// The number of stalled threads of `pool` in this life, after `threads` more (negative: fewer).
  [[nodiscard]] std::int32_t add(const host::Host& host, std::uint64_t incarnation, const std::string& pool,
                                 std::int32_t threads);

 private:
  struct Hold {
    std::uint64_t incarnation = 0;
    std::int32_t threads = 0;
  };
  std::map<std::pair<std::string, std::string>, Hold> holds_;  // by host name and pool
};

/// What faults of several kinds or times share.
struct Holds {
  HostHolds hosts;
  PauseHolds pauses;
  DiskHolds disks;
  CpuHolds cpus;
  StallHolds stalls;
  /// The life that was asked to end last, by host and program.
  std::map<std::pair<std::string, std::string>, std::uint64_t> terminated;
};

}  // namespace brokersim::faults
