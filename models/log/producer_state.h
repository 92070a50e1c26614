// What a partition remembers of its idempotent producers (ProducerStateManager, KIP-98, KIP-185).
//
// Pure. At most five batches per producer are kept, as in Kafka; a snapshot keeps the last one.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "models/log/batch.h"

namespace brokersim::log {

enum class SequenceCheck : std::uint8_t {
  append,        ///< New: append it.
  duplicate,     ///< One of the five cached batches: answer its offset, append nothing.
  out_of_order,  ///< OUT_OF_ORDER_SEQUENCE_NUMBER (45)
  fenced,        ///< INVALID_PRODUCER_EPOCH (47)
};

struct SequenceVerdict {
  SequenceCheck check = SequenceCheck::append;
  std::int64_t duplicate_base_offset = -1;
};

class ProducerState {
 public:
  /// Rules of kafka-behaviour.md section 3.1 for a batch from a client.
  [[nodiscard]] SequenceVerdict check(const BatchData& batch) const;

  /// Takes note of an appended batch; replication appends without check. No-op without producer id.
  void note(const StoredBatch& batch);
  /// As after a snapshot was loaded: of each producer only its last batch is known (ProducerStateEntry in the file).
  void keep_latest();
  /// Does the batch hold the last sequence known of its producer?
  [[nodiscard]] bool is_latest(const StoredBatch& batch) const;
  void clear() { entries_.clear(); }
  [[nodiscard]] std::size_t producers() const { return entries_.size(); }

 private:
  struct Cached {
    std::int32_t first_sequence = 0;
    std::int32_t last_sequence = 0;
    std::int64_t base_offset = 0;
  };
  struct Entry {
    std::int16_t epoch = -1;
    std::int32_t count = 0;  // cached batches, newest last
    std::array<Cached, 5> batches{};
  };
  std::map<std::int64_t, Entry> entries_;  // by producer id
};

}  // namespace brokersim::log
