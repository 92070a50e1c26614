// The operating system's page cache of one host: who has to wait, and what is still in memory.
//
// Why: a broker acknowledges a record once it is in this cache, not once it is on the disk. A write costs a
// memory copy until too much is dirty; then writers are slowed towards the device's rate (dirty_control.h). A read of
// recent data costs nothing; a reader too far behind pays the disk, and takes memory from everybody else.
//
// Model: Linux' two lists for file pages (device-models.md 3.1; kernel mm/vmscan.c, mm/swap.c, mm/workingset.c), kept in
// blocks of 32 pages (the kernel reclaims 32 at a time), each with a bit per page for what is there.
//   - What is written or read for the first time is inactive. A page read a second time takes its block to the active
//     list. A reader that goes on within a page does not count twice, as in the kernel; writes do not count.
//   - Memory is full: clean blocks go from the old end of the inactive list; if that list is short beside the active
//     one (1 to isqrt(10 x GiB)), the oldest active blocks become inactive first.
//   - A block that is read again after fewer evictions than there are active blocks was part of the working set: it
//     becomes active at once.
// Dirty blocks and blocks under a read are passed over. One call looks at no more than a fixed number of them; what is
// over then stays until the next call. Cost: O(blocks touched), whatever is stored.
// Not modelled: multi-generation LRU, NUMA, cgroups, stalls in direct reclaim, swap.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/devices/storage/dirty_control.h"
#include "models/devices/storage/types.h"
#include "sim/component.h"

namespace brokersim::storage {

class FileSystem;

/// A bit for each page of a block.
using PageMask = std::uint32_t;

struct PageCacheCounters {
  std::int64_t evicted_blocks = 0;
  std::int64_t promoted_blocks = 0;   ///< Inactive to active, by a second touch.
  std::int64_t refaulted_blocks = 0;  ///< Active at once, because it was evicted a short while ago.
  std::int64_t demoted_blocks = 0;    ///< Active to inactive.
  std::int64_t pauses = 0;            ///< Writers that were held back.
  sim::Duration paused;               ///< Sum of their pauses.
};

class PageCache : public sim::Component {
 public:
  static constexpr std::int64_t kPage = 4'096;
  /// Unit of residence: 32 pages, also the largest readahead window by default.
  static constexpr std::int64_t kBlock = 128 << 10;
  static constexpr PageMask kAllPages = 0xFFFFFFFFu;

  PageCache(sim::Simulation& sim, std::string path, const PageCacheConfig& config);

  [[nodiscard]] const PageCacheConfig& config() const { return config_; }
  [[nodiscard]] sim::Bytes dirty() const { return dirty_; }  ///< Under write-back included, all file systems.
  [[nodiscard]] sim::Bytes cached() const { return {pages_ * kPage}; }  ///< Resident, dirty and clean.
  [[nodiscard]] sim::Bytes active() const { return {active_.blocks * kBlock}; }  ///< Rounded to blocks.
  [[nodiscard]] sim::Bytes inactive() const { return {inactive_.blocks * kBlock}; }
  [[nodiscard]] sim::Bytes background_threshold() const { return {at_.background}; }
  [[nodiscard]] sim::Bytes freerun() const { return {at_.freerun}; }
  [[nodiscard]] sim::Bytes limit() const { return {at_.limit}; }
  /// (freerun + limit) / 2: where dirty bytes settle when writers are faster than the device.
  [[nodiscard]] sim::Bytes set_point() const { return {at_.set_point}; }
  /// The current estimate of the rate at which write-back completes, all file systems.
  [[nodiscard]] sim::BytesPerSecond write_back_rate() const;
  /// The estimates of one file system's device.
  [[nodiscard]] const DirtyDevice& device(std::int32_t file_system) const {
    return devices_[static_cast<std::size_t>(file_system)].state;
  }
  /// Processor time of copying `length` to or from the cache.
  [[nodiscard]] sim::Duration copy_time(sim::Bytes length) const {
    return sim::transfer_time(length, config_.copy_rate);
  }
  [[nodiscard]] const PageCacheCounters& counters() const { return counters_; }

  /// Memory that processes hold beside the cache (fault P8): the cache shrinks to what is left, at least 16 MiB, and
  /// with it the dirty limits.
  void set_hog(sim::Bytes memory);
  [[nodiscard]] sim::Bytes hog() const { return hog_; }
  [[nodiscard]] sim::Bytes available() const { return available_; }  ///< What the cache may fill.
  /// echo 3 > /proc/sys/vm/drop_caches: every clean block is gone. Returns how many bytes.
  sim::Bytes drop_clean();

  // For FileSystem and its flusher.
  [[nodiscard]] std::int32_t attach(FileSystem& file_system);
  void detach(std::int32_t file_system);
  /// Which thread of the host writes from now on: the kernel counts and holds back tasks. Negative: nobody in particular,
  /// and each file counts as one (its appends exclude each other).
  void act_as(std::int32_t task) {
    acting_ = task;
    if (task >= 0 && static_cast<std::size_t>(task) >= tasks_.size())
      tasks_.resize(static_cast<std::size_t>(task) + 1);
  }
  /// `length` more bytes are dirty; how long the writer is held back, normally 0.
  [[nodiscard]] sim::Duration add_dirty(std::int32_t file_system, DirtyWriter& of_file, std::int64_t length) {
    DirtyWriter& writer = acting_ < 0 ? of_file : tasks_[static_cast<std::size_t>(acting_)];
    DirtyDevice& device = devices_[static_cast<std::size_t>(file_system)].state;
    device.dirty += length;
    device.dirtied += length;
    dirty_.n += length;
    writer.dirtied += length;
    unchecked_ += length;
    if (writer.dirtied < writer.check_after && unchecked_ < check_after_) [[likely]]
      return {};
    return balance(file_system, writer);
  }
  /// They were written back (`measured`), or dropped.
  void remove_dirty(std::int32_t file_system, std::int64_t length, bool measured);
  /// Write-back of a device that was idle begins: no sample spans the idle time.
  void write_back_starts(std::int32_t file_system);
  /// After a crash: nobody is held back.
  void restart();
  [[nodiscard]] bool above_background() const { return dirty_.n > at_.background; }

  /// Residence. A handle is valid until evicted(); 0 is none. `was` is what evicted() left for the block: kNever or
  /// shadow(). A new block holds no page yet.
  static constexpr std::uint32_t kShadow = 0x80000000u;
  [[nodiscard]] static bool is_handle(std::uint32_t word) { return word != 0 && (word & kShadow) == 0; }
  [[nodiscard]] std::uint32_t insert(std::int32_t file_system, FileId file, std::int32_t block,
                                     std::uint32_t was);
  /// These pages are there now (or about to be read: in_flight()). May evict other blocks, never this one.
  void add_pages(std::uint32_t handle, PageMask pages);
  void remove_pages(std::uint32_t handle, PageMask pages);
  [[nodiscard]] PageMask pages(std::uint32_t handle) const { return nodes_[handle].present; }
  /// Pages whose content is there, not only under way.
  [[nodiscard]] PageMask ready(std::uint32_t handle) const {
    return nodes_[handle].present & ~nodes_[handle].in_flight;
  }
  void set_in_flight(std::uint32_t handle, PageMask pages) { nodes_[handle].in_flight |= pages; }
  void clear_in_flight(std::uint32_t handle, PageMask pages) { nodes_[handle].in_flight &= ~pages; }
  /// Readahead markers: the next window is read when one of these pages is touched.
  void mark(std::uint32_t handle, PageMask pages) { nodes_[handle].marked |= pages; }
  [[nodiscard]] PageMask marked(std::uint32_t handle) const { return nodes_[handle].marked; }
  void unmark(std::uint32_t handle, PageMask pages) { nodes_[handle].marked &= ~pages; }
  /// These pages were read. The second read of any of them makes the block active.
  void touch(std::uint32_t handle, PageMask pages) {
    Node& node = nodes_[handle];
    const bool again = (node.touched & pages) != 0;
    node.touched |= pages;
    if (again && !node.active) promote(handle);
  }
  void drop(std::uint32_t handle);
  [[nodiscard]] bool is_active(std::uint32_t handle) const { return nodes_[handle].active; }

 private:
  struct Node {
    std::int32_t file_system = -1;
    FileId file;
    std::int32_t block = 0;
    std::uint32_t newer = 0;
    std::uint32_t older = 0;
    PageMask present = 0;
    PageMask in_flight = 0;
    PageMask touched = 0;
    PageMask marked = 0;
    bool active = false;
  };
  /// nodes_[head]: older = newest, newer = oldest.
  struct List {
    std::uint32_t head = 0;
    std::int64_t blocks = 0;
  };
  struct Device {
    FileSystem* file_system = nullptr;
    DirtyDevice state;
  };

  [[nodiscard]] sim::Duration balance(std::int32_t file_system, DirtyWriter& writer);
  void sample(Device& device, std::int64_t position, bool writers);
  void set_thresholds();
  void promote(std::uint32_t handle);
  void link_newest(List& list, std::uint32_t handle);
  void unlink(std::uint32_t handle);
  void make_room(std::uint32_t keep);
  void shrink_active();
  [[nodiscard]] bool inactive_is_low() const;

  PageCacheConfig config_;
  sim::Bytes hog_;
  sim::Bytes available_;
  DirtyThresholds at_;
  sim::Bytes dirty_;
  std::int64_t unchecked_ = 0;    // dirtied since any writer last looked
  std::int64_t check_after_ = 0;  // ratelimit_pages: a guard against many writers below their own intervals
  std::int64_t completions_ = 0;  // of all devices, halved every period
  sim::SimTime period_began_;
  std::vector<Device> devices_;
  std::vector<DirtyWriter> tasks_;
  std::int32_t acting_ = -1;
  std::int64_t pages_ = 0;
  std::int64_t pages_max_ = 0;
  std::int64_t active_ratio_ = 1;
  std::uint32_t evictions_ = 0;
  List active_;
  List inactive_;
  PageCacheCounters counters_;
  std::vector<Node> nodes_;  // [0] unused, [1] and [2] list heads
  std::vector<std::uint32_t> free_;
};

}  // namespace brokersim::storage
