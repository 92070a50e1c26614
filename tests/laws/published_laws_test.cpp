// Goal: simulated clusters obey the laws that measurements of real brokers obey (published-tables.json), over a range of
// parameters, without any of them being in the model: disk bound, producer's buffer, closed loop, group commit.
// Method: small clusters, each saturated in one way; the law's number beside the run's.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "app/results/execute.h"
#include "app/results/metric_value.h"
#include "app/scenario/scenario.h"
#include "models/devices/host/host.h"
#include "models/devices/storage/disk.h"

namespace brokersim::results {
namespace {

std::string text(std::int64_t n) { return std::to_string(n); }

struct Cluster {
  std::string hardware = R"({"preset": "generic.nvme-plp"})";
  int brokers = 1;
  int replication = 1;
  int partitions = 6;
  std::string topic_config;  // {...}
  std::string workloads;     // elements of the list
  std::string duration = "10 s";
};

scenario::Scenario load(const Cluster& its) {
  const std::string json =
      R"({"title": "law", "duration": ")" + its.duration + R"(", "hosts": [{"name": "b", "count": )" +
      text(its.brokers) + R"(, "hardware": )" + its.hardware +
      R"(}], "systems": {"kafka": {"kind": "kafka", "version": "3.9", "brokers_on": "b", "controllers": {"count": 1},
      "config": {"num.replica.fetchers": 4}, "topics": [{"name": "t", "partitions": )" +
      text(its.partitions) + R"(, "replication_factor": )" + text(its.replication) + R"(, "config": {)" +
      its.topic_config + R"(}}]}}, "workloads": [)" + its.workloads + "]}";
  scenario::LoadResult loaded = scenario::load_text(json, "law.json");
  EXPECT_TRUE(loaded.scenario) << scenario::render(loaded.diagnostics);
  return std::move(*loaded.scenario);
}

double value(const RunResult& result, const char* metric, const char* of = "") {
  const auto found = metric_value(result, metric, of);
  EXPECT_TRUE(found) << metric;
  return found ? found->value : 0;
}

std::string saturating(const char* name, int count, const char* start, const char* stop,
                       const std::string& config) {
  return std::string(R"({"name": ")") + name +
         R"(", "kind": "kafka_producer", "topic": "t", "arrivals": "saturate", "count": )" + text(count) +
         R"(, "record_size": "1000 B", "start": ")" + start + R"(", "stop": ")" + stop + R"(", "config": {)" +
         config + "}}";
}

constexpr const char* kOld = R"("enable.idempotence": false, "linger.ms": 1, "batch.size": 65536)";

// The law: payload is 0.93 to 0.97 of the write bandwidth of the disks that carry it, x brokers / replicas. What the
// simulation lacks is the file system's own metadata on the data path: up to 1.0 is let pass.
// Method: memory so small that the page cache throttles after a second; measured from the fourth on. With acks=1 and three
// replicas followers fall behind instead, here as there (table li2014): not bounded by this. With acks=all the disks of a
// partition's replicas are throttled at different times, so that each waits for the others now and then: 0.90.
TEST(PublishedLaws, DiskBound) {
  const struct {
    int megabytes, brokers, replicas, disks;
    const char* acks;
  } cases[] = {
      {50, 1, 1, 1, "1"}, {100, 1, 1, 1, "1"}, {50, 1, 1, 2, "1"}, {50, 3, 1, 1, "1"}, {50, 3, 3, 1, "all"}};
  for (const auto& one : cases) {
    Cluster cluster;
    const std::string disk =
        R"({"kind": "nvme", "capacity": "100 GB", "write_bandwidth": ")" + text(one.megabytes) +
        R"( MB/s", "read_bandwidth": "1000 MB/s", "write_iops": 100000, "read_iops": 100000})";
    cluster.hardware = R"({"preset": "generic.nvme-plp", "page_cache": {"memory": "512 MiB"}, "disks": [)" +
                       disk + (one.disks > 1 ? ", " + disk : "") + "]}";
    cluster.brokers = one.brokers;
    cluster.replication = one.replicas;
    cluster.partitions = 12;
    const std::string config =
        std::string(kOld) + R"(, "buffer.memory": 4194304, "acks": ")" + one.acks + R"(")";
    cluster.workloads =
        saturating("warm", 3, "0 s", "4 s", config) + "," + saturating("load", 3, "4 s", "12 s", config);
    cluster.duration = "20 s";
    const RunResult result = execute(load(cluster), 1);
    const double payload = value(result, "throughput.bytes_per_second", "load");
    const double law = 1e6 * one.megabytes * one.disks * one.brokers / one.replicas;
    EXPECT_GE(payload / law, one.replicas > 1 ? 0.90 : 0.93)
        << one.megabytes << " MB/s, " << one.brokers << " brokers, RF " << one.replicas;
    EXPECT_LE(payload / law, 1.0) << one.megabytes << " MB/s, " << one.brokers << " brokers, RF "
                                  << one.replicas;
  }
}

// The law (Little): the mean publish latency of a saturated run is 0.98 to 0.99 of producers x buffer.memory / rate.
TEST(PublishedLaws, ProducerBuffer) {
  const struct {
    int producers;
    std::int64_t buffer;
    const char* acks;
  } cases[] = {{1, 4 << 20, "1"}, {1, 16 << 20, "1"}, {2, 16 << 20, "1"}, {3, 8 << 20, "all"}};
  for (const auto& one : cases) {
    Cluster cluster;
    cluster.hardware = R"({"preset": "generic.nvme-plp", "nic": {"bandwidth": "100 MB/s"}})";
    cluster.partitions = 2;
    cluster.workloads = saturating(
        "load", one.producers, "0 s", "8 s",
        std::string(kOld) + R"(, "acks": ")" + one.acks + R"(", "buffer.memory": )" + text(one.buffer));
    const RunResult result = execute(load(cluster), 1);
    const double rate = value(result, "throughput.bytes_per_second");
    const double mean = value(result, "latency.produce.mean_ms") / 1e3;
    const double law = one.producers * static_cast<double>(one.buffer) / rate;
    EXPECT_NEAR(mean / law, 0.975, 0.025) << one.producers << " producers of " << one.buffer << " bytes";
  }
}

// The law (Little): round trip = records of a call x clients / rate, whatever the round trip is made of.
TEST(PublishedLaws, ClosedLoop) {
  for (const int clients : {1, 5, 25}) {
    Cluster cluster;
    cluster.brokers = 3;
    cluster.replication = 3;
    cluster.workloads =
        R"({"name": "load", "kind": "kafka_producer", "topic": "t", "arrivals": "closed", "records_per_send": 1,
            "records_per_send_max": 10, "record_size": "100 B", "start": "2 s", "stop": "9 s", "count": )" +
        text(clients) + R"(, "config": {"enable.idempotence": false, "acks": "all", "linger.ms": 0}})";
    const RunResult result = execute(load(cluster), 1);
    const double law = 1e3 * 5.5 * clients / value(result, "throughput.records_per_second");
    // The round trip does not depend on the size of a call here, so records and calls have the same mean.
    EXPECT_NEAR(value(result, "latency.produce.mean_ms") / law, 1, 0.02) << clients << " clients";
  }
}

double flushes_per_second(const scenario::Scenario& scenario, RunResult& result) {
  Execution execution(scenario, 1);
  const auto flushes = [&] { return execution.world().host("b-0").disk(0).counters().flushes; };
  EXPECT_EQ(execution.run_until(sim::SimTime{2'000'000'000}), "");
  const std::int64_t before = flushes();
  EXPECT_EQ(execution.run_until(sim::SimTime{8'000'000'000}), "");
  const std::int64_t after = flushes();
  result = execution.finish();
  return static_cast<double>(after - before) / 6.0;
}

std::string slow_flush(int milliseconds) {
  return R"({"preset": "generic.nvme", "disks": [{"preset": "samsung-970pro-1tb", "flush_latency": ")" +
         text(milliseconds) + R"( ms"}]})";
}

// The law: throughput = messages per fsync over the time of an fsync; while one is under way the next batch gathers.
// Method: one partition, one request in flight, so many messages outstanding as the buffer holds.
TEST(PublishedLaws, GroupCommit) {
  for (const int milliseconds : {3, 6}) {
    for (const int gathered : {20, 60}) {
      Cluster cluster;
      cluster.hardware = slow_flush(milliseconds);
      cluster.partitions = 1;
      cluster.topic_config = R"("flush.messages": 1)";
      cluster.workloads =
          R"({"name": "load", "kind": "kafka_producer", "topic": "t", "arrivals": "closed", "record_size": "100 B", "stop": "9 s",
              "records_per_send": )" +
          text(gathered) + R"(, "config": {"enable.idempotence": false, "acks": "all", "linger.ms": 0}})";
      RunResult result;
      const double flushes = flushes_per_second(load(cluster), result);
      // With a new entry, every 4 KiB of log, each of the two indexes is forced as well.
      const double entries = std::min(1.0, (61 + 107.0 * gathered) / 4'096);
      const double law = gathered / ((2 + 2 * entries) * milliseconds * 1e-3);
      const double rate = value(result, "throughput.records_per_second");
      EXPECT_NEAR(rate / law, 0.97, 0.04) << gathered << " messages for each append: flushes of "
                                          << milliseconds << " ms for the data, the journal and the indexes";
      EXPECT_NEAR(rate / gathered, flushes, 0.05 * flushes) << "one append for each fsync";
    }
  }
}

/// `depth` writers of 4 KiB with O_DSYNC: each submits its next one when the last one is on the medium.
class SyncWriters {
 public:
  SyncWriters(const storage::DiskConfig& config, int depth) : disk_(sim_, "disk", config) {
    for (int i = 0; i < depth; ++i) submit(static_cast<std::uint64_t>(i));
    sim_.run_until(sim::SimTime{} + kLength);
  }
  [[nodiscard]] double per_second() const {
    return static_cast<double>(done_) * 1e9 / static_cast<double>(kLength.ns);
  }

 private:
  void submit(std::uint64_t writer) {
    storage::IoRequest io;
    io.kind = storage::IoKind::barrier;
    io.position = {static_cast<std::int64_t>(writer) << 20};
    io.length = {4'096};
    io.done = {[](void* self, std::uint64_t index) {
                 auto* writers = static_cast<SyncWriters*>(self);
                 ++writers->done_;
                 writers->submit(index);
               },
               this, writer};
    disk_.submit(io);
  }

  static constexpr sim::Duration kLength = {20'000'000'000};
  sim::Simulation sim_{1};
  storage::Disk disk_;
  std::int64_t done_ = 0;
};

// The law: on a drive without protection the rate of flushes is the same at any depth (406 to 558 a second there), so that
// the latency of a synchronous write is depth / rate. Method: writers on the device itself, a flush of 1.8 ms. At depth 1 a
// write pays two flushes, before and after it (no native FUA). A file system shares flushes among fsyncs: see GroupCommit.
TEST(PublishedLaws, FlushIsSerial) {
  storage::DiskConfig consumer;
  consumer.power_loss_protection = false;
  consumer.volatile_cache = {64 << 20};
  consumer.flush_latency = {1'800'000};
  EXPECT_NEAR(SyncWriters(consumer, 1).per_second(), 1e3 / 3.6, 5);
  for (const int depth : {8, 64, 256})
    EXPECT_NEAR(SyncWriters(consumer, depth).per_second(), 1e3 / 1.8, 0.05 * 1e3 / 1.8) << depth;
}

}  // namespace
}  // namespace brokersim::results
