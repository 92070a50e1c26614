#include "models/devices/storage/disk.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::storage {

namespace {
/// A drive tells nobody when it destages: bytes count as safe no earlier than this after the answer (losses were
/// seen up to 700 ms after completion: Ahmadian et al., device-models.md 3.8).
constexpr sim::Duration kLingers = {700'000'000};
/// Background work that a first foreground request may find in its way: one command of write-back.
constexpr sim::Bytes kNvmeQuantum = {128 << 10};
constexpr sim::Bytes kHddQuantum = {512 << 10};
}  // namespace

Disk::Disk(sim::Simulation& sim, std::string path, const DiskConfig& config)
    : Component(sim, std::move(path)), config_(config), timing_(config) {
  SIM_CHECK(config.sector.n > 0);
  SIM_CHECK(config.volatile_cache.n >= 0);
}

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
    case IoKind::read: time_read(request); break;
    case IoKind::write: time_write(request); break;
    case IoKind::flush: time_flush(request); break;
    case IoKind::barrier: time_barrier(request); break;
  }
  if (request.in_background) in_background_.push_back(slot);
  arm(slot);
  return request.id;
}

void Disk::arm(std::uint32_t slot) {
  Request& request = requests_[slot];
  request.event = at(request.done_at, "disk.done", sim::bind<&Disk::complete>(this, slot));
}

void Disk::time_read(Request& request) {
  ++counters_.reads;
  counters_.bytes_read += request.io.length;
  request.done_at = serve_foreground(request) + slowed(timing_.latency(false));
}

void Disk::time_write(Request& request) {
  ++counters_.writes;
  counters_.bytes_written += request.io.length;
  if (request.io.length <= config_.volatile_cache) return time_cached_write(request);
  if (request.io.urgency == Urgency::background) {
    request.in_background = true;
    request.done_at = serve_background(request) + slowed(timing_.latency(true));
  } else {
    request.done_at = serve_foreground(request) + slowed(timing_.latency(true));
  }
  request.destaged_at = request.done_at;
}

void Disk::time_cached_write(Request& request) {
  const sim::SimTime begin = std::max(now(), room_at(request.io.length.n));
  request.done_at = begin + slowed(timing_.buffer_time(request.io.length));
  request.destaged_at = std::max(serve_background(request), request.done_at);
  request.start = begin;
  occupied_ += request.io.length.n;
  occupants_.push_back({request.io.length.n, request.destaged_at});
}

sim::SimTime Disk::room_at(std::int64_t length) {
  // Room is given in order of submission; what a waiting write was promised is never counted twice.
  while (!occupants_.empty()) {
    const Occupant& oldest = occupants_.front();
    const bool has_room = occupied_ + length <= config_.volatile_cache.n;
    if (has_room && oldest.destaged_at > now()) break;
    if (!has_room) room_from_ = std::max(room_from_, oldest.destaged_at);
    occupied_ -= oldest.length;
    occupants_.pop_front();
  }
  return room_from_;
}

void Disk::time_flush(Request& request) {
  ++counters_.flushes;
  request.start = now();
  request.done_at = now();
  if (!is_volatile()) return;
  if (config_.flush_lies) {
    request.done_at = now() + slowed(timing_.latency(true));
    return;
  }
  request.done_at = std::max({now(), foreground_free_, background_free_}) + slowed(config_.flush_latency);
}

void Disk::time_barrier(Request& request) {
  ++counters_.writes;
  counters_.bytes_written += request.io.length;
  if (!is_volatile() || config_.flush_lies) {
    request.done_at = serve_foreground(request) + slowed(timing_.latency(true));
    return;
  }
  // PREFLUSH destages everything, then the block itself is written through; without native FUA that is a
  // second flush (2.4, 3.6).
  ++counters_.flushes;
  const sim::Duration flush = slowed(config_.flush_latency);
  foreground_free_ = std::max({now(), foreground_free_, background_free_}) + flush;
  background_free_ = std::max(background_free_, foreground_free_);
  request.done_at = serve_foreground(request) + slowed(timing_.latency(true)) + flush;
}

sim::Duration Disk::background_share(const Request& request, sim::Duration left, bool first) const {
  const bool nvme = config_.kind == DiskKind::nvme;
  const sim::Duration quantum =
      slowed(sim::transfer_time(nvme ? kNvmeQuantum : kHddQuantum, config_.write_bandwidth));
  if (first || !nvme) return std::min(left, quantum);
  const sim::Duration own =
      slowed(timing_.service(request.io.kind != IoKind::read, {}, request.io.length, now()));
  return std::min(left, own);
}

sim::SimTime Disk::serve_foreground(Request& request) {
  const IoRequest& io = request.io;
  const bool first = foreground_free_ <= now();
  const sim::SimTime free = std::max(now(), foreground_free_);
  const sim::Duration left = background_free_ - free;
  const bool interrupts = left.ns > 0;
  request.start = interrupts ? free + background_share(request, left, first) : free;
  const sim::Duration service =
      slowed(timing_.service(io.kind != IoKind::read, io.position, io.length, request.start));
  const sim::SimTime end = request.start + service;
  counters_.busy += service;
  foreground_free_ = end;
  if (interrupts) {
    push_background(service + slowed(timing_.reposition()));
  } else {
    timing_.move_head(io.position + io.length, end);
  }
  return end;
}

sim::SimTime Disk::serve_background(Request& request) {
  const IoRequest& io = request.io;
  request.start = std::max({now(), foreground_free_, background_free_});
  const sim::Duration service = slowed(timing_.service(true, io.position, io.length, request.start));
  const sim::SimTime end = request.start + service;
  counters_.busy += service;
  background_free_ = end;
  timing_.move_head(io.position + io.length, end);
  return end;
}

void Disk::push_background(sim::Duration by) {
  background_free_ += by;
  timing_.delay_head(by);
  for (const std::uint32_t slot : in_background_) {
    Request& request = requests_[slot];
    if (request.start > now()) request.start += by;
    request.done_at += by;
    request.destaged_at += by;
  }
}

void Disk::complete(std::uint64_t slot_word) {
  const auto slot = static_cast<std::uint32_t>(slot_word);
  Request& request = requests_[slot];
  if (request.done_at > now()) return arm(slot);
  if (request.in_background) std::erase(in_background_, slot);
  const IoKind kind = request.io.kind;
  if (kind == IoKind::flush || kind == IoKind::barrier) {
    flushed_ = std::max(flushed_, request.id);
    if (!config_.flush_lies) drop_flushed(request.id);
  }
  if (kind == IoKind::write && is_volatile()) {
    drop_safe();
    cache_.push_back(
        {request.id, next_id_, request.io.piece, std::max(request.destaged_at, now() + kLingers)});
  }
  const sim::Callback done = request.io.done;
  request.id = 0;
  free_.push_back(slot);
  --live_;
  if (done.function != nullptr) done.function(done.self, done.argument);
}

void Disk::drop_flushed(std::uint64_t flush_id) {
  while (!cache_.empty() && cache_.front().mark <= flush_id) cache_.pop_front();
}

void Disk::drop_safe() {
  while (!cache_.empty() && cache_.front().safe_at <= now()) cache_.pop_front();
}

bool Disk::needs_flush() {
  drop_safe();
  return !cache_.empty();
}

void Disk::set_slow_factor(std::int32_t percent) {
  SIM_CHECK(percent >= 1);
  slow_percent_ = percent;
}

void Disk::stall(sim::Duration length) {
  SIM_CHECK(length.ns >= 0);
  for (Request& request : requests_) {
    if (request.id == 0) continue;
    if (request.start > now()) request.start += length;
    request.done_at += length;
    request.destaged_at += length;
  }
  foreground_free_ = std::max(now(), foreground_free_) + length;
  background_free_ = std::max(now(), background_free_) + length;
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
    drop_safe();
    for (const CacheEntry& entry : cache_) {
      result.writes.push_back(
          {entry.id, entry.piece, true, true, entry.mark <= barrier && !config_.flush_lies});
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
  if (powered) return result;
  occupants_.clear();
  occupied_ = 0;
  room_from_ = now();
  foreground_free_ = now();
  background_free_ = now();
  timing_.forget_head();
  return result;
}

}  // namespace brokersim::storage
