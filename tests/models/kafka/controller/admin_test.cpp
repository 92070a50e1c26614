// Goal: what an administrator can ask the controller: KIP-460 (ElectLeaders) and KIP-455 (reassignment), with KAFKA-15665.
// Method: an image with five brokers and one partition on 0, 1, 2; each request's change is compared as text.
#include <gtest/gtest.h>

#include <string>

#include "models/kafka/controller/partition_changes.h"

namespace brokersim::kafka::controller {
namespace {

using wire::ErrorCode;

std::string text(const std::vector<BrokerId>& list) {
  std::string out = "[";
  for (const BrokerId broker : list) out += (out.size() > 1 ? "," : "") + std::to_string(broker);
  return out + "]";
}

std::string text(const wire::PartitionState& s) {
  return "replicas " + text(s.replicas) + " isr " + text(s.isr) + " leader " + std::to_string(s.leader) +
         "/" + std::to_string(s.leader_epoch) + " adding " + text(s.adding) + " removing " + text(s.removing);
}

struct Cluster {
  wire::ClusterImage image;
  PartitionSpecs specs;
  ElectionRules rules;

  Cluster() {
    for (BrokerId broker = 0; broker < 5; ++broker) set_broker(broker, /*fenced=*/false);
    wire::PartitionState state;
    state.partition = {0};
    state.replicas = {0, 1, 2};
    state.isr = {0, 1, 2};
    state.leader = 0;
    set(state);
    specs = by_number({{{0}, {0, 1, 2}, 2, false}});
    rules.eligible_leader_replicas = false;
  }
  void set_broker(BrokerId broker, bool fenced) {
    wire::MetadataRecord record;
    record.kind = wire::RecordKind::broker;
    record.broker.broker = broker;
    record.broker.fenced = fenced;
    image.apply(record);
  }
  void set(const wire::PartitionState& state) {
    wire::MetadataRecord record;
    record.kind = wire::RecordKind::partition;
    record.partition = state;
    image.apply(record);
  }
  const wire::PartitionState& state() { return *image.partition({0}); }
  /// Applies the change; its text, or the error.
  std::string reassign(const std::vector<BrokerId>& replicas) {
    ChangedPartitions changes;
    const ErrorCode error = reassign_one({image, specs, rules}, {0}, replicas, changes);
    if (error != ErrorCode::none) return wire::name(error);
    if (changes.empty()) return "same";
    set(changes.front().state);
    return text(state());
  }
  /// The leader proposes an ISR.
  std::string isr(const std::vector<BrokerId>& members) {
    ChangeRequest request;
    request.isr = members;
    request.min_isr = 2;
    const auto changed = change_partition(state(), request, Candidates{image}, rules);
    if (!changed) return "same";
    set(changed->state);
    return text(state());
  }
  std::string elect(bool unclean) {
    ChangedPartitions changes;
    const ErrorCode error = elect_one({image, specs, rules}, {0}, unclean, changes);
    if (error != ErrorCode::none) return wire::name(error);
    set(changes.front().state);
    return text(state()) + (changes.front().unclean ? " unclean" : "");
  }
};

TEST(Reassignment, OldReplicasGoWhenEveryNewOneIsInTheIsr) {
  Cluster c;
  EXPECT_EQ(c.reassign({3, 4, 2}), "replicas [3,4,2,0,1] isr [0,1,2] leader 0/0 adding [3,4] removing [0,1]");
  EXPECT_EQ(c.isr({0, 1, 2, 3}), "replicas [3,4,2,0,1] isr [0,1,2,3] leader 0/0 adding [3,4] removing [0,1]")
      << "KAFKA-15665: one new replica is not enough";
  EXPECT_EQ(c.isr({0, 1, 2, 3, 4}), "replicas [3,4,2] isr [2,3,4] leader 3/1 adding [] removing []")
      << "the leader went too, so the first of the new assignment leads";
}

TEST(Reassignment, ALeaderThatStaysKeepsTheLeadInANewEpoch) {
  Cluster c;
  EXPECT_EQ(c.reassign({0, 3, 4}), "replicas [0,3,4,1,2] isr [0,1,2] leader 0/0 adding [3,4] removing [1,2]");
  EXPECT_EQ(c.isr({0, 1, 2, 3, 4}), "replicas [0,3,4] isr [0,3,4] leader 0/1 adding [] removing []")
      << "replicas that went may not count in the old epoch";
}

TEST(Reassignment, ASmallerAssignmentIsDoneAtOnce) {
  Cluster c;
  EXPECT_EQ(c.reassign({0, 1}), "replicas [0,1] isr [0,1] leader 0/1 adding [] removing []");
}

TEST(Reassignment, CancelRestores) {
  Cluster c;
  EXPECT_EQ(c.reassign({}), "NO_REASSIGNMENT_IN_PROGRESS");
  (void)c.reassign({3, 1, 2});
  (void)c.isr({0, 1, 2});
  EXPECT_EQ(c.reassign({}), "replicas [1,2,0] isr [0,1,2] leader 0/1 adding [] removing []")
      << "replica 3 is dropped, and with it the epoch";
}

// A broker that is down is registered, so it may be named: the reassignment then waits for it.
TEST(Reassignment, OnlyToRegisteredBrokersAndNobodyTwice) {
  Cluster c;
  EXPECT_EQ(c.reassign({0, 0, 1}), "INVALID_REPLICA_ASSIGNMENT");
  EXPECT_EQ(c.reassign({0, 1, 5}), "INVALID_REPLICA_ASSIGNMENT") << "nobody has ever registered as broker 5";
  c.set_broker(4, /*fenced=*/true);
  EXPECT_EQ(c.reassign({0, 1, 4}), "replicas [0,1,4,2] isr [0,1,2] leader 0/0 adding [4] removing [2]");
  ChangedPartitions none;
  EXPECT_EQ(reassign_one({c.image, c.specs, c.rules}, {7}, {0}, none), ErrorCode::unknown_topic_or_partition);
}

TEST(ElectLeaders, PreferredIsTheFirstReplicaIfItMayLead) {
  Cluster c;
  EXPECT_EQ(c.elect(false), "ELECTION_NOT_NEEDED");
  wire::PartitionState state = c.state();
  state.leader = 1;
  c.set(state);
  EXPECT_EQ(c.elect(false), "replicas [0,1,2] isr [0,1,2] leader 0/1 adding [] removing []");
  state.isr = {1, 2};
  c.set(state);
  EXPECT_EQ(c.elect(false), "PREFERRED_LEADER_NOT_AVAILABLE");
}

TEST(ElectLeaders, UncleanOnlyWhereNobodyLeads) {
  Cluster c;
  EXPECT_EQ(c.elect(true), "ELECTION_NOT_NEEDED");
  wire::PartitionState state = c.state();
  state.leader = -1;
  state.isr = {0};
  c.set(state);
  c.set_broker(0, /*fenced=*/true);
  EXPECT_EQ(c.elect(true), "replicas [0,1,2] isr [1] leader 1/1 adding [] removing [] unclean");
  state.leader = -1;
  c.set(state);
  for (const BrokerId broker : {1, 2}) c.set_broker(broker, /*fenced=*/true);
  EXPECT_EQ(c.elect(true), "ELIGIBLE_LEADERS_NOT_AVAILABLE");
}

}  // namespace
}  // namespace brokersim::kafka::controller
