// Goal: keys, sizes and partitions to come are understood as the page says, and contradictions are told with their place.
#include "tests/app/scenario/base.h"

#include <algorithm>

#include "models/world/workload_shape.h"

namespace brokersim::scenario {
namespace {

TEST(Shapes, KeysOfAWholeTopic) {
  const auto w = producer(
      {R"(/workloads/0/keys={"count": 500, "distribution": "zipf", "exponent": 0.99, "prefix": "u", "digits": 3,
                             "hot": [{"share": 0.25, "keys": 2}, {"share": 0.1}]})"});
  ASSERT_TRUE(w.shape && w.shape->keys);
  EXPECT_EQ(w.shape->keys->names.count, 500);
  EXPECT_EQ(w.shape->keys->names.text(7), "u007");
  EXPECT_DOUBLE_EQ(w.shape->keys->exponent, 0.99);
  ASSERT_EQ(w.shape->keys->hot.size(), 2u);
  EXPECT_DOUBLE_EQ(w.shape->keys->hot[0].share, 0.25);
  EXPECT_EQ(w.shape->keys->hot[1].keys, 1);
  EXPECT_EQ(w.keys.keys, 0) << "the law has them";
  EXPECT_EQ(producer({"/workloads/0/keys=100"}).keys.keys, 100);
  EXPECT_EQ(producer({"/workloads/0/keys=100"}).shape, nullptr) << "a number costs nothing per record";
  EXPECT_DOUBLE_EQ(
      producer({R"(/workloads/0/keys={"count": 5, "distribution": "zipf"})"}).shape->keys->exponent, 1);
}

TEST(Shapes, ContradictionsOfKeys) {
  const std::string at = "/workloads/0/keys=";
  only_error({at + R"({"count": 0})"}, "out-of-range", "/workloads/0/keys/count");
  only_error({at + R"({"distribution": "zipf"})"}, "missing-field", "/workloads/0/keys");
  only_error({at + R"({"count": 5, "exponent": 1})"}, "two-selectors", "/workloads/0/keys/exponent");
  only_error({at + R"({"count": 5, "distribution": "zipf", "exponent": 21})"}, "out-of-range",
             "/workloads/0/keys/exponent");
  only_error({at + R"({"count": 5, "distribution": "zipf", "exponent": "1"})"}, "wrong-type",
             "/workloads/0/keys/exponent");
  only_error({at + R"({"count": 5, "distribution": "zipf", "exponent": 0.1234567})"}, "wrong-type",
             "/workloads/0/keys/exponent");
  only_error({at + R"({"count": 5, "hot": [{"share": 0.5, "keys": 6}]})"}, "hot-keys",
             "/workloads/0/keys/hot");
  only_error({at + R"({"count": 5, "hot": [{"share": 0.6}, {"share": 0.6}]})"}, "hot-keys",
             "/workloads/0/keys/hot");
  only_error({at + R"({"count": 2, "hot": [{"share": 0.5, "keys": 2}]})"}, "hot-keys",
             "/workloads/0/keys/hot");
  only_error({at + R"({"count": 5, "hot": [{"keys": 2}]})"}, "missing-field", "/workloads/0/keys/hot/0");
  only_error({at + R"({"count": 5, "zipf": 1})"}, "unknown-field", "/workloads/0/keys/zipf");
  only_error({at + R"({"count": 5})", "/workloads/0/record_size=\"17 B\""}, "out-of-range",
             "/workloads/0/record_size");
  EXPECT_TRUE(load_base({at + R"({"count": 5})", "/workloads/0/record_size=\"18 B\""}).scenario)
      << "ten bytes of key and eight beside";
}

TEST(Shapes, SizesByDistribution) {
  const auto sizes = [](const std::string& text) {
    const auto w = producer({"/workloads/0/record_size=" + text});
    return std::pair{w.shape->sizes.value(), w.record_size.n};
  };
  const auto [uniform, mean] = sizes(R"({"kind": "uniform", "min": "100 B", "max": "300 B"})");
  EXPECT_EQ(uniform.min, 100);
  EXPECT_EQ(uniform.max, 300);
  EXPECT_EQ(mean, 200) << "what a record costs its client is that of the mean";
  EXPECT_NEAR(sizes(R"({"kind": "lognormal", "median": "1 KiB", "p99": "64 KiB"})").first.shape,
              4.158883 / 2.326348, 1e-6);
  EXPECT_NEAR(sizes(R"({"kind": "lognormal", "mean": "2000 B", "sigma": 1.5})").first.scale, 2000 / 3.080217,
              1e-2);
  EXPECT_NEAR(static_cast<double>(sizes(R"({"kind": "pareto", "min": "100 B", "shape": 2})").second), 200, 2)
      << "its variance is infinite: one in 65,536 has a half percent of all bytes";
  EXPECT_EQ(sizes(R"({"kind": "exponential", "mean": "1000 B"})").second, 1'000);
  EXPECT_EQ(
      sizes(R"({"kind": "empirical", "values": [{"size": "100 B", "weight": 3}, {"size": "500 B"}]})").second,
      200);
}

/// Whether the base scenario so changed has a warning of this code at this pointer.
bool warns(const Overrides& overrides, const std::string& code, const std::string& pointer) {
  const LoadResult result = load_base(overrides);
  EXPECT_TRUE(result.scenario);
  return std::any_of(result.diagnostics.begin(), result.diagnostics.end(), [&](const Diagnostic& d) {
    return d.severity == Severity::warning && d.code == "scenario/" + code && d.pointer == pointer;
  });
}

// Goal: that every send() or every append will fail is told from the first byte on at which it does.
// Method: the largest record that send() takes for max.request.size 1,048,576 and the largest that fills a batch of
// max.message.bytes 1,048,588, and one byte more of each.
TEST(Shapes, RecordsThatNobodyTakesAreTold) {
  const auto size = [](int bytes) { return "/workloads/0/record_size=\"" + std::to_string(bytes) + " B\""; };
  const auto client = [&](int bytes) {
    for (const Diagnostic& d : load_base({size(bytes)}).diagnostics) {
      if (d.message.find("larger than max.request.size") != std::string::npos) return true;
    }
    return false;
  };
  EXPECT_FALSE(client(1'048'489));
  EXPECT_TRUE(client(1'048'490));
  const std::string more = R"(/workloads/0/config={"max.request.size": "2097152"})";
  EXPECT_FALSE(warns({size(1'048'516), more}, "record-too-large", "/workloads/0/record_size"));
  EXPECT_TRUE(warns({size(1'048'517), more}, "record-too-large", "/workloads/0/record_size"));
}

TEST(Shapes, ContradictionsOfSizes) {
  const std::string at = "/workloads/0/record_size=";
  only_error({at + R"({"kind": "uniform", "min": "3 B", "max": "2 B"})"}, "out-of-range",
             "/workloads/0/record_size/max");
  only_error({at + R"({"kind": "uniform", "min": "3 B"})"}, "missing-field", "/workloads/0/record_size");
  only_error({at + R"({"kind": "normal"})"}, "unknown-value", "/workloads/0/record_size/kind");
  only_error({at + R"({"kind": "lognormal", "median": "3 B"})"}, "record-size", "/workloads/0/record_size");
  only_error({at + R"({"kind": "lognormal", "median": "3 B", "mean": "3 B", "sigma": 1})"}, "record-size",
             "/workloads/0/record_size");
  only_error({at + R"({"kind": "lognormal", "mean": "3 B", "p99": "4 B"})"}, "record-size",
             "/workloads/0/record_size");
  only_error({at + R"({"kind": "lognormal", "median": "30 B", "p99": "4 B"})"}, "record-size",
             "/workloads/0/record_size");
  only_error({at + R"({"kind": "pareto", "min": "30 B", "shape": 0})"}, "out-of-range",
             "/workloads/0/record_size/shape");
  only_error({at + R"({"kind": "empirical", "values": []})"}, "empty-list",
             "/workloads/0/record_size/values");
  only_error(
      {at + R"({"kind": "uniform", "min": "3 B", "max": "50 B"})", R"(/workloads/0/keys={"count": 9})"},
      "out-of-range", "/workloads/0/record_size");
  only_error({at + "1024"}, "wrong-unit", "/workloads/0/record_size");
}

TEST(Shapes, PartitionsToCome) {
  const std::string action =
      R"(/admin=[{"kind": "create_partitions", "at": "20 s", "topic": "orders", "partitions": 8},
                                        {"kind": "create_partitions", "at": "30 s", "topic": "orders", "partitions": 9}])";
  const Scenario s = sound({action});
  const kafka::TopicSpec& topic = s.config.clusters.front().topics.front();
  EXPECT_EQ(topic.partitions, 9);
  EXPECT_EQ(topic.partitions_at_start, 6);
  ASSERT_EQ(topic.assignment.size(), 9u);
  EXPECT_EQ(topic.assignment[6], topic.assignment[0]) << "the brokers go on in turn";
  const auto& actions = s.config.admin.front().actions;
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(actions[1].partitions_before, 8);
  EXPECT_EQ(actions[1].partitions_after, 9);
  const auto wrong = [](const std::string& fields, const std::string& field) {
    only_error({R"(/admin=[{"kind": "create_partitions", "at": "20 s", )" + fields + "}]"},
               field == "topic" && fields.find("none") != std::string::npos ? "unknown-topic" : "bad-growth",
               "/admin/0/" + field);
  };
  wrong(R"("topic": "orders", "partitions": 6)", "partitions");
  wrong(R"("topic": "none", "partitions": 9)", "topic");
}

// Goal: that a consumer without a group leaves new partitions unread is told; one with a group reads them.
TEST(Shapes, AReaderWithoutAGroupKeepsItsPartitions) {
  const std::string action =
      R"(/admin=[{"kind": "create_partitions", "at": "20 s", "topic": "orders", "partitions": 8}])";
  const auto with = [&](const std::string& group) {
    return warns({action, R"(/workloads/1={"name": "reader", "kind": "kafka_consumer", "topic": "orders")" +
                              group + "}"},
                 "keeps-partitions", "/admin/0/partitions");
  };
  EXPECT_TRUE(with(""));
  EXPECT_FALSE(with(R"(, "group": "g")"));
}

}  // namespace
}  // namespace brokersim::scenario
