// Goal: every kind of target finds its hosts when the fault fires, and who cannot be found is not hit.
// Method: one power loss or kill per kind of target; the text names who it was, the hosts show it.
#include <set>

#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

using enum FaultKind;

std::set<std::string> dark(Rig& rig) {
  std::set<std::string> names;
  for (host::Host* host : rig.hosts) {
    if (host->power() == host::Power::off) names.insert(host->name());
  }
  return names;
}

TEST(FaultTarget, EveryKindFindsItsHosts) {
  struct Case {
    Target target;
    std::string text;
    std::set<std::string> hosts;
  };
  using By = Target::By;
  const std::vector<Case> cases = {
      {host_named("b-2"), "host b-2", {"b-2"}},
      {some(By::host_group, "b"), "hosts b-0, b-1, b-2 (group b)", {"b-0", "b-1", "b-2"}},
      {some(By::zone, "b"), "hosts b-1, w-0 (zone b)", {"b-1", "w-0"}},
      {some(By::power_domain, "left"), "hosts b-0, b-1 (power domain left)", {"b-0", "b-1"}},
      {some(By::power_domain, "a"), "host c-0 (power domain a)", {"c-0"}},
      {broker(2), "broker 2 on host b-2", {"b-2"}},
      {leader(), "broker 1 on host b-1 (leader of orders/0)", {"b-1"}},
      {controller(), "controller on host c-0", {"c-0"}},
      {some(By::workload, "checkout"), "host w-0 (clients of checkout)", {"w-0"}},
  };
  for (const Case& c : cases) {
    Rig rig({fault(power_loss, 1_s, c.target)});
    rig.run(2_s);
    EXPECT_EQ(rig.realised().target, c.text);
    EXPECT_EQ(dark(rig), c.hosts) << c.text;
    EXPECT_TRUE(rig.realised().had_effect) << c.text;
  }
}

TEST(FaultTarget, RolesAreResolvedWhenTheFaultFires) {
  Rig rig({fault(kill_process, 2_s, leader())});
  rig.run(1_s);
  rig.view.leader = 2;
  rig.run(3_s);
  EXPECT_EQ(rig.realised().target, "broker 2 on host b-2 (leader of orders/0)");
  EXPECT_TRUE(rig.running("b-1"));
  EXPECT_FALSE(rig.running("b-2"));
}

TEST(FaultTarget, ProcessFaultOnAHostHitsEveryProgram) {
  Rig rig({fault(kill_process, 2_s, host_named("b-0"), 1_s)});
  rig.host("b-0").install("agent", [&rig](sim::Process& process, host::Host& where) {
    return std::make_unique<Beater>(process, where, "agent", rig.diary, std::vector<host::Host*>{});
  });
  rig.run(2500_ms);
  EXPECT_FALSE(rig.host("b-0").is_running("broker"));
  EXPECT_FALSE(rig.host("b-0").is_running("agent"));
  rig.run(4_s);
  EXPECT_TRUE(rig.host("b-0").is_running("broker"));
  EXPECT_FALSE(rig.host("b-0").is_running("agent"))
      << "it did not run, so it was not killed and is not restarted";
}

TEST(FaultTarget, NobodyThereIsRequestedButNotFired) {
  const std::vector<std::pair<Target, std::string>> cases = {
      {leader(), "leader of orders/0"},
      {follower(), "follower of orders/0"},
      {controller(), "active controller"},
      {random_broker(), "live broker by a draw"},
      {broker(7), "broker 7"},
      {some(Target::By::workload, "nobody"), "clients of nobody"},
      {some(Target::By::zone, "z"), "zone z"},
  };
  for (const auto& [target, text] : cases) {
    Rig rig({fault(power_loss, 1_s, target, 1_s)});
    rig.view.leader = -1;
    rig.view.isr = {};
    rig.view.live = {};
    rig.view.controller = std::nullopt;
    rig.run(10_s);
    const RealisedFault realised = rig.realised();
    EXPECT_EQ(realised.target, text);
    EXPECT_TRUE(realised.requested) << text;
    EXPECT_FALSE(realised.fired) << text;
    EXPECT_FALSE(realised.had_effect) << text;
    EXPECT_EQ(realised.healed_at, std::nullopt) << text;
    EXPECT_EQ(dark(rig), std::set<std::string>{});
    ASSERT_EQ(rig.log.events.size(), 1u) << text;
    EXPECT_FALSE(rig.log.events[0].fired);
    EXPECT_EQ(rig.engine->requested(), 1);
    EXPECT_EQ(rig.engine->fired(), 0);
  }
}

// A leader alone in the ISR has no follower; a cut from oneself is no cut.
TEST(FaultTarget, NoFollowerAndNoOtherSide) {
  FaultConfig self = fault(partition, 1_s, leader(), 1_s, "self");
  self.others = {host_named("b-1")};
  Rig rig({fault(kill_process, 1_s, follower(), {}, "alone"), self});
  rig.view.isr = {1};
  rig.run(2_s);
  EXPECT_FALSE(rig.realised(0).fired);
  EXPECT_FALSE(rig.realised(1).fired);
  EXPECT_EQ(rig.engine->requested(), 2);
}

// Whoever is all of side one is left out of side two, by whatever name: the story is "cut from the others".
TEST(FaultTarget, NobodyIsToldToBeCutFromItself) {
  FaultConfig from_all = fault(partition, 1_s, leader(), 1_s, "all");
  from_all.others = {broker(0), broker(1), broker(2), host_named("b-1"), host_named("c-0")};
  FaultConfig two = fault(partition, 1_s, broker(0), 1_s, "two");
  two.targets.push_back(broker(1));
  two.others = {broker(0), broker(1)};
  Rig rig({from_all, two});
  rig.run(2_s);
  EXPECT_EQ(
      rig.realised(0).target,
      "broker 1 on host b-1 (leader of orders/0) <-> broker 0 on host b-0, broker 2 on host b-2, host c-0");
  EXPECT_EQ(rig.realised(1).target,
            "broker 0 on host b-0, broker 1 on host b-1 <-> broker 0 on host b-0, broker 1 on host b-1")
      << "here each is cut from the other";
}

// 60 faults, one draw each: only followers, both of them, about evenly (30 +- 4 sigma of 3.9).
TEST(FaultTarget, AFollowerIsDrawnByTheFaultsName) {
  std::vector<FaultConfig> faults;
  for (int i = 0; i < 60; ++i)
    faults.push_back(fault(slow_disk, 1_s, follower(), 1_s, "slow-" + std::to_string(i)));
  Rig rig(faults);
  rig.run(1_s);
  int first = 0;
  for (const RealisedFault& realised : rig.engine->realised()) {
    const bool on_0 = realised.target == "broker 0 on host b-0 (follower of orders/0)";
    const bool on_2 = realised.target == "broker 2 on host b-2 (follower of orders/0)";
    ASSERT_TRUE(on_0 != on_2) << realised.target;
    first += on_0;
  }
  EXPECT_GT(first, 14);
  EXPECT_LT(first, 46);
}

// Two drawn brokers are never the same one, on one side or on both.
TEST(FaultTarget, DrawnBrokersOfOneFaultAreDifferent) {
  std::vector<FaultConfig> faults;
  for (int i = 0; i < 40; ++i) {
    FaultConfig two = fault(partition, 1_s, random_broker(), 1_s, "two-" + std::to_string(i));
    two.targets.push_back(random_broker());
    two.others = {random_broker()};
    faults.push_back(two);
  }
  Rig rig(faults);
  rig.run(1_s);
  std::set<std::string> texts;
  for (const RealisedFault& realised : rig.engine->realised()) {
    for (const std::string name : {"b-0", "b-1", "b-2"}) {
      EXPECT_NE(realised.target.find("on host " + name + " (drawn)"), std::string::npos) << realised.target;
    }
    texts.insert(realised.target);
  }
  EXPECT_EQ(texts.size(), 6u) << "every order occurs";
}

}  // namespace
}  // namespace brokersim::faults::test
