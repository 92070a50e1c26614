// The producer's memory: batches per partition, and how much of buffer.memory they hold.
//
// Rules (RecordAccumulator, BufferPool): a batch takes batch.size bytes of the pool when it is opened, however
// full it gets, and gives them back when its fate is known. Batches leave a partition's queue from the front;
// a retried one goes back to the front, or with idempotence to its place by order (insertInSequenceOrder).
// Pure: knows no clock and no network. No allocation per batch once the slab has grown.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::kafka::client {

/// Place of a batch in the slab; used again after release().
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 0xFFFFFFFFu;

struct Batch {
  enum class Where : std::uint8_t { nowhere, queued, in_flight };

  std::int32_t partition = -1;  ///< Index among the producer's partitions.
  std::int64_t first = 0;       ///< Ordinal of the first record within the partition.
  std::int64_t count = 0;
  std::int64_t bytes = 0;       ///< Encoded size of the records so far, header included; 0 while empty.
  std::int64_t payload = 0;     ///< Sum of the record sizes, where they are told apart; else 0.
  std::int64_t wire_bytes = 0;  ///< Once closed: the batch as it is sent, compressed if it is.
  std::int64_t memory = 0;      ///< Held of the pool.
  sim::SimTime intended_first;
  sim::SimTime intended_last;
  sim::SimTime created;
  Where where = Where::nowhere;
  bool closed = false;  ///< Takes no more records; its count is final.
  [[nodiscard]] std::int64_t size() const { return closed ? wire_bytes : bytes; }
  std::int32_t clock_error_ms = 0;  ///< Of the host when it was first sent.
  // What sending has made of it.
  sim::SimTime first_sent;
  sim::SimTime last_attempt;  ///< When it was last put back into the queue.
  sim::Duration backoff;      ///< From last_attempt, while attempts > 0.
  std::int32_t sends = 0;     ///< Requests sent with it.
  std::int32_t attempts = 0;  ///< Times it was put back into the queue.
  std::int32_t leader_epoch =
      -1;  ///< Of the leader it was last sent to; with a newer one no backoff holds (KIP-951).
  bool maybe_stored = false;  ///< Some attempt may have stored it without our knowing.
  std::int32_t told = -1;     ///< Number of the partition under which the history has been told of it; -1: not yet.
  // Bookkeeping of the accumulator.
  Slot next = kNoSlot;
  std::uint32_t generation = 0;
};

class Accumulator {
 public:
  Accumulator(std::size_t partitions, sim::Bytes buffer_memory, sim::Bytes batch_size);

  /// True if a batch for a record of `record_bytes` (encoded alone) can be opened now.
  [[nodiscard]] bool has_room(std::int64_t record_bytes) const { return memory_free_ >= need(record_bytes); }
  /// Opens a batch at the tail of its partition's queue. The tail before it must be closed.
  Slot open(std::int32_t partition, std::int64_t first_ordinal, sim::SimTime created,
            std::int64_t record_bytes);
  /// Makes half of a batch that was too large: outside the pool, not queued.
  Slot open_split(const Batch& parent);

  [[nodiscard]] Batch& operator[](Slot slot) { return batches_[slot]; }
  [[nodiscard]] const Batch& operator[](Slot slot) const { return batches_[slot]; }

  [[nodiscard]] Slot head(std::int32_t partition) const { return queues_[index(partition)].head; }
  [[nodiscard]] Slot tail(std::int32_t partition) const { return queues_[index(partition)].tail; }
  [[nodiscard]] std::int32_t queued(std::int32_t partition) const { return queues_[index(partition)].size; }
  /// No batch of the queue takes more records (RecordAccumulator.allBatchesFull).
  [[nodiscard]] bool all_closed(std::int32_t partition) const;
  /// Partitions with something in their queue, ascending.
  [[nodiscard]] const std::vector<std::int32_t>& active() const { return active_; }

  /// Takes the head for sending.
  Slot pop(std::int32_t partition);
  /// Puts a batch back: to the front, or `in_order` before the first batch of higher ordinals.
  void put_back(Slot slot, bool in_order);
  /// Takes a batch out of the middle of its queue.
  void remove(Slot slot);
  /// The batch's fate is known: frees its slot and its memory. Not queued any more.
  void release(Slot slot);

  /// The oldest batch not yet released, kNoSlot if there is none.
  [[nodiscard]] Slot oldest();
  [[nodiscard]] std::size_t live() const { return live_; }
  [[nodiscard]] sim::Bytes memory_free() const { return {memory_free_}; }

 private:
  struct Queue {
    Slot head = kNoSlot;
    Slot tail = kNoSlot;
    std::int32_t size = 0;
  };
  struct Born {
    Slot slot;
    std::uint32_t generation;
  };

  static std::size_t index(std::int32_t partition) { return static_cast<std::size_t>(partition); }
  [[nodiscard]] std::int64_t need(std::int64_t record_bytes) const {
    return record_bytes > batch_size_ ? record_bytes : batch_size_;
  }
  Slot take_slot();
  void link_after(Queue& queue, Slot before, Slot slot);
  void note_size(std::int32_t partition, std::int32_t change);

  std::int64_t batch_size_;
  std::int64_t memory_free_;
  std::vector<Batch> batches_;
  std::vector<Slot> free_;
  std::vector<Queue> queues_;
  std::vector<std::int32_t> active_;
  std::deque<Born> born_;  // oldest first; released ones are dropped when they come to the front
  std::size_t live_ = 0;
};

}  // namespace brokersim::kafka::client
