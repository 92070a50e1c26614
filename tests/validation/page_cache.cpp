// Page cache: write-back under overload, readahead, write-back of many files on an HDD. The pipeline rows are in
// page_cache_pipeline.cpp.
#include <cstddef>
#include <string>
#include <vector>

#include "tests/validation/areas.h"
#include "tests/validation/page_cache_rig.h"

namespace brokersim::validation {

namespace {

/// 500 MB/s of appends in pieces of 64 KiB, shared by `writers` that each think between two of them.
class Overload {
 public:
  Overload(int writers, std::int64_t demand)
      : rig_(disk(), cache()), writers_(static_cast<std::size_t>(writers)) {
    for (Writer& writer : writers_) {
      writer.overload = this;
      writer.file = rig_.fs.create("orders-" + std::to_string(&writer - writers_.data()) + "/0.log");
      writer.think = sim::transfer_time({kPiece * writers}, {demand});
      rig_.app.spawn(write(&writer));
    }
  }

  [[nodiscard]] sim::SimTime first_pause() const { return first_pause_; }
  [[nodiscard]] std::int64_t written() const { return written_; }
  StorageRig rig_;

 private:
  struct Writer {
    Overload* overload = nullptr;
    storage::FileId file;
    sim::Duration think;
  };
  static constexpr std::int64_t kPiece = 64 << 10;

  static storage::DiskConfig disk() {
    storage::DiskConfig config;
    config.write_bandwidth = {150'000'000};
    return config;
  }
  static storage::PageCacheConfig cache() {
    storage::PageCacheConfig config;
    config.memory = {32'000'000'000};
    return config;
  }

  static sim::Task<void> write(Writer* writer) {
    Overload& overload = *writer->overload;
    for (;;) {
      const sim::Duration pause = overload.rig_.fs.append(writer->file, {kPiece}, 1);
      overload.written_ += kPiece;
      if (pause.ns > 0 && overload.first_pause_.ns == 0) overload.first_pause_ = overload.rig_.sim.now();
      co_await sim::delay(pause + writer->think);
    }
  }

  std::vector<Writer> writers_;
  sim::SimTime first_pause_;
  std::int64_t written_ = 0;
};

void dirty_throttling(Report& report) {
  Overload overload(1, 500'000'000);
  overload.rig_.sim.run_until({60'000'000'000});
  const std::int64_t before = overload.written();
  double dirty = 0;
  constexpr int samples = 600;
  for (int i = 1; i <= samples; ++i) {
    overload.rig_.sim.run_until({60'000'000'000 + i * 100'000'000ll});
    dirty += static_cast<double>(overload.rig_.cache.dirty().n) / samples;
  }
  report.predict("PC-dirty", "throttling starts", overload.first_pause().seconds());
  report.predict("PC-dirty", "dirty settles", dirty / 1e6);
  report.predict("PC-dirty", "writer rate", static_cast<double>(overload.written() - before) / 60e6);
}

void overload_curve(const Report& report) {
  for (const int writers : {1, 16}) {
    Overload overload(writers, 500'000'000);
    std::vector<std::vector<double>> rows;
    std::int64_t before = 0;
    for (int i = 1; i <= 120; ++i) {
      overload.rig_.sim.run_until({i * 500'000'000ll});
      const auto rate = static_cast<double>(overload.written() - before) / 0.5e6;
      before = overload.written();
      rows.push_back({i * 0.5, static_cast<double>(overload.rig_.cache.dirty().n) / 1e6,
                      static_cast<double>(overload.rig_.cache.set_point().n) / 1e6,
                      static_cast<double>(overload.rig_.cache.freerun().n) / 1e6, rate, 150});
    }
    report.curve("dirty-throttling-" + std::to_string(writers),
                 std::to_string(writers) + (writers == 1 ? " writer" : " writers") +
                     " of 500 MB/s in all, device 150 MB/s, 32 GB dirtyable",
                 "", {"time (s)", "dirty | MB", "set point", "throttling starts", "writers | MB/s", "device"},
                 rows);
  }
}

sim::Task<void> read_page(StorageRig* rig, storage::FileId file, std::int64_t page) {
  static_cast<void>(co_await rig->fs.read(file, {page * 4'096}, {4'096}));
}

void readahead_windows(Report& report) {
  StorageRig rig({}, {});
  const storage::FileId file = rig.fs.create("a");
  static_cast<void>(rig.fs.append(file, {16 << 20}, 1));
  rig.fs.write_back_async(file);
  rig.sim.run_until({10'000'000'000});
  static_cast<void>(rig.cache.drop_clean());
  std::vector<std::int64_t> windows;
  std::int64_t bytes = rig.disk.counters().bytes_read.n;
  std::int64_t reads = rig.disk.counters().reads;
  for (std::int64_t page = 0; windows.size() < 5; ++page) {
    rig.app.spawn(read_page(&rig, file, page));
    rig.sim.run_until(rig.sim.now() + sim::Duration{1'000'000'000});
    const storage::DiskCounters& now = rig.disk.counters();
    if (now.reads == reads) continue;
    SIM_CHECK(now.reads == reads + 1, "one window at a time");
    windows.push_back((now.bytes_read.n - bytes) / 1'024);
    bytes = now.bytes_read.n;
    reads = now.reads;
  }
  for (std::size_t i = 0; i < windows.size(); ++i)
    report.predict("PC-ra", "window " + std::to_string(i + 1), static_cast<double>(windows[i]));
}

struct Drained {
  std::int64_t bytes = 0;
  double seconds = 0;
};

/// How an HDD takes what 30 s of appends at 100 MB/s have left in `partitions` files all over it.
Drained drain(std::int64_t partitions, std::int64_t round) {
  storage::DiskConfig disk;
  disk.kind = storage::DiskKind::hdd;
  disk.capacity = {4'000'000'000'000};
  disk.read_bandwidth = {165'300'000};  // outer zone: 133.9 MB/s over the whole disk
  disk.write_bandwidth = {165'300'000};
  // The row's 11.51 ms are a seek and half a turn for every chunk: no queue that shortens them.
  disk.hdd.order = storage::DriveOrder::fcfs;
  disk.hdd.scheduler = storage::HostScheduler::none;
  disk.hdd.write_settle = {0};
  storage::PageCacheConfig cache;
  cache.memory = {1'000'000'000'000};  // age starts write-back here, not memory
  StorageRig rig(disk, cache);
  const std::int64_t each = 30 * 100'000'000ll / partitions;
  const std::string topic = "orders" + std::to_string(round) + "-";
  for (std::int64_t i = 0; i < partitions; ++i) {
    const storage::FileId file = rig.fs.create(topic + std::to_string(i) + "/0.log");
    static_cast<void>(rig.fs.append(file, {each}, 1));
  }
  const std::int64_t total = rig.cache.dirty().n;
  while (rig.cache.dirty().n == total && rig.sim.step()) {
  }
  const sim::SimTime begin = rig.sim.now();
  const std::int64_t left = rig.cache.dirty().n;
  while (rig.cache.dirty().n > 0 && rig.sim.step()) {
  }
  return {left, (rig.sim.now() - begin).seconds()};
}

/// MB/s, over 2,000 places of the disk or more: its zones differ by a factor of two.
double drain_rate(std::int64_t partitions) {
  Drained sum;
  for (std::int64_t round = 0; round * partitions < 2'000; ++round) {
    const Drained one = drain(partitions, round);
    sum.bytes += one.bytes;
    sum.seconds += one.seconds;
  }
  return static_cast<double>(sum.bytes) / 1e6 / sum.seconds;
}

void many_partitions(Report& report) {
  for (const std::int64_t partitions : {100, 500, 1'000, 2'000, 5'000})
    report.predict("PC-hddparts", "P=" + std::to_string(partitions), drain_rate(partitions));
}

}  // namespace

void validate_page_cache(Report& report) {
  dirty_throttling(report);
  readahead_windows(report);
  many_partitions(report);
  pipeline_rows(report);
  if (report.wants_curves()) overload_curve(report);
}

}  // namespace brokersim::validation
