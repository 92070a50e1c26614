// The timing of an SSD: device-models.md 2.1 (reads), 2.3 (writes), 2.4 (flush), 2.6 (budgets).
#include <algorithm>

#include "models/devices/storage/disk.h"
#include "models/devices/storage/write_amplification.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {
/// Background work that a first foreground request may find in its way: one command of write-back.
constexpr sim::Bytes kQuantum = {128 << 10};
constexpr std::int64_t kFlashUnit = 4'096;
/// Writes of at least this length are part of a sequential stream (a segment, a flusher's chunk).
constexpr sim::Bytes kSequential = {64 << 10};
}  // namespace

void Disk::time_flash(std::uint32_t slot) {
  Request& request = requests_[slot];
  switch (request.io.kind) {
    case IoKind::read: {
      // The first half of what is fixed; time_port_read() adds the other.
      const sim::Duration fixed = config_.read_latency - config_.flash.die_read;
      const sim::SimTime at_dies = std::max(now(), stalled_until_) + slowed({fixed.ns / 2});
      request.start = now();
      // The port begins with the first page and cannot end before the last has come.
      const FlashArray::Delivery pages =
          dies_.read(request.io.position.n, request.io.length.n, at_dies, slowed(config_.flash.die_read),
                     slowed(slow_read_extra(request.id) + behind_programs(request.id)));
      request.done_at = pages.first;
      request.destaged_at = pages.last;
      request.stage = Stage::dies;
      break;
    }
    case IoKind::write: time_flash_write(request); break;
    case IoKind::flush: time_flash_flush(request); break;
    case IoKind::barrier: time_flash_barrier(request); break;
  }
  if (request.in_background) in_background_.push_back(slot);
  arm(slot);
}

sim::Duration Disk::slow_read_extra(std::uint64_t id) {
  if (!slow_reads_) return {};
  if (slow_reads_->below(id * 2, 1'000'000) >= static_cast<std::uint64_t>(config_.flash.slow_read_ppm))
    return {};
  const std::int64_t least = config_.flash.slow_read.ns / 10;
  const auto span = static_cast<std::uint64_t>(config_.flash.slow_read.ns - least + 1);
  return {least + static_cast<std::int64_t>(slow_reads_->below(id * 2 + 1, span))};
}

sim::Duration Disk::behind_programs(std::uint64_t id) {
  const bool programs = foreground_write_until_ > now() || background_free_ > now();
  if (!programs_ || !programs) return {};
  const auto most = static_cast<std::uint64_t>(config_.flash.program_suspend.ns);
  return {static_cast<std::int64_t>(programs_->below(id, most + 1))};
}

void Disk::time_port_read(Request& request) {
  request.stage = Stage::serving;
  const sim::Duration fixed = config_.read_latency - config_.flash.die_read;
  IoRequest page = request.io;
  page.length = std::min(page.length, config_.flash.page);
  const sim::SimTime last_page = request.destaged_at + slowed(port_time(page));
  request.done_at = std::max(serve_foreground(request), last_page) + slowed({fixed.ns - fixed.ns / 2});
}

void Disk::time_flash_write(Request& request) {
  if (request.io.length <= config_.volatile_cache) return time_cached_write(request);
  if (request.io.urgency == Urgency::background) {
    request.in_background = true;
    request.done_at = serve_background(request) + slowed(config_.write_latency);
  } else {
    request.done_at = serve_foreground(request) + slowed(config_.write_latency);
  }
  request.destaged_at = request.done_at;
}

void Disk::time_cached_write(Request& request) {
  const sim::SimTime begin = std::max({now(), stalled_until_, room_at(request.io.length.n)});
  const auto port = std::max(config_.read_bandwidth, config_.write_bandwidth);
  const sim::Duration service = slowed(sim::transfer_time(request.io.length, port));
  interface_free_ = std::max(interface_free_, begin) + service;
  sim::SimTime end = interface_free_;
  // Queues of the host take turns: a journal's block waits for one command of a long write, not for all of it.
  if (request.io.kind == IoKind::barrier)
    end = std::min(end, begin + slowed(sim::transfer_time(kQuantum, port)) + service);
  request.done_at = end + slowed(config_.write_latency);
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

void Disk::time_flash_flush(Request& request) {
  request.start = now();
  request.done_at = std::max(now(), stalled_until_);
  if (!is_volatile()) return;
  if (lies()) {
    request.done_at = now() + slowed(config_.write_latency);
    return;
  }
  request.done_at = std::max({now(), foreground_free_, background_free_}) + slowed(config_.flush_latency);
}

void Disk::time_flash_barrier(Request& request) {
  // A protected buffer is as good as the medium: nothing to flush first, and a block in it is written through.
  const bool safe_buffer = config_.power_loss_protection && request.io.length <= config_.volatile_cache;
  if (safe_buffer) return time_cached_write(request);
  if (!is_volatile() || lies()) {
    request.done_at = serve_foreground(request) + slowed(config_.write_latency);
    return;
  }
  if (config_.fua_latency.ns > 0) {
    // PREFLUSH, if there is something to flush, then the block is written through (2.4).
    if (needs_flush()) {
      ++counters_.flushes;
      foreground_free_ =
          std::max({now(), foreground_free_, background_free_}) + slowed(config_.flush_latency);
      background_free_ = std::max(background_free_, foreground_free_);
    }
    request.done_at = serve_foreground(request) + slowed(config_.fua_latency);
    return;
  }
  // Without native FUA writing through is a second flush (2.4, 3.6).
  ++counters_.flushes;
  const sim::Duration flush = slowed(config_.flush_latency);
  foreground_free_ = std::max({now(), foreground_free_, background_free_}) + flush;
  background_free_ = std::max(background_free_, foreground_free_);
  request.done_at = serve_foreground(request) + slowed(config_.write_latency) + flush;
}

sim::Duration Disk::write_time(const IoRequest& io) {
  sim::Bytes programmed = io.length;
  if (config_.flash.spare_permille > 0 && io.length < kSequential) {
    // Small writes all over the drive: whole pages, and what collection moves for them (2.3).
    const std::int64_t pages = (io.length.n + kFlashUnit - 1) / kFlashUnit;
    programmed = {pages * kFlashUnit * write_amplification_permille(spare_permille()) / 1'000};
  }
  if (config_.flash.slc_cache.n == 0) return sim::transfer_time(programmed, config_.write_bandwidth);
  // The fast area empties at the steady rate while nothing is written.
  const sim::Duration idle = now() - std::max(slc_seen_, std::max(foreground_free_, background_free_));
  if (idle.ns > 0) {
    const __int128 emptied = static_cast<__int128>(idle.ns) * config_.write_bandwidth.n / 1'000'000'000;
    slc_used_ = emptied >= slc_used_ ? 0 : slc_used_ - static_cast<std::int64_t>(emptied);
  }
  slc_seen_ = now();
  const std::int64_t fast =
      std::min(programmed.n, std::max<std::int64_t>(0, config_.flash.slc_cache.n - slc_used_));
  slc_used_ += fast;
  return sim::transfer_time({fast}, config_.flash.slc_bandwidth) +
         sim::transfer_time({programmed.n - fast}, config_.write_bandwidth);
}

sim::Duration Disk::port_time(const IoRequest& io) {
  if (io.kind == IoKind::read)
    return std::max(sim::Duration{1'000'000'000 / config_.read_iops},
                    sim::transfer_time(io.length, config_.read_bandwidth));
  return std::max(sim::Duration{1'000'000'000 / config_.write_iops}, write_time(io));
}

sim::Duration Disk::background_share(sim::Duration service, sim::Duration left, bool first) const {
  const sim::Duration quantum = slowed(sim::transfer_time(kQuantum, config_.write_bandwidth));
  return std::min(left, first ? quantum : service);
}

sim::SimTime Disk::serve_foreground(Request& request) {
  if (request.io.kind == IoKind::read && !config_.flash.shares_budget) {
    // Reads have a budget of their own.
    const sim::Duration service = slowed(port_time(request.io));
    read_free_ = std::max(now(), read_free_) + service;
    counters_.busy += service;
    return read_free_;
  }
  const bool first = foreground_free_ <= now();
  const sim::SimTime free = std::max(now(), foreground_free_);
  const sim::Duration left = background_free_ - free;
  const bool interrupts = left.ns > 0;
  const sim::Duration service = slowed(port_time(request.io));
  const sim::SimTime start = interrupts ? free + background_share(service, left, first) : free;
  const sim::SimTime end = start + service;
  if (request.io.kind != IoKind::read) {
    request.start = start;
    foreground_write_until_ = end;
  }
  counters_.busy += service;
  foreground_free_ = end;
  if (interrupts) push_background(service);
  return end;
}

sim::SimTime Disk::serve_background(Request& request) {
  request.start = std::max({now(), foreground_free_, background_free_});
  const sim::Duration service = slowed(port_time(request.io));
  counters_.busy += service;
  background_free_ = request.start + service;
  return background_free_;
}

void Disk::push_background(sim::Duration by) {
  background_free_ += by;
  for (const std::uint32_t slot : in_background_) {
    Request& request = requests_[slot];
    if (request.start > now()) request.start = request.start + by;
    request.done_at += by;
    request.destaged_at += by;
  }
}

std::int64_t Disk::spare_permille() const {
  if (used_.n <= 0) return config_.flash.spare_permille;
  // Space that holds nothing is spare as well, once it was trimmed.
  const __int128 physical =
      static_cast<__int128>(config_.capacity.n) * (1'000 + config_.flash.spare_permille) / 1'000;
  const __int128 spare = (physical - used_.n) * 1'000 / used_.n;
  return static_cast<std::int64_t>(std::min<__int128>(spare, 10'000));
}

void Disk::set_used(sim::Bytes used) {
  SIM_CHECK(used.n >= 0);
  used_ = std::min(used, config_.capacity);
}

}  // namespace brokersim::storage
