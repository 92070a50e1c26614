// Goal: the laws of a connection hold under every mixture of failures, and the run repeats bit for bit.
// Laws: what one side hears is a prefix of what the other sent, in order; by_peer comes after all of it; nothing is
// heard after the end or by a dead process; nothing is left behind.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <vector>

#include "models/devices/network/network.h"

namespace brokersim::network {
namespace {

struct Numbered : Message {
  Numbered(std::int64_t number_in, bool last_in, int* alive_in)
      : number(number_in), last(last_in), alive(alive_in) {
    ++*alive;
  }
  ~Numbered() override { --*alive; }
  Numbered(const Numbered&) = delete;
  Numbered& operator=(const Numbered&) = delete;
  std::int64_t number;
  bool last;
  int* alive;
};

struct Side {
  std::int64_t sent = 0;
  std::int64_t heard = 0;
  bool heard_last = false;
};

struct Counts {
  int connected = 0, refused = 0, timed_out = 0, messages = 0, resets = 0, closes = 0;
  bool operator==(const Counts&) const = default;
};

class Life final : public Peer {
 public:
  Life(sim::Simulation& sim, Network& network, HostId host, const std::string& path, Counts& counts,
       int& alive)
      : process(sim, path),
        component(process, path + "/socket"),
        network_(network),
        host_(host),
        counts_(counts),
        alive_(alive) {
    network.listen(host, Port{1}, component, *this);
  }

  virtual ~Life() = default;

  void connect(HostId to) {
    static_cast<void>(network_.connect(host_, component, *this, to, Port{1}, {4'000'000'000}));
  }
  void send(std::uint64_t which, std::int64_t size) {
    if (open_.empty()) return;
    auto entry = std::next(open_.begin(), static_cast<std::ptrdiff_t>(which % open_.size()));
    EXPECT_TRUE(network_.send(entry->first, sim::Bytes{size},
                              std::make_unique<Numbered>(entry->second.sent++, false, &alive_)));
  }
  void close(std::uint64_t which) {
    if (open_.empty()) return;
    auto entry = std::next(open_.begin(), static_cast<std::ptrdiff_t>(which % open_.size()));
    network_.send(entry->first, sim::Bytes{10},
                  std::make_unique<Numbered>(entry->second.sent, true, &alive_));
    network_.close(entry->first);
    open_.erase(entry);
  }
  void close_all() {
    while (!open_.empty()) close(0);
  }

  void on_connected(ConnectionId id) override {
    ++counts_.connected;
    begin(id);
  }
  void on_accepted(ConnectionId id, Port) override { begin(id); }
  void on_connect_failed(ConnectionId, ConnectError error) override {
    EXPECT_TRUE(process.alive());
    ++(error == ConnectError::refused ? counts_.refused : counts_.timed_out);
  }
  void on_message(ConnectionId id, std::unique_ptr<Message> message, sim::Bytes) override {
    EXPECT_TRUE(process.alive() && !process.paused());
    ASSERT_TRUE(open_.contains(id));
    const auto& note = static_cast<const Numbered&>(*message);
    EXPECT_EQ(note.number, open_[id].heard) << "a gap, a repeat or a swap";
    ++open_[id].heard;
    open_[id].heard_last = note.last;
    ++counts_.messages;
  }
  void on_closed(ConnectionId id, CloseReason reason) override {
    ASSERT_TRUE(open_.contains(id)) << "told twice, or told of its own close";
    if (reason == CloseReason::by_peer) {
      EXPECT_TRUE(open_[id].heard_last || open_[id].heard == 0);
    }
    ++(reason == CloseReason::reset ? counts_.resets : counts_.closes);
    open_.erase(id);
  }

  sim::Process process;
  sim::Component component;

 private:
  void begin(ConnectionId id) {
    EXPECT_TRUE(process.alive() && !process.paused());
    EXPECT_TRUE(network_.is_open(id));
    EXPECT_TRUE(open_.emplace(id, Side{}).second);
  }
  Network& network_;
  HostId host_;
  Counts& counts_;
  int& alive_;
  std::map<ConnectionId, Side> open_;
};

struct Result {
  std::uint64_t fingerprint = 0;
  Counts counts;
  bool operator==(const Result&) const = default;
};

class World {
 public:
  explicit World(std::uint64_t seed) : sim_(seed), network_(sim_, {}), driver_(sim_, "driver") {
    for (std::uint32_t i = 0; i < kHosts; ++i) {
      hosts_.push_back(network_.add_host("h" + std::to_string(i), i % 2 == 0 ? "x" : "y",
                                         {sim::BytesPerSecond{i == 3 ? 20'000'000 : 125'000'000}}));
      now_.push_back(nullptr);
      start(i);
    }
  }

  Result run() {
    for (std::uint64_t step = 0; step < 6'000; ++step) {
      const sim::Stream draw = driver_.stream("step").child(step);
      // Mostly close together, sometimes seconds apart.
      const std::int64_t pause = draw.chance_permille(0, 5) ? 3'000'000'000 : 400'000;
      sim_.run_until(sim_.now() + sim::Duration{static_cast<std::int64_t>(
                                      draw.below(1, static_cast<std::uint64_t>(pause)))});
      act(draw);
    }
    end();
    return {sim_.fingerprint().value(), counts_};
  }

 private:
  static constexpr std::uint32_t kHosts = 5;

  void start(std::uint32_t i) {
    all_.push_back(
        std::make_unique<Life>(sim_, network_, hosts_[i], "host/h" + std::to_string(i), counts_, alive_));
    now_[i] = all_.back().get();
  }
  void kill(std::uint32_t i, CloseReason reason) {
    now_[i]->process.kill();
    network_.close_all_of(now_[i]->process, reason);
    now_[i] = nullptr;
  }

  void act(const sim::Stream& draw) {
    const auto i = static_cast<std::uint32_t>(draw.below(2, kHosts));
    const auto j = static_cast<std::uint32_t>((i + 1 + draw.below(3, kHosts - 1)) % kHosts);
    const std::uint64_t dice = draw.below(4, 1'000);
    if (!network_.is_up(hosts_[i])) {
      if (dice < 100) network_.host_up(hosts_[i]);
      return;
    }
    if (now_[i] == nullptr) return start(i);
    Life& life = *now_[i];
    if (life.process.paused()) {
      if (dice < 300) life.process.resume();
      return;
    }
    if (dice < 700)
      return life.send(draw.bits(5),
                       1 + static_cast<std::int64_t>(draw.below(6, dice < 60 ? 400'000 : 2'000)));
    if (dice < 850) return life.connect(dice < 730 ? hosts_[i] : hosts_[j]);
    if (dice < 900) return life.close(draw.bits(5));
    if (dice < 930) return cut(i, j);
    if (dice < 970) return heal(draw.bits(5));
    if (dice < 980) return life.process.pause();
    if (dice < 988) return kill(i, CloseReason::reset);
    if (dice < 993) {
      life.close_all();
      return kill(i, CloseReason::by_peer);
    }
    life.process.kill();
    now_[i] = nullptr;
    network_.host_down(hosts_[i]);
  }
  void cut(std::uint32_t i, std::uint32_t j) {
    network_.cut(hosts_[i], hosts_[j]);
    cuts_.emplace_back(i, j);
  }
  void heal(std::uint64_t which) {
    if (cuts_.empty()) return;
    const auto place = cuts_.begin() + static_cast<std::ptrdiff_t>(which % cuts_.size());
    network_.heal(hosts_[place->first], hosts_[place->second]);
    cuts_.erase(place);
  }

  void end() {
    while (!cuts_.empty()) heal(0);
    for (const HostId host : hosts_) network_.host_up(host);
    sim_.run_until(sim_.now() + sim::Duration{2'000'000'000'000});
    for (std::uint32_t i = 0; i < kHosts; ++i) {
      if (now_[i] != nullptr) now_[i]->process.resume();
    }
    sim_.run_until(sim_.now() + sim::Duration{1'000'000'000});
    for (std::uint32_t i = 0; i < kHosts; ++i) {
      if (now_[i] != nullptr) kill(i, CloseReason::reset);
    }
    sim_.run_to_end();
    EXPECT_EQ(alive_, 0) << "messages left behind";
    EXPECT_EQ(network_.messages_in_flight(), 0u);
    EXPECT_EQ(network_.connections(), 0u);
    EXPECT_EQ(sim_.pending_events(), 0u);
  }

  sim::Simulation sim_;
  Network network_;
  sim::Component driver_;
  std::vector<HostId> hosts_;
  std::vector<std::unique_ptr<Life>> all_;
  std::vector<Life*> now_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> cuts_;
  Counts counts_;
  int alive_ = 0;
};

TEST(RandomLife, LawsHoldAndRunsRepeat) {
  Counts all;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    const Result first = World(seed).run();
    const Result second = World(seed).run();
    EXPECT_EQ(first, second) << "seed " << seed;
    all.connected += first.counts.connected;
    all.messages += first.counts.messages;
    all.refused += first.counts.refused;
    all.timed_out += first.counts.timed_out;
    all.resets += first.counts.resets;
    all.closes += first.counts.closes;
    if (HasFailure()) return;
  }
  // The mixture reaches what it is about.
  EXPECT_GT(all.connected, 5'000);
  EXPECT_GT(all.messages, 30'000);
  EXPECT_GT(all.refused, 100);
  EXPECT_GT(all.timed_out, 50);
  EXPECT_GT(all.resets, 500);
  EXPECT_GT(all.closes, 500);
}

}  // namespace
}  // namespace brokersim::network
