// Goal: every rule of kafka-behaviour.md section 5.5, one by one. Method: one partition on brokers 0, 1, 2 (assignment
// order), min ISR 2 unless said, leader epoch 5; a change goes in, the described partition comes out.
#include "models/kafka/controller/election.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "models/kafka/controller/invariants.h"
#include "sim/check.h"
#include "tests/models/kafka/controller/builders.h"

namespace brokersim::kafka::controller {
namespace {

using Brokers = std::vector<BrokerId>;

// A table: one case per entry, laid out by hand.
// clang-format off
struct Case {
  const char* claim;
  wire::PartitionState before;
  Brokers live;                ///< As the image shows them, before the change.
  Brokers isr;                 ///< Wanted.
  std::string after;           ///< describe(); "same": no change.
  bool elr = true;
  Election election = Election::online;
  BrokerId removed = -1;
  BrokerId added = -1;
  BrokerId unclean_shutdown = -1;
  std::int32_t min_isr = 2;
  bool unclean = false;        ///< Expected verdict.
};

std::optional<ChangedPartition> run(const Case& c, ElectionRules rules = {}) {
  const wire::ClusterImage image = brokers(3, c.live);
  rules.eligible_leader_replicas = c.elr;
  ChangeRequest request;
  request.isr = c.isr;
  request.election = c.election;
  request.min_isr = c.min_isr;
  request.unclean_shutdown = c.unclean_shutdown;
  return change_partition(c.before, request, Candidates{image, c.removed, c.added}, rules);
}

void expect(const Case& c, ElectionRules rules = {}) {
  SCOPED_TRACE(c.claim);
  const auto changed = run(c, rules);
  rules.eligible_leader_replicas = c.elr;
  EXPECT_EQ(changed ? describe(changed->state) : "same", c.after);
  EXPECT_EQ(changed && changed->unclean, c.unclean);
  if (changed) check_change(c.before, changed->state, rules);
}

TEST(Election, KeepsALeaderThatQualifies) {
  expect({"nothing to do", partition({0, 1, 2}, 1), {0, 1, 2}, {0, 1, 2}, "same"});
  expect({"a follower leaves: same leader, same leader epoch (3.6+)", partition({0, 1, 2}, 1), {0, 1, 2}, {1, 2},
          "leader 1/5 isr [1,2] elr [] last []"});
  expect({"a follower joins", partition({1, 2}, 1), {0, 1, 2}, {1, 2, 0}, "leader 1/5 isr [1,2,0] elr [] last []"});
  expect({"an unclean election is not needed", partition({1, 2}, 1), {0, 1, 2}, {1, 2}, "same", true, Election::unclean});
}

TEST(Election, TakesTheFirstOfTheAssignmentThatIsInTheIsrAndLives) {
  expect({"0 fenced: 1 is next", partition({0, 1, 2}, 0), {0, 1, 2}, {1, 2}, "leader 1/6 isr [1,2] elr [] last []", true,
          Election::online, /*removed=*/0});
  expect({"assignment order, not ISR order", partition({2, 1, 0}, 0), {0, 1, 2}, {2, 1},
          "leader 1/6 isr [2,1] elr [] last []", true, Election::online, 0});
  expect({"1 is dead: 2", partition({0, 1, 2}, 0), {0, 2}, {1, 2}, "leader 2/6 isr [1,2] elr [] last []", true,
          Election::online, 0});
  expect({"1 lives but is not in the ISR: 2", partition({0, 2}, 0), {0, 1, 2}, {2}, "leader 2/6 isr [2] elr [0] last []",
          true, Election::online, 0});
  expect({"broker 1 is just being unfenced", partition({1}, -1), {0}, {1}, "leader 1/6 isr [1] elr [] last []", false,
          Election::online, -1, /*added=*/1});
}

TEST(Election, NobodyCleanMeansNobody) {
  expect({"ELR on: the ISR empties, the last leader is noted and stays eligible", partition({0}, 0), {0, 1, 2}, {},
          "leader -1/6 isr [] elr [0] last [0]", true, Election::online, 0});
  expect({"ELR off: the last member stays in the ISR (D08)", partition({0}, 0), {0, 1, 2}, {},
          "leader -1/6 isr [0] elr [] last []", false, Election::online, 0});
  expect({"ELR off, nobody led anyway", partition({0}, -1), {1, 2}, {}, "same", false, Election::online, 0});
  expect({"ELR off: only it can be elected later", partition({0}, -1), {1}, {0}, "same", false, Election::online, -1, 2});
  expect({"ELR off: it returns", partition({0}, -1), {1, 2}, {0}, "leader 0/6 isr [0] elr [] last []", false,
          Election::online, -1, 0});
}

TEST(Election, EligibleReplicasLeadWhenTheIsrIsEmpty) {
  expect({"D09: 1 was dropped below min ISR, 0 dies: 1 leads at once, cleanly", partition({0}, 0, {1}), {0, 1, 2}, {},
          "leader 1/6 isr [1] elr [0] last []", true, Election::online, 0});
  expect({"assignment order within the ELR", partition({0}, 0, {2, 1}), {0, 1, 2}, {},
          "leader 1/6 isr [1] elr [0,2] last []", true, Election::online, 0});
  expect({"an ELR member does not lead while the ISR has somebody, even dead", partition({2}, -1, {1}), {0, 1}, {2}, "same"});
  expect({"it returns from the ELR and the note is dropped", partition({}, -1, {0}, {0}), {1, 2}, {},
          "leader 0/6 isr [0] elr [] last []", true, Election::online, -1, 0});
  expect({"without the feature the ELR does not count and is cleared", partition({0}, 0, {1}), {0, 1, 2}, {},
          "leader -1/6 isr [0] elr [] last []", false, Election::online, 0});
}

TEST(Election, EligibleReplicasAreKeptOnlyBelowMinIsr) {
  expect({"at min ISR: none", partition({0, 1, 2}, 0), {0, 1, 2}, {0, 1}, "leader 0/5 isr [0,1] elr [] last []"});
  expect({"below: who left stays eligible", partition({0, 1}, 0), {0, 1, 2}, {0}, "leader 0/5 isr [0] elr [1] last []"});
  expect({"two leave at once", partition({0, 1, 2}, 0), {0, 1, 2}, {0}, "leader 0/5 isr [0] elr [1,2] last []"});
  expect({"an ELR member rejoins, still below min ISR 3", partition({0}, 0, {1, 2}), {0, 1, 2}, {0, 1},
          "leader 0/5 isr [0,1] elr [2] last []", true, Election::online, -1, -1, -1, 3});
  expect({"back at min ISR: cleared", partition({0}, 0, {1}), {0, 1, 2}, {0, 2}, "leader 0/5 isr [0,2] elr [] last []"});
  expect({"a clean restart leaves the ISR for the ELR", partition({0, 1}, 0), {0, 1, 2}, {0},
          "leader 0/5 isr [0] elr [1] last []", true, Election::online, /*removed=*/1});
  expect({"an unclean restart leaves both", partition({0, 1}, 0), {0, 1, 2}, {0}, "leader 0/5 isr [0] elr [] last []", true,
          Election::online, 1, -1, /*unclean_shutdown=*/1});
  expect({"an unclean restart of an ELR member", partition({0}, 0, {1}), {0, 1, 2}, {0}, "leader 0/5 isr [0] elr [] last []",
          true, Election::online, 1, -1, 1});
  expect({"min ISR 1 never has an ELR unless the ISR is empty", partition({0, 1}, 0), {0, 1, 2}, {0},
          "leader 0/5 isr [0] elr [] last []", true, Election::online, 1, -1, -1, /*min_isr=*/1});
}

TEST(Election, TheLastKnownLeaderIsTheBestGuessWhenNobodyIsEligible) {
  expect({"D05: everybody unclean; the last leader re-registers: ELR empties, the note stays", partition({}, -1, {0}, {0}),
          {}, {}, "leader -1/5 isr [] elr [] last [0]", true, Election::online, 0, -1, 0});
  expect({"it is unfenced: elected, recovering, unclean", partition({}, -1, {}, {0}), {1}, {},
          "leader 0/6 isr [0] elr [] last [] recovering", true, Election::online, -1, 0, -1, 2, /*unclean=*/true});
  expect({"somebody else is unfenced: no", partition({}, -1, {}, {0}), {}, {}, "same", true, Election::online, -1, 1});
  expect({"not while somebody is eligible", partition({}, -1, {2}, {0}), {0}, {}, "same"});
  expect({"not without a note", partition({}, -1), {0, 1, 2}, {}, "same"});
  expect({"not with two notes", partition({}, -1, {}, {0, 1}), {0, 1, 2}, {}, "same"});

  ElectionRules before_4_1;
  before_4_1.last_known_leader_must_live = false;
  expect({"D11, KAFKA-19522: before 4.1 it is elected although it is fenced", partition({}, -1, {}, {0}), {1}, {},
          "leader 0/6 isr [0] elr [] last [] recovering", true, Election::online, -1, 1, -1, 2, true},
         before_4_1);
  expect({"D11: and one that comes back is not elected", partition({}, -1, {}, {0}), {1}, {}, "same", true,
          Election::online, -1, 0},
         before_4_1);
}

TEST(Election, UncleanTakesTheFirstAlive) {
  expect({"D12, ELR off: 2 lags but lives; the ISR is it alone", partition({1}, 1), {1, 2}, {},
          "leader 2/6 isr [2] elr [] last [] recovering", false, Election::unclean, 1, -1, -1, 2, true});
  expect({"assignment order, not log length", partition({2}, 2), {0, 1, 2}, {},
          "leader 0/6 isr [0] elr [] last [] recovering", true, Election::unclean, 2, -1, -1, 1, true});
  expect({"somebody clean is preferred", partition({1, 2}, 1), {0, 1, 2}, {2}, "leader 2/6 isr [2] elr [1] last []", true,
          Election::unclean, 1});
  expect({"an eligible one is preferred", partition({1}, 1, {2}), {0, 1, 2}, {}, "leader 2/6 isr [2] elr [1] last []", true,
          Election::unclean, 1});
  expect({"nobody alive", partition({1}, 1), {1}, {}, "leader -1/6 isr [1] elr [] last []", false, Election::unclean, 1});
}

TEST(Election, PreferredMovesTheLeadToTheFirstReplica) {
  expect({"it qualifies", partition({0, 1, 2}, 1), {0, 1, 2}, {0, 1, 2}, "leader 0/6 isr [0,1,2] elr [] last []", true,
          Election::preferred});
  expect({"it is not in the ISR: the leader stays", partition({1, 2}, 1), {0, 1, 2}, {1, 2}, "same", true,
          Election::preferred});
  expect({"it is dead: the leader stays", partition({0, 1, 2}, 1), {1, 2}, {0, 1, 2}, "same", true, Election::preferred});
}

TEST(Election, OldMetadataVersionsBumpTheLeaderEpochWhenTheIsrShrinks) {
  ElectionRules before_3_6;
  before_3_6.bump_leader_epoch_on_isr_shrink = true;
  expect({"KAFKA-15021: shrink", partition({0, 1, 2}, 0), {0, 1, 2}, {0, 1}, "leader 0/6 isr [0,1] elr [] last []"}, before_3_6);
  expect({"expansion never did", partition({0, 1}, 0), {0, 1, 2}, {0, 1, 2}, "leader 0/5 isr [0,1,2] elr [] last []"},
         before_3_6);
}

TEST(Election, RecoveryEndsWhenTheLeaderSaysSo) {
  wire::PartitionState before = partition({0}, 0);
  before.recovering = true;
  const wire::ClusterImage image = brokers(3, {0, 1, 2});
  ChangeRequest request;
  request.isr = {0, 1};
  request.min_isr = 2;
  request.recovered = true;
  const auto changed = change_partition(before, request, Candidates{image}, ElectionRules{});
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(describe(changed->state), "leader 0/5 isr [0,1] elr [] last []");
  EXPECT_EQ(changed->state.partition_epoch, 10);
}

// Goal: the planted bug really elects from outside the ISR, and says so in the ground truth.
TEST(Election, PlantedBugElectsTheFirstAliveWhateverTheIsr) {
  ElectionRules rules;
  rules.elect_outside_isr = true;
  expect({"1 lags, 2 is in the ISR: 1 gets the lead and the ISR shrinks to it", partition({0, 2}, 0), {0, 1, 2}, {2},
          "leader 1/6 isr [1] elr [] last [] recovering", true, Election::online, 0, -1, -1, 2, true},
         rules);
  expect({"the right one by chance", partition({0, 1}, 0), {0, 1, 2}, {1}, "leader 1/6 isr [1] elr [0] last []", true,
          Election::online, 0},
         rules);
}

TEST(Election, RefusesImpossibleMinIsr) {
  const wire::ClusterImage image = brokers(3, {0, 1, 2});
  ChangeRequest request;
  request.isr = {0};
  request.min_isr = 4;
  EXPECT_THROW((void)change_partition(partition({0}, 0), request, Candidates{image}, ElectionRules{}), sim::Bug);
}

// clang-format on

}  // namespace
}  // namespace brokersim::kafka::controller
