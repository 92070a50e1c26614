// Goal: a transactional log is read as Kafka reads it: markers, aborted transactions, what stays open.
// Method: the model's clients have no transactions yet, so a log is made here by hand, batch by batch, with the formats
// that exports use: three producers, committed, aborted and interleaved transactions, one left open. With
// BROKERSIM_TRANSACTIONAL_LOG set the directory is written there, for `make conformance-log` to show to Kafka's tools.
#include <gtest/gtest.h>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "app/logdir/inspect.h"
#include "app/logdir/producer_replay.h"
#include "models/log/format/bytes.h"
#include "models/log/format/record_batch.h"
#include "models/log/format/side_files.h"

namespace brokersim::logdir {
namespace {

namespace fs = std::filesystem;
namespace format = log::format;

class HandMadeLog {
 public:
  explicit HandMadeLog(fs::path root) : root_(std::move(root)) {
    fs::create_directories(root_ / "transfers-0");
  }

  void data(std::int64_t producer, std::int32_t count) {
    format::BatchHeader header = header_of(producer);
    header.attributes = 16;
    header.base_sequence = sequence_[producer];
    sequence_[producer] += count;
    format::BatchBuilder builder(header);
    for (std::int32_t i = 0; i < count; ++i) {
      const std::string key = "account-" + std::to_string((next_ + i) % 7);
      builder.add(next_ + i, time_ + i, key, std::string(300, 'v'));
    }
    append(builder.finish());
  }
  void marker(std::int64_t producer, bool commit) {
    format::BatchHeader header = header_of(producer);
    header.attributes = 16 | 32;
    std::string key;
    format::ByteWriter key_writer(key);
    key_writer.i16(0);
    key_writer.i16(commit ? 1 : 0);
    std::string value;
    format::ByteWriter value_writer(value);
    value_writer.i16(0);
    value_writer.i32(3);
    format::BatchBuilder builder(header);
    builder.add(next_, time_, key, value);
    append(builder.finish());
  }
  /// Closes the segment and begins another one.
  void roll() {
    write_segment();
    base_ = next_;
    bytes_.clear();
    index_ = format::IndexBuilder(base_, 4'096);
    put("transfers-0/" + digits(base_) + ".snapshot", format::encode_snapshot(producers_.producers()));
  }
  void finish() {
    write_segment();
    put("transfers-0/leader-epoch-checkpoint", "0\n1\n0 0\n");
    put("transfers-0/partition.metadata", "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAg\n");
    put("recovery-point-offset-checkpoint", "0\n1\ntransfers 0 0\n");
    put("meta.properties",
        "version=1\ncluster.id=AAAAAAAAAAAAAAAAAAAAAQ\nnode.id=0\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAw\n");
  }
  [[nodiscard]] std::int64_t next() const { return next_; }

 private:
  format::BatchHeader header_of(std::int64_t producer) const {
    format::BatchHeader header;
    header.base_offset = next_;
    header.leader_epoch = 0;
    header.producer_id = producer;
    header.producer_epoch = 0;
    return header;
  }
  void append(const std::string& batch) {
    const auto header = format::parse_header(batch);
    ASSERT_TRUE(header);
    index_.add(static_cast<std::int64_t>(bytes_.size()), header->bytes(), header->last_offset(),
               header->max_timestamp, header->last_offset());
    format::RecordWalk records(*header, std::string_view(batch).substr(format::kHeaderBytes));
    const auto record = records.next();
    const auto marker = header->control() && record ? format::parse_marker(*record) : std::nullopt;
    const std::size_t aborted_before = producers_.aborted().size();
    producers_.note(*header, marker ? &*marker : nullptr);
    for (std::size_t i = aborted_before; i < producers_.aborted().size(); ++i)
      aborted_.push_back(producers_.aborted()[i]);
    bytes_ += batch;
    next_ = header->next_offset();
    time_ += 10;
  }
  void write_segment() {
    const std::string stem = "transfers-0/" + digits(base_);
    index_.close();
    put(stem + ".log", bytes_);
    put(stem + ".index", format::encode(index_.offsets()));
    put(stem + ".timeindex", format::encode(index_.times()));
    if (!aborted_.empty()) put(stem + ".txnindex", format::encode(aborted_));
    aborted_.clear();
  }
  static std::string digits(std::int64_t offset) {
    const std::string text = std::to_string(offset);
    return std::string(20 - text.size(), '0') + text;
  }
  void put(const std::string& name, const std::string& content) const {
    std::ofstream(root_ / name, std::ios::binary) << content;
  }

  fs::path root_;
  std::int64_t base_ = 0;
  std::int64_t next_ = 0;
  std::int64_t time_ = 1'767'225'600'000;
  std::map<std::int64_t, std::int32_t> sequence_;
  std::string bytes_;
  format::IndexBuilder index_{0, 4'096};
  ProducerReplay producers_;
  std::vector<format::AbortedEntry> aborted_;
};

TEST(TransactionalLog, MarkersAbortsAndWhatStaysOpen) {
  const char* wanted = std::getenv("BROKERSIM_TRANSACTIONAL_LOG");
  const fs::path root = wanted != nullptr ? fs::path(wanted)
                                          : fs::temp_directory_path() /
                                                ("brokersim_transactional_" + std::to_string(::getpid()));
  fs::remove_all(root);
  HandMadeLog log(root);
  for (int round = 0; round < 12; ++round) {
    log.data(11, 5);
    log.data(12, 3);
    log.data(11, 4);
    log.marker(12, round % 3 != 0);  // every third one aborts
    log.data(13, 2);
    log.marker(11, round % 2 == 0);
    if (round % 4 != 3) log.marker(13, true);
    if (round % 4 == 3) log.marker(13, false);
    if (round == 5 || round == 8) log.roll();
  }
  const std::int64_t open_from = log.next();
  log.data(12, 6);  // stays open
  log.finish();

  std::string error;
  const auto report = inspect(root.string(), {}, error);
  ASSERT_TRUE(report) << error;
  ASSERT_EQ(report->partitions.size(), 1u);
  const PartitionReport& partition = report->partitions.front();
  EXPECT_EQ(partition.segments.size(), 3u);
  EXPECT_EQ(partition.dropped_bytes, 0);
  EXPECT_EQ(partition.log_end, log.next());
  EXPECT_EQ(partition.aborted.size(), 4u + 6u + 3u) << "4 of producer 12, 6 of 11, 3 of 13";
  ASSERT_EQ(partition.producers.size(), 3u);
  EXPECT_EQ(partition.producers[0].transaction_first_offset, -1);
  EXPECT_EQ(partition.producers[1].transaction_first_offset, open_from)
      << "producer 12 has not ended its last one";
  EXPECT_EQ(partition.producers[2].coordinator_epoch, 3);
  if (wanted == nullptr) fs::remove_all(root);
}

}  // namespace
}  // namespace brokersim::logdir
