// Goal: every named drive can be used, says where its figures come from, and can be changed field by field.
// Method: a disk made of each; the typed configuration of the base scenario under single changes.
#include <gtest/gtest.h>

#include <set>

#include "app/scenario/device_presets.h"
#include "app/scenario/presets.h"
#include "models/devices/storage/disk.h"
#include "sim/simulation.h"
#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

using storage::DiskConfig;
using storage::DiskKind;

std::vector<DiskConfig> disks(const std::string& json) {
  const Scenario scenario = sound({"/hosts/0/hardware={\"disks\": " + json + "}"});
  return scenario.config.hosts.front().hardware.disks;
}

TEST(Devices, EveryNamedDriveServesReadsWritesAndFlushes) {
  std::set<std::string> names;
  for (const DevicePreset& device : device_presets()) {
    EXPECT_TRUE(names.insert(device.name).second) << device.name << " twice";
    EXPECT_EQ(find_preset(device.name), nullptr) << device.name << " is a machine as well";
    EXPECT_NE(device.summary.find('('), std::string::npos) << device.name << " has no source";
    sim::Simulation sim(1);
    storage::Disk disk(sim, "disk", device.disk);
    for (const storage::IoKind kind :
         {storage::IoKind::write, storage::IoKind::barrier, storage::IoKind::read}) {
      storage::IoRequest io;
      io.kind = kind;
      io.position = {device.disk.capacity.n / 3 / 4'096 * 4'096};
      io.length = {65'536};
      disk.submit(io);
    }
    sim.run_to_end();
    EXPECT_EQ(disk.in_flight(), 0u) << device.name;
    EXPECT_GT(sim.now().ns, 10'000) << device.name;
    EXPECT_LT(sim.now().seconds(), 0.2) << device.name;
    EXPECT_NE(list_hardware().find("\n" + device.name + "\n"), std::string::npos);
  }
}

TEST(Devices, ADiskByNameCanBeChangedFieldByField) {
  const auto several =
      disks(R"([{"preset": "wd-g4-4tb-7200", "count": 2}, {"preset": "ebs-gp3", "capacity": "1 TiB",
                              "volume": {"type": "gp2", "initial_credits_permille": 20}}])");
  ASSERT_EQ(several.size(), 3u);
  EXPECT_EQ(several[1].kind, DiskKind::hdd);
  EXPECT_EQ(several[1].hdd.seek.knee, 73'671) << "the measured curve";
  EXPECT_EQ(several[2].kind, DiskKind::cloud);
  EXPECT_EQ(several[2].volume.type, storage::VolumeType::gp2);
  EXPECT_EQ(several[2].volume.initial_credits_permille, 20);
  EXPECT_EQ(several[2].capacity.n, 1ll << 40);

  const auto hdd =
      disks(R"([{"kind": "hdd", "seek_average": "8 ms", "hdd": {"order": "clook", "scheduler": "bfq",
                          "queue_depth": 4, "write_settle": "1 ms", "readahead": "0 B"}}])");
  EXPECT_EQ(hdd[0].hdd.order, storage::DriveOrder::clook);
  EXPECT_EQ(hdd[0].hdd.scheduler, storage::HostScheduler::bfq);
  EXPECT_EQ(hdd[0].hdd.queue_depth, 4);
  EXPECT_EQ(hdd[0].hdd.write_settle.ns, 1'000'000);
  EXPECT_EQ(hdd[0].hdd.readahead.n, 0);
  EXPECT_EQ(disks(R"([{"preset": "wd-g4-4tb-7200", "seek_average": "8 ms"}])")[0].hdd.seek.knee, 0)
      << "a seek time by hand replaces the measured curve";

  const auto ssd =
      disks(R"([{"preset": "samsung-970evoplus-1tb", "flash": {"dies": 8, "spare_permille": 70}}])");
  EXPECT_EQ(ssd[0].flash.dies, 8);
  EXPECT_EQ(ssd[0].flash.spare_permille, 70);
  EXPECT_EQ(ssd[0].flash.slc_cache.n, 42'000'000'000);
  EXPECT_EQ(disks(R"([{"read_latency": "10 us"}])")[0].flash.die_read.ns, 5'000)
      << "its share of a short latency";
}

TEST(Devices, WrongValuesAreNamed) {
  only_error({R"(/hosts/0/hardware={"disks": [{"preset": "wd-g5"}]})"}, "unknown-value",
             "/hosts/0/hardware/disks/0/preset");
  only_error({R"(/hosts/0/hardware={"disks": [{"flash": {"die_read": "1 ms"}}]})"}, "out-of-range",
             "/hosts/0/hardware/disks/0/flash/die_read");
}

}  // namespace
}  // namespace brokersim::scenario
