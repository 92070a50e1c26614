// Goal: the laws see what they are there for, and blame it on the right thing. Method: every file in scenarios/planted
// meets its expectations; every planted bug has the file of its name, in which its laws are violated, and without it the same
// cluster, load and faults break no law at all. The other files are historic rules; their fixed variants are scenarios too
// (docs/cases.md).
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "app/results/execute.h"
#include "app/scenario/planted_bugs.h"

namespace brokersim {
namespace {

/// The files that are named for a planted bug; of one that pipelines meet differently there is a second.
std::vector<std::string> bug_files() {
  std::vector<std::string> found;
  for (std::string name : scenario::planted_bug_names()) {
    std::replace(name.begin(), name.end(), '_', '-');
    found.push_back("scenarios/planted/" + name + ".json");
  }
  found.emplace_back("scenarios/planted/pipelines/marker-skips-partition.json");
  return found;
}

std::vector<std::string> files() {
  std::vector<std::string> found;
  for (const char* folder : {"scenarios/planted", "scenarios/planted/pipelines"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() == ".json") found.push_back(entry.path().generic_string());
    }
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
  const auto found = files();
  for (const std::string& file : bug_files())
    EXPECT_EQ(std::count(found.begin(), found.end(), file), 1) << file;
}

TEST(Planted, EveryBugIsCaughtByTheLawsThatItsScenarioNames) {
  for (const std::string& file : files()) {
    SCOPED_TRACE(file);
    const results::RunResult result = run(file);
    EXPECT_EQ(result.facts.bug, "");
    EXPECT_EQ(result.exit_code(), 0);
  }
}

TEST(Planted, WithoutTheBugTheSameFaultsBreakNoLaw) {
  for (const std::string& file : bug_files()) {
    SCOPED_TRACE(file);
    const results::RunResult result = run(file, {"/systems/kafka/rules/planted=[]"});
    EXPECT_EQ(result.facts.bug, "");
    EXPECT_NE(result.exit_code(), 0) << "the expectations do not tell the bug from the real rule";
    for (const checkers::CheckResult& check : result.findings.checks) {
      EXPECT_NE(check.verdict, checkers::Verdict::violated) << check.id << ": " << check.detail;
    }
    EXPECT_EQ(result.findings.losses.lost_promised, 0);
    for (const results::FaultResult& fault : result.faults) EXPECT_TRUE(fault.had_effect) << fault.name;
  }
}

}  // namespace
}  // namespace brokersim
