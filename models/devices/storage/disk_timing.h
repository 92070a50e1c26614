// How long the mechanics of a hard disk, or the port of an SSD, work on one request.
//
// Pure arithmetic plus the position of the head: no queue, no clock, no dice (the platter's angle is the time).
// Sources: device-models.md 1.1 to 1.3 (HDD; constants of the WD 4 TB "G4" drive), 2.1 (SSD).
#pragma once

#include <cstdint>

#include "models/devices/storage/config.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::storage {

class DiskTiming {
 public:
  /// Cylinders of the reference drive; seek curves are scaled to it.
  static constexpr std::int64_t kCylinders = 310'194;

  explicit DiskTiming(const DiskConfig& config);

  /// Time that the port (NVMe) or the mechanics (HDD) are busy with the request, if they begin it at `start`.
  /// `length` positive.
  [[nodiscard]] sim::Duration service(bool write, sim::Bytes position, sim::Bytes length,
                                      sim::SimTime start) const;
  /// The head is at `position` at `at`: the end of the latest request in line.
  void move_head(sim::Bytes position, sim::SimTime at);
  /// The latest request in line ends that much later, because another was put before it.
  void delay_head(sim::Duration by) { head_free_ += by; }
  void forget_head() { head_ = -1; }
  /// HDD: what it costs to come back to another stream after an interruption (seek and half a turn); NVMe: 0.
  [[nodiscard]] sim::Duration reposition() const;
  /// Fixed time of a request beside the service: NVMe read or write latency; HDD: 0 (it is in the service).
  [[nodiscard]] sim::Duration latency(bool write) const;
  /// Time from submission until a write of `length` sits in the drive's cache: fixed part and interface.
  [[nodiscard]] sim::Duration buffer_time(sim::Bytes length) const;

  // --- parts, for tests and for analytic oracles ---
  /// Seek over `cylinders` >= 0: 0, then a + b sqrt(d) below 0.24 of the stroke, c + e d above.
  [[nodiscard]] sim::Duration seek(std::int64_t cylinders) const;
  [[nodiscard]] sim::Duration revolution() const { return revolution_; }
  [[nodiscard]] std::int64_t cylinder(sim::Bytes position) const;
  /// Wait until the sector at `position` passes under the head that is there at `at`.
  [[nodiscard]] sim::Duration rotation(sim::Bytes position, sim::SimTime at) const;
  /// Media transfer at the rate of the zone of `position`.
  [[nodiscard]] sim::Duration transfer(sim::Bytes position, sim::Bytes length) const;

 private:
  DiskConfig config_;
  sim::Duration revolution_;
  double seek_a_ns_ = 0;
  double seek_b_ns_ = 0;
  double seek_c_ns_ = 0;
  double seek_e_ns_ = 0;
  std::int64_t head_ = -1;  // byte after the last one served
  sim::SimTime head_free_;  // when that was
};

}  // namespace brokersim::storage
