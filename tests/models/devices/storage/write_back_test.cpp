// When dirty bytes move: the flusher, throttling, fsync, and what an idle host costs.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

void append(Rig& rig, FileId file, std::int64_t length, ContentTag tag) {
  EXPECT_EQ(rig.fs.append(file, {length}, tag), 0_ns);
}

// Goal: a dirty byte waits 30 to 35 s (wakes every 5 s, expires after 30 s). Method: first write at 1 s, so wakes at 6, 11,
// ... 31 s; a second file dirtied at 3 s is due at 33 s and written at 36 s.
TEST(Flusher, WritesBackAfterThirtyToThirtyFiveSeconds) {
  Rig rig;
  const FileId a = rig.fs.create("a");
  const FileId b = rig.fs.create("b");
  rig.run_for(1_s);
  append(rig, a, 4'096, 1);
  rig.run_for(2_s);
  append(rig, b, 4'096, 2);
  rig.sim.run_until({30'999'999'999});
  EXPECT_TRUE(rig.fs.has_dirty(a));
  rig.sim.run_until({31'001'000'000});
  EXPECT_FALSE(rig.fs.has_dirty(a)) << "30 s old at the wake of 31 s";
  EXPECT_TRUE(rig.fs.has_dirty(b));
  rig.sim.run_until({35'999'999'999});
  EXPECT_TRUE(rig.fs.has_dirty(b));
  rig.sim.run_until({36'001'000'000});
  EXPECT_FALSE(rig.fs.has_dirty(b));
  EXPECT_EQ(rig.cache.dirty(), 0_B);
}

// Goal: who has a removed file open still may sync it; its pages went with it and are counted once. Method: 8 KiB of a file that
// is removed, 4 KiB of another one; the first is synced after its removal.
TEST(Flusher, AnFsyncOfARemovedFileWritesNothing) {
  Rig rig;
  const FileId gone = rig.fs.create("gone");
  const FileId kept = rig.fs.create("kept");
  append(rig, gone, 8'192, 1);
  append(rig, kept, 4'096, 2);
  EXPECT_TRUE(rig.fs.remove("gone"));
  EXPECT_EQ(rig.cache.dirty(), 4'096_B);
  rig.fs.write_back_async(gone);
  EXPECT_EQ(rig.disk.counters().writes, 0);
  rig.run_for(10_ms);
  EXPECT_EQ(rig.cache.dirty(), 4'096_B);
  EXPECT_TRUE(rig.fs.has_dirty(kept));
  // When the journal has committed the removal, the inode is gone, too.
  rig.run_for(6_s);
  rig.fs.write_back_async(gone);
  EXPECT_EQ(rig.sync(gone), 0_ns);
  EXPECT_TRUE(rig.fs.has_dirty(kept));
}

// Goal: appends cost no event and an idle host none at all. Method: 100,000 appends; then let everything settle.
TEST(Flusher, AppendsAndIdlenessCostNoEvents) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  rig.sync(file);
  const std::uint64_t before = rig.sim.fingerprint().events();
  for (ContentTag tag = 1; tag <= 100'000; ++tag) append(rig, file, 6'800, tag);
  EXPECT_EQ(rig.sim.pending_events(), 1u) << "one wake of the flusher for all of them";
  rig.run_for(60_s);
  const std::uint64_t events = rig.sim.fingerprint().events() - before;
  // 680 MB in requests of 4 MiB: 163 completions; 7 wakes; one commit (timer and completion).
  EXPECT_LE(events, 163u + 7u + 2u);
  EXPECT_EQ(rig.cache.dirty(), 0_B);
  EXPECT_EQ(rig.sim.pending_events(), 0u);
  rig.run_for(3'600_s);
  EXPECT_EQ(rig.sim.fingerprint().events() - before, events) << "idle";
}

// Goal: nothing costs more because more is stored. Method: ten times the same 4 GiB of appends, reads of the newest and waits:
// events and blocks that reclaim looked at are those of the second round in the last one, with 40 GiB on the disk.
TEST(Flusher, CostsDoNotGrowWithWhatIsStored) {
  Rig rig(1, protected_nvme(), {}, {.memory = 2_GiB});
  std::vector<std::uint64_t> events;
  std::vector<std::int64_t> evicted;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t events_before = rig.sim.fingerprint().events();
    const std::int64_t evicted_before = rig.cache.counters().evicted_blocks;
    const FileId file = rig.fs.create("orders-0/" + std::to_string(round) + ".log");
    for (int i = 0; i < 4'096; ++i) {
      rig.run_for(rig.fs.append(file, 1_MiB, 1) + 20_ms);
      EXPECT_TRUE(rig.fs.cached(file, {(std::int64_t{i} << 20)}, 1_MiB));
    }
    rig.run_for(40_s);
    events.push_back(rig.sim.fingerprint().events() - events_before);
    evicted.push_back(rig.cache.counters().evicted_blocks - evicted_before);
  }
  EXPECT_NEAR(static_cast<double>(events[9]), static_cast<double>(events[1]),
              0.02 * static_cast<double>(events[1]));
  EXPECT_EQ(evicted[9], 4'096 * 8);
  EXPECT_EQ(evicted[1], 4'096 * 8);
  // 1,024 requests of 4 MiB, and a wake every 5 s of the 122 s.
  EXPECT_LE(events[9], 1'024u + 100u + 2u * 30u);
}

// Goal: above the background threshold write-back starts at once and stops below it. Method: memory 1 GiB, threshold
// 102.4 MiB; write 120 MiB at 0.
TEST(Flusher, BackgroundModeStopsBelowTheThreshold) {
  Rig rig(1, protected_nvme(), {}, {.memory = 1_GiB});
  const FileId file = rig.fs.create("a");
  for (ContentTag tag = 1; tag <= 120; ++tag) append(rig, file, 1 << 20, tag);
  EXPECT_GT(rig.cache.dirty(), rig.cache.background_threshold());
  rig.run_for(1_s);
  // One visit: round_down(min(333.4 MB/s / 2 s, 204.8 MiB / 8) + 4 MiB, 4 MiB) = 28 MiB.
  EXPECT_EQ(rig.cache.dirty(), 92_MiB);
  rig.run_for(20_s);
  EXPECT_EQ(rig.cache.dirty(), 92_MiB) << "the rest waits for its 30 s";
}

struct Writer {
  std::int64_t written = 0;
};

sim::Task<void> write_on(Rig* rig, FileId file, Writer* writer, sim::SimTime until) {
  ContentTag tag = 0;
  while (rig->sim.now() < until) {
    const sim::Duration pause = rig->fs.append(file, 64_KiB, ++tag);
    writer->written += 64 << 10;
    co_await sim::delay(pause + 50_us);  // demand of at most 1.3 GB/s each
  }
}

// Goal: writers faster than the device settle at its rate, dirty bytes at the set point, whatever their number (3.3).
// Method: memory 16 GiB, 333.4 MB/s, 1 and 8 writers, measured from 60 to 80 s (the estimates start at 100 MiB/s).
TEST(Throttling, SettlesAtTheDeviceRateAndTheSetPoint) {
  for (const int writers : {1, 8}) {
    Rig rig(1, protected_nvme(), {}, {.memory = 16_GiB});
    std::vector<Writer> written(static_cast<std::size_t>(writers));
    for (int i = 0; i < writers; ++i) {
      const FileId file = rig.fs.create("orders-" + std::to_string(i) + "/0.log");
      rig.spawn(write_on(&rig, file, &written[static_cast<std::size_t>(i)], {80'000'000'000}));
    }
    rig.sim.run_until({60'000'000'000});
    std::vector<Writer> half = written;
    const sim::Bytes dirty_early = rig.cache.dirty();
    rig.sim.run_until({80'000'000'000});
    std::int64_t total = 0;
    for (std::size_t i = 0; i < written.size(); ++i) {
      const std::int64_t own = written[i].written - half[i].written;
      total += own;
      EXPECT_NEAR(static_cast<double>(own) * writers / 20e9, 0.3334, 0.3334 * 0.06) << "fair shares";
    }
    EXPECT_NEAR(static_cast<double>(total) / 20e9, 0.3334, 0.3334 * 0.05) << writers << " writers";
    const auto set_point = static_cast<double>(rig.cache.set_point().n);
    EXPECT_NEAR(static_cast<double>(rig.cache.dirty().n), set_point, set_point * 0.05);
    EXPECT_NEAR(static_cast<double>(dirty_early.n), set_point, set_point * 0.05);
    EXPECT_LT(rig.cache.dirty(), rig.cache.limit());
  }
}

sim::Task<void> write_to(Rig* rig, FileSystem* fs, FileId file, Writer* writer, sim::SimTime until) {
  ContentTag tag = 0;
  while (rig->sim.now() < until) {
    const sim::Duration pause = fs->append(file, 64_KiB, ++tag);
    writer->written += 64 << 10;
    co_await sim::delay(pause + 50_us);
  }
}

// Goal: a slow disk beside a fast one is held to its share of the dirty memory, and does not slow writers to the fast one.
// Method: disks of 333.4 and 40 MB/s under one cache of 16 GiB, a writer each, measured from 60 to 100 s.
TEST(Throttling, ASlowDiskDoesNotSlowAFastOne) {
  Rig rig(1, protected_nvme(), {}, {.memory = 16_GiB});
  DiskConfig slow = protected_nvme();
  slow.write_bandwidth = {40'000'000};
  Disk slow_disk(rig.sim, "host/b-0/disk/1", slow);
  FileSystem slow_fs(rig.sim, "host/b-0/fs/1", {}, slow_disk, rig.cache);
  Writer to_fast;
  Writer to_slow;
  rig.spawn(write_to(&rig, &rig.fs, rig.fs.create("a/0.log"), &to_fast, {100'000'000'000}));
  rig.spawn(write_to(&rig, &slow_fs, slow_fs.create("b/0.log"), &to_slow, {100'000'000'000}));
  rig.sim.run_until({60'000'000'000});
  const std::int64_t fast_before = to_fast.written;
  const std::int64_t slow_before = to_slow.written;
  rig.sim.run_until({100'000'000'000});
  EXPECT_NEAR(static_cast<double>(to_fast.written - fast_before) / 40e9, 0.3334, 0.3334 * 0.06);
  EXPECT_NEAR(static_cast<double>(to_slow.written - slow_before) / 40e9, 0.040, 0.040 * 0.15);
  const double slow_share =
      static_cast<double>(rig.cache.device(1).dirty) / static_cast<double>(rig.cache.dirty().n);
  EXPECT_NEAR(slow_share, 40.0 / 373.4, 0.08);
  EXPECT_LT(rig.cache.dirty(), rig.cache.limit());
  rig.run_for(1_s);
  rig.process->kill();
}

// Goal: no pause up to the middle of the thresholds, however fast the writer; above it, pauses of at most 200 ms hold
// dirty bytes below the limit. Method: 1,000 MiB of memory (freerun 150 MiB, limit 200 MiB), a writer that only pauses.
TEST(Throttling, StartsAboveTheMiddleOfTheThresholds) {
  Rig rig(1, protected_nvme(), {}, {.memory = 1'000_MiB});
  const FileId file = rig.fs.create("a");
  rig.run_for(1_s);
  EXPECT_EQ(rig.cache.freerun(), 150_MiB);
  for (ContentTag tag = 1; tag <= 150; ++tag) append(rig, file, 1 << 20, tag);
  sim::Duration longest;
  for (ContentTag tag = 151; tag <= 2'000; ++tag) {
    const sim::Duration pause = rig.fs.append(file, 1_MiB, tag);
    longest = std::max(longest, pause);
    rig.run_for(pause);
    ASSERT_LE(rig.cache.dirty(), rig.cache.limit() + 1_MiB);
  }
  EXPECT_GT(longest, 1_ms);
  EXPECT_LE(longest, 200_ms);
  EXPECT_GT(rig.cache.counters().pauses, 100);
}

// Goal: the hard limit in bytes replaces the ratio (vm.dirty_bytes). Method: 64 MiB and 16 MiB in a host of 48 GiB.
TEST(Throttling, ThresholdsInBytesReplaceTheRatios) {
  Rig rig(1, protected_nvme(), {}, {.dirty_background_bytes = 16_MiB, .dirty_limit_bytes = 64_MiB});
  EXPECT_EQ(rig.cache.background_threshold(), 16_MiB);
  EXPECT_EQ(rig.cache.freerun(), 40_MiB);
  EXPECT_EQ(rig.cache.set_point(), 52_MiB);
  EXPECT_EQ(rig.cache.limit(), 64_MiB);
}

// Goal: fsync on a protected NVMe is the data write and one commit. Method: exact time of 4 KiB.
TEST(Fsync, TakesOneWriteAndOneCommit) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  rig.sync(file);
  append(rig, file, 4'096, 1);
  const std::int64_t writes_before = rig.disk.counters().writes;
  // The commit writes descriptor, inode block and commit block: 12 KiB.
  const sim::Duration data = {1'000'000'000 / 66'969 + 20'000};
  const sim::Duration commit = sim::transfer_time(12_KiB, {333'400'000}) + 20_us;
  EXPECT_EQ(rig.sync(file), data + commit);
  EXPECT_EQ(rig.disk.counters().writes, writes_before + 2);
  EXPECT_EQ(rig.sync(file), 0_ns) << "nothing to do, no event but the task's own";
}

// Goal: an unprotected drive pays flushes. Method: the same fsync on a volatile cache lies between 1.6 and 5.7 ms, the
// fdatasync and fsync of a Samsung 990 PRO (2.4).
TEST(Fsync, OnAVolatileCachePaysFlushes) {
  Rig rig(1, volatile_nvme());
  const FileId file = rig.fs.create("a");
  rig.sync(file);
  append(rig, file, 16 << 10, 1);
  const sim::Duration time = rig.sync(file);
  EXPECT_GT(time, 1'600_us);
  EXPECT_LT(time, 5'700_us);
}

// Goal: an HDD without cache pays positioning for data and journal (15 to 35 ms, 2.4).
TEST(Fsync, OnAnHddPaysPositioning) {
  Rig rig(1, plain_hdd());
  const FileId file = rig.fs.create("a");
  rig.sync(file);
  append(rig, file, 16 << 10, 1);
  const sim::Duration time = rig.sync(file);
  EXPECT_GT(time, 10_ms);
  EXPECT_LT(time, 40_ms);
}

// Goal: concurrent fsyncs share commits. Method: 20 files synced at once need at most two commits.
TEST(Fsync, ConcurrentOnesShareCommits) {
  Rig rig;
  std::vector<FileId> files;
  for (int i = 0; i < 20; ++i) files.push_back(rig.fs.create("f" + std::to_string(i)));
  for (const FileId file : files) rig.sync(file);
  std::vector<Outcome> outcomes(files.size());
  const std::int64_t before = rig.disk.counters().writes;
  for (std::size_t i = 0; i < files.size(); ++i) {
    append(rig, files[i], 4'096, 1);
    rig.spawn(sync_file(&rig, files[i], &outcomes[i]));
  }
  rig.run_for(1_s);
  for (const Outcome& outcome : outcomes) EXPECT_TRUE(outcome.complete);
  const std::int64_t commits = rig.disk.counters().writes - before - 20;
  EXPECT_GE(commits, 1);
  EXPECT_LE(commits, 6) << "data of 20 files takes several commits' time on the port";
}

// Goal: a clean unmount leaves nothing at risk. Method: sync_all, then power loss.
TEST(Fsync, OfEverythingLeavesNothingToLose) {
  Rig rig(1, volatile_nvme());
  for (int i = 0; i < 5; ++i) append(rig, rig.fs.create("f" + std::to_string(i)), 100'000, 1);
  rig.fs.replace_unsynced("marker", "clean");
  Outcome outcome;
  rig.spawn(sync_everything(&rig, &outcome));
  rig.run_for(1_s);
  ASSERT_TRUE(outcome.complete);
  const CrashReport report = rig.cut_power();
  EXPECT_TRUE(report.lost.empty());
  EXPECT_TRUE(report.undone.empty());
  EXPECT_EQ(rig.fs.read_whole("marker"), "clean");
  EXPECT_EQ(rig.fs.list("f").size(), 5u);
}

// Goal: recent data are read from memory without an event, old data from the disk. Method: cache of 1 MiB (8 blocks).
TEST(PageCache, HitsCostNothingMissesPayTheDisk) {
  Rig rig(1, protected_nvme(), {}, {.memory = 1_MiB, .dirty_background = {50}, .dirty_limit = {90}});
  const FileId file = rig.fs.create("a");
  for (ContentTag tag = 1; tag <= 16; ++tag) {
    append(rig, file, 128 << 10, tag);
    rig.sync(file);
  }
  EXPECT_EQ(rig.cache.cached(), 1_MiB);
  EXPECT_TRUE(rig.fs.cached(file, 1_MiB, 1_MiB));
  EXPECT_FALSE(rig.fs.cached(file, 0_B, 4_KiB));
  const std::int64_t reads = rig.disk.counters().reads;
  Outcome hit;
  rig.spawn(read_range(&rig, file, 1_MiB, 1_MiB, &hit));
  rig.run_for(0_ns);
  EXPECT_TRUE(hit.complete);
  EXPECT_EQ(rig.disk.counters().reads, reads);
  Outcome miss;
  const sim::SimTime begin = rig.sim.now();
  rig.spawn(read_range(&rig, file, 0_B, 256_KiB, &miss));
  rig.run_for(1_s);
  ASSERT_TRUE(miss.complete);
  // The first window, then, from its middle on, the second; at the first page of that one the third begins.
  EXPECT_EQ(miss.at - begin, 2 * (sim::transfer_time(128_KiB, {666'900'000}) + 90_us));
  EXPECT_EQ(rig.disk.counters().reads, reads + 3);
  EXPECT_TRUE(rig.fs.cached(file, 0_B, 256_KiB));
  EXPECT_FALSE(rig.fs.cached(file, 1_MiB, 128_KiB)) << "the least recently used made room";
  EXPECT_EQ(rig.cache.cached(), 1_MiB);
}

// Goal: dirty blocks are never evicted. Method: dirty 512 KiB, then read 1 MiB of another file through a 1 MiB cache.
TEST(PageCache, KeepsDirtyBlocks) {
  Rig rig(1, protected_nvme(), {}, {.memory = 1_MiB, .dirty_background = {80}, .dirty_limit = {90}});
  const FileId old = rig.fs.create("old");
  append(rig, old, 512 << 10, 1);
  rig.sync(old);
  append(rig, old, 512 << 10, 2);
  rig.sync(old);
  const FileId fresh = rig.fs.create("fresh");
  append(rig, fresh, 512 << 10, 3);
  Outcome outcome;
  rig.spawn(read_range(&rig, old, 0_B, 1_MiB, &outcome));
  rig.run_for(1_s);
  EXPECT_TRUE(outcome.complete);
  EXPECT_TRUE(rig.fs.cached(fresh, 0_B, 512_KiB));
}

}  // namespace
}  // namespace brokersim::storage
