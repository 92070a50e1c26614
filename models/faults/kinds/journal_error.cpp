// The next journal commit fails: ext4 turns read-only, XFS shuts down, until the machine boots again.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  for (storage::FileSystem* const file_system : file_systems) file_system->fail_journal();
  return std::make_unique<CountedEffect>(std::move(file_systems),
                                         &storage::FileSystemCounters::failed_journals, nullptr);
}

}  // namespace

constinit const Kind journal_error{FaultKind::journal_error, "journal_error", "D5", Stays::moment, fire};

}  // namespace brokersim::faults::kinds
