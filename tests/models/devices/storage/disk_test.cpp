// Timing of one device, in exact nanoseconds. Sources of the expected figures: device-models.md 1 and 2.
#include "models/devices/storage/disk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

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

// Goal: reads overlap their latency but share the port. Method: 64 reads at once; the port never rests, so that the last
// ends 63 port times after the first.
TEST(NvmeDisk, QueueDepthSaturatesAtTheIopsLimit) {
  Probe probe(protected_nvme());
  for (int i = 0; i < 64; ++i) probe.submit(IoKind::read, i * 1'000'000, 4'096);
  probe.sim.run_to_end();
  const std::int64_t port = 1'000'000'000 / 84'480;
  EXPECT_EQ(probe.done[0].ns, port + 90'000);
  EXPECT_EQ(std::max_element(probe.done.begin(), probe.done.end())->ns, 64 * port + 90'000);
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
  // Both leave their dies at the same instant, and the port takes them in turn.
  EXPECT_EQ(std::min(probe.done[first], probe.done[second]).ns, 2'000'000'000 + port + 90'000);
  EXPECT_EQ(std::max(probe.done[first], probe.done[second]).ns, 2'000'000'000 + 2 * port + 90'000);
}

// Goal: a volatile cache answers at buffer speed until it is full, then at the medium's rate; a flush waits for all.
// Method: 16 MiB writes into a cache of 64 MiB at time 0, and a flush once all are acknowledged; small writes, then, that
// come when the cache is full.
TEST(VolatileCache, AnswersEarlyUntilFullAndFlushWaitsForDestage) {
  Probe probe(volatile_nvme());
  for (std::int64_t i = 0; i < 5; ++i) probe.submit(IoKind::write, i << 24, 16 << 20);
  probe.sim.run_to_end();
  EXPECT_TRUE(probe.disk.needs_flush());
  const std::size_t flush = probe.submit(IoKind::flush, 0, 0);
  probe.sim.run_to_end();
  const sim::Duration crossing = sim::transfer_time(16_MiB, {666'900'000});
  const sim::Duration destage = sim::transfer_time(16_MiB, {333'400'000});
  EXPECT_EQ(probe.done[0], sim::SimTime{} + 20_us + crossing);
  EXPECT_EQ(probe.done[3], sim::SimTime{} + 20_us + 4 * crossing) << "one after the other over the interface";
  EXPECT_EQ(probe.done[4], sim::SimTime{} + 20_us + 5 * crossing) << "the first has been destaged meanwhile";
  EXPECT_EQ(probe.done[flush], sim::SimTime{} + 5 * destage + 900_us);
  EXPECT_FALSE(probe.disk.needs_flush());

  Probe full(volatile_nvme());
  full.submit(IoKind::write, 0, 64 << 20);
  const std::size_t late = full.submit(IoKind::write, 64 << 20, 4'096);
  full.sim.run_to_end();
  const sim::SimTime room = sim::SimTime{} + sim::transfer_time(64_MiB, {333'400'000});
  EXPECT_EQ(full.done[late], room + 20_us + sim::transfer_time(sim::Bytes{4'096}, {666'900'000}))
      << "waits until the first is destaged";
}

// Goal: a protected buffer takes bursts at the interface's rate, is durable at once, and in the long run goes no faster than
// the medium. Method: 1 MiB writes into a buffer of 16 MiB with a journal's block behind the first eight; then 256 in a row.
TEST(ProtectedBuffer, TakesBurstsAndKeepsTheSteadyRate) {
  DiskConfig config = protected_nvme();
  config.volatile_cache = 16_MiB;
  Probe probe(config);
  const sim::Duration crossing = sim::transfer_time(1_MiB, {666'900'000});
  for (std::int64_t i = 0; i < 8; ++i) probe.submit(IoKind::write, i << 20, 1 << 20);
  const std::size_t block = probe.submit(IoKind::barrier, 1ll << 40, 8'192);
  EXPECT_FALSE(probe.disk.is_volatile());
  probe.sim.run_to_end();
  EXPECT_EQ(probe.done[0], sim::SimTime{} + crossing + 20_us) << "the medium alone would take 3.1 ms";
  EXPECT_EQ(probe.done[7], sim::SimTime{} + 8 * crossing + 20_us);
  EXPECT_EQ(probe.done[block], sim::SimTime{} + sim::transfer_time(128_KiB, {666'900'000}) +
                                   sim::transfer_time(8_KiB, {666'900'000}) + 20_us)
      << "behind one command, not behind 8 MiB";
  EXPECT_FALSE(probe.disk.needs_flush());
  EXPECT_TRUE(probe.disk.lose_power().writes.empty()) << "acknowledged is durable";

  Probe busy(config);
  for (std::int64_t i = 0; i < 256; ++i) busy.submit(IoKind::write, i << 20, 1 << 20);
  busy.sim.run_to_end();
  const sim::Duration destage = sim::transfer_time(1_MiB, {333'400'000});
  EXPECT_EQ(busy.done[255], sim::SimTime{} + 240 * destage + crossing + 20_us)
      << "the last has room when all but 16 are on the medium";
}

// Goal: fault D14 holds a buffered write, too. Method: a write during a stall of 2 s.
TEST(ProtectedBuffer, AStallHoldsWhatComes) {
  DiskConfig config = protected_nvme();
  config.volatile_cache = 16_MiB;
  Probe probe(config);
  probe.disk.stall(2_s);
  const std::size_t write = probe.submit(IoKind::write, 0, 1 << 20);
  probe.sim.run_to_end();
  EXPECT_EQ(probe.done[write], sim::SimTime{} + 2_s + sim::transfer_time(1_MiB, {666'900'000}) + 20_us);
}

// Goal: two reads of one die queue there, reads of other dies do not. Method: the same page twice, and one next to it.
TEST(NvmeDisk, ReadsOfOneDieWaitForEachOther) {
  Probe probe(protected_nvme());
  const std::int64_t port = 1'000'000'000 / 84'480;
  const std::size_t first = probe.submit(IoKind::read, 0, 4'096);
  const std::size_t same = probe.submit(IoKind::read, 4'096, 4'096);
  const std::size_t next = probe.submit(IoKind::read, 16'384, 4'096);
  probe.sim.run_to_end();
  EXPECT_EQ(probe.done[first].ns, port + 90'000);
  EXPECT_EQ(probe.done[same].ns, 90'000 + 40'000 + port) << "one die time later";
  EXPECT_EQ(probe.done[next].ns, 90'000 + 2 * port) << "another die, so only the port is shared";
}

// Goal: collection and programs delay reads, and only then. Method: 500 reads alone and 500 beside a long write-back.
TEST(NvmeDisk, ReadsWaitForProgramsUpToTheSuspension) {
  DiskConfig config = protected_nvme();
  config.flash.program_suspend = 700_us;
  const auto slowest_and_mean = [&](bool writes) {
    Probe probe(config);
    if (writes) probe.submit(IoKind::write, 0, 1 << 30, Urgency::background);
    std::int64_t most = 0;
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < 500; ++i) {
      const sim::SimTime begin = probe.sim.now();
      const std::size_t read = probe.submit(IoKind::read, i * 1'000'000'000 / 4'096 * 4'096, 4'096);
      while (probe.done[read].ns < 0) probe.sim.step();
      most = std::max(most, (probe.done[read] - begin).ns);
      sum += (probe.done[read] - begin).ns;
    }
    return std::pair{most, sum / 500};
  };
  const std::int64_t port = 1'000'000'000 / 84'480;
  EXPECT_EQ(slowest_and_mean(false), (std::pair{port + 90'000, port + 90'000}));
  const auto [most, mean] = slowest_and_mean(true);
  // A read finds one command of write-back in the port (393 us) and up to 700 us at its die.
  EXPECT_GT(most, 90'000 + 393'000 + 600'000);
  EXPECT_LT(most, 90'000 + 394'000 + 700'000 + port);
  EXPECT_NEAR(static_cast<double>(mean), 90'000 + 393'000 + 350'000 + port, 30'000);
}

// Goal: a few hours of a drive's life are slow, the rest is untouched. Method: one read an hour for 20,000 hours at 6,000
// in a million.
TEST(NvmeDisk, SlowHoursComeAtTheirRate) {
  DiskConfig config = protected_nvme();
  config.slow_hours_ppm = 6'000;
  Probe probe(config);
  const std::int64_t healthy = 1'000'000'000 / 84'480 + 90'000;
  int slow = 0;
  for (int hour = 0; hour < 20'000; ++hour) {
    probe.sim.run_until(sim::SimTime{hour * 3'600'000'000'000 + 1'000'000});
    const sim::SimTime begin = probe.sim.now();
    const std::size_t read = probe.submit(IoKind::read, 0, 4'096);
    while (probe.done[read].ns < 0) probe.sim.step();
    const std::int64_t took = (probe.done[read] - begin).ns;
    if (took == healthy) continue;
    ++slow;
    EXPECT_GE(took, healthy * 2 - 10);
    EXPECT_LE(took, healthy * 10 + 10);
  }
  EXPECT_NEAR(slow, 120, 33) << "three standard deviations";
}

}  // namespace
}  // namespace brokersim::storage
