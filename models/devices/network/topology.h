// Where hosts are and how far apart: a directed graph of hosts, rack and zone switches and region routers.
//
// A host hangs on the switch of its rack (if it has one), that on the switch of its zone; the zones of a region are
// meshed, and so are the regions, over one router each. Edges carry whole nanoseconds; a route is the cheapest path,
// of equally long ones the one with fewer hops, then the one through the lowest node ids: so a detour over a third
// zone is taken if it is shorter than a slow trunk. Routes are computed once per change, kept in a host x host table.
// Trunks may have a capacity; a route names those it passes.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/devices/network/config.h"
#include "models/devices/network/peer.h"
#include "sim/time.h"

namespace brokersim::network {

/// A vertex: host, switch or router, numbered in the order of creation.
struct NodeId {
  std::uint32_t value = 0;
  [[nodiscard]] constexpr auto operator<=>(const NodeId&) const = default;
};

/// One direction of a trunk of limited capacity, dense from 0.
struct TrunkId {
  std::uint32_t value = 0;
  [[nodiscard]] constexpr auto operator<=>(const TrunkId&) const = default;
};

/// A limited trunk on a route.
struct Hop {
  TrunkId trunk;
  sim::Duration before;  ///< From the previous trunk (or the sender) to this one.
  sim::Duration after;   ///< From this one to the receiver, further trunks included.
};

/// One direction of a limited trunk, as it was asked for.
struct Trunk {
  std::string name;  ///< "zone a -> zone b", "rack a/1 -> zone a".
  sim::BytesPerSecond bandwidth;
  sim::Bytes buffer;
};

class Topology {
 public:
  /// same_rack <= same_zone <= cross_zone <= cross_region, none negative but same_rack.
  /// Trunks between places where no host stands do nothing.
  explicit Topology(const LatencyConfig& latency, std::vector<TrunkConfig> trunks = {});
  ~Topology();
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  /// Adds a host, and the switches and routers above it that are not there yet.
  HostId add_host(const Place& place);
  HostId add_host(std::string_view zone) { return add_host(Place{{}, std::string(zone), {}}); }
  /// A further directed edge between two hosts, such as a direct cable: `latency` one way.
  void add_link(HostId from, HostId to, sim::Duration latency);

  /// One way from the last bit leaving `from` to it reaching `to`. Same host: the loopback delay.
  [[nodiscard]] sim::Duration latency(HostId from, HostId to) {
    if (stale_) compute_routes();
    return {table_[from.value * hosts_.size() + to.value]};
  }
  /// The limited trunks on the way, in order. Usually none.
  [[nodiscard]] std::span<const Hop> hops(HostId from, HostId to);
  [[nodiscard]] const std::vector<Trunk>& trunks() const { return trunks_; }
  /// True if a route passes any: most worlds have none, and look no further.
  [[nodiscard]] bool limited() const { return !trunks_.empty(); }

  /// The vertices of the route, both hosts included.
  [[nodiscard]] std::vector<NodeId> route(HostId from, HostId to) const;
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
  [[nodiscard]] NodeId node(HostId host) const { return hosts_[host.value]; }

 private:
  struct Graph;  // keeps Boost.Graph out of every file that includes this one
  void compute_routes();
  void compute_hops(std::size_t from, const std::vector<std::int64_t>& distance);
  [[nodiscard]] std::uint32_t region_router(const std::string& region);
  [[nodiscard]] std::uint32_t zone_switch(const Place& place);
  [[nodiscard]] std::uint32_t rack_switch(const Place& place);
  void connect_both(std::uint32_t a, std::uint32_t b, sim::Duration there_and_back, const TrunkConfig* trunk,
                    const std::string& name_a, const std::string& name_b);
  [[nodiscard]] const TrunkConfig* find_trunk(TrunkConfig::Level level, const std::string& a,
                                              const std::string& b) const;
  [[nodiscard]] sim::Duration router_leg() const;

  LatencyConfig latency_;
  std::vector<TrunkConfig> asked_;
  std::unique_ptr<Graph> graph_;
  std::vector<NodeId> hosts_;
  std::vector<std::int64_t> table_;  // nanoseconds, row = from
  std::vector<Trunk> trunks_;
  std::vector<Hop> hop_pool_;
  std::vector<std::uint32_t> hop_first_;  // row = from, as table_, and one more at the end
  bool stale_ = true;
};

}  // namespace brokersim::network
