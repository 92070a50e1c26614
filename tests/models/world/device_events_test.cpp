// Goal: on a healthy cluster a produced batch costs few disk requests, and no more when more data is stored.
// Method: three brokers, replication factor 3; requests of all brokers' disks over batches appended, in the third and in
// the tenth minute. An NVMe write is one event, a read two, a flush one.
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
  std::int64_t batches = 0;
};

Count count(World& world, const BatchCounter& counter) {
  Count now{0, counter.batches};
  for (const char* name : {"b-0", "b-1", "b-2"}) {
    host::Host& host = world.host(name);
    for (std::size_t i = 0; i < host.file_systems(); ++i) {
      const storage::DiskCounters& disk = host.disk(i).counters();
      now.requests += 2 * disk.reads + disk.writes + disk.flushes;
    }
  }
  return now;
}

TEST(DeviceEvents, ABatchCostsLessThanOneDiskEventAndDoesNotGetDearer) {
  const auto loaded = scenario::load_text(healthy, "healthy.json", {});
  ASSERT_TRUE(loaded.scenario.has_value());
  World world(loaded.scenario->config, loaded.scenario->config.seed);
  BatchCounter counter;
  world.history().attach(counter);
  double cost[2];
  for (const int minute : {2, 9}) {
    world.run_until(sim::SimTime{minute * 60'000'000'000});
    const Count before = count(world, counter);
    world.run_until(sim::SimTime{(minute + 1) * 60'000'000'000});
    const Count after = count(world, counter);
    ASSERT_GT(after.batches - before.batches, 1'000);
    cost[minute == 9 ? 1 : 0] = static_cast<double>(after.requests - before.requests) /
                                static_cast<double>(after.batches - before.batches);
  }
  RecordProperty("disk_events_per_batch", std::to_string(cost[1]));
  EXPECT_LT(cost[0], 0.5) << "three replicas: write-back gathers batches into large writes";
  EXPECT_NEAR(cost[1], cost[0], cost[0] * 0.05 + 0.01) << "ten minutes of data cost nothing";
}

}  // namespace
}  // namespace brokersim::world
