#include "app/logdir/encode_batch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "models/history/record_law.h"
#include "models/log/format/bytes.h"
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

namespace {

std::int64_t varint_bytes(std::int64_t value) {
  std::int64_t bytes = 1;
  for (value <<= 1; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

/// A key and what makes a record with it as large as one of `size` bytes without a key, which is how the model counts.
struct Fields {
  std::string key;
  std::optional<std::string> value;    ///< Nothing: a tombstone.
  std::optional<std::string> filling;  ///< Of a header.
};

/// The same with a key that has a text. Where the length of a length jumps, a header takes what is missing.
Fields fields_with(const std::string& key, std::int64_t size, const std::string& text) {
  for (std::string name = key;; name += ' ') {
    const auto length = static_cast<std::int64_t>(name.size());
    const std::int64_t left = varint_bytes(size) + size - (varint_bytes(length) - 1 + length);
    for (std::int64_t header = 0; header <= 6; header += header == 0 ? 3 : 1) {
      for (std::int64_t rest = std::max<std::int64_t>(left - header - 4, 0); rest < left - header; ++rest) {
        if (varint_bytes(rest) + rest != left - header) continue;
        Fields fields{name, text, std::nullopt};
        fields.value->resize(static_cast<std::size_t>(rest), '.');
        if (header > 0) fields.filling = std::string(static_cast<std::size_t>(header - 3), '.');
        return fields;
      }
    }
    SIM_CHECK(name.size() < key.size() + 4,
              "no value fits into a record of " + std::to_string(size) + " bytes with the key " + key);
  }
}

/// The text of a key that has only a number.
std::string plain_key(std::int64_t number, std::int64_t bytes) {
  const std::string digits = std::to_string(number);
  return "k" + std::string(static_cast<std::size_t>(bytes - 1) - digits.size(), '0') + digits;
}

Fields fields_of(const history::History& history, const history::RecordRange& records, std::int64_t ordinal,
                 const history::KeySpace& keys, std::int64_t size) {
  const std::int64_t number = history::key_of(keys, records.producer, records.partition, ordinal);
  const bool tombstone = history::is_tombstone(keys, records.producer, records.partition, ordinal);
  if (keys.shared) {
    constexpr std::int64_t of_space = (std::int64_t{1} << 40) - 1;
    const std::string key = keys.law->names().text(number & of_space);
    if (tombstone) return {key, std::nullopt, std::nullopt};
    return fields_with(key, size, record_value(history, records, ordinal, size));
  }
  if (tombstone) return {plain_key(number, history::kPlainKeyBytes), std::nullopt, std::nullopt};
  const std::int64_t wanted = varint_bytes(size) + size;  // of value length and value without a key
  for (std::int64_t key_bytes = history::kPlainKeyBytes; key_bytes < 24; ++key_bytes) {
    for (std::int64_t rest = std::max<std::int64_t>(wanted - key_bytes - 3, 0); rest <= wanted - key_bytes;
         ++rest) {
      if (key_bytes + varint_bytes(rest) + rest != wanted) continue;
      return {plain_key(number, key_bytes), record_value(history, records, ordinal, rest), std::nullopt};
    }
  }
  SIM_CHECK(false, "no key fits into a record of " + std::to_string(size) + " bytes");
  return {};
}

/// A record of one of the cluster's own topics, `total` bytes long in its batch: what the model keeps of it are values, so its
/// place is filled. False if no lengths of key and value make that many bytes.
bool add_filled(log::format::BatchBuilder& builder, std::int64_t offset, std::int64_t index, std::int64_t time,
                const std::string& text, std::int64_t total) {
  for (std::int64_t key = 4; key < 8; ++key) {
    const std::int64_t fixed = 4 + varint_bytes(index) + varint_bytes(key) - 1 + key;  // without the value and its length
    for (std::int64_t value = std::max<std::int64_t>(total - fixed - 8, 0); fixed + value < total; ++value) {
      const std::int64_t body = fixed + varint_bytes(value) + value;
      if (varint_bytes(body) + body != total) continue;
      std::string filling = text;
      filling.resize(static_cast<std::size_t>(value), '.');
      builder.add(offset, time, std::string(static_cast<std::size_t>(key), '.'), filling);
      return true;
    }
  }
  return false;
}

/// Records `kept` of a batch of the cluster's own, which fill its bytes evenly.
void fill_records(log::format::BatchBuilder& builder, const log::StoredBatch& batch,
                  const std::vector<std::int64_t>& kept, std::int64_t time, const std::string& text) {
  const auto n = static_cast<std::int64_t>(kept.size());
  const std::int64_t all = batch.data.bytes - log::kBatchHeaderBytes;
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t share = i + 1 < n ? all / n : all - all / n * (n - 1);
    const std::int64_t index = kept[static_cast<std::size_t>(i)];
    const bool fits = add_filled(builder, batch.base_offset + index, index, time, text, share);
    SIM_CHECK(fits, "a record of an internal topic of " + std::to_string(share) + " bytes");
  }
}

/// A control batch: key (version, type) and value (version, epoch of the coordinator) of its one record.
std::string encode_marker(log::format::BatchHeader header, const log::BatchData& data) {
  header.attributes = 16 | 32;
  std::string key;
  log::format::ByteWriter key_writer(key);
  key_writer.i16(0);
  key_writer.i16(data.kind == log::BatchKind::commit ? 1 : 0);
  std::string value;
  log::format::ByteWriter value_writer(value);
  value_writer.i16(0);
  value_writer.i32(data.coordinator_epoch);
  log::format::BatchBuilder builder(header);
  builder.add(header.base_offset, timestamp_ms(data.first_time) + data.clock_error_ms, key, value);
  return builder.finish();
}

}  // namespace

std::string encode_batch(const history::History& history, const log::StoredBatch& batch,
                         const log::CleanedBatch* cleaned) {
  const log::BatchData& data = batch.data;
  const std::int64_t count = data.records.count;
  SIM_CHECK(count > 0);
  log::format::BatchHeader header;
  header.base_offset = batch.base_offset;
  header.leader_epoch = batch.leader_epoch;
  header.producer_id = data.producer_id;
  header.producer_epoch = data.producer_epoch;
  header.base_sequence = data.base_sequence;
  if (data.kind != log::BatchKind::plain) header.attributes = 16;
  if (data.is_marker()) return encode_marker(header, data);
  if (cleaned != nullptr && cleaned->delete_horizon_ms >= 0) {
    header.attributes = static_cast<std::int16_t>(header.attributes | 64);
    header.base_timestamp = kTimeZeroMs + cleaned->delete_horizon_ms;
  }
  log::format::BatchBuilder builder(header);
  const history::KeySpace keys =
      data.records.producer.n >= 0 ? history.client(data.records.producer).keys : history::KeySpace{};
  const std::int64_t even_size = data.payload_bytes / count;
  const std::int64_t own_time = timestamp_ms(data.first_time) + data.clock_error_ms;
  if (data.records.producer.n >= 0 && history.client(data.records.producer).internal) {
    std::vector<std::int64_t> kept;
    for (std::int64_t i = 0; i < count && cleaned == nullptr; ++i) kept.push_back(i);
    if (cleaned != nullptr) kept.assign(cleaned->kept.begin(), cleaned->kept.end());
    fill_records(builder, batch, kept, (header.attributes & 64) != 0 ? header.base_timestamp : own_time,
                 history.partition(data.records.partition).name());
    return builder.finish(static_cast<std::int32_t>(count - 1));
  }
  const auto add = [&](std::int64_t i) {
    const std::int64_t time =
        timestamp_ms(log::record_time(data.first_time, data.last_time, count, i)) + data.clock_error_ms;
    const std::int64_t ordinal = data.records.first + i;
    const std::int64_t size = keys.law == nullptr
                                  ? even_size
                                  : keys.law->size_of(data.records.producer, data.records.partition, ordinal);
    if (keys.keys == 0) {
      builder.add(batch.base_offset + i, time, std::nullopt,
                  record_value(history, data.records, ordinal, size));
    } else {
      const Fields fields = fields_of(history, data.records, ordinal, keys, size);
      builder.add(batch.base_offset + i, time, fields.key, fields.value, fields.filling);
    }
  };
  if (cleaned == nullptr) {
    for (std::int64_t i = 0; i < count; ++i) add(i);
  } else {
    for (const std::int32_t i : cleaned->kept) add(i);
  }
  std::string bytes = builder.finish(static_cast<std::int32_t>(count - 1));
  SIM_CHECK(
      static_cast<std::int64_t>(bytes.size()) == data.bytes,
      "encoded " + std::to_string(bytes.size()) + " bytes, the log counts " + std::to_string(data.bytes));
  return bytes;
}

}  // namespace brokersim::logdir
