// Goal: a file of arrivals is read exactly, and a hostile one ends in one error with line and column.
// Method: small texts in, times out; every wrong text beside the place that the message must name.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/scenario/build_shapes.h"
#include "app/scenario/content.h"
#include "app/scenario/csv_trace.h"
#include "app/scenario/limits.h"
#include "app/scenario/scenario.h"

namespace brokersim::scenario {
namespace {

using namespace std::string_literals;

TraceForm form() {
  TraceForm f;
  f.time_column = "time";
  f.start = {1'000'000'000};
  f.end = {100'000'000'000};
  f.size_max = 1 << 20;
  return f;
}

std::vector<std::int64_t> times(std::string_view text, const TraceForm& f) {
  TraceError error;
  const auto trace = parse_trace(text, f, error);
  EXPECT_TRUE(trace.has_value()) << error.line << ":" << error.column << " " << error.message;
  std::vector<std::int64_t> out;
  if (trace) {
    for (const sim::SimTime t : trace->times) out.push_back(t.ns);
  }
  return out;
}

TEST(CsvTrace, TimesAreExactInEveryUnit) {
  using V = std::vector<std::int64_t>;
  const V expected{1'000'000'000, 1'250'000'000, 1'250'000'000, 3'000'000'001};
  TraceForm f = form();
  EXPECT_EQ(times("time\n7\n7.25\n7.250\n9.000000001\n", f), expected);
  EXPECT_EQ(times("time\n7\n7.25\n7.250\n9.0000000019", f), expected)
      << "what is finer than a nanosecond is cut off";
  f.unit = TimeUnit::ms;
  EXPECT_EQ(times("\xEF\xBB\xBFtime\r\n7000\r\n7250\r\n\r\n7250\r\n9000.000001\r\n", f), expected);
  f.unit = TimeUnit::us;
  EXPECT_EQ(times("a,\"time\",b\nx,7000000,y\n,\"7250000\",\n,7250000,\n,9000000.001,", f), expected);
  f.unit = TimeUnit::ns;
  f.delimiter = ';';
  EXPECT_EQ(times("time;x\n 7000000000 ;1\n7250000000;1\n7250000000;1\n9000000001;1\n", f), expected);
  f.unit = TimeUnit::iso8601;
  f.delimiter = ',';
  EXPECT_EQ(times("time\n2026-12-31T23:59:59Z\n2026-12-31 "
                  "23:59:59.25\n2027-01-01T01:59:59.250+02:00\n2027-01-01T00:00:01.000000001Z",
                  f),
            expected);
  f.unit = TimeUnit::s;
  f.from_zero = true;
  EXPECT_EQ(times("time\n0.5\n2\n", f), (V{1'500'000'000, 3'000'000'000}));
}

TEST(CsvTrace, CountsSpreadSpeedAndLoops) {
  using V = std::vector<std::int64_t>;
  TraceForm f = form();
  f.count_column = "n";
  EXPECT_EQ(times("time,n\n0,2\n1,0\n2,1\n", f), (V{1'000'000'000, 1'000'000'000, 3'000'000'000}));
  f.spread = true;
  EXPECT_EQ(times("time,n\n0,4\n1,2\n", f),
            (V{1'000'000'000, 1'250'000'000, 1'500'000'000, 1'750'000'000, 2'000'000'000, 2'500'000'000}))
      << "the last row lasts as long as the one before";
  f.speed = 2;
  EXPECT_EQ(times("time,n\n0,2\n1,1\n", f), (V{1'000'000'000, 1'250'000'000, 1'500'000'000}));
  f.loop = true;
  f.end = {2'500'000'000};
  EXPECT_EQ(times("time,n\n0,2\n1,1\n", f),
            (V{1'000'000'000, 1'250'000'000, 1'500'000'000, 2'000'000'000, 2'250'000'000}))
      << "the file lasts 2 s, 1 s at double speed";
  f.spread = false;
  EXPECT_EQ(times("time,n\n0,0\n1,0\n", f), V{}) << "loops over nothing end, too";
}

// Goal: rounds without a record take no time, however many of them there are; one that says nothing is remarked.
// Method: 1e17 rounds of 1 ns; a row with a record among 200,000 without, so often that each round's reading would show.
TEST(CsvTrace, LoopsOverNothingEnd) {
  TraceForm f = form();
  f.count_column = "n";
  f.loop = true;
  f.speed = 1e6;
  TraceError error;
  TraceRemarks remarks;
  auto trace = parse_trace("time,n\n0,0\n0.000000001,0", f, error, &remarks);
  ASSERT_TRUE(trace);
  EXPECT_TRUE(trace->times.empty());
  EXPECT_TRUE(remarks.all_counts_zero);
  EXPECT_FALSE(remarks.no_gap_to_loop);
  f.unit = TimeUnit::us;
  f.speed = 1;
  f.end = {201'000'000'000};
  std::string text = "time,n\n0,1\n";
  for (int i = 1; i < 200'000; ++i) text += std::to_string(i) + ",0\n";
  trace = parse_trace(text, f, error, &remarks);
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->times.size(), 1'000u) << "200 s in rounds of 0.2 s";
  EXPECT_EQ(trace->times[7].ns, 2'400'000'000);
  EXPECT_FALSE(remarks.all_counts_zero);
}

TEST(CsvTrace, ALoopWithoutAGapIsRemarked) {
  TraceForm f = form();
  f.loop = true;
  TraceError error;
  TraceRemarks remarks;
  for (const char* once : {"time\n5\n", "time\n5\n5\n5\n"}) {
    ASSERT_TRUE(parse_trace(once, f, error, &remarks));
    EXPECT_TRUE(remarks.no_gap_to_loop) << once;
  }
  f.from_zero = true;
  EXPECT_EQ(times("time\n40\n", f), (std::vector<std::int64_t>{41'000'000'000, 81'000'000'000}));
  ASSERT_TRUE(parse_trace("time\n5\n", f, error, &remarks));
  EXPECT_FALSE(remarks.no_gap_to_loop) << "from zero on, the file lasts 5 s";
  f.from_zero = f.loop = false;
  ASSERT_TRUE(parse_trace("time\n5\n", f, error, &remarks));
  EXPECT_FALSE(remarks.no_gap_to_loop);
}

// Goal: spread that spreads nothing is remarked, one that spreads something is not.
TEST(CsvTrace, NothingToSpreadIsRemarked) {
  TraceForm f = form();
  f.spread = true;
  TraceError error;
  const auto remarked = [&](const char* text) {
    TraceRemarks remarks;
    EXPECT_TRUE(parse_trace(text, f, error, &remarks)) << text;
    return remarks.nothing_to_spread;
  };
  EXPECT_TRUE(remarked("time\n5\n6\n")) << "without a count column a row is one record";
  f.count_column = "n";
  EXPECT_TRUE(remarked("time,n\n5,500\n")) << "one row has nothing behind it";
  EXPECT_TRUE(remarked("time,n\n5,500\n5,3\n")) << "nor have rows of one time";
  EXPECT_TRUE(remarked("time,n\n5,1\n6,1\n"));
  EXPECT_FALSE(remarked("time,n\n5,1\n6,2\n")) << "the last row lasts as long as the one before";
  EXPECT_FALSE(remarked("time,n\n5,2\n6,1\n"));
  EXPECT_FALSE(remarked("time,n\n5,0\n6,0\n")) << "that nothing is sent is a remark of its own";
  f.spread = false;
  EXPECT_FALSE(remarked("time,n\n5,500\n"));
}

// Goal: dates that no calendar has, offsets that no place has and times before 1970 are told, not understood as others.
TEST(CsvTrace, DatesAreOfTheCalendar) {
  TraceForm f = form();
  f.unit = TimeUnit::iso8601;
  const auto message = [&](const std::string& cell) {
    TraceError error;
    if (parse_trace("time\n" + cell + "\n", f, error)) return std::string();
    EXPECT_EQ(error.line, 2) << cell;
    EXPECT_EQ(error.column, 1) << cell;
    return error.message;
  };
  for (const char* right :
       {"2026-02-28", "2024-02-29", "2000-02-29", "2026-04-30", "2026-12-31", "2026-01-01T00:00+23:59",
        "1970-01-01T02:00:00+02:00", "2016-12-31T23:59:60Z", "2017-01-01T00:59:60.5+01:00"})
    EXPECT_EQ(message(right), "") << right;
  for (const char* wrong :
       {"2026-02-30", "2026-02-29", "2100-02-29", "2026-04-31", "2026-06-31", "2026-01-00", "2026-01-32",
        "2026-13-01", "2026-01-01T20:59:60", "2026-01-01T20:59:61", "2016-12-31T23:59:60+01:00",
        "2026-01-01T00:00+99:99", "2026-01-01T00:00+24:00", "2026-01-01T00:00-10:60"})
    EXPECT_EQ(message(wrong), "\"" + std::string(wrong) + "\" is not a time");
  for (const char* early : {"1970-01-01T00:00:00+02:00", "1970-01-01T01:59:59+02:00"}) {
    for (const bool from_zero : {false, true}) {
      f.from_zero = from_zero;
      EXPECT_EQ(message(early), "\"" + std::string(early) + "\" is before time 0");
    }
  }
}

TEST(CsvTrace, KeysAndSizes) {
  TraceForm f = form();
  f.key_column = "k";
  f.size_column = "bytes";
  TraceError error;
  const auto trace = parse_trace("time,k,bytes\n0,b,100\n0,\"a,\"\"x\"\"\",20\n1,b,7\n", f, error);
  ASSERT_TRUE(trace) << error.message;
  EXPECT_EQ(trace->keys, (std::vector<std::string>{"b", "a,\"x\""}));
  EXPECT_EQ(trace->rows, (std::vector<history::ListedRecord>{{0, 100}, {1, 20}, {0, 7}}));
}

struct Wrong {
  std::string text;
  std::int32_t line;
  std::int32_t column;
  std::string message;
};

TEST(CsvTrace, EveryWrongFileHasItsPlace) {
  const std::vector<Wrong> all = {
      {"", 1, 1, "the file is empty"},
      {"\n\r\n  \n", 3, 1, "the file is empty"},
      {"time", 1, 1, "the file has no rows"},
      {"when\n1\n", 1, 1, "no column is named \"time\""},
      {"time,time\n1,2\n", 1, 6, "two columns are named \"time\""},
      {"time\n1\n0.5\n", 3, 1, "\"0.5\" is before the row above it"},
      {"x,time\n1,1\n1,-1\n", 3, 3, "\"-1\" is before time 0"},
      {"time\n1\nnan\n", 3, 1, "\"nan\" is not a time"},
      {"time\n1e3\n", 2, 1, "\"1e3\" is not a time"},
      {"time\n1.\n", 2, 1, "\"1.\" is not a time"},
      {"time\n99999999999999999999\n", 2, 1, "\"99999999999999999999\" is not a time"},
      {"x,time\n1\n", 2, 1, "the row has 1 cell, none of them \"time\""},
      {"time\n1\n\"2\n3\"\n", 3, 1, "a quote is not closed on its line"},
      {"time\n\"1\"x\n", 2, 4, "something follows the closing quote of a cell"},
      {"time\n1\r2\n", 2, 2, "a carriage return stands in the middle of the line"},
      {"time\n1\0002\n"s, 2, 2, "the line holds a NUL byte"},
      {"ti\0me\n1\n"s, 1, 3, "the line holds a NUL byte"},
      {std::string(100'000, 'x'), 1, 1, "no column is named \"time\""},
      {"time\n" + std::string(100'000, '9'), 2, 1, "is not a time"},
      {"time\n" + std::string(100'000, ','), 2, 1, "\"\" is not a time"},
      {"time\n" + std::string(100'000, '"'), 2, 1, ""},
  };
  for (const Wrong& wrong : all) {
    TraceError error;
    EXPECT_FALSE(parse_trace(wrong.text, form(), error)) << wrong.text.substr(0, 40);
    EXPECT_EQ(error.line, wrong.line) << wrong.text.substr(0, 40);
    EXPECT_EQ(error.column, wrong.column) << wrong.text.substr(0, 40);
    EXPECT_NE(error.message.find(wrong.message), std::string::npos) << error.message;
    EXPECT_LT(error.message.size() + error.hint.size(), 600u);
  }
}

TEST(CsvTrace, EveryWrongCellHasItsPlace) {
  TraceForm f = form();
  f.key_column = "k";
  f.size_column = "s";
  f.count_column = "n";
  const auto place = [&](const std::string& row) {
    TraceError error;
    EXPECT_FALSE(parse_trace("time,k,s,n\n0,a,10,1\n" + row + "\n", f, error)) << row;
    return std::pair{error.line, error.column};
  };
  EXPECT_EQ(place("1,,10,1"), std::pair(3, 3));
  EXPECT_EQ(place("1,a,0,1"), std::pair(3, 5));
  EXPECT_EQ(place("1,a,1.5,1"), std::pair(3, 5));
  EXPECT_EQ(place("1,a,9999999999,1"), std::pair(3, 5));
  EXPECT_EQ(place("1,a,10,-1"), std::pair(3, 8));
  EXPECT_EQ(place("1,a,10,x"), std::pair(3, 8));
  EXPECT_EQ(place("1,a,10"), std::pair(3, 5)) << "the last cell of a row that is too short";
  EXPECT_EQ(place("1,a,10,999999999999999999"), std::pair(3, 1)) << "more records than may be";
}

TEST(CsvTrace, ManyRowsAreReadAndTooManyRefused) {
  std::string text = "time\n";
  for (int i = 0; i < 300'000; ++i) text += std::to_string(i) + "\n";
  TraceForm f = form();
  f.unit = TimeUnit::us;
  EXPECT_EQ(times(text, f).size(), 300'000u);
  f.loop = true;
  f.end = {std::int64_t{100'000} * 1'000'000'000};
  TraceError error;
  EXPECT_FALSE(parse_trace(text, f, error));
  EXPECT_NE(error.message.find("loops"), std::string::npos);
}

// --- in a scenario --------------------------------------------------------------------------------------------

class TraceFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() /
              ("brokersim_trace_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_ / "in" / "deep");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string text(const std::string& arrivals, const std::string& more = "") const {
    return R"({"title": "t", "why": "w", "duration": "10 s", "hosts": [{"name": "b", "count": 1, "hardware": "i3en.2xlarge"}],
      "systems": {"k": {"kind": "kafka", "version": "4.1", "brokers_on": "b", "controllers": {"count": 1},
        "topics": [{"name": "t", "partitions": 2, "replication_factor": 1}]}},
      "workloads": [{"name": "p", "kind": "kafka_producer", "topic": "t", "arrivals": )" +
           arrivals + more + "}]}";
  }
  [[nodiscard]] LoadResult load(const std::string& arrivals, const std::string& more = "") const {
    return load_text(text(arrivals, more), (folder_ / "in" / "s.json").string());
  }
  [[nodiscard]] std::string first_code(const LoadResult& result) const {
    return result.diagnostics.empty() ? "" : result.diagnostics.front().code;
  }
  std::filesystem::path folder_;
};

// Goal: what is right, but sends nothing or only once, is told as a warning.
TEST_F(TraceFile, NothingToSendOrToLoopByIsTold) {
  put("in/zero.csv", "time,n\n0,0\n0.000000001,0");
  LoadResult result =
      load(R"({"kind": "trace", "file": "zero.csv", "count_column": "n", "loop": true, "speed": 1000000})");
  EXPECT_TRUE(result.scenario);
  EXPECT_EQ(first_code(result), "scenario/no-arrivals");
  EXPECT_NE(result.diagnostics.front().message.find("every count"), std::string::npos);
  put("in/one.csv", "time\n5\n");
  result = load(R"({"kind": "trace", "file": "one.csv", "loop": true})");
  EXPECT_TRUE(result.scenario);
  EXPECT_EQ(first_code(result), "scenario/no-gap-to-loop");
  EXPECT_EQ(first_code(load(R"({"kind": "trace", "file": "one.csv"})")), "");
  result = load(R"({"kind": "trace", "file": "one.csv", "spread": true})");
  EXPECT_TRUE(result.scenario);
  EXPECT_EQ(first_code(result), "scenario/nothing-to-spread");
  EXPECT_NE(result.diagnostics.front().message.find("without count_column"), std::string::npos);
  put("in/burst.csv", "time,n\n5,500\n");
  result = load(R"({"kind": "trace", "file": "burst.csv", "count_column": "n", "spread": true})");
  EXPECT_EQ(first_code(result), "scenario/nothing-to-spread");
  EXPECT_NE(result.diagnostics.front().message.find("no row of"), std::string::npos);
  result = load(R"({"kind": "trace", "file": "one.csv", "time_column": ""})");
  EXPECT_FALSE(result.scenario);
  EXPECT_EQ(first_code(result), "scenario/empty-name");
}

TEST_F(TraceFile, IsReadBesideTheScenario) {
  put("in/a.csv", "time\n0\n1\n2\n20\n");
  const LoadResult result = load(R"({"kind": "trace", "file": "a.csv"})");
  ASSERT_TRUE(result.scenario) << render(result.diagnostics);
  const auto& producer = result.scenario->config.producers.front();
  EXPECT_EQ(producer.arrivals, world::Arrivals::listed);
  ASSERT_TRUE(producer.shape && producer.shape->trace);
  EXPECT_EQ(producer.shape->trace->times.size(), 3u) << "what comes after the stop is left out";
}

TEST_F(TraceFile, ErrorsNameFileLineAndColumn) {
  put("in/a.csv", "time,key\n0,x\n1\n");
  const LoadResult result = load(R"({"kind": "trace", "file": "a.csv", "key_column": "key"})");
  ASSERT_EQ(first_code(result), "scenario/wrong-csv") << render(result.diagnostics);
  EXPECT_EQ(result.diagnostics.front().line, 3);
  EXPECT_NE(result.diagnostics.front().file.find("a.csv"), std::string::npos);
  EXPECT_EQ(result.diagnostics.front().pointer, "/workloads/0/arrivals/file");
}

TEST_F(TraceFile, DoesNotLeadOutOfTheFolder) {
  put("outside.csv", "time\n0\n");
  put("in/deep/b.csv", "time\n0\n");
  std::filesystem::create_symlink(folder_ / "outside.csv", folder_ / "in" / "link.csv");
  EXPECT_EQ(first_code(load(R"({"kind": "trace", "file": "../outside.csv"})")), "scenario/file-outside");
  EXPECT_EQ(first_code(load(R"({"kind": "trace", "file": "deep/../../outside.csv"})")),
            "scenario/file-outside");
  EXPECT_EQ(first_code(load(R"({"kind": "trace", "file": "link.csv"})")), "scenario/file-outside");
  EXPECT_TRUE(load(R"({"kind": "trace", "file": "deep/b.csv"})").scenario);
  EXPECT_TRUE(load(R"({"kind": "trace", "file": "deep/../deep/b.csv"})").scenario);
  const std::string open = (folder_ / "outside.csv").string();
  EXPECT_TRUE(load(R"({"kind": "trace", "file": ")" + open + "\"}").scenario)
      << "an absolute path is said openly";
}

TEST_F(TraceFile, WhatIsNoFileIsAnError) {
  EXPECT_EQ(first_code(load(R"({"kind": "trace", "file": "none.csv"})")), "scenario/no-file");
  EXPECT_EQ(first_code(load_text(text(R"({"kind": "trace", "file": "none.csv"})"), "s.json")),
            "scenario/no-file")
      << "a document without a folder has the working one";
  EXPECT_EQ(first_code(load(R"({"kind": "trace", "file": "deep"})")), "scenario/not-a-file");
  EXPECT_EQ(first_code(load(R"({"kind": "trace", "file": ""})")), "scenario/file-outside");
  EXPECT_EQ(first_code(load(R"({"kind": "trace"})")), "scenario/missing-field");
  EXPECT_EQ(first_code(load(R"({"kind": "csv", "file": "a.csv"})")), "scenario/unknown-value");
}

TEST_F(TraceFile, ContradictionsAreErrors) {
  put("in/a.csv", "time,key,size\n0,x,100\n1,a-long-key-of-26-characters,30\n");
  const std::string keyed = R"({"kind": "trace", "file": "a.csv", "key_column": "key"})";
  const std::string sized = R"({"kind": "trace", "file": "a.csv", "size_column": "size"})";
  EXPECT_EQ(first_code(load(keyed, R"(, "keys": {"count": 5})")), "scenario/two-selectors");
  EXPECT_EQ(first_code(load(sized, R"(, "record_size": "1 KiB")")), "scenario/two-selectors");
  EXPECT_EQ(first_code(load(sized, R"(, "rate": "5 /s")")), "scenario/two-selectors");
  EXPECT_EQ(first_code(load(sized, R"(, "times": ["1 s"])")), "scenario/two-selectors");
  EXPECT_EQ(first_code(load(sized, R"(, "records_per_send": 5)")), "scenario/two-selectors");
  EXPECT_EQ(
      first_code(load(R"({"kind": "trace", "file": "a.csv", "key_column": "key", "size_column": "size"})")),
      "scenario/out-of-range")
      << "a record of 30 bytes does not hold its key";
}

// Goal: another file is another run.
TEST_F(TraceFile, ContentCountsForTheIdentity) {
  const std::string arrivals = R"({"kind": "trace", "file": "a.csv"})";
  const std::string name = (folder_ / "in" / "s.json").string();
  EXPECT_FALSE(content_id(text(arrivals), name, {}));
  put("in/a.csv", "time\n0\n1\n");
  const auto one = content_id(text(arrivals), name, {});
  EXPECT_EQ(content_id(text(arrivals), name, {}), one);
  put("in/a.csv", "time\n0\n2\n");
  EXPECT_NE(content_id(text(arrivals), name, {}), one);
}

}  // namespace
}  // namespace brokersim::scenario
