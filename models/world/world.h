// A scenario come to life: machines, network, cluster, clients, faults, and the history they leave.
//
// Builds everything from a typed Config and owns it. Draws nothing itself and steers nothing while it runs; it tells
// the history what happens to machines, and answers the fault engine who plays which role (from the active
// controller's committed metadata).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/devices/host/host.h"
#include "models/devices/network/network.h"
#include "models/faults/engine.h"
#include "models/history/history.h"
#include "models/world/config.h"
#include "sim/simulation.h"

namespace brokersim::world {

class KafkaCluster;
class OutboxSystems;
class Roles;

/// Who leads a partition when the run is over, as its broker's log stands.
struct FinalPartition {
  history::PartitionId partition;
  history::BrokerId leader = -1;  ///< -1: nobody leads, or the leader's process is not running.
  std::int64_t log_end = 0;
  std::int64_t high_watermark = 0;
};

class World final : private host::HostObserver {
 public:
  /// `config` is valid (app/scenario has checked it) and outlives the world. `seed` replaces the config's.
  /// With a `recorder`, which outlives the world, its events and draws are recorded.
  World(const Config& config, std::uint64_t seed, sim::Recorder* recorder = nullptr);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Names of partitions and clients are known from the start: watchers attach before run().
  [[nodiscard]] history::History& history() { return history_; }
  [[nodiscard]] sim::Simulation& sim() { return sim_; }
  [[nodiscard]] const sim::Simulation& sim() const { return sim_; }

  /// When the run is over: config.duration.
  [[nodiscard]] sim::SimTime end_of_run() const { return sim::SimTime{} + config_.duration; }
  /// Runs to end_of_run(). Throws sim::Bug.
  void run();
  /// As run(), but only up to `until`; for stepping and interleaving.
  void run_until(sim::SimTime until);
  /// As run(), but returns once `events` have been executed in all. True: config.duration is reached.
  bool run_events(std::uint64_t events);

  /// From now on every draw is another one; see sim::Simulation::branch. 0 changes nothing.
  void branch(std::uint64_t id);
  /// More faults from now on, none of them before the present instant, names unlike those that are there.
  void add_faults(std::vector<faults::FaultConfig> faults);

  [[nodiscard]] std::vector<FinalPartition> final_partitions() const;
  [[nodiscard]] const faults::FaultEngine& faults() const { return *faults_; }
  [[nodiscard]] host::Host& host(const std::string& name) { return *hosts_.at(name); }
  [[nodiscard]] network::Network& network() { return *network_; }
  /// Null without a cluster in the scenario.
  [[nodiscard]] const KafkaCluster* kafka() const { return kafka_.get(); }
  /// Null without a database in the scenario.
  [[nodiscard]] const OutboxSystems* outbox() const { return outbox_.get(); }

 private:
  void on_process_started(host::Host& host, std::string_view name, std::uint64_t incarnation) override;
  void on_process_killed(host::Host& host, std::string_view name, std::uint64_t incarnation) override;
  void on_process_terminating(host::Host& host, std::string_view name, std::uint64_t incarnation) override;
  void on_process_exited(host::Host& host, std::string_view name, std::uint64_t incarnation) override;
  void on_process_paused(host::Host& host, std::string_view name) override;
  void on_process_resumed(host::Host& host, std::string_view name) override;
  void on_power_lost(host::Host& host) override;
  void on_kernel_panicked(host::Host& host) override;
  void on_crash_report(host::Host& host, std::size_t file_system,
                       const storage::CrashReport& report) override;
  void on_booted(host::Host& host) override;
  void on_storage_damaged(host::Host& host) override;

  void make_faults();
  void record_client_stop(const host::Host& host, std::string_view name);
  void record_controller_stop(const host::Host& host);
  /// A controller's disk has lost or changed what the controller had fsynced.
  void record_damaged_voter(const host::Host& host);
  void record_broker(const host::Host& host, history::BrokerEvent event);

  const Config& config_;
  sim::Simulation sim_;
  history::History history_;
  std::unique_ptr<network::Network> network_;
  std::map<std::string, std::unique_ptr<host::Host>> hosts_;
  std::unique_ptr<KafkaCluster> kafka_;  // null: no cluster in the scenario
  std::unique_ptr<OutboxSystems> outbox_;  // null: no database in the scenario
  sim::Component component_;
  std::unique_ptr<Roles> roles_;
  std::unique_ptr<faults::FaultEngine> faults_;
};

/// How a run ended.
struct RunEnd {
  bool completed = false;  ///< False: our own bug stopped it; see `bug`.
  std::string bug;         ///< What failed and where.
  std::uint64_t fingerprint = 0;
  sim::FingerprintParts fingerprint_parts;
  std::uint64_t events = 0;
  std::uint64_t task_events = 0;  ///< Of them, those that woke a task (a coroutine).
  sim::SimTime ended_at;
};

/// Runs `world` to its end and catches a sim::Bug: the only place that does. A world in which tasks wait and nothing is
/// left that could wake them is such a bug; it says who waits for what.
[[nodiscard]] RunEnd run(World& world);

/// The same up to and including the events at `until`; `world` goes on from there.
[[nodiscard]] RunEnd run_until(World& world, sim::SimTime until);

/// The same up to the event with number `events` (from 1), again and again; `completed` once the end is reached.
[[nodiscard]] RunEnd run_events(World& world, std::uint64_t events);

}  // namespace brokersim::world
