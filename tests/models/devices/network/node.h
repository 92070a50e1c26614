// A process on a host that writes down what it hears, with the exact simulated time.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "models/devices/network/network.h"

namespace brokersim::network {

struct Note : Message {
  explicit Note(int value_in, int* alive_in = nullptr) : value(value_in), alive(alive_in) {
    if (alive != nullptr) ++*alive;
  }
  Note(const Note&) = delete;
  Note& operator=(const Note&) = delete;
  ~Note() override {
    if (alive != nullptr) --*alive;
  }
  int value;
  int* alive;  // counts the notes that exist
};

struct Heard {
  std::int64_t ns = 0;
  std::string what;
  bool operator==(const Heard&) const = default;
};
inline void PrintTo(const Heard& heard, std::ostream* out) { *out << heard.ns << " ns: " << heard.what; }

class Node final : public Peer {
 public:
  Node(sim::Simulation& sim, Network& network_in, HostId host_in, std::string path)
      : process(sim, path), component(process, path + "/socket"), network(network_in), host(host_in) {}

  virtual ~Node() = default;

  void listen(Port port) { network.listen(host, port, component, *this); }
  ConnectionId connect(const Node& to, Port port, sim::Duration timeout = {10'000'000'000}) {
    return network.connect(host, component, *this, to.host, port, timeout);
  }
  bool send(ConnectionId connection, std::int64_t bytes, int value, int* alive = nullptr) {
    return network.send(connection, sim::Bytes{bytes}, std::make_unique<Note>(value, alive));
  }
  /// SIGKILL, as Host does it.
  void kill() {
    process.kill();
    network.close_all_of(process, CloseReason::reset);
  }

  void on_connected(ConnectionId) override { note("connected"); }
  void on_connect_failed(ConnectionId, ConnectError error) override {
    note(error == ConnectError::refused ? "refused" : "timed out");
  }
  void on_accepted(ConnectionId connection, Port port) override {
    accepted = connection;
    note("accepted " + std::to_string(port.value));
  }
  void on_message(ConnectionId connection, std::unique_ptr<Message> message, sim::Bytes size) override {
    const int value = static_cast<const Note&>(*message).value;
    note(std::to_string(value) + ": " + std::to_string(size.n) + " B");
    if (reply_bytes > 0) send(connection, reply_bytes, -value);
    if (close_on == value) network.close(connection);
    if (die_on == value) kill();
  }
  void on_closed(ConnectionId connection, CloseReason reason) override {
    last_open = network.is_open(connection);
    note(reason == CloseReason::reset ? "reset" : "closed by peer");
  }
  void note(std::string what) { heard.push_back({component.now().ns, std::move(what)}); }

  sim::Process process;
  sim::Component component;
  Network& network;
  HostId host;
  ConnectionId accepted;
  std::vector<Heard> heard;
  std::int64_t reply_bytes = 0;
  int close_on = -1'000'000;
  int die_on = -1'000'000;
  bool last_open = false;
};

// 1 byte takes 1 ns on the wire; 60 us within a zone, 350 us between zones, 10 us on one host.
inline constexpr NicConfig kGigabyteNic{sim::BytesPerSecond{1'000'000'000}};
inline constexpr LatencyConfig kLatency{sim::Duration{10'000}, sim::Duration{60'000}, sim::Duration{350'000}};
inline constexpr Port kPort{9092};
// A window that never limits, ports that never drop: what is left are the cards and the way.
inline const TcpConfig kWide = [] {
  TcpConfig tcp;
  tcp.initial_window = 1'000'000;
  tcp.slow_start_after_idle = false;
  tcp.send_buffer = tcp.receive_buffer = sim::Bytes{1'000'000'000};
  return tcp;
}();
// What a card takes of one connection at once: 46 segments of 1,448 B, 1,538 B each on the wire.
inline constexpr std::int64_t kQuantumPayload = 66'608;
inline constexpr std::int64_t kQuantumWire = 70'748;

/// Three machines in zone a, one in zone b, a node on each; "b" listens on 9092.
struct Cluster {
  sim::Simulation sim;
  Network network;
  Node a, b, c, far;

  explicit Cluster(const TcpConfig& tcp = kWide, std::uint64_t seed = 1)
      : sim(seed),
        network(sim, kLatency, tcp),
        a(sim, network, network.add_host("a", "a", kGigabyteNic), "host/a/process"),
        b(sim, network, network.add_host("b", "a", kGigabyteNic), "host/b/process"),
        c(sim, network, network.add_host("c", "a", kGigabyteNic), "host/c/process"),
        far(sim, network, network.add_host("far", "b", kGigabyteNic), "host/far/process") {
    b.listen(kPort);
  }
  /// Connects at now() and runs 1 ms; then forgets what was heard.
  ConnectionId open(Node& from, Node& to) {
    const ConnectionId connection = from.connect(to, kPort);
    sim.run_until(sim.now() + sim::Duration{1'000'000});
    from.heard.clear();
    to.heard.clear();
    return connection;
  }
  void run_until_ns(std::int64_t ns) { sim.run_until(sim::SimTime{ns}); }
};

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kS = 1'000'000'000;

}  // namespace brokersim::network
