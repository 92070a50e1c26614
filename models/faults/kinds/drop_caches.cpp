// Every clean page of the host is gone, as after an administrator's drop_caches or a backup that read everything.
#include "models/devices/storage/page_cache.h"

#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Dropped final : public Effect {
 public:
  explicit Dropped(std::int64_t bytes) : bytes_(bytes) {}
  [[nodiscard]] bool holding() const override { return false; }
  [[nodiscard]] bool had_effect() const override { return bytes_ > 0; }
  /// Bytes dropped.
  [[nodiscard]] std::int64_t count() const override { return bytes_; }
  [[nodiscard]] bool release() override { return true; }

 private:
  std::int64_t bytes_;
};

std::unique_ptr<Effect> fire(Reach&, const FaultConfig&, const Victims& victims, std::string&) {
  std::int64_t bytes = 0;
  for (const Victim& victim : victims.list) bytes += victim.host->page_cache().drop_clean().n;
  return std::make_unique<Dropped>(bytes);
}

}  // namespace

constinit const Kind drop_caches{FaultKind::drop_caches, "drop_caches", "D15", Stays::moment, fire};

}  // namespace brokersim::faults::kinds
