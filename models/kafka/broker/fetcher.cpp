#include "models/kafka/broker/fetcher.h"

#include <algorithm>

#include "models/kafka/replication/follower.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

namespace {

network::SocketOptions socket_options(const BrokerConfig& config) {
  network::SocketOptions options;
  options.receive_buffer = config.replica_socket_receive_buffer;
  options.handshake_round_trips = config.inter_broker.handshake_trips();
  return options;
}

}  // namespace

Fetcher::Fetcher(sim::Process& process, const std::string& path, network::Network& network,
                 network::HostId self, const BrokerParams& params, wire::BrokerId leader,
                 const std::int64_t* broker_epoch, ReplicaManager& replicas,
                 replication::ReplicationQuota& quota, std::int32_t task)
    : component_(process, path),
      params_(params),
      cluster_(*params.cluster),
      broker_epoch_(broker_epoch),
      replicas_(replicas),
      quota_(quota),
      task_(task),
      channel_(component_, network, self, params.cluster->broker_hosts[static_cast<std::size_t>(leader)],
               params.cluster->config.inter_broker.tls ? wire::kBrokerTlsPort : wire::kBrokerPort,
               socket_options(cluster_.config)) {}

Fetcher::Fetched* Fetcher::find(wire::PartitionId id) {
  const auto at =
      std::lower_bound(partitions_.begin(), partitions_.end(), id,
                       [](const Fetched& f, wire::PartitionId p) { return f.replica->name().id < p; });
  return at != partitions_.end() && at->replica->name().id == id ? &*at : nullptr;
}

void Fetcher::add(Replica& replica) {
  remove(replica);
  const TruncationMode mode = cluster_.config.truncation;
  const bool asks = mode == TruncationMode::kip101 || mode == TruncationMode::kip279;
  const auto at =
      std::lower_bound(partitions_.begin(), partitions_.end(), replica.name().id,
                       [](const Fetched& f, wire::PartitionId p) { return f.replica->name().id < p; });
  touch(*partitions_.insert(
      at, {&replica, replica.leader_epoch(), component_.now(), false, false, asks, false, -1}));
  changed_.notify_all();
}

void Fetcher::remove(Replica& replica) {
  const Fetched* fetched = find(replica.name().id);
  if (fetched == nullptr) return;
  session_.forget(replica.name().id);
  partitions_.erase(partitions_.begin() + (fetched - partitions_.data()));
}

void Fetcher::log_start_moved(Replica& replica) {
  if (Fetched* fetched = find(replica.name().id)) touch(*fetched);
}

void Fetcher::touch(Fetched& fetched) {
  if (fetched.changed) return;
  fetched.changed = true;
  changed_list_.push_back(fetched.replica->name().id);
}

void Fetcher::back_off(Fetched& fetched) {
  fetched.not_before = component_.now() + cluster_.config.replica_fetch_backoff;
  touch(fetched);
}

std::unique_ptr<wire::FetchRequest> Fetcher::build(sim::SimTime now) {
  auto request = std::make_unique<wire::FetchRequest>();
  request->replica = params_.id;
  request->replica_epoch = *broker_epoch_;
  request->max_wait = cluster_.config.replica_fetch_wait_max;
  request->min_bytes = static_cast<std::int32_t>(cluster_.config.replica_fetch_min_bytes.n);
  request->max_bytes = static_cast<std::int32_t>(cluster_.config.replica_fetch_response_max_bytes.n);
  for (const wire::PartitionId id : std::exchange(delayed_, {})) {
    if (Fetched* fetched = find(id)) touch(*fetched);
  }
  std::sort(changed_list_.begin(), changed_list_.end());
  for (const wire::PartitionId id : changed_list_) {
    Fetched* fetched = find(id);
    if (fetched == nullptr) continue;
    fetched->changed = false;
    const bool throttled = quota_.limited() && fetched->replica->throttled_following() && !fetched->in_sync &&
                           quota_.exceeded(now);
    if (throttled || fetched->not_before > now) delayed_.push_back(id);
    if (throttled || fetched->failed || fetched->truncating || fetched->not_before > now) {
      session_.forget(id);
      continue;
    }
    const log::Log& log = fetched->replica->log();
    wire::FetchPart part;
    part.partition = id;
    part.current_leader_epoch = cluster_.config.fetch_epoch_fencing ? fetched->leader_epoch : -1;
    part.fetch_offset = log.log_end();
    if (cluster_.config.truncation == TruncationMode::fetch)
      part.last_fetched_epoch = log.epochs().latest_epoch().value_or(-1);
    part.log_start = log.log_start();
    part.max_bytes = static_cast<std::int32_t>(cluster_.config.replica_fetch_max_bytes.n);
    fetched->asked_offset = part.fetch_offset;
    session_.want(part);
  }
  changed_list_.clear();
  if (session_.empty()) return nullptr;
  session_.fill(*request);
  return request;
}

sim::Duration Fetcher::until_ready(sim::SimTime now) const {
  sim::Duration wait = cluster_.config.replica_fetch_backoff;
  for (const Fetched& fetched : partitions_) {
    if (!fetched.failed && fetched.not_before > now) wait = std::min(wait, fetched.not_before - now);
  }
  return wait;
}

sim::Task<bool> Fetcher::truncate_first() {
  auto request = std::make_unique<wire::OffsetsForLeaderEpochRequest>();
  for (Fetched& fetched : partitions_) {
    if (!fetched.truncating || fetched.failed || fetched.not_before > component_.now()) continue;
    const std::optional<std::int32_t> epoch = fetched.replica->log().epochs().latest_epoch();
    if (!epoch) {  // An empty log, or one without epochs: by the high watermark.
      fetched.truncating = false;
      touch(fetched);
      fetched.replica->truncate(fetched.replica->high_watermark(), history::TruncateReason::high_watermark,
                                component_.now());
      continue;
    }
    const std::int32_t current = cluster_.config.fetch_epoch_fencing ? fetched.leader_epoch : -1;
    request->parts.push_back({fetched.replica->name().id, current, *epoch});
  }
  if (request->parts.empty()) co_return false;
  const std::vector<wire::EpochQuestion> asked = request->parts;
  std::vector<std::int32_t> epochs;  // of the leaders asked
  for (const wire::EpochQuestion& part : asked) epochs.push_back(find(part.partition)->leader_epoch);
  std::unique_ptr<wire::Message> answer =
      co_await channel_.call(std::move(request), cluster_.config.replica_socket_timeout);
  const auto* response = static_cast<const wire::OffsetsForLeaderEpochResponse*>(answer.get());
  if (response == nullptr) {
    back_off_all();
    co_return true;
  }
  for (std::size_t i = 0; i < response->parts.size() && i < asked.size(); ++i) {
    const Fetched* fetched = find(asked[i].partition);
    if (fetched == nullptr || fetched->leader_epoch != epochs[i]) continue;  // moved on meanwhile
    truncate_by(response->parts[i], asked[i]);
  }
  co_return true;
}

void Fetcher::truncate_by(const wire::EpochAnswer& answer, const wire::EpochQuestion& asked) {
  Fetched& fetched = *find(asked.partition);
  Replica& replica = *fetched.replica;
  if (answer.error == wire::ErrorCode::fenced_leader_epoch) {
    fetched.failed = true;
    return;
  }
  if (answer.error != wire::ErrorCode::none) {
    back_off(fetched);
    return;
  }
  touch(fetched);
  const log::Log& log = replica.log();
  std::int64_t to = 0;
  fetched.truncating = false;
  if (cluster_.config.truncation == TruncationMode::kip101 || answer.epoch < 0) {
    to = replication::truncate_to_kip101(log.log_end(), replica.high_watermark(), answer.end_offset);
  } else {
    const replication::Truncation cut =
        replication::truncate_to(log.epochs(), log.log_end(), {answer.epoch, answer.end_offset});
    to = cut.to_offset;
    fetched.truncating = !cut.settled;
  }
  replica.truncate(to, history::TruncateReason::divergence, component_.now());
  replica.files().replace_unsynced(log.epoch_file(), log.epochs().text());
}

sim::Task<void> Fetcher::run() {
  for (;;) {
    if (cluster_.config.truncation != TruncationMode::fetch) {
      const bool asked = co_await truncate_first();
      if (asked) continue;
    }
    std::unique_ptr<wire::FetchRequest> request = build(component_.now());
    if (request == nullptr) {
      const sim::Duration wait = until_ready(component_.now());
      if (partitions_.empty()) {
        co_await changed_.wait();
      } else {
        co_await changed_.wait_for(wait);
      }
      continue;
    }
    std::unique_ptr<wire::Message> answer =
        co_await channel_.call(std::move(request), cluster_.config.replica_socket_timeout);
    if (answer == nullptr) {
      session_.lost();
      back_off_all();
      continue;
    }
    auto* response = static_cast<wire::FetchResponse*>(answer.get());
    if (!session_.answered(*response)) continue;  // the broker has lost the session: a full request
    sim::Duration cost = cluster_.costs.wake_up + cluster_.costs.fetcher_round;
    for (const auto& part : response->parts) {
      if (!part.batches.empty()) cost += cluster_.costs.fetcher_append_partition;
      cost += cluster_.costs.fetcher_append_batch * static_cast<std::int64_t>(part.batches.size());
      cost += per_byte(part.bytes, cluster_.costs.append_ps_per_byte + cluster_.costs.client_ps_per_byte);
      if (cluster_.config.inter_broker.tls) cost += per_byte(part.bytes, cluster_.costs.tls_ps_per_byte);
    }
    co_await params_.cpu->work(component_, cost);
    for (auto& part : response->parts) {
      // What was asked: unless the partition has been given to this leader anew meanwhile, which clears it.
      const Fetched* fetched = find(part.partition);
      if (fetched == nullptr || fetched->asked_offset < 0) continue;
      const std::int64_t offset = fetched->asked_offset;
      const std::int32_t epoch = fetched->leader_epoch;
      if (part.error == wire::ErrorCode::none && !part.diverging && part.batches.empty()) {
        note_high_watermark(part, offset, epoch);  // most partitions of most answers
      } else {
        const wire::PartitionId id = part.partition;
        co_await process(std::move(part), offset, epoch);
        if (Fetched* done = find(id)) touch(*done);
      }
    }
  }
}

void Fetcher::note_high_watermark(const wire::FetchedPart& part, std::int64_t asked_offset,
                                  std::int32_t asked_epoch) {
  const Fetched* fetched = find(part.partition);
  if (fetched == nullptr || fetched->leader_epoch != asked_epoch) return;
  if (fetched->replica->log().log_end() != asked_offset) return;
  replicas_.follow_high_watermark(*fetched->replica, part.high_watermark);
  follow_log_start(*fetched->replica, part.log_start);
}

/// Followers adopt the leader's log start as they do its high watermark.
void Fetcher::follow_log_start(Replica& replica, std::int64_t leader_log_start) {
  if (leader_log_start <= replica.log().log_start()) return;
  if (Fetched* fetched = find(replica.name().id)) touch(*fetched);  // the next request tells it
  replica.move_log_start(leader_log_start, history::LogStartCause::followed, component_.now());
}

void Fetcher::back_off_all() {
  for (Fetched& fetched : partitions_) back_off(fetched);
}

sim::Task<void> Fetcher::process(wire::FetchedPart part, std::int64_t asked_offset,
                                 std::int32_t asked_epoch) {
  Fetched* fetched = find(part.partition);
  if (fetched == nullptr || fetched->leader_epoch != asked_epoch) co_return;  // moved on meanwhile
  Replica& replica = *fetched->replica;
  if (replica.log().log_end() != asked_offset) co_return;
  if (part.error == wire::ErrorCode::offset_out_of_range) {
    co_await out_of_range(&replica, asked_epoch);
    co_return;
  }
  if (part.error != wire::ErrorCode::none) {
    on_error(*fetched, part);
    co_return;
  }
  if (part.diverging) {
    const replication::Truncation cut = replication::truncate_to(
        replica.log().epochs(), replica.log().log_end(), {part.diverging->epoch, part.diverging->end_offset});
    replica.truncate(cut.to_offset, history::TruncateReason::divergence, component_.now());
    replicas_.epochs_cut(replica);
    co_return;  // no data, no high watermark in this round (KAFKA-14704)
  }
  if (part.corrupt_from >= 0) {
    // Nothing of the answer is appended, and the same is fetched again (CorruptRecordException in processFetchRequest).
    const log::StoredBatch& bad = (*params_.store)[part.batches[static_cast<std::size_t>(part.corrupt_from)]];
    params_.history->record(
        history::CorruptRead{component_.now(), params_.id, {}, part.partition, bad.base_offset});
    fetched->not_before = component_.now() + cluster_.config.replica_fetch_backoff;
    co_return;
  }
  while (replica.locked()) co_await replica.lock_free().wait();
  if (find(part.partition) == nullptr || replica.leader_epoch() != asked_epoch) co_return;
  if (replica.log().log_end() != asked_offset) co_return;
  // What compaction took from the leader leaves gaps: offsets must rise, no more (UnifiedLog.analyzeAndValidateRecords).
  const bool gaps = replica.name().config.cleanup_compact;
  if (!part.batches.empty() && !gaps) {
    // A leader whose medium has lost the beginning of a segment answers with what lies behind the hole.
    const std::int64_t base = (*params_.store)[part.batches.front()].base_offset;
    if (base > replica.log().log_end()) {
      find(part.partition)->failed = true;
      co_return;
    }
  }
  sim::Duration held_back;
  bool rolled = false;
  const std::optional<std::int32_t> epoch_before = replica.log().epochs().latest_epoch();
  for (const log::BatchId batch : part.batches) {
    const std::int64_t base = (*params_.store)[batch].base_offset;
    // An empty log may begin inside a batch of the leader (DeleteRecords): it begins anew where the batch does
    // (Partition.doAppendRecordsToFollowerOrFutureReplica).
    if (base < replica.log().log_end() && replica.log().log_start() == replica.log().log_end()) {
      replicas_.unlink_later(replica, replica.start_anew(base, component_.now()));
      replicas_.epochs_cut(replica);
    }
    if (base < replica.log().log_end() || (base > replica.log().log_end() && !gaps)) {
      // A cut by the rules before KIP-279 may end within a batch of the leader: what comes begins before our end, the
      // append is refused, and the partition is given up until a newer epoch (markPartitionFailed).
      SIM_CHECK(cluster_.config.truncation != TruncationMode::fetch || !cluster_.config.topic_ids,
                "a leader sent " + std::to_string(base) + " where " +
                    std::to_string(replica.log().log_end()) + " was asked");
      if (Fetched* gone = find(part.partition); gone != nullptr) gone->failed = true;
      co_return;
    }
    replica.files().act_as(task_);
    const log::AppendResult appended = replica.append_as_follower(batch, component_.now());
    replica.files().act_as(-1);
    if (appended.status != storage::Status::ok) {
      replicas_.storage_failed(replica);
      co_return;
    }
    held_back =
        std::max(held_back, appended.held_back);  // of appends within one instant: includes those before
    rolled = rolled || appended.rolled;
  }
  const bool must_flush = !part.batches.empty() && replica.must_flush();
  const bool new_epoch = replica.log().epochs().latest_epoch() != epoch_before;
  if (Fetched* copied = find(part.partition); copied != nullptr && !part.batches.empty()) {
    copied->in_sync = replica.log().log_end() >= part.high_watermark;
    if (quota_.limited() && replica.throttled_following()) quota_.record(component_.now(), part.bytes);
  }
  replicas_.follow_high_watermark(replica, part.high_watermark);
  follow_log_start(replica, part.log_start);
  if (rolled) replicas_.after_roll(replica);
  if (!new_epoch && held_back.ns == 0 && !must_flush) co_return;
  replica.lock();  // as an append by a client, see ReplicaManager::finish_append
  if (new_epoch) {
    co_await replicas_.write_epochs(&replica);
  }
  if (held_back.ns > 0) co_await sim::delay(held_back, "broker.dirty_throttled");
  if (must_flush && !cluster_.config.planted.fsync_lies) {
    const sim::SimTime from = component_.now();
    sim::Task<storage::Status> forcing = replicas_.force(&replica, replica.log().log_end());
    const storage::Status status = co_await forcing;
    if (status == storage::Status::ok) {
      record_flush(params_, replica.name().id, from, component_.now(), replica.log().recovery_point());
    } else {
      replicas_.storage_failed(replica);
    }
  }
  replica.unlock();
}

// Ours is longer than an unclean leader's log, or ends before the leader's begins (section 4.1): ask for its end.
sim::Task<void> Fetcher::out_of_range(Replica* replica, std::int32_t asked_epoch) {
  auto request = std::make_unique<wire::ListOffsetsRequest>();
  request->partition = replica->name().id;
  request->replica = params_.id;
  std::unique_ptr<wire::Message> answer =
      co_await channel_.call(std::move(request), cluster_.config.replica_socket_timeout);
  Fetched* fetched = find(replica->name().id);
  if (fetched == nullptr || fetched->leader_epoch != asked_epoch) co_return;
  const auto* response = static_cast<const wire::ListOffsetsResponse*>(answer.get());
  if (response == nullptr || response->error != wire::ErrorCode::none) {
    back_off(*fetched);
    co_return;
  }
  if (response->offset >= replica->log().log_end()) {
    co_await behind_log_start(replica, asked_epoch);
    co_return;
  }
  replica->truncate(response->offset, history::TruncateReason::out_of_range, component_.now());
  replicas_.epochs_cut(*replica);
}

/// The leader's log does not reach back to where ours ends: ours is of no use, and starts anew where the leader's begins
/// (AbstractFetcherThread.fetchOffsetAndTruncate, second case).
sim::Task<void> Fetcher::behind_log_start(Replica* replica, std::int32_t asked_epoch) {
  auto request = std::make_unique<wire::ListOffsetsRequest>();
  request->partition = replica->name().id;
  request->replica = params_.id;
  request->latest = false;
  std::unique_ptr<wire::Message> answer =
      co_await channel_.call(std::move(request), cluster_.config.replica_socket_timeout);
  Fetched* fetched = find(replica->name().id);
  if (fetched == nullptr || fetched->leader_epoch != asked_epoch) co_return;
  const auto* response = static_cast<const wire::ListOffsetsResponse*>(answer.get());
  if (response == nullptr || response->error != wire::ErrorCode::none) {
    back_off(*fetched);
    co_return;
  }
  if (response->offset <= replica->log().log_end()) co_return;  // just fetch again
  log::DeletedSegments deleted = replica->start_anew(response->offset, component_.now());
  replicas_.epochs_cut(*replica);
  replicas_.unlink_later(*replica, std::move(deleted));
}

void Fetcher::on_error(Fetched& fetched, const wire::FetchedPart& part) {
  switch (part.error) {
    case wire::ErrorCode::fenced_leader_epoch:
      fetched.failed = true;  // a newer epoch will come with the metadata
      return;
    default: back_off(fetched); return;
  }
}

}  // namespace brokersim::kafka::broker
