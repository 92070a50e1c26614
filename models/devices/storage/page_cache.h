// The operating system's page cache of one host: who has to wait, and what is still in memory.
//
// Why: a broker acknowledges a record once it is in this cache, not once it is on the disk. A write costs a
// memory copy until too much is dirty; then writers are slowed towards the device's rate. A read of recent
// data costs nothing; a reader too far behind pays the disk.
// Model: Linux write-back (device-models.md 3.1 to 3.5; kernel mm/page-writeback.c): thresholds, set point,
// cubic position control, one control for all writers of the host; LRU over blocks of 128 KiB.
// Not modelled: NUMA, active and inactive lists, cgroups, a share of the dirty limit per device.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/devices/storage/types.h"
#include "sim/component.h"

namespace brokersim::storage {

class FileSystem;

class PageCache : public sim::Component {
 public:
  /// Unit of residence, and the largest readahead window (Linux: 128 KiB).
  static constexpr std::int64_t kBlock = 128 << 10;

  PageCache(sim::Simulation& sim, std::string path, const PageCacheConfig& config);

  [[nodiscard]] const PageCacheConfig& config() const { return config_; }
  [[nodiscard]] sim::Bytes dirty() const { return dirty_; }  ///< Under write-back included, all file systems.
  [[nodiscard]] sim::Bytes cached() const {
    return cached_;
  }  ///< Resident, dirty and clean, rounded to blocks.
  [[nodiscard]] sim::Bytes background_threshold() const { return background_; }
  [[nodiscard]] sim::Bytes limit() const { return limit_; }
  /// (freerun + limit) / 2: where dirty bytes settle when writers are faster than the device.
  [[nodiscard]] sim::Bytes set_point() const { return set_point_; }
  /// The current estimate of the rate at which write-back completes.
  [[nodiscard]] sim::BytesPerSecond write_back_rate() const { return write_back_rate_; }
  /// Processor time of copying `length` to or from the cache.
  [[nodiscard]] sim::Duration copy_time(sim::Bytes length) const {
    return sim::transfer_time(length, config_.copy_rate);
  }

  // For FileSystem and its flusher.
  [[nodiscard]] std::int32_t attach(FileSystem& file_system, sim::BytesPerSecond write_rate);
  void detach(std::int32_t file_system);
  /// `length` more bytes are dirty; how long the writer is held back (0 below the set point's lower half).
  [[nodiscard]] sim::Duration add_dirty(sim::Bytes length);
  /// They were written back (`measured`), or dropped.
  void remove_dirty(sim::Bytes length, bool measured);
  /// Write-back went idle: the next completion starts a new rate measurement.
  void restart_measurement();
  /// After a crash: nobody is held back.
  void restart();
  [[nodiscard]] bool above_background() const { return dirty_ > background_; }

  /// Residence. A handle is valid until evicted(); 0 is none.
  [[nodiscard]] std::uint32_t insert(std::int32_t file_system, FileId file, std::int64_t block);
  void touch(std::uint32_t handle);
  void drop(std::uint32_t handle);

 private:
  struct Node {
    std::int32_t file_system = -1;
    FileId file;
    std::int64_t block = 0;
    std::uint32_t newer = 0;
    std::uint32_t older = 0;
  };

  [[nodiscard]] sim::Duration throttle(sim::Bytes length);
  void link_newest(std::uint32_t handle);
  void unlink(std::uint32_t handle);
  void make_room();

  PageCacheConfig config_;
  sim::Bytes background_;
  sim::Bytes freerun_;
  sim::Bytes set_point_;
  sim::Bytes limit_;
  sim::Bytes dirty_;
  sim::Bytes cached_;
  sim::BytesPerSecond write_back_rate_;
  sim::SimTime measured_since_;
  sim::Bytes measured_bytes_;
  bool measuring_ = false;
  sim::SimTime writers_free_;  // virtual clock of the throttled writers
  std::vector<FileSystem*> file_systems_;
  std::vector<Node> nodes_;  // nodes_[0] is the list head: newer = oldest, older = newest
  std::vector<std::uint32_t> free_;
};

}  // namespace brokersim::storage
