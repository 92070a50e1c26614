// Somebody else fills the disk: appends are cut short and fail until the room is given back.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

void let_go(storage::FileSystem& file_system, std::int64_t) { file_system.reserve({0}); }

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  const std::int64_t left = number(fault, "left");
  for (storage::FileSystem* const file_system : file_systems) {
    file_system->reserve({0});
    file_system->reserve({std::max<std::int64_t>(0, file_system->available().n - left)});
  }
  return std::make_unique<CountedEffect>(std::move(file_systems), &storage::FileSystemCounters::failed_writes,
                                         let_go);
}

}  // namespace

constinit const Kind disk_full{FaultKind::disk_full, "disk_full", "D7", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
