// A machine: power, kernel, disks and processes.
//
// Why: killing a process, pausing it, crashing the kernel and cutting the power destroy different things, and
// brokers survive them differently. A kill keeps the page cache and resets the connections; a panic drops the page
// cache and falls silent; a power loss also drops what sits in volatile drive caches.
//
// States: on -> (power_off | kernel_panic) -> off -> power_on -> booting (HostConfig::boot_time) -> on.
// A process has a name on its host and many lives; each is a new sim::Process with the path "host/<host>/<name>".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/devices/compute/clock.h"
#include "models/devices/compute/cpu.h"
#include "models/devices/compute/jvm.h"
#include "models/devices/host/config.h"
#include "models/devices/host/observer.h"
#include "models/devices/host/service.h"
#include "models/devices/network/network.h"

namespace brokersim::storage {
class Disk;
class FileSystem;
class PageCache;
struct Image;
}  // namespace brokersim::storage

namespace brokersim::host {

enum class Power : std::uint8_t { on, booting, off };

/// When power_on() starts a service by itself.
enum class Autostart : std::uint8_t {
  if_was_running,  ///< If it was running when the host went down.
  always,          ///< At every boot, as an init system does.
};

class Host {
 public:
  /// A host that is on, with nothing installed. `observer` may be null and must outlive the host; so must `network`.
  Host(sim::Simulation& sim, network::Network& network, const HostConfig& config,
       HostObserver* observer = nullptr);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // --- Processes. `name` must be installed. Every call is safe from inside the process itself. -----------------

  void install(std::string name, ServiceFactory factory, Autostart autostart = Autostart::always);
  /// The program is a Java virtual machine with this collector, from its next life on.
  void set_jvm(std::string_view name, const compute::JvmConfig& config);
  /// Pauses of its collector in the present life.
  [[nodiscard]] std::uint64_t collections(std::string_view name) const;
  /// Begins a new life now. False if it runs already or the host is not on.
  bool start(std::string_view name);
  /// SIGKILL: memory and tasks gone, sockets reset, page cache and submitted I/O untouched. False if not running.
  bool kill(std::string_view name);
  /// SIGTERM: Service::terminate() as an event of the process (after it resumes, if paused). False if not running.
  bool terminate(std::string_view name);
  /// The program ends by itself; its sockets close in order. False if not running.
  bool exited(std::string_view name);
  /// SIGSTOP and SIGCONT: the kernel goes on accepting connections and data for it. False without effect.
  bool pause(std::string_view name);
  bool resume(std::string_view name);
  /// All threads of a JVM stop for a while and then go on (garbage collection): as pause() and resume(), but told to
  /// nobody. A program that is both goes on when both are over. False if not running, or not changed.
  bool stop_world(std::string_view name);
  bool resume_world(std::string_view name);

  [[nodiscard]] bool is_running(std::string_view name) const;  ///< Paused counts as running.
  [[nodiscard]] bool is_paused(std::string_view name) const;
  /// Lives so far, the present one included: 1 in the first. 0 before.
  [[nodiscard]] std::uint64_t incarnation(std::string_view name) const;
  /// The present life, or null.
  [[nodiscard]] Service* service(std::string_view name) const;
  /// Installed names in order of name.
  [[nodiscard]] std::vector<std::string> names() const;

  /// Timers of all programs of the host, present and future lives, run fast by `ppb` parts in a thousand million.
  void set_timer_drift(std::int64_t ppb);

  // --- Power ---------------------------------------------------------------------------------------------------

  /// Mains gone now: all processes gone, silence on the network, the file systems lose what was not durable.
  /// False if it is off; while booting it stops the boot.
  bool power_off();
  /// As power_off(), but drives keep power: what reached a drive's cache survives. False unless on.
  bool kernel_panic();
  /// Starts to boot; after boot_time the network answers and services start, in order of name. False unless off.
  bool power_on();
  [[nodiscard]] Power power() const { return power_; }
  /// The disk number `index` is exchanged for one that holds `image`; empty: a new one. Only while the host is off.
  void replace_disk(std::size_t index, const storage::Image& image);
  /// Mains gone now, and these disks are what their images hold when it comes back. What an image holds counts as never
  /// lost, dirty or not when the machine stopped; the other disks lose what power_off() takes.
  void roll_back(const std::vector<std::pair<std::size_t, const storage::Image*>>& disks);
  /// Tells the observer that a fault has silently damaged what a disk of the host holds.
  void storage_damaged();

  // --- Parts ---------------------------------------------------------------------------------------------------

  [[nodiscard]] const HostConfig& config() const { return config_; }
  [[nodiscard]] const std::string& name() const { return config_.name; }
  [[nodiscard]] network::HostId id() const { return id_; }
  [[nodiscard]] network::Network& network() { return network_; }
  [[nodiscard]] sim::Simulation& sim() { return sim_; }
  /// One per configured disk, mounted as the log directories in this order; they share one page cache.
  [[nodiscard]] std::size_t file_systems() const { return volumes_.size(); }
  [[nodiscard]] storage::FileSystem& file_system(std::size_t index = 0);
  [[nodiscard]] storage::Disk& disk(std::size_t index = 0);
  [[nodiscard]] storage::PageCache& page_cache();
  /// What all processes of the host share.
  [[nodiscard]] compute::Cpu& cpu() { return *cpu_; }
  /// Wall time as the host's software reads it. Goes on while the host is off.
  [[nodiscard]] compute::Clock& clock() { return clock_; }

 private:
  struct Life;    // process, its component and its service
  struct Volume;  // disk and file system
  struct Program {
    std::string name;
    ServiceFactory factory;
    Autostart autostart = Autostart::always;
    std::uint64_t incarnation = 0;
    bool start_at_boot = false;
    compute::JvmConfig jvm;
    std::unique_ptr<Life> life;
  };
  using Programs = std::map<std::string, Program, std::less<>>;

  Program& program(std::string_view name);
  const Program& program(std::string_view name) const;
  bool end_life(Program& program, network::CloseReason reason);
  void bury(Program& program);
  void apply_stop(Life& life);
  void go_down();
  void boot();

  sim::Simulation& sim_;
  network::Network& network_;
  HostConfig config_;
  HostObserver* observer_;
  sim::Component component_;  // "host/<name>"
  network::HostId id_;
  Power power_ = Power::on;
  sim::EventHandle boot_event_;
  std::unique_ptr<compute::Cpu> cpu_;
  compute::Clock clock_;
  std::int64_t timer_drift_ = 0;
  std::unique_ptr<storage::PageCache> page_cache_;
  std::vector<std::unique_ptr<Volume>> volumes_;
  Programs programs_;
};

}  // namespace brokersim::host
