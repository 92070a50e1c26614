// Goal: what applications write in transactions has keys as what producers write: by a law, or those of a bank's accounts; and what a
// pipeline makes has the key of the record it was made from, in the partition where that key belongs.
// Method: whole worlds; every record that was acknowledged, and every record that was made of another, is asked for its key.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "app/results/execute.h"
#include "models/history/record_law.h"
#include "models/kafka/java_hash.h"
#include "models/world/world.h"
#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using testing_support::load;

class Made final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::ProduceOutcome& event) override {
    if (event.outcome != history::Outcome::acknowledged) return;
    for (std::int64_t i = 0; i < event.records.count; ++i) {
      history::RecordRange one = event.records;
      one.first += i;
      one.count = 1;
      acknowledged.push_back(one);
    }
    payload += event.payload.n;
  }
  void on(const history::TransactionJoined& event) override { joined.push_back(event); }
  std::vector<history::RecordRange> acknowledged;
  std::vector<history::TransactionJoined> joined;
  std::int64_t payload = 0;
};

std::string key_of(const history::History& history, const history::RecordRange& record) {
  const history::KeySpace& keys = history.client(record.producer).keys;
  if (!keys.shared) return "";
  return keys.law->names().text(keys.law->key_of(record.producer, record.partition, record.first));
}

/// Every record that was acknowledged has a key, and is where it belongs.
void expect_at_home(const history::History& history, const Made& made, std::int32_t partitions) {
  for (const history::RecordRange& record : made.acknowledged) {
    const std::string key = key_of(history, record);
    ASSERT_NE(key, "") << history.client(record.producer).name;
    ASSERT_EQ(kafka::partition_for_key(key, partitions), history.partition(record.partition).partition)
        << key;
  }
}

/// Two topics of six partitions; three applications write to the first, two pipelines go on from there.
std::unique_ptr<scenario::Scenario> chain(const std::string& writer,
                                          const std::string& guarantee = "exactly_once") {
  const std::string pipe = R"(, "guarantee": ")" + guarantee + R"(", "config": {"linger.ms": 0}})";
  return load(
      "scenarios/incidents/pipeline-exactly-once.json",
      {"/duration=\"30 s\"", "/faults=[]", "/expect=[]",
       R"(/systems/kafka/topics=[{"name": "a", "partitions": 6, "replication_factor": 3},)"
       R"({"name": "b", "partitions": 6, "replication_factor": 3},)"
       R"({"name": "c", "partitions": 6, "replication_factor": 3}])",
       "/workloads=[" + writer +
           R"(,{"name": "first", "kind": "kafka_pipeline", "from": "a", "topic": "b", "count": 2)" + pipe +
           R"(,{"name": "second", "kind": "kafka_pipeline", "from": "b", "topic": "c")" + pipe + "]"});
}

const char* const kKeyed =
    R"({"name": "app", "kind": "kafka_transactions", "topic": "a", "count": 3, "rate": "60 /s", "records_per_transaction": 5,)"
    R"( "keys": {"count": 50, "distribution": "zipf", "exponent": 1}, "tombstone_permille": 100})";
const char* const kBank =
    R"({"name": "bank", "kind": "kafka_transactions", "topic": "a", "rate": "80 /s", "accounts": 40, "abort_permille": 100})";

TEST(KeysOfApplications, TransactionsWriteKeysByTheirLaw) {
  const auto s = chain(kKeyed);
  World world(s->config, 1);
  Made made;
  world.history().attach(made);
  ASSERT_TRUE(run(world).completed);
  expect_at_home(world.history(), made, 6);
  std::map<std::string, int> times;
  std::int64_t tombstones = 0, payload = 0, own = 0;
  for (const history::RecordRange& record : made.acknowledged) {
    const history::ClientInfo& client = world.history().client(record.producer);
    payload += client.keys.law->size_of(record.producer, record.partition, record.first);
    if (client.workload != "app") continue;
    ++own;
    ++times[key_of(world.history(), record)];
    if (!history::is_tombstone(client.keys, record.producer, record.partition, record.first)) continue;
    ++tombstones;
    EXPECT_EQ(client.keys.law->size_of(record.producer, record.partition, record.first), 10) << "key-000000";
  }
  EXPECT_EQ(made.payload, payload) << "what producers say they sent is what the law says";
  ASSERT_GT(own, 5'000);
  double all = 0;
  for (int k = 1; k <= 50; ++k) all += 1.0 / k;
  const auto n = static_cast<double>(own);
  EXPECT_NEAR(times["key-000000"] / n, 1 / all, 5 * std::sqrt(1 / all * (1 - 1 / all) / n));
  EXPECT_NEAR(static_cast<double>(tombstones) / n, 0.1, 5 * std::sqrt(0.09 / n));
}

TEST(KeysOfApplications, PipelinesKeepThem) {
  for (const char* writer : {kKeyed, kBank}) {
    for (const char* guarantee : {"exactly_once", "at_least_once", "at_most_once"}) {
      SCOPED_TRACE(std::string(guarantee) + " after " + writer);
      const auto s = chain(writer, guarantee);
      World world(s->config, 2);
      Made made;
      world.history().attach(made);
      ASSERT_TRUE(run(world).completed);
      expect_at_home(world.history(), made, 6);
      std::map<std::string, std::int64_t> of;
      for (const history::TransactionJoined& event : made.joined) {
        if (event.source.producer.n < 0) continue;
        ASSERT_EQ(key_of(world.history(), event.records), key_of(world.history(), event.source));
        ++of[world.history().client(event.client).workload];
      }
      EXPECT_GT(of["first"], 1'000);
      EXPECT_GT(of["second"], 1'000) << "the keys go through the chain";
    }
  }
}

// Goal: the accounts of a bank are the keys of its records. Method: the two records of a transfer have two accounts, and a record
// that takes has the key of another account than the one that gives.
TEST(KeysOfApplications, AccountsAreKeys) {
  const auto s = chain(kBank);
  World world(s->config, 3);
  Made made;
  world.history().attach(made);
  ASSERT_TRUE(run(world).completed);
  std::map<std::int64_t, std::set<std::string>> of;
  for (const history::TransactionJoined& event : made.joined) {
    if (event.amount == 0) continue;
    const std::string key = key_of(world.history(), event.records);
    EXPECT_TRUE(key.starts_with("account-")) << key;
    of[event.transaction].insert(key);
  }
  ASSERT_GT(of.size(), 700u);
  for (const auto& [transaction, keys] : of) EXPECT_EQ(keys.size(), 2u) << transaction;
}

// Goal: an application's death costs no key: what it writes next is another record, and all laws hold.
TEST(KeysOfApplications, DeathsAndFencesKeepThem) {
  const auto s = load("scenarios/incidents/pipeline-fenced-after-its-commit.json",
                      {R"(/workloads/0/accounts=20)", "/workloads/0/config={}"});
  const results::RunResult result = results::execute(*s, 7305);
  EXPECT_EQ(result.facts.bug, "");
  EXPECT_FALSE(result.findings.any_violation());
  EXPECT_EQ(result.findings.measures.records.out_of_key_order, 0);
}

// Goal: a compacted topic takes what a bank and a pipeline write, as it has keys.
TEST(KeysOfApplications, CompactedTopicsTakeThem) {
  for (const char* writer : {kKeyed, kBank}) {
    const auto s = chain(writer);
    for (kafka::TopicSpec& topic : s->config.clusters.front().topics)
      topic.config.cleanup_compact = topic.name == "c";
    const results::RunResult result = results::execute(*s, 5);
    EXPECT_EQ(result.facts.bug, "");
    EXPECT_GT(result.findings.measures.records.acknowledged, 4'000);
    EXPECT_EQ(result.findings.measures.records.failed, 0) << writer;
    EXPECT_FALSE(result.findings.any_violation());
  }
}

}  // namespace
}  // namespace brokersim::world
