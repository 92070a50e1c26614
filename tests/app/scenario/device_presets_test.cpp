// Goal: a named drive does what its data sheet says. Method: the simulated drive itself, driven to its highest rate.
#include "app/scenario/device_presets.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "app/scenario/presets.h"
#include "tests/validation/disk_load.h"

namespace brokersim::scenario {
namespace {

using storage::DiskConfig;
using storage::DiskKind;
using storage::IoKind;
using validation::DiskLoad;
using validation::random_requests;

// 4 KiB random reads, as many in flight as make every die busy: read_iops, within 3 % (at the beginning and the end of the
// 60,000 reads not every die is).
TEST(DevicePresets, SolidStateDrivesReachTheirReadRate) {
  int drives = 0;
  for (const DevicePreset& device : device_presets()) {
    if (device.disk.kind != DiskKind::nvme) continue;
    DiskConfig disk = device.disk;
    disk.flash.slow_read_ppm = 0;
    const DiskLoad load(disk, 4'096, 60'000, random_requests(IoKind::read, 4'096, disk.capacity));
    EXPECT_NEAR(load.rate(), static_cast<double>(disk.read_iops), 0.03 * static_cast<double>(disk.read_iops))
        << device.name;
    ++drives;
  }
  EXPECT_GE(drives, 15);
}

// 1 MiB sequential reads and large writes in steady state: the bandwidths, within 2 %.
TEST(DevicePresets, SolidStateDrivesReachTheirBandwidths) {
  for (const DevicePreset& device : device_presets()) {
    if (device.disk.kind != DiskKind::nvme) continue;
    DiskConfig disk = device.disk;
    disk.flash.slow_read_ppm = 0;
    disk.flash.slc_cache = {0};
    disk.volatile_cache = {0};
    for (const IoKind kind : {IoKind::read, IoKind::write}) {
      const DiskLoad load(disk, 64, 4'000, [kind](std::int64_t ordinal) {
        storage::IoRequest io;
        io.kind = kind;
        io.position = {ordinal * (1 << 20)};
        io.length = {1 << 20};
        return io;
      });
      const auto sheet =
          static_cast<double>(kind == IoKind::read ? disk.read_bandwidth.n : disk.write_bandwidth.n);
      EXPECT_NEAR(load.bandwidth(), sheet, 0.02 * sheet)
          << device.name << (kind == IoKind::read ? " reads" : " writes");
    }
  }
}

// Every name is there once, and every machine has what a machine needs.
TEST(DevicePresets, NamesAreUniqueAndMachinesWhole) {
  std::set<std::string> names;
  for (const DevicePreset& device : device_presets())
    EXPECT_TRUE(names.insert(device.name).second) << device.name;
  for (const Preset& preset : presets()) {
    EXPECT_TRUE(names.insert(preset.name).second) << preset.name;
    EXPECT_FALSE(preset.hardware.disks.empty()) << preset.name;
    EXPECT_GT(preset.hardware.cpu.cores, 0) << preset.name;
    EXPECT_GT(preset.hardware.nic.bandwidth.n, 0) << preset.name;
    EXPECT_LT(preset.hardware.page_cache.memory, preset.hardware.memory) << preset.name;
    for (const PresetFigure& figure : preset.figures)
      EXPECT_FALSE(figure.source.empty()) << preset.name << figure.name;
  }
}

}  // namespace
}  // namespace brokersim::scenario
