// The next fsyncs of the host fail, once each: their pages are marked clean and are on no disk (fsyncgate).
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

void let_go(storage::FileSystem& file_system, std::int64_t) { file_system.fail_syncs(0); }

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  for (storage::FileSystem* const file_system : file_systems)
    file_system->fail_syncs(file_system->syncs_to_fail() + static_cast<std::int32_t>(number(fault, "times")));
  return std::make_unique<CountedEffect>(std::move(file_systems), &storage::FileSystemCounters::failed_syncs,
                                         let_go);
}

}  // namespace

constinit const Kind fsync_error{FaultKind::fsync_error, "fsync_error", "D5", Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
