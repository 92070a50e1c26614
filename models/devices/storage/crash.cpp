// What a crash takes: the table of device-models.md 3.8.
//
// In this order: which writes are on the medium (drawn), whether the commit in flight landed (drawn), the report
// of what the current files lose, taking back what was not committed, and cutting every file to its committed
// size. Draws are addressed by (crash number, file id, layer, offset), never by count.
#include <algorithm>
#include <limits>
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {

/// Largest command that the block layer makes of a write (max_sectors_kb of common NVMe drives).
constexpr std::int64_t kCommand = 128 << 10;

/// The bytes of a write that are on the medium: each command whole or not at all, or torn into sectors.
void add_survivors(const sim::Stream& draws, const Piece& piece, std::int64_t to, const DiskConfig& disk,
                   IntervalSet& medium) {
  const sim::Stream torn = draws.child(1);
  const sim::Stream landed = draws.child(2);
  const sim::Stream sector_landed = draws.child(3);
  const std::int64_t sector = disk.sector.n;
  const std::int64_t start = piece.from / sector * sector;
  for (std::int64_t command = start; command < to; command += kCommand) {
    const auto ordinal = static_cast<std::uint64_t>(command);
    const std::int64_t end = std::min(command + kCommand, to);
    if (!torn.chance_permille(ordinal, disk.shorn_write_permille)) {
      if (landed.chance_permille(ordinal, 500)) medium.add(command, end);
      continue;
    }
    for (std::int64_t at = command; at < end; at += sector) {
      if (sector_landed.chance_permille(static_cast<std::uint64_t>(at), 500))
        medium.add(at, std::min(at + sector, end));
    }
  }
}

/// End of what a write contributes to the image of `layer`: later truncations hide the rest.
std::int64_t end_in(const File& file, std::int32_t layer, const Piece& piece) {
  std::int64_t to = piece.to;
  for (std::int32_t cut = piece.layer; cut < layer; ++cut)
    to = std::min(to, file.cuts[static_cast<std::size_t>(cut)]);
  return to;
}

/// Where the bytes of one file that ends up shorter than `size` stood when the machine stopped.
struct Stages {
  std::int64_t submitted_to = 0;
  IntervalSet in_flight;
  IntervalSet drive_cache;  // and lost from there

  [[nodiscard]] ByteState of(std::int64_t at) const {
    if (at >= submitted_to) return ByteState::dirty;
    if (in_flight.intersects(at, at + 1)) return ByteState::in_writeback;
    if (drive_cache.intersects(at, at + 1)) return ByteState::drive_cache;
    return ByteState::size_unknown;
  }
};

}  // namespace

IntervalSet FileSystem::medium_of(const File& file, std::int32_t layer, CrashKind kind, bool barrier_landed,
                                  const std::vector<UnsafeWrite>& writes) const {
  IntervalSet medium;
  medium.add(0, file.done_to);
  for (const std::uint32_t slot : file.writes) {
    const WriteInFlight& write = writes_[slot];
    if (write.done && write.layer <= layer) medium.add(write.from, write.to);
  }
  const auto at_risk = [kind, barrier_landed](const UnsafeWrite& write) {
    return kind == CrashKind::power && !(write.acknowledged && write.before_barrier && barrier_landed);
  };
  for (const UnsafeWrite& write : writes) {
    if (write.piece.layer <= layer && write.acknowledged && at_risk(write)) {
      medium.subtract(write.piece.from, end_in(file, layer, write.piece));
    }
  }
  const sim::Stream draws = stream("crash").child(static_cast<std::uint64_t>(crashes_));
  for (const UnsafeWrite& write : writes) {
    if (write.piece.layer > layer) continue;
    if (!at_risk(write)) {
      medium.add(write.piece.from, end_in(file, layer, write.piece));
    } else if (write.started) {
      const auto object =
          (static_cast<std::uint64_t>(file.id.n) << 32) | static_cast<std::uint32_t>(write.piece.layer);
      add_survivors(draws.child(object), write.piece, end_in(file, layer, write.piece), disk_.config(),
                    medium);
    }
  }
  for (const Interval& ghost : file.ghosts.intervals()) medium.subtract(ghost.from, ghost.to);
  return medium;
}

void FileSystem::report_losses(const File& file, std::int64_t visible, CrashKind kind, bool barrier_landed,
                               const std::vector<UnsafeWrite>& writes, CrashReport& report) const {
  const IntervalSet medium = medium_of(file, file.layer(), kind, barrier_landed, writes);
  Stages stages;
  stages.submitted_to = file.submitted_to;
  for (const std::uint32_t slot : file.writes) {
    const WriteInFlight& write = writes_[slot];
    if (!write.done) stages.in_flight.add(write.from, write.to);
  }
  for (const UnsafeWrite& write : writes) {
    if (!write.acknowledged) continue;
    const std::int64_t to = end_in(file, file.layer(), write.piece);
    for (const Interval& gap : medium.gaps(write.piece.from, to)) stages.drive_cache.add(gap.from, gap.to);
  }
  for (const Interval& ghost : file.ghosts.intervals()) stages.in_flight.add(ghost.from, ghost.to);

  std::vector<Interval> lost = medium.gaps(0, std::min(visible, file.size));
  if (visible < file.size) lost.push_back({visible, file.size});
  for (std::size_t i = 0; i < lost.size(); ++i) {
    // A gap that reaches the end of the visible part goes on behind it.
    if (i + 1 < lost.size() && lost[i].to == lost[i + 1].from) {
      lost[i + 1].from = lost[i].from;
      continue;
    }
    for (std::size_t range = file.range_at(lost[i].from); range < file.ranges.size(); ++range) {
      const std::int64_t from = std::max(lost[i].from, file.ranges[range].offset);
      const std::int64_t to = std::min(lost[i].to, file.range_end(range));
      if (from >= to) break;
      if (file.ranges[range].tag == kNoTag) continue;
      report.lost.push_back({file.name, {from}, {to - from}, file.ranges[range].tag, stages.of(from)});
    }
  }
}

void FileSystem::take_back(const JournalChange& change, CrashReport& report) {
  report.undone.push_back({change.kind, change.from});
  File& changed = file(change.file);
  switch (change.kind) {
    case UndoneChange::Kind::create:
      names_.erase(change.from);
      free_file(change.file);
      return;
    case UndoneChange::Kind::remove:
      changed.linked = true;
      names_.emplace(change.from, change.file);
      return;
    case UndoneChange::Kind::rename:
      names_.erase(change.to);
      changed.name = change.from;
      names_.emplace(change.from, change.file);
      if (change.replaced.n < 0) return;
      file(change.replaced).linked = true;
      names_.emplace(change.to, change.replaced);
      return;
    case UndoneChange::Kind::truncate:
      used_.n += change.size - changed.size;
      changed.restore_ranges(change.cut_to, change.tail);
      changed.size = change.size;
      // Bytes in front of the cut may have been written back since; those behind it were as they were.
      changed.done_to =
          change.done_to > change.cut_to ? change.done_to : std::min(changed.done_to, change.cut_to);
      changed.damage = change.damage;
      // Behind the cut what was is there again, not what was written there since.
      changed.ghosts.subtract(change.cut_to, std::numeric_limits<std::int64_t>::max());
      changed.rotten.subtract(change.cut_to, std::numeric_limits<std::int64_t>::max());
      for (const Interval& ghost : change.ghosts.intervals()) changed.ghosts.add(ghost.from, ghost.to);
      for (const Interval& each : change.rotten.intervals()) changed.rotten.add(each.from, each.to);
      changed.content = change.content;
      changed.cuts.pop_back();
      return;
  }
}

void FileSystem::settle(File& file, CrashKind kind, bool barrier_landed,
                        const std::vector<UnsafeWrite>& writes) {
  SIM_CHECK(file.committed_layer == file.layer());
  SIM_CHECK(file.committed_size <= file.size);
  const std::int64_t size = file.committed_size;
  const IntervalSet medium = medium_of(file, file.layer(), kind, barrier_landed, writes);
  const std::vector<Interval> zeros = medium.gaps(0, size);
  used_.n -= file.size - size;
  file.damage.subtract(size, file.size);
  const std::vector<Range> tail = file.cut_ranges(size);
  if (!tail.empty() && tail.front().offset < size) file.damage.add(tail.front().offset, size);
  for (const Interval& zero : zeros) file.damage.add(zero.from, zero.to);
  if (!file.content.empty()) {
    file.content.resize(static_cast<std::size_t>(size));
    for (const Interval& zero : zeros) {
      std::fill(file.content.begin() + zero.from, file.content.begin() + zero.to, '\0');
    }
  }
  file.size = size;
  file.submitted_to = size;
  file.done_to = size;
  file.disk_size = size;
  file.cuts.clear();
  file.committed_layer = 0;
  file.changed_in = 0;
  file.sized_in = 0;
  file.ghosts.clear();
  meet_rot(file, 0, size);
  file.rotten.clear();
  file.fail_next_sync = false;
  file.write_failed = false;
}

void FileSystem::forget_dirty() {
  std::int64_t dirty = 0;
  for (const auto& file : files_) {
    if (file != nullptr && file->linked) dirty += dirty_behind(*file, 0);
  }
  page_cache_.remove_dirty(number_, dirty, /*measured=*/false);
  page_cache_.restart();
}

CrashReport FileSystem::crash(CrashKind kind) {
  ++crashes_;
  forget_dirty();
  CrashReport report;
  const DiskCrash device = kind == CrashKind::power ? disk_.lose_power() : disk_.lose_kernel();
  const Journal::Unfinished journal = journal_.crash();
  const sim::Stream draws = stream("crash.commit").child(static_cast<std::uint64_t>(crashes_));
  const bool landed =
      journal.committing && device.barrier_may_have_landed && draws.chance_permille(journal.first.id, 500);
  if (landed) commit_applied(journal.first);

  std::map<FileId, std::vector<UnsafeWrite>> writes_of;
  for (const UnsafeWrite& write : device.writes) writes_of[write.piece.file].push_back(write);

  std::vector<const JournalChange*> undone;
  for (const JournalChange& change : journal.second.changes) undone.push_back(&change);
  if (!landed) {
    std::vector<const JournalChange*> first;
    for (const JournalChange& change : journal.first.changes) first.push_back(&change);
    undone.insert(undone.begin(), first.begin(), first.end());
  }

  // How much of each current file is visible afterwards, if its bytes are there.
  std::map<FileId, std::int64_t> visible_max;
  for (const JournalChange* const change : undone) {
    if (change->kind == UndoneChange::Kind::create) visible_max[change->file] = 0;
    if (change->kind != UndoneChange::Kind::truncate) continue;
    const auto [entry, is_new] = visible_max.try_emplace(change->file, change->cut_to);
    if (!is_new) entry->second = std::min(entry->second, change->cut_to);
  }
  for (const auto& file : files_) {
    if (file == nullptr || !file->linked) continue;
    std::int64_t visible = file->committed_size;
    const auto limit = visible_max.find(file->id);
    if (limit != visible_max.end()) visible = std::min(visible, limit->second);
    report_losses(*file, visible, kind, landed, writes_of[file->id], report);
  }

  for (auto change = undone.rbegin(); change != undone.rend(); ++change) take_back(**change, report);
  for (const auto& file : files_) {
    if (file != nullptr) settle(*file, kind, landed, writes_of[file->id]);
  }
  forget_runtime();
  discard();
  return report;
}

void FileSystem::forget_runtime() {
  // Nobody is left to hear of these.
  syncs_.clear();
  reads_.clear();
  device_reads_.clear();
  free_reads_.clear();
  for (const auto& file : files_) {
    if (file == nullptr) continue;
    file->reads.clear();
    drop_blocks(*file, 0);
    file->readahead = {};
    file->writer = {};
    file->writes.clear();
    file->listed_dirty = false;
  }
  writes_.clear();
  free_writes_.clear();
  latest_flush_ = 0;
  // Checked, journal replayed, mounted; or there is nothing to mount.
  mode_ = device_failed() ? Mode::shut_down : Mode::writable;
  flusher_.reset();
}

CrashReport FileSystem::kernel_crash() { return crash(CrashKind::kernel); }

CrashReport FileSystem::power_loss() { return crash(CrashKind::power); }

CrashReport FileSystem::drop_everything() { return restore({}); }

Image FileSystem::image() const {
  Image image;
  for (const auto& file : files_) {
    if (file == nullptr || !file->linked) continue;
    File copy;
    copy.name = file->name;
    copy.wish = file->wish;
    copy.extents = file->extents;
    copy.ranges = file->ranges;
    copy.size = copy.submitted_to = copy.done_to = copy.disk_size = copy.committed_size = file->size;
    copy.content = file->content;
    copy.damage = file->damage;
    copy.rotten = file->rotten;
    copy.unreadable = file->unreadable;
    // What was never written is not in a copy of the disk.
    for (const Interval& ghost : file->ghosts.intervals()) {
      copy.damage.add(ghost.from, ghost.to);
      const auto length = static_cast<std::int64_t>(copy.content.size());
      std::fill(copy.content.begin() + std::min(ghost.from, length),
                copy.content.begin() + std::min(ghost.to, length), '\0');
    }
    image.files.push_back(std::move(copy));
  }
  return image;
}

CrashReport FileSystem::restore(const Image& image) {
  // What had not reached the medium is told apart from what went with it.
  ++crashes_;
  forget_dirty();
  std::map<std::string_view, const File*> kept;
  for (const File& file : image.files) kept.emplace(file.name, &file);
  CrashReport report;
  for (const auto& file : files_) {
    if (file == nullptr || !file->linked) continue;
    const auto found = kept.find(file->name);
    const File* const old = found == kept.end() ? nullptr : found->second;
    for (std::size_t i = 0; i < file->ranges.size(); ++i) {
      const std::int64_t from = file->ranges[i].offset;
      const std::int64_t end = file->range_end(i);
      if (file->ranges[i].tag == kNoTag) continue;
      const bool is_there = old != nullptr && i < old->ranges.size() && old->ranges[i].offset == from &&
                            old->ranges[i].tag == file->ranges[i].tag && old->range_end(i) == end;
      if (is_there) continue;
      const ByteState state = from >= file->submitted_to ? ByteState::dirty
                              : from >= file->done_to    ? ByteState::in_writeback
                                                         : ByteState::medium;
      report.lost.push_back({file->name, {from}, {end - from}, file->ranges[i].tag, state});
    }
  }
  static_cast<void>(disk_.lose_power());
  static_cast<void>(journal_.crash());
  device_failed_ = 0;
  forget_runtime();
  for (auto& file : files_) file.reset();
  names_.clear();
  used_ = {};
  allocation_ = Allocation(disk_.config().capacity.n);
  for (const File& file : image.files) {
    auto copy = std::make_unique<File>(file);
    for (const Placed& extent : copy->extents)
      if (extent.owned) allocation_.claim(extent.position, extent.position + extent.length);
    copy->id = {static_cast<std::int32_t>(files_.size())};
    used_.n += copy->size;
    names_.emplace(copy->name, copy->id);
    files_.push_back(std::move(copy));
  }
  discard();
  return report;
}

}  // namespace brokersim::storage
