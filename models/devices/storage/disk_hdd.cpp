// The shell around a hard disk's mechanics: which request the events belong to, room in the cache, flushes.
#include <algorithm>

#include "models/devices/storage/disk.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {
constexpr sim::SimTime kNever = {INT64_MAX};

/// Requests of users without a file system may run over the end of the disk: they go on at its beginning.
std::int64_t wrapped(std::int64_t lba, std::int64_t count, std::int64_t sectors) {
  SIM_CHECK(count <= sectors);
  return lba + count <= sectors ? lba : lba % sectors % (sectors - count + 1);
}
std::int64_t first_sector(const IoRequest& io) { return io.position.n / HddGeometry::kSector; }
std::int64_t sector_count(const IoRequest& io) {
  const std::int64_t end = io.position.n + io.length.n;
  return (end + HddGeometry::kSector - 1) / HddGeometry::kSector - first_sector(io);
}
}  // namespace

void Disk::queue_hdd(std::uint32_t slot) {
  Request& request = requests_[slot];
  request.stage = Stage::waiting;
  request.start = kNever;
  switch (request.io.kind) {
    case IoKind::read: hand_over(slot); break;
    case IoKind::write:
      if (request.io.length > config_.volatile_cache) {
        hand_over(slot);
        break;
      }
      request.cached = true;
      entering_.push_back(slot);
      admit();
      break;
    case IoKind::flush:
    case IoKind::barrier: start_flush(slot); break;
  }
  run_mechanics();
}

void Disk::hand_over(std::uint32_t slot) {
  Request& request = requests_[slot];
  request.sectors_left = sector_count(request.io);
  HddRequest command;
  command.token = slot;
  command.write = request.io.kind != IoKind::read;
  command.background = request.io.urgency == Urgency::background;
  command.stream = request.io.stream;
  command.lba = wrapped(first_sector(request.io), request.sectors_left, hdd_->geometry().sectors());
  command.count = request.sectors_left;
  command.arrived = clock_.device(now());
  hdd_->submit(command);
}

void Disk::admit() {
  while (!entering_.empty()) {
    const std::uint32_t slot = entering_.front();
    Request& request = requests_[slot];
    if (!hdd_->reserve(sector_count(request.io))) return;
    entering_.pop_front();
    request.stage = Stage::serving;
    request.start = now();
    const sim::SimTime begun = clock_.device(now());
    request.done_at = clock_.world(begun + config_.controller_overhead +
                                   sim::transfer_time(request.io.length, HddDevice::kSata));
    request.destaged_at = request.done_at;
    arm(slot);
  }
}

bool Disk::buffered(Request& request) {
  const std::int64_t count = sector_count(request.io);
  hdd_->buffered(wrapped(first_sector(request.io), count, hdd_->geometry().sectors()), count, request.id);
  return true;
}

void Disk::start_flush(std::uint32_t slot) {
  Request& request = requests_[slot];
  const bool is_barrier = request.io.kind == IoKind::barrier;
  if (is_barrier && is_volatile()) ++counters_.flushes;
  if (!is_volatile() || lies()) {
    if (is_barrier) return hand_over(slot);
    request.stage = Stage::serving;
    request.start = now();
    request.done_at = clock_.world(clock_.device(now()) + config_.controller_overhead);
    return arm(slot);
  }
  for (const CacheEntry& entry : cache_) {
    if (entry.in_cache) ++request.unsafe_left;
  }
  flushes_.push_back(slot);
  hdd_->set_urgent(true);
  if (request.unsafe_left == 0) flush_emptied(slot);
}

void Disk::flush_emptied(std::uint32_t slot) {
  std::erase(flushes_, slot);
  hdd_->set_urgent(!flushes_.empty());
  Request& request = requests_[slot];
  if (request.io.kind == IoKind::barrier) return hand_over(slot);
  request.stage = Stage::serving;
  request.start = now();
  request.done_at = clock_.world(clock_.device(now()) + config_.flush_latency);
  arm(slot);
}

void Disk::run_mechanics() {
  if (hdd_->busy()) return;
  cancel(wake_event_);
  const HddDevice::Begun begun = hdd_->begin(clock_.device(now()));
  if (begun.serving) {
    if (!begun.destaging) requests_[begun.token].start = std::min(requests_[begun.token].start, now());
    mechanics_until_ = begun.until;
    mechanics_event_ =
        at(clock_.world(begun.until), "disk.mechanics", sim::bind<&Disk::mechanics_done>(this));
  } else if (begun.wake) {
    wake_event_ = at(clock_.world(*begun.wake), "disk.idle", sim::bind<&Disk::mechanics_wake>(this));
  }
}

void Disk::mechanics_wake(std::uint64_t) { run_mechanics(); }

void Disk::mechanics_done(std::uint64_t) {
  const sim::SimTime due = clock_.world(mechanics_until_);
  if (due > now()) {  // a stall came between
    mechanics_event_ = at(due, "disk.mechanics", sim::bind<&Disk::mechanics_done>(this));
    return;
  }
  const HddDevice::Finished finished = hdd_->finish(mechanics_until_);
  counters_.busy = hdd_->busy_time();
  std::uint32_t complete_slot = 0;
  bool completes = false;
  if (finished.sectors == 0) {
    destaged(finished.destaged);
    admit();
  } else {
    Request& request = requests_[finished.token];
    request.sectors_left -= finished.sectors;
    SIM_CHECK(request.sectors_left >= 0);
    if (request.sectors_left == 0) {
      request.stage = Stage::serving;
      request.done_at = now();
      request.destaged_at = now();
      if (request.io.kind == IoKind::barrier && is_volatile() && !lies()) {
        request.done_at =
            clock_.world(mechanics_until_ + config_.flush_latency);  // no native FUA: a second flush
        arm(finished.token);
      } else {
        completes = true;
        complete_slot = finished.token;
      }
    }
  }
  // What completes may submit the next request at this instant, and the drive chooses among all it has.
  if (completes) complete(complete_slot);
  run_mechanics();
}

void Disk::destaged(const std::vector<std::uint64_t>& ids) {
  for (CacheEntry& entry : cache_) {
    if (!entry.in_cache || !std::binary_search(ids.begin(), ids.end(), entry.id)) continue;
    entry.in_cache = false;
    // In the order of submission: flush_emptied() takes its slot out of the list.
    const std::vector<std::uint32_t> waiting = flushes_;
    for (const std::uint32_t slot : waiting) {
      Request& request = requests_[slot];
      if (entry.mark > request.id) continue;
      if (--request.unsafe_left == 0) flush_emptied(slot);
    }
  }
}

}  // namespace brokersim::storage
