// One log file of each disk, by a draw, is shorter by some bytes, durably, and nobody was told.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

class Cut final : public Effect {
 public:
  explicit Cut(std::int64_t bytes) : bytes_(bytes) {}
  [[nodiscard]] bool holding() const override { return false; }
  [[nodiscard]] bool had_effect() const override { return bytes_ > 0; }
  /// Bytes that went.
  [[nodiscard]] std::int64_t count() const override { return bytes_; }
  [[nodiscard]] bool release() override { return true; }

 private:
  std::int64_t bytes_;
};

std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims,
                             std::string& text) {
  const sim::Stream draws = reach.component.stream(fault.name + "/file");
  std::uint64_t ordinal = 0;
  std::int64_t cut = 0;
  for (storage::FileSystem* const file_system : file_systems_of(fault, victims)) {
    std::vector<std::string> logs;
    for (const std::string& name : file_system->list("")) {
      if (name.ends_with(".log") && file_system->size(*file_system->find(name)).n > 0) logs.push_back(name);
    }
    if (logs.empty()) continue;
    const std::string& name = logs[draws.below(ordinal++, logs.size())];
    const storage::FileId file = *file_system->find(name);
    const std::int64_t size = file_system->size(file).n;
    const std::int64_t bytes = std::min(size, number(fault, "bytes"));
    file_system->truncate_silently(file, {size - bytes});
    cut += bytes;
    text += ": " + name;
  }
  if (cut > 0) damaged(fault, victims);
  return std::make_unique<Cut>(cut);
}

}  // namespace

constinit const Kind file_truncated{FaultKind::file_truncated, "file_truncated", "D9", Stays::moment, fire};

}  // namespace brokersim::faults::kinds
