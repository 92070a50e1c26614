#include "models/devices/storage/flusher.h"

#include <algorithm>

#include "models/devices/storage/file_system.h"

namespace brokersim::storage {

Flusher::Flusher(FileSystem& file_system, PageCache& page_cache)
    : file_system_(file_system), page_cache_(page_cache) {}

void Flusher::dirtied(File& file) {
  file.dirtied_at = file_system_.now();
  file.listed_dirty = true;
  dirty_.insert({file.dirtied_at.ns, file.id});
  arm();
}

void Flusher::cleaned(File& file) {
  if (!file.listed_dirty) return;
  file.listed_dirty = false;
  dirty_.erase({file.dirtied_at.ns, file.id});
  if (dirty_.empty()) file_system_.cancel(timer_);
}

void Flusher::arm() {
  if (page_cache_.config().writeback_interval.ns == 0 || file_system_.sim().pending(timer_)) return;
  timer_ = file_system_.after(page_cache_.config().writeback_interval, "flusher.wake",
                              sim::bind<&Flusher::woken>(this));
}

void Flusher::woken() {
  if (!dirty_.empty()) arm();
  if (in_flight_ == 0) pump();
}

void Flusher::wake() {
  if (in_flight_ > 0 || wake_pending_ || dirty_.empty()) return;
  wake_pending_ = true;
  start_ = file_system_.at(file_system_.now(), "flusher.start", sim::bind<&Flusher::started>(this));
}

void Flusher::started() {
  wake_pending_ = false;
  if (in_flight_ == 0) pump();
}

void Flusher::pump() {
  if (file_system_.mode_ != Mode::writable) return;
  if (in_flight_ == 0) page_cache_.write_back_starts(file_system_.number_);
  while (in_flight_ < kDepth) {
    File* file = current_.n < 0 ? nullptr : file_system_.files_[static_cast<std::size_t>(current_.n)].get();
    if (file == nullptr || !file->listed_dirty || visit_left_ <= 0) {
      if (!next_file()) return;
      file = file_system_.files_[static_cast<std::size_t>(current_.n)].get();
    }
    const std::int64_t before = file->submitted_to;
    file_system_.submit_write(*file, std::min(kRequest, visit_left_), FileSystem::Cause::flusher);
    visit_left_ -= file->submitted_to - before;
    ++in_flight_;
  }
}

bool Flusher::next_file() {
  // Files in turn, by age: the one after the last visited, else from the oldest again.
  const std::int64_t expired = file_system_.now().ns - page_cache_.config().dirty_expire.ns;
  const bool all = page_cache_.above_background();
  auto it = dirty_.upper_bound(visited_);
  for (int round = 0; round < 2; ++round) {
    if (it != dirty_.end() && (all || it->first <= expired)) {
      visited_ = *it;
      current_ = it->second;
      visit_left_ = chunk();
      return true;
    }
    it = dirty_.begin();
  }
  current_ = {};
  return false;
}

std::int64_t Flusher::chunk() const {
  // fs/fs-writeback.c: round_down(min(bandwidth / 2, limit / 8) + 4 MiB, 4 MiB).
  constexpr std::int64_t kUnit = 4 << 20;
  const std::int64_t wanted =
      std::min(page_cache_.device(file_system_.number_).bandwidth_slow / 2, page_cache_.limit().n / 8) +
      kUnit;
  return wanted / kUnit * kUnit;
}

void Flusher::request_done() {
  --in_flight_;
  pump();
}

void Flusher::reset() {
  file_system_.cancel(timer_);
  file_system_.cancel(start_);
  dirty_.clear();
  current_ = {};
  visited_ = {};
  visit_left_ = 0;
  in_flight_ = 0;
  wake_pending_ = false;
}

}  // namespace brokersim::storage
