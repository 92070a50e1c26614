// Write-back fails meanwhile: the bytes count as clean and are on no disk; the next fsync tells it, once.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

void let_go(storage::FileSystem& file_system, std::int64_t) { file_system.fail_writes(false); }

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  for (storage::FileSystem* const file_system : file_systems) file_system->fail_writes(true);
  return std::make_unique<CountedEffect>(std::move(file_systems), &storage::FileSystemCounters::ghost_bytes,
                                         let_go);
}

}  // namespace

constinit const Kind write_error{FaultKind::write_error, "write_error", "D5 D6", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
