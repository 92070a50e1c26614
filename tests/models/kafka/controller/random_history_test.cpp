// Goal: whatever brokers do, the laws of kafka-behaviour.md section 9.0 hold of the controller's partitions.
// Method: random clusters and random histories (registrations clean and unclean, heartbeats, silence, shutdowns, ISR
// changes honest and dishonest, periodic elections); after each step invariants.h, and every record is compared with
// the state before it. A planted bug must be seen by the same laws.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "models/kafka/controller/controller.h"
#include "models/kafka/controller/invariants.h"
#include "sim/component.h"
#include "tests/models/kafka/controller/builders.h"

namespace brokersim::kafka::controller {
namespace {

using sim::SimTime;
using namespace sim::literals;

class Dice {
 public:
  explicit Dice(std::uint64_t seed)
      : sim_(seed), component_(sim_, "test/dice"), stream_(component_.stream("rolls")) {}
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(stream_.below(next_++, static_cast<std::uint64_t>(n)));
  }
  bool chance(std::int64_t percent) { return below(100) < percent; }

 private:
  sim::Simulation sim_;
  sim::Component component_;
  sim::Stream stream_;
  std::uint64_t next_ = 0;
};

/// One random run. law() throws sim::Bug when a law is broken.
class RandomHistory {
 public:
  explicit RandomHistory(std::uint64_t seed, bool planted = false) : dice_(seed) {
    brokers_ = static_cast<std::int32_t>(3 + dice_.below(3));
    ControllerRules rules;
    rules.election.eligible_leader_replicas = dice_.chance(60);
    rules.election.bump_leader_epoch_on_isr_shrink = dice_.chance(20);
    rules.election.elect_outside_isr = planted;
    rules.detect_clean_shutdown = dice_.chance(70);
    rules.heartbeats.fenced_brokers_have_sessions = dice_.chance(50);
    std::vector<PartitionSpec> specs;
    for (std::int32_t p = 0; p < 6; ++p) {
      PartitionSpec spec;
      spec.partition = {p};
      const auto factor = 1 + dice_.below(3);
      const auto first = dice_.below(brokers_);
      for (std::int64_t r = 0; r < factor; ++r)
        spec.replicas.push_back(static_cast<BrokerId>((first + r) % brokers_));
      spec.min_insync_replicas = static_cast<std::int32_t>(1 + dice_.below(3));
      spec.unclean_leader_election = !planted && dice_.chance(25);
      specs.push_back(spec);
    }
    specs_ = specs;
    controller_.emplace(rules, specs);
    controller_->activate(now_);
  }

  void run(int steps) {
    for (int i = 0; i < steps; ++i) {
      step();
      judge();
    }
  }
  const Records& log() const { return log_; }
  const Controller& controller() const { return *controller_; }
  int cleans = 0;    ///< Clean elections seen.
  int uncleans = 0;  ///< Unclean ones.

 private:
  void step() {
    now_ += sim::Duration{dice_.below(1'500'000'000)};
    made_.clear();
    const auto broker = static_cast<BrokerId>(dice_.below(brokers_));
    switch (dice_.below(10)) {
      case 0: register_broker(broker); break;
      case 1:
      case 2:
      case 3: heartbeat(broker, dice_.chance(8), dice_.chance(5)); break;
      case 4:
      case 5:
      case 6: alter(); break;
      case 7:
        while (controller_->fence_one(now_, made_)) {
        }
        break;
      case 8:
        controller_->create_topics(now_, made_);
        (void)controller_->balance_leaders(made_);
        break;
      case 9:
        (void)controller_->elect_unclean_leaders(made_);
        if (dice_.chance(10)) restart_controller();
        break;
    }
  }
  void register_broker(BrokerId broker) {
    wire::BrokerRegistrationRequest request;
    request.broker = broker;
    request.incarnation = ++incarnations_;
    const wire::BrokerState* existing = controller_->image().broker(broker);
    if (existing != nullptr && dice_.chance(40)) request.previous_broker_epoch = existing->broker_epoch;
    (void)controller_->register_broker(request, now_, made_);
  }
  void heartbeat(BrokerId broker, bool shut_down, bool fence) {
    const wire::BrokerState* state = controller_->image().broker(broker);
    if (state == nullptr) return;
    wire::BrokerHeartbeatRequest request;
    request.broker = broker;
    request.broker_epoch = state->broker_epoch - (dice_.chance(5) ? 1 : 0);
    request.metadata_offset = controller_->next_offset() - 1 - dice_.below(10);
    request.want_shut_down = shut_down;
    request.want_fence = fence;
    controller_->heartbeat_arrived(request, now_);
    (void)controller_->heartbeat(request, now_, made_);
  }
  void alter() {
    const wire::PartitionState* state =
        controller_->image().partition({static_cast<std::int32_t>(dice_.below(6))});
    if (state == nullptr || state->leader < 0) return;
    wire::AlterPartitionRequest request;
    request.broker = state->leader;
    request.broker_epoch = controller_->image().broker(state->leader)->broker_epoch;
    wire::AlterPartitionPart part{state->partition, state->leader_epoch, state->partition_epoch, {}};
    if (dice_.chance(10)) part.partition_epoch -= 1;
    for (const BrokerId replica : state->replicas) {
      // The leader is left out now and then, and strangers and the dead are proposed: all must be refused.
      if (replica == state->leader ? dice_.chance(97) : dice_.chance(55))
        part.new_isr.push_back({replica, -1});
    }
    if (dice_.chance(5)) part.new_isr.push_back({static_cast<BrokerId>(dice_.below(brokers_)), -1});
    request.parts.push_back(part);
    (void)controller_->alter_partition(request, made_);
  }
  /// A new controller with the same log: nothing changes but the sessions.
  void restart_controller() {
    for (const LoggedRecord& logged : made_) log_.push_back(logged);
    judge_records();
    made_.clear();
    const ControllerRules rules = controller_->rules();
    controller_.emplace(rules, specs_);
    for (const LoggedRecord& logged : log_) controller_->replay(logged.record);
    controller_->activate(now_);
  }

  void judge() {
    for (const LoggedRecord& logged : made_) log_.push_back(logged);
    judge_records();
    check_partitions({controller_->image(), controller_->specs(), controller_->rules().election});
  }
  void judge_records() {
    for (const LoggedRecord& logged : made_) {
      if (logged.record.kind != wire::RecordKind::partition) continue;
      const wire::PartitionState& after = logged.record.partition;
      const auto found = last_.find(after.partition.n);
      if (found != last_.end()) {
        check_change(found->second, after, controller_->rules().election);
        check_election(found->second, after, logged.unclean);
      }
      last_[after.partition.n] = after;
    }
  }
  /// Unless the topic allows it, or nobody eligible was left, a leader comes from the ISR or the ELR before it.
  void check_election(const wire::PartitionState& before, const wire::PartitionState& after, bool unclean) {
    if (after.leader < 0 || after.leader == before.leader) return;
    const bool clean = wire::contains(before.isr, after.leader) || wire::contains(before.elr, after.leader);
    unclean ? ++uncleans : ++cleans;
    if (!unclean) SIM_CHECK(clean);
    if (unclean) {
      const bool allowed = specs_[static_cast<std::size_t>(after.partition.n)].unclean_leader_election;
      const bool last_known = before.last_known_elr == std::vector<BrokerId>{after.leader};
      SIM_CHECK(allowed || last_known, "an unclean leader that nobody allowed");
      SIM_CHECK(after.isr == std::vector<BrokerId>{after.leader});
      SIM_CHECK(after.recovering);
    }
  }

  Dice dice_;
  std::int32_t brokers_ = 3;
  std::vector<PartitionSpec> specs_;
  std::optional<Controller> controller_;
  SimTime now_;
  std::uint64_t incarnations_ = 100;
  Records made_;
  Records log_;
  std::map<std::int32_t, wire::PartitionState> last_;
};

TEST(RandomHistory, TheLawsHold) {
  int cleans = 0;
  int uncleans = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    RandomHistory history(seed);
    ASSERT_NO_THROW(history.run(400)) << "seed " << seed;
    cleans += history.cleans;
    uncleans += history.uncleans;
  }
  EXPECT_GT(cleans, 5'000) << "the histories must elect, or they prove nothing";
  EXPECT_GT(uncleans, 100);
}

TEST(RandomHistory, TheSameSeedMakesTheSameLog) {
  RandomHistory first(7);
  RandomHistory second(7);
  first.run(500);
  second.run(500);
  ASSERT_EQ(first.log().size(), second.log().size());
  for (std::size_t i = 0; i < first.log().size(); ++i) {
    EXPECT_EQ(describe(first.log()[i].record.partition), describe(second.log()[i].record.partition)) << i;
  }
}

TEST(RandomHistory, APlantedElectionOutsideTheIsrIsSeen) {
  int seen = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RandomHistory history(seed, /*planted=*/true);
    try {
      history.run(400);
    } catch (const sim::Bug&) {
      ++seen;
    }
  }
  EXPECT_GE(seen, 15);
}

}  // namespace
}  // namespace brokersim::kafka::controller
