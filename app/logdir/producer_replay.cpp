#include "app/logdir/producer_replay.h"

namespace brokersim::logdir {

namespace format = log::format;

void ProducerReplay::note(const format::BatchHeader& header, const format::ControlMarker* marker) {
  if (header.producer_id < 0) return;
  if (producers_.size() >= kProducersMax && !producers_.contains(header.producer_id)) {
    overflowed_ = true;
    return;
  }
  format::ProducerEntry& producer = producers_[header.producer_id];
  producer.producer_id = header.producer_id;
  if (producer.epoch != header.producer_epoch) {  // a new epoch begins without a sequence
    producer.epoch = header.producer_epoch;
    producer.last_sequence = -1;
    producer.last_offset = -1;
    producer.offset_delta = 0;
  }
  producer.timestamp = header.max_timestamp;
  if (header.control()) {
    if (marker != nullptr && marker->type <= 1) end_transaction(header, *marker, producer);
    return;
  }
  producer.last_sequence = header.last_sequence();
  producer.last_offset = header.last_offset();
  producer.offset_delta = header.last_offset_delta;
  if (header.transactional() && producer.transaction_first_offset < 0) {
    producer.transaction_first_offset = header.base_offset;
    open_[header.base_offset] = header.producer_id;
  }
}

/// Type 0 aborts: the range goes to the transaction index, with the last stable offset as it is afterwards.
void ProducerReplay::end_transaction(const format::BatchHeader& header, const format::ControlMarker& marker,
                                     format::ProducerEntry& producer) {
  producer.coordinator_epoch = marker.coordinator_epoch;
  if (producer.transaction_first_offset < 0) return;
  const std::int64_t first = producer.transaction_first_offset;
  producer.transaction_first_offset = -1;
  open_.erase(first);
  if (marker.type == 0) {
    const std::int64_t stable = open_.empty() ? header.last_offset() + 1 : open_.begin()->first;
    aborted_.push_back({header.producer_id, first, header.last_offset(), stable});
  }
}

void ProducerReplay::add_unseen(const std::vector<format::ProducerEntry>& entries) {
  for (const format::ProducerEntry& entry : entries) {
    if (producers_.size() >= kProducersMax) {
      overflowed_ = overflowed_ || !producers_.contains(entry.producer_id);
      continue;
    }
    producers_.emplace(entry.producer_id, entry);
  }
}

std::vector<format::ProducerEntry> ProducerReplay::producers() const {
  std::vector<format::ProducerEntry> list;
  for (const auto& [id, producer] : producers_) list.push_back(producer);
  return list;
}

}  // namespace brokersim::logdir
