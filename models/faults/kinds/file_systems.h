// The file systems of whoever a fault hits, and effects that are counted by what the file system counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/devices/storage/file_system.h"
#include "models/faults/kind.h"

namespace brokersim::faults::kinds {

using FileSystems = std::vector<storage::FileSystem*>;

/// A disk of a host, as a fault names it.
struct DiskOf {
  host::Host* host = nullptr;
  std::size_t index = 0;
};

/// Every disk of the victims, or the one that `log_dir` names by its place among the log directories (a host without it
/// is left out).
[[nodiscard]] inline std::vector<DiskOf> disks_of(const FaultConfig& fault, const Victims& victims) {
  const std::int64_t only = fault.number_or("log_dir", -1);
  std::vector<DiskOf> result;
  for (const Victim& victim : victims.list) {
    for (std::size_t i = 0; i < victim.host->file_systems(); ++i) {
      if (only < 0 || static_cast<std::size_t>(only) == i) result.push_back({victim.host, i});
    }
  }
  return result;
}

[[nodiscard]] inline FileSystems file_systems_of(const FaultConfig& fault, const Victims& victims) {
  FileSystems result;
  for (const DiskOf& disk : disks_of(fault, victims)) result.push_back(&disk.host->file_system(disk.index));
  return result;
}

/// Tells who watches that disks of the victims hold, or will hold, other data than was written.
inline void damaged(const FaultConfig& fault, const Victims& victims) {
  const host::Host* last = nullptr;
  for (const DiskOf& disk : disks_of(fault, victims)) {
    if (disk.host != last) disk.host->storage_damaged();
    last = disk.host;
  }
}

/// The same as devices.
[[nodiscard]] inline std::vector<storage::Disk*> devices_of(const FaultConfig& fault,
                                                            const Victims& victims) {
  std::vector<storage::Disk*> result;
  for (const DiskOf& disk : disks_of(fault, victims)) result.push_back(&disk.host->disk(disk.index));
  return result;
}

/// A number that the scenario's table of fields has given.
[[nodiscard]] inline std::int64_t number(const FaultConfig& fault, std::string_view name) {
  const auto found = fault.numbers.find(name);
  SIM_CHECK(found != fault.numbers.end(), fault.name + " has no " + std::string(name));
  return found->second;
}

/// Counts what `counter` has grown by since the fault began; `let_go` ends it on each file system.
class CountedEffect final : public Effect {
 public:
  using Counter = std::int64_t storage::FileSystemCounters::*;
  using LetGo = void (*)(storage::FileSystem&, std::int64_t argument);

  /// `let_go` null: over at once. `argument` is handed to it.
  CountedEffect(FileSystems file_systems, Counter counter, LetGo let_go, std::int64_t argument = 0)
      : file_systems_(std::move(file_systems)), counter_(counter), let_go_(let_go), argument_(argument) {
    before_ = sum();
  }

  [[nodiscard]] bool holding() const override { return let_go_ != nullptr; }
  [[nodiscard]] bool had_effect() const override { return count() > 0; }
  [[nodiscard]] std::int64_t count() const override { return sum() - before_; }
  [[nodiscard]] bool release() override {
    for (storage::FileSystem* const file_system : file_systems_) let_go_(*file_system, argument_);
    return true;
  }

 private:
  [[nodiscard]] std::int64_t sum() const {
    std::int64_t total = 0;
    for (const storage::FileSystem* const file_system : file_systems_)
      total += file_system->counters().*counter_;
    return total;
  }

  FileSystems file_systems_;
  Counter counter_;
  LetGo let_go_;
  std::int64_t argument_;
  std::int64_t before_ = 0;
};

}  // namespace brokersim::faults::kinds
