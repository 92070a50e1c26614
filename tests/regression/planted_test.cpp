// Goal: the laws see what they are there for, and blame it on the right thing. Method: every file in scenarios/planted
// twice: with its bug the expected laws are violated; without it the same cluster, load and faults break no law at all.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "app/results/execute.h"
#include "app/scenario/planted_bugs.h"

namespace brokersim {
namespace {

std::vector<std::string> files() {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator("scenarios/planted")) {
    if (entry.path().extension() == ".json") found.push_back(entry.path().generic_string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

results::RunResult run(const std::string& file, const std::vector<std::string>& changes = {}) {
  const scenario::LoadResult loaded = scenario::load_file(file, changes);
  EXPECT_TRUE(loaded.scenario.has_value()) << file;
  return results::execute(*loaded.scenario, loaded.scenario->config.seed, changes);
}

TEST(Planted, EveryBugOfTheModelHasItsScenario) {
  std::set<std::string> planted;
  for (std::string name : scenario::planted_bug_names()) {
    std::replace(name.begin(), name.end(), '_', '-');
    planted.insert("scenarios/planted/" + name + ".json");
  }
  const auto found = files();
  EXPECT_EQ(planted, std::set<std::string>(found.begin(), found.end()));
}

TEST(Planted, EveryBugIsCaughtByTheLawsThatItsScenarioNames) {
  for (const std::string& file : files()) {
    SCOPED_TRACE(file);
    const results::RunResult result = run(file);
    EXPECT_EQ(result.facts.bug, "");
    EXPECT_EQ(result.exit_code(), 0);
    EXPECT_TRUE(result.findings.any_violation());
  }
}

TEST(Planted, WithoutTheBugTheSameFaultsBreakNoLaw) {
  for (const std::string& file : files()) {
    SCOPED_TRACE(file);
    const results::RunResult result = run(file, {"/systems/kafka/rules/planted=[]"});
    EXPECT_EQ(result.facts.bug, "");
    for (const checkers::CheckResult& check : result.findings.checks) {
      EXPECT_NE(check.verdict, checkers::Verdict::violated) << check.id << ": " << check.detail;
    }
    EXPECT_EQ(result.findings.losses.lost_promised, 0);
    for (const results::FaultResult& fault : result.faults) EXPECT_TRUE(fault.had_effect) << fault.name;
  }
}

}  // namespace
}  // namespace brokersim
