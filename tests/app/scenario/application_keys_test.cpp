// Goal: keys of transactions and pipelines are understood as those of producers are, and where keys cannot be had or kept, that is
// told with its place.
#include "tests/app/scenario/base.h"

#include "models/world/workload_shape.h"

namespace brokersim::scenario {
namespace {

/// A cluster with topics a, b and compacted, and these workloads.
LoadResult with(const std::string& workloads) {
  return load_text(
      R"({"title": "t", "why": "w", "duration": "10 s", "hosts": [{"name": "h", "count": 3, "hardware": "i3en.2xlarge"}],
    "systems": {"k": {"kind": "kafka", "version": "4.1", "brokers_on": "h", "controllers": {"count": 1}, "topics": [
      {"name": "a", "partitions": 4, "replication_factor": 3}, {"name": "b", "partitions": 4, "replication_factor": 3},
      {"name": "compacted", "partitions": 4, "replication_factor": 3, "config": {"cleanup.policy": "compact"}}]}},
    "workloads": [)" +
          workloads + "]}",
      "s.json");
}

std::string transactions(const std::string& topic, const std::string& more, const std::string& name = "app") {
  return R"({"name": ")" + name + R"(", "kind": "kafka_transactions", "rate": "10 /s", "topic": ")" + topic +
         "\"" + more + "}";
}
std::string pipeline(const std::string& from, const std::string& topic, const std::string& more = "") {
  return R"({"name": "pipe", "kind": "kafka_pipeline", "from": ")" + from + R"(", "topic": ")" + topic +
         "\"" + more + "}";
}
std::string producer_of(const std::string& topic, const std::string& more, const std::string& name = "p") {
  return R"({"name": ")" + name + R"(", "kind": "kafka_producer", "rate": "10 /s", "topic": ")" + topic +
         "\"" + more + "}";
}

/// The codes and places of what was said, in order.
std::vector<std::pair<std::string, std::string>> said(const std::string& workloads) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Diagnostic& d : with(workloads).diagnostics) all.emplace_back(d.code, d.pointer);
  return all;
}
using Said = std::vector<std::pair<std::string, std::string>>;

const char* const kFive = R"(, "keys": {"count": 5})";

TEST(ApplicationKeys, TransactionsTakeThemAsProducersDo) {
  const LoadResult loaded =
      with(transactions("a", R"(, "keys": {"count": 500, "prefix": "u"}, "tombstone_permille": 20)"));
  ASSERT_TRUE(loaded.scenario) << render(loaded.diagnostics);
  const world::TransactionWorkload& w = loaded.scenario->config.transactions.front();
  ASSERT_TRUE(w.shape && w.shape->keys);
  EXPECT_EQ(w.shape->keys->names.count, 500);
  EXPECT_TRUE(w.shape->tombstones);
  EXPECT_EQ(w.keys.tombstone_permille, 20);
  EXPECT_EQ(with(transactions("a", R"(, "keys": 7)")).scenario->config.transactions.front().keys.keys, 7);
  EXPECT_EQ(said(transactions("compacted", kFive)), Said{});
}

TEST(ApplicationKeys, ContradictionsAreErrors) {
  EXPECT_EQ(said(transactions("a", R"(, "accounts": 9, "keys": {"count": 5})")),
            (Said{{"scenario/two-selectors", "/workloads/0/keys"}}));
  EXPECT_EQ(said(transactions("a", R"(, "accounts": 9, "tombstone_permille": 5)")),
            (Said{{"scenario/two-selectors", "/workloads/0/tombstone_permille"}}));
  EXPECT_EQ(said(transactions("a", R"(, "keys": {"count": 5}, "record_size": "17 B")")),
            (Said{{"scenario/out-of-range", "/workloads/0/record_size"}}));
  EXPECT_EQ(said(transactions("a", R"(, "tombstone_permille": 5)")),
            (Said{{"scenario/no-keys", "/workloads/0/tombstone_permille"}}));
  EXPECT_EQ(said(producer_of("a", kFive) + "," + pipeline("a", "b", R"(, "record_size": "17 B")")),
            (Said{{"scenario/out-of-range", "/workloads/1/record_size"}}));
}

TEST(ApplicationKeys, CompactedTopicsNeedThem) {
  const Said refused{{"scenario/no-keys", "/workloads/0"}};
  EXPECT_EQ(said(transactions("compacted", "")), refused);
  EXPECT_EQ(said(transactions("compacted", R"(, "accounts": 9)")), Said{});
  EXPECT_EQ(said(transactions("compacted", R"(, "accounts": 9, "record_size": "16 B")")), refused)
      << "no room for account-8";
  EXPECT_EQ(said(producer_of("a", "") + "," + pipeline("a", "compacted")),
            (Said{{"scenario/no-keys", "/workloads/1"}}));
  EXPECT_EQ(said(producer_of("a", kFive) + "," + pipeline("a", "compacted")), Said{});
}

// Goal: a pipeline keeps the keys of all that is written to its topic, if they are named alike; the order of the workloads does
// not matter, and a circle of pipelines ends.
TEST(ApplicationKeys, PipelinesKeepWhatIsNamedAlike) {
  const auto kept = [](const std::string& workloads, const std::string& topic) {
    const LoadResult loaded = with(workloads);
    EXPECT_TRUE(loaded.scenario) << render(loaded.diagnostics);
    const auto names = world::keys_in(loaded.scenario->config, "k", topic);
    return names ? names->count : 0;
  };
  EXPECT_EQ(kept(pipeline("a", "b") + "," + producer_of("a", kFive), "b"), 5);
  EXPECT_EQ(kept(producer_of("a", kFive) + "," + transactions("a", R"(, "keys": {"count": 8})") + "," +
                     pipeline("a", "b"),
                 "b"),
            8)
      << "those of the one that has more";
  EXPECT_EQ(kept(transactions("a", R"(, "accounts": 40)") + "," + pipeline("a", "b"), "b"), 40);
  EXPECT_EQ(kept(producer_of("a", kFive) + "," + pipeline("a", "a"), "a"), 5) << "into its own topic";
  EXPECT_EQ(kept(producer_of("a", "") + "," + pipeline("a", "b"), "b"), 0);
  EXPECT_EQ(said(producer_of("a", "") + "," + pipeline("a", "b")), Said{}) << "nothing to keep";
  const Said not_kept{{"scenario/keys-not-kept", "/workloads/2/from"}};
  EXPECT_EQ(said(producer_of("a", kFive) + "," + producer_of("a", "", "q") + "," + pipeline("a", "b")),
            not_kept);
  EXPECT_EQ(said(producer_of("a", kFive) + "," +
                 transactions("a", R"(, "keys": {"count": 5, "prefix": "u"})") + "," + pipeline("a", "b")),
            not_kept);
  EXPECT_EQ(said(producer_of("a", R"(, "keys": 5)") + "," + pipeline("a", "b")),
            (Said{{"scenario/keys-not-kept", "/workloads/1/from"}}))
      << "a number is no text";
}

}  // namespace
}  // namespace brokersim::scenario
