// Where the bytes of a hard disk are, and how far apart: zones, tracks, angles, seek times.
//
// Layout (device-models.md 1.3, WD 4 TB): 59 zones of falling density from the outer edge, serpentine bands of 128
// cylinders per head, and every track begins `skew` of a revolution after the end of the one before, which hides the
// change of track or head. A drive with another rate, size or number of heads has the same zones, scaled.
// Angles are integers: one revolution is 60 * 10^9 units, so that a nanosecond is `rpm` units, exactly.
// Pure arithmetic: no state, no clock. Not modelled: spare sectors, remapping, thermal recalibration.
#pragma once

#include <cstdint>
#include <vector>

#include "models/devices/storage/config.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::storage {

class HddGeometry {
 public:
  static constexpr std::int64_t kTurn = 60'000'000'000;  ///< Units of one revolution.
  static constexpr std::int64_t kSector = 512;

  struct Place {
    std::int64_t cylinder = 0;
    std::int64_t angle = 0;  ///< Of the sector's leading edge, in [0, kTurn).
  };

  explicit HddGeometry(const DiskConfig& config);

  /// Sectors of the drive: at least capacity / 512.
  [[nodiscard]] std::int64_t sectors() const { return sectors_; }
  [[nodiscard]] std::int64_t cylinders() const { return cylinders_; }
  [[nodiscard]] std::int64_t sectors_per_track(std::int64_t lba) const { return zone_of(lba).per_track; }

  /// `lba` in [0, sectors()).
  [[nodiscard]] Place place(std::int64_t lba) const;
  /// Angular distance that passes under the head from the start of sector `lba` to the end of the last of `count`
  /// sectors, changes of track included. `count` positive.
  [[nodiscard]] std::int64_t sweep(std::int64_t lba, std::int64_t count) const;
  /// The same as time.
  [[nodiscard]] sim::Duration transfer(std::int64_t lba, std::int64_t count) const {
    return time_of(sweep(lba, count));
  }
  /// Sectors from `lba` on that pass under the head within `time`, never more than really do.
  [[nodiscard]] std::int64_t sectors_within(std::int64_t lba, sim::Duration time) const;

  /// Seek over `cylinders` >= 0, without settling for a write. 0 for 0.
  [[nodiscard]] sim::Duration seek(std::int64_t cylinders) const;
  [[nodiscard]] sim::Duration revolution() const { return {(kTurn + rpm_ - 1) / rpm_}; }
  /// Angle under the heads at `at`.
  [[nodiscard]] std::int64_t angle_at(sim::SimTime at) const { return at.ns % kTurn * rpm_ % kTurn; }
  /// Wait from `at` until `angle` passes.
  [[nodiscard]] sim::Duration rotation(std::int64_t angle, sim::SimTime at) const;
  /// Time of an angular distance, rounded up.
  [[nodiscard]] sim::Duration time_of(std::int64_t units) const { return {(units + rpm_ - 1) / rpm_}; }

 private:
  struct Zone {
    std::int64_t first_sector = 0;
    std::int64_t first_cylinder = 0;
    std::int64_t first_track = 0;  // counted over the whole drive: it fixes the skew
    std::int64_t cylinders = 0;
    std::int64_t per_track = 0;
  };

  [[nodiscard]] const Zone& zone_of(std::int64_t lba) const;
  void set_zones(const DiskConfig& config);
  void set_seek(const DiskConfig& config);

  std::int64_t rpm_;
  std::int64_t heads_;
  std::int64_t skew_;  // units
  std::int64_t sectors_ = 0;
  std::int64_t cylinders_ = 0;
  std::vector<Zone> zones_;
  // seek
  std::int64_t knee_ = 0;
  double a_ns_ = 0;
  double b_ns_ = 0;
  double c_ns_ = 0;
  double e_ns_ = 0;
};

}  // namespace brokersim::storage
