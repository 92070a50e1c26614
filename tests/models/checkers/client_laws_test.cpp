// Planted breaches of what clients are promised: each test has a sound twin that is silent.
#include <gtest/gtest.h>

#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers {
namespace {

using history::Outcome;
using test::check;
using test::Synthetic;
using test::violated;

/// Twenty committed records, read by a consumer. Sound.
void steady(Synthetic& s) {
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.replicated(0, 0, 10, 1);
  s.ms(20);
  s.replicated(10, 10, 10, 1);
  s.ms(30);
  s.consume(0, 0, 20);
}

TEST(ClientLaws, ASteadyRunIsSilent) {
  Synthetic s;
  steady(s);
  const Findings findings = s.finish(1);
  for (const CheckResult& result : findings.checks) {
    // There is no database, no service and no transaction here: B1, O1 to O5 and S27 to S29 have no subject.
    const bool of_transactions = result.id == "S27" || result.id == "S28" || result.id == "S29";
    if (result.id.starts_with("S") && !of_transactions) {
      EXPECT_EQ(result.verdict, Verdict::holds) << result.id << result.detail;
    }
  }
  EXPECT_EQ(findings.measures.records.consumed, 20);
}

/// Appends on all replicas and commits, without any acknowledgement.
void committed(Synthetic& s, std::int64_t base, std::int64_t first, std::int64_t count) {
  s.append(1, base, first, count, 1, true);
  s.append(2, base, first, count, 1, false);
  s.append(3, base, first, count, 1, false);
  s.high_watermark(1, base + count, true);
}

TEST(ClientLaws, S20OrderWithinAProducer) {
  for (const bool idempotent : {true, false}) {
    Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2}, -1, idempotent);
    steady(s);
    s.sent(20, 10);
    committed(s, 20, 25, 5);
    committed(s, 25, 20, 5);
    const Findings findings = s.finish(1);
    EXPECT_EQ(findings.measures.records.reordered, 5);
    EXPECT_EQ(violated(findings), idempotent ? "S20" : "")
        << "five requests in flight without idempotence may overtake";
    if (idempotent) {
      EXPECT_EQ(check(findings, "S20").detail,
                "5 records of checkout-0 stand out of order in orders/0; the first: records 20 to 24 at "
                "offsets 25 to 29, after "
                "record 29.");
    }
  }
}

// Goal: without any state of a producer a broker accepts every sequence number (KAFKA-14359). Method: the first batch is
// refused and retried, the second arrives first; what follows from that is measured, not flagged.
TEST(ClientLaws, S20AndS21ExcuseABrokerThatKnewNothingOfTheProducer) {
  Synthetic s;
  s.elect(1, 1, {1, 2, 3});
  s.ms(10);
  s.sent(0, 10);
  committed(s, 0, 5, 5);
  committed(s, 5, 0, 5);
  committed(s, 10, 5, 5);  // renumbered with a new epoch
  const Findings findings = s.finish(1);
  EXPECT_EQ(findings.measures.records.reordered, 5);
  EXPECT_EQ(findings.measures.records.duplicated, 5);
  EXPECT_EQ(violated(findings), "");
  for (const char* id : {"S20", "S21"}) {
    EXPECT_EQ(check(findings, id).verdict, Verdict::not_applicable);
    EXPECT_NE(check(findings, id).detail.find("KAFKA-14359"), std::string::npos)
        << check(findings, id).detail;
  }
}

TEST(ClientLaws, S21Duplicates) {
  for (const bool idempotent : {true, false}) {
    Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2}, -1, idempotent);
    steady(s);
    committed(s, 20, 15, 5);
    const Findings findings = s.finish(1);
    EXPECT_EQ(findings.measures.records.duplicated, 5);
    EXPECT_EQ(findings.measures.records.reordered, 0) << "a repeat is no disorder";
    EXPECT_EQ(violated(findings), idempotent ? "S21" : "");
    EXPECT_EQ(findings.measures.workloads.at("checkout").records.duplicated, 5);
  }
}

TEST(ClientLaws, S22NothingIsFabricated) {
  Synthetic in_log;
  steady(in_log);
  in_log.ms(40);
  committed(in_log, 20, 20, 1);  // never sent
  EXPECT_EQ(check(in_log.finish(1), "S22").detail,
            "0.040 s: broker 1 appended to orders/0 at offset 20 records that nobody had sent.");

  Synthetic read;
  steady(read);
  read.ms(40);
  read.consume(20, 99, 1);
  EXPECT_EQ(check(read.finish(1), "S22").verdict, Verdict::violated);
}

// S23: acks=all answered at the append, before any follower has it.
TEST(ClientLaws, S23AnswerBeforeReplication) {
  Synthetic s;
  steady(s);
  s.sent(20, 5);
  s.ms(40);
  s.append(1, 20, 20, 5, 1, true);
  s.ack(20, 5, 1, 20);
  const Findings findings = s.finish(1);
  EXPECT_EQ(violated(findings), "S23");
  EXPECT_EQ(check(findings, "S23").detail,
            "0.040 s: broker 1 acknowledged records 20 to 24 of checkout-0 in orders/0 (acks=all, offsets 20 "
            "to 24), but committed "
            "was only what lies below 20.");
}

// S23: flush.messages=1, but the flush did not reach the medium.
TEST(ClientLaws, S23LyingFlush) {
  for (const bool lies : {false, true}) {
    Synthetic s({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2, .flush_messages = 1});
    s.elect(1, 1, {1, 2, 3});
    s.sent(0, 5);
    for (const std::int32_t broker : {1, 2, 3}) {
      s.append(broker, 0, 0, 5, 1, broker == 1);
      if (!lies) s.flushed(broker, 5);
    }
    s.high_watermark(1, 5, true);
    s.ms(5);
    s.ack(0, 5, 1, 0);
    EXPECT_EQ(violated(s.finish(1)), lies ? "S23" : "");
  }
}

// A leader is killed between write and fsync; the other member of the ISR is elected while the controller still counts the
// dead one, and answers for what was committed before its leader's fsync (UnifiedLog.append flushes after the log end has
// moved). One that lives has no such excuse.
TEST(ClientLaws, S23ALeaderMayDieBeforeItsFlush) {
  using history::BrokerEvent;
  for (const BrokerEvent death : {BrokerEvent::process_killed, BrokerEvent::power_lost, BrokerEvent::paused}) {
    Synthetic s({.topic = "orders", .replicas = {1, 2}, .min_insync_replicas = 2, .flush_messages = 1});
    s.elect(1, 1, {1, 2}, {1, 2});
    s.sent(0, 5);
    s.append(1, 0, 0, 5, 1, true);
    s.append(2, 0, 0, 5, 1, false);
    s.flushed(2, 5);
    s.high_watermark(1, 5, true);
    s.ms(5);
    s.broker(1, death);
    s.ms(10);
    s.elect(2, 2, {1, 2}, {2});
    s.high_watermark(2, 5, true);
    s.ack(0, 5, 2, 0);
    EXPECT_EQ(violated(s.finish(2)), death == BrokerEvent::paused ? "S23" : "") << static_cast<int>(death);
  }
}

TEST(ClientLaws, S24ARefusedRecordIsInNoLog) {
  Synthetic later;
  steady(later);
  later.sent(20, 5);
  later.ms(40);
  later.outcome(20, 5, Outcome::failed, 1, -1);
  later.ms(50);
  committed(later, 20, 20, 5);
  EXPECT_EQ(check(later.finish(1), "S24").first_at, sim::SimTime{50'000'000}) << "told at the append";

  Synthetic earlier;
  steady(earlier);
  earlier.sent(20, 5);
  committed(earlier, 20, 20, 5);
  earlier.ms(60);
  earlier.outcome(20, 5, Outcome::failed, 1, -1);
  EXPECT_EQ(violated(earlier.finish(1)), "S24") << "found in the final log";

  Synthetic unknown;
  steady(unknown);
  unknown.sent(20, 5);
  committed(unknown, 20, 20, 5);
  unknown.outcome(20, 5, Outcome::unknown, -1, -1);
  EXPECT_EQ(violated(unknown.finish(1)), "") << "unknown may be either";
}

TEST(ClientLaws, S25WhatWasReadStays) {
  Synthetic dirty;
  steady(dirty);
  dirty.sent(20, 5);
  dirty.append(1, 20, 20, 5, 1, true);
  dirty.ms(41);
  dirty.consume(20, 20, 5);  // not committed yet
  EXPECT_EQ(check(dirty.finish(1), "S25").detail,
            "0.041 s: reader-0 read records 20 to 24 of checkout-0 at offsets 20 to 24 of orders/0, but only "
            "what lies below 20 is "
            "committed.");

  Synthetic other;
  steady(other);
  other.ms(42);
  history::History& h = other.history;
  const history::ClientId second =
      h.add_client({.name = "reader-1", .workload = "reader", .producer = false});
  h.record(history::Consumed{other.at, second, {other.producer, other.orders, 3, 1}, 7, other.at, other.at});
  EXPECT_EQ(violated(other.finish(1)), "S25") << "offset 7 holds record 7";

  // Read, then overwritten by a leader without it.
  Synthetic gone;
  steady(gone);
  gone.truncate(3, 10, 20, history::TruncateReason::high_watermark);
  gone.ms(43);
  gone.elect(3, 2, {3, 2, 1});
  gone.sent(20, 1);
  gone.append(3, 10, 20, 1, 2, true);
  const Findings findings = gone.finish(3);
  EXPECT_EQ(check(findings, "S25").detail,
            "0.043 s: consumers had read orders/0 beyond offset 10; broker 3 now leads without these records "
            "and writes others "
            "there.");
}

TEST(ClientLaws, S26PollContiguity) {
  Synthetic skip;
  steady(skip);
  skip.ms(40);
  skip.replicated(20, 20, 10, 1);
  skip.ms(50);
  skip.consume(25, 25, 5);
  EXPECT_EQ(check(skip.finish(1), "S26").detail,
            "0.050 s: reader-0 skipped orders/0: after offset 19 it got offset 25.");

  Synthetic back;
  steady(back);
  back.ms(50);
  back.consume(10, 10, 10);
  EXPECT_EQ(violated(back.finish(1)), "S26");

  Synthetic restarted;
  steady(restarted);
  restarted.history.record(history::ClientRestarted{restarted.at, restarted.consumer});
  restarted.consume(0, 0, 20);
  EXPECT_EQ(violated(restarted.finish(1)), "");
}

// Goal: a reset is looked at from where the application has read to. Method: the position is reset while what the last poll
// gave is not through yet; it then reads on from there, or from elsewhere.
TEST(ClientLaws, S26AResetCountsFromWhatIsStillToBeProcessed) {
  for (const bool elsewhere : {false, true}) {
    Synthetic s;
    steady(s);
    s.ms(40);
    s.replicated(20, 20, 30, 1);
    s.ms(50);
    for (const std::int32_t broker : {1, 2, 3})
      s.history.record(
          history::LogStartMoved{s.at, broker, s.orders, 40, history::LogStartCause::retention});
    s.history.record(history::OffsetReset{s.at, s.consumer, s.orders, 25, 40});
    s.consume(20, 20, 5);
    s.consume(elsewhere ? 45 : 40, elsewhere ? 45 : 40, 5);
    EXPECT_EQ(violated(s.finish(1)), elsewhere ? "S26" : "");
  }
}

// Goal: a snapshot of producer state knows the last batch only. Method: two batches, the leader starts anew, the first is
// sent again under a new number and stands twice; excused. The same without a restart, and for the last one, is a breach.
TEST(ClientLaws, S21ExcusesALeaderThatStartedAnew) {
  struct Case {
    bool restarts;
    std::int64_t again;
    const char* expected;
  };
  for (const Case& c : {Case{true, 10, ""}, Case{false, 10, "S21"}, Case{true, 15, "S21"}}) {
    Synthetic s;
    s.elect(1, 1, {1, 2, 3});
    s.ms(10);
    s.replicated(0, 0, 10, 1);
    s.sent(10, 10);
    committed(s, 10, 10, 5);
    committed(s, 15, 15, 5);
    s.ms(20);
    if (c.restarts) {
      s.broker(1, history::BrokerEvent::process_killed);
      s.broker(1, history::BrokerEvent::process_started);
      s.recovered(1, 20, /*clean=*/true);
    }
    s.elect(1, 2, {1, 2, 3});
    s.append(1, 20, c.again, 5, 2, true);
    s.append(2, 20, c.again, 5, 2, false);
    s.append(3, 20, c.again, 5, 2, false);
    s.high_watermark(1, 25, true);
    const Findings findings = s.finish(1);
    EXPECT_EQ(findings.measures.records.duplicated, 5);
    EXPECT_EQ(violated(findings), c.expected) << c.restarts << c.again;
    if (c.restarts && c.again == 10) {
      EXPECT_NE(check(findings, "S21").detail.find("knew only the last batch of checkout-0"), std::string::npos)
          << check(findings, "S21").detail;
    }
  }
}

}  // namespace
}  // namespace brokersim::checkers
