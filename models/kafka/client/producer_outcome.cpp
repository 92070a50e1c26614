// From answers, losses and time to the outcome of every batch (Sender.completeBatch, canRetry, failBatch).
#include <algorithm>
#include <utility>

#include "models/kafka/client/produce_errors.h"
#include "models/kafka/client/producer.h"
#include "models/log/sized_batch.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

using wire::ErrorCode;

void Producer::on_produce_response(wire::BrokerId broker, std::uint32_t number,
                                   const wire::ProduceResponse& response) {
  const std::vector<Sent>& batches = requests_[number].batches;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const Sent sent = batches[i];
    --in_flight_[static_cast<std::size_t>(sent.partition)];
    const wire::PartitionId id = sent.id;
    const auto& results = response.results;
    const auto found = i < results.size() && results[i].partition == id
                           ? results.begin() + static_cast<std::ptrdiff_t>(i)
                           : std::find_if(results.begin(), results.end(),
                                          [id](const wire::ProduceResult& r) { return r.partition == id; });
    SIM_CHECK(found != results.end(), "a produce response leaves out a partition");
    if (wants_metadata(found->error)) {
      if (metadata_.learn(id, found->leader, found->leader_epoch)) note_leaders();
      metadata_.request();
    }
    if (accumulator_[sent.slot].generation == sent.generation) answer(broker, sent.slot, *found);
  }
  release_request(number);
}

void Producer::on_produce_lost(wire::BrokerId broker, std::uint32_t number) {
  wire::ProduceResult lost;
  lost.error = ErrorCode::network_exception;
  metadata_.request();
  for (std::size_t i = 0; i < requests_[number].batches.size(); ++i) {
    const Sent sent = requests_[number].batches[i];
    --in_flight_[static_cast<std::size_t>(sent.partition)];
    if (accumulator_[sent.slot].generation == sent.generation) answer(broker, sent.slot, lost);
  }
  release_request(number);
}

/// acks=0: the socket has taken the request, and that is all the application asks for.
void Producer::on_produce_written(std::uint32_t number) {
  for (std::size_t i = 0; i < requests_[number].batches.size(); ++i) {
    const Sent sent = requests_[number].batches[i];
    --in_flight_[static_cast<std::size_t>(sent.partition)];
    if (accumulator_[sent.slot].generation != sent.generation) continue;
    finish(sent.slot, history::Outcome::acknowledged, ErrorCode::none, -1, -1);
  }
  release_request(number);
}

void Producer::release_request(std::uint32_t number) {
  requests_[number].batches.clear();
  free_requests_.push_back(number);
}

void Producer::on_producer_id(const wire::InitProducerIdResponse& response) {
  id_under_way_ = false;
  if (response.error == ErrorCode::none) {
    id_failures_ = 0;
    sequences_.set_producer_id(response.producer_id, response.producer_epoch);
    return;
  }
  const Backoff backoff{config().retry_backoff, config().retry_backoff_max};
  id_not_before_ = now() + backoff(id_failures_++, retry_jitter_.child(0).bits(id_requests_));
}

void Producer::answer(wire::BrokerId broker, Slot slot, const wire::ProduceResult& result) {
  Batch& batch = accumulator_[slot];
  if (result.error == ErrorCode::none) {
    if (ordered_) sequences_.acknowledged(batch.partition, slot);
    finish(slot, history::Outcome::acknowledged, ErrorCode::none, broker, result.base_offset);
    return;
  }
  if (!proves_not_stored(result.error, config().acks)) batch.maybe_stored = true;
  if (result.error == ErrorCode::message_too_large && batch.count > 1) {
    split(slot);
    return;
  }
  const bool in_time = now() < batch.created + config().delivery_timeout;
  const bool allowed = in_time && batch.attempts < config().retries;
  const bool gap = result.error == ErrorCode::out_of_order_sequence_number && params_.gate != nullptr &&
                   sequences_.is_next_expected(batch.partition, slot);
  if (gap) {  // a transaction never numbers anew: it is to be aborted
    fail(slot, result.error, broker);
  } else if (allowed && ordered_ && result.error == ErrorCode::out_of_order_sequence_number) {
    sequences_.out_of_order(batch.partition, slot);
    try_again(slot);
  } else if (allowed && is_retriable(result.error)) {
    try_again(slot);
  } else {
    fail(slot, result.error, broker);
  }
}

void Producer::try_again(Slot slot) {
  Batch& batch = accumulator_[slot];
  ++batch.attempts;
  batch.last_attempt = now();
  const auto id = static_cast<std::uint64_t>(params_.partitions[static_cast<std::size_t>(batch.partition)].n);
  const std::uint64_t bits = retry_jitter_.child(1 + id)
                                 .child(static_cast<std::uint64_t>(batch.first))
                                 .bits(static_cast<std::uint64_t>(batch.attempts));
  batch.backoff = Backoff{config().retry_backoff, config().retry_backoff_max}(batch.attempts - 1, bits);
  accumulator_.put_back(slot, ordered_);
}

/// MESSAGE_TOO_LARGE: two halves go instead, at once (Sender.completeBatch, RecordAccumulator.splitAndReenqueue).
void Producer::split(Slot slot) {
  const Batch parent = accumulator_[slot];
  const std::int64_t half = parent.count / 2;
  const Slot second = accumulator_.open_split(parent);
  const Slot first = accumulator_.open_split(parent);
  for (const Slot part : {first, second}) {
    Batch& batch = accumulator_[part];
    const std::int64_t from = part == first ? 0 : half;
    batch.count = part == first ? half : parent.count - half;
    batch.first = parent.first + from;
    batch.intended_first = log::record_time(parent.intended_first, parent.intended_last, parent.count, from);
    batch.intended_last =
        log::record_time(parent.intended_first, parent.intended_last, parent.count, from + batch.count - 1);
    batch.bytes =
        params_.law == nullptr
            ? log::batch_bytes(batch.count, params_.record_size.n, batch.intended_first, batch.intended_last)
            : log::sized_batch_bytes(*params_.law, params_.client, batch.partition, batch.first, batch.count,
                                     batch.intended_first, batch.intended_last);
    if (params_.law != nullptr)
      batch.payload =
          log::payload_bytes(*params_.law, params_.client, batch.partition, batch.first, batch.count);
    batch.wire_bytes = log::compressed_batch_bytes(codec_, batch.bytes);
  }
  if (ordered_) sequences_.split(parent.partition, slot, first, half, second);
  accumulator_.put_back(second, ordered_);
  accumulator_.put_back(first, ordered_);
  accumulator_.release(slot);
}

void Producer::fail(Slot slot, ErrorCode error, wire::BrokerId broker) {
  const Batch& batch = accumulator_[slot];
  // A gap of which the broker complained in vain is a gap, whatever is left of the retries (handleFailedBatch).
  const bool refused = batch.attempts < config().retries || error == ErrorCode::out_of_order_sequence_number;
  if (ordered_) sequences_.failed(batch.partition, slot, refused);
  finish(slot, batch.maybe_stored ? history::Outcome::unknown : history::Outcome::failed, error, broker, -1);
}

void Producer::finish(Slot slot, history::Outcome outcome, ErrorCode error, wire::BrokerId broker,
                      std::int64_t base_offset) {
  const Batch& batch = accumulator_[slot];
  history::ProduceOutcome event;
  event.at = now();
  event.records = range(batch);
  event.outcome = outcome;
  event.error = static_cast<std::int16_t>(error);
  event.broker = broker;
  event.base_offset = base_offset;
  event.acks = static_cast<std::int8_t>(config().acks);
  event.intended_first = batch.intended_first;
  event.intended_last = batch.intended_last;
  event.first_sent = batch.sends > 0 ? batch.first_sent : now();
  event.attempts = batch.sends;
  event.payload = {payload_of(batch)};
  history_.record(event);
  accumulator_.release(slot);
  if (accumulator_.live() == 0) flushing_ = false;
  if (params_.listener != nullptr) params_.listener->on_outcome(event);
}

void Producer::abort_unsent() {
  begin();
  while (!submissions_.empty()) {
    const std::uint64_t ticket = submissions_.front().ticket;
    submissions_.pop_front();
    params_.listener->on_refused(ticket);
  }
  const std::vector<std::int32_t> partitions = accumulator_.active();
  for (const std::int32_t partition : partitions) {
    std::vector<Slot> unsent;
    for (Slot slot = accumulator_.head(partition); slot != kNoSlot; slot = accumulator_[slot].next) {
      if (accumulator_[slot].sends == 0) unsent.push_back(slot);
    }
    for (const Slot slot : unsent) {
      if (!accumulator_[slot].closed) intake_.close(slot);
      record_sent();
      accumulator_.remove(slot);
      finish(slot, history::Outcome::failed, ErrorCode::operation_not_attempted, -1, -1);
    }
  }
  flushing_ = accumulator_.live() > 0;
  settle();
}

/// delivery.timeout.ms has passed since a batch was opened: the application hears an error, whatever becomes of it.
void Producer::expire() {
  for (Slot slot = accumulator_.oldest(); slot != kNoSlot; slot = accumulator_.oldest()) {
    const Batch& batch = accumulator_[slot];
    if (now() < batch.created + config().delivery_timeout) return;
    if (!batch.closed) intake_.close(slot);
    record_sent();
    if (batch.where == Batch::Where::queued) accumulator_.remove(slot);
    const bool in_flight = batch.where == Batch::Where::in_flight;
    if (ordered_) sequences_.expired(batch.partition, slot);
    const bool maybe = batch.maybe_stored || in_flight;
    finish(slot, maybe ? history::Outcome::unknown : history::Outcome::failed, ErrorCode::request_timed_out,
           -1, -1);
  }
}

/// What the application has sent joins batches as long as there is room; what has waited max.block.ms is refused.
void Producer::submit_waiting() {
  while (!submissions_.empty()) {
    const Submission first = submissions_.front();
    const auto ordinal = intake_.submit(first.partition, first.since, now(), first.row);
    if (!ordinal) break;
    submissions_.pop_front();
    const history::PartitionId id = params_.partitions[static_cast<std::size_t>(first.partition)];
    params_.listener->on_joined(first.ticket, {params_.client, id, *ordinal, 1});
  }
  while (!submissions_.empty() &&
         (intake_.too_large() || submissions_.front().since + config().max_block <= now())) {
    const std::uint64_t ticket = submissions_.front().ticket;
    submissions_.pop_front();
    params_.listener->on_refused(ticket);
  }
}

/// send() has waited max.block.ms for memory or metadata, or the record is too large for any: it throws, and the application
/// goes on.
void Producer::refuse_blocked() {
  while (intake_.blocked() &&
         (intake_.too_large() || intake_.blocked_since() + config().max_block <= now())) {
    const bool too_large = intake_.too_large();
    const Refused refused = intake_.refuse(now());
    const history::RecordRange record{
        params_.client, params_.partitions[static_cast<std::size_t>(refused.partition)], refused.ordinal, 1};
    history_.record(history::Sent{now(), record});
    history::ProduceOutcome event;
    event.at = now();
    event.records = record;
    event.outcome = history::Outcome::failed;
    event.error =
        static_cast<std::int16_t>(too_large ? ErrorCode::message_too_large : ErrorCode::request_timed_out);
    event.acks = static_cast<std::int8_t>(config().acks);
    event.intended_first = refused.intended;
    event.intended_last = refused.intended;
    event.first_sent = now();
    event.payload = {refused.size};
    history_.record(event);
    intake_.advance(now());
  }
}

void Producer::record_sent() {
  for (const Slot slot : intake_.closed()) {
    Batch& batch = accumulator_[slot];
    if (batch.told < 0) batch.told = params_.partitions[static_cast<std::size_t>(batch.partition)].n;
    history_.record(history::Sent{now(), range(batch)});
  }
  intake_.closed().clear();
}

/// Before it is sent: it goes to the partition that bears its name now.
void Producer::address(Batch& batch) {
  const history::PartitionId current = params_.partitions[static_cast<std::size_t>(batch.partition)];
  if (batch.told == current.n) return;
  const bool moves = batch.told >= 0;
  if (moves) {
    history::RecordRange back = range(batch);
    back.count = -back.count;
    history_.record(history::Sent{now(), back});
  }
  batch.told = current.n;
  if (moves) history_.record(history::Sent{now(), range(batch)});
}

history::RecordRange Producer::range(const Batch& batch) const {
  const history::PartitionId id{
      batch.told >= 0 ? batch.told : params_.partitions[static_cast<std::size_t>(batch.partition)].n};
  return {params_.client, id, batch.first, batch.count};
}

}  // namespace brokersim::kafka::client
