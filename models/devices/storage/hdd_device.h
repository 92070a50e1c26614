// The mechanics of a hard disk with its command queue and write cache: which command is served next, and until when.
//
// One request at a time is under the heads: positioning (seek, settling before a write, rotation to the exact sector)
// and transfer over tracks and zones (hdd_geometry.h). The drive holds up to queue_depth commands and picks by the
// order configured; the rest waits with the host (host_queue.h). A read that continues the one before finds its data in
// the buffer that the drive fills by reading ahead; a write that comes too late waits for the platter to come round.
// The write cache (hdd_cache.h) destages when no command waits, in alternation with commands once it is three quarters
// full or a flush waits, in shortest-access order over the extents around the arm. Device-models.md 1.1 to 1.5.
// A pure machine: the Disk gives it times and keeps the events. Cost: O(commands in the drive) per slice.
// Not modelled: several readahead segments, reads served from the write cache, media cache zones, shingles.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/devices/storage/hdd_cache.h"
#include "models/devices/storage/hdd_geometry.h"
#include "models/devices/storage/host_queue.h"
#include "sim/time.h"

namespace brokersim::storage {

class HddDevice {
 public:
  static constexpr sim::BytesPerSecond kSata = {600'000'000};  ///< SATA 3: 6 Gb/s, 8 of 10 bits.

  explicit HddDevice(const DiskConfig& config);

  /// A request for the medium, through the host's scheduler.
  void submit(const HddRequest& request);
  /// Takes the cache's room for a write of `count` sectors if there is room. False: try again after a destage.
  [[nodiscard]] bool reserve(std::int64_t count);
  /// The data of a write that has its room are in the cache now.
  void buffered(std::int64_t lba, std::int64_t count, std::uint64_t id);
  /// Number of flushes that wait for the cache to empty: destaging then has its turn even while commands wait.
  void set_urgent(bool urgent) { urgent_ = urgent; }

  struct Begun {
    bool serving = false;     ///< Busy until `until`.
    bool destaging = false;   ///< With a piece of the cache.
    std::uint32_t token = 0;  ///< Of the request being served, unless destaging.
    sim::SimTime until;
    std::optional<sim::SimTime> wake;  ///< Not serving, but call begin() again at that time.
  };
  /// Begins with what is next, if anything. The device must be idle.
  Begun begin(sim::SimTime now);

  struct Finished {
    std::uint32_t token = 0;
    std::int64_t sectors = 0;             ///< Of request `token`; 0 if a piece of the cache was destaged.
    std::vector<std::uint64_t> destaged;  ///< Writes that left the cache with this piece, ascending.
  };
  /// Ends what begin() began.
  Finished finish(sim::SimTime now);

  [[nodiscard]] bool busy() const { return busy_; }
  [[nodiscard]] const HddCache& cache() const { return cache_; }
  [[nodiscard]] const HddGeometry& geometry() const { return geometry_; }
  /// Time of service so far: positioning and transfer.
  [[nodiscard]] sim::Duration busy_time() const { return busy_time_; }

  /// Commands are forgotten, the cache is kept (the host is gone) or lost (the power is).
  void reset(bool keep_cache);

 private:
  /// When the transfer of `count` sectors from `lba` on would begin if the arm set out at `from`.
  [[nodiscard]] sim::SimTime reach(sim::SimTime from, std::int64_t lba, bool write) const;
  [[nodiscard]] bool continues(const HddRequest& request) const;
  [[nodiscard]] std::size_t pick(sim::SimTime now) const;
  [[nodiscard]] sim::Duration access(const HddSlice& slice, sim::SimTime now) const;
  [[nodiscard]] std::int64_t pick_extent(sim::SimTime now) const;
  void fill(sim::SimTime now, std::optional<sim::SimTime>& wake);
  sim::SimTime serve(const HddSlice& slice, sim::SimTime now);
  sim::SimTime destage(sim::SimTime now);
  sim::SimTime move(std::int64_t lba, std::int64_t count, sim::SimTime begin);

  DiskConfig config_;
  HddGeometry geometry_;
  HostQueue host_;
  HddCache cache_;
  std::vector<HddSlice> drive_;  // commands in the drive, in order of arrival
  std::size_t background_in_drive_ = 0;
  std::int64_t reserved_ = 0;  // sectors promised to writes that are on their way into the cache
  bool urgent_ = false;
  bool destaged_last_ = false;
  // What is under the heads.
  bool busy_ = false;
  bool destaging_ = false;
  HddSlice current_;
  std::vector<std::uint64_t> leaving_;
  std::int64_t leaving_sectors_ = 0;
  sim::Duration busy_time_;
  // The arm.
  std::int64_t arm_lba_ = 0;       // sector after the last one served
  std::int64_t arm_cylinder_ = 0;  // of the last one served
  // Reading ahead: the head streams from sector stream_lba_, which it passed at stream_at_.
  bool streaming_ = false;
  std::int64_t stream_lba_ = 0;
  sim::SimTime stream_at_;
};

}  // namespace brokersim::storage
