// Where files lie on a disk: never on each other, near their wish, and free again when they go.
#include "models/devices/storage/allocation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "sim/random.h"
#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

constexpr std::int64_t kMiB = 1 << 20;

// Goal: first fit from the wish, around the end of the disk, halved when no piece is long enough, nothing when full.
TEST(Allocation, TakesTheFirstRoomFromTheWish) {
  Allocation disk(10 * kMiB);
  EXPECT_EQ(disk.take(4 * kMiB, kMiB), (Interval{4 * kMiB, 5 * kMiB}));
  EXPECT_EQ(disk.take(4 * kMiB, kMiB), (Interval{5 * kMiB, 6 * kMiB}));
  EXPECT_EQ(disk.take(0, 4 * kMiB), (Interval{0, 4 * kMiB}));
  EXPECT_EQ(disk.take(9 * kMiB, 2 * kMiB), (Interval{6 * kMiB, 8 * kMiB})) << "not across the end";
  EXPECT_EQ(disk.take(0, 4 * kMiB), (Interval{8 * kMiB, 10 * kMiB})) << "half is better than nothing";
  EXPECT_EQ(disk.take(0, kMiB), std::nullopt);
  disk.release(4 * kMiB, 5 * kMiB);
  EXPECT_EQ(disk.take(9 * kMiB, kMiB), (Interval{4 * kMiB, 5 * kMiB}));
  EXPECT_EQ(disk.taken(), 10 * kMiB);
}

// Goal: whatever the order of taking and giving back, pieces never overlap and nothing leaks. Method: 20,000 random
// steps against a plain list.
TEST(Allocation, NeverGivesTheSamePlaceTwice) {
  Allocation disk(64 * kMiB);
  sim::Simulation simulation(1);
  const sim::Component component(simulation, "allocation");
  const sim::Stream draws = component.stream("steps");
  std::vector<Interval> mine;
  std::int64_t bytes = 0;
  for (std::uint64_t step = 0; step < 20'000; ++step) {
    if (draws.below(4 * step, 5) < 2 && !mine.empty()) {
      const std::size_t which = draws.below(4 * step + 1, mine.size());
      disk.release(mine[which].from, mine[which].to);
      bytes -= mine[which].to - mine[which].from;
      mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      const auto wish = static_cast<std::int64_t>(draws.below(4 * step + 2, 16'384)) * Allocation::kBlock;
      const auto blocks = static_cast<std::int64_t>(draws.below(4 * step + 3, 64) + 1);
      const auto taken = disk.take(wish, blocks * Allocation::kBlock);
      if (!taken) continue;
      ASSERT_LE(taken->to, 64 * kMiB);
      for (const Interval& other : mine)
        ASSERT_TRUE(taken->to <= other.from || other.to <= taken->from) << step;
      bytes += taken->to - taken->from;
      mine.push_back(*taken);
    }
    ASSERT_EQ(disk.taken(), bytes);
  }
  for (const Interval& each : mine) disk.release(each.from, each.to);
  EXPECT_EQ(disk.taken(), 0);
  EXPECT_TRUE(disk.is_free(0, 64 * kMiB));
}

// Goal: two files of one directory whose wishes are the same place do not share it: reading one after the other on a hard disk
// costs the platter's time for both. Method: 40 files of 16 MiB, more than the 16 places a directory wishes for; read all,
// at the device's rate at best.
TEST(Placement, FilesOfADirectoryDoNotLieOnEachOther) {
  Rig rig(1, plain_hdd());
  std::vector<FileId> files;
  for (int i = 0; i < 40; ++i) {
    files.push_back(rig.fs.create("orders-0/" + std::to_string(i) + ".log"));
    static_cast<void>(rig.fs.append(files.back(), 16_MiB, 1));
    rig.fs.write_back_async(files.back());
    rig.run_for(2_s);
  }
  static_cast<void>(rig.cache.drop_clean());
  const sim::SimTime begin = rig.sim.now();
  Outcome outcome;
  for (const FileId file : files) {
    outcome = {};
    rig.spawn(read_range(&rig, file, 0_B, 16_MiB, &outcome));
    while (!outcome.complete && rig.sim.step()) {
    }
  }
  const double rate = 40 * 16.0 * 1'048'576 / (outcome.at - begin).seconds();
  EXPECT_LE(rate, 166e6);
  EXPECT_GE(rate, 80e6);
}

// Goal: space comes back with the commit of the removal. Method: a disk of 64 MiB, filled and emptied ten times.
TEST(Placement, RemovedFilesGiveTheirPlaceBack) {
  DiskConfig disk;
  disk.capacity = 64_MiB;
  Rig rig(1, disk);
  for (int round = 0; round < 10; ++round) {
    const FileId file = rig.fs.create("a");
    EXPECT_EQ(rig.fs.write(file, 60_MiB, 1).status, Status::ok) << round;
    rig.sync(file);
    EXPECT_TRUE(rig.fs.remove("a"));
    rig.run_for(6_s);
    EXPECT_EQ(rig.fs.available(), 64_MiB);
  }
}

// Goal: with the option discard, random small writes get faster when files go: free space is spare space (2.3). Without it
// nothing changes. Method: a drive of 7 % spare, 90 % full, then 20 % full; 4 KiB writes all over it.
TEST(Discard, FreedSpaceMakesSmallWritesFaster) {
  const auto seconds_per_write = [](bool discard, bool remove) {
    DiskConfig disk;
    disk.capacity = {100ll << 30};
    disk.write_iops = 1'000'000;
    disk.flash.spare_permille = 70;
    FileSystemConfig config;
    config.discard = discard;
    Rig rig(1, disk, config);
    for (const char* name : {"keep", "go"}) {
      const FileId file = rig.fs.create(name);
      static_cast<void>(rig.fs.append(file, {(name[0] == 'k' ? 20ll : 70ll) << 30}, 1));
      rig.sync(file);
    }
    if (remove) static_cast<void>(rig.fs.remove("go"));
    rig.run_for(1'000_s);
    const sim::SimTime begin = rig.sim.now();
    for (std::int64_t i = 0; i < 1'000; ++i) {
      IoRequest io;
      io.kind = IoKind::write;
      io.position = {i * 100'003 * 4'096 % disk.capacity.n};
      io.length = 4_KiB;
      rig.disk.submit(io);
    }
    while (rig.disk.in_flight() > 0 && rig.sim.step()) {
    }
    return (rig.sim.now() - begin).seconds() / 1'000;
  };
  const double full = seconds_per_write(true, false);
  const double trimmed = seconds_per_write(true, true);
  EXPECT_GT(full, 2.0 * trimmed) << "a write amplification of about 4 against 1";
  EXPECT_EQ(seconds_per_write(false, true), seconds_per_write(false, false));
}

}  // namespace
}  // namespace brokersim::storage
