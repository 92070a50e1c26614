#include "app/logdir/encode_batch.h"

#include <optional>

#include "models/log/format/record_batch.h"
#include "sim/check.h"

namespace brokersim::logdir {

std::int64_t timestamp_ms(sim::SimTime time) { return kTimeZeroMs + time.ns / 1'000'000; }

std::string record_value(const history::History& history, const history::RecordRange& records,
                         std::int64_t ordinal, std::int64_t bytes) {
  std::string value = history.client(records.producer).name + " " +
                      history.partition(records.partition).name() + " " + std::to_string(ordinal);
  value.resize(static_cast<std::size_t>(bytes), '.');
  return value;
}

std::string encode_batch(const history::History& history, const log::StoredBatch& batch) {
  const log::BatchData& data = batch.data;
  const std::int64_t count = data.records.count;
  SIM_CHECK(count > 0);
  log::format::BatchHeader header;
  header.base_offset = batch.base_offset;
  header.leader_epoch = batch.leader_epoch;
  header.producer_id = data.producer_id;
  header.producer_epoch = data.producer_epoch;
  header.base_sequence = data.base_sequence;
  log::format::BatchBuilder builder(header);
  const std::int64_t value_bytes = data.payload_bytes / count;
  for (std::int64_t i = 0; i < count; ++i) {
    const sim::SimTime time = log::record_time(data.first_time, data.last_time, count, i);
    builder.add(batch.base_offset + i, timestamp_ms(time), std::nullopt,
                record_value(history, data.records, data.records.first + i, value_bytes));
  }
  std::string bytes = builder.finish();
  SIM_CHECK(
      static_cast<std::int64_t>(bytes.size()) == data.bytes,
      "encoded " + std::to_string(bytes.size()) + " bytes, the log counts " + std::to_string(data.bytes));
  return bytes;
}

}  // namespace brokersim::logdir
