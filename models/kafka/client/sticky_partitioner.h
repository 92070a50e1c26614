// Where records without a key go (BuiltInPartitioner, UniformStickyPartitioner; KIP-480 and KIP-794).
//
// Built-in, 3.3 and later: stay on one partition until batch.size bytes were produced to it, then choose the next. The
// switch waits while the partition's queue has a batch that still takes records, but not beyond 2 x batch.size. The
// next partition is drawn with weight (longest queue + 1 - own queue); partitions without a leader are left
// out, unless none has one.
// Uniform sticky, what 2.4 to 3.2 did unasked: when a record needs a new batch, another partition is drawn, each one with
// a leader equally likely, whatever waits there; the batch is opened in that one, and if memory is short send() waits for
// it with the choice made. A slow broker so gathers batches until it holds all of buffer.memory.
// Pure: draws come from an addressed stream, queue lengths from the caller.
#pragma once

#include <cstdint>
#include <vector>

#include "models/kafka/config.h"
#include "sim/random.h"

namespace brokersim::kafka::client {

/// What the choice looks at, per partition.
struct PartitionLoad {
  std::int32_t queued = 0;  ///< Batches waiting.
  bool available = true;    ///< Its leader is known.
};

/// The partition that `bits` (64 uniform ones) choose. `loads` is not empty.
[[nodiscard]] std::int32_t choose_partition(const std::vector<PartitionLoad>& loads, std::uint64_t bits);

/// The same, each available one but `current` equally likely; `current` only if it is the only one.
[[nodiscard]] std::int32_t choose_other_partition(const std::vector<PartitionLoad>& loads,
                                                  std::int32_t current, std::uint64_t bits);

class StickyPartitioner {
 public:
  /// `partitions` positive, `batch_size` in bytes as configured.
  StickyPartitioner(std::int32_t partitions, std::int64_t batch_size,
                    Partitioner rule = Partitioner::built_in);

  /// The present partition, -1 before the first choice.
  [[nodiscard]] std::int32_t current() const { return current_; }
  void stick_to(std::int32_t partition);
  /// The topic has so many now, not fewer than before.
  void set_partitions(std::int32_t partitions);

  void add(std::int64_t bytes) { produced_ += bytes; }
  /// It is time for the next partition. `all_closed`: no batch in the queue takes more records.
  [[nodiscard]] bool must_switch(bool all_closed) const;
  /// Bytes until the switch that waits for nothing: at least 1 unless it is due.
  [[nodiscard]] std::int64_t until_forced() const { return 2 * batch_size_ - produced_; }
  /// There is such a switch at all.
  [[nodiscard]] bool forces() const { return !fixed() && rule_ == Partitioner::built_in; }
  [[nodiscard]] bool fixed() const { return partitions_ == 1; }
  [[nodiscard]] Partitioner rule() const { return rule_; }

 private:
  std::int32_t partitions_;
  std::int64_t batch_size_;
  Partitioner rule_;
  std::int32_t current_ = -1;
  std::int64_t produced_ = 0;
};

}  // namespace brokersim::kafka::client
