// Goal: the request path as a broker has it: pinned network threads, muted connections, a bounded queue, limited memory.
// Method: a server with round costs is handed connections and requests by hand; every instant is worked out.
#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "models/kafka/broker/request_server.h"

namespace brokersim::kafka::broker {
namespace {
using namespace sim::literals;

struct Step {
  std::int64_t us = 0;
  std::int32_t request = 0;
  bool operator==(const Step&) const = default;
};

/// 1 us to read or to write a request, 10 us to handle it; answered at once.
struct Rig final : RequestHandler {
  explicit Rig(const BrokerConfig& config, compute::CpuConfig cpu_config = {.cores = 64})
      : cpu(sim, "host/b/cpu", cpu_config) {
    shape.config = config;
    shape.costs = {.receive_request = 1_us,
                   .send_response = 1_us,
                   .receive_ps_per_byte = 0,
                   .send_ps_per_byte = 0,
                   .tls_ps_per_byte = 1'000,
                   .tls_read_ps_per_byte = 1'000,
                   .tls_handshake = 100_us};
    params.cluster = &shape;
    server.emplace(component, network, params, cpu, *this);
  }
  sim::Duration cost(const wire::Message&) const override { return 10_us; }
  void handle(RequestId id, wire::Message& request) override {
    handled.push_back({sim.now().ns / 1'000, request.correlation});
    if (answer)
      server->respond(id, std::make_unique<wire::MetadataResponse>());
    else
      open.push_back(id);
  }
  void read_cold(std::uint64_t slot) { reading.push_back(open.at(slot)); }
  network::ConnectionId connect(std::uint32_t index, network::Port port = wire::kBrokerPort) {
    const network::ConnectionId id{index, 1};
    server->on_accepted(id, port);
    return id;
  }
  void send(network::ConnectionId connection, std::int32_t number, sim::Bytes size = {100}) {
    auto request = std::make_unique<wire::MetadataRequest>();
    request->correlation = number;
    server->on_message(connection, std::move(request), size);
  }
  void until(std::int64_t us) { sim.run_until(sim::SimTime{us * 1'000}); }

  sim::Simulation sim{1};
  network::Network network{sim, {}};
  sim::Process process{sim, "host/b/broker"};
  sim::Component component{process, "host/b/broker/main"};
  compute::Cpu cpu;
  ClusterShape shape;
  BrokerParams params;
  std::optional<RequestServer> server;
  std::vector<Step> handled;
  std::vector<RequestId> open;
  std::vector<RequestId> reading;
  bool answer = true;
};

// One connection: read 1, handled at 11, written at 12; only then the next is read.
TEST(RequestServer, ConnectionIsMutedUntilItsAnswerIsWritten) {
  Rig t({});
  const auto connection = t.connect(0);
  for (std::int32_t i = 0; i < 3; ++i) t.send(connection, i);
  t.until(100);
  EXPECT_EQ(t.handled, (std::vector<Step>{{11, 0}, {23, 1}, {35, 2}}));
}

// Connections 0 and 3 share thread 0 of three, though 1 and 2 idle: the second read waits for the first.
TEST(RequestServer, ConnectionsArePinnedToNetworkThreadsInTurn) {
  Rig t({});
  std::vector<network::ConnectionId> connections;
  for (std::uint32_t i = 0; i < 4; ++i) connections.push_back(t.connect(i));
  t.send(connections[0], 0);
  t.send(connections[3], 3);
  t.send(connections[1], 1);
  t.until(100);
  EXPECT_EQ(t.handled, (std::vector<Step>{{11, 0}, {11, 1}, {12, 3}}));
}

// One handler, a queue of one. Requests of four connections, each with a network thread of its own, are read at 1 us:
// the first is handled, the second queued, the others' threads stand still until places come free at 11 and 21 us.
TEST(RequestServer, FullQueueStopsTheNetworkThread) {
  BrokerConfig config;
  config.num_network_threads = 4;
  config.num_io_threads = 1;
  config.queued_max_requests = 1;
  Rig t(config);
  std::vector<network::ConnectionId> connections;
  for (std::uint32_t i = 0; i < 5; ++i) connections.push_back(t.connect(i));
  for (std::uint32_t i = 0; i < 4; ++i) t.send(connections[i], static_cast<std::int32_t>(i));
  t.until(5);
  EXPECT_EQ(t.server->counters().queue_full, 2u);
  EXPECT_EQ(t.server->network_pool().busy(), 2) << "two threads hold a request that nobody takes";
  EXPECT_EQ(t.server->queued(), 3u);
  t.send(connections[4], 4);  // on thread 0, which is free
  t.until(7);
  EXPECT_EQ(t.server->counters().queue_full, 3u);
  EXPECT_EQ(t.server->network_pool().busy(), 3)
      << "now thread 0 stands too, and cannot write the first answer";
  t.until(200);
  EXPECT_EQ(t.handled, (std::vector<Step>{{11, 0}, {21, 1}, {31, 2}, {41, 3}, {51, 4}}));
  EXPECT_EQ(t.server->counters().queued_max, 1u) << "the queue itself never holds more";
  EXPECT_EQ(t.server->network_pool().busy(), 0);
}

// 250 bytes of memory and requests of 100: three are read (the third goes beyond), the fourth when one has been handled.
TEST(RequestServer, RequestsAreNotReadWithoutMemory) {
  BrokerConfig config;
  config.num_network_threads = 5;
  config.num_io_threads = 1;
  config.queued_max_request_bytes = 250;
  Rig t(config);
  std::vector<network::ConnectionId> connections;
  for (std::uint32_t i = 0; i < 5; ++i) connections.push_back(t.connect(i));
  for (std::uint32_t i = 0; i < 5; ++i) t.send(connections[i], static_cast<std::int32_t>(i));
  EXPECT_EQ(t.server->counters().memory_full, 2u);
  EXPECT_EQ(t.server->counters().requests, 3u);
  t.until(12);
  EXPECT_EQ(t.server->counters().requests, 4u);
  t.until(200);
  EXPECT_EQ(t.handled.size(), 5u);
  EXPECT_EQ(t.handled.back(), (Step{51, 4}));
}

// A handshake of 100 us first; then 1 us + 100 bytes of decryption, and of the answer, reading and encryption. The plain
// listener has threads of its own and does not wait.
TEST(RequestServer, TlsCostsHandshakeAndBytes) {
  Rig t({});
  const auto secret = t.connect(0, wire::kBrokerTlsPort);
  const auto plain = t.connect(1);
  t.send(secret, 1, {10'000});
  t.send(plain, 2, {10'000});
  t.until(1'000);
  EXPECT_EQ(t.handled, (std::vector<Step>{{11, 2}, {121, 1}}));
  EXPECT_EQ(t.server->counters().tls_handshakes, 1u);
}

// The network thread that sends cold data stands still; a connection of the same thread waits, another's does not.
TEST(RequestServer, ColdAnswerHoldsItsNetworkThread) {
  BrokerConfig config;
  config.num_network_threads = 2;
  Rig t(config);
  t.answer = false;
  std::vector<network::ConnectionId> connections;
  for (std::uint32_t i = 0; i < 3; ++i) connections.push_back(t.connect(i));
  t.send(connections[0], 0);
  t.until(20);
  t.server->respond_reading(t.open.at(0), std::make_unique<wire::FetchResponse>(), sim::bind<&Rig::read_cold>(&t, 0));
  t.until(30);
  ASSERT_EQ(t.reading.size(), 1u);
  t.answer = true;
  t.send(connections[1], 1);
  t.send(connections[2], 2);  // shares the thread of connection 0
  t.send(connections[0], 3);
  t.until(500);
  EXPECT_EQ(t.handled, (std::vector<Step>{{11, 0}, {41, 1}}));
  t.server->read_complete(t.reading.at(0));
  t.until(1'000);
  EXPECT_EQ(t.handled, (std::vector<Step>{{11, 0}, {41, 1}, {511, 2}, {512, 3}}));
  EXPECT_EQ(t.server->counters().cold_answers, 1u);
}

// A connection that goes while its request waits: the request is still handled, nothing is answered, nothing leaks.
TEST(RequestServer, RequestOutlivesItsConnection) {
  Rig t({});
  const auto connection = t.connect(0);
  t.send(connection, 1);
  t.send(connection, 2);
  t.until(5);
  t.server->on_closed(connection, network::CloseReason::reset);
  t.until(100);
  EXPECT_EQ(t.handled, (std::vector<Step>{{11, 1}})) << "what was not read is gone with the socket";
  const auto next = t.connect(0, wire::kBrokerPort);
  (void)next;
  t.send({0, 1}, 3);
  t.until(200);
  EXPECT_EQ(t.handled.back().request, 3);
}

}  // namespace
}  // namespace brokersim::kafka::broker
