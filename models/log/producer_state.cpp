#include "models/log/producer_state.h"

#include <algorithm>

namespace brokersim::log {

SequenceVerdict ProducerState::check(const BatchData& batch) const {
  if (batch.producer_id < 0) return {};
  const auto found = entries_.find(batch.producer_id);
  if (found == entries_.end()) {
    // No state at all: any first sequence is accepted, but for a transaction of which an earlier batch has been seen
    // to ask (KAFKA-14920).
    if (batch.kind != BatchKind::transactional) return {};
    const auto asked = verifications_.find(batch.producer_id);
    const bool later = asked != verifications_.end() && asked->second.epoch == batch.producer_epoch &&
                       batch.base_sequence > asked->second.lowest_sequence;
    return {later ? SequenceCheck::out_of_order : SequenceCheck::append, -1};
  }
  const Entry& entry = found->second;
  if (batch.producer_epoch < entry.epoch) return {SequenceCheck::fenced, -1};
  if (batch.base_sequence < 0) return {};  // offsets that a group coordinator writes for a transaction
  if (batch.producer_epoch > entry.epoch) {
    return {batch.base_sequence == 0 ? SequenceCheck::append : SequenceCheck::out_of_order, -1};
  }
  for (std::int32_t i = 0; i < entry.count; ++i) {
    const Cached& cached = entry.batches[static_cast<std::size_t>(i)];
    if (cached.first_sequence == batch.base_sequence && cached.last_sequence == batch.last_sequence()) {
      return {SequenceCheck::duplicate, cached.base_offset};
    }
  }
  if (entry.transaction_first >= 0 && batch.kind == BatchKind::plain) return {SequenceCheck::bad_state, -1};
  if (entry.count == 0) {
    // A marker brought this epoch (TV2): the producer begins it at 0.
    const bool begins = batch.base_sequence == 0 || batch.kind == BatchKind::plain;
    return {begins ? SequenceCheck::append : SequenceCheck::out_of_order, -1};
  }
  const std::int32_t last = entry.batches[static_cast<std::size_t>(entry.count - 1)].last_sequence;
  const std::int32_t next = last == 0x7FFFFFFF ? 0 : last + 1;
  return {batch.base_sequence == next ? SequenceCheck::append : SequenceCheck::out_of_order, -1};
}

MarkerCheck ProducerState::check_marker(const BatchData& marker) const {
  const auto found = entries_.find(marker.producer_id);
  if (found == entries_.end()) return MarkerCheck::append;
  if (marker.producer_epoch < found->second.epoch) return MarkerCheck::fenced;
  if (marker.coordinator_epoch < found->second.coordinator_epoch) return MarkerCheck::coordinator_fenced;
  return MarkerCheck::append;
}

bool ProducerState::is_latest(const StoredBatch& batch) const {
  const auto found = entries_.find(batch.data.producer_id);
  if (batch.data.producer_id < 0 || found == entries_.end() || found->second.count == 0) return false;
  return found->second.batches[static_cast<std::size_t>(found->second.count - 1)].base_offset ==
         batch.base_offset;
}

void ProducerState::keep_latest() {
  for (auto& [producer, entry] : entries_) {
    if (entry.count == 0) continue;
    entry.batches[0] = entry.batches[static_cast<std::size_t>(entry.count - 1)];
    entry.count = 1;
  }
}

void ProducerState::clear() {
  entries_.clear();
  open_.clear();
  ended_.clear();
  aborted_.clear();
  verifications_.clear();
}

void ProducerState::note(const StoredBatch& batch) {
  if (batch.data.producer_id < 0) return;
  Entry& entry = entries_[batch.data.producer_id];
  if (batch.data.producer_epoch != entry.epoch) {
    entry.epoch = batch.data.producer_epoch;
    entry.count = 0;
  }
  if (batch.data.is_marker()) [[unlikely]]
    return end_transaction(batch, entry);
  if (batch.data.kind == BatchKind::transactional) {
    if (entry.transaction_first < 0) {
      entry.transaction_first = batch.base_offset;
      open_[batch.base_offset] = batch.data.producer_id;
    }
    if (!verifications_.empty()) verifications_.erase(batch.data.producer_id);
    if (batch.data.base_sequence < 0) return;
  }
  if (entry.count == static_cast<std::int32_t>(entry.batches.size())) {
    std::move(entry.batches.begin() + 1, entry.batches.end(), entry.batches.begin());
    --entry.count;
  }
  entry.batches[static_cast<std::size_t>(entry.count++)] = {batch.data.base_sequence,
                                                            batch.data.last_sequence(), batch.base_offset};
}

void ProducerState::end_transaction(const StoredBatch& marker, Entry& entry) {
  entry.coordinator_epoch = std::max(entry.coordinator_epoch, marker.data.coordinator_epoch);
  verifications_.erase(marker.data.producer_id);
  if (entry.transaction_first < 0) return;
  const std::int64_t first = entry.transaction_first;
  entry.transaction_first = -1;
  open_.erase(first);
  ended_.push_back({first, marker.base_offset});
  if (marker.data.kind == BatchKind::abort) {
    const std::int64_t stable = open_.empty() ? marker.base_offset + 1 : open_.begin()->first;
    aborted_.push_back({marker.data.producer_id, first, marker.base_offset, stable});
  }
}

bool ProducerState::needs_verification(const BatchData& batch) const {
  if (batch.kind != BatchKind::transactional) return false;
  const auto found = entries_.find(batch.producer_id);
  return found == entries_.end() || found->second.transaction_first < 0 ||
         found->second.epoch != batch.producer_epoch;
}

std::uint64_t ProducerState::begin_verification(const BatchData& batch) {
  Verification& entry = verifications_[batch.producer_id];
  if (entry.guard == 0 || entry.epoch != batch.producer_epoch) {
    entry = {++guards_, batch.producer_epoch, batch.base_sequence, false};
  } else {
    entry.lowest_sequence = std::min(entry.lowest_sequence, batch.base_sequence);
  }
  return entry.guard;
}

void ProducerState::grant(const BatchData& batch, std::uint64_t guard) {
  const auto found = verifications_.find(batch.producer_id);
  if (found != verifications_.end() && found->second.guard == guard) found->second.granted = true;
}

bool ProducerState::granted(const BatchData& batch) const {
  const auto found = verifications_.find(batch.producer_id);
  return found != verifications_.end() && found->second.granted && found->second.epoch == batch.producer_epoch;
}

std::int64_t ProducerState::last_stable_offset(std::int64_t high_watermark) const {
  std::int64_t stable = high_watermark;
  if (!open_.empty()) stable = std::min(stable, open_.begin()->first);
  for (const Ended& ended : ended_) {
    if (ended.marker >= high_watermark) stable = std::min(stable, ended.first);
  }
  return stable;
}

void ProducerState::high_watermark_moved(std::int64_t high_watermark) {
  std::size_t gone = 0;
  while (gone < ended_.size() && ended_[gone].marker < high_watermark) ++gone;
  ended_.erase(ended_.begin(), ended_.begin() + static_cast<std::ptrdiff_t>(gone));
}

std::vector<AbortedTransaction> ProducerState::aborted_within(std::int64_t from, std::int64_t to) const {
  std::vector<AbortedTransaction> found;
  const auto first = std::partition_point(aborted_.begin(), aborted_.end(),
                                          [from](const AbortedTransaction& t) { return t.last_offset < from; });
  for (auto at = first; at != aborted_.end(); ++at) {
    if (at->first_offset < to) found.push_back(*at);
    if (at->last_stable_offset >= to) break;  // whatever ends later has begun later
  }
  return found;
}

bool ProducerState::is_aborted(const StoredBatch& batch) const {
  if (aborted_.empty() || batch.data.kind != BatchKind::transactional) return false;
  const auto first =
      std::partition_point(aborted_.begin(), aborted_.end(), [&](const AbortedTransaction& t) {
        return t.last_offset < batch.base_offset;
      });
  for (auto at = first; at != aborted_.end(); ++at) {
    if (at->producer_id == batch.data.producer_id && at->first_offset <= batch.base_offset) return true;
    if (at->last_stable_offset > batch.base_offset) break;
  }
  return false;
}

std::vector<OpenTransaction> ProducerState::open() const {
  std::vector<OpenTransaction> list;
  for (const auto& [first, id] : open_) list.push_back({id, entries_.at(id).epoch, first});
  return list;
}

bool ProducerState::is_open(std::int64_t producer_id) const {
  const auto found = entries_.find(producer_id);
  return found != entries_.end() && found->second.transaction_first >= 0;
}

}  // namespace brokersim::log
