#include "models/devices/network/network.h"

#include <algorithm>

#include "models/devices/network/impl.h"

namespace brokersim::network {

Network::Network(sim::Simulation& sim, const LatencyConfig& latency, const TcpConfig& tcp,
                 std::vector<TrunkConfig> trunks)
    : impl_(std::make_unique<Impl>(sim, latency, tcp, std::move(trunks))) {}

Network::~Network() = default;

Network::Impl::Impl(sim::Simulation& sim_in, const LatencyConfig& latency, const TcpConfig& tcp_in,
                    std::vector<TrunkConfig> trunks_in)
    : sim(sim_in), latency_config(latency), tcp(tcp_in), topology(latency, std::move(trunks_in)) {
  SIM_CHECK(tcp.initial_window > 0);
  SIM_CHECK(tcp.rto_min.ns > 0);
  SIM_CHECK(tcp.send_buffer.n > 0);
  SIM_CHECK(tcp.receive_buffer.n > 0);
  SIM_CHECK(latency.jitter_permille >= 0);
  SIM_CHECK(latency.jitter_permille <= 2'000);
}

Machine::Machine(sim::Simulation& sim, HostId id_in, std::string name_in, const NicConfig& nic_in)
    : id(id_in),
      name(std::move(name_in)),
      component(sim, "host/" + name + "/nic"),
      nic(nic_in),
      out(nic.bandwidth, nic.burst, nic.burst_bucket),
      in{Line(nic.bandwidth, nic.burst, nic.burst_bucket), nic.port_buffer, {}, 0} {
  SIM_CHECK(nic.mtu >= 576);
  SIM_CHECK(nic.mtu <= 9'216);
  SIM_CHECK(nic.flow_limit.n >= 0);
  SIM_CHECK(nic.port_buffer.n >= 0);
  quantum_time = sim::transfer_time(wire_bytes(quantum_of(kSegment)), nic.bandwidth);
}

HostId Network::add_host(std::string_view name, const Place& place, const NicConfig& nic) {
  SIM_CHECK(nic.bandwidth.n > 0, "a network card needs a bandwidth");
  for (const Machine& machine : impl_->machines) {
    SIM_CHECK(machine.name != name, std::string(name) + " is on the network already");
  }
  const HostId id = impl_->topology.add_host(place);
  impl_->machines.emplace_back(impl_->sim, id, std::string(name), nic);
  return id;
}

void Network::listen(HostId host, Port port, sim::Component& owner, Peer& peer,
                     const SocketOptions& options) {
  Machine& machine = impl_->machine(host);
  SIM_CHECK(machine.up, machine.name + " is down and cannot listen");
  const bool free = machine.listeners.emplace(port, Listener{&owner, &peer, options, 0}).second;
  SIM_CHECK(free, "port " + std::to_string(port.value) + " of " + machine.name + " is taken");
}

void Network::unlisten(HostId host, Port port) { impl_->machine(host).listeners.erase(port); }

ConnectionId Network::connect(HostId from, sim::Component& owner, Peer& peer, HostId to, Port port,
                              sim::Duration setup_timeout, const SocketOptions& options) {
  return impl_->connect(from, owner, peer, to, port, setup_timeout, options);
}

bool Network::send(ConnectionId connection, sim::Bytes size, std::unique_ptr<Message> message) {
  SIM_CHECK(size.n > 0, "a message needs a size");
  const std::uint32_t end = impl_->find(connection);
  if (end == kNoIndex) return false;
  return impl_->send(end, size, std::move(message));
}

void Network::close(ConnectionId connection) {
  const std::uint32_t end = impl_->find(connection);
  if (end != kNoIndex) impl_->close(end);
}

void Network::set_reading(ConnectionId connection, bool reads) {
  const std::uint32_t end = impl_->find(connection);
  if (end != kNoIndex && impl_->at(end).state == End::State::open) impl_->set_reading(end, reads);
}

sim::Bytes Network::unacknowledged(ConnectionId connection) {
  const std::uint32_t end = impl_->find(connection);
  if (end == kNoIndex || impl_->at(end).state != End::State::open) return {0};
  return impl_->at(end).out.unacknowledged;
}

void Network::close_unfinished(ConnectionId connection, sim::Bytes taken) {
  SIM_CHECK(taken.n >= 0);
  const std::uint32_t end = impl_->find(connection);
  if (end != kNoIndex) impl_->close_unfinished(end, taken);
}

bool Network::is_open(ConnectionId connection) const {
  const std::uint32_t end = impl_->find(connection);
  return end != kNoIndex && impl_->at(end).state == End::State::open;
}

HostId Network::local_host(ConnectionId connection) const {
  const std::uint32_t end = impl_->find(connection);
  SIM_CHECK(end != kNoIndex, "the connection is outdated");
  return impl_->at(end).host;
}

HostId Network::remote_host(ConnectionId connection) const {
  const std::uint32_t end = impl_->find(connection);
  SIM_CHECK(end != kNoIndex, "the connection is outdated");
  return impl_->at(Impl::other(end)).host;
}

void Network::close_all_of(const sim::Process& process, CloseReason reason) {
  impl_->close_all_of(process, reason);
}
void Network::host_down(HostId host) { impl_->host_down(host); }
void Network::host_up(HostId host) { impl_->host_up(host); }
bool Network::is_up(HostId host) const { return impl_->machine(host).up; }
void Network::cut(HostId from, HostId to, Port port) { impl_->cut(from, to, port); }
std::int64_t Network::heal(HostId from, HostId to, Port port, bool at_once) {
  return impl_->heal(from, to, port, at_once);
}
bool Network::is_cut(HostId from, HostId to, Port port) const { return impl_->is_cut(from, to, port); }
std::int64_t Network::held(HostId from, HostId to, Port port) const { return impl_->held(from, to, port); }

ImpairmentId Network::impair(HostId from, HostId to, const Impairment& what) {
  return impl_->impair(from, to, what);
}
void Network::lift(ImpairmentId id) { impl_->lift(id); }
const Exposure& Network::exposure(ImpairmentId id) const { return impl_->exposure(id); }

void Network::slow_card(HostId host, std::int32_t percent) {
  SIM_CHECK(percent >= 1);
  SIM_CHECK(percent <= 100);
  impl_->machine(host).slowness.push_back(percent);
  impl_->machine(host).set_speed();
}
void Network::restore_card(HostId host, std::int32_t percent) {
  std::vector<std::int32_t>& all = impl_->machine(host).slowness;
  const auto found = std::find(all.begin(), all.end(), percent);
  SIM_CHECK(found != all.end(), "the card was not slowed like this");
  all.erase(found);
  impl_->machine(host).set_speed();
}
void Machine::set_speed() {
  const std::int32_t percent = slowness.empty() ? 100 : *std::min_element(slowness.begin(), slowness.end());
  out.slow_to(percent);
  in.line.slow_to(percent);
}
void Network::stop_accepting(HostId host, bool refuse) {
  ++(refuse ? impl_->machine(host).refusals : impl_->machine(host).deafness);
}
void Network::allow_accepting(HostId host, bool refuse) {
  std::uint32_t& faults = refuse ? impl_->machine(host).refusals : impl_->machine(host).deafness;
  SIM_CHECK(faults > 0, "connections are not stopped");
  --faults;
}
std::int64_t Network::turned_away(HostId host) const { return impl_->machine(host).turned_away; }
std::int64_t Network::reset_connections(HostId a, HostId b) { return impl_->reset_between(a, b); }
std::int64_t Network::forget_connections(HostId a, HostId b) { return impl_->forget_between(a, b); }

bool Network::reachable(HostId from, HostId to) const {
  return is_up(from) && is_up(to) && !is_cut(from, to);
}
sim::Duration Network::latency(HostId from, HostId to) const { return impl_->topology.latency(from, to); }
const Traffic& Network::traffic(HostId host) const {
  Machine& machine = impl_->machine(host);
  machine.traffic.dropped_at_port = machine.in.dropped;
  return machine.traffic;
}
std::size_t Network::hosts() const { return impl_->machines.size(); }
const std::string& Network::name(HostId host) const { return impl_->machine(host).name; }
std::size_t Network::connections() const { return impl_->connections(); }
std::size_t Network::messages_in_flight() const { return impl_->parcels.in_use(); }

Network::Window Network::window(ConnectionId connection) const {
  const std::uint32_t end = impl_->find(connection);
  SIM_CHECK(end != kNoIndex, "the connection is outdated");
  const Flow& flow = impl_->at(end).out;
  return {flow.congestion.window(), flow.window_max, flow.in_flight, flow.round_trip};
}

std::vector<Network::TrunkTraffic> Network::trunks() const {
  std::vector<TrunkTraffic> result;
  for (std::uint32_t i = 0; i < impl_->topology.trunks().size(); ++i) {
    const TrunkState& state = impl_->trunk({i});
    result.push_back({impl_->topology.trunks()[i].name, state.bytes, state.queue.dropped});
  }
  return result;
}

}  // namespace brokersim::network
