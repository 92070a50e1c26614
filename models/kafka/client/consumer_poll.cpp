// The application of a consumer: poll, process, poll again.
#include <algorithm>
#include <utility>

#include "models/kafka/client/consumer.h"
#include "sim/check.h"

namespace brokersim::kafka::client {

/// One poll() if the application is free: up to max.poll.records in order of arrival. With free processing the
/// application polls until nothing is left.
void Consumer::poll() {
  while (application_free()) {
    if (member_ != nullptr && !poll_group()) return;
    if (buffer_.empty()) return;
    std::int64_t records = 0;
    handed_out_ = 0;
    while (!buffer_.empty() && records < params_.config.max_poll_records) {
      Fetched& fetched = buffer_.front();
      records += hand_out(fetched, params_.config.max_poll_records - records);
      if (fetched.next < fetched.batches.size()) continue;
      at(fetched.index).buffered = false;
      fetched.batches.clear();
      spare_.push_back(std::move(fetched.batches));
      buffer_.pop_front();
    }
    if (params_.commit == Commit::before_processing && !taken_.empty()) {
      committing_ = true;
      member_->commit_sync(consumed());
      continue;  // perhaps refused at once
    }
    begin_processing(records);
  }
}

bool Consumer::poll_group() {
  if (uncommitted_) {
    uncommitted_ = false;
    committing_ = true;
    member_->commit_sync(consumed());
    if (committing_) return false;
  }
  member_->poll();
  return !stopped_ && member_->may_hand_out();
}

/// The application works on `records` that it has just been given.
void Consumer::begin_processing(std::int64_t records) {
  const sim::Duration work = params_.process_cost * records + std::exchange(decompression_, sim::Duration{});
  if (params_.in_background) {
    worker_free_ = std::max(worker_free_, now()) + work;
    return;
  }
  if (work.ns > 0) busy_until_ = now() + work;
  if (member_ == nullptr || records == 0) return;
  uncommitted_ = params_.commit == Commit::after_processing;
  if (work.ns > 0) member_->processing_until(busy_until_);
}

/// The end of a commit before processing. What could not be committed is read again.
void Consumer::process_taken(bool committed) {
  std::vector<Taken> taken = std::exchange(taken_, {});
  if (committed) {
    std::int64_t records = 0;
    for (Taken& one : taken) {
      one.event.at = now();
      one.event.processed_from = now() + params_.process_cost * records;
      records += one.event.records.count;
      hand_over(one.index, one.event);
    }
    begin_processing(records);
    return;
  }
  decompression_ = {};
  for (std::size_t i = taken.size(); i-- > 0;) {
    Partition& partition = at(taken[i].index);
    if (partition.where != Where::fetching) continue;
    partition.position = taken[i].event.base_offset;
    partition.position_epoch = -1;
    partition.fetched_from = -1;
    partition.buffered = false;
    std::erase_if(buffer_, [&](const Fetched& fetched) { return fetched.index == taken[i].index; });
  }
}

/// Gives records of the next batch to the application, at most `records_max`; returns how many.
std::int64_t Consumer::hand_out(Fetched& fetched, std::int64_t records_max) {
  Partition& partition = at(fetched.index);
  const log::StoredBatch batch = store_[fetched.batches[fetched.next]];
  // A fetch returns whole batches: records before the position were read already (or skipped by a reset).
  const std::int64_t from = std::max(partition.position, batch.base_offset);
  if (batch.data.kind != log::BatchKind::plain && is_filtered(fetched, batch)) [[unlikely]] {
    ++fetched.next;
    partition.position = std::max(from, batch.next_offset());
    partition.position_epoch = batch.leader_epoch;
    return 0;
  }
  if (batch.cleaned != 0) return hand_out_cleaned(fetched, batch, from, records_max);
  const std::int64_t to = std::min(batch.next_offset(), from + records_max);
  if (batch.next_offset() <= to || to <= from) ++fetched.next;
  if (to <= from) return 0;
  tell(fetched, batch, from, to);
  partition.position = to;
  return to - from;
}

/// The same of a batch of which compaction left only some records: each piece without a gap is told for itself.
std::int64_t Consumer::hand_out_cleaned(Fetched& fetched, const log::StoredBatch& batch, std::int64_t from,
                                        std::int64_t records_max) {
  const std::vector<std::int32_t>& kept = store_.cleaned(batch.cleaned).kept;
  auto at_record = std::lower_bound(kept.begin(), kept.end(), from - batch.base_offset);
  std::int64_t given = 0;
  std::int64_t next = from;
  while (at_record != kept.end() && given < records_max) {
    const std::int64_t first = batch.base_offset + *at_record;
    std::int64_t end = first;
    while (at_record != kept.end() && batch.base_offset + *at_record == end && given < records_max) {
      ++at_record;
      ++end;
      ++given;
    }
    tell(fetched, batch, first, end);
    next = end;
  }
  if (at_record == kept.end()) {
    ++fetched.next;
    next = std::max(from, batch.next_offset());
  }
  at(fetched.index).position = next;
  return given;
}

/// CompletedFetch.nextFetchedRecord: aborted transactions are taken up as their first offset comes by, and left behind at
/// their marker.
bool Consumer::is_filtered(Fetched& fetched, const log::StoredBatch& batch) const {
  const std::int64_t id = batch.data.producer_id;
  if (params_.config.read_committed) {
    while (fetched.aborted_next < fetched.aborted.size() &&
           fetched.aborted[fetched.aborted_next].first_offset < batch.next_offset())
      fetched.aborting.push_back(fetched.aborted[fetched.aborted_next++].producer_id);
    if (batch.data.kind == log::BatchKind::abort) std::erase(fetched.aborting, id);
  }
  if (batch.data.is_marker()) return true;
  return std::find(fetched.aborting.begin(), fetched.aborting.end(), id) != fetched.aborting.end();
}

void Consumer::hand_over(std::int32_t index, const history::Consumed& event) {
  history_.record(event);
  if (params_.application != nullptr) params_.application->on_records(static_cast<std::size_t>(index), event);
}

/// Offsets [from, to) of the batch reach the application.
void Consumer::tell(const Fetched& fetched, const log::StoredBatch& batch, std::int64_t from,
                    std::int64_t to) {
  const std::int64_t skipped = from - batch.base_offset;
  const history::RecordRange& all = batch.data.records;
  history::Consumed event;
  event.at = now();
  event.consumer = params_.client;
  event.records = {all.producer, all.partition, all.first + skipped, to - from};
  event.base_offset = from;
  event.intended_first = log::record_time(batch.data.first_time, batch.data.last_time, all.count, skipped);
  event.intended_last =
      log::record_time(batch.data.first_time, batch.data.last_time, all.count, to - batch.base_offset - 1);
  event.broker = fetched.broker;
  at(fetched.index).position_epoch = batch.leader_epoch;
  const sim::SimTime from_when = params_.in_background ? std::max(worker_free_, now()) : now();
  event.processed_from = from_when + params_.process_cost * handed_out_;
  handed_out_ += to - from;
  event.process_cost = params_.process_cost;
  if (params_.commit == Commit::before_processing && member_ != nullptr) {
    taken_.push_back({fetched.index, event});
  } else {
    hand_over(fetched.index, event);
  }
  if (batch.data.codec != compute::Codec::none) {
    const std::int64_t raw = batch.data.raw_bytes - log::kBatchHeaderBytes;
    decompression_ += compute::codec_model(batch.data.codec).decompress(raw) * (to - from) / all.count;
  }
}

}  // namespace brokersim::kafka::client
