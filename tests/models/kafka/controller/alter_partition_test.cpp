// Goal: every error of AlterPartition, in the order in which Kafka asks (kafka-behaviour.md section 5.4).
// Method: partition 0 on 0, 1, 2, led by 0 in leader epoch 5, partition epoch 9, ISR {0, 1}; one request per rule.
#include "models/kafka/controller/alter_partition.h"

#include <gtest/gtest.h>

#include "tests/models/kafka/controller/builders.h"

namespace brokersim::kafka::controller {
namespace {

using wire::ErrorCode;

wire::ClusterImage cluster() {
  wire::ClusterImage image = brokers(4, {0, 1, 2, 3});
  put_partition(image, partition({0, 1}, 0));
  return image;
}

wire::AlterPartitionPart part(std::vector<wire::IsrMember> isr, std::int32_t leader_epoch = 5,
                              std::int32_t partition_epoch = 9) {
  return {{0}, leader_epoch, partition_epoch, std::move(isr)};
}

TEST(AlterPartition, AcceptsExpandAndShrinkByTheLeader) {
  const wire::ClusterImage image = cluster();
  EXPECT_EQ(validate_alter_partition(image, 0, part({{0, 100}, {1, 101}, {2, 102}})), ErrorCode::none);
  EXPECT_EQ(validate_alter_partition(image, 0, part({{0, 100}})), ErrorCode::none);
  EXPECT_EQ(validate_alter_partition(image, 0, part({{0, -1}, {2, -1}})), ErrorCode::none)
      << "epoch -1 is not checked";
}

TEST(AlterPartition, RefusesWhatItDoesNotKnow) {
  wire::AlterPartitionPart unknown = part({{0, 100}});
  unknown.partition = {7};
  EXPECT_EQ(validate_alter_partition(cluster(), 0, unknown), ErrorCode::unknown_topic_or_partition);
}

TEST(AlterPartition, EpochsAboveOursMeanANewerController) {
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}}, 6, 9)), ErrorCode::not_controller);
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}}, 5, 10)), ErrorCode::not_controller);
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}}, 4, 10)), ErrorCode::not_controller)
      << "asked before the old leader epoch";
}

TEST(AlterPartition, OldEpochsAreFenced) {
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}}, 4, 9)), ErrorCode::fenced_leader_epoch);
  EXPECT_EQ(validate_alter_partition(cluster(), 1, part({{1, 101}}, 4, 9)), ErrorCode::fenced_leader_epoch)
      << "asked before who leads";
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}}, 5, 8)), ErrorCode::invalid_update_version)
      << "I01: a request sent again after it was committed";
}

TEST(AlterPartition, OnlyTheLeaderMayAsk) {
  EXPECT_EQ(validate_alter_partition(cluster(), 1, part({{0, 100}, {1, 101}})), ErrorCode::invalid_request);
  EXPECT_EQ(validate_alter_partition(cluster(), 1, part({{1, 101}}, 5, 8)), ErrorCode::invalid_request)
      << "asked before the partition epoch";
}

TEST(AlterPartition, TheIsrMustMakeSense) {
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({})), ErrorCode::invalid_request) << "empty";
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}, {3, 103}})), ErrorCode::invalid_request)
      << "a stranger";
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}, {1, 101}, {0, 100}})),
            ErrorCode::invalid_request)
      << "twice";
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{1, 101}})), ErrorCode::invalid_request)
      << "without its leader";
}

// I05, KIP-841: before 3.3 the fenced or departing replica was let in, and the ISR held a dead member.
TEST(AlterPartition, FencedAndDepartingBrokersAreIneligible) {
  wire::ClusterImage image = cluster();
  put_broker(image, {2, 102, 1'002, /*fenced=*/true, false});
  EXPECT_EQ(validate_alter_partition(image, 0, part({{0, 100}, {2, 102}})), ErrorCode::ineligible_replica);
  put_broker(image, {2, 102, 1'002, false, /*in_controlled_shutdown=*/true});
  EXPECT_EQ(validate_alter_partition(image, 0, part({{0, 100}, {2, 102}})), ErrorCode::ineligible_replica);
  EXPECT_EQ(validate_alter_partition(image, 0, part({{0, 100}, {1, 101}})), ErrorCode::none)
      << "the others are not affected";
}

// KIP-903: a follower that restarted since the leader saw it may have lost what the leader counts on.
TEST(AlterPartition, ARestartedBrokerIsIneligibleUntilItFetchesAgain) {
  EXPECT_EQ(validate_alter_partition(cluster(), 0, part({{0, 100}, {2, 55}})), ErrorCode::ineligible_replica);
}

// The same requests under the rules before 3.3 and before 3.5: accepted.
TEST(AlterPartition, OldRulesLetThemIn) {
  wire::ClusterImage image = cluster();
  put_broker(image, {2, 102, 1'002, /*fenced=*/true, false});
  const auto fenced = part({{0, 100}, {2, 102}});
  EXPECT_EQ(validate_alter_partition(image, 0, fenced, {/*only_active=*/false, true}), ErrorCode::none);
  const auto restarted = part({{0, 100}, {2, 55}});
  EXPECT_EQ(validate_alter_partition(cluster(), 0, restarted, {true, /*broker_epoch=*/false}), ErrorCode::none);
}

TEST(AlterPartition, AnUnregisteredBrokerIsIneligible) {
  wire::ClusterImage image = brokers(2, {0, 1});
  put_partition(image, partition({0, 1}, 0));
  EXPECT_EQ(validate_alter_partition(image, 0, part({{0, 100}, {2, -1}})), ErrorCode::ineligible_replica);
}

}  // namespace
}  // namespace brokersim::kafka::controller
