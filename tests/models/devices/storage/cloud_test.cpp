// Cloud volumes: exact bucket arithmetic. Source of the rules: AWS EBS user guide 2023-06 (device-models.md 2.7).
#include <gtest/gtest.h>

#include "models/devices/storage/cloud_volume.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/write_amplification.h"
#include "sim/component.h"
#include "sim/simulation.h"

namespace brokersim::storage {
namespace {

using namespace sim::literals;

VolumeLimits limits(VolumeType type, std::int64_t gib, std::int64_t iops = 3'000, std::int64_t mib = 125) {
  VolumeConfig config;
  config.type = type;
  config.iops = iops;
  config.throughput = {mib << 20};
  return volume_limits(config, {gib << 30});
}

// Goal: a bucket neither leaks nor drifts. Method: a rate that does not divide a second, asked at uneven times.
TEST(TokenBucket, RefillsExactlyWhateverTheTimesOfAsking) {
  TokenBucket bucket(1'000'000, 7, 0);
  sim::SimTime now;
  for (int i = 1; i <= 1'000; ++i) {
    now += sim::Duration{1'000'003 * i};
    static_cast<void>(bucket.tokens(now));
  }
  EXPECT_EQ(bucket.tokens(now), now.ns * 7 / 1'000'000'000);
  const sim::SimTime ready = bucket.ready(100'000, now);
  EXPECT_FALSE(bucket.take(100'000, ready - 1_ns));
  EXPECT_TRUE(bucket.take(100'000, ready)) << "there at that nanosecond and not before";
  EXPECT_EQ(bucket.tokens(ready + 1'000'000_s), 1'000'000) << "never above its capacity";
}

// Goal: type and size give the published limits. Method: the corners of every rule.
TEST(CloudVolume, LimitsFollowTypeAndSize) {
  EXPECT_EQ(limits(VolumeType::gp2, 10).iops_base, 100);
  EXPECT_EQ(limits(VolumeType::gp2, 100).iops_base, 300);
  EXPECT_EQ(limits(VolumeType::gp2, 100).iops_peak, 3'000);
  EXPECT_EQ(limits(VolumeType::gp2, 1'000).iops_credits, 0) << "base is 3,000: no bucket";
  EXPECT_EQ(limits(VolumeType::gp2, 10'000).iops_peak, 16'000);
  EXPECT_EQ(limits(VolumeType::gp2, 170).bytes_peak, 128 << 20);
  EXPECT_EQ(limits(VolumeType::gp2, 200).bytes_base, 128 << 20);
  EXPECT_EQ(limits(VolumeType::gp2, 200).bytes_peak, 250 << 20);
  EXPECT_EQ(limits(VolumeType::gp2, 334).bytes_base, 250 << 20);
  EXPECT_EQ(limits(VolumeType::gp3, 10, 16'000).iops_peak, 5'000) << "500 per GiB";
  EXPECT_EQ(limits(VolumeType::gp3, 100, 3'000, 1'000).bytes_peak, 750 << 20) << "0.25 MiB/s per operation/s";
  EXPECT_EQ(limits(VolumeType::io1, 100, 64'000).iops_peak, 5'000);
  EXPECT_EQ(limits(VolumeType::io2, 200, 200'000).iops_peak, 64'000);
  EXPECT_EQ(limits(VolumeType::io1, 1'000, 10'000).bytes_peak, 500 << 20);
  EXPECT_EQ(limits(VolumeType::io2, 1'000, 32'000).bytes_peak, 500 << 20);
  EXPECT_EQ(limits(VolumeType::io2, 1'000, 48'000).bytes_peak, 750 << 20) << "16 KiB per operation/s";
  EXPECT_EQ(limits(VolumeType::io2, 1'000, 64'000).bytes_peak, 1'000 << 20);
  EXPECT_EQ(limits(VolumeType::io2_block_express, 1'000, 300'000).iops_peak, 256'000);
  EXPECT_EQ(limits(VolumeType::sc1, 16 * 1'024).bytes_base, 192 << 20);
  EXPECT_EQ(limits(VolumeType::sc1, 1'024).bytes_peak, 80 << 20);
}

DiskConfig gp2(std::int64_t gib, std::int32_t credits_permille) {
  DiskConfig config;
  config.kind = DiskKind::cloud;
  config.capacity = {gib << 30};
  config.volume.type = VolumeType::gp2;
  config.volume.initial_credits_permille = credits_permille;
  config.volume.latency_sigma_permille = 0;
  config.volume.latency_median = 1_ms;
  return config;
}

// Goal: a gp2 volume without credits serves its baseline, and one with credits its peak. Method: 600 writes at once;
// the last one is done when the bucket of 300 or the pace of 3,000 a second allows it, plus 1 ms.
TEST(CloudVolume, CreditsDecideTheRate) {
  for (const std::int32_t credits : {0, 1'000}) {
    sim::Simulation sim(1);
    Disk disk(sim, "disk", gp2(100, credits));
    for (std::int64_t i = 0; i < 600; ++i) {
      IoRequest io;
      io.kind = IoKind::write;
      io.position = {i * 1'000'000 / 4'096 * 4'096};
      io.length = {4'096};
      disk.submit(io);
    }
    sim.run_to_end();
    const double expected = credits == 0 ? 600 / 300.0 : 599 / 3'000.0;
    EXPECT_NEAR(sim.now().seconds(), expected + 0.001, 0.0005);
  }
}

// Goal: adjacent requests that wait together count as one operation. Method: 64 sequential writes of 4 KiB at once.
TEST(CloudVolume, AdjacentRequestsThatWaitMerge) {
  sim::Simulation sim(1);
  Disk disk(sim, "disk", gp2(100, 0));
  for (std::int64_t i = 0; i < 64; ++i) {
    IoRequest io;
    io.kind = IoKind::write;
    io.position = {i * 4'096};
    io.length = {4'096};
    disk.submit(io);
  }
  sim.run_to_end();
  EXPECT_LT(sim.now(), sim::SimTime{} + 10_ms) << "one or two operations instead of 64 (213 ms)";
}

// Goal: faults reach a volume as well. Method: a stall of 2 s and a factor of 300 %.
TEST(CloudVolume, StallsAndSlowsDown) {
  sim::Simulation sim(1);
  Disk disk(sim, "disk", gp2(1'000, 1'000));
  IoRequest io;
  io.kind = IoKind::write;
  io.length = {4'096};
  disk.set_slow_factor(300);
  disk.submit(io);
  sim.run_to_end();
  EXPECT_GE(sim.now(), sim::SimTime{} + 3_ms);
  EXPECT_LT(sim.now(), sim::SimTime{} + 3'100_us);
  disk.set_slow_factor(100);
  const sim::SimTime begin = sim.now();
  disk.stall(2_s);
  disk.submit(io);
  sim.run_to_end();
  EXPECT_GE(sim.now(), begin + 2_s + 1_ms);
}

// Goal: the table of write amplification is the closed form of Xiang and Kurkoski. Method: published values.
TEST(WriteAmplification, MeetsThePublishedValues) {
  EXPECT_EQ(write_amplification_permille(70), 7'817);
  EXPECT_EQ(write_amplification_permille(100), 5'677);
  EXPECT_EQ(write_amplification_permille(300), 2'364);
  EXPECT_EQ(write_amplification_permille(500), 1'716);
  EXPECT_GT(write_amplification_permille(0), 40'000) << "hardly any spare";
  EXPECT_EQ(write_amplification_permille(1'000'000), write_amplification_permille(10'000));
  for (std::int64_t r = 11; r <= 10'000; ++r)
    EXPECT_LE(write_amplification_permille(r), write_amplification_permille(r - 1)) << "falls with " << r;
}

// Goal: random writes cost what collection moves, sequential ones do not, and freed space helps. Method: sustained 4 KiB
// and 1 MiB writes on a drive with 7 % spare, full and half empty.
TEST(NvmeWrites, RandomWritesPayForCollection) {
  const auto rate = [](std::int64_t length, sim::Bytes used) {
    DiskConfig config;
    config.write_bandwidth = {2'000'000'000};
    config.write_iops = 1'000'000;
    config.flash.spare_permille = 70;
    sim::Simulation sim(1);
    Disk disk(sim, "disk", config);
    disk.set_used(used);
    for (std::int64_t i = 0; i < 1'000; ++i) {
      IoRequest io;
      io.kind = IoKind::write;
      io.position = {i * 100'000'000 / 4'096 * 4'096};
      io.length = {length};
      disk.submit(io);
    }
    sim.run_to_end();
    return 1'000.0 * static_cast<double>(length) / (sim.now().seconds() - 20e-6);
  };
  const sim::Bytes full = {2'500'000'000'000};
  EXPECT_NEAR(rate(4'096, full), 2e9 / 7.817, 2e6);
  EXPECT_NEAR(rate(1 << 20, full), 2e9, 1e6);
  EXPECT_NEAR(rate(4'096, {1'250'000'000'000}),
              2e12 / static_cast<double>(write_amplification_permille(1'140)), 1e7)
      << "114 % spare";
}

// Goal: an SLC cache is fast until it is full, and empties while idle. Method: 2 GB into a cache of 1 GB.
TEST(NvmeWrites, SlcCacheFillsAndEmpties) {
  DiskConfig config;
  config.write_bandwidth = {1'000'000'000};
  config.write_iops = 1'000'000;
  config.flash.slc_cache = {1'000'000'000};
  config.flash.slc_bandwidth = {4'000'000'000};
  sim::Simulation sim(1);
  Disk disk(sim, "disk", config);
  const auto write = [&](std::int64_t bytes) {
    const sim::SimTime begin = sim.now();
    IoRequest io;
    io.kind = IoKind::write;
    io.length = {bytes};
    disk.submit(io);
    sim.run_to_end();
    return sim.now() - begin;
  };
  EXPECT_EQ(write(1'000'000'000), 250_ms + 20_us);
  EXPECT_NEAR(write(500'000'000).seconds(), 0.5, 0.0001) << "full: the steady rate";
  sim.run_until(sim.now() + 400_ms);
  EXPECT_NEAR(write(400'000'000).seconds(), 0.1, 0.001) << "400 MB were moved on meanwhile";
}

}  // namespace
}  // namespace brokersim::storage
