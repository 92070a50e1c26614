// HDD-11, HDD-12 and HDD-14, and the picture of append streams: many sequential streams on one drive.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "models/devices/storage/disk.h"
#include "tests/validation/areas.h"
#include "tests/validation/disk_load.h"
#include "tests/validation/drives.h"

namespace brokersim::validation {
namespace {

using storage::DiskConfig;
using storage::DriveOrder;
using storage::HostScheduler;
using storage::IoKind;
using storage::IoRequest;

constexpr double kMebi = 1 << 20;

/// Jobs that each keep one request in the disk and go on where they ended.
class Jobs {
 public:
  Jobs(const DiskConfig& config, IoKind kind, int jobs, std::int64_t length, std::int64_t spacing,
       sim::Duration run)
      : sim_(1), disk_(sim_, "disk", config), kind_(kind), length_(length) {
    for (int job = 0; job < jobs; ++job) next_.push_back(job * spacing);
    for (std::size_t job = 0; job < next_.size(); ++job) submit(job);
    sim_.run_until(sim::SimTime{} + run);
    seconds_ = run.seconds();
  }
  [[nodiscard]] double bytes_per_second() const { return static_cast<double>(bytes_) / seconds_; }

 private:
  void submit(std::uint64_t job) {
    IoRequest io;
    io.kind = kind_;
    io.position = {next_[job]};
    io.length = {length_};
    io.stream = static_cast<std::int32_t>(job);
    io.done = sim::bind<&Jobs::done>(this, job);
    next_[job] += length_;
    disk_.submit(io);
  }
  void done(std::uint64_t job) {
    bytes_ += length_;
    submit(job);
  }

  sim::Simulation sim_;
  storage::Disk disk_;
  IoKind kind_;
  std::int64_t length_;
  std::int64_t bytes_ = 0;
  double seconds_ = 0;
  std::vector<std::int64_t> next_;
};

/// A SATA II drive of 320 GB as in the Griffon cluster; the rate is that of one reader.
DiskConfig griffon() {
  DiskConfig config = wd_g4();
  config.capacity = {320'000'000'000};
  config.read_bandwidth = {static_cast<std::int64_t>(66.63 * kMebi)};
  config.write_bandwidth = config.read_bandwidth;
  config.seek_average = {8'500'000};
  config.seek_track_to_track = {1'000'000};
  config.hdd.seek = {};
  config.hdd.heads = 4;
  config.hdd.is_zoned = false;
  config.hdd.scheduler = HostScheduler::bfq;
  return config;
}

void griffon_rows(Report& report) {
  const sim::Duration run = {60'000'000'000};
  const std::int64_t spacing = 10'000'000'000 / 4'096 * 4'096;
  for (const int jobs : {1, 2, 4, 8, 12, 15}) {
    const Jobs readers(griffon(), IoKind::read, jobs, 1 << 20, spacing, run);
    report.predict("HDD-11", std::to_string(jobs) + (jobs == 1 ? " job" : " jobs"),
                   readers.bytes_per_second() / kMebi);
  }
  report.note("HDD-11",
              "The rate of one reader sets the drive; slices of 100 ms, or 300 ms over the number of "
              "readers, are CFQ's.");
  DiskConfig config = griffon();
  config.hdd.scheduler = HostScheduler::none;
  for (const int jobs : {1, 2, 15}) {
    const Jobs writers(config, IoKind::write, jobs, 1 << 20, spacing, run);
    report.predict("HDD-12", std::to_string(jobs) + (jobs == 1 ? " job" : " jobs"),
                   writers.bytes_per_second() / kMebi);
  }
}

void append_curve(Report& report) {
  if (!report.wants_curves()) return;
  // 256 MiB of dirty data in all, as write-back finds it: the more streams, the shorter the run of each (at most 4 MiB).
  DiskConfig hdd = wd_g4();
  hdd.hdd.scheduler = HostScheduler::mq_deadline;
  hdd.volatile_cache = {64 << 20};
  DiskConfig plain = hdd;
  plain.hdd.order = DriveOrder::fcfs;
  plain.hdd.scheduler = HostScheduler::none;
  plain.volatile_cache = {0};
  const DiskConfig nvme;
  std::vector<std::vector<double>> rows;
  for (const int jobs : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1'024, 2'048}) {
    const std::int64_t spacing = 3'000'000'000'000 / jobs / 4'096 * 4'096;  // all over the disk
    const std::int64_t chunk = std::min<std::int64_t>(4 << 20, (256 << 20) / jobs);
    const auto rate = [&](const DiskConfig& config, std::int64_t apart) {
      return Jobs(config, IoKind::write, jobs, chunk, apart, {60'000'000'000}).bytes_per_second() / 1e6;
    };
    // One positioning of 11.51 ms for each chunk at 133.9 MB/s, once there are two streams (as HDD-10).
    const double law =
        jobs == 1 ? std::nan("")
                  : static_cast<double>(chunk) / 1e6 / (static_cast<double>(chunk) / 133.9e6 + 0.01151);
    rows.push_back(
        {static_cast<double>(jobs), rate(hdd, spacing), rate(plain, spacing), rate(nvme, spacing / 2), law});
  }
  report.curve("append-streams", "Append streams that share 256 MiB of dirty data", "logx",
               {"streams", "HDD, NCQ and write cache | MB/s", "HDD, in order of arrival, no cache",
                "NVMe (i3en.2xlarge)", "one positioning a chunk (closed form)"},
               rows);
}

/// One process that reads 4 KiB from each of n streams in turn, and the kernel's readahead for each stream: the next
/// window is asked for when the first page of the last one is read. Streams begin 100 MiB apart, each at a place of its
/// own within 50 MiB that `layout` draws: streams read in turn keep step with the platter, so that one layout is no mean.
class InterleavedReader {
 public:
  InterleavedReader(const DiskConfig& config, int streams, std::int64_t window, std::uint64_t layout,
                    sim::Duration run)
      : sim_(1), disk_(sim_, "disk", config), window_(window) {
    streams_.resize(static_cast<std::size_t>(streams));
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      streams_[i].at = static_cast<std::int64_t>(i) * (100 << 20) +
                       scattered(static_cast<std::int64_t>(i), (50 << 20) / kPage, layout) * kPage;
      streams_[i].submitted = streams_[i].at;
      streams_[i].loaded = streams_[i].at;
      streams_[i].marker = streams_[i].at;
    }
    begun_ = sim_.now();
    read();
    sim_.run_until(sim::SimTime{} + run);
    seconds_ = run.seconds();
  }
  [[nodiscard]] double bytes_per_second() const { return static_cast<double>(bytes_) / seconds_; }

 private:
  static constexpr std::int64_t kPage = 4'096;
  static constexpr std::int64_t kRequest = 128 << 10;
  struct Stream {
    std::int64_t at = 0;
    std::int64_t submitted = 0;
    std::int64_t loaded = 0;
    std::int64_t marker = 0;
  };
  /// One window, in the requests of 128 KiB that the block layer made of it.
  void ask(std::size_t i) {
    Stream& stream = streams_[i];
    stream.marker = stream.submitted;
    for (std::int64_t asked = 0; asked < window_; asked += std::min(window_, kRequest)) {
      IoRequest io;
      io.position = {stream.submitted};
      io.length = {std::min(window_, kRequest)};
      io.stream = static_cast<std::int32_t>(i);
      io.done = sim::bind<&InterleavedReader::loaded>(this, i);
      stream.submitted += io.length.n;
      disk_.submit(io);
    }
  }
  void loaded(std::uint64_t i) {
    streams_[i].loaded += std::min(window_, kRequest);
    if (waiting_) read();
  }
  void read() {
    waiting_ = false;
    while (true) {
      Stream& stream = streams_[turn_];
      if (stream.at >= stream.submitted) ask(turn_);
      if (stream.at >= stream.loaded) {
        waiting_ = true;
        return;
      }
      if (window_ > kPage && stream.at == stream.marker) ask(turn_);
      stream.at += kPage;
      bytes_ += kPage;
      turn_ = (turn_ + 1) % streams_.size();
    }
  }

  sim::Simulation sim_;
  storage::Disk disk_;
  std::int64_t window_;
  std::vector<Stream> streams_;
  std::size_t turn_ = 0;
  bool waiting_ = false;
  std::int64_t bytes_ = 0;
  double seconds_ = 0;
  sim::SimTime begun_;
};

void readahead_rows(Report& report) {
  DiskConfig config = wd_g4();
  config.capacity = {250'000'000'000};
  config.read_bandwidth = {28'800'000};
  config.seek_average = {8'500'000};
  config.seek_track_to_track = {800'000};
  config.hdd.seek = {};
  config.hdd.heads = 2;
  config.hdd.is_zoned = false;
  config.hdd.readahead = {0};  // the paper's figures are those with the drive's own readahead off
  config.hdd.scheduler = HostScheduler::none;
  config.hdd.queue_depth = 1;  // IDE
  const sim::Duration run = {10'000'000'000};
  const std::int64_t window = 512 << 10;
  constexpr int kLayouts = 64;
  double least = 0;
  double most = 0;
  const auto rate = [&](int streams, std::int64_t length) {
    double mean = 0;
    for (int layout = 0; layout < kLayouts; ++layout) {
      const std::uint64_t salt = 1'000 + static_cast<std::uint64_t>(layout);
      const double one = InterleavedReader(config, streams, length, salt, run).bytes_per_second() / 1e6;
      mean += one / kLayouts;
      least = layout == 0 ? one : std::min(least, one);
      most = layout == 0 ? one : std::max(most, one);
    }
    return mean;
  };
  report.predict("HDD-14", "tracked, n=1", rate(1, window));
  // Before 2.6.24 the kernel followed one stream per open file: a single one it did read ahead.
  report.predict("HDD-14", "untracked, n=1", rate(1, window));
  report.predict("HDD-14", "tracked, n=10", rate(10, window));
  report.predict("HDD-14", "untracked, n=10", rate(10, 4'096));
  char spread[64];
  std::snprintf(spread, sizeof spread, "%.2f to %.2f MB/s", least, most);
  report.note("HDD-14",
              "Means over 64 drawn layouts of the streams, the drive's own readahead off, windows of 512 KiB "
              "(chosen). Untracked: a kernel before 2.6.24 followed one stream of an open file; with more it "
              "read page by page. Ten streams page by page turn in step with the platter, so that layouts "
              "differ: " +
                  std::string(spread) + ".");
}

}  // namespace

void validate_streams(Report& report) {
  griffon_rows(report);
  readahead_rows(report);
  append_curve(report);
}

}  // namespace brokersim::validation
