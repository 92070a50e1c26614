// Makes faults happen: at their time, to whoever plays the role then, and takes them back when they have lasted.
//
// A fault that holds its target down is let go of only by itself: partitions, pauses, slow disks and missing mains
// nest, and the last one to end heals. A killed process is different: its restart belongs to that death, so it does
// nothing if somebody else has started the program since. Nothing here can fail: a fault without a target, a kill of
// what does not run, a restart on a host that is down are counted as what they are.
//
//   kill_process         SIGKILL now; restart_after later the program is started, if that death was the last.
//   controlled_shutdown  SIGTERM now; restart_after is counted from the signal. Whoever has not exited by then is
//                        started within 100 ms after its exit (a script that looks ten times a second).
//   power_loss           Mains gone; restart_after later they are back, and the host boots.
//   kernel_panic         As power_loss, with the drives powered throughout.
//   pause_process        SIGSTOP; SIGCONT after `lasts`. A process that dies meanwhile is not paused in its next life.
//   partition            Directed pairs of hosts are cut; a host is never cut from itself.
//   slow_disk            Every disk of the host; of several faults on a disk the slowest counts.
//
// A fault on processes that names hosts hits every program of them; a fault on hosts that names a role or a workload
// hits the host it runs on. At one instant, faults of before heal first, then faults fire in the order of the list.
// Without `lasts` or `restart_after` a fault stays for the rest of the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/devices/host/host.h"
#include "models/devices/network/network.h"
#include "models/faults/cluster_view.h"
#include "models/faults/config.h"
#include "models/faults/holds.h"
#include "models/faults/resolve.h"
#include "models/history/history.h"
#include "sim/component.h"

namespace brokersim::faults {

/// What became of one fault. Index in realised() = FaultFired::fault.
struct RealisedFault {
  std::string name;
  FaultKind kind = FaultKind::kill_process;
  std::string target;  ///< Once fired: "broker 1 on host b-1 (leader of orders/0)". Before: the selector.
  sim::SimTime at;     ///< When it was to come.
  bool requested = false;   ///< Its time came.
  bool fired = false;       ///< Somebody was found for every side, and it was applied.
  /// It changed something: a running process was killed, asked to end or stopped; a host was on; a pair of hosts was
  /// not cut yet; a disk did I/O meanwhile.
  bool had_effect = false;
  /// When it let go of its target: mains back (the boot follows), program started. Nothing: never, or not yet.
  std::optional<sim::SimTime> healed_at;
  std::int64_t effects = -1;  ///< slow_disk: I/Os begun meanwhile. -1: not counted.
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

  [[nodiscard]] const std::vector<FaultConfig>& faults() const { return faults_; }
  /// Every fault of the list, as it stands now.
  [[nodiscard]] std::vector<RealisedFault> realised() const;
  [[nodiscard]] std::int64_t requested() const;
  [[nodiscard]] std::int64_t fired() const;
  [[nodiscard]] std::int64_t had_effect() const;

 private:
  /// A life that a fault ended, or asked to end.
  struct Death {
    host::Host* host = nullptr;
    std::string program;
    std::uint64_t incarnation = 0;
  };
  struct Active {
    RealisedFault realised;
    bool holding = false;       ///< Applied and not let go of.
    sim::EventHandle heal_event;
    sim::SimTime fired_at;
    sim::SimTime heals_at;
    std::vector<Death> deaths;  ///< kill_process, controlled_shutdown
    std::vector<Pause> pauses;
    std::vector<host::Host*> dark;  ///< power_loss, kernel_panic
    std::vector<std::pair<network::HostId, network::HostId>> cuts;
    std::vector<storage::Disk*> slow;
    std::int64_t ios_before = 0;
  };

  void fire(std::uint64_t index);
  void heal(std::uint64_t index);
  void heal_due_before(sim::SimTime now);
  void apply(std::size_t index, const Victims& targets, const Victims& others);
  void kill(std::size_t index, const Victims& victims);
  void shut_down(std::size_t index, const Victims& victims);
  void take_down(std::size_t index, const Victims& victims);
  void pause(std::size_t index, const Victims& victims);
  void cut(std::size_t index, const Victims& targets, const Victims& others);
  void slow_down(std::size_t index, const Victims& victims);
  [[nodiscard]] bool restart(const Active& active);
  void release(Active& active);
  void let_go_after(std::size_t index, std::optional<sim::Duration> delay);
  [[nodiscard]] std::int64_t ios_of(const Active& active) const;
  void record(std::size_t index, bool healed);

  sim::Component& component_;
  network::Network& network_;
  std::vector<host::Host*> hosts_;
  Resolver resolver_;
  history::History& history_;
  std::vector<FaultConfig> faults_;
  std::vector<Active> active_;  // by index of faults_
  std::vector<std::uint64_t> healing_;  // indices with a pending heal event, in order of firing
  HostHolds host_holds_;
  PauseHolds pause_holds_;
  DiskHolds disk_holds_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> terminated_;  // host, program -> life asked to end
  bool started_ = false;
};

}  // namespace brokersim::faults
