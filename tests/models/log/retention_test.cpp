// Goal: retention takes what Kafka's takes, and nothing above the high watermark; a log's beginning survives restarts.
// Method: the pure choice on tables of segments; then a log on a modelled disk, with kills between.
#include "models/log/retention.h"

#include <gtest/gtest.h>

#include <set>

#include "models/log/log.h"
#include "tests/models/devices/storage/rig.h"

namespace brokersim::log {
namespace {
using namespace sim::literals;

constexpr std::int64_t kAll = 1'000;  // a high watermark above everything

std::vector<SegmentFacts> four() {
  return {{0, 10, 100, 1'000}, {10, 20, 100, 2'000}, {20, 30, 100, 3'000}, {30, 35, 50, 3'500}};
}

// Goal: by time, from the oldest on, strictly older than retention.ms (kafka-behaviour.md section 8.1).
TEST(Retention, ByTimeStopsAtTheFirstSegmentThatIsYoungEnough) {
  RetentionConfig config;
  config.retention = 1'000_ms;
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 2'000), 0u) << "exactly retention.ms old: it stays";
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 2'001), 1u);
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 3'001), 2u);
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 9'000), 4u) << "the active segment, too";
}

// Goal: a record from the future pins its segment and all behind it.
TEST(Retention, ByTimeAFutureRecordPinsWhatFollows) {
  std::vector<SegmentFacts> segments = four();
  segments[1].largest_timestamp_ms = 1'000'000;
  RetentionConfig config;
  config.retention = 1'000_ms;
  EXPECT_EQ(count_deletable(segments, config, kAll, 0, 9'000), 1u);
}

// Goal: by size, a segment goes only if the log stays at or above retention.bytes without it.
TEST(Retention, BySizeKeepsAtLeastRetentionBytes) {
  RetentionConfig config;
  config.retention = sim::Duration{-1};
  config.retention_bytes = {250};
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 0), 1u) << "350 - 100 = 250";
  config.retention_bytes = {251};
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 0), 0u);
  config.retention_bytes = {0};
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 0), 4u);
  config.retention_bytes = {-1};
  EXPECT_EQ(count_deletable(four(), config, kAll, 0, 0), 0u) << "-1: no limit";
}

// Goal: nothing whose end is above the high watermark goes; the planted rule does not look.
TEST(Retention, NothingAboveTheHighWatermark) {
  RetentionConfig config;
  config.retention = 1'000_ms;
  EXPECT_EQ(count_deletable(four(), config, 20, 0, 9'000), 2u);
  EXPECT_EQ(count_deletable(four(), config, 19, 0, 9'000), 1u);
  config.ignores_high_watermark = true;
  EXPECT_EQ(count_deletable(four(), config, 19, 0, 9'000), 4u) << "the planted bug shows";
}

// Goal: what lies below the log start goes whatever cleanup.policy says, but never the last segment by that rule.
TEST(Retention, BelowTheLogStartWhateverThePolicy) {
  RetentionConfig config;
  config.deletes = false;
  EXPECT_EQ(count_deletable(four(), config, kAll, 9, 1'000'000), 0u);
  EXPECT_EQ(count_deletable(four(), config, kAll, 10, 1'000'000), 1u);
  EXPECT_EQ(count_deletable(four(), config, kAll, 35, 1'000'000), 3u);
}

TEST(Retention, AnEmptyActiveSegmentStays) {
  RetentionConfig config;
  config.retention = 1'000_ms;
  EXPECT_EQ(count_deletable({{0, 10, 100, 0}, {10, 10, 0, 0}}, config, kAll, 0, 9'000), 1u);
}

struct LogRig : storage::Rig {
  LogRig() { open(); }
  void open() { log = std::make_unique<Log>(fs, store, "orders-0", config); }
  /// Ten records of 10,000 bytes stamped `at_ms`.
  void append(std::int64_t at_ms) {
    StoredBatch batch;
    batch.data.records = {{0}, {0}, log->log_end(), 10};
    batch.data.bytes = 10'000;
    batch.data.payload_bytes = 9'000;
    batch.data.first_time = {at_ms * 1'000'000};
    batch.data.last_time = batch.data.first_time;
    batch.base_offset = log->log_end();
    log->append(store.add(batch), sim.now());
  }
  BatchStore store;
  LogConfig config;
  std::unique_ptr<Log> log;
};

// Goal: a segment rolls when a record comes that is more than segment.ms younger than its first batch (section 2.3).
TEST(Retention, SegmentsRollByTheTimeOfTheirRecords) {
  LogRig rig;
  rig.config.segment_ms = 1'000_ms;
  rig.open();
  rig.log->create(rig.sim.now());
  rig.append(5'000);
  rig.append(6'000);
  EXPECT_EQ(rig.log->segments().size(), 1u) << "exactly segment.ms: not yet";
  rig.append(6'001);
  EXPECT_EQ(rig.log->segments().size(), 2u);
  rig.append(100);
  EXPECT_EQ(rig.log->segments().size(), 2u) << "an old record does not roll";
}

// Goal: the jitter takes its share off segment.ms, the same for the same segment, not the same for all.
TEST(Retention, JitterIsDrawnForEachSegment) {
  const auto rolls = [] {
    LogRig rig;
    rig.config.segment_ms = 1'000_ms;
    rig.config.segment_jitter = 900_ms;
    rig.open();
    rig.log->create(rig.sim.now());
    for (int i = 0; i < 40; ++i) rig.append(i * 100);
    std::vector<std::int64_t> bases;
    for (const Segment& segment : rig.log->segments()) bases.push_back(segment.base_offset);
    return bases;
  };
  const std::vector<std::int64_t> bases = rolls();
  EXPECT_EQ(bases, rolls());
  EXPECT_GT(bases.size(), 4u) << "40 x 100 ms are 4 segments without jitter";
  std::set<std::int64_t> lengths;
  for (std::size_t i = 1; i < bases.size(); ++i) lengths.insert(bases[i] - bases[i - 1]);
  EXPECT_GT(lengths.size(), 1u);
}

// Goal: deleted segments are out of the log at once, on the disk until they are unlinked, and gone at the next start.
TEST(Retention, DeletedSegmentsLeaveInTwoSteps) {
  LogRig rig;
  rig.config.segment_bytes = {20'000};
  rig.open();
  rig.log->create(rig.sim.now());
  for (int i = 0; i < 6; ++i) rig.append(i * 1'000);
  ASSERT_EQ(rig.log->segments().size(), 3u);
  RetentionConfig retention;
  retention.retention = 1'000_ms;
  const DeletedSegments deleted = rig.log->delete_old_segments(retention, 60, 4'500);
  EXPECT_EQ(deleted.segments, 2);
  EXPECT_EQ(deleted.bytes, 40'000);
  EXPECT_EQ(rig.log->log_start(), 40);
  EXPECT_TRUE(rig.fs.find("orders-0/00000000000000000000.log.deleted"));
  EXPECT_FALSE(rig.fs.find("orders-0/00000000000000000000.log"));
  rig.log->unlink({"orders-0/00000000000000000000.log.deleted"});
  EXPECT_FALSE(rig.fs.find("orders-0/00000000000000000000.log.deleted"));
  rig.kill_process();
  rig.open();
  static_cast<void>(rig.log->load(false, 0, 0, rig.sim.now()));
  EXPECT_EQ(rig.log->log_start(), 40);
  EXPECT_EQ(rig.log->log_end(), 60);
  EXPECT_FALSE(rig.fs.find("orders-0/00000000000000000020.log.deleted")) << "a start removes what is left";
}

// Goal: when everything is old the log is empty, at its end, and goes on there.
TEST(Retention, AllOldLeavesAnEmptySegmentAtTheEnd) {
  LogRig rig;
  rig.log->create(rig.sim.now());
  rig.append(0);
  RetentionConfig retention;
  retention.retention = 1'000_ms;
  EXPECT_EQ(rig.log->delete_old_segments(retention, 10, 50'000).segments, 1);
  EXPECT_EQ(rig.log->log_start(), 10);
  EXPECT_EQ(rig.log->log_end(), 10);
  rig.append(50'000);
  EXPECT_EQ(rig.log->read(10, 100, 20, true).batches.size(), 1u);
}

// Goal: a log that ends before its checkpointed start is empty from there on (section 2.5 item 5).
TEST(Retention, ALogThatEndsBelowItsStartBeginsThere) {
  LogRig rig;
  rig.log->create(rig.sim.now());
  rig.append(0);
  rig.kill_process();
  rig.open();
  static_cast<void>(rig.log->load(false, 0, 500, rig.sim.now()));
  EXPECT_EQ(rig.log->log_start(), 500);
  EXPECT_EQ(rig.log->log_end(), 500);
}

}  // namespace
}  // namespace brokersim::log
