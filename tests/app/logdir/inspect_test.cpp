// Goal: what a restart keeps, by the rules of LogLoader. Method: directories made here, damaged in one known way each.
// `make conformance-log` asks Kafka's own loader the same questions.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "app/logdir/inspect.h"
#include "models/log/format/record_batch.h"
#include "models/log/format/side_files.h"

namespace brokersim::logdir {
namespace {

namespace fs = std::filesystem;
namespace format = log::format;

class InspectLog : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("brokersim_inspect_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_ / "orders-0");
  }
  void TearDown() override { fs::remove_all(root_); }

  static std::string digits(std::int64_t offset) {
    const std::string text = std::to_string(offset);
    return std::string(20 - text.size(), '0') + text;
  }
  void put(const std::string& name, const std::string& content) const {
    std::ofstream(root_ / name, std::ios::binary) << content;
  }
  /// A segment of one-record batches; returns its bytes.
  std::string segment(std::int64_t base, int batches, std::int32_t epoch = 0,
                      std::size_t value = 3'000) const {
    std::string bytes;
    format::IndexBuilder index(base, 4'096);
    for (int i = 0; i < batches; ++i) {
      const std::string batch = one(base + i, epoch, value);
      index.add(static_cast<std::int64_t>(bytes.size()), static_cast<std::int64_t>(batch.size()), base + i,
                1'000 + i, base + i);
      bytes += batch;
    }
    put("orders-0/" + digits(base) + ".log", bytes);
    put("orders-0/" + digits(base) + ".index", format::encode(index.offsets()));
    put("orders-0/" + digits(base) + ".timeindex", format::encode(index.times()));
    return bytes;
  }
  static std::string one(std::int64_t offset, std::int32_t epoch, std::size_t value) {
    format::BatchHeader header;
    header.base_offset = offset;
    header.leader_epoch = epoch;
    header.producer_id = 5;
    header.producer_epoch = 0;
    header.base_sequence = static_cast<std::int32_t>(offset);
    format::BatchBuilder builder(header);
    builder.add(offset, 1'000 + offset, std::nullopt, std::string(value, 'v'));
    return builder.finish();
  }
  void cut(const std::string& name, std::uintmax_t bytes) const { fs::resize_file(root_ / name, bytes); }
  void flip(const std::string& name, std::streamoff at) const {
    std::fstream file(root_ / name, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(at);
    const char byte = static_cast<char>(file.get() ^ 4);
    file.seekp(at);
    file.put(byte);
  }
  [[nodiscard]] PartitionReport partition() const {
    std::string error;
    const auto report = inspect(root_.string(), {}, error);
    EXPECT_TRUE(report) << error;
    return report && !report->partitions.empty() ? report->partitions.front() : PartitionReport{};
  }

  fs::path root_;
  const std::string first_ = "orders-0/00000000000000000000.log";
};

TEST_F(InspectLog, KeepsASoundLog) {
  segment(0, 10);
  segment(10, 5, /*epoch=*/2);
  const PartitionReport report = partition();
  EXPECT_EQ(report.log_start, 0);
  EXPECT_EQ(report.log_end, 15);
  EXPECT_EQ(report.dropped_bytes, 0);
  EXPECT_EQ(report.epochs, (std::vector<log::EpochEntry>{{0, 0}, {2, 10}}))
      << "missing epochs come from the batches";
  ASSERT_EQ(report.producers.size(), 1u);
  EXPECT_EQ(report.producers.front().last_sequence, 14);
  EXPECT_TRUE(report.notes.empty());
  for (const SegmentReport& segment : report.segments) EXPECT_TRUE(segment.index_problems.empty());
}

TEST_F(InspectLog, CutsAtTheFirstInvalidBatchAndDeletesWhatLiesBehind) {
  const std::string bytes = segment(0, 10);
  segment(10, 5);
  flip(first_, static_cast<std::streamoff>(bytes.size() / 10 * 6 + 100));
  const PartitionReport report = partition();
  EXPECT_EQ(report.log_end, 6);
  EXPECT_EQ(report.segments[0].fate, Fate::cut);
  EXPECT_EQ(report.segments[0].stop, "checksum differs");
  EXPECT_EQ(report.segments[1].fate, Fate::dropped) << "even though it is sound";
  EXPECT_EQ(report.producers.front().last_sequence, 5);
}

TEST_F(InspectLog, DropsATornTail) {
  const std::string bytes = segment(0, 10);
  cut(first_, bytes.size() - 1);
  EXPECT_EQ(partition().log_end, 9);
}

TEST_F(InspectLog, ChecksNothingBehindACleanMarker) {
  const std::string bytes = segment(0, 10);
  flip(first_, 100);
  put(".kafka_cleanshutdown", R"({"version":0,"brokerEpoch":41})");
  std::string error;
  const auto report = inspect(root_.string(), {}, error);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->clean);
  EXPECT_EQ(report->broker_epoch, 41);
  EXPECT_EQ(report->partitions.front().log_end, 10);
  EXPECT_EQ(report->partitions.front().segments.front().bad_checksums, 1) << "and says what readers will hit";
}

TEST_F(InspectLog, ChecksFromTheRecoveryPointOn) {
  segment(0, 10);
  const std::string second = segment(10, 10);
  flip(first_, 100);
  put("recovery-point-offset-checkpoint", "0\n1\norders 0 12\n");
  const PartitionReport report = partition();
  EXPECT_EQ(report.log_end, 20) << "the damage is below the recovery point";
  EXPECT_FALSE(report.segments[0].checked);
  EXPECT_TRUE(report.segments[1].checked);
  fs::remove(root_ / "orders-0/00000000000000000000.index");
  EXPECT_EQ(partition().segments[0].fate, Fate::cut) << "a segment without an index is scanned";
}

TEST_F(InspectLog, EmptiesASegmentWhoseOffsetsGoBack) {
  std::string bytes;
  for (const std::int64_t offset : {0, 1, 2, 3, 4, 5, 1, 1, 1, 1, 1}) bytes += one(offset, 0, 3'000);
  put(first_, bytes);
  put("orders-0/00000000000000000000.index", "");
  const PartitionReport report = partition();
  EXPECT_EQ(report.log_end, 0);
  EXPECT_EQ(report.dropped_bytes, static_cast<std::int64_t>(bytes.size()));
}

TEST_F(InspectLog, HighWatermarkStaysWithinTheLog) {
  segment(0, 10);
  put("replication-offset-checkpoint", "0\n1\norders 0 25\n");
  EXPECT_EQ(partition().high_watermark, 10);
  put("replication-offset-checkpoint", "0\n1\norders 0 7\n");
  EXPECT_EQ(partition().high_watermark, 7);
  put("replication-offset-checkpoint", "torn");
  EXPECT_EQ(partition().high_watermark, 0);
}

TEST_F(InspectLog, FinishesASwapAndForgetsAnInterruptedCleaning) {
  segment(0, 10);
  segment(10, 10);
  const std::string cleaned = one(3, 0, 50) + one(17, 0, 50);
  put("orders-0/00000000000000000000.log.swap", cleaned);
  put("orders-0/00000000000000000000.index.swap", "");
  PartitionReport report = partition();
  EXPECT_EQ(report.log_end, 18);
  EXPECT_EQ(report.segments.size(), 3u) << "one kept, two replaced";
  put("orders-0/00000000000000000000.log.cleaned", cleaned);
  report = partition();
  EXPECT_EQ(report.log_end, 20) << "the swap is not to be trusted while its cleaning was not finished";
}

TEST_F(InspectLog, FollowsTransactions) {
  format::BatchHeader data;
  data.producer_id = 8;
  data.producer_epoch = 0;
  data.base_sequence = 0;
  data.attributes = 16;
  format::BatchBuilder records(data);
  records.add(0, 1'000, "k", "v");
  records.add(1, 1'000, "k", "w");
  format::BatchHeader control = data;
  control.base_offset = 2;
  control.base_sequence = -1;
  control.attributes = 16 | 32;
  format::BatchBuilder marker(control);
  marker.add(2, 1'001, std::string("\0\0\0\0", 4), std::string("\0\0\0\0\0\x03", 6));
  put(first_, records.finish() + marker.finish());
  put("orders-0/00000000000000000000.index", "");
  const PartitionReport report = partition();
  ASSERT_EQ(report.aborted.size(), 1u);
  EXPECT_EQ(report.aborted.front(), (format::AbortedEntry{8, 0, 2, 3}));
  EXPECT_EQ(report.producers.front().transaction_first_offset, -1);
  EXPECT_EQ(report.producers.front().coordinator_epoch, 3);
}

// Goal: a snapshot names producers whose batches are gone, as a broker's restart believes it. Method: the segment that held
// them is missing; a newer snapshot is torn, one lies beyond the log's end.
TEST_F(InspectLog, BelievesASnapshotAboutProducersWhoseBatchesAreGone) {
  segment(10, 10);
  const format::ProducerEntry gone{
      .producer_id = 3, .epoch = 1, .last_sequence = 9, .last_offset = 9, .timestamp = 900};
  const format::ProducerEntry known{
      .producer_id = 5, .epoch = 0, .last_sequence = 4, .last_offset = 4, .timestamp = 800};
  put("orders-0/" + digits(10) + ".snapshot", format::encode_snapshot({gone, known}));
  put("orders-0/" + digits(15) + ".snapshot", "torn");
  put("orders-0/" + digits(30) + ".snapshot", format::encode_snapshot({{.producer_id = 99}}));
  const PartitionReport report = partition();
  ASSERT_EQ(report.producers.size(), 2u);
  EXPECT_EQ(report.producers.front(), gone);
  EXPECT_EQ(report.producers.back().last_sequence, 19) << "batches are newer than the snapshot";
}

// Goal: the loader cuts epochs by the log-start checkpoint, not by the first segment. Method: the first segment is missing.
TEST_F(InspectLog, CutsEpochsByTheLogStartCheckpoint) {
  segment(10, 10);
  put("orders-0/leader-epoch-checkpoint", "0\n1\n0 0\n");
  ASSERT_EQ(partition().epochs.size(), 1u);
  EXPECT_EQ(partition().epochs.front().start_offset, 0);
  put("log-start-offset-checkpoint", "0\n1\norders 0 12\n");
  EXPECT_EQ(partition().epochs.front().start_offset, 12);
}

// Goal: an offset beyond the segment's range with a sound checksum (which does not cover it) makes the loader fail.
TEST_F(InspectLog, SaysThatTheLoaderFailsOverAnOffsetTooFar) {
  put(first_, one(0, 0, 100) + one(std::int64_t{1} << 40, 0, 100) + one(2, 0, 100));
  put("orders-0/00000000000000000000.index", "");
  const PartitionReport report = partition();
  ASSERT_FALSE(report.notes.empty());
  EXPECT_NE(report.notes.front().find("LogSegmentOffsetOverflowException"), std::string::npos)
      << report.notes.front();
}

TEST_F(InspectLog, SaysWhatIsWrongWithTheDirectory) {
  std::string error;
  EXPECT_FALSE(inspect((root_ / "absent").string(), {}, error));
  EXPECT_FALSE(error.empty());
  EXPECT_FALSE(inspect(root_.string(), {}, error)) << "no segment anywhere";
  EXPECT_NE(error.find("no partition"), std::string::npos);
  segment(0, 1);
  EXPECT_TRUE(inspect((root_ / "orders-0").string(), {}, error)) << "one partition's own directory";
  fs::remove(root_ / first_);
  fs::create_directories(root_ / first_);  // a directory where a file should be
  EXPECT_FALSE(partition().notes.empty());
}

}  // namespace
}  // namespace brokersim::logdir
