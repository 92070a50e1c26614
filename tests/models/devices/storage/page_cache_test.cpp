// What stays in memory: two lists, second touches, refaults, pressure.
#include <gtest/gtest.h>

#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

constexpr std::int64_t kBlock = PageCache::kBlock;

/// A cache of `blocks` blocks without readahead, so that a test decides what is read.
PageCacheConfig small(std::int64_t blocks) {
  PageCacheConfig config;
  config.memory = {blocks * kBlock};
  config.dirty_background = {50};
  config.dirty_limit = {90};
  config.readahead = {0};
  return config;
}

/// A clean file of `blocks` blocks; the cache keeps the end of it.
FileId make_file(Rig& rig, const char* name, std::int64_t blocks) {
  const FileId file = rig.fs.create(name);
  for (std::int64_t block = 0; block < blocks; ++block) {
    EXPECT_EQ(rig.fs.append(file, {kBlock}, static_cast<ContentTag>(block + 1)), 0_ns);
    rig.sync(file);
  }
  return file;
}

void read(Rig& rig, FileId file, std::int64_t block) {
  Outcome outcome;
  rig.spawn(read_range(&rig, file, {block * kBlock}, {kBlock}, &outcome));
  rig.run_for(100_ms);
  ASSERT_TRUE(outcome.complete);
}

bool is_cached(Rig& rig, FileId file, std::int64_t block) {
  const std::int64_t reads = rig.disk.counters().reads;
  const bool result = rig.fs.cached(file, {block * kBlock}, {4'096});
  EXPECT_EQ(rig.disk.counters().reads, reads);
  return result;
}

// Goal: what is read twice survives a scan of data that is read once; what was read once does not (3.1). Method: 16 blocks
// of memory; read block 0 of `hot` twice and of `warm` once, then read 64 cold blocks.
TEST(PageCache, SecondTouchSurvivesAScan) {
  Rig rig(1, protected_nvme(), {}, small(16));
  const FileId cold = make_file(rig, "cold", 64);
  const FileId hot = make_file(rig, "hot", 1);
  const FileId warm = make_file(rig, "warm", 1);
  EXPECT_EQ(rig.cache.counters().promoted_blocks, 0) << "writes do not count";
  read(rig, hot, 0);
  read(rig, hot, 0);
  read(rig, warm, 0);
  EXPECT_EQ(rig.cache.counters().promoted_blocks, 1);
  EXPECT_EQ(rig.cache.active().n, kBlock);
  for (std::int64_t block = 0; block < 64; ++block) read(rig, cold, block);
  EXPECT_TRUE(is_cached(rig, hot, 0));
  EXPECT_FALSE(is_cached(rig, warm, 0));
  EXPECT_EQ(rig.cache.cached().n, 16 * kBlock);
}

// Goal: a reader in small steps touches a page once. Method: 1,000 reads of 1,000 bytes in a row promote nothing; a second
// reader of the same bytes promotes.
TEST(PageCache, SmallSequentialReadsAreOneTouch) {
  Rig rig;
  const FileId file = make_file(rig, "a", 8);
  for (std::int64_t at = 0; at < 1'000'000; at += 1'000) EXPECT_TRUE(rig.fs.cached(file, {at}, 1'000_B));
  EXPECT_EQ(rig.cache.counters().promoted_blocks, 0);
  for (std::int64_t at = 0; at < 1'000'000; at += 1'000) EXPECT_TRUE(rig.fs.cached(file, {at}, 1'000_B));
  EXPECT_EQ(rig.cache.counters().promoted_blocks, 8);
}

// Goal: the active list does not starve the inactive one: below 1 GiB neither may be more than half (isqrt rule). Method:
// 16 blocks of memory, read twice each, then a scan: 8 of them stay.
TEST(PageCache, ActiveListGivesWayToTheInactiveOne) {
  Rig rig(1, protected_nvme(), {}, small(16));
  const FileId cold = make_file(rig, "cold", 64);
  const FileId hot = make_file(rig, "hot", 16);
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t block = 0; block < 16; ++block) read(rig, hot, block);
  }
  EXPECT_EQ(rig.cache.active().n, 16 * kBlock);
  for (std::int64_t block = 0; block < 64; ++block) read(rig, cold, block);
  int kept = 0;
  for (std::int64_t block = 0; block < 16; ++block) kept += is_cached(rig, hot, block) ? 1 : 0;
  EXPECT_EQ(kept, 8);
  EXPECT_EQ(rig.cache.active().n, 8 * kBlock);
  EXPECT_GE(rig.cache.counters().demoted_blocks, 8);
}

// Goal: a block that comes back soon after its eviction was needed: active at once (mm/workingset.c). Method: 8 active
// blocks of 16; read 9 others, the first is gone; read it again within 8 evictions; one read after 100 evictions is not.
TEST(PageCache, RefaultWithinTheWorkingSetIsActiveAtOnce) {
  Rig rig(1, protected_nvme(), {}, small(16));
  const FileId cold = make_file(rig, "cold", 200);
  const FileId hot = make_file(rig, "hot", 8);
  for (int round = 0; round < 2; ++round) {
    for (std::int64_t block = 0; block < 8; ++block) read(rig, hot, block);
  }
  for (std::int64_t block = 0; block < 9; ++block) read(rig, cold, block);
  EXPECT_FALSE(is_cached(rig, cold, 0));
  EXPECT_EQ(rig.cache.counters().refaulted_blocks, 0);
  read(rig, cold, 0);
  EXPECT_EQ(rig.cache.counters().refaulted_blocks, 1);
  for (std::int64_t block = 50; block < 150; ++block) read(rig, cold, block);
  const std::int64_t refaults = rig.cache.counters().refaulted_blocks;
  EXPECT_FALSE(is_cached(rig, cold, 2));
  read(rig, cold, 2);
  EXPECT_EQ(rig.cache.counters().refaulted_blocks, refaults) << "too long ago";
}

// Goal: the kernel holds back threads, not files. Method: 95 of 128 MiB dirty, above the level at which writers are free. What
// a thread then writes to a second file waits in addition to what it wrote to the first; another thread does not wait for it.
TEST(PageCache, AThreadIsHeldBackForAllThatItWrote) {
  Rig rig(1, protected_nvme(), {}, small(1'024));
  static_cast<void>(rig.fs.append(rig.fs.create("before"), {95 << 20}, 1));
  rig.fs.act_as(0);
  const sim::Duration first = rig.fs.append(rig.fs.create("first"), {4 << 20}, 1);
  const sim::Duration same = rig.fs.append(rig.fs.create("second"), {4 << 20}, 1);
  rig.fs.act_as(1);
  const sim::Duration other = rig.fs.append(rig.fs.create("third"), {4 << 20}, 1);
  EXPECT_GT(first, 10_ms);
  EXPECT_GT(same, first + first / 2);
  EXPECT_LT(other, same - first / 2);
}

// Goal: memory that processes take shrinks the cache and the dirty limits, and comes back (fault P8). Method: 16 GiB, a
// hog of 12 GiB.
TEST(PageCache, AHogShrinksTheCacheAndTheLimits) {
  Rig rig(1, protected_nvme(), {}, {.memory = 1_GiB});
  const FileId file = make_file(rig, "a", 4'096);  // 512 MiB
  EXPECT_EQ(rig.cache.cached(), 512_MiB);
  rig.cache.set_hog(768_MiB);
  EXPECT_EQ(rig.cache.available(), 256_MiB);
  EXPECT_EQ(rig.cache.cached(), 256_MiB);
  EXPECT_EQ(rig.cache.limit().n, (256ll << 20) / 5);
  EXPECT_FALSE(is_cached(rig, file, 0)) << "the oldest went";
  EXPECT_TRUE(is_cached(rig, file, 4'095));
  rig.cache.set_hog(0_B);
  EXPECT_EQ(rig.cache.limit().n, (1ll << 30) / 5);
  EXPECT_EQ(rig.cache.cached(), 256_MiB) << "what is gone stays gone";
  rig.cache.set_hog(100_GiB);
  EXPECT_EQ(rig.cache.available(), 16_MiB) << "the kernel keeps something";
}

// Goal: drop_caches drops what is clean and nothing else. Method: one clean and one dirty file.
TEST(PageCache, DropCachesKeepsDirtyPages) {
  Rig rig;
  const FileId clean = make_file(rig, "clean", 4);
  const FileId dirty = rig.fs.create("dirty");
  EXPECT_EQ(rig.fs.append(dirty, {kBlock}, 1), 0_ns);
  EXPECT_EQ(rig.cache.drop_clean().n, 4 * kBlock);
  EXPECT_FALSE(is_cached(rig, clean, 0));
  EXPECT_TRUE(is_cached(rig, dirty, 0));
  EXPECT_EQ(rig.cache.cached().n, kBlock);
}

// Goal: what the cache does for one append does not grow with what is stored. Method: blocks looked at while a full cache of
// 1,024 dirty blocks takes one more: at most 64, although none can go.
TEST(PageCache, AFullCacheOfDirtyBlocksCostsABoundedScan) {
  Rig rig(1, protected_nvme(), {}, {.memory = 128_MiB, .dirty_background = {98}, .dirty_limit = {99}});
  const FileId file = rig.fs.create("a");
  for (int i = 0; i < 1'100; ++i) static_cast<void>(rig.fs.append(file, {kBlock}, 1));
  EXPECT_EQ(rig.cache.cached().n, 1'100 * kBlock) << "over, because nothing was clean";
  rig.sync(file);
  static_cast<void>(rig.fs.append(file, {kBlock}, 1));
  static_cast<void>(rig.fs.append(file, {kBlock}, 1));
  EXPECT_EQ(rig.cache.cached(), 128_MiB) << "caught up";
}

}  // namespace
}  // namespace brokersim::storage
