// Goal: where two logs part, said with epochs only (KIP-320's rule, KIP-595).
// Method: small logs; the leader's word for a follower's position, and where the follower cuts.
#include "models/kafka/raft/epoch_log.h"

#include <gtest/gtest.h>

namespace brokersim::kafka::raft {
namespace {

/// Epoch 1: 0..4, epoch 3: 5..9, epoch 6: 10..11.
EpochLog leader_log() {
  EpochLog log;
  log.append(1, 5);
  log.append(3, 5);
  log.append(6, 2);
  return log;
}

TEST(EpochLog, APrefixDoesNotDiverge) {
  const EpochLog log = leader_log();
  EXPECT_FALSE(log.divergence({0, 0}));
  EXPECT_FALSE(log.divergence({3, 1}));
  EXPECT_FALSE(log.divergence({5, 1}));
  EXPECT_FALSE(log.divergence({10, 3}));
  EXPECT_FALSE(log.divergence({12, 6}));
}

TEST(EpochLog, SaysWhereTheFetchersEpochEnds) {
  const EpochLog log = leader_log();
  EXPECT_EQ(log.divergence({6, 1}), (OffsetEpoch{5, 1})) << "epoch 1 ended at 5";
  EXPECT_EQ(log.divergence({8, 2}), (OffsetEpoch{5, 1})) << "there was no epoch 2: the one before it";
  EXPECT_EQ(log.divergence({13, 6}), (OffsetEpoch{12, 6})) << "longer than the leader";
  EXPECT_EQ(log.divergence({8, 9}), (OffsetEpoch{12, 6})) << "a later epoch than the leader's";
}

TEST(EpochLog, TheFollowerCutsAtTheCommonEnd) {
  EpochLog follower;
  follower.append(1, 5);
  follower.append(2, 4);  // what epoch 2 wrote was never committed
  EXPECT_EQ(follower.truncation_point({5, 1}), 5);
  follower.truncate(5);
  EXPECT_EQ(follower.end(), (OffsetEpoch{5, 1}));
  EpochLog shorter;
  shorter.append(1, 3);
  EXPECT_EQ(shorter.truncation_point({5, 1}), 3) << "it never cuts beyond its end";
  EpochLog stranger;
  stranger.append(2, 4);
  EXPECT_EQ(stranger.truncation_point({5, 1}), 0) << "nothing in common";
}

TEST(EpochLog, ASnapshotStandsForWhatIsGone) {
  EpochLog log = leader_log();
  log.advance_start({7, 3});
  EXPECT_EQ(log.start(), (OffsetEpoch{7, 3}));
  EXPECT_EQ(log.end(), (OffsetEpoch{12, 6}));
  EXPECT_TRUE(log.needs_snapshot({0, 0}));
  EXPECT_TRUE(log.needs_snapshot({7, 1})) << "there, but from another history";
  EXPECT_FALSE(log.needs_snapshot({7, 3}));
  EXPECT_FALSE(log.divergence({7, 3}));
  EXPECT_EQ(log.epoch_before(7), 3);
  EXPECT_EQ(log.epoch_before(10), 3);
  EXPECT_EQ(log.epoch_before(11), 6);
  log.advance_start({12, 6});
  EXPECT_EQ(log.end(), (OffsetEpoch{12, 6})) << "an empty log remembers its last epoch";
}

}  // namespace
}  // namespace brokersim::kafka::raft
