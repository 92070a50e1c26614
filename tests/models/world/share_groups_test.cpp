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

}  // namespace
}  // namespace brokersim::world
