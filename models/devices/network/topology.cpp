#include "models/devices/network/topology.h"

#include <algorithm>
#include <map>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/dijkstra_shortest_paths.hpp>

#include "sim/check.h"

namespace brokersim::network {

namespace {
using Weight = std::int64_t;
using Adjacency = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property,
                                        boost::property<boost::edge_weight_t, Weight>>;

// A weight is (latency, 1 hop): fewer hops decide between equal latencies, and every edge costs something, so
// that predecessors never form a cycle. Up to 2^20 hops and 2^42 ns (73 minutes).
constexpr int kHopBits = 20;
constexpr std::int64_t kLatencyMax = std::int64_t{1} << 42;
Weight weight_of(sim::Duration latency) { return (latency.ns << kHopBits) + 1; }
constexpr std::uint32_t kCore = 0;
}  // namespace

struct Topology::Graph {
  Adjacency adjacency{1};  // the core
  std::map<std::string, std::uint32_t, std::less<>> switches;

  void connect(std::uint32_t from, std::uint32_t to, sim::Duration latency) {
    boost::add_edge(from, to, weight_of(latency), adjacency);
  }
  [[nodiscard]] std::vector<Weight> distances(std::uint32_t from) const {
    std::vector<Weight> distance(boost::num_vertices(adjacency));
    boost::dijkstra_shortest_paths(adjacency, from, boost::distance_map(distance.data()));
    return distance;
  }
};

Topology::Topology(const LatencyConfig& latency) : latency_(latency), graph_(std::make_unique<Graph>()) {
  SIM_CHECK(latency.loopback.ns >= 0);
  SIM_CHECK(latency.same_zone.ns >= 0);
  SIM_CHECK(latency.cross_zone >= latency.same_zone, "cross_zone is below same_zone");
  SIM_CHECK(latency.cross_zone.ns < kLatencyMax, "a latency above an hour");
}

Topology::~Topology() = default;

// Up and down may differ by the odd nanosecond, so that the sums are exactly the configured delays.
HostId Topology::add_host(std::string_view zone) {
  auto found = graph_->switches.find(zone);
  if (found == graph_->switches.end()) {
    const auto made = static_cast<std::uint32_t>(boost::add_vertex(graph_->adjacency));
    found = graph_->switches.emplace(std::string(zone), made).first;
    const sim::Duration between = latency_.cross_zone - latency_.same_zone;
    graph_->connect(made, kCore, between / 2);
    graph_->connect(kCore, made, between - between / 2);
  }
  const auto host = static_cast<std::uint32_t>(boost::add_vertex(graph_->adjacency));
  graph_->connect(host, found->second, latency_.same_zone / 2);
  graph_->connect(found->second, host, latency_.same_zone - latency_.same_zone / 2);
  hosts_.push_back({host});
  stale_ = true;
  return {static_cast<std::uint32_t>(hosts_.size() - 1)};
}

void Topology::add_link(HostId from, HostId to, sim::Duration latency) {
  SIM_CHECK(from.value < hosts_.size());
  SIM_CHECK(to.value < hosts_.size());
  SIM_CHECK(from != to);
  SIM_CHECK(latency.ns >= 0);
  SIM_CHECK(latency.ns < kLatencyMax, "a latency above an hour");
  graph_->connect(node(from).value, node(to).value, latency);
  stale_ = true;
}

void Topology::compute_routes() {
  const std::size_t count = hosts_.size();
  table_.assign(count * count, 0);
  for (std::size_t from = 0; from < count; ++from) {
    const std::vector<Weight> distance = graph_->distances(hosts_[from].value);
    for (std::size_t to = 0; to < count; ++to) {
      table_[from * count + to] = from == to ? latency_.loopback.ns : distance[hosts_[to].value] >> kHopBits;
    }
  }
  stale_ = false;
}

std::vector<NodeId> Topology::route(HostId from, HostId to) const {
  const std::vector<Weight> distance = graph_->distances(node(from).value);
  // The lowest predecessor on any cheapest path; edges come in no promised order, so all are compared.
  constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  std::vector<std::uint32_t> before(distance.size(), kNone);
  const auto weights = boost::get(boost::edge_weight, graph_->adjacency);
  for (auto [edge, end] = boost::edges(graph_->adjacency); edge != end; ++edge) {
    const auto u = static_cast<std::uint32_t>(boost::source(*edge, graph_->adjacency));
    const auto v = static_cast<std::uint32_t>(boost::target(*edge, graph_->adjacency));
    if (distance[u] + weights[*edge] == distance[v]) before[v] = std::min(before[v], u);
  }
  std::vector<NodeId> path = {node(to)};
  while (path.back() != node(from)) {
    SIM_CHECK(before[path.back().value] != kNone, "no route");
    path.push_back({before[path.back().value]});
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace brokersim::network
