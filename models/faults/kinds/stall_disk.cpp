// Every disk of the host hangs: requests wait, none fails, and the broker lives on (a gray failure).
#include "models/devices/storage/disk.h"

#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Stall final : public Effect {
 public:
  Stall(std::vector<storage::Disk*> disks, sim::Duration length) : disks_(std::move(disks)) {
    for (storage::Disk* disk : disks_) {
      in_flight_ += static_cast<std::int64_t>(disk->in_flight());
      disk->stall(length);
    }
    before_ = ios();
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  /// I/Os in flight at its beginning, and those begun while it lasted.
  [[nodiscard]] std::int64_t count() const override {
    return in_flight_ + (over_ ? during_ : ios() - before_);
  }
  [[nodiscard]] bool release() override {
    // The disk goes on by itself at that time.
    during_ = ios() - before_;
    over_ = true;
    return true;
  }

 private:
  [[nodiscard]] std::int64_t ios() const {
    std::int64_t sum = 0;
    for (const storage::Disk* disk : disks_) {
      const storage::DiskCounters& counters = disk->counters();
      sum += counters.reads + counters.writes + counters.flushes;
    }
    return sum;
  }

  std::vector<storage::Disk*> disks_;
  std::int64_t in_flight_ = 0;
  std::int64_t before_ = 0;
  std::int64_t during_ = 0;
  bool over_ = false;
};

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  std::vector<storage::Disk*> disks = devices_of(fault, victims);
  if (disks.empty()) return nullptr;
  return std::make_unique<Stall>(std::move(disks), fault.lasts.value_or(sim::Duration{}));
}

}  // namespace

constinit const Kind stall_disk{FaultKind::stall_disk, "stall_disk", "D14", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
