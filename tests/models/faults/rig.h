// Five small machines for faults to hit: three brokers that beat, ping each other and write, a controller, a client.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/devices/host/host.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/file_system.h"
#include "models/faults/engine.h"
#include "models/faults/kind.h"
#include "sim/task.h"

namespace brokersim::faults::test {

using namespace sim::literals;

constexpr network::Port kPort{9092};
constexpr sim::Duration kBeat = 100_ms;
constexpr sim::Duration kBoot = 3_s;

/// What everybody did, in simulated nanoseconds.
struct Diary {
  std::map<std::string, std::vector<std::int64_t>> beats;                          // by host
  std::map<std::pair<std::string, std::string>, std::vector<std::int64_t>> heard;  // (from, to)
  std::vector<std::string> lives;                                                  // "3000000000 b-0 start 2"
  std::map<std::string, std::int64_t> synced;                                      // bytes of "data", by host
  std::vector<std::int64_t> failed_syncs;                                          // of all hosts
  sim::Duration exit_delay = 50_ms;                                                // from SIGTERM to the exit
};

struct Ping : network::Message {
  explicit Ping(std::string from_in) : from(std::move(from_in)) {}
  std::string from;
};

/// Every 100 ms: notes that it lives, writes 8 KiB and syncs them if it has a disk, and pings the other hosts.
class Beater : public host::Service, public network::Peer {
 public:
  Beater(sim::Process& process, host::Host& host, std::string program, Diary& diary,
         const std::vector<host::Host*>& everybody)
      : host_(host),
        program_(std::move(program)),
        diary_(diary),
        component_(process, process.path() + "/main") {
    for (host::Host* other : everybody) {
      if (other != &host_) links_.push_back({other->id(), {}, false});
    }
  }

  void start() override {
    note("start");
    host_.network().listen(host_.id(), kPort, component_, *this);
    component_.spawn(beat());
    if (host_.file_systems() > 0) component_.spawn(write());
  }
  void terminate() override {
    note("SIGTERM");
    component_.after(diary_.exit_delay, "beater.exit", sim::bind<&Beater::leave>(this));
  }
  void on_connected(network::ConnectionId id) override { link(id)->open = true; }
  void on_connect_failed(network::ConnectionId id, network::ConnectError) override {
    link(id)->connection = {};
  }
  void on_closed(network::ConnectionId id, network::CloseReason) override {
    if (Link* mine = link(id)) *mine = {mine->to, {}, false};
  }
  void on_message(network::ConnectionId, std::unique_ptr<network::Message> message, sim::Bytes) override {
    const auto& ping = static_cast<const Ping&>(*message);
    diary_.heard[{ping.from, host_.name()}].push_back(component_.now().ns);
  }

 private:
  struct Link {
    network::HostId to;
    network::ConnectionId connection;
    bool open = false;
  };
  Link* link(network::ConnectionId id) {
    for (Link& l : links_) {
      if (l.connection == id) return &l;
    }
    return nullptr;
  }
  void leave() {
    note("exit");
    host_.exited(program_);
  }
  void note(const std::string& what) {
    diary_.lives.push_back(std::to_string(component_.now().ns) + " " + host_.name() + " " + what + " " +
                           std::to_string(host_.incarnation(program_)));
  }
  sim::Task<void> beat() {
    while (true) {
      diary_.beats[host_.name()].push_back(component_.now().ns);
      for (Link& l : links_) {
        if (l.open) {
          host_.network().send(l.connection, {100}, std::make_unique<Ping>(host_.name()));
        } else if (!l.connection.valid()) {
          l.connection = host_.network().connect(host_.id(), component_, *this, l.to, kPort, 1_s);
        }
      }
      co_await sim::delay(kBeat);
    }
  }
  sim::Task<void> write() {
    const storage::FileId file = host_.file_system().create("data");
    while (true) {
      static_cast<void>(host_.file_system().append(file, {8'192}, {}));
      const storage::Status status = co_await host_.file_system().sync(file);
      if (status == storage::Status::ok) {
        diary_.synced[host_.name()] = host_.file_system().size(file).n;
      } else {
        diary_.failed_syncs.push_back(component_.now().ns);
      }
      co_await sim::delay(kBeat);
    }
  }

  host::Host& host_;
  std::string program_;
  Diary& diary_;
  sim::Component component_;
  std::vector<Link> links_;
};

/// Says whatever the test wants; brokers are on b-0, b-1, b-2.
struct FixedView : ClusterView {
  std::int32_t leader = 1;
  std::vector<std::int32_t> isr = {0, 1, 2};
  std::vector<std::int32_t> live = {0, 1, 2};
  std::optional<ProcessRef> controller = ProcessRef{"c-0", "controller"};

  std::int32_t leader_of(const std::string& system, const std::string& topic, std::int32_t n) const override {
    return system == "kafka" && topic == "orders" && n == 0 ? leader : -1;
  }
  std::vector<std::int32_t> isr_of(const std::string& system, const std::string& topic,
                                   std::int32_t n) const override {
    if (system == "kafka" && topic == "orders" && n == 0) return isr;
    return {};
  }
  std::vector<std::int32_t> live_brokers(const std::string&) const override { return live; }
  std::optional<ProcessRef> broker(const std::string&, std::int32_t id) const override {
    if (id < 0 || id > 2) return std::nullopt;
    return ProcessRef{"b-" + std::to_string(id), "broker"};
  }
  std::optional<ProcessRef> active_controller(const std::string&) const override { return controller; }
  std::vector<ProcessRef> controller_followers(const std::string&) const override {
    return {{"c-0", "controller"}};
  }
  std::vector<ProcessRef> workload(const std::string& name) const override {
    if (name != "checkout") return {};
    return {{"w-0", "client"}};
  }
};

struct FaultLog final : history::Watcher {
  using history::Watcher::on;
  void on(const history::FaultFired& event) override { events.push_back(event); }
  std::vector<history::FaultFired> events;
};

/// What the host tells about power; processes are in the diary.
struct PowerLog final : host::HostObserver {
  void on_process_started(host::Host&, std::string_view, std::uint64_t) override {}
  void on_process_killed(host::Host& h, std::string_view, std::uint64_t) override { add(h, "killed"); }
  void on_process_terminating(host::Host&, std::string_view, std::uint64_t) override {}
  void on_process_exited(host::Host&, std::string_view, std::uint64_t) override {}
  void on_process_paused(host::Host& h, std::string_view) override { add(h, "paused"); }
  void on_process_resumed(host::Host& h, std::string_view) override { add(h, "resumed"); }
  void on_power_lost(host::Host& h) override { add(h, "power lost"); }
  void on_kernel_panicked(host::Host& h) override { add(h, "panicked"); }
  void on_crash_report(host::Host&, std::size_t, const storage::CrashReport&) override {}
  void on_booted(host::Host& h) override { add(h, "booted"); }
  void add(host::Host& h, const std::string& what) {
    lines.push_back(std::to_string(h.sim().now().ns / 1'000'000) + " " + h.name() + " " + what);
  }
  std::vector<std::string> lines;  // "2000 b-0 power lost", in milliseconds
};

class Rig {
 public:
  explicit Rig(std::vector<FaultConfig> faults, std::uint64_t seed = 1, const storage::DiskConfig& disk = {})
      : sim(seed), disk_(disk) {
    add("b-0", "b", "a", "left", "broker", 1);
    add("b-1", "b", "b", "left", "broker", 2);
    add("b-2", "b", "c", "right", "broker", 1);
    add("c-0", "controllers", "a", "", "controller", 0);
    add("w-0", "clients", "b", "", "client", 0);
    history.attach(log);
    engine = std::make_unique<FaultEngine>(component, network, hosts, view, history, std::move(faults));
    engine->start();
    for (host::Host* host : hosts) host->start(host->names().front());
  }

  void run(sim::Duration until) { sim.run_until(sim::SimTime{} + until); }
  host::Host& host(const std::string& name) {
    return **std::find_if(hosts.begin(), hosts.end(), [&](host::Host* h) { return h->name() == name; });
  }
  bool running(const std::string& name) { return host(name).is_running(host(name).names().front()); }
  bool cut(const std::string& from, const std::string& to) {
    return network.is_cut(host(from).id(), host(to).id());
  }
  RealisedFault realised(std::size_t index = 0) { return engine->realised().at(index); }
  std::int64_t beats(const std::string& name, sim::Duration from, sim::Duration to) {
    return count(diary.beats[name], from, to);
  }
  /// Pings heard in [from, to).
  std::int64_t heard(const std::string& sender, const std::string& receiver, sim::Duration from,
                     sim::Duration to) {
    return count(diary.heard[{sender, receiver}], from, to);
  }

  sim::Simulation sim;
  network::Network network{sim, {}};
  sim::Component component{sim, "faults"};
  Diary diary;
  FixedView view;
  FaultLog log;
  PowerLog power;
  history::History history;
  std::vector<std::unique_ptr<host::Host>> owned;
  std::vector<host::Host*> hosts;
  std::unique_ptr<FaultEngine> engine;

 private:
  storage::DiskConfig disk_;
  static std::int64_t count(const std::vector<std::int64_t>& times, sim::Duration from, sim::Duration to) {
    return std::count_if(times.begin(), times.end(),
                         [&](std::int64_t t) { return from.ns <= t && t < to.ns; });
  }
  void add(const std::string& name, const std::string& group, const std::string& zone,
           const std::string& domain, const std::string& program, std::size_t disks) {
    host::HostConfig config;
    config.name = name;
    config.group = group;
    config.zone = zone;
    config.power_domain = domain;
    config.boot_time = kBoot;
    config.hardware.disks.assign(disks, disk_);
    owned.push_back(std::make_unique<host::Host>(sim, network, config, &power));
    hosts.push_back(owned.back().get());
    owned.back()->install(program, [this, program](sim::Process& process, host::Host& where) {
      return std::make_unique<Beater>(process, where, program, diary, hosts);
    });
  }
};

// --- Short forms ---

inline Target host_named(std::string name) { return {Target::By::host, std::move(name), "", 0}; }
inline Target some(Target::By by, std::string name = "") { return {by, std::move(name), "", 0}; }
inline Target broker(std::int32_t id) { return {Target::By::broker, "", "kafka", id}; }
inline Target leader() { return {Target::By::leader_of, "orders", "kafka", 0}; }
inline Target follower() { return {Target::By::follower_of, "orders", "kafka", 0}; }
inline Target random_broker() { return {Target::By::random_broker, "", "kafka", 0}; }
inline Target controller() { return {Target::By::controller, "", "kafka", 0}; }

/// `stays` is `lasts` or `restart_after`, as the kind has it.
inline FaultConfig fault(FaultKind kind, sim::Duration at, Target target,
                         std::optional<sim::Duration> stays = {}, std::string name = "") {
  FaultConfig config;
  config.name = name.empty() ? "fault-" + std::to_string(at.ns) : std::move(name);
  config.kind = kind;
  config.at = sim::SimTime{} + at;
  config.targets = {std::move(target)};
  const bool lasts = kind_of(kind).stays == Stays::lasts;
  (lasts ? config.lasts : config.restart_after) = stays;
  return config;
}

}  // namespace brokersim::faults::test
