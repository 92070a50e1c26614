// Who is heard from: sessions of brokers, fencing in order of silence, controlled shutdown.
//
// Why apart from the log: heartbeats are not records, so a controller that starts knows nobody's last heartbeat and
// gives each unfenced broker a full session (kafka-behaviour.md section 5.2).
// Rules: BrokerHeartbeatManager and BrokerHeartbeatTracker (4.0). Pure: the caller gives the time. Costs are linear
// in the number of brokers and paid only when a session may have ended.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/kafka/wire/messages.h"
#include "models/kafka/wire/metadata.h"
#include "sim/time.h"

namespace brokersim::kafka::controller {

/// What the controller lets a broker be. Order as in Kafka's BrokerControlState.
enum class BrokerControl : std::uint8_t { fenced, unfenced, controlled_shutdown, shutdown_now };

struct HeartbeatRules {
  sim::Duration session_timeout = {9'000'000'000};  ///< broker.session.timeout.ms. Positive.
  /// 4.0: the heartbeats of a broker that is still fenced keep its session too, so a broker killed during its log
  /// recovery must wait before it may register again. Before, a fenced broker had no session.
  bool fenced_brokers_have_sessions = true;
};

class BrokerHeartbeats {
 public:
  explicit BrokerHeartbeats(const HeartbeatRules& rules) : rules_(rules) {}

  /// Forgets everything and gives each unfenced broker of `brokers` a full session from `now`.
  void activate(const std::vector<wire::BrokerState>& brokers, sim::SimTime now);
  /// A new incarnation: fenced, no session yet, no metadata.
  void registered(wire::BrokerId broker);
  /// A heartbeat of the present incarnation arrived. On arrival, before it waits in the event queue.
  void heard(wire::BrokerId broker, sim::SimTime now);
  /// The heartbeat has been worked on: the broker's new state and how much metadata it has applied.
  void touch(wire::BrokerId broker, bool fenced, std::int64_t metadata_offset);
  /// Its session is over: expired, or told to shut down.
  void end_session(wire::BrokerId broker);

  /// Whether a different incarnation must wait (DUPLICATE_BROKER_REGISTRATION).
  [[nodiscard]] bool session_alive(wire::BrokerId broker, sim::SimTime now) const;
  /// When the unfenced broker that has been silent longest reaches its timeout; SimTime::max() if there is none.
  [[nodiscard]] sim::SimTime next_expiry() const;
  /// The unfenced broker silent longest, if its session is over at `now`; of equal ones the lowest id.
  [[nodiscard]] std::optional<wire::BrokerId> longest_expired(sim::SimTime now) const;

  /// Where the broker goes with this heartbeat. `registration_offset`: of its registration record; it is unfenced
  /// once it has applied that. `leads`: it leads at least one partition.
  [[nodiscard]] BrokerControl next_control(const wire::BrokerHeartbeatRequest& request,
                                           std::int64_t registration_offset, bool leads) const;
  [[nodiscard]] BrokerControl control(wire::BrokerId broker) const;
  /// Entered controlled shutdown (again): it may go once all active brokers have applied `offset`. The first counts.
  void begin_shutdown(wire::BrokerId broker, std::int64_t offset);
  /// Lowest metadata offset of the brokers that are unfenced and stay; max if there are none.
  [[nodiscard]] std::int64_t lowest_active_offset() const;

 private:
  struct State {
    bool known = false;
    bool fenced = true;
    bool has_session = false;
    sim::SimTime last_heard;
    std::int64_t metadata_offset = -1;
    std::int64_t shutdown_offset = -1;  // -1: not in controlled shutdown
  };
  State& at(wire::BrokerId broker);
  [[nodiscard]] const State* find(wire::BrokerId broker) const;

  HeartbeatRules rules_;
  std::vector<State> brokers_;  // by id
};

}  // namespace brokersim::kafka::controller
