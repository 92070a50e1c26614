// Timing of one device, in exact nanoseconds. Sources of the expected figures: device-models.md 1 and 2.
#include "models/devices/storage/disk.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "sim/hash.h"
#include "tests/models/devices/storage/rig.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

struct Probe {
  explicit Probe(const DiskConfig& config) : sim(1), disk(sim, "disk", config) {}

  std::size_t submit(IoKind kind, std::int64_t position, std::int64_t length,
                     Urgency urgency = Urgency::foreground) {
    IoRequest io;
    io.kind = kind;
    io.urgency = urgency;
    io.position = {position};
    io.length = {length};
    done.push_back({-1});
    io.done = {[](void* self, std::uint64_t index) {
                 auto* probe = static_cast<Probe*>(self);
                 probe->done[index] = probe->sim.now();
               },
               this, done.size() - 1};
    disk.submit(io);
    return done.size() - 1;
  }
  sim::Duration alone(IoKind kind, std::int64_t position, std::int64_t length) {
    const sim::SimTime begin = sim.now();
    const std::size_t index = submit(kind, position, length);
    sim.run_to_end();
    return done[index] - begin;
  }

  sim::Simulation sim;
  Disk disk;
  std::deque<sim::SimTime> done;
};

// Goal: NVMe requests pay port and latency. Method: single requests; the port is 1/IOPS or bytes/bandwidth.
TEST(NvmeDisk, SingleRequestsTakePortTimePlusLatency) {
  Probe probe(protected_nvme());
  EXPECT_EQ(probe.alone(IoKind::read, 0, 4'096).ns, 1'000'000'000 / 84'480 + 90'000);
  EXPECT_EQ(probe.alone(IoKind::write, 1 << 20, 4'096).ns, 1'000'000'000 / 66'969 + 20'000);
  EXPECT_EQ(probe.alone(IoKind::read, 0, 1 << 20), sim::transfer_time(1_MiB, {666'900'000}) + 90_us);
  EXPECT_EQ(probe.alone(IoKind::flush, 0, 0), 0_ns) << "protected: nothing to flush";
  EXPECT_EQ(probe.disk.counters().reads, 2);
  EXPECT_EQ(probe.disk.counters().writes, 1);
  EXPECT_EQ(probe.disk.counters().bytes_read, 4_KiB + 1_MiB);
}

// Goal: reads overlap their latency but share the port. Method: 64 reads at once end 63 port times apart.
TEST(NvmeDisk, QueueDepthSaturatesAtTheIopsLimit) {
  Probe probe(protected_nvme());
  for (int i = 0; i < 64; ++i) probe.submit(IoKind::read, i * 1'000'000, 4'096);
  probe.sim.run_to_end();
  const std::int64_t port = 1'000'000'000 / 84'480;
  EXPECT_EQ(probe.done[0].ns, port + 90'000);
  EXPECT_EQ(probe.done[63].ns, 64 * port + 90'000);
}

// Goal: write-back does not block a read for its whole length, and loses exactly the time it gave.
// Method: a 4 MiB background write; a read arrives 1 ms later and waits for one 128 KiB command at most.
TEST(NvmeDisk, ForegroundOvertakesBackgroundByCommands) {
  Probe probe(protected_nvme());
  const std::size_t write = probe.submit(IoKind::write, 0, 4 << 20, Urgency::background);
  probe.sim.run_until({1'000'000});
  const std::size_t read = probe.submit(IoKind::read, 1 << 30, 4'096);
  probe.sim.run_to_end();
  const sim::Duration quantum = sim::transfer_time(128_KiB, {333'400'000});
  const sim::Duration port = {1'000'000'000 / 84'480};
  EXPECT_EQ(probe.done[read], sim::SimTime{1'000'000} + quantum + port + 90_us);
  EXPECT_EQ(probe.done[write], sim::SimTime{} + sim::transfer_time(4_MiB, {333'400'000}) + 20_us + port);
}

// Goal: fault D13. Method: the same read at factor 250 takes 2.5 times as long, and 100 heals.
TEST(NvmeDisk, SlowFactorScalesEverything) {
  Probe probe(protected_nvme());
  const std::int64_t port = 1'000'000'000 / 84'480;
  probe.disk.set_slow_factor(250);
  EXPECT_EQ(probe.alone(IoKind::read, 0, 4'096).ns, port * 250 / 100 + 225'000);
  probe.disk.set_slow_factor(100);
  EXPECT_EQ(probe.alone(IoKind::read, 0, 4'096).ns, port + 90'000);
}

// Goal: fault D14. Method: a stall of 2 s delays the request in flight and one that comes meanwhile.
TEST(NvmeDisk, StallDelaysWhatIsInFlightAndWhatComes) {
  Probe probe(protected_nvme());
  const std::int64_t port = 1'000'000'000 / 84'480;
  const std::size_t first = probe.submit(IoKind::read, 0, 4'096);
  probe.disk.stall(2_s);
  const std::size_t second = probe.submit(IoKind::read, 8'192, 4'096);
  probe.sim.run_to_end();
  EXPECT_EQ(probe.done[first].ns, 2'000'000'000 + port + 90'000);
  EXPECT_EQ(probe.done[second].ns, 2'000'000'000 + 2 * port + 90'000);
}

// Goal: a volatile cache answers at buffer speed until it is full, then at the medium's rate; a flush waits for all.
// Method: 16 MiB writes into a cache of 64 MiB at time 0, and a flush once all are acknowledged.
TEST(VolatileCache, AnswersEarlyUntilFullAndFlushWaitsForDestage) {
  Probe probe(volatile_nvme());
  for (std::int64_t i = 0; i < 5; ++i) probe.submit(IoKind::write, i << 24, 16 << 20);
  probe.sim.run_to_end();
  EXPECT_TRUE(probe.disk.needs_flush());
  const std::size_t flush = probe.submit(IoKind::flush, 0, 0);
  probe.sim.run_to_end();
  const sim::Duration buffer = 20_us + sim::transfer_time(16_MiB, {666'900'000});
  const sim::Duration destage = sim::transfer_time(16_MiB, {333'400'000});
  EXPECT_EQ(probe.done[0], sim::SimTime{} + buffer);
  EXPECT_EQ(probe.done[3], sim::SimTime{} + buffer) << "the interface is not the bottleneck of the model";
  EXPECT_EQ(probe.done[4], sim::SimTime{} + destage + buffer) << "waits until the first is destaged";
  EXPECT_EQ(probe.done[flush], sim::SimTime{} + 5 * destage + 900_us);
  EXPECT_FALSE(probe.disk.needs_flush());
}

// Goal: the seek curve is the extracted WD 4 TB one. Method: points of device-models.md 1.2, within 6 %.
TEST(HddDisk, SeekCurveMeetsThePublishedPoints) {
  const DiskTiming timing(plain_hdd());
  const struct {
    double stroke;
    double ms;
  } points[] = {{0.01, 2.55},   {0.05, 3.84}, {0.1, 4.84},  {0.2, 6.3},
                {1.0 / 3, 7.8}, {0.5, 9.4},   {0.75, 11.8}, {1.0, 14.2}};
  for (const auto& point : points) {
    const auto d = static_cast<std::int64_t>(point.stroke * DiskTiming::kCylinders);
    EXPECT_NEAR(timing.seek(d).milliseconds(), point.ms, point.ms * 0.06) << "at " << point.stroke;
  }
  EXPECT_EQ(timing.seek(0), 0_ns);
  EXPECT_EQ(timing.seek(1).ns, 1'429'000);
}

// Goal: random access pays positioning, a continuing one only the transfer. Method: exact times from the parts.
TEST(HddDisk, SequentialAndRandomTimesAreExact) {
  Probe probe(plain_hdd());
  const DiskTiming timing(plain_hdd());
  const std::int64_t far = 2'000'000'000'000;  // half the stroke
  const sim::Bytes at = {far / 4'096 * 4'096};
  const sim::Duration positioned = 100_us + timing.seek(timing.cylinder(at));
  const sim::Duration turn = timing.rotation(at, sim::SimTime{} + positioned);
  EXPECT_GE(turn, 0_ns);
  EXPECT_LT(turn.ns, 8'333'333);
  EXPECT_EQ(probe.alone(IoKind::read, at.n, 131'072), positioned + turn + timing.transfer(at, 128_KiB));
  EXPECT_EQ(probe.alone(IoKind::read, at.n + 131'072, 131'072), timing.transfer(at, 128_KiB)) << "continues";
  // rate(0.5) = 165.3 MB/s x (1 - 0.0053 - 0.1175)
  EXPECT_NEAR(timing.transfer(at, 128_KiB).milliseconds(), 131'072 / (165'300.0 * 0.8772), 0.001);
}

// Goal: a log that is synced write by write is bound by the platter. Method: sequential 4 KiB writes, each submitted
// 1 ms after the one before is complete: one revolution each (120 a second at 7200 rpm, 1.5).
TEST(HddDisk, SyncedAppendsCostARevolutionEach) {
  Probe probe(plain_hdd());
  probe.alone(IoKind::write, 0, 4'096);
  const sim::SimTime begin = probe.sim.now();
  for (std::int64_t i = 1; i <= 100; ++i) {
    probe.sim.run_until(probe.sim.now() + 1_ms);
    probe.alone(IoKind::write, i * 4'096, 4'096);
  }
  const sim::Duration transfer = DiskTiming(plain_hdd()).transfer({0}, 4_KiB);
  EXPECT_EQ((probe.sim.now() - begin).ns, 100 * (8'333'333 + transfer.ns));
}

// Goal: random reads reach the FCFS rate of the reference drive (87/s, 1.4). Method: 2,000 reads all over the disk.
TEST(HddDisk, RandomReadsPerSecondMatchTheReference) {
  Probe probe(plain_hdd());
  const std::int64_t sectors = plain_hdd().capacity.n / 4'096;
  for (std::uint64_t i = 0; i < 2'000; ++i) {
    probe.submit(IoKind::read,
                 static_cast<std::int64_t>(sim::mix64(i) % static_cast<std::uint64_t>(sectors)) * 4'096,
                 4'096);
  }
  probe.sim.run_to_end();
  EXPECT_NEAR(2'000 / probe.sim.now().seconds(), 87.0, 87.0 * 0.05);
}

// Goal: interleaved streams pay one positioning a chunk (1.6). Method: 16 append streams spread over the disk, chunks of S.
// The table takes the whole-disk rate of 133.9 MB/s for every chunk.
TEST(HddDisk, InterleavedStreamsLoseThroughputAsPublished) {
  const struct {
    std::int64_t chunk;
    double megabytes_per_second;
  } rows[] = {{128 << 10, 10.5}, {1 << 20, 54.2}, {4 << 20, 97.9}};
  for (const auto& row : rows) {
    Probe probe(plain_hdd());
    std::vector<std::int64_t> next(16);
    for (std::size_t s = 0; s < next.size(); ++s)
      next[s] = static_cast<std::int64_t>(s) * 250'000'000'000 / 4'096 * 4'096;
    for (int round = 0; round < 20; ++round) {
      // In no order, so that the head does not simply sweep.
      for (std::size_t s = 0; s < next.size(); ++s) {
        std::int64_t& position = next[sim::mix64(static_cast<std::uint64_t>(round) * 16 + s) % next.size()];
        probe.submit(IoKind::write, position, row.chunk, Urgency::background);
        position += row.chunk;
      }
    }
    probe.sim.run_to_end();
    const double rate = 20.0 * 16 * static_cast<double>(row.chunk) / 1e6 / probe.sim.now().seconds();
    EXPECT_NEAR(rate, row.megabytes_per_second, row.megabytes_per_second * 0.10) << "chunk " << row.chunk;
  }
}

// Goal: an interrupted write-back stream pays for the way back. Method: a read in the middle of a 4 MiB write.
TEST(HddDisk, InterruptedStreamPaysRepositioning) {
  Probe probe(plain_hdd());
  const DiskTiming timing(plain_hdd());
  probe.alone(IoKind::write, 0, 4'096);
  const sim::SimTime begin = probe.sim.now();
  const std::size_t write = probe.submit(IoKind::write, 4'096, 4 << 20, Urgency::background);
  probe.sim.run_until(begin + 5_ms);
  const std::size_t read = probe.submit(IoKind::read, 1'000'000'000'000, 4'096);
  probe.sim.run_to_end();
  const sim::Duration undisturbed = timing.transfer({0}, 4_MiB);
  EXPECT_LT(probe.done[read], begin + 5_ms + 30_ms) << "does not wait for the whole write";
  EXPECT_GT(probe.done[write] - begin, undisturbed + timing.reposition());
}

}  // namespace
}  // namespace brokersim::storage
