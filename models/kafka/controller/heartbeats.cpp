#include "models/kafka/controller/heartbeats.h"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "sim/check.h"

namespace brokersim::kafka::controller {

using wire::BrokerId;

void BrokerHeartbeats::activate(const std::vector<wire::BrokerState>& brokers, sim::SimTime now) {
  brokers_.assign(brokers.size(), State{});
  for (const wire::BrokerState& broker : brokers) {
    if (broker.broker < 0) continue;
    State& state = at(broker.broker);
    state.known = true;
    state.fenced = broker.fenced;
    if (broker.fenced) continue;
    state.has_session = true;
    state.last_heard = now;
  }
}

void BrokerHeartbeats::registered(BrokerId broker) {
  SIM_CHECK(broker >= 0);
  if (static_cast<std::size_t>(broker) >= brokers_.size())
    brokers_.resize(static_cast<std::size_t>(broker) + 1);
  State& state = at(broker);
  state = State{};
  state.known = true;
}

void BrokerHeartbeats::heard(BrokerId broker, sim::SimTime now) {
  State& state = at(broker);
  SIM_CHECK(state.known);
  state.has_session = true;
  state.last_heard = now;
}

void BrokerHeartbeats::touch(BrokerId broker, bool fenced, std::int64_t metadata_offset) {
  State& state = at(broker);
  SIM_CHECK(state.known);
  state.fenced = fenced;
  state.metadata_offset = metadata_offset;
  if (fenced) state.shutdown_offset = -1;
}

void BrokerHeartbeats::end_session(BrokerId broker) {
  State& state = at(broker);
  state.fenced = true;
  state.has_session = false;
  state.shutdown_offset = -1;
}

bool BrokerHeartbeats::session_alive(BrokerId broker, sim::SimTime now) const {
  const State* state = find(broker);
  if (state == nullptr || !state->has_session) return false;
  if (state->fenced && !rules_.fenced_brokers_have_sessions) return false;
  return now < state->last_heard + rules_.session_timeout;
}

sim::SimTime BrokerHeartbeats::next_expiry() const {
  sim::SimTime earliest = sim::SimTime::max();
  for (const State& state : brokers_) {
    if (state.known && !state.fenced)
      earliest = std::min(earliest, state.last_heard + rules_.session_timeout);
  }
  return earliest;
}

std::optional<BrokerId> BrokerHeartbeats::longest_expired(sim::SimTime now) const {
  const sim::SimTime expiry = next_expiry();
  if (expiry > now) return std::nullopt;
  for (std::size_t id = 0; id < brokers_.size(); ++id) {
    const State& state = brokers_[id];
    if (!state.known || state.fenced) continue;
    if (state.last_heard + rules_.session_timeout == expiry) return static_cast<BrokerId>(id);
  }
  return std::nullopt;
}

BrokerControl BrokerHeartbeats::control(BrokerId broker) const {
  const State* state = find(broker);
  SIM_CHECK(state != nullptr);
  if (state->shutdown_offset >= 0) return BrokerControl::controlled_shutdown;
  return state->fenced ? BrokerControl::fenced : BrokerControl::unfenced;
}

BrokerControl BrokerHeartbeats::next_control(const wire::BrokerHeartbeatRequest& request,
                                             std::int64_t registration_offset, bool leads) const {
  switch (control(request.broker)) {
    case BrokerControl::fenced:
      if (request.want_shut_down) return BrokerControl::shutdown_now;
      if (request.want_fence) return BrokerControl::fenced;
      return request.metadata_offset >= registration_offset ? BrokerControl::unfenced : BrokerControl::fenced;
    case BrokerControl::unfenced:
      if (request.want_fence)
        return request.want_shut_down ? BrokerControl::shutdown_now : BrokerControl::fenced;
      if (!request.want_shut_down) return BrokerControl::unfenced;
      return leads ? BrokerControl::controlled_shutdown : BrokerControl::shutdown_now;
    case BrokerControl::controlled_shutdown: {
      if (leads) return BrokerControl::controlled_shutdown;
      // Whoever stays must know the new leaders before the old one goes.
      const std::int64_t offset = find(request.broker)->shutdown_offset;
      return offset <= lowest_active_offset() ? BrokerControl::shutdown_now
                                              : BrokerControl::controlled_shutdown;
    }
    case BrokerControl::shutdown_now: break;
  }
  return BrokerControl::shutdown_now;
}

void BrokerHeartbeats::begin_shutdown(BrokerId broker, std::int64_t offset) {
  State& state = at(broker);
  SIM_CHECK(!state.fenced, "fenced brokers cannot enter controlled shutdown");
  SIM_CHECK(offset >= 0);
  if (state.shutdown_offset < 0) state.shutdown_offset = offset;
}

std::int64_t BrokerHeartbeats::lowest_active_offset() const {
  std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
  for (const State& state : brokers_) {
    if (state.known && !state.fenced && state.shutdown_offset < 0)
      lowest = std::min(lowest, state.metadata_offset);
  }
  return lowest;
}

BrokerHeartbeats::State& BrokerHeartbeats::at(BrokerId broker) {
  SIM_CHECK(broker >= 0);
  SIM_CHECK(static_cast<std::size_t>(broker) < brokers_.size());
  return brokers_[static_cast<std::size_t>(broker)];
}

const BrokerHeartbeats::State* BrokerHeartbeats::find(BrokerId broker) const {
  const auto index = static_cast<std::size_t>(broker);
  if (broker < 0 || index >= brokers_.size() || !brokers_[index].known) return nullptr;
  return &brokers_[index];
}

}  // namespace brokersim::kafka::controller
