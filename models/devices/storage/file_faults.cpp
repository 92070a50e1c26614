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

void FileSystem::fail_writes(bool failing) {
  writes_fail_ += failing ? 1 : -1;
  SIM_CHECK(writes_fail_ >= 0);
}

void FileSystem::fail_device(bool failing) {
  if (!failing && device_failed_ == 0) return;  // the disk was exchanged meanwhile
  device_failed_ += failing ? 1 : -1;
}

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

void FileSystem::rot(FileId id, sim::Bytes offset, sim::Bytes length) {
  File& rotting = file(id);
  SIM_CHECK(offset.n >= 0);
  SIM_CHECK(length.n > 0);
  const std::int64_t sector = disk_.config().sector.n;
  const std::int64_t from = offset.n / sector * sector;
  const std::int64_t end = std::min((offset.n + length.n + sector - 1) / sector * sector, rotting.done_to);
  if (from < end) rotting.rotten.add(from, end);
}

/// [from, to) comes from the medium: what has rotted there is what everybody reads from now on.
void FileSystem::meet_rot(File& file, std::int64_t from, std::int64_t to) {
  const std::vector<Interval> rotten = file.rotten.intervals();
  for (const Interval& each : rotten) {
    const std::int64_t first = std::max(each.from, from);
    const std::int64_t last = std::min({each.to, to, file.size});
    if (first >= last) continue;
    file.damage.add(first, last);
    counters_.rotten_pages += (last - first + PageCache::kPage - 1) / PageCache::kPage;
    // One bit of each sector's first byte: a digit of a checkpoint becomes its neighbour.
    const auto length = static_cast<std::int64_t>(file.content.size());
    for (std::int64_t at = first; at < std::min(last, length); at += disk_.config().sector.n)
      file.content[static_cast<std::size_t>(at)] ^= 1;
  }
  file.rotten.subtract(from, to);
}

sim::Bytes FileSystem::written(FileId id) const { return {std::min(file(id).done_to, file(id).size)}; }

void FileSystem::note_scanned(FileId id, sim::Bytes offset, sim::Bytes length) {
  File& scanned = file(id);
  const std::vector<Interval> rotten = scanned.rotten.intervals();
  for (const Interval& each : rotten) {
    const std::int64_t from = std::max(each.from, offset.n) / PageCache::kPage;
    const std::int64_t end = std::min({each.to, offset.n + length.n, scanned.size});
    for (std::int64_t page = from; page * PageCache::kPage < end; ++page) {
      if (!is_present(scanned, page))
        meet_rot(scanned, page * PageCache::kPage, (page + 1) * PageCache::kPage);
    }
  }
}

void FileSystem::lose_writes(std::int64_t count, bool misdirected) {
  SIM_CHECK(count >= 0);
  writes_to_lose_ = count;
  lost_are_misdirected_ = misdirected;
}

/// The drive says that [from, to) is written, and it is not.
void FileSystem::lose_write(File& lost, std::int64_t from, std::int64_t to) {
  --writes_to_lose_;
  make_ghosts(lost, from, to);
  const auto ordinal = static_cast<std::uint64_t>(counters_.lost_writes++);
  if (!lost_are_misdirected_) return;
  std::vector<FileId> victims;
  for (const auto& each : files_) {
    if (each != nullptr && each->linked && each->done_to > 0) victims.push_back(each->id);
  }
  if (victims.empty()) return;
  const sim::Stream draws = stream("misdirected");
  File& victim = file(victims[draws.child(1).below(ordinal, victims.size())]);
  const std::int64_t sectors = (victim.done_to + disk_.config().sector.n - 1) / disk_.config().sector.n;
  const auto sector =
      static_cast<std::int64_t>(draws.child(2).below(ordinal, static_cast<std::uint64_t>(sectors)));
  rot(victim.id, {sector * disk_.config().sector.n}, {to - from});
}

bool FileSystem::sound(FileId id, sim::Bytes offset, sim::Bytes length) const {
  const File& read = file(id);
  const std::int64_t end = std::min(offset.n + length.n, read.size);
  if (!read.damage.empty() && read.damage.intersects(offset.n, end)) return false;
  if (read.rotten.empty()) return true;
  for (const Interval& each : read.rotten.intervals()) {
    if (each.to <= offset.n || each.from >= end) continue;  // a neighbour on the same page
    const std::int64_t last = (std::min(each.to, end) - 1) / PageCache::kPage;
    for (std::int64_t page = std::max(each.from, offset.n) / PageCache::kPage; page <= last; ++page) {
      if (!is_present(read, page)) return false;
    }
  }
  return true;
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
  cut.rotten.subtract(size.n, cut.size);
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
