#include "models/devices/host/host.h"

#include <utility>

#include "models/devices/host/garbage_collector.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/file_system.h"
#include "models/devices/storage/page_cache.h"

namespace brokersim::host {

/// One life of a program. Destroyed as a whole, after its tasks: service, component, process.
struct Host::Life {
  Life(sim::Simulation& sim, const std::string& path) : process(sim, path), component(process, path) {}

  void begin() { service->start(); }
  void terminate() { service->terminate(); }

  sim::Process process;
  sim::Component component;  // signals arrive here
  std::unique_ptr<Service> service;
  std::unique_ptr<GarbageCollector> collector;
  bool paused = false;         // SIGSTOP
  bool world_stopped = false;  // garbage collection
};

struct Host::Volume {
  Volume(sim::Simulation& sim, const std::string& host, std::size_t number,
         const storage::DiskConfig& disk_config, const storage::FileSystemConfig& file_system_config,
         storage::PageCache& page_cache)
      : disk(sim, host + "/disk/" + std::to_string(number), disk_config),
        file_system(sim, host + "/fs/" + std::to_string(number), file_system_config, disk, page_cache) {}

  storage::Disk disk;
  storage::FileSystem file_system;
};

Host::Host(sim::Simulation& sim, network::Network& network, const HostConfig& config, HostObserver* observer)
    : sim_(sim),
      network_(network),
      config_(config),
      observer_(observer),
      component_(sim, "host/" + config.name) {
  SIM_CHECK(!config.name.empty(), "a host needs a name");
  SIM_CHECK(config.boot_time.ns >= 0, component_.path() + " boots in negative time");
  const HardwareConfig& hardware = config_.hardware;
  id_ = network.add_host(config_.name, network::Place{config_.region, config_.zone, config_.rack},
                         hardware.nic);
  cpu_ = std::make_unique<compute::Cpu>(sim, component_.path() + "/cpu", hardware.cpu);
  page_cache_ =
      std::make_unique<storage::PageCache>(sim, component_.path() + "/page_cache", hardware.page_cache);
  for (const storage::DiskConfig& disk : hardware.disks) {
    volumes_.push_back(std::make_unique<Volume>(sim, component_.path(), volumes_.size(), disk,
                                                hardware.file_system, *page_cache_));
  }
}

Host::~Host() {
  // Tasks go before the objects that they use.
  for (auto& [name, program] : programs_) {
    if (program.life) program.life->process.kill();
  }
}

// --- Processes -------------------------------------------------------------------------------------------------

void Host::install(std::string name, ServiceFactory factory, Autostart autostart) {
  SIM_CHECK(factory != nullptr, name + " needs a factory");
  SIM_CHECK(!programs_.contains(name), name + " is installed twice on " + config_.name);
  Program& added = programs_[name];
  added.name = std::move(name);
  added.factory = std::move(factory);
  added.autostart = autostart;
}

Host::Program& Host::program(std::string_view name) {
  const auto found = programs_.find(name);
  SIM_CHECK(found != programs_.end(), std::string(name) + " is not installed on " + config_.name);
  return found->second;
}

const Host::Program& Host::program(std::string_view name) const {
  return const_cast<Host*>(this)->program(name);
}

void Host::set_jvm(std::string_view name, const compute::JvmConfig& config) { program(name).jvm = config; }

std::uint64_t Host::collections(std::string_view name) const {
  const Program& p = program(name);
  return p.life == nullptr || !p.life->collector ? 0 : p.life->collector->pauses();
}

void Host::set_timer_drift(std::int64_t ppb) {
  timer_drift_ = ppb;
  for (auto& [name, program] : programs_) {
    if (program.life) program.life->process.set_timer_drift(ppb);
  }
}

bool Host::start(std::string_view name) {
  Program& p = program(name);
  if (power_ != Power::on) return false;
  if (p.life) return false;
  ++p.incarnation;
  p.start_at_boot = false;
  p.life = std::make_unique<Life>(sim_, component_.path() + "/" + p.name);
  if (timer_drift_ != 0) p.life->process.set_timer_drift(timer_drift_);
  p.life->service = p.factory(p.life->process, *this);
  SIM_CHECK(p.life->service != nullptr, p.name + " was made without a service");
  p.life->component.at(sim_.now(), "process.start", sim::bind<&Life::begin>(p.life.get()));
  if (p.jvm.collector != compute::Collector::none) {
    p.life->collector = std::make_unique<GarbageCollector>(*this, p.name, p.jvm, p.incarnation, component_,
                                                           p.life->component);
  }
  if (observer_ != nullptr) observer_->on_process_started(*this, p.name, p.incarnation);
  return true;
}

/// The process is dead from here on; its memory goes after the running handler, tasks first.
void Host::bury(Program& p) {
  p.life->process.kill();
  cpu_->forget(p.life->process);
  if (p.life->collector) p.life->collector->stop();
  sim_.destroy_later(std::move(p.life));
}

bool Host::end_life(Program& p, network::CloseReason reason) {
  if (!p.life) return false;
  network_.close_all_of(p.life->process, reason);
  bury(p);
  return true;
}

bool Host::kill(std::string_view name) {
  Program& p = program(name);
  if (!end_life(p, network::CloseReason::reset)) return false;
  if (observer_ != nullptr) observer_->on_process_killed(*this, p.name, p.incarnation);
  return true;
}

bool Host::exited(std::string_view name) {
  Program& p = program(name);
  if (!end_life(p, network::CloseReason::by_peer)) return false;
  if (observer_ != nullptr) observer_->on_process_exited(*this, p.name, p.incarnation);
  return true;
}

bool Host::terminate(std::string_view name) {
  Program& p = program(name);
  if (!p.life) return false;
  p.life->component.at(sim_.now(), "process.terminate", sim::bind<&Life::terminate>(p.life.get()));
  if (observer_ != nullptr) observer_->on_process_terminating(*this, p.name, p.incarnation);
  return true;
}

/// Makes the process and its threads stand still or go on, as its life says.
void Host::apply_stop(Life& life) {
  const bool stop = life.paused || life.world_stopped;
  if (stop == life.process.paused()) return;
  if (stop) {
    life.process.pause();
    cpu_->stop(life.process);
  } else {
    life.process.resume();
    cpu_->resume(life.process);
  }
}

bool Host::pause(std::string_view name) {
  Program& p = program(name);
  if (!p.life || p.life->paused) return false;
  p.life->paused = true;
  apply_stop(*p.life);
  if (observer_ != nullptr) observer_->on_process_paused(*this, p.name);
  return true;
}

bool Host::resume(std::string_view name) {
  Program& p = program(name);
  if (!p.life || !p.life->paused) return false;
  p.life->paused = false;
  apply_stop(*p.life);
  if (observer_ != nullptr) observer_->on_process_resumed(*this, p.name);
  return true;
}

bool Host::stop_world(std::string_view name) {
  Program& p = program(name);
  if (!p.life || p.life->world_stopped) return false;
  p.life->world_stopped = true;
  apply_stop(*p.life);
  return true;
}

bool Host::resume_world(std::string_view name) {
  Program& p = program(name);
  if (!p.life || !p.life->world_stopped) return false;
  p.life->world_stopped = false;
  apply_stop(*p.life);
  return true;
}

bool Host::is_running(std::string_view name) const { return program(name).life != nullptr; }

bool Host::is_paused(std::string_view name) const {
  const Program& p = program(name);
  return p.life != nullptr && p.life->paused;
}

std::uint64_t Host::incarnation(std::string_view name) const { return program(name).incarnation; }

Service* Host::service(std::string_view name) const {
  const Program& p = program(name);
  return p.life == nullptr ? nullptr : p.life->service.get();
}

std::vector<std::string> Host::names() const {
  std::vector<std::string> names;
  for (const auto& [name, program] : programs_) names.push_back(name);
  return names;
}

// --- Power -----------------------------------------------------------------------------------------------------

/// Every process is gone at once, and nobody outside is told.
void Host::go_down() {
  component_.cancel(boot_event_);
  for (auto& [name, program] : programs_) {
    if (!program.life) continue;
    program.start_at_boot = true;
    bury(program);
  }
  network_.host_down(id_);
  power_ = Power::off;
}

bool Host::power_off() {
  if (power_ == Power::off) return false;
  roll_back({});
  return true;
}

void Host::roll_back(const std::vector<std::pair<std::size_t, const storage::Image*>>& disks) {
  const bool was_up = power_ != Power::off;
  if (was_up) {
    go_down();
    if (observer_ != nullptr) observer_->on_power_lost(*this);
  }
  std::vector<const storage::Image*> images(volumes_.size());
  for (const auto& [index, image] : disks) images.at(index) = image;
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    if (images[i] != nullptr) {
      replace_disk(i, *images[i]);
    } else if (was_up) {
      const storage::CrashReport report = volumes_[i]->file_system.power_loss();
      if (observer_ != nullptr) observer_->on_crash_report(*this, i, report);
    }
  }
}

bool Host::kernel_panic() {
  if (power_ != Power::on) return false;
  go_down();
  if (observer_ != nullptr) observer_->on_kernel_panicked(*this);
  for (std::size_t i = 0; i < volumes_.size(); ++i) {
    const storage::CrashReport report = volumes_[i]->file_system.kernel_crash();
    if (observer_ != nullptr) observer_->on_crash_report(*this, i, report);
  }
  return true;
}

bool Host::power_on() {
  if (power_ != Power::off) return false;
  power_ = Power::booting;
  boot_event_ = component_.after(config_.boot_time, "host.booted", sim::bind<&Host::boot>(this));
  return true;
}

void Host::replace_disk(std::size_t index, const storage::Image& image) {
  SIM_CHECK(power_ == Power::off, config_.name + " has its disk exchanged while it is on");
  storage_damaged();
  const storage::CrashReport report = file_system(index).restore(image);
  if (observer_ != nullptr) observer_->on_crash_report(*this, index, report);
}

void Host::storage_damaged() {
  if (observer_ != nullptr) observer_->on_storage_damaged(*this);
}

void Host::boot() {
  boot_event_ = {};
  power_ = Power::on;
  network_.host_up(id_);
  if (observer_ != nullptr) observer_->on_booted(*this);
  for (auto& [name, program] : programs_) {
    if (program.autostart == Autostart::always || program.start_at_boot) start(name);
  }
}

// --- Parts -----------------------------------------------------------------------------------------------------

storage::FileSystem& Host::file_system(std::size_t index) {
  SIM_CHECK(index < volumes_.size(), config_.name + " has no file system " + std::to_string(index));
  return volumes_[index]->file_system;
}

storage::Disk& Host::disk(std::size_t index) {
  SIM_CHECK(index < volumes_.size(), config_.name + " has no disk " + std::to_string(index));
  return volumes_[index]->disk;
}

storage::PageCache& Host::page_cache() { return *page_cache_; }

}  // namespace brokersim::host
