// Goal: an answer to a batch that had moved up within a failed transaction is excused (S1, S23, INV6), and nothing else is.
// Method: one history by hand: record 10 is refused, its late copy is appended and committed, record 11 is acknowledged with
// that copy's offset and stands nowhere, the transaction ends aborted. Then the same with one thing changed each.
#include "models/checkers/void_answers.h"

#include <gtest/gtest.h>

#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers {
namespace {

using history::Outcome;
using history::TransactionOutcome;
using test::check;
using test::Synthetic;
using test::violated;

constexpr std::int16_t kInvalidProducerEpoch = 47;

struct Story {
  std::int64_t refused = 10;    ///< The record that fails.
  std::int32_t refused_by = 1;  ///< -1: it expires at the client.
  bool refused_before = true;   ///< Before the answer; else after it.
  std::int64_t began_with =
      10;  ///< First record of the failed transaction; the ones before are of transaction 4.
  bool other_producer_fails = false;
  bool late_copy_is_committed = true;
  bool answered_record_stood = false;  ///< Record 11 is in the log, committed and lost after the answer.
  TransactionOutcome outcome = TransactionOutcome::aborted;
  bool ends = true;
};

class Played {
 public:
  explicit Played(const Story& story)
      : s_({.topic = "orders", .replicas = {1, 2, 3}, .min_insync_replicas = 2}, -1, true, true) {
    s_.elect(1, 1, {1, 2, 3});
    s_.ms(10);
    for (std::int64_t n = 0; n < 10; ++n) joined(4, n);
    s_.replicated(0, 0, 10, 1);
    if (story.began_with == 10) ended(4, TransactionOutcome::committed);
    s_.ms(20);
    s_.sent(10, 2);
    s_.sent_by(s_.other, 0, 1);
    for (const std::int64_t n : {10, 11}) joined(story.began_with == 10 || n >= story.began_with ? 5 : 4, n);
    if (story.refused_before) refuse(story);
    s_.ms(30);
    put(10, 10, story.late_copy_is_committed);
    if (story.answered_record_stood) put(11, 11, true);
    s_.ms(40);
    s_.ack(11, 1, 1, story.answered_record_stood ? 11 : 10);
    if (story.answered_record_stood) {
      for (const std::int32_t broker : {1, 2, 3}) s_.truncate(broker, 11, 12);
    }
    s_.ms(50);
    if (!story.refused_before) refuse(story);
    if (!story.late_copy_is_committed) commit(11);
    if (story.ends) ended(5, story.outcome);
    findings_ = s_.finish(1);
  }
  [[nodiscard]] const Findings& findings() const { return findings_; }

 private:
  void joined(std::int64_t number, std::int64_t ordinal) {
    s_.history.record(
        history::TransactionJoined{s_.at, s_.producer, number, {s_.producer, s_.orders, ordinal, 1}, {}, 0});
  }
  void ended(std::int64_t number, TransactionOutcome outcome) {
    s_.history.record(history::TransactionEnded{s_.at, s_.producer, number, outcome, s_.at, 2});
  }
  void refuse(const Story& story) {
    history::ProduceOutcome event;
    event.at = s_.at;
    event.records = {s_.producer, s_.orders, story.refused, 1};
    if (story.other_producer_fails) event.records = {s_.other, s_.orders, 0, 1};
    event.outcome = Outcome::unknown;
    event.error = kInvalidProducerEpoch;
    event.broker = story.refused_by;
    event.attempts = 2;
    s_.history.record(event);
  }
  void commit(std::int64_t end) {
    for (const std::int32_t broker : {1, 2, 3}) s_.high_watermark(broker, end, broker == 1);
  }
  void put(std::int64_t base, std::int64_t ordinal, bool committed) {
    for (const std::int32_t broker : {1, 2, 3}) {
      const auto role = broker == 1 ? history::AppendRole::leader : history::AppendRole::follower;
      s_.history.record(history::Appended{s_.at,
                                          broker,
                                          role,
                                          {s_.producer, s_.orders, ordinal, 1},
                                          base,
                                          1,
                                          history::TransactionMark::data,
                                          0,
                                          7});
    }
    if (committed) commit(base + 1);
  }

  Synthetic s_;
  Findings findings_;
};

TEST(VoidAnswers, WhatMovedUpInAFailedTransactionIsExcused) {
  const Played run{Story{}};
  const Findings& findings = run.findings();
  EXPECT_EQ(violated(findings), "");
  const std::string why =
      "transaction 5 of checkout-0 had failed with record 10 in orders/0 (error 47), what came behind had "
      "moved up to its "
      "numbers, and it could only be aborted";
  for (const char* id : {"S1", "S23", "INV6"}) {
    EXPECT_EQ(check(findings, id).verdict, Verdict::not_applicable) << id;
    EXPECT_NE(check(findings, id).detail.find(why), std::string::npos) << id << check(findings, id).detail;
  }
  EXPECT_EQ(findings.losses.lost, 1) << "counted all the same: it was acknowledged and is nowhere";
  EXPECT_EQ(findings.losses.lost_promised, 0);
  ASSERT_EQ(findings.losses.losses.size(), 1u);
  EXPECT_TRUE(findings.losses.losses[0].void_answer);
  EXPECT_NE(
      findings.losses.losses[0].explanation.find("The transaction had failed before that answer and could "
                                                 "only be aborted: no reader of committed records "
                                                 "misses it."),
      std::string::npos)
      << findings.losses.losses[0].explanation;
}

TEST(VoidAnswers, AlsoWhereTheClientSaysNothingMore) {
  Story died;
  died.ends = false;
  EXPECT_EQ(violated(Played(died).findings()), "");
  Story fenced;
  fenced.outcome = TransactionOutcome::unknown;
  EXPECT_EQ(violated(Played(fenced).findings()), "");
}

TEST(VoidAnswers, NothingElseIs) {
  const auto changed = [](auto change) {
    Story story;
    change(story);
    return violated(Played(story).findings());
  };
  const auto both = [](const std::string& laws) {
    return laws.starts_with("S1 ") && laws.find(" S23") != std::string::npos;
  };
  EXPECT_TRUE(both(changed([](Story& s) { s.outcome = TransactionOutcome::committed; })))
      << "a transaction that was committed after all";
  EXPECT_TRUE(both(changed([](Story& s) { s.refused_before = false; })))
      << "nothing had failed before the answer";
  EXPECT_TRUE(both(changed([](Story& s) { s.refused_by = -1; }))) << "what expires moves nothing up";
  EXPECT_TRUE(both(changed([](Story& s) { s.other_producer_fails = true; })))
      << "another producer's batch had failed";
  EXPECT_TRUE(both(changed([](Story& s) { s.refused = 9; })))
      << "a batch of the transaction before had failed";
  EXPECT_TRUE(both(changed([](Story& s) { s.refused = 11; }))) << "what failed comes behind the answered one";
  EXPECT_TRUE(both(changed([](Story& s) {
    s.began_with = 11;
    s.refused = 10;
  }))) << "the answered record begins another transaction than the one that failed";
  EXPECT_TRUE(both(changed([](Story& s) { s.late_copy_is_committed = false; })))
      << "an answer before anything is committed";
  EXPECT_TRUE(changed([](Story& s) { s.answered_record_stood = true; }).starts_with("S1 "))
      << "a record that stood where the answer says, and was lost later";
}

}  // namespace
}  // namespace brokersim::checkers
