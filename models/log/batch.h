// Record batches as ranges of identities.
//
// Why: a batch carries no payload. Its records are (producer, partition, ordinal) and everything a broker,
// a checker or an exported file needs is a function of that. Sizes are those of Kafka's v2 layout, so that
// segments roll and links fill where they really do.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "models/devices/compute/codec.h"
#include "models/history/events.h"
#include "models/history/keys.h"
#include "sim/check.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::log {

/// Bytes of the v2 batch header: base offset 8 .. record count 4 (DefaultRecordBatch, KIP-98).
inline constexpr std::int64_t kBatchHeaderBytes = 61;
/// A marker: the header and one record with a key of 4 bytes (version, type) and a value of 6 (version, epoch of the
/// coordinator): length, attributes, two deltas, two lengths, count of headers are one byte each.
inline constexpr std::int64_t kMarkerBytes = kBatchHeaderBytes + 7 + 4 + 6;

/// What a batch is to transactions (attributes 4 and 5 of its header, and the type of a control record).
enum class BatchKind : std::uint8_t {
  plain,          ///< Of no transaction.
  transactional,  ///< Records of a transaction of its producer.
  commit,         ///< Control batch: the producer's open transaction ends here, and holds.
  abort,          ///< Control batch: it ends here, and what it wrote does not count.
};

/// A batch as a producer made it.
struct BatchData {
  history::RecordRange records;
  std::int64_t producer_id = -1;    ///< Idempotent producer id, -1 without.
  std::int32_t base_sequence = -1;  ///< Sequence of the first record, -1 without idempotence.
  std::int16_t producer_epoch = -1;
  BatchKind kind = BatchKind::plain;
  compute::Codec codec = compute::Codec::none;  ///< Of the records; the header is never compressed.
  std::uint8_t compressed_percent = 0;          ///< How well the data compresses, 0: as the codec's corpus.
  std::int32_t bytes = 0;      ///< Encoded size, header included, as it travels and is stored.
  std::int32_t raw_bytes = 0;  ///< The same before compression.
  /// What the producer's wall clock was wrong by: CreateTime is true time plus this.
  std::int32_t clock_error_ms = 0;
  std::int32_t payload_bytes = 0;  ///< Sum of the record sizes (key + value).
  std::int32_t coordinator_epoch = -1;  ///< Of a marker: leader epoch of the coordinator that sent it.
  /// Batches whose content is data (internal topics): its entry in the store of such contents; 0: none.
  std::uint32_t payload = 0;
  sim::SimTime first_time;  ///< Intended send time of the first record, in true time.
  sim::SimTime last_time;   ///< ... and of the last; the others are evenly spaced between.

  /// Largest timestamp of the records, in wall-clock milliseconds since the run began. May be negative.
  [[nodiscard]] bool is_marker() const { return kind == BatchKind::commit || kind == BatchKind::abort; }
  [[nodiscard]] std::int64_t timestamp_ms() const { return last_time.ns / 1'000'000 + clock_error_ms; }

  [[nodiscard]] bool operator==(const BatchData&) const = default;
  [[nodiscard]] std::int32_t last_sequence() const {
    return static_cast<std::int32_t>((base_sequence + records.count - 1) & 0x7FFFFFFF);
  }
};

/// A batch as it lies in a log: what the producer made plus what the leader stamped on it.
struct StoredBatch {
  BatchData data;  ///< Of a cleaned batch: `bytes` are what is left; `records` still counts all of them.
  std::int64_t base_offset = 0;
  std::int32_t leader_epoch = 0;
  std::uint32_t cleaned = 0;  ///< What compaction left of it: see BatchStore::cleaned(); 0: everything.

  [[nodiscard]] std::int64_t next_offset() const { return base_offset + data.records.count; }
  [[nodiscard]] bool operator==(const StoredBatch&) const = default;
};

/// Number of a stored batch. Replicas of a partition share it: copies are byte-equal.
using BatchId = std::uint32_t;

/// What compaction left of a batch. Offsets, sequences and the last offset stay those of the whole (KIP-98).
struct CleanedBatch {
  std::vector<std::int32_t>
      kept;  ///< Positions in the batch, ascending; may be empty (kept for its sequence).
  std::int64_t delete_horizon_ms = -1;  ///< From then on tombstones in it may go; -1: none set (KIP-534).
};

/// Every batch that any leader of this cluster has appended, 48 bytes each.
///
/// Why packed: a run over a thousand million records has some 13 million batches, and all of them may be asked for until
/// it ends (a late consumer, a copy on some disk). What the batches of one producer, partition and epoch share is kept
/// once; a batch is put together again when it is asked for. Chunks, so that growing copies nothing.
class BatchStore {
 public:
  [[nodiscard]] BatchId add(const StoredBatch& batch);
  [[nodiscard]] StoredBatch operator[](BatchId id) const {
    const Packed& packed = (*chunks_[id >> kChunkBits])[id & (kChunk - 1)];
    StoredBatch batch = shared_[packed.shared];
    batch.data.records.first = packed.first;
    batch.data.records.count = packed.count;
    batch.data.base_sequence = packed.base_sequence;
    batch.data.bytes = packed.bytes;
    batch.data.raw_bytes = packed.raw_bytes;
    batch.data.payload_bytes = batch.data.payload_bytes < 0
                                   ? (*payloads_[id >> kChunkBits])[id & (kChunk - 1)]
                                   : batch.data.payload_bytes * packed.count;
    batch.data.first_time = packed.first_time;
    batch.data.last_time = {packed.first_time.ns +
                            (packed.span_ns == kLong ? long_spans_.at(id) : packed.span_ns)};
    batch.base_offset = packed.base_offset;
    return batch;
  }
  /// The same without the rest: what a log asks most.
  [[nodiscard]] std::int64_t base_offset(BatchId id) const { return at(id).base_offset; }
  [[nodiscard]] std::int64_t next_offset(BatchId id) const { return at(id).base_offset + at(id).count; }
  [[nodiscard]] std::int32_t bytes(BatchId id) const { return at(id).bytes; }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// A batch of which compaction left `cleaned`: `batch.data.bytes` is its new size.
  [[nodiscard]] BatchId add_cleaned(StoredBatch batch, CleanedBatch cleaned) {
    cleaned_.push_back(std::move(cleaned));
    batch.cleaned = static_cast<std::uint32_t>(cleaned_.size());
    return add(batch);
  }
  [[nodiscard]] const CleanedBatch& cleaned(std::uint32_t number) const { return cleaned_[number - 1]; }
  /// The keys of a producer's records.
  void set_keys(history::ClientId producer, const history::KeySpace& keys) {
    const auto n = static_cast<std::size_t>(producer.n);
    if (keys_.size() <= n) keys_.resize(n + 1);
    keys_[n] = keys;
  }
  [[nodiscard]] const history::KeySpace& keys_of(history::ClientId producer) const {
    const auto n = static_cast<std::size_t>(producer.n);
    return producer.n >= 0 && n < keys_.size() ? keys_[n] : no_keys_;
  }

 private:
  struct Packed {
    std::int64_t first = 0;
    std::int64_t base_offset = 0;
    sim::SimTime first_time;
    std::uint32_t span_ns = 0;  // kLong: see long_spans_
    std::uint32_t shared = 0;
    std::int32_t count = 0;
    std::int32_t base_sequence = -1;
    std::int32_t bytes = 0;
    std::int32_t raw_bytes = 0;
  };
  static_assert(sizeof(Packed) == 48);
  static constexpr std::uint32_t kLong = 0xFFFF'FFFF;
  static constexpr std::size_t kShelves = 64;  // of partitions, and of producers
  static constexpr int kChunkBits = 12;
  static constexpr std::size_t kChunk = 1u << kChunkBits;
  using Chunk = std::array<Packed, kChunk>;

  [[nodiscard]] const Packed& at(BatchId id) const { return (*chunks_[id >> kChunkBits])[id & (kChunk - 1)]; }
  [[nodiscard]] std::uint32_t share(const StoredBatch& batch);

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::size_t size_ = 0;
  /// Without what Packed has. payload_bytes is that of one record; -1: records differ, see payloads_.
  std::vector<StoredBatch> shared_;
  /// Of batches whose records differ in size; a chunk without such ones has none.
  std::vector<std::unique_ptr<std::array<std::int32_t, kChunk>>> payloads_;
  std::map<BatchId, std::int64_t> long_spans_;
  std::deque<CleanedBatch> cleaned_;
  std::vector<history::KeySpace> keys_;  // by producer
  history::KeySpace no_keys_;
  std::vector<std::uint32_t> latest_;    // by shelf: the last entry in shared_ + 1; 0 none
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
