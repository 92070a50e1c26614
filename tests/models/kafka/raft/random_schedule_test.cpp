// Goal: whatever machines, disks and networks do, the laws of Raft hold of the quorum, and it works again afterwards.
// Method: random schedules over quorums of 1, 3 and 5 voters (crash, power loss that takes the unsynced tail, crash
// between two outputs of one step, loss, reordering and duplication of messages, cuts, pauses, snapshots); after each
// step invariants.h. Rules of before 4.0 and of 4.1 in turn. Planted bugs must be seen by the same laws.
#include <gtest/gtest.h>

#include "sim/check.h"
#include "tests/models/kafka/raft/small_quorum.h"

namespace brokersim::kafka::raft {
namespace {

constexpr std::uint64_t kSchedules = 100'000;
constexpr int kActs = 400;

RaftRules rules_of(std::uint64_t seed) {
  RaftRules rules;
  rules.pre_vote = seed % 2 == 0;
  rules.commit_wakes_fetch = seed % 4 < 2;
  return rules;
}
NodeId voters_of(std::uint64_t seed) {
  if (seed % 16 == 15) return 1;
  return seed % 3 == 2 ? 5 : 3;
}

TEST(RaftSchedules, LawsHoldOverAHundredThousandRandomSchedules) {
  SmallQuorum::Coverage all;
  std::int64_t elections = 0;
  std::int64_t committed = 0;
  std::uint64_t stuck = 0;
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    try {
      SmallQuorum quorum(seed, voters_of(seed), rules_of(seed));
      for (int i = 0; i < kActs; ++i) quorum.act();
      if (seed % 20 == 0 && !quorum.recovers()) ++stuck;
      elections += static_cast<std::int64_t>(quorum.laws().elections());
      committed += quorum.laws().committed();
      all.truncations += quorum.seen.truncations;
      all.snapshots += quorum.seen.snapshots;
      all.installed += quorum.seen.installed;
      all.power_losses += quorum.seen.power_losses;
      all.resignations += quorum.seen.resignations;
      all.pre_votes_lost += quorum.seen.pre_votes_lost;
      all.crashes_between_outputs += quorum.seen.crashes_between_outputs;
      all.leaders_deposed += quorum.seen.leaders_deposed;
    } catch (const sim::Bug& bug) {
      FAIL() << "schedule " << seed << ": " << bug.what();
    }
  }
  EXPECT_EQ(stuck, 0u) << "a healed quorum commits within a minute";
  // The schedules reach what they are for.
  const auto n = static_cast<std::int64_t>(kSchedules);
  EXPECT_GT(elections, n / 2);
  EXPECT_GT(committed, n);
  EXPECT_GT(all.truncations, n / 100);
  EXPECT_GT(all.snapshots, n / 100);
  EXPECT_GT(all.installed, n / 1000);
  EXPECT_GT(all.power_losses, n / 10);
  EXPECT_GT(all.resignations, n / 100);
  EXPECT_GT(all.pre_votes_lost, n / 1000);
  EXPECT_GT(all.crashes_between_outputs, n / 10);
  EXPECT_GT(all.leaders_deposed, n / 100);
}

/// Schedules until a law is broken; kSchedules if none is.
std::uint64_t first_broken(RaftBugs bugs) {
  for (std::uint64_t seed = 0; seed < kSchedules; ++seed) {
    RaftRules rules = rules_of(seed);
    rules.bugs = bugs;
    try {
      SmallQuorum quorum(seed, seed % 3 == 2 ? 5 : 3, rules);
      for (int i = 0; i < kActs; ++i) quorum.act();
    } catch (const sim::Bug&) {
      return seed;
    }
  }
  return kSchedules;
}

TEST(RaftSchedules, SeeAVoteThatIgnoresTheLog) {
  EXPECT_LT(first_broken({.vote_without_log_check = true}), kSchedules / 10);
}
TEST(RaftSchedules, SeeAVoteThatIsForgotten) {
  EXPECT_LT(first_broken({.vote_is_not_durable = true}), kSchedules / 10);
}
TEST(RaftSchedules, SeeAConfirmationBeforeTheFsync) {
  EXPECT_LT(first_broken({.confirm_before_fsync = true}), kSchedules / 10);
}
TEST(RaftSchedules, SeeACommitOfAnEarlierEpoch) {
  EXPECT_LT(first_broken({.commit_old_epochs = true}), kSchedules / 2);
}

}  // namespace
}  // namespace brokersim::kafka::raft
