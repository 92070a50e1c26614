// Goal: the command line of `diff`: sides, variants, result files, exit codes, mistakes.
// Method: whole command lines on a ten-second scenario, against string streams.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/cli/cli.h"

namespace brokersim::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* scenario_text = R"({
  "title": "small", "duration": "10 s", "seed": 5,
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
  "systems": {
    "kafka": {
      "kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
      "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]
    }
  },
  "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "100 /s", "arrivals": "poisson"}]
})";

struct DiffAnswer {
  int code = -1;
  std::string out;
  std::string err;
  [[nodiscard]] Json json() const { return Json::parse(out); }
};

class Diff : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("brokersim-diff-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    file_ = path("small.json");
    std::ofstream(file_) << scenario_text;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static DiffAnswer command(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    const int code = run_command_line(arguments, out, err);
    return {code, out.str(), err.str()};
  }

  std::filesystem::path folder_;
  std::string file_;
};

TEST_F(Diff, OneFileIsBothSides) {
  const DiffAnswer same = command({"diff", file_});
  EXPECT_EQ(same.code, exit_ok) << same.err;
  EXPECT_NE(same.out.find("identical"), std::string::npos) << same.out;
  const DiffAnswer other = command({"diff", file_, "--seed-b", "6", "--json"});
  EXPECT_EQ(other.code, exit_failed);
  EXPECT_EQ(other.json().at("a").at("seed"), 5);
  EXPECT_EQ(other.json().at("b").at("seed"), 6);
  EXPECT_EQ(other.json().at("differs_first_in"), "draws");
}

TEST_F(Diff, VariantsOfEachSide) {
  const DiffAnswer answer = command({"diff", file_, file_, "--seed", "7", "--set", "/duration=\"5 s\"", "--set-b",
                                 "/workloads/0/config/linger.ms=20", "--json"});
  EXPECT_EQ(answer.code, exit_failed) << answer.err;
  const Json json = answer.json();
  EXPECT_EQ(json.at("a").at("seed"), 7);
  EXPECT_EQ(json.at("b").at("seed"), 7);
  EXPECT_EQ(json.at("a").at("overrides").size(), 1u);
  EXPECT_EQ(json.at("b").at("overrides").size(), 2u);
  const DiffAnswer undone = command({"diff", file_, "--set-a", "/seed=8", "--set-b", "/seed=8"});
  EXPECT_EQ(undone.code, exit_ok) << undone.out;
}

TEST_F(Diff, ResultsOfEarlierRunsAreRunAgain) {
  EXPECT_EQ(command({"run", file_, "--seed", "6", "--out", path("a")}).code, exit_ok);
  EXPECT_EQ(command({"run", file_, "--set", "/workloads/0/config/linger.ms=20", "--out", path("b")}).code,
            exit_ok);
  const std::string a = path("a/result-6.json");
  const std::string b = path("b/result-5.json");
  const DiffAnswer same = command({"diff", a, file_, "--seed-b", "6", "--json"});
  EXPECT_EQ(same.code, exit_ok) << same.out << same.err;
  EXPECT_EQ(same.json().at("a").at("fingerprint"), same.json().at("a").at("earlier_fingerprint"));
  const DiffAnswer other = command({"diff", a, b, "--json"});
  EXPECT_EQ(other.code, exit_failed);
  EXPECT_EQ(other.json().at("a").at("seed"), 6);
  EXPECT_EQ(other.json().at("b").at("seed"), 5);
  EXPECT_EQ(other.json().at("b").at("overrides").size(), 1u);
}

// A result of other code or of a scenario that was edited: the run cannot be the same, and that is said.
TEST_F(Diff, AResultThatCannotBeRepeatedIsFoundOut) {
  EXPECT_EQ(command({"run", file_, "--out", path("a")}).code, exit_ok);
  std::string text = scenario_text;
  text.replace(text.find("100 /s"), 6, "110 /s");
  std::ofstream(file_) << text;
  const DiffAnswer answer = command({"diff", path("a/result-5.json")});
  EXPECT_EQ(answer.code, 1) << "as a check in CI it must not pass";
  EXPECT_NE(answer.out.find("not the run of the file"), std::string::npos) << answer.out;
}

TEST_F(Diff, AFileOfSeveralResultsIsChosenFromBySeed) {
  const DiffAnswer runs = command({"run", file_, "--seeds", "1..3", "--json"});
  std::ofstream(path("runs.jsonl")) << runs.out;
  const DiffAnswer chosen = command({"diff", path("runs.jsonl"), "--seed-a", "2", "--seed-b", "3", "--json"});
  EXPECT_EQ(chosen.code, exit_failed) << chosen.err;
  EXPECT_EQ(chosen.json().at("a").at("seed"), 2);
  const DiffAnswer vague = command({"diff", path("runs.jsonl")});
  EXPECT_EQ(vague.code, exit_usage);
  EXPECT_NE(vague.err.find("holds 3 runs"), std::string::npos) << vague.err;
  EXPECT_NE(vague.err.find("--seed-a"), std::string::npos) << vague.err;
  EXPECT_EQ(command({"diff", path("runs.jsonl"), "--seed", "9"}).code, exit_usage);
}

TEST_F(Diff, AMovedScenarioIsFoundBesideItsResult) {
  EXPECT_EQ(command({"run", file_, "--out", path("a")}).code, exit_ok);
  std::filesystem::rename(file_, path("a/small.json"));
  EXPECT_EQ(command({"diff", path("a/result-5.json")}).code, exit_ok);
  std::filesystem::remove(path("a/small.json"));
  const DiffAnswer gone = command({"diff", path("a/result-5.json")});
  EXPECT_EQ(gone.code, exit_usage);
  EXPECT_NE(gone.err.find("cannot be repeated"), std::string::npos) << gone.err;
}

TEST_F(Diff, MistakesAreNamed) {
  std::ofstream(path("broken.jsonl")) << R"({"scenario": "x", "fingerprint": "00", "replay": "", "seed": 1})";
  std::ofstream(path("cut.jsonl")) << command({"run", file_, "--json"}).out << "{\"cut";
  EXPECT_EQ(command({"diff"}).code, exit_usage);
  EXPECT_EQ(command({"diff", path("none.json")}).code, exit_usage);
  EXPECT_EQ(command({"diff", file_, file_, file_}).code, exit_usage);
  EXPECT_EQ(command({"diff", file_, "--seed-a", "x"}).code, exit_usage);
  EXPECT_EQ(command({"diff", file_, "--seed-a", "-1"}).code, exit_usage);
  EXPECT_EQ(command({"diff", file_, "--seed", "1..2"}).code, exit_usage);
  EXPECT_EQ(command({"diff", file_, "--set-b", "/nothing=1"}).code, exit_usage);
  const DiffAnswer broken = command({"diff", path("broken.jsonl"), file_});
  EXPECT_EQ(broken.code, exit_usage);
  EXPECT_NE(broken.err.find("line 1"), std::string::npos) << broken.err;
  const DiffAnswer cut = command({"diff", path("cut.jsonl"), file_});
  EXPECT_EQ(cut.code, exit_usage);
  EXPECT_NE(cut.err.find("line 2 is not JSON"), std::string::npos) << cut.err;
}

}  // namespace
}  // namespace brokersim::cli
