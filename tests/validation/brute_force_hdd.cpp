#include "tests/validation/brute_force_hdd.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace brokersim::validation {
namespace {

struct Track {
  std::int64_t first = 0;
  std::int64_t cylinder = 0;
  std::int64_t sectors = 0;
  double angle = 0;
};

std::vector<Track> tracks_of(const BruteForceDrive& drive) {
  std::vector<Track> tracks;
  std::int64_t sector = 0;
  std::int64_t cylinder = 0;
  double angle = 0;
  for (const BruteForceDrive::Zone& zone : drive.zones) {
    for (std::int64_t band = 0; band < zone.cylinders; band += 128) {
      const std::int64_t wide = std::min<std::int64_t>(128, zone.cylinders - band);
      for (int head = 0; head < drive.heads; ++head) {
        for (std::int64_t step = 0; step < wide; ++step) {
          const std::int64_t at = head % 2 == 0 ? step : wide - 1 - step;
          tracks.push_back({sector, cylinder + band + at, zone.per_track, angle});
          sector += zone.per_track;
          angle += drive.skew;
          angle -= std::floor(angle);
        }
      }
    }
    cylinder += zone.cylinders;
  }
  return tracks;
}

class Walker {
 public:
  explicit Walker(const BruteForceDrive& drive)
      : drive_(drive), tracks_(tracks_of(drive)), turn_(60'000 / drive.rpm) {}

  [[nodiscard]] std::size_t track_of(std::int64_t sector) const {
    const auto after = std::upper_bound(tracks_.begin(), tracks_.end(), sector,
                                        [](std::int64_t at, const Track& track) { return at < track.first; });
    return static_cast<std::size_t>(after - tracks_.begin()) - 1;
  }
  [[nodiscard]] double arrive(double from, const TraceRequest& request) const {
    const Track& track = tracks_[track_of(request.sector)];
    if (request.sector == next_) return from;
    const auto d = static_cast<double>(std::llabs(track.cylinder - cylinder_));
    if (d == 0) return from;
    const double seek = d < drive_.knee ? drive_.a + drive_.b * std::sqrt(d) : drive_.c + drive_.e * d;
    return from + seek + (request.write ? drive_.settle_ms : 0);
  }
  /// When the sector comes under the head, found by turning the platter sector by sector from the one that is there.
  [[nodiscard]] double turn_to(double from, std::int64_t sector) const {
    const Track& track = tracks_[track_of(sector)];
    const double per_sector = turn_ / static_cast<double>(track.sectors);
    const double phase = from / turn_ - track.angle;
    const double under =
        (phase - std::floor(phase)) * static_cast<double>(track.sectors);  // sectors past the first
    std::int64_t passing = static_cast<std::int64_t>(std::ceil(under - 1e-3));
    double time = from + (static_cast<double>(passing) - under) * per_sector;
    while (passing % track.sectors != sector - track.first) {
      ++passing;
      time += per_sector;
    }
    return time;
  }
  /// Reads on over tracks; returns the end.
  double transfer(double begin, const TraceRequest& request) {
    std::size_t at = track_of(request.sector);
    double time = begin;
    for (std::int64_t sector = request.sector; sector < request.sector + request.count; ++sector) {
      if (sector >= tracks_[at].first + tracks_[at].sectors) {
        ++at;
        time += drive_.skew * turn_;
      }
      time += turn_ / static_cast<double>(tracks_[at].sectors);
    }
    cylinder_ = tracks_[at].cylinder;
    next_ = request.sector + request.count;
    return time;
  }

 private:
  const BruteForceDrive& drive_;
  std::vector<Track> tracks_;
  double turn_;
  std::int64_t cylinder_ = 0;
  std::int64_t next_ = 0;
};

}  // namespace

std::vector<double> brute_force(const BruteForceDrive& drive, const std::vector<TraceRequest>& trace,
                                bool shortest) {
  Walker walker(drive);
  std::vector<double> response(trace.size());
  std::vector<std::size_t> waiting;
  std::size_t arrived = 0;
  double now = 0;
  while (arrived < trace.size() || !waiting.empty()) {
    if (waiting.empty()) now = std::max(now, trace[arrived].at_ms);
    while (arrived < trace.size() && trace[arrived].at_ms <= now) waiting.push_back(arrived++);
    std::size_t best = 0;
    double best_begin = 0;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      const TraceRequest& request = trace[waiting[i]];
      const double ready = std::max(now, request.at_ms + drive.overhead_ms);
      const double begin = walker.turn_to(walker.arrive(ready, request), request.sector);
      if (i > 0 && begin >= best_begin) continue;
      best = i;
      best_begin = begin;
      if (!shortest) break;
    }
    const std::size_t chosen = waiting[best];
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(best));
    now = walker.transfer(best_begin, trace[chosen]);
    response[chosen] = now - trace[chosen].at_ms;
  }
  return response;
}

}  // namespace brokersim::validation
