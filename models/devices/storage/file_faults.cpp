// What can go wrong with a file system that works: full, unreadable, failing fsyncs, a journal that cannot be written.
#include <algorithm>
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

void FileSystem::fail_next_sync(FileId id) { file(id).fail_next_sync = true; }

void FileSystem::fail_syncs(std::int32_t count) {
  SIM_CHECK(count >= 0);
  syncs_to_fail_ = count;
}

void FileSystem::fail_writes(bool failing) { writes_fail_ = failing; }

void FileSystem::reserve(sim::Bytes reserved) {
  SIM_CHECK(reserved.n >= 0);
  reserved_ = reserved;
}

void FileSystem::fail_journal() { journal_.fail_next_commit(); }

void FileSystem::make_unreadable(FileId id, sim::Bytes offset, sim::Bytes length) {
  SIM_CHECK(offset.n >= 0);
  SIM_CHECK(length.n > 0);
  File& bad = file(id);
  const std::int64_t end = std::min(offset.n + length.n, bad.size);
  const std::int64_t sector = disk_.config().sector.n;
  bad.unreadable.add(offset.n / sector * sector, (end + sector - 1) / sector * sector);
}

/// [from, to) could not be written, or was not: clean in the cache, and nowhere else (fsyncgate).
void FileSystem::make_ghosts(File& file, std::int64_t from, std::int64_t to) {
  file.ghosts.add(from, to);
  counters_.ghost_bytes += to - from;
}

/// The pages go, and with them the only copy of bytes that were never written.
void FileSystem::lose_ghosts(File& file, std::int64_t from, std::int64_t to) {
  if (!file.ghosts.intersects(from, to)) return;
  const std::vector<Interval> ghosts = file.ghosts.intervals();
  for (const Interval& ghost : ghosts) {
    const std::int64_t first = std::max(ghost.from, from);
    const std::int64_t last = std::min(ghost.to, to);
    if (first >= last) continue;
    file.damage.add(first, last);
    file.ghosts.subtract(first, last);
    if (file.content.empty()) continue;
    const auto length = static_cast<std::int64_t>(file.content.size());
    std::fill(file.content.begin() + std::min(first, length), file.content.begin() + std::min(last, length),
              '\0');
  }
}

/// A commit that failed: no metadata goes to the disk any more. ext4 turns read-only, XFS shuts down.
void FileSystem::journal_failed() {
  ++counters_.failed_journals;
  mode_ = config_.kind == FileSystemKind::xfs ? Mode::shut_down : Mode::read_only;
  for (const auto& operation : syncs_) {
    operation->status = Status::io_error;
    operation->stage = SyncOperation::Stage::finished;
    operation->finished.notify_all();
    ++counters_.failed_syncs;
  }
  syncs_.clear();
}

void FileSystem::corrupt(FileId id, sim::Bytes offset, sim::Bytes length) {
  File& rotten = file(id);
  SIM_CHECK(offset.n >= 0);
  rotten.damage.add(offset.n, std::min(offset.n + length.n, rotten.size));
}

void FileSystem::truncate_silently(FileId id, sim::Bytes size) {
  File& cut = file(id);
  SIM_CHECK(size.n >= 0);
  SIM_CHECK(size.n <= cut.size);
  if (size.n == cut.size) return;
  const std::vector<Range> tail = cut.cut_ranges(size.n);
  drop_dirty(cut, size.n);
  drop_blocks(cut, size.n);
  if (!cut.ranges.empty() && tail.front().offset < size.n) cut.damage.add(cut.ranges.back().offset, size.n);
  cut.damage.subtract(size.n, cut.size);
  cut.ghosts.subtract(size.n, cut.size);
  if (!cut.content.empty()) cut.content.resize(static_cast<std::size_t>(size.n));
  used_.n -= cut.size - size.n;
  cut.size = size.n;
  cut.committed_size = std::min(cut.committed_size, size.n);
  for (const auto& operation : syncs_) {
    if (operation->file == id) operation->target = std::min(operation->target, size.n);
  }
  advance_syncs();
}

}  // namespace brokersim::storage
