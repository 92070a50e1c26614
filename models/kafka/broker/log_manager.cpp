#include "models/kafka/broker/log_manager.h"

#include <algorithm>

#include "models/log/checkpoint.h"

namespace brokersim::kafka::broker {

namespace {

constexpr const char* kMarker = ".kafka_cleanshutdown";
constexpr const char* kHighWatermarks = "replication-offset-checkpoint";
constexpr const char* kRecoveryPoints = "recovery-point-offset-checkpoint";
constexpr const char* kCleanerOffsets = "cleaner-offset-checkpoint";
constexpr const char* kLogStarts = "log-start-offset-checkpoint";

/// "orders-0" -> "orders 0"
std::string topic_and_partition(const std::string& directory) {
  std::string text = directory;
  text[text.rfind('-')] = ' ';
  return text;
}

/// What recovery found from `from` on, merged where producer, ordinals and epoch continue.
std::vector<history::RecoveredRun> scanned_content(const log::Log& log, std::int64_t from) {
  std::vector<history::RecoveredRun> runs;
  for (const auto& segment : log.segments()) {
    if (from < 0 || segment.base_offset < from) continue;
    for (const auto& entry : segment.entries) {
      const log::StoredBatch batch = log.store()[entry.batch];
      const history::RecordRange& records = batch.data.records;
      if (!runs.empty()) {
        history::RecoveredRun& last = runs.back();
        if (last.records.producer == records.producer &&
            last.records.first + last.records.count == records.first &&
            last.leader_epoch == batch.leader_epoch &&
            last.base_offset + last.records.count == batch.base_offset) {
          last.records.count += records.count;
          continue;
        }
      }
      runs.push_back({records, batch.base_offset, batch.leader_epoch});
    }
  }
  return runs;
}

/// The clean-shutdown marker as Kafka writes it (CleanShutdownFileHandler, version 0).
constexpr const char* kMarkerStart = R"({"version":0,"brokerEpoch":)";

std::string marker_text(std::int64_t broker_epoch) {
  return kMarkerStart + std::to_string(broker_epoch) + "}";
}

/// -1 if the text is torn or names none.
std::int64_t epoch_in_marker(const std::string& text) {
  const std::string start = kMarkerStart;
  if (!text.starts_with(start) || !text.ends_with("}")) return -1;
  return log::parse_int(text.substr(start.size(), text.size() - start.size() - 1)).value_or(-1);
}

}  // namespace

std::int64_t LogManager::take_clean_markers() {
  std::int64_t epoch = -1;
  bool all = true;
  clean_.assign(replicas_.log_dirs(), false);
  for (std::size_t dir = 0; dir < replicas_.log_dirs(); ++dir) {
    storage::FileSystem& files = replicas_.log_dir(dir);
    if (replicas_.is_offline(files)) {
      all = false;
      continue;
    }
    const auto marker = files.read_whole(kMarker);
    clean_[dir] = marker.has_value();
    all = all && marker.has_value();
    if (!marker) continue;
    epoch = epoch_in_marker(*marker);
    files.remove(kMarker);
  }
  return all ? epoch : -1;
}

std::map<std::string, std::int64_t> LogManager::read_checkpoint(std::size_t dir, const char* file) const {
  std::map<std::string, std::int64_t> offsets;
  const auto text = replicas_.log_dir(dir).read_whole(file);
  if (!text) return offsets;
  const auto rows = log::parse_checkpoint(*text, 3);
  if (!rows) return offsets;  // torn: as if absent
  for (const auto& row : *rows) offsets[row[0] + "-" + row[1]] = log::parse_int(row[2]).value_or(0);
  return offsets;
}

sim::Task<void> LogManager::load_all() {
  for (std::size_t dir = 0; dir < replicas_.log_dirs(); ++dir) {
    if (replicas_.is_offline(replicas_.log_dir(dir))) continue;
    const std::map<std::string, std::int64_t> high_watermarks = read_checkpoint(dir, kHighWatermarks);
    const std::map<std::string, std::int64_t> recovery_points = read_checkpoint(dir, kRecoveryPoints);
    const std::map<std::string, std::int64_t> log_starts = read_checkpoint(dir, kLogStarts);
    if (replicas_.log_dir(dir).list("").empty()) continue;  // a new broker
    const std::map<std::string, std::int64_t> cleaned = read_checkpoint(dir, kCleanerOffsets);
    for (const PartitionName& name : cluster_.partitions) {
      if (replicas_.is_offline(replicas_.log_dir(dir))) break;  // it failed while its logs were loaded
      if (!log::Log::exists(replicas_.log_dir(dir), name.directory)) continue;
      if (!replicas_.owns_directory(name, replicas_.log_dir(dir))) continue;
      Replica& replica = replicas_.open(name.id);
      const auto at = [&](const std::map<std::string, std::int64_t>& offsets) {
        const auto found = offsets.find(name.directory);
        return found == offsets.end() ? std::int64_t{0} : found->second;
      };
      const bool clean = clean_[dir];
      const Checkpoints checkpoints{at(recovery_points), at(high_watermarks), at(log_starts), at(cleaned)};
      co_await load_one(&replica, clean, checkpoints);
    }
  }
}

sim::Task<void> LogManager::load_one(Replica* replica, bool clean, Checkpoints at) {
  const log::LoadReport report = replica->log().load(clean, at.recovery_point, at.log_start, owner_.now());
  replica->set_opened();
  if (report.epochs_malformed) {
    replicas_.storage_failed(*replica);
    if (replica->offline()) co_return;
  }
  if (report.scanned_bytes > 0) {
    std::vector<std::pair<storage::FileId, std::int64_t>> scanned;
    for (const auto& segment : replica->log().segments()) {
      if (segment.base_offset >= report.scanned_from && segment.bytes > 0)
        scanned.emplace_back(segment.file, segment.bytes);
    }
    for (const auto& [file, bytes] : scanned) {
      const storage::Status status = co_await replica->files().read(file, {0}, {bytes});
      if (status == storage::Status::io_error) replicas_.storage_failed(*replica);
    }
    // Logs of a directory are shared out among the recovery threads; here one after the other at their joint speed.
    const sim::Duration cpu = per_byte(report.scanned_bytes, cluster_.costs.recovery_ps_per_byte) /
                              cluster_.config.num_recovery_threads_per_data_dir;
    co_await params_.cpu->work(owner_, cpu);
    if (replica->log().write_recovered(report.scanned_from) != storage::Status::ok) {
      // KAFKA-13773: up to 3.2 the shutdown that follows left a marker all the same, an empty file then.
      if (cluster_.config.planted.clean_marker_after_failed_recovery) replica->files().create(kMarker);
      replicas_.storage_failed(*replica);
      if (replica->offline()) co_return;
    }
  }
  replica->set_initial_high_watermark(at.high_watermark);
  replica->log().set_cleaned_to(std::min(at.cleaned_to, replica->log().log_end()));
  history::Recovered recovered;
  recovered.at = owner_.now();
  recovered.broker = params_.id;
  recovered.partition = replica->name().id;
  recovered.log_end = replica->log().log_end();
  recovered.clean = clean;
  recovered.scanned_bytes = report.scanned_bytes;
  recovered.content = scanned_content(replica->log(), report.scanned_from);
  params_.history->record(recovered);
  if (replica->log().log_start() > 0) {
    params_.history->record(history::LogStartMoved{owner_.now(), params_.id, replica->name().id,
                                                   replica->log().log_start(),
                                                   history::LogStartCause::loaded});
  }
}

sim::Task<void> LogManager::write_log_starts() {
  for (std::size_t dir = 0; dir < replicas_.log_dirs(); ++dir) {
    if (replicas_.is_offline(replicas_.log_dir(dir))) continue;
    std::vector<std::string> rows;
    for (const Replica* replica : replicas_.replicas()) {
      if (&replica->files() != &replicas_.log_dir(dir)) continue;
      const log::Log& log = replica->log();
      if (log.log_start() <= log.segments().front().base_offset) continue;
      rows.push_back(topic_and_partition(replica->name().directory) + " " + std::to_string(log.log_start()));
    }
    // An empty one replaces an older one, but is not made for its own sake.
    if (rows.empty() && !replicas_.log_dir(dir).find(kLogStarts)) continue;
    std::string text = log::checkpoint_text(rows);
    std::string file = kLogStarts;
    const storage::Status status = co_await replicas_.log_dir(dir).replace(std::move(file), std::move(text));
    if (storage::is_failure(status)) replicas_.storage_failed(replicas_.log_dir(dir));
  }
}

sim::Task<void> LogManager::log_start_checkpoint_loop() {
  co_await sim::delay(cluster_.config.log_initial_task_delay, "broker.log_start_checkpoint");
  for (;;) {
    co_await write_log_starts();
    co_await sim::delay(cluster_.config.log_flush_start_offset_checkpoint_interval,
                        "broker.log_start_checkpoint");
  }
}

sim::Task<void> LogManager::retention_loop() {
  co_await sim::delay(cluster_.config.log_initial_task_delay, "broker.retention");
  for (;;) {
    for (Replica* replica : replicas_.replicas()) {
      while (replica->locked()) co_await replica->lock_free().wait();
      if (replica->offline()) continue;
      log::DeletedSegments deleted = replica->apply_retention(owner_.now());
      if (deleted.segments == 0) continue;
      replicas_.log_start_moved(*replica);
      // The epoch file follows without a sync; the log-start checkpoint comes with its own timer.
      replicas_.epochs_cut(*replica);
      replicas_.unlink_later(*replica, std::move(deleted));
    }
    co_await sim::delay(cluster_.config.log_retention_check_interval, "broker.retention");
  }
}

sim::Task<void> LogManager::write_high_watermarks() {
  for (std::size_t dir = 0; dir < replicas_.log_dirs(); ++dir) {
    if (replicas_.is_offline(replicas_.log_dir(dir))) continue;
    std::vector<std::string> rows;
    for (const Replica* replica : replicas_.replicas()) {
      if (&replica->files() != &replicas_.log_dir(dir)) continue;
      rows.push_back(topic_and_partition(replica->name().directory) + " " +
                     std::to_string(replica->high_watermark()));
    }
    if (rows.empty()) continue;
    std::string text = log::checkpoint_text(rows);
    std::string file = kHighWatermarks;
    const storage::Status status = co_await replicas_.log_dir(dir).replace(std::move(file), std::move(text));
    if (storage::is_failure(status)) replicas_.storage_failed(replicas_.log_dir(dir));
  }
}

sim::Task<void> LogManager::write_recovery_points() {
  for (std::size_t dir = 0; dir < replicas_.log_dirs(); ++dir) {
    if (replicas_.is_offline(replicas_.log_dir(dir))) continue;
    std::vector<std::string> rows;
    for (const Replica* replica : replicas_.replicas()) {
      if (&replica->files() != &replicas_.log_dir(dir)) continue;
      rows.push_back(topic_and_partition(replica->name().directory) + " " +
                     std::to_string(replica->log().recovery_point()));
    }
    // Also where no replica lies: that is how a broker finds out that such a directory has failed.
    std::string text = log::checkpoint_text(rows);
    std::string file = kRecoveryPoints;
    const storage::Status status = co_await replicas_.log_dir(dir).replace(std::move(file), std::move(text));
    if (storage::is_failure(status)) replicas_.storage_failed(replicas_.log_dir(dir));
  }
}

sim::Task<void> LogManager::high_watermark_checkpoint_loop() {
  for (;;) {
    co_await sim::delay(cluster_.config.high_watermark_checkpoint_interval, "broker.hw_checkpoint");
    co_await write_high_watermarks();
  }
}

sim::Task<void> LogManager::recovery_point_checkpoint_loop() {
  co_await sim::delay(cluster_.config.log_initial_task_delay, "broker.recovery_point_checkpoint");
  for (;;) {
    co_await write_recovery_points();
    co_await sim::delay(cluster_.config.log_flush_offset_checkpoint_interval,
                        "broker.recovery_point_checkpoint");
  }
}

sim::Task<void> LogManager::flush_loop() {
  if (cluster_.config.log_flush_scheduler_interval == sim::Duration::max()) co_return;
  std::map<wire::PartitionId, sim::SimTime> flushed;
  co_await sim::delay(cluster_.config.log_initial_task_delay, "broker.flush_scheduler");
  for (;;) {
    for (Replica* replica : replicas_.replicas()) {
      const sim::Duration every = replica->name().config.flush_ms;
      if (replica->offline() || every == sim::Duration::max() ||
          owner_.now() - flushed[replica->name().id] < every)
        continue;
      const sim::SimTime from = owner_.now();
      const storage::Status status = co_await replica->log().flush_to(replica->log().log_end());
      flushed[replica->name().id] = owner_.now();
      if (status != storage::Status::ok) {
        replicas_.storage_failed(*replica);
        continue;
      }
      record_flush(params_, replica->name().id, from, owner_.now(), replica->log().recovery_point());
    }
    co_await sim::delay(cluster_.config.log_flush_scheduler_interval, "broker.flush_scheduler");
  }
}

sim::Task<void> LogManager::shut_down(std::int64_t broker_epoch) {
  for (Replica* replica : replicas_.replicas()) {
    if (replica->offline()) continue;
    const std::int64_t end = replica->log().log_end();
    const sim::SimTime from = owner_.now();
    const storage::Status status = co_await replica->log().flush_to(end);
    if (status != storage::Status::ok) {
      replicas_.storage_failed(*replica);  // no clean marker there
      continue;
    }
    record_flush(params_, replica->name().id, from, owner_.now(), end);
    static_cast<void>(replica->log().write_snapshot());  // UnifiedLog.close
  }
  co_await write_recovery_points();
  co_await write_log_starts();
  co_await write_high_watermarks();
  for (std::size_t dir = 0; dir < replicas_.log_dirs(); ++dir) {
    if (replicas_.is_offline(replicas_.log_dir(dir))) continue;
    std::string text = marker_text(broker_epoch);
    std::string file = kMarker;
    static_cast<void>(co_await replicas_.log_dir(dir).replace(std::move(file), std::move(text)));
  }
}

}  // namespace brokersim::kafka::broker
