// Goal: faults repeat bit for bit, and taking one away changes no draw of the others.
#include "models/faults/expand.h"
#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

FaultPlan plan() {
  FaultPlan plan;
  plan.system = "kafka";
  plan.kill_process = 4;
  plan.controlled_shutdown = 2;
  plan.power_loss = 3;
  plan.kernel_panic = 1;
  plan.pause_process = 4;
  plan.partition = 6;
  plan.slow_disk = 2;
  plan.controller_kill = 2;
  plan.from = sim::SimTime{} + 2_s;
  plan.to = sim::SimTime{} + 50_s;
  plan.lasts_min = 1_s;
  plan.lasts_max = 20_s;
  plan.restart_after_min = 1_s;
  plan.restart_after_max = 5_s;
  return plan;
}

std::string tell(Rig& rig) {
  std::string text;
  for (const RealisedFault& f : rig.engine->realised()) {
    text += f.name + " | " + f.target + " | " + std::to_string(f.had_effect) + " " +
            std::to_string(f.healed_at ? f.healed_at->ns : -1) + " " + std::to_string(f.effects) + "\n";
  }
  return text;
}

// Method: 90 s with 24 faults, twice per seed. Everybody must be well at the end: all faults have healed.
TEST(FaultRepeat, SameSeedSameRunAndEverybodyRecovers) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Rig one(expand(plan(), seed), seed);
    Rig two(expand(plan(), seed), seed);
    one.run(90_s);
    two.run(90_s);
    EXPECT_EQ(one.sim.fingerprint().value(), two.sim.fingerprint().value());
    EXPECT_EQ(tell(one), tell(two));
    EXPECT_EQ(one.diary.lives, two.diary.lives);
    EXPECT_EQ(one.engine->requested(), 24);
    EXPECT_EQ(one.engine->fired(), 24) << "the view always knows somebody";
    EXPECT_GE(one.engine->had_effect(), 15) << tell(one);
    for (const RealisedFault& f : one.engine->realised()) {
      EXPECT_TRUE(f.healed_at.has_value() || !f.had_effect) << f.name;
    }
    for (host::Host* host : one.hosts) {
      EXPECT_EQ(host->power(), host::Power::on) << host->name();
      EXPECT_EQ(one.beats(host->name(), 89_s, 90_s), 10) << host->name();
      for (host::Host* other : one.hosts) EXPECT_FALSE(one.network.is_cut(host->id(), other->id()));
    }
  }
}

// Method: drop each fault of the plan in turn; the others must hit whom they hit before (the view is constant).
TEST(FaultRepeat, RemovingAFaultChangesNoOthersTarget) {
  const std::vector<FaultConfig> all = expand(plan(), 3);
  Rig whole(all, 3);
  whole.run(50_s);
  std::map<std::string, std::string> targets;
  for (const RealisedFault& f : whole.engine->realised()) targets[f.name] = f.target;
  ASSERT_EQ(targets.size(), 24u);
  for (const std::size_t gone : {0u, 7u, 13u, 23u}) {
    std::vector<FaultConfig> rest = all;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(gone));
    Rig rig(rest, 3);
    rig.run(50_s);
    ASSERT_EQ(rig.engine->realised().size(), 23u);
    for (const RealisedFault& f : rig.engine->realised()) {
      EXPECT_TRUE(f.fired);
      EXPECT_EQ(f.target, targets[f.name]) << f.name << " without " << all[gone].name;
    }
  }
}

TEST(FaultRepeat, TwoFaultsOfOneNameAreOurBug) {
  EXPECT_THROW(Rig({fault(FaultKind::kill_process, 1_s, broker(0), {}, "twin"),
                    fault(FaultKind::kill_process, 2_s, broker(0), {}, "twin")}),
               sim::Bug);
}

}  // namespace
}  // namespace brokersim::faults::test
