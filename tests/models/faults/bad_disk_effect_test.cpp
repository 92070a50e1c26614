// Faults of disks that lie, rot, fail or are exchanged: each changes what a process on the host sees, and is counted.
#include "models/devices/storage/page_cache.h"

#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;

FaultConfig with(FaultConfig config, const char* field, std::int64_t value) {
  config.numbers[field] = value;
  return config;
}

storage::FileSystem& files(Rig& rig, std::size_t index = 0) { return rig.host("b-1").file_system(index); }

/// A log of 1 MiB on b-1 at 1 s, on the medium soon after.
storage::FileId log_file(Rig& rig) {
  rig.run(1_s);
  const storage::FileId log = files(rig).create("orders-0/00000000000000000000.log");
  for (storage::ContentTag tag = 1; tag <= 16; ++tag) static_cast<void>(files(rig).append(log, 64_KiB, tag));
  files(rig).write_back_async(log);
  return log;
}

// Goal: one log directory of two fails (D17): its fsyncs fail meanwhile and until the next boot, the other's do not.
TEST(BadDisk, OneLogDirectoryFailsAndTheOtherGoesOn) {
  Rig rig({with(fault(disk_failed, 4_s, host_named("b-1"), 2_s), "log_dir", 1),
           fault(kernel_panic, 8_s, host_named("b-1"), 1_s)});
  rig.run(4_s);
  const storage::FileId other = files(rig, 1).create("x");
  static_cast<void>(files(rig, 1).append(other, 4_KiB, 1));
  rig.run(7500_ms);
  EXPECT_TRUE(rig.diary.failed_syncs.empty()) << "the writer is on the first disk";
  rig.run(7900_ms);
  EXPECT_FALSE(files(rig, 1).device_failed());
  rig.run(10_s);
  EXPECT_NE(rig.realised().target.find("log directory 1"), std::string::npos);
  EXPECT_TRUE(rig.realised().fired);
}

// Goal: without log_dir every disk fails; the writer's fsyncs fail from then on, though the device is back after 6 s, since
// the journal's next commit (every 5 s) has turned the file system read-only until the machine boots.
TEST(BadDisk, AFailedDiskIsHeardUntilTheNextBoot) {
  Rig rig(
      {fault(disk_failed, 4_s, host_named("b-1"), 6_s), fault(kernel_panic, 12_s, host_named("b-1"), 1_s)});
  rig.run(4_s);
  EXPECT_TRUE(rig.diary.failed_syncs.empty());
  rig.run(11900_ms);
  EXPECT_GE(rig.diary.failed_syncs.size(), 70u) << "ten a second for 8 s";
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_EQ(files(rig).mode(), storage::Mode::read_only);
  rig.run(18_s);
  EXPECT_LT(rig.diary.failed_syncs.back(), 12'000'000'000);
  EXPECT_EQ(files(rig).mode(), storage::Mode::writable);
}

// Goal: a fault of a log directory that nobody has hits nobody.
TEST(BadDisk, NobodyHasThatLogDirectory) {
  Rig rig({with(fault(disk_failed, 4_s, host_named("b-1"), 2_s), "log_dir", 9)});
  rig.run(5_s);
  EXPECT_TRUE(rig.realised().requested);
  EXPECT_FALSE(rig.realised().fired);
  EXPECT_FALSE(rig.realised().had_effect);
}

// Goal: the host goes down, its disk is empty when it comes back, and its programs start (P5).
TEST(BadDisk, ReplacedDiskIsEmptyAtTheNextBoot) {
  Rig rig({fault(disk_replaced, 4_s, host_named("b-1"), 2_s)});
  log_file(rig);
  rig.run(4_s);
  EXPECT_FALSE(rig.running("b-1"));
  EXPECT_TRUE(files(rig).list("").empty());
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_GT(rig.realised().effects, 1 << 20) << "bytes that went";
  rig.run(9100_ms);
  EXPECT_TRUE(rig.running("b-1")) << "2 s, and 3 s of boot";
  EXPECT_FALSE(files(rig).find("orders-0/00000000000000000000.log").has_value());
  EXPECT_TRUE(files(rig).find("data").has_value()) << "the program has begun anew";
}

// Goal: the files are those of the snapshot after the fault, and newer bytes are gone (D12). Method: 8 KiB every 100 ms.
TEST(BadDisk, RolledBackDiskHoldsTheSnapshot) {
  Rig rig({fault(disk_rolled_back, 4_s, host_named("b-1"), 4_s)});
  rig.run(4_s);
  EXPECT_TRUE(rig.realised().fired);
  EXPECT_FALSE(rig.realised().had_effect);
  const std::int64_t then = files(rig).size(*files(rig).find("data")).n;
  rig.run(7900_ms);
  const std::int64_t before = files(rig).size(*files(rig).find("data")).n;
  rig.run(8_s);
  EXPECT_FALSE(rig.running("b-1"));
  EXPECT_EQ(files(rig).size(*files(rig).find("data")).n, then);
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_GE(rig.realised().effects, before - then);
  rig.run(11100_ms);
  EXPECT_TRUE(rig.running("b-1"));
}

// Goal: what a crash has taken does not come back. Method: the machine loses power between snapshot and return.
TEST(BadDisk, AMachineThatCrashedMeanwhileIsNotSetBack) {
  Rig rig(
      {fault(disk_rolled_back, 4_s, host_named("b-1"), 6_s), fault(power_loss, 5_s, host_named("b-1"), 1_s)});
  rig.run(9500_ms);
  EXPECT_TRUE(rig.running("b-1"));
  const std::int64_t before = files(rig).size(*files(rig).find("data")).n;
  rig.run(10100_ms);
  EXPECT_TRUE(rig.running("b-1"));
  EXPECT_GE(files(rig).size(*files(rig).find("data")).n, before);
  EXPECT_FALSE(rig.realised().had_effect);
}

// Goal: rot is in the files and nobody knows until the medium is read (D8); counted when it comes to light.
TEST(BadDisk, BitRotComesToLightWithTheCacheGone) {
  Rig rig({with(fault(bit_rot, 4_s, host_named("b-1")), "length", 1),
           fault(kernel_panic, 6_s, host_named("b-1"), 1_s)});
  const storage::FileId log = log_file(rig);
  rig.run(5_s);
  EXPECT_TRUE(rig.realised().fired);
  EXPECT_FALSE(rig.realised().had_effect);
  EXPECT_TRUE(files(rig).sound(log, 0_B, 1_MiB));
  rig.run(7_s);
  EXPECT_TRUE(rig.realised().had_effect);
  EXPECT_EQ(rig.realised().effects, 1);
  int damaged = 0;
  for (const storage::Extent& extent : files(rig).extents(log)) damaged += extent.intact ? 0 : 1;
  EXPECT_EQ(damaged, 1) << "one sector, which one append holds";
}

// Goal: fsync is content with writes that were lost (D11) or went elsewhere (D10); power tells.
TEST(BadDisk, LostAndMisdirectedWritesFailNoFsync) {
  for (const FaultKind kind : {lost_writes, misdirected_writes}) {
    Rig rig({with(fault(kind, 4_s, host_named("b-1"), 4_s), "times", 3),
             fault(power_loss, 6_s, host_named("b-1"), 1_s)});
    rig.run(5_s);
    EXPECT_EQ(rig.realised().effects, 3);
    EXPECT_TRUE(rig.diary.failed_syncs.empty());
    EXPECT_TRUE(files(rig).damage(*files(rig).find("data")).empty());
    rig.run(6_s);
    std::int64_t damaged = 0;
    for (const storage::Interval& each : files(rig).damage(*files(rig).find("data")))
      damaged += each.to - each.from;
    EXPECT_GE(damaged, 3 * 8'192);
    EXPECT_LE(damaged, kind == lost_writes ? 3 * 8'192 : 6 * (8'192 + 4'096));
  }
}

}  // namespace
}  // namespace brokersim::faults::test
