// Who wants to know what happens to machines and processes: the world, to write history.
#pragma once

#include <cstdint>
#include <string_view>

namespace brokersim::storage {
struct CrashReport;
}

namespace brokersim::host {

class Host;

/// Called at the instant, after the change. Must not start, kill or power anything.
class HostObserver {
 public:
  virtual void on_process_started(Host& host, std::string_view name, std::uint64_t incarnation) = 0;
  virtual void on_process_killed(Host& host, std::string_view name, std::uint64_t incarnation) = 0;
  virtual void on_process_terminating(Host& host, std::string_view name, std::uint64_t incarnation) = 0;
  virtual void on_process_exited(Host& host, std::string_view name, std::uint64_t incarnation) = 0;
  virtual void on_process_paused(Host& host, std::string_view name) = 0;
  virtual void on_process_resumed(Host& host, std::string_view name) = 0;
  /// Before the crash reports of the host. Processes gone with the host are not reported one by one.
  virtual void on_power_lost(Host& host) = 0;
  virtual void on_kernel_panicked(Host& host) = 0;
  /// What the file system number `file_system` lost; one call for each of the host's file systems.
  virtual void on_crash_report(Host& host, std::size_t file_system, const storage::CrashReport& report) = 0;
  virtual void on_booted(Host& host) = 0;
  /// A disk of it silently holds other data than was written, or is another disk.
  virtual void on_storage_damaged(Host&) {}

 protected:
  ~HostObserver() = default;
};

}  // namespace brokersim::host
