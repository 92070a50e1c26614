#include "models/kafka/client/broker_connections.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::client {

namespace {
/// What a socket without SO_SNDBUF takes: the maximum of tcp_wmem.
constexpr sim::Bytes kAutotuned = {4'194'304};
/// How soon a full socket is looked at again: doubling from the one to the other.
constexpr sim::Duration kLookMin = {50'000};
constexpr sim::Duration kLookMax = {10'000'000};
/// Broker ids index a table; larger ones are a mistake of the caller.
constexpr wire::BrokerId kBrokerIdMax = 100'000;
}  // namespace

BrokerConnections::BrokerConnections(sim::Component& owner, const ClientSite& site,
                                     const ConnectionConfig& config, ConnectionListener& listener)
    : owner_(owner),
      network_(site.network),
      host_(site.host),
      line_rate_(site.line_rate),
      config_(config),
      send_buffer_(config.send_buffer.n < 0 ? kAutotuned : config.send_buffer),
      listener_(listener),
      reconnect_jitter_(owner.stream("reconnect").child(site.life)),
      setup_jitter_(owner.stream("connection_setup").child(site.life)) {
  SIM_CHECK(config_.max_in_flight > 0);
}

void BrokerConnections::learn(const wire::BrokerEndpoint& endpoint) {
  SIM_CHECK(endpoint.broker >= 0);
  SIM_CHECK(endpoint.broker <= kBrokerIdMax);
  if (nodes_.size() <= static_cast<std::size_t>(endpoint.broker))
    nodes_.resize(static_cast<std::size_t>(endpoint.broker) + 1);
  Node& known = node(endpoint.broker);
  if (known.state == State::unknown) known.state = State::idle;
  if (known.state == State::idle) known.host = endpoint.host;
}

bool BrokerConnections::can_send(wire::BrokerId broker) const {
  if (broker < 0 || static_cast<std::size_t>(broker) >= nodes_.size()) return false;
  const Node& to = nodes_[static_cast<std::size_t>(broker)];
  return to.state == State::connected && load(to) < config_.max_in_flight;
}

bool BrokerConnections::is_full(wire::BrokerId broker) const {
  if (broker < 0 || static_cast<std::size_t>(broker) >= nodes_.size()) return false;
  const Node& to = nodes_[static_cast<std::size_t>(broker)];
  return to.state == State::connected && load(to) >= config_.max_in_flight;
}

bool BrokerConnections::ready(wire::BrokerId broker) {
  if (can_send(broker)) return true;
  want(broker);
  return false;
}

wire::BrokerId BrokerConnections::least_loaded(std::uint64_t bits) {
  const std::size_t n = nodes_.size();
  SIM_CHECK(n > 0);
  const auto offset = static_cast<std::size_t>((static_cast<unsigned __int128>(bits) * n) >> 64);
  wire::BrokerId best = -1;
  wire::BrokerId next = -1;  // not connected, the earliest that may be
  bool connecting = false;
  for (std::size_t i = 0; i < n; ++i) {
    const auto broker = static_cast<wire::BrokerId>((offset + i) % n);
    const Node& candidate = node(broker);
    connecting = connecting || candidate.state == State::connecting;
    if (can_send(broker)) {
      if (best < 0 || load(candidate) < load(node(best))) best = broker;
    } else if (candidate.state == State::idle) {
      if (next < 0 ||
          std::max(candidate.retry_at, owner_.now()) < std::max(node(next).retry_at, owner_.now()))
        next = broker;
    }
  }
  if (best >= 0) return best;
  if (!connecting && next >= 0) want(next);
  return -1;
}

std::int32_t BrokerConnections::load(const Node& node) const {
  return static_cast<std::int32_t>(node.in_flight.size());
}

void BrokerConnections::want(wire::BrokerId broker) {
  if (broker < 0 || static_cast<std::size_t>(broker) >= nodes_.size()) return;
  Node& to = node(broker);
  if (to.state != State::idle) return;
  if (to.retry_at <= owner_.now()) {
    connect(broker);
    return;
  }
  to.wanted = true;
  if (to.retry_armed) return;
  to.retry_armed = true;
  owner_.at(to.retry_at, "client.reconnect",
            sim::bind<&BrokerConnections::retry>(this, static_cast<std::uint64_t>(broker)));
}

void BrokerConnections::retry(std::uint64_t broker) {
  Node& to = node(static_cast<wire::BrokerId>(broker));
  to.retry_armed = false;
  if (!to.wanted) return;
  want(static_cast<wire::BrokerId>(broker));
}

void BrokerConnections::connect(wire::BrokerId broker) {
  Node& to = node(broker);
  to.wanted = false;
  to.state = State::connecting;
  const std::uint64_t bits = setup_jitter_.child(static_cast<std::uint64_t>(broker)).bits(to.draws++);
  const sim::Duration timeout = std::max(config_.setup(to.setup_failures, bits), sim::Duration{1});
  network::SocketOptions options;
  options.send_buffer = config_.send_buffer;
  options.receive_buffer = config_.receive_buffer;
  options.handshake_round_trips = config_.security.handshake_trips();
  const network::Port port = config_.security.tls ? wire::kBrokerTlsPort : wire::kBrokerPort;
  to.connection = network_.connect(host_, owner_, *this, to.host, port, timeout, options);
}

wire::BrokerId BrokerConnections::broker_of(network::ConnectionId connection) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i].connection == connection && nodes_[i].state >= State::connecting)
      return static_cast<wire::BrokerId>(i);
  }
  return -1;
}

void BrokerConnections::on_connected(network::ConnectionId connection) {
  const wire::BrokerId broker = broker_of(connection);
  if (broker < 0) return;
  Node& to = node(broker);
  to.state = State::connected;
  to.failures = 0;
  to.setup_failures = 0;
  listener_.on_broker_ready(broker);
}

void BrokerConnections::on_connect_failed(network::ConnectionId connection, network::ConnectError) {
  const wire::BrokerId broker = broker_of(connection);
  if (broker < 0) return;
  ++node(broker).setup_failures;
  lose(broker);
}

void BrokerConnections::on_closed(network::ConnectionId connection, network::CloseReason) {
  const wire::BrokerId broker = broker_of(connection);
  if (broker >= 0) lose(broker);
}

void BrokerConnections::on_message(network::ConnectionId connection,
                                   std::unique_ptr<network::Message> message, sim::Bytes size) {
  if (config_.thread == nullptr) return deliver(connection, *message);
  unread_.push_back({connection, std::move(message)});
  config_.thread->submit(config_.response_cost + per_byte(size.n, config_.response_ps_per_byte),
                         sim::bind<&BrokerConnections::on_read>(this, 0));
}

void BrokerConnections::on_read(std::uint64_t) {
  const Unread next = std::move(unread_.front());
  unread_.pop_front();
  deliver(next.connection, *next.message);
}

void BrokerConnections::deliver(network::ConnectionId connection, const network::Message& message) {
  const wire::BrokerId broker = broker_of(connection);
  if (broker < 0) return;
  const auto& response = static_cast<const wire::Message&>(message);
  Node& from = node(broker);
  const auto found = std::find_if(from.in_flight.begin(), from.in_flight.end(),
                                  [&](const InFlight& r) { return r.correlation == response.correlation; });
  SIM_CHECK(found != from.in_flight.end(), owner_.path() + " hears an answer it did not ask for");
  const RequestTag tag = found->tag;
  SIM_CHECK(tag.api == response.api);
  from.in_flight.erase(found);
  listener_.on_response(broker, tag, response);
}

void BrokerConnections::lose(wire::BrokerId broker) {
  Node& to = node(broker);
  const std::uint64_t bits = reconnect_jitter_.child(static_cast<std::uint64_t>(broker)).bits(to.draws++);
  to.state = State::idle;
  to.connection = {};
  to.retry_at = owner_.now() + config_.reconnect(to.failures++, bits);
  to.sent = {};
  to.card_free = {};
  to.look_after = {};
  const std::vector<InFlight> lost = std::exchange(to.in_flight, {});
  for (const InFlight& request : lost) listener_.on_request_lost(broker, request.tag);
  listener_.on_disconnected(broker);
}

void BrokerConnections::send(wire::BrokerId broker, RequestTag tag, sim::Bytes size,
                             std::unique_ptr<wire::Message> request, sim::Duration timeout) {
  SIM_CHECK(can_send(broker));
  Node& to = node(broker);
  SIM_CHECK(tag.api == request->api);
  request->correlation = next_correlation_++;
  if (timeout.ns > 0) to.uneven = true;
  to.in_flight.push_back(
      {request->correlation, tag, owner_.now() + (timeout.ns > 0 ? timeout : config_.request_timeout)});
  to.sent += size;
  // False if the connection is gone and we have not heard yet: then the loss will be reported as for any other.
  static_cast<void>(network_.send(to.connection, size, std::move(request)));
  arm_timeout();
}

void BrokerConnections::send_unanswered(wire::BrokerId broker, RequestTag tag, sim::Bytes size,
                                        std::unique_ptr<wire::Message> request) {
  SIM_CHECK(can_send(broker));
  Node& to = node(broker);
  SIM_CHECK(tag.api == request->api);
  request->correlation = next_correlation_++;
  to.sent += size;
  const sim::SimTime now = owner_.now();
  InFlight& entry =
      to.in_flight.emplace_back(InFlight{request->correlation, tag, now + config_.request_timeout});
  entry.answered = false;
  entry.through = to.sent;
  const std::uint64_t word =
      (static_cast<std::uint64_t>(broker) << 32) | static_cast<std::uint32_t>(entry.correlation);
  // False if the connection is gone and we have not heard yet: then the loss will be reported.
  if (!network_.send(to.connection, size, std::move(request))) return;
  sim::SimTime left = now;
  if (line_rate_.n > 0) {
    to.card_free = std::max(to.card_free, now) + sim::transfer_time(size, line_rate_);
    left = std::max(now, to.card_free - std::min(sim::transfer_time(send_buffer_, line_rate_),
                                                 sim::Duration{to.card_free.ns}));
  }
  owner_.at(left, "producer.written", sim::bind<&BrokerConnections::on_left>(this, word));
}

void BrokerConnections::on_left(std::uint64_t word) {
  const auto broker = static_cast<wire::BrokerId>(word >> 32);
  const auto correlation = static_cast<std::int32_t>(word & 0xFFFFFFFFu);
  std::vector<InFlight>& requests = node(broker).in_flight;
  const auto found = std::find_if(requests.begin(), requests.end(),
                                  [&](const InFlight& r) { return r.correlation == correlation; });
  if (found == requests.end()) return;  // lost with its connection
  SIM_CHECK(!found->answered);
  found->left = true;
  finish_written(broker);
}

/// Reports, oldest first, what the socket has taken; looks again later if it is full.
void BrokerConnections::finish_written(wire::BrokerId broker) {
  for (;;) {
    Node& to = node(broker);
    const auto first =
        std::find_if(to.in_flight.begin(), to.in_flight.end(), [](const InFlight& r) { return r.left; });
    if (first == to.in_flight.end()) {
      to.look_after = {};
      return;
    }
    const sim::Bytes received = to.sent - network_.unacknowledged(to.connection);
    SIM_CHECK(received.n >= 0);
    const sim::Bytes held = first->through - received;
    if (held > send_buffer_) return look_later(broker, held - send_buffer_);
    to.look_after = {};
    const RequestTag tag = first->tag;
    to.in_flight.erase(first);
    listener_.on_request_written(broker, tag);
  }
}

void BrokerConnections::look_later(wire::BrokerId broker, sim::Bytes excess) {
  Node& to = node(broker);
  if (to.look_armed) return;
  if (to.look_after.ns == 0) {
    to.look_after = kLookMin;
    if (line_rate_.n > 0) to.look_after = std::max(kLookMin, sim::transfer_time(excess, line_rate_));
    arm_timeout();
  } else {
    to.look_after = to.look_after * 2;
  }
  to.look_after = std::min(to.look_after, kLookMax);
  to.look_armed = true;
  owner_.after(to.look_after, "client.send_buffer",
               sim::bind<&BrokerConnections::on_look>(this, static_cast<std::uint64_t>(broker)));
}

void BrokerConnections::on_look(std::uint64_t broker) {
  node(static_cast<wire::BrokerId>(broker)).look_armed = false;
  finish_written(static_cast<wire::BrokerId>(broker));
}

void BrokerConnections::close_all() {
  for (Node& to : nodes_) {
    if (to.state < State::connecting) continue;
    network_.close(to.connection);
    to.state = State::idle;
    to.connection = {};
    to.in_flight.clear();
  }
}

void BrokerConnections::arm_timeout() {
  // Later requests have later deadlines, so one timer at the earliest is enough; it is set again when it fires. An
  // unanswered request that gets stuck asks for an earlier one.
  sim::SimTime earliest = sim::SimTime::max();
  for (const Node& to : nodes_) {
    if (!to.in_flight.empty()) earliest = std::min(earliest, first_deadline(to));
  }
  if (earliest >= timeout_at_) return;
  owner_.cancel(timeout_);
  timeout_at_ = earliest;
  timeout_ = owner_.at(std::max(earliest, owner_.now()), "client.request_timeout",
                       sim::bind<&BrokerConnections::check_timeouts>(this));
}

sim::SimTime BrokerConnections::first_deadline(const Node& node) {
  sim::SimTime first = node.in_flight.front().deadline;
  if (!node.uneven) return first;
  for (const InFlight& request : node.in_flight) first = std::min(first, request.deadline);
  return first;
}

void BrokerConnections::check_timeouts() {
  timeout_ = {};
  timeout_at_ = sim::SimTime::max();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto broker = static_cast<wire::BrokerId>(i);
    const std::vector<InFlight>& waiting = node(broker).in_flight;
    if (waiting.empty()) continue;
    if (first_deadline(node(broker)) > owner_.now()) continue;
    const bool unwritten =
        std::any_of(waiting.begin(), waiting.end(), [](const InFlight& r) { return !r.answered; });
    if (unwritten) {
      network_.close_unfinished(node(broker).connection, send_buffer_);
    } else {
      network_.close(node(broker).connection);
    }
    lose(broker);
  }
  arm_timeout();
}

}  // namespace brokersim::kafka::client
