// Goal: a share-partition goes through its states as KIP-932 has it, and nothing is skipped, counted wrongly or lost on the way.
// Method: step by step with exact times and counts; then a random walk that is compared record by record with a plain table.
#include "models/kafka/groups/share_partition.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "sim/hash.h"

namespace brokersim::kafka::groups {
namespace {

using wire::AcknowledgementBatch;
using wire::AcknowledgeType;
using wire::AcquiredRecords;
using wire::ErrorCode;
using wire::ShareRecordState;
using wire::ShareStateBatch;
using Acquired = std::vector<AcquiredRecords>;
using States = std::vector<ShareStateBatch>;

sim::SimTime at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

constexpr auto kAvailable = ShareRecordState::available;
constexpr auto kAcquired = ShareRecordState::acquired;
constexpr auto kAcknowledged = ShareRecordState::acknowledged;
constexpr auto kArchived = ShareRecordState::archived;

/// Says so, and it is persisted at once.
std::vector<SharePartition::Change> settle(SharePartition& partition, const std::string& member,
                                           std::vector<AcknowledgementBatch> batches) {
  const SharePartition::Transition transition = partition.acknowledge(member, batches);
  EXPECT_EQ(transition.error, ErrorCode::none);
  return partition.complete(transition.number, true);
}

TEST(SharePartition, NewRecordsAreAcquiredInWholeBatchesUntilThereAreEnough) {
  SharePartition partition({}, 10, {});
  EXPECT_EQ(partition.next_fetch_offset(), 10);
  EXPECT_EQ(partition.acquire("a", 10, {14, 19, 25}, 6, at(0)), (Acquired{{10, 14, 1}, {14, 19, 1}}))
      << "six were wanted, the batch that holds the sixth is given whole";
  EXPECT_EQ(partition.start(), 10);
  EXPECT_EQ(partition.end(), 19);
  EXPECT_EQ(partition.next_fetch_offset(), 19) << "what is acquired is passed by";
  EXPECT_EQ(partition.acquire("b", 19, {25}, 500, at(0)), (Acquired{{19, 25, 1}}))
      << "a second member goes on behind";
}

TEST(SharePartition, TheStartMovesOverWhatIsSettledOnly) {
  SharePartition partition({}, 0, {});
  static_cast<void>(partition.acquire("a", 0, {4, 8}, 500, at(0)));
  settle(partition, "a", {{4, 8, AcknowledgeType::accept}});
  EXPECT_EQ(partition.start(), 0) << "0 to 3 are still with their member";
  settle(partition, "a", {{0, 2, AcknowledgeType::accept}, {2, 3, AcknowledgeType::reject}});
  EXPECT_EQ(partition.start(), 3);
  EXPECT_EQ(partition.states(), (States{{3, 4, kAcquired, 1}, {4, 8, kAcknowledged, 1}}));
  settle(partition, "a", {{3, 4, AcknowledgeType::gap}});
  EXPECT_EQ(partition.start(), 8) << "a gap is settled, too";
  EXPECT_EQ(partition.end(), 8);
  EXPECT_TRUE(partition.states().empty());
}

TEST(SharePartition, NothingCountsBeforeItIsPersisted) {
  SharePartition partition({}, 0, {});
  static_cast<void>(partition.acquire("a", 0, {4}, 500, at(0)));
  const SharePartition::Transition first = partition.acknowledge("a", {{0, 4, AcknowledgeType::accept}});
  EXPECT_EQ(first.batches, (States{{0, 4, kAcknowledged, 1}}));
  EXPECT_EQ(partition.start(), 0);
  EXPECT_EQ(partition.acknowledge("a", {{0, 4, AcknowledgeType::accept}}).error,
            ErrorCode::invalid_record_state)
      << "a second word while the first is being written";
  EXPECT_TRUE(partition.complete(first.number, false).empty());
  EXPECT_EQ(partition.states(), (States{{0, 4, kAcquired, 1}})) << "as it was";
  const std::vector<SharePartition::Change> done = settle(partition, "a", {{0, 4, AcknowledgeType::accept}});
  EXPECT_EQ(done,
            (std::vector<SharePartition::Change>{{0, 4, "a", kAcknowledged, ShareReason::accepted, 1}}));
  EXPECT_EQ(partition.start(), 4);
}

TEST(SharePartition, ReleasedRecordsComeAgainUntilTheirDeliveriesAreUsedUp) {
  ShareRules rules;
  rules.delivery_limit = 3;
  SharePartition partition(rules, 0, {});
  for (std::int32_t delivery = 1; delivery <= 3; ++delivery) {
    EXPECT_EQ(partition.acquire("a", partition.next_fetch_offset(), {2}, 500, at(delivery)),
              (Acquired{{0, 2, delivery}}));
    settle(partition, "a", {{0, 2, AcknowledgeType::release}});
  }
  EXPECT_EQ(partition.start(), 2) << "archived with the third release";
  EXPECT_TRUE(partition.acquire("a", 0, {2}, 500, at(9)).empty());
}

TEST(SharePartition, ALockEndsByItself) {
  ShareRules rules;
  rules.delivery_limit = 2;
  SharePartition partition(rules, 0, {});
  static_cast<void>(partition.acquire("a", 0, {5}, 500, at(1)));
  EXPECT_EQ(partition.next_expiry(), at(31)) << "group.share.record.lock.duration.ms";
  States persisted;
  EXPECT_TRUE(partition.expire(at(30), persisted).empty());
  EXPECT_EQ(partition.expire(at(31), persisted),
            (std::vector<SharePartition::Change>{{0, 5, "a", kAvailable, ShareReason::lock_expired, 1}}));
  EXPECT_EQ(persisted, (States{{0, 5, kAvailable, 1}}));
  EXPECT_EQ(partition.next_expiry(), sim::SimTime::max());
  EXPECT_EQ(partition.acknowledge("a", {{0, 5, AcknowledgeType::accept}}).error,
            ErrorCode::invalid_record_state)
      << "it is too late";
  EXPECT_EQ(partition.acquire("b", 0, {5}, 500, at(40)), (Acquired{{0, 5, 2}}));
  persisted.clear();
  static_cast<void>(partition.expire(at(70), persisted));
  EXPECT_EQ(persisted, (States{{0, 5, kArchived, 2}})) << "the last delivery has led to nothing";
  EXPECT_EQ(partition.start(), 5);
}

TEST(SharePartition, ALockDoesNotEndWhileItsAcknowledgementIsBeingPersisted) {
  SharePartition partition({}, 0, {});
  static_cast<void>(partition.acquire("a", 0, {5}, 500, at(0)));
  const SharePartition::Transition transition = partition.acknowledge("a", {{0, 5, AcknowledgeType::accept}});
  States persisted;
  EXPECT_TRUE(partition.expire(at(60), persisted).empty());
  static_cast<void>(partition.complete(transition.number, false));
  EXPECT_EQ(partition.next_expiry(), at(30)) << "long over";
  EXPECT_EQ(partition.expire(at(60), persisted).size(), 1u);
}

TEST(SharePartition, AMemberThatGoesGivesBackWhatNobodySaw) {
  SharePartition partition({}, 0, {});
  static_cast<void>(partition.acquire("a", 0, {3, 6}, 3, at(0)));
  static_cast<void>(partition.acquire("b", 3, {6}, 3, at(0)));
  const SharePartition::Transition transition = partition.release("a");
  EXPECT_EQ(transition.batches, (States{{0, 3, kAvailable, 0}})) << "the delivery does not count";
  static_cast<void>(partition.complete(transition.number, true));
  EXPECT_EQ(partition.states(), (States{{0, 3, kAvailable, 0}, {3, 6, kAcquired, 1}})) << "b keeps its own";
  EXPECT_EQ(partition.release("a").number, 0u) << "nothing left";
}

TEST(SharePartition, OneWrongBatchRefusesTheWholeAcknowledgement) {
  SharePartition partition({}, 0, {});
  static_cast<void>(partition.acquire("a", 0, {4}, 500, at(0)));
  EXPECT_EQ(partition.acknowledge("b", {{0, 4, AcknowledgeType::accept}}).error,
            ErrorCode::invalid_record_state)
      << "not the one who has them";
  EXPECT_EQ(
      partition.acknowledge("a", {{0, 2, AcknowledgeType::accept}, {2, 9, AcknowledgeType::accept}}).error,
      ErrorCode::invalid_request)
      << "never given to anybody";
  EXPECT_EQ(
      partition.acknowledge("a", {{2, 4, AcknowledgeType::accept}, {0, 1, AcknowledgeType::accept}}).error,
      ErrorCode::invalid_request)
      << "not in order";
  EXPECT_EQ(partition.states(), (States{{0, 4, kAcquired, 1}})) << "nothing has changed";
}

TEST(SharePartition, RoomIsForSoManyRecordsInFlightOnly) {
  ShareRules rules;
  rules.locks_max = 10;
  SharePartition partition(rules, 0, {});
  EXPECT_EQ(partition.acquire("a", 0, {6, 12, 18}, 500, at(0)), (Acquired{{0, 6, 1}, {6, 12, 1}}))
      << "a batch is begun while there is room";
  EXPECT_FALSE(partition.may_acquire());
  settle(partition, "a", {{6, 12, AcknowledgeType::release}});
  EXPECT_TRUE(partition.may_acquire()) << "what comes again needs no room";
  settle(partition, "a", {{0, 6, AcknowledgeType::accept}});
  EXPECT_EQ(partition.in_flight(), 6);
  EXPECT_EQ(partition.acquire("b", 6, {12, 18}, 500, at(1)), (Acquired{{6, 12, 2}, {12, 18, 1}}));
}

TEST(SharePartition, ANewLeaderGoesOnWhereTheStateWasPersisted) {
  const States known{{5, 8, kAcknowledged, 1}, {8, 9, kAvailable, 2}, {12, 14, kArchived, 5}};
  SharePartition partition({}, 5, known);
  EXPECT_EQ(partition.start(), 8) << "the persisted start is one write old";
  EXPECT_EQ(partition.end(), 14);
  EXPECT_EQ(partition.states(),
            (States{{8, 9, kAvailable, 2}, {9, 12, kAvailable, 0}, {12, 14, kArchived, 5}}))
      << "what the old leader had given out is available, with the count of before";
  EXPECT_EQ(partition.acquire("a", 8, {20}, 500, at(0)), (Acquired{{8, 9, 3}, {9, 12, 1}, {14, 20, 1}}));
}

TEST(SharePartition, WhatTheLogHasForgottenIsSettled) {
  SharePartition partition({}, 0, {});
  static_cast<void>(partition.acquire("a", 0, {4, 8}, 500, at(0)));
  settle(partition, "a", {{0, 2, AcknowledgeType::release}, {2, 4, AcknowledgeType::accept}});
  EXPECT_EQ(partition.move_log_start(6),
            (std::vector<SharePartition::Change>{{0, 2, "", kArchived, ShareReason::log_start, 1},
                                                 {4, 6, "a", kArchived, ShareReason::log_start, 1}}));
  EXPECT_EQ(partition.start(), 6);
  EXPECT_EQ(partition.acknowledge("a", {{4, 8, AcknowledgeType::accept}}).batches,
            (States{{6, 8, kAcknowledged, 1}}))
      << "of what is gone nothing is said any more";
}

TEST(SharePartition, CombineKeepsTheNewerWordAndForgetsWhatIsBelowTheStart) {
  const States known{{0, 10, kAvailable, 1}};
  EXPECT_EQ(combine(known, {{3, 5, kAcknowledged, 1}}, 0),
            (States{{0, 3, kAvailable, 1}, {3, 5, kAcknowledged, 1}, {5, 10, kAvailable, 1}}));
  EXPECT_EQ(combine(known, {{8, 12, kArchived, 5}}, 4),
            (States{{4, 8, kAvailable, 1}, {8, 12, kArchived, 5}}));
  EXPECT_EQ(combine({{0, 2, kAcknowledged, 1}}, {{2, 4, kAcknowledged, 1}}, 0),
            (States{{0, 4, kAcknowledged, 1}}));
  EXPECT_TRUE(combine(known, {}, 10).empty());
}

/// The same rules for single records, without runs.
struct Plain {
  ShareRecordState state = kAvailable;
  std::int32_t count = 0;
  std::string member;
};

TEST(SharePartition, ARandomWalkIsThatOfSingleRecords) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::uint64_t draws = 0;
    const auto below = [&](std::uint64_t n) { return sim::mix64(seed * 1'000'003 + ++draws) % n; };
    ShareRules rules;
    rules.delivery_limit = 3;
    rules.lock_duration = {5'000'000'000};
    rules.locks_max = 60;
    SharePartition partition(rules, 0, {});
    std::map<std::int64_t, Plain> plain;
    std::map<std::int64_t, std::int64_t> deadline;
    std::int64_t log_end = 0;
    const std::string members[] = {"a", "b", "c"};
    for (std::int64_t step = 0; step < 120; ++step) {
      log_end += static_cast<std::int64_t>(below(6));
      const std::string& who = members[below(3)];
      States persisted;
      for (const auto& change : partition.expire(at(step), persisted)) {
        for (std::int64_t o = change.first; o < change.end; ++o) {
          ASSERT_EQ(plain[o].state, kAcquired);
          ASSERT_LE(deadline[o], step);
          plain[o].state = plain[o].count >= 3 ? kArchived : kAvailable;
        }
      }
      if (below(2) == 0 && partition.may_acquire()) {
        std::vector<std::int64_t> ends;
        for (std::int64_t end = partition.next_fetch_offset(); end < log_end && ends.size() < 4;)
          ends.push_back(end = std::min(log_end, end + 1 + static_cast<std::int64_t>(below(9))));
        for (const AcquiredRecords& range :
             partition.acquire(who, partition.next_fetch_offset(), ends,
                               1 + static_cast<std::int64_t>(below(20)), at(step))) {
          for (std::int64_t o = range.first; o < range.end; ++o) {
            ASSERT_EQ(plain[o].state, kAvailable) << "seed " << seed << " offset " << o;
            plain[o] = {kAcquired, plain[o].count + 1, who};
            deadline[o] = step + 5;
            ASSERT_EQ(range.delivery_count, plain[o].count);
            ASSERT_LE(range.delivery_count, 3);
          }
        }
      } else if (below(5) == 0) {
        const SharePartition::Transition gone = partition.release(who);
        static_cast<void>(partition.complete(gone.number, true));
        for (auto& [offset, record] : plain) {
          if (record.state == kAcquired && record.member == who) record = {kAvailable, record.count - 1, ""};
        }
      } else {
        std::vector<AcknowledgementBatch> batches;
        for (const auto& [offset, record] : plain) {
          if (offset < partition.start() || record.state != kAcquired || record.member != who ||
              below(3) == 0)
            continue;
          batches.push_back({offset, offset + 1, static_cast<AcknowledgeType>(below(4))});
        }
        const bool works = below(4) != 0;
        const SharePartition::Transition said = partition.acknowledge(who, batches);
        ASSERT_EQ(said.error, ErrorCode::none);
        static_cast<void>(partition.complete(said.number, works));
        for (const AcknowledgementBatch& batch : batches) {
          Plain& record = plain[batch.first];
          if (!works) continue;
          record.state = batch.type == AcknowledgeType::accept ? kAcknowledged
                         : batch.type == AcknowledgeType::release
                             ? (record.count >= 3 ? kArchived : kAvailable)
                             : kArchived;
        }
      }
      for (const auto& [offset, record] : plain) {
        if (offset >= partition.start()) continue;
        ASSERT_TRUE(record.state == kAcknowledged || record.state == kArchived)
            << "seed " << seed << " passes over " << offset;
      }
      for (const ShareStateBatch& batch : partition.states()) {
        for (std::int64_t o = batch.first; o < batch.end; ++o) {
          ASSERT_EQ(batch.state, plain[o].state) << "seed " << seed << " step " << step << " offset " << o;
          ASSERT_EQ(batch.delivery_count, plain[o].count);
        }
      }
    }
  }
}

}  // namespace
}  // namespace brokersim::kafka::groups
