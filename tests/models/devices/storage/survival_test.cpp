// The table of device-models.md 3.8: what survives which crash, by how far the bytes had got.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

enum class Reached { dirty, drive_cache, flushed };
enum class Crash { process_kill, kernel_panic, power_loss_unprotected, power_loss_protected };
enum class Fate { kept, lost, subset };

struct Row {
  Reached reached;
  Crash crash;
  Fate fate;
};

constexpr std::int64_t kAppends = 32;
constexpr std::int64_t kLength = 128 << 10;  // one command each, so that each is drawn on its own

/// Brings 32 appends behind a synced one to the wanted stage, with their size committed where that can be.
void reach(Rig& rig, FileId file, Reached stage) {
  for (std::int64_t i = 0; i < kAppends; ++i) {
    EXPECT_EQ(rig.fs.append(file, {kLength}, static_cast<ContentTag>(100 + i)), 0_ns);
  }
  if (stage == Reached::dirty) return;
  if (stage == Reached::flushed) {
    rig.sync(file);
    return;
  }
  // data=writeback moves the size when write-back is submitted; a commit that begins now carries it, but its flush
  // does not cover what the drive acknowledges later.
  rig.fs.write_back_async(file);
  rig.fs.create("other");
  Outcome committed;
  rig.spawn(sync_directory(&rig, &committed));
  rig.run_for(100_ms);
  EXPECT_TRUE(committed.complete);
  EXPECT_EQ(rig.disk.in_flight(), 0u);
}

class Survival : public testing::TestWithParam<Row> {};

// Goal: every cell of the table. Method: 40 seeds a cell; count appends that are intact after the crash.
TEST_P(Survival, FollowsTheTable) {
  const Row row = GetParam();
  const DiskConfig disk = row.crash == Crash::power_loss_protected ? protected_nvme() : volatile_nvme();
  std::int64_t kept = 0;
  constexpr std::int64_t kSeeds = 40;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Rig rig(seed, disk, {.data = JournalData::writeback});
    const FileId file = rig.fs.create("orders-0/0.log");
    EXPECT_EQ(rig.fs.append(file, 10'000_B, 7), 0_ns);
    rig.sync(file);
    rig.run_for(1_s);
    reach(rig, file, row.reached);

    CrashReport report;
    switch (row.crash) {
      case Crash::process_kill: rig.kill_process(); break;
      case Crash::kernel_panic: report = rig.panic(); break;
      case Crash::power_loss_unprotected:
      case Crash::power_loss_protected: report = rig.cut_power(); break;
    }
    const std::vector<Extent> extents = rig.fs.extents(file);
    ASSERT_GE(extents.size(), 1u);
    EXPECT_EQ(extents[0], (Extent{0_B, 10'000_B, 7, true})) << "synced bytes survive everything";
    std::int64_t intact = 0;
    for (std::size_t i = 1; i < extents.size(); ++i) {
      EXPECT_EQ(extents[i].tag, 99 + i);
      EXPECT_EQ(extents[i].offset.n, 10'000 + static_cast<std::int64_t>(i - 1) * kLength);
      if (extents[i].intact) ++intact;
    }
    kept += intact;
    if (row.crash == Crash::process_kill) continue;
    // An append that straddles two commands may lose one: it is reported then, and not intact.
    std::vector<bool> reported(kAppends);
    for (const LostRange& lost : report.lost) {
      EXPECT_EQ(lost.file, "orders-0/0.log");
      EXPECT_EQ(lost.state, row.reached == Reached::dirty ? ByteState::dirty : ByteState::drive_cache);
      reported[static_cast<std::size_t>(lost.tag - 100)] = true;
    }
    EXPECT_EQ(std::count(reported.begin(), reported.end(), true), kAppends - intact);
  }
  switch (row.fate) {
    case Fate::kept: EXPECT_EQ(kept, kAppends * kSeeds); break;
    case Fate::lost: EXPECT_EQ(kept, 0); break;
    case Fate::subset:
      // Each append straddles two commands, each kept with probability 1/2.
      EXPECT_GT(kept, kAppends * kSeeds / 4 * 8 / 10);
      EXPECT_LT(kept, kAppends * kSeeds / 4 * 12 / 10);
      break;
  }
}

std::string cell_name(const testing::TestParamInfo<Row>& info) {
  static const char* const reached[] = {"Dirty", "DriveCache", "Flushed"};
  static const char* const crash[] = {"Kill", "Panic", "PowerUnprotected", "PowerProtected"};
  return std::string(reached[static_cast<int>(info.param.reached)]) +
         crash[static_cast<int>(info.param.crash)];
}

INSTANTIATE_TEST_SUITE_P(Table, Survival,
                         testing::Values(Row{Reached::dirty, Crash::process_kill, Fate::kept},
                                         Row{Reached::dirty, Crash::kernel_panic, Fate::lost},
                                         Row{Reached::dirty, Crash::power_loss_unprotected, Fate::lost},
                                         Row{Reached::dirty, Crash::power_loss_protected, Fate::lost},
                                         Row{Reached::drive_cache, Crash::process_kill, Fate::kept},
                                         Row{Reached::drive_cache, Crash::kernel_panic, Fate::kept},
                                         Row{Reached::drive_cache, Crash::power_loss_unprotected,
                                             Fate::subset},
                                         Row{Reached::drive_cache, Crash::power_loss_protected, Fate::kept},
                                         Row{Reached::flushed, Crash::process_kill, Fate::kept},
                                         Row{Reached::flushed, Crash::kernel_panic, Fate::kept},
                                         Row{Reached::flushed, Crash::power_loss_unprotected, Fate::kept},
                                         Row{Reached::flushed, Crash::power_loss_protected, Fate::kept}),
                         cell_name);

// Goal: a disk that is lost takes everything. Method: a synced and a dirty append.
TEST(DiskLoss, TakesEverythingAndSaysWhereItWas) {
  Rig rig;
  const FileId file = rig.fs.create("a");
  EXPECT_EQ(rig.fs.append(file, 100_B, 1), 0_ns);
  rig.sync(file);
  EXPECT_EQ(rig.fs.append(file, 50_B, 2), 0_ns);
  rig.kill_process();
  const CrashReport report = rig.fs.drop_everything();
  EXPECT_EQ(report.lost, (std::vector<LostRange>{{"a", 0_B, 100_B, 1, ByteState::medium},
                                                 {"a", 100_B, 50_B, 2, ByteState::dirty}}));
  EXPECT_TRUE(rig.fs.list("").empty());
  EXPECT_EQ(rig.cache.dirty(), 0_B);
  EXPECT_EQ(rig.fs.available(), rig.disk.config().capacity);
}

}  // namespace
}  // namespace brokersim::storage
