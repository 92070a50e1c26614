// Goal: kill, exit, pause, panic and power loss each destroy exactly what they destroy on a real machine.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "models/devices/host/host.h"
#include "models/devices/storage/disk.h"
#include "models/devices/storage/file_system.h"
#include "models/devices/storage/page_cache.h"
#include "sim/task.h"

namespace brokersim::host {
namespace {
using namespace sim::literals;

constexpr network::Port kPort{9092};

struct Entry {
  std::int64_t ns = 0;
  std::string what;
  bool operator==(const Entry&) const = default;
};
void PrintTo(const Entry& entry, std::ostream* out) { *out << entry.ns << " ns: " << entry.what; }
using Log = std::vector<Entry>;

struct Observer final : HostObserver {
  explicit Observer(sim::Simulation& sim_in) : sim(sim_in) {}
  virtual ~Observer() = default;
  void add(Host& host, std::string what) { log.push_back({sim.now().ns, host.name() + " " + what}); }
  static std::string life(std::string_view name, std::uint64_t number) {
    return std::string(name) + " " + std::to_string(number);
  }
  void on_process_started(Host& h, std::string_view n, std::uint64_t i) override {
    add(h, "started " + life(n, i));
  }
  void on_process_killed(Host& h, std::string_view n, std::uint64_t i) override {
    add(h, "killed " + life(n, i));
  }
  void on_process_terminating(Host& h, std::string_view n, std::uint64_t i) override {
    add(h, "terminating " + life(n, i));
  }
  void on_process_exited(Host& h, std::string_view n, std::uint64_t i) override {
    add(h, "exited " + life(n, i));
  }
  void on_process_paused(Host& h, std::string_view n) override { add(h, "paused " + std::string(n)); }
  void on_process_resumed(Host& h, std::string_view n) override { add(h, "resumed " + std::string(n)); }
  void on_power_lost(Host& h) override { add(h, "power lost"); }
  void on_kernel_panicked(Host& h) override { add(h, "panicked"); }
  void on_crash_report(Host& h, std::size_t fs, const storage::CrashReport& report) override {
    std::int64_t bytes = 0;
    for (const storage::LostRange& lost : report.lost) bytes += lost.length.n;
    add(h, "fs " + std::to_string(fs) + " lost " + std::to_string(bytes));
  }
  void on_booted(Host& h) override { add(h, "booted"); }
  sim::Simulation& sim;
  Log log;
};

/// Ticks every 100 ms, listens if it is the broker, and leaves 50 ms after SIGTERM.
class Ticker : public Service, public network::Peer {
 public:
  Ticker(sim::Process& process, Host& host, std::string name, Log& log, int& alive)
      : host_(host),
        name_(std::move(name)),
        log_(log),
        alive_(alive),
        component_(process, process.path() + "/main") {
    ++alive_;
    life_ = host.incarnation(name_);
  }
  ~Ticker() override { --alive_; }

  void start() override {
    note("start");
    if (name_ == "broker") host_.network().listen(host_.id(), kPort, component_, *this);
    component_.spawn(tick());
  }
  void terminate() override {
    note("SIGTERM");
    component_.after(50_ms, "ticker.exit", sim::bind<&Ticker::leave>(this));
  }
  void on_message(network::ConnectionId, std::unique_ptr<network::Message>, sim::Bytes) override {
    note("message");
    if (suicidal) {
      host_.kill(name_);
      EXPECT_GT(alive_, 0) << "the object is there until the handler has returned";
      note("after its own kill");
    }
  }
  void on_closed(network::ConnectionId, network::CloseReason) override { note("closed"); }

  bool suicidal = false;

 private:
  void leave() { host_.exited(name_); }
  sim::Task<void> tick() {
    while (true) {
      co_await sim::delay(100_ms);
      note("tick");
    }
  }
  void note(std::string what) {
    log_.push_back({component_.now().ns, name_ + std::to_string(life_) + " " + what});
  }

  Host& host_;
  std::string name_;
  Log& log_;
  int& alive_;
  sim::Component component_;
  std::uint64_t life_ = 0;
};

struct Caller final : network::Peer {
  Caller(sim::Simulation& sim, network::Network& network_in)
      : component(sim, "caller"), network(network_in), host(network.add_host("caller", "a", {})) {}
  virtual ~Caller() = default;
  network::ConnectionId connect(network::HostId to) {
    return network.connect(host, component, *this, to, kPort, 5_s);
  }
  void on_message(network::ConnectionId, std::unique_ptr<network::Message>, sim::Bytes) override {}
  void on_connected(network::ConnectionId) override { log.push_back({component.now().ns, "connected"}); }
  void on_connect_failed(network::ConnectionId, network::ConnectError error) override {
    log.push_back({component.now().ns, error == network::ConnectError::refused ? "refused" : "timed out"});
  }
  void on_closed(network::ConnectionId, network::CloseReason reason) override {
    log.push_back({component.now().ns, reason == network::CloseReason::reset ? "reset" : "closed by peer"});
  }
  sim::Component component;
  network::Network& network;
  network::HostId host;
  Log log;
};

HostConfig machine() {
  HostConfig config;
  config.name = "b-0";
  config.zone = "a";
  config.boot_time = 30_s;
  config.hardware.disks.resize(2);
  return config;
}

struct World {
  sim::Simulation sim{1};
  network::Network network{sim, {}};
  Observer observer{sim};
  Log log;
  int alive = 0;
  Caller caller{sim, network};
  Host host;

  explicit World(const HostConfig& config = machine()) : host(sim, network, config, &observer) {
    install("broker");
  }
  void install(const std::string& name, Autostart autostart = Autostart::always) {
    host.install(
        name,
        [this, name](sim::Process& process, Host& where) {
          return std::make_unique<Ticker>(process, where, name, log, alive);
        },
        autostart);
  }
  void run_until(sim::Duration at) { sim.run_until(sim::SimTime{} + at); }
  Ticker& ticker() { return static_cast<Ticker&>(*host.service("broker")); }
  /// A connection, and nothing in the logs.
  network::ConnectionId connected() {
    const network::ConnectionId connection = caller.connect(host.id());
    sim.run_until(sim.now() + 1_ms);
    caller.log.clear();
    log.clear();
    observer.log.clear();
    return connection;
  }
};

TEST(Host, KillEndsTasksAndResetsSocketsAndARestartIsANewLife) {
  World w;
  EXPECT_EQ(w.host.incarnation("broker"), 0u);
  EXPECT_TRUE(w.host.start("broker"));
  EXPECT_FALSE(w.host.start("broker")) << "it runs";
  w.connected();
  w.run_until(250_ms);
  EXPECT_TRUE(w.host.kill("broker"));
  EXPECT_FALSE(w.host.kill("broker"));
  EXPECT_EQ(w.alive, 0);
  EXPECT_EQ(w.host.service("broker"), nullptr);
  EXPECT_TRUE(w.network.is_up(w.host.id()));
  w.run_until(1_s);
  EXPECT_EQ(w.log, (Log{{100'000'000, "broker1 tick"}, {200'000'000, "broker1 tick"}}));
  EXPECT_EQ(w.caller.log, (Log{{250'060'000, "reset"}}));
  static_cast<void>(w.caller.connect(w.host.id()));
  w.run_until(2_s);
  EXPECT_EQ(w.caller.log.back(), (Entry{1'000'120'000, "refused"}));
  w.log.clear();
  EXPECT_TRUE(w.host.start("broker"));
  w.run_until(2'100_ms);
  EXPECT_EQ(w.log, (Log{{2'000'000'000, "broker2 start"}, {2'100'000'000, "broker2 tick"}}));
  EXPECT_EQ(w.observer.log,
            (Log{{250'000'000, "b-0 killed broker 1"}, {2'000'000'000, "b-0 started broker 2"}}));
}

TEST(Host, KillLeavesThePageCacheAndThePowerDoesNot) {
  for (const bool power : {false, true}) {
    World w;
    w.host.start("broker");
    w.run_until(1_ms);
    storage::FileSystem& files = w.host.file_system(1);
    const storage::FileId file = files.create("log");
    static_cast<void>(files.append(file, 10'000_B, 7));
    EXPECT_EQ(w.host.page_cache().dirty(), 10'000_B);
    w.observer.log.clear();
    if (power) {
      EXPECT_TRUE(w.host.power_off());
      EXPECT_EQ(w.observer.log, (Log{{1'000'000, "b-0 power lost"},
                                     {1'000'000, "b-0 fs 0 lost 0"},
                                     {1'000'000, "b-0 fs 1 lost 10000"}}));
      EXPECT_FALSE(w.host.file_system(1).find("log").has_value()) << "its name was never committed";
      EXPECT_EQ(w.host.page_cache().dirty(), 0_B);
    } else {
      EXPECT_TRUE(w.host.kill("broker"));
      EXPECT_EQ(w.observer.log, (Log{{1'000'000, "b-0 killed broker 1"}}));
      EXPECT_EQ(files.size(file), 10'000_B);
      EXPECT_EQ(w.host.page_cache().dirty(), 10'000_B);
    }
  }
}

TEST(Host, TerminateLetsTheServiceLeaveInOrder) {
  World w;
  w.host.start("broker");
  w.connected();
  w.run_until(30_ms);
  EXPECT_TRUE(w.host.terminate("broker"));
  EXPECT_TRUE(w.host.is_running("broker"));
  w.run_until(1_s);
  EXPECT_FALSE(w.host.is_running("broker"));
  EXPECT_FALSE(w.host.terminate("broker"));
  EXPECT_EQ(w.log, (Log{{30'000'000, "broker1 SIGTERM"}}));
  EXPECT_EQ(w.caller.log, (Log{{80'060'000, "closed by peer"}}));
  EXPECT_EQ(w.observer.log,
            (Log{{30'000'000, "b-0 terminating broker 1"}, {80'000'000, "b-0 exited broker 1"}}));
  EXPECT_EQ(w.alive, 0);
}

TEST(Host, PausedProcessGetsItsSignalsAndDataLater) {
  World w;
  w.host.start("broker");
  const network::ConnectionId connection = w.connected();
  w.run_until(50_ms);
  EXPECT_TRUE(w.host.pause("broker"));
  EXPECT_FALSE(w.host.pause("broker"));
  EXPECT_TRUE(w.host.is_paused("broker"));
  EXPECT_TRUE(w.host.is_running("broker"));
  w.network.send(connection, 100_B, std::make_unique<network::Message>());
  w.run_until(1_s);
  w.host.terminate("broker");
  w.run_until(10_s);
  EXPECT_TRUE(w.log.empty());
  EXPECT_TRUE(w.host.resume("broker"));
  EXPECT_FALSE(w.host.resume("broker"));
  w.run_until(10_s + 20_ms);
  EXPECT_EQ(w.log, (Log{{10'000'000'000, "broker1 message"},
                        {10'000'000'000, "broker1 tick"},
                        {10'000'000'000, "broker1 SIGTERM"}}));
  EXPECT_TRUE(w.caller.log.empty()) << "a pause closes nothing";
}

TEST(Host, PausedProcessCanBeKilled) {
  World w;
  w.host.start("broker");
  w.connected();
  w.host.pause("broker");
  w.run_until(1_s);
  w.host.kill("broker");
  w.run_until(2_s);
  EXPECT_TRUE(w.log.empty());
  EXPECT_FALSE(w.host.is_paused("broker"));
  EXPECT_EQ(w.alive, 0);
}

// Method: off at 0.25 s, on at 5 s, boot 30 s. What the caller sent at 1 s is tried again at 1.2, 1.6 ... 26.4, 52 s;
// the first after the boot is answered with a reset.
TEST(Host, PowerLossIsSilentAndTheBootStartsServices) {
  World w;
  w.install("agent", Autostart::if_was_running);
  w.install("extra", Autostart::if_was_running);
  w.host.start("broker");
  const network::ConnectionId connection = w.connected();
  w.run_until(250_ms);
  EXPECT_TRUE(w.host.power_off());
  EXPECT_FALSE(w.host.power_off());
  EXPECT_EQ(w.host.power(), Power::off);
  EXPECT_FALSE(w.network.is_up(w.host.id()));
  EXPECT_FALSE(w.host.start("broker")) << "nothing starts without power";
  EXPECT_EQ(w.alive, 0);
  w.run_until(1_s);
  w.network.send(connection, 100_B, std::make_unique<network::Message>());
  w.run_until(5_s);
  EXPECT_TRUE(w.host.power_on());
  EXPECT_FALSE(w.host.power_on());
  EXPECT_EQ(w.host.power(), Power::booting);
  w.run_until(34_s);
  EXPECT_TRUE(w.caller.log.empty());
  EXPECT_EQ(w.observer.log, (Log{{250'000'000, "b-0 power lost"},
                                 {250'000'000, "b-0 fs 0 lost 0"},
                                 {250'000'000, "b-0 fs 1 lost 0"}}));
  w.observer.log.clear();
  w.log.clear();
  w.run_until(35_s);
  EXPECT_EQ(w.host.power(), Power::on);
  EXPECT_EQ(w.observer.log, (Log{{35'000'000'000, "b-0 booted"}, {35'000'000'000, "b-0 started broker 2"}}))
      << "agent and extra were not running";
  EXPECT_EQ(w.log, (Log{{35'000'000'000, "broker2 start"}}));
  w.run_until(60_s);
  ASSERT_EQ(w.caller.log.size(), 1u);
  EXPECT_EQ(w.caller.log[0].what, "reset");
  EXPECT_EQ(w.caller.log[0].ns / 1'000'000, 52'000) << "1 s + 51.0 s and a round trip";
}

// Method: init starts broker and x always; agent was running, extra was killed before the panic.
TEST(Host, WhatWasRunningRunsAgainAndInitStartsItsOwn) {
  World w;
  w.install("agent", Autostart::if_was_running);
  w.install("extra", Autostart::if_was_running);
  w.install("x");
  EXPECT_EQ(w.host.names(), (std::vector<std::string>{"agent", "broker", "extra", "x"}));
  w.host.start("agent");
  w.host.start("extra");
  w.host.kill("extra");
  EXPECT_TRUE(w.host.kernel_panic());
  EXPECT_FALSE(w.host.kernel_panic()) << "it is down";
  EXPECT_FALSE(w.network.is_up(w.host.id()));
  w.observer.log.clear();
  w.host.power_on();
  w.run_until(30_s);
  EXPECT_EQ(w.observer.log, (Log{{30'000'000'000, "b-0 booted"},
                                 {30'000'000'000, "b-0 started agent 2"},
                                 {30'000'000'000, "b-0 started broker 1"},
                                 {30'000'000'000, "b-0 started x 1"}}));
  EXPECT_EQ(w.log, (Log{{30'000'000'000, "agent2 start"},
                        {30'000'000'000, "broker1 start"},
                        {30'000'000'000, "x1 start"}}));
  EXPECT_EQ(w.alive, 3);
}

TEST(Host, PanicDropsTheCacheAndFallsSilent) {
  World w;
  w.host.start("broker");
  w.connected();
  storage::FileSystem& files = w.host.file_system(0);
  static_cast<void>(files.append(files.create("log"), 5'000_B, 7));
  EXPECT_TRUE(w.host.kernel_panic());
  EXPECT_EQ(
      w.observer.log,
      (Log{{1'000'000, "b-0 panicked"}, {1'000'000, "b-0 fs 0 lost 5000"}, {1'000'000, "b-0 fs 1 lost 0"}}));
  w.run_until(10_s);
  EXPECT_TRUE(w.caller.log.empty());
}

// Goal: what a snapshot holds was never lost, although nothing of it had reached the disk when the machine stopped. Method:
// 10,000 dirty bytes, a snapshot, 4,000 more; the machine is set back. The other disk loses what was dirty there.
TEST(Host, SetBackToASnapshotLosesOnlyWhatCameAfterIt) {
  World w;
  w.host.start("broker");
  w.run_until(1_ms);
  storage::FileSystem& files = w.host.file_system(1);
  const storage::FileId file = files.create("log");
  static_cast<void>(files.append(file, 10'000_B, 7));
  static_cast<void>(w.host.file_system(0).append(w.host.file_system(0).create("other"), 500_B, 8));
  const storage::Image image = files.image();
  static_cast<void>(files.append(file, 4'000_B, 9));
  w.observer.log.clear();
  w.host.roll_back({{1, &image}});
  EXPECT_EQ(w.observer.log, (Log{{1'000'000, "b-0 power lost"},
                                 {1'000'000, "b-0 fs 0 lost 500"},
                                 {1'000'000, "b-0 fs 1 lost 4000"}}));
  EXPECT_EQ(files.size(*files.find("log")), 10'000_B);
  EXPECT_EQ(w.host.page_cache().dirty(), 0_B);
  EXPECT_EQ(w.host.power(), Power::off);
  EXPECT_TRUE(w.host.power_on());
}

TEST(Host, PowerLossWhileBootingStopsTheBoot) {
  World w;
  w.install("agent", Autostart::if_was_running);
  w.host.start("agent");
  w.run_until(1_s);
  w.host.power_off();
  w.host.power_on();
  w.run_until(20_s);
  EXPECT_TRUE(w.host.power_off());
  w.run_until(100_s);
  EXPECT_FALSE(w.host.is_running("broker"));
  EXPECT_FALSE(w.network.is_up(w.host.id()));
}

TEST(Host, ProcessMayKillItselfInAHandler) {
  World w;
  w.host.start("broker");
  const network::ConnectionId connection = w.connected();
  w.ticker().suicidal = true;
  w.network.send(connection, 100_B, std::make_unique<network::Message>());
  w.run_until(1_s);
  ASSERT_EQ(w.log.size(), 2u);
  EXPECT_EQ(w.log[0].what, "broker1 message");
  EXPECT_EQ(w.log[1].what, "broker1 after its own kill");
  EXPECT_EQ(w.alive, 0);
  ASSERT_EQ(w.caller.log.size(), 1u);
  EXPECT_EQ(w.caller.log[0].what, "reset");
}

TEST(Host, UnknownNamesAndDoubleInstallAreBugs) {
  World w;
  EXPECT_THROW(w.host.start("nobody"), sim::Bug);
  EXPECT_THROW(w.install("broker"), sim::Bug);
  EXPECT_THROW(static_cast<void>(w.host.file_system(2)), sim::Bug);
}

std::uint64_t stormy_run() {
  World w;
  w.host.start("broker");
  static_cast<void>(w.connected());
  for (int round = 0; round < 20; ++round) {
    storage::FileSystem& files = w.host.file_system(0);
    if (w.host.is_running("broker")) static_cast<void>(files.append(files.create("log"), 70'000_B, 1));
    w.sim.run_until(w.sim.now() + 700_ms);
    if (round % 5 == 0) w.host.power_off();
    if (round % 5 == 1) w.host.power_on();
    if (round % 5 == 2) w.sim.run_until(w.sim.now() + 40_s);
    if (round % 5 == 3) w.host.kill("broker");
    if (round % 5 == 4) w.host.start("broker");
    static_cast<void>(w.caller.connect(w.host.id()));
  }
  w.sim.run_until(w.sim.now() + 100_s);
  return w.sim.fingerprint().value();
}

TEST(Host, RunsRepeatBitForBit) { EXPECT_EQ(stormy_run(), stormy_run()); }

}  // namespace
}  // namespace brokersim::host
