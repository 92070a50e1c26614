// Goal: when who leads, to the nanosecond: fetch timeout, pre-vote, check of the quorum, hand-over, votes.
// Method: SmallQuorum, fair and prompt: every message takes 1 ms, disks take nothing. Rules of 4.1 unless said otherwise.
#include <gtest/gtest.h>

#include "models/kafka/raft/quorum_epoch.h"
#include "models/kafka/raft/vote.h"
#include "tests/models/kafka/raft/small_quorum.h"

namespace brokersim::kafka::raft {
namespace {

using sim::Duration;
using sim::SimTime;
using namespace sim::literals;

/// Three voters that have agreed on a leader. One follower has not heard it for the last 300 ms, so that the patience
/// of the two ends at different times.
struct Cell {
  explicit Cell(std::uint64_t seed, RaftRules rules = {}) : quorum(seed, 3, rules) {
    quorum.run_fair(5_s);
    leader = quorum.leader().value();
    first = (leader + 1) % 3;
    second = (leader + 2) % 3;
    quorum.cut(first, leader, true);
    quorum.run_fair(800_ms);
    quorum.cut(first, leader, false);
  }
  void run_to(SimTime at) { quorum.run_fair(at - quorum.now()); }
  SmallQuorum quorum;
  NodeId leader = 0;
  NodeId first = 0;  ///< The follower whose patience ends first.
  NodeId second = 0;
};

TEST(RaftElection, ADeadLeaderIsMissedAfterTheFetchTimeout) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Cell cell(seed);
    const SimTime died = cell.quorum.now();
    cell.quorum.crash(cell.leader, false);
    const SimTime first = cell.quorum.node(cell.first)->deadline;
    const SimTime second = cell.quorum.node(cell.second)->deadline;
    ASSERT_LT(first, second);
    EXPECT_LE(second, died + 2_s);
    cell.run_to(first);
    EXPECT_EQ(cell.quorum.node(cell.first)->role, Role::follower);
    cell.run_to(first + 1_ns);
    EXPECT_EQ(cell.quorum.node(cell.first)->role, Role::prospective);
    EXPECT_EQ(cell.quorum.node(cell.first)->election.epoch, cell.quorum.node(cell.second)->election.epoch)
        << "a pre-vote raises no epoch";
    // The second has fetched from its leader, so it refuses until its own patience ends; then it is elected by the
    // first: pre-vote and vote, a way there and back each.
    cell.run_to(second + 4_ms);
    EXPECT_FALSE(cell.quorum.leader().has_value());
    cell.run_to(second + 4_ms + 1_ns);
    EXPECT_TRUE(cell.quorum.leader().has_value()) << "seed " << seed;
  }
}

// Both followers are answered by the same append, so they often miss the leader together: nobody gets a majority until
// the election timeout of one is over (K01: 1 to 2 s more for a split vote).
TEST(RaftElection, FollowersThatMissTheLeaderTogetherSplitTheVote) {
  SmallQuorum quorum(1, 3, {});
  quorum.run_fair(5_s);
  const NodeId leader = quorum.leader().value();
  const NodeId one = (leader + 1) % 3;
  const NodeId other = (leader + 2) % 3;
  quorum.crash(leader, false);
  const SimTime missed = quorum.node(one)->deadline;
  ASSERT_EQ(quorum.node(other)->deadline, missed);
  quorum.run_fair(missed + 3_ms - quorum.now());
  EXPECT_EQ(quorum.node(one)->role, Role::candidate);
  EXPECT_EQ(quorum.node(other)->role, Role::candidate);
  const SimTime next = std::min(quorum.node(one)->deadline, quorum.node(other)->deadline);
  EXPECT_GE(next, missed + 1_s);
  EXPECT_LT(next, missed + 2_s + 3_ms);
  quorum.run_fair(next + 4_ms - quorum.now());
  EXPECT_FALSE(quorum.leader().has_value());
  quorum.run_fair(1_ms);
  EXPECT_TRUE(quorum.leader().has_value());
}

TEST(RaftElection, BeforePreVoteTheFirstToMissTheLeaderRaisesTheEpoch) {
  RaftRules rules;
  rules.pre_vote = false;
  Cell cell(3, rules);
  const std::int32_t epoch = cell.quorum.node(cell.leader)->election.epoch;
  cell.quorum.crash(cell.leader, false);
  const SimTime first = cell.quorum.node(cell.first)->deadline;
  cell.run_to(first + 2_ms + 1_ns);
  EXPECT_EQ(cell.quorum.leader(), cell.first) << "a vote there and back";
  EXPECT_EQ(cell.quorum.node(cell.first)->election.epoch, epoch + 1);
}

// KIP-996: a follower that cannot hear the leader does not depose it.
TEST(RaftElection, ACutOffFollowerDisturbsNobodyWithPreVote) {
  for (const bool pre_vote : {true, false}) {
    RaftRules rules;
    rules.pre_vote = pre_vote;
    Cell cell(5, rules);
    const std::int32_t epoch = cell.quorum.node(cell.leader)->election.epoch;
    cell.quorum.cut(cell.first, cell.leader, true);  // it still hears the other follower
    cell.quorum.run_fair(20_s);
    if (pre_vote) {
      EXPECT_EQ(cell.quorum.leader(), cell.leader);
      EXPECT_EQ(cell.quorum.node(cell.leader)->election.epoch, epoch);
    } else {
      EXPECT_GT(cell.quorum.node(cell.second)->election.epoch, epoch)
          << "before, it raises the epoch again and again";
    }
  }
}

// KAFKA-15489: 1.5 fetch timeouts without a fetch of a majority.
TEST(RaftElection, ALeaderWithoutAMajorityResignsOnTime) {
  Cell cell(7);
  cell.quorum.isolate(cell.leader, true);
  const SimTime deadline = cell.quorum.node(cell.leader)->deadline;
  EXPECT_GT(deadline, cell.quorum.now() + 2'400_ms);
  EXPECT_LE(deadline, cell.quorum.now() + 3_s);
  cell.run_to(deadline);
  EXPECT_EQ(cell.quorum.node(cell.leader)->role, Role::leader);
  cell.run_to(deadline + 1_ns);
  EXPECT_EQ(cell.quorum.node(cell.leader)->role, Role::resigned);

  RaftRules old;
  old.check_quorum = false;
  Cell before(7, old);
  before.quorum.isolate(before.leader, true);
  before.quorum.run_fair(60_s);
  EXPECT_EQ(before.quorum.node(before.leader)->role, Role::leader) << "before 3.7 it believes for ever";
}

// EndQuorumEpoch: the first successor stands at once, and is elected a few messages later.
TEST(RaftElection, ALeaderThatShutsDownHandsOver) {
  Cell cell(9);
  const SimTime asked = cell.quorum.now();
  cell.quorum.shut_down(cell.leader);
  EXPECT_EQ(cell.quorum.node(cell.leader)->role, Role::resigned);
  EXPECT_FALSE(may_stop(*cell.quorum.node(cell.leader)));
  cell.run_to(asked + 8_ms);
  ASSERT_TRUE(cell.quorum.leader().has_value());
  EXPECT_NE(*cell.quorum.leader(), cell.leader);
  EXPECT_TRUE(may_stop(*cell.quorum.node(cell.leader))) << "it has been told of the new one";
}

TEST(RaftElection, SuccessorsWaitInOrder) {
  const std::vector<NodeId> five{4, 2, 1, 3};
  EXPECT_EQ(end_epoch_backoff(five, 4, 1_s), Duration{});
  EXPECT_EQ(end_epoch_backoff(five, 2, 1_s), 125_ms);
  EXPECT_EQ(end_epoch_backoff(five, 1, 1_s), 250_ms);
  EXPECT_EQ(end_epoch_backoff(five, 3, 1_s), 500_ms);
  EXPECT_EQ(end_epoch_backoff(five, 0, 1_s), Duration{}) << "not listed: at once";
  EXPECT_EQ(end_epoch_backoff({1, 2}, 2, 1_s), 500_ms);
}

// Raft section 5.4.1: a vote goes to a log that is not behind.
TEST(RaftElection, AVoteGoesToALogThatIsNotBehind) {
  sim::Fingerprint fingerprint;
  const sim::Stream dice(fingerprint, 1, 1, "raft");
  EpochLog log;
  log.append(1, 5);
  log.append(3, 2);  // ends at 7, epoch 3
  Node node = make_node({}, 0, 3, dice, {4, kNoNode, kNoNode}, log, {});
  EXPECT_TRUE(may_vote(node, 1, {7, 3}, false)) << "as long";
  EXPECT_TRUE(may_vote(node, 1, {1, 4}, false)) << "a later epoch wins over length";
  EXPECT_FALSE(may_vote(node, 1, {6, 3}, false)) << "shorter";
  EXPECT_FALSE(may_vote(node, 1, {90, 2}, false)) << "an earlier epoch, however long";
  node.election.voted_for = 2;
  EXPECT_FALSE(may_vote(node, 1, {7, 3}, false)) << "one vote an epoch";
  EXPECT_TRUE(may_vote(node, 2, {7, 3}, false)) << "the same again";
  node.election = {4, kNoNode, 2};
  EXPECT_FALSE(may_vote(node, 1, {7, 3}, false)) << "the epoch has its leader";
  EXPECT_TRUE(may_vote(node, 1, {7, 3}, true)) << "a pre-vote promises nothing";
  node.role = Role::follower;
  node.fetched_from_leader = true;
  EXPECT_FALSE(may_vote(node, 1, {7, 3}, true)) << "but not against a leader that answers";
}

TEST(RaftReplication, ALaggingVoterGetsASnapshot) {
  Cell cell(11);
  cell.quorum.crash(cell.first, false);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(cell.quorum.propose(cell.leader, 2));
    cell.quorum.run_fair(100_ms);
  }
  cell.quorum.snapshot(cell.leader);
  ASSERT_EQ(cell.quorum.seen.snapshots, 1);
  const OffsetEpoch made = cell.quorum.node(cell.leader)->latest_snapshot;
  EXPECT_EQ(made.offset, cell.quorum.node(cell.leader)->log.end_offset());
  cell.quorum.restart(cell.first);
  cell.quorum.run_fair(1_s);
  EXPECT_EQ(cell.quorum.seen.installed, 1);
  EXPECT_EQ(cell.quorum.node(cell.first)->log.start(), made);
  EXPECT_EQ(cell.quorum.node(cell.first)->log.end_offset(), made.offset);
  EXPECT_EQ(cell.quorum.node(cell.first)->high_watermark, made.offset);
}

}  // namespace
}  // namespace brokersim::kafka::raft
