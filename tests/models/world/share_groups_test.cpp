// Goal: a share group lives through deaths as KIP-932 has it, to the instant: the kernel's close frees a killed member's records at
// once, a machine without power keeps them until their locks end, a new leader goes on where the state was persisted.
// Method: whole worlds from scenarios/groups; what leaders told of records is compared with when it happened.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "models/world/world.h"
#include "tests/models/world/shipped.h"

namespace brokersim::world {
namespace {

using history::ShareCause;
using history::ShareState;
using testing_support::load;
using namespace sim::literals;

/// What happened to the records of one group.
class Sharing final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::FaultFired& event) override {
    if (fault_at.ns == 0) fault_at = event.at;
  }
  void on(const history::ShareRecordsChanged& event) override {
    for (std::int64_t offset = event.first; offset < event.end; ++offset) {
      if (event.cause == ShareCause::delivered) given[offset] = event.at;
      if (event.cause == ShareCause::session_ended) {
        ended_first = ended == 0 ? event.at : ended_first;
        ++ended;
      }
      if (event.cause == ShareCause::lock_expired) {
        ++expired;
        late_max = std::max(late_max, event.at - given[offset]);
        late_min = std::min(late_min, event.at - given[offset]);
      }
      if (event.cause == ShareCause::loaded && is_settled(event.state)) ++loaded_settled;
      if (event.cause == ShareCause::accepted) ++accepted;
      if (is_settled(event.state) && event.cause != ShareCause::loaded) settled[offset] = true;
    }
  }
  void on(const history::ShareStartMoved& event) override {
    if (!event.loaded) return;
    ++loads;
    if (loads == 1) return;
    reloaded_at = event.at;
    reloaded_start = event.start;
    for (std::int64_t offset = 0; offset < event.start; ++offset)
      unsettled_below += settled.contains(offset) ? 0 : 1;
  }
  [[nodiscard]] static bool is_settled(ShareState state) {
    return state == ShareState::acknowledged || state == ShareState::archived;
  }

  sim::SimTime fault_at, ended_first, reloaded_at;
  std::map<std::int64_t, sim::SimTime> given;
  std::map<std::int64_t, bool> settled;
  std::int64_t ended = 0, expired = 0, accepted = 0, loads = 0, reloaded_start = 0, unsettled_below = 0;
  std::int64_t loaded_settled = 0;
  sim::Duration late_max{0}, late_min = sim::Duration::max();
};

void watch(const std::string& file, const std::vector<std::string>& set, Sharing& sharing) {
  const auto scenario = load(file, set);
  World world(scenario->config, scenario->config.seed);
  world.history().attach(sharing);
  const RunEnd end = run(world);
  ASSERT_EQ(end.bug, "");
}

TEST(ShareGroups, AKilledMembersRecordsAreFreeAtOnce) {
  Sharing sharing;
  watch("scenarios/groups/share-member-crash.json", {"/duration=40 s", "/workloads/0/stop=35 s"}, sharing);
  ASSERT_GT(sharing.ended, 0);
  EXPECT_LT(sharing.ended_first - sharing.fault_at, 20_ms)
      << "a connection's end, and one write to the coordinator";
  EXPECT_EQ(sharing.expired, 0);
}

TEST(ShareGroups, AMachineWithoutPowerKeepsThemForTheTimeOfALock) {
  Sharing sharing;
  watch("scenarios/groups/share-member-power-loss.json", {"/duration=60 s", "/workloads/0/stop=50 s"}, sharing);
  ASSERT_GT(sharing.expired, 0);
  EXPECT_EQ(sharing.late_min, 10_s) << "group.share.record.lock.duration.ms, to the instant";
  EXPECT_EQ(sharing.late_max, 10_s);
  EXPECT_EQ(sharing.ended, 0) << "nobody closed the connection";
}

TEST(ShareGroups, ANewLeaderGoesOnWhereTheStateWasPersisted) {
  Sharing sharing;
  watch("scenarios/groups/share-leader-kill.json", {"/duration=60 s", "/workloads/0/stop=50 s"}, sharing);
  ASSERT_EQ(sharing.loads, 2) << "the group's first leader, and its successor";
  EXPECT_GT(sharing.reloaded_at - sharing.fault_at, 7_s) << "the controller must find out first";
  EXPECT_GT(sharing.reloaded_start, 1'000);
  EXPECT_EQ(sharing.unsettled_below, 0) << "nothing is below the start that no leader had settled";
}

/// Who gave up, with which error.
class Failures final : public history::Watcher {
 public:
  using history::Watcher::on;
  void on(const history::ClientFailed& event) override { errors.push_back(event.error); }
  std::vector<std::int16_t> errors;
};

// Goal: members of another kind are refused by the coordinator, and their applications hear of it at once. Method: a file cannot
// say it, so the group of a sound scenario is renamed behind the loader's back; who comes second gives up.
TEST(ShareGroups, MembersOfAnotherKindGiveUp) {
  constexpr std::int16_t kInconsistentGroupProtocol = 23;
  constexpr std::int16_t kGroupIdNotFound = 69;
  const std::string reader =
      R"(/workloads/2={"name": "billing", "kind": "kafka_consumer", "topic": "orders", "group": "billing", "start": )";
  struct Case {
    std::string what;
    std::string start;  // of the consumer; the share group begins at 10 s
    kafka::GroupProtocolKind protocol;
    std::vector<std::int16_t> errors;
  };
  using enum kafka::GroupProtocolKind;
  for (const Case& one :
       {Case{"a classic member comes to a share group", "20 s", classic, {kInconsistentGroupProtocol}},
        Case{"a member of KIP-848 comes to a share group", "20 s", consumer, {kGroupIdNotFound}},
        Case{"share members come to a consumer group", "0 s", classic,
             std::vector<std::int16_t>(4, kGroupIdNotFound)}}) {
    const auto scenario = load("scenarios/groups/share-group.json",
                               {"/duration=40 s", "/workloads/0/stop=35 s", "/workloads/1/start=10 s",
                                reader + "\"" + one.start + "\"}"});
    scenario->config.consumers.at(0).group = "parcels";
    scenario->config.consumers[0].config.group_protocol = one.protocol;
    World world(scenario->config, scenario->config.seed);
    Failures failures;
    world.history().attach(failures);
    ASSERT_EQ(run(world).bug, "") << one.what;
    EXPECT_EQ(failures.errors, one.errors) << one.what;
  }
}

// Goal: share.auto.offset.reset=by_duration begins with the first record that is young enough. Method: 200 records a second from
// the start, 20 s back at 30 s: the group's start is the record of 10 s, to the millisecond of its timestamp.
TEST(ShareGroups, ByDurationBeginsInThePast) {
  const auto scenario = load("scenarios/groups/share-group.json",
                             {"/duration=40 s", "/workloads/0/stop=35 s", "/workloads/1/start=30 s",
                              "/workloads/1/config={\"share.auto.offset.reset\": \"by_duration:PT20S\"}"});
  struct Start final : history::Watcher {
    using history::Watcher::on;
    void on(const history::ShareStartMoved& event) override {
      if (event.loaded) loaded.push_back(event);
    }
    std::vector<history::ShareStartMoved> loaded;
  } start;
  World world(scenario->config, scenario->config.seed);
  world.history().attach(start);
  ASSERT_EQ(run(world).bug, "");
  ASSERT_EQ(start.loaded.size(), 1u);
  const std::int64_t back_ms = start.loaded[0].at.ns / 1'000'000 - 20'000;
  EXPECT_NEAR(static_cast<double>(start.loaded[0].start), static_cast<double>(back_ms) / 5.0, 60.0)
      << "a record each 5 ms, by chance a few more or less";
}

}  // namespace
}  // namespace brokersim::world
