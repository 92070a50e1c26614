// HDD-13: the model's response times against the brute-force drive, by the distance of their distributions.
#include <algorithm>
#include <cmath>
#include <vector>

#include "models/devices/storage/disk.h"
#include "tests/validation/areas.h"
#include "tests/validation/brute_force_hdd.h"
#include "tests/validation/disk_load.h"
#include "tests/validation/drives.h"

namespace brokersim::validation {
namespace {

/// The WD mechanics on a drive of one zone and 400 GB, without readahead and write cache: what is held against the brute
/// force is seeks, rotation, skew and the choice of the next command.
storage::DiskConfig small_drive() {
  storage::DiskConfig config = wd_g4();
  config.capacity = {400'000'000'000};
  config.hdd.is_zoned = false;
  config.hdd.readahead = {0};
  config.hdd.queue_depth = 1'024;
  config.hdd.age_limit = {3'600'000'000'000};
  return config;
}

BruteForceDrive brute_drive() {
  BruteForceDrive drive;
  // 165.3 MB/s while a track takes 1 + skew turns; 10 tracks a cylinder; 400 GB.
  const double per_track = 165'300'000 * (1 + drive.skew) / 120 / 512;
  const auto sectors = static_cast<std::int64_t>(per_track + 0.5);
  drive.zones = {{(400'000'000'000 / 512 + sectors * 10) / (sectors * 10), sectors}};
  drive.knee = 73'671;
  drive.a = 1.409;
  drive.b = 0.01963;
  drive.c = 4.537;
  drive.e = 3.126e-5;
  return drive;
}

/// Requests at random instants; `mixed`: a third writes, lengths of 4 to 256 KiB, a third continues the one before.
std::vector<TraceRequest> make_trace(std::int64_t count, double mean_gap_ms, bool mixed) {
  std::vector<TraceRequest> trace;
  double at = 0;
  std::int64_t next = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    at += -mean_gap_ms * std::log(1.0 - static_cast<double>(scattered(i, 1 << 30, 1)) / (1 << 30));
    TraceRequest request;
    // Whole nanoseconds, so that both sides see the same trace.
    request.at_ms = std::floor(at * 1e6) / 1e6;
    request.count = mixed ? 8 << scattered(i, 7, 2) : 8;
    request.write = mixed && scattered(i, 3, 3) == 0;
    const bool continues = mixed && scattered(i, 3, 4) == 0;
    request.sector = continues ? next : scattered(i, 400'000'000'000 / 4'096 - 1'000, 5) * 8;
    next = request.sector + request.count;
    trace.push_back(request);
  }
  return trace;
}

std::vector<double> model(const storage::DiskConfig& config, const std::vector<TraceRequest>& trace) {
  struct World {
    sim::Simulation sim{1};
    storage::Disk disk;
    sim::Component source;
    const std::vector<TraceRequest>& trace;
    std::vector<double> response;
    World(const storage::DiskConfig& config, const std::vector<TraceRequest>& requests)
        : disk(sim, "disk", config), source(sim, "source"), trace(requests), response(requests.size()) {
      for (std::size_t i = 0; i < trace.size(); ++i)
        source.at(sim::SimTime{std::llround(trace[i].at_ms * 1e6)}, "trace.request",
                  sim::bind<&World::submit>(this, i));
    }
    void submit(std::uint64_t i) {
      storage::IoRequest io;
      io.kind = trace[i].write ? storage::IoKind::write : storage::IoKind::read;
      io.position = {trace[i].sector * 512};
      io.length = {trace[i].count * 512};
      io.done = sim::bind<&World::done>(this, i);
      disk.submit(io);
    }
    void done(std::uint64_t i) { response[i] = static_cast<double>(sim.now().ns) / 1e6 - trace[i].at_ms; }
  };
  World world(config, trace);
  world.sim.run_to_end();
  return world.response;
}

}  // namespace

void validate_demerit(Report& report) {
  const std::int64_t count = report.fast() ? 2'000 : 10'000;
  for (const bool mixed : {false, true}) {
    storage::DiskConfig config = small_drive();
    config.hdd.order = mixed ? storage::DriveOrder::satf : storage::DriveOrder::fcfs;
    const std::vector<TraceRequest> trace = make_trace(count, mixed ? 11 : 14, mixed);
    std::vector<double> predicted = model(config, trace);
    std::vector<double> truth = brute_force(brute_drive(), trace, mixed);
    std::sort(predicted.begin(), predicted.end());
    std::sort(truth.begin(), truth.end());
    double squares = 0;
    double mean = 0;
    double mean_predicted = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      squares += (predicted[i] - truth[i]) * (predicted[i] - truth[i]);
      mean += truth[i];
      mean_predicted += predicted[i];
    }
    const auto n = static_cast<double>(truth.size());
    const char* const kind = mixed ? "mixed" : "random";
    report.predict("HDD-13", std::string(kind) + ", demerit", std::sqrt(squares / n) / (mean / n) * 100);
    report.predict("HDD-13", std::string(kind) + ", mean error", std::abs(mean_predicted / mean - 1) * 100);
  }
  report.note("HDD-13",
              "Random: 4 KiB reads in order of arrival. Mixed: a third writes, 4 to 256 KiB, a third "
              "sequential, shortest access first.");
}

}  // namespace brokersim::validation
