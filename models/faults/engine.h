// Makes faults happen: at their time, to whoever plays the role then, and takes them back when they have lasted.
//
// A fault that holds its target down is let go of only by itself: partitions, pauses, slow disks and missing mains
// nest, and the last one to end heals. A killed process is different: its restart belongs to that death, so it does
// nothing if somebody else has started the program since, and while it cannot be done (the program has not exited yet,
// the host is down) it is tried again every 100 ms, as a supervisor would. Nothing here can fail: a fault without a
// target and a kill of what does not run are counted as what they are.
//
//   kill_process         SIGKILL now; restart_after later the program is started, if that death was the last.
//   controlled_shutdown  SIGTERM now; restart_after is counted from the signal.
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
  std::string target;      ///< Once fired: "broker 1 on host b-1 (leader of orders/0)". Before: the selector.
  sim::SimTime at;         ///< When it was to come.
  bool requested = false;  ///< Its time came.
  bool fired = false;      ///< Somebody was found for every side, and it was applied.
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
  struct HostPair {
    network::HostId from;
    network::HostId to;
  };
  /// A fault that has fired, and what it has to take back.
  struct Active {
    sim::SimTime fired_at;
    sim::SimTime heals_at;
    sim::EventHandle heal_event;
    bool holding = false;  ///< Applied and not let go of.
    std::vector<Death> deaths;
    std::vector<Pause> pauses;
    std::vector<host::Host*> dark;
    std::vector<HostPair> cuts;
    std::vector<storage::Disk*> slow;
    std::int64_t ios_before = 0;
  };

  void fire(std::uint64_t index);
  void heal(std::uint64_t index);
  void heal_what_is_due();
  [[nodiscard]] bool apply(std::size_t index);
  [[nodiscard]] bool kill(Active& active, const Victims& victims);
  [[nodiscard]] bool shut_down(Active& active, const Victims& victims);
  [[nodiscard]] bool take_down(FaultKind kind, Active& active, const Victims& victims);
  [[nodiscard]] bool pause(Active& active, const Victims& victims);
  [[nodiscard]] bool cut(Active& active);
  void slow_down(Active& active, const Victims& victims, std::int32_t factor_percent);
  void add_cuts(Active& active, const Victims& from, const Victims& to) const;
  void heal_after(std::size_t index, sim::Duration delay);
  [[nodiscard]] bool restart(Active& active);
  void release(std::size_t index);
  [[nodiscard]] static std::int64_t ios(const Active& active);
  void count_ios(RealisedFault& realised, const Active& active) const;
  void record(std::size_t index, bool healed);

  sim::Component& component_;
  network::Network& network_;
  Resolver resolver_;
  history::History& history_;
  std::vector<FaultConfig> faults_;
  std::vector<RealisedFault> realised_;  // by index of faults_, as is active_
  std::vector<Active> active_;
  std::vector<std::uint64_t> healing_;  // with a pending heal event, in order of firing
  HostHolds host_holds_;
  PauseHolds pause_holds_;
  DiskHolds disk_holds_;
  /// The life that was asked to end last, by host and program.
  std::map<std::pair<std::string, std::string>, std::uint64_t> terminated_;
  bool started_ = false;
};

}  // namespace brokersim::faults
