// Hard disks: rows HDD-1 to HDD-14.
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>
#include <vector>

#include "models/devices/storage/hdd_geometry.h"
#include "tests/validation/areas.h"
#include "tests/validation/disk_load.h"
#include "tests/validation/drives.h"

namespace brokersim::validation {
namespace {

using storage::DiskConfig;
using storage::DriveOrder;
using storage::HddGeometry;
using storage::HostScheduler;
using storage::IoKind;
using storage::IoRequest;

constexpr double kMega = 1e6;
constexpr double kMebi = 1 << 20;

/// Points of the extracted seek curve: share of the stroke, ms (wd-disksim).
constexpr std::array<std::pair<double, double>, 22> kSeekPoints{
    {{0.0001, 1.8}, {0.001, 1.52}, {0.002, 1.67}, {0.003, 1.94}, {0.005, 2.3}, {0.01, 2.55},
     {0.02, 3.0},   {0.03, 3.4},   {0.05, 3.84},  {0.1, 4.84},   {0.15, 5.6},  {0.2, 6.3},
     {0.25, 6.95},  {0.3, 7.5},    {0.3333, 7.8}, {0.4, 8.4},    {0.5, 9.4},   {0.6, 10.4},
     {0.7, 11.3},   {0.8, 12.3},   {0.9, 13.21},  {1.0, 14.2}}};

double published_seek(double stroke) {
  for (std::size_t i = 1; i < kSeekPoints.size(); ++i) {
    const auto [x0, y0] = kSeekPoints[i - 1];
    const auto [x1, y1] = kSeekPoints[i];
    if (stroke <= x1) return y0 + (y1 - y0) * std::max(0.0, stroke - x0) / (x1 - x0);
  }
  return kSeekPoints.back().second;
}

void seek_rows(Report& report) {
  const HddGeometry geometry(wd_g4());
  const auto stroke = static_cast<double>(geometry.cylinders() - 1);
  double squares = 0;
  std::vector<std::vector<double>> curve;
  for (int i = 1; i <= 400; ++i) {
    const double x = i / 400.0;
    const double ms = geometry.seek(static_cast<std::int64_t>(x * stroke)).milliseconds();
    squares += (ms - published_seek(x)) * (ms - published_seek(x));
    curve.push_back({x, ms, std::nan("")});
  }
  report.predict("HDD-1", "rms", std::sqrt(squares / 400));
  for (const auto& [x, ms] : kSeekPoints) curve.push_back({x, std::nan(""), ms});
  report.curve("hdd-seek", "Seek time, WD 4 TB 7200 rpm", "",
               {"share of the stroke", "model | ms", "extracted curve (published)"}, curve);
  double mean = 0;
  constexpr int kSteps = 100'000;
  for (int i = 0; i < kSteps; ++i) {
    const double x = (i + 0.5) / kSteps;
    mean += 2 * (1 - x) * geometry.seek(static_cast<std::int64_t>(x * stroke)).milliseconds() / kSteps;
  }
  report.predict("HDD-2", "mean seek", mean);
  report.predict("HDD-2", "full stroke", geometry.seek(geometry.cylinders() - 1).milliseconds());
}

double sequential_rate(std::int64_t from) {
  const DiskLoad load(wd_g4(), 4, 400, [from](std::int64_t ordinal) {
    IoRequest io;
    io.position = {from + ordinal * (1 << 20)};
    io.length = {1 << 20};
    return io;
  });
  return load.bandwidth() / kMega;
}

void zone_rows(Report& report) {
  const double outer = sequential_rate(0);
  const double inner = sequential_rate(wd_g4().capacity.n - (1ll << 30));
  report.predict("HDD-3", "outer", outer);
  report.predict("HDD-3", "inner", inner);
  report.predict("HDD-3", "ES.3 outer", outer);
  report.predict("HDD-3", "ES.3 inner", inner);
}

double random_rate(DriveOrder order, int depth, std::int64_t count, double slack_ms = 0) {
  DiskConfig config = wd_g4();
  config.hdd.order = order;
  config.hdd.queue_depth = 256;
  config.hdd.age_limit = {3'600'000'000'000};
  config.hdd.slack = {static_cast<std::int64_t>(slack_ms * 1e6)};
  return DiskLoad(config, depth, count, random_requests(IoKind::read, 4'096, config.capacity)).rate();
}

void random_rows(Report& report) {
  const std::int64_t count = report.fast() ? 8'000 : 40'000;
  report.predict("HDD-4", "QD1", random_rate(DriveOrder::satf, 1, count));
  std::vector<std::vector<double>> curve{
      {1, random_rate(DriveOrder::satf, 1, count), random_rate(DriveOrder::clook, 1, count),
       random_rate(DriveOrder::fcfs, 1, count), random_rate(DriveOrder::satf, 1, count, 1.5), 87, 86}};
  const std::array<double, 6> satf{102, 120, 140, 165, 196, 227};
  const std::array<double, 6> clook{90, 102, 116, 130, 141, 151};
  int depth = 2;
  for (std::size_t i = 0; i < satf.size(); ++i, depth *= 2) {
    const std::string label = "QD" + std::to_string(depth);
    const double ideal = random_rate(DriveOrder::satf, depth, count);
    const double elevator = random_rate(DriveOrder::clook, depth, count);
    report.predict("HDD-5", label, ideal);
    report.predict("HDD-6", label, elevator);
    if (depth == 16) report.predict("HDD-7", label, ideal);
    if (report.wants_curves())
      curve.push_back({static_cast<double>(depth), ideal, elevator,
                       random_rate(DriveOrder::fcfs, depth, count),
                       random_rate(DriveOrder::satf, depth, count, 1.5), satf[i], clook[i]});
  }
  report.curve("hdd-queue-depth", "4 KiB random reads, WD 4 TB 7200 rpm", "logx",
               {"queue depth", "shortest access first | requests per second", "elevator (C-LOOK)",
                "in order of arrival", "shortest access first, slack 1.5 ms", "SATF (published)",
                "C-LOOK (published)"},
               curve);
}

/// Old drives by their data sheets; the paper measured them over the whole drive, one request at a time.
void old_drive_rows(Report& report) {
  DiskConfig atlas;
  atlas.kind = storage::DiskKind::hdd;
  atlas.capacity = {18'200'000'000};
  atlas.read_bandwidth = {24'000'000};
  atlas.write_bandwidth = {24'000'000};
  atlas.rpm = 10'000;
  atlas.seek_average = {5'000'000};
  atlas.seek_track_to_track = {800'000};
  atlas.controller_overhead = {300'000};
  atlas.hdd.write_settle = {500'000};
  atlas.hdd.scheduler = HostScheduler::none;
  report.predict("HDD-9", "reads",
                 DiskLoad(atlas, 1, 20'000, random_requests(IoKind::read, 8'192, atlas.capacity)).rate());
  report.predict("HDD-9", "writes",
                 DiskLoad(atlas, 1, 20'000, random_requests(IoKind::write, 8'192, atlas.capacity)).rate());
  DiskConfig maxtor = atlas;
  maxtor.capacity = {40'000'000'000};
  maxtor.read_bandwidth = {29'000'000};
  maxtor.write_bandwidth = {29'000'000};
  maxtor.rpm = 7'200;
  maxtor.seek_average = {4'600'000};
  maxtor.hdd.write_settle = {8'333'333};
  report.predict("HDD-8", "reads",
                 DiskLoad(maxtor, 1, 20'000, random_requests(IoKind::read, 8'192, maxtor.capacity)).rate());
  report.predict("HDD-8", "writes",
                 DiskLoad(maxtor, 1, 20'000, random_requests(IoKind::write, 8'192, maxtor.capacity)).rate());
}

/// MB/s of `streams` append streams spread over the drive that write `chunk` bytes at a time, in no order.
double streams_rate(const DiskConfig& config, std::int64_t streams, std::int64_t chunk, std::int64_t count) {
  // A prime-like stride of turns, so that the arm does not sweep.
  std::vector<std::int64_t> next(static_cast<std::size_t>(streams));
  for (std::size_t i = 0; i < next.size(); ++i)
    next[i] = scattered(static_cast<std::int64_t>(i), config.capacity.n / 4'096 - (1 << 20), 7) * 4'096;
  const DiskLoad load(config, 2, count, [&next, chunk, streams](std::int64_t ordinal) {
    const auto at = static_cast<std::size_t>(scattered(ordinal, streams, 11));
    IoRequest io;
    io.kind = IoKind::write;
    io.position = {next[at]};
    io.length = {chunk};
    next[at] += chunk;
    return io;
  });
  return load.bandwidth() / kMega;
}

void stream_rows(Report& report) {
  DiskConfig config = wd_g4();
  config.hdd.order = DriveOrder::fcfs;
  config.hdd.write_settle = {0};
  const struct {
    const char* label;
    std::int64_t chunk;
  } rows[] = {{"64 KiB", 64 << 10},
              {"256 KiB", 256 << 10},
              {"1 MiB", 1 << 20},
              {"4 MiB", 4 << 20},
              {"16 MiB", 16 << 20}};
  for (const auto& row : rows)
    report.predict("HDD-10", row.label,
                   streams_rate(config, 4'000, row.chunk, report.fast() ? 3'000 : 10'000));
}

}  // namespace

void validate_hdd(Report& report) {
  seek_rows(report);
  zone_rows(report);
  random_rows(report);
  old_drive_rows(report);
  stream_rows(report);
}

}  // namespace brokersim::validation
