// Goal: the contract of `run` and `test` (DESIGN.md section 4): exit codes, JSON lines, seeds, replay.
// Method: whole command lines on a ten-second scenario, against string streams.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/cli/cli.h"

namespace brokersim::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* small_scenario = R"({
  "title": "small", "duration": "10 s", "seed": 5,
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"]}],
  "systems": {
    "kafka": {
      "kind": "kafka", "brokers_on": "b", "controllers": {"count": 1},
      "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]
    }
  },
  "workloads": [{"name": "checkout", "kind": "kafka_producer", "topic": "orders", "rate": "100 /s", "arrivals": "poisson"}],
  "faults": [{"at": "5 s", "kind": "pause_process", "target": {"follower_of": "orders/0"}, "lasts": "500 ms"}],
  "expect": [{"metric": "records.lost_acknowledged", "equals": 0}]
})";

struct RunAnswer {
  int code = -1;
  std::string out;
  std::string err;

  [[nodiscard]] std::vector<Json> lines() const {
    std::vector<Json> parsed;
    std::istringstream stream(out);
    for (std::string line; std::getline(stream, line);) parsed.push_back(Json::parse(line));
    return parsed;
  }
};

class Run : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("brokersim-run-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
               ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
    file_ = (folder_ / "small.json").string();
    std::ofstream(file_) << small_scenario;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  RunAnswer command(std::vector<std::string> arguments) {
    std::ostringstream out, err;
    const int code = run_command_line(arguments, out, err);
    return {code, out.str(), err.str()};
  }
  RunAnswer run(std::vector<std::string> more) {
    std::vector<std::string> arguments{"run", file_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return command(std::move(arguments));
  }

  std::filesystem::path folder_;
  std::string file_;
};

TEST_F(Run, JsonHasWhatTheContractPromises) {
  const RunAnswer answer = run({"--json"});
  EXPECT_EQ(answer.code, exit_ok) << answer.err << answer.out;
  ASSERT_EQ(answer.lines().size(), 1u);
  const Json result = answer.lines().front();
  EXPECT_EQ(result.at("scenario"), file_);
  EXPECT_EQ(result.at("seed"), 5);
  EXPECT_EQ(result.at("fingerprint").get<std::string>().size(), 16u);
  EXPECT_EQ(result.at("simulated_seconds"), 10.0);
  EXPECT_GT(result.at("wall_seconds").get<double>(), 0.0);
  EXPECT_GT(result.at("events").get<std::int64_t>(), 1'000);
  for (const char* name :
       {"sent", "acknowledged", "failed", "lost_acknowledged", "duplicated", "reordered", "consumed"}) {
    EXPECT_TRUE(result.at("records").contains(name)) << name;
  }
  EXPECT_GT(result.at("records").at("acknowledged").get<std::int64_t>(), 700);
  for (const char* which : {"produce", "end_to_end"}) {
    for (const char* name : {"count", "p50_ms", "p95_ms", "p99_ms", "p999_ms", "max_ms"}) {
      EXPECT_TRUE(result.at("latency").at(which).contains(name)) << which << name;
    }
  }
  EXPECT_GT(result.at("throughput").at("records_per_second").get<double>(), 50.0);
  EXPECT_TRUE(result.at("throughput").contains("bytes_per_second"));
  EXPECT_TRUE(result.at("unavailable").is_array());
  EXPECT_TRUE(result.at("losses").is_array());
  ASSERT_EQ(result.at("faults").size(), 1u);
  EXPECT_EQ(result.at("faults").at(0).at("kind"), "pause_process");
  EXPECT_EQ(result.at("faults").at(0).at("at_s"), 5.0);
  EXPECT_EQ(result.at("faults").at(0).at("had_effect"), true);
  EXPECT_GE(result.at("checks").size(), 10u);
  EXPECT_EQ(result.at("checks").at(0).at("id"), "S1");
  EXPECT_EQ(result.at("checks").at(0).at("verdict"), "holds");
  ASSERT_EQ(result.at("expectations").size(), 1u);
  EXPECT_EQ(result.at("expectations").at(0).at("verdict"), "holds");
  EXPECT_EQ(result.at("expectations").at(0).at("value"), 0);
}

// Goal: what shows something with its own seed alone keeps it, and a canary is no test, too. Method: two scenarios of which one is
// pinned, and a canary that expects what is not so, in one folder.
TEST_F(Run, ATestMayBePinnedToItsSeedAndACanaryIsNoTest) {
  Json pinned = Json::parse(small_scenario);
  pinned["seed_pinned"] = true;
  std::ofstream(folder_ / "pinned.json") << pinned.dump();
  Json canary = Json::parse(small_scenario);
  canary["expect"][0] = {{"metric", "records.lost_acknowledged"}, {"at_least", 1}};
  std::ofstream(folder_ / "canary.json") << canary.dump();
  const RunAnswer answer = command({"test", folder_.string(), "--rotate", "5", "--more", "2", "--canary",
                                    (folder_ / "." / "canary.json").string()});
  EXPECT_EQ(answer.code, exit_ok) << answer.out;
  EXPECT_NE(answer.out.find("pinned to its seed, 5: " + (folder_ / "pinned.json").string()),
            std::string::npos)
      << answer.out;
  EXPECT_NE(answer.out.find("the canary fails, as it must"), std::string::npos);
  EXPECT_TRUE(answer.out.ends_with("3 passed, 0 failed\n")) << answer.out;
  std::size_t runs = 0;
  for (std::size_t at = answer.out.find("  seed "); at != std::string::npos;
       at = answer.out.find("  seed ", at + 1))
    ++runs;
  EXPECT_EQ(runs, 5u) << "three seeds of one, one of the pinned one, one of the canary" << answer.out;
}

TEST_F(Run, ExitCodesTellWhatWasFound) {
  EXPECT_EQ(run({"--set", R"(/expect=[{"metric": "records.sent", "equals": 1}])"}).code, exit_failed);
  EXPECT_EQ(run({"--set", R"(/expect=[{"sometimes": "unclean_election"}])"}).code, exit_inconclusive);
  EXPECT_EQ(run({"--set", "/hosts/0/count=0"}).code, exit_usage);
  EXPECT_EQ(run({"--seed", "x"}).code, exit_usage);
  EXPECT_EQ(run({"--seed", "18446744073709551616"}).code, exit_usage);
  EXPECT_EQ(run({"--seeds", "9..1"}).code, exit_usage);
  EXPECT_EQ(run({"--seeds", "1..99999999"}).code, exit_usage);
  EXPECT_EQ(run({"--seed", "1", "--seeds", "1..2"}).code, exit_usage);
  const RunAnswer answer = run({"--json", "--set", "/hosts/0/count=0"});
  EXPECT_EQ(answer.out, "") << "no data of a run that was not made";
  EXPECT_NE(answer.err.find("nothing was run."), std::string::npos);
}

// One line a seed, in order, whatever thread was first; and each the same as when it runs alone.
TEST_F(Run, SeedsOnSeveralThreadsGiveTheSameLinesInOrder) {
  const auto stripped = [](Json result) {
    result.erase("wall_seconds");
    return result;
  };
  const RunAnswer many = run({"--seeds", "3..8", "--jobs", "3", "--json"});
  ASSERT_EQ(many.lines().size(), 6u) << many.err;
  std::set<std::string> fingerprints;
  for (std::uint64_t seed = 3; seed <= 8; ++seed) {
    const Json line = many.lines().at(seed - 3);
    EXPECT_EQ(line.at("seed"), seed);
    fingerprints.insert(line.at("fingerprint"));
    const RunAnswer alone = run({"--seed", std::to_string(seed), "--json"});
    EXPECT_EQ(stripped(alone.lines().at(0)), stripped(line)) << "seed " << seed;
  }
  EXPECT_EQ(fingerprints.size(), 6u) << "a seed changes the run";
}

TEST_F(Run, OutKeepsOneFileASeed) {
  const std::string kept = (folder_ / "kept").string();
  const RunAnswer answer = run({"--seeds", "1..2", "--out", kept});
  EXPECT_EQ(answer.code, exit_ok) << answer.err;
  for (const char* name : {"result-1.json", "result-2.json"}) {
    std::ifstream file(std::filesystem::path(kept) / name);
    EXPECT_EQ(Json::parse(file).at("title"), "small") << name;
  }
}

TEST_F(Run, OneWrongFileOfSeveralMeansThatNothingIsRun) {
  for (const auto& files : {std::vector<std::string>{"nobody.json", file_}, {file_, "nobody.json"}}) {
    const RunAnswer answer = command({"run", files[0], files[1]});
    EXPECT_EQ(answer.code, exit_usage);
    EXPECT_EQ(answer.out, "");
    EXPECT_NE(answer.err.find("1 error; nothing was run."), std::string::npos) << answer.err;
  }
}

TEST_F(Run, AFolderWithoutANameIsAMistake) {
  EXPECT_EQ(command({"run", file_, "--out", ""}).code, exit_usage);
}

TEST_F(Run, WhatTheAuthorWroteDrivesNoTerminal) {
  const RunAnswer answer =
      command({"run", file_, "--set", "/title=\"a\\u001b[2Jb\\u0007c\"", "--set", "/notes=[\"\\u009b31m\"]"});
  EXPECT_EQ(answer.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(answer.out.find('\x07'), std::string::npos);
  EXPECT_NE(answer.out.find("a\\u001b[2Jb\\u0007c"), std::string::npos) << answer.out;
}

TEST_F(Run, AVersionNeedsNoQuotes) {
  EXPECT_EQ(command({"run", file_, "--set", "/systems/kafka/version=4.1", "--json"}).code, exit_ok);
  const RunAnswer unknown = command({"check", file_, "--set", "/systems/kafka/version=4.7"});
  EXPECT_EQ(unknown.code, exit_usage);
  EXPECT_NE(unknown.err.find("version cannot be \"4.7\""), std::string::npos) << unknown.err;
}

// Method: a millisecond, in which nothing is acknowledged, so that S1 has nothing to judge.
TEST_F(Run, ALawThatHadNothingToJudgeIsInconclusive) {
  const RunAnswer answer = command({"run", file_, "--json", "--set", "/duration=1 ms", "--set", "/faults=[]",
                                    "--set", R"(/expect=[{"check": "S1", "verdict": "holds"}])"});
  EXPECT_EQ(answer.code, exit_inconclusive) << answer.err;
  EXPECT_EQ(answer.lines().front().at("expectations").at(0).at("verdict"), "inconclusive");
}

TEST_F(Run, FaultsAreToldInOrderOfTime) {
  const RunAnswer answer =
      command({"run", file_, "--json", "--set",
               R"(/faults/-={"at": "2 s", "kind": "kill_process", "target": {"broker": 1}})"});
  const Json faults = answer.lines().front().at("faults");
  EXPECT_EQ(faults.at(0).at("at_s"), 2.0);
  EXPECT_EQ(faults.at(1).at("at_s"), 5.0);
}

TEST_F(Run, TheLastLineReplaysTheRun) {
  const RunAnswer answer = run({"--seed", "7", "--set", "/duration=8 s"});
  std::string text = answer.out;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const std::string last = text.substr(text.rfind('\n') + 1);
  EXPECT_NE(last.find("brokersim run " + file_ + " --seed 7 --set '/duration=8 s'"), std::string::npos)
      << last;
}

TEST_F(Run, ATestOfAFolderRunsEveryScenarioInIt) {
  const RunAnswer good = command({"test", folder_.string(), "--twice"});
  EXPECT_EQ(good.code, exit_ok) << good.out << good.err;
  EXPECT_NE(good.out.find("1 of 1 scenarios as expected"), std::string::npos) << good.out;
  std::ofstream(folder_ / "wrong.json") << "{}";
  const std::string junit = (folder_ / "junit.xml").string();
  const RunAnswer mixed = command({"test", folder_.string(), "--junit", junit});
  EXPECT_EQ(mixed.code, exit_usage);
  EXPECT_NE(mixed.out.find("1 of 2 scenarios as expected"), std::string::npos) << mixed.out;
  std::stringstream report;
  report << std::ifstream(junit).rdbuf();
  EXPECT_NE(report.str().find("<testsuite"), std::string::npos);
  EXPECT_NE(report.str().find("<error"), std::string::npos);
  EXPECT_EQ(command({"test", (folder_ / "nothing").string()}).code, exit_usage);
}

}  // namespace
}  // namespace brokersim::cli
