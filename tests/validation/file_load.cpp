#include "tests/validation/file_load.h"

#include "models/devices/storage/disk.h"
#include "sim/component.h"
#include "sim/simulation.h"

namespace brokersim::validation {
namespace {

using storage::IoKind;
using storage::IoRequest;

/// Runs requests on a disk one after the other.
class Sequence {
 public:
  explicit Sequence(const storage::DiskConfig& config) : sim_(1), disk_(sim_, "disk", config) {}

  void run(IoKind kind, std::int64_t position, std::int64_t length) {
    IoRequest io;
    io.kind = kind;
    io.position = {position};
    io.length = {length};
    bool done = false;
    io.done = {[](void* self, std::uint64_t) { *static_cast<bool*>(self) = true; }, &done, 0};
    disk_.submit(io);
    while (!done && sim_.step()) {
    }
  }
  [[nodiscard]] double us() const { return static_cast<double>(sim_.now().ns) / 1e3; }
  [[nodiscard]] storage::Disk& disk() { return disk_; }

 private:
  sim::Simulation sim_;
  storage::Disk disk_;
};

constexpr int kRounds = 200;

}  // namespace

double sync_overwrite_us(const storage::DiskConfig& config, std::int64_t length) {
  Sequence sequence(config);
  for (int i = 0; i < kRounds; ++i) {
    sequence.run(IoKind::write, i * 1'000'000 / 4'096 * 4'096, length);
    if (sequence.disk().needs_flush()) sequence.run(IoKind::flush, 0, 0);
  }
  return sequence.us() / kRounds;
}

double sync_append_us(const storage::DiskConfig& config, std::int64_t length) {
  Sequence sequence(config);
  for (int i = 0; i < kRounds; ++i) {
    sequence.run(IoKind::write, i * 1'000'000 / 4'096 * 4'096, length);
    sequence.run(IoKind::barrier, config.capacity.n / 2, 8'192);
  }
  return sequence.us() / kRounds;
}

double write_through_us(const storage::DiskConfig& config, std::int64_t length) {
  Sequence sequence(config);
  for (int i = 0; i < kRounds; ++i) sequence.run(IoKind::barrier, i * 1'000'000 / 4'096 * 4'096, length);
  return sequence.us() / kRounds;
}

}  // namespace brokersim::validation
