// Record batches as ranges of identities.
//
// Why: a batch carries no payload. Its records are (producer, partition, ordinal) and everything a broker,
// a checker or an exported file needs is a function of that. Sizes are those of Kafka's v2 layout, so that
// segments roll and links fill where they really do.
#pragma once

#include <cstdint>
#include <vector>

#include "models/devices/compute/codec.h"
#include "models/history/events.h"
#include "sim/check.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::log {

/// Bytes of the v2 batch header: base offset 8 .. record count 4 (DefaultRecordBatch, KIP-98).
inline constexpr std::int64_t kBatchHeaderBytes = 61;

/// A batch as a producer made it.
struct BatchData {
  history::RecordRange records;
  std::int64_t producer_id = -1;    ///< Idempotent producer id, -1 without.
  std::int32_t base_sequence = -1;  ///< Sequence of the first record, -1 without idempotence.
  std::int16_t producer_epoch = -1;
  compute::Codec codec = compute::Codec::none;  ///< Of the records; the header is never compressed.
  std::uint8_t compressed_percent = 0;          ///< How well the data compresses, 0: as the codec's corpus.
  std::int32_t bytes = 0;      ///< Encoded size, header included, as it travels and is stored.
  std::int32_t raw_bytes = 0;  ///< The same before compression.
  /// What the producer's wall clock was wrong by: CreateTime is true time plus this.
  std::int32_t clock_error_ms = 0;
  std::int32_t payload_bytes = 0;  ///< Sum of the record sizes (key + value).
  /// Batches whose content is data (internal topics): its entry in the store of such contents; 0: none.
  std::uint32_t payload = 0;
  sim::SimTime first_time;  ///< Intended send time of the first record, in true time.
  sim::SimTime last_time;   ///< ... and of the last; the others are evenly spaced between.

  /// Largest timestamp of the records, in wall-clock milliseconds since the run began. May be negative.
  [[nodiscard]] std::int64_t timestamp_ms() const { return last_time.ns / 1'000'000 + clock_error_ms; }

  [[nodiscard]] std::int32_t last_sequence() const {
    return static_cast<std::int32_t>((base_sequence + records.count - 1) & 0x7FFFFFFF);
  }
};

/// A batch as it lies in a log: what the producer made plus what the leader stamped on it.
struct StoredBatch {
  BatchData data;
  std::int64_t base_offset = 0;
  std::int32_t leader_epoch = 0;

  [[nodiscard]] std::int64_t next_offset() const { return base_offset + data.records.count; }
};

/// Number of a stored batch. Replicas of a partition share it: copies are byte-equal.
using BatchId = std::uint32_t;

/// Every batch that any leader of this cluster has appended.
class BatchStore {
 public:
  [[nodiscard]] BatchId add(StoredBatch batch) {
    SIM_CHECK(batches_.size() < 0xFFFFFFFFull);
    batches_.push_back(batch);
    return static_cast<BatchId>(batches_.size() - 1);
  }
  [[nodiscard]] const StoredBatch& operator[](BatchId id) const { return batches_[id]; }
  [[nodiscard]] std::size_t size() const { return batches_.size(); }

 private:
  std::vector<StoredBatch> batches_;
};

/// Encoded size of one v2 record with a null key, no headers, and a value of `value_bytes`.
/// Deltas are against the batch's first record; `timestamp_delta_ms` and `offset_delta` not negative.
[[nodiscard]] std::int64_t record_bytes(std::int64_t value_bytes, std::int64_t timestamp_delta_ms,
                                        std::int64_t offset_delta);

/// Encoded size of a whole batch of `count` such records whose timestamps are evenly spaced from
/// `first_time` to `last_time`. Cost independent of `count`.
[[nodiscard]] std::int64_t batch_bytes(std::int64_t count, std::int64_t value_bytes, sim::SimTime first_time,
                                       sim::SimTime last_time);

/// Encoded size of a batch of `raw` bytes, header included, after its records have been compressed.
[[nodiscard]] inline std::int64_t compressed_batch_bytes(const compute::CodecModel& codec, std::int64_t raw) {
  return raw <= kBatchHeaderBytes ? raw : kBatchHeaderBytes + codec.compressed(raw - kBatchHeaderBytes);
}

/// Timestamp of record `index` of an evenly spaced batch.
[[nodiscard]] sim::SimTime record_time(sim::SimTime first, sim::SimTime last, std::int64_t count,
                                       std::int64_t index);

}  // namespace brokersim::log
