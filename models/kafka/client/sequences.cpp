#include "models/kafka/client/sequences.h"

#include <algorithm>
#include <limits>

#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {
/// Sequences wrap from 2147483647 to 0 (DefaultRecordBatch.incrementSequence).
std::int32_t plus(std::int32_t sequence, std::int64_t count) {
  return static_cast<std::int32_t>((sequence + count) & 0x7FFFFFFF);
}
}  // namespace

std::vector<Sequences::Entry>::iterator Sequences::find(Partition& partition, Slot slot) {
  return std::find_if(partition.in_flight.begin(), partition.in_flight.end(),
                      [slot](const Entry& entry) { return entry.slot == slot; });
}

void Sequences::set_producer_id(std::int64_t id, std::int16_t epoch) {
  SIM_CHECK(id >= 0);
  producer_id_ = id;
  epoch_ = epoch;
  if (!raises_itself_) raise_epoch_ = false;
  for (Partition& partition : partitions_) {
    if (partition.restart) restart(partition);
  }
}

bool Sequences::may_send(std::int32_t p, Slot slot) const {
  if (!has_producer_id()) return false;
  const Partition& partition = at(p);
  if (partition.in_flight.empty()) return !partition.unresolved;
  const bool numbered = std::any_of(partition.in_flight.begin(), partition.in_flight.end(),
                                    [slot](const Entry& entry) { return entry.slot == slot; });
  if (numbered) return partition.in_flight.front().slot == slot;
  return !partition.unresolved && !is_stale(partition);
}

Ticket Sequences::take(std::int32_t p, Slot slot, std::int64_t count) {
  SIM_CHECK(may_send(p, slot));
  Partition& partition = at(p);
  auto entry = find(partition, slot);
  if (entry == partition.in_flight.end()) {
    if (is_stale(partition)) restart(partition);
    partition.in_flight.push_back({slot, partition.next, static_cast<std::int32_t>(count),
                                   partition.producer_id, partition.epoch, false, false});
    partition.next = plus(partition.next, count);
    entry = partition.in_flight.end() - 1;
  }
  entry->moved = false;
  entry->renumbered =
      false;  // ProducerBatch.close() of the next drain: it has not been reset since it was sent
  return {entry->producer_id, entry->epoch, entry->base};
}

void Sequences::acknowledged(std::int32_t p, Slot slot) {
  Partition& partition = at(p);
  const auto entry = find(partition, slot);
  if (entry == partition.in_flight.end()) return;
  const std::int32_t last = plus(entry->base, entry->count - 1);
  // Behind the last one only if the numbers have wrapped: more than half the range lies between.
  if (plus(last, -static_cast<std::int64_t>(partition.last_acknowledged)) < (1 << 30) ||
      partition.last_acknowledged < 0) {
    partition.last_acknowledged = last;
  }
  partition.in_flight.erase(entry);
}

bool Sequences::is_next_expected(std::int32_t p, Slot slot) const {
  const Partition& partition = at(p);
  for (const Entry& entry : partition.in_flight) {
    if (entry.slot == slot && entry.moved) return false;  // what was refused had another number
    if (entry.slot == slot)
      return entry.base == (partition.last_acknowledged < 0 ? 0 : plus(partition.last_acknowledged, 1));
  }
  return true;
}

void Sequences::out_of_order(std::int32_t p, Slot slot) {
  Partition& partition = at(p);
  const auto entry = find(partition, slot);
  if (entry == partition.in_flight.end()) return;
  if (partition.unresolved) {
    // Only the one right behind the gap proves it; whatever comes later waits until that one is settled.
    if (entry->base == partition.after_unresolved) ask_to_restart(partition);
    return;
  }
  const bool next_expected =
      entry->base == (partition.last_acknowledged < 0 ? 0 : plus(partition.last_acknowledged, 1));
  if (next_expected && !entry->renumbered) ask_to_restart(partition);
}

void Sequences::failed(std::int32_t p, Slot slot, bool retries_left) {
  Partition& partition = at(p);
  const auto entry = find(partition, slot);
  if (entry == partition.in_flight.end()) return;
  const Entry gone = *entry;
  partition.in_flight.erase(entry);
  if (!retries_left) return;
  ask_to_restart(partition);
  if (raises_itself_) return;
  // Within a transaction there is no other epoch: who follows moves up (TxnPartitionMap.adjustSequencesDueToFailedBatch).
  if (partition.producer_id != gone.producer_id || partition.epoch != gone.epoch) return;
  partition.next = plus(partition.next, -gone.count);
  for (Entry& later : partition.in_flight) {
    if (later.base < gone.base) continue;
    later.base = plus(later.base, -gone.count);
    later.moved = true;
  }
}

void Sequences::expired(std::int32_t p, Slot slot) {
  Partition& partition = at(p);
  const auto entry = find(partition, slot);
  if (entry == partition.in_flight.end()) return;
  const std::int32_t after = plus(entry->base, entry->count);
  partition.in_flight.erase(entry);
  if (!partition.unresolved ||
      plus(after, -static_cast<std::int64_t>(partition.after_unresolved)) < (1 << 30))
    partition.after_unresolved = after;
  if (!partition.unresolved) ++unresolved_;
  partition.unresolved = true;
}

void Sequences::split(std::int32_t p, Slot slot, Slot first, std::int64_t count, Slot second) {
  // The broker stored nothing of it. What follows in flight is refused until the halves are there, and sent again.
  Partition& partition = at(p);
  const auto entry = find(partition, slot);
  if (entry == partition.in_flight.end()) return;
  Entry rest = *entry;
  entry->slot = first;
  entry->count = static_cast<std::int32_t>(count);
  rest.slot = second;
  rest.base = plus(rest.base, count);
  rest.count -= static_cast<std::int32_t>(count);
  partition.in_flight.insert(entry + 1, rest);
}

void Sequences::settle() {
  if (unresolved_ > 0) {
    for (Partition& partition : partitions_) {
      if (!partition.unresolved) continue;
      if (!partition.in_flight.empty()) continue;
      partition.unresolved = false;
      --unresolved_;
      const std::int32_t expected =
          partition.last_acknowledged < 0 ? 0 : plus(partition.last_acknowledged, 1);
      if (partition.next != expected) ask_to_restart(partition);
    }
  }
  if (!raise_epoch_ || !raises_itself_) return;
  raise_epoch_ = false;
  if (epoch_ == std::numeric_limits<std::int16_t>::max()) {
    producer_id_ = -1;
    return;
  }
  ++epoch_;
  for (Partition& partition : partitions_) {
    if (partition.restart) restart(partition);
  }
}

void Sequences::ask_to_restart(Partition& partition) {
  partition.restart = true;
  raise_epoch_ = true;
}

void Sequences::restart(Partition& partition) {
  partition.restart = false;
  if (partition.unresolved) {
    partition.unresolved = false;
    --unresolved_;
  }
  partition.producer_id = producer_id_;
  partition.epoch = epoch_;
  partition.last_acknowledged = -1;
  partition.next = 0;
  for (Entry& entry : partition.in_flight) {
    entry.base = partition.next;
    entry.producer_id = producer_id_;
    entry.epoch = epoch_;
    entry.renumbered = true;
    partition.next = plus(partition.next, entry.count);
  }
}

}  // namespace brokersim::kafka::client
