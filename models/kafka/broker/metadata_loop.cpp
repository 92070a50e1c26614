#include "models/kafka/broker/metadata_loop.h"

#include <algorithm>

namespace brokersim::kafka::broker {

namespace {
constexpr sim::Duration kRequestTimeout = {2'000'000'000};  // controller.quorum.request.timeout.ms
constexpr sim::Duration kRetryBackoff = {20'000'000};       // controller.quorum.retry.backoff.ms
constexpr sim::Duration kMaxWait = {500'000'000};           // raft fetch max wait
}  // namespace

sim::Task<void> MetadataLoop::run() {
  for (;;) {
    auto request = std::make_unique<wire::MetadataFetchRequest>();
    request->fetch_offset = applied_ + static_cast<std::int64_t>(fetched_.size());
    request->known_high_watermark = cluster_.config.metadata_commit_wakes_fetch ? high_watermark_ : -1;
    request->last_fetched_epoch = last_epoch_;
    request->max_wait = kMaxWait;
    std::unique_ptr<wire::Message> answer = co_await controller_.call(std::move(request), kRequestTimeout);
    auto* response = static_cast<wire::MetadataFetchResponse*>(answer.get());
    if (response != nullptr && response->error == wire::ErrorCode::offset_out_of_range) {
      forget();
      continue;
    }
    if (response == nullptr || response->error != wire::ErrorCode::none) {
      co_await sim::delay(kRetryBackoff, "broker.metadata_retry");
      continue;
    }
    const std::int64_t next = applied_ + static_cast<std::int64_t>(fetched_.size());
    const std::int64_t known = std::clamp<std::int64_t>(next - response->base_offset, 0,
                                                        static_cast<std::int64_t>(response->records.size()));
    fetched_.insert(fetched_.end(), response->records.begin() + known, response->records.end());
    high_watermark_ = std::max(high_watermark_, response->high_watermark);
    if (response->last_epoch >= 0) last_epoch_ = response->last_epoch;
    co_await apply_committed(high_watermark_);
  }
}

// The controller lost records that were committed: one voter commits before its fsync (kafka-behaviour.md 5.1), so a
// power loss in between takes them back. Start over from its log, as from a snapshot.
void MetadataLoop::forget() {
  image_ = {};
  fetched_.clear();
  applied_ = 0;
  high_watermark_ = 0;
  last_epoch_ = -1;
}

sim::Task<void> MetadataLoop::apply_committed(std::int64_t high_watermark) {
  const auto count = static_cast<std::size_t>(
      std::clamp<std::int64_t>(high_watermark - applied_, 0, static_cast<std::int64_t>(fetched_.size())));
  if (count == 0) co_return;
  // One delta: several changes of a partition collapse into its last state.
  std::vector<wire::PartitionId> changed;
  bool brokers_changed = false;
  for (std::size_t i = 0; i < count; ++i) {
    const wire::MetadataRecord& record = fetched_[i];
    image_.apply(record);
    if (record.kind == wire::RecordKind::broker) brokers_changed = true;
    if (record.kind == wire::RecordKind::partition) changed.push_back(record.partition.partition);
  }
  fetched_.erase(fetched_.begin(), fetched_.begin() + static_cast<std::ptrdiff_t>(count));
  applied_ += static_cast<std::int64_t>(count);
  progress_.notify_all();
  if (!publishing_) co_return;
  if (brokers_changed) replicas_.refresh_eligible();
  std::sort(changed.begin(), changed.end());
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  for (const wire::PartitionId id : changed) {
    wire::PartitionState state = *image_.partition(id);
    co_await replicas_.apply(std::move(state));
  }
}

sim::Task<void> MetadataLoop::publish() {
  publishing_ = true;
  replicas_.refresh_eligible();
  for (std::size_t i = 0; i < image_.partitions().size(); ++i) {
    wire::PartitionState state = image_.partitions()[i];
    if (state.partition.n < 0) continue;
    co_await replicas_.apply(std::move(state));
  }
}

}  // namespace brokersim::kafka::broker
