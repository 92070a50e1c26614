// Makes faults happen: at their time, to whoever plays the role then, and takes them back when they have lasted.
//
// A fault that holds its target down is let go of only by itself: partitions, pauses, slow disks and missing mains
// nest, and the last one to end heals. A killed process is different: its restart belongs to that death, so it does
// nothing if somebody else has started the program since, and while it cannot be done (the program has not exited yet,
// the host is down) it is tried again every 100 ms, as a supervisor would. Nothing here can fail: a fault without a
// target and a kill of what does not run are counted as what they are.
//
// What each kind does is told in kinds/.
//
// A fault on processes that names hosts hits every program of them; a fault on hosts that names a role or a workload
// hits the host it runs on. At one instant, faults of before heal first, then faults fire in the order of the list.
// Without `lasts` or `restart_after` a fault stays for the rest of the run.
//
// A fault that waits for an event (triggers.h) is armed at its time and requested when the event has come; one with a
// probability is requested in so many of a hundred seeds, by a draw of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "models/devices/host/host.h"
#include "models/devices/network/network.h"
#include "models/faults/cluster_view.h"
#include "models/faults/config.h"
#include "models/faults/kind.h"
#include "models/faults/resolve.h"
#include "models/faults/triggers.h"
#include "models/history/history.h"
#include "sim/component.h"

namespace brokersim::faults {

/// What became of one fault. Index in realised() = FaultFired::fault.
struct RealisedFault {
  std::string name;
  FaultKind kind = FaultKind::kill_process;
  std::string target;      ///< Once fired: "broker 1 on host b-1 (leader of orders/0)". Before: the selector.
  sim::SimTime at;         ///< When it was to come.
  bool requested = false;  ///< Its time came.
  bool fired = false;      ///< Somebody was found for every side, and it was applied.
  /// It changed something: a running process was killed, asked to end or stopped; a host was on; a pair of hosts was
  /// not cut yet; a disk did I/O meanwhile.
  bool had_effect = false;
  /// When it let go of its target: mains back (the boot follows), program started. Nothing: never, or not yet.
  std::optional<sim::SimTime> healed_at;
  std::int64_t effects =
      -1;  ///< What it touched meanwhile, as its kind counts (slow_disk: I/Os). -1: not counted.
};

class FaultEngine {
 public:
  /// Events and draws are those of `component`, which has no process. Hosts in a fixed order. Names of faults are
  /// unique; their targets may be of any kind. Everything given outlives the engine's events.
  FaultEngine(sim::Component& component, network::Network& network, std::vector<host::Host*> hosts,
              const ClusterView& view, history::History& history, std::vector<FaultConfig> faults);
  FaultEngine(const FaultEngine&) = delete;
  FaultEngine& operator=(const FaultEngine&) = delete;

  /// Schedules every fault. Once, before the time of the first.
  void start();

  /// More faults, from now on; after start(). None of them before the present instant, names still unique. Events and
  /// draws of the faults that are there already stay as they are.
  void add(std::vector<FaultConfig> faults);

  [[nodiscard]] const std::vector<FaultConfig>& faults() const { return faults_; }
  /// Every fault of the list, as it stands now.
  [[nodiscard]] std::vector<RealisedFault> realised() const;
  [[nodiscard]] std::int64_t requested() const;
  [[nodiscard]] std::int64_t fired() const;
  [[nodiscard]] std::int64_t had_effect() const;

 private:
  /// A fault that has fired.
  struct Active {
    sim::SimTime fired_at;
    sim::SimTime heals_at;
    sim::EventHandle heal_event;
    bool holding = false;  ///< Applied and not let go of.
    std::unique_ptr<Effect> effect;
    Hosts hosts;  // of its targets
  };

  void take(FaultConfig fault);
  void schedule(std::size_t index);
  void arm(std::uint64_t index);
  void due(std::size_t index);
  [[nodiscard]] bool comes(std::size_t index) const;
  void fire(std::uint64_t index);
  void heal(std::uint64_t index);
  void heal_what_is_due();
  [[nodiscard]] bool apply(std::size_t index);
  [[nodiscard]] Hosts held_by(FaultKind kind) const;
  void heal_after(std::size_t index, sim::Duration delay);
  static void measure(RealisedFault& realised, const Active& active);
  void record(std::size_t index, bool healed);

  sim::Component& component_;
  Resolver resolver_;
  history::History& history_;
  std::vector<FaultConfig> faults_;
  std::set<std::string> names_;          // of faults_
  std::vector<RealisedFault> realised_;  // by index of faults_, as is active_
  std::vector<Active> active_;
  std::vector<std::uint64_t> healing_;  // with a pending heal event, in order of firing
  Holds holds_;
  Reach reach_;
  Triggers triggers_;
  bool watching_ = false;  // somebody waits, so the triggers see the history
  bool started_ = false;
};

}  // namespace brokersim::faults
