// Goal: compaction keeps the last committed value of every key and nothing that it may drop.
// Method: the pure choices on batches with known keys; then a log on a modelled disk, cleaned and loaded again.
#include "models/log/cleaner.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "models/log/log.h"
#include "tests/models/devices/storage/rig.h"

namespace brokersim::log {
namespace {
using namespace sim::literals;

constexpr history::ClientId kProducer{0};
constexpr history::PartitionId kPartition{0};

struct LogRig : storage::Rig {
  explicit LogRig(std::int64_t keys, std::int32_t tombstones = 0) {
    config.compacted = true;
    config.segment_bytes = {20'000};
    space = {keys, tombstones, 7, 1};
    store.set_keys(kProducer, space);
    log = std::make_unique<Log>(fs, store, "prices-0", config);
    log->create(sim.now());
  }
  void append(std::int64_t count = 50) {
    StoredBatch batch;
    batch.data.records = {kProducer, kPartition, log->log_end(), count};
    batch.data.payload_bytes = static_cast<std::int32_t>(count * 100);
    batch.data.bytes = static_cast<std::int32_t>(batch_bytes(count, 100, {}, {}));
    batch.data.raw_bytes = batch.data.bytes;
    batch.base_offset = log->log_end();
    log->append(store.add(batch), sim.now());
  }
  [[nodiscard]] std::int64_t key(std::int64_t offset) const {
    return history::key_of(space, kProducer, kPartition, offset);
  }
  [[nodiscard]] bool tombstone(std::int64_t offset) const {
    return history::is_tombstone(space, kProducer, kPartition, offset);
  }
  /// One pass over all that is below `stable_end`. Returns the offsets that went.
  std::set<std::int64_t> clean(std::int64_t stable_end, std::int64_t now_ms = 0) {
    std::set<std::int64_t> removed;
    CleaningPlan plan = log->plan_cleaning(log->dirty(settings, stable_end, now_ms), settings, now_ms);
    for (CleaningGroup& group : plan.groups) {
      CleaningResult result;
      bool done = false;
      spawn(write(log.get(), std::move(group), &result, &done));
      while (!done && sim.step()) {
      }
      if (!done) run_for(1_s);  // tells a failed check
      EXPECT_TRUE(done);
      EXPECT_EQ(result.status, storage::Status::ok);
      for (const auto& range : result.removed) {
        for (std::int64_t offset = range.first; offset < range.end; ++offset) removed.insert(offset);
      }
    }
    log->set_cleaned_to(plan.end);
    return removed;
  }
  static sim::Task<void> write(Log* log, CleaningGroup group, CleaningResult* result, bool* done) {
    *result = co_await log->write_cleaned(std::move(group));
    *done = true;
  }
  static sim::Task<void> flush(Log* log, bool* done) {
    static_cast<void>(co_await log->flush_to(log->log_end()));
    *done = true;
  }
  /// Offsets that are in the log now.
  [[nodiscard]] std::set<std::int64_t> offsets() const {
    std::set<std::int64_t> all;
    for (const Segment& segment : log->segments()) {
      for (const LogEntry& entry : segment.entries) {
        const StoredBatch batch = store[entry.batch];
        if (batch.cleaned == 0) {
          for (std::int64_t i = 0; i < batch.data.records.count; ++i) all.insert(batch.base_offset + i);
        } else {
          for (const std::int32_t i : store.cleaned(batch.cleaned).kept) all.insert(batch.base_offset + i);
        }
      }
    }
    return all;
  }
  history::KeySpace space;
  BatchStore store;
  LogConfig config;
  CleanerSettings settings;
  std::unique_ptr<Log> log;
};

// Goal: below the active segment exactly the last offset of every key stays; offsets never change.
TEST(Cleaner, TheLastValueOfEveryKeySurvives) {
  LogRig rig(/*keys=*/20);
  for (int i = 0; i < 20; ++i) rig.append();
  const std::int64_t active = rig.log->segments().back().base_offset;
  ASSERT_GT(active, 500);
  const std::int64_t end_before = rig.log->log_end();
  const auto removed = rig.clean(rig.log->log_end());
  std::map<std::int64_t, std::int64_t> last;
  for (std::int64_t offset = 0; offset < active; ++offset) last[rig.key(offset)] = offset;
  std::set<std::int64_t> expected;
  for (const auto& [key, offset] : last) expected.insert(offset);
  for (std::int64_t offset = active; offset < end_before; ++offset) expected.insert(offset);
  EXPECT_EQ(rig.offsets(), expected);
  EXPECT_EQ(static_cast<std::int64_t>(removed.size() + expected.size()), end_before);
  EXPECT_EQ(rig.log->log_end(), end_before);
  EXPECT_EQ(rig.log->cleaned_to(), active);
}

// Goal: nothing at or above the stable end is looked at: what it would supersede stays (KAFKA-13194).
TEST(Cleaner, RecordsAboveTheHighWatermarkSupersedeNothing) {
  LogRig rig(/*keys=*/20);
  for (int i = 0; i < 20; ++i) rig.append();
  const std::int64_t stable = 130;  // within the first segments, inside a batch
  const auto removed = rig.clean(stable);
  std::map<std::int64_t, std::int64_t> last;
  for (std::int64_t offset = 0; offset < stable; ++offset) last[rig.key(offset)] = offset;
  for (const std::int64_t offset : removed) {
    EXPECT_LT(offset, stable);
    EXPECT_GT(last.at(rig.key(offset)), offset) << "offset " << offset;
  }
  EXPECT_FALSE(removed.empty());
}

// Goal: a tombstone stays for delete.retention.ms after the first pass over it, and goes with the next pass after that.
TEST(Cleaner, TombstonesGoInTwoPasses) {
  LogRig rig(/*keys=*/20, /*tombstones=*/300);
  rig.settings.delete_retention = 1'000_ms;
  for (int i = 0; i < 20; ++i) rig.append();
  const std::int64_t active = rig.log->segments().back().base_offset;
  rig.clean(rig.log->log_end(), /*now_ms=*/10'000);
  const auto tombstones = [&] {
    std::set<std::int64_t> all;
    for (const std::int64_t offset : rig.offsets()) {
      if (offset < active && rig.tombstone(offset)) all.insert(offset);
    }
    return all;
  };
  const std::set<std::int64_t> kept = tombstones();
  ASSERT_FALSE(kept.empty());
  for (int i = 0; i < 4; ++i) rig.append();
  rig.clean(active + 1, /*now_ms=*/10'999);
  EXPECT_EQ(tombstones().size(), kept.size()) << "before the horizon";
  for (int i = 0; i < 4; ++i) rig.append();
  rig.clean(active + 60, /*now_ms=*/11'000);
  EXPECT_TRUE(tombstones().empty()) << "at the horizon";
}

// Goal: the map is bounded; a pass ends where it is full, and the next goes on from there.
TEST(Cleaner, AFullMapEndsThePass) {
  LogRig rig(/*keys=*/1'000'000);
  rig.settings.keys_max = 120;
  for (int i = 0; i < 20; ++i) rig.append();
  rig.clean(rig.log->log_end());
  EXPECT_EQ(rig.log->cleaned_to(), 100) << "two batches of 50 fit";
}

// Goal: a cleaned log is loaded as it was, clean or not; recovery takes its gaps for what they are.
TEST(Cleaner, ACleanedLogSurvivesAKill) {
  LogRig rig(/*keys=*/5);
  for (int i = 0; i < 20; ++i) rig.append();
  rig.clean(rig.log->log_end());
  const auto before = rig.offsets();
  const std::int64_t end = rig.log->log_end();
  rig.kill_process();
  rig.log = std::make_unique<Log>(rig.fs, rig.store, "prices-0", rig.config);
  static_cast<void>(rig.log->load(false, 0, 0, rig.sim.now()));
  EXPECT_EQ(rig.offsets(), before);
  EXPECT_EQ(rig.log->log_end(), end);
}

// Goal: a power loss at any instant of a pass leaves the last value of every key on the disk (swap: old or new).
TEST(Cleaner, APowerLossDuringAPassKeepsTheLastValues) {
  for (std::int64_t after = 0; after < 40; ++after) {
    LogRig rig(/*keys=*/10);
    for (int i = 0; i < 20; ++i) rig.append();
    bool synced = false;
    rig.spawn(LogRig::flush(rig.log.get(), &synced));
    while (!synced && rig.sim.step()) {
    }
    const std::int64_t active = rig.log->segments().back().base_offset;
    std::map<std::int64_t, std::int64_t> last;
    for (std::int64_t offset = 0; offset < active; ++offset) last[rig.key(offset)] = offset;
    CleaningPlan plan = rig.log->plan_cleaning(rig.log->dirty(rig.settings, active, 0), rig.settings, 0);
    CleaningResult result;
    bool done = false;
    ASSERT_FALSE(plan.groups.empty());
    rig.spawn(LogRig::write(rig.log.get(), std::move(plan.groups.front()), &result, &done));
    for (std::int64_t i = 0; i < after && rig.sim.step(); ++i) {
    }
    static_cast<void>(rig.cut_power());
    rig.log = std::make_unique<Log>(rig.fs, rig.store, "prices-0", rig.config);
    static_cast<void>(rig.log->load(false, 0, 0, rig.sim.now()));
    const auto offsets = rig.offsets();
    for (const auto& [key, offset] : last)
      EXPECT_TRUE(offsets.contains(offset)) << "key " << key << " after " << after << " events";
  }
}

}  // namespace
}  // namespace brokersim::log
