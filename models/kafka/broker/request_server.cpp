#include "models/kafka/broker/request_server.h"

#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::broker {

RequestServer::RequestServer(sim::Component& owner, network::Network& network, const ClusterShape& cluster,
                             const compute::CpuConfig& cpu, RequestHandler& handler)
    : network_(network),
      cluster_(cluster),
      handler_(handler),
      network_threads_(owner, cluster.config.num_network_threads, cpu),
      handlers_(owner, cluster.config.num_io_threads, cpu) {}

void RequestServer::on_accepted(network::ConnectionId id, network::Port) {
  if (connections_.size() <= id.index) connections_.resize(id.index + 1);
  Connection& connection = connections_[id.index];
  connection.id = id;
  connection.muted = false;
  connection.pending.clear();
}

void RequestServer::on_closed(network::ConnectionId id, network::CloseReason) {
  // Requests already read go on (their appends happen); only their answers have nowhere to go.
  Connection& connection = connections_[id.index];
  if (connection.id != id) return;
  connection.pending.clear();
}

void RequestServer::on_message(network::ConnectionId id, std::unique_ptr<network::Message> message,
                               sim::Bytes size) {
  Connection& connection = connections_[id.index];
  SIM_CHECK(connection.id == id);
  Arrived arrived{std::unique_ptr<wire::Message>(static_cast<wire::Message*>(message.release())), size};
  if (connection.muted) {
    connection.pending.push_back(std::move(arrived));
  } else {
    begin(connection, std::move(arrived));
  }
}

void RequestServer::begin(Connection& connection, Arrived arrived) {
  connection.muted = true;
  std::uint32_t index = 0;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.in_use = true;
  slot.request = std::move(arrived.message);
  slot.connection = connection.id;
  const sim::Duration cost =
      cluster_.costs.receive_request + per_byte(arrived.size.n, cluster_.costs.receive_ps_per_byte);
  network_threads_.submit(cost, sim::bind<&RequestServer::on_read>(this, index));
}

void RequestServer::on_read(std::uint64_t slot) {
  const sim::Duration cost = handler_.cost(*slots_[slot].request);
  handlers_.submit(cost, sim::bind<&RequestServer::on_handle>(this, slot));
}

void RequestServer::on_handle(std::uint64_t index) {
  Slot& slot = slots_[index];
  const RequestId id{static_cast<std::uint32_t>(index), slot.generation};
  wire::Message& request = *slot.request;
  handler_.handle(id, request);
}

bool RequestServer::waiting(RequestId id) const {
  return id.slot < slots_.size() && slots_[id.slot].in_use && slots_[id.slot].generation == id.generation &&
         slots_[id.slot].response == nullptr;
}

void RequestServer::finish(RequestId id, std::unique_ptr<wire::Message> response, sim::Bytes bytes) {
  if (!waiting(id)) return;
  Slot& slot = slots_[id.slot];
  response->correlation = slot.request->correlation;
  slot.response = std::move(response);
  slot.response_bytes = bytes;
  const sim::Duration cost =
      cluster_.costs.send_response + per_byte(bytes.n, cluster_.costs.send_ps_per_byte);
  network_threads_.submit(cost, sim::bind<&RequestServer::on_write>(this, id.slot));
}

void RequestServer::on_write(std::uint64_t index) {
  Slot& slot = slots_[index];
  if (slot.read.function == nullptr) return send(static_cast<std::uint32_t>(index));
  slot.reading_thread = network_threads_.hold();
  const sim::Callback read = std::exchange(slot.read, {});
  read.function(read.self, read.argument);
}

void RequestServer::end_read(RequestId id, bool failed) {
  Slot& slot = slots_[id.slot];
  SIM_CHECK(slot.in_use);
  SIM_CHECK(slot.generation == id.generation, "an answer that is being read is sent once");
  const std::size_t thread = slot.reading_thread;
  const network::ConnectionId connection = slot.connection;
  if (!failed) {
    send(id.slot);
  } else {
    release(id.slot);
    connections_[connection.index].pending.clear();
    network_.close(connection);
  }
  network_threads_.release(thread);
}

void RequestServer::send(std::uint32_t index) {
  Slot& slot = slots_[index];
  static_cast<void>(network_.send(slot.connection, slot.response_bytes, std::move(slot.response)));
  const network::ConnectionId connection = slot.connection;
  release(index);
  unmute(connection);
}

void RequestServer::respond_nothing(RequestId id) {
  if (!waiting(id)) return;
  const network::ConnectionId connection = slots_[id.slot].connection;
  release(id.slot);
  unmute(connection);
}

void RequestServer::close_connection(RequestId id) {
  if (!waiting(id)) return;
  const network::ConnectionId connection = slots_[id.slot].connection;
  release(id.slot);
  connections_[connection.index].pending.clear();
  network_.close(connection);
}

void RequestServer::unmute(network::ConnectionId id) {
  Connection& connection = connections_[id.index];
  if (connection.id != id) return;  // the number was taken by a new connection
  connection.muted = false;
  if (connection.pending.empty()) return;
  Arrived next = std::move(connection.pending.front());
  connection.pending.erase(connection.pending.begin());
  begin(connection, std::move(next));
}

void RequestServer::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  slot.request.reset();
  slot.response.reset();
  slot.read = {};
  slot.in_use = false;
  ++slot.generation;
  free_.push_back(index);
}

}  // namespace brokersim::kafka::broker
