// Goal: faults for branches are read as those of a scenario, by its hosts and names, or refused_variant with their place.
// Method: documents of variants beside the base scenario, of 60 s.
#include "app/scenario/variants.h"

#include <gtest/gtest.h>

#include "tests/app/scenario/base.h"

namespace brokersim::scenario {
namespace {

VariantsResult variants(const std::string& text, sim::Duration last_branch = {30'000'000'000}) {
  return load_with_variants({"base.json", base_text}, {}, {"faults.json", text},
                            sim::SimTime{} + last_branch);
}

Diagnostic refused_variant(const std::string& text) {
  const VariantsResult result = variants(text);
  EXPECT_FALSE(result.loaded.scenario.has_value()) << text;
  if (result.loaded.diagnostics.empty()) return {};
  EXPECT_EQ(result.loaded.diagnostics.front().file, "faults.json");
  EXPECT_GT(result.loaded.diagnostics.front().line, 0);
  return result.loaded.diagnostics.front();
}

const std::string kill = R"({"at": "2 s", "kind": "kill_process", "target": {"leader_of": "orders/0"}})";

TEST(Variants, ABareListIsOneVariant) {
  const VariantsResult result = variants("[" + kill + "]");
  ASSERT_TRUE(result.loaded.scenario.has_value()) << render(result.loaded.diagnostics);
  ASSERT_EQ(result.variants.size(), 1u);
  EXPECT_EQ(result.variants[0].name, kOnlyVariant);
  ASSERT_EQ(result.variants[0].faults.size(), 1u);
  EXPECT_EQ(result.variants[0].faults[0].at, sim::SimTime{2'000'000'000}) << "counted from the branch";
  EXPECT_EQ(result.variants[0].faults[0].targets[0].system, "kafka") << "the scenario's only system";
}

TEST(Variants, NamedListsInTheirOrderTheEmptyOneToo) {
  const VariantsResult result = variants(R"({"as it was": [], "kill": [)" + kill + "," + kill + "]}");
  ASSERT_TRUE(result.loaded.scenario.has_value()) << render(result.loaded.diagnostics);
  ASSERT_EQ(result.variants.size(), 2u);
  EXPECT_EQ(result.variants[0].name, "as it was");
  EXPECT_TRUE(result.variants[0].faults.empty());
  ASSERT_EQ(result.variants[1].faults.size(), 2u);
  EXPECT_NE(result.variants[1].faults[0].name, result.variants[1].faults[1].name);
}

TEST(Variants, NamesDoNotDependOnOtherVariants) {
  const VariantsResult one = variants(R"({"kill": [)" + kill + "]}");
  const VariantsResult two = variants(R"({"before": [)" + kill + R"(], "kill": [)" + kill + "]}");
  ASSERT_EQ(two.variants.size(), 2u);
  EXPECT_EQ(one.variants.at(0).faults, two.variants.at(1).faults);
}

TEST(Variants, AFaultOfTheScenarioKeepsItsName) {
  const std::string named =
      R"({"name": "mine", "at": "2 s", "kind": "kill_process", "target": {"broker": 0}})";
  const VariantsResult result = load_with_variants({"base.json", base_text}, {"/faults=[" + named + "]"},
                                                   {"faults.json", "[" + named + "]"}, {});
  EXPECT_FALSE(result.loaded.scenario.has_value());
  ASSERT_EQ(result.loaded.diagnostics.size(), 1u);
  EXPECT_EQ(result.loaded.diagnostics[0].code, "scenario/duplicate-name");
}

TEST(Variants, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(refused_variant(R"([{"at": "2 s", "kind": "kill_process", "target": {"host": "b-7"}}])").code,
            "scenario/unknown-host");
  EXPECT_EQ(refused_variant(R"([{"at": "2 s", "kind": "kill_proces", "target": {"broker": 0}}])").code,
            "scenario/unknown-value");
  EXPECT_EQ(refused_variant(R"({"late": [{"at": "31 s", "kind": "kill_process", "target": {"broker": 0}}]})").code,
            "scenario/after-the-end");
  EXPECT_EQ(refused_variant(R"({"x": {"at": "1 s"}})").code, "scenario/wrong-type");
  EXPECT_EQ(refused_variant("7").code, "scenario/wrong-type");
  EXPECT_EQ(refused_variant("{}").code, "scenario/empty-list");
  EXPECT_EQ(refused_variant(R"({"\u001b[2J": []})").code, "scenario/bad-name");
  EXPECT_EQ(refused_variant("[").code, "scenario/syntax");
  EXPECT_EQ(refused_variant(std::string(1'000, '[')).code, "scenario/too-deep");
}

TEST(Variants, AFaultAtTheVeryEndIsStillInTime) {
  EXPECT_TRUE(variants(R"([{"at": "30 s", "kind": "kill_process", "target": {"broker": 0}}])")
                  .loaded.scenario.has_value());
}

TEST(Variants, ScenarioAndVariantsAreJudgedTogetherOnlyIfTheScenarioIsSound) {
  const VariantsResult result =
      load_with_variants({"base.json", base_text}, {"/duration=0 s"}, {"faults.json", "7"}, {});
  ASSERT_EQ(result.loaded.diagnostics.size(), 1u) << "a wrong scenario cannot judge faults";
  EXPECT_EQ(result.loaded.diagnostics[0].pointer, "/duration");
}

}  // namespace
}  // namespace brokersim::scenario
