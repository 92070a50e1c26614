// One block device: how long a request takes, and what a power loss leaves of it.
//
// Three laws of timing (config.h, DiskKind), one shell: request numbers, acknowledged but unsafe writes, crashes, faults.
// nvme (disk_flash.cpp): a read passes half of the fixed latency, its dies in order of arrival (flash_array.h), the
//   port shared with writes, and the other half; a write passes the port, or a write buffer that drains. Background
//   requests (write-back) share the port with foreground requests (reads, fsync) half and half. O(1) per request.
// hdd (disk_hdd.cpp, hdd_device.h): seek, rotation and zones, NCQ, host scheduler, write cache. O(queue) per request.
// cloud (disk_cloud.cpp, cloud_volume.h): token buckets and a base latency. O(1) per request.
// Write cache: acknowledged when buffered, destaged later, full means waiting (1.5).
//
// Sources: device-models.md 1 and 2. Not modelled: multi-queue fairness, the interface's own errors.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/devices/storage/cloud_volume.h"
#include "models/devices/storage/config.h"
#include "models/devices/storage/device_clock.h"
#include "models/devices/storage/flash_array.h"
#include "models/devices/storage/hdd_device.h"
#include "models/devices/storage/types.h"
#include "sim/component.h"

namespace brokersim::storage {

enum class IoKind : std::uint8_t {
  read,
  write,
  flush,    ///< Everything acknowledged before the submission is on the medium at completion.
  barrier,  ///< A write with PREFLUSH and FUA (a journal commit): flush, then this write, both durable.
};
enum class Urgency : std::uint8_t { foreground, background };

/// What of a file a write carries, so that a crash can be told in terms of files.
struct Piece {
  FileId file;
  std::int64_t from = 0;   ///< First new byte; the sector that holds it is written whole.
  std::int64_t to = 0;     ///< One past the last byte.
  std::int32_t layer = 0;  ///< Truncations of the file before this write.
};

struct IoRequest {
  IoKind kind = IoKind::read;
  Urgency urgency = Urgency::foreground;
  sim::Bytes position;  ///< Byte address on the device; tells sequential from random. Ignored for a flush.
  sim::Bytes length;    ///< Positive for reads and writes.
  Piece piece;          ///< Writes of file data; file.n = -1 for the journal.
  sim::Callback done;   ///< Called from the completion event, with its own argument. May be empty.
  std::int32_t stream = 0;  ///< Who asked (process, file), for a scheduler that shares by stream.
};

struct DiskCounters {
  std::int64_t reads = 0;
  std::int64_t writes = 0;        ///< Barriers included.
  std::int64_t flushes = 0;       ///< Barriers included when the drive needs a flush.
  std::int64_t flushes_lied = 0;  ///< Flushes and barriers answered while acknowledged writes were unsafe.
  sim::Bytes bytes_read;
  sim::Bytes bytes_written;
  sim::Duration busy;  ///< Sum of service times of the port or the mechanics.
};

/// A write that the device had not made durable when it was asked.
struct UnsafeWrite {
  std::uint64_t id = 0;
  Piece piece;
  bool acknowledged = false;    ///< In the volatile cache; otherwise in flight.
  bool started = true;          ///< False: still queued behind others, so nothing of it is on the medium.
  bool before_barrier = false;  ///< Acknowledged before the barrier in flight: safe if that one landed.
};

/// What the device held at a crash, in order of submission.
struct DiskCrash {
  std::vector<UnsafeWrite> writes;       ///< File data only.
  bool barrier_may_have_landed = false;  ///< One was in flight, and its own write had been handed over.
};

class Disk : public sim::Component {
 public:
  Disk(sim::Simulation& sim, std::string path, const DiskConfig& config);
  ~Disk();

  /// Hands a request to the device. Returns its number (1, 2, ...).
  std::uint64_t submit(const IoRequest& request);

  /// Everything takes `percent`/100 times as long from now on (fault D13). 100 is healthy; at least 1.
  void set_slow_factor(std::int32_t percent);
  /// Nothing is served until now + `length`; requests wait, none fails (fault D14).
  void stall(sim::Duration length);

  /// Between the two, flushes answer at once and do nothing (fault D11); pairs may overlap. Without effect on a drive
  /// that has no volatile cache, or protects it.
  void begin_lying() { ++liars_; }
  void end_lying() { --liars_; }
  /// Bytes that hold data, as the file system's discards tell an SSD: what is free serves as spare space.
  void set_used(sim::Bytes used);

  /// True if an acknowledged write may be lost with the power: a volatile cache without protection.
  [[nodiscard]] bool is_volatile() const {
    return config_.volatile_cache.n > 0 && !config_.power_loss_protection;
  }
  /// True if a flush has something to do now.
  [[nodiscard]] bool needs_flush();
  /// The number the next request will get. A flush or barrier with that number or a later one makes durable
  /// all that is acknowledged now.
  [[nodiscard]] std::uint64_t mark() const { return next_id_; }
  /// Number of the latest flush or barrier that is complete, 0 if none.
  [[nodiscard]] std::uint64_t flushed() const { return flushed_; }
  [[nodiscard]] const DiskConfig& config() const { return config_; }
  [[nodiscard]] const DiskCounters& counters() const { return counters_; }
  [[nodiscard]] std::size_t in_flight() const { return live_; }

  /// The kernel is gone: nobody hears of the requests in flight, but the device, still powered, finishes
  /// them. Returns them; its cache destages, so that everything it returned is on the medium afterwards.
  DiskCrash lose_kernel();
  /// The power is gone: returns what was in flight or in the volatile cache, and forgets it. The caller
  /// draws what of it is on the medium (FileSystem::power_loss).
  DiskCrash lose_power();

 private:
  enum class Stage : std::uint8_t {
    serving,  // done_at is known
    dies,     // nvme read: at the dies until done_at, then the port
    waiting,  // hdd: in a queue, for room in the cache, or for a flush
  };
  struct Request {
    IoRequest io;
    std::uint64_t id = 0;      // 0: free slot
    sim::SimTime start;        // when the device begins with it
    sim::SimTime done_at;      // when the submitter hears of it; moves when others overtake
    sim::SimTime destaged_at;  // when its data are on the medium
    sim::EventHandle event;
    Stage stage = Stage::serving;
    bool in_background = false;
    bool cached = false;            // hdd: a write into the drive's cache
    std::int64_t sectors_left = 0;  // hdd: still to be served by the mechanics
    std::int64_t unsafe_left = 0;   // hdd flush: writes that it waits for
  };
  struct CacheEntry {
    std::uint64_t id = 0;
    std::uint64_t mark = 0;  // a flush from this number on covers it
    Piece piece;
    sim::SimTime safe_at;   // destaged for certain
    bool in_cache = false;  // hdd: not destaged yet
  };
  struct Occupant {
    std::int64_t length = 0;
    sim::SimTime destaged_at;
  };

  // The shell (disk.cpp).
  void arm(std::uint32_t slot);
  void complete(std::uint64_t slot);
  void drop_flushed(std::uint64_t flush_id);
  void apply_slowness();
  void hour_begins(std::uint64_t hour);
  void drop_safe();
  DiskCrash crash(bool powered);
  [[nodiscard]] bool lies() const { return config_.flush_lies || liars_ > 0; }
  [[nodiscard]] sim::Duration slowed(sim::Duration d) const { return {d.ns * slow_percent_ / 100}; }

  // nvme (disk_flash.cpp). The two serve functions return the end of the service and set request.start.
  void time_flash(std::uint32_t slot);
  void time_port_read(Request& request);
  void time_flash_write(Request& request);
  void time_cached_write(Request& request);
  void time_flash_flush(Request& request);
  void time_flash_barrier(Request& request);
  sim::SimTime serve_foreground(Request& request);
  sim::SimTime serve_background(Request& request);
  [[nodiscard]] sim::Duration background_share(sim::Duration service, sim::Duration left, bool first) const;
  void push_background(sim::Duration by);
  [[nodiscard]] sim::SimTime room_at(std::int64_t length);
  [[nodiscard]] sim::Duration port_time(const IoRequest& io);
  [[nodiscard]] sim::Duration write_time(const IoRequest& io);
  [[nodiscard]] sim::Duration slow_read_extra(std::uint64_t id);
  [[nodiscard]] sim::Duration behind_programs(std::uint64_t id);
  [[nodiscard]] std::int64_t spare_permille() const;

  // hdd (disk_hdd.cpp).
  void queue_hdd(std::uint32_t slot);
  void hand_over(std::uint32_t slot);
  void admit();
  void start_flush(std::uint32_t slot);
  void flush_emptied(std::uint32_t slot);
  void run_mechanics();
  void mechanics_done(std::uint64_t);
  void mechanics_wake(std::uint64_t);
  void destaged(const std::vector<std::uint64_t>& ids);
  [[nodiscard]] bool buffered(Request& request);

  // cloud (disk_cloud.cpp).
  void time_cloud(Request& request);

  DiskConfig config_;
  DiskCounters counters_;
  std::int32_t slow_percent_ = 100;   // both of the next two
  std::int32_t fault_percent_ = 100;  // set_slow_factor()
  std::int32_t hour_percent_ = 100;   // of a drive that has a slow hour
  std::int32_t liars_ = 0;
  std::uint64_t next_id_ = 1;
  std::uint64_t flushed_ = 0;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_;
  std::size_t live_ = 0;
  std::deque<CacheEntry> cache_;  // acknowledged, unprotected, perhaps not on the medium; oldest first

  // nvme
  FlashArray dies_;
  sim::SimTime foreground_free_;
  sim::SimTime background_free_;
  sim::SimTime foreground_write_until_;       // end of the last foreground write: dies program until then
  std::vector<std::uint32_t> in_background_;  // slots whose done_at moves with background work
  std::deque<Occupant> occupants_;            // take room in the cache until destaged; oldest first
  std::int64_t occupied_ = 0;
  sim::SimTime interface_free_;  // cached writes cross the interface one after the other
  sim::SimTime room_from_;       // room promised to a waiting write is there from then on
  std::int64_t slc_used_ = 0;
  sim::SimTime slc_seen_;
  sim::SimTime read_free_;  // of the reads' own port, if budgets are not shared
  sim::SimTime stalled_until_;
  sim::Bytes used_;
  std::optional<sim::Stream> slow_reads_;
  std::optional<sim::Stream> programs_;

  // hdd
  std::unique_ptr<HddDevice> hdd_;
  DeviceClock clock_;
  sim::SimTime mechanics_until_;  // by the device's clock
  sim::EventHandle mechanics_event_;
  sim::EventHandle wake_event_;
  std::deque<std::uint32_t> entering_;  // cached writes without room yet
  std::vector<std::uint32_t> flushes_;  // flushes and barriers that wait for the cache

  // cloud
  std::unique_ptr<CloudVolume> volume_;
};

}  // namespace brokersim::storage
