#include "models/kafka/controller/quorum.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::controller {
namespace {

constexpr const char* kDirectory = "__cluster_metadata-0";

/// The epoch in quorum-state; 0 if there is none or it was lost.
std::int32_t parse_epoch(const std::optional<std::string>& content) {
  std::int32_t epoch = 0;
  if (content) std::from_chars(content->data(), content->data() + content->size(), epoch);
  return epoch;
}

}  // namespace

MetadataQuorum::MetadataQuorum(sim::Component& owner, network::Network& network,
                               storage::FileSystem& file_system, MetadataStore& store,
                               const QuorumConfig& config, QuorumListener& listener)
    : owner_(owner),
      network_(network),
      file_system_(file_system),
      config_(config),
      listener_(listener),
      state_file_(std::string(kDirectory) + "/quorum-state"),
      log_(store, file_system, kDirectory) {}

void MetadataQuorum::start() { owner_.spawn(load_and_lead()); }

sim::Task<void> MetadataQuorum::load_and_lead() {
  log_.open();
  if (log_.scanned().n > 0) co_await file_system_.read(log_.file(), sim::Bytes{0}, log_.scanned());
  listener_.on_loaded(log_);
  // A node alone in the quorum stands at once and has its majority with its own vote, which must be durable.
  epoch_ = std::max(parse_epoch(file_system_.read_whole(state_file_)), log_.last_epoch()) + 1;
  std::string vote = std::to_string(epoch_);
  sim::Task<storage::Status> voting = file_system_.replace(state_file_, std::move(vote));
  const storage::Status status = co_await voting;
  if (status != storage::Status::ok) {
    listener_.on_fatal();
    co_return;
  }
  leader_ = true;
  high_watermark_ = log_.end_offset();
  listener_.on_leader(epoch_);
}

void MetadataQuorum::append(Records records) {
  SIM_CHECK(leader_);
  if (records.empty()) return;
  const bool first = waiting_.empty();
  waiting_.insert(waiting_.end(), std::make_move_iterator(records.begin()),
                  std::make_move_iterator(records.end()));
  if (first) {
    linger_ = owner_.after(config_.append_linger, "controller.linger",
                           sim::bind<&MetadataQuorum::linger_over>(this));
  }
}

void MetadataQuorum::append_now(Records records) {
  append(std::move(records));
  owner_.cancel(linger_);
  linger_over();
}

void MetadataQuorum::linger_over() {
  drain_due_ = true;
  if (!flushing_) drain();
}

void MetadataQuorum::drain() {
  drain_due_ = false;
  if (waiting_.empty()) return;
  Records records = std::exchange(waiting_, {});
  const sim::Duration held_back = log_.append(std::move(records), epoch_);
  // One voter: committed here, before the fsync below (see the head of quorum.h).
  high_watermark_ = log_.end_offset();
  flushing_ = true;
  listener_.on_committed(log_.last_batch(), high_watermark_);
  answer_parked();
  owner_.spawn(flush(held_back));
}

sim::Task<void> MetadataQuorum::flush(sim::Duration held_back) {
  if (held_back > sim::Duration{}) co_await sim::delay(held_back, "controller.throttled");
  const storage::Status status = co_await file_system_.sync(log_.file());
  if (status != storage::Status::ok) {
    listener_.on_fatal();
    co_return;
  }
  flushing_ = false;
  while (!queued_.empty() && !flushing_) {
    Fetch fetch = std::move(queued_.front());
    queued_.pop_front();
    answer(std::move(fetch));
  }
  if (drain_due_) drain();
}

sim::Task<void> MetadataQuorum::sync() {
  drain();
  const storage::Status status = co_await file_system_.sync(log_.file());
  if (status != storage::Status::ok) listener_.on_fatal();
}

void MetadataQuorum::fetch(network::ConnectionId connection, const wire::MetadataFetchRequest& request) {
  const FetchPosition position{request.fetch_offset, request.known_high_watermark,
                               request.last_fetched_epoch};
  Fetch fetch{connection, request.correlation, position, std::min(request.max_wait, kFetchWaitMax)};
  if (flushing_) {
    queued_.push_back(fetch);
  } else {
    answer(fetch);
  }
}

void MetadataQuorum::forget(network::ConnectionId connection) {
  std::erase_if(queued_, [&](const Fetch& fetch) { return fetch.connection == connection; });
  std::erase_if(parked_, [&](Fetch& fetch) {
    if (fetch.connection != connection) return false;
    owner_.cancel(fetch.expiry);
    return true;
  });
}

FetchAnswer MetadataQuorum::judge(const Fetch& fetch) const {
  const LogPosition log{log_.end_offset(), high_watermark_, log_.epoch_before(fetch.position.offset)};
  return answer_fetch(fetch.position, log, config_.commit_wakes_fetch);
}

void MetadataQuorum::answer(Fetch fetch) {
  if (!leader_) {
    reply(fetch, wire::ErrorCode::not_leader_or_follower);
    return;
  }
  switch (judge(fetch)) {
    case FetchAnswer::reply: reply(fetch, wire::ErrorCode::none); return;
    case FetchAnswer::out_of_range: reply(fetch, wire::ErrorCode::offset_out_of_range); return;
    case FetchAnswer::park: park(std::move(fetch)); return;
  }
}

void MetadataQuorum::park(Fetch fetch) {
  fetch.number = next_fetch_++;
  fetch.expiry = owner_.after(fetch.max_wait, "controller.fetch_park",
                              sim::bind<&MetadataQuorum::park_over>(this, fetch.number));
  parked_.push_back(std::move(fetch));
}

void MetadataQuorum::answer_parked() {
  std::vector<Fetch> parked = std::exchange(parked_, {});
  for (Fetch& fetch : parked) {
    if (judge(fetch) == FetchAnswer::park) {
      parked_.push_back(std::move(fetch));
      continue;
    }
    owner_.cancel(fetch.expiry);
    reply(fetch, wire::ErrorCode::none);
  }
}

void MetadataQuorum::park_over(std::uint64_t number) {
  const auto found = std::find_if(parked_.begin(), parked_.end(),
                                  [&](const Fetch& fetch) { return fetch.number == number; });
  SIM_CHECK(found != parked_.end());
  const Fetch fetch = *found;
  parked_.erase(found);
  reply(fetch, wire::ErrorCode::none);
}

void MetadataQuorum::reply(const Fetch& fetch, wire::ErrorCode error) {
  auto response = std::make_unique<wire::MetadataFetchResponse>();
  response->correlation = fetch.correlation;
  response->error = error;
  response->high_watermark = high_watermark_;
  response->base_offset = log_.end_offset();
  if (error == wire::ErrorCode::none) {
    response->base_offset = fetch.position.offset;
    log_.read(fetch.position.offset, kFetchBytesMax, response->records);
    const auto count = static_cast<std::int64_t>(response->records.size());
    if (count > 0) response->last_epoch = log_.epoch_before(response->base_offset + count);
  }
  const sim::Bytes size = wire::wire_bytes(*response);
  network_.send(fetch.connection, size, std::move(response));
}

}  // namespace brokersim::kafka::controller
