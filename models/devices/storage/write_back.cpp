// How bytes move from the page cache to the device, and what fsync waits for.
#include <algorithm>
#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

void FileSystem::submit_write(File& file, std::int64_t length_max, Cause cause) {
  SIM_CHECK(file.dirty());
  const std::int64_t sector = disk_.config().sector.n;
  const std::int64_t from = file.submitted_to;
  const std::int64_t start = from / sector * sector;  // the sector of the first byte is written whole
  std::int64_t to = std::min(file.size, start + std::max(length_max, sector));
  if (to < file.size) to = to / sector * sector;
  static_cast<void>(placed(file, to - 1));  // first, so that what lies in one piece is one extent
  const Placed extent = placed(file, start);
  to = std::min(to, extent.offset + extent.length);
  SIM_CHECK(to > from);
  std::uint32_t slot = 0;
  if (free_writes_.empty()) {
    slot = static_cast<std::uint32_t>(writes_.size());
    writes_.emplace_back();
  } else {
    slot = free_writes_.back();
    free_writes_.pop_back();
  }
  writes_[slot] = {file.id, from, to, false, cause, file.layer(), 0};
  if (cause == Cause::ordered) writes_[slot].ordered_in = journal_.wait_for_data();
  file.writes.push_back(slot);
  file.submitted_to = to;
  if (!file.dirty()) flusher_.cleaned(file);
  if (config_.data == JournalData::writeback) {
    file.disk_size = std::max(file.disk_size, to);
    journal_.add_size(file);
  }
  IoRequest io;
  io.kind = IoKind::write;
  io.urgency = cause == Cause::flusher ? Urgency::background : Urgency::foreground;
  io.position = {extent.position + start - extent.offset};
  io.length = {(to + sector - 1) / sector * sector - start};
  io.piece = {file.id, from, to, file.layer()};
  io.done = sim::bind<&FileSystem::write_done>(this, slot);
  disk_.submit(io);
}

void FileSystem::submit_all(File& file, Cause cause) {
  // In writeback mode no commit waits for data, auto_da_alloc only starts it.
  if (cause == Cause::ordered && config_.data == JournalData::writeback) cause = Cause::sync;
  if (cause == Cause::ordered) {
    for (const std::uint32_t slot : file.writes) {
      WriteInFlight& write = writes_[slot];
      if (!write.done && write.ordered_in == 0) write.ordered_in = journal_.wait_for_data();
    }
  }
  while (file.dirty()) submit_write(file, Flusher::kRequest, cause);
}

void FileSystem::write_done(std::uint64_t slot_word) {
  const auto slot = static_cast<std::uint32_t>(slot_word);
  WriteInFlight& write = writes_[slot];
  write.done = true;
  const Cause cause = write.cause;
  const std::uint64_t ordered_in = write.ordered_in;
  if (write.file.n < 0) {
    free_writes_.push_back(slot);
  } else {
    File& written = file(write.file);
    if ((writes_fail_ > 0 || device_failed()) && write.to > write.from) [[unlikely]] {
      make_ghosts(written, write.from, write.to);
      written.write_failed = true;
      if (device_failed()) ++counters_.device_errors;
    } else if (writes_to_lose_ > 0 && write.to > write.from) [[unlikely]] {
      lose_write(written, write.from, write.to);
    }
    if (write.to > write.from) page_cache_.remove_dirty(number_, write.to - write.from, /*measured=*/true);
    while (!written.writes.empty() && writes_[written.writes.front()].done) {
      const std::uint32_t front = written.writes.front();
      written.writes.pop_front();
      written.done_to = std::max(written.done_to, writes_[front].to);
      free_writes_.push_back(front);
    }
    if (written.writes.empty()) written.done_to = written.submitted_to;  // a failed fsync may have left more
    if (config_.data == JournalData::ordered && written.done_to > written.disk_size) {
      written.disk_size = written.done_to;
      journal_.add_size(written);
    }
  }
  if (ordered_in != 0) journal_.data_done(ordered_in);
  if (cause == Cause::flusher) flusher_.request_done();
  advance_syncs();
}

void FileSystem::write_back_async(FileId id) {
  if (mode_ == Mode::writable && files_[static_cast<std::size_t>(id.n)] != nullptr)
    submit_all(file(id), Cause::sync);
}

sim::Task<Status> FileSystem::sync(FileId id) { return wait(start_sync(id)); }

sim::Task<Status> FileSystem::datasync(FileId id) { return wait(start_sync(id, /*data_only=*/true)); }

sim::Task<Status> FileSystem::sync_names() { return wait(start_names_sync()); }

sim::Task<Status> FileSystem::sync_all() {
  std::vector<std::shared_ptr<SyncOperation>> operations;
  for (const auto& file : files_) {
    if (file != nullptr && file->linked) operations.push_back(start_sync(file->id));
  }
  operations.push_back(start_names_sync());
  return wait_all(std::move(operations));
}

sim::Task<Status> FileSystem::wait(std::shared_ptr<SyncOperation> operation) {
  if (operation->stage != SyncOperation::Stage::finished) co_await operation->finished.wait();
  co_return operation->status;
}

sim::Task<Status> FileSystem::wait_all(std::vector<std::shared_ptr<SyncOperation>> operations) {
  Status worst = Status::ok;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    sim::Task<Status> waiting = wait(operations[i]);
    const Status status = co_await waiting;
    if (status != Status::ok) worst = status;
  }
  co_return worst;
}

std::shared_ptr<FileSystem::SyncOperation> FileSystem::start_sync(FileId id, bool data_only) {
  auto operation = std::make_shared<SyncOperation>();
  if (files_[static_cast<std::size_t>(id.n)] == nullptr) {
    // Removed, and the removal is committed; who has it open still (a flush of several files) finds nothing to write.
    operation->stage = SyncOperation::Stage::finished;
    return operation;
  }
  File& synced = file(id);
  operation->file = id;
  operation->target = synced.size;
  operation->data_only = data_only;
  if (mode_ != Mode::writable) {
    operation->status = mode_ == Mode::read_only ? Status::read_only : Status::io_error;
    operation->stage = SyncOperation::Stage::finished;
    return operation;
  }
  if (synced.fail_next_sync || syncs_to_fail_ > 0) {
    // fsyncgate: the pages are marked clean, the bytes are nowhere, and the error is told once.
    if (!synced.fail_next_sync) --syncs_to_fail_;
    synced.fail_next_sync = false;
    operation->status = Status::io_error;
    ++counters_.failed_syncs;
    if (synced.dirty()) {
      const std::int64_t from = synced.submitted_to;
      make_ghosts(synced, from, synced.size);
      page_cache_.remove_dirty(number_, synced.size - from, /*measured=*/false);
      synced.submitted_to = synced.size;
      if (synced.writes.empty()) synced.done_to = synced.size;
      flusher_.cleaned(synced);
      synced.disk_size = synced.size;
      journal_.add_size(synced);
    }
    operation->stage = SyncOperation::Stage::finished;
    return operation;
  }
  submit_all(synced, Cause::sync);
  advance(*operation);
  if (operation->stage != SyncOperation::Stage::finished) syncs_.push_back(operation);
  return operation;
}

std::shared_ptr<FileSystem::SyncOperation> FileSystem::start_names_sync() {
  auto operation = std::make_shared<SyncOperation>();
  operation->transaction = journal_.names_changed_in();
  if (mode_ != Mode::writable) {
    operation->status = mode_ == Mode::read_only ? Status::read_only : Status::io_error;
    operation->stage = SyncOperation::Stage::finished;
    return operation;
  }
  advance(*operation);
  if (operation->stage != SyncOperation::Stage::finished) syncs_.push_back(operation);
  return operation;
}

void FileSystem::advance(SyncOperation& operation) {
  using Stage = SyncOperation::Stage;
  if (operation.stage == Stage::data) {
    if (operation.file.n >= 0) {
      const File* const synced = files_[static_cast<std::size_t>(operation.file.n)].get();
      const bool gone = synced == nullptr || !synced->linked;
      if (!gone && synced->done_to < operation.target) return;
      if (!gone && synced->write_failed) {
        files_[static_cast<std::size_t>(operation.file.n)]->write_failed = false;
        ++counters_.failed_syncs;
        operation.status = Status::io_error;
        operation.stage = Stage::finished;
        operation.finished.notify_all();
        return;
      }
      // Of a file that was removed meanwhile, the removal is committed.
      operation.transaction = synced == nullptr              ? 0
                              : operation.data_only && !gone ? synced->sized_in
                                                             : synced->changed_in;
    }
    operation.mark = disk_.mark();
    operation.stage = Stage::commit;
    if (operation.transaction > journal_.committed_id()) journal_.request_commit();
  }
  if (operation.stage == Stage::commit) {
    if (operation.transaction > journal_.committed_id()) return;
    operation.stage = Stage::flush;
  }
  if (operation.stage == Stage::flush) {
    const bool flushed = !disk_.is_volatile() || disk_.flushed() >= operation.mark || !disk_.needs_flush();
    if (!flushed) {
      if (latest_flush_ >= operation.mark) return;
      IoRequest flush;
      flush.kind = IoKind::flush;
      flush.done = sim::bind<&FileSystem::flush_done>(this);
      latest_flush_ = disk_.submit(flush);
      return;
    }
    if (device_failed() && disk_.is_volatile()) [[unlikely]] {
      ++counters_.device_errors;
      ++counters_.failed_syncs;
      operation.status = Status::io_error;
    }
    operation.stage = Stage::finished;
    operation.finished.notify_all();
  }
}

void FileSystem::flush_done() { advance_syncs(); }

void FileSystem::advance_syncs() {
  if (syncs_.empty()) return;
  for (const auto& operation : syncs_) advance(*operation);
  std::erase_if(syncs_, [](const auto& o) { return o->stage == SyncOperation::Stage::finished; });
}

void FileSystem::commit_begins(Transaction& transaction) {
  for (const FileId id : transaction.sized) {
    const File& sized = file(id);
    transaction.sizes.push_back({id, sized.disk_size, sized.layer()});
  }
}

void FileSystem::commit_applied(const Transaction& transaction) {
  ++counters_.commits;
  for (const CommittedSize& committed : transaction.sizes) {
    File& sized = file(committed.file);
    sized.committed_size = committed.size;
    sized.committed_layer = committed.layer;
  }
  for (const JournalChange& change : transaction.changes) {
    if (change.kind == UndoneChange::Kind::remove) free_file(change.file);
    if (change.kind == UndoneChange::Kind::rename && change.replaced.n >= 0) free_file(change.replaced);
  }
  discard();
}

void FileSystem::free_file(FileId id) {
  used_.n -= file(id).size;
  for (const Placed& extent : file(id).extents)
    if (extent.owned) allocation_.release(extent.position, extent.position + extent.length);
  drop_blocks(file(id), 0);  // a creation taken back by a crash frees a file that is still in the cache
  files_[static_cast<std::size_t>(id.n)].reset();
}

}  // namespace brokersim::storage
