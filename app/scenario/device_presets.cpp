#include "app/scenario/device_presets.h"

#include "app/scenario/quantity.h"
#include "app/scenario/ranges.h"
#include "models/devices/storage/cloud_volume.h"

namespace brokersim::scenario {
namespace {

using storage::DiskConfig;
using storage::DiskKind;
using storage::VolumeType;

constexpr std::int64_t mb = 1'000'000;
using ranges::gib;

/// The WD mechanics scaled: capacity, outer rate, revolutions, average and track-to-track seek.
DiskConfig drive(std::int64_t capacity, std::int64_t outer_mb, std::int32_t rpm, std::int64_t average_us,
                 std::int64_t track_us) {
  DiskConfig disk;
  disk.kind = DiskKind::hdd;
  disk.capacity = {capacity};
  disk.read_bandwidth = {outer_mb * mb};
  disk.write_bandwidth = disk.read_bandwidth;
  disk.rpm = rpm;
  disk.seek_average = {average_us * 1'000};
  disk.seek_track_to_track = {track_us * 1'000};
  disk.volatile_cache = {64ll << 20};
  disk.power_loss_protection = false;
  disk.flush_latency = {60'000'000'000 / rpm};
  return disk;
}

DiskConfig wd_g4() {
  DiskConfig disk = drive(3'955'544'867'840, 165, 7'200, 7'240, 1'429);
  disk.read_bandwidth = {165'300'000};
  disk.write_bandwidth = disk.read_bandwidth;
  disk.hdd.seek = {73'671, {1'409'000}, 19'630'000, {4'537'000}, 31'260};
  return disk;
}

DiskConfig measured_seek(DiskConfig disk, const storage::SeekPieces& seek, std::int32_t heads,
                         bool is_zoned) {
  disk.hdd.seek = seek;
  disk.hdd.heads = heads;
  disk.hdd.is_zoned = is_zoned;
  return disk;
}

DiskConfig cached(DiskConfig disk, std::int64_t bytes) {
  disk.volatile_cache = {bytes};
  return disk;
}

/// Media rate of `per_track` sectors, less the share that changes of track take.
DiskConfig by_track(DiskConfig disk, std::int64_t per_track) {
  disk.read_bandwidth = {per_track * 512 * disk.rpm / 60 * 1'000'000 / (1'000'000 + disk.hdd.skew_ppm)};
  disk.write_bandwidth = disk.read_bandwidth;
  return disk;
}

/// An SSD: GB, read and write MB/s, read and write IOPS, read and write microseconds at queue depth 1.
DiskConfig ssd(std::int64_t gigabytes, std::int64_t read_mb, std::int64_t write_mb, std::int64_t read_iops,
               std::int64_t write_iops, std::int64_t read_us, std::int64_t write_us) {
  DiskConfig disk;
  disk.capacity = {gigabytes * 1'000 * mb};
  disk.read_bandwidth = {read_mb * mb};
  disk.write_bandwidth = {write_mb * mb};
  disk.read_iops = read_iops;
  disk.write_iops = write_iops;
  disk.read_latency = {read_us * 1'000};
  disk.write_latency = {write_us * 1'000};
  return disk;
}

DiskConfig staged(DiskConfig disk, std::int32_t dies, std::int64_t die_ns, std::int64_t fixed_ns,
                  std::int32_t slow_ppm, std::int64_t slow_us) {
  disk.flash.dies = dies;
  disk.flash.die_read = {die_ns};
  disk.flash.page = {4'096};
  disk.read_latency = {die_ns + fixed_ns};
  disk.flash.slow_read_ppm = slow_ppm;
  disk.flash.slow_read = {slow_us * 1'000};
  return disk;
}

DiskConfig many_dies(DiskConfig disk, std::int32_t dies) {
  disk.flash.dies = dies;
  return disk;
}

DiskConfig unprotected(DiskConfig disk, std::int64_t buffer, std::int64_t flush_us, std::int64_t fua_us = 0) {
  disk.volatile_cache = {buffer};
  disk.power_loss_protection = false;
  disk.flush_latency = {flush_us * 1'000};
  disk.fua_latency = {fua_us * 1'000};
  return disk;
}

DiskConfig slc(DiskConfig disk, std::int64_t gigabytes, std::int64_t fast_mb) {
  disk.flash.slc_cache = {gigabytes * 1'000 * mb};
  disk.flash.slc_bandwidth = {fast_mb * mb};
  return disk;
}

DiskConfig instance(std::int64_t gigabytes, std::int64_t read_bps, std::int64_t write_bps,
                    std::int64_t read_iops, std::int64_t write_iops, bool shares_budget = true) {
  DiskConfig disk;
  disk.capacity = {gigabytes * 1'000 * mb};
  disk.read_bandwidth = {read_bps};
  disk.write_bandwidth = {write_bps};
  disk.read_iops = read_iops;
  disk.write_iops = write_iops;
  disk.flash.shares_budget = shares_budget;
  return disk;
}

DiskConfig volume(VolumeType type, std::int64_t gibibytes, std::int64_t median_us, std::int64_t iops = 3'000,
                  std::int64_t mib = 125) {
  DiskConfig disk;
  disk.kind = DiskKind::cloud;
  disk.capacity = {gibibytes * gib};
  disk.volume.type = type;
  disk.volume.iops = iops;
  disk.volume.throughput = {mib << 20};
  disk.volume.latency_median = {median_us * 1'000};
  return disk;
}

std::vector<DevicePreset> make() {
  return {
      {"wd-g4-4tb-7200",
       "WD 4 TB 7200 rpm: seek curve, zones, skew, heads as extracted by Western Digital for DiskSim (S; fit "
       "D); cache 64 MiB (A)",
       wd_g4()},
      {"seagate-es3-4tb-7200",
       "Seagate Constellation ES.3 4 TB: 175 MB/s outer, 10 heads (data sheet, S); seeks as the WD 4 TB (A)",
       drive(4'000'787'030'016, 175, 7'200, 7'240, 1'429)},
      {"wd-hc310-6tb-7200",
       "WD Ultrastar HC310 6 TB: seeks 7.4/8.2 ms, 0.23 ms track to track (data sheet, S); 205 MB/s outer "
       "(A)",
       drive(6'001'175'126'016, 205, 7'200, 7'400, 230)},
      {"hgst-7k4000-4tb",
       "HGST Ultrastar 7K4000 4 TB: 8.2 ms average (data sheet, S); 171 MB/s outer, 0.6 ms track to track "
       "(A)",
       drive(4'000'787'030'016, 171, 7'200, 8'200, 600)},
      {"seagate-exos-x16", "Seagate Exos X16 16 TB: 261 MB/s outer (data sheet, K); seeks as the WD 4 TB (A)",
       drive(16'000'900'661'248, 261, 7'200, 7'240, 1'429)},
      {"seagate-exos-x18", "Seagate Exos X18 18 TB: 270 MB/s outer (data sheet, S); seeks as the WD 4 TB (A)",
       drive(18'000'207'937'536, 270, 7'200, 7'240, 1'429)},
      {"seagate-barracuda-2tb",
       "Seagate Barracuda ST2000DM001: 8.5/9.5 ms, 1.0 ms, 210 MB/s outer (data sheet, K)",
       drive(2'000'398'934'016, 210, 7'200, 8'500, 1'000)},
      {"hitachi-5k320-5400",
       "Hitachi 5K320 320 GB, 5400 rpm: 12/13 ms, 1 ms (data sheet, S); 76 MB/s outer (A)",
       drive(320'072'933'376, 76, 5'400, 12'000, 1'000)},
      {"maxtor-atlas-300g-10k",
       "Maxtor Atlas 300 GB, 10,001 rpm: seek curve as extracted for DiskSim (S; fit D), 8 heads; 89 MB/s "
       "outer (A)",
       measured_seek(drive(300'000'000'000, 89, 10'001, 4'840, 526),
                     {55'000, {844'000}, 26'170'000, {1'771'000}, 94'570}, 8, true)},
      {"cheetah-9lp-10k",
       "Seagate Cheetah 9LP, 10,045 rpm: seek curve as extracted for DiskSim (S; fit D); 21 MB/s outer, 12 "
       "heads, cache 1 MiB (A)",
       cached(measured_seek(drive(9'100'000'000, 21, 10'045, 5'470, 831),
                            {1'206, {1'132'000}, 94'390'000, {3'113'000}, 1'079'000}, 12, true),
              1 << 20)},
      {"hp-97560",
       "HP 97560, 4,002 rpm: seek curve of Ruemmler and Wilkes, 19 heads, 72 sectors a track (S); write "
       "cache "
       "128 KiB (K)",
       cached(by_track(measured_seek(drive(1'374'000'000, 2, 4'002, 13'500, 3'640),
                                     {383, {3'240'000}, 400'000'000, {8'000'000}, 8'000'000}, 19, false),
                       72),
              128 << 10)},
      {"hp-c2200a",
       "HP C2200A 335 MB, 4,002 rpm: seek curve of Ruemmler and Wilkes, 1,449 cylinders (K); 8 heads, 2 "
       "MB/s, "
       "cache 64 KiB (A)",
       cached(measured_seek(drive(335'000'000, 2, 4'002, 16'600, 4'047),
                            {616, {3'450'000}, 597'000'000, {10'800'000}, 12'000'000}, 8, false),
              64 << 10)},
      {"griffon-sata2-320gb",
       "SATA II drive of Grid'5000's Griffon cluster (2009): 66.6 MiB/s for one reader (SimGrid, S); 320 GB, "
       "8.5 and 1.0 ms, 4 heads (A). Rows HDD-11 and HDD-12",
       measured_seek(drive(320'072'933'376, 70, 7'200, 8'500, 1'000), {}, 4, false)},
      {"intel-p3700-800gb",
       "Intel P3700 800 GB: stages fitted to AnandTech's queue depths 1 and maximum (D), data sheet 460/175 "
       "k IOPS, 2.8/2.0 GB/s (S)",
       staged(ssd(800, 2'800, 2'000, 460'000, 175'000, 76, 20), 32, 50'000, 25'730, 30, 2'800)},
      {"micron-9100-2.4tb",
       "Micron 9100 Max 2.4 TB: stages fitted to AnandTech (D); 750 k reads/s (S), 3.07 GB/s to have them "
       "(D); 300 k writes/s, 2.0 "
       "GB/s (K)",
       staged(ssd(2'400, 3'072, 2'000, 750'000, 300'000, 106, 30), 64, 80'000, 26'370, 20, 1'560)},
      {"intel-optane-p4800x",
       "Intel Optane P4800X 375 GB: stages fitted to AnandTech (D); 550/500 k IOPS, 2.4/2.0 GB/s (data "
       "sheet, S)",
       staged(ssd(375, 2'400, 2'000, 584'800, 500'000, 7, 10), 7, 6'000, 1'190, 20, 80)},
      {"intel-optane-p5800x", "Intel Optane P5800X: 1.5 M IOPS, 6 us, 7.2/6.2 GB/s (data sheet, K)",
       staged(ssd(800, 7'200, 6'200, 1'500'000, 1'000'000, 5, 6), 16, 3'500, 1'800, 0, 0)},
      {"intel-p4500-4tb", "Intel P4500 4 TB: 645/62.5 k IOPS, 3.2/1.8 GB/s, 115/20 us (data sheet, S)",
       ssd(4'000, 3'200, 1'800, 645'000, 62'500, 113, 20)},
      {"intel-p4510-2tb", "Intel P4510 2 TB: 637/81.5 k IOPS, 3.2/2.0 GB/s, 77/18 us (data sheet, K)",
       ssd(2'000, 3'200, 2'000, 637'000, 81'500, 75, 18)},
      {"samsung-pm983-1.92tb",
       "Samsung PM983 1.92 TB: 540/50 k IOPS, 3.2/2.0 GB/s, 85/50 us sustained (data sheet, S)",
       ssd(1'920, 3'200, 2'000, 540'000, 50'000, 83, 50)},
      {"samsung-983dct-1.92tb", "Samsung 983 DCT 1.92 TB: 540/50 k IOPS (K); otherwise as its twin PM983 (S)",
       ssd(1'920, 3'200, 2'000, 540'000, 50'000, 83, 50)},
      {"samsung-pm9a3-3.84tb",
       "Samsung PM9A3 3.84 TB: 1 M/180 k IOPS, 6.5/3.5 GB/s (data sheet, K); 80/15 us (A)",
       ssd(3'840, 6'500, 3'500, 1'000'000, 180'000, 80, 15)},
      {"samsung-970pro-1tb",
       "Samsung 970 PRO 1 TB: NVMeVirt's calibration of dies and buffer (S), two planes a die read on their "
       "own (A), 500 k IOPS, 3.5/2.7 GB/s (data sheet, K); flush of its class (S)",
       unprotected(staged(ssd(1'000, 3'360, 2'834, 500'000, 500'000, 62, 18), 32, 40'880, 20'720, 0, 0),
                   1 << 20, 891)},
      {"samsung-970evoplus-1tb",
       "Samsung 970 EVO Plus 1 TB: 600/550 k IOPS, 3.5 GB/s; writes 3.3 GB/s for 42 GB, then 1.7 (K); flush "
       "of its class (S)",
       unprotected(slc(ssd(1'000, 3'500, 1'700, 600'000, 550'000, 51, 16), 42, 3'300), 1 << 20, 891)},
      {"samsung-990pro-2tb",
       "Samsung 990 PRO 2 TB: fdatasync 1,643 us, FUA 4,007 us (pg_test_fsync, Tanel Poder, S); 7.45/6.9 "
       "GB/s, 1.4/1.55 M IOPS (K), 128 dies (A)",
       unprotected(many_dies(ssd(2'000, 7'450, 6'900, 1'400'000, 1'550'000, 50, 20), 128), 64 << 20, 1'622,
                   4'000)},
      {"i3.2xlarge-drive", "AWS i3.2xlarge and up, one 1.9 TB drive (iotune of i3.2xlarge, S)",
       instance(1'900, 2'015'342'735, 808'775'652, 411'200, 181'500)},
      {"i3en.large-drive", "AWS i3en.large, one 1.25 TB drive (iotune, S)",
       instance(1'250, 330'301'440, 165'675'008, 43'315, 33'177)},
      {"i3en.xlarge-drive", "AWS i3en.xlarge and 2xlarge, one 2.5 TB drive (iotune of i3en.xlarge, S)",
       instance(2'500, 666'894'336, 333'447'168, 84'480, 66'969)},
      {"i3en.3xlarge-drive", "AWS i3en.3xlarge and up, one 7.5 TB drive (iotune, S)",
       instance(7'500, 2'043'674'624, 1'024'458'752, 257'024, 174'080)},
      {"i4i.large-drive", "AWS i4i.large, 468 GB (iotune, S)",
       instance(468, 352'041'984, 275'442'496, 50'203, 27'599)},
      {"i4i.xlarge-drive", "AWS i4i.xlarge, 937 GB (iotune, S)",
       instance(937, 707'373'312, 552'871'552, 100'371, 55'269)},
      {"i4i.2xlarge-drive", "AWS i4i.2xlarge, 1,875 GB (iotune, S)",
       instance(1'875, 1'427'463'808, 1'113'520'256, 200'633, 110'542)},
      {"i4i.4xlarge-drive",
       "AWS i4i.4xlarge and up, 3,750 GB: specified IOPS, measured bandwidth (iotune, S)",
       instance(3'750, 2'853'325'312, 2'259'740'160, 400'000, 221'201)},
      {"is4gen.xlarge-drive", "AWS is4gen.xlarge, 3,750 GB (iotune, S)",
       instance(3'750, 1'015'560'064, 502'173'344, 125'659, 100'404)},
      {"im4gn.4xlarge-drive", "AWS im4gn.4xlarge and is4gen.4xlarge, one 7.5 TB drive (iotune, S)",
       instance(7'500, 2'066'157'056, 1'012'886'080, 251'063, 201'088)},
      {"m7gd.xlarge-drive", "AWS m7gd.xlarge, 237 GB: read and write budgets of their own (iotune, S)",
       instance(237, 315'774'176, 150'679'296, 67'274, 33'676, false)},
      {"m7gd.4xlarge-drive", "AWS m7gd.4xlarge, 950 GB: read and write budgets of their own (iotune, S)",
       instance(950, 1'263'357'056, 604'995'968, 269'588, 134'608, false)},
      {"ebs-gp2", "AWS gp2, 300 GiB: bucket rules (AWS guide 2023-06, S); latency from an etcd study (S)",
       volume(VolumeType::gp2, 300, 1'345)},
      {"ebs-gp3", "AWS gp3, 500 GiB, 3,000 IOPS, 125 MiB/s (S); latency from an etcd study (S)",
       volume(VolumeType::gp3, 500, 731)},
      {"ebs-io1", "AWS io1, 500 GiB, 10,000 IOPS, 500 MiB/s (S); latency as gp3 (A)",
       volume(VolumeType::io1, 500, 731, 10'000)},
      {"ebs-io2", "AWS io2, 500 GiB, 16,000 IOPS, 500 MiB/s (S); latency 500 us (A)",
       volume(VolumeType::io2, 500, 500, 16'000)},
      {"ebs-io2-block-express", "AWS io2 Block Express, 1 TiB, 64,000 IOPS (S); below 500 us on average (S)",
       volume(VolumeType::io2_block_express, 1'024, 430, 64'000)},
      {"ebs-st1", "AWS st1, 2 TiB: 80 MiB/s, bursts of 500 (S); latency 5 ms (A)",
       volume(VolumeType::st1, 2'048, 5'000)},
      {"ebs-sc1", "AWS sc1, 2 TiB: 24 MiB/s, bursts of 160 (S); latency 8 ms (A)",
       volume(VolumeType::sc1, 2'048, 8'000)},
  };
}

std::string figures(const DiskConfig& disk) {
  const auto rate = [](sim::BytesPerSecond v) { return format_quantity(v.n, Dimension::bandwidth); };
  const auto time = [](sim::Duration v) { return format_quantity(v.ns, Dimension::duration); };
  std::string out = "    capacity " + format_quantity(disk.capacity.n, Dimension::size);
  if (disk.kind == DiskKind::cloud) {
    const storage::VolumeLimits limits = storage::volume_limits(disk.volume, disk.capacity);
    out += ", " + std::to_string(limits.iops_base) + " to " + std::to_string(limits.iops_peak) + " IOPS, " +
           rate({limits.bytes_base}) + " to " + rate({limits.bytes_peak}) + ", median " +
           time(disk.volume.latency_median);
    return out + "\n";
  }
  out += ", " + rate(disk.read_bandwidth) + " read, " + rate(disk.write_bandwidth) + " write";
  if (disk.kind == DiskKind::hdd) {
    out += ", " + std::to_string(disk.rpm) + " rpm, seeks " + time(disk.seek_average) + " and " +
           time(disk.seek_track_to_track);
  } else {
    out += ", " + std::to_string(disk.read_iops) + "/" + std::to_string(disk.write_iops) + " IOPS, " +
           time(disk.read_latency) + "/" + time(disk.write_latency);
  }
  if (disk.power_loss_protection) return out + ", protected\n";
  return out + ", volatile cache " + format_quantity(disk.volatile_cache.n, Dimension::size) + ", flush " +
         time(disk.flush_latency) + "\n";
}

}  // namespace

const std::vector<DevicePreset>& device_presets() {
  static const std::vector<DevicePreset> all = make();
  return all;
}

const DevicePreset* find_device(std::string_view name) {
  for (const DevicePreset& device : device_presets()) {
    if (device.name == name) return &device;
  }
  return nullptr;
}

std::string list_devices() {
  std::string out =
      "Drives and volumes, for hardware.disks[].preset (S read in the source, K not re-checked, D derived, A "
      "assumed)\n\n";
  for (const DevicePreset& device : device_presets())
    out += device.name + "\n    " + device.summary + "\n" + figures(device.disk) + "\n";
  out.pop_back();
  return out;
}

}  // namespace brokersim::scenario
