#include "models/devices/network/network.h"

#include "models/devices/network/impl.h"

namespace brokersim::network {

Network::Network(sim::Simulation& sim, const LatencyConfig& latency)
    : impl_(std::make_unique<Impl>(sim, latency)) {}

Network::~Network() = default;

HostId Network::add_host(std::string_view name, std::string_view zone, const NicConfig& nic) {
  SIM_CHECK(nic.bandwidth.n > 0, "a network card needs a bandwidth");
  for (const Machine& machine : impl_->machines) {
    SIM_CHECK(machine.name != name, std::string(name) + " is on the network already");
  }
  const HostId id = impl_->topology.add_host(zone);
  impl_->machines.emplace_back(impl_->sim, id, std::string(name), nic);
  return id;
}

void Network::listen(HostId host, Port port, sim::Component& owner, Peer& peer) {
  Machine& machine = impl_->machine(host);
  SIM_CHECK(machine.up, machine.name + " is down and cannot listen");
  const bool free = machine.listeners.emplace(port, Listener{&owner, &peer}).second;
  SIM_CHECK(free, "port " + std::to_string(port.value) + " of " + machine.name + " is taken");
}

void Network::unlisten(HostId host, Port port) { impl_->machine(host).listeners.erase(port); }

ConnectionId Network::connect(HostId from, sim::Component& owner, Peer& peer, HostId to, Port port,
                              sim::Duration setup_timeout) {
  return impl_->connect(from, owner, peer, to, port, setup_timeout);
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
void Network::cut(HostId from, HostId to) { impl_->cut(from, to); }
void Network::heal(HostId from, HostId to) { impl_->heal(from, to); }
bool Network::is_cut(HostId from, HostId to) const { return impl_->is_cut(from, to); }

bool Network::reachable(HostId from, HostId to) const {
  return is_up(from) && is_up(to) && !is_cut(from, to);
}
sim::Duration Network::latency(HostId from, HostId to) const { return impl_->topology.latency(from, to); }
const Traffic& Network::traffic(HostId host) const { return impl_->machine(host).traffic; }
std::size_t Network::hosts() const { return impl_->machines.size(); }
const std::string& Network::name(HostId host) const { return impl_->machine(host).name; }
std::size_t Network::connections() const { return impl_->connections(); }
std::size_t Network::messages_in_flight() const { return impl_->parcels.in_use(); }

}  // namespace brokersim::network
