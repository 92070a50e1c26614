// Goal: the leader names the replica that RackAwareReplicaSelector would (KIP-392). Method: one leader, two followers with
// given log ends, racks by broker id.
#include "models/kafka/replication/read_replica.h"

#include <gtest/gtest.h>

namespace brokersim::kafka::replication {
namespace {
using namespace sim::literals;
using sim::SimTime;

const std::vector<std::int32_t> kRacks = {0, 1, 2};

Leader leader_of(const std::vector<BrokerId>& isr) {
  wire::PartitionState state;
  state.partition = {0};
  state.replicas = {0, 1, 2};
  state.isr = isr;
  state.leader = 0;
  state.leader_epoch = 1;
  return Leader(state, 0, 10, 10, {}, {});
}

TEST(ReadReplica, TheFollowerInTheClientsRackIsNamed) {
  Leader leader = leader_of({0, 1, 2});
  leader.fetched(1, 10, 0, 5, 10, SimTime{} + 1_ms);
  leader.fetched(2, 10, 0, 5, 10, SimTime{} + 1_ms);
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 1, 4), 1);
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 2, 4), 2);
}

TEST(ReadReplica, TheLeaderServesItsOwnRackAndWhoeverNamesNoneThatABrokerIsIn) {
  Leader leader = leader_of({0, 1, 2});
  leader.fetched(1, 10, 0, 5, 10, SimTime{} + 1_ms);
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 0, 4), -1);
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, -1, 4), -1);
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 7, 4), -1);
  EXPECT_EQ(preferred_read_replica(leader, 0, {0, 0, 0}, 0, 4), -1)
      << "a follower there does not outdo the leader";
}

// KAFKA-14372, and the condition on the ISR that came with it.
TEST(ReadReplica, WhoLacksTheOffsetOrIsOutOfSyncIsNotNamed) {
  Leader leader = leader_of({0, 2});
  leader.fetched(1, 10, 0, 5, 10, SimTime{} + 1_ms);
  leader.fetched(2, 6, 3, 5, 10, SimTime{} + 1_ms);
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 1, 4), -1) << "complete, but not in the ISR";
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 2, 6), 2) << "at its very end it may wait for more";
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 2, 7), -1) << "it ends before";
  EXPECT_EQ(preferred_read_replica(leader, 0, kRacks, 2, 2), -1) << "it begins behind";
}

TEST(ReadReplica, OfSeveralInTheRackTheOneThatIsFurthestThenTheOneThatWasInSyncLastThenTheHighestId) {
  const std::vector<std::int32_t> two = {0, 1, 1};
  Leader leader = leader_of({0, 1, 2});
  leader.fetched(1, 9, 0, 5, 10, SimTime{} + 1_ms);
  leader.fetched(2, 8, 0, 5, 10, SimTime{} + 1_ms);
  EXPECT_EQ(preferred_read_replica(leader, 0, two, 1, 4), 1);
  leader.fetched(1, 10, 0, 5, 10, SimTime{} + 3_ms);
  leader.fetched(2, 10, 0, 5, 10, SimTime{} + 2_ms);
  EXPECT_EQ(preferred_read_replica(leader, 0, two, 1, 4), 1) << "caught up a millisecond later";
  leader.fetched(2, 10, 0, 5, 10, SimTime{} + 3_ms);
  EXPECT_EQ(preferred_read_replica(leader, 0, two, 1, 4), 2);
}

}  // namespace
}  // namespace brokersim::kafka::replication
