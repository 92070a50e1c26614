// The application of a share consumer, and its membership of the group.
#include "models/kafka/client/share_consumer.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "models/devices/host/host.h"
#include "models/history/keys.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::AcknowledgeType;
using wire::ErrorCode;

namespace {

ConnectionConfig connection_config(const ShareConsumerParams& params, compute::ThreadPool* thread) {
  const ConsumerConfig& config = params.config;
  ConnectionConfig result;
  result.request_timeout = config.request_timeout;
  result.reconnect = {config.reconnect_backoff, config.reconnect_backoff_max};
  result.setup = {config.socket_connection_setup_timeout, config.socket_connection_setup_timeout_max};
  result.send_buffer = config.send_buffer;
  result.receive_buffer = config.receive_buffer;
  result.security = config.security;
  result.thread = thread;
  if (thread != nullptr) {
    result.response_cost = params.costs.client_request + params.costs.client_response;
    result.response_ps_per_byte = params.costs.client_ps_per_byte;
  }
  return result;
}

/// Uuid.randomUuid(): members name themselves.
std::string member_id(const sim::Stream& draws) {
  char text[40];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(draws.bits(0)),
                static_cast<unsigned long long>(draws.bits(1)));
  return text;
}

}  // namespace

bool is_poison(const history::RecordRange& record, std::int32_t permille) {
  if (permille == 0) return false;
  const history::KeySpace space{1, permille, 0x9015D0ull, 0};
  return history::is_tombstone(space, record.producer, record.partition, record.first);
}

ShareConsumer::ShareConsumer(sim::Process& process, const ClientSite& site, ShareConsumerParams params,
                             const log::BatchStore& store, history::History& history)
    : component_(process, process.path() + "/share_consumer"),
      site_(site),
      params_(std::move(params)),
      store_(store),
      history_(history),
      thread_(make_thread(component_, site_, params_.costs)),
      connections_(component_, site_, connection_config(params_, thread_.get()), *this),
      metadata_(
          component_, site_, connections_,
          {{params_.config.retry_backoff, params_.config.retry_backoff_max}, params_.config.metadata_max_age},
          params_.partitions),
      calls_(component_, site_, connection_config(params_, nullptr), params_.config.retry_backoff,
             params_.bootstrap),
      member_(member_id(component_.stream("member_id").child(site.life))),
      heartbeat_interval_{5'000'000'000} {
  SIM_CHECK(!params_.bootstrap.empty(), params_.name + " knows no broker");
  SIM_CHECK(params_.config.max_poll_records > 0);
  for (const wire::BrokerEndpoint& endpoint : params_.bootstrap) connections_.learn(endpoint);
}

void ShareConsumer::start() {
  if (site_.life > 1) history_.record(history::ClientRestarted{now(), params_.client});
  if (params_.partitions.empty()) return;
  component_.spawn(run());
  component_.spawn(heartbeats());
}

void ShareConsumer::terminate() {
  if (closing_) return;
  closing_ = true;
  heartbeat_now_.notify_all();
  changed_.notify_all();
  component_.spawn(close());
}

// --- the application ------------------------------------------------------------------------------------------------------

sim::Task<void> ShareConsumer::run() {
  if (now() < params_.start) co_await sim::delay(params_.start - now(), "share_consumer.start");
  std::vector<Piece> taken;
  while (!closing_ && !failed_) {
    // poll()
    if (buffer_.empty()) {
      const sim::Duration wait = request_all();
      metadata_.poke();
      if (wait == sim::Duration::max()) {
        co_await changed_.wait();
      } else {
        co_await changed_.wait_for(wait);
      }
      continue;
    }
    send_acknowledgements(/*closing=*/false);
    taken.clear();
    const sim::Duration work = hand_out(taken);
    if (work.ns > 0) co_await sim::delay(work, "share_consumer.work");
    for (const Piece& piece : taken) say(piece);
  }
}

/// Up to max.poll.records records for the application; returns how long it works on them.
sim::Duration ShareConsumer::hand_out(std::vector<Piece>& taken) {
  std::int64_t records = 0;
  sim::Duration decompression;
  while (!buffer_.empty() && records < params_.config.max_poll_records) {
    Piece piece = buffer_.front();
    const std::int64_t room = params_.config.max_poll_records - records;
    if (piece.end - piece.first > room) {
      piece.end = piece.first + room;
      buffer_.front().first = piece.end;
    } else {
      buffer_.pop_front();
    }
    const log::StoredBatch batch = store_[piece.batch];
    const history::RecordRange& all = batch.data.records;
    const std::int64_t skipped = piece.first - batch.base_offset;
    const std::int64_t count = piece.end - piece.first;
    history::Consumed event;
    event.at = now();
    event.consumer = params_.client;
    event.records = {all.producer, all.partition, all.first + skipped, count};
    event.base_offset = piece.first;
    event.intended_first = log::record_time(batch.data.first_time, batch.data.last_time, all.count, skipped);
    event.intended_last =
        log::record_time(batch.data.first_time, batch.data.last_time, all.count, skipped + count - 1);
    event.processed_from = now() + params_.process_cost * records;
    event.process_cost = params_.process_cost;
    event.broker = piece.broker;
    history_.record(event);
    if (batch.data.codec != compute::Codec::none) {
      const std::int64_t raw = batch.data.raw_bytes - log::kBatchHeaderBytes;
      decompression += compute::codec_model(batch.data.codec).decompress(raw) * count / all.count;
    }
    records += count;
    taken.push_back(piece);
  }
  return params_.process_cost * records + decompression;
}

/// The application is through with these records and polls again, which acknowledges them.
void ShareConsumer::say(const Piece& piece) {
  Node& node = nodes_[piece.broker];
  const log::StoredBatch batch = store_[piece.batch];
  const wire::PartitionId partition = batch.data.records.partition;
  const bool all = params_.poison_permille == 0 || !params_.config.explicit_acknowledgement;
  if (all) return add(node.due, partition, piece.first, piece.end, AcknowledgeType::accept);
  for (std::int64_t offset = piece.first; offset < piece.end; ++offset) {
    history::RecordRange record = batch.data.records;
    record.first += offset - batch.base_offset;
    record.count = 1;
    const AcknowledgeType type = !is_poison(record, params_.poison_permille) ? AcknowledgeType::accept
                                 : params_.rejects_poison                    ? AcknowledgeType::reject
                                                                             : AcknowledgeType::release;
    add(node.due, partition, offset, offset + 1, type);
  }
}

// --- the group ------------------------------------------------------------------------------------------------------------

sim::Task<void> ShareConsumer::heartbeats() {
  if (now() < params_.start) co_await sim::delay(params_.start - now(), "share_consumer.start");
  for (;;) {
    if (closing_ && member_epoch_ <= 0) break;
    auto request = std::make_unique<wire::ShareGroupHeartbeatRequest>();
    request->group = params_.group;
    request->member = member_;
    request->client_id = params_.name;
    request->member_epoch = closing_ ? -1 : member_epoch_;
    request->full = member_epoch_ == 0;
    if (request->full) request->topics = {params_.topic};
    const bool leaving = closing_;
    sim::Task<std::unique_ptr<wire::Message>> asking =
        calls_.ask(CoordinatorCalls::Of::group, params_.group, std::move(request));
    const std::unique_ptr<wire::Message> answer = co_await asking;
    if (leaving) break;
    const bool heard =
        answer != nullptr && take_answer(static_cast<const wire::ShareGroupHeartbeatResponse&>(*answer));
    if (failed_) break;
    co_await heartbeat_now_.wait_for(heard ? heartbeat_interval_ : params_.config.retry_backoff);
  }
  left_ = true;
  changed_.notify_all();
}

/// False: to be asked again soon.
bool ShareConsumer::take_answer(const wire::ShareGroupHeartbeatResponse& answer) {
  switch (answer.error) {
    case ErrorCode::none: break;
    case ErrorCode::not_coordinator:
    case ErrorCode::coordinator_not_available: calls_.forget(CoordinatorCalls::Of::group); return false;
    case ErrorCode::unknown_member_id:
    case ErrorCode::fenced_member_epoch:
      member_epoch_ = 0;  // it joins anew, and gives up its partitions
      assigned_.clear();
      return false;
    case ErrorCode::coordinator_load_in_progress: return false;
    default: fail_for_good(answer.error); return true;  // the group is full, or of another kind
  }
  member_epoch_ = answer.member_epoch;
  heartbeat_interval_ = answer.heartbeat_interval;
  if (answer.assignment_given) {
    assigned_ = answer.assignment;
    std::sort(assigned_.begin(), assigned_.end());
    changed_.notify_all();
  }
  return true;
}

/// The application sees an exception (ShareMembershipManager.transitionToFatal): it polls no more.
void ShareConsumer::fail_for_good(ErrorCode error) {
  failed_ = true;
  member_epoch_ = 0;
  assigned_.clear();
  history_.record(
      history::ClientFailed{now(), params_.client, params_.group, static_cast<std::int16_t>(error)});
  changed_.notify_all();
}

sim::Task<void> ShareConsumer::close() {
  const sim::SimTime deadline = now() + params_.config.request_timeout;
  for (;;) {
    send_acknowledgements(/*closing=*/true);
    const bool quiet = std::all_of(nodes_.begin(), nodes_.end(), [](const auto& entry) {
      return !entry.second.under_way && entry.second.epoch == 0;
    });
    if ((quiet && left_) || now() >= deadline) break;
    co_await changed_.wait_for(deadline - now());
  }
  connections_.close_all();
  calls_.close();
  if (site_.machine != nullptr) site_.machine->exited(site_.service);
}

}  // namespace brokersim::kafka::client
