// Goal: a model that lets no time pass, or floods the queue, ends its run with exit code 70 and the names of the guilty,
// as a user of the program sees it; the other runs of the command go on.
// Method: the program itself, on the reference run, with limits that this sound model does pass.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "tests/app/branch/small.h"

namespace brokersim::cli {
namespace {

using Json = nlohmann::json;

class Limits : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ =
        std::filesystem::path(testing::TempDir()) /
        (std::string("brokersim-limits-") + ::testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// Exit code of `brokersim run` on R1 with these words; its standard output is in out_.
  int run(const std::string& words) {
    const std::filesystem::path path = folder_ / "out";
    const int status = std::system((branch::worker_command().front() + " run scenarios/quickstart/r1.json " +
                                    words + " > " + path.string() + " 2>&1")
                                       .c_str());
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    out_ = text.str();
    for (char& c : out_) c = c == '\n' ? ' ' : c;  // sentences are wrapped
    for (std::size_t at; (at = out_.find("  ")) != std::string::npos;) out_.erase(at, 1);
    return WEXITSTATUS(status);
  }
  std::filesystem::path folder_;
  std::string out_;
};

TEST_F(Limits, TimeThatStandsStillIsABugWithNames) {
  EXPECT_EQ(run("--set /limits/events_at_instant=8"), 70) << out_;
  EXPECT_NE(out_.find("time stands still at "), std::string::npos) << out_;
  EXPECT_NE(out_.find("; it loops in: "), std::string::npos) << out_;
  EXPECT_NE(out_.find(" with "), std::string::npos) << "component with kind of event: " << out_;
}

TEST_F(Limits, AFloodIsABugWithNames) {
  EXPECT_EQ(run("--set /limits/pending_events=60"), 70) << out_;
  EXPECT_NE(out_.find("the event queue is flooded: "), std::string::npos) << out_;
  EXPECT_NE(out_.find(" with 60 events pending, of which "), std::string::npos) << out_;
}

TEST_F(Limits, WithRoomTheyChangeNothing) {
  ASSERT_EQ(run("--json --set /limits/events_at_instant=20000 --set /limits/pending_events=20000"), 0)
      << out_;
  const Json limited = Json::parse(out_.substr(0, out_.find('\n')));
  ASSERT_EQ(run("--json"), 0) << out_;
  const Json plain = Json::parse(out_.substr(0, out_.find('\n')));
  EXPECT_EQ(limited.at("fingerprint"), plain.at("fingerprint"));
}

TEST_F(Limits, NoLimitIsNone) {
  EXPECT_EQ(run("--set /limits/pending_events=0"), 2) << out_;
  EXPECT_NE(out_.find("/limits/pending_events"), std::string::npos) << out_;
}

}  // namespace
}  // namespace brokersim::cli
