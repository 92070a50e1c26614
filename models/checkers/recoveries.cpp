#include "models/checkers/recoveries.h"

namespace brokersim::checkers {

using history::BrokerEvent;

void Recoveries::on(const history::PartitionChanged& event) {
  const auto n = static_cast<std::size_t>(event.partition.n);
  if (states_.size() <= n) states_.resize(n + 1);
  State& state = states_[n];
  const bool fresh = event.leader >= 0 && (event.leader != state.leader || event.leader_epoch != state.epoch);
  if (fresh && state.open >= 0) {
    LeaderRecovery& recovery = all_[static_cast<std::size_t>(state.open)];
    // A new epoch of the successor (a reassignment that ends, an ISR that shrinks before 3.6) is no second election.
    const bool goes_on = recovery.elected_at && event.leader == state.leader;
    // A shrink of the ISR under the dead leader keeps it in office; that is no successor.
    if (!goes_on && !recovery.acknowledged_at && (event.leader != recovery.lost || state.leader < 0)) {
      recovery.successor = event.leader;
      recovery.elected_at = event.at;
    }
  }
  state.leader = event.leader;
  state.epoch = event.leader_epoch;
}

void Recoveries::forget(std::size_t partition) {
  State& state = states_[partition];
  all_.erase(all_.begin() + state.open);
  for (State& other : states_) {
    if (other.open > state.open) --other.open;
  }
  state.open = -1;
}

void Recoveries::on(const history::PartitionDeleted& event) {
  const auto n = static_cast<std::size_t>(event.partition.n);
  if (n >= states_.size()) return;
  State& state = states_[n];
  if (state.open >= 0 && !all_[static_cast<std::size_t>(state.open)].elected_at) forget(n);
  state = {};
}

void Recoveries::on(const history::BrokerChanged& event) {
  const bool stops = event.event == BrokerEvent::process_killed ||
                     event.event == BrokerEvent::kernel_panicked || event.event == BrokerEvent::power_lost ||
                     event.event == BrokerEvent::paused;
  for (std::size_t n = 0; n < states_.size(); ++n) {
    State& state = states_[n];
    if (stops && state.leader == event.broker &&
        (state.open < 0 || all_[static_cast<std::size_t>(state.open)].elected_at)) {
      state.open = static_cast<std::int32_t>(all_.size());
      all_.push_back({.partition = {static_cast<std::int32_t>(n)},
                      .lost = event.broker,
                      .how = event.event,
                      .stopped_at = event.at});
    }
    if (event.event == BrokerEvent::resumed && state.open >= 0) {
      const auto open = static_cast<std::size_t>(state.open);
      if (all_[open].lost != event.broker || all_[open].elected_at || all_[open].how != BrokerEvent::paused)
        continue;
      forget(n);  // back in time: nothing happened
    }
  }
}

void Recoveries::on(const history::ProduceOutcome& event) {
  if (event.outcome != history::Outcome::acknowledged || event.acks == 0) return;
  const auto n = static_cast<std::size_t>(event.records.partition.n);
  if (n >= states_.size() || states_[n].open < 0) return;
  LeaderRecovery& recovery = all_[static_cast<std::size_t>(states_[n].open)];
  if (!recovery.elected_at || recovery.acknowledged_at || event.broker != recovery.successor) return;
  recovery.acknowledged_at = event.at;
}

}  // namespace brokersim::checkers
