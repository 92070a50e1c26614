// A closed loop of requests on one simulated disk, for validation rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <vector>

#include "models/devices/storage/disk.h"
#include "sim/hash.h"
#include "sim/simulation.h"

namespace brokersim::validation {

/// Keeps `depth` requests going until `count` are done. `host_time` passes between an answer and the next request in its
/// place; places do not wait for each other there.
class DiskLoad {
 public:
  using Next = std::function<storage::IoRequest(std::int64_t ordinal)>;

  DiskLoad(const storage::DiskConfig& config, int depth, std::int64_t count, Next next,
           sim::Duration host_time = {}, std::uint64_t seed = 1)
      : sim_(seed),
        disk_(sim_, "disk", config),
        count_(count),
        next_(std::move(next)),
        host_time_(host_time),
        owner_(sim_, "load"),
        begun_(static_cast<std::size_t>(count)) {
    for (int i = 0; i < depth; ++i) issue();
    while (done_ < count_ && sim_.step()) {
    }
    ended_ = sim_.now();
  }

  /// Requests per second.
  [[nodiscard]] double rate() const { return static_cast<double>(done_) / ended_.seconds(); }
  /// Bytes per second.
  [[nodiscard]] double bandwidth() const { return static_cast<double>(bytes_) / ended_.seconds(); }
  [[nodiscard]] double mean_us() const {
    double sum = 0;
    for (const std::int64_t ns : latencies_) sum += static_cast<double>(ns);
    return sum / static_cast<double>(latencies_.size()) / 1e3;
  }
  [[nodiscard]] double quantile_us(double q) {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = static_cast<std::size_t>(q * static_cast<double>(latencies_.size() - 1));
    return static_cast<double>(latencies_[at]) / 1e3;
  }
  /// Response times in order of completion, ns.
  [[nodiscard]] const std::vector<std::int64_t>& latencies() const { return latencies_; }
  [[nodiscard]] storage::Disk& disk() { return disk_; }

 private:
  void issue() {
    if (issued_ >= count_) return;
    const std::int64_t ordinal = issued_++;
    if (host_time_.ns == 0)
      return submit(static_cast<std::uint64_t>(ordinal));  // at the instant of the completion
    owner_.at(sim_.now() + host_time_, "load.submit",
              sim::bind<&DiskLoad::submit>(this, static_cast<std::uint64_t>(ordinal)));
  }
  void submit(std::uint64_t ordinal) {
    storage::IoRequest io = next_(static_cast<std::int64_t>(ordinal));
    io.done = sim::bind<&DiskLoad::done>(this, ordinal);
    bytes_ += io.length.n;
    begun_[ordinal] = sim_.now();
    disk_.submit(io);
  }
  void done(std::uint64_t ordinal) {
    ++done_;
    latencies_.push_back((sim_.now() - begun_[ordinal]).ns);
    issue();
  }

  sim::Simulation sim_;
  storage::Disk disk_;
  std::int64_t count_;
  Next next_;
  sim::Duration host_time_;
  sim::Component owner_;
  std::vector<sim::SimTime> begun_;
  std::vector<std::int64_t> latencies_;
  sim::SimTime ended_;
  std::int64_t issued_ = 0;
  std::int64_t done_ = 0;
  std::int64_t bytes_ = 0;
};

/// The n-th of a fixed sequence of numbers in [0, below).
inline std::int64_t scattered(std::int64_t n, std::int64_t below, std::uint64_t salt = 0) {
  const std::uint64_t bits = sim::combine(static_cast<std::uint64_t>(n), salt);
  return static_cast<std::int64_t>(static_cast<unsigned __int128>(bits) * static_cast<std::uint64_t>(below) >>
                                   64);
}

/// Aligned random requests of `length` over the first `share` of the disk.
inline DiskLoad::Next random_requests(storage::IoKind kind, std::int64_t length, sim::Bytes capacity,
                                      double share = 1.0) {
  const auto slots = static_cast<std::int64_t>(static_cast<double>(capacity.n) * share) / length;
  return [kind, length, slots](std::int64_t ordinal) {
    storage::IoRequest io;
    io.kind = kind;
    io.length = {length};
    io.position = {scattered(ordinal, slots) * length};
    return io;
  };
}

}  // namespace brokersim::validation
