#include "models/kafka/broker/metadata_loop.h"

#include <algorithm>

namespace brokersim::kafka::broker {

namespace {
constexpr sim::Duration kMaxWait = {500'000'000};  // raft fetch max wait
}  // namespace

sim::Task<void> MetadataLoop::run() {
  for (;;) {
    const wire::NodeId from = whom_to_ask();
    quorum_.retarget(cluster_.controller_hosts[static_cast<std::size_t>(from)]);
    const bool answered = co_await fetch(from);
    if (!answered) {
      leader_failed_ = from == leader_.leader;
      co_await sim::delay(cluster_.config.controller_retry_backoff, "broker.metadata_retry");
    }
  }
}

wire::NodeId MetadataLoop::whom_to_ask() {
  const bool ask_leader = leader_.leader != wire::kNoNode && !leader_failed_;
  leader_failed_ = false;
  if (ask_leader) return leader_.leader;
  const auto voters = cluster_.controller_hosts.size();
  if (voters == 1) return 0;
  return static_cast<wire::NodeId>(owner_.stream("quorum.bootstrap").below(draws_++, voters));
}

void MetadataLoop::learn(std::int32_t epoch, wire::NodeId leader) {
  if (epoch < leader_.epoch ||
      (epoch == leader_.epoch && (leader == wire::kNoNode || leader == leader_.leader)))
    return;
  leader_.epoch = epoch;
  leader_.leader = leader;
  leader_failed_ = false;
  leader_.changed.notify_all();
}

/// False: no answer that helps.
sim::Task<bool> MetadataLoop::fetch(wire::NodeId from) {
  auto request = std::make_unique<wire::MetadataFetchRequest>();
  request->epoch = leader_.epoch;
  request->fetch_offset = held_.end_offset();
  request->last_fetched_epoch = held_.last_epoch();
  request->known_high_watermark = cluster_.config.metadata_commit_wakes_fetch ? high_watermark_ : -1;
  request->max_wait = kMaxWait;
  std::unique_ptr<wire::Message> answer =
      co_await quorum_.call(std::move(request), cluster_.config.controller_request_timeout);
  const auto* response = static_cast<const wire::MetadataFetchResponse*>(answer.get());
  if (response == nullptr) co_return false;
  const std::int32_t epoch = leader_.epoch;
  learn(response->epoch, response->leader);
  if (response->error != wire::ErrorCode::none)
    co_return leader_.epoch > epoch&& leader_.leader != wire::kNoNode;
  if (response->leader != from || response->epoch != leader_.epoch) co_return false;
  if (response->diverging) {
    cut(*response->diverging);
    co_return true;
  }
  if (response->snapshot) {
    const wire::OffsetEpoch id = *response->snapshot;
    const bool loaded = co_await fetch_snapshot(id);
    co_return loaded;
  }
  for (const wire::MetadataBatch* batch : response->batches) {
    if (batch->base_offset != held_.end_offset()) continue;
    fetched_.push_back(batch);
    held_.append(batch->epoch, static_cast<std::int64_t>(batch->records.size()));
  }
  high_watermark_ = std::max(high_watermark_, response->high_watermark);
  co_await apply_committed();
  co_return true;
}

sim::Task<bool> MetadataLoop::fetch_snapshot(wire::OffsetEpoch id) {
  for (std::int64_t position = 0;;) {
    auto request = std::make_unique<wire::FetchSnapshotRequest>();
    request->epoch = leader_.epoch;
    request->snapshot = id;
    request->position = position;
    std::unique_ptr<wire::Message> answer =
        co_await quorum_.call(std::move(request), cluster_.config.controller_request_timeout);
    const auto* response = static_cast<const wire::FetchSnapshotResponse*>(answer.get());
    if (response == nullptr) co_return false;
    learn(response->epoch, response->leader);
    if (response->error != wire::ErrorCode::none) co_return false;
    position += response->bytes;
    if (position < response->snapshot->bytes) continue;
    if (id.offset <= applied_) co_return false;
    image_ = response->snapshot->image;
    break;
  }
  fetched_.clear();
  params_.history->record(history::MetadataLogChanged{owner_.now(), params_.id, /*observer=*/true,
                                                      history::MetadataChange::snapshot, id.epoch, applied_,
                                                      id.offset});
  held_ = raft::EpochLog(id);
  applied_ = id.offset;
  high_watermark_ = std::max(high_watermark_, id.offset);
  progress_.notify_all();
  std::vector<wire::PartitionId> all;
  for (const wire::PartitionState& state : image_.partitions()) {
    if (state.partition.n >= 0) all.push_back(state.partition);
  }
  co_await act_on(std::move(all), true);
  co_return true;
}

/// What was fetched in an epoch whose leader could not commit it is replaced.
void MetadataLoop::cut(wire::OffsetEpoch diverging) {
  const std::int64_t offset = held_.truncation_point(diverging);
  if (offset < applied_) {
    forget();
    return;
  }
  while (!fetched_.empty() && fetched_.back()->base_offset >= offset) fetched_.pop_back();
  held_.truncate(fetched_.empty() ? applied_ : fetched_.back()->next_offset());
}

// The controller lost records that were committed: one voter commits before its fsync (kafka-behaviour.md 5.1), so a
// power loss in between takes them back. Kafka's broker would have to cut below its high watermark, which it refuses: its
// Raft client stops the process. Here it starts over from the controller's log, as from a snapshot.
void MetadataLoop::forget() {
  image_ = {};
  fetched_.clear();
  held_ = {};
  applied_ = 0;
  high_watermark_ = 0;
}

sim::Task<void> MetadataLoop::apply_committed() {
  if (stalled_) co_return;
  // One delta: several changes of a partition collapse into its last state.
  std::vector<wire::PartitionId> changed;
  bool brokers_changed = false;
  std::size_t count = 0;
  while (count < fetched_.size() && fetched_[count]->next_offset() <= high_watermark_) {
    for (const wire::LoggedRecord& logged : fetched_[count]->records) {
      image_.apply(logged.record);
      if (logged.record.kind == wire::RecordKind::broker) brokers_changed = true;
      if (logged.record.kind == wire::RecordKind::partition ||
          logged.record.kind == wire::RecordKind::partition_removed)
        changed.push_back(logged.record.partition->partition);
    }
    params_.history->record(history::MetadataLogChanged{
        owner_.now(), params_.id, /*observer=*/true, history::MetadataChange::committed,
        fetched_[count]->epoch, fetched_[count]->base_offset, fetched_[count]->next_offset()});
    applied_ = fetched_[count]->next_offset();
    ++count;
  }
  if (count == 0) co_return;
  fetched_.erase(fetched_.begin(), fetched_.begin() + static_cast<std::ptrdiff_t>(count));
  progress_.notify_all();
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  co_await act_on(std::move(changed), brokers_changed);
}

sim::Task<void> MetadataLoop::act_on(std::vector<wire::PartitionId> changed, bool brokers_changed) {
  if (!publishing_) co_return;
  if (brokers_changed) replicas_.refresh_eligible();
  for (const wire::PartitionId id : changed) {
    const wire::PartitionState* known = image_.partition(id);
    if (known == nullptr) {
      replicas_.topic_deleted(id);
      continue;
    }
    if (!replicas_.concerns(*known)) continue;
    wire::PartitionState state = *known;
    co_await replicas_.apply(std::move(state));
  }
}

sim::Task<void> MetadataLoop::publish() {
  publishing_ = true;
  replicas_.refresh_eligible();
  replicas_.drop_strays();
  for (std::size_t i = 0; i < image_.partitions().size(); ++i) {
    if (!replicas_.concerns(image_.partitions()[i])) continue;
    wire::PartitionState state = image_.partitions()[i];
    co_await replicas_.apply(std::move(state));
  }
}

}  // namespace brokersim::kafka::broker
