#include "models/kafka/broker/offset_by_time.h"

#include "models/log/batch.h"
#include "models/log/log.h"

namespace brokersim::kafka::broker {

std::optional<std::int64_t> offset_at_time(const BrokerParams& params, const Replica& replica,
                                           std::int64_t timestamp_ms) {
  for (const log::Segment& segment : replica.log().segments()) {
    if (segment.largest_timestamp_ms < timestamp_ms) continue;
    for (const log::LogEntry& entry : segment.entries) {
      const log::StoredBatch batch = (*params.store)[entry.batch];
      if (batch.data.timestamp_ms() < timestamp_ms || batch.next_offset() <= replica.log().log_start())
        continue;
      const std::int64_t count = batch.data.records.count;
      std::int64_t at = 0;
      while (at + 1 < count &&
             log::record_time(batch.data.first_time, batch.data.last_time, count, at).ns / 1'000'000 +
                     batch.data.clock_error_ms <
                 timestamp_ms)
        ++at;
      const std::int64_t offset = std::max(batch.base_offset + at, replica.log().log_start());
      if (offset >= replica.high_watermark()) return std::nullopt;
      return offset;
    }
  }
  return std::nullopt;
}

}  // namespace brokersim::kafka::broker
