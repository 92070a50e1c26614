#include "models/log/producer_state.h"

#include <algorithm>

namespace brokersim::log {

SequenceVerdict ProducerState::check(const BatchData& batch) const {
  if (batch.producer_id < 0) return {};
  const auto found = entries_.find(batch.producer_id);
  if (found == entries_.end()) return {};  // no state at all: any first sequence is accepted
  const Entry& entry = found->second;
  if (batch.producer_epoch < entry.epoch) return {SequenceCheck::fenced, -1};
  if (batch.producer_epoch > entry.epoch) {
    return {batch.base_sequence == 0 ? SequenceCheck::append : SequenceCheck::out_of_order, -1};
  }
  for (std::int32_t i = 0; i < entry.count; ++i) {
    const Cached& cached = entry.batches[static_cast<std::size_t>(i)];
    if (cached.first_sequence == batch.base_sequence && cached.last_sequence == batch.last_sequence()) {
      return {SequenceCheck::duplicate, cached.base_offset};
    }
  }
  if (entry.count == 0) return {};
  const std::int32_t last = entry.batches[static_cast<std::size_t>(entry.count - 1)].last_sequence;
  const std::int32_t next = last == 0x7FFFFFFF ? 0 : last + 1;
  return {batch.base_sequence == next ? SequenceCheck::append : SequenceCheck::out_of_order, -1};
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

void ProducerState::note(const StoredBatch& batch) {
  if (batch.data.producer_id < 0) return;
  Entry& entry = entries_[batch.data.producer_id];
  if (batch.data.producer_epoch != entry.epoch) {
    entry.epoch = batch.data.producer_epoch;
    entry.count = 0;
  }
  if (entry.count == static_cast<std::int32_t>(entry.batches.size())) {
    std::move(entry.batches.begin() + 1, entry.batches.end(), entry.batches.begin());
    --entry.count;
  }
  entry.batches[static_cast<std::size_t>(entry.count++)] = {batch.data.base_sequence,
                                                            batch.data.last_sequence(), batch.base_offset};
}

}  // namespace brokersim::log
