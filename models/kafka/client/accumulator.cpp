#include "models/kafka/client/accumulator.h"

#include <algorithm>

#include "sim/check.h"

namespace brokersim::kafka::client {

Accumulator::Accumulator(std::size_t partitions, sim::Bytes buffer_memory, sim::Bytes batch_size)
    : batch_size_(batch_size.n), memory_free_(buffer_memory.n), queues_(partitions) {
  SIM_CHECK(partitions > 0);
  SIM_CHECK(buffer_memory.n > 0);
  SIM_CHECK(batch_size.n >= 0);
  active_.reserve(partitions);
}

Slot Accumulator::take_slot() {
  ++live_;
  Slot slot = static_cast<Slot>(batches_.size());
  if (free_.empty()) {
    batches_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
    const std::uint32_t generation = batches_[slot].generation;
    batches_[slot] = Batch{};
    batches_[slot].generation = generation;
  }
  return slot;
}

Slot Accumulator::open(std::int32_t partition, std::int64_t first_ordinal, sim::SimTime created,
                       std::int64_t record_bytes) {
  SIM_CHECK(has_room(record_bytes));
  SIM_CHECK(all_closed(partition), "a second open batch in one partition");
  const Slot slot = take_slot();
  Batch& batch = batches_[slot];
  batch.partition = partition;
  batch.first = first_ordinal;
  batch.created = created;
  batch.memory = need(record_bytes);
  batch.where = Batch::Where::queued;
  memory_free_ -= batch.memory;
  link_after(queues_[index(partition)], queues_[index(partition)].tail, slot);
  note_size(partition, +1);
  born_.push_back({slot, batch.generation});
  return slot;
}

Slot Accumulator::open_split(const Batch& parent) {
  const Batch copy = parent;  // the slab may move
  const Slot slot = take_slot();
  const std::uint32_t generation = batches_[slot].generation;
  batches_[slot] = copy;
  batches_[slot].generation = generation;
  batches_[slot].memory = 0;
  batches_[slot].next = kNoSlot;
  batches_[slot].where = Batch::Where::nowhere;
  born_.push_front({slot, generation});  // as old as its parent, which was near the front
  return slot;
}

bool Accumulator::all_closed(std::int32_t partition) const {
  const Slot last = tail(partition);
  return last == kNoSlot || batches_[last].closed;
}

Slot Accumulator::pop(std::int32_t partition) {
  Queue& queue = queues_[index(partition)];
  const Slot slot = queue.head;
  SIM_CHECK(slot != kNoSlot);
  queue.head = batches_[slot].next;
  if (queue.head == kNoSlot) queue.tail = kNoSlot;
  batches_[slot].next = kNoSlot;
  batches_[slot].where = Batch::Where::in_flight;
  note_size(partition, -1);
  return slot;
}

void Accumulator::put_back(Slot slot, bool in_order) {
  Batch& batch = batches_[slot];
  SIM_CHECK(batch.where != Batch::Where::queued);
  Queue& queue = queues_[index(batch.partition)];
  Slot before = kNoSlot;
  if (in_order) {
    for (Slot at = queue.head; at != kNoSlot; at = batches_[at].next) {
      if (batches_[at].first > batch.first) break;
      before = at;
    }
  }
  batch.where = Batch::Where::queued;
  link_after(queue, before, slot);
  note_size(batch.partition, +1);
}

void Accumulator::remove(Slot slot) {
  Batch& batch = batches_[slot];
  SIM_CHECK(batch.where == Batch::Where::queued);
  Queue& queue = queues_[index(batch.partition)];
  Slot before = kNoSlot;
  for (Slot at = queue.head; at != slot; at = batches_[at].next) before = at;
  (before == kNoSlot ? queue.head : batches_[before].next) = batch.next;
  if (queue.tail == slot) queue.tail = before;
  batch.next = kNoSlot;
  batch.where = Batch::Where::nowhere;
  note_size(batch.partition, -1);
}

void Accumulator::release(Slot slot) {
  Batch& batch = batches_[slot];
  SIM_CHECK(batch.where != Batch::Where::queued);
  memory_free_ += batch.memory;
  ++batch.generation;
  batch.where = Batch::Where::nowhere;
  free_.push_back(slot);
  --live_;
}

Slot Accumulator::oldest() {
  while (!born_.empty() && batches_[born_.front().slot].generation != born_.front().generation)
    born_.pop_front();
  return born_.empty() ? kNoSlot : born_.front().slot;
}

void Accumulator::link_after(Queue& queue, Slot before, Slot slot) {
  Batch& batch = batches_[slot];
  if (before == kNoSlot) {
    batch.next = queue.head;
    queue.head = slot;
  } else {
    batch.next = batches_[before].next;
    batches_[before].next = slot;
  }
  if (queue.tail == before) queue.tail = slot;
}

void Accumulator::note_size(std::int32_t partition, std::int32_t change) {
  Queue& queue = queues_[index(partition)];
  const std::int32_t before = queue.size;
  queue.size += change;
  if (before > 0 && queue.size > 0) return;
  const auto at = std::lower_bound(active_.begin(), active_.end(), partition);
  if (queue.size > 0) {
    active_.insert(at, partition);
  } else {
    active_.erase(at);
  }
}

}  // namespace brokersim::kafka::client
