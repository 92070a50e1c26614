// Goal: the contract of the command line (DESIGN.md section 4): exit codes, data to out, talk to err.
// Method: whole command lines against string streams.
#include "app/cli/cli.h"

#include <gtest/gtest.h>

#include <sstream>

#include "app/scenario/scenario.h"

namespace brokersim::cli {
namespace {

struct CliAnswer {
  int code = -1;
  std::string out;
  std::string err;
};

CliAnswer run(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  const int code = run_command_line(arguments, out, err);
  return {code, out.str(), err.str()};
}

TEST(ExitCode, TheWorstOfSeveralCounts) {
  const std::vector<int> from_best{exit_ok, exit_inconclusive, exit_failed, exit_usage, exit_bug};
  for (std::size_t i = 0; i < from_best.size(); ++i) {
    for (std::size_t j = 0; j < from_best.size(); ++j)
      EXPECT_EQ(worse(from_best[i], from_best[j]), from_best[std::max(i, j)]);
  }
}

TEST(CommandLine, MistakesAreUsageErrorsOnTheErrorStream) {
  for (const std::vector<std::string>& line :
       std::vector<std::vector<std::string>>{{},
                                             {"frobnicate"},
                                             {"check"},
                                             {"list"},
                                             {"list", "weather"},
                                             {"schema", "--frob"},
                                             {"check", "x.json", "--set"}}) {
    const CliAnswer answer = run(line);
    EXPECT_EQ(answer.code, exit_usage);
    EXPECT_EQ(answer.out, "");
    EXPECT_NE(answer.err, "");
  }
}

TEST(CommandLine, HelpIsData) {
  const CliAnswer answer = run({"--help"});
  EXPECT_EQ(answer.code, exit_ok);
  EXPECT_NE(answer.out.find("check"), std::string::npos);
  EXPECT_EQ(answer.err, "");
}

TEST(Check, SoundFilesAreOneLineEach) {
  const CliAnswer answer =
      run({"check", "scenarios/quickstart/r1.json", "scenarios/quickstart/first-steps.json"});
  EXPECT_EQ(answer.code, exit_ok) << answer.err;
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(answer.out,
            "scenarios/quickstart/r1.json: ok, 15 hosts, 2 workloads, 0 faults, 3 expectations\n"
            "scenarios/quickstart/first-steps.json: ok, 8 hosts, 2 workloads, 1 fault, 3 expectations\n");
}

TEST(Check, OneWrongFileDoesNotHideTheOthers) {
  const CliAnswer answer = run({"check", "no-such-file.json", "scenarios/quickstart/r1.json"});
  EXPECT_EQ(answer.code, exit_usage);
  EXPECT_NE(answer.out.find("r1.json: ok"), std::string::npos);
  EXPECT_EQ(answer.err,
            "error: there is no such file                         [scenario/no-file]\n"
            "  --> no-such-file.json\n"
            "1 error; nothing was run.\n");
}

TEST(Check, SetChangesWhatIsChecked) {
  const CliAnswer sound =
      run({"check", "scenarios/quickstart/r1.json", "--set", "/seed=9", "--set", "/hosts/0/count=4"});
  EXPECT_EQ(sound.code, exit_ok) << sound.err;
  EXPECT_NE(sound.out.find("16 hosts"), std::string::npos) << sound.out;
  const CliAnswer wrong = run({"check", "--set", "/hosts/0/count=2", "scenarios/quickstart/r1.json"});
  EXPECT_EQ(wrong.code, exit_usage);
  EXPECT_NE(wrong.err.find("unknown-broker"), std::string::npos) << wrong.err;
}

TEST(Schema, IsPrintedAsData) {
  EXPECT_EQ(run({"schema"}).out, scenario::schema_json());
  EXPECT_EQ(run({"schema", "--markdown"}).out, scenario::format_markdown());
}

TEST(List, EverySubjectHasEntries) {
  EXPECT_NE(run({"list", "hardware"}).out.find("i3en.2xlarge\n"), std::string::npos);
  EXPECT_NE(run({"list", "faults"}).out.find("power_loss"), std::string::npos);
  EXPECT_NE(run({"list", "checks"}).out.find("S1 "), std::string::npos);
  EXPECT_NE(run({"list", "probes"}).out.find("isr_shrank"), std::string::npos);
  EXPECT_NE(run({"list", "metrics"}).out.find("records.lost_acknowledged"), std::string::npos);
}

}  // namespace
}  // namespace brokersim::cli
