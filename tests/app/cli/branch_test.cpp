// Goal: the contract of `brokersim branch`: what is asked is done or refused with place, fact and way out; what has
// ended is told, whatever happens. Method: the real program on the small run of 12 s.
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/app/branch/small.h"

namespace brokersim::cli {
namespace {

namespace fs = std::filesystem;

struct Answer {
  int code = -1;
  std::string out;
  std::string err;
};

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class BranchCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/brokersim-branch-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    std::ofstream(folder_ / "small.json") << branch::small_text;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  /// `brokersim branch FILE arguments`, as a shell reads it.
  Answer branch(const std::string& arguments, const std::string& file = "small.json",
                const std::string& redirect = "> out 2> err") {
    const std::string command = "cd " + folder_.string() + "; " + branch::worker_command().front() +
                                " branch " + file + " " + arguments + " " + redirect;
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), content(folder_ / "out"),
            content(folder_ / "err")};
  }
  void refuses(const std::string& arguments, const std::string& part,
               const std::string& file = "small.json") {
    const Answer answer = branch(arguments, file);
    EXPECT_EQ(answer.code, 2) << arguments;
    EXPECT_EQ(answer.out, "") << arguments;
    EXPECT_NE(answer.err.find(part), std::string::npos) << arguments << "\n" << answer.err;
  }

  fs::path folder_;
};

TEST_F(BranchCommand, TellsOneLinePerBranchOrASummary) {
  const Answer lines_of_json = branch("--at '5 s' --branches 4 --jobs 2 --json");
  EXPECT_EQ(lines_of_json.code, 0) << lines_of_json.err;
  EXPECT_EQ(lines(lines_of_json.out), 4u);
  EXPECT_NE(lines_of_json.out.find(R"("branch":4,"branch_at_s":5.0,"variant":null)"), std::string::npos);
  const Answer summary = branch("--every '3 s' --branches 4");
  EXPECT_EQ(summary.code, 0);
  EXPECT_NE(summary.out.find("12 branches"), std::string::npos) << "at 3, 6 and 9 s\n" << summary.out;
}

TEST_F(BranchCommand, TheReplayLineRepeatsTheBranch) {
  std::ofstream(folder_ / "the faults.json")
      << R"({"two 's": [{"at": "1 s", "kind": "kernel_panic", "target": {"random_broker": true}}]})";
  const Answer first =
      branch("--at '5.5 s' --only 3 --faults 'the faults.json' --set '/title=a b' --seed 9 --json");
  ASSERT_EQ(first.code, 0) << first.err;
  const std::string begin = "\"replay\":\"brokersim branch small.json ";
  const std::size_t at = first.out.find(begin) + begin.size();
  const std::string arguments = first.out.substr(at, first.out.find('"', at) - at);
  // The line holds one JSON escape: none, for the quotes are single.
  std::string unescaped;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == '\\' && arguments[i + 1] == '\\') ++i;
    unescaped += arguments[i];
  }
  const Answer again = branch(unescaped + " --json");
  ASSERT_EQ(again.code, 0) << unescaped << again.err;
  const auto fingerprint = [](const std::string& json) {
    return json.substr(json.find("\"fingerprint\""), 33);
  };
  EXPECT_EQ(fingerprint(again.out), fingerprint(first.out));
}

TEST_F(BranchCommand, WhatCannotBeDoneIsRefusedBeforeAnythingRuns) {
  refuses("--at '0 s' --branches 1", "nothing has happened at 0 s");
  refuses("--at '12 s' --branches 1", "has no future: the run ends at 12 s");
  refuses("--at 5 --branches 1", "has no unit");
  refuses("--at '5 s'", "how many branches");
  refuses("--branches 3", "no instant is named");
  refuses("--at '5 s' --branches 0", "there is no branch to run");
  refuses("--at '5 s' --branches 1000000000", "more than 1000000 branches");
  refuses("--at '5 s' --branches -1", "--branches");
  refuses("--at '5 s' --only x", "not a branch or a range");
  refuses("--at '5 s' --only 1 --branches 1", "--only");
  refuses("--every '0 s' --branches 1", "the distance of instants is 0 s");
  refuses("--every '13 s' --branches 1", "no such instant before the end");
  refuses("--at '5 s' --branches 1 --seed -3", "is not a seed");
  refuses("--at '5 s' --branches 1 --jobs 0", "--jobs");
  refuses("--at '5 s' --branches 1", "there is no such file", "nobody.json");
  refuses("--at '5 s' --branches 1 --faults nobody.json", "there is no such file");
  refuses("--at '5 s' --branches 1 --faults /dev/zero", "not a regular file");
  refuses("--at '5 s' --branches 1 --variant x", "there is no variant named");
  refuses("--at '5 s' --branches 1 --out /proc/nowhere/x", "the folder cannot be made");
  refuses("--at '5 s' --branches 1 --out ''", "the folder");
  std::ofstream(folder_ / "faults.json")
      << R"([{"at": "1 s", "kind": "kill_process", "target": {"host": "b-9"}}])";
  refuses("--at '5 s' --branches 1 --faults faults.json", "there is no host named \"b-9\"");
  refuses("--at '5 s' --branches 1 --faults faults.json", "faults.json:1:");
}

TEST_F(BranchCommand, AFullDiskIsAnErrorAndTheBranchesAreEnded) {
  const Answer answer = branch("--at '5 s' --branches 1000 --json", "small.json", "> /dev/full 2> err");
  EXPECT_EQ(answer.code, 2);
  EXPECT_NE(answer.err.find("is the disk full?"), std::string::npos) << answer.err;
}

TEST_F(BranchCommand, ResultsAreKeptInAFolder) {
  const Answer answer = branch("--at '5 s' --at '7 s' --branches 2 --out kept");
  EXPECT_EQ(answer.code, 0) << answer.err;
  const std::string one = content(folder_ / "kept" / "result-5-at-7000000000ns-branch-2.json");
  EXPECT_NE(one.find(R"("branch":2,"branch_at_s":7.0)"), std::string::npos);
  EXPECT_NE(content(folder_ / "kept" / "summary.json").find(R"("branches":4)"), std::string::npos);
}

// Method: a thousand branches, of which the first few have been told when the interrupt comes.
TEST_F(BranchCommand, AnInterruptKeepsWhatHasEnded) {
  const Answer answer = branch(
      "--at '5 s' --branches 100000 --json", "small.json",
      "> out 2> err & pid=$!; for i in $(seq 400); do [ $(cat out 2> /dev/null | wc -l) -ge 3 ] && break; "
      "sleep 0.05; done; "
      "kill -INT $pid; wait $pid");
  EXPECT_EQ(answer.code, 130);
  EXPECT_GE(lines(answer.out), 3u);
  EXPECT_EQ(answer.out.back(), '\n') << "no half line";
  EXPECT_NE(answer.err.find("interrupted after " + std::to_string(lines(answer.out)) + " of 100000"),
            std::string::npos)
      << answer.err;
}

// Method: the worker is found by its parent and killed from outside.
TEST_F(BranchCommand, AKilledWorkerIsToldAndSoIsWhatHasEnded) {
  const Answer answer = branch(
      "--at '5 s' --branches 100000 --json", "small.json",
      "> out 2> err & pid=$!; for i in $(seq 400); do [ $(cat out 2> /dev/null | wc -l) -ge 3 ] && break; "
      "sleep 0.05; done; "
      "kill -9 $(cat /proc/$pid/task/$pid/children); wait $pid");
  EXPECT_EQ(answer.code, 70);
  EXPECT_NE(answer.err.find("the worker process was killed by signal 9"), std::string::npos) << answer.err;
  EXPECT_NE(answer.err.find(std::to_string(lines(answer.out)) + " of 100000 branches have ended"),
            std::string::npos)
      << answer.err;
}

TEST(BranchWorker, WithoutARequestItIsAUsageError) {
  const int status = std::system((branch::worker_command().front() + " branch-worker < /dev/null").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 2);
}

}  // namespace
}  // namespace brokersim::cli
