#include "models/devices/storage/page_cache.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {
/// The kernel never gives up this much; it keeps the model's divisions sane, too.
constexpr std::int64_t kMemoryMin = 16 << 20;
/// Blocks that one call of reclaim may look at: passed-over ones cost the next caller, not this one.
constexpr int kScanMax = 64;
/// ratelimit_pages = limit / (processors x 32); a host of 8 processors.
constexpr std::int64_t kCheckShare = 8 * 32;
/// The kernel's proportions forget with a period of about 3 s.
constexpr sim::Duration kSharePeriod = {3'000'000'000};

std::int64_t integer_sqrt(std::int64_t n) {
  std::int64_t root = 0;
  while ((root + 1) * (root + 1) <= n) ++root;
  return root;
}
}  // namespace

PageCache::PageCache(sim::Simulation& sim, std::string path, const PageCacheConfig& config)
    : Component(sim, std::move(path)), config_(config) {
  SIM_CHECK(config.memory.n > 0);
  SIM_CHECK(config.copy_rate.n > 0);
  SIM_CHECK(config.writeback_interval.ns >= 0);
  SIM_CHECK(config.dirty_limit_bytes.n > 0 || config.dirty_background < config.dirty_limit);
  SIM_CHECK(config.readahead.n >= 0);
  nodes_.resize(3);
  active_.head = 1;
  inactive_.head = 2;
  for (const std::uint32_t head : {1u, 2u}) nodes_[head].newer = nodes_[head].older = head;
  available_ = config_.memory;
  set_thresholds();
}

void PageCache::set_thresholds() {
  at_ = dirty_thresholds(available_.n, config_);
  check_after_ = std::max<std::int64_t>(at_.limit / kCheckShare, 32 * kPage);
  pages_max_ = available_.n / kPage;
  // mm/vmscan.c inactive_is_low(): isqrt(10 x GiB of the lists), at least 1.
  const std::int64_t gib = available_.n >> 30;
  active_ratio_ = gib == 0 ? 1 : integer_sqrt(10 * gib);
}

void PageCache::set_hog(sim::Bytes memory) {
  SIM_CHECK(memory.n >= 0);
  hog_ = memory;
  available_ = {std::max(std::min(kMemoryMin, config_.memory.n), config_.memory.n - memory.n)};
  set_thresholds();
  // The hog's page faults reclaim as long as that finds anything.
  for (std::int64_t before = -1; pages_ > pages_max_ && pages_ != before;) {
    before = pages_;
    make_room(0);
  }
  if (!above_background()) return;
  for (const Device& device : devices_) {
    if (device.file_system != nullptr) device.file_system->flusher_.wake();
  }
}

sim::Bytes PageCache::drop_clean() {
  const std::int64_t before = pages_;
  for (const std::uint32_t head : {inactive_.head, active_.head}) {
    std::uint32_t handle = nodes_[head].newer;
    while (handle != head) {
      const Node node = nodes_[handle];
      FileSystem& file_system = *devices_[static_cast<std::size_t>(node.file_system)].file_system;
      if (node.in_flight == 0 && file_system.evictable(node.file, node.block)) {
        drop(handle);
        file_system.evicted(node.file, node.block, 0);
      }
      handle = node.newer;
    }
  }
  return {(before - pages_) * kPage};
}

std::int32_t PageCache::attach(FileSystem& file_system) {
  devices_.push_back({&file_system, {}});
  return static_cast<std::int32_t>(devices_.size() - 1);
}

void PageCache::detach(std::int32_t file_system) {
  devices_[static_cast<std::size_t>(file_system)].file_system = nullptr;
}

sim::BytesPerSecond PageCache::write_back_rate() const {
  std::int64_t sum = 0;
  for (const Device& device : devices_)
    sum += device.file_system == nullptr ? 0 : device.state.bandwidth_slow;
  return {sum};
}

// --- Dirty pages -----------------------------------------------------------------------------------------------

sim::Duration PageCache::balance(std::int32_t file_system, DirtyWriter& writer) {
  Device& device = devices_[static_cast<std::size_t>(file_system)];
  unchecked_ = 0;
  if (above_background()) device.file_system->flusher_.wake();
  if (dirty_.n <= at_.freerun) {
    run_free(writer, at_.limit - dirty_.n, now());
    return {};
  }
  const std::int64_t share = device_share(device.state, completions_);
  const std::int64_t position = position_ratio(at_, dirty_.n, device.state, share);
  sample(device, position, /*writers=*/true);
  const sim::Duration pause = pause_of(writer, device.state, position, now());
  if (pause.ns > 0) {
    ++counters_.pauses;
    counters_.paused += pause;
  }
  return pause;
}

void PageCache::sample(Device& device, std::int64_t position, bool writers) {
  DirtyDevice& state = device.state;
  if (now() - state.sampled_at < kDirtySample) return;
  if (writers) sample_rate_limit(state, at_, dirty_.n, position, now());
  sample_bandwidth(state, now());
}

void PageCache::remove_dirty(std::int32_t file_system, std::int64_t length, bool measured) {
  Device& device = devices_[static_cast<std::size_t>(file_system)];
  SIM_CHECK(device.state.dirty >= length);
  device.state.dirty -= length;
  dirty_.n -= length;
  if (!measured) return;
  device.state.written += length;
  device.state.completions += length;
  completions_ += length;
  if (now() - period_began_ >= kSharePeriod) {
    period_began_ = now();
    completions_ = 0;
    for (Device& each : devices_) {
      each.state.completions /= 2;
      completions_ += each.state.completions;
    }
  }
  // While writers are held back, they take the samples, because the aim of their rate needs the same interval.
  if (dirty_.n <= at_.freerun) sample(device, 0, /*writers=*/false);
}

void PageCache::write_back_starts(std::int32_t file_system) {
  DirtyDevice& state = devices_[static_cast<std::size_t>(file_system)].state;
  if (now() - state.sampled_at >= sim::Duration{1'000'000'000}) restart_sample(state, now());
}

void PageCache::restart() {
  for (Device& device : devices_) {
    DirtyDevice fresh;
    fresh.dirty = device.state.dirty;
    fresh.sampled_at = now();
    device.state = fresh;
  }
  completions_ = 0;
  unchecked_ = 0;
  tasks_.clear();
  acting_ = -1;
}

// --- Residence -------------------------------------------------------------------------------------------------

std::uint32_t PageCache::insert(std::int32_t file_system, FileId file, std::int32_t block,
                                std::uint32_t was) {
  std::uint32_t handle = 0;
  if (free_.empty()) {
    handle = static_cast<std::uint32_t>(nodes_.size());
    SIM_CHECK((handle & kShadow) == 0);
    nodes_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[handle];
  node = {};
  node.file_system = file_system;
  node.file = file;
  node.block = block;
  if ((was & kShadow) != 0) {
    // Refault distance: how many evictions ago it went; the working set is what is active.
    const std::uint32_t distance = (evictions_ - was) & ~kShadow;
    node.active = static_cast<std::int64_t>(distance) <= active_.blocks;
    if (node.active) ++counters_.refaulted_blocks;
  }
  link_newest(node.active ? active_ : inactive_, handle);
  return handle;
}

void PageCache::add_pages(std::uint32_t handle, PageMask pages) {
  Node& node = nodes_[handle];
  const PageMask fresh = pages & ~node.present;
  if (fresh == 0) return;
  node.present |= fresh;
  pages_ += std::popcount(fresh);
  if (pages_ > pages_max_) make_room(handle);
}

void PageCache::remove_pages(std::uint32_t handle, PageMask pages) {
  Node& node = nodes_[handle];
  pages &= node.present;
  node.present &= ~pages;
  node.in_flight &= ~pages;
  node.touched &= ~pages;
  node.marked &= ~pages;
  pages_ -= std::popcount(pages);
}

void PageCache::promote(std::uint32_t handle) {
  ++counters_.promoted_blocks;
  unlink(handle);
  nodes_[handle].active = true;
  link_newest(active_, handle);
}

void PageCache::drop(std::uint32_t handle) {
  unlink(handle);
  pages_ -= std::popcount(nodes_[handle].present);
  nodes_[handle] = {};
  free_.push_back(handle);
}

void PageCache::link_newest(List& list, std::uint32_t handle) {
  Node& head = nodes_[list.head];
  Node& node = nodes_[handle];
  node.older = head.older;
  node.newer = list.head;
  nodes_[node.older].newer = handle;
  head.older = handle;
  ++list.blocks;
}

void PageCache::unlink(std::uint32_t handle) {
  const Node& node = nodes_[handle];
  nodes_[node.older].newer = node.newer;
  nodes_[node.newer].older = node.older;
  --(node.active ? active_ : inactive_).blocks;
}

bool PageCache::inactive_is_low() const { return inactive_.blocks * active_ratio_ < active_.blocks; }

void PageCache::shrink_active() {
  const std::uint32_t oldest = nodes_[active_.head].newer;
  ++counters_.demoted_blocks;
  unlink(oldest);
  nodes_[oldest].active = false;
  nodes_[oldest].touched = 0;  // it has to earn its place again
  link_newest(inactive_, oldest);
}

void PageCache::make_room(std::uint32_t keep) {
  for (int tries = 0; tries < kScanMax && pages_ > pages_max_; ++tries) {
    if (active_.blocks > 0 && (inactive_is_low() || inactive_.blocks == 0)) shrink_active();
    const std::uint32_t oldest = nodes_[inactive_.head].newer;
    if (oldest == inactive_.head) return;
    const Node node = nodes_[oldest];
    FileSystem& file_system = *devices_[static_cast<std::size_t>(node.file_system)].file_system;
    if (oldest == keep || node.in_flight != 0 || !file_system.evictable(node.file, node.block)) {
      unlink(oldest);
      link_newest(inactive_, oldest);
      continue;
    }
    drop(oldest);
    evictions_ = (evictions_ + 1) & ~kShadow;
    ++counters_.evicted_blocks;
    file_system.evicted(node.file, node.block, evictions_ | kShadow);
  }
}

}  // namespace brokersim::storage
