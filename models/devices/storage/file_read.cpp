// Reads through the page cache.
#include <algorithm>
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {
constexpr std::size_t kReadsInFlight = 2;  // the window in use and the one read ahead (3.5)
}

bool FileSystem::cached(FileId id, sim::Bytes offset, sim::Bytes length) {
  const File& read = file(id);
  SIM_CHECK(offset.n >= 0);
  const std::int64_t end = std::min(offset.n + length.n, read.size);
  if (offset.n >= end) return true;
  const auto first = static_cast<std::size_t>(offset.n / PageCache::kBlock);
  const auto last = static_cast<std::size_t>((end - 1) / PageCache::kBlock);
  for (std::size_t block = first; block <= last; ++block) {
    if (block >= read.blocks.size() || read.blocks[block] == 0) return false;
  }
  for (std::size_t block = first; block <= last; ++block) page_cache_.touch(read.blocks[block]);
  return true;
}

sim::Task<void> FileSystem::read(FileId id, sim::Bytes offset, sim::Bytes length) {
  if (cached(id, offset, length)) co_return;
  auto operation = std::make_shared<ReadOperation>();
  operation->file = id;
  operation->next = offset.n / PageCache::kBlock;
  operation->end = (std::min(offset.n + length.n, file(id).size) - 1) / PageCache::kBlock + 1;
  const std::uint64_t number = next_read_++;
  reads_.emplace(number, operation);
  read_more(number, *operation);
  if (!operation->finished) co_await operation->done.wait();
}

void FileSystem::read_more(std::uint64_t number, ReadOperation& operation) {
  const File* const read = files_[static_cast<std::size_t>(operation.file.n)].get();
  const bool gone = read == nullptr || !read->linked;
  while (!gone && operation.next < operation.end && operation.in_flight.size() < kReadsInFlight) {
    const std::int64_t block = operation.next++;
    const std::int64_t begin = block * PageCache::kBlock;
    if (begin >= read->size) break;
    if (static_cast<std::size_t>(block) < read->blocks.size() &&
        read->blocks[static_cast<std::size_t>(block)] != 0) {
      page_cache_.touch(read->blocks[static_cast<std::size_t>(block)]);
      continue;
    }
    const std::int64_t sector = disk_.config().sector.n;
    const std::int64_t wanted = std::min(PageCache::kBlock, read->size - begin);
    IoRequest io;
    io.kind = IoKind::read;
    io.position = {read->position + begin};
    io.length = {(wanted + sector - 1) / sector * sector};
    io.done = sim::bind<&FileSystem::read_done>(this, number);
    operation.in_flight.push_back(block);
    disk_.submit(io);
  }
  if (!operation.in_flight.empty()) return;
  operation.finished = true;
  operation.done.notify_all();
}

void FileSystem::read_done(std::uint64_t number) {
  const auto found = reads_.find(number);
  SIM_CHECK(found != reads_.end());
  const auto operation = found->second;
  const std::int64_t block = operation->in_flight.front();  // foreground requests complete in order
  operation->in_flight.pop_front();
  File* const read = files_[static_cast<std::size_t>(operation->file.n)].get();
  if (read != nullptr && read->linked && block * PageCache::kBlock < read->size) note_resident(*read, block);
  read_more(number, *operation);
  if (operation->finished) reads_.erase(number);
}

void FileSystem::note_resident(File& file, std::int64_t block) {
  const auto index = static_cast<std::size_t>(block);
  if (index >= file.blocks.size()) file.blocks.resize(index + 1, 0);
  if (file.blocks[index] != 0) return page_cache_.touch(file.blocks[index]);
  file.blocks[index] = page_cache_.insert(number_, file.id, block);
}

void FileSystem::evicted(FileId id, std::int64_t block) {
  file(id).blocks[static_cast<std::size_t>(block)] = 0;
}

bool FileSystem::evictable(FileId id, std::int64_t block) const {
  const File& cached = file(id);
  return cached.done_to >= std::min(cached.size, (block + 1) * PageCache::kBlock);
}

void FileSystem::drop_blocks(File& file, std::int64_t from) {
  const auto keep = static_cast<std::size_t>((from + PageCache::kBlock - 1) / PageCache::kBlock);
  for (std::size_t block = keep; block < file.blocks.size(); ++block) {
    if (file.blocks[block] != 0) page_cache_.drop(file.blocks[block]);
  }
  if (keep < file.blocks.size()) file.blocks.resize(keep);
}

}  // namespace brokersim::storage
