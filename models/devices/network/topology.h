// Where hosts are and how far apart: a directed graph of hosts, zone switches and one core.
//
// Each host hangs on the switch of its zone, each switch on the core. Edges carry whole nanoseconds; a
// route is the cheapest path, and of equal ones the path through the lowest node ids. Routes are computed
// once per change and kept in a dense host x host table.
// Not modelled yet: link capacity between switches, racks and regions as further levels, jitter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/devices/network/config.h"
#include "models/devices/network/peer.h"
#include "sim/time.h"

namespace brokersim::network {

/// A vertex: host, switch or core, numbered in the order of creation. The core is 0.
struct NodeId {
  std::uint32_t value = 0;
  [[nodiscard]] constexpr auto operator<=>(const NodeId&) const = default;
};

class Topology {
 public:
  /// `latency.cross_zone` must not be below `latency.same_zone`; none may be negative.
  explicit Topology(const LatencyConfig& latency);
  ~Topology();
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  /// Adds a host to `zone`, and the zone's switch when it is the first there.
  HostId add_host(std::string_view zone);
  /// A further directed edge between two hosts, such as a direct cable: `latency` one way.
  void add_link(HostId from, HostId to, sim::Duration latency);

  /// One way from the last bit leaving `from` to it reaching `to`. Same host: the loopback delay.
  [[nodiscard]] sim::Duration latency(HostId from, HostId to) {
    if (stale_) compute_routes();
    return {table_[from.value * hosts_.size() + to.value]};
  }
  /// The vertices of the route, both hosts included.
  [[nodiscard]] std::vector<NodeId> route(HostId from, HostId to) const;
  [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
  [[nodiscard]] NodeId node(HostId host) const { return hosts_[host.value]; }

 private:
  struct Graph;  // keeps Boost.Graph out of every file that includes this one
  void compute_routes();

  LatencyConfig latency_;
  std::unique_ptr<Graph> graph_;
  std::vector<NodeId> hosts_;
  std::vector<std::int64_t> table_;  // nanoseconds, row = from
  bool stale_ = true;
};

}  // namespace brokersim::network
