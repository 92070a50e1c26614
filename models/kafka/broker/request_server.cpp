#include "models/kafka/broker/request_server.h"

#include <algorithm>
#include <utility>

#include "sim/check.h"

namespace brokersim::kafka::broker {
namespace {

std::int64_t partitions_with_data(const wire::Message& response) {
  if (response.api != wire::Api::fetch) return 0;
  const auto& parts = static_cast<const wire::FetchResponse&>(response).parts;
  return std::count_if(parts.begin(), parts.end(), [](const auto& part) { return part.bytes > 0; });
}

}  // namespace

RequestServer::RequestServer(sim::Component& owner, network::Network& network, const BrokerParams& params,
                             compute::Cpu& cpu, RequestHandler& handler)
    : owner_(owner),
      network_(network),
      id_(params.id),
      cluster_(*params.cluster),
      handler_(handler),
      plain_threads_(owner, cluster_.config.num_network_threads, cpu),
      tls_threads_(owner, cluster_.config.num_network_threads, cpu),
      handlers_(owner, cluster_.config.num_io_threads, cpu),
      memory_free_(cluster_.config.queued_max_request_bytes) {
  for (compute::ThreadPool* pool : {&plain_threads_, &tls_threads_, &handlers_})
    pool->set_wake_up(cluster_.costs.wake_up);
  handlers_.on_dequeued(sim::bind<&RequestServer::on_dequeued>(this));
}

// --- Network threads -------------------------------------------------------------------------------------------

void RequestServer::on_accepted(network::ConnectionId id, network::Port port) {
  if (connections_.size() <= id.index) connections_.resize(id.index + 1);
  Connection& connection = connections_[id.index];
  connection.id = id;
  connection.tls = port == wire::kBrokerTlsPort;
  std::size_t& turn = next_thread_[connection.tls ? 1 : 0];
  connection.thread = turn;
  turn = (turn + 1) % static_cast<std::size_t>(cluster_.config.num_network_threads);
  connection.muted = false;
  connection.starved = false;
  connection.pending.clear();
  if (!connection.tls) return;
  ++counters_.tls_handshakes;
  connection.muted = true;
  run_on_network_thread(connection, cluster_.costs.tls_handshake, 0,
                        sim::bind<&RequestServer::on_handshake>(this, id.index));
}

void RequestServer::on_handshake(std::uint64_t index) {
  Connection& connection = connections_[index];
  connection.muted = false;
  read_next(connection);
}

void RequestServer::on_closed(network::ConnectionId id, network::CloseReason) {
  // Requests already read go on (their appends happen); only their answers have nowhere to go.
  Connection& connection = connections_[id.index];
  if (connection.id != id) return;
  connection.pending.clear();
  handler_.connection_closed(id);
}

void RequestServer::on_message(network::ConnectionId id, std::unique_ptr<network::Message> message,
                               sim::Bytes size) {
  Connection& connection = connections_[id.index];
  SIM_CHECK(connection.id == id);
  connection.pending.push_back(
      {std::unique_ptr<wire::Message>(static_cast<wire::Message*>(message.release())), size});
  if (!connection.muted) read_next(connection);
}

/// Reads a request if there is one and memory for it.
void RequestServer::read_next(Connection& connection) {
  if (connection.pending.empty() || connection.starved) return;
  if (cluster_.config.queued_max_request_bytes > 0 && memory_free_ <= 0) {
    ++counters_.memory_full;
    connection.starved = true;
    starved_.push_back(connection.id);
    return;
  }
  Arrived next = std::move(connection.pending.front());
  connection.pending.erase(connection.pending.begin());
  begin(connection, std::move(next));
}

void RequestServer::begin(Connection& connection, Arrived arrived) {
  connection.muted = true;
  network_.set_reading(connection.id, false);
  ++counters_.requests;
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
  slot.thread = connection.thread;
  slot.tls = connection.tls;
  slot.memory = arrived.size;
  slot.times = {};
  slot.times.read = owner_.now();
  memory_free_ -= arrived.size.n;
  if (cluster_.onlooker != nullptr)
    cluster_.onlooker->on_request(
        id_, index, network_.is_open(connection.id) ? network_.remote_host(connection.id) : network::HostId{},
        *slot.request, slot.times.read);
  const sim::Duration cost =
      cluster_.costs.receive_request + per_byte(arrived.size.n, cluster_.costs.receive_ps_per_byte);
  run_on_network_thread(connection, cost, arrived.size.n, sim::bind<&RequestServer::on_read>(this, index));
}

/// `bytes` are encrypted or decrypted on the way if the connection is.
void RequestServer::run_on_network_thread(const Connection& connection, sim::Duration cost,
                                          std::int64_t bytes, sim::Callback done) {
  if (connection.tls) cost += per_byte(bytes, cluster_.costs.tls_ps_per_byte);
  network_pool(connection.tls).submit_to(connection.thread, cost, done);
}

// --- Request queue and handlers --------------------------------------------------------------------------------

void RequestServer::on_read(std::uint64_t index) {
  const auto slot = static_cast<std::uint32_t>(index);
  slots_[slot].times.queued = owner_.now();
  if (handlers_.queued() < static_cast<std::size_t>(cluster_.config.queued_max_requests)) {
    enqueue(slot);
    return;
  }
  ++counters_.queue_full;
  compute::ThreadPool& pool = network_pool(slots_[slot].tls);
  blocked_.push_back({slot, &pool, pool.hold()});
}

void RequestServer::enqueue(std::uint32_t slot) {
  handlers_.submit(handler_.cost(*slots_[slot].request), sim::bind<&RequestServer::on_handle>(this, slot));
  counters_.queued_max = std::max(counters_.queued_max, handlers_.queued());
}

/// A handler has taken a request: the network thread that has stood longest puts its own into the place.
void RequestServer::on_dequeued() {
  if (blocked_.empty()) return;
  const Blocked first = blocked_.front();
  blocked_.pop_front();
  enqueue(first.slot);
  first.pool->release(first.thread);
}

void RequestServer::on_handle(std::uint64_t index) {
  const RequestId id{static_cast<std::uint32_t>(index), slots_[index].generation};
  wire::Message& request = *slots_[index].request;
  slots_[index].times.handled = owner_.now();
  give_back_memory(slots_[index]);  // may begin requests, which moves the slots
  handler_.handle(id, request);
}

void RequestServer::give_back_memory(Slot& slot) {
  memory_free_ += slot.memory.n;
  slot.memory = {};
  while (!starved_.empty() && memory_free_ > 0) {
    const network::ConnectionId id = starved_.front();
    starved_.pop_front();
    Connection& connection = connections_[id.index];
    if (connection.id != id || !connection.starved) continue;
    connection.starved = false;
    read_next(connection);
  }
}

bool RequestServer::waiting(RequestId id) const {
  return id.slot < slots_.size() && slots_[id.slot].in_use && slots_[id.slot].generation == id.generation &&
         slots_[id.slot].response == nullptr;
}

void RequestServer::finish(RequestId id, std::unique_ptr<wire::Message> response, sim::Bytes bytes) {
  if (!waiting(id)) return;
  Slot& slot = slots_[id.slot];
  response->correlation = slot.request->correlation;
  slot.times.answered = owner_.now();
  slot.response = std::move(response);
  slot.response_bytes = bytes;
  sim::Duration cost = cluster_.costs.send_response + per_byte(bytes.n, cluster_.costs.send_ps_per_byte);
  if (cluster_.costs.send_partition.ns > 0)
    cost += cluster_.costs.send_partition * partitions_with_data(*slot.response);
  if (slot.tls)
    cost += per_byte(bytes.n, cluster_.costs.tls_read_ps_per_byte + cluster_.costs.tls_ps_per_byte);
  network_pool(slot.tls).submit_to(slot.thread, cost, sim::bind<&RequestServer::on_write>(this, id.slot));
}

void RequestServer::on_write(std::uint64_t index) {
  Slot& slot = slots_[index];
  if (slot.read.function == nullptr) return send(static_cast<std::uint32_t>(index));
  ++counters_.cold_answers;
  slot.reading_thread = network_pool(slot.tls).hold();
  const sim::Callback read = std::exchange(slot.read, {});
  read.function(read.self, read.argument);
}

void RequestServer::end_read(RequestId id, bool failed) {
  Slot& slot = slots_[id.slot];
  SIM_CHECK(slot.in_use);
  SIM_CHECK(slot.generation == id.generation, "an answer that is being read is sent once");
  const std::size_t thread = slot.reading_thread;
  compute::ThreadPool& pool = network_pool(slot.tls);
  const network::ConnectionId connection = slot.connection;
  if (!failed) {
    send(id.slot);
  } else {
    release(id.slot);
    connections_[connection.index].pending.clear();
    network_.close(connection);
  }
  pool.release(thread);
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
  network_.set_reading(id, true);
  read_next(connection);
}

void RequestServer::release(std::uint32_t index) {
  Slot& slot = slots_[index];
  slot.times.sent = owner_.now();
  if (cluster_.onlooker != nullptr) cluster_.onlooker->on_request_done(id_, index, slot.times);
  slot.request.reset();
  slot.response.reset();
  slot.read = {};
  slot.in_use = false;
  ++slot.generation;
  free_.push_back(index);
}

}  // namespace brokersim::kafka::broker
