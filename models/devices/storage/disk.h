// One block device: how long a request takes, and what a power loss leaves of it.
//
// Timing is O(1) per request. NVMe: a fixed latency and one shared port whose service time is the larger of
// 1/IOPS and bytes/bandwidth (device-models.md 2.1; reads and writes share one budget, 2.6). HDD: seek (two
// pieces, 1.2), rotation by the angle of the platter (1.1), transfer at the zone's rate (1.3); a request that
// continues the previous one pays the transfer only, or the missed revolution if it is a late write (1.5).
// Background requests (write-back) share the device with foreground requests (reads, fsync) half and half.
// Write cache: acknowledged when buffered, destaged later, full means waiting (1.5).
//
// Not modelled: NCQ reordering (FCFS is 87 against 165 random IOPS at depth 16), GC, tails.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "models/devices/storage/config.h"
#include "models/devices/storage/disk_timing.h"
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
};

struct DiskCounters {
  std::int64_t reads = 0;
  std::int64_t writes = 0;   ///< Barriers included.
  std::int64_t flushes = 0;  ///< Barriers included when the drive needs a flush.
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

  /// Hands a request to the device. Returns its number (1, 2, ...).
  std::uint64_t submit(const IoRequest& request);

  /// Everything takes `percent`/100 times as long from now on (fault D13). 100 is healthy; at least 1.
  void set_slow_factor(std::int32_t percent);
  /// Nothing is served until now + `length`; requests wait, none fails (fault D14).
  void stall(sim::Duration length);

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
  struct Request {
    IoRequest io;
    std::uint64_t id = 0;      // 0: free slot
    sim::SimTime start;        // when the device begins with it
    sim::SimTime done_at;      // when the submitter hears of it; moves when others overtake
    sim::SimTime destaged_at;  // when its data are on the medium
    sim::EventHandle event;
    bool in_background = false;
  };
  struct CacheEntry {
    std::uint64_t id = 0;
    std::uint64_t mark = 0;  // a flush from this number on covers it
    Piece piece;
    sim::SimTime safe_at;  // destaged for certain
  };
  struct Occupant {
    std::int64_t length = 0;
    sim::SimTime destaged_at;
  };

  void arm(std::uint32_t slot);
  void complete(std::uint64_t slot);
  void time_read(Request& request);
  void time_write(Request& request);
  void time_cached_write(Request& request);
  void time_flush(Request& request);
  void time_barrier(Request& request);
  /// Both return the end of the service and set request.start.
  sim::SimTime serve_foreground(Request& request);
  sim::SimTime serve_background(Request& request);
  [[nodiscard]] sim::Duration background_share(const Request& request, sim::Duration left, bool first) const;
  void push_background(sim::Duration by);
  [[nodiscard]] sim::SimTime room_at(std::int64_t length);
  [[nodiscard]] sim::Duration slowed(sim::Duration d) const { return {d.ns * slow_percent_ / 100}; }
  void drop_flushed(std::uint64_t flush_id);
  void drop_safe();
  DiskCrash crash(bool powered);

  DiskConfig config_;
  DiskTiming timing_;
  DiskCounters counters_;
  std::int32_t slow_percent_ = 100;
  sim::SimTime foreground_free_;
  sim::SimTime background_free_;
  std::uint64_t next_id_ = 1;
  std::uint64_t flushed_ = 0;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> in_background_;  // slots whose done_at moves with background work
  std::size_t live_ = 0;
  std::deque<CacheEntry> cache_;    // acknowledged, unprotected, perhaps not on the medium; oldest first
  std::deque<Occupant> occupants_;  // take room in the cache until destaged; oldest first
  std::int64_t occupied_ = 0;
  sim::SimTime room_from_;  // room promised to a waiting write is there from then on
};

}  // namespace brokersim::storage
