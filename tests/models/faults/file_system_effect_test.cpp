// Faults of file systems and of the page cache: each visibly changes what a process on the host sees, and is counted.
#include "models/devices/storage/page_cache.h"

#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;

FaultConfig with(FaultConfig config, const char* field, std::int64_t value) {
  config.numbers[field] = value;
  return config;
}

storage::FileSystem& files(Rig& rig) { return rig.host("b-1").file_system(); }

// Nothing else fails: one fsync of each of the two disks; only the first has a writer.
TEST(FileSystemFault, FsyncErrorFailsThatManyFsyncs) {
  Rig rig({with(fault(fsync_error, 4_s, host_named("b-1"), 4_s), "times", 3)});
  rig.run(4_s);
  EXPECT_TRUE(rig.diary.failed_syncs.empty());
  EXPECT_FALSE(rig.realised().had_effect);
  rig.run(6_s);
  EXPECT_EQ(rig.diary.failed_syncs.size(), 3u);
  EXPECT_EQ(rig.realised().effects, 3);
  EXPECT_TRUE(rig.realised().had_effect);
  rig.run(12_s);
  EXPECT_EQ(rig.diary.failed_syncs.size(), 3u);
  EXPECT_EQ(files(rig).counters().ghost_bytes, 3 * 8'192);
}

TEST(FileSystemFault, WriteErrorFailsEveryFsyncMeanwhile) {
  Rig rig({fault(write_error, 4_s, host_named("b-1"), 1_s)});
  rig.run(10_s);
  EXPECT_GE(rig.diary.failed_syncs.size(), 9u);
  EXPECT_LE(rig.diary.failed_syncs.size(), 11u);
  EXPECT_LT(rig.diary.failed_syncs.back(), 5'100'000'000);
  EXPECT_EQ(rig.realised().effects, static_cast<std::int64_t>(rig.diary.failed_syncs.size()) * 8'192);
}

TEST(FileSystemFault, JournalErrorLastsUntilTheNextBoot) {
  Rig rig({fault(journal_error, 4_s, host_named("b-1")), fault(kernel_panic, 6_s, host_named("b-1"), 1_s)});
  rig.run(5_s);
  EXPECT_EQ(files(rig).mode(), storage::Mode::read_only);
  EXPECT_TRUE(rig.realised(0).had_effect);
  rig.run(12_s);
  EXPECT_EQ(files(rig).mode(), storage::Mode::writable);
  EXPECT_LT(rig.diary.failed_syncs.back(), 6'000'000'000);
}

TEST(FileSystemFault, DiskFullRefusesAppendsAndGivesTheRoomBack) {
  Rig rig({with(fault(disk_full, 4_s, host_named("b-1"), 2_s), "left", 3 * 8'192 + 100)});
  rig.run(4_s);
  const std::int64_t before = files(rig).size(*files(rig).find("data")).n;
  rig.run(5900_ms);
  EXPECT_EQ(files(rig).size(*files(rig).find("data")).n, before + 3 * 8'192 + 100)
      << "the last one is cut short";
  EXPECT_GE(rig.realised().effects, 15);
  rig.run(8_s);
  EXPECT_GT(files(rig).size(*files(rig).find("data")).n, before + 10 * 8'192);
}

TEST(FileSystemFault, UnreadableSectorsFailColdReads) {
  Rig rig({with(fault(unreadable_sectors, 4_s, host_named("b-1")), "length", 4'096),
           fault(drop_caches, 5_s, host_named("b-1"))});
  rig.run(1_s);
  const storage::FileId log = files(rig).create("orders-0/00000000000000000000.log");
  static_cast<void>(files(rig).append(log, 1_MiB, 1));
  files(rig).write_back_async(log);
  rig.run(6_s);
  EXPECT_TRUE(rig.realised(0).fired);
  EXPECT_FALSE(rig.realised(0).had_effect) << "nobody has read it yet";
  EXPECT_GE(rig.realised(1).effects, 1 << 20);
  EXPECT_FALSE(files(rig).cached(log, 0_B, 1_B));
  storage::Status status = storage::Status::ok;
  struct Reader {
    static sim::Task<void> run(storage::FileSystem* fs, storage::FileId file, storage::Status* result) {
      *result = co_await fs->read(file, 0_B, 1_MiB);
    }
  };
  sim::Process process(rig.sim, "reader");
  sim::Component reader(process, "reader");
  reader.spawn(Reader::run(&files(rig), log, &status));
  rig.run(7_s);
  process.kill();
  EXPECT_EQ(status, storage::Status::io_error);
  EXPECT_TRUE(rig.realised(0).had_effect);
}

TEST(FileSystemFault, FileTruncatedIsShorterAndStaysSo) {
  Rig rig({with(fault(file_truncated, 4_s, host_named("b-1")), "bytes", 65'536)});
  rig.run(1_s);
  const storage::FileId log = files(rig).create("orders-0/00000000000000000000.log");
  static_cast<void>(files(rig).append(log, 1_MiB, 1));
  files(rig).write_back_async(log);
  rig.run(5_s);
  EXPECT_EQ(files(rig).size(log), 960_KiB);
  EXPECT_EQ(rig.realised().effects, 65'536);
  EXPECT_NE(rig.realised().target.find("orders-0/00000000000000000000.log"), std::string::npos);
}

// Two hogs of 40 % add up; the cache and the dirty limit follow, and come back.
TEST(FileSystemFault, MemoryPressureShrinksTheCache) {
  Rig rig({with(fault(memory_pressure, 4_s, host_named("b-1"), 4_s, "one"), "share_percent", 40),
           with(fault(memory_pressure, 5_s, host_named("b-1"), 1_s, "two"), "share_percent", 40)});
  storage::PageCache& cache = rig.host("b-1").page_cache();
  const std::int64_t memory = cache.config().memory.n;
  const storage::FileId file = files(rig).create("big");
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(files(rig).append(file, {memory / 100}, 1));
    files(rig).write_back_async(file);
    rig.run(sim::Duration{i * 10'000'000ll});
  }
  rig.run(4500_ms);
  EXPECT_EQ(cache.available().n, memory - memory / 100 * 40);
  rig.run(5500_ms);
  EXPECT_EQ(cache.available().n, memory - memory / 100 * 80);
  EXPECT_LE(cache.limit().n, memory / 5 / 5 + 10);
  rig.run(9_s);
  EXPECT_EQ(cache.available().n, memory);
  EXPECT_TRUE(rig.realised(0).had_effect);
}

}  // namespace
}  // namespace brokersim::faults::test
