#include "models/log/sized_batch.h"

#include "models/log/batch.h"
#include "sim/check.h"

namespace brokersim::log {

std::int64_t sized_batch_bytes(const history::RecordLaw& law, history::ClientId producer, std::int32_t number,
                               std::int64_t first, std::int64_t count, sim::SimTime first_time,
                               sim::SimTime last_time) {
  SIM_CHECK(count > 0);
  if (!law.sizes_differ()) return batch_bytes(count, law.fixed_size(), first_time, last_time);
  std::int64_t bytes = kBatchHeaderBytes;
  const std::int64_t base_ms = first_time.ns / 1'000'000;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t delta_ms = record_time(first_time, last_time, count, i).ns / 1'000'000 - base_ms;
    bytes += record_bytes(law.size_of(producer, number, first + i), delta_ms, i);
  }
  return bytes;
}

std::int64_t payload_bytes(const history::RecordLaw& law, history::ClientId producer, std::int32_t number,
                           std::int64_t first, std::int64_t count) {
  if (!law.sizes_differ()) return count * law.fixed_size();
  std::int64_t bytes = 0;
  for (std::int64_t i = 0; i < count; ++i) bytes += law.size_of(producer, number, first + i);
  return bytes;
}

}  // namespace brokersim::log
