// Full disks, failing fsyncs, unreadable sectors, journals that cannot be written.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

FileSystemConfig ext4() { return {}; }
FileSystemConfig xfs() {
  FileSystemConfig config;
  config.kind = FileSystemKind::xfs;
  return config;
}

Outcome sync(Rig& rig, FileId file) {
  Outcome outcome;
  rig.spawn(sync_file(&rig, file, &outcome));
  rig.run_for(1_s);
  EXPECT_TRUE(outcome.complete);
  return outcome;
}

FileId synced_file(Rig& rig, const char* name, sim::Bytes length) {
  const FileId file = rig.fs.create(name);
  EXPECT_EQ(rig.fs.append(file, length, 1), 0_ns);
  EXPECT_EQ(sync(rig, file).status, Status::ok);
  return file;
}

sim::Task<void> read_status(Rig* rig, FileId file, sim::Bytes offset, sim::Bytes length, Outcome* outcome) {
  outcome->status = co_await rig->fs.read(file, offset, length);
  outcome->complete = true;
}

Status read(Rig& rig, FileId file, sim::Bytes offset, sim::Bytes length) {
  Outcome outcome;
  rig.spawn(read_status(&rig, file, offset, length, &outcome));
  rig.run_for(1_s);
  EXPECT_TRUE(outcome.complete);
  return outcome.status;
}

// --- Disk full (D7) --------------------------------------------------------------------------------------------

// Goal: a write that does not fit is cut short, and the next takes nothing; removing a file makes room once that is
// committed. Method: a disk of 1 MiB.
TEST(DiskFull, CutsAWriteShortAndThenRefuses) {
  DiskConfig disk;
  disk.capacity = 1_MiB;
  Rig rig(1, disk);
  const FileId old = synced_file(rig, "old", 512_KiB);
  const FileId file = rig.fs.create("a");
  EXPECT_EQ(rig.fs.write(file, 400_KiB, 7).status, Status::ok);
  const WriteResult cut = rig.fs.write(file, 200_KiB, 8);
  EXPECT_EQ(cut.status, Status::no_space);
  EXPECT_EQ(cut.written, 112_KiB);
  EXPECT_EQ(rig.fs.available(), 0_B);
  const WriteResult refused = rig.fs.write(file, 1_B, 9);
  EXPECT_EQ(refused.status, Status::no_space);
  EXPECT_EQ(refused.written, 0_B);
  EXPECT_EQ(rig.fs.extents(file),
            (std::vector<Extent>{{0_B, 400_KiB, 7, true}, {400_KiB, 112_KiB, 8, false}}));
  EXPECT_EQ(rig.fs.counters().failed_writes, 2);
  EXPECT_TRUE(rig.fs.remove(rig.fs.name(old)));
  Outcome outcome;
  rig.spawn(sync_directory(&rig, &outcome));
  rig.run_for(1_s);
  EXPECT_EQ(rig.fs.available(), 512_KiB);
  EXPECT_EQ(rig.fs.write(file, 1_KiB, 10).status, Status::ok);
}

// Goal: somebody else's huge file takes the room and gives it back. Method: all but 10 KiB reserved.
TEST(DiskFull, OthersMayTakeTheRoom) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  rig.fs.reserve(rig.disk.config().capacity - 10_KiB);
  EXPECT_EQ(rig.fs.write(file, 10_KiB, 1).status, Status::ok);
  EXPECT_EQ(rig.fs.write(file, 1_B, 2).status, Status::no_space);
  rig.fs.reserve(0_B);
  EXPECT_EQ(rig.fs.write(file, 1_B, 2).status, Status::ok);
}

// --- fsyncgate (D5) --------------------------------------------------------------------------------------------

// Goal: after a failed fsync the bytes are clean, readable, and nowhere: the next fsync succeeds and the bytes are gone
// once their pages are. Method: fail one, sync again, evict, read.
TEST(FailedSync, TellsOnceAndTheBytesGoWithTheirPages) {
  Rig rig;
  const FileId file = synced_file(rig, "a", 8_KiB);
  EXPECT_EQ(rig.fs.append(file, 8_KiB, 2), 0_ns);
  rig.fs.fail_next_sync(file);
  EXPECT_EQ(sync(rig, file).status, Status::io_error);
  EXPECT_FALSE(rig.fs.has_dirty(file));
  EXPECT_EQ(sync(rig, file).status, Status::ok) << "the second one lies";
  EXPECT_TRUE(rig.fs.extent_at(file, 8_KiB).intact) << "still in the cache";
  EXPECT_EQ(rig.fs.counters().ghost_bytes, 8 << 10);
  EXPECT_EQ(rig.fs.counters().failed_syncs, 1);
  static_cast<void>(rig.cache.drop_clean());
  EXPECT_FALSE(rig.fs.extent_at(file, 8_KiB).intact) << "what the disk has";
  EXPECT_TRUE(rig.fs.extent_at(file, 0_B).intact);
}

// Goal: a process that dies and starts again still sees the new bytes; after a power loss they are gone.
TEST(FailedSync, SurvivesAProcessButNotThePower) {
  Rig rig;
  const FileId file = synced_file(rig, "a", 8_KiB);
  EXPECT_EQ(rig.fs.append(file, 8_KiB, 2), 0_ns);
  rig.fs.fail_syncs(1);
  EXPECT_EQ(sync(rig, file).status, Status::io_error);
  rig.kill_process();
  EXPECT_TRUE(rig.fs.extent_at(file, 8_KiB).intact);
  const CrashReport report = rig.cut_power();
  ASSERT_EQ(report.lost.size(), 1u);
  EXPECT_EQ(report.lost[0].tag, 2u);
  EXPECT_TRUE(rig.fs.extent_at(file, 0_B).intact);
}

// Goal: the n next fsyncs of the file system fail, no other. Method: 2 of 4 on two files.
TEST(FailedSync, CountsDown) {
  Rig rig;
  const FileId a = synced_file(rig, "a", 1_KiB);
  const FileId b = synced_file(rig, "b", 1_KiB);
  rig.fs.fail_syncs(2);
  EXPECT_EQ(sync(rig, a).status, Status::io_error);
  EXPECT_EQ(sync(rig, b).status, Status::io_error);
  EXPECT_EQ(sync(rig, a).status, Status::ok);
  EXPECT_EQ(sync(rig, b).status, Status::ok);
}

// Goal: an error that the flusher meets is told to the next fsync, once. Method: writes fail while the flusher works; when
// they work again, the first fsync fails and the second does not.
TEST(FailedWrite, OfTheFlusherIsToldToTheNextSync) {
  Rig rig;
  const FileId file = synced_file(rig, "a", 1_KiB);
  EXPECT_EQ(rig.fs.append(file, 4_KiB, 2), 0_ns);
  rig.fs.fail_writes(true);
  rig.run_for(40_s);
  EXPECT_FALSE(rig.fs.has_dirty(file)) << "marked clean";
  rig.fs.fail_writes(false);
  EXPECT_EQ(sync(rig, file).status, Status::io_error);
  EXPECT_EQ(sync(rig, file).status, Status::ok);
  rig.panic();
  EXPECT_FALSE(rig.fs.size(file) == 5_KiB && rig.fs.extent_at(file, 1_KiB).intact);
}

// Goal: Linux 4.13 to 4.15 tell an unseen error to nobody who opens the file later; older and newer ones do. Method: the
// flusher meets an error, then the file is opened anew.
TEST(FailedWrite, IsForgottenByALaterOpenOnSomeKernels) {
  for (const UnseenErrors kernel : {UnseenErrors::kept, UnseenErrors::lost_on_open}) {
    FileSystemConfig config;
    config.unseen_errors = kernel;
    Rig rig(1, {}, config);
    const FileId file = synced_file(rig, "a", 1_KiB);
    EXPECT_EQ(rig.fs.append(file, 4_KiB, 2), 0_ns);
    rig.fs.fail_writes(true);
    rig.run_for(40_s);
    rig.fs.fail_writes(false);
    rig.kill_process();
    EXPECT_EQ(rig.fs.open("a"), file);
    EXPECT_EQ(sync(rig, file).status, kernel == UnseenErrors::kept ? Status::io_error : Status::ok);
  }
}

// --- Unreadable sectors (D6) -----------------------------------------------------------------------------------

// Goal: a latent error is met only by a read from the disk, again and again, and only where it is. Method: one page of a
// file of 1 MiB.
TEST(Unreadable, FailsReadsOfThatPageOnly) {
  Rig rig;
  const FileId file = synced_file(rig, "a", 1_MiB);
  rig.fs.make_unreadable(file, 300_KiB, 1_B);
  EXPECT_EQ(read(rig, file, 0_B, 1_MiB), Status::ok) << "cached";
  static_cast<void>(rig.cache.drop_clean());
  EXPECT_EQ(read(rig, file, 0_B, 300_KiB), Status::ok);
  EXPECT_EQ(read(rig, file, 300_KiB, 4_KiB), Status::io_error);
  EXPECT_EQ(read(rig, file, 300_KiB, 4_KiB), Status::io_error) << "stays";
  EXPECT_EQ(read(rig, file, 304_KiB, 700_KiB), Status::ok);
  EXPECT_EQ(read(rig, file, 0_B, 1_MiB), Status::io_error);
  EXPECT_GE(rig.fs.counters().unreadable_pages, 3);
}

// --- A journal that cannot be written --------------------------------------------------------------------------

// Goal: ext4 turns read-only (errors=remount-ro): writes fail, reads work; nothing after the last good commit survives.
TEST(FailedJournal, Ext4TurnsReadOnly) {
  Rig rig(1, {}, ext4());
  const FileId file = synced_file(rig, "a", 8_KiB);
  EXPECT_EQ(rig.fs.append(file, 8_KiB, 2), 0_ns);
  rig.fs.fail_journal();
  EXPECT_EQ(sync(rig, file).status, Status::io_error);
  EXPECT_EQ(rig.fs.mode(), Mode::read_only);
  EXPECT_EQ(rig.fs.write(file, 1_KiB, 3).status, Status::read_only);
  EXPECT_EQ(sync(rig, file).status, Status::read_only);
  static_cast<void>(rig.cache.drop_clean());
  EXPECT_EQ(read(rig, file, 0_B, 8_KiB), Status::ok);
  rig.run_for(100_s);
  rig.panic();
  EXPECT_EQ(rig.fs.size(file), 8_KiB);
  EXPECT_EQ(rig.fs.mode(), Mode::writable) << "checked and mounted again";
  EXPECT_EQ(rig.fs.write(file, 1_KiB, 4).status, Status::ok);
  EXPECT_EQ(sync(rig, file).status, Status::ok);
}

// Goal: XFS shuts down: reads fail, too.
TEST(FailedJournal, XfsShutsDown) {
  Rig rig(1, {}, xfs());
  const FileId file = synced_file(rig, "a", 8_KiB);
  EXPECT_EQ(rig.fs.append(file, 8_KiB, 2), 0_ns);
  rig.fs.fail_journal();
  EXPECT_EQ(sync(rig, file).status, Status::io_error);
  EXPECT_EQ(rig.fs.mode(), Mode::shut_down);
  EXPECT_EQ(rig.fs.write(file, 1_KiB, 3).status, Status::io_error);
  EXPECT_EQ(read(rig, file, 0_B, 8_KiB), Status::io_error);
}

// --- ext4 and XFS ----------------------------------------------------------------------------------------------

// Goal: replacing a file without fsync: ext4 commits the rename after the new bytes (auto_da_alloc), XFS may commit it before,
// and a crash leaves an empty file: new name, no data. Method: rename, commit by an fsync elsewhere, panic.
TEST(RenameWithoutSync, IsOldOrNewOnExt4AndEmptyOnXfs) {
  for (const FileSystemKind kind : {FileSystemKind::ext4, FileSystemKind::xfs}) {
    FileSystemConfig config;
    config.kind = kind;
    Rig rig(1, {}, config);
    rig.fs.replace_unsynced("checkpoint", "old");
    Outcome outcome;
    rig.spawn(sync_everything(&rig, &outcome));
    rig.run_for(1_s);
    rig.fs.replace_unsynced("checkpoint", "new");
    synced_file(rig, "other", 4_KiB);
    rig.panic();
    EXPECT_EQ(rig.fs.read_whole("checkpoint"), kind == FileSystemKind::ext4 ? "new" : "");
  }
}

// Goal: fdatasync commits only if the size changed since the last commit. Method: after a rename fsync costs a commit and
// fdatasync nothing; after an append both do.
TEST(DataSync, CommitsOnlySizes) {
  Rig rig;
  synced_file(rig, "a", 8_KiB);
  EXPECT_TRUE(rig.fs.rename("a", "b"));
  const FileId file = *rig.fs.find("b");
  const std::int64_t commits = rig.fs.counters().commits;
  Outcome outcome;
  rig.spawn(datasync_file(&rig, file, &outcome));
  rig.run_for(1_s);
  EXPECT_TRUE(outcome.complete);
  EXPECT_EQ(rig.fs.counters().commits, commits);
  EXPECT_EQ(sync(rig, file).status, Status::ok);
  EXPECT_EQ(rig.fs.counters().commits, commits + 1);
  EXPECT_EQ(rig.fs.append(file, 1_KiB, 2), 0_ns);
  outcome = {};
  rig.spawn(datasync_file(&rig, file, &outcome));
  rig.run_for(1_s);
  EXPECT_TRUE(outcome.complete);
  EXPECT_EQ(rig.fs.counters().commits, commits + 2);
}

// Goal: k concurrent fsyncs take 1.5 commits on average, whatever k is (3.6): one server with batch service. Method: the
// first starts a commit, the others come while it is under way and share the second one.
TEST(GroupCommit, SharesCommitsWhateverTheNumber) {
  for (const int k : {2, 16, 128}) {
    Rig rig(1, plain_hdd());
    for (int i = 0; i < k; ++i) synced_file(rig, ("f" + std::to_string(i)).c_str(), 1_KiB);
    std::vector<Outcome> outcomes(static_cast<std::size_t>(k));
    const std::int64_t commits = rig.fs.counters().commits;
    const sim::SimTime begin = rig.sim.now();
    for (int i = 0; i < k; ++i) {
      EXPECT_TRUE(rig.fs.rename("f" + std::to_string(i), "g" + std::to_string(i)));
      rig.spawn(
          sync_file(&rig, *rig.fs.find("g" + std::to_string(i)), &outcomes[static_cast<std::size_t>(i)]));
      rig.run_for(1_us);
    }
    rig.run_for(1_s);
    EXPECT_EQ(rig.fs.counters().commits - commits, 2) << k;
    const sim::Duration first = outcomes[0].at - begin;
    for (std::size_t i = 1; i < outcomes.size(); ++i) {
      ASSERT_TRUE(outcomes[i].complete);
      EXPECT_EQ(outcomes[i].at, outcomes[1].at) << "together";
    }
    EXPECT_GT(first, 0_ns);
    EXPECT_LT(outcomes[1].at - begin, first + 40_ms) << "one commit more, on a disk that has to seek";
  }
}

}  // namespace
}  // namespace brokersim::storage
