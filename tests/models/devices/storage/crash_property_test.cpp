// Never a byte survives that the rules forbid, and never one is lost that they protect; and every class of outcome that
// the rules allow does occur (device-models.md 3.8), counted for each file system on each drive.
//
// Method: crash_episode.h. Each file system on each drive lives through thousands of crashes; what may happen there must
// happen at least three times, and what may not never does.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/models/devices/storage/crash_episode.h"

namespace brokersim::storage {
namespace {

/// Every fate but those of `never` must occur. (ext4 replaces a name by a file with its bytes: crash_test.cpp. What this count
/// sees of it there is what a crash took back in part.)
void explore(const Settings& settings, std::uint64_t seeds, int losses_min, const std::vector<Fate>& never) {
  int losses = 0;
  Fates fates{};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    Episode episode(seed, settings);
    episode.run();
    if (testing::Test::HasFatalFailure()) return;
    losses += episode.losses();
    for (std::size_t i = 0; i < fates.size(); ++i) fates[i] += episode.fates()[i];
  }
  EXPECT_GE(losses, losses_min) << "the search must reach losses";
  for (std::size_t i = 0; i < fates.size(); ++i) {
    if (static_cast<Fate>(i) == Fate::new_name_empty && settings.rules != Rules::xfs) continue;
    if (std::find(never.begin(), never.end(), static_cast<Fate>(i)) == never.end()) {
      EXPECT_GE(fates[i], 3) << fate_names[i];
    } else {
      EXPECT_EQ(fates[i], 0) << fate_names[i];
    }
  }
  std::string counts;
  for (std::size_t i = 0; i < fates.size(); ++i)
    counts += std::string(fate_names[i]) + " " + std::to_string(fates[i]) + ", ";
  testing::Test::RecordProperty("fates", counts);
}

DiskConfig tearing(DiskConfig disk) {
  disk.shorn_write_permille = 500;
  return disk;
}

// ext4 ordered and XFS move a size when its bytes are written, so that no crash shows a torn append or zeros; what they do
// show is what a failed fsync has marked clean. Only XFS commits a rename before the bytes of the file (no auto_da_alloc).
const std::vector<Fate> not_ext4_ordered = {Fate::torn};
const std::vector<Fate> not_xfs = {Fate::torn};
const std::vector<Fate> not_ext4_writeback = {};

TEST(CrashProperty, OrderedOnProtectedNvme) {
  explore({Rules::ordered, protected_nvme()}, 2'000, 4'000, not_ext4_ordered);
}
TEST(CrashProperty, OrderedOnVolatileNvme) {
  explore({Rules::ordered, volatile_nvme()}, 2'000, 4'000, not_ext4_ordered);
}
TEST(CrashProperty, OrderedOnHdd) { explore({Rules::ordered, plain_hdd()}, 2'000, 4'000, not_ext4_ordered); }
TEST(CrashProperty, WritebackOnProtectedNvme) {
  explore({Rules::writeback, protected_nvme()}, 3'000, 4'000, not_ext4_writeback);
}
TEST(CrashProperty, WritebackOnATearingNvme) {
  explore({Rules::writeback, tearing(protected_nvme())}, 3'000, 4'000, not_ext4_writeback);
}
TEST(CrashProperty, WritebackOnVolatileNvme) {
  explore({Rules::writeback, volatile_nvme()}, 2'000, 4'000, not_ext4_writeback);
}
TEST(CrashProperty, WritebackOnHdd) {
  explore({Rules::writeback, tearing(plain_hdd())}, 5'000, 4'000, not_ext4_writeback);
}
TEST(CrashProperty, XfsOnProtectedNvme) { explore({Rules::xfs, protected_nvme()}, 2'000, 4'000, not_xfs); }
TEST(CrashProperty, XfsOnVolatileNvme) { explore({Rules::xfs, volatile_nvme()}, 2'000, 4'000, not_xfs); }
TEST(CrashProperty, XfsOnHdd) { explore({Rules::xfs, plain_hdd()}, 2'000, 4'000, not_xfs); }

// Goal: the same seed gives the same run. Method: every episode twice, fingerprints equal; another seed differs.
TEST(CrashProperty, RunsTwiceWithTheSameFingerprint) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Settings settings{static_cast<Rules>(seed % 3), seed % 3 == 0 ? plain_hdd() : volatile_nvme()};
    const std::uint64_t first = Episode(seed, settings).run();
    EXPECT_EQ(first, Episode(seed, settings).run());
    EXPECT_NE(first, Episode(seed + 1'000, settings).run());
  }
}

}  // namespace
}  // namespace brokersim::storage
