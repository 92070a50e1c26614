// Goal: what retention, DeleteRecords and compaction take by right is not lost; what they take without right is, and S34
// says so. Method: hand-written histories.
#include <gtest/gtest.h>

#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers {
namespace {

using history::LogStartCause;
using test::check;
using test::Synthetic;
using test::violated;

void move_start(Synthetic& s, std::int32_t broker, std::int64_t offset, LogStartCause cause) {
  s.history.record(history::LogStartMoved{s.at, broker, s.orders, offset, cause});
}

// Goal: acknowledged and expired is not lost, on the replica that expired it and on those that follow.
TEST(Expiry, AcknowledgedAndExpiredIsNotLost) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 100, 1);
  s.ms(20);
  move_start(s, 1, 60, LogStartCause::retention);
  move_start(s, 2, 60, LogStartCause::followed);
  move_start(s, 3, 60, LogStartCause::followed);
  const Findings findings = s.finish(1);
  EXPECT_EQ(findings.losses.lost, 0);
  EXPECT_EQ(findings.measures.records.expired, 60);
  EXPECT_EQ(violated(findings), "");
}

// Goal: what retention takes above the high watermark is lost, and the story says that retention took it, where it stood and
// that Kafka would not have.
TEST(Expiry, TheStoryOfWhatWasTakenUncommitted) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 50, 1);
  s.sent(50, 50);
  s.append(1, 50, 50, 50, 1, true);
  s.ack(50, 50, 1, 50, /*acks=*/1);
  s.ms(20);
  move_start(s, 1, 100, LogStartCause::retention);
  const Findings findings = s.finish(1);
  ASSERT_EQ(findings.losses.losses.size(), 1u);
  const std::string& story = findings.losses.losses[0].explanation;
  EXPECT_NE(
      story.find("Broker 1 deleted them by retention or DeleteRecords at 0.020 s, above the high watermark."),
      std::string::npos)
      << story;
  EXPECT_NE(story.find("Kafka's retention leaves what lies above the high watermark"), std::string::npos)
      << story;
  EXPECT_EQ(story.find("never had them"), std::string::npos) << story;
}

// Goal: a record that was lost before it could expire stays lost. Method: the new leader never had records 50 to 99; its
// retention passes the offsets where they would stand.
TEST(Expiry, LostBeforeItCouldExpireIsLost) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 50, 1);
  s.sent(50, 50);
  s.append(1, 50, 50, 50, 1, true);
  s.high_watermark(1, 100, true);  // planted: nobody else holds them
  s.ack(50, 50, 1, 50);
  s.ms(20);
  s.broker(1, history::BrokerEvent::process_killed);
  s.elect(2, 2, {2, 3}, {2, 3});
  s.ms(30);
  s.sent(100, 60);
  s.append(2, 50, 100, 60, 2, true);
  s.append(3, 50, 100, 60, 2, false);
  s.high_watermark(2, 110, true);
  s.ack(100, 60, 2, 50);
  move_start(s, 2, 105, LogStartCause::retention);
  const Findings findings = s.finish(2);
  EXPECT_EQ(findings.losses.lost, 50);
  EXPECT_EQ(findings.losses.losses.front().first, 50);
  EXPECT_EQ(findings.losses.losses.front().last, 99);
  EXPECT_EQ(findings.measures.records.expired, 105) << "50 of the first, 55 of the last";
}

// Goal: teeth: retention above the high watermark is a breach of S34, and what it takes counts as lost.
TEST(Expiry, RetentionAboveTheHighWatermarkIsABreach) {
  Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2}, /*acks=*/1);
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.sent(0, 100);
  s.append(1, 0, 0, 100, 1, true);
  s.append(2, 0, 0, 40, 1, false);
  s.append(3, 0, 0, 40, 1, false);
  s.high_watermark(1, 40, true);
  s.ack(0, 100, 1, 0, 1);
  move_start(s, 1, 100, LogStartCause::retention);
  const Findings findings = s.finish(1);
  EXPECT_EQ(check(findings, "S34").verdict, Verdict::violated);
  EXPECT_EQ(findings.losses.lost_acks_1, 60);
  EXPECT_EQ(findings.measures.records.expired, 40);
}

// Goal: a replica that starts anew where its leader begins has lost nothing by that.
TEST(Expiry, AFollowerThatStartsAnewAgreesWithItsLeader) {
  Synthetic s;
  s.elect(1, 1, {1, 2});
  s.ms(10);
  s.replicated(0, 0, 100, 1, {1, 2});
  move_start(s, 1, 80, LogStartCause::retention);
  move_start(s, 2, 80, LogStartCause::followed);
  s.ms(20);
  move_start(s, 3, 80, LogStartCause::reset);
  s.append(3, 80, 80, 20, 1, false);
  s.high_watermark(3, 100, false);
  s.leader(1, 1, {1, 2, 3});
  s.ms(30);
  s.elect(3, 2, {3, 2});
  const Findings findings = s.finish(3);
  EXPECT_EQ(findings.losses.lost, 0);
  EXPECT_EQ(violated(findings), "");
}

// Goal: a consumer whose position has expired may jump; what it missed is told apart from what it passed over.
TEST(Expiry, OffsetResetsAreCounted) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 100, 1);
  s.consume(0, 0, 10);
  for (const std::int32_t broker : {1, 2, 3})
    move_start(s, broker, 60, broker == 1 ? LogStartCause::retention : LogStartCause::followed);
  s.ms(20);
  s.history.record(history::OffsetReset{s.at, s.consumer, s.orders, 10, 90});
  s.consume(90, 90, 10);
  const Findings findings = s.finish(1);
  EXPECT_EQ(findings.measures.records.expired_unread, 50);
  EXPECT_EQ(findings.measures.records.skipped_unread, 30);
  ASSERT_EQ(findings.measures.offset_resets.size(), 1u);
  EXPECT_EQ(violated(findings), "");
}

// Goal: teeth: to give up a position that every replica still holds is a breach of S26.
TEST(Expiry, AResetWithoutReasonIsABreach) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 100, 1);
  s.consume(0, 0, 10);
  s.history.record(history::OffsetReset{s.at, s.consumer, s.orders, 10, 90});
  const Findings findings = s.finish(1);
  EXPECT_EQ(check(findings, "S26").verdict, Verdict::violated);
}

// --- compaction -----------------------------------------------------------------------------------------

struct Keyed : Synthetic {
  Keyed()
      : Synthetic({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .compacted = true}) {
    keyed = history.add_client({.name = "prices-0", .workload = "prices", .keys = space});
    elect(1, 1, {1, 2, 3});
    ms(10);
  }
  void write(std::int64_t base, std::int64_t first, std::int64_t count,
             std::initializer_list<std::int32_t> brokers) {
    sent_by(keyed, first, count);
    bool leads = true;
    for (const std::int32_t replica : brokers) {
      append_by(keyed, replica, base, first, count, 1, leads);
      leads = false;
    }
  }
  void acknowledge(std::int64_t first, std::int64_t count, std::int64_t base) {
    history.record(history::ProduceOutcome{at,
                                           {keyed, orders, first, count},
                                           history::Outcome::acknowledged,
                                           0,
                                           1,
                                           base,
                                           -1,
                                           at,
                                           at,
                                           at,
                                           1,
                                           {count * 1'000}});
  }
  void compact(std::int32_t broker, std::vector<history::OffsetRange> removed) {
    history::Compacted event;
    event.at = at;
    event.broker = broker;
    event.partition = orders;
    event.removed = std::move(removed);
    history.record(event);
  }
  history::KeySpace space{
      .keys = 1, .seed = 3, .space = 1};  // one key: every record supersedes all before it
  history::ClientId keyed;
};

// Goal: superseded by a committed record of the same key: by right, not lost.
TEST(Compaction, SupersededIsNotLost) {
  Keyed s;
  s.write(0, 0, 10, {1, 2, 3});
  s.high_watermark(1, 10, true);
  s.acknowledge(0, 10, 0);
  s.ms(20);
  s.compact(1, {{0, 9}});
  const Findings findings = s.finish(1);
  EXPECT_EQ(findings.losses.lost, 0);
  EXPECT_EQ(findings.measures.records.compacted, 9);
  EXPECT_EQ(violated(findings), "");
}

// Goal: teeth (KAFKA-13194): superseded only by what is not committed: a breach, and lost.
TEST(Compaction, SupersededByTheUncommittedIsABreach) {
  Keyed s;
  s.write(0, 0, 10, {1, 2, 3});
  s.high_watermark(1, 10, true);
  s.acknowledge(0, 10, 0);
  s.ms(20);
  s.write(10, 10, 5, {1});  // above the high watermark
  s.compact(1, {{0, 10}});
  const Findings findings = s.finish(1);
  EXPECT_EQ(check(findings, "S34").verdict, Verdict::violated);
  EXPECT_EQ(check(findings, "S34").breaches, 1);
  EXPECT_EQ(findings.losses.lost, 1) << "record 9, the last committed value of the key";
  EXPECT_EQ(findings.measures.records.compacted, 9);
}

// Goal: a log end that stood behind cleaned records goes back to the last one that is left when the process starts anew
// (a truncation into a cleaned segment, UnifiedLog.truncateTo); that recovery drops nothing. One record more, and it does.
TEST(Compaction, ARestartMayFindTheEndBeforeCleanedRecords) {
  for (const std::int64_t found : {8, 7}) {
    Keyed s;
    s.write(0, 0, 12, {1, 2, 3});
    s.high_watermark(1, 10, true);
    s.ms(20);
    s.compact(2, {{8, 10}});
    s.truncate(2, 10, 12);
    s.broker(2, history::BrokerEvent::process_killed);
    s.broker(2, history::BrokerEvent::process_started);
    s.recovered(2, found);
    const Findings findings = s.finish(1);
    const std::string& detail = check(findings, "S11").detail;
    EXPECT_EQ(detail.find("although no crash took them") != std::string::npos, found == 7) << detail;
  }
}

// Goal: a consumer may jump over what compaction took, and over nothing else.
TEST(Compaction, ConsumersJumpOverWhatIsGone) {
  Keyed s;
  s.write(0, 0, 10, {1, 2, 3});
  s.high_watermark(1, 10, true);
  s.ms(20);
  s.history.record(history::Consumed{s.at, s.consumer, {s.keyed, s.orders, 0, 1}, 0, s.at, s.at});
  s.compact(1, {{1, 9}});
  s.history.record(history::Consumed{s.at, s.consumer, {s.keyed, s.orders, 9, 1}, 9, s.at, s.at});
  EXPECT_EQ(violated(s.finish(1)), "");
}
TEST(Compaction, ConsumersThatJumpOverMoreAreABreach) {
  Keyed s;
  s.write(0, 0, 10, {1, 2, 3});
  s.high_watermark(1, 10, true);
  s.ms(20);
  s.history.record(history::Consumed{s.at, s.consumer, {s.keyed, s.orders, 0, 1}, 0, s.at, s.at});
  s.compact(1, {{1, 8}});
  s.history.record(history::Consumed{s.at, s.consumer, {s.keyed, s.orders, 9, 1}, 9, s.at, s.at});
  EXPECT_EQ(check(s.finish(1), "S26").verdict, Verdict::violated);
}

// Goal: a follower that copies a cleaned log agrees with its leader. Method: whole batches are gone between two that it
// gets.
TEST(Compaction, AFollowerThatCopiesGapsAgrees) {
  Keyed s;
  s.leader(1, 1, {1, 2});
  s.write(0, 0, 30, {1, 2});
  s.high_watermark(1, 30, true);
  s.acknowledge(0, 30, 0);
  s.ms(20);
  s.compact(1, {{0, 29}});
  s.sent_by(s.keyed, 30, 1);
  s.append_by(s.keyed, 3, 20, 20, 10, 1, false);  // a batch of which one record is left
  history::Compacted copied;
  copied.at = s.at;
  copied.broker = 3;
  copied.partition = s.orders;
  copied.removed = {{0, 29}};
  copied.copied = true;
  s.history.record(copied);
  s.high_watermark(3, 30, false);
  s.leader(1, 1, {1, 2, 3});
  s.elect(3, 2, {3, 1});
  const Findings findings = s.finish(3);
  EXPECT_EQ(findings.losses.lost, 0);
  EXPECT_EQ(violated(findings), "");
}

// Goal: a gap that recovery cannot see ends the promise, and is no garbage. Method: a crash takes a closed segment's
// records, recovery finds what lies behind, and the replica counts as caught up. Twin: recovery says it has found the
// records themselves, which is garbage (S22).
TEST(Compaction, AGapThatRecoveryDoesNotSeeEndsThePromise) {
  for (const bool garbage : {false, true}) {
    Keyed s;
    s.write(0, 0, 30, {1, 2, 3});
    s.high_watermark(1, 30, true);
    s.acknowledge(0, 30, 0);
    s.ms(20);
    s.broker(2, history::BrokerEvent::power_lost);
    s.history.record(history::StorageLost{
        s.at, 2, {s.keyed, s.orders, 10, 10}, 10, history::LostState::in_writeback});
    s.ms(30);
    s.broker(2, history::BrokerEvent::process_started);
    history::Recovered found;
    found.at = s.at;
    found.broker = 2;
    found.partition = s.orders;
    found.log_end = 30;
    found.content = {{{s.keyed, s.orders, 0, 10}, 0, 1}, {{s.keyed, s.orders, 20, 10}, 20, 1}};
    if (garbage) found.content = {{{s.keyed, s.orders, 0, 30}, 0, 1}};
    s.history.record(found);
    s.high_watermark(2, 30, false);
    const Findings findings = s.finish(1);
    EXPECT_EQ(violated(findings), garbage ? "S3 S22" : "");
    EXPECT_EQ(findings.contracts_broken, garbage ? 0 : 1);
    if (garbage) continue;
    EXPECT_NE(check(findings, "S3").detail.find("lost offsets 10 to 19 with the file of a closed segment"),
              std::string::npos)
        << check(findings, "S3").detail;
  }
}

// Goal: what superseded a record must be committed now. Method: the later record is lost with all replicas and another key's
// record takes its offset; a compaction of the first is a breach.
TEST(Compaction, WhatWasGivenUpSupersedesNothing) {
  Keyed s;
  s.write(0, 0, 10, {1, 2, 3});
  s.high_watermark(1, 10, true);
  s.ms(20);
  s.compact(1, {{0, 1}});  // the committed log is looked at here
  for (const std::int32_t broker : {1, 2, 3}) {
    s.history.record(
        history::StorageLost{s.at, broker, {s.keyed, s.orders, 5, 5}, 5, history::LostState::dirty});
    s.recovered(broker, 5);
  }
  s.elect(1, 2, {1, 2, 3});
  s.sent(0, 20);
  for (const std::int32_t broker : {1, 2, 3}) s.append(broker, 5, 0, 20, 2, broker == 1);
  s.high_watermark(1, 25, true);
  s.ms(30);
  s.compact(1, {{4, 5}});  // record 4 is the last one of its key again
  EXPECT_EQ(check(s.finish(1), "S34").breaches, 1);
}

}  // namespace
}  // namespace brokersim::checkers
