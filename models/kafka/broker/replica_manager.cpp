// Roles, ISR changes and housekeeping of a broker's replicas.
#include "models/kafka/broker/replica_manager.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::broker {

ReplicaManager::ReplicaManager(sim::Component& owner, const BrokerParams& params,
                               std::vector<storage::FileSystem*> log_dirs, RequestServer& server,
                               const wire::ClusterImage& image)
    : owner_(owner),
      params_(params),
      cluster_(*params.cluster),
      log_dirs_(std::move(log_dirs)),
      server_(server),
      image_(image),
      produce_purgatory_(owner, server),
      fetch_purgatory_(owner, *this),
      sessions_(params.cluster->config.fetch_session_cache_slots, owner.now()),
      leader_quota_(params.cluster->config.leader_throttled_rate),
      replicas_(params.cluster->partitions.size()),
      logs_in_(log_dirs_.size(), 0) {}

Replica* ReplicaManager::find(wire::PartitionId id) {
  const auto index = static_cast<std::size_t>(id.n);
  if (id.n < 0 || index >= replicas_.size()) return nullptr;
  return replicas_[index].get();
}

std::vector<Replica*> ReplicaManager::replicas() {
  std::vector<Replica*> all;
  all.reserve(here_.size());
  for (Replica* replica : here_) {
    if (!replica->offline()) all.push_back(replica);
  }
  return all;
}

Replica& ReplicaManager::open(wire::PartitionId id) {
  auto& replica = replicas_[static_cast<std::size_t>(id.n)];
  if (!replica) {
    replica = std::make_unique<Replica>(params_, cluster_.partitions[static_cast<std::size_t>(id.n)],
                                        directory_of(id));
    const auto after = [](wire::PartitionId n, const Replica* r) { return n < r->name().id; };
    here_.insert(std::upper_bound(here_.begin(), here_.end(), id, after), replica.get());
    ++logs_in_[directory_index(replica->files())];
  }
  return *replica;
}

bool ReplicaManager::concerns(const wire::PartitionState& state) const {
  if (state.partition.n < 0) return false;
  return wire::contains(state.replicas, params_.id) ||
         replicas_[static_cast<std::size_t>(state.partition.n)] != nullptr;
}

sim::Task<void> ReplicaManager::apply(wire::PartitionState state) {
  if (!wire::contains(state.replicas, params_.id)) {
    remove(state);
    co_return;
  }
  Replica& replica = open(state.partition);
  if (replica.offline()) co_return;
  if (!replica.opened() && !offline_dirs_.empty() && state.partition_epoch > 0) {
    // It is not new, so its log may lie in the directory that is offline: none is made elsewhere
    // (LogManager.getOrCreateLog). The next heartbeat tells it.
    replica.set_offline(owner_.now());
    failures_->replica_offline();
    co_return;
  }
  if (!replica.opened()) {
    replica.log().create(owner_.now());
    replica.set_opened();
    if (replica.name().shares_directory) {
      replica.files().replace_unsynced(replica.name().directory + "/partition.metadata",
                                       std::to_string(replica.name().id.n));
    }
    // Whatever this broker had of it in an earlier life went with its disk.
    history::Recovered empty;
    empty.at = owner_.now();
    empty.broker = params_.id;
    empty.partition = replica.name().id;
    empty.clean = true;
    params_.history->record(empty);
  }
  // An append holds the leader's lock until it is on the medium; becoming leader or follower needs it alone
  // (Partition.leaderIsrUpdateLock).
  while (replica.locked() && state.leader_epoch > replica.leader_epoch()) co_await replica.lock_free().wait();
  if (replica.offline()) co_return;
  if (state.leader_epoch < replica.leader_epoch()) co_return;  // stale
  if (state.leader == params_.id) {
    followers_->unfollow(replica);
    touch_sessions(replica);
    const bool was_leader = replica.role() == Role::leader;
    const bool new_epoch = replica.become_leader(state, owner_.now());
    if (new_epoch) {
      co_await write_epochs(&replica);
      if (replica.role() != Role::leader) co_return;
    }
    advance(replica);
    if (!was_leader) wake_fetches(replica, true);
    if (InternalTopic* topic = coordinator_of(replica); !was_leader && topic != nullptr) topic->elected(replica);
    co_return;
  }
  const bool was_leader = replica.role() == Role::leader;
  const bool changed = replica.leader_epoch() != state.leader_epoch || replica.leader_id() != state.leader ||
                       replica.role() != Role::follower;
  if (!changed) co_return;
  followers_->unfollow(replica);
  replica.become_follower(state, owner_.now());
  if (was_leader || !replica.watches.empty()) fail_waiters(replica);
  if (InternalTopic* topic = coordinator_of(replica); was_leader && topic != nullptr) topic->resigned(replica);
  const bool to_high_watermark = cluster_.config.truncation == TruncationMode::high_watermark;
  if (to_high_watermark || cluster_.config.planted.truncate_to_high_watermark) {
    replica.truncate(replica.high_watermark(), history::TruncateReason::high_watermark, owner_.now());
  }
  if (state.leader >= 0) followers_->follow(replica);
}

/// A reassignment has taken the partition away: nobody is served any more, and the files go. Kafka renames the directory and
/// deletes it after file.delete.delay.ms; here its room is free at once. It may come back by a later reassignment, with an
/// empty log. Not modelled: files that a power loss right afterwards brings back have no -delete in their name here.
void ReplicaManager::remove(const wire::PartitionState& state) {
  std::unique_ptr<Replica>& slot = replicas_[static_cast<std::size_t>(state.partition.n)];
  if (!slot || state.leader_epoch < slot->leader_epoch()) return;
  Replica& replica = *slot;
  followers_->unfollow(replica);
  const bool led = replica.role() == Role::leader;
  wire::PartitionState gone = state;
  gone.leader = -1;
  replica.become_follower(gone, owner_.now());
  if (led || !replica.watches.empty()) fail_waiters(replica);
  if (replica.opened()) {  // for the checkers: nothing is left here, by right
    params_.history->record(
        history::LogStartMoved{owner_.now(), params_.id, state.partition, 0, history::LogStartCause::reset});
  }
  retire(slot);
}

void ReplicaManager::retire(std::unique_ptr<Replica>& slot) {
  slot->log().unlink(slot->files().list(slot->name().directory + "/"));
  // Whoever fetched from it keeps its session. Its next request finds out that nobody is here, unless another replica of
  // the partition has come by then.
  for (const SessionWatch& watch : slot->watches) {
    SessionPart* part = part_of(watch);
    if (part == nullptr) continue;
    part->watched = false;
    sessions_[watch.slot].touch(watch.place);
  }
  std::erase(here_, slot.get());
  --logs_in_[directory_index(slot->files())];
  retired_.push_back(std::move(slot));  // tasks may still hold it
}

void ReplicaManager::topic_deleted(wire::PartitionId id) {
  std::unique_ptr<Replica>& slot = replicas_[static_cast<std::size_t>(id.n)];
  if (!slot) return;
  Replica& replica = *slot;
  followers_->unfollow(replica);
  const bool led = replica.role() == Role::leader;
  wire::PartitionState gone;
  gone.partition = id;
  gone.leader_epoch = replica.leader_epoch();
  // By right: for the checkers as after DeleteRecords.
  const std::int64_t end = replica.log().log_end();
  replica.become_follower(gone, owner_.now());
  if (led || !replica.watches.empty()) fail_waiters(replica);
  params_.history->record(
      history::LogStartMoved{owner_.now(), params_.id, id, end, history::LogStartCause::delete_records});
  retire(slot);
}

void ReplicaManager::drop_strays() {
  const std::vector<Replica*> all = here_;
  for (const Replica* replica : all) {
    if (image_.removed(replica->name().id)) topic_deleted(replica->name().id);
  }
}

bool ReplicaManager::owns_directory(const PartitionName& name, storage::FileSystem& files) const {
  if (!name.shares_directory) return true;
  if (!cluster_.config.topic_ids) return image_.partition(name.id) != nullptr;  // whoever bears the name now
  const auto id = files.read_whole(name.directory + "/partition.metadata");
  return id && *id == std::to_string(name.id.n);
}

void ReplicaManager::fail_waiters(Replica& replica) {
  for (const ProduceWait& wait : std::exchange(replica.produce_waits, {})) {
    produce_purgatory_.settle({wait.operation, wait.generation}, wait.result,
                              wire::ErrorCode::not_leader_or_follower);
  }
  replica.committed.notify_all();
  if (watcher_ != nullptr) watcher_->leads_no_more(replica);
  touch_sessions(replica);
  waking_ = replica.watches;
  for (const SessionWatch& watch : waking_) {
    if (part_of(watch) == nullptr) continue;
    const FetchSession& session = sessions_[watch.slot];
    if (session.is_parked) fetch_purgatory_.complete(session.parked);
  }
}

void ReplicaManager::refresh_eligible() {
  eligible_.clear();
  for (const auto& broker : image_.brokers()) {
    if (broker.broker >= 0 && image_.is_active(broker.broker)) eligible_.push_back(broker.broker);
  }
  for (std::size_t i = 0; i < here_.size(); ++i) {
    if (here_[i]->role() == Role::leader) advance(*here_[i]);
  }
}

wire::ErrorCode ReplicaManager::committed_verdict(const Replica& replica) {
  const std::int32_t needed = replica.leader()->effective_min_isr();
  const auto in_sync = static_cast<std::int32_t>(replica.leader()->maximal_isr().size());
  return needed <= in_sync ? wire::ErrorCode::none : wire::ErrorCode::not_enough_replicas_after_append;
}

void ReplicaManager::advance(Replica& replica) {
  if (!replica.maybe_advance(eligible_, owner_.now())) return;
  const std::int64_t hw = replica.high_watermark();
  const wire::ErrorCode verdict = committed_verdict(replica);
  while (!replica.produce_waits.empty() && replica.produce_waits.front().required_offset <= hw) {
    const ProduceWait wait = replica.produce_waits.front();
    replica.produce_waits.pop_front();
    produce_purgatory_.settle({wait.operation, wait.generation}, wait.result, verdict);
  }
  wake_fetches(replica, true);
  if (InternalTopic* topic = coordinator_of(replica); topic != nullptr) topic->committed(replica);
  if (watcher_ != nullptr) watcher_->bounds_moved(replica);
  if (replica.committed.has_waiters()) replica.committed.notify_all();
}

wire::ErrorCode ReplicaManager::append_internal(Replica& replica, const log::BatchData& batch) {
  if (!owner_.process()->alive()) return wire::ErrorCode::kafka_storage_error;
  touch_sessions(replica);
  const ClientAppend append = replica.append_as_leader(batch, Acks::all, owner_.now());
  if (append.error == wire::ErrorCode::kafka_storage_error) storage_failed(replica);
  if (append.error != wire::ErrorCode::none) return append.error;
  if (append.rolled) after_roll(replica);
  advance(replica);
  wake_fetches(replica, false);
  return wire::ErrorCode::none;
}

sim::Task<void> ReplicaManager::isr_check_loop() {
  for (;;) {
    co_await sim::delay(cluster_.config.replica_lag_time_max / 2, "broker.isr_check");
    for (std::size_t i = 0; i < here_.size(); ++i) {
      Replica* replica = here_[i];
      if (replica->role() != Role::leader) continue;
      replication::Leader& leader = *replica->leader();
      const std::vector<wire::BrokerId> lagging = leader.lagging(replica->log().log_end(), owner_.now());
      if (lagging.empty()) continue;
      propose(*replica, leader.begin_shrink(lagging));
      replica->record_isr(owner_.now());
      advance(*replica);  // no effect unless the planted rule applies the shrink at once
    }
  }
}

void ReplicaManager::propose(Replica& replica, std::vector<wire::BrokerId> isr) {
  wire::AlterPartitionPart part;
  part.partition = replica.name().id;
  part.leader_epoch = replica.leader()->leader_epoch();
  part.partition_epoch = replica.leader()->partition_epoch();
  for (const wire::BrokerId broker : isr) {
    const replication::Follower* follower = replica.leader()->follower(broker);
    const wire::BrokerState* self = image_.broker(broker);
    const std::int64_t epoch =
        follower != nullptr ? follower->broker_epoch : (self != nullptr ? self->broker_epoch : -1);
    part.new_isr.push_back({broker, epoch});
  }
  isr_->submit(std::move(part));
}

bool ReplicaManager::still_wanted(const wire::AlterPartitionPart& asked) const {
  const Replica* replica = replicas_[static_cast<std::size_t>(asked.partition.n)].get();
  if (replica == nullptr || replica->role() != Role::leader) return false;
  const replication::Leader& leader = *const_cast<Replica*>(replica)->leader();
  return leader.leader_epoch() == asked.leader_epoch && leader.partition_epoch() == asked.partition_epoch &&
         leader.pending() != replication::PendingIsr::none;
}

void ReplicaManager::on_alter_result(const wire::AlterPartitionPart& asked,
                                     const wire::AlterPartitionResult& result) {
  if (!still_wanted(asked)) return;
  Replica& replica = *find(asked.partition);
  replication::Leader& leader = *replica.leader();
  switch (result.error) {
    case wire::ErrorCode::none:
      leader.adopt(result.state);
      replica.record_isr(owner_.now());
      advance(replica);
      return;
    case wire::ErrorCode::ineligible_replica:
    case wire::ErrorCode::operation_not_attempted:
      leader.reject();
      replica.record_isr(owner_.now());
      return;
    case wire::ErrorCode::fenced_leader_epoch:
    case wire::ErrorCode::invalid_update_version:
    case wire::ErrorCode::unknown_topic_or_partition:
    case wire::ErrorCode::new_leader_elected: return;  // stop; metadata will tell
    default: isr_->submit(asked); return;
  }
}

void ReplicaManager::after_roll(Replica& replica) {
  if (replica.flushing) return;
  replica.flushing = true;
  owner_.spawn(flush_rolled(&replica));
}

sim::Task<void> ReplicaManager::flush_rolled(Replica* replica) {
  // More segments may close while one is flushed: go on until none is left.
  while (replica->log().recovery_point() < replica->log().segments().back().base_offset) {
    const std::int64_t closed = replica->log().segments().back().base_offset;
    const sim::SimTime from = owner_.now();
    const storage::Status status = co_await replica->log().flush_to(closed);
    if (status != storage::Status::ok) {
      storage_failed(*replica);
      break;
    }
    record_flush(params_, replica->name().id, from, owner_.now(), replica->log().recovery_point());
  }
  replica->flushing = false;
}

void ReplicaManager::epochs_cut(Replica& replica) {
  if (cluster_.config.planted.epoch_file_unsynced) {
    replica.files().replace_unsynced(replica.log().epoch_file(), replica.log().epochs().text());
  } else {
    owner_.spawn(write_epochs(&replica));
  }
}

sim::Task<void> ReplicaManager::write_epochs(Replica* replica) {
  while (replica->writing_epochs) co_await replica->epochs_written.wait();
  replica->writing_epochs = true;
  std::string file = replica->log().epoch_file();
  std::string text = replica->log().epochs().text();
  const storage::Status status = co_await replica->files().replace(std::move(file), std::move(text));
  replica->writing_epochs = false;
  replica->epochs_written.notify_all();
  if (storage::is_failure(status)) storage_failed(*replica);
}

void ReplicaManager::unlink_later(Replica& replica, log::DeletedSegments deleted) {
  if (!deleted.files.empty()) owner_.spawn(unlink(&replica, std::move(deleted.files)));
}

sim::Task<void> ReplicaManager::unlink(Replica* replica, std::vector<std::string> files) {
  co_await sim::delay(replica->name().config.file_delete_delay, "broker.delete_files");
  replica->log().unlink(files);
}

namespace {

/// To look at every record of a compressed batch, even where it stays as it is; and to compress it anew if the topic has
/// a codec of its own.
sim::Duration codec_cost(const log::BatchData& batch, const TopicConfig& topic) {
  const std::int64_t records = batch.raw_bytes - log::kBatchHeaderBytes;
  sim::Duration cost;
  if (batch.codec != compute::Codec::none) cost += compute::codec_model(batch.codec).decompress(records);
  if (!topic.keeps_codec && topic.compression.codec != batch.codec)
    cost += topic.compression.model(batch.compressed_percent).compress(records);
  return cost;
}

}  // namespace

sim::Duration ReplicaManager::produce_cost(const wire::ProduceRequest& request) const {
  sim::Duration cost = cluster_.costs.handle_request;
  for (const auto& batch : request.batches) {
    cost += cluster_.costs.append_batch + cluster_.costs.append_record * batch.records.count +
            per_byte(batch.bytes, cluster_.costs.append_ps_per_byte);
    cost +=
        codec_cost(batch, cluster_.partitions[static_cast<std::size_t>(batch.records.partition.n)].config);
  }
  return cost;
}

}  // namespace brokersim::kafka::broker
