// What a producer takes a record's encoded size for before it is in a batch.
//
// Why: KafkaProducer.send() compares this bound, not the size, with max.request.size and buffer.memory, and the accumulator
// takes as much memory for a batch that begins with the record (at least batch.size). So the largest record that send() takes
// is a few bytes smaller than the largest that fits.
// Source: AbstractRecords.estimateSizeInBytesUpperBound (v2), DefaultRecord.MAX_RECORD_OVERHEAD = 21: the longest length (5),
// attributes (1), timestamp (10) and offset (5). Compression does not count. Records have no headers.
#pragma once

#include <cstdint>

#include "models/log/batch.h"

namespace brokersim::kafka::client {

/// Of a batch of one record of `size` bytes (key and value), header included.
[[nodiscard]] constexpr std::int64_t size_upper_bound(std::int64_t size) {
  constexpr std::int64_t most_around = 21;
  std::int64_t length = 1;  // of the value's length as a zigzag varint
  for (std::int64_t left = size << 1; left >= 0x80; left >>= 7) ++length;
  const std::int64_t no_key = 1;
  const std::int64_t no_headers = 1;
  return log::kBatchHeaderBytes + most_around + no_key + length + size + no_headers;
}

}  // namespace brokersim::kafka::client
