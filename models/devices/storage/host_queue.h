// Requests that the operating system holds back from a hard disk, and the order in which it hands them over.
//
// none: in order of arrival. mq-deadline (Linux block/mq-deadline.c; fifo_batch 16, writes_starved 2, expiry 0.5 s and
// 5 s): batches of up to 16 slices of one class in ascending order; a class whose oldest request has expired begins its
// next batch there; the foreground goes first unless the background has been passed over twice. The classes are
// foreground (reads, fsync) and background (write-back) rather than reads and writes, and while there is foreground work
// the background may hold a quarter of the drive's queue: that is what blk-wbt achieves. bfq: slices of time per
// stream as CFQ and BFQ give them, 100 ms or 300 ms over the number of streams, with up to 8 ms of idling for the
// next request of a stream whose slice has time left.
// Requests are handed over in slices of at most 1,280 KiB (max_sectors_kb), so a large write does not block the drive.
// Cost: O(waiting) per slice. Not modelled: merging of adjacent requests, I/O priorities, budgets in sectors.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/devices/storage/config.h"
#include "sim/time.h"

namespace brokersim::storage {

/// A request to a hard disk, in sectors of 512 bytes.
struct HddRequest {
  std::uint32_t token = 0;  ///< The owner's number.
  std::uint64_t order = 0;  ///< Of arrival.
  bool write = false;
  bool background = false;
  std::int32_t stream = 0;  ///< Who asked: process or file. For bfq.
  std::int64_t lba = 0;
  std::int64_t count = 0;  ///< Sectors left. Positive.
  sim::SimTime arrived;
};

/// Part of a request that goes to the drive at once.
struct HddSlice {
  HddRequest request;  ///< lba and count are those of the slice.
  sim::SimTime ready;  ///< The drive can begin with it from then on.
};

class HostQueue {
 public:
  static constexpr std::int64_t kSliceSectors = 2'560;  ///< 1,280 KiB

  explicit HostQueue(const HddConfig& config) : config_(config) {}

  void add(const HddRequest& request) { waiting_.push_back(request); }

  /// The next slice for a drive that holds `in_drive` commands, `background_in_drive` of them background; nothing if
  /// none is due. `wake` is then set if time alone changes that (an idling slice ends).
  std::optional<HddSlice> next(sim::SimTime now, std::size_t in_drive, std::size_t background_in_drive,
                               std::optional<sim::SimTime>& wake);
  /// A slice of a request has been served (for bfq's idling).
  void served(const HddRequest& request, sim::SimTime now);

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  /// Every waiting request, in order of arrival.
  [[nodiscard]] const std::vector<HddRequest>& waiting() const { return waiting_; }
  void clear();

 private:
  std::optional<std::size_t> pick_deadline(sim::SimTime now, bool may_background);
  std::optional<std::size_t> pick_in_class(sim::SimTime now, bool background);
  std::optional<std::size_t> pick_stream(sim::SimTime now, std::size_t in_drive,
                                         std::optional<sim::SimTime>& wake);
  [[nodiscard]] std::optional<std::size_t> oldest_of(std::int32_t stream) const;
  void begin_stream_slice(std::int32_t stream, sim::SimTime now);

  HddConfig config_;
  std::vector<HddRequest> waiting_;
  // mq-deadline
  std::int64_t next_lba_ = 0;
  std::int32_t batch_left_ = 0;
  bool batch_background_ = false;
  std::int32_t starved_ = 0;
  sim::SimTime foreground_seen_ = {-1};
  // bfq
  std::int32_t stream_ = -1;  // whose slice it is; -1: nobody's
  sim::SimTime slice_ends_;
  sim::SimTime idle_from_;
  bool idling_ = false;
};

}  // namespace brokersim::storage
