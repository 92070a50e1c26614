// Processes beside the broker take memory: the page cache and with it the dirty limits shrink.
#include "models/devices/storage/page_cache.h"

#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Hog final : public Effect {
 public:
  Hog(const Victims& victims, std::int64_t percent) {
    for (const Victim& victim : victims.list) {
      storage::PageCache& cache = victim.host->page_cache();
      const std::int64_t bytes = cache.config().memory.n / 100 * percent;
      taken_.push_back({&cache, bytes});
      before_ += blocks(cache);
      // Hogs add up.
      cache.set_hog({cache.hog().n + bytes});
    }
  }

  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  /// Blocks of 128 KiB evicted, and writers held back, meanwhile.
  [[nodiscard]] std::int64_t count() const override {
    std::int64_t now = 0;
    for (const Taken& taken : taken_) now += blocks(*taken.cache);
    return now - before_;
  }
  [[nodiscard]] bool release() override {
    for (const Taken& taken : taken_) taken.cache->set_hog({taken.cache->hog().n - taken.bytes});
    return true;
  }

 private:
  struct Taken {
    storage::PageCache* cache;
    std::int64_t bytes;
  };
  [[nodiscard]] static std::int64_t blocks(const storage::PageCache& cache) {
    return cache.counters().evicted_blocks + cache.counters().pauses;
  }

  std::vector<Taken> taken_;
  std::int64_t before_ = 0;
};

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  return std::make_unique<Hog>(victims, number(fault, "share_percent"));
}

}  // namespace

constinit const Kind memory_pressure{FaultKind::memory_pressure, "memory_pressure", "P8 D15", Stays::lasts,
                                     fire};

}  // namespace brokersim::faults::kinds
