// Devices that answer with errors, rot, lose or misdirect writes, and disks that are exchanged or set back.
#include <gtest/gtest.h>

#include <string>

#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

FileSystemConfig xfs() {
  FileSystemConfig config;
  config.kind = FileSystemKind::xfs;
  return config;
}

Status sync(Rig& rig, FileId file) {
  Outcome outcome;
  rig.spawn(sync_file(&rig, file, &outcome));
  rig.run_for(1_s);
  EXPECT_TRUE(outcome.complete);
  return outcome.status;
}

sim::Task<void> read_status(Rig* rig, FileId file, sim::Bytes offset, sim::Bytes length, Outcome* outcome) {
  outcome->status = co_await rig->fs.read(file, offset, length);
  outcome->complete = true;
}

Status read(Rig& rig, FileId file, sim::Bytes offset, sim::Bytes length) {
  Outcome outcome;
  rig.spawn(read_status(&rig, file, offset, length, &outcome));
  rig.run_for(1_s);
  EXPECT_TRUE(outcome.complete);
  return outcome.status;
}

/// Four appends of 64 KiB with the tags 1 to 4, synced.
FileId four(Rig& rig, const char* name) {
  const FileId file = rig.fs.create(name);
  for (ContentTag tag = 1; tag <= 4; ++tag) EXPECT_EQ(rig.fs.append(file, 64_KiB, tag), 0_ns);
  EXPECT_EQ(sync(rig, file), Status::ok);
  return file;
}

// --- A device that fails (D6, D17) -----------------------------------------------------------------------------

// Goal: every way to the device tells the error and what is in memory goes on. Method: one file cached, one not.
TEST(FailedDevice, FailsColdReadsAndFsyncsWhileTheCacheGoesOn) {
  Rig rig;
  const FileId cold = four(rig, "cold");
  static_cast<void>(rig.cache.drop_clean());
  const FileId warm = four(rig, "warm");
  rig.fs.fail_device(true);
  EXPECT_EQ(read(rig, warm, 0_B, 256_KiB), Status::ok);
  EXPECT_EQ(read(rig, cold, 0_B, 4_KiB), Status::io_error);
  EXPECT_FALSE(rig.fs.cached(cold, 0_B, 4_KiB));
  EXPECT_EQ(rig.fs.write(warm, 4_KiB, 5).status, Status::ok) << "into the page cache";
  EXPECT_EQ(sync(rig, warm), Status::io_error);
  EXPECT_GE(rig.fs.counters().device_errors, 2);
}

// Goal: the journal's next commit ends the mount, as each file system has it, and the device's return does not mend it.
TEST(FailedDevice, TurnsExt4ReadOnlyAndShutsXfsDown) {
  for (const FileSystemConfig& config : {FileSystemConfig{}, xfs()}) {
    Rig rig(1, {}, config);
    const FileId file = four(rig, "a");
    rig.fs.fail_device(true);
    EXPECT_EQ(rig.fs.append(file, 4_KiB, 5), 0_ns);
    rig.run_for(60_s);
    const bool ext4 = config.kind == FileSystemKind::ext4;
    EXPECT_EQ(rig.fs.mode(), ext4 ? Mode::read_only : Mode::shut_down);
    rig.fs.fail_device(false);
    EXPECT_EQ(rig.fs.write(file, 4_KiB, 6).status, ext4 ? Status::read_only : Status::io_error);
  }
}

// Goal: a machine that boots meanwhile has nothing to mount; with the device back the next boot finds what was durable,
// and not what was acknowledged by nobody.
TEST(FailedDevice, IsNotMountedUntilABootFindsItBack) {
  Rig rig;
  const FileId file = four(rig, "a");
  rig.fs.fail_device(true);
  EXPECT_EQ(rig.fs.append(file, 4_KiB, 5), 0_ns);
  rig.cut_power();
  EXPECT_EQ(rig.fs.mode(), Mode::shut_down);
  EXPECT_EQ(read(rig, file, 0_B, 4_KiB), Status::io_error);
  EXPECT_EQ(rig.fs.write(file, 4_KiB, 6).status, Status::io_error);
  rig.fs.fail_device(false);
  EXPECT_EQ(rig.fs.mode(), Mode::shut_down);
  rig.cut_power();
  EXPECT_EQ(rig.fs.mode(), Mode::writable);
  EXPECT_EQ(rig.fs.size(file), 256_KiB);
  EXPECT_EQ(sync(rig, file), Status::ok);
}

// Goal: faults overlap; the last to end heals. Method: two on, one off.
TEST(FailedDevice, OverlappingFaultsNest) {
  Rig rig;
  rig.fs.fail_device(true);
  rig.fs.fail_device(true);
  rig.fs.fail_device(false);
  EXPECT_TRUE(rig.fs.device_failed());
  rig.fs.fail_device(false);
  EXPECT_FALSE(rig.fs.device_failed());
}

// --- Bit rot (D8) ----------------------------------------------------------------------------------------------

// Goal: rot is of the medium: cached pages hide it, a read from the device shows it, and it stays. Method: the second of
// four appends rots; look before and after the cache is dropped.
TEST(BitRot, ShowsWhenItIsReadFromTheDeviceAndStays) {
  Rig rig;
  const FileId file = four(rig, "a");
  rig.fs.rot(file, {100'000}, 1_B);
  EXPECT_TRUE(rig.fs.sound(file, 0_B, 256_KiB));
  EXPECT_EQ(read(rig, file, 0_B, 256_KiB), Status::ok);
  EXPECT_EQ(rig.fs.counters().rotten_pages, 0);
  static_cast<void>(rig.cache.drop_clean());
  EXPECT_FALSE(rig.fs.sound(file, 64_KiB, 64_KiB)) << "what a reader would get";
  EXPECT_TRUE(rig.fs.sound(file, 0_B, 64_KiB));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(read(rig, file, 0_B, 256_KiB), Status::ok) << "no error: it is silent";
    EXPECT_FALSE(rig.fs.extent_at(file, {100'000}).intact);
    EXPECT_EQ(rig.fs.counters().rotten_pages, 1);
  }
  const auto extents = rig.fs.extents(file);
  ASSERT_EQ(extents.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(extents[i].intact, i != 1) << i;
}

// Goal: a crash empties the cache, so recovery sees it; and a digit of a small file becomes another one.
TEST(BitRot, ShowsAfterACrash) {
  Rig rig;
  const FileId log = four(rig, "a.log");
  rig.fs.replace_unsynced("checkpoint", "1234");
  rig.run_for(60_s);
  rig.fs.rot(log, {70'000}, 1_B);
  rig.fs.rot(*rig.fs.find("checkpoint"), 0_B, 1_B);
  EXPECT_EQ(rig.fs.read_whole("checkpoint"), "1234");
  rig.panic();
  EXPECT_EQ(rig.fs.read_whole("checkpoint"), "0234");
  EXPECT_FALSE(rig.fs.extent_at(log, {70'000}).intact);
  EXPECT_EQ(rig.fs.counters().rotten_pages, 2);
}

// Goal: what is not on the medium yet cannot rot, and a truncation takes the rot with it; one that a crash takes back brings
// it back. Method: rot behind the cut, with and without a commit before the panic.
TEST(BitRot, IsOfWrittenBytesOnlyAndGoesWithThem) {
  for (const bool committed : {false, true}) {
    Rig rig;
    const FileId file = rig.fs.create("a");
    EXPECT_EQ(rig.fs.append(file, 64_KiB, 1), 0_ns);
    rig.fs.rot(file, 0_B, 1_B);
    EXPECT_EQ(sync(rig, file), Status::ok);
    static_cast<void>(rig.cache.drop_clean());
    EXPECT_TRUE(rig.fs.sound(file, 0_B, 64_KiB));
    EXPECT_EQ(rig.fs.append(file, 64_KiB, 2), 0_ns);
    EXPECT_EQ(sync(rig, file), Status::ok);
    rig.fs.rot(file, {100'000}, 1_B);
    rig.fs.truncate(file, 64_KiB);
    if (committed) rig.run_for(6_s);
    rig.panic();
    const auto extents = rig.fs.extents(file);
    ASSERT_EQ(extents.size(), committed ? 1u : 2u);
    EXPECT_TRUE(extents[0].intact);
    EXPECT_TRUE(committed || !extents[1].intact);
  }
}

// Goal: what a failed fsync had marked clean stays lost when a crash takes back the truncation that removed it, and what was
// written since does not count for the old bytes. Method: durable, then cut (not committed), then a failed fsync of
// new bytes in the same place; and the other way round.
TEST(FailedSync, AndATruncationTakenBackKeepTheirOwnBytes) {
  Rig rig;
  const FileId good = four(rig, "good");
  rig.fs.truncate(good, 0_B);
  EXPECT_EQ(rig.fs.append(good, 4_KiB, 7), 0_ns);
  rig.fs.fail_next_sync(good);
  EXPECT_EQ(sync(rig, good), Status::io_error);
  const FileId bad = rig.fs.create("bad");
  EXPECT_EQ(rig.fs.append(bad, 64_KiB, 8), 0_ns);
  rig.fs.fail_next_sync(bad);
  EXPECT_EQ(sync(rig, bad), Status::io_error);
  rig.panic();
  const auto extents = rig.fs.extents(good);
  ASSERT_EQ(extents.size(), 4u) << "the truncation was not committed";
  for (const Extent& extent : extents) EXPECT_TRUE(extent.intact) << extent.tag;

  Rig other;
  const FileId file = other.fs.create("a");
  EXPECT_EQ(other.fs.append(file, 64_KiB, 1), 0_ns);
  other.fs.fail_next_sync(file);
  EXPECT_EQ(sync(other, file), Status::io_error);
  other.run_for(6_s);  // the size is committed, the bytes are nowhere
  other.fs.truncate(file, 0_B);
  other.panic();
  ASSERT_EQ(other.fs.size(file), 64_KiB);
  EXPECT_FALSE(other.fs.extent_at(file, 0_B).intact);
}

// --- Lost and misdirected writes (D10, D11) --------------------------------------------------------------------

// Goal: a phantom write is acknowledged, fsync is content, cached readers are content, and the bytes are nowhere: gone
// with the cache. Method: one lost write between two good ones, then evict; again, then power.
TEST(LostWrite, IsSilentUntilTheCacheIsGone) {
  for (const bool crash : {false, true}) {
    Rig rig;
    const FileId file = rig.fs.create("a");
    EXPECT_EQ(rig.fs.append(file, 64_KiB, 1), 0_ns);
    EXPECT_EQ(sync(rig, file), Status::ok);
    rig.fs.lose_writes(1, false);
    EXPECT_EQ(rig.fs.append(file, 64_KiB, 2), 0_ns);
    EXPECT_EQ(sync(rig, file), Status::ok);
    EXPECT_EQ(rig.fs.append(file, 64_KiB, 3), 0_ns);
    EXPECT_EQ(sync(rig, file), Status::ok);
    EXPECT_EQ(rig.fs.counters().lost_writes, 1);
    EXPECT_EQ(rig.fs.writes_to_lose(), 0);
    EXPECT_TRUE(rig.fs.extent_at(file, 64_KiB).intact);
    if (crash) {
      rig.cut_power();
    } else {
      static_cast<void>(rig.cache.drop_clean());
    }
    EXPECT_EQ(rig.fs.size(file), 192_KiB);
    EXPECT_TRUE(rig.fs.extent_at(file, 0_B).intact);
    EXPECT_FALSE(rig.fs.extent_at(file, 64_KiB).intact);
    EXPECT_TRUE(rig.fs.extent_at(file, 128_KiB).intact);
  }
}

// Goal: a misdirected write damages two places: its own keeps what was there, and a place that held data is another's.
// Method: the only other file is the victim, over seeds; some seeds hit the file itself.
TEST(MisdirectedWrite, DamagesItsOwnPlaceAndAnother) {
  int others = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rig rig(seed);
    const FileId victim = four(rig, "victim");
    const FileId file = four(rig, "a");
    rig.fs.lose_writes(1, true);
    EXPECT_EQ(rig.fs.append(file, 8_KiB, 5), 0_ns);
    EXPECT_EQ(sync(rig, file), Status::ok);
    rig.cut_power();
    EXPECT_FALSE(rig.fs.extent_at(file, 256_KiB).intact) << seed;
    int damaged = 0;
    for (const FileId each : {victim, file}) {
      for (const Extent& extent : rig.fs.extents(each)) damaged += extent.intact ? 0 : 1;
    }
    EXPECT_GE(damaged, 2) << seed;
    EXPECT_LE(damaged, 3) << seed << ": 8 KiB cross at most one border";
    if (!rig.fs.damage(victim).empty()) ++others;
  }
  EXPECT_GE(others, 5);
  EXPECT_LE(others, 15);
}

// --- Disks that are exchanged or set back (P5, D12) ------------------------------------------------------------

// Goal: a new disk holds nothing, works, and what went is reported once. Method: one file with a dirty end.
TEST(ReplacedDisk, IsEmptyAndWorks) {
  Rig rig;
  const FileId file = four(rig, "a");
  EXPECT_EQ(rig.fs.append(file, 8_KiB, 5), 0_ns);
  rig.fs.fail_device(true);
  rig.cut_power();
  const sim::Bytes room = rig.fs.available();
  const CrashReport report = rig.fs.restore({});
  ASSERT_EQ(report.lost.size(), 4u) << "the fifth was lost with the power already";
  for (const LostRange& lost : report.lost) EXPECT_EQ(lost.state, ByteState::medium);
  EXPECT_TRUE(rig.fs.list("").empty());
  EXPECT_EQ(rig.fs.available().n - room.n, 256 << 10);
  EXPECT_EQ(rig.fs.mode(), Mode::writable) << "the new one does not fail";
  four(rig, "a");
}

// Goal: a rollback brings old and valid data back, appends, truncations and names alike; what was dirty at the snapshot is in
// it, and what came later is reported lost. Method: snapshot between changes.
TEST(RolledBackDisk, IsWhatItWasAtTheSnapshot) {
  Rig rig;
  const FileId log = four(rig, "log");
  rig.fs.replace_unsynced("checkpoint", "4");
  EXPECT_EQ(rig.fs.append(log, 8_KiB, 5), 0_ns);
  const Image image = rig.fs.image();
  rig.fs.truncate(log, 128_KiB);
  EXPECT_EQ(rig.fs.append(log, 32_KiB, 6), 0_ns);
  EXPECT_EQ(sync(rig, log), Status::ok);
  rig.fs.replace_unsynced("checkpoint", "6");
  four(rig, "new");
  rig.cut_power();
  const CrashReport report = rig.fs.restore(image);
  ASSERT_EQ(report.lost.size(), 5u);
  EXPECT_EQ(report.lost[0].tag, 6u);
  EXPECT_EQ(report.lost[1].file, "new");
  EXPECT_FALSE(rig.fs.find("new").has_value());
  EXPECT_EQ(rig.fs.read_whole("checkpoint"), "4");
  const FileId old = *rig.fs.find("log");
  EXPECT_NE(old, log) << "an id is never used again";
  const auto extents = rig.fs.extents(old);
  ASSERT_EQ(extents.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(extents[i].tag, i + 1);
    EXPECT_TRUE(extents[i].intact);
  }
  EXPECT_FALSE(rig.fs.cached(old, 0_B, 1_B));
  EXPECT_EQ(read(rig, old, 0_B, 264_KiB), Status::ok);
  EXPECT_EQ(rig.fs.append(old, 8_KiB, 7), 0_ns);
  EXPECT_EQ(sync(rig, old), Status::ok);
  rig.cut_power();
  EXPECT_EQ(rig.fs.size(old), 272_KiB);
}

}  // namespace
}  // namespace brokersim::storage
