// Acknowledged loss: how much, by which acks, whether it was promised, and the story.
#include <gtest/gtest.h>

#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers {
namespace {

using history::BrokerEvent;
using history::LostState;
using history::TruncateReason;
using test::check;
using test::Synthetic;
using test::violated;

// Goal: the story of acks=1. Method: the leader dies with records that nobody else had; its successor does not
// have them; it comes back and cuts them.
TEST(Losses, Acks1LeaderDiesAlone) {
  Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2}, /*acks=*/1);
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.sent(0, 150);
  s.append(1, 0, 0, 100, 1, true);
  s.append(2, 0, 0, 100, 1, false);
  s.append(3, 0, 0, 100, 1, false);
  s.high_watermark(1, 100, true);
  s.ack(0, 100, 1, 0, 1);
  s.ms(50);
  s.append(1, 100, 100, 30, 1, true);
  s.ms(51);
  s.ack(100, 30, 1, 100, 1);
  s.append(1, 130, 130, 20, 1, true);
  s.ms(53);
  s.ack(130, 20, 1, 130, 1);
  s.ms(60);
  s.broker(1, BrokerEvent::process_killed);
  s.ms(9'060);
  s.elect(2, 2, {2, 3}, {2, 3});
  s.ms(20'000);
  s.broker(1, BrokerEvent::process_started);
  s.recovered(1, 150);
  s.role(1, 2, 2);
  s.truncate(1, 100, 150);
  const Findings findings = s.finish(2);
  EXPECT_EQ(findings.losses.lost, 50);
  EXPECT_EQ(findings.losses.lost_acks_1, 50);
  EXPECT_EQ(findings.at_risk_max, 50);
  EXPECT_EQ(violated(findings), "");
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::not_applicable);
  EXPECT_EQ(check(findings, "S2").detail, "acks=1: 50 of 150 acknowledged records lost.");
  ASSERT_EQ(findings.losses.losses.size(), 1u);
  const Loss& loss = findings.losses.losses[0];
  EXPECT_EQ(loss.first, 100);
  EXPECT_EQ(loss.last, 149);
  EXPECT_EQ(loss.producer_name, "checkout-0");
  EXPECT_EQ(loss.explanation,
            "Producer checkout-0 wrote records 100 to 149 to orders/0 (offsets 100 to 149). Broker 1 "
            "acknowledged them from 0.051 s to 0.053 s "
            "(acks=1). By then only broker 1 held them, in its page cache. Broker 1 cut them at 20.000 s to "
            "agree with its leader: "
            "it followed broker 2, which had been elected at 9.060 s in epoch 2 with log end 100. Broker 2, "
            "which never had "
            "them, leads; it was elected at "
            "9.060 s in epoch 2 with log end 100. With acks=all and min.insync.replicas=2 nobody would have "
            "acknowledged them before "
            "a second replica held them.");
  EXPECT_EQ(findings.measures.workloads.at("checkout").records.lost_acknowledged, 50);
}

/// All three lose power with the last ten of twenty records unflushed; broker 2 comes back first.
void correlated_power_loss(Synthetic& s, bool flush) {
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  for (const std::int32_t broker : {1, 2, 3}) s.flushed(broker, 10);
  s.ms(20);
  s.sent(10, 10);
  for (const std::int32_t broker : {1, 2, 3}) {
    s.append(broker, 10, 10, 10, 1, broker == 1);
    if (flush) s.flushed(broker, 20);
  }
  s.high_watermark(1, 20, true);
  s.ack(10, 10, 1, 10);
  s.ms(30);
  for (const std::int32_t broker : {1, 2, 3}) {
    s.broker(broker, BrokerEvent::power_lost);
    // Four pages were on their way when the lights went out.
    s.storage_lost(broker, 10, 10, 6, LostState::dirty);
    s.storage_lost(broker, 16, 16, 2, LostState::in_writeback);
  }
  for (const std::int32_t broker : {2, 1, 3}) {
    s.ms(40'000 + broker);
    s.broker(broker, BrokerEvent::process_started);
    s.truncate(broker, 10, 20, TruncateReason::recovery);
    s.recovered(broker, 10);
    if (broker == 2) s.elect(2, 2, {2}, {2});
  }
}

// Goal: losing every copy at once is legal without a flush, and the story says in what state each copy was.
TEST(Losses, CorrelatedPowerLossIsMeasured) {
  Synthetic s;
  correlated_power_loss(s, /*flush=*/false);
  const Findings findings = s.finish(2);
  EXPECT_EQ(violated(findings), "");
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::not_applicable);
  EXPECT_EQ(findings.losses.lost_acks_all, 10);
  EXPECT_EQ(findings.losses.lost_promised, 0);
  ASSERT_EQ(findings.losses.losses.size(), 2u) << "eight went with the crash, two were cut because of them";
  EXPECT_EQ(findings.losses.losses[0].records, 8);
  EXPECT_EQ(
      findings.losses.losses[0].explanation,
      "Producer checkout-0 wrote records 10 to 17 to orders/0 (offsets 10 to 17). Broker 1 "
      "acknowledged them at 0.020 s (acks=all). By "
      "then brokers 1, 2 and 3 held them, all in their page caches. Broker 1 lost them to the power "
      "loss at 0.030 s, where 6 "
      "were only in the page cache, 2 were on their way to the drive. Broker 2 lost them to the power "
      "loss at 0.030 s, where 6 "
      "were only in the page cache, 2 were on their way to the drive. Broker 3 lost them to the power "
      "loss at 0.030 s, where 6 "
      "were only in the page cache, 2 were on their way to the drive. Broker 2 leads; it was elected at "
      "40.002 s in epoch 2 with log "
      "end 10. A flush before the answer (flush.messages=1), or replicas whose power does not fail "
      "together, would have saved "
      "them.");
  EXPECT_NE(findings.losses.losses[1].explanation.find(
                "in recovery, because a batch before them was missing or broken"),
            std::string::npos);
}

// Goal: with flush.messages=1 the same loss is promised not to happen, so it is a breach.
TEST(Losses, CorrelatedPowerLossWithFlushIsABreach) {
  Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .flush_messages = 1});
  correlated_power_loss(s, /*flush=*/true);
  const Findings findings = s.finish(2);
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::violated);
  EXPECT_EQ(findings.losses.lost_promised, 10);
  EXPECT_EQ(check(findings, "S1").detail.substr(0, 69),
            "8 records lost. Producer checkout-0 wrote records 10 to 17 to orders/");
}

// Goal: with flush.messages=1 a record may be committed before its leader has flushed it (UnifiedLog.append flushes last); who
// loses power just then lacks committed records and breaks no promise, as long as nobody had an answer. Method: records 10
// to 19 are flushed by the followers only; the leader and a follower lose power, the leader returns first and leads.
TEST(Losses, WhatTheLeaderHadNotFlushedYetWasPromisedToNobody) {
  for (const bool answered : {false, true}) {
    Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .flush_messages = 1}, -1,
                true, true);
    s.elect(1, 1, {1, 2, 3});
    s.ms(10);
    s.sent(0, 20);
    for (const std::int32_t broker : {1, 2, 3}) {
      s.append(broker, 0, 0, 10, 1, broker == 1);
      s.flushed(broker, 10);
      s.append(broker, 10, 10, 10, 1, broker == 1);
    }
    s.flushed(3, 20);
    s.high_watermark(1, 20, true);
    s.ack(0, 10, 1, 0);
    if (answered) s.ack(10, 10, 1, 10);
    s.ms(30);
    for (const std::int32_t broker : {1, 2}) {
      s.broker(broker, BrokerEvent::power_lost);
      s.storage_lost(broker, 10, 10, 10, LostState::dirty);
    }
    s.ms(5'000);
    s.broker(1, BrokerEvent::process_started);
    s.truncate(1, 10, 20, TruncateReason::recovery);
    s.recovered(1, 10);
    s.elect(1, 2, {1, 3}, {1, 3});
    s.truncate(3, 10, 20, TruncateReason::divergence);
    const Findings findings = s.finish(1);
    EXPECT_EQ(check(findings, "S5").verdict, Verdict::not_applicable) << answered;
    EXPECT_EQ(check(findings, "S1").verdict, answered ? Verdict::violated : Verdict::holds) << answered;
    EXPECT_EQ(check(findings, "S23").verdict, answered ? Verdict::violated : Verdict::holds)
        << "an answer needs two media, and one had it";
  }
}

// Goal: with flush.messages=1 a replica that had flushed all it held loses nothing with its power, so it may be no poorer than
// what is committed. Method: as before, all flushed; the leader comes back without the records all the same.
TEST(Losses, WhoHadFlushedEverythingHasNoExcuse) {
  Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .flush_messages = 1});
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 20, 1);
  for (const std::int32_t broker : {1, 2, 3}) s.flushed(broker, 20);
  s.ms(30);
  for (const std::int32_t broker : {1, 2}) s.broker(broker, BrokerEvent::power_lost);
  s.storage_lost(1, 10, 10, 10, LostState::dirty);
  s.ms(5'000);
  s.broker(1, BrokerEvent::process_started);
  s.truncate(1, 10, 20, TruncateReason::recovery);
  s.recovered(1, 10);
  s.elect(1, 2, {1, 3}, {1, 3});
  EXPECT_EQ(check(s.finish(1), "S5").verdict, Verdict::violated);
}

// Goal: a transactional producer is told of a write that never was once the coordinators' log has lost epochs; that is
// measured. Another producer's false answer is a breach. Method: record 5 is acknowledged at an offset where another record stands;
// __transaction_state, of one replica, loses power before.
TEST(Losses, EpochsGivenTwiceArePromisedToNobody) {
  for (const bool transactional : {false, true}) {
    Synthetic s;
    const history::PartitionId books =
        s.history.add_partition({.topic = "__transaction_state", .replicas = {4}, .min_insync_replicas = 1});
    s.history.record(history::PartitionChanged{s.at, books, 4, 0, 0, {4}, {}});
    history::ClientInfo info;
    info.name = "bank-0";
    info.workload = "bank";
    info.transactional = transactional;
    s.producer = s.history.add_client(info);
    s.elect(1, 1, {1, 2, 3});
    s.ms(10);
    s.replicated(0, 0, 5, 1);
    s.ms(20);
    s.broker(4, BrokerEvent::power_lost);
    s.ms(30);
    s.sent(5, 1);
    s.ack(5, 1, 1, 4);
    const Findings findings = s.finish(1);
    EXPECT_EQ(findings.losses.lost, 1);
    EXPECT_EQ(check(findings, "S1").verdict, transactional ? Verdict::not_applicable : Verdict::violated)
        << transactional;
    EXPECT_EQ(findings.losses.lost_promised, transactional ? 0 : 1);
  }
}

// Goal: one lossy stop is within the budget of min ISR 2; a loss then is a breach. Method: broker 1 loses power;
// broker 2 should have every record, but a bug elects it without them.
TEST(Losses, OneLossyStopIsWithinTheBudget) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  s.ms(20);
  s.sent(10, 5);
  s.append(1, 10, 10, 5, 1, true);
  s.high_watermark(1, 15, true);  // planted: nobody else has them
  s.ack(10, 5, 1, 10);
  s.ms(30);
  s.broker(1, BrokerEvent::power_lost);
  s.storage_lost(1, 10, 10, 5, LostState::dirty);
  s.ms(9'030);
  s.elect(2, 2, {2, 3}, {2, 3});
  const Findings findings = s.finish(2);
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::violated);
  EXPECT_EQ(findings.losses.lost_promised, 5);
}

// Goal: a promise starts anew once the ISR is whole again. Method: two lossy stops (over budget), full recovery,
// then a loss of records acknowledged later.
TEST(Losses, ThePromiseStartsAnewAfterRecovery) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  for (const std::int32_t broker : {2, 3}) s.broker(broker, BrokerEvent::power_lost);
  s.ms(20);
  s.leader(1, 1, {1});
  for (const std::int32_t broker : {2, 3}) {
    s.broker(broker, BrokerEvent::process_started);
    s.recovered(broker, 10);
    s.role(broker, 1, 1);
  }
  s.ms(30);
  s.leader(1, 1, {1, 2, 3});
  s.ms(40);
  s.replicated(10, 10, 10, 1);
  s.ms(50);
  for (const std::int32_t broker : {2, 3}) s.truncate(broker, 10, 20, TruncateReason::high_watermark);
  s.broker(1, BrokerEvent::process_killed);
  s.elect(2, 2, {2, 3}, {2, 3});
  s.sent(20, 1);
  s.append(2, 10, 20, 1, 2, true);
  const Findings findings = s.finish(2);
  EXPECT_EQ(findings.losses.lost_promised, 10);
  EXPECT_EQ(check(findings, "S1").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "S11").verdict, Verdict::violated);
}

// Without ELR, the last member of a shrunken ISR may come back empty-handed and still lead (KIP-966).
TEST(Losses, LastReplicaStandingWithoutElrIsOverBudget) {
  for (const bool elr : {false, true}) {
    Synthetic s({.topic = "orders",
                 .replicas = {1, 2, 3},
                 .min_insync_replicas = 2,
                 .eligible_leader_replicas = elr});
    s.elect(1, 1, {1, 2, 3});
    s.ms(10);
    s.replicated(0, 0, 10, 1);
    s.leader(1, 1, {1});
    s.ms(20);
    s.broker(1, BrokerEvent::power_lost);
    s.storage_lost(1, 5, 5, 5, LostState::dirty);
    s.leader(-1, 2, {1});
    s.ms(30);
    s.broker(1, BrokerEvent::process_started);
    s.truncate(1, 5, 10, TruncateReason::recovery);
    s.recovered(1, 5);
    s.elect(1, 3, {1}, {1, 2, 3});
    s.truncate(2, 5, 10);
    s.truncate(3, 5, 10);
    s.sent(10, 1);
    s.append(1, 5, 10, 1, 3, true);
    const Findings findings = s.finish(1);
    EXPECT_EQ(findings.losses.lost_acks_all, 5);
    EXPECT_EQ(check(findings, "S1").verdict, elr ? Verdict::violated : Verdict::not_applicable);
    EXPECT_EQ(check(findings, "S11").verdict, elr ? Verdict::violated : Verdict::holds)
        << "outside its premises it is not judged";
    EXPECT_EQ(check(findings, "S11").detail.find("outside its premises") != std::string::npos, !elr);
  }
}

// Goal: after two outages the story of what the first one took names the election after the first one.
TEST(Losses, TheElectionThatDecidedIsNamed) {
  Synthetic s;
  correlated_power_loss(s, /*flush=*/false);  // broker 2 was elected at 40.002 s with log end 10
  s.ms(50'000);
  s.elect(2, 2, {1, 2, 3});
  s.replicated(10, 20, 30, 2, {2, 1, 3});
  s.ms(60'000);
  s.broker(2, BrokerEvent::process_killed);
  s.elect(1, 3, {1, 3}, {1, 3});
  const Findings findings = s.finish(1);
  ASSERT_FALSE(findings.losses.losses.empty());
  for (const Loss& loss : findings.losses.losses) {
    EXPECT_NE(
        loss.fate.find(
            "Broker 2 was elected at 40.002 s in epoch 2 with log end 10, without them; broker 1, elected "
            "later, leads at the end."),
        std::string::npos)
        << loss.fate;
  }
}

// KIP-966 elects the last known leader when unclean restarts have emptied ISR and ELR: legal, and the end of the
// promise if a page cache was lost; with process kills alone nothing can be missing, so a loss is a breach.
TEST(Losses, LastKnownLeaderEndsThePromiseOnlyAfterALossyStop) {
  for (const bool power : {true, false}) {
    Synthetic s;
    s.elect(1, 1, {1, 2, 3});
    s.ms(10);
    s.replicated(0, 0, 10, 1);
    s.ms(20);
    s.broker(1, power ? BrokerEvent::power_lost : BrokerEvent::process_killed);
    if (power) s.storage_lost(1, 5, 5, 5, LostState::dirty);
    s.broker(2, BrokerEvent::process_killed);
    s.broker(3, BrokerEvent::process_killed);
    s.leader(-1, 2, {});
    s.ms(30);
    s.broker(1, BrokerEvent::process_started);
    s.truncate(1, 5, 10, TruncateReason::recovery);
    s.recovered(1, 5);
    s.elect(1, 3, {1}, {1, 2, 3}, /*unclean=*/true);
    const Findings findings = s.finish(1);
    EXPECT_EQ(findings.losses.lost_acks_all, 5);
    EXPECT_EQ(check(findings, "S7").verdict, Verdict::holds) << check(findings, "S7").detail;
    EXPECT_EQ(check(findings, "S1").verdict, power ? Verdict::not_applicable : Verdict::violated);
  }
}

// Goal: acks=0 counts what was written to the socket; a record that never arrived is lost, and the story says so.
TEST(Losses, Acks0NeverArrived) {
  Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2}, /*acks=*/0);
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.sent(0, 20);
  s.outcome(0, 20, history::Outcome::acknowledged, 1, -1, 5, 0);
  s.ms(11);
  for (const std::int32_t broker : {1, 2, 3}) s.append(broker, 0, 0, 12, 1, broker == 1);
  const Findings findings = s.finish(1);
  EXPECT_EQ(findings.losses.lost_acks_0, 8);
  ASSERT_EQ(findings.losses.losses.size(), 1u);
  EXPECT_EQ(
      findings.losses.losses[0].explanation,
      "Producer checkout-0 wrote records 12 to 19 to orders/0. The producer counted them as written at "
      "0.010 s (acks=0: nobody "
      "answers). Broker 1, which never had them, leads; it was elected at 0.000 s in epoch 1 with log end 0. "
      "No broker ever appended "
      "them. With acks=1 or acks=all the producer would have noticed, and tried again.");
}

// Goal: nobody leads at the end: what some replica still holds is at risk, not lost.
TEST(Losses, WithoutALeaderEveryIntactCopyCounts) {
  Synthetic s;
  s.elect(1, 1, {1, 2});
  s.ms(10);
  s.replicated(0, 0, 10, 1, {1, 2});
  s.ms(20);
  s.broker(1, BrokerEvent::power_lost);
  s.storage_lost(1, 4, 4, 6, LostState::drive_cache);
  s.broker(2, BrokerEvent::process_killed);
  s.leader(-1, 2, {2});
  const Findings findings = s.finish(-1);
  EXPECT_EQ(findings.losses.lost, 0);
  EXPECT_EQ(findings.losses.at_risk, 10);
  ASSERT_EQ(findings.warnings.size(), 1u);
  EXPECT_EQ(violated(findings), "");

  Synthetic
      dead;  // the controller still believes in a leader whose host is off and whose disk lost six records
  dead.elect(1, 1, {1});
  dead.ms(10);
  dead.replicated(0, 0, 10, 1, {1});
  dead.broker(1, BrokerEvent::power_lost);
  dead.storage_lost(1, 4, 4, 6, LostState::drive_cache);
  const Findings lost = dead.finish(1);
  EXPECT_EQ(lost.losses.lost, 6);
  EXPECT_EQ(lost.losses.at_risk, 4);
}

// Goal: without ELR the budget also ends when the ISR shrinks below min ISR around a member that lost its cache and was
// not noticed. Method: min ISR 2 of 4; broker 4 panics, its session lasts; brokers 1 to 3 stop cleanly meanwhile, so it
// is the last of the ISR, and leads with what its disk kept. With ELR it is never alone in the ISR, and S1 applies.
TEST(Losses, WithoutElrALossyMemberMustNotBecomeTheLastOne) {
  const auto story = [](bool elr) {
    Synthetic s({.topic = "orders",
                 .replicas = {1, 2, 3, 4},
                 .min_insync_replicas = 2,
                 .eligible_leader_replicas = elr});
    s.elect(1, 1, {1, 2, 3, 4}, {1, 2, 3, 4});
    s.ms(10);
    s.replicated(0, 0, 10, 1, {1, 2, 3, 4});
    s.ms(20);
    s.broker(4, BrokerEvent::kernel_panicked);
    s.storage_lost(4, 5, 5, 5, LostState::dirty);
    for (const std::int32_t broker : {3, 2, 1}) {
      s.ms(100 - broker * 10);
      std::vector<history::BrokerId> left;
      for (std::int32_t other = 1; other < broker; ++other) left.push_back(other);
      left.push_back(4);
      s.leader(left.front(), 5 - broker, left);
      s.broker(broker, BrokerEvent::stopped_clean);
    }
    s.ms(200);
    s.broker(4, BrokerEvent::process_started);
    s.truncate(4, 5, 10, TruncateReason::recovery);
    s.recovered(4, 5);
    s.role(4, 4, 4);
    return s.finish(4);
  };
  const Findings without = story(false);
  EXPECT_EQ(without.losses.lost, 5);
  EXPECT_EQ(without.losses.lost_promised, 0);
  EXPECT_EQ(check(without, "S1").verdict, Verdict::not_applicable);
  EXPECT_NE(check(without, "S1")
                .detail.find("without ELR the ISR shrank to 1, below min.insync.replicas=2, while "
                             "broker 4, which had lost its page cache, was still in it at 0.090 s"),
            std::string::npos)
      << check(without, "S1").detail;
  EXPECT_EQ(check(story(true), "S1").verdict, Verdict::violated);
}

// Goal: a scattered loss is one story per fate, not one per batch. Method: two producers alternate, 100 batches
// each; the crash takes every second batch of one of them.
TEST(Losses, EqualStoriesMerge) {
  Synthetic s({.topic = "orders", .replicas = {1}, .min_insync_replicas = 1}, 1);
  s.elect(1, 1, {1});
  for (std::int64_t batch = 0; batch < 100; ++batch) {
    s.ms(100 + batch);
    s.sent(batch * 10, 10);
    s.sent_by(s.other, batch * 10, 10);
    s.append(1, batch * 20, batch * 10, 10, 1, true);
    s.append_by(s.other, 1, batch * 20 + 10, batch * 10, 10, 1, true);
    s.high_watermark(1, batch * 20 + 20, true);
    s.ack(batch * 10, 10, 1, batch * 20, 1);
  }
  s.ms(300);
  s.broker(1, BrokerEvent::power_lost);
  for (std::int64_t batch = 10; batch < 100; batch += 2) {
    s.storage_lost(1, batch * 20, batch * 10, 10,
                   batch % 4 == 0 ? LostState::dirty : LostState::in_writeback);
  }
  s.ms(400);
  s.broker(1, BrokerEvent::process_started);
  s.truncate(1, 200, 2'000, TruncateReason::recovery);
  s.recovered(1, 200);
  s.elect(1, 2, {1}, {1});
  const Findings findings = s.finish(1);
  EXPECT_EQ(findings.losses.lost, 900);
  ASSERT_EQ(findings.losses.losses.size(), 2u);
  EXPECT_EQ(findings.losses.losses[0].records, 450);
  EXPECT_EQ(findings.losses.losses[0].pieces, 45);
  EXPECT_NE(findings.losses.losses[0].explanation.find(
                "where 220 were only in the page cache, 230 were on their way to the drive"),
            std::string::npos)
      << findings.losses.losses[0].explanation;
  EXPECT_EQ(findings.losses.losses[1].records, 450);
}

}  // namespace
}  // namespace brokersim::checkers
