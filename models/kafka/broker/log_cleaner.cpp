// The cleaner threads of a broker: choose, read, write, exchange (LogCleaner.CleanerThread, LogCleanerManager).
//
// Reading is charged to the disk unless it is cached, copying to a core, writing to the page cache and an fsync. Not
// modelled: log.cleaner.io.max.bytes.per.second (unlimited by default), cleaners of the metadata log.
#include <algorithm>

#include "models/kafka/broker/log_manager.h"
#include "models/log/checkpoint.h"

namespace brokersim::kafka::broker {

bool LogManager::any_compacted() const {
  return std::any_of(cluster_.partitions.begin(), cluster_.partitions.end(),
                     [](const PartitionName& name) { return name.config.cleanup_compact; });
}

/// Logs whose lag is exceeded first, then by the share that is dirty; ties by partition.
Replica* LogManager::dirtiest() {
  Replica* best = nullptr;
  log::DirtyRange best_range;
  for (Replica* replica : replicas_.replicas()) {
    if (!replica->name().config.cleanup_compact || !replica->opened()) continue;
    if (std::find(being_cleaned_.begin(), being_cleaned_.end(), replica) != being_cleaned_.end()) continue;
    const log::DirtyRange range = replica->dirty(owner_.now());
    if (!range.worth(replica->name().config.min_cleanable_dirty_ppm)) continue;
    const bool better = best == nullptr || (range.overdue && !best_range.overdue) ||
                        (range.overdue == best_range.overdue && range.ratio_ppm() > best_range.ratio_ppm());
    if (!better) continue;
    best = replica;
    best_range = range;
  }
  return best;
}

sim::Task<void> LogManager::cleaner_loop() {
  for (;;) {
    Replica* const replica = dirtiest();
    if (replica == nullptr) {
      co_await sim::delay(cluster_.config.log_cleaner_backoff, "broker.cleaner_backoff");
      continue;
    }
    being_cleaned_.push_back(replica);
    const bool cleanable = co_await clean(replica);
    if (cleanable) std::erase(being_cleaned_, replica);
  }
}

/// False: it is left alone from now on (LogCleanerManager.markPartitionUncleanable): its directory has failed, or one
/// batch has more keys than the map has slots.
sim::Task<bool> LogManager::clean(Replica* replica) {
  const std::int64_t now_ms = replica->wall_ms(owner_.now());
  const log::DirtyRange range = replica->dirty(owner_.now());
  log::CleaningPlan plan = replica->log().plan_cleaning(range, replica->cleaner_settings(), now_ms);
  if (plan.end <= range.first_dirty) co_return false;
  for (log::CleaningGroup& group : plan.groups) {
    for (const log::CleaningGroup::Source& source : group.sources) {
      if (source.bytes == 0) continue;
      const storage::Status status = co_await replica->files().read(source.file, {0}, {source.bytes});
      if (status == storage::Status::io_error) {
        replicas_.storage_failed(*replica);
        co_return false;
      }
    }
  }
  co_await params_.cpu->work(owner_, per_byte(plan.read_bytes, cluster_.costs.recovery_ps_per_byte));
  for (log::CleaningGroup& group : plan.groups) {
    if (replica->offline()) co_return false;
    log::CleaningResult result = co_await replica->log().write_cleaned(std::move(group));
    if (result.held_back.ns > 0) co_await sim::delay(result.held_back, "broker.dirty_throttled");
    if (result.status != storage::Status::ok) {
      if (storage::is_failure(result.status)) replicas_.storage_failed(*replica);
      co_return false;
    }
    if (result.aborted) co_return true;
    if (!result.removed.empty()) {
      history::Compacted event;
      event.at = owner_.now();
      event.broker = params_.id;
      event.partition = replica->name().id;
      event.removed = std::move(result.removed);
      params_.history->record(event);
    }
    replicas_.unlink_later(*replica, std::move(result.deleted));
  }
  replica->log().set_cleaned_to(std::min(plan.end, replica->log().log_end()));
  co_await write_cleaner_offsets(dir_of(*replica));
  co_return true;
}

std::size_t LogManager::dir_of(const Replica& replica) const {
  std::size_t dir = 0;
  while (&replicas_.log_dir(dir) != &replica.files()) ++dir;
  return dir;
}

sim::Task<void> LogManager::write_cleaner_offsets(std::size_t dir) {
  std::vector<std::string> rows;
  for (const Replica* replica : replicas_.replicas()) {
    if (dir_of(*replica) != dir || !replica->name().config.cleanup_compact) continue;
    std::string name = replica->name().directory;
    name[name.rfind('-')] = ' ';
    rows.push_back(name + " " + std::to_string(replica->log().cleaned_to()));
  }
  std::string text = log::checkpoint_text(rows);
  std::string file = "cleaner-offset-checkpoint";
  const storage::Status status = co_await replicas_.log_dir(dir).replace(std::move(file), std::move(text));
  if (storage::is_failure(status)) replicas_.storage_failed(replicas_.log_dir(dir));
}

}  // namespace brokersim::kafka::broker
