#include "models/log/batch.h"

#include <algorithm>
#include <array>
#include <limits>

namespace brokersim::log {

namespace {

/// Bytes of a zigzag varint for a non-negative value.
std::int64_t varint_bytes(std::int64_t value) {
  std::uint64_t zigzag = static_cast<std::uint64_t>(value) << 1;
  std::int64_t bytes = 1;
  while (zigzag >= 0x80) {
    zigzag >>= 7;
    ++bytes;
  }
  return bytes;
}

/// First non-negative value whose zigzag varint needs more than `bytes` bytes.
constexpr std::int64_t varint_limit(int bytes) { return std::int64_t{1} << (7 * bytes - 1); }

/// Index of the first record whose timestamp delta (in ms) is at least `delta_ms`.
std::int64_t first_index_at_delta(std::int64_t count, std::int64_t span_ns, std::int64_t first_ns,
                                  std::int64_t delta_ms) {
  std::int64_t low = 0;
  std::int64_t high = count;
  const std::int64_t base_ms = first_ns / 1'000'000;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto offset = static_cast<std::int64_t>(static_cast<__int128>(span_ns) * middle /
                                                  std::max<std::int64_t>(count - 1, 1));
    if ((first_ns + offset) / 1'000'000 - base_ms >= delta_ms) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

BatchId BatchStore::add(const StoredBatch& batch) {
  SIM_CHECK(size_ < 0xFFFFFFFFull);
  if (size_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<Chunk>());
  const auto id = static_cast<BatchId>(size_++);
  const BatchData& data = batch.data;
  SIM_CHECK(data.records.count <= std::numeric_limits<std::int32_t>::max());
  Packed& packed = (*chunks_[id >> kChunkBits])[id & (kChunk - 1)];
  packed.first = data.records.first;
  packed.base_offset = batch.base_offset;
  packed.first_time = data.first_time;
  const std::int64_t span_ns = (data.last_time - data.first_time).ns;
  packed.span_ns = span_ns < kLong ? static_cast<std::uint32_t>(span_ns) : kLong;
  if (packed.span_ns == kLong) long_spans_[id] = span_ns;
  packed.shared = share(batch);
  packed.count = static_cast<std::int32_t>(data.records.count);
  packed.base_sequence = data.base_sequence;
  packed.bytes = data.bytes;
  packed.raw_bytes = data.raw_bytes;
  if (shared_[packed.shared].data.payload_bytes < 0) {
    const std::size_t chunk = id >> kChunkBits;
    if (payloads_.size() <= chunk) payloads_.resize(chunk + 1);
    if (!payloads_[chunk]) payloads_[chunk] = std::make_unique<std::array<std::int32_t, kChunk>>();
    (*payloads_[chunk])[id & (kChunk - 1)] = data.payload_bytes;
  }
  return id;
}

/// The entry with what the batch has in common with the others of its producer; a new one if the latest on its
/// shelf differs.
std::uint32_t BatchStore::share(const StoredBatch& batch) {
  StoredBatch common = batch;
  common.base_offset = 0;
  BatchData& data = common.data;
  const auto count = static_cast<std::int32_t>(std::max<std::int64_t>(data.records.count, 1));
  data.payload_bytes = data.payload_bytes % count == 0 && keys_of(data.records.producer).law == nullptr
                           ? data.payload_bytes / count
                           : -1;
  data.records.first = 0;
  data.records.count = 0;
  data.base_sequence = -1;
  data.bytes = 0;
  data.raw_bytes = 0;
  data.first_time = {};
  data.last_time = {};
  const std::size_t shelf =
      static_cast<std::size_t>(batch.data.records.partition.n + 1) % kShelves * kShelves +
      static_cast<std::size_t>(batch.data.records.producer.n + 1) % kShelves;
  if (latest_.empty()) latest_.resize(kShelves * kShelves);
  std::uint32_t& latest = latest_[shelf];
  if (latest > 0 && shared_[latest - 1] == common) return latest - 1;
  shared_.push_back(common);
  latest = static_cast<std::uint32_t>(shared_.size());
  return latest - 1;
}

std::int64_t record_bytes(std::int64_t value_bytes, std::int64_t timestamp_delta_ms,
                          std::int64_t offset_delta) {
  // attributes, timestamp delta, offset delta, key length (-1), value length, value, header count (0)
  const std::int64_t body = 1 + varint_bytes(timestamp_delta_ms) + varint_bytes(offset_delta) + 1 +
                            varint_bytes(value_bytes) + value_bytes + 1;
  return varint_bytes(body) + body;
}

std::int64_t batch_bytes(std::int64_t count, std::int64_t value_bytes, sim::SimTime first_time,
                         sim::SimTime last_time) {
  SIM_CHECK(count > 0);
  const std::int64_t span_ns = (last_time - first_time).ns;
  SIM_CHECK(span_ns >= 0);
  // Boundaries where a delta's varint grows cut the batch into a few runs of equal record size.
  std::array<std::int64_t, 12> cuts{};
  std::size_t n = 0;
  cuts[n++] = 0;
  for (int bytes = 1; bytes <= 4; ++bytes) {
    if (varint_limit(bytes) < count) cuts[n++] = varint_limit(bytes);
    if (span_ns / 1'000'000 + 1 >= varint_limit(bytes)) {
      const std::int64_t at = first_index_at_delta(count, span_ns, first_time.ns, varint_limit(bytes));
      if (at < count) cuts[n++] = at;
    }
  }
  cuts[n++] = count;
  std::sort(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(n));
  std::int64_t total = kBatchHeaderBytes;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    if (cuts[i + 1] == cuts[i]) continue;
    const std::int64_t delta_ms =
        record_time(first_time, last_time, count, cuts[i]).ns / 1'000'000 - first_time.ns / 1'000'000;
    total += (cuts[i + 1] - cuts[i]) * record_bytes(value_bytes, delta_ms, cuts[i]);
  }
  return total;
}

sim::SimTime record_time(sim::SimTime first, sim::SimTime last, std::int64_t count, std::int64_t index) {
  if (count <= 1) return first;
  return {first.ns +
          static_cast<std::int64_t>(static_cast<__int128>((last - first).ns) * index / (count - 1))};
}

}  // namespace brokersim::log
