// Goal: each of the nine invariants fires at the step that breaks it, with its time, and only it and what rests on the
// same fact. Method: hand-written histories; every test has its sound twin, which is silent.
#include <gtest/gtest.h>

#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers {
namespace {

using history::BrokerEvent;
using history::MetadataChange;
using test::check;
using test::Synthetic;

history::PartitionInfo partition(bool elr = true) {
  return {
      .topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .eligible_leader_replicas = elr};
}
struct Watched : Synthetic {
  explicit Watched(bool elr = true) : Synthetic(partition(elr), -1, true, /*invariants=*/true) {}
};

/// Ids of the violated invariants: "INV1 INV2".
std::string broken(const Findings& findings) {
  std::string ids;
  for (const CheckResult& result : findings.checks) {
    if (result.verdict == Verdict::violated && result.id.starts_with("INV"))
      ids += (ids.empty() ? "" : " ") + result.id;
  }
  return ids;
}

/// The consumer gets records first .. first + count - 1, at the offsets of the same numbers, from `broker`.
void read(Synthetic& s, std::int64_t first, std::int64_t count, std::int32_t broker) {
  history::Consumed event;
  event.at = event.intended_first = event.intended_last = s.at;
  event.consumer = s.consumer;
  event.records = {s.producer, s.orders, first, count};
  event.base_offset = first;
  event.broker = broker;
  s.history.record(event);
}

/// Ten committed records, a failover from broker 1 to 2, five more, and broker 1 back in the ISR.
void life(Synthetic& s) {
  s.elect(1, 1, {1, 2, 3});
  s.leader_isr(1, 1, {1, 2, 3}, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  s.ms(40);
  s.broker(1, BrokerEvent::running);
  s.broker(1, BrokerEvent::process_killed);
  s.ms(9'040);
  s.broker(1, BrokerEvent::fenced);
  s.elect(2, 2, {2, 3}, {2, 3});
  s.leader_isr(2, 2, {2, 3}, {2, 3});
  s.high_watermark(2, 10, true);
  s.ms(9'050);
  s.replicated(10, 10, 5, 2, {2, 3});
  s.ms(20'000);
  s.broker(1, BrokerEvent::process_started);
  s.recovered(1, 10);
  s.ms(21'000);
  s.broker(1, BrokerEvent::running);
  s.role(1, 2, 2);
  s.append(1, 10, 10, 5, 2, false);
  s.leader_isr(2, 2, {2, 3}, {2, 3, 1});
  s.ms(21'010);
  s.leader(2, 2, {2, 3, 1});
  s.leader_isr(2, 2, {2, 3, 1}, {2, 3, 1});
  read(s, 0, 15, 2);
}

TEST(Invariants, ASoundLifeBreaksNone) {
  Watched s;
  life(s);
  const Findings findings = s.finish(2);
  EXPECT_EQ(broken(findings), "");
  EXPECT_EQ(findings.checks.size(), kChecks);
  for (const CheckResult& result : findings.checks) {
    if (result.id.starts_with("INV")) {
      EXPECT_EQ(result.verdict, Verdict::holds) << result.id;
    }
  }
}

TEST(Invariants, AreShownOnlyWhereTheyAreAskedFor) {
  Synthetic s(partition());
  life(s);
  EXPECT_EQ(s.finish(2).checks.size(), kInvariantsFrom);
}

TEST(Invariants, OneALeaderWithoutCommittedRecords) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1, {1, 2});  // never reached broker 3
  s.ms(20);
  s.role(3, 3, 2);
  const Findings findings = s.finish(1);
  EXPECT_EQ(check(findings, "INV1").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "INV1").first_at.ns, 20'000'000);
}

TEST(Invariants, TwoAMemberOfTheElrWithoutCommittedRecords) {
  Watched s;
  s.elect(1, 1, {1, 2});
  s.ms(10);
  s.replicated(0, 0, 10, 1, {1, 2});
  s.ms(20);
  s.leader_elr(1, 1, {1}, {3});
  const Findings findings = s.finish(1);
  EXPECT_EQ(broken(findings), "INV2");
  EXPECT_EQ(check(findings, "INV2").first_at.ns, 20'000'000);
}

TEST(Invariants, ThreeTheLeaderDoesNotWaitForWhomTheControllerMayElect) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.leader_isr(1, 1, {1, 2, 3}, {1, 2, 3});
  s.ms(10);
  // It drops broker 3 before the controller has agreed.
  s.leader_isr(1, 1, {1, 2, 3}, {1, 2});
  const Findings findings = s.finish(1);
  EXPECT_EQ(broken(findings), "INV3");
  EXPECT_EQ(check(findings, "INV3").first_at.ns, 10'000'000);
  EXPECT_NE(check(findings, "INV3").detail.find("the controller may elect broker 3"), std::string::npos);
}

TEST(Invariants, ThreeTheControllerAddsWhomTheLeaderDoesNotWaitFor) {
  Watched s;
  s.elect(1, 1, {1, 2});
  s.leader_isr(1, 1, {1, 2}, {1, 2});  // asked for broker 3, and waits for the old ISR only
  s.ms(30);
  s.leader(1, 1, {1, 2, 3});
  EXPECT_EQ(broken(s.finish(1)), "INV3");
}

TEST(Invariants, ThreeSaysNothingOfALeaderThatMayNotCommit) {
  Watched s;
  s.elect(1, 1, {1, 2});
  s.leader_isr(1, 1, {1}, {1});  // below min.insync.replicas as it knows it
  EXPECT_EQ(broken(s.finish(1)), "");
}

TEST(Invariants, ThreeSaysNothingOfADeposedLeader) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.leader_isr(1, 1, {1, 2, 3}, {1, 2, 3});
  s.ms(10);
  s.leader(2, 2, {2, 3});
  s.leader_isr(1, 1, {1, 2}, {1, 2});  // has not heard of epoch 2
  EXPECT_EQ(broken(s.finish(2)), "");
}

TEST(Invariants, FourDifferentRecordsBelowBothHighWatermarks) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1, {1, 2});
  s.sent(10, 10);
  s.append(3, 0, 10, 10, 1, false);
  s.ms(20);
  s.high_watermark(3, 10, false);
  const Findings findings = s.finish(1);
  EXPECT_EQ(check(findings, "INV4").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "INV4").first_at.ns, 20'000'000);
}

/// Broker 3 dies and is back; `isr` and `elr` as committed when it is unfenced.
Findings back_from_a_kill(bool elr_on, std::vector<history::BrokerId> isr,
                          std::vector<history::BrokerId> elr) {
  Watched s(elr_on);
  s.elect(1, 1, {1, 2, 3});
  s.broker(3, BrokerEvent::running);
  s.ms(10);
  s.broker(3, BrokerEvent::process_killed);
  s.ms(20);
  s.broker(3, BrokerEvent::fenced);
  s.leader_elr(isr.size() == 1 && isr.front() == 3 ? -1 : 1, 2, isr, elr);
  s.ms(30);
  s.broker(3, BrokerEvent::process_started);
  s.recovered(3, 0);
  s.ms(40);
  s.broker(3, BrokerEvent::running);
  return s.finish(1);
}

TEST(Invariants, FiveAnUncleanReplicaIsStillInTheElr) {
  const Findings findings = back_from_a_kill(true, {1}, {3});
  EXPECT_EQ(broken(findings), "INV5");
  EXPECT_EQ(check(findings, "INV5").first_at.ns, 40'000'000);
  EXPECT_EQ(broken(back_from_a_kill(true, {1, 2}, {})), "");
}

TEST(Invariants, FiveAnUncleanReplicaIsStillInTheIsr) {
  EXPECT_EQ(broken(back_from_a_kill(false, {1, 3}, {})), "INV5 INV7") << "fenced, too";
  EXPECT_EQ(broken(back_from_a_kill(false, {3}, {})), "") << "without ELR the last one stays";
  EXPECT_EQ(broken(back_from_a_kill(true, {3}, {})), "INV5") << "with ELR nobody stays";
}

TEST(Invariants, FiveAHeartbeatOfTheDeadIsNoReturn) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.broker(3, BrokerEvent::running);
  s.ms(10);
  s.broker(3, BrokerEvent::process_killed);
  s.ms(20);
  s.broker(3, BrokerEvent::fenced);
  s.leader_elr(1, 1, {1}, {3});
  s.ms(30);
  s.broker(3, BrokerEvent::running);  // a heartbeat that was long on its way
  EXPECT_EQ(broken(s.finish(1)), "");
}

TEST(Invariants, SixAcknowledgedAndNotCommitted) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.sent(0, 10);
  s.append(1, 0, 0, 10, 1, true);
  s.ms(20);
  s.ack(0, 10, 1, 0);
  const Findings findings = s.finish(1);
  EXPECT_EQ(broken(findings), "INV6");
  EXPECT_EQ(check(findings, "INV6").first_at.ns, 20'000'000);
}

TEST(Invariants, SixAcknowledgedAndLost) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  s.ms(20);
  s.truncate(1, 0, 10);
  EXPECT_EQ(check(s.finish(1), "INV6").verdict, Verdict::violated);
}

TEST(Invariants, SevenAFencedBrokerInAnIsrOfTwo) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.broker(3, BrokerEvent::fenced);  // one commit: its partitions follow at the same instant
  s.leader(1, 1, {1, 2});
  s.ms(20);
  s.leader(1, 1, {1, 2, 3});
  const Findings findings = s.finish(1);
  EXPECT_EQ(broken(findings), "INV7");
  EXPECT_EQ(check(findings, "INV7").first_at.ns, 20'000'000);
  EXPECT_EQ(check(findings, "INV7").breaches, 1);
}

TEST(Invariants, SevenTwoLeadersOfOneEpoch) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.role(2, 2, 1);
  EXPECT_EQ(broken(s.finish(1)), "INV7");
}

TEST(Invariants, EightAReplicaGivesMoreThanItsHighWatermark) {
  Watched s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.sent(0, 10);
  for (const std::int32_t broker : {1, 2, 3}) s.append(broker, 0, 0, 10, 1, broker == 1);
  s.high_watermark(1, 10, true);
  s.high_watermark(2, 5, false);
  s.ms(20);
  const auto read_from = [&](std::int32_t broker) {
    read(s, 0, 10, broker);
    s.history.record(history::ClientRestarted{s.at, s.consumer});
  };
  read_from(1);
  EXPECT_EQ(broken(s.observer.finish(s.at, {1})), "");
  read_from(2);
  const Findings findings = s.observer.finish(s.at, {1});
  EXPECT_EQ(broken(findings), "INV8");
  EXPECT_NE(check(findings, "INV8").detail.find("broker 2, whose high watermark never passed 5"),
            std::string::npos)
      << check(findings, "INV8").detail;
}

// Goal: a topic that was deleted has no ISR in which a fenced broker could stand, no leader to lose and none to miss.
TEST(Invariants, ADeletedTopicIsForgotten) {
  for (const bool deleted : {true, false}) {
    Watched s;
    s.elect(1, 1, {1, 2, 3});
    s.ms(10);
    if (deleted) s.history.record(history::PartitionDeleted{s.at, s.orders});
    s.ms(20);
    s.broker(1, BrokerEvent::process_killed);
    s.ms(30);
    s.broker(1, BrokerEvent::fenced);
    s.ms(40);
    s.broker(2, BrokerEvent::running);  // whatever comes next settles it
    const Findings findings = s.finish(-1);
    EXPECT_EQ(broken(findings), deleted ? "" : "INV7");
    EXPECT_EQ(findings.measures.recoveries.size(), deleted ? 0u : 1u);
    EXPECT_EQ(findings.warnings.empty(), deleted);
  }
}

// --- INV9: the metadata quorum ---------------------------------------------------------------------------------

/// Three controllers; 0 leads epoch 1, five records are committed everywhere, 1 leads epoch 2.
void quorum(Synthetic& s) {
  for (const std::int32_t node : {0, 1, 2}) s.metadata(node, MetadataChange::loaded, 0, 0, 0);
  s.metadata(0, MetadataChange::leads, 1, 0, 0);
  for (const std::int32_t node : {0, 1, 2}) s.metadata(node, MetadataChange::appended, 1, 0, 5);
  for (const std::int32_t node : {0, 1, 2}) s.metadata(node, MetadataChange::committed, 1, 0, 5);
  s.metadata(7, MetadataChange::committed, 1, 0, 5, /*observer_=*/true);
  s.metadata(0, MetadataChange::appended, 1, 5, 7);  // never leaves controller 0
  s.ms(100);
  s.metadata(1, MetadataChange::leads, 2, 0, 5);
  s.metadata(1, MetadataChange::appended, 2, 5, 6);
  s.metadata(2, MetadataChange::appended, 2, 5, 6);
  s.metadata(1, MetadataChange::committed, 2, 5, 6);
  s.ms(200);
  s.metadata(0, MetadataChange::truncated, 0, 7, 5);
  s.metadata(0, MetadataChange::appended, 2, 5, 6);
  s.metadata(0, MetadataChange::committed, 2, 5, 6);
  s.ms(300);
}

TEST(Invariants, NineASoundFailoverOfTheQuorum) {
  Watched s;
  quorum(s);
  s.metadata(7, MetadataChange::snapshot, 2, 5, 6, true);
  s.metadata(8, MetadataChange::committed, 1, 0, 5, true);  // a broker that has just started
  EXPECT_EQ(broken(s.finish(-1)), "");
}

TEST(Invariants, NineWhatIsCommittedNeverChanges) {
  Watched s;
  quorum(s);
  s.metadata(2, MetadataChange::committed, 3, 5, 6);
  const Findings findings = s.finish(-1);
  EXPECT_EQ(broken(findings), "INV9");
  EXPECT_EQ(check(findings, "INV9").first_at.ns, 300'000'000);
}

TEST(Invariants, NineABrokerAppliesWhatWasNeverCommitted) {
  Watched s;
  quorum(s);
  s.metadata(7, MetadataChange::committed, 1, 5, 7, true);
  EXPECT_EQ(broken(s.finish(-1)), "INV9");
}

TEST(Invariants, NineTwoLeadersOfOneEpoch) {
  Watched s;
  quorum(s);
  s.metadata(2, MetadataChange::leads, 2, 0, 6);
  EXPECT_EQ(broken(s.finish(-1)), "INV9");
}

TEST(Invariants, NineALeaderLacksWhatIsCommitted) {
  Watched s;
  quorum(s);
  s.metadata(2, MetadataChange::leads, 3, 0, 5);
  EXPECT_EQ(broken(s.finish(-1)), "INV9");
}

// Goal: a quorum of which a voter has lost what it fsynced promises nothing; INV9, S7 and S8 say why instead of alarm.
TEST(Invariants, NineADamagedVoterIsOutsideThePremises) {
  Watched s;
  s.leader(1, 1, {1, 2});
  quorum(s);
  s.metadata(1, MetadataChange::damaged, 0, 0, 0);
  s.metadata(2, MetadataChange::leads, 3, 0, 5);  // lacks what is committed
  s.leader(3, 0, {3});                            // from outside, in an older epoch
  const Findings findings = s.finish(-1);
  EXPECT_EQ(broken(findings), "");
  for (const char* law : {"INV9", "S7", "S8"}) {
    EXPECT_EQ(check(findings, law).verdict, Verdict::not_applicable) << law;
    EXPECT_NE(
        check(findings, law).detail.find("the disk of controller 1 no longer holds what it had fsynced"),
        std::string::npos)
        << law << ": " << check(findings, law).detail;
  }
}

TEST(Invariants, NineANodeCutsWhatItCommitted) {
  Watched s;
  quorum(s);
  s.metadata(2, MetadataChange::truncated, 0, 6, 4);
  EXPECT_EQ(broken(s.finish(-1)), "INV9");
}

TEST(Invariants, NineTwoLogsShareAnEpochAndDiffer) {
  Watched s;
  quorum(s);
  // Of epoch 2 at offset 6, first behind a record of epoch 2, then behind one of epoch 1.
  s.metadata(1, MetadataChange::appended, 2, 6, 8);
  s.metadata(2, MetadataChange::appended, 2, 6, 9);
  EXPECT_EQ(broken(s.finish(-1)), "INV9");
}

TEST(Invariants, NineExcusesASingleControllerThatLostItsMachine) {
  Watched s;
  s.metadata(0, MetadataChange::loaded, 0, 0, 0);
  s.metadata(0, MetadataChange::leads, 1, 0, 0);
  s.metadata(0, MetadataChange::appended, 1, 0, 5);
  s.metadata(0, MetadataChange::committed, 1, 0, 5);
  s.ms(10);
  s.metadata(0, MetadataChange::loaded, 0, 0, 3);
  s.metadata(0, MetadataChange::leads, 2, 0, 3);
  const Findings findings = s.finish(-1);
  EXPECT_EQ(check(findings, "INV9").verdict, Verdict::not_applicable);
  EXPECT_NE(check(findings, "INV9").detail.find("commits before its fsync"), std::string::npos);
}

}  // namespace
}  // namespace brokersim::checkers
