// Planted breaches of the replication laws. Every test shows the same history twice: sound and silent, then with
// one thing wrong, and the check must fire at that event, with its time and in words.
#include <gtest/gtest.h>

#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers {
namespace {

using history::BrokerEvent;
using history::TruncateReason;
using test::check;
using test::Synthetic;
using test::violated;

/// Three replicas, two committed batches, a failover to broker 2, one more batch. Sound.
void failover(Synthetic& s) {
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  s.ms(20);
  s.replicated(10, 10, 10, 1);
  s.ms(30);
  s.sent(20, 5);
  s.append(1, 20, 20, 5, 1, true);  // never leaves broker 1
  s.ms(40);
  s.broker(1, BrokerEvent::process_killed);
  s.ms(9'040);
  s.elect(2, 2, {2, 3}, {2, 3});
  s.high_watermark(2, 20, true);
  s.ms(9'050);
  s.append(2, 20, 20, 5, 2, true);  // the retry
  s.append(3, 20, 20, 5, 2, false);
  s.high_watermark(2, 25, true);
  s.ack(20, 5, 2, 20);
}

/// Broker 1 comes back, cuts what broker 2 does not have, and catches up. Sound.
void rejoin(Synthetic& s) {
  s.ms(20'000);
  s.broker(1, BrokerEvent::process_started);
  s.recovered(1, 25);
  s.role(1, 2, 2);
  s.truncate(1, 20, 25);
  s.append(1, 20, 20, 5, 2, false);
  s.leader(2, 2, {2, 3, 1});
}

TEST(ReplicationLaws, ASoundFailoverIsSilent) {
  Synthetic s;
  failover(s);
  rejoin(s);
  const Findings findings = s.finish(2);
  EXPECT_EQ(violated(findings), "");
  for (const char* id : {"S1", "S3", "S5", "S7", "S8", "S9", "S11", "S12"}) {
    EXPECT_EQ(check(findings, id).verdict, Verdict::holds) << id << ": " << check(findings, id).detail;
  }
  EXPECT_EQ(findings.measures.records.acknowledged, 25);
  EXPECT_EQ(findings.losses.lost, 0);
  EXPECT_EQ(findings.measures.probes.count(Probe::truncated_on_divergence), 1);
}

// S3: a follower believes in a high watermark above a record that it holds differently.
TEST(ReplicationLaws, S3DifferentRecordsBelowTheHighWatermark) {
  Synthetic s;
  failover(s);
  s.ms(20'000);
  s.broker(1, BrokerEvent::process_started);
  s.recovered(1, 25);
  s.role(1, 2, 2);
  s.ms(20'001);
  s.high_watermark(1, 25, false);  // not truncated: its 20..24 are of epoch 1
  const Findings findings = s.finish(2);
  EXPECT_EQ(violated(findings), "S3");
  EXPECT_EQ(check(findings, "S3").first_at, sim::SimTime{20'001'000'000});
  EXPECT_EQ(check(findings, "S3").detail,
            "20.001 s: broker 1 takes orders/0 for committed below 25, but at offset 20 it holds record 20 "
            "of checkout-0 "
            "(epoch 1), and the committed log record 20 of checkout-0 (epoch 2).");
}

// S5 and S12: a replica without the last committed batch is elected, and writes over it.
TEST(ReplicationLaws, S5AndS12IncompleteLeader) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  s.leader(1, 1, {1, 2});
  s.ms(20);
  s.replicated(10, 10, 10, 1, {1, 2});  // broker 3 is slow
  s.ms(30);
  s.broker(1, BrokerEvent::process_killed);
  s.ms(40);
  s.elect(3, 2, {3, 2}, {3});  // its log ends at 10
  s.ms(50);
  s.sent(20, 1);
  s.append(3, 10, 20, 1, 2, true);
  const Findings findings = s.finish(3);
  EXPECT_EQ(check(findings, "S5").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "S5").first_at, sim::SimTime{40'000'000});
  EXPECT_EQ(check(findings, "S12").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "S12").first_at, sim::SimTime{50'000'000});
  EXPECT_EQ(check(findings, "S12").detail,
            "0.050 s: broker 3, leader of orders/0 in epoch 2, wrote a new record at offset 10, although "
            "everything below 20 was "
            "committed.");
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::violated) << "and ten acknowledged records are gone";
  EXPECT_EQ(findings.losses.lost_promised, 10);
}

// S5: the high watermark passes a member of the ISR, or one joins that lacks something; nobody needs to be elected.
TEST(ReplicationLaws, S5EveryCandidateIsComplete) {
  Synthetic passed;
  passed.elect(1, 1, {1, 2, 3});
  passed.ms(10);
  passed.replicated(0, 0, 10, 1);
  passed.sent(10, 10);
  passed.append(1, 10, 10, 10, 1, true);
  passed.append(2, 10, 10, 10, 1, false);
  passed.ms(20);
  passed.high_watermark(1, 20, true);  // planted: the leader no longer waits for broker 3
  Findings findings = passed.finish(1);
  EXPECT_EQ(violated(findings), "S5");
  EXPECT_EQ(check(findings, "S5").detail,
            "0.020 s: broker 3 is in the ISR of orders/0, but holds only what lies below offset 10; "
            "committed is everything below 20.");

  for (const bool caught_up : {true, false}) {
    Synthetic joined;
    joined.elect(1, 1, {1, 2});
    joined.ms(10);
    joined.replicated(0, 0, 10, 1, {1, 2});
    joined.append(3, 0, 0, caught_up ? 10 : 9, 1, false);
    joined.ms(30);
    joined.leader(1, 1, {1, 2, 3});
    EXPECT_EQ(violated(joined.finish(1)), caught_up ? "" : "S5");
  }

  Synthetic lossy;  // still in the ISR after a power loss, until the controller has noticed: legal
  failover(lossy);
  lossy.ms(10'000);
  lossy.broker(3, BrokerEvent::power_lost);
  lossy.storage_lost(3, 20, 20, 5, history::LostState::dirty);
  lossy.ms(12'000);
  lossy.broker(3, BrokerEvent::process_started);
  lossy.truncate(3, 20, 25, TruncateReason::recovery);
  lossy.recovered(3, 20);
  lossy.leader(2, 2, {2, 3});
  EXPECT_EQ(violated(lossy.finish(2)), "");
}

// The same under an election that the configuration allows: measured, not flagged.
TEST(ReplicationLaws, UncleanElectionIsAnExcuse) {
  Synthetic s(
      {.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .unclean_leader_election = true});
  s.elect(1, 1, {1, 2});
  s.ms(10);
  s.replicated(0, 0, 10, 1, {1, 2});
  s.ms(30);
  s.broker(1, BrokerEvent::process_killed);
  s.broker(2, BrokerEvent::process_killed);
  s.ms(40);
  s.elect(3, 2, {3}, {3}, /*unclean=*/true);
  s.sent(10, 1);
  s.append(3, 0, 10, 1, 2, true);
  s.high_watermark(3, 1, true);
  s.ms(50);
  s.broker(2, BrokerEvent::process_started);
  s.recovered(2, 10);
  s.role(2, 3, 2);
  s.truncate(2, 0, 10);
  s.append(2, 0, 10, 1, 2, false);
  const Findings findings = s.finish(3);
  EXPECT_EQ(violated(findings), "");
  EXPECT_EQ(check(findings, "S5").verdict, Verdict::not_applicable);
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::not_applicable);
  EXPECT_EQ(findings.losses.lost_acks_all, 10) << "counted all the same";
  EXPECT_EQ(findings.measures.probes.count(Probe::unclean_election), 1);
}

// Goal: kafka-leader-election.sh --election-type unclean is obeyed on a topic that forbids unclean elections; it is no
// breach of S7, it ends the promise of S1, and the story names who did it and what would have kept the records.
TEST(ReplicationLaws, AnAdministratorMayHaveAnybodyElected) {
  Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 1});
  s.elect(1, 1, {1});
  s.ms(10);
  s.sent(0, 10);
  s.append(1, 0, 0, 10, 1, true);
  s.high_watermark(1, 10, true);
  s.outcome(0, 10, history::Outcome::acknowledged, 1, 0, 5, -1);
  s.ms(20);
  s.broker(1, BrokerEvent::process_killed);
  s.leader(-1, 2, {1});
  s.ms(30);
  s.history.record(history::PartitionChanged{
      s.at, s.orders, 3, 3, ++s.partition_epoch, {3}, {}, /*unclean=*/true, /*by_operator=*/true});
  s.role(3, 3, 3);
  const Findings findings = s.finish(3);
  EXPECT_EQ(violated(findings), "");
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::not_applicable);
  ASSERT_EQ(findings.losses.losses.size(), 1u);
  const std::string& story = findings.losses.losses[0].explanation;
  EXPECT_NE(story.find("in epoch 3 (uncleanly, as an administrator asked)"), std::string::npos) << story;
  EXPECT_NE(story.find("Without that election the partition would have waited"), std::string::npos) << story;
  EXPECT_NE(story.find("With min.insync.replicas=2 the leader would have refused them"), std::string::npos)
      << story;
  EXPECT_EQ(story.find("KIP-966"), std::string::npos) << story;
}

TEST(ReplicationLaws, S7MembersAndElections) {
  Synthetic sound;
  failover(sound);
  EXPECT_EQ(check(sound.finish(2), "S7").verdict, Verdict::holds);

  Synthetic outsider;
  outsider.elect(1, 1, {1, 2});
  outsider.ms(7);
  outsider.elect(3, 2, {3});  // neither in the ISR nor in the ELR, and unclean election is off
  Findings findings = outsider.finish(3);
  EXPECT_EQ(check(findings, "S7").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "S7").detail,
            "0.007 s: orders/0: broker 3 was elected from outside ISR and ELR (epoch 2), although "
            "unclean.leader.election.enable is false.");

  Synthetic stranger;
  stranger.elect(1, 1, {1, 9});
  EXPECT_EQ(check(stranger.finish(1), "S7").detail,
            "0.000 s: orders/0: broker 9 is in the ISR but is no replica.");

  Synthetic headless;
  headless.elect(1, 1, {2, 3});
  EXPECT_EQ(check(headless.finish(1), "S7").verdict, Verdict::violated);

  Synthetic repeated;
  repeated.elect(1, 1, {1, 2});
  repeated.partition_epoch = 0;
  repeated.leader(1, 1, {1});
  EXPECT_EQ(check(repeated.finish(1), "S7").detail, "0.000 s: orders/0: partition epoch went from 1 to 1.");
}

TEST(ReplicationLaws, S8OneLeaderPerEpoch) {
  Synthetic two;
  failover(two);
  two.ms(9'060);
  two.sent(25, 1);
  two.append(3, 25, 25, 1, 2, true);  // broker 2 leads epoch 2
  Findings findings = two.finish(2);
  EXPECT_EQ(check(findings, "S8").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "S8").first_at, sim::SimTime{9'060'000'000});

  Synthetic wrong_stamp;
  wrong_stamp.elect(1, 3, {1, 2, 3});
  wrong_stamp.sent(0, 1);
  wrong_stamp.append(1, 0, 0, 1, 2, true);
  EXPECT_EQ(check(wrong_stamp.finish(1), "S8").detail,
            "0.000 s: broker 1 leads orders/0 in epoch 3, but stamped epoch 2 on a batch.");

  Synthetic back;
  back.elect(1, 3, {1, 2, 3});
  back.elect(1, 2, {1, 2, 3});
  EXPECT_EQ(check(back.finish(1), "S8").verdict, Verdict::violated);
}

// A deposed leader that still writes in its old epoch breaks nothing.
TEST(ReplicationLaws, S8AllowsADeposedLeader) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.replicated(0, 0, 10, 1);
  s.ms(10);
  s.elect(2, 2, {2, 3}, {2, 3});
  s.sent(10, 4);
  s.append(1, 10, 10, 2, 1, true);
  s.append(2, 10, 12, 2, 2, true);
  s.append(1, 12, 12, 2, 1, true);
  s.append(3, 10, 12, 2, 2, false);
  s.high_watermark(2, 12, true);
  EXPECT_EQ(violated(s.finish(2)), "");
}

TEST(ReplicationLaws, S9HighWatermarkOfALeader) {
  Synthetic s;
  failover(s);
  s.ms(9'070);
  s.high_watermark(3, 10, false);  // legal on a follower
  EXPECT_EQ(violated(s.finish(2)), "");

  Synthetic back;
  failover(back);
  back.ms(9'070);
  back.high_watermark(2, 24, true);
  Findings findings = back.finish(2);
  EXPECT_EQ(violated(findings), "S9");
  EXPECT_EQ(check(findings, "S9").detail,
            "9.070 s: the high watermark of broker 2, leader of orders/0, went back from 25 to 24.");

  Synthetic beyond;
  failover(beyond);
  beyond.high_watermark(2, 26, true);
  EXPECT_EQ(violated(beyond.finish(2)), "S9");
}

// S11: truncation to the own high watermark (before KIP-101) cuts a committed record even if it comes back.
TEST(ReplicationLaws, S11TruncationBelowTheTrueHighWatermark) {
  Synthetic s;
  failover(s);
  s.ms(9'100);
  s.truncate(3, 19, 25, TruncateReason::high_watermark);
  s.append(3, 19, 19, 1, 1, false);
  s.append(3, 20, 20, 5, 2, false);
  const Findings findings = s.finish(2);
  EXPECT_EQ(violated(findings), "S11");
  EXPECT_EQ(check(findings, "S11").detail,
            "9.100 s: broker 3 cut orders/0 to its own high watermark, offset 19, and removed 6 records "
            "below the true high "
            "watermark.");
}

// S11: what a killed process wrote stays in the page cache; recovery has no reason to cut it.
TEST(ReplicationLaws, S11RecoveryCutsOnlyWhatACrashTook) {
  for (const bool power : {true, false}) {
    Synthetic s;
    failover(s);
    s.ms(10'000);
    s.broker(3, power ? BrokerEvent::power_lost : BrokerEvent::process_killed);
    if (power) s.storage_lost(3, 20, 20, 5, history::LostState::dirty);
    s.ms(30'000);
    s.broker(3, BrokerEvent::process_started);
    s.truncate(3, 20, 25, TruncateReason::recovery);
    s.recovered(3, 20);
    EXPECT_EQ(violated(s.finish(2)), power ? "" : "S11");
  }
}

TEST(ReplicationLaws, S12DenseOffsets) {
  for (const std::int64_t base : {24, 25, 26}) {
    Synthetic s;
    failover(s);
    s.ms(9'080);
    s.sent(25, 1);
    s.append(2, base, 25, 1, 2, true);
    const Findings findings = s.finish(2);
    if (base == 25) {
      EXPECT_EQ(violated(findings), "");
    } else {
      EXPECT_EQ(check(findings, "S12").verdict, Verdict::violated) << base;
      EXPECT_EQ(check(findings, "S12")
                    .detail.rfind("9.080 s: broker 2 appended to orders/0 at offset " + std::to_string(base) +
                                      ", but its log ended at 25.",
                                  0),
                0u);
    }
  }
}

// S22: recovery that believes the file size keeps garbage where records were.
TEST(ReplicationLaws, S22RecoveryKeepsGarbage) {
  Synthetic s;
  failover(s);
  s.ms(10'000);
  s.broker(3, BrokerEvent::power_lost);
  s.storage_lost(3, 10, 10, 10, history::LostState::in_writeback);
  s.ms(30'000);
  s.broker(3, BrokerEvent::process_started);
  s.recovered(3, 25);
  const Findings findings = s.finish(2);
  EXPECT_EQ(violated(findings), "S22");
  EXPECT_EQ(check(findings, "S22").detail,
            "30.000 s: broker 3 recovered orders/0 up to offset 25 and kept as records, from offset 10, "
            "bytes that the crash had destroyed.");
}

// A second crash must not punish what was fetched again after the first.
TEST(ReplicationLaws, RefetchedRecordsAreWhole) {
  Synthetic s;
  failover(s);
  for (std::int64_t round = 1; round <= 2; ++round) {
    s.ms(10'000 * round);
    s.leader(2, 2, {2, 3});
    s.broker(3, BrokerEvent::power_lost);
    if (round == 1) s.storage_lost(3, 20, 20, 5, history::LostState::dirty);
    s.ms(10'000 * round + 500);
    s.leader(2, 2, {2});
    s.broker(3, BrokerEvent::process_started);
    if (round == 1) s.truncate(3, 20, 25, TruncateReason::recovery);
    s.recovered(3, round == 1 ? 20 : 25);
    s.role(3, 2, 2);
    if (round == 1) s.append(3, 20, 20, 5, 2, false);
    s.high_watermark(3, 25, false);
  }
  EXPECT_EQ(violated(s.finish(2)), "");
}

}  // namespace
}  // namespace brokersim::checkers
