// Names and content: what a process does to files. See write_back.cpp, file_read.cpp, whole_file.cpp and crash.cpp
// for the rest of the class.
#include "models/devices/storage/file_system.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::storage {

namespace {

/// Extents double from this to kExtentMax (ext4: 128 MiB is the longest there is).
constexpr std::int64_t kExtentMin = 64 << 10;
constexpr std::int64_t kExtentMax = 128 << 20;

/// Where a file would like to begin on the device: directories are spread over the disk (ext4's Orlov allocator), the files of one
/// lie within 16 GiB of each other.
std::int64_t place(std::string_view name, sim::Bytes capacity) {
  const std::size_t slash = name.rfind('/');
  const std::string_view directory =
      slash == std::string_view::npos ? std::string_view{} : name.substr(0, slash);
  const std::int64_t sectors = capacity.n / 4'096;
  const auto base =
      static_cast<std::int64_t>(sim::hash_name(directory) % static_cast<std::uint64_t>(sectors));
  const auto near = static_cast<std::int64_t>(sim::hash_name(name) % 16) << 18;
  return (base + near) % sectors * 4'096;
}

}  // namespace

FileSystem::FileSystem(sim::Simulation& sim, std::string path, const FileSystemConfig& config, Disk& disk,
                       PageCache& page_cache)
    : Component(sim, std::move(path)),
      config_(config),
      disk_(disk),
      page_cache_(page_cache),
      number_(page_cache.attach(*this)),
      allocation_(disk.config().capacity.n),
      journal_(*this, disk, config.commit_interval),
      flusher_(*this, page_cache) {
  if (config_.kind == FileSystemKind::xfs) config_.data = JournalData::ordered;
}

FileSystem::~FileSystem() {
  for (const auto& file : files_) {
    if (file != nullptr) drop_blocks(*file, 0);
  }
  page_cache_.detach(number_);
}

File& FileSystem::file(FileId id) {
  SIM_CHECK(id.n >= 0);
  SIM_CHECK(static_cast<std::size_t>(id.n) < files_.size());
  SIM_CHECK(files_[static_cast<std::size_t>(id.n)] != nullptr, "file " + std::to_string(id.n) + " is gone");
  return *files_[static_cast<std::size_t>(id.n)];
}

const File& FileSystem::file(FileId id) const { return const_cast<FileSystem*>(this)->file(id); }

File* FileSystem::find_file(std::string_view name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : files_[static_cast<std::size_t>(found->second.n)].get();
}

FileId FileSystem::create(std::string_view name) {
  if (const auto found = find(name)) return *found;
  return make_file(name);
}

FileId FileSystem::make_file(std::string_view name) {
  SIM_CHECK(!name.empty());
  auto made = std::make_unique<File>();
  made->id = {static_cast<std::int32_t>(files_.size())};
  made->name = name;
  made->wish = place(name, disk_.config().capacity);
  const FileId id = made->id;
  JournalChange change;
  change.kind = UndoneChange::Kind::create;
  change.file = id;
  change.from = made->name;
  journal_.add(std::move(change));
  journal_.add_size(*made);
  names_.emplace(made->name, id);
  files_.push_back(std::move(made));
  return id;
}

/// The extent that holds byte `offset`; makes the file's extents reach there.
Placed FileSystem::placed(File& file, std::int64_t offset) {
  std::int64_t end = file.extents.empty() ? 0 : file.extents.back().offset + file.extents.back().length;
  while (end <= offset) {
    const std::int64_t wish =
        file.extents.empty() ? file.wish : file.extents.back().position + file.extents.back().length;
    const std::int64_t length = std::clamp(end, kExtentMin, kExtentMax);
    const std::optional<Interval> taken = allocation_.take(wish, length);
    if (!taken) {
      file.extents.push_back(
          {end, std::max<std::int64_t>(0, disk_.config().capacity.n - length), length, false});
    } else if (taken->from == wish && !file.extents.empty() && file.extents.back().owned) {
      file.extents.back().length += taken->to - taken->from;
    } else {
      file.extents.push_back({end, taken->from, taken->to - taken->from});
    }
    end = file.extents.back().offset + file.extents.back().length;
  }
  // Mostly the last one.
  std::size_t index = file.extents.size() - 1;
  while (file.extents[index].offset > offset) --index;
  return file.extents[index];
}

/// Tells the drive how much of it holds data.
void FileSystem::discard() {
  if (config_.discard) disk_.set_used({used_.n + reserved_.n});
}

std::optional<FileId> FileSystem::open(std::string_view name) {
  const auto found = find(name);
  if (found && config_.unseen_errors == UnseenErrors::lost_on_open) file(*found).write_failed = false;
  return found;
}

std::optional<FileId> FileSystem::find(std::string_view name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> FileSystem::list(std::string_view prefix) const {
  std::vector<std::string> result;
  for (auto it = names_.lower_bound(prefix); it != names_.end(); ++it) {
    if (std::string_view(it->first).substr(0, prefix.size()) != prefix) break;
    result.push_back(it->first);
  }
  return result;
}

const std::string& FileSystem::name(FileId id) const { return file(id).name; }

bool FileSystem::remove(std::string_view name) {
  File* const found = find_file(name);
  if (found == nullptr) return false;
  JournalChange change;
  change.kind = UndoneChange::Kind::remove;
  change.file = found->id;
  change.from = found->name;
  names_.erase(found->name);
  unlink_file(*found);
  journal_.add(std::move(change));
  advance_syncs();
  return true;
}

void FileSystem::unlink_file(File& file) {
  // The pages go at once; the inode stays until the commit, because a crash before it brings the file back.
  file.linked = false;
  const std::int64_t dropped = dirty_behind(file, 0);
  if (dropped > 0) page_cache_.remove_dirty(number_, dropped, /*measured=*/false);
  file.submitted_to = file.size;  // an fsync by who has it open still finds no page to write
  flusher_.cleaned(file);
  drop_blocks(file, 0);
  for (const std::uint32_t slot : file.writes) {
    if (writes_[slot].done) free_writes_.push_back(slot);
    writes_[slot].file = {};
  }
  file.writes.clear();
  file.changed_in = journal_.running_id();
}

bool FileSystem::rename(std::string_view from, std::string_view to) {
  File* const moved = find_file(from);
  if (moved == nullptr) return false;
  if (from == to) return true;
  JournalChange change;
  change.kind = UndoneChange::Kind::rename;
  change.file = moved->id;
  change.from = moved->name;
  change.to = to;
  File* const replaced = find_file(to);
  if (replaced != nullptr) {
    change.replaced = replaced->id;
    unlink_file(*replaced);
    names_.erase(replaced->name);
  }
  names_.erase(moved->name);
  moved->name = change.to;
  names_.emplace(moved->name, moved->id);
  journal_.add(std::move(change));
  moved->changed_in = journal_.running_id();
  // auto_da_alloc: a rename over a file is the usual way to replace content, so the new content goes first.
  if (replaced != nullptr && config_.kind == FileSystemKind::ext4 && mode_ == Mode::writable)
    submit_all(*moved, Cause::ordered);
  advance_syncs();
  return true;
}

sim::Bytes FileSystem::size(FileId id) const { return {file(id).size}; }

bool FileSystem::has_dirty(FileId id) const { return file(id).done_to < file(id).size; }

sim::Bytes FileSystem::available() const {
  return {std::max<std::int64_t>(0, disk_.config().capacity.n - used_.n - reserved_.n)};
}

const std::vector<Interval>& FileSystem::damage(FileId id) const { return file(id).damage.intervals(); }

WriteResult FileSystem::write(FileId id, sim::Bytes length, ContentTag tag) {
  SIM_CHECK(length.n > 0);
  File& target = file(id);
  SIM_CHECK(target.linked, target.name + " was removed");
  WriteResult result;
  result.written = length;
  if (mode_ != Mode::writable) [[unlikely]] {
    ++counters_.failed_writes;
    return {mode_ == Mode::read_only ? Status::read_only : Status::io_error, {}, {}};
  }
  if (length > available()) [[unlikely]] {
    ++counters_.failed_writes;
    result.status = Status::no_space;
    result.written = available();
    if (result.written.n == 0) return result;
  }
  write_range(target, result.written.n, tag);
  if (result.status == Status::no_space) target.damage.add(target.size - result.written.n, target.size);
  result.held_back = page_cache_.add_dirty(number_, target.writer, result.written.n);
  return result;
}

void FileSystem::write_range(File& file, std::int64_t length, ContentTag tag) {
  file.ranges.push_back({file.size, tag});
  file.size += length;
  used_.n += length;
  note_written(file, file.size - length, file.size);
  if (!file.listed_dirty) flusher_.dirtied(file);
}

void FileSystem::truncate(FileId id, sim::Bytes size) {
  File& cut = file(id);
  SIM_CHECK(size.n >= 0);
  SIM_CHECK(size.n <= cut.size, cut.name + " is shorter than that");
  if (size.n == cut.size) return;
  JournalChange change;
  change.kind = UndoneChange::Kind::truncate;
  change.file = id;
  change.from = cut.name;
  change.cut_to = size.n;
  change.size = cut.size;
  change.done_to = cut.done_to;
  change.damage = cut.damage;
  change.ghosts = cut.ghosts;
  change.ghosts.subtract(0, size.n);
  change.rotten = cut.rotten;
  change.rotten.subtract(0, size.n);
  change.content = cut.content;
  change.tail = cut.cut_ranges(size.n);
  drop_dirty(cut, size.n);
  drop_blocks(cut, size.n);
  cut.damage.subtract(size.n, cut.size);
  cut.ghosts.subtract(size.n, cut.size);
  cut.rotten.subtract(size.n, cut.size);
  cut.unreadable.subtract((size.n + 4'095) / 4'096 * 4'096, std::numeric_limits<std::int64_t>::max());
  // A batch cut in two is not what was written.
  if (!cut.ranges.empty() && change.tail.front().offset < size.n)
    cut.damage.add(cut.ranges.back().offset, size.n);
  if (!cut.content.empty()) cut.content.resize(static_cast<std::size_t>(size.n));
  used_.n -= cut.size - size.n;
  cut.size = size.n;
  cut.cuts.push_back(size.n);
  journal_.add(std::move(change));
  journal_.add_size(cut);
  for (const auto& operation : syncs_) {
    if (operation->file == id) operation->target = std::min(operation->target, size.n);
  }
  advance_syncs();
}

std::int64_t FileSystem::dirty_behind(const File& file, std::int64_t from) const {
  std::int64_t dirty = std::max<std::int64_t>(0, file.size - std::max(file.submitted_to, from));
  for (const std::uint32_t slot : file.writes) {
    const WriteInFlight& write = writes_[slot];
    if (!write.done) dirty += write.to - std::clamp(from, write.from, write.to);
  }
  return dirty;
}

void FileSystem::drop_dirty(File& file, std::int64_t from) {
  const std::int64_t dropped = dirty_behind(file, from);
  if (dropped > 0) page_cache_.remove_dirty(number_, dropped, /*measured=*/false);
  for (const std::uint32_t slot : file.writes) {
    WriteInFlight& write = writes_[slot];
    write.from = std::min(write.from, from);
    write.to = std::min(write.to, from);
  }
  file.submitted_to = std::min(file.submitted_to, from);
  file.done_to = std::min(file.done_to, from);
  file.disk_size = std::min(file.disk_size, from);
  if (file.submitted_to >= std::min(file.size, from)) flusher_.cleaned(file);
}

std::vector<Extent> FileSystem::extents(FileId id, sim::Bytes from) const {
  const File& read = file(id);
  std::vector<Extent> result;
  if (from.n >= read.size) return result;
  const std::size_t first = read.range_at(from.n);
  result.reserve(read.ranges.size() - first);
  for (std::size_t i = first; i < read.ranges.size(); ++i) {
    const std::int64_t offset = read.ranges[i].offset;
    const std::int64_t end = read.range_end(i);
    result.push_back({{offset}, {end - offset}, read.ranges[i].tag, sound(id, {offset}, {end - offset})});
  }
  return result;
}

Extent FileSystem::extent_at(FileId id, sim::Bytes at) const {
  const File& read = file(id);
  const std::size_t index = read.range_at(at.n);
  const std::int64_t offset = read.ranges[index].offset;
  const std::int64_t end = read.range_end(index);
  return {{offset}, {end - offset}, read.ranges[index].tag, sound(id, {offset}, {end - offset})};
}

}  // namespace brokersim::storage
