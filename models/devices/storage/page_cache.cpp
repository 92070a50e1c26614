#include "models/devices/storage/page_cache.h"

#include <algorithm>
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {
// mm/page-writeback.c: bandwidth is sampled every 200 ms and smoothed over about 3 s.
constexpr sim::Duration kSample = {200'000'000};
constexpr sim::Duration kSmoothing = {3'000'000'000};
constexpr sim::Duration kPause = {10'000'000};
// The kernel's position control is 0 at the limit; a floor keeps every pause finite.
constexpr double kPositionMin = 1.0 / 32.0;

sim::Bytes share(sim::Bytes of, sim::Percent percent) {
  return {static_cast<std::int64_t>(static_cast<__int128>(of.n) * percent.n / 100)};
}
}  // namespace

PageCache::PageCache(sim::Simulation& sim, std::string path, const PageCacheConfig& config)
    : Component(sim, std::move(path)),
      config_(config),
      background_(share(config.memory, config.dirty_background)),
      limit_(share(config.memory, config.dirty_limit)) {
  SIM_CHECK(config.memory.n > 0);
  SIM_CHECK(config.copy_rate.n > 0);
  SIM_CHECK(config.writeback_interval.ns > 0);
  SIM_CHECK(background_ < limit_);
  freerun_ = {(background_.n + limit_.n) / 2};
  set_point_ = {(freerun_.n + limit_.n) / 2};
  nodes_.emplace_back();
}

std::int32_t PageCache::attach(FileSystem& file_system, sim::BytesPerSecond write_rate) {
  write_back_rate_.n += write_rate.n;
  file_systems_.push_back(&file_system);
  return static_cast<std::int32_t>(file_systems_.size() - 1);
}

void PageCache::detach(std::int32_t file_system) {
  file_systems_[static_cast<std::size_t>(file_system)] = nullptr;
}

sim::Duration PageCache::add_dirty(sim::Bytes length) {
  dirty_ += length;
  if (dirty_ <= background_) [[likely]]
    return {};
  for (FileSystem* const file_system : file_systems_) {
    if (file_system != nullptr) file_system->flusher_.wake();
  }
  return throttle(length);
}

sim::Duration PageCache::throttle(sim::Bytes length) {
  if (dirty_ <= freerun_) return {};
  // pos = 1 + ((setpoint - dirty) / (limit - setpoint))^3, 1 at the set point, 0 at the limit (3.3). All writers
  // of the host share the rate W x pos: with N of them each converges to W / N, as in the kernel.
  const double x =
      static_cast<double>(set_point_.n - dirty_.n) / static_cast<double>(limit_.n - set_point_.n);
  const double position = std::clamp(1.0 + x * x * x, kPositionMin, 2.0);
  const auto rate = static_cast<std::int64_t>(static_cast<double>(write_back_rate_.n) * position);
  // The time a writer spent elsewhere since its last pause counts as paused, up to a pause's usual length.
  const sim::SimTime earliest = {std::max<std::int64_t>(0, now().ns - kPause.ns)};
  writers_free_ =
      std::max(earliest, writers_free_) + sim::transfer_time(length, {std::max<std::int64_t>(rate, 1)});
  return std::max(sim::Duration{0}, writers_free_ - now());
}

void PageCache::remove_dirty(sim::Bytes length, bool measured) {
  SIM_CHECK(dirty_ >= length);
  dirty_ -= length;
  if (!measured || !measuring_) return;
  measured_bytes_ += length;
  const sim::Duration elapsed = now() - measured_since_;
  if (elapsed < kSample) return;
  const std::int64_t weight = std::min(elapsed.ns, kSmoothing.ns);
  const auto sample = static_cast<__int128>(measured_bytes_.n) * 1'000'000'000 / elapsed.ns;
  const __int128 step = (sample - write_back_rate_.n) * weight / kSmoothing.ns;
  write_back_rate_.n = std::max<std::int64_t>(1, write_back_rate_.n + static_cast<std::int64_t>(step));
  measured_since_ = now();
  measured_bytes_ = {};
}

void PageCache::restart_measurement() {
  measuring_ = true;
  measured_since_ = now();
  measured_bytes_ = {};
}

void PageCache::restart() {
  measuring_ = false;
  writers_free_ = now();
}

std::uint32_t PageCache::insert(std::int32_t file_system, FileId file, std::int64_t block) {
  cached_.n += kBlock;
  if (cached_ > config_.memory) make_room();
  std::uint32_t handle = 0;
  if (free_.empty()) {
    handle = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[handle];
  node.file_system = file_system;
  node.file = file;
  node.block = block;
  link_newest(handle);
  return handle;
}

void PageCache::touch(std::uint32_t handle) {
  if (nodes_[0].older == handle) return;
  unlink(handle);
  link_newest(handle);
}

void PageCache::drop(std::uint32_t handle) {
  unlink(handle);
  nodes_[handle].file_system = -1;
  free_.push_back(handle);
  cached_.n -= kBlock;
}

void PageCache::link_newest(std::uint32_t handle) {
  Node& head = nodes_[0];
  Node& node = nodes_[handle];
  node.older = head.older;
  node.newer = 0;
  nodes_[node.older].newer = handle;
  head.older = handle;
}

void PageCache::unlink(std::uint32_t handle) {
  const Node& node = nodes_[handle];
  nodes_[node.older].newer = node.newer;
  nodes_[node.newer].older = node.older;
}

void PageCache::make_room() {
  // Dirty blocks are passed over; the dirty limit keeps most blocks clean, so this ends soon.
  for (std::size_t tries = nodes_.size(); tries > 0 && cached_ > config_.memory; --tries) {
    const std::uint32_t oldest = nodes_[0].newer;
    if (oldest == 0) return;
    const Node node = nodes_[oldest];
    FileSystem& file_system = *file_systems_[static_cast<std::size_t>(node.file_system)];
    if (!file_system.evictable(node.file, node.block)) {
      touch(oldest);
      continue;
    }
    drop(oldest);
    file_system.evicted(node.file, node.block);
  }
}

}  // namespace brokersim::storage
