// Goal: on a healthy cluster a produced batch costs few events, of disks and in all, and no more when more data is stored.
// Method: three brokers, replication factor 3; what batches cost in minutes three to four and five to eight. Of a disk an
// NVMe write is one event, a read two, a flush one.
#include <gtest/gtest.h>

#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

class BatchCounter final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::ProduceOutcome&) override { ++batches; }
  std::int64_t batches = 0;
};

constexpr const char* healthy = R"({
  "title": "healthy", "duration": "600 s", "seed": 4,
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
  "systems": {
    "kafka": {
      "kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
      "topics": [{"name": "orders", "partitions": 6, "replication_factor": 3, "config": {"min.insync.replicas": 2}}]
    }
  },
  "workloads": [
    {"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "3200 /s", "record_size": "1 KiB",
     "config": {"acks": "all", "linger.ms": 5, "batch.size": 16384}}
  ]
})";

struct Count {
  std::int64_t requests = 0;
  std::int64_t events = 0;  // of the whole simulation
  std::int64_t batches = 0;
};

/// Of a whole run of that many seconds.
Count run(int seconds) {
  const auto loaded =
      scenario::load_text(healthy, "healthy.json", {"/duration=" + std::to_string(seconds) + " s"});
  Count all;
  EXPECT_TRUE(loaded.scenario.has_value());
  if (!loaded.scenario) return all;
  World world(loaded.scenario->config, loaded.scenario->config.seed);
  BatchCounter counter;
  world.history().attach(counter);
  world.run();
  all.batches = counter.batches;
  all.events = static_cast<std::int64_t>(world.sim().fingerprint().events());
  for (const char* name : {"b-0", "b-1", "b-2"}) {
    host::Host& host = world.host(name);
    for (std::size_t i = 0; i < host.file_systems(); ++i) {
      const storage::DiskCounters& disk = host.disk(i).counters();
      all.requests += 2 * disk.reads + disk.writes + disk.flushes;
    }
  }
  return all;
}

TEST(DeviceEvents, ABatchCostsLessThanOneDiskEventAndDoesNotGetDearer) {
  const Count early = run(120);
  const Count middle = run(240);
  const Count late = run(480);
  ASSERT_GT(early.batches, 5'000);
  const auto cost = [](const Count& from, const Count& to) {
    return static_cast<double>(to.requests - from.requests) / static_cast<double>(to.batches - from.batches);
  };
  const double second = cost(early, middle);
  const double last = cost(middle, late);
  RecordProperty("disk_events_per_batch", std::to_string(last));
  EXPECT_LT(second, 0.05) << "three replicas: write-back gathers batches into large writes";
  EXPECT_NEAR(last, second, second * 0.1 + 0.01) << "data stored before cost nothing";
  const auto events = [](const Count& from, const Count& to) {
    return static_cast<double>(to.events - from.events) / static_cast<double>(to.batches - from.batches);
  };
  const double events_second = events(early, middle);
  const double events_last = events(middle, late);
  RecordProperty("events_per_batch", std::to_string(events_last));
  // Linger 1; the produce request on the wire, network thread, handler, the answer's thread and its way back 5; each of two
  // followers fetches it by the same 5, an append included: 16. Write-back, heartbeats and the
  // fetches of idle partitions, shared by many batches, add some. Measured: 16.7, and 0.035 of disks; docs/devices.md says so.
  EXPECT_LT(events_last, 18.0);
  EXPECT_NEAR(events_last, events_second, events_second * 0.01);
}

}  // namespace
}  // namespace brokersim::world
