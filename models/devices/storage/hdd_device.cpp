#include "models/devices/storage/hdd_device.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "sim/check.h"

namespace brokersim::storage {

namespace {
constexpr std::int64_t kNear = 128;  // extents looked at on either side of the arm

sim::Duration interface_time(std::int64_t sectors) {
  return sim::transfer_time({sectors * HddGeometry::kSector}, HddDevice::kSata);
}
}  // namespace

HddDevice::HddDevice(const DiskConfig& config) : config_(config), geometry_(config), host_(config.hdd) {
  SIM_CHECK(config.hdd.queue_depth >= 1);
  SIM_CHECK(config.hdd.queue_depth <= 1'024);
  SIM_CHECK(config.write_bandwidth.n > 0);
}

void HddDevice::submit(const HddRequest& request) {
  SIM_CHECK(request.count > 0);
  host_.add(request);
}

bool HddDevice::reserve(std::int64_t count) {
  const std::int64_t room = config_.volatile_cache.n / HddGeometry::kSector;
  if (cache_.size() + leaving_sectors_ + reserved_ + count > room) return false;
  reserved_ += count;
  return true;
}

void HddDevice::buffered(std::int64_t lba, std::int64_t count, std::uint64_t id) {
  SIM_CHECK(reserved_ >= count);
  reserved_ -= count;
  cache_.add(lba, count, id);
}

void HddDevice::fill(sim::SimTime now, std::optional<sim::SimTime>& wake) {
  while (auto slice = host_.next(now, drive_.size(), background_in_drive_, wake)) {
    // A command that has waited with the host, or follows its own first slice, is known to the drive already.
    slice->ready = std::max(now, slice->request.arrived + config_.controller_overhead);
    if (slice->request.background) ++background_in_drive_;
    drive_.push_back(*slice);
  }
}

bool HddDevice::continues(const HddRequest& request) const {
  return !request.write && streaming_ && request.lba == stream_lba_ && config_.hdd.readahead.n > 0;
}

sim::SimTime HddDevice::reach(sim::SimTime from, std::int64_t lba, bool write) const {
  const HddGeometry::Place place = geometry_.place(lba);
  sim::SimTime there = from;
  if (lba != arm_lba_) {
    const std::int64_t distance = place.cylinder - arm_cylinder_;
    there = there + geometry_.seek(distance < 0 ? -distance : distance);
    if (write && distance != 0) there = there + config_.hdd.write_settle;
  }
  return there + geometry_.rotation(place.angle, there);
}

sim::Duration HddDevice::access(const HddSlice& slice, sim::SimTime now) const {
  if (continues(slice.request)) return {};
  const sim::SimTime ready = std::max(now, slice.ready);
  const sim::SimTime begin = reach(ready, slice.request.lba, slice.request.write);
  sim::Duration cost = begin - now;
  if (config_.hdd.slack.ns > 0 && slice.request.lba != arm_lba_) {
    const HddGeometry::Place place = geometry_.place(slice.request.lba);
    const std::int64_t distance = place.cylinder - arm_cylinder_;
    sim::Duration moved = geometry_.seek(distance < 0 ? -distance : distance);
    if (slice.request.write && distance != 0) moved += config_.hdd.write_settle;
    if ((begin - ready) - moved < config_.hdd.slack) cost += geometry_.revolution();
  }
  return cost;
}

std::size_t HddDevice::pick(sim::SimTime now) const {
  // drive_ is in order of arrival, so the first is the oldest, and the first of equals wins.
  if (config_.hdd.order == DriveOrder::fcfs || now - drive_.front().request.arrived > config_.hdd.age_limit)
    return 0;
  std::size_t best = 0;
  if (config_.hdd.order == DriveOrder::clook) {
    std::int64_t best_key = 0;
    for (std::size_t i = 0; i < drive_.size(); ++i) {
      std::int64_t key = geometry_.place(drive_[i].request.lba).cylinder - arm_cylinder_;
      if (key < 0) key += geometry_.cylinders();
      if (i > 0 && key >= best_key) continue;
      best = i;
      best_key = key;
    }
    return best;
  }
  sim::Duration best_cost;
  for (std::size_t i = 0; i < drive_.size(); ++i) {
    const sim::Duration cost = access(drive_[i], now);
    if (i > 0 && cost >= best_cost) continue;
    best = i;
    best_cost = cost;
  }
  return best;
}

std::int64_t HddDevice::pick_extent(sim::SimTime now) const {
  const HddCache::Extents& extents = cache_.extents();
  auto low = extents.lower_bound(arm_lba_);
  auto high = low;
  for (std::int64_t i = 0; i < kNear && low != extents.begin(); ++i) --low;
  for (std::int64_t i = 0; i < kNear && high != extents.end(); ++i) ++high;
  std::int64_t best = low->first;
  sim::SimTime best_at = reach(now, best, true);
  for (auto it = std::next(low); it != high; ++it) {
    const sim::SimTime at = reach(now, it->first, true);
    if (at >= best_at) continue;
    best = it->first;
    best_at = at;
  }
  return best;
}

sim::SimTime HddDevice::move(std::int64_t lba, std::int64_t count, sim::SimTime begin) {
  const std::int64_t units = geometry_.sweep(lba, count);
  arm_lba_ = lba + count;
  arm_cylinder_ = geometry_.place(lba + count - 1).cylinder;
  // Rounded down: the next sector of a stream is then never just missed. Rounding up adds up, and after a dozen commands
  // the head would be some nanoseconds late and wait for a whole turn.
  return begin + sim::Duration{units / config_.rpm};
}

sim::SimTime HddDevice::serve(const HddSlice& slice, sim::SimTime now) {
  const HddRequest& request = slice.request;
  const sim::SimTime ready = std::max(now, slice.ready);
  if (continues(request)) {
    // The buffer holds at most `readahead`: the head waited at its end, and reads on from there.
    const sim::Duration ahead = geometry_.transfer(
        request.lba,
        std::min(config_.hdd.readahead.n / HddGeometry::kSector, geometry_.sectors() - request.lba));
    stream_at_ = std::max(stream_at_, now - ahead);
    // From the sector before, so that a change of track between the two requests counts.
    const std::int64_t before = std::max<std::int64_t>(0, request.lba - 1);
    const sim::Duration gap = geometry_.transfer(before, request.lba - before + 1) -
                              geometry_.transfer(before, 1) - geometry_.transfer(request.lba, 1);
    stream_at_ = move(request.lba, request.count, stream_at_ + std::max(gap, sim::Duration{}));
    stream_lba_ = arm_lba_;
    return std::max(stream_at_, ready + interface_time(request.count));
  }
  sim::SimTime end = move(request.lba, request.count, reach(ready, request.lba, request.write));
  streaming_ = !request.write && arm_lba_ < geometry_.sectors();
  stream_lba_ = arm_lba_;
  stream_at_ = end;
  if (request.write && config_.write_bandwidth < config_.read_bandwidth) {
    // Slower than the platter: the data sheet's rate for writes.
    const auto share = static_cast<__int128>(geometry_.transfer(request.lba, request.count).ns) *
                       (config_.read_bandwidth.n - config_.write_bandwidth.n) / config_.write_bandwidth.n;
    end = end + sim::Duration{static_cast<std::int64_t>(share)};
  }
  return end;
}

sim::SimTime HddDevice::destage(sim::SimTime now) {
  const std::int64_t lba = pick_extent(now);
  const sim::SimTime begin = reach(now, lba, true);
  const std::int64_t taken = cache_.take(lba, HostQueue::kSliceSectors, leaving_);
  leaving_sectors_ = taken;
  streaming_ = false;
  return move(lba, taken, begin);
}

HddDevice::Begun HddDevice::begin(sim::SimTime now) {
  SIM_CHECK(!busy_);
  Begun begun;
  fill(now, begun.wake);
  const bool pressed = urgent_ || cache_.size() * 4 >= config_.volatile_cache.n / HddGeometry::kSector * 3;
  const bool destages = !cache_.empty() && (drive_.empty() || (pressed && !destaged_last_));
  if (!destages && drive_.empty()) return begun;
  busy_ = true;
  destaging_ = destages;
  destaged_last_ = destages;
  begun.serving = true;
  begun.destaging = destages;
  begun.wake.reset();
  if (destages) {
    begun.until = destage(now);
  } else {
    const std::size_t at = pick(now);
    current_ = drive_[at];
    drive_.erase(drive_.begin() + static_cast<std::ptrdiff_t>(at));
    begun.token = current_.request.token;
    begun.until = serve(current_, now);
  }
  busy_time_ += begun.until - now;
  return begun;
}

HddDevice::Finished HddDevice::finish(sim::SimTime now) {
  SIM_CHECK(busy_);
  busy_ = false;
  Finished finished;
  if (destaging_) {
    finished.destaged = std::exchange(leaving_, {});
    leaving_sectors_ = 0;
    return finished;
  }
  if (current_.request.background) --background_in_drive_;
  finished.token = current_.request.token;
  finished.sectors = current_.request.count;
  host_.served(current_.request, now);
  return finished;
}

void HddDevice::reset(bool keep_cache) {
  host_.clear();
  drive_.clear();
  background_in_drive_ = 0;
  urgent_ = false;
  busy_ = false;
  streaming_ = false;
  leaving_.clear();
  leaving_sectors_ = 0;
  reserved_ = 0;
  if (!keep_cache) cache_.clear();
}

}  // namespace brokersim::storage
