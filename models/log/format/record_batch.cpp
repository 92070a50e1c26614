#include "models/log/format/record_batch.h"

#include <algorithm>

#include "models/log/format/bytes.h"
#include "models/log/format/crc32c.h"
#include "sim/check.h"

namespace brokersim::log::format {

const char* to_string(Codec codec) {
  switch (codec) {
    case Codec::none: return "none";
    case Codec::gzip: return "gzip";
    case Codec::snappy: return "snappy";
    case Codec::lz4: return "lz4";
    case Codec::zstd: return "zstd";
  }
  return "unknown";
}

std::int32_t BatchHeader::last_sequence() const {
  if (base_sequence < 0) return -1;
  return static_cast<std::int32_t>((static_cast<std::int64_t>(base_sequence) + last_offset_delta) &
                                   0x7FFFFFFF);
}

std::optional<BatchHeader> parse_header(std::string_view bytes) {
  if (static_cast<std::int64_t>(bytes.size()) < kHeaderBytes) return std::nullopt;
  ByteReader in(bytes);
  BatchHeader header;
  header.base_offset = in.i64();
  header.length = in.i32();
  header.leader_epoch = in.i32();
  header.magic = in.i8();
  header.crc = in.u32();
  header.attributes = in.i16();
  header.last_offset_delta = in.i32();
  header.base_timestamp = in.i64();
  header.max_timestamp = in.i64();
  header.producer_id = in.i64();
  header.producer_epoch = in.i16();
  header.base_sequence = in.i32();
  header.count = in.i32();
  return header;
}

std::optional<RecordView> RecordWalk::next() {
  if (broken_ || taken_ == header_.count) return std::nullopt;
  ByteReader outer(rest_);
  const std::int64_t length = outer.varint();
  const std::size_t prefix = rest_.size() - outer.left();
  const std::string_view body = outer.bytes(length);
  if (!outer.ok()) {
    broken_ = true;
    return std::nullopt;
  }
  ByteReader in(body);
  RecordView record;
  static_cast<void>(in.i8());  // attributes: none are defined
  const std::int64_t timestamp_delta = in.varint();
  const std::int64_t offset_delta = in.varint();
  const auto text = [&in]() -> std::optional<std::string_view> {
    const std::int64_t size = in.varint();
    if (size < 0) return std::nullopt;
    return in.bytes(size);
  };
  // Wrapping sums: the numbers may be anything.
  record.offset = static_cast<std::int64_t>(static_cast<std::uint64_t>(header_.base_offset) +
                                            static_cast<std::uint64_t>(offset_delta));
  record.timestamp = header_.log_append_time()
                         ? header_.max_timestamp
                         : static_cast<std::int64_t>(static_cast<std::uint64_t>(header_.base_timestamp) +
                                                     static_cast<std::uint64_t>(timestamp_delta));
  record.key = text();
  record.value = text();
  record.headers = in.varint();
  for (std::int64_t i = 0; i < record.headers && in.ok(); ++i) {
    static_cast<void>(in.bytes(in.varint()));
    static_cast<void>(text());
  }
  if (!in.ok() || in.left() != 0 || record.headers < 0 || offset_delta < 0 ||
      offset_delta > header_.last_offset_delta) {
    broken_ = true;
    return std::nullopt;
  }
  rest_.remove_prefix(prefix + body.size());
  ++taken_;
  return record;
}

std::optional<ControlMarker> parse_marker(const RecordView& record) {
  if (!record.key) return std::nullopt;
  ByteReader key(*record.key);
  static_cast<void>(key.i16());  // version
  ControlMarker marker;
  marker.type = key.i16();
  if (!key.ok()) return std::nullopt;
  if (marker.type <= 1 && record.value) {
    ByteReader value(*record.value);
    static_cast<void>(value.i16());  // version
    marker.coordinator_epoch = value.i32();
    if (!value.ok()) return std::nullopt;
  }
  return marker;
}

BatchBuilder::BatchBuilder(const BatchHeader& header) : header_(header) {
  header_.count = 0;
  header_.last_offset_delta = 0;
  header_.max_timestamp = -1;
}

void BatchBuilder::add(std::int64_t offset, std::int64_t timestamp, std::optional<std::string_view> key,
                       std::optional<std::string_view> value, std::optional<std::string_view> filling) {
  const std::int64_t delta = offset - header_.base_offset;
  SIM_CHECK(delta >= header_.last_offset_delta);
  SIM_CHECK(delta <= 0x7FFFFFFF);
  if (header_.count == 0 && !header_.has_delete_horizon() && header_.base_timestamp < 0) {
    header_.base_timestamp = timestamp;
  }
  record_.clear();
  ByteWriter body(record_);
  body.i8(0);
  body.varint(timestamp - header_.base_timestamp);
  body.varint(delta);
  const auto text = [&body](std::optional<std::string_view> bytes) {
    body.varint(bytes ? static_cast<std::int64_t>(bytes->size()) : -1);
    if (bytes) body.bytes(*bytes);
  };
  text(key);
  text(value);
  body.varint(filling ? 1 : 0);
  if (filling) {
    text("f");
    text(filling);
  }
  ByteWriter out(records_);
  out.varint(static_cast<std::int64_t>(record_.size()));
  out.bytes(record_);
  ++header_.count;
  header_.last_offset_delta = static_cast<std::int32_t>(delta);
  header_.max_timestamp = std::max(header_.max_timestamp, timestamp);
}

std::string BatchBuilder::finish(std::int32_t last_offset_delta) {
  header_.last_offset_delta = std::max(header_.last_offset_delta, last_offset_delta);
  std::string batch;
  batch.reserve(static_cast<std::size_t>(kHeaderBytes) + records_.size());
  ByteWriter out(batch);
  out.i64(header_.base_offset);
  out.i32(kHeaderBytes - kLengthEnd + static_cast<std::int64_t>(records_.size()));
  out.i32(header_.leader_epoch);
  out.i8(header_.magic);
  out.i32(0);
  out.i16(header_.attributes);
  out.i32(header_.last_offset_delta);
  out.i64(header_.base_timestamp);
  out.i64(header_.max_timestamp);
  out.i64(header_.producer_id);
  out.i16(header_.producer_epoch);
  out.i32(header_.base_sequence);
  out.i32(header_.count);
  out.bytes(records_);
  patch_i32(batch, kMagicEnd, crc32c(std::string_view(batch).substr(kChecksummedFrom)));
  return batch;
}

}  // namespace brokersim::log::format
