#include "models/kafka/broker/fetcher.h"

#include <algorithm>

#include "models/kafka/replication/follower.h"
#include "sim/check.h"

namespace brokersim::kafka::broker {

namespace {

network::SocketOptions socket_options(const BrokerConfig& config) {
  network::SocketOptions options;
  options.receive_buffer = config.replica_socket_receive_buffer;
  return options;
}

}  // namespace

Fetcher::Fetcher(sim::Process& process, const std::string& path, network::Network& network,
                 network::HostId self, const BrokerParams& params, wire::BrokerId leader,
                 const std::int64_t* broker_epoch, ReplicaManager& replicas)
    : component_(process, path),
      params_(params),
      cluster_(*params.cluster),
      broker_epoch_(broker_epoch),
      replicas_(replicas),
      channel_(component_, network, self, params.cluster->broker_hosts[static_cast<std::size_t>(leader)],
               params.cluster->config.inter_broker_tls ? wire::kBrokerTlsPort : wire::kBrokerPort,
               socket_options(cluster_.config)) {}

Fetcher::Fetched* Fetcher::find(wire::PartitionId id) {
  const auto at =
      std::lower_bound(partitions_.begin(), partitions_.end(), id,
                       [](const Fetched& f, wire::PartitionId p) { return f.replica->name().id < p; });
  return at != partitions_.end() && at->replica->name().id == id ? &*at : nullptr;
}

void Fetcher::add(Replica& replica) {
  remove(replica);
  partitions_.push_back({&replica, replica.leader_epoch(), component_.now(), false, -1});
  std::sort(partitions_.begin(), partitions_.end(),
            [](const Fetched& a, const Fetched& b) { return a.replica->name().id < b.replica->name().id; });
  changed_.notify_all();
}

void Fetcher::remove(Replica& replica) {
  std::erase_if(partitions_, [&](const Fetched& f) { return f.replica == &replica; });
}

std::unique_ptr<wire::FetchRequest> Fetcher::build(sim::SimTime now) {
  auto request = std::make_unique<wire::FetchRequest>();
  request->replica = params_.id;
  request->replica_epoch = *broker_epoch_;
  request->max_wait = cluster_.config.replica_fetch_wait_max;
  request->min_bytes = static_cast<std::int32_t>(cluster_.config.replica_fetch_min_bytes.n);
  request->max_bytes = static_cast<std::int32_t>(cluster_.config.replica_fetch_response_max_bytes.n);
  request->parts.reserve(partitions_.size());
  for (Fetched& fetched : partitions_) {
    if (fetched.failed || fetched.not_before > now) continue;
    const log::Log& log = fetched.replica->log();
    wire::FetchPart part;
    part.partition = fetched.replica->name().id;
    part.current_leader_epoch = fetched.leader_epoch;
    part.fetch_offset = log.log_end();
    part.last_fetched_epoch = log.epochs().latest_epoch().value_or(-1);
    part.log_start = log.log_start();
    part.max_bytes = static_cast<std::int32_t>(cluster_.config.replica_fetch_max_bytes.n);
    if (new_session_ || fetched.sent_offset != part.fetch_offset) ++request->changed_parts;
    fetched.sent_offset = part.fetch_offset;
    request->parts.push_back(part);
  }
  return request;
}

sim::Duration Fetcher::until_ready(sim::SimTime now) const {
  sim::Duration wait = cluster_.config.replica_fetch_backoff;
  for (const Fetched& fetched : partitions_) {
    if (!fetched.failed && fetched.not_before > now) wait = std::min(wait, fetched.not_before - now);
  }
  return wait;
}

sim::Task<void> Fetcher::run() {
  for (;;) {
    std::unique_ptr<wire::FetchRequest> request = build(component_.now());
    if (request->parts.empty()) {
      const sim::Duration wait = until_ready(component_.now());
      if (partitions_.empty()) {
        co_await changed_.wait();
      } else {
        co_await changed_.wait_for(wait);
      }
      continue;
    }
    std::vector<wire::FetchPart> asked = request->parts;
    std::unique_ptr<wire::Message> answer =
        co_await channel_.call(std::move(request), cluster_.config.replica_socket_timeout);
    if (answer == nullptr) {
      new_session_ = true;
      back_off_all();
      continue;
    }
    new_session_ = false;
    auto* response = static_cast<wire::FetchResponse*>(answer.get());
    sim::Duration cost = cluster_.costs.fetcher_round;
    for (const auto& part : response->parts) {
      cost += cluster_.costs.fetcher_append_batch * static_cast<std::int64_t>(part.batches.size());
      cost += per_byte(part.bytes, cluster_.costs.append_ps_per_byte);
      if (cluster_.config.inter_broker_tls) cost += per_byte(part.bytes, cluster_.costs.tls_ps_per_byte);
    }
    co_await params_.cpu->work(component_, cost);
    std::size_t next = 0;  // answers come in the order of the request
    for (auto& part : response->parts) {
      while (next < asked.size() && asked[next].partition != part.partition) ++next;
      if (next == asked.size()) break;
      const std::int64_t offset = asked[next].fetch_offset;
      const std::int32_t epoch = asked[next].current_leader_epoch;
      if (part.error == wire::ErrorCode::none && !part.diverging && part.batches.empty()) {
        note_high_watermark(part, offset, epoch);  // most partitions of most answers
      } else {
        co_await process(std::move(part), offset, epoch);
      }
    }
  }
}

void Fetcher::note_high_watermark(const wire::FetchedPart& part, std::int64_t asked_offset,
                                  std::int32_t asked_epoch) {
  const Fetched* fetched = find(part.partition);
  if (fetched == nullptr || fetched->leader_epoch != asked_epoch) return;
  if (fetched->replica->log().log_end() != asked_offset) return;
  fetched->replica->follow_high_watermark(part.high_watermark, component_.now());
  follow_log_start(*fetched->replica, part.log_start);
}

/// Followers adopt the leader's log start as they do its high watermark.
void Fetcher::follow_log_start(Replica& replica, std::int64_t leader_log_start) {
  if (leader_log_start > replica.log().log_start())
    replica.move_log_start(leader_log_start, history::LogStartCause::followed, component_.now());
}

void Fetcher::back_off_all() {
  for (Fetched& fetched : partitions_)
    fetched.not_before = component_.now() + cluster_.config.replica_fetch_backoff;
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
    replica.truncate(std::max(cut.to_offset, replica.log().log_start()), history::TruncateReason::divergence,
                     component_.now());
    replica.files().replace_unsynced(replica.log().epoch_file(), replica.log().epochs().text());
    co_return;  // no data, no high watermark in this round (KAFKA-14704)
  }
  while (replica.locked()) co_await replica.lock_free().wait();
  if (find(part.partition) == nullptr || replica.leader_epoch() != asked_epoch) co_return;
  if (replica.log().log_end() != asked_offset) co_return;
  sim::Duration held_back;
  bool rolled = false;
  const std::optional<std::int32_t> epoch_before = replica.log().epochs().latest_epoch();
  for (const log::BatchId batch : part.batches) {
    const log::AppendResult appended = replica.append_as_follower(batch, component_.now());
    if (appended.status != storage::Status::ok) {
      replicas_.storage_failed(replica);
      co_return;
    }
    held_back += appended.held_back;
    rolled = rolled || appended.rolled;
  }
  const bool must_flush = !part.batches.empty() && replica.must_flush();
  const bool new_epoch = replica.log().epochs().latest_epoch() != epoch_before;
  replica.follow_high_watermark(part.high_watermark, component_.now());
  follow_log_start(replica, part.log_start);
  if (rolled) replicas_.after_roll(replica);
  if (!new_epoch && held_back.ns == 0 && !must_flush) co_return;
  replica.lock();  // as an append by a client, see ReplicaManager::finish_append
  if (new_epoch) {
    std::string file = replica.log().epoch_file();
    std::string text = replica.log().epochs().text();
    static_cast<void>(co_await replica.files().replace(std::move(file), std::move(text)));
  }
  if (held_back.ns > 0) co_await sim::delay(held_back, "broker.dirty_throttled");
  if (must_flush && !cluster_.config.planted.fsync_lies) {
    const storage::Status status = co_await replica.log().flush_to(replica.log().log_end());
    if (status == storage::Status::ok) {
      params_.history->record(
          history::Flushed{component_.now(), params_.id, replica.name().id, replica.log().recovery_point()});
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
    fetched->not_before = component_.now() + cluster_.config.replica_fetch_backoff;
    co_return;
  }
  if (response->offset >= replica->log().log_end()) {
    co_await behind_log_start(replica, asked_epoch);
    co_return;
  }
  replica->truncate(std::max(response->offset, replica->log().log_start()),
                    history::TruncateReason::out_of_range, component_.now());
  replica->files().replace_unsynced(replica->log().epoch_file(), replica->log().epochs().text());
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
    fetched->not_before = component_.now() + cluster_.config.replica_fetch_backoff;
    co_return;
  }
  if (response->offset <= replica->log().log_end()) co_return;  // just fetch again
  log::DeletedSegments deleted = replica->start_anew(response->offset, component_.now());
  replica->files().replace_unsynced(replica->log().epoch_file(), replica->log().epochs().text());
  replicas_.unlink_later(*replica, std::move(deleted));
}

void Fetcher::on_error(Fetched& fetched, const wire::FetchedPart& part) {
  switch (part.error) {
    case wire::ErrorCode::fenced_leader_epoch:
      fetched.failed = true;  // a newer epoch will come with the metadata
      return;
    default: fetched.not_before = component_.now() + cluster_.config.replica_fetch_backoff; return;
  }
}

FetcherManager::FetcherManager(sim::Process& process, std::string path, network::Network& network,
                               network::HostId self, const BrokerParams& params,
                               const std::int64_t* broker_epoch, ReplicaManager& replicas)
    : process_(process),
      path_(std::move(path)),
      network_(network),
      self_(self),
      params_(params),
      broker_epoch_(broker_epoch),
      replicas_(replicas),
      fetchers_(params.cluster->broker_hosts.size()) {}

void FetcherManager::follow(Replica& replica) {
  const wire::BrokerId leader = replica.leader_id();
  SIM_CHECK(leader >= 0);
  auto& fetcher = fetchers_[static_cast<std::size_t>(leader)];
  if (!fetcher) {
    fetcher = std::make_unique<Fetcher>(process_, path_ + "/fetcher/" + std::to_string(leader), network_,
                                        self_, params_, leader, broker_epoch_, replicas_);
    fetcher->start();
  }
  fetcher->add(replica);
}

void FetcherManager::unfollow(Replica& replica) {
  for (auto& fetcher : fetchers_) {
    if (fetcher) fetcher->remove(replica);
  }
}

}  // namespace brokersim::kafka::broker
