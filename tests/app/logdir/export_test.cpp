// Goal: an exported directory is the simulated one, byte for byte, and reads back with the same offsets, epochs and
// sizes, also after a power loss. Method: run small worlds, export a broker, inspect the files.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "app/logdir/encode_batch.h"
#include "app/logdir/export.h"
#include "app/logdir/inspect.h"
#include "app/scenario/scenario.h"
#include "models/devices/storage/file_system.h"
#include "models/history/record_law.h"
#include "models/kafka/broker/broker_service.h"
#include "models/log/format/record_batch.h"
#include "models/log/sized_batch.h"
#include "models/world/kafka_cluster.h"
#include "models/world/world.h"

namespace brokersim::logdir {
namespace {

namespace fs = std::filesystem;

scenario::Scenario small(const std::vector<std::string>& more) {
  std::vector<std::string> overrides{"/duration=\"8 s\"", "/faults=[]", "/expect=[]"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  auto loaded = scenario::load_file("scenarios/quickstart/first-steps.json", overrides);
  EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
  return *loaded.scenario;
}

class ExportLog : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("brokersim_export_" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  fs::path root_;
};

TEST_F(ExportLog, ReadsBackAsTheBrokerHasIt) {
  const scenario::Scenario scenario =
      small({"/systems/kafka/topics/0/config={\"min.insync.replicas\": 2, \"segment.bytes\": 1048576}"});
  world::World world(scenario.config, 3);
  ASSERT_TRUE(world::run(world).completed);
  const ExportSummary summary = export_log(world, 1, root_.string());
  ASSERT_EQ(summary.error, "");
  EXPECT_EQ(summary.torn, 0);
  std::size_t seen = 0;
  std::int64_t batches = 0;
  for (const std::string& directory : summary.directories) {
    std::string error;
    const auto report = inspect(directory, {}, error);
    ASSERT_TRUE(report) << error;
    for (const PartitionReport& partition : report->partitions) {
      for (const kafka::broker::Replica* replica : world.kafka()->broker(1)->replicas().replicas()) {
        if (replica->name().directory != partition.name) continue;
        ++seen;
        EXPECT_EQ(partition.log_end, replica->log().log_end());
        EXPECT_EQ(partition.epochs, replica->log().epochs().entries());
        EXPECT_EQ(partition.segments.size(), replica->log().segments().size());
        EXPECT_GT(partition.segments.size(), 1u);
        EXPECT_EQ(partition.dropped_bytes, 0);
        for (const SegmentReport& segment : partition.segments) {
          EXPECT_EQ(segment.stop, "");
          EXPECT_TRUE(segment.index_problems.empty()) << segment.index_problems.front();
          batches += segment.batches;
        }
      }
    }
  }
  EXPECT_EQ(seen, 3u);
  EXPECT_EQ(batches, summary.batches);
}

// Goal: records with keys and sizes of their own are files as well, byte for byte as long as the log counts: hot keys, tombstones,
// sizes on both sides of where a length takes one more byte, compacted and not, compressed never being decoded here.
TEST_F(ExportLog, WritesKeysAndSizes) {
  const std::string keys =
      R"(/workloads/0/keys={"count": 40, "distribution": "zipf", "hot": [{"share": 0.3, "keys": 1}]})";
  const std::string sizes =
      R"(/workloads/0/record_size={"kind": "empirical", "values": [{"size": "63 B"}, {"size": "64 B"}, {"size": "80 B", "weight": 3}, {"size": "8191 B"}, {"size": "8192 B"}, {"size": "8210 B"}]})";
  const std::string plain =
      R"(/systems/kafka/topics/0/config={"min.insync.replicas": 2, "segment.bytes": 1048576})";
  const std::string compacted =
      R"(/systems/kafka/topics/0/config={"min.insync.replicas": 2, "segment.bytes": 1048576, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": 0.05})";
  const std::string plain_keys = "/workloads/0/keys=40";
  for (const std::vector<std::string>& more : {std::vector<std::string>{keys, plain},
                                               {plain_keys, plain, "/workloads/0/tombstone_permille=200"},
                                               {plain_keys, compacted, "/workloads/0/tombstone_permille=200",
                                                "/systems/kafka/config/log.cleaner.backoff.ms=500"},
                                               {keys, sizes, plain, "/workloads/0/tombstone_permille=200"},
                                               {keys, sizes, compacted, "/workloads/0/tombstone_permille=200",
                                                "/systems/kafka/config/log.cleaner.backoff.ms=500"}}) {
    const scenario::Scenario scenario = small(more);
    world::World world(scenario.config, 3);
    ASSERT_TRUE(world::run(world).completed);
    fs::remove_all(root_);
    const ExportSummary summary = export_log(world, 1, root_.string());
    ASSERT_EQ(summary.error, "");
    EXPECT_GT(summary.batches, 100);
    for (const std::string& directory : summary.directories) {
      std::string error;
      const auto report = inspect(directory, {}, error);
      ASSERT_TRUE(report) << error;
      for (const PartitionReport& partition : report->partitions) {
        EXPECT_EQ(partition.dropped_bytes, 0) << partition.name;
        for (const SegmentReport& segment : partition.segments) EXPECT_EQ(segment.stop, "") << partition.name;
      }
    }
  }
}

// Goal: a tombstone in a file is a key and a null value, without anything to fill it, and the log counts just that.
// Method: batches in which every record is one, with keys that have a text and keys that are numbers; every record is read back.
TEST(EncodeBatch, ATombstoneIsItsKeyOnly) {
  for (const bool texts : {true, false}) {
    history::History history;
    const history::PartitionId partition = history.add_partition({.topic = "t"});
    auto law = std::make_shared<history::RecordLaw>(1, 300);
    if (texts) {
      law->set_keys({10, "customer-", 3, {}}, std::vector<std::uint64_t>(10, 1));
      law->add_table(std::vector<std::int32_t>(10, 0), 1);
    }
    law->name_partition(partition, 0);
    law->set_tombstones(1'000, 5);
    history::KeySpace keys;
    keys.keys = 10;
    keys.tombstone_permille = 1'000;
    keys.shared = texts;
    keys.law = law;
    history::ClientInfo info;
    info.keys = keys;
    log::StoredBatch batch;
    batch.data.records = {history.add_client(std::move(info)), partition, 0, 5};
    batch.data.bytes = static_cast<std::int32_t>(log::sized_batch_bytes(
        *law, batch.data.records.producer, 0, 0, 5, batch.data.first_time, batch.data.last_time));
    const std::string bytes = encode_batch(history, batch, nullptr);
    const auto header = log::format::parse_header(bytes);
    ASSERT_TRUE(header);
    log::format::RecordWalk walk(*header, std::string_view(bytes).substr(61));
    for (int i = 0; i < 5; ++i) {
      const auto record = walk.next();
      ASSERT_TRUE(record);
      EXPECT_FALSE(record->value);
      EXPECT_EQ(record->headers, 0);
      ASSERT_TRUE(record->key);
      EXPECT_EQ(record->key->size(), texts ? 12u : 16u) << *record->key;
      EXPECT_TRUE(record->key->starts_with(texts ? "customer-00" : "k0000"));
    }
    EXPECT_TRUE(walk.done());
    EXPECT_EQ(bytes.size(), texts ? 61u + 5 * (7 + 12) : 61u + 5 * (7 + 16));
  }
}

// Goal: topics of the cluster's own are files as well, byte for byte as long as the log counts. Method: a group commits, a
// pipeline writes offsets and transactions; every directory of a broker is exported and read back.
TEST_F(ExportLog, WritesInternalTopics) {
  scenario::LoadResult loaded = scenario::load_file("scenarios/incidents/pipeline-exactly-once.json");
  ASSERT_TRUE(loaded.scenario);
  loaded.scenario->config.duration = {24'000'000'000};  // before the first fault
  world::World world(loaded.scenario->config, 1);
  ASSERT_TRUE(world::run(world).completed);
  const ExportSummary summary = export_log(world, 1, root_.string());
  ASSERT_EQ(summary.error, "");
  int internal = 0;
  for (const std::string& directory : summary.directories) {
    std::string error;
    const auto report = inspect(directory, {}, error);
    ASSERT_TRUE(report) << error;
    for (const PartitionReport& partition : report->partitions) {
      for (const kafka::broker::Replica* replica : world.kafka()->broker(1)->replicas().replicas()) {
        if (replica->name().directory != partition.name) continue;
        EXPECT_EQ(partition.log_end, replica->log().log_end()) << partition.name;
        const bool own = partition.name.starts_with("__consumer_offsets") || partition.name.starts_with("__transaction_state");
        if (own && partition.log_end > 0) ++internal;
      }
    }
  }
  EXPECT_GE(internal, 2) << "one partition of each";
}

TEST_F(ExportLog, ShowsWhatAPowerLossTore) {
  const scenario::Scenario scenario = small({});
  world::World world(scenario.config, 3);
  world.run_until(sim::SimTime{6'000'000'000});
  host::Host& host = world.kafka()->broker_host(1);
  std::int64_t before = 0;
  for (const kafka::broker::Replica* replica : world.kafka()->broker(1)->replicas().replicas())
    before += replica->log().log_end();
  host.power_off();
  const ExportSummary summary = export_log(world, 1, root_.string());
  ASSERT_EQ(summary.error, "");
  std::int64_t kept = 0;
  for (const std::string& directory : summary.directories) {
    std::string error;
    if (const auto report = inspect(directory, {}, error)) {
      for (const PartitionReport& partition : report->partitions) kept += partition.log_end;
    }
  }
  EXPECT_LT(kept, before) << "what was only in the page cache is gone";
}

TEST_F(ExportLog, DoesNotTouchWhatIsThere) {
  fs::create_directories(root_ / "mine");
  const scenario::Scenario scenario = small({"/duration=\"1 s\""});
  world::World world(scenario.config, 1);
  ASSERT_TRUE(world::run(world).completed);
  EXPECT_NE(export_log(world, 0, root_.string()).error, "");
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator{}), 1);
}

TEST(RecordValue, NamesTheRecord) {
  history::History history;
  const auto partition = history.add_partition({.topic = "orders", .partition = 2});
  const auto client = history.add_client({.name = "checkout-0"});
  const history::RecordRange range{client, partition, 0, 10};
  EXPECT_EQ(record_value(history, range, 7, 24), "checkout-0 orders/2 7...");
  EXPECT_EQ(record_value(history, range, 7, 3), "che");
  EXPECT_EQ(record_value(history, range, 7, 0), "");
}

}  // namespace
}  // namespace brokersim::logdir
