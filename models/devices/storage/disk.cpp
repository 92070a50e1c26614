#include "models/devices/storage/disk.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::storage {

namespace {
/// A drive tells nobody when it destages: bytes count as safe no earlier than this after the answer (losses were
/// seen up to 700 ms after completion: Ahmadian et al., device-models.md 3.8).
constexpr sim::Duration kLingers = {700'000'000};
}  // namespace

Disk::Disk(sim::Simulation& sim, std::string path, const DiskConfig& config)
    : Component(sim, std::move(path)), config_(config), dies_(config.flash) {
  SIM_CHECK(config.sector.n > 0);
  SIM_CHECK(config.volatile_cache.n >= 0);
  SIM_CHECK(config.capacity.n > 0);
  switch (config.kind) {
    case DiskKind::nvme:
      SIM_CHECK(config.read_bandwidth.n > 0);
      SIM_CHECK(config.write_bandwidth.n > 0);
      SIM_CHECK(config.read_iops > 0);
      SIM_CHECK(config.write_iops > 0);
      if (config.flash.slow_read_ppm > 0) slow_reads_ = stream("slow_read");
      if (config.flash.program_suspend.ns > 0) programs_ = stream("program_suspend");
      break;
    case DiskKind::hdd: hdd_ = std::make_unique<HddDevice>(config); break;
    case DiskKind::cloud:
      volume_ = std::make_unique<CloudVolume>(config.volume, config.capacity, stream("latency"));
      break;
  }
  if (config.slow_hours_ppm > 0) hour_begins(0);
}

Disk::~Disk() = default;

std::uint64_t Disk::submit(const IoRequest& io) {
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(requests_.size());
    requests_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  Request& request = requests_[slot];
  request = {};
  request.io = io;
  request.id = next_id_++;
  ++live_;
  switch (io.kind) {
    case IoKind::read:
      ++counters_.reads;
      counters_.bytes_read += io.length;
      break;
    case IoKind::write:
    case IoKind::barrier:
      ++counters_.writes;
      counters_.bytes_written += io.length;
      break;
    case IoKind::flush: ++counters_.flushes; break;
  }
  if (lies() && (io.kind == IoKind::flush || io.kind == IoKind::barrier) && needs_flush())
    ++counters_.flushes_lied;
  if (io.kind != IoKind::flush) SIM_CHECK(io.length.n > 0);
  const std::uint64_t id = request.id;
  switch (config_.kind) {
    case DiskKind::nvme: time_flash(slot); break;
    case DiskKind::hdd: queue_hdd(slot); break;
    case DiskKind::cloud:
      time_cloud(request);
      arm(slot);
      break;
  }
  return id;
}

void Disk::arm(std::uint32_t slot) {
  Request& request = requests_[slot];
  request.event = at(request.done_at, "disk.done", sim::bind<&Disk::complete>(this, slot));
}

void Disk::complete(std::uint64_t slot_word) {
  const auto slot = static_cast<std::uint32_t>(slot_word);
  Request& request = requests_[slot];
  if (request.done_at > now()) return arm(slot);
  if (request.stage == Stage::dies) {
    time_port_read(request);
    return arm(slot);
  }
  if (request.in_background) std::erase(in_background_, slot);
  const IoKind kind = request.io.kind;
  if (kind == IoKind::flush || kind == IoKind::barrier) {
    flushed_ = std::max(flushed_, request.id);
    if (!lies()) drop_flushed(request.id);
  }
  const bool in_cache = request.cached && buffered(request);
  if (kind == IoKind::write && is_volatile()) {
    drop_safe();
    const sim::SimTime safe_at = std::max(request.destaged_at, now() + kLingers);
    cache_.push_back({request.id, next_id_, request.io.piece, safe_at, in_cache});
  }
  const sim::Callback done = request.io.done;
  request.id = 0;
  free_.push_back(slot);
  --live_;
  if (in_cache) run_mechanics();
  if (done.function != nullptr) done.function(done.self, done.argument);
}

void Disk::drop_flushed(std::uint64_t flush_id) {
  while (!cache_.empty() && cache_.front().mark <= flush_id) cache_.pop_front();
}

void Disk::drop_safe() {
  while (!cache_.empty() && !cache_.front().in_cache && cache_.front().safe_at <= now()) cache_.pop_front();
}

bool Disk::needs_flush() {
  drop_safe();
  return !cache_.empty();
}

void Disk::set_slow_factor(std::int32_t percent) {
  SIM_CHECK(percent >= 1);
  fault_percent_ = percent;
  apply_slowness();
}

void Disk::hour_begins(std::uint64_t hour) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  const sim::Stream draws = stream("slow_hours");
  const bool slow = draws.below(hour * 2, 1'000'000) < static_cast<std::uint64_t>(config_.slow_hours_ppm);
  hour_percent_ = slow ? static_cast<std::int32_t>(200 + draws.below(hour * 2 + 1, 801)) : 100;
  apply_slowness();
  at({static_cast<std::int64_t>(hour + 1) * kHour}, "disk.hour",
     sim::bind<&Disk::hour_begins>(this, hour + 1));
}

void Disk::apply_slowness() {
  slow_percent_ = static_cast<std::int32_t>(
      std::min<std::int64_t>(static_cast<std::int64_t>(fault_percent_) * hour_percent_ / 100, INT32_MAX));
  clock_.set_percent(now(), slow_percent_);
  if (hdd_ == nullptr || !hdd_->busy()) return;
  cancel(mechanics_event_);
  mechanics_event_ =
      at(clock_.world(mechanics_until_), "disk.mechanics", sim::bind<&Disk::mechanics_done>(this));
}

void Disk::stall(sim::Duration length) {
  SIM_CHECK(length.ns >= 0);
  for (Request& request : requests_) {
    if (request.id == 0 || request.stage == Stage::waiting) continue;
    if (request.start > now()) request.start += length;
    request.done_at += length;
    request.destaged_at += length;
  }
  clock_.stall(now(), length);
  stalled_until_ = std::max(now(), stalled_until_) + length;
  foreground_free_ = std::max(now(), foreground_free_) + length;
  background_free_ = std::max(now(), background_free_) + length;
  read_free_ = std::max(now(), read_free_) + length;
  if (volume_ != nullptr) volume_->stall(now(), length);
}

DiskCrash Disk::lose_kernel() { return crash(/*powered=*/true); }

DiskCrash Disk::lose_power() { return crash(/*powered=*/false); }

DiskCrash Disk::crash(bool powered) {
  DiskCrash result;
  std::uint64_t barrier = 0;
  for (const Request& request : requests_) {
    if (request.id == 0 || request.io.kind != IoKind::barrier) continue;
    // In its flush phase the block itself has not been handed to the drive.
    if (request.start > now()) continue;
    barrier = request.id;
    result.barrier_may_have_landed = true;
  }
  if (!powered) {
    for (const CacheEntry& entry : cache_) {
      if (!entry.in_cache && entry.safe_at <= now()) continue;
      result.writes.push_back({entry.id, entry.piece, true, true, entry.mark <= barrier && !lies()});
    }
  }
  for (Request& request : requests_) {
    if (request.id == 0) continue;
    if (request.io.kind == IoKind::write) {
      result.writes.push_back({request.id, request.io.piece, false, request.start <= now(), false});
    }
    cancel(request.event);
  }
  std::sort(result.writes.begin(), result.writes.end(),
            [](const UnsafeWrite& a, const UnsafeWrite& b) { return a.id < b.id; });
  requests_.clear();
  free_.clear();
  in_background_.clear();
  live_ = 0;
  cache_.clear();
  entering_.clear();
  flushes_.clear();
  if (hdd_ != nullptr) {
    cancel(mechanics_event_);
    cancel(wake_event_);
    hdd_->reset(/*keep_cache=*/powered);
    if (powered) run_mechanics();
  }
  if (powered) return result;
  occupants_.clear();
  occupied_ = 0;
  room_from_ = now();
  interface_free_ = now();
  foreground_free_ = now();
  background_free_ = now();
  slc_used_ = 0;
  dies_.reset();
  read_free_ = now();
  return result;
}

}  // namespace brokersim::storage
