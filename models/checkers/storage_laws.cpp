#include "models/checkers/storage_laws.h"

#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

bool strikes_disks(const std::string& kind) {
  static const std::set<std::string> kinds{
      "lying_flush", "fsync_error",    "write_error",       "journal_error", "unreadable_sectors",
      "disk_full",   "file_truncated", "disk_failed",       "disk_replaced", "disk_rolled_back",
      "bit_rot",     "lost_writes",    "misdirected_writes"};
  return kinds.contains(kind);
}

}  // namespace

void StorageLaws::on(const history::BrokerChanged& event) {
  using enum history::BrokerEvent;
  switch (event.event) {
    case process_started: starting_.insert(event.broker); return;
    case running:
    case process_killed:
    case stopped_clean:
    case kernel_panicked:
    case power_lost: starting_.erase(event.broker); return;
    case storage_damaged:
      unsound_ = broker_text(event.broker) + " has a disk that holds other data than was written";
      return;
    case fenced:
    case paused:
    case resumed: return;
  }
}

void StorageLaws::on(const history::FaultFired& event) {
  if (event.fired && !event.healed && unsound_.empty() && strikes_disks(event.kind))
    unsound_ = "a disk had a fault (" + event.kind + ") at " + sim::to_string(event.at);
}

void StorageLaws::judge(const history::LogDirFailed& event) {
  if (!starting_.contains(event.broker)) return;
  book_->breach(CheckId::S15, event.at,
                sim::to_string(event.at) + ": " + broker_text(event.broker) +
                    " could not open its logs when it started: log directory " +
                    std::to_string(event.log_dir) + " went offline with " + count_text(event.replicas) +
                    (event.replicas == 1 ? " replica" : " replicas") +
                    (event.halts ? ", and the broker halted" : "") + ", although no disk has failed.",
                unsound_);
}

}  // namespace brokersim::checkers
