// Every disk of the host serves more slowly; of several faults on a disk the slowest counts.
#include "models/devices/storage/disk.h"

#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Slowness final : public Effect {
 public:
  Slowness(Holds& holds, std::vector<storage::Disk*> disks, std::int32_t factor_percent)
      : holds_(holds), disks_(std::move(disks)), factor_percent_(factor_percent) {
    for (storage::Disk* disk : disks_) holds_.disks.hold(*disk, factor_percent_);
    before_ = ios();
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  /// I/Os begun meanwhile.
  [[nodiscard]] std::int64_t count() const override { return ios() - before_; }
  [[nodiscard]] bool release() override {
    for (storage::Disk* disk : disks_) holds_.disks.release(*disk, factor_percent_);
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

  Holds& holds_;
  std::vector<storage::Disk*> disks_;
  std::int32_t factor_percent_;
  std::int64_t before_ = 0;
};

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims, std::string&) {
  std::vector<storage::Disk*> disks = devices_of(fault, victims);
  if (disks.empty()) return nullptr;
  return std::make_unique<Slowness>(reach.holds, std::move(disks), fault.factor_percent);
}

}  // namespace

constinit const Kind slow_disk{FaultKind::slow_disk, "slow_disk", "D13 D16", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
