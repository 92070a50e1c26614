// Readahead: the pure rules, and the device reads that come of them.
#include <gtest/gtest.h>

#include <vector>

#include "models/devices/storage/readahead.h"
#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

constexpr std::int64_t kMax = 32;

// Goal: 4 KiB in sequence: windows of 4, 8, 16, 32, 32 pages, each read when its predecessor's marker is met (3.5).
TEST(Readahead, SequentialPagesDoubleTheWindow) {
  ReadaheadState state;
  auto window = read_ahead(state, {.page = 0}, kMax);
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(*window, (ReadaheadWindow{0, 4, 1}));
  const std::vector<ReadaheadWindow> expected = {{4, 8, 4}, {12, 16, 12}, {28, 32, 28}, {60, 32, 60}};
  for (const ReadaheadWindow& next : expected) {
    const std::int64_t marker = window->marker_at;
    window = read_ahead(state, {.page = marker, .marker = true}, kMax);
    ASSERT_TRUE(window.has_value());
    EXPECT_EQ(*window, next);
  }
}

// Goal: sendfile's 64 KiB pieces take the full window at once. Method: first request 16 pages.
TEST(Readahead, LargeFirstRequestTakesTheFullWindow) {
  ReadaheadState state;
  const auto window = read_ahead(state, {.page = 0, .request = 16}, kMax);
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(*window, (ReadaheadWindow{0, 32, 16}));
}

// Goal: a random read brings what it asks for and disturbs no stream.
TEST(Readahead, RandomReadsAreReadAsAsked) {
  ReadaheadState state;
  state = {.start = 0, .size = 32, .async_size = 16, .previous = 10};
  const auto window = read_ahead(state, {.page = 5'000, .request = 2}, kMax);
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(*window, (ReadaheadWindow{5'000, 2, -1}));
  EXPECT_EQ(state.start, 0);
  EXPECT_EQ(state.size, 32);
}

// Goal: a stream whose state another stream took is known by the pages before it. Method: 12 cached pages, request 1.
TEST(Readahead, CachedHistoryIsAStream) {
  ReadaheadState state;
  state = {.start = 9'000, .size = 32, .async_size = 32, .previous = 9'010};
  const auto window = read_ahead(state, {.page = 100, .request = 1, .history = 12}, kMax);
  ASSERT_TRUE(window.has_value());
  EXPECT_EQ(*window, (ReadaheadWindow{100, 13, 112}));
}

// Goal: window 0 turns it off: markers call for nothing, misses read as asked.
TEST(Readahead, CanBeOff) {
  ReadaheadState state;
  EXPECT_FALSE(read_ahead(state, {.page = 7, .marker = true}, 0).has_value());
  EXPECT_EQ(*read_ahead(state, {.page = 0, .request = 3}, 0), (ReadaheadWindow{0, 3, -1}));
}

/// A clean file that is not cached.
FileId cold_file(Rig& rig, const char* name, sim::Bytes length) {
  const FileId file = rig.fs.create(name);
  EXPECT_EQ(rig.fs.append(file, length, 1), 0_ns);
  rig.sync(file);
  static_cast<void>(rig.cache.drop_clean());
  return file;
}

struct Reader {
  sim::SimTime done;
  int steps = 0;
};

sim::Task<void> read_in_steps(Rig* rig, FileId file, std::int64_t from, std::int64_t to, std::int64_t step,
                              Reader* reader) {
  for (std::int64_t at = from; at < to; at += step) {
    static_cast<void>(co_await rig->fs.read(file, {at}, {step}));
    ++reader->steps;
  }
  reader->done = rig->sim.now();
}

// Goal: a cold stream that consumes at once is as fast as the device: the next window is under way while it reads the last.
// Method: 64 MiB in steps of 64 KiB from a device of 666.9 MB/s and 90 us.
TEST(Readahead, ColdStreamReadsAtTheDeviceRate) {
  Rig rig;
  const FileId file = cold_file(rig, "a", 64_MiB);
  const sim::SimTime begin = rig.sim.now();
  Reader reader;
  rig.spawn(read_in_steps(&rig, file, 0, 64 << 20, 64 << 10, &reader));
  rig.run_for(10_s);
  ASSERT_EQ(reader.steps, 1'024);
  const double rate = 67.108864 / (reader.done - begin).seconds();
  EXPECT_GT(rate, 666.9 * 0.97);
  EXPECT_LE(rate, 666.9);
  EXPECT_EQ(rig.disk.counters().reads, 512) << "128 KiB each, nothing twice";
  EXPECT_EQ(rig.disk.counters().bytes_read, 64_MiB);
}

// Goal: two streams in one file do not lose their windows. Method: interleaved steps of 4 KiB, 8 MiB each: reads stay large,
// nothing is read twice.
TEST(Readahead, InterleavedStreamsKeepTheirWindows) {
  Rig rig;
  const FileId file = cold_file(rig, "a", 64_MiB);
  Reader first;
  Reader second;
  rig.spawn(read_in_steps(&rig, file, 0, 8 << 20, 4'096, &first));
  rig.spawn(read_in_steps(&rig, file, 32 << 20, 40 << 20, 4'096, &second));
  rig.run_for(10_s);
  ASSERT_EQ(first.steps, 2'048);
  ASSERT_EQ(second.steps, 2'048);
  const DiskCounters& disk = rig.disk.counters();
  EXPECT_LE(disk.bytes_read, 16_MiB + 512_KiB);
  EXPECT_GT(disk.bytes_read.n / disk.reads, 90 << 10) << "bytes per device read";
}

// Goal: random reads of 4 KiB read 4 KiB. Method: 200 scattered pages.
TEST(Readahead, ScatteredReadsPullInNothingElse) {
  Rig rig;
  const FileId file = cold_file(rig, "a", 256_MiB);
  for (std::int64_t i = 1; i <= 200; ++i) {
    Reader reader;
    const std::int64_t at = (i * 7'919 % 65'536) * 4'096;
    rig.spawn(read_in_steps(&rig, file, at, at + 4'096, 4'096, &reader));
    rig.run_for(1_ms);
    ASSERT_EQ(reader.steps, 1);
  }
  EXPECT_EQ(rig.disk.counters().bytes_read.n, 200 * 4'096);
}

}  // namespace
}  // namespace brokersim::storage
