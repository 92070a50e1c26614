// A disk answers every request with an error: one log directory of a broker fails, or all of them.
//
// Healed, the device answers again; what has turned read-only or shut down meanwhile stays so until the machine boots.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

void let_go(storage::FileSystem& file_system, std::int64_t) { file_system.fail_device(false); }

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string& text) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  for (storage::FileSystem* const file_system : file_systems) file_system->fail_device(true);
  if (const std::int64_t only = fault.number_or("log_dir", -1); only >= 0)
    text += ": log directory " + std::to_string(only);
  return std::make_unique<CountedEffect>(std::move(file_systems), &storage::FileSystemCounters::device_errors,
                                         let_go);
}

}  // namespace

constinit const Kind disk_failed{FaultKind::disk_failed, "disk_failed", "D6 D17", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
