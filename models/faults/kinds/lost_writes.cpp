// Writes that the drive acknowledges and does not do, or does elsewhere. Nobody sees it while the pages are cached.
//
//   lost_writes         Phantom writes: the medium keeps what was there before.
//   misdirected_writes  The same, and each lands on another place that holds data, which is not what was written then.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

void let_go(storage::FileSystem& file_system, std::int64_t) { file_system.lose_writes(0, false); }

std::unique_ptr<Effect> fire(Reach&, const FaultConfig& fault, const Victims& victims, std::string&) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  damaged(fault, victims);
  for (storage::FileSystem* const file_system : file_systems) {
    file_system->lose_writes(file_system->writes_to_lose() + number(fault, "times"),
                             fault.kind == FaultKind::misdirected_writes);
  }
  return std::make_unique<CountedEffect>(std::move(file_systems), &storage::FileSystemCounters::lost_writes,
                                         let_go);
}

}  // namespace

constinit const Kind lost_writes{FaultKind::lost_writes, "lost_writes", "D11", Stays::lasts, fire};
constinit const Kind misdirected_writes{FaultKind::misdirected_writes, "misdirected_writes", "D10",
                                        Stays::lasts, fire};

}  // namespace brokersim::faults::kinds
