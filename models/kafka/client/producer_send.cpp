// The sender: from the queues to the brokers (RecordAccumulator.ready and drain, Sender.sendProduceRequest).
#include <algorithm>
#include <utility>

#include "models/devices/host/host.h"
#include "models/kafka/client/producer.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

/// When the batch at the head of a queue may be sent, as far as it itself is concerned.
sim::SimTime Producer::ready_time(Slot head) const {
  const Batch& batch = accumulator_[head];
  if (batch.attempts > 0) {
    const bool new_leader = leaders()[batch.partition].epoch > batch.leader_epoch;
    return new_leader ? now() : batch.last_attempt + batch.backoff;
  }
  const bool full = batch.closed || accumulator_.queued(batch.partition) > 1;
  if (full || intake_.exhausted() || closing_ || flushing_) return now();
  return thread_ == nullptr ? batch.created + config().linger : on_its_clock(batch.created) + config().linger;
}

/// The sender's clock has milliseconds, and so has a batch's age (ProducerBatch.waitedTimeMs): the last tick by `at`.
sim::SimTime Producer::on_its_clock(sim::SimTime at) const {
  const std::int64_t since_tick = (at.ns + clock_phase_.ns) % kTick.ns;
  return at.ns < since_tick ? sim::SimTime{} : sim::SimTime{at.ns - since_tick};
}

/// The sender finds at `look` that a batch turns ready at a later tick: it selects for as many whole milliseconds as its
/// clock says are missing, which ends up to one later than the tick, and sleeps on for the timer's slack.
sim::SimTime Producer::next_look(sim::SimTime look, sim::SimTime ready) const {
  return look + (ready - on_its_clock(look)) + params_.costs.timer_slack;
}

/// Waits for an answer about an earlier batch of the partition, which will come as an event.
bool Producer::is_held_back(std::int32_t partition, Slot head) const {
  if (config().max_in_flight == 1 && in_flight_[static_cast<std::size_t>(partition)] > 0) return true;
  if (params_.gate != nullptr && !params_.gate->may_send(partition)) return true;
  return ordered_ && !sequences_.may_send(partition, head);
}

void Producer::send_ready() {
  if (thread_ != nullptr && !sending_) {  // the sender will look
    head_ready_ = sim::SimTime::max();    // it looks by itself
    if (sender_due_) return;
    find_ready();
    bool ready = false;
    for (const wire::BrokerId broker : ready_brokers_) ready = connections_.ready(broker) || ready;
    if (!ready) return;
    head_ready_ = sim::SimTime::max();
    sender_due_ = true;
    thread_->submit({}, sim::bind<&Producer::on_sender>(this));
    return;
  }
  for (bool sent = true; sent;) {
    sent = false;
    find_ready();
    for (const wire::BrokerId broker : ready_brokers_) {
      if (!connections_.ready(broker)) continue;
      send_one(broker);
      sent = true;
    }
    if (thread_ != nullptr) return;
  }
}

/// The sender's turn: one request for each broker that is ready. It looks again when it has done what they cost.
void Producer::on_sender() {
  sender_due_ = false;
  spent_ = {};
  begin();
  sending_ = true;
  settle();
  sending_ = false;
  if (spent_.ns == 0) return;
  sender_due_ = true;
  thread_->submit(spent_, sim::bind<&Producer::on_sender>(this));
}

/// Brokers to which something is ready, and when the next head turns ready.
void Producer::find_ready() {
  // A sender that sleeps is woken by what has happened now, and looks a little later.
  const sim::SimTime look = thread_ == nullptr || sending_ ? now() : now() + params_.costs.wake_up;
  head_ready_ = sim::SimTime::max();
  ready_brokers_.clear();
  for (const std::int32_t partition : accumulator_.active()) {
    const Slot head = accumulator_.head(partition);
    const wire::BrokerId leader = leaders()[partition].broker;
    const sim::SimTime ready = ready_time(head);
    if (leader < 0) {
      if (metadata_.known()) metadata_.request();
      continue;
    }
    if (is_held_back(partition, head)) continue;
    if (ready <= look) {
      const auto at = std::lower_bound(ready_brokers_.begin(), ready_brokers_.end(), leader);
      if (at == ready_brokers_.end() || *at != leader) ready_brokers_.insert(at, leader);
    } else if (!connections_.is_full(leader)) {
      head_ready_ = std::min(head_ready_, thread_ == nullptr ? ready : next_look(look, ready));
    }
  }
}

/// One batch of each partition that `broker` leads, ready or not, as long as the request has room; partitions
/// take turns to be first.
void Producer::choose_batches(wire::BrokerId broker) {
  const auto b = static_cast<std::size_t>(broker);
  if (drain_from_.size() <= b) drain_from_.resize(b + 1, 0);
  drained_.clear();
  const std::vector<std::int32_t>& active = accumulator_.active();
  const auto start = static_cast<std::size_t>(std::lower_bound(active.begin(), active.end(), drain_from_[b]) -
                                              active.begin());
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < active.size(); ++i) {
    const std::int32_t partition = active[(start + i) % active.size()];
    if (leaders()[partition].broker != broker) continue;
    const Slot head = accumulator_.head(partition);
    if (is_held_back(partition, head)) continue;
    if (accumulator_[head].attempts > 0 && ready_time(head) > now()) continue;
    if (!drained_.empty() && bytes + accumulator_[head].size() > config().max_request_size.n) break;
    bytes += accumulator_[head].size();
    drained_.push_back(partition);
  }
  SIM_CHECK(!drained_.empty(), "a broker was ready for nothing");
  drain_from_[b] = drained_.back() + 1;
}

void Producer::send_one(wire::BrokerId broker) {
  choose_batches(broker);
  if (free_requests_.empty()) {
    free_requests_.push_back(static_cast<std::uint32_t>(requests_.size()));
    requests_.emplace_back();
  }
  const std::uint32_t number = free_requests_.back();
  free_requests_.pop_back();
  Request& sent = requests_[number];
  auto request = std::make_unique<wire::ProduceRequest>();
  request->acks = config().acks;
  request->timeout = config().request_timeout;
  request->batches.reserve(drained_.size());
  if (params_.gate != nullptr) {
    request->transactional_id = config().transactional_id;
    request->adds_partitions = params_.adds_partitions;
  }
  for (const std::int32_t partition : drained_) {
    const Slot slot = accumulator_.pop(partition);
    if (!accumulator_[slot].closed) intake_.close(slot);
    sent.batches.push_back({slot, accumulator_[slot].generation, partition,
                            params_.partitions[static_cast<std::size_t>(partition)]});
    ++in_flight_[static_cast<std::size_t>(partition)];
    request->batches.push_back(pack(slot));
  }
  const sim::Bytes size = wire::wire_bytes(*request);
  const auto batches = static_cast<std::int64_t>(drained_.size());
  spent_ += params_.costs.client_request + params_.costs.client_batch * batches +
            per_byte(size.n, params_.costs.client_ps_per_byte);
  if (request_sent_.has_waiters()) [[unlikely]]
    request_sent_.notify_all();
  if (config().acks == Acks::none) {
    connections_.send_unanswered(broker, {wire::Api::produce, number}, size, std::move(request));
    return;
  }
  connections_.send(broker, {wire::Api::produce, number}, size, std::move(request));
}

bool Producer::has_sent(const history::RecordRange& records) const {
  for (const Request& request : requests_) {
    for (const Sent& sent : request.batches) {
      const Batch& batch = accumulator_[sent.slot];
      if (batch.generation == sent.generation && sent.id == records.partition &&
          batch.first <= records.first && records.first < batch.first + batch.count)
        return true;
    }
  }
  return false;
}

log::BatchData Producer::pack(Slot slot) {
  Batch& batch = accumulator_[slot];
  if (batch.sends++ == 0) {
    batch.first_sent = now();
    if (site_.machine != nullptr)
      batch.clock_error_ms = static_cast<std::int32_t>(site_.machine->clock().read(now()) / 1'000'000);
  }
  batch.leader_epoch = leaders()[batch.partition].epoch;
  address(batch);
  const Ticket ticket = ordered_ ? sequences_.take(batch.partition, slot, batch.count) : Ticket{};
  log::BatchData data;
  data.records = range(batch);
  data.producer_id = ticket.producer_id;
  data.producer_epoch = ticket.epoch;
  data.base_sequence = ticket.base_sequence;
  if (params_.gate != nullptr) data.kind = log::BatchKind::transactional;
  data.codec = config().compression.codec;
  data.compressed_percent = static_cast<std::uint8_t>(params_.compressed_percent);
  data.bytes = static_cast<std::int32_t>(batch.wire_bytes);
  data.raw_bytes = static_cast<std::int32_t>(batch.bytes);
  data.payload_bytes = static_cast<std::int32_t>(payload_of(batch));
  data.first_time = batch.intended_first;
  data.last_time = batch.intended_last;
  data.clock_error_ms = batch.clock_error_ms;
  return data;
}

void Producer::ask_for_producer_id() {
  if (sequences_.has_producer_id() || id_under_way_) return;
  if (id_not_before_ > now()) return;
  const wire::BrokerId broker = connections_.least_loaded(id_broker_.bits(id_requests_));
  if (broker < 0) return;  // on_broker_ready will come
  ++id_requests_;
  id_under_way_ = true;
  auto request = std::make_unique<wire::InitProducerIdRequest>();
  const sim::Bytes size = wire::wire_bytes(*request);
  connections_.send(broker, {wire::Api::init_producer_id, 0}, size, std::move(request));
}

}  // namespace brokersim::kafka::client
