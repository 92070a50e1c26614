// Disks whose content is another one when the machine comes back.
//
//   disk_replaced    The host loses its mains and gets empty disks; restart_after later it boots. Whatever was only there
//                    is gone, and the broker comes back with its old id and a new directory.
//   disk_rolled_back A snapshot of the host's disks is taken as fsfreeze lets it be taken: of the file system as its
//                    programs see it at that instant; all of it is synced at once, which loads the disk (writers are not
//                    held back meanwhile). When the fault is over the machine stops, its disks are set back to that
//                    snapshot, and it boots: old and valid data return. A machine that has crashed by itself meanwhile is
//                    not set back: the sync may not have been complete.
#include "models/devices/storage/file_system.h"

#include "models/faults/kinds/file_systems.h"
#include "models/faults/kinds/kinds.h"

namespace brokersim::faults::kinds {

namespace {

std::int64_t bytes_on(const storage::Image& image) {
  std::int64_t bytes = 0;
  for (const storage::File& file : image.files) bytes += file.size;
  return bytes;
}

class Replaced final : public Effect {
 public:
  Replaced(Holds& holds, const std::vector<DiskOf>& disks) : holds_(holds) {
    for (const DiskOf& disk : disks) {
      bytes_ += bytes_on(disk.host->file_system(disk.index).image());
      if (hosts_.empty() || hosts_.back() != disk.host) {
        static_cast<void>(disk.host->power_off());
        holds_.hosts.hold(*disk.host);
        hosts_.push_back(disk.host);
      }
      disk.host->replace_disk(disk.index, {});
    }
  }
  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return bytes_ > 0; }
  /// Bytes of files that went.
  [[nodiscard]] std::int64_t count() const override { return bytes_; }
  [[nodiscard]] bool release() override {
    for (host::Host* host : hosts_) static_cast<void>(holds_.hosts.release(*host));
    return true;
  }

 private:
  Holds& holds_;
  std::vector<host::Host*> hosts_;
  std::int64_t bytes_ = 0;
};

std::unique_ptr<Effect> replace(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                std::string&) {
  const std::vector<DiskOf> disks = disks_of(fault, victims);
  if (disks.empty()) return nullptr;
  return std::make_unique<Replaced>(reach.holds, disks);
}

class RolledBack final : public Effect {
 public:
  RolledBack(Holds& holds, std::vector<DiskOf> disks) : holds_(holds), disks_(std::move(disks)) {
    for (const DiskOf& disk : disks_) {
      storage::FileSystem& files = disk.host->file_system(disk.index);
      images_.push_back(files.image());
      crashes_.push_back(files.crashes());
      static_cast<void>(files.sync_all());  // nobody waits for it
    }
  }
  [[nodiscard]] bool holding() const override { return true; }
  [[nodiscard]] bool had_effect() const override { return bytes_ > 0; }
  /// Bytes by which the files were longer than the snapshot's.
  [[nodiscard]] std::int64_t count() const override { return bytes_; }
  [[nodiscard]] bool release() override {
    // The disks of one host stand together (disks_of), and go back together: one that is told lost first and then back
    // would have lost nothing.
    for (std::size_t i = 0; i < disks_.size();) {
      host::Host& host = *disks_[i].host;
      std::vector<std::pair<std::size_t, const storage::Image*>> back;
      for (; i < disks_.size() && disks_[i].host == &host; ++i) {
        if (host.file_system(disks_[i].index).crashes() != crashes_[i]) continue;
        bytes_ += std::max<std::int64_t>(
            0, bytes_on(host.file_system(disks_[i].index).image()) - bytes_on(images_[i]));
        back.emplace_back(disks_[i].index, &images_[i]);
      }
      if (back.empty()) continue;
      host.roll_back(back);
      // A host that another fault keeps dark stays dark.
      holds_.hosts.hold(host);
      static_cast<void>(holds_.hosts.release(host));
    }
    images_.clear();
    return true;
  }

 private:
  Holds& holds_;
  std::vector<DiskOf> disks_;
  std::vector<storage::Image> images_;  // by position in disks_
  std::vector<std::int32_t> crashes_;   // of the file systems before it
  std::int64_t bytes_ = 0;
};

std::unique_ptr<Effect> roll_back(Reach& reach, const FaultConfig& fault, const Victims& victims,
                                  std::string&) {
  std::vector<DiskOf> disks = disks_of(fault, victims);
  if (disks.empty()) return nullptr;
  return std::make_unique<RolledBack>(reach.holds, std::move(disks));
}

}  // namespace

constinit const Kind disk_replaced{FaultKind::disk_replaced, "disk_replaced", "P5", Stays::restart_after,
                                   replace};
constinit const Kind disk_rolled_back{FaultKind::disk_rolled_back, "disk_rolled_back", "D12", Stays::lasts,
                                      roll_back};

}  // namespace brokersim::faults::kinds
