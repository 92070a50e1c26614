// Idempotent sequences of one producer (KIP-98, KIP-360; TransactionManager, TxnPartitionEntry).
//
// Rules, per partition:
//   - A batch takes the next sequence when it is first sent and keeps it over retries.
//   - While retried batches wait, only the first of those in flight may go (head of line).
//   - 45 on a batch that is not the next expected one: an earlier one is missing, plain retry. On the next
//     expected one: raise the epoch and number everything in flight from 0.
//   - A batch that expires after it was sent leaves its sequence unresolved: nothing new is sent until the rest
//     is answered; then either a later one was acknowledged, or the epoch is raised.
//   - A batch that fails for good raises the epoch, as its number will never arrive; within a transaction what was sent
//     after it moves up instead, and goes again.
//   - After a raised epoch a partition starts at 0 again once nothing of the old epoch is in flight.
// Pure. "In flight" means: has a sequence and no final outcome, waiting for a retry included.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/client/accumulator.h"

namespace brokersim::kafka::client {

/// What a batch is sent with.
struct Ticket {
  std::int64_t producer_id = -1;
  std::int16_t epoch = -1;
  std::int32_t base_sequence = -1;
};

class Sequences {
 public:
  explicit Sequences(std::size_t partitions) : partitions_(partitions) {}

  /// The epoch is raised by the transaction coordinator only: settle() does not.
  void leave_epoch_alone() { raises_itself_ = false; }
  [[nodiscard]] bool wants_new_epoch() const { return raise_epoch_; }
  /// Would 45 on this batch say that the broker lacks what was acknowledged? (It is the next expected one.)
  [[nodiscard]] bool is_next_expected(std::int32_t partition, Slot slot) const;

  [[nodiscard]] bool has_producer_id() const { return producer_id_ >= 0; }
  void set_producer_id(std::int64_t id, std::int16_t epoch);

  /// The batch at the head of a partition's queue may be sent now.
  [[nodiscard]] bool may_send(std::int32_t partition, Slot slot) const;
  /// The numbers to send it with; new ones if it has none. may_send() holds.
  Ticket take(std::int32_t partition, Slot slot, std::int64_t count);

  void acknowledged(std::int32_t partition, Slot slot);
  /// Error 45. The batch stays in flight and is to be sent again; the epoch may be raised by settle().
  void out_of_order(std::int32_t partition, Slot slot);
  /// Failed for good with an error of the broker. `retries_left`: it was no lack of retries, so the broker stored
  /// nothing and what follows must be numbered anew. Without, nobody knows whether the number was used; what follows
  /// keeps its own, and will be told (Sender.completeBatch: "not safe to reassign the sequence").
  void failed(std::int32_t partition, Slot slot, bool retries_left);
  /// delivery.timeout.ms has passed. Harmless for a batch without a sequence.
  void expired(std::int32_t partition, Slot slot);
  /// The batch is split in two, which take its numbers (ProducerBatch.split): `first` the first `count` of them.
  void split(std::int32_t partition, Slot slot, Slot first, std::int64_t count, Slot second);

  /// Resolves what can be resolved and raises the epoch if asked for. Call before sending. When the epoch
  /// cannot be raised any more (32767), has_producer_id() turns false and a new id must be got.
  void settle();

  [[nodiscard]] std::int16_t epoch() const { return epoch_; }
  [[nodiscard]] bool is_unresolved(std::int32_t partition) const { return at(partition).unresolved; }
  [[nodiscard]] std::size_t in_flight(std::int32_t partition) const { return at(partition).in_flight.size(); }

 private:
  struct Entry {
    Slot slot = kNoSlot;
    std::int32_t base = 0;
    std::int32_t count = 0;
    std::int64_t producer_id = -1;
    std::int16_t epoch = -1;
    bool renumbered = false;
    bool moved = false;  // has another number than when it was sent last
  };
  struct Partition {
    std::int64_t producer_id = -1;
    std::int16_t epoch = -1;
    std::int32_t next = 0;
    std::int32_t last_acknowledged = -1;
    bool unresolved = false;
    std::int32_t after_unresolved = 0;  // the number that follows the unresolved ones
    bool restart = false;               // number from 0 with the next epoch
    std::vector<Entry> in_flight;       // by order of sending; a handful
  };

  [[nodiscard]] Partition& at(std::int32_t p) { return partitions_[static_cast<std::size_t>(p)]; }
  [[nodiscard]] const Partition& at(std::int32_t p) const { return partitions_[static_cast<std::size_t>(p)]; }
  [[nodiscard]] static std::vector<Entry>::iterator find(Partition& partition, Slot slot);
  [[nodiscard]] bool is_stale(const Partition& partition) const {
    return partition.producer_id != producer_id_ || partition.epoch != epoch_;
  }
  void ask_to_restart(Partition& partition);
  void restart(Partition& partition);

  std::int64_t producer_id_ = -1;
  std::int16_t epoch_ = -1;
  bool raise_epoch_ = false;
  bool raises_itself_ = true;
  std::int32_t unresolved_ = 0;  // partitions with an unresolved sequence
  std::vector<Partition> partitions_;
};

}  // namespace brokersim::kafka::client
