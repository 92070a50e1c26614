// Sizes, names, truncations, torn and reordered writes: one claim a test.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

void append(Rig& rig, FileId file, std::int64_t length, ContentTag tag) {
  EXPECT_EQ(rig.fs.append(file, {length}, tag), 0_ns);
}

std::vector<ContentTag> tags(const Rig& rig, FileId file) {
  std::vector<ContentTag> result;
  for (const Extent& extent : rig.fs.extents(file)) result.push_back(extent.intact ? extent.tag : kNoTag);
  return result;
}

// Goal: ordered mode: bytes on the medium are not visible before the next commit (5 s).
// Method: write back at 0; panic at 4 s loses them as size_unknown, at 6 s nothing.
TEST(CommittedSize, ShowsWrittenBytesOnlyAfterTheCommit) {
  for (const std::int64_t seconds : {4, 6}) {
    Rig rig;
    const FileId file = rig.fs.create("a");
    rig.sync(file);
    append(rig, file, 5'000, 1);
    rig.fs.write_back_async(file);
    rig.run_for({seconds * 1'000'000'000});
    EXPECT_FALSE(rig.fs.has_dirty(file));
    const CrashReport report = rig.panic();
    if (seconds == 4) {
      EXPECT_EQ(report.lost, (std::vector<LostRange>{{"a", 0_B, 5'000_B, 1, ByteState::size_unknown}}));
      EXPECT_EQ(rig.fs.size(file), 0_B);
    } else {
      EXPECT_TRUE(report.lost.empty());
      EXPECT_EQ(rig.fs.size(file), 5'000_B);
    }
  }
}

// Goal: bytes under write-back are named so. Method: power cut 1 ms into a write of 8 MiB (25 ms).
TEST(InWriteback, IsTheStateOfLostBytesInFlight) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  rig.sync(file);
  append(rig, file, 8 << 20, 1);
  rig.fs.write_back_async(file);
  append(rig, file, 4'096, 2);
  rig.run_for(1_ms);
  const CrashReport report = rig.cut_power();
  EXPECT_EQ(report.lost, (std::vector<LostRange>{{"a", 0_B, 8_MiB, 1, ByteState::in_writeback},
                                                 {"a", 8_MiB, 4_KiB, 2, ByteState::dirty}}));
  EXPECT_EQ(rig.fs.size(file), 0_B) << "ordered: the size never shows bytes that were not written";
}

/// writeback mode: a file of `count` appends whose size is committed while they are in flight or in the cache.
void commit_size_before_data(Rig& rig, FileId file, std::int64_t count, std::int64_t length) {
  for (std::int64_t i = 0; i < count; ++i) append(rig, file, length, static_cast<ContentTag>(i + 1));
  rig.fs.write_back_async(file);
  Outcome committed;
  rig.fs.create("other");
  rig.spawn(sync_directory(&rig, &committed));
  while (!committed.complete && rig.sim.step()) {
  }
}

// Goal: a drive's cache loses a subset, not a suffix. Method: 64 commands in the cache; over 30 seeds most runs lose one
// before another that survives.
TEST(DriveCache, LosesASubsetNotASuffix) {
  int holes = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Rig rig(seed, volatile_nvme(), {.data = JournalData::writeback});
    const FileId file = rig.fs.create("a");
    rig.sync(file);
    commit_size_before_data(rig, file, 64, 128 << 10);
    rig.cut_power();
    const std::vector<ContentTag> survivors = tags(rig, file);
    ASSERT_EQ(survivors.size(), 64u) << "the size was committed";
    const auto first_lost = std::find(survivors.begin(), survivors.end(), kNoTag);
    if (std::any_of(first_lost, survivors.end(), [](ContentTag t) { return t != kNoTag; })) ++holes;
  }
  EXPECT_GE(holes, 29);
}

// Goal: commands are whole or not at all unless torn; torn ones lose single sectors. Method: 32 appends of a sector in
// one command, shorn_write_permille 0 against 1000.
TEST(TornWrite, LosesSectorsOfACommandOnlyIfShorn) {
  for (const int permille : {0, 1'000}) {
    int partial = 0;
    int whole = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      DiskConfig config = volatile_nvme();
      config.shorn_write_permille = permille;
      Rig rig(seed, config, {.data = JournalData::writeback});
      const FileId file = rig.fs.create("a");
      rig.sync(file);
      commit_size_before_data(rig, file, 32, 4'096);
      rig.cut_power();
      const std::vector<ContentTag> survivors = tags(rig, file);
      const auto intact = 32 - std::count(survivors.begin(), survivors.end(), kNoTag);
      (intact == 0 || intact == 32) ? ++whole : ++partial;
    }
    EXPECT_EQ(partial, permille == 0 ? 0 : 40);
    EXPECT_EQ(whole, permille == 0 ? 40 : 0);
  }
}

// Goal: rewriting the tail sector never takes bytes that were durable. Method: 100 durable bytes share a sector with new
// ones that are in the volatile cache when the power goes; 30 seeds.
TEST(TailPage, RewritingKeepsDurableBytes) {
  int kept_new = 0;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Rig rig(seed, volatile_nvme(), {.data = JournalData::writeback});
    const FileId file = rig.fs.create("a");
    append(rig, file, 100, 9);
    rig.sync(file);
    commit_size_before_data(rig, file, 1, 100);
    rig.cut_power();
    const std::vector<Extent> extents = rig.fs.extents(file);
    ASSERT_EQ(extents.size(), 2u);
    EXPECT_TRUE(extents[0].intact);
    if (extents[1].intact) ++kept_new;
  }
  EXPECT_GT(kept_new, 5);
  EXPECT_LT(kept_new, 25);
}

// Goal: an append cut by the committed size is there but not intact. Method: writeback mode, one append of 10 MiB is
// written in requests of 4 MiB; its size is committed with all of it, data of the last request are still queued.
TEST(CommittedSize, QueuedRequestsAreZerosInWritebackMode) {
  Rig rig(1, protected_nvme(), {.data = JournalData::writeback});
  const FileId file = rig.fs.create("a");
  rig.sync(file);
  append(rig, file, 10 << 20, 1);
  rig.fs.write_back_async(file);
  rig.fs.create("b");
  rig.run_for(6_s);
  EXPECT_TRUE(rig.panic().lost.empty()) << "all written and committed by now";
  append(rig, file, 10 << 20, 2);
  rig.fs.write_back_async(file);
  rig.run_for(1_ms);
  const CrashReport report = rig.cut_power();
  ASSERT_EQ(report.lost.size(), 1u);
  EXPECT_EQ(report.lost[0].state, ByteState::in_writeback);
  EXPECT_EQ(rig.fs.size(file), 10_MiB) << "no commit since";
}

// Goal: a truncation is taken back until it is committed. Method: three durable appends, cut to one, append another;
// panic before and after an fsync.
TEST(Truncation, IsUndoneUntilCommitted) {
  for (const bool synced : {false, true}) {
    Rig rig;
    const FileId file = rig.fs.create("a");
    for (ContentTag tag = 1; tag <= 3; ++tag) append(rig, file, 1'000, tag);
    rig.sync(file);
    rig.fs.truncate(file, 1'000_B);
    append(rig, file, 500, 4);
    EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, 4}));
    if (synced) rig.sync(file);
    const CrashReport report = rig.panic();
    if (synced) {
      EXPECT_TRUE(report.lost.empty());
      EXPECT_TRUE(report.undone.empty());
      EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, 4}));
      EXPECT_EQ(rig.fs.size(file), 1'500_B);
    } else {
      EXPECT_EQ(report.lost, (std::vector<LostRange>{{"a", 1'000_B, 500_B, 4, ByteState::dirty}}));
      EXPECT_EQ(report.undone, (std::vector<UndoneChange>{{UndoneChange::Kind::truncate, "a"}}));
      EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, 2, 3}));
      EXPECT_EQ(rig.fs.size(file), 3'000_B);
    }
  }
}

// Goal: a truncation that cuts an append in two leaves it not intact, and undone whole again.
TEST(Truncation, InTheMiddleOfAnAppend) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  append(rig, file, 1'000, 1);
  append(rig, file, 1'000, 2);
  rig.sync(file);
  rig.fs.truncate(file, 1'300_B);
  EXPECT_EQ(rig.fs.extents(file), (std::vector<Extent>{{0_B, 1'000_B, 1, true}, {1'000_B, 300_B, 2, false}}));
  rig.panic();
  EXPECT_EQ(rig.fs.extents(file),
            (std::vector<Extent>{{0_B, 1'000_B, 1, true}, {1'000_B, 1'000_B, 2, true}}));
}

// Goal: dirty bytes that were truncated do not come back. Method: truncate dirty ones, then panic.
TEST(Truncation, OfDirtyBytesBringsNothingBack) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  append(rig, file, 1'000, 1);
  rig.sync(file);
  append(rig, file, 1'000, 2);
  EXPECT_EQ(rig.cache.dirty(), 1'000_B);
  rig.fs.truncate(file, 1'000_B);
  EXPECT_EQ(rig.cache.dirty(), 0_B);
  EXPECT_TRUE(rig.panic().lost.empty());
  EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1}));
}

// Goal: create, rename and remove are taken back, newest first. Method: one of each after the last commit.
TEST(Names, ChangesSinceTheLastCommitAreUndone) {
  Rig rig;
  const FileId a = rig.fs.create("a");
  const FileId b = rig.fs.create("b");
  const FileId victim = rig.fs.create("victim");
  append(rig, a, 10, 1);
  append(rig, b, 20, 2);
  append(rig, victim, 30, 3);
  for (const FileId file : {a, b, victim}) rig.sync(file);
  EXPECT_TRUE(rig.fs.remove("a"));
  EXPECT_TRUE(rig.fs.rename("b", "victim"));
  const FileId c = rig.fs.create("c");
  append(rig, c, 40, 4);
  EXPECT_EQ(rig.fs.list(""), (std::vector<std::string>{"c", "victim"}));
  const CrashReport report = rig.panic();
  using Kind = UndoneChange::Kind;
  EXPECT_EQ(report.undone,
            (std::vector<UndoneChange>{{Kind::create, "c"}, {Kind::rename, "b"}, {Kind::remove, "a"}}));
  EXPECT_EQ(report.lost, (std::vector<LostRange>{{"c", 0_B, 40_B, 4, ByteState::dirty}}));
  EXPECT_EQ(rig.fs.list(""), (std::vector<std::string>{"a", "b", "victim"}));
  EXPECT_EQ(tags(rig, a), (std::vector<ContentTag>{1}));
  EXPECT_EQ(tags(rig, b), (std::vector<ContentTag>{2}));
  EXPECT_EQ(tags(rig, *rig.fs.find("victim")), (std::vector<ContentTag>{3}));
  EXPECT_EQ(rig.fs.find("victim"), victim);
}

// Goal: without an fsync names are durable with the periodic commit. Method: panic at 4.9 s and at 5.1 s.
TEST(Names, AreDurableWithThePeriodicCommit) {
  for (const bool late : {false, true}) {
    Rig rig;
    rig.fs.create("a");
    rig.run_for(late ? 5'100_ms : 4'900_ms);
    rig.panic();
    EXPECT_EQ(rig.fs.find("a").has_value(), late);
  }
}

// Goal: remove_durably survives, plain remove need not. Method: power loss right after.
TEST(Names, RemoveDurably) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  append(rig, file, 10, 1);
  rig.sync(file);
  Outcome outcome;
  rig.spawn(remove_file_durably(&rig, "a", &outcome));
  rig.run_for(100_ms);
  EXPECT_TRUE(outcome.complete);
  rig.cut_power();
  EXPECT_FALSE(rig.fs.find("a").has_value());
  EXPECT_EQ(rig.fs.available(), rig.disk.config().capacity);
  Outcome again;
  rig.spawn(remove_file_durably(&rig, "a", &again));
  rig.run_for(1_ms);
  EXPECT_EQ(again.status, Status::no_file);
}

// Goal: replace is old or new at every instant, new once complete. Method: power cuts every 50 us through it, on a drive
// with a volatile cache, both journal modes.
TEST(WholeFile, ReplaceIsOldOrNewAtEveryInstant) {
  for (const JournalData mode : {JournalData::ordered, JournalData::writeback}) {
    std::set<std::string> seen;
    bool completed = false;
    for (std::int64_t us = 0; !completed; us += 50) {
      Rig rig(static_cast<std::uint64_t>(us) + 1, volatile_nvme(), {.data = mode});
      Outcome first;
      rig.spawn(replace_file(&rig, "checkpoint", "old content", &first));
      rig.run_for(1_s);
      ASSERT_TRUE(first.complete);
      Outcome second;
      rig.spawn(replace_file(&rig, "checkpoint", "new", &second));
      rig.run_for({us * 1'000});
      completed = second.complete;
      rig.cut_power();
      const auto content = rig.fs.read_whole("checkpoint");
      ASSERT_TRUE(content.has_value());
      seen.insert(*content);
      if (completed) {
        EXPECT_EQ(*content, "new");
      }
      ASSERT_LT(us, 100'000) << "replace takes too long";
    }
    EXPECT_EQ(seen, (std::set<std::string>{"old content", "new"}));
  }
}

// Goal: auto_da_alloc: an unsynced replacement of an existing file is old or new in ordered mode, and new after the next
// commit. Method: panic at several times.
TEST(WholeFile, UnsyncedReplacementOfAnExistingFile) {
  for (const std::int64_t ms : {0, 1, 1'000, 4'999, 5'000, 5'001, 6'000}) {
    Rig rig;
    Outcome first;
    rig.spawn(replace_file(&rig, "checkpoint", "old", &first));
    rig.run_for(1_s);
    rig.fs.replace_unsynced("checkpoint", "new content");
    EXPECT_EQ(rig.fs.read_whole("checkpoint"), "new content");
    rig.run_for({ms * 1'000'000});
    rig.panic();
    const auto content = rig.fs.read_whole("checkpoint");
    ASSERT_TRUE(content.has_value());
    if (ms < 4'000) {
      EXPECT_EQ(*content, "old");
    }
    if (ms > 5'001) {
      EXPECT_EQ(*content, "new content");
    }
    EXPECT_TRUE(*content == "old" || *content == "new content") << *content;
  }
}

// Goal: without a file to replace there is no auto_da_alloc: the name can be durable before its content (zero length).
// Method: panic 10 s after the write: the commit at 5 s had the name, write-back would come at 30 s.
TEST(WholeFile, UnsyncedCreationMayBeEmpty) {
  Rig rig;
  rig.fs.replace_unsynced("checkpoint", "content");
  rig.run_for(10_s);
  rig.panic();
  EXPECT_EQ(rig.fs.read_whole("checkpoint"), "");
  rig.fs.replace_unsynced("marker", "content");
  rig.run_for(41_s);
  rig.panic();
  EXPECT_EQ(rig.fs.read_whole("marker"), "content");
}

// Goal: an fsync in progress at the crash completes for nobody. Method: cut the power 10 us into it.
TEST(Fsync, InProgressAtTheCrashNeverCompletes) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  append(rig, file, 1 << 20, 1);
  Outcome outcome;
  rig.spawn(sync_file(&rig, file, &outcome));
  rig.run_for(10_us);
  rig.cut_power();
  rig.run_for(60_s);
  EXPECT_FALSE(outcome.complete);
  EXPECT_EQ(rig.sim.pending_events(), 0u);
  EXPECT_EQ(rig.disk.in_flight(), 0u);
}

// Goal: a killed process's fsync goes on in the kernel. Method: kill it 10 us in; power loss 1 s later keeps the bytes.
TEST(Fsync, OfAKilledProcessGoesOn) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  append(rig, file, 1 << 20, 1);
  Outcome outcome;
  rig.spawn(sync_file(&rig, file, &outcome));
  rig.run_for(10_us);
  rig.kill_process();
  rig.run_for(1_s);
  EXPECT_FALSE(outcome.complete);
  EXPECT_TRUE(rig.cut_power().lost.empty());
  EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1}));
}

// Goal: fsyncgate (D5). Method: a failed fsync says so once; the bytes are readable, clean, and gone after a crash, while
// later synced ones survive.
TEST(Fsync, FailsOnceAndLosesTheBytes) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  append(rig, file, 4'096, 1);
  rig.sync(file);
  append(rig, file, 4'096, 2);
  rig.fs.fail_next_sync(file);
  Outcome failed;
  rig.spawn(sync_file(&rig, file, &failed));
  rig.run_for(1_ms);
  EXPECT_EQ(failed.status, Status::io_error);
  EXPECT_EQ(rig.cache.dirty(), 0_B);
  EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, 2})) << "the cache still has them";
  append(rig, file, 4'096, 3);
  Outcome succeeded;
  rig.spawn(sync_file(&rig, file, &succeeded));
  rig.run_for(1_s);
  EXPECT_TRUE(succeeded.complete);
  EXPECT_EQ(succeeded.status, Status::ok);
  const CrashReport report = rig.cut_power();
  EXPECT_EQ(report.lost, (std::vector<LostRange>{{"a", 4'096_B, 4'096_B, 2, ByteState::in_writeback}}));
  EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, kNoTag, 3}));
}

// Goal: a drive that lies about flushes (D11) loses synced bytes with the power, not with a panic. Method: 40 seeds.
TEST(Fsync, OnALyingDriveIsNotDurable) {
  DiskConfig config = volatile_nvme();
  config.flush_lies = true;
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rig rig(seed, config);
    const FileId file = rig.fs.create("a");
    append(rig, file, 4'096, 1);
    rig.sync(file);
    const bool power = seed % 2 == 0;
    const CrashReport report = power ? rig.cut_power() : rig.panic();
    if (power && !report.lost.empty()) {
      ++lost;
      EXPECT_EQ(report.lost[0].state, ByteState::drive_cache);
      EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{kNoTag})) << "zeros under a committed size";
    } else {
      EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1}));
    }
  }
  EXPECT_GT(lost, 3);
  EXPECT_LT(lost, 17);
}

// Goal: bit rot and silent truncation (D8, D9) change what is read and survive crashes.
TEST(Rot, MakesExtentsNotIntactAndTruncatesSilently) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  for (ContentTag tag = 1; tag <= 3; ++tag) append(rig, file, 1'000, tag);
  rig.sync(file);
  rig.fs.corrupt(file, 1'500_B, 1_B);
  EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, kNoTag, 3}));
  rig.fs.truncate_silently(file, 2'000_B);
  const CrashReport report = rig.cut_power();
  EXPECT_TRUE(report.lost.empty());
  EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, kNoTag}));
}

// Goal: an image lives through several crashes. Method: append, sync, append, power loss, five times.
TEST(Crash, RepeatedlyKeepsEverySyncedAppend) {
  Rig rig(3, volatile_nvme());
  const FileId file = rig.fs.create("a");
  for (ContentTag round = 1; round <= 5; ++round) {
    append(rig, file, 3'000, round);
    rig.sync(file);
    append(rig, file, 3'000, 1'000 + round);
    const CrashReport report = rig.cut_power();
    ASSERT_EQ(report.lost.size(), 1u);
    EXPECT_EQ(report.lost[0].tag, 1'000 + round);
    EXPECT_EQ(tags(rig, file).size(), round);
    EXPECT_EQ(rig.cache.dirty(), 0_B);
    EXPECT_EQ(rig.cache.cached(), 0_B);
  }
  EXPECT_EQ(tags(rig, file), (std::vector<ContentTag>{1, 2, 3, 4, 5}));
}

// Goal: addressed randomness: which bytes of one file survive does not depend on another file. Method: the same crash
// with and without a second file written.
TEST(Crash, DrawsOfOneFileDoNotDependOnAnother) {
  std::vector<std::vector<ContentTag>> survivors;
  for (const bool with_other : {false, true}) {
    Rig rig(5, volatile_nvme(), {.data = JournalData::writeback});
    const FileId file = rig.fs.create("a");
    rig.sync(file);
    if (with_other) {
      const FileId other = rig.fs.create("z");
      append(rig, other, 1 << 20, 77);
      rig.fs.write_back_async(other);
      rig.run_for(1_s);
    }
    commit_size_before_data(rig, file, 64, 128 << 10);
    rig.cut_power();
    survivors.push_back(tags(rig, file));
  }
  EXPECT_EQ(survivors[0], survivors[1]);
  EXPECT_NE(std::count(survivors[0].begin(), survivors[0].end(), kNoTag), 0);
}

}  // namespace
}  // namespace brokersim::storage
