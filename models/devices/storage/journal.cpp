#include "models/devices/storage/journal.h"

#include <utility>

#include "models/devices/storage/file_system.h"
#include "sim/check.h"

namespace brokersim::storage {

namespace {
constexpr std::int64_t kBlockSize = 4'096;
constexpr std::int64_t kInodesPerBlock = 16;      // ext4: 256-byte inodes
constexpr std::int64_t kJournalSize = 128 << 20;  // mke2fs default for small to middle disks
}  // namespace

Journal::Journal(FileSystem& file_system, Disk& disk, sim::Duration commit_interval)
    : file_system_(file_system), disk_(disk), commit_interval_(commit_interval) {
  SIM_CHECK(commit_interval.ns > 0);
}

void Journal::touch() {
  if (!running_.empty()) return;
  timer_ = file_system_.after(commit_interval_, "journal.due", sim::bind<&Journal::commit_due>(this));
}

void Journal::add(JournalChange change) {
  touch();
  running_.changes.push_back(std::move(change));
  names_changed_in_ = running_.id;
}

void Journal::add_size(File& file) {
  file.changed_in = running_.id;
  if (file.sized_in == running_.id) return;
  touch();
  file.sized_in = running_.id;
  running_.sized.push_back(file.id);
}

std::uint64_t Journal::wait_for_data() {
  ++running_.waits_for_data;
  return running_.id;
}

void Journal::data_done(std::uint64_t transaction) {
  SIM_CHECK(transaction == running_.id, "a commit began before its ordered data were written");
  SIM_CHECK(running_.waits_for_data > 0);
  if (--running_.waits_for_data == 0 && commit_wanted_) request_commit();
}

void Journal::request_commit() {
  if (running_.empty()) return;
  commit_wanted_ = true;
  if (committing_now_ || running_.waits_for_data > 0) return;
  begin_commit();
}

void Journal::commit_due() { request_commit(); }

void Journal::begin_commit() {
  file_system_.cancel(timer_);
  commit_wanted_ = false;
  committing_now_ = true;
  const std::uint64_t id = running_.id;
  committing_ = std::exchange(running_, {});
  running_.id = id + 1;
  file_system_.commit_begins(committing_);
  // Descriptor, commit block, the inode table blocks and about a directory block for each change of names.
  const auto inodes = static_cast<std::int64_t>(committing_.sized.size());
  const auto changes = static_cast<std::int64_t>(committing_.changes.size());
  const std::int64_t blocks = 2 + (inodes + changes + kInodesPerBlock - 1) / kInodesPerBlock + changes;
  IoRequest commit;
  commit.kind = IoKind::barrier;
  commit.length = {blocks * kBlockSize};
  if (cursor_ + commit.length.n > kJournalSize) cursor_ = 0;
  commit.position = {disk_.config().capacity.n / 2 + cursor_};  // the middle of the disk, as mke2fs places it
  cursor_ += commit.length.n;
  commit.done = sim::bind<&Journal::commit_done>(this);
  disk_.submit(commit);
}

void Journal::commit_done() {
  if (fail_next_ || file_system_.device_failed()) {
    if (file_system_.device_failed()) ++file_system_.counters_.device_errors;
    // The transaction stays as it is, unfinished: a crash takes it back.
    file_system_.journal_failed();
    return;
  }
  committing_now_ = false;
  committed_id_ = committing_.id;
  const Transaction done = std::exchange(committing_, {});
  file_system_.commit_applied(done);
  if (commit_wanted_) request_commit();
  file_system_.advance_syncs();
}

Journal::Unfinished Journal::crash() {
  file_system_.cancel(timer_);
  Unfinished result;
  result.committing = committing_now_;
  result.first = std::exchange(committing_, {});
  const std::uint64_t id = running_.id;
  result.second = std::exchange(running_, {});
  running_.id = id + 1;
  committed_id_ = id;
  names_changed_in_ = 0;
  committing_now_ = false;
  commit_wanted_ = false;
  fail_next_ = false;
  return result;
}

}  // namespace brokersim::storage
