// Bits of log files rot on the medium. It comes to light when the sectors are read from the device, or after a crash.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

/// At a drawn place of every log file that has anything on the medium.
std::unique_ptr<Effect> fire(Reach& reach, const FaultConfig& fault, const Victims& victims,
                             std::string& text) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  damaged(fault, victims);
  const sim::Stream draws = reach.component.stream(fault.name + "/place");
  std::uint64_t ordinal = 0;
  std::int64_t files = 0;
  for (storage::FileSystem* const file_system : file_systems) {
    for (const std::string& name : file_system->list("")) {
      const storage::FileId file = *file_system->find(name);
      const std::int64_t size = file_system->size(file).n;
      if (!name.ends_with(".log") || size == 0) continue;
      const auto at = static_cast<std::int64_t>(draws.below(ordinal++, static_cast<std::uint64_t>(size)));
      file_system->rot(file, {at}, {number(fault, "length")});
      ++files;
    }
  }
  text += ": one place in each of " + std::to_string(files) + " files";
  return std::make_unique<CountedEffect>(std::move(file_systems), &storage::FileSystemCounters::rotten_pages,
                                         nullptr);
}

}  // namespace

constinit const Kind bit_rot{FaultKind::bit_rot, "bit_rot", "D8", Stays::moment, fire};

}  // namespace brokersim::faults::kinds
