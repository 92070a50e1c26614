#include "models/devices/storage/hdd_geometry.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "sim/check.h"

namespace brokersim::storage {

namespace {

/// Zones of the WD 4 TB "G4" as extracted for DiskSim: start in thousandths of the capacity, sectors per track.
struct ZoneRow {
  std::int32_t from_permille;
  std::int32_t per_track;
};
constexpr std::array kZones{
    ZoneRow{0, 3072},   ZoneRow{19, 3072},  ZoneRow{38, 3072},  ZoneRow{56, 3072},  ZoneRow{75, 3072},
    ZoneRow{94, 3072},  ZoneRow{113, 3072}, ZoneRow{132, 3072}, ZoneRow{151, 3040}, ZoneRow{170, 3017},
    ZoneRow{188, 3008}, ZoneRow{208, 2995}, ZoneRow{227, 2995}, ZoneRow{246, 2976}, ZoneRow{265, 2962},
    ZoneRow{286, 2932}, ZoneRow{305, 2907}, ZoneRow{325, 2880}, ZoneRow{345, 2852}, ZoneRow{365, 2822},
    ZoneRow{385, 2792}, ZoneRow{405, 2764}, ZoneRow{425, 2742}, ZoneRow{444, 2710}, ZoneRow{464, 2688},
    ZoneRow{484, 2649}, ZoneRow{503, 2645}, ZoneRow{522, 2611}, ZoneRow{542, 2581}, ZoneRow{561, 2578},
    ZoneRow{580, 2560}, ZoneRow{599, 2560}, ZoneRow{619, 2528}, ZoneRow{637, 2496}, ZoneRow{656, 2464},
    ZoneRow{674, 2432}, ZoneRow{692, 2400}, ZoneRow{709, 2325}, ZoneRow{726, 2304}, ZoneRow{742, 2258},
    ZoneRow{758, 2227}, ZoneRow{774, 2194}, ZoneRow{790, 2162}, ZoneRow{805, 2129}, ZoneRow{820, 2059},
    ZoneRow{835, 2024}, ZoneRow{849, 1989}, ZoneRow{862, 1958}, ZoneRow{875, 1920}, ZoneRow{888, 1885},
    ZoneRow{901, 1850}, ZoneRow{914, 1815}, ZoneRow{925, 1778}, ZoneRow{937, 1742}, ZoneRow{948, 1713},
    ZoneRow{959, 1680}, ZoneRow{970, 1645}, ZoneRow{981, 1612}, ZoneRow{990, 1560}};
constexpr std::int64_t kOuter = 3072;
constexpr std::int64_t kRounding = 8;  // nanoseconds
constexpr std::int64_t kBand = 128;    // cylinders of one serpentine band

constexpr double kKneeFraction = 0.24;       // d* of the seek curve over the stroke (1.2)
constexpr double kThirdOverAverage = 1.047;  // seek(N/3) over the data sheet's average (1.2)
constexpr double kFullOverAverage = 1.961;   // 14.2 ms over 7.24 ms, WD 4 TB (1.2)

}  // namespace

HddGeometry::HddGeometry(const DiskConfig& config)
    : rpm_(config.rpm), heads_(config.hdd.heads), skew_(kTurn / 1'000'000 * config.hdd.skew_ppm) {
  SIM_CHECK(config.capacity.n >= kSector);
  SIM_CHECK(config.read_bandwidth.n > 0);
  SIM_CHECK(rpm_ > 0);
  SIM_CHECK(heads_ > 0);
  SIM_CHECK(skew_ >= 0);
  set_zones(config);
  set_seek(config);
}

void HddGeometry::set_zones(const DiskConfig& config) {
  // The outer zone delivers read_bandwidth while tracks change: sectors a second / revolutions a second.
  const double turns_per_track = 1.0 + static_cast<double>(config.hdd.skew_ppm) / 1e6;
  const double outer = static_cast<double>(config.read_bandwidth.n) * turns_per_track * 60.0 /
                       static_cast<double>(rpm_) / static_cast<double>(kSector);
  const std::int64_t wanted = (config.capacity.n + kSector - 1) / kSector;
  const std::size_t count = config.hdd.is_zoned ? kZones.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    Zone zone;
    zone.first_sector = sectors_;
    zone.first_cylinder = cylinders_;
    zone.first_track = cylinders_ * heads_;
    const double scaled = outer * static_cast<double>(kZones[i].per_track) / static_cast<double>(kOuter);
    zone.per_track = std::max<std::int64_t>(1, static_cast<std::int64_t>(scaled + 0.5));
    const std::int64_t end = i + 1 < count ? wanted / 1'000 * kZones[i + 1].from_permille : wanted;
    const std::int64_t per_cylinder = zone.per_track * heads_;
    zone.cylinders = std::max<std::int64_t>(0, (end - sectors_ + per_cylinder - 1) / per_cylinder);
    if (zone.cylinders == 0) continue;
    zones_.push_back(zone);
    sectors_ += zone.cylinders * per_cylinder;
    cylinders_ += zone.cylinders;
  }
}

void HddGeometry::set_seek(const DiskConfig& config) {
  const SeekPieces& pieces = config.hdd.seek;
  if (pieces.knee > 0) {
    knee_ = pieces.knee;
    a_ns_ = static_cast<double>(pieces.a.ns);
    b_ns_ = static_cast<double>(pieces.b_ps) / 1'000.0;
    c_ns_ = static_cast<double>(pieces.c.ns);
    e_ns_ = static_cast<double>(pieces.e_ps) / 1'000.0;
    return;
  }
  // From a data sheet: the two pieces meet at the knee (1.2).
  const auto n = static_cast<double>(cylinders_);
  const auto average = static_cast<double>(config.seek_average.ns);
  const auto shortest = static_cast<double>(config.seek_track_to_track.ns);
  const double full =
      config.hdd.seek_full.ns > 0 ? static_cast<double>(config.hdd.seek_full.ns) : kFullOverAverage * average;
  const double third = std::min(kThirdOverAverage * average, full);
  knee_ = std::max<std::int64_t>(2, static_cast<std::int64_t>(kKneeFraction * n));
  e_ns_ = (full - third) / (n * 2.0 / 3.0);
  c_ns_ = full - e_ns_ * n;
  const double at_knee = c_ns_ + e_ns_ * static_cast<double>(knee_);
  b_ns_ = std::max(0.0, (at_knee - shortest) / (std::sqrt(static_cast<double>(knee_)) - 1.0));
  a_ns_ = shortest - b_ns_;
}

const HddGeometry::Zone& HddGeometry::zone_of(std::int64_t lba) const {
  SIM_CHECK(lba >= 0);
  SIM_CHECK(lba < sectors_);
  const auto after =
      std::upper_bound(zones_.begin(), zones_.end(), lba,
                       [](std::int64_t at, const Zone& zone) { return at < zone.first_sector; });
  return *(after - 1);
}

HddGeometry::Place HddGeometry::place(std::int64_t lba) const {
  const Zone& zone = zone_of(lba);
  const std::int64_t in_zone = lba - zone.first_sector;
  const std::int64_t track = in_zone / zone.per_track;
  const std::int64_t sector = in_zone % zone.per_track;
  const std::int64_t band = track / (kBand * heads_);
  const std::int64_t wide = std::min(kBand, zone.cylinders - band * kBand);
  const std::int64_t in_band = track - band * kBand * heads_;
  const std::int64_t head = in_band / wide;
  const std::int64_t step = in_band % wide;
  Place result;
  result.cylinder = zone.first_cylinder + band * kBand + (head % 2 == 0 ? step : wide - 1 - step);
  const std::int64_t skewed = (zone.first_track + track) % kTurn * (skew_ % kTurn) % kTurn;
  result.angle = (sector * kTurn / zone.per_track + skewed) % kTurn;
  return result;
}

std::int64_t HddGeometry::sweep(std::int64_t lba, std::int64_t count) const {
  SIM_CHECK(count > 0);
  SIM_CHECK(count <= 100'000'000);  // 51 GB: the product below fits
  std::int64_t units = 0;
  while (count > 0) {
    const Zone& zone = zone_of(lba);
    const std::int64_t in_zone = lba - zone.first_sector;
    const std::int64_t here = std::min(count, zone.cylinders * heads_ * zone.per_track - in_zone);
    const std::int64_t crossings = (in_zone + here - 1) / zone.per_track - in_zone / zone.per_track;
    units += here * kTurn / zone.per_track + crossings * skew_;
    lba += here;
    count -= here;
    if (count > 0) units += skew_;
  }
  return units;
}

std::int64_t HddGeometry::sectors_within(std::int64_t lba, sim::Duration time) const {
  const Zone& zone = zone_of(lba);
  const __int128 units = static_cast<__int128>(time.ns) * rpm_;
  const auto passed = static_cast<std::int64_t>(units * zone.per_track / (kTurn + skew_));
  return std::min(passed, sectors_ - lba);
}

sim::Duration HddGeometry::seek(std::int64_t cylinders) const {
  SIM_CHECK(cylinders >= 0);
  if (cylinders == 0) return {};
  const auto d = static_cast<double>(cylinders);
  const double ns = cylinders < knee_ ? a_ns_ + b_ns_ * std::sqrt(d) : c_ns_ + e_ns_ * d;
  return {static_cast<std::int64_t>(ns + 0.5)};
}

sim::Duration HddGeometry::rotation(std::int64_t angle, sim::SimTime at) const {
  std::int64_t ahead = angle - angle_at(at);
  if (ahead < 0) ahead += kTurn;
  // Times are whole nanoseconds: a sector that passed within the last few is the one just reached.
  if (ahead >= kTurn - kRounding * rpm_) return {};
  return time_of(ahead);
}

}  // namespace brokersim::storage
