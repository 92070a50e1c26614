// A pipeline of three tasks on one node: each reads a file into memory, computes, writes the next one, and ends.
//
// Two constants are set on the 20 GB rows, where neither throttling nor eviction plays a part: what a cached read and a
// write cost per byte. Everything else is given (250 GiB of memory, 510 and 420 MB/s, dirty ratios of 10 and 40 %, which
// CentOS' profile throughput-performance sets) or is Linux' own law. A task's memory is not page cache while it runs.
#include <algorithm>
#include <array>
#include <string>

#include "tests/validation/page_cache_rig.h"

namespace brokersim::validation {

namespace {

/// The two constants set on the 20 GB rows: 20 GB in 6.5 s and in 6.0 s.
constexpr sim::BytesPerSecond kWrite = {20'000'000'000 * 10 / 65};
constexpr sim::BytesPerSecond kReadHit = {20'000'000'000 / 6};

constexpr std::int64_t kPiece = 256 << 10;

struct Pipeline {
  Pipeline(std::int64_t file_size, sim::Duration think_time)
      : rig(disk(), cache()), size(file_size), think(think_time) {}

  static storage::DiskConfig disk() {
    storage::DiskConfig config;
    config.read_bandwidth = {510'000'000};
    config.write_bandwidth = {420'000'000};
    return config;
  }
  static storage::PageCacheConfig cache() {
    storage::PageCacheConfig config;
    config.memory = {250ll << 30};
    config.dirty_limit = {40};
    return config;
  }

  StorageRig rig;
  std::int64_t size;
  sim::Duration think;
  std::array<double, 6> seconds{};
  bool complete = false;
};

/// The task has read so many bytes into its own memory.
void hold(Pipeline& p, std::int64_t held) {
  if (held % (64 << 20) == 0 || held == p.size) p.rig.cache.set_hog({held});
}

sim::Task<void> run(Pipeline* p) {
  storage::FileSystem& fs = p->rig.fs;
  storage::FileId input = *fs.find("1");
  for (std::size_t task = 0; task < 3; ++task) {
    sim::SimTime begin = p->rig.sim.now();
    for (std::int64_t at = 0; at < p->size; at += kPiece) {
      const std::int64_t length = std::min(kPiece, p->size - at);
      static_cast<void>(co_await fs.read(input, {at}, {length}));
      co_await sim::delay(sim::transfer_time({length}, kReadHit));
      hold(*p, at + length);
    }
    p->seconds[2 * task] = (p->rig.sim.now() - begin).seconds();
    co_await sim::delay(p->think);
    const storage::FileId output = fs.create(std::to_string(task + 2));
    begin = p->rig.sim.now();
    for (std::int64_t at = 0; at < p->size; at += kPiece) {
      const std::int64_t length = std::min(kPiece, p->size - at);
      const sim::Duration pause = fs.append(output, {length}, 1);
      co_await sim::delay(pause + sim::transfer_time({length}, kWrite));
    }
    p->seconds[2 * task + 1] = (p->rig.sim.now() - begin).seconds();
    p->rig.cache.set_hog({0});
    input = output;
  }
  p->complete = true;
}

std::array<double, 6> pipeline(std::int64_t gigabytes, std::int64_t think_s) {
  Pipeline p(gigabytes * 1'000'000'000, {think_s * 1'000'000'000});
  const storage::FileId input = p.rig.fs.create("1");
  // The input is on the disk and not in the cache when the run begins.
  static_cast<void>(p.rig.fs.append(input, {p.size}, 1));
  p.rig.fs.write_back_async(input);
  p.rig.sim.run_until({2'000'000'000'000});
  static_cast<void>(p.rig.cache.drop_clean());
  p.rig.app.spawn(run(&p));
  p.rig.sim.run_until({20'000'000'000'000});
  SIM_CHECK(p.complete);
  return p.seconds;
}

}  // namespace

void pipeline_rows(Report& report) {
  const std::array<std::string, 6> labels = {"read 1", "write 1", "read 2", "write 2", "read 3", "write 3"};
  const auto rows = [&](const std::string& id, const std::array<double, 6>& seconds, std::size_t points) {
    for (std::size_t i = 0; i < points; ++i) report.predict(id, labels[i], seconds[i]);
  };
  rows("PC-20GB", pipeline(20, 28), 6);
  if (report.fast()) return;
  const std::array<double, 6> fifty = pipeline(50, 75);
  const std::array<double, 6> seventy_five = pipeline(75, 110);
  const std::array<double, 6> hundred = pipeline(100, 155);
  rows("PC-50GB", fifty, 6);
  rows("PC-cal", fifty, 3);
  rows("PC-75GB", seventy_five, 6);
  rows("PC-100GB", hundred, 6);
  double mean = 0;
  for (const Row& row : report.rows()) {
    if (row.id == "PC-50GB" || row.id == "PC-75GB" || row.id == "PC-100GB")
      mean += row.mean_error_percent() / 3;
  }
  report.predict("PC-aim", "50, 75 and 100 GB", mean);
}

}  // namespace brokersim::validation
