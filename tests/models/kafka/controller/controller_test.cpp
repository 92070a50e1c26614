// Goal: registration, unfencing, fencing, controlled shutdown, topics and producer ids, as records.
// Method: the state machine alone; time is a value, records are looked at as they come.
#include "models/kafka/controller/controller.h"

#include <gtest/gtest.h>

#include "models/kafka/controller/invariants.h"
#include "tests/models/kafka/controller/builders.h"

namespace brokersim::kafka::controller {
namespace {

using sim::SimTime;
using wire::ErrorCode;
using namespace sim::literals;

constexpr SimTime kStart{};

class ControllerTest : public ::testing::Test {
 protected:
  static ControllerRules rules(Version version = Version::v4_1, bool elr = true) {
    BrokerConfig config;
    config.eligible_leader_replicas = elr;
    return controller_rules(version, config);
  }
  void make(const ControllerRules& r, std::vector<PartitionSpec> specs = {{{0}, {0, 1, 2}, 2, false}}) {
    controller = std::make_unique<Controller>(r, specs);
    controller->activate(kStart);
  }
  wire::BrokerRegistrationResponse register_broker(BrokerId id, std::uint64_t incarnation, SimTime now,
                                                   std::int64_t previous_epoch = -1) {
    wire::BrokerRegistrationRequest request;
    request.broker = id;
    request.incarnation = incarnation;
    request.previous_broker_epoch = previous_epoch;
    return controller->register_broker(request, now, records);
  }
  wire::BrokerHeartbeatResponse heartbeat(BrokerId id, SimTime now, std::int64_t offset = 1'000,
                                          bool shut_down = false) {
    wire::BrokerHeartbeatRequest request;
    request.broker = id;
    request.broker_epoch = controller->image().broker(id)->broker_epoch;
    request.metadata_offset = offset;
    request.want_shut_down = shut_down;
    controller->heartbeat_arrived(request, now);
    return controller->heartbeat(request, now, records);
  }
  /// Brokers 0, 1, 2 registered and unfenced at `now`.
  void all_up(SimTime now = kStart) {
    for (BrokerId id = 0; id < 3; ++id) (void)register_broker(id, 10 + static_cast<std::uint64_t>(id), now);
    for (BrokerId id = 0; id < 3; ++id) (void)heartbeat(id, now);
  }
  void alter(BrokerId leader, std::vector<BrokerId> isr) {
    wire::AlterPartitionRequest request;
    request.broker = leader;
    request.broker_epoch = controller->image().broker(leader)->broker_epoch;
    wire::AlterPartitionPart part{{0}, state().leader_epoch, state().partition_epoch, {}};
    for (const BrokerId id : isr) part.new_isr.push_back({id, -1});
    request.parts.push_back(part);
    const auto response = controller->alter_partition(request, records);
    ASSERT_EQ(response.results.front().error, ErrorCode::none);
    EXPECT_EQ(response.results.front().state.isr, isr);
  }
  const wire::PartitionState& state() const { return *controller->image().partition({0}); }

  std::unique_ptr<Controller> controller;
  Records records;
};

TEST_F(ControllerTest, ARegistrationIsFencedAndItsEpochIsItsOffset) {
  make(rules());
  const auto first = register_broker(0, 10, kStart);
  const auto second = register_broker(1, 11, kStart);
  EXPECT_EQ(first.broker_epoch, 0);
  EXPECT_EQ(second.broker_epoch, 1);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_TRUE(controller->image().broker(0)->fenced);
  EXPECT_FALSE(controller->image().is_active(0));
}

TEST_F(ControllerTest, UnfencedByAHeartbeatThatHasAppliedTheRegistration) {
  make(rules());
  (void)register_broker(0, 10, kStart);
  auto response = heartbeat(0, kStart + 1_s, /*offset=*/-1);
  EXPECT_FALSE(response.caught_up);
  EXPECT_TRUE(response.fenced);
  response = heartbeat(0, kStart + 1_s, 0);
  EXPECT_TRUE(response.caught_up);
  EXPECT_FALSE(response.fenced);
  EXPECT_TRUE(controller->image().is_active(0));
  EXPECT_EQ(controller->next_expiry(), kStart + 10_s);
}

TEST_F(ControllerTest, AStaleBrokerEpochIsNotHeard) {
  make(rules());
  all_up();
  wire::BrokerHeartbeatRequest request;
  request.broker = 0;
  request.broker_epoch = 77;
  controller->heartbeat_arrived(request, kStart + 8_s);
  EXPECT_EQ(controller->heartbeat(request, kStart + 8_s, records).error, ErrorCode::stale_broker_epoch);
  EXPECT_EQ(controller->next_expiry(), kStart + 9_s);
  request.broker = 5;
  controller->heartbeat_arrived(request, kStart + 8_s);
  EXPECT_EQ(controller->heartbeat(request, kStart + 8_s, records).error, ErrorCode::stale_broker_epoch)
      << "never registered";
  wire::AlterPartitionRequest alter_request;
  alter_request.broker = 0;
  alter_request.broker_epoch = 77;
  EXPECT_EQ(controller->alter_partition(alter_request, records).error, ErrorCode::stale_broker_epoch);
}

// A crash followed by an instant restart still costs the whole session (kafka-behaviour.md section 5.2).
TEST_F(ControllerTest, ANewIncarnationWaitsForTheOldSession) {
  make(rules());
  all_up();
  EXPECT_EQ(register_broker(0, 99, kStart + 9_s - 1_ns).error, ErrorCode::duplicate_broker_registration);
  EXPECT_EQ(state().leader, 0) << "the old leadership stays assigned";
  EXPECT_EQ(register_broker(0, 10, kStart + 1_s).broker_epoch, 0)
      << "the same process asking again keeps its epoch";
  EXPECT_EQ(register_broker(0, 99, kStart + 9_s).error, ErrorCode::none);
}

TEST_F(ControllerTest, FencingMovesEveryLeadershipAndFencesOneBrokerPerCall) {
  make(rules(), {{{0}, {0, 1, 2}, 2, false}, {{1}, {0, 2, 1}, 2, false}, {{2}, {1, 2, 0}, 2, false}});
  all_up();
  (void)heartbeat(2, kStart + 5_s);
  records.clear();
  EXPECT_FALSE(controller->fence_one(kStart + 9_s - 1_ns, records));
  EXPECT_TRUE(controller->fence_one(kStart + 9_s, records));
  ASSERT_EQ(records.size(), 4u) << "three partitions and the broker";
  EXPECT_EQ(describe(state()), "leader 1/1 isr [1,2] elr [] last []");
  EXPECT_EQ(describe(*controller->image().partition({1})), "leader 2/1 isr [2,1] elr [] last []");
  EXPECT_EQ(describe(*controller->image().partition({2})), "leader 1/0 isr [1,2] elr [] last []");
  EXPECT_TRUE(controller->image().is_active(1)) << "silent as long, but fenced by the next call";
  EXPECT_TRUE(controller->fence_one(kStart + 9_s, records));
  EXPECT_EQ(describe(state()), "leader 2/2 isr [2] elr [1] last []");
  EXPECT_FALSE(controller->fence_one(kStart + 9_s, records));
  EXPECT_EQ(controller->next_expiry(), kStart + 14_s);
}

// D08 and D09: what dropping the last complete follower means without and with ELR.
TEST_F(ControllerTest, LastReplicaStanding) {
  for (const bool elr : {false, true}) {
    make(rules(Version::v4_1, elr));
    records.clear();
    all_up();
    alter(0, {0, 1});  // C out
    alter(0, {0});     // B out, below min ISR
    EXPECT_EQ(describe(state()),
              elr ? "leader 0/0 isr [0] elr [1] last []" : "leader 0/0 isr [0] elr [] last []");
    (void)heartbeat(1, kStart + 8_s);
    (void)heartbeat(2, kStart + 8_s);
    ASSERT_TRUE(controller->fence_one(kStart + 9_s, records));
    EXPECT_EQ(describe(state()),
              elr ? "leader 1/1 isr [1] elr [0] last []" : "leader -1/1 isr [0] elr [] last []");
    // A comes back unclean.
    EXPECT_EQ(register_broker(0, 99, kStart + 20_s).error, ErrorCode::none);
    EXPECT_EQ(describe(state()),
              elr ? "leader 1/1 isr [1] elr [] last []" : "leader -1/1 isr [0] elr [] last []");
    (void)heartbeat(0, kStart + 21_s);
    EXPECT_EQ(describe(state()),
              elr ? "leader 1/1 isr [1] elr [] last []" : "leader 0/2 isr [0] elr [] last []");
    check_partitions({controller->image(), controller->specs(), controller->rules().election});
  }
}

// D05 with ELR: all three lose power; the last known leader is elected when it is back, recovering.
TEST_F(ControllerTest, EverybodyLosesPower) {
  make(rules());
  all_up();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(controller->fence_one(kStart + 9_s, records));
  EXPECT_EQ(describe(state()), "leader -1/3 isr [] elr [1,2] last [2]")
      << "2 was alone at the end, 1 still eligible";
  for (BrokerId id = 0; id < 3; ++id)
    (void)register_broker(id, 90 + static_cast<std::uint64_t>(id), kStart + 60_s);
  EXPECT_EQ(describe(state()), "leader -1/3 isr [] elr [] last [2]");
  (void)heartbeat(0, kStart + 61_s);
  (void)heartbeat(1, kStart + 61_s);
  EXPECT_EQ(state().leader, -1) << "only the last leader will do";
  (void)heartbeat(2, kStart + 61_s);
  EXPECT_EQ(describe(state()), "leader 2/4 isr [2] elr [] last [] recovering");
  EXPECT_TRUE(records.back().unclean);
  alter(2, {2, 0});
  EXPECT_FALSE(state().recovering);
}

// KAFKA-18106: clean iff the new incarnation names the last broker epoch; 3.9 with ELR never believes it.
TEST_F(ControllerTest, ACleanRestartKeepsEligibility) {
  for (const Version version : {Version::v3_9, Version::v4_0, Version::v4_1}) {
    make(rules(version, /*elr=*/true));
    records.clear();
    all_up();
    alter(0, {0, 1});
    (void)heartbeat(0, kStart + 8_s);
    (void)heartbeat(2, kStart + 8_s);
    ASSERT_TRUE(controller->fence_one(kStart + 9_s, records));
    ASSERT_EQ(describe(state()), "leader 0/0 isr [0] elr [1] last []");
    const std::int64_t epoch = controller->image().broker(1)->broker_epoch;
    (void)register_broker(1, 99, kStart + 10_s, epoch);
    EXPECT_EQ(state().elr.empty(), version == Version::v3_9);
  }
}

TEST_F(ControllerTest, ControlledShutdownHandsOverThenLetsGo) {
  make(rules());
  all_up();
  records.clear();
  auto response = heartbeat(0, kStart + 1_s, 1'000, /*shut_down=*/true);
  EXPECT_FALSE(response.should_shut_down);
  EXPECT_FALSE(response.fenced);
  ASSERT_EQ(records.size(), 2u) << "the broker's state and the partition, in one event";
  EXPECT_TRUE(controller->image().broker(0)->in_controlled_shutdown);
  EXPECT_EQ(describe(state()), "leader 1/1 isr [1,2] elr [] last []");
  wire::AlterPartitionRequest request;  // I05: its last fetch may not bring it back
  request.broker = 1;
  request.broker_epoch = controller->image().broker(1)->broker_epoch;
  request.parts.push_back({{0}, 1, state().partition_epoch, {{1, -1}, {2, -1}, {0, -1}}});
  EXPECT_EQ(controller->alter_partition(request, records).results.front().error,
            ErrorCode::ineligible_replica);

  const std::int64_t hand_over = controller->next_offset() - 1;
  (void)heartbeat(1, kStart + 2_s, hand_over - 1);
  (void)heartbeat(2, kStart + 2_s, hand_over);
  EXPECT_FALSE(heartbeat(0, kStart + 2_s, 1'000, true).should_shut_down)
      << "1 does not know the new leader yet";
  (void)heartbeat(1, kStart + 3_s, hand_over);
  response = heartbeat(0, kStart + 3_s, 1'000, true);
  EXPECT_TRUE(response.should_shut_down);
  EXPECT_TRUE(response.fenced);
  EXPECT_TRUE(controller->image().broker(0)->fenced);
  EXPECT_EQ(register_broker(0, 99, kStart + 4_s).error, ErrorCode::none)
      << "its session ended with the permission to go";
}

TEST_F(ControllerTest, AFollowerGoesAtOnceAndLeavesTheIsr) {
  make(rules());
  all_up();
  EXPECT_TRUE(heartbeat(2, kStart + 1_s, 1'000, true).should_shut_down);
  EXPECT_EQ(describe(state()), "leader 0/0 isr [0,1] elr [] last []");
}

TEST_F(ControllerTest, TopicsWaitForTheirBrokers) {
  make(rules());
  (void)register_broker(0, 10, kStart + 1_s);
  (void)register_broker(1, 11, kStart + 1_s);
  (void)heartbeat(0, kStart + 2_s);
  (void)heartbeat(1, kStart + 2_s);
  EXPECT_EQ(controller->image().partition({0}), nullptr);
  EXPECT_EQ(controller->topic_creation_deadline(), kStart + 11_s);
  (void)register_broker(2, 12, kStart + 3_s);
  (void)heartbeat(2, kStart + 4_s);
  EXPECT_EQ(describe(state()), "leader 0/0 isr [0,1,2] elr [] last []");
  EXPECT_EQ(controller->topic_creation_deadline(), SimTime::max());
}

TEST_F(ControllerTest, TopicsDoNotWaitForever) {
  make(rules(), {{{0}, {0, 1, 2}, 2, false}, {{1}, {2, 1, 0}, 2, false}, {{4}, {2}, 1, false}});
  (void)register_broker(1, 11, kStart + 1_s);
  (void)heartbeat(1, kStart + 2_s);
  controller->create_topics(kStart + 11_s - 1_ns, records);
  EXPECT_EQ(controller->image().partition({0}), nullptr);
  controller->create_topics(kStart + 11_s, records);
  EXPECT_EQ(describe(state()), "leader 1/0 isr [1] elr [] last []");
  EXPECT_EQ(describe(*controller->image().partition({1})), "leader 1/0 isr [1] elr [] last []");
  EXPECT_EQ(controller->image().partition({4}), nullptr) << "nobody alive to hold it";
  (void)register_broker(2, 12, kStart + 20_s);
  (void)heartbeat(2, kStart + 21_s);
  EXPECT_EQ(describe(*controller->image().partition({4})), "leader 2/0 isr [2] elr [] last []");
}

TEST_F(ControllerTest, ProducerIdsComeInBlocks) {
  make(rules());
  EXPECT_EQ(controller->allocate_producer_ids({}, records).first, 0);
  const auto second = controller->allocate_producer_ids({}, records);
  EXPECT_EQ(second.first, 1'000);
  EXPECT_EQ(second.count, 1'000);
  EXPECT_EQ(records.size(), 2u);
}

TEST_F(ControllerTest, PreferredLeadersComeBack) {
  make(rules());
  all_up();
  (void)heartbeat(1, kStart + 8_s);
  (void)heartbeat(2, kStart + 8_s);
  ASSERT_TRUE(controller->fence_one(kStart + 9_s, records));
  (void)register_broker(0, 99, kStart + 10_s);
  (void)heartbeat(0, kStart + 11_s);
  records.clear();
  EXPECT_FALSE(controller->balance_leaders(records));
  EXPECT_TRUE(records.empty()) << "not in the ISR yet";
  alter(1, {1, 2, 0});
  EXPECT_FALSE(controller->balance_leaders(records));
  EXPECT_EQ(describe(state()), "leader 0/2 isr [1,2,0] elr [] last []");
}

TEST_F(ControllerTest, TheUncleanSweepHelpsOnlyTopicsThatAllowIt) {
  make(rules(Version::v4_1, /*elr=*/false), {{{0}, {0, 1}, 1, true}, {{1}, {0, 1}, 1, false}});
  // Both leaderless with broker 0 alone in the ISR, as if unclean elections had been allowed only now.
  (void)register_broker(0, 10, kStart);
  (void)register_broker(1, 11, kStart);
  (void)heartbeat(1, kStart);
  for (const std::int32_t n : {0, 1}) {
    wire::MetadataRecord record;
    record.kind = wire::RecordKind::partition;
    wire::PartitionState state;
    state.partition = {n};
    state.replicas = {0, 1};
    state.isr = {0};
    record.partition = state;
    controller->emit(record, records);
  }
  records.clear();
  EXPECT_FALSE(controller->elect_unclean_leaders(records));
  ASSERT_EQ(records.size(), 1u);
  EXPECT_TRUE(records.front().unclean);
  EXPECT_EQ(describe(state()), "leader 1/1 isr [1] elr [] last [] recovering");
  EXPECT_EQ(controller->image().partition({1})->leader, -1);
}

// The log alone rebuilds the state; sessions begin anew.
TEST_F(ControllerTest, ReplayRebuildsTheState) {
  make(rules());
  all_up();
  alter(0, {0, 1});
  Controller restarted(rules(), {{{0}, {0, 1, 2}, 2, false}});
  for (const LoggedRecord& logged : records) restarted.replay(logged.record);
  restarted.activate(kStart + 100_s);
  EXPECT_EQ(restarted.next_offset(), controller->next_offset());
  EXPECT_EQ(describe(*restarted.image().partition({0})), describe(state()));
  EXPECT_EQ(restarted.next_expiry(), kStart + 109_s);
  EXPECT_EQ(restarted.topic_creation_deadline(), SimTime::max());
}

}  // namespace
}  // namespace brokersim::kafka::controller
