// Sweeps: the plan, the store, the precision, and rows in order whoever was first.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/results/model_version.h"
#include "app/scenario/content.h"
#include "app/sweep/plan.h"
#include "app/sweep/precision.h"
#include "app/sweep/runner.h"
#include "app/sweep/store.h"
#include "app/sweep/table.h"

namespace brokersim::sweep {
namespace {

constexpr const char* kSmall = R"({
  "duration": "3 s",
  "hosts": [{"name": "b", "count": 1}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
                        "topics": [{"name": "orders", "assignment": [[0]]}]}},
  "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "50 /s", "arrivals": "poisson"}]
})";

class TemporaryFile {
 public:
  TemporaryFile()
      : path_(testing::TempDir() + "sweep_" + testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove(path_);
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string content() const {
    std::ostringstream out;
    out << std::ifstream(path_).rdbuf();
    return out.str();
  }
  void append(const std::string& text) const { std::ofstream(path_, std::ios::app) << text; }

 private:
  std::string path_;
};

Axis axis(const std::string& text) { return std::get<Axis>(parse_axis(text)); }

// Goal: what --vary means. Method: both forms, and what is neither.
TEST(SweepPlan, AxesAreListsOfValues) {
  EXPECT_EQ(axis("/a/b=1,2,all").values, (std::vector<std::string>{"1", "2", "all"}));
  EXPECT_EQ(axis("/a=[\"1, 2\", {\"x\": 3}]").values, (std::vector<std::string>{"\"1, 2\"", "{\"x\":3}"}));
  EXPECT_EQ(axis("/a=x=y").values, std::vector<std::string>{"x=y"});
  for (const char* wrong : {"a=1", "/a", "/a=", "/a=[1", "/a=,", "/a=[]"})
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_axis(wrong))) << wrong;
}

// Goal: all combinations, the last axis fastest, each what --set would make of it. Method: overrides and content ids.
TEST(SweepPlan, SettingsAreAllCombinations) {
  const auto made = make_plan(
      kSmall, "small.json", {"/duration=2 s"},
      {axis("/workloads/0/config/acks=1,all"), axis("/workloads/0/rate=\"10 /s\",\"20 /s\"")}, {1, 2});
  ASSERT_TRUE(made.plan.has_value()) << scenario::render(made.diagnostics);
  ASSERT_EQ(made.plan->settings.size(), 4u);
  EXPECT_EQ(made.plan->settings[1].overrides,
            (std::vector<std::string>{"/duration=2 s", "/workloads/0/config/acks=1",
                                      "/workloads/0/rate=\"20 /s\""}));
  EXPECT_EQ(made.plan->settings[1].content,
            scenario::content_id(kSmall, "other.json",
                                 {"/workloads/0/rate=20 /s", "/duration=2 s", "/workloads/0/config/acks=1"}))
      << "the same values by another way";
  EXPECT_NE(made.plan->settings[1].content, made.plan->settings[0].content);
}

TEST(SweepPlan, EveryWrongValueIsToldOnce) {
  const auto made = make_plan(kSmall, "small.json", {},
                              {axis("/workloads/0/rate=1 parsec,10 /s,2 parsec"), axis("/duration=2 s,3 s")}, {1});
  EXPECT_FALSE(made.plan.has_value());
  EXPECT_EQ(made.diagnostics.size(), 2u) << scenario::render(made.diagnostics);
  EXPECT_FALSE(make_plan(kSmall, "small.json", {}, {axis("/duration=2 s"), axis("/duration=3 s")}, {1}).plan.has_value());
}

// Goal: a torn last line costs that line and nothing else. Method: every prefix of a store with two runs.
TEST(SweepStore, EveryTornEndIsMended) {
  const TemporaryFile file;
  const std::string one = run_id("content", 1);
  const std::string two = run_id("content", 2);
  ASSERT_NE(one, two);
  {
    Store store;
    ASSERT_EQ(store.open(file.path()), "");
    EXPECT_TRUE(store.add(one, R"({"id":")" + one + "\"}"));
    EXPECT_TRUE(store.add(two, R"({"id":")" + two + "\"}"));
    Store other;
    EXPECT_NE(other.open(file.path()).find("in use"), std::string::npos);
  }
  const std::string whole = file.content();
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    std::filesystem::remove(file.path());
    file.append(whole.substr(0, length));
    const auto lines = std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length), '\n');
    {
      Store store;
      ASSERT_EQ(store.open(file.path()), "") << length;
      EXPECT_EQ(store.size(), lines > 1 ? static_cast<std::size_t>(lines) - 1 : 0u) << length;
      EXPECT_EQ(store.find(one) != nullptr, lines > 1);
      EXPECT_TRUE(store.add(two, R"({"id":")" + two + "\"}"));
    }
    Store again;
    ASSERT_EQ(again.open(file.path()), "");
    EXPECT_EQ(again.torn(), 0u);
    EXPECT_NE(again.find(two), nullptr);
  }
}

TEST(SweepStore, RefusesWhatIsNoStoreAndLeavesItAlone) {
  const TemporaryFile file;
  for (const char* content :
       {"notes", "notes\n", "{\"brokersim_sweep\":2}\n", "{\"brokersim_sweep\":1}\n{\"seed\":1}\n"}) {
    std::filesystem::remove(file.path());
    file.append(content);
    Store store;
    EXPECT_NE(store.open(file.path()), "") << content;
    EXPECT_EQ(file.content(), content);
  }
}

// Goal: the rule. Method: values whose intervals are known: Student's t of 9 degrees at 95 % is 2.262.
TEST(SweepPrecision, HalfWidthOfTheInterval) {
  const std::vector<double> values{9,  11, 9,  11, 9,
                                   11, 9,  11, 9,  11};  // mean 10, deviation 1.054: half width 0.754
  const auto rule = [](const char* text) { return std::get<Precision>(parse_precision(text)); };
  EXPECT_TRUE(precise(values, rule("records.sent=8%")));
  EXPECT_FALSE(precise(values, rule("records.sent=7%")));
  EXPECT_TRUE(precise(values, rule("records.sent=0.8")));
  EXPECT_FALSE(precise(values, rule("records.sent=0.7")));
  EXPECT_FALSE(precise({values.begin(), values.end() - 1}, rule("records.sent=1000"))) << "at least 10 runs";
  EXPECT_FALSE(precise(std::vector<double>(100, 7.0), rule("records.sent=50%")))
      << "no spread, no word about it";
  // 0 of 35: up to 1 - 0.025^(1/35) = 10.0 %, half of that 5.0 %.
  EXPECT_TRUE(precise(std::vector<double>(36, 0.0), rule("any records.lost_acknowledged=5%")));
  EXPECT_FALSE(precise(std::vector<double>(34, 0.0), rule("any records.lost_acknowledged=0.05")));
  for (const char* wrong : {"records.sent", "records.snt=5%", "records.sent=0", "records.sent=-1",
                            "records.sent=x", "records.sent=inf%"})
    EXPECT_TRUE(std::holds_alternative<std::string>(parse_precision(wrong))) << wrong;
}

// Goal: rows in the order of settings and seeds from any number of threads, and none run twice. Method: one thread, three,
// and a store between them; every row as JSON, wall time left out by having no clock.
TEST(SweepRunner, RowsDoNotDependOnThreadsOrTheStore) {
  const auto made = make_plan(kSmall, "small.json", {}, {axis("/workloads/0/config/acks=0,1")}, {3, 1, 2});
  ASSERT_TRUE(made.plan.has_value());
  const TemporaryFile file;
  const auto rows = [&](int jobs, Store* store) {
    std::vector<std::string> lines;
    int known = 0;
    Options options;
    options.jobs = jobs;
    options.store = store;
    const Ended ended = run(*made.plan, options, [&](const Row& row) {
      known += row.known ? 1 : 0;
      lines.push_back(row_json(*made.plan, row, {}));
    });
    EXPECT_TRUE(ended.whole) << ended.error;
    return std::pair(lines, known);
  };
  const auto [alone, none] = rows(1, nullptr);
  ASSERT_EQ(alone.size(), 6u);
  EXPECT_EQ(alone[0].find(R"({"/workloads/0/config/acks":0,"seed":3,)"), 0u) << alone[0];
  EXPECT_EQ(alone[4].find(R"({"/workloads/0/config/acks":1,"seed":1,)"), 0u) << alone[4];
  EXPECT_EQ(rows(3, nullptr).first, alone);
  Store store;
  ASSERT_EQ(store.open(file.path()), "");
  EXPECT_EQ(rows(2, &store), std::pair(alone, 0));
  EXPECT_EQ(rows(2, &store), std::pair(alone, 6));
}

TEST(SweepRunner, AMetricOfNobodyIsAnError) {
  const auto made = make_plan(kSmall, "small.json", {}, {}, {1});
  Options options;
  options.metrics = {{"records.sent", "chekout"}};
  const Ended ended = run(*made.plan, options, [](const Row&) {});
  EXPECT_FALSE(ended.whole);
  EXPECT_NE(ended.error.find("it has checkout, orders/0"), std::string::npos) << ended.error;
}

TEST(SweepRunner, StopStartsNoFurtherRun) {
  const auto made = make_plan(kSmall, "small.json", {}, {}, {1, 2, 3});
  int count = 0;
  Options options;
  options.stop = [&] { return count >= 1; };
  const Ended ended = run(*made.plan, options, [&](const Row&) { ++count; });
  EXPECT_FALSE(ended.whole);
  EXPECT_EQ(ended.error, "");
  EXPECT_EQ(count, 1);
}

TEST(ModelVersion, IsSixteenDigits) { EXPECT_EQ(results::model_version().size(), 16u); }

}  // namespace
}  // namespace brokersim::sweep
