// Goal: disks that hang or lie change what the machine does, are counted, and heal. Method: rig.h; exact times.
#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;

FaultConfig lasting(FaultKind kind, sim::Duration at, Target target, sim::Duration lasts) {
  FaultConfig config = fault(kind, at, std::move(target));
  config.lasts = lasts;
  return config;
}

storage::DiskConfig volatile_drive() {
  storage::DiskConfig disk;
  disk.volatile_cache = {64ll << 20};
  disk.power_loss_protection = false;
  return disk;
}

// D14. The writer of b-1 syncs every 100 ms; while its disks hang nothing completes, its heartbeats go on.
TEST(DiskFault, StalledDisksHoldEverySyncAndTheProcessLivesOn) {
  Rig rig({lasting(stall_disk, 4_s, host_named("b-1"), 3_s)});
  const auto writes = [&] { return rig.host("b-1").disk(0).counters().writes; };
  rig.run(4_s);
  const std::int64_t before = writes();
  EXPECT_GT(before, 30);
  rig.run(7_s - 1_ms);
  EXPECT_LE(writes(), before + 2) << "the writer waits for its sync";
  EXPECT_EQ(rig.beats("b-1", 4_s, 7_s), 30) << "a gray failure: the process does not notice";
  rig.run(10_s);
  EXPECT_GT(writes(), before + 20) << "healthy again";
  const RealisedFault realised = rig.realised();
  EXPECT_TRUE(realised.fired);
  EXPECT_TRUE(realised.had_effect);
  EXPECT_GE(realised.effects, 1);
  EXPECT_EQ(realised.healed_at, sim::SimTime{} + 7_s);
}

// D11 on protected drives: nothing is volatile, so there is nothing to lie about, and the counters say so.
TEST(DiskFault, AProtectedDriveHasNothingToLieAbout) {
  Rig rig({lasting(lying_flush, 2_s, host_named("b-1"), 3_s)});
  rig.run(8_s);
  EXPECT_TRUE(rig.realised().fired);
  EXPECT_FALSE(rig.realised().had_effect);
  EXPECT_EQ(rig.realised().effects, 0);
}

// D11 on volatile drives: syncs are answered, counted as lies, and the power loss takes what was synced.
TEST(DiskFault, ALyingFlushIsCountedAndLosesSyncedData) {
  for (const bool lies : {false, true}) {
    std::vector<FaultConfig> faults{fault(power_loss, 4_s, host_named("b-1"), 1_s, "power")};
    if (lies) faults.push_back(lasting(lying_flush, 1_s, host_named("b-1"), 10_s));
    Rig rig(std::move(faults), 1, volatile_drive());
    rig.run(4_s - 1_us);
    const storage::FileSystem& fs = rig.host("b-1").file_system();
    const std::int64_t synced = rig.diary.synced["b-1"];
    EXPECT_GT(synced, 0);
    rig.run(4_s);
    const auto file = fs.find("data");
    const std::int64_t left = file ? fs.size(*file).n : 0;
    bool whole = left >= synced;
    if (file && left > 0) {
      for (const storage::Extent& extent : fs.extents(*file)) whole = whole && extent.intact;
    }
    if (lies) {
      EXPECT_FALSE(whole) << "synced to " << synced << ", left " << left;
      EXPECT_TRUE(rig.realised(1).had_effect);
      EXPECT_GT(rig.realised(1).effects, 10);
    } else {
      EXPECT_GE(left, synced) << "an honest drive keeps what was synced";
    }
  }
}

}  // namespace
}  // namespace brokersim::faults::test
