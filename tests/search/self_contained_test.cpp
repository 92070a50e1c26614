// Goal: what is found, recorded or made small means the same in any folder, and when the files beside its scenario have gone.
// Method: a scenario with .properties files (a value given inline, too, one that Kafka has and the model does not) and a file of
// arrivals, its workloads without names; the same run with and without the files; a search, from another folder, files removed.
#include "app/trial/self_contained.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "app/cli/cli.h"
#include "app/replay/replay.h"
#include "app/trial/trial.h"

namespace brokersim::trial {
namespace {

namespace fs = std::filesystem;

constexpr const char* base_text = R"({
  "title": "Files", "why": "For tests.", "seed": 3, "duration": "16 s",
  "hosts": [{"name": "b", "count": 3, "zones": ["a", "b", "c"], "boot_time": "500 ms"}],
  "systems": {"kafka": {"kind": "kafka", "brokers_on": "b", "controllers": {"count": 1}, "properties": "server.properties",
    "config": {"replica.lag.time.max.ms": 3000},
    "topics": [{"name": "orders", "assignment": [[0, 1, 2]], "config": {"min.insync.replicas": 2}}]}},
  "workloads": [
    {"kind": "kafka_producer", "topic": "orders", "rate": "40 /s", "properties": "producer.properties"},
    {"kind": "kafka_producer", "topic": "orders", "arrivals": {"kind": "trace", "file": "rows.csv", "key_column": "key"}}]
})";
constexpr const char* server_text =
    "# pasted\nbroker.session.timeout.ms = 2000\nbroker.heartbeat.interval.ms=500\n"
    "replica.lag.time.max.ms=9000\nnum.replica.fetchers: 2\nadvertised.colour=blue\n";

class Folders : public ::testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/brokersim-files-XXXXXX";
    ASSERT_NE(::mkdtemp(name), nullptr);
    folder_ = name;
    before_ = fs::current_path();
    fs::create_directories(folder_ / "here");
    fs::create_directories(folder_ / "else where");
    put("here/base.json", base_text);
    put("here/server.properties", server_text);
    put("here/producer.properties", "acks=1\nenable.idempotence=false\nlinger.ms=3\n");
    std::string rows = "time,key\r\n";
    for (int i = 0; i < 300; ++i)
      rows += std::to_string(i / 20) + "." + std::to_string(i % 20 * 5 + 100).substr(1) + ",\"k" +
              std::to_string(i % 7) + "\"\n";
    put("here/rows.csv", rows);
  }
  void TearDown() override {
    fs::current_path(before_);
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }
  [[nodiscard]] std::string get(const fs::path& name) const {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void remove_side_files() const {
    for (const char* name : {"base.json", "server.properties", "producer.properties", "rows.csv"})
      fs::remove(folder_ / "here" / name);
  }
  [[nodiscard]] std::string base() const { return (folder_ / "here" / "base.json").string(); }

  fs::path folder_;
  fs::path before_;
};

TEST_F(Folders, TheRunIsTheSameWithoutTheFiles) {
  const Outcome with_files = run_text(base_text, base(), {});
  ASSERT_TRUE(with_files.valid) << with_files.problem;
  const auto whole = self_contained(base_text, base());
  ASSERT_TRUE(whole.has_value());
  remove_side_files();
  const Outcome without = run_text(whole->dump(), "elsewhere/x.json", {});
  ASSERT_TRUE(without.valid) << without.problem << pretty(*whole);
  EXPECT_EQ(without.fingerprint, with_files.fingerprint) << "names by content stay, so every draw does";
  EXPECT_GT(without.sent, 500) << "40 a second and 300 rows";

  const Json& config = (*whole)["systems"]["kafka"]["config"];
  EXPECT_EQ(config["replica.lag.time.max.ms"], 3000) << "what stands inline holds";
  EXPECT_EQ(config["broker.session.timeout.ms"], "2000");
  EXPECT_FALSE(config.contains("advertised.colour")) << "a warning in a file, an error inline";
  EXPECT_EQ((*whole)["workloads"][1]["arrivals"]["rows"][1], "0.00,\"k0\"");
  EXPECT_EQ(whole->dump().find("properties"), std::string::npos);
}

TEST_F(Folders, OverridesArePartOfItAndWhatNamesNoFileStaysAsItIs) {
  const auto whole = self_contained(base_text, base(), {"/systems/kafka/config/num.replica.fetchers=4"});
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ((*whole)["systems"]["kafka"]["config"]["num.replica.fetchers"], 4);
  EXPECT_FALSE(self_contained(whole->dump(), "x.json").has_value());
  EXPECT_FALSE(self_contained("{]", "x.json").has_value());
  EXPECT_FALSE(self_contained(base_text, "nowhere/x.json").has_value())
      << "what is no scenario is told by others";
}

TEST_F(Folders, RowsThatNoDocumentHoldsAreNamedByTheirWholePath) {
  put("here/rows.csv", "time,key\n1,k\xff\n2,b\n");
  fs::current_path(folder_ / "here");
  const auto whole = self_contained(base_text, "base.json");
  ASSERT_TRUE(whole.has_value());
  EXPECT_EQ((*whole)["workloads"][1]["arrivals"]["file"], (fs::current_path() / "rows.csv").string());
  const std::uint64_t before = run_text(base_text, "base.json", {}).fingerprint;
  fs::current_path(folder_ / "else where");
  EXPECT_EQ(run_text(whole->dump(), "x.json", {}).fingerprint, before);
}

TEST_F(Folders, RowsAndAFileAreTwoWaysToSayTheSame) {
  Json both = *parse(base_text);
  both["workloads"][1]["arrivals"]["rows"] = {"time,key", "1,a"};
  EXPECT_NE(run_text(both.dump(), base(), {}).problem.find("two ways"), std::string::npos);
  both["workloads"][1]["arrivals"].erase("rows");
  both["workloads"][1]["arrivals"].erase("file");
  EXPECT_NE(run_text(both.dump(), base(), {}).problem.find("neither file nor rows"), std::string::npos);
}

// A search for losses, its folder moved, the files gone, everything started from a folder of another name.
TEST_F(Folders, FindingsAreRunReplayedShrunkAndTestedFromAnywhere) {
  put("here/search.json", R"({"scenario": "base.json", "seed": 3, "losses_are_failures": true,
    "faults": {"kinds": ["power_loss", "kill_process", "partition"], "count": [1, 4], "between": ["2 s", "9 s"],
               "lasts": ["200 ms", "4 s"]}})");
  const auto says = [](const std::vector<std::string>& arguments, int expected) {
    std::ostringstream out, err;
    EXPECT_EQ(cli::run_command_line(arguments, out, err), expected)
        << arguments[0] << ": " << out.str() << err.str();
    return out.str() + err.str();
  };
  fs::current_path(folder_ / "here");
  static_cast<void>(
      says({"explore", "search.json", "--out", "out", "--runs", "32", "--jobs", "2"}, cli::exit_failed));
  static_cast<void>(says({"run", "base.json", "--tape", "whole.tape.json"}, cli::exit_ok));
  remove_side_files();
  fs::rename(folder_ / "here" / "out", folder_ / "else where" / "found it");
  fs::current_path(before_);

  const fs::path findings = folder_ / "else where" / "found it" / "findings";
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(findings)) {
    const fs::path scenario = entry.path() / "scenario.json";
    const fs::path tape = entry.path() / "tape.json";
    ++count;
    EXPECT_NE(says({"run", scenario.string()}, cli::exit_failed).find("lost"), std::string::npos);
    EXPECT_TRUE(says({"replay", tape.string()}, cli::exit_ok).starts_with("identical"));
    const fs::path small = folder_ / ("small" + std::to_string(count) + ".json");
    static_cast<void>(
        says({"shrink", scenario.string(), "--runs", "30", "--out", small.string()}, cli::exit_ok));
    static_cast<void>(says({"run", small.string()}, cli::exit_failed));
  }
  ASSERT_GT(count, 0u);
  EXPECT_TRUE(says({"test", findings.string(), "--tapes", (folder_ / "tapes").string()}, cli::exit_failed)
                  .ends_with("\n0 passed, " + std::to_string(count) + " failed\n"));
  for (const auto& tape : fs::directory_iterator(folder_ / "tapes"))
    EXPECT_TRUE(says({"replay", tape.path().string()}, cli::exit_ok).starts_with("identical"));
  EXPECT_TRUE(says({"replay", (folder_ / "here" / "whole.tape.json").string()}, cli::exit_ok)
                  .starts_with("identical"));
}

}  // namespace
}  // namespace brokersim::trial
