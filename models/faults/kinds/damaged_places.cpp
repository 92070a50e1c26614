// A drawn place of every log file goes bad on the medium.
//
//   bit_rot             Its bits change, and nobody is told. It comes to light when the sectors are read from the device,
//                       or after a crash. Only what has been written back can rot: a file of which nothing has is left out.
//   unreadable_sectors  Reads of it fail until it is rewritten; cached pages stay readable.
#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

using Damage = void (*)(storage::FileSystem&, storage::FileId, sim::Bytes at, sim::Bytes length);
/// So much of the file, from its beginning, can be damaged.
using Reaches = sim::Bytes (*)(const storage::FileSystem&, storage::FileId);

/// Does `damage` to one place of every log file of which something can be damaged; `counter` says when it shows.
std::unique_ptr<Effect> everywhere(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                   std::string& text, Reaches reaches, Damage damage,
                                   CountedEffect::Counter counter) {
  FileSystems file_systems = file_systems_of(fault, victims);
  if (file_systems.empty()) return nullptr;
  const sim::Stream draws = reach.component.stream(fault.name + "/place");
  std::uint64_t ordinal = 0;
  std::int64_t files = 0;
  for (storage::FileSystem* const file_system : file_systems) {
    for (const std::string& name : file_system->list("")) {
      const storage::FileId file = *file_system->find(name);
      const std::int64_t size = reaches(*file_system, file).n;
      if (!name.ends_with(".log") || size == 0) continue;
      const auto at = static_cast<std::int64_t>(draws.below(ordinal++, static_cast<std::uint64_t>(size)));
      damage(*file_system, file, {at}, {number(fault, "length")});
      ++files;
    }
  }
  text += ": one place in each of " + std::to_string(files) + " files";
  return std::make_unique<CountedEffect>(std::move(file_systems), counter, nullptr);
}

std::unique_ptr<Effect> rot(Reach& reach, const FaultConfig& fault, const Victims& victims,
                            std::string& text) {
  damaged(fault, victims);
  return everywhere(
      reach, fault, victims, text,
      [](const storage::FileSystem& its, storage::FileId file) { return its.written(file); },
      [](storage::FileSystem& its, storage::FileId file, sim::Bytes at, sim::Bytes length) {
        its.rot(file, at, length);
      },
      &storage::FileSystemCounters::rotten_pages);
}

std::unique_ptr<Effect> unreadable(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                   std::string& text) {
  return everywhere(
      reach, fault, victims, text,
      [](const storage::FileSystem& its, storage::FileId file) { return its.size(file); },
      [](storage::FileSystem& its, storage::FileId file, sim::Bytes at, sim::Bytes length) {
        its.make_unreadable(file, at, length);
      },
      &storage::FileSystemCounters::unreadable_pages);
}

}  // namespace

constinit const Kind bit_rot{FaultKind::bit_rot, "bit_rot", "D8", Stays::moment, rot};
constinit const Kind unreadable_sectors{FaultKind::unreadable_sectors, "unreadable_sectors", "D6",
                                        Stays::moment, unreadable};

}  // namespace brokersim::faults::kinds
