// Goal: the laws of groups are excused by the books of groups, and by no other internal topic.
// Method: a run with both __transaction_state and __consumer_offsets, one partition each; one of them goes beyond its budget,
// then a group has two owners of a partition in one generation.
#include <gtest/gtest.h>

#include "models/checkers/run_observer.h"
#include "tests/models/checkers/synthetic.h"

namespace brokersim::checkers::test {
namespace {

Verdict verdict_of_g1(const std::string& damaged) {
  Synthetic s;
  history::PartitionId hurt;
  for (const char* topic : {"__transaction_state", "__consumer_offsets"}) {
    history::PartitionInfo info{.topic = topic, .replicas = {1, 2, 3}, .min_insync_replicas = 1};
    info.internal = true;
    // The damaged one lives on broker 1, which loses power; the other one elsewhere.
    if (damaged == topic)
      info.replicas = {1};
    else
      info.replicas = {2, 3};
    const history::PartitionId partition = s.history.add_partition(info);
    if (damaged == topic) hurt = partition;
    s.history.record(
        history::PartitionChanged{s.at, partition, info.replicas.front(), 0, 0, info.replicas, {}});
  }
  s.elect(2, 1, {2, 3});
  const history::GroupId group = s.history.group("billing");
  std::vector<history::ClientId> members;
  for (const char* name : {"billing-0", "billing-1"}) {
    history::ClientInfo info;
    info.name = name;
    info.producer = false;
    info.group = group;
    members.push_back(s.history.add_client(info));
  }
  s.ms(100);
  s.broker(1, history::BrokerEvent::power_lost);
  for (const history::ClientId member : members) {
    s.history.record(
        history::OwnershipChanged{s.at, member, group, 1, history::OwnershipChange::assigned, {s.orders}});
  }
  return check(s.finish(2), "G1").verdict;
}

TEST(GroupExcuse, ComesFromTheBooksOfGroupsOnly) {
  EXPECT_EQ(verdict_of_g1("__consumer_offsets"), Verdict::not_applicable);
  EXPECT_EQ(verdict_of_g1("__transaction_state"), Verdict::violated);
}

}  // namespace
}  // namespace brokersim::checkers::test
