#include "models/devices/network/topology.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

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
constexpr std::uint32_t kNone = 0xFFFFFFFFu;
Weight weight_of(sim::Duration latency) { return (latency.ns << kHopBits) + 1; }
}  // namespace

struct Topology::Graph {
  Adjacency adjacency;
  std::map<std::string, std::uint32_t, std::less<>> regions;
  std::map<std::pair<std::string, std::string>, std::uint32_t> zones;         // (region, zone)
  std::map<std::pair<std::uint32_t, std::string>, std::uint32_t> racks;       // (zone switch, rack)
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> trunk_of;  // (from, to)

  [[nodiscard]] std::uint32_t vertex() { return static_cast<std::uint32_t>(boost::add_vertex(adjacency)); }
  void connect(std::uint32_t from, std::uint32_t to, sim::Duration latency) {
    SIM_CHECK(latency.ns >= 0, "a link with a negative latency");
    SIM_CHECK(latency.ns < kLatencyMax, "a latency above an hour");
    boost::add_edge(from, to, weight_of(latency), adjacency);
  }
  [[nodiscard]] std::vector<Weight> distances(std::uint32_t from) const {
    std::vector<Weight> distance(boost::num_vertices(adjacency));
    boost::dijkstra_shortest_paths(adjacency, from, boost::distance_map(distance.data()));
    return distance;
  }
  // The lowest predecessor on any cheapest path; edges come in no promised order, so all are compared.
  [[nodiscard]] std::vector<std::uint32_t> predecessors(const std::vector<Weight>& distance) const {
    std::vector<std::uint32_t> before(distance.size(), kNone);
    const auto weights = boost::get(boost::edge_weight, adjacency);
    for (auto [edge, end] = boost::edges(adjacency); edge != end; ++edge) {
      const auto u = static_cast<std::uint32_t>(boost::source(*edge, adjacency));
      const auto v = static_cast<std::uint32_t>(boost::target(*edge, adjacency));
      if (distance[u] == std::numeric_limits<Weight>::max()) continue;
      if (distance[u] + weights[*edge] == distance[v]) before[v] = std::min(before[v], u);
    }
    return before;
  }
};

Topology::Topology(const LatencyConfig& latency, std::vector<TrunkConfig> trunks)
    : latency_(latency), asked_(std::move(trunks)), graph_(std::make_unique<Graph>()) {
  if (latency_.same_rack.ns < 0) latency_.same_rack = latency_.same_zone;
  SIM_CHECK(latency.loopback.ns >= 0);
  SIM_CHECK(latency.same_zone.ns >= 0);
  SIM_CHECK(latency_.same_rack <= latency_.same_zone, "same_rack is above same_zone");
  SIM_CHECK(latency.cross_zone >= latency.same_zone, "cross_zone is below same_zone");
  SIM_CHECK(latency.cross_zone.ns < kLatencyMax, "a latency above an hour");
}

Topology::~Topology() = default;

// --- Building --------------------------------------------------------------------------------------------------

const TrunkConfig* Topology::find_trunk(TrunkConfig::Level level, const std::string& a,
                                        const std::string& b) const {
  for (const TrunkConfig& trunk : asked_) {
    if (trunk.level != level) continue;
    if (trunk.from == a && trunk.to == b) return &trunk;
    if (trunk.from == b && trunk.to == a) return &trunk;
  }
  return nullptr;
}

/// From a zone's switch to its region's router: as far as the longest way between zones, so that traffic between
/// two zones never goes over the router.
sim::Duration Topology::router_leg() const {
  sim::Duration longest = latency_.cross_zone;
  for (const TrunkConfig& trunk : asked_) {
    if (trunk.level == TrunkConfig::Level::zone) longest = std::max(longest, trunk.latency);
  }
  return (longest - latency_.same_zone + sim::Duration{1}) / 2;
}

// Up and down may differ by the odd nanosecond, so that the sums are exactly the configured delays.
void Topology::connect_both(std::uint32_t a, std::uint32_t b, sim::Duration there_and_back,
                            const TrunkConfig* trunk, const std::string& name_a, const std::string& name_b) {
  graph_->connect(a, b, there_and_back / 2);
  graph_->connect(b, a, there_and_back - there_and_back / 2);
  if (trunk == nullptr || trunk->bandwidth.n <= 0) return;
  graph_->trunk_of[{a, b}] = static_cast<std::uint32_t>(trunks_.size());
  trunks_.push_back({name_a + " -> " + name_b, trunk->bandwidth, trunk->buffer});
  graph_->trunk_of[{b, a}] = static_cast<std::uint32_t>(trunks_.size());
  trunks_.push_back({name_b + " -> " + name_a, trunk->bandwidth, trunk->buffer});
}

std::uint32_t Topology::region_router(const std::string& region) {
  if (const auto found = graph_->regions.find(region); found != graph_->regions.end()) return found->second;
  const std::uint32_t made = graph_->vertex();
  for (const auto& [name, router] : graph_->regions) {
    const TrunkConfig* const trunk = find_trunk(TrunkConfig::Level::region, region, name);
    const bool given = trunk != nullptr && trunk->latency.ns >= 0;
    const sim::Duration latency = given ? trunk->latency : latency_.cross_region;
    const sim::Duration between = latency - latency_.same_zone - router_leg() * 2;
    SIM_CHECK(between.ns >= 0, "the way between regions is shorter than the ways to their routers");
    connect_both(made, router, between * 2, trunk, "region " + region, "region " + name);
  }
  graph_->regions.emplace(region, made);
  return made;
}

std::uint32_t Topology::zone_switch(const Place& place) {
  const auto key = std::make_pair(place.region, place.zone);
  if (const auto found = graph_->zones.find(key); found != graph_->zones.end()) return found->second;
  const std::uint32_t made = graph_->vertex();
  for (const auto& [other, node] : graph_->zones) {
    if (other.first != place.region) continue;
    const TrunkConfig* const trunk = find_trunk(TrunkConfig::Level::zone, place.zone, other.second);
    const bool given = trunk != nullptr && trunk->latency.ns >= 0;
    const sim::Duration latency = given ? trunk->latency : latency_.cross_zone;
    SIM_CHECK(latency >= latency_.same_zone, "a trunk between zones is shorter than the way within one");
    connect_both(made, node, (latency - latency_.same_zone) * 2, trunk, "zone " + place.zone,
                 "zone " + other.second);
  }
  graph_->zones.emplace(key, made);
  const std::uint32_t router = region_router(place.region);
  graph_->connect(made, router, router_leg());
  graph_->connect(router, made, router_leg());
  return made;
}

std::uint32_t Topology::rack_switch(const Place& place) {
  const std::uint32_t zone = zone_switch(place);
  const auto key = std::make_pair(zone, place.rack);
  if (const auto found = graph_->racks.find(key); found != graph_->racks.end()) return found->second;
  const std::uint32_t made = graph_->vertex();
  const std::string name = place.zone + "/" + place.rack;
  const TrunkConfig* const trunk = find_trunk(TrunkConfig::Level::rack, name, "");
  connect_both(made, zone, latency_.same_zone - latency_.same_rack, trunk, "rack " + name,
               "zone " + place.zone);
  graph_->racks.emplace(key, made);
  return made;
}

HostId Topology::add_host(const Place& place) {
  const bool racked = !place.rack.empty();
  const std::uint32_t above = racked ? rack_switch(place) : zone_switch(place);
  const sim::Duration pair = racked ? latency_.same_rack : latency_.same_zone;
  const std::uint32_t host = graph_->vertex();
  connect_both(host, above, pair, nullptr, {}, {});
  hosts_.push_back({host});
  stale_ = true;
  return {static_cast<std::uint32_t>(hosts_.size() - 1)};
}

void Topology::add_link(HostId from, HostId to, sim::Duration latency) {
  SIM_CHECK(from.value < hosts_.size());
  SIM_CHECK(to.value < hosts_.size());
  SIM_CHECK(from != to);
  graph_->connect(node(from).value, node(to).value, latency);
  stale_ = true;
}

// --- Routes ----------------------------------------------------------------------------------------------------

void Topology::compute_routes() {
  const std::size_t count = hosts_.size();
  table_.assign(count * count, 0);
  hop_pool_.clear();
  hop_first_.clear();
  for (std::size_t from = 0; from < count; ++from) {
    const std::vector<Weight> distance = graph_->distances(hosts_[from].value);
    for (std::size_t to = 0; to < count; ++to) {
      table_[from * count + to] = from == to ? latency_.loopback.ns : distance[hosts_[to].value] >> kHopBits;
    }
    if (limited()) compute_hops(from, distance);
  }
  if (limited()) hop_first_.push_back(static_cast<std::uint32_t>(hop_pool_.size()));
  stale_ = false;
}

/// The limited trunks on the routes from one host: walks each back from its end.
void Topology::compute_hops(std::size_t from, const std::vector<std::int64_t>& distance) {
  const std::vector<std::uint32_t> before = graph_->predecessors(distance);
  for (std::size_t to = 0; to < hosts_.size(); ++to) {
    const std::size_t first = hop_pool_.size();
    hop_first_.push_back(static_cast<std::uint32_t>(first));
    const sim::Duration whole = {distance[hosts_[to].value] >> kHopBits};
    for (std::uint32_t v = hosts_[to].value; v != hosts_[from].value; v = before[v]) {
      const auto found = graph_->trunk_of.find({before[v], v});
      if (found == graph_->trunk_of.end()) continue;
      const sim::Duration reached = {distance[before[v]] >> kHopBits};
      hop_pool_.push_back({{found->second}, reached, whole - reached});
    }
    std::reverse(hop_pool_.begin() + static_cast<std::ptrdiff_t>(first), hop_pool_.end());
    sim::Duration passed = {0};
    for (std::size_t i = first; i < hop_pool_.size(); ++i) {
      const sim::Duration reached = hop_pool_[i].before;
      hop_pool_[i].before = reached - passed;
      passed = reached;
    }
  }
}

std::span<const Hop> Topology::hops(HostId from, HostId to) {
  if (!limited()) return {};
  if (stale_) compute_routes();
  const std::size_t pair = from.value * hosts_.size() + to.value;
  return {hop_pool_.data() + hop_first_[pair], hop_first_[pair + 1] - hop_first_[pair]};
}

std::vector<NodeId> Topology::route(HostId from, HostId to) const {
  const std::vector<std::uint32_t> before = graph_->predecessors(graph_->distances(node(from).value));
  std::vector<NodeId> path = {node(to)};
  while (path.back() != node(from)) {
    SIM_CHECK(before[path.back().value] != kNone, "no route");
    path.push_back({before[path.back().value]});
  }
  std::reverse(path.begin(), path.end());
  return path;
}

}  // namespace brokersim::network
