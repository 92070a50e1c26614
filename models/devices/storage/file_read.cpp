// Reads through the page cache, as read() and sendfile() do them: mm/filemap.c, a piece at a time.
#include <algorithm>
#include <bit>
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {

constexpr std::int64_t kPagesPerBlock = PageCache::kBlock / PageCache::kPage;
/// sendfile() moves 16 pages at a time through its pipe; each piece is a read request of its own.
constexpr std::int64_t kPiece = 16;

/// Pages [first, last] of the file that lie in `block`, as bits.
PageMask mask_of(std::int64_t block, std::int64_t first, std::int64_t last) {
  const std::int64_t low = std::max<std::int64_t>(first - block * kPagesPerBlock, 0);
  const std::int64_t high = std::min<std::int64_t>(last - block * kPagesPerBlock, kPagesPerBlock - 1);
  if (low > high) return 0;
  const PageMask from = PageCache::kAllPages << low;
  const PageMask to = PageCache::kAllPages >> (kPagesPerBlock - 1 - high);
  return from & to;
}

PageMask bit_of(std::int64_t page) { return PageMask{1} << (page % kPagesPerBlock); }

}  // namespace

std::uint32_t FileSystem::handle_at(const File& file, std::int64_t block) const {
  const auto index = static_cast<std::size_t>(block);
  if (index >= file.blocks.size()) return 0;
  return PageCache::is_handle(file.blocks[index]) ? file.blocks[index] : 0;
}

std::uint32_t FileSystem::make_resident(File& file, std::int64_t block) {
  const auto index = static_cast<std::size_t>(block);
  if (index >= file.blocks.size()) file.blocks.resize(index + 1, 0);
  std::uint32_t& word = file.blocks[index];
  if (!PageCache::is_handle(word))
    word = page_cache_.insert(number_, file.id, static_cast<std::int32_t>(block), word);
  return word;
}

void FileSystem::note_written(File& file, std::int64_t from, std::int64_t to) {
  const std::int64_t first = from / PageCache::kPage;
  const std::int64_t last = (to - 1) / PageCache::kPage;
  for (std::int64_t block = first / kPagesPerBlock; block <= last / kPagesPerBlock; ++block) {
    const std::uint32_t handle = make_resident(file, block);
    page_cache_.add_pages(handle, mask_of(block, first, last));
  }
}

bool FileSystem::cached(FileId id, sim::Bytes offset, sim::Bytes length) {
  File& read = file(id);
  SIM_CHECK(offset.n >= 0);
  const std::int64_t end = std::min(offset.n + length.n, read.size);
  if (offset.n >= end) return true;
  const std::int64_t first = offset.n / PageCache::kPage;
  const std::int64_t last = (end - 1) / PageCache::kPage;
  bool marked = false;
  for (std::int64_t block = first / kPagesPerBlock; block <= last / kPagesPerBlock; ++block) {
    const std::uint32_t handle = handle_at(read, block);
    if (handle == 0) return false;
    const PageMask wanted = mask_of(block, first, last);
    if ((page_cache_.ready(handle) & wanted) != wanted) return false;
    marked = marked || (page_cache_.marked(handle) & wanted) != 0;
  }
  // A reader that goes on in the middle of a page touched that page before.
  const std::int64_t touched = (offset.n + PageCache::kPage - 1) / PageCache::kPage;
  for (std::int64_t block = touched / kPagesPerBlock; block <= last / kPagesPerBlock; ++block)
    page_cache_.touch(handle_at(read, block), mask_of(block, touched, last));
  if (marked) {
    for (std::int64_t page = first; page <= last; ++page) meet_marker(read, page, last + 1 - page);
  }
  read.readahead.previous = last;
  return true;
}

sim::Task<Status> FileSystem::read(FileId id, sim::Bytes offset, sim::Bytes length) {
  if (mode_ == Mode::shut_down) co_return Status::io_error;
  if (!exists(id)) co_return Status::no_file;
  if (cached(id, offset, length)) co_return Status::ok;
  auto operation = std::make_shared<ReadOperation>();
  operation->file = id;
  operation->next = offset.n / PageCache::kPage;
  operation->end = (std::min(offset.n + length.n, file(id).size) - 1) / PageCache::kPage + 1;
  operation->untouched = offset.n % PageCache::kPage == 0 ? -1 : operation->next;
  const std::uint64_t number = next_read_++;
  reads_.emplace(number, operation);
  read_more(number, *operation);
  if (!operation->finished) co_await operation->done.wait();
  co_return operation->status;
}

void FileSystem::read_more(std::uint64_t number, ReadOperation& operation) {
  File* const read = files_[static_cast<std::size_t>(operation.file.n)].get();
  const bool gone = read == nullptr || !read->linked;
  const std::int64_t end = gone ? 0 : std::min(operation.end, (read->size + PageCache::kPage - 1) / PageCache::kPage);
  while (operation.next < end) {
    const std::int64_t page = operation.next;
    if (page >= operation.piece_end) operation.piece_end = std::min(end, page + kPiece);
    const std::int64_t request = std::max<std::int64_t>(1, operation.piece_end - page);
    meet_marker(*read, page, request);
    const std::uint32_t handle = handle_at(*read, page / kPagesPerBlock);
    const bool present = handle != 0 && (page_cache_.pages(handle) & bit_of(page)) != 0;
    if (present && (page_cache_.ready(handle) & bit_of(page)) != 0) {
      if (page != operation.untouched) page_cache_.touch(handle, bit_of(page));
      read->readahead.previous = page;
      ++operation.next;
      continue;
    }
    if (present) {
      device_reads_[read_of(*read, page)].waiting.push_back(number);
      return;
    }
    if (operation.failed == page) {  // the retry failed as well
      operation.status = Status::io_error;
      break;
    }
    if (device_failed() || read->unreadable.intersects(page * PageCache::kPage, (page + 1) * PageCache::kPage))
      operation.failed = page;
    miss(*read, page, request);
  }
  operation.finished = true;
  operation.done.notify_all();
  reads_.erase(number);  // the waiting task shares it
}

void FileSystem::meet_marker(File& file, std::int64_t page, std::int64_t request) {
  const std::uint32_t handle = handle_at(file, page / kPagesPerBlock);
  if (handle == 0 || (page_cache_.marked(handle) & bit_of(page)) == 0) return;
  page_cache_.unmark(handle, bit_of(page));
  ReadaheadQuery query;
  query.page = page;
  query.request = request;
  query.marker = true;
  const std::int64_t max = readahead_max();
  while (query.ahead < max && is_present(file, page + 1 + query.ahead)) ++query.ahead;
  if (const auto window = read_ahead(file.readahead, query, max)) bring_in(file, *window);
}

void FileSystem::miss(File& file, std::int64_t page, std::int64_t request) {
  ReadaheadQuery query;
  query.page = page;
  query.request = request;
  const std::int64_t max = readahead_max();
  while (query.history < max && page - 1 - query.history >= 0 && is_present(file, page - 1 - query.history))
    ++query.history;
  const auto window = read_ahead(file.readahead, query, max);
  SIM_CHECK(window.has_value());
  bring_in(file, *window);
  // Another stream of the file may have moved the window on; the page itself is read in any case.
  if (!is_present(file, page)) bring_in(file, {page, 1, -1});
}

std::int64_t FileSystem::readahead_max() const { return page_cache_.config().readahead.n / PageCache::kPage; }

bool FileSystem::is_present(const File& file, std::int64_t page) const {
  const std::uint32_t handle = handle_at(file, page / kPagesPerBlock);
  return handle != 0 && (page_cache_.pages(handle) & bit_of(page)) != 0;
}

std::uint32_t FileSystem::read_of(const File& file, std::int64_t page) const {
  for (const std::uint32_t slot : file.reads) {
    if (device_reads_[slot].first <= page && page < device_reads_[slot].end) return slot;
  }
  SIM_CHECK(false, file.name + ": a page is under way, but no read brings it");
}

/// Reads what is missing of the window, each run of pages with one request.
void FileSystem::bring_in(File& file, const ReadaheadWindow& window) {
  const std::int64_t end = std::min(window.start + window.size, (file.size + PageCache::kPage - 1) / PageCache::kPage);
  std::int64_t page = window.start;
  while (page < end) {
    if (is_present(file, page)) {
      ++page;
      continue;
    }
    std::int64_t last = page;
    const Placed extent = placed(file, page * PageCache::kPage);
    const std::int64_t most = std::min(end, (extent.offset + extent.length) / PageCache::kPage);
    while (last + 1 < most && !is_present(file, last + 1)) ++last;
    for (std::int64_t block = page / kPagesPerBlock; block <= last / kPagesPerBlock; ++block) {
      const std::uint32_t handle = make_resident(file, block);
      const PageMask pages = mask_of(block, page, last);
      page_cache_.set_in_flight(handle, pages);  // first: a block under a read is not evicted
      page_cache_.add_pages(handle, pages);
      if (window.marker_at >= page && window.marker_at <= last && window.marker_at / kPagesPerBlock == block)
        page_cache_.mark(handle, bit_of(window.marker_at));
    }
    start_read(file, page, last + 1);
    page = last + 1;
  }
}

void FileSystem::start_read(File& file, std::int64_t first, std::int64_t end) {
  std::uint32_t slot = 0;
  if (free_reads_.empty()) {
    slot = static_cast<std::uint32_t>(device_reads_.size());
    device_reads_.emplace_back();
  } else {
    slot = free_reads_.back();
    free_reads_.pop_back();
  }
  DeviceRead& read = device_reads_[slot];
  read.file = file.id;
  read.first = first;
  read.end = end;
  file.reads.push_back(slot);
  const std::int64_t sector = disk_.config().sector.n;
  const std::int64_t start = first * PageCache::kPage / sector * sector;
  const std::int64_t wanted = std::min(end * PageCache::kPage, file.size) - start;
  IoRequest io;
  io.kind = IoKind::read;
  const Placed extent = placed(file, start);
  io.position = {extent.position + start - extent.offset};
  io.length = {(wanted + sector - 1) / sector * sector};
  io.done = sim::bind<&FileSystem::read_done>(this, slot);
  disk_.submit(io);
}

void FileSystem::read_done(std::uint64_t slot_word) {
  const auto slot = static_cast<std::uint32_t>(slot_word);
  const FileId id = device_reads_[slot].file;
  File* const file = id.n < 0 ? nullptr : files_[static_cast<std::size_t>(id.n)].get();
  if (file != nullptr) {
    std::erase(file->reads, slot);
    const DeviceRead& done = device_reads_[slot];
    for (std::int64_t page = done.first; page < done.end;) {
      const std::int64_t block = page / kPagesPerBlock;
      const std::int64_t next = std::min(done.end, (block + 1) * kPagesPerBlock);
      const std::uint32_t handle = handle_at(*file, block);
      SIM_CHECK(handle != 0, file->name + ": a block was evicted under a read");
      const PageMask pages = mask_of(block, page, next - 1);
      page_cache_.clear_in_flight(handle, pages);
      if (device_failed() || !file->unreadable.empty()) [[unlikely]]
        drop_unreadable(*file, handle, page, next);
      if (!file->rotten.empty()) [[unlikely]]
        meet_rot(*file, page * PageCache::kPage, next * PageCache::kPage);
      page = next;
    }
  }
  const std::vector<std::uint64_t> waiting = std::exchange(device_reads_[slot].waiting, {});
  device_reads_[slot].file = {};
  free_reads_.push_back(slot);
  for (const std::uint64_t number : waiting) {
    const auto found = reads_.find(number);
    if (found == reads_.end()) continue;
    const auto operation = found->second;
    read_more(number, *operation);
  }
}

void FileSystem::drop_unreadable(File& file, std::uint32_t handle, std::int64_t first, std::int64_t end) {
  for (std::int64_t page = first; page < end; ++page) {
    if (!device_failed() && !file.unreadable.intersects(page * PageCache::kPage, (page + 1) * PageCache::kPage)) continue;
    page_cache_.remove_pages(handle, bit_of(page));
    ++(device_failed() ? counters_.device_errors : counters_.unreadable_pages);
  }
}

void FileSystem::evicted(FileId id, std::int32_t block, std::uint32_t shadow) {
  File& owner = file(id);
  owner.blocks[static_cast<std::size_t>(block)] = shadow;
  if (!owner.ghosts.empty()) [[unlikely]]
    lose_ghosts(owner, block * PageCache::kBlock, (block + std::int64_t{1}) * PageCache::kBlock);
}

bool FileSystem::evictable(FileId id, std::int32_t block) const {
  const File& cached = file(id);
  return cached.done_to >= std::min(cached.size, (std::int64_t{block} + 1) * PageCache::kBlock);
}

void FileSystem::drop_blocks(File& file, std::int64_t from) {
  const std::int64_t first =
      (from + PageCache::kPage - 1) / PageCache::kPage;  // the page that holds `from` stays if it is cut in two
  for (const std::uint32_t slot : file.reads) {
    DeviceRead& read = device_reads_[slot];
    read.end = std::min(read.end, std::max(read.first, first));
  }
  const auto keep = static_cast<std::size_t>((first + kPagesPerBlock - 1) / kPagesPerBlock);
  for (std::size_t block = keep; block < file.blocks.size(); ++block) {
    if (PageCache::is_handle(file.blocks[block])) page_cache_.drop(file.blocks[block]);
  }
  if (keep < file.blocks.size()) file.blocks.resize(keep);
  if (first % kPagesPerBlock == 0 || keep > file.blocks.size()) return;
  const std::uint32_t handle = handle_at(file, static_cast<std::int64_t>(keep) - 1);
  if (handle != 0) page_cache_.remove_pages(handle, PageCache::kAllPages << (first % kPagesPerBlock));
}

}  // namespace brokersim::storage
