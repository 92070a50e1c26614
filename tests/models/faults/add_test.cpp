// Goal: faults that are added on the way act as if they had been there, and change nothing of those that were.
#include "tests/models/faults/rig.h"

namespace brokersim::faults::test {
namespace {

// Method: the same kill at 5 s, listed from the start or added at 3 s; then one whose time is this instant.
TEST(FaultAdd, ActsAtItsTimeAndIsToldBehindTheOthers) {
  Rig rig({fault(FaultKind::kill_process, 4_s, host_named("b-1"), 1_s, "listed")});
  rig.sim.run_until(sim::SimTime{} + 3_s);
  rig.engine->add({fault(FaultKind::kill_process, 5_s, host_named("b-0"), 2_s, "added"),
                   fault(FaultKind::pause_process, 3_s, host_named("b-2"), 1_s, "now")});
  rig.sim.run_until(sim::SimTime{} + 10_s);

  const std::vector<RealisedFault> all = rig.engine->realised();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].name, "listed");
  EXPECT_EQ(all[0].healed_at, sim::SimTime{} + 5_s);
  EXPECT_EQ(all[1].name, "added");
  EXPECT_TRUE(all[1].had_effect);
  EXPECT_EQ(all[1].healed_at, sim::SimTime{} + 7_s);
  EXPECT_EQ(rig.beats("b-0", 5_s, 7_s), 0);
  EXPECT_GT(rig.beats("b-0", 7_s, 8_s), 0);
  EXPECT_EQ(all[2].healed_at, sim::SimTime{} + 4_s);
  EXPECT_EQ(rig.beats("b-2", 3'050_ms, 4_s), 0) << "paused from this instant on";
}

// Method: a random target is drawn by the listed fault; with and without an added one it must be the same.
TEST(FaultAdd, ChangesNoDrawOfTheOthers) {
  std::string with, without;
  for (std::string* target : {&with, &without}) {
    Rig rig({fault(FaultKind::kill_process, 6_s, random_broker(), 1_s, "listed")});
    rig.sim.run_until(sim::SimTime{} + 3_s);
    if (target == &with) rig.engine->add({fault(FaultKind::slow_disk, 4_s, random_broker(), 1_s, "added")});
    rig.sim.run_until(sim::SimTime{} + 8_s);
    *target = rig.realised(0).target;
  }
  EXPECT_EQ(with, without);
  EXPECT_FALSE(with.empty());
}

TEST(FaultAdd, RefusesThePastAndNamesThatAreTaken) {
  Rig rig({fault(FaultKind::kill_process, 4_s, host_named("b-1"), 1_s, "listed")});
  rig.sim.run_until(sim::SimTime{} + 3_s);
  EXPECT_THROW(rig.engine->add({fault(FaultKind::kill_process, 2_s, host_named("b-0"), 1_s, "late")}),
               sim::Bug);
  EXPECT_THROW(rig.engine->add({fault(FaultKind::kill_process, 5_s, host_named("b-0"), 1_s, "listed")}),
               sim::Bug);
}

}  // namespace
}  // namespace brokersim::faults::test
