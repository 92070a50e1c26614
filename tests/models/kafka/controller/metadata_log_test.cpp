// Goal: the metadata log is what the file system kept, not what the store remembers.
// Method: three batches on a real file system; damage it; open again as a new process would.
#include "models/kafka/controller/metadata_log.h"

#include <gtest/gtest.h>

#include "models/devices/host/host.h"
#include "models/devices/network/network.h"

namespace brokersim::kafka::controller {
namespace {

class MetadataLogTest : public ::testing::Test {
 protected:
  static host::HostConfig config() {
    host::HostConfig config;
    config.name = "c-0";
    config.zone = "a";
    config.hardware.disks = {storage::DiskConfig{}};
    return config;
  }
  /// `count` producer-id records: `first`, first + 1, ...
  static Records records(std::int64_t first, int count) {
    Records records;
    for (int i = 0; i < count; ++i) {
      LoggedRecord logged;
      logged.record.kind = wire::RecordKind::producer_id_block;
      logged.record.next_producer_id = first + i;
      records.push_back(logged);
    }
    return records;
  }
  MetadataLog log() { return {store, machine.file_system(), "__cluster_metadata-0"}; }
  void write_three() {
    MetadataLog writer = log();
    writer.open();
    (void)writer.append(records(0, 2), 1);
    (void)writer.append(records(2, 3), 1);
    (void)writer.append(records(5, 1), 2);
    file = writer.file();
    EXPECT_EQ(writer.end_offset(), 6);
  }
  static std::vector<std::int64_t> read(const MetadataLog& log, std::int64_t from,
                                        sim::Bytes bytes_max = {1 << 20}) {
    BatchPtrs out;
    log.read(from, bytes_max, out);
    std::vector<std::int64_t> ids;
    for (const MetadataBatch* batch : out) {
      for (const auto& logged : batch->records) ids.push_back(logged.record.next_producer_id);
    }
    return ids;
  }

  sim::Simulation sim{1};
  network::Network net{sim, {}};
  host::Host machine{sim, net, config()};
  MetadataStore store;
  storage::FileId file;
};

TEST_F(MetadataLogTest, ANewProcessReadsWhatWasWritten) {
  write_three();
  MetadataLog reader = log();
  reader.open();
  EXPECT_EQ(reader.end_offset(), 6);
  EXPECT_EQ(reader.last_epoch(), 2);
  EXPECT_EQ(read(reader, 0), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(read(reader, 3), (std::vector<std::int64_t>{2, 3, 4, 5})) << "the batch that holds it";
  EXPECT_EQ(read(reader, 6), (std::vector<std::int64_t>{}));
  EXPECT_EQ(read(reader, 0, sim::Bytes{1}), (std::vector<std::int64_t>{0, 1})) << "at least one batch";
}

TEST_F(MetadataLogTest, KnowsTheEpochOfEachRecord) {
  write_three();
  MetadataLog reader = log();
  reader.open();
  EXPECT_EQ(reader.epochs().epoch_before(0), 0) << "there is none";
  EXPECT_EQ(reader.epochs().epoch_before(1), 1);
  EXPECT_EQ(reader.epochs().epoch_before(5), 1);
  EXPECT_EQ(reader.epochs().epoch_before(6), 2);
}

TEST_F(MetadataLogTest, EndsBeforeTheFirstDamagedBatch) {
  write_three();
  const storage::Extent second = machine.file_system().extents(file)[1];
  machine.file_system().corrupt(file, second.offset, sim::Bytes{1});
  MetadataLog reader = log();
  reader.open();
  EXPECT_EQ(reader.end_offset(), 2) << "the third is whole, but after a hole";
  EXPECT_EQ(machine.file_system().size(file), second.offset) << "and is cut off";
  (void)reader.append(records(70, 1), 3);
  MetadataLog again = log();
  again.open();
  EXPECT_EQ(read(again, 0), (std::vector<std::int64_t>{0, 1, 70}));
}

TEST_F(MetadataLogTest, ATornTailIsNotThere) {
  write_three();
  const sim::Bytes size = machine.file_system().size(file);
  machine.file_system().truncate_silently(file, size - sim::Bytes{1});
  MetadataLog reader = log();
  reader.open();
  EXPECT_EQ(reader.end_offset(), 5);
}

// A fault has cut the file of a log that is in use; then the log itself is cut where the file has nothing any more.
TEST_F(MetadataLogTest, ACutBeyondAShortenedFileIsACutOfTheLog) {
  MetadataLog writer = log();
  writer.open();
  ASSERT_EQ(writer.append(records(0, 2), 1).status, storage::Status::ok);
  ASSERT_EQ(writer.append(records(2, 3), 1).status, storage::Status::ok);
  machine.file_system().truncate_silently(writer.file(), sim::Bytes{10});
  writer.truncate(2);
  EXPECT_EQ(writer.end_offset(), 2);
  EXPECT_EQ(machine.file_system().size(writer.file()), sim::Bytes{10});
  MetadataLog reader = log();
  reader.open();
  EXPECT_EQ(reader.end_offset(), 0) << "the first batch is torn";
}

// A batch that does not fit is not in the log, and leaves nothing that the next start would take for one.
TEST_F(MetadataLogTest, ABatchThatDoesNotFitIsNotThere) {
  write_three();
  storage::FileSystem& disk = machine.file_system();
  MetadataLog writer = log();
  writer.open();
  disk.reserve({disk.available().n - 1});
  EXPECT_EQ(writer.append(records(6, 2), 2).status, storage::Status::no_space);
  EXPECT_EQ(writer.end_offset(), 6);
  MetadataLog reader = log();
  reader.open();
  EXPECT_EQ(reader.end_offset(), 6);
  EXPECT_EQ(reader.epochs().last_epoch(), 2);
}

TEST_F(MetadataLogTest, ALostDiskIsAnEmptyLog) {
  write_three();
  (void)machine.file_system().drop_everything();
  MetadataLog reader = log();
  reader.open();
  EXPECT_EQ(reader.end_offset(), 0);
  EXPECT_EQ(reader.last_epoch(), 0);
}

}  // namespace
}  // namespace brokersim::kafka::controller
