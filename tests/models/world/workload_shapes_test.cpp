// Goal: in whole worlds, keys go where their murmur2 says, sizes are what batches, logs and answers count, compaction and the
// checks know both, and a client that dies goes on with other records, never with other keys for the same ones.
// Method: shipped scenarios with keys or sizes put in, watched through the history.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "app/results/execute.h"
#include "models/history/record_law.h"
#include "models/kafka/java_hash.h"
#include "models/world/kafka_cluster.h"
#include "models/world/workload_shape.h"
#include "models/world/world.h"
#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using testing_support::load;

/// What producers and leaders said of records.
class Records final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::ProduceOutcome& event) override {
    if (event.outcome == history::Outcome::acknowledged) payload += event.payload.n;
    if (event.outcome == history::Outcome::acknowledged) acknowledged.push_back(event.records);
    if (event.outcome == history::Outcome::failed && event.attempts == 0) refused.push_back(event.records);
  }
  std::vector<history::RecordRange> acknowledged, refused;
  std::int64_t payload = 0;
};

const char* const kKeys = R"(/workloads/0/keys={"count": 300, "distribution": "zipf", "exponent": 1.2})";

TEST(WorkloadShapes, KeysGoWhereMurmurSays) {
  const scenario::Scenario s = *load("scenarios/quickstart/first-steps.json",
                                     {"/duration=\"20 s\"", "/faults=[]", "/expect=[]", kKeys});
  World world(s.config, 1);
  Records records;
  world.history().attach(records);
  ASSERT_TRUE(run(world).completed);
  std::map<std::int64_t, std::int64_t> of_key;
  std::int64_t n = 0;
  for (const history::RecordRange& range : records.acknowledged) {
    const history::RecordLaw& law = *world.history().client(range.producer).keys.law;
    const history::PartitionInfo& partition = world.history().partition(range.partition);
    for (std::int64_t i = 0; i < range.count; ++i) {
      const std::int64_t key = law.key_of(range.producer, range.partition, range.first + i);
      ASSERT_EQ(kafka::partition_for_key(law.names().text(key), 3), partition.partition);
      ++of_key[key];
      ++n;
    }
  }
  ASSERT_GT(n, 10'000);
  double total = 0;
  for (int k = 1; k <= 300; ++k) total += std::pow(k, -1.2);
  const double p = 1 / total;
  EXPECT_NEAR(static_cast<double>(of_key[0]) / static_cast<double>(n), p,
              5 * std::sqrt(p * (1 - p) / static_cast<double>(n)))
      << "the hottest key has its share, over all producers";
}

// Goal: payloads that clients report are those of the identities.
TEST(WorkloadShapes, SizesAreOfIdentityEverywhere) {
  const scenario::Scenario s = *load("scenarios/workloads/sizes-near-the-limit.json", {});
  World world(s.config, 2);
  Records records;
  world.history().attach(records);
  ASSERT_TRUE(run(world).completed);
  std::int64_t payload = 0;
  std::int64_t largest = 0;
  for (const history::RecordRange& range : records.acknowledged) {
    const history::RecordLaw& law = *world.history().client(range.producer).keys.law;
    for (std::int64_t i = 0; i < range.count; ++i) {
      const std::int64_t size = law.size_of(range.producer, range.partition, range.first + i);
      payload += size;
      largest = std::max(largest, size);
    }
  }
  EXPECT_EQ(records.payload, payload);
  EXPECT_LT(largest, 262'144) << "nothing larger than the topic takes was acknowledged";
  EXPECT_GT(largest, 240'000);
  EXPECT_GT(records.refused.size(), 15u);
  for (const history::RecordRange& range : records.refused) {
    const history::RecordLaw& law = *world.history().client(range.producer).keys.law;
    EXPECT_GT(law.size_of(range.producer, range.partition, range.first), 1'048'576 - 100)
        << "what was never sent is larger than a request";
  }
}

// Goal: compaction by keys of a whole topic obeys the same laws. Method: the shipped scenarios, their keys replaced.
TEST(WorkloadShapes, CompactionKnowsKeysOfTheTopic) {
  for (const char* name : {"compaction-tombstones", "compaction-lagging-follower"}) {
    const scenario::Scenario s =
        *load(std::string("scenarios/incidents/") + name + ".json",
              {R"(/workloads/0/keys={"count": 2000, "distribution": "zipf", "exponent": 0.8})"});
    const results::RunResult result = results::execute(s, 1);
    EXPECT_EQ(result.findings.measures.records.lost_acknowledged, 0) << name;
    EXPECT_GT(result.findings.measures.records.compacted, 100'000) << name;
    EXPECT_FALSE(result.findings.any_violation()) << name;
  }
}

// Goal: a producer that dies comes back with the keys and sizes of its next records; nothing is lost, doubled or out of order.
TEST(WorkloadShapes, RestartedProducersGoOn) {
  const scenario::Scenario s = *load(
      "scenarios/workloads/hot-key-spread.json",
      {R"(/faults=[{"name": "death", "at": "20 s", "kind": "kill_process", "target": {"workload": "checkout"}, "restart_after": "2 s"}])",
       R"(/workloads/0/record_size={"kind": "uniform", "min": "50 B", "max": "900 B"})", "/expect=[]"});
  const results::RunResult result = results::execute(s, 4);
  const checkers::RecordCounts& records = result.findings.measures.records;
  EXPECT_EQ(records.lost_acknowledged, 0);
  EXPECT_EQ(records.out_of_key_order, 0);
  EXPECT_GT(records.acknowledged, 200'000);
  EXPECT_FALSE(result.findings.any_violation());
}

// Goal: another file is another run, and the same is the same.
TEST(WorkloadShapes, TheFileIsInTheFingerprint) {
  scenario::Scenario s = *load("scenarios/workloads/csv-day.json",
                               {"/duration=\"12 s\"", "/workloads/0/stop=\"10 s\"", "/expect=[]"});
  const std::uint64_t one = results::execute(s, 1).facts.fingerprint;
  EXPECT_EQ(results::execute(s, 1).facts.fingerprint, one);
  auto shape = std::make_shared<WorkloadShape>(*s.config.producers.front().shape);
  ++shape->trace->content;
  s.config.producers.front().shape = shape;
  EXPECT_NE(results::execute(s, 1).facts.fingerprint, one) << "even where the cluster cannot tell them apart";
}

// Goal: until an administrator asks, the topic has the partitions that it began with, for everybody.
TEST(WorkloadShapes, PartitionsComeWhenTheyAreAskedFor) {
  const scenario::Scenario s = *load("scenarios/workloads/adding-partitions.json", {"/expect=[]"});
  World world(s.config, 1);
  Records records;
  world.history().attach(records);
  world.run_until({19'900'000'000});
  for (const history::RecordRange& range : records.acknowledged)
    ASSERT_LT(world.history().partition(range.partition).partition, 3);
  EXPECT_EQ(world.kafka()->committed()->partition(world.kafka()->partition("orders", 3)), nullptr);
  world.run_until({21'000'000'000});
  EXPECT_NE(world.kafka()->committed()->partition(world.kafka()->partition("orders", 3)), nullptr);
  world.run_until({40'000'000'000});
  std::map<std::int32_t, std::int64_t> later;
  for (const history::RecordRange& range : records.acknowledged)
    later[world.history().partition(range.partition).partition] += range.count;
  for (std::int32_t p = 3; p < 6; ++p) EXPECT_GT(later[p], 3'000) << "partition " << p;
}

}  // namespace
}  // namespace brokersim::world
