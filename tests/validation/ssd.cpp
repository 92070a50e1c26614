// Solid-state disks: rows SSD-1 to SSD-10.
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "models/devices/storage/write_amplification.h"
#include "tests/validation/areas.h"
#include "tests/validation/disk_load.h"
#include "tests/validation/drives.h"
#include "tests/validation/file_load.h"
#include "tests/validation/greedy_collection.h"

namespace brokersim::validation {
namespace {

using storage::DiskConfig;
using storage::IoKind;
using storage::IoRequest;

/// What the load generator spends between an answer and the next request. From the measurements themselves: queue depth
/// over rate less mean latency is 1.7 to 1.9 us for all three drives at queue depth 16, whatever their rate, so its
/// threads do not wait for each other.
constexpr sim::Duration kHost = {1'700};

struct Drive {
  const char* row;
  DiskConfig config;
  double measured_qd1;
  double measured_qd16;
};

DiskLoad reads(const DiskConfig& config, int depth, std::int64_t count) {
  return DiskLoad(config, depth, count, random_requests(IoKind::read, 4'096, config.capacity), kHost);
}

void stage_rows(Report& report) {
  const std::int64_t count = report.fast() ? 100'000 : 300'000;
  const Drive drives[] = {{"SSD-1", intel_p3700(), 1e6 / 79.6, 167'200},
                          {"SSD-2", micron_9100(), 1e6 / 109.4, 135'700},
                          {"SSD-3", intel_p4800x(), 108'300, 584'800}};
  std::vector<std::vector<double>> curve;
  for (const Drive& drive : drives) {
    report.predict(drive.row, "QD1 mean", reads(drive.config, 1, count / 10).mean_us());
    DiskLoad load = reads(drive.config, 16, count);
    report.predict(drive.row, "QD16", load.rate());
    report.predict(drive.row, "QD16 mean", load.mean_us());
    report.predict(drive.row, "QD16 p99", load.quantile_us(0.99));
  }
  // The highest rate: as many in flight as make every die busy.
  const auto most = [&](const DiskConfig& config) {
    return DiskLoad(config, 8'192, 300'000, random_requests(IoKind::read, 4'096, config.capacity)).rate();
  };
  for (const Drive& drive : drives) report.predict(drive.row, "maximum", most(drive.config));
  if (!report.wants_curves()) return;
  for (int depth = 1; depth <= 256; depth *= 2) {
    std::vector<double> row{static_cast<double>(depth)};
    for (const Drive& drive : drives)
      row.push_back(DiskLoad(drive.config, depth, 40'000,
                             random_requests(IoKind::read, 4'096, drive.config.capacity), kHost)
                        .rate());
    for (const Drive& drive : drives)
      row.push_back(depth == 1 ? drive.measured_qd1 : depth == 16 ? drive.measured_qd16 : std::nan(""));
    curve.push_back(row);
  }
  report.curve("ssd-queue-depth", "4 KiB random reads", "logx logy",
               {"queue depth", "Intel P3700 | requests per second", "Micron 9100", "Intel Optane P4800X",
                "P3700 (published)", "9100 (published)", "P4800X (published)"},
               curve);
}

void samsung_970_rows(Report& report) {
  // 8 channels x 2 dies; array read 35.76 us, channel 5.12 us and PCIe 1.22 us for 4 KiB, firmware 21.5 us.
  DiskConfig config;
  config.capacity = {1'000'000'000'000};
  config.read_bandwidth = {3'360'000'000};
  config.read_iops = 500'000;
  config.flash.dies = 16;
  config.flash.die_read = {35'760 + 5'120};
  config.flash.page = {32'768};
  config.read_latency = {21'500 + 35'760 + 5'120 + 1'220 - 2'000};
  config.write_bandwidth = {16 * 32'768 * 1'000'000'000ll / 185'000};
  config.write_iops = 500'000;
  config.volatile_cache = {1 << 20};
  config.power_loss_protection = false;
  config.write_latency = {4'000};
  const auto random = random_requests(IoKind::read, 4'096, config.capacity);
  report.predict("SSD-4", "device latency", DiskLoad(config, 1, 2'000, random).mean_us());
  report.predict("SSD-4", "QD1 with host", DiskLoad(config, 1, 2'000, random, sim::Duration{5'000}).rate());
  const DiskLoad writes(config, 8, 4'000, [](std::int64_t ordinal) {
    IoRequest io;
    io.kind = IoKind::write;
    io.position = {ordinal * (512 << 10)};
    io.length = {512 << 10};
    return io;
  });
  report.predict("SSD-5", "sequential write", writes.bandwidth() / 1e9);
  report.predict("SSD-5", "data sheet", writes.bandwidth() / 1e9);
}

void amplification_rows(Report& report) {
  const struct {
    const char* label;
    std::int64_t permille;
  } rows[] = {{"0.07", 70}, {"0.10", 100}, {"0.20", 200}, {"0.28", 280}, {"0.30", 300}, {"0.50", 500}};
  for (const auto& row : rows)
    report.predict("SSD-6", row.label,
                   static_cast<double>(storage::write_amplification_permille(row.permille)) / 1e3);
  report.predict("SSD-6", "approximation 0.07", 1.07 / 0.14);
  report.predict("SSD-6", "approximation 0.30", 1.3 / 0.6);
  // The law that the drive holds, beside the published simulation.
  report.predict("SSD-6", "0.30 simulated",
                 static_cast<double>(storage::write_amplification_permille(300)) / 1e3);
  char own[32];
  std::snprintf(own, sizeof own, "%.3f", greedy_write_amplification(2'000, 256, 0.30));
  report.note("SSD-6", "A simulation of greedy collection written for this page has " + std::string(own) +
                           " at 0.30.");
  // A drive with 30 % of spare space: what it writes in sequence over what it writes at random.
  DiskConfig drive;
  drive.capacity = {100'000'000'000};
  drive.write_bandwidth = {1'000'000'000};
  drive.write_iops = 1'000'000'000;
  drive.flash.spare_permille = 300;
  const DiskLoad in_sequence(drive, 32, 40'000, [](std::int64_t ordinal) {
    IoRequest io;
    io.kind = IoKind::write;
    io.position = {ordinal * (128 << 10)};
    io.length = {128 << 10};
    return io;
  });
  const DiskLoad at_random(drive, 32, 200'000, random_requests(IoKind::write, 4'096, drive.capacity));
  report.predict("SSD-6", "0.30, simulated drive", in_sequence.bandwidth() / at_random.bandwidth());
}

void instance_rows(Report& report) {
  const struct {
    const char* row;
    DiskConfig config;
  } drives[] = {{"SSD-7", instance_drive(1'427'463'808, 1'113'520'256, 200'633, 110'542)},
                {"SSD-8", instance_drive(2'043'674'624, 1'024'458'752, 257'024, 174'080)}};
  for (const auto& drive : drives) {
    const sim::Bytes capacity = drive.config.capacity;
    const double read =
        DiskLoad(drive.config, 128, 40'000, random_requests(IoKind::read, 4'096, capacity)).rate();
    const double write =
        DiskLoad(drive.config, 128, 40'000, random_requests(IoKind::write, 4'096, capacity)).rate();
    report.predict(drive.row, "read", read);
    report.predict(drive.row, "write", write);
    report.predict(
        drive.row, "read bandwidth",
        DiskLoad(drive.config, 32, 4'000, random_requests(IoKind::read, 1 << 20, capacity)).bandwidth() /
            1e9);
    report.predict(
        drive.row, "write bandwidth",
        DiskLoad(drive.config, 32, 4'000, random_requests(IoKind::write, 1 << 20, capacity)).bandwidth() /
            1e9);
    if (std::string(drive.row) != "SSD-8") continue;
    report.predict("SSD-8", "specified read", read);
    report.predict("SSD-8", "specified write", write);
  }
}

void sync_rows(Report& report) {
  // 990 PRO: calibrated on fdatasync (a flush behind a small write) and on open_datasync (a write through the cache).
  DiskConfig pro;
  pro.capacity = {2'000'000'000'000};
  pro.read_bandwidth = {7'450'000'000};
  pro.write_bandwidth = {1'600'000'000};
  pro.read_iops = 1'400'000;
  pro.write_iops = 400'000;
  pro.read_latency = {50'000};
  pro.write_latency = {20'000};
  pro.volatile_cache = {64 << 20};
  pro.power_loss_protection = false;
  pro.flush_latency = {1'622'000};
  pro.fua_latency = {4'000'000};
  report.note("SSD-9",
              "fsync is the flush of the data and a log block written through: the sum of the two calibrated "
              "points.");
  report.predict("SSD-9", "fdatasync", sync_overwrite_us(pro, 8'192));
  report.predict("SSD-9", "fsync", sync_append_us(pro, 8'192));
  report.predict("SSD-9", "open_datasync", write_through_us(pro, 8'192));

  // A protected drive: the write is durable when acknowledged, the sync finds nothing to flush.
  DiskConfig protected_drive;
  protected_drive.read_bandwidth = {6'500'000'000};
  protected_drive.write_bandwidth = {3'500'000'000};
  protected_drive.write_iops = 180'000;
  report.predict("SSD-10", "fsync", sync_overwrite_us(protected_drive, 16'384));
}

}  // namespace

void validate_ssd(Report& report) {
  stage_rows(report);
  samsung_970_rows(report);
  amplification_rows(report);
  instance_rows(report);
  sync_rows(report);
}

}  // namespace brokersim::validation
