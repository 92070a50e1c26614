// Goal: bytes as Kafka writes them. Method: vectors from the specifications (RFC 3720 for CRC-32C), layouts written out
// by hand from kafka-behaviour.md section 2, sizes against the counting that the simulation uses, hostile bytes.
#include <gtest/gtest.h>

#include "models/log/batch.h"
#include "models/log/format/bytes.h"
#include "models/log/format/crc32c.h"
#include "models/log/format/record_batch.h"
#include "models/log/format/segment_scan.h"
#include "models/log/format/side_files.h"
#include "sim/hash.h"

namespace brokersim::log::format {
namespace {

class Memory final : public ByteSource {
 public:
  explicit Memory(std::string bytes) : bytes_(std::move(bytes)) {}
  [[nodiscard]] std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  [[nodiscard]] bool read(std::int64_t at, std::int64_t count, std::string& out) override {
    out = bytes_.substr(static_cast<std::size_t>(at), static_cast<std::size_t>(count));
    return true;
  }

 private:
  std::string bytes_;
};

struct Seen final : BatchVisitor {
  std::vector<std::pair<std::int64_t, std::int64_t>> batches;  // position, base offset
  std::vector<bool> intact;
  bool on_batch(const BatchHeader& header, std::int64_t position, bool whole) override {
    batches.emplace_back(position, header.base_offset);
    intact.push_back(whole);
    return true;
  }
};

std::string batch_of(std::int64_t base_offset, int records, std::size_t value_bytes = 10) {
  BatchHeader header;
  header.base_offset = base_offset;
  header.leader_epoch = 3;
  BatchBuilder builder(header);
  for (int i = 0; i < records; ++i)
    builder.add(base_offset + i, 1'000 + i, std::nullopt, std::string(value_bytes, 'v'));
  return builder.finish();
}

// The check value of every catalogue of CRCs, and RFC 3720 B.4's 32 bytes of zeros and of ones.
TEST(Crc32c, AgreesWithPublishedVectors) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789")) << "in pieces";
  EXPECT_EQ(crc32c(""), 0u);
}

TEST(Varint, IsZigzagBase128) {
  const auto bytes = [](std::int64_t value) {
    std::string out;
    ByteWriter(out).varint(value);
    return out;
  };
  EXPECT_EQ(bytes(0), std::string("\x00", 1));
  EXPECT_EQ(bytes(-1), "\x01");
  EXPECT_EQ(bytes(63), "\x7E");
  EXPECT_EQ(bytes(64), std::string("\x80\x01"));
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{300}, std::int64_t{-70'000},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    const std::string text = bytes(value);
    ByteReader in(text);
    EXPECT_EQ(in.varint(), value);
    EXPECT_TRUE(in.ok());
    EXPECT_EQ(in.left(), 0u);
  }
  ByteReader endless("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  EXPECT_EQ(endless.varint(), 0);
  EXPECT_FALSE(endless.ok());
}

// One record "k" -> "hello" at offset 7, written out field by field.
TEST(RecordBatch, LayoutIsThatOfMagic2) {
  BatchHeader header;
  header.base_offset = 7;
  header.leader_epoch = 5;
  header.producer_id = 9;
  header.producer_epoch = 1;
  header.base_sequence = 4;
  BatchBuilder builder(header);
  builder.add(7, 1'000, "k", "hello");
  const std::string batch = builder.finish();
  std::string expected;
  ByteWriter out(expected);
  out.i64(7);
  out.i32(49 + 13);
  out.i32(5);
  out.i8(2);
  out.i32(0);  // the checksum, filled in below
  out.i16(0);
  out.i32(0);
  out.i64(1'000);
  out.i64(1'000);
  out.i64(9);
  out.i16(1);
  out.i32(4);
  out.i32(1);
  out.bytes(std::string("\x18\x00\x00\x00\x02k\x0Ahello\x00", 13));
  patch_i32(expected, 17, crc32c(std::string_view(expected).substr(21)));
  EXPECT_EQ(batch, expected);
}

TEST(RecordBatch, ReadsBackWhatItWrote) {
  BatchHeader header;
  header.base_offset = 100;
  header.producer_id = 77;
  header.base_sequence = 0x7FFFFFFF;
  BatchBuilder builder(header);
  builder.add(100, 5, "key", "value");
  builder.add(103, 9, std::nullopt, std::nullopt);
  const std::string bytes = builder.finish(/*last_offset_delta=*/8);
  const auto read = parse_header(bytes);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->bytes(), static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ(read->last_offset(), 108) << "compaction keeps the last offset of a batch";
  EXPECT_EQ(read->count, 2);
  EXPECT_EQ(read->max_timestamp, 9);
  EXPECT_EQ(read->last_sequence(), 7) << "sequences wrap from 2^31 - 1 to 0";
  RecordWalk walk(*read, std::string_view(bytes).substr(61));
  const auto first = walk.next();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->offset, 100);
  EXPECT_EQ(first->key, "key");
  EXPECT_EQ(first->value, "value");
  const auto second = walk.next();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->offset, 103);
  EXPECT_EQ(second->timestamp, 9);
  EXPECT_FALSE(second->key);
  EXPECT_FALSE(second->value);
  EXPECT_FALSE(walk.next());
  EXPECT_TRUE(walk.done());
}

// The simulation counts bytes without making any; both must be one layout.
TEST(RecordBatch, SizesAreThoseTheSimulationCounts) {
  for (const std::int64_t count : {1, 2, 63, 64, 65, 200, 9'000}) {
    for (const std::int64_t value : {0, 1, 100, 1'024}) {
      for (const std::int64_t span_ms : {0, 1, 64, 8'192, 70'000}) {
        const sim::SimTime first{7'000'000};
        const sim::SimTime last{7'000'000 + span_ms * 1'000'000};
        BatchHeader header;
        header.base_offset = 12;
        BatchBuilder builder(header);
        for (std::int64_t i = 0; i < count; ++i) {
          builder.add(12 + i, record_time(first, last, count, i).ns / 1'000'000, std::nullopt,
                      std::string(static_cast<std::size_t>(value), 'x'));
        }
        EXPECT_EQ(static_cast<std::int64_t>(builder.finish().size()), batch_bytes(count, value, first, last))
            << count << " records of " << value << " over " << span_ms << " ms";
      }
    }
  }
}

TEST(SegmentScan, StopsWhereRecoveryWouldCut) {
  const std::string a = batch_of(10, 3);
  const std::string b = batch_of(13, 2);
  const auto size_a = static_cast<std::int64_t>(a.size());
  const auto scan = [](std::string bytes, bool check = true) {
    Memory memory(std::move(bytes));
    Seen seen;
    return std::pair{scan_segment(memory, 10, check, seen), seen};
  };
  EXPECT_EQ(scan(a + b).first.stop, Stop::end);
  EXPECT_EQ(scan(a + b).second.batches.size(), 2u);
  EXPECT_EQ(scan("").first.stop, Stop::end);
  for (std::size_t cut = 1; cut < b.size(); ++cut) {
    const ScanResult result = scan(a + b.substr(0, cut)).first;
    EXPECT_EQ(result.stop, Stop::cut_short) << cut;
    EXPECT_EQ(result.valid_bytes, size_a);
  }
  for (std::size_t at = 21; at < b.size(); ++at) {
    std::string rotten = a + b;
    rotten[a.size() + at] = static_cast<char>(rotten[a.size() + at] ^ 0x10);
    const ScanResult result = scan(rotten).first;
    EXPECT_NE(result.stop, Stop::end) << at;
    EXPECT_EQ(result.valid_bytes, size_a) << at;
  }
  std::string epoch = a + b;
  epoch[a.size() + 13] = 1;
  EXPECT_EQ(scan(epoch).first.stop, Stop::end) << "the leader epoch is outside the checksum";
  EXPECT_EQ(scan(a + std::string(100, '\0')).first.stop, Stop::bad_length) << "a hole of zeros";
  EXPECT_EQ(scan(batch_of(9, 1)).first.stop, Stop::offset_too_far) << "below the segment's base";
  // Without checking, the length carries the scan over a rotten batch, and the visitor is told.
  std::string rotten = a + b;
  rotten[70] = static_cast<char>(rotten[70] ^ 1);
  const auto [result, seen] = scan(rotten, /*check=*/false);
  EXPECT_EQ(result.stop, Stop::end);
  EXPECT_EQ(seen.intact, (std::vector<bool>{false, true}));
}

// Goal: nothing in a file makes the scan read past it, loop or take memory. Method: random bytes, and sound segments with
// a random byte changed; checked by the sanitizers, too.
TEST(SegmentScan, SurvivesAnyBytes) {
  const std::string sound = batch_of(0, 5) + batch_of(5, 1, 3'000) + batch_of(6, 40);
  std::uint64_t dice = 1;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = sound;
    for (int changes = 0; changes < 1 + round % 3; ++changes) {
      dice = sim::mix64(dice + 1);
      bytes[dice % bytes.size()] = static_cast<char>(dice >> 40);
    }
    dice = sim::mix64(dice + 1);
    if (round % 4 == 0) bytes.resize(dice % bytes.size());
    Memory memory(bytes);
    Seen seen;
    const ScanResult result = scan_segment(memory, 0, round % 2 == 0, seen);
    EXPECT_LE(result.valid_bytes, static_cast<std::int64_t>(bytes.size()));
    for (const auto& [position, offset] : seen.batches) {
      const auto header = parse_header(std::string_view(bytes).substr(static_cast<std::size_t>(position)));
      ASSERT_TRUE(header);
      RecordWalk walk(*header, std::string_view(bytes).substr(static_cast<std::size_t>(position) + 61));
      while (walk.next()) {
      }
    }
  }
}

TEST(SideFiles, ReadBackWhatTheyWrote) {
  const std::vector<OffsetEntry> offsets{{0, 0}, {40, 4'200}, {90, 8'400}};
  EXPECT_EQ(parse_offset_index(encode(offsets)), offsets);
  EXPECT_EQ(parse_offset_index(encode(offsets) + std::string(800, '\0')), offsets)
      << "a map that was not trimmed";
  const std::vector<TimeEntry> times{{1'000, 4}, {2'000, 9}};
  EXPECT_EQ(parse_time_index(encode(times)), times);
  const std::vector<AbortedEntry> aborted{{7, 100, 120, 121}};
  EXPECT_EQ(parse_aborted_index(encode(aborted)), aborted);
  EXPECT_FALSE(parse_aborted_index(encode(aborted) + "x"));
  const std::vector<ProducerEntry> producers{{.producer_id = 5,
                                              .epoch = 1,
                                              .last_sequence = 9,
                                              .last_offset = 100,
                                              .offset_delta = 3,
                                              .timestamp = 77,
                                              .coordinator_epoch = 2,
                                              .transaction_first_offset = 90}};
  std::string snapshot = encode_snapshot(producers);
  EXPECT_EQ(snapshot.size(), 10u + 46u);
  EXPECT_EQ(parse_snapshot(snapshot), producers);
  snapshot[20] = static_cast<char>(snapshot[20] ^ 1);
  EXPECT_FALSE(parse_snapshot(snapshot)) << "its checksum guards it";
}

// LogSegment.append: an entry once more than the interval has come since the last one, before the incoming bytes count.
TEST(IndexBuilder, PutsEntriesWhereABrokerDoes) {
  IndexBuilder index(/*base_offset=*/100, /*interval_bytes=*/4'096);
  index.add(0, 4'096, 109, 1'000, 109);
  index.add(4'096, 1, 110, 1'001, 110);
  index.add(4'097, 500, 120, 999, 120);
  index.add(4'597, 10, 121, 1'002, 121);
  EXPECT_EQ(index.offsets(), (std::vector<OffsetEntry>{{20, 4'097}}))
      << "4,097 bytes are more than the interval";
  EXPECT_EQ(index.times(), (std::vector<TimeEntry>{{1'001, 10}})) << "the largest timestamp so far";
  index.close();
  EXPECT_EQ(index.times(), (std::vector<TimeEntry>{{1'001, 10}, {1'002, 21}}));
}

}  // namespace
}  // namespace brokersim::log::format
