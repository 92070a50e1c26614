#include "models/kafka/broker/replica.h"

#include <algorithm>

#include "models/kafka/replication/follower.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

namespace {

log::LogConfig log_config(const TopicConfig& topic, const PlantedBugs& planted) {
  log::LogConfig config;
  config.segment_bytes = topic.segment_bytes;
  config.segment_ms = topic.segment_ms;
  config.segment_jitter = topic.segment_jitter;
  config.compacted = topic.cleanup_compact;
  if (topic.cleanup_compact) config.segment_ms = std::min(config.segment_ms, topic.max_compaction_lag);
  config.index_interval_bytes = topic.index_interval_bytes;
  config.segment_index_bytes = topic.segment_index_bytes;
  config.recovery_skips_crc = planted.recovery_skips_crc;
  config.epoch_checkpoint_loses_entry = planted.epoch_checkpoint_loses_entry;
  config.trusts_missing_index = planted.clean_marker_after_failed_recovery;
  config.refuses_empty_epochs = planted.epoch_file_unsynced;
  return config;
}

/// BrokerConfig::transaction_version, from which on markers are judged by KIP-1228.
constexpr std::int32_t kStrictMarkers = 3;

}  // namespace

Replica::Replica(const BrokerParams& params, const PartitionName& name, storage::FileSystem& files)
    : params_(params),
      name_(name),
      files_(files),
      log_(std::make_unique<log::Log>(files, *params.store, name.directory,
                                      log_config(name.config, params.cluster->config.planted))) {
  const ThrottledReplicas& leading = name.config.leader_throttled;
  const ThrottledReplicas& following = name.config.follower_throttled;
  throttled_leading_ = leading.all;
  throttled_following_ = following.all;
  if (leading.some.empty() && following.some.empty()) return;
  const auto number =
      static_cast<std::int32_t>(std::stol(name.directory.substr(name.directory.rfind('-') + 1)));
  throttled_leading_ = leading.has(number, params.id);
  throttled_following_ = following.has(number, params.id);
}

std::int64_t Replica::high_watermark() const { return leader_ ? leader_->high_watermark() : high_watermark_; }

void Replica::set_initial_high_watermark(std::int64_t offset) {
  high_watermark_ = std::clamp(offset, log_->log_start(), log_->log_end());
}

bool Replica::become_leader(const wire::PartitionState& state, sim::SimTime now) {
  if (role_ == Role::leader && state.leader_epoch == leader_epoch_) {
    if (leader_->adopt(state)) record_isr(now);
    return false;
  }
  const BrokerConfig& config = params_.cluster->config;
  replication::LeaderRules rules;
  rules.lag_time_max = config.replica_lag_time_max;
  rules.min_insync_replicas = name_.config.min_insync_replicas;
  rules.strict_min_isr = config.strict_min_isr;
  rules.admits_only_active = config.isr_admits_only_active;
  rules.checks_broker_epoch = config.isr_checks_broker_epoch;
  rules.reelection_forgets_followers = config.reelection_forgets_followers;
  rules.hw_uses_committed_isr = config.planted.hw_uses_committed_isr;
  rules.shrink_before_confirmed = config.planted.shrink_before_confirmed;
  if (role_ == Role::leader) {
    leader_->reelected(state, log_->log_end(), now);
  } else {
    leader_.emplace(state, params_.id, log_->log_end(), high_watermark_, rules, now);
  }
  role_ = Role::leader;
  leader_epoch_ = state.leader_epoch;
  leader_id_ = params_.id;
  params_.history->record(
      history::RoleChanged{now, params_.id, name_.id, leader_id_, leader_epoch_, log_->log_end()});
  record_isr(now);
  return log_->assign_epoch(leader_epoch_);
}

void Replica::record_isr(sim::SimTime now) const {
  params_.history->record(history::LeaderIsr{now, params_.id, name_.id, leader_epoch_, leader_->isr(),
                                             leader_->maximal_isr(),
                                             leader_->pending() != replication::PendingIsr::none});
}

void Replica::become_follower(const wire::PartitionState& state, sim::SimTime now) {
  if (role_ == Role::follower && state.leader_epoch == leader_epoch_ && state.leader == leader_id_) return;
  if (leader_) high_watermark_ = leader_->high_watermark();
  leader_.reset();
  role_ = Role::follower;
  leader_epoch_ = state.leader_epoch;
  leader_id_ = state.leader;
  params_.history->record(
      history::RoleChanged{now, params_.id, name_.id, leader_id_, leader_epoch_, log_->log_end()});
}

void Replica::set_offline(sim::SimTime now) {
  if (offline_) return;
  offline_ = true;
  if (leader_) high_watermark_ = leader_->high_watermark();
  leader_.reset();
  const bool had_role = role_ != Role::none;
  role_ = Role::none;
  leader_id_ = -1;
  if (had_role)
    params_.history->record(
        history::RoleChanged{now, params_.id, name_.id, -1, leader_epoch_, log_->log_end()});
}

wire::ErrorCode Replica::check_leader(std::int32_t epoch) const {
  if (offline_) return wire::ErrorCode::kafka_storage_error;
  if (epoch >= 0 && epoch < leader_epoch_) return wire::ErrorCode::fenced_leader_epoch;
  if (epoch > leader_epoch_) return wire::ErrorCode::unknown_leader_epoch;
  if (role_ != Role::leader) return wire::ErrorCode::not_leader_or_follower;
  return wire::ErrorCode::none;
}

wire::ErrorCode Replica::check_reader(std::int32_t epoch, bool follower) const {
  const wire::ErrorCode error = check_leader(epoch);
  const bool at_follower = error == wire::ErrorCode::not_leader_or_follower && role_ == Role::follower;
  return at_follower && !follower && epoch >= 0 ? wire::ErrorCode::none : error;
}

std::int64_t Replica::readable_end(bool follower, bool read_committed) const {
  const bool planted = params_.cluster->config.planted.follower_serves_log_end && role_ == Role::follower;
  if (follower || planted) return log_->log_end();
  const std::int64_t end = high_watermark();
  return !read_committed || log_->producers().all_stable() ? end : stable_end(end);
}

ClientAppend Replica::append_as_leader(const log::BatchData& data, Acks acks, sim::SimTime now) {
  ClientAppend result;
  if (offline_) {
    result.error = wire::ErrorCode::kafka_storage_error;
    return result;
  }
  if (role_ != Role::leader) {
    result.error = wire::ErrorCode::not_leader_or_follower;
    return result;
  }
  if (acks == Acks::all && static_cast<std::int32_t>(leader_->isr().size()) < leader_->effective_min_isr()) {
    result.error = wire::ErrorCode::not_enough_replicas;
    return result;
  }
  if (data.bytes > name_.config.max_message_bytes.n) {
    result.error = wire::ErrorCode::message_too_large;
    return result;
  }
  if (data.bytes > name_.config.segment_bytes.n) {
    result.error = wire::ErrorCode::
        record_list_too_large;  // no segment may be larger than segment.bytes (UnifiedLog.append)
    return result;
  }
  if (name_.config.cleanup_compact && data.payload == 0 && !data.is_marker() &&
      params_.store->keys_of(data.records.producer).keys == 0) {
    result.error = wire::ErrorCode::invalid_record;  // a compacted topic takes no record without a key
    return result;
  }
  if (!valid_time(data, now)) {
    result.error = wire::ErrorCode::invalid_timestamp;
    return result;
  }
  const PlantedBugs& planted = params_.cluster->config.planted;
  if (data.kind != log::BatchKind::plain) [[unlikely]] {
    result.error = check_transaction(data);
    if (result.error != wire::ErrorCode::none) return result;
  }
  if (!planted.skip_duplicate_check && !data.is_marker()) {
    const log::SequenceVerdict verdict = log_->producers().check(data);
    switch (verdict.check) {
      case log::SequenceCheck::append: break;
      case log::SequenceCheck::duplicate:
        result.base_offset = verdict.duplicate_base_offset;
        result.next_offset = verdict.duplicate_base_offset + data.records.count;
        // The first copy may still be on its way to the medium: in Kafka its fsync holds the log's lock.
        result.must_flush = must_flush() && log_->recovery_point() < result.next_offset;
        return result;
      case log::SequenceCheck::out_of_order:
        result.error = wire::ErrorCode::out_of_order_sequence_number;
        return result;
      case log::SequenceCheck::fenced:
        if (planted.producers_unfenced) break;
        result.error = wire::ErrorCode::invalid_producer_epoch;
        return result;
      case log::SequenceCheck::bad_state: result.error = wire::ErrorCode::invalid_txn_state; return result;
    }
  }
  const log::BatchId id = params_.store->add({as_stored(data, now), log_->log_end(), leader_epoch_});
  result.base_offset = log_->log_end();
  const log::AppendResult appended = log_->append(id, now);
  if (appended.status != storage::Status::ok) {
    result.error = wire::ErrorCode::kafka_storage_error;
    return result;
  }
  result.next_offset = log_->log_end();
  result.held_back = appended.held_back;
  result.rolled = appended.rolled;
  result.appended = true;
  result.must_flush = must_flush();
  params_.history->record(history::Appended{now, params_.id, history::AppendRole::leader, data.records,
                                            result.base_offset, leader_epoch_,
                                            static_cast<history::TransactionMark>(data.kind),
                                            data.producer_epoch, data.producer_id});
  return result;
}

/// What must hold of a batch of a transaction, or of its end, beside its sequence.
wire::ErrorCode Replica::check_transaction(const log::BatchData& data) const {
  const log::ProducerState& producers = log_->producers();
  if (data.is_marker()) {
    switch (producers.check_marker(data)) {
      case log::MarkerCheck::append: break;
      case log::MarkerCheck::fenced: return wire::ErrorCode::invalid_producer_epoch;
      case log::MarkerCheck::coordinator_fenced: return wire::ErrorCode::transaction_coordinator_fenced;
    }
    // KIP-1228: since every end raises the epoch (TV2), a marker is above the batches that it ends. One that is not comes
    // late, of the transaction before, and would end the wrong one (KAFKA-19446).
    if (params_.cluster->config.transaction_version < kStrictMarkers) return wire::ErrorCode::none;
    for (const log::OpenTransaction& open : producers.open()) {
      if (open.producer_id == data.producer_id && open.epoch >= data.producer_epoch)
        return wire::ErrorCode::invalid_producer_epoch;
    }
    return wire::ErrorCode::none;
  }
  if (!params_.cluster->config.transaction_verification || !producers.needs_verification(data))
    return wire::ErrorCode::none;
  // Who is fenced hears that; a batch that is there already is answered as such.
  if (producers.check(data).check == log::SequenceCheck::fenced) return wire::ErrorCode::none;
  if (producers.check(data).check == log::SequenceCheck::duplicate) return wire::ErrorCode::none;
  return producers.granted(data) ? wire::ErrorCode::none : wire::ErrorCode::invalid_txn_state;
}

std::int64_t Replica::stable_end(std::int64_t high_watermark) const {
  if (params_.cluster->config.planted.reads_beyond_stable) return high_watermark;
  // Retention and DeleteRecords may take the first records of an open transaction (maybeIncrementFirstUnstableOffset).
  return std::max(log_->producers().last_stable_offset(high_watermark), log_->log_start());
}

/// With the topic's own codec, if it has one, and with the broker's time if that is what the topic stamps.
log::BatchData Replica::as_stored(log::BatchData data, sim::SimTime now) const {
  const TopicConfig& config = name_.config;
  if (data.is_marker()) return data;
  if (config.log_append_time) {
    constexpr std::int64_t limit = std::numeric_limits<std::int32_t>::max();
    const std::int64_t wall_ms = (now.ns + params_.clock->read(now)) / 1'000'000;
    data.clock_error_ms =
        static_cast<std::int32_t>(std::clamp(wall_ms - data.last_time.ns / 1'000'000, -limit, limit));
  }
  if (config.keeps_codec || config.compression.codec == data.codec) return data;
  const compute::CodecModel model = config.compression.model(data.compressed_percent);
  data.codec = model.codec;
  data.bytes = static_cast<std::int32_t>(log::compressed_batch_bytes(model, data.raw_bytes));
  return data;
}

/// The limits on CreateTime (KIP-937), by the wall clocks of the producer and of this broker.
bool Replica::valid_time(const log::BatchData& data, sim::SimTime now) const {
  const TopicConfig& config = name_.config;
  if (config.log_append_time) return true;
  const std::int64_t broker = params_.clock->read(now);
  const std::int64_t producer = std::int64_t{data.clock_error_ms} * 1'000'000;
  const std::int64_t ahead = producer - broker;
  if ((data.last_time - now).ns + ahead > config.timestamp_after_max.ns) return false;
  return config.timestamp_before_max == sim::Duration::max() ||
         (now - data.first_time).ns - ahead <= config.timestamp_before_max.ns;
}

bool Replica::must_flush() const {
  const std::int64_t every = name_.config.flush_messages;
  return every != std::numeric_limits<std::int64_t>::max() &&
         log_->log_end() - log_->recovery_point() >= every;
}

wire::FetchedPart Replica::read(const wire::FetchPart& part, bool follower, bool read_committed,
                                std::int64_t max_bytes, bool at_least_one, log::FileSlice& slice) const {
  wire::FetchedPart result = look(part, follower);
  if (result.error != wire::ErrorCode::none || result.diverging) return result;
  log::ReadResult read = log_->read(part.fetch_offset, std::min<std::int64_t>(max_bytes, part.max_bytes),
                                    readable_end(follower, read_committed), at_least_one);
  result.batches = std::move(read.batches);
  result.bytes = read.bytes;
  slice = read.slice;
  if (read_committed && !result.batches.empty() && !log_->producers().aborted().empty()) [[unlikely]] {
    std::int64_t end = params_.store->next_offset(result.batches.back());
    const bool outdated = params_.cluster->config.planted.aborted_list_outdated;
    if (outdated) end = std::min(end, stable_before_);
    result.aborted = log_->producers().aborted_within(part.fetch_offset, end);
    // KAFKA-9807: the list ends where the stable offset was, the records do not.
    if (outdated)
      std::erase_if(result.aborted,
                    [&](const log::AbortedTransaction& t) { return t.last_offset >= stable_before_; });
  }
  return result;
}

wire::FetchedPart Replica::look(const wire::FetchPart& part, bool follower) const {
  wire::FetchedPart result;
  result.partition = name_.id;
  result.error = check_reader(part.current_leader_epoch, follower);
  if (result.error != wire::ErrorCode::none) {
    result.leader = leader_id_;
    result.leader_epoch = leader_epoch_;
    return result;
  }
  using Verdict = replication::DivergenceCheck::Verdict;
  const replication::DivergenceCheck check =
      replication::check_divergence(log_->epochs(), log_->log_start(), log_->log_end(), part.fetch_offset,
                                    follower ? part.last_fetched_epoch : -1);
  result.high_watermark = high_watermark();
  result.log_start = log_->log_start();
  if (check.verdict == Verdict::out_of_range) {
    result.error = wire::ErrorCode::offset_out_of_range;
    return result;
  }
  if (check.verdict == Verdict::diverging) {
    result.diverging = wire::DivergingEpoch{check.end.epoch, check.end.end_offset};
  }
  return result;
}

bool Replica::maybe_advance(const std::vector<wire::BrokerId>& eligible, sim::SimTime now) {
  if (!leader_) return false;
  const bool planted = params_.cluster->config.planted.aborted_list_outdated;
  const std::int64_t stable = planted ? readable_end(false, true) : 0;
  const auto advanced = leader_->advance(log_->log_end(), eligible, now);
  if (!advanced) return false;
  if (planted) stable_before_ = stable;
  if (!log_->producers().all_stable()) log_->producers().high_watermark_moved(*advanced);
  params_.history->record(history::HighWatermark{now, params_.id, name_.id, *advanced, true});
  return true;
}

log::AppendResult Replica::append_as_follower(log::BatchId batch, sim::SimTime now) {
  const log::StoredBatch stored = (*params_.store)[batch];
  const std::int64_t end_before = log_->log_end();
  const log::AppendResult result = log_->append(batch, now);
  if (result.status != storage::Status::ok) return result;
  params_.history->record(history::Appended{now, params_.id, history::AppendRole::follower,
                                            stored.data.records, stored.base_offset, stored.leader_epoch,
                                            static_cast<history::TransactionMark>(stored.data.kind),
                                            stored.data.producer_epoch, stored.data.producer_id});
  if (stored.cleaned != 0 || stored.base_offset > end_before) note_copied_gaps(stored, end_before, now);
  return result;
}

/// What the leader had cleaned away is missing here, too.
void Replica::note_copied_gaps(const log::StoredBatch& stored, std::int64_t end_before, sim::SimTime now) {
  history::Compacted event;
  event.at = now;
  event.broker = params_.id;
  event.partition = name_.id;
  event.copied = true;
  std::int64_t next = end_before;
  const auto gap_until = [&](std::int64_t offset) {
    if (offset > next) event.removed.push_back({next, offset});
  };
  if (stored.cleaned == 0) {
    gap_until(stored.base_offset);
  } else {
    for (const std::int32_t kept : params_.store->cleaned(stored.cleaned).kept) {
      gap_until(stored.base_offset + kept);
      next = stored.base_offset + kept + 1;
    }
    gap_until(stored.next_offset());
  }
  if (!event.removed.empty()) params_.history->record(event);
}

log::CleanerSettings Replica::cleaner_settings() const {
  const BrokerConfig& broker = params_.cluster->config;
  log::CleanerSettings settings;
  settings.min_dirty_ppm = name_.config.min_cleanable_dirty_ppm;
  settings.delete_retention = name_.config.delete_retention;
  settings.min_lag = name_.config.min_compaction_lag;
  settings.max_lag = name_.config.max_compaction_lag;
  constexpr std::int64_t slot_bytes = 24;
  const std::int64_t slots =
      broker.log_cleaner_dedupe_buffer.n / std::max(broker.log_cleaner_threads, 1) / slot_bytes;
  settings.keys_max = slots * broker.log_cleaner_load_factor_ppm / 1'000'000;
  return settings;
}

log::DirtyRange Replica::dirty(sim::SimTime now) const {
  const bool planted = params_.cluster->config.planted.cleaner_ignores_high_watermark;
  const std::int64_t stable = planted ? log_->log_end() : readable_end(false, true);
  return log_->dirty(cleaner_settings(), stable, wall_ms(now));
}

bool Replica::follow_high_watermark(std::int64_t leader_high_watermark, sim::SimTime now) {
  const std::int64_t offset = std::min(leader_high_watermark, log_->log_end());
  if (offset == high_watermark_) return false;
  high_watermark_ = offset;
  if (!log_->producers().all_stable()) log_->producers().high_watermark_moved(offset);
  params_.history->record(history::HighWatermark{now, params_.id, name_.id, offset, false});
  return true;
}

void Replica::move_log_start(std::int64_t offset, history::LogStartCause cause, sim::SimTime now) {
  if (!log_->move_log_start(std::min(offset, high_watermark()))) return;
  params_.history->record(history::LogStartMoved{now, params_.id, name_.id, log_->log_start(), cause});
  log_starts_moved_.notify_all();
}

log::DeletedSegments Replica::apply_retention(sim::SimTime now) {
  const TopicConfig& topic = name_.config;
  log::RetentionConfig config;
  config.deletes = topic.cleanup_delete;
  config.retention_bytes = topic.retention_bytes;
  config.retention = topic.retention;
  config.ignores_high_watermark = params_.cluster->config.planted.retention_ignores_high_watermark;
  const std::int64_t before = log_->log_start();
  log::DeletedSegments deleted = log_->delete_old_segments(config, high_watermark(), wall_ms(now));
  if (log_->log_start() > before) {
    params_.history->record(history::LogStartMoved{now, params_.id, name_.id, log_->log_start(),
                                                   history::LogStartCause::retention});
    log_starts_moved_.notify_all();
  }
  return deleted;
}

log::DeletedSegments Replica::start_anew(std::int64_t offset, sim::SimTime now) {
  SIM_CHECK(role_ != Role::leader);
  log::DeletedSegments deleted = log_->start_anew(offset);
  params_.history->record(
      history::LogStartMoved{now, params_.id, name_.id, offset, history::LogStartCause::reset});
  follow_high_watermark(offset, now);
  return deleted;
}

void Replica::truncate(std::int64_t offset, history::TruncateReason reason, sim::SimTime now) {
  const std::int64_t before = log_->log_end();
  log_->truncate_to(offset, now);
  if (log_->log_end() < before) {
    params_.history->record(history::Truncated{now, params_.id, name_.id, log_->log_end(), before, reason});
  }
  follow_high_watermark(high_watermark_, now);
}

}  // namespace brokersim::kafka::broker
