// The control law of Linux' balance_dirty_pages(): how long a writer is held back, and how fast devices drain.
//
// Why: a broker whose device is slower than its producers runs at memory speed until too much is dirty, and then every
// thread that appends stops for up to 200 ms at a time. When that begins, where dirty bytes settle and how the device's
// rate is shared among writers are decided here (device-models.md 3.3; kernel mm/page-writeback.c, since 3.2).
// Integer arithmetic throughout, as in the kernel: shares are in 1,024ths, rates in bytes per second.
// Pure: values in, values out; PageCache keeps the state and the clock.
// Not modelled: control groups (memcg write-back domains), strictlimit devices, min_ratio and max_ratio of a device.
#pragma once

#include <cstdint>

#include "models/devices/storage/config.h"
#include "sim/time.h"

namespace brokersim::storage {

/// Where a host's dirty bytes start to matter. background < freerun < set_point < limit.
struct DirtyThresholds {
  std::int64_t background = 0;  ///< Write-back starts.
  std::int64_t freerun = 0;     ///< (background + limit) / 2: up to here no writer is held back.
  std::int64_t set_point = 0;   ///< (freerun + limit) / 2: where dirty bytes settle under overload.
  std::int64_t limit = 0;       ///< Writers stand still.
};
/// Shares of `dirtyable` (free memory and file pages); dirty_background_bytes and dirty_limit_bytes override them.
[[nodiscard]] DirtyThresholds dirty_thresholds(std::int64_t dirtyable, const PageCacheConfig& config);

/// One device as the control law sees it. Rates are estimates, in bytes per second.
struct DirtyDevice {
  std::int64_t dirty = 0;           ///< Of files on this device, under write-back included.
  std::int64_t written = 0;         ///< Write-back completed, ever.
  std::int64_t dirtied = 0;         ///< Ever.
  std::int64_t bandwidth = 0;       ///< Smoothed over about 4 s.
  std::int64_t bandwidth_slow = 0;  ///< Smoothed once more.
  std::int64_t rate_limit = 0;      ///< dirty_ratelimit: what one writer gets at the set point.
  std::int64_t balanced = 0;        ///< Smoothed aim of rate_limit.
  std::int64_t completions = 0;     ///< Recent write-back, halved every period: its share of the limit.
  sim::SimTime sampled_at;          ///< When the estimates were last updated.
  std::int64_t written_at_sample = 0;
  std::int64_t dirtied_at_sample = 0;

  /// The kernel knows nothing of a new device and takes 100 MiB/s.
  static constexpr std::int64_t kFirstGuess = 100 << 20;
  DirtyDevice()
      : bandwidth(kFirstGuess), bandwidth_slow(kFirstGuess), rate_limit(kFirstGuess), balanced(kFirstGuess) {}
};

/// bandwidth and rate_limit are updated no more often than this.
inline constexpr sim::Duration kDirtySample = {200'000'000};

/// Part of all recent write-back that this device did, in 1,024ths; all of it if none was.
[[nodiscard]] std::int64_t device_share(const DirtyDevice& device, std::int64_t completions_of_all);

/// pos_ratio in 1,024ths: 1,024 at the set point, at most 2,048 times the device's term, 0 at the limit.
/// `share` is the device's part of the limit in 1,024ths.
[[nodiscard]] std::int64_t position_ratio(const DirtyThresholds& at, std::int64_t dirty,
                                          const DirtyDevice& device, std::int64_t share);

/// A sample of the device's rate, kDirtySample or more after the last.
void sample_bandwidth(DirtyDevice& device, sim::SimTime now);
/// Moves rate_limit towards the rate that makes writers together as fast as the device. Call before
/// sample_bandwidth(), which begins a new interval.
void sample_rate_limit(DirtyDevice& device, const DirtyThresholds& at, std::int64_t dirty,
                       std::int64_t position, sim::SimTime now);
/// Forgets the interval that has run: the device was idle.
void restart_sample(DirtyDevice& device, sim::SimTime now);

/// One task that dirties pages (here: one file, because appends to a partition exclude each other).
struct DirtyWriter {
  std::int64_t dirtied = 0;              ///< Since its last check.
  std::int64_t check_after = 128 << 10;  ///< nr_dirtied_pause: bytes until the next check.
  sim::SimTime paused_until;             ///< What it did since counts as paused.
};

/// No throttling at this level: when to look again (the square root of what is left, in pages).
void run_free(DirtyWriter& writer, std::int64_t left, sim::SimTime now);
/// How long the writer sleeps, from now on: at most 200 ms, at least 10 ms or nothing. Of several writes within one instant
/// each one's sleep follows that of the one before: the longest answer is when the writer may go on.
[[nodiscard]] sim::Duration pause_of(DirtyWriter& writer, const DirtyDevice& device, std::int64_t position,
                                     sim::SimTime now);

}  // namespace brokersim::storage
