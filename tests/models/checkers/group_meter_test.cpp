// Goal: what applications did and did not do is counted exactly, and the laws of groups see breaches and nothing else.
// Method: events by hand.
#include "models/checkers/group_meter.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace brokersim::checkers {
namespace {

constexpr sim::SimTime at_ms(std::int64_t ms) { return {ms * 1'000'000}; }

class GroupMeterTest : public ::testing::Test {
 protected:
  GroupMeterTest() {
    history_.add_partition({.topic = "orders", .replicas = {0}});
    group_ = history_.group("g");
    producer_ = history_.add_client({"p-0", "p", true, -1, true, 5, {}, {}});
    a_ = history_.add_client({"a", "a", false, 0, false, 1, {}, group_});
    b_ = history_.add_client({"b", "b", false, 0, false, 1, {}, group_});
  }
  void consumed(history::ClientId who, std::int64_t base, std::int64_t count, std::int64_t ms,
                std::int64_t each_ms) {
    history::Consumed event;
    event.at = at_ms(ms);
    event.consumer = who;
    event.records = {producer_, {0}, base, count};
    event.base_offset = base;
    event.processed_from = at_ms(ms);
    event.process_cost = {each_ms * 1'000'000};
    meter_.on(event);
  }
  void committed(std::int64_t offset, std::int32_t generation, std::int64_t ms) {
    meter_.on(history::OffsetCommitted{at_ms(ms), 0, group_, {0}, offset, generation});
  }
  void owns(history::ClientId who, std::int32_t generation, history::OwnershipChange change,
            std::int64_t ms) {
    meter_.on(history::OwnershipChanged{at_ms(ms), who, group_, generation, change, {{0}}});
  }
  std::int64_t breaches(CheckId check) { return book_.violations(check); }

  history::History history_;
  LawBook book_;
  GroupMeter meter_{history_, book_};
  history::GroupId group_;
  history::ClientId producer_;
  history::ClientId a_;
  history::ClientId b_;
};

// C01: committed 10, dead after 3 of them; the next owner begins at 10.
TEST_F(GroupMeterTest, CountsWhatWasCommittedAndNeverDone) {
  consumed(a_, 0, 10, 1'000, 100);
  committed(10, 1, 1'000);
  meter_.on(history::ClientStopped{at_ms(1'350), a_});
  consumed(b_, 10, 5, 5'000, 1);
  const GroupMeasures measures = meter_.finish(at_ms(9'000));
  EXPECT_EQ(measures.skipped, 7);
  EXPECT_EQ(measures.processed, 8);
  EXPECT_EQ(measures.processed_twice, 0);
}

// C02: done 10, committed none; the next owner does them again.
TEST_F(GroupMeterTest, CountsWhatWasDoneTwice) {
  consumed(a_, 0, 10, 1'000, 100);
  meter_.on(history::ClientStopped{at_ms(2'000), a_});
  consumed(b_, 0, 10, 5'000, 1);
  committed(10, 2, 5'100);
  const GroupMeasures measures = meter_.finish(at_ms(9'000));
  EXPECT_EQ(measures.skipped, 0);
  EXPECT_EQ(measures.processed, 20);
  EXPECT_EQ(measures.processed_twice, 10);
}

TEST_F(GroupMeterTest, WhatIsStillAtWorkAtTheEndIsNotSkipped) {
  consumed(a_, 0, 10, 1'000, 1'000);
  committed(10, 1, 1'000);
  EXPECT_EQ(meter_.finish(at_ms(2'000)).skipped, 0);
}

TEST_F(GroupMeterTest, MeasuresTimeWithoutAnOwner) {
  owns(a_, 1, history::OwnershipChange::assigned, 0);
  owns(a_, 1, history::OwnershipChange::revoked, 1'000);
  owns(b_, 2, history::OwnershipChange::assigned, 1'500);
  meter_.on(history::ClientStopped{at_ms(3'000), b_});
  const GroupMeasures measures = meter_.finish(at_ms(5'000));
  EXPECT_EQ(measures.unowned_longest.ns, 2'000'000'000);
  EXPECT_EQ(measures.unowned_total.ns, 2'500'000'000);
  EXPECT_EQ(breaches(CheckId::G1), 0);
}

TEST_F(GroupMeterTest, TwoOwnersInOneGenerationBreakG1) {
  owns(a_, 3, history::OwnershipChange::assigned, 0);
  owns(b_, 3, history::OwnershipChange::assigned, 1);
  EXPECT_EQ(breaches(CheckId::G1), 1);
}

// A zombie of the classic protocol may still believe; a member of KIP-848 that was not removed may not share.
TEST_F(GroupMeterTest, AnOldGenerationIsExcusedUnlessItIsStillAMember) {
  owns(a_, 3, history::OwnershipChange::assigned, 0);
  owns(b_, 4, history::OwnershipChange::assigned, 1);
  EXPECT_EQ(breaches(CheckId::G1), 0);
  owns(b_, 4, history::OwnershipChange::revoked, 2);
  meter_.on(history::GroupGeneration{at_ms(3), 0, group_, 5, 2, true});
  owns(b_, 5, history::OwnershipChange::assigned, 4);
  EXPECT_EQ(breaches(CheckId::G1), 1);
  owns(b_, 5, history::OwnershipChange::revoked, 5);
  meter_.on(history::MemberRemoved{at_ms(6), group_, a_});
  owns(b_, 6, history::OwnershipChange::assigned, 7);
  EXPECT_EQ(breaches(CheckId::G1), 1) << "removed: it is a zombie";
}

TEST_F(GroupMeterTest, OffsetsThatGoBackWithinAGenerationBreakG2) {
  committed(10, 1, 1);
  committed(8, 2, 2);
  EXPECT_EQ(breaches(CheckId::G2), 0) << "a later generation may";
  committed(7, 2, 3);
  EXPECT_EQ(breaches(CheckId::G2), 1);
  EXPECT_EQ(meter_.finish(at_ms(9)).commits_went_back, 2);
}

// Goal: KIP-848 frees what a removed member had, whatever that one still believes. Method: an answer that was under way when
// the member was removed gives it the partition afterwards; the next owner is no breach. A member that has joined again
// since is one.
TEST_F(GroupMeterTest, AnAnswerThatOutlivesAMembershipOwnsNothing) {
  for (const bool joined_again : {false, true}) {
    const std::int64_t before = breaches(CheckId::G1);
    meter_.on(history::GroupGeneration{at_ms(10), 0, group_, 4, 1, true});
    meter_.on(history::MemberRemoved{at_ms(20), group_, a_});
    meter_.on(history::GroupGeneration{at_ms(25), 0, group_, 5, 0, true});
    owns(a_, joined_again ? 7 : 5, history::OwnershipChange::assigned, 30);
    owns(b_, 8, history::OwnershipChange::assigned, 40);
    EXPECT_EQ(breaches(CheckId::G1) - before, joined_again ? 1 : 0);
    owns(a_, 7, history::OwnershipChange::lost, 50);
    owns(b_, 7, history::OwnershipChange::revoked, 60);
  }
}

// Goal: a commit that its sender had given up may come after later ones and is no breach of G2; any other is.
TEST_F(GroupMeterTest, ACommitThatWasGivenUpMayComeLate) {
  for (const bool late : {true, false}) {
    const std::int64_t before = breaches(CheckId::G2);
    committed(100, 1, 1'000);
    meter_.on(history::OffsetCommitted{at_ms(2'000), 0, group_, {0}, 40, 1, late});
    EXPECT_EQ(breaches(CheckId::G2) - before, late ? 0 : 1);
  }
  EXPECT_EQ(meter_.finish(at_ms(3'000)).commits_went_back, 2);
}

}  // namespace
}  // namespace brokersim::checkers
