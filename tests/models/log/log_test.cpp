// Goal: a log keeps a valid prefix over every kind of stop, rolls and truncates by Kafka's rules.
// Method: a real file system on a modelled disk; kills, panics and power cuts between appends.
#include "models/log/log.h"

#include <gtest/gtest.h>

#include "tests/models/devices/storage/rig.h"

namespace brokersim::log {
namespace {
using namespace sim::literals;
using storage::Rig;

constexpr std::int32_t kBatchBytes = 10'000;

struct LogRig : Rig {
  explicit LogRig(std::uint64_t seed = 1, storage::DiskConfig device = {}) : Rig(seed, device) { open(); }

  void open() { log = std::make_unique<Log>(fs, store, "orders-0", config); }
  void create() { log->create(sim.now()); }
  /// Appends a batch of `count` records.
  void append(std::int64_t count = 10, std::int32_t epoch = 0) {
    StoredBatch batch;
    batch.data.records = {{0}, {0}, next_ordinal, count};
    batch.data.bytes = kBatchBytes;
    batch.base_offset = log->log_end();
    batch.leader_epoch = epoch;
    next_ordinal += count;
    log->append(store.add(batch), sim.now());
  }
  LoadReport reload(bool clean, std::int64_t recovery_point) {
    open();
    return log->load(clean, recovery_point, 0, sim.now());
  }
  void flush(std::int64_t offset) {
    bool done = false;
    spawn(flush_task(this, offset, &done));
    while (!done && sim.step()) {
    }
    ASSERT_TRUE(done);
  }
  static sim::Task<void> flush_task(LogRig* rig, std::int64_t offset, bool* done) {
    static_cast<void>(co_await rig->log->flush_to(offset));
    *done = true;
  }

  BatchStore store;
  LogConfig config;
  std::unique_ptr<Log> log;
  std::int64_t next_ordinal = 0;
};

TEST(Log, AKilledProcessLosesNothing) {
  LogRig rig;
  rig.create();
  for (int i = 0; i < 5; ++i) rig.append();
  rig.kill_process();
  const LoadReport report = rig.reload(false, 0);
  EXPECT_EQ(rig.log->log_end(), 50);
  EXPECT_EQ(report.scanned_bytes, 5 * kBatchBytes);
  EXPECT_EQ(report.dropped_bytes, 0);
}

// A look-up in a closed segment touches a page of its index file, one in the active segment does not.
TEST(Log, ReadsOfClosedSegmentsTouchTheirIndex) {
  LogRig rig;
  rig.config.segment_bytes = sim::Bytes{10 * kBatchBytes};
  rig.open();
  rig.create();
  for (int i = 0; i < 25; ++i) rig.append();
  ASSERT_EQ(rig.log->segments().size(), 3u);
  const ReadResult closed = rig.log->read(50, 1, 250, true);
  EXPECT_EQ(closed.slice.position, 5 * kBatchBytes);
  EXPECT_EQ(closed.slice.index_file, *rig.fs.find("orders-0/00000000000000000000.index"));
  EXPECT_EQ(closed.slice.index_position, 0);
  EXPECT_LT(rig.log->read(249, 1, 250, true).slice.index_file.n, 0);
  rig.kill_process();
  const LoadReport report = rig.reload(false, 0);
  EXPECT_FALSE(rig.fs.find("orders-0/00000000000000000000.index"))
      << "an unclean load wipes the indexes of what it scans";
  ASSERT_EQ(rig.log->write_recovered(report.scanned_from), storage::Status::ok);
  EXPECT_EQ(rig.log->read(50, 1, 250, true).slice.index_file,
            *rig.fs.find("orders-0/00000000000000000000.index"))
      << "and recovery writes them anew";
}

// A disk that is full fails the append, which leaves a torn batch for recovery to cut.
TEST(Log, AFullDiskFailsTheAppendAndRecoveryCuts) {
  LogRig rig;
  rig.create();
  for (int i = 0; i < 3; ++i) rig.append();
  rig.fs.reserve(rig.fs.available() - sim::Bytes{kBatchBytes / 2});
  rig.append();
  EXPECT_EQ(rig.log->log_end(), 30);
  rig.kill_process();
  rig.fs.reserve(0_B);
  const LoadReport report = rig.reload(false, 0);
  EXPECT_EQ(rig.log->log_end(), 30);
  EXPECT_EQ(report.dropped_bytes, kBatchBytes / 2);
}

TEST(Log, PowerLossKeepsWhatWasFlushedAndNothingElse) {
  LogRig rig;
  rig.create();
  for (int i = 0; i < 3; ++i) rig.append();
  rig.flush(30);
  EXPECT_EQ(rig.log->recovery_point(), 30);
  for (int i = 0; i < 4; ++i) rig.append();
  static_cast<void>(rig.cut_power());
  rig.reload(false, 30);
  EXPECT_EQ(rig.log->log_end(), 30);
  rig.append();
  EXPECT_EQ(rig.log->log_end(), 40) << "the log goes on where it was cut";
}

TEST(Log, CleanLoadScansNothing) {
  LogRig rig;
  rig.create();
  for (int i = 0; i < 3; ++i) rig.append();
  rig.flush(30);
  const LoadReport report = rig.reload(true, 30);
  EXPECT_EQ(report.scanned_bytes, 0);
  EXPECT_EQ(rig.log->log_end(), 30);
}

// L02: a bad batch in the middle; recovery cuts there and deletes valid later segments.
TEST(Log, RecoveryCutsAtTheFirstBadBatchAndDropsLaterSegments) {
  LogRig rig;
  rig.config.segment_bytes = {3 * kBatchBytes};
  rig.open();
  rig.create();
  for (int i = 0; i < 9; ++i) rig.append();
  ASSERT_EQ(rig.log->segments().size(), 3u);
  rig.flush(90);
  rig.fs.corrupt(rig.log->segments()[1].file, {kBatchBytes + 5}, {1});
  rig.kill_process();
  const LoadReport report = rig.reload(false, 0);
  EXPECT_EQ(rig.log->log_end(), 40);
  EXPECT_EQ(report.dropped_bytes, 5 * kBatchBytes);
  EXPECT_EQ(rig.log->segments().size(), 2u);
}

// A later segment whose file survived does not make up for the end of an earlier one: a log is a prefix.
TEST(Log, RecoveryEndsBeforeAGapBetweenSegments) {
  LogRig rig;
  rig.config.segment_bytes = {3 * kBatchBytes};
  rig.open();
  rig.create();
  for (int i = 0; i < 9; ++i) rig.append();
  rig.flush(90);
  rig.fs.truncate_silently(rig.log->segments()[1].file,
                           {kBatchBytes});  // at a batch boundary: nothing is torn
  rig.kill_process();
  const LoadReport report = rig.reload(false, 0);
  EXPECT_EQ(rig.log->log_end(), 40);
  EXPECT_EQ(rig.log->segments().size(), 2u);
  EXPECT_EQ(report.dropped_bytes, 3 * kBatchBytes);
  rig.append();
  EXPECT_EQ(rig.log->log_end(), 50);
}

TEST(Log, SegmentsBeforeTheRecoveryPointAreNotScanned) {
  LogRig rig;
  rig.config.segment_bytes = {3 * kBatchBytes};
  rig.open();
  rig.create();
  for (int i = 0; i < 9; ++i) rig.append();
  rig.flush(90);
  rig.kill_process();
  const LoadReport report = rig.reload(false, 60);
  EXPECT_EQ(report.scanned_from, 60);
  EXPECT_EQ(report.scanned_bytes, 3 * kBatchBytes);
  EXPECT_EQ(rig.log->log_end(), 90);
}

TEST(Log, ATornBatchIsCutWhenTheDeviceKeepsHalfOfIt) {
  LogRig rig;
  rig.create();
  for (int i = 0; i < 3; ++i) rig.append();
  rig.flush(30);
  rig.fs.truncate_silently(rig.log->segments()[0].file, {2 * kBatchBytes + kBatchBytes / 2});
  rig.kill_process();
  const LoadReport report = rig.reload(false, 0);
  EXPECT_EQ(rig.log->log_end(), 20);
  EXPECT_EQ(report.dropped_bytes, kBatchBytes / 2);
}

// Property: over random appends, flushes and power cuts the log after recovery is a prefix of what was appended, not
// shorter than what was flushed.
TEST(Log, RecoveryIsAlwaysAPrefixNotBelowTheFlush) {
  int lost_some = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    storage::DiskConfig disk = storage::volatile_nvme();
    LogRig rig(seed, disk);
    rig.config.segment_bytes = {5 * kBatchBytes};
    rig.open();
    rig.create();
    const sim::Stream random = rig.apps.back()->stream("log-test");
    std::int64_t flushed = 0;
    for (std::uint64_t step = 0; step < 60; ++step) {
      rig.append(1 + static_cast<std::int64_t>(random.below(2 * step, 20)));
      if (random.below(2 * step + 1, 10) == 0) {
        flushed = rig.log->log_end();
        rig.flush(flushed);
      }
      if (random.child(step).below(0, 4) == 0) rig.run_for(3_s);
    }
    std::vector<BatchId> before;
    for (const auto& segment : rig.log->segments()) {
      for (const auto& entry : segment.entries) before.push_back(entry.batch);
    }
    const std::int64_t end = rig.log->log_end();
    static_cast<void>(rig.cut_power());
    rig.reload(false, flushed);
    EXPECT_GE(rig.log->log_end(), flushed) << "seed " << seed;
    EXPECT_LE(rig.log->log_end(), end) << "seed " << seed;
    if (rig.log->log_end() < end) ++lost_some;
    std::size_t at = 0;
    for (const auto& segment : rig.log->segments()) {
      for (const auto& entry : segment.entries) {
        ASSERT_LT(at, before.size());
        EXPECT_EQ(entry.batch, before[at++]) << "seed " << seed;
      }
    }
  }
  EXPECT_GT(lost_some, 0) << "the cuts were too gentle to show anything";
}

TEST(Log, TruncationDropsSegmentsAndMovesTheRecoveryPoint) {
  LogRig rig;
  rig.config.segment_bytes = {3 * kBatchBytes};
  rig.open();
  rig.create();
  for (int i = 0; i < 9; ++i) rig.append(10, i / 3);
  rig.flush(90);
  rig.log->truncate_to(40, rig.sim.now());
  EXPECT_EQ(rig.log->log_end(), 40);
  EXPECT_EQ(rig.log->recovery_point(), 40);
  EXPECT_EQ(rig.log->segments().size(), 2u);
  EXPECT_EQ(rig.log->epochs().latest_epoch(), 1);
  rig.append(10, 5);
  EXPECT_EQ(rig.log->epochs().entries().back(), (EpochEntry{5, 40}));
}

TEST(Log, TruncationInsideABatchTakesTheWholeBatch) {
  LogRig rig;
  rig.create();
  for (int i = 0; i < 3; ++i) rig.append();
  rig.log->truncate_to(15, rig.sim.now());
  EXPECT_EQ(rig.log->log_end(), 10);
  EXPECT_EQ(rig.log->bytes(), kBatchBytes);
}

// Goal: a follower whose old records retention has taken can follow a leader that ends before them. Method: the log starts
// at 60 in its third segment; cuts to 50, inside what is gone but in a file that is left, and to 20, below every file.
TEST(Log, TruncationBelowTheLogStartLeavesAnEmptyLogThere) {
  for (const std::int64_t to : {50, 20}) {
    LogRig rig;
    rig.config.segment_bytes = {3 * kBatchBytes};
    rig.open();
    rig.create();
    for (int i = 0; i < 9; ++i) rig.append(10, 1);
    rig.flush(90);
    ASSERT_TRUE(rig.log->move_log_start(60));
    rig.log->truncate_to(to, rig.sim.now());
    EXPECT_EQ(rig.log->log_start(), to);
    EXPECT_EQ(rig.log->log_end(), to);
    EXPECT_TRUE(rig.log->epochs().empty())
        << "what the next fetch names must not come from records that are gone";
    rig.append(10, 2);
    EXPECT_EQ(rig.log->log_end(), to + 10);
    EXPECT_EQ(rig.log->epochs().entries().back(), (EpochEntry{2, to}));
  }
}

TEST(Log, RollsBeforeASegmentWouldExceedItsSize) {
  LogRig rig;
  rig.config.segment_bytes = {3 * kBatchBytes + 1};
  rig.open();
  rig.create();
  for (int i = 0; i < 4; ++i) rig.append();
  ASSERT_EQ(rig.log->segments().size(), 2u);
  EXPECT_EQ(rig.log->segments()[1].base_offset, 30);
  EXPECT_TRUE(rig.fs.find("orders-0/00000000000000000000.index").has_value());
  EXPECT_TRUE(rig.fs.find("orders-0/00000000000000000030.snapshot").has_value());
}

TEST(Log, ReadsWholeBatchesUpToTheBound) {
  LogRig rig;
  rig.create();
  for (int i = 0; i < 5; ++i) rig.append();
  EXPECT_EQ(rig.log->read(0, 25'000, 50, true).batches.size(), 2u);
  EXPECT_EQ(rig.log->read(0, 5, 50, true).batches.size(), 1u) << "at least one";
  EXPECT_EQ(rig.log->read(0, 5, 50, false).batches.size(), 0u);
  EXPECT_EQ(rig.log->read(15, 1'000'000, 50, true).batches.size(), 4u)
      << "from the batch that holds the offset";
  EXPECT_EQ(rig.log->read(0, 1'000'000, 30, true).batches.size(), 3u) << "below the upper bound";
  EXPECT_EQ(rig.log->read(50, 1'000'000, 50, true).batches.size(), 0u);
}

}  // namespace
}  // namespace brokersim::log
