// Goal: a plan becomes exactly the faults it asks for, and each fault is a draw of its own.
#include "models/faults/expand.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "sim/check.h"

namespace brokersim::faults {
namespace {
using namespace sim::literals;

/// The reference run R1 (DESIGN.md section 4).
FaultPlan r1() {
  FaultPlan plan;
  plan.system = "kafka";
  plan.kill_process = 4;
  plan.power_loss = 3;
  plan.pause_process = 4;
  plan.partition = 5;
  plan.slow_disk = 2;
  plan.controller_kill = 2;
  plan.from = sim::SimTime{} + 5_s;
  plan.to = sim::SimTime{} + 50_s;
  plan.lasts_min = 1_s;
  plan.lasts_max = 20_s;
  plan.restart_after_min = 1_s;
  plan.restart_after_max = 5_s;
  return plan;
}

std::map<std::string, FaultConfig> by_name(const std::vector<FaultConfig>& faults) {
  std::map<std::string, FaultConfig> map;
  for (const FaultConfig& fault : faults) map[fault.name] = fault;
  return map;
}

// Method: count and measure what 100 seeds give for R1.
TEST(Expand, GivesWhatThePlanAsksForWithinItsRanges) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto faults = expand(r1(), seed);
    ASSERT_EQ(faults.size(), 20u);
    EXPECT_EQ(by_name(faults).size(), 20u) << "names are unique";
    std::map<FaultKind, int> kinds;
    std::map<PartitionShape, int> shapes;
    int controllers = 0;
    int partial = 0;
    sim::SimTime before;
    for (const FaultConfig& fault : faults) {
      ++kinds[fault.kind];
      EXPECT_LE(before, fault.at) << "in order of time";
      before = fault.at;
      EXPECT_GE(fault.at, sim::SimTime{} + 5_s);
      EXPECT_LE(fault.at, sim::SimTime{} + 50_s);
      ASSERT_GE(fault.targets.size(), 1u);
      EXPECT_EQ(fault.targets[0].system, "kafka");
      controllers += fault.targets[0].by == Target::By::controller;
      const bool lasting = fault.kind == FaultKind::pause_process || fault.kind == FaultKind::partition ||
                           fault.kind == FaultKind::slow_disk;
      ASSERT_EQ(fault.lasts.has_value(), lasting) << fault.name;
      ASSERT_EQ(fault.restart_after.has_value(), !lasting) << fault.name;
      if (lasting) {
        EXPECT_GE(*fault.lasts, 1_s);
        EXPECT_LE(*fault.lasts, 20_s);
      } else {
        EXPECT_GE(*fault.restart_after, 1_s);
        EXPECT_LE(*fault.restart_after, 5_s);
      }
      if (fault.kind == FaultKind::slow_disk) {
        EXPECT_GE(fault.factor_percent, 300);
        EXPECT_LE(fault.factor_percent, 2'000);
      }
      if (fault.kind == FaultKind::partition) {
        if (!fault.others.empty()) {
          ++partial;
        } else {
          ++shapes[fault.shape];
        }
      }
    }
    EXPECT_EQ(kinds[FaultKind::kill_process], 6) << "4 brokers and 2 controllers";
    EXPECT_EQ(controllers, 2);
    EXPECT_EQ(kinds[FaultKind::power_loss], 3);
    EXPECT_EQ(kinds[FaultKind::pause_process], 4);
    EXPECT_EQ(kinds[FaultKind::partition], 5);
    EXPECT_EQ(kinds[FaultKind::slow_disk], 2);
    EXPECT_EQ(shapes[PartitionShape::full], 2);
    EXPECT_EQ(shapes[PartitionShape::one_way] + shapes[PartitionShape::one_way_in], 2);
    EXPECT_EQ(partial, 1);
  }
}

// Method: ask for one kill fewer, then for no partitions at all; everything else must be bit for bit the same.
TEST(Expand, RemovingAFaultChangesNoOther) {
  const auto whole = by_name(expand(r1(), 42));
  FaultPlan fewer = r1();
  fewer.kill_process = 3;
  fewer.partition = 0;
  fewer.controlled_shutdown = 2;
  const auto rest = by_name(expand(fewer, 42));
  EXPECT_EQ(rest.size(), 16u);
  EXPECT_FALSE(rest.contains("plan/kill_process-3"));
  EXPECT_FALSE(rest.contains("plan/partition-0"));
  int compared = 0;
  for (const auto& [name, fault] : rest) {
    if (name.starts_with("plan/controlled_shutdown")) continue;
    ASSERT_TRUE(whole.contains(name)) << name;
    EXPECT_TRUE(whole.at(name) == fault) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 14);
}

// Method: the same seed twice, then 300 seeds: times spread over the whole range, every form of a partition occurs.
TEST(Expand, DependsOnTheSeedAloneAndCoversItsChoices) {
  EXPECT_TRUE(expand(r1(), 7) == expand(r1(), 7));
  EXPECT_FALSE(expand(r1(), 7) == expand(r1(), 8));
  std::set<std::int64_t> fifths;
  std::set<std::string> forms;
  std::set<std::int64_t> times;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    for (const FaultConfig& fault : expand(r1(), seed)) {
      times.insert(fault.at.ns);
      fifths.insert((fault.at.ns - 5'000'000'000) / 9'000'000'001);
      if (fault.kind != FaultKind::partition) continue;
      std::string form =
          std::to_string(static_cast<int>(fault.shape)) + " " + std::to_string(fault.targets.size());
      if (!fault.others.empty())
        form += fault.others[0].by == Target::By::controller ? " controller" : " broker";
      forms.insert(form);
    }
  }
  EXPECT_EQ(fifths.size(), 5u);
  EXPECT_EQ(forms, (std::set<std::string>{"0 1", "0 2", "1 1", "2 1", "0 1 controller", "0 1 broker"}));
  EXPECT_GT(times.size(), 5'900u) << "6,000 draws in microseconds hardly ever meet";
}

TEST(Expand, AnEmptyPlanIsNoFaultAndAReversedRangeIsOurBug) {
  EXPECT_TRUE(expand(FaultPlan{}, 1).empty());
  FaultPlan instant = r1();
  instant.to = instant.from;
  for (const FaultConfig& fault : expand(instant, 1)) EXPECT_EQ(fault.at, instant.from);
  FaultPlan reversed = r1();
  std::swap(reversed.from, reversed.to);
  EXPECT_THROW(static_cast<void>(expand(reversed, 1)), sim::Bug);
}

}  // namespace
}  // namespace brokersim::faults
