// A block volume of the cloud: token buckets, a limit of the machine, and a base latency.
//
// The rules are those AWS publishes for EBS (user guide 2023-06; device-models.md 2.7), in exact integers:
//   gp2   3 operations/s per GiB (100 to 16,000); below 3,000 up to 3,000 from 5.4 million credits that refill at the
//         baseline; 128 MiB/s up to 170 GiB, 250 MiB/s from 334 GiB or while there are credits
//   gp3   3,000 to 16,000 operations/s (at most 500 per GiB), 125 to 1,000 MiB/s (at most 0.25 MiB/s per operation/s)
//   io1, io2, io2 Block Express   as provisioned, up to 64,000 or 256,000 operations/s and 1,000 or 4,000 MiB/s
//   st1, sc1   bytes: 40 or 12 MiB/s per TiB, bursts of 250 or 80 MiB/s per TiB from a bucket as large as the volume
// SSD volumes count one operation per 256 KiB, and adjacent small ones are merged up to that; HDD volumes count MiB,
// a random smaller request as a whole one. Operations are paced one after the other: no burst above the peak rate.
// Latency: lognormal around a median, drawn per request. Not modelled: snapshot warm-up, elastic volumes.
#pragma once

#include <cstdint>

#include "models/devices/storage/config.h"
#include "sim/random.h"
#include "sim/sampling.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::storage {

/// A bucket that refills evenly: holds at most `capacity`, gains `rate` a second. Integer, without drift.
class TokenBucket {
 public:
  TokenBucket(std::int64_t capacity, std::int64_t rate, std::int64_t initial);
  /// Tokens at `now`, which never goes back.
  std::int64_t tokens(sim::SimTime now);
  /// Takes `cost` if it is there.
  bool take(std::int64_t cost, sim::SimTime now);
  /// When `cost` (at most the capacity) will be there, at the earliest `now`.
  sim::SimTime ready(std::int64_t cost, sim::SimTime now);

 private:
  void refill(sim::SimTime now);

  std::int64_t capacity_;
  std::int64_t rate_;
  std::int64_t tokens_;
  std::int64_t remainder_ = 0;  // billionths of a token
  sim::SimTime seen_;
};

/// What follows from type and size. Rates per second; 0 means no limit.
struct VolumeLimits {
  std::int64_t iops_base = 0;
  std::int64_t iops_peak = 0;
  std::int64_t iops_credits = 0;  ///< Size of the operations' bucket; 0: peak without credits.
  std::int64_t bytes_base = 0;
  std::int64_t bytes_peak = 0;
  std::int64_t bytes_credits = 0;            ///< Size of the bytes' bucket.
  std::int64_t io_max = 256 << 10;           ///< Bytes that count as one operation.
  bool bytes_burst_by_iops_credits = false;  ///< gp2 from 170 to 334 GiB.
};

/// The published rules. `capacity` positive.
[[nodiscard]] VolumeLimits volume_limits(const VolumeConfig& config, sim::Bytes capacity);

class CloudVolume {
 public:
  CloudVolume(const VolumeConfig& config, sim::Bytes capacity, sim::Stream draws);

  /// Takes a request at `now`; returns when it is done. `ordinal` addresses its latency.
  sim::SimTime serve(std::int64_t position, sim::Bytes length, std::uint64_t ordinal, sim::SimTime now,
                     std::int32_t slow_percent);
  void stall(sim::SimTime now, sim::Duration length);

  [[nodiscard]] const VolumeLimits& limits() const { return limits_; }
  /// Credits left in the bucket: operations (gp2) or bytes (st1, sc1); 0 for the others.
  [[nodiscard]] std::int64_t credits(sim::SimTime now);

 private:
  /// Percent by which pacing is stretched in the minute of `now`.
  [[nodiscard]] std::int64_t stretch(sim::SimTime now);
  [[nodiscard]] sim::SimTime admit_operations(std::int64_t operations, sim::SimTime now,
                                              std::int64_t percent);
  [[nodiscard]] sim::SimTime admit_bytes(std::int64_t bytes, sim::SimTime now, std::int64_t percent);

  VolumeConfig config_;
  VolumeLimits limits_;
  sim::Stream draws_;
  sim::LogNormal latency_;
  TokenBucket operation_credits_;
  TokenBucket byte_credits_;
  sim::SimTime operations_free_;  // pacing: the next operation begins no earlier
  sim::SimTime bytes_free_;
  sim::SimTime instance_operations_free_;
  sim::SimTime instance_bytes_free_;
  std::int64_t next_position_ = -1;  // where a request would continue the one before
  std::int64_t minute_ = -1;
  std::int64_t minute_percent_ = 100;
  std::int64_t merged_ = 0;  // bytes of the operation that it could still join
};

}  // namespace brokersim::storage
