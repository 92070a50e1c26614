// Goal: batch sizes are those of Kafka's v2 layout, for any spacing of timestamps, at a cost independent of the count.
#include "models/log/batch.h"

#include <gtest/gtest.h>

namespace brokersim::log {
namespace {
using sim::SimTime;

/// Method: record by record, as the encoder writes them.
std::int64_t brute_force(std::int64_t count, std::int64_t value, SimTime first, SimTime last) {
  std::int64_t total = kBatchHeaderBytes;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t delta = record_time(first, last, count, i).ns / 1'000'000 - first.ns / 1'000'000;
    total += record_bytes(value, delta, i);
  }
  return total;
}

// A 100-byte value, null key, no headers: length 1 + attributes 1 + deltas 1 + 1 + key length 1 + value length 2 +
// value 100 + headers 1 = 108 with a two-byte length of its own.
TEST(BatchBytes, OneRecordByHand) {
  EXPECT_EQ(record_bytes(100, 0, 0), 2 + 1 + 1 + 1 + 1 + 2 + 100 + 1);
  EXPECT_EQ(record_bytes(10, 0, 0), 1 + 1 + 1 + 1 + 1 + 1 + 10 + 1);
  EXPECT_EQ(batch_bytes(1, 10, {}, {}), 61 + 17);
}

TEST(BatchBytes, EqualsTheSumOverRecords) {
  const std::int64_t ms = 1'000'000;
  for (const std::int64_t count : {1, 2, 63, 64, 65, 100, 8'191, 8'192, 9'000}) {
    for (const std::int64_t span :
         {std::int64_t{0}, 63 * ms, 64 * ms, 65 * ms, 8'191 * ms, 8'192 * ms, 20'000 * ms}) {
      for (const std::int64_t start : {std::int64_t{0}, std::int64_t{999'999}, std::int64_t{123'456'789}}) {
        EXPECT_EQ(batch_bytes(count, 100, {start}, {start + span}),
                  brute_force(count, 100, {start}, {start + span}))
            << count << " records over " << span << " ns from " << start;
      }
    }
  }
}

}  // namespace
}  // namespace brokersim::log
