// The drives of the host acknowledge flushes without doing them: what was synced is lost with the power.
#include "models/devices/storage/disk.h"

#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Lie final : public Effect {
 public:
  explicit Lie(std::vector<storage::Disk*> disks) : disks_(std::move(disks)) {
    before_ = lied();
    for (storage::Disk* disk : disks_) disk->begin_lying();
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  /// Flushes answered while acknowledged writes were unsafe. A drive that protects its cache has none.
  [[nodiscard]] std::int64_t count() const override { return lied() - before_; }
  [[nodiscard]] bool release() override {
    for (storage::Disk* disk : disks_) disk->end_lying();
    return true;
  }

 private:
  [[nodiscard]] std::int64_t lied() const {
    std::int64_t sum = 0;
    for (const storage::Disk* disk : disks_) sum += disk->counters().flushes_lied;
    return sum;
  }

  std::vector<storage::Disk*> disks_;
  std::int64_t before_ = 0;
};

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  std::vector<storage::Disk*> disks = devices_of(fault, victims);
  if (disks.empty()) return nullptr;
  return std::make_unique<Lie>(std::move(disks));
}

}  // namespace

constinit const Kind lying_flush{FaultKind::lying_flush, "lying_flush", "D11", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
