#include "models/database/client.h"

#include <utility>

#include "sim/check.h"

namespace brokersim::database {

Connection::Connection(sim::Component& owner, network::Network& network, network::HostId from,
                       network::HostId to, const ClientConfig& config)
    : owner_(owner), network_(network), from_(from), to_(to), config_(config) {}

sim::Task<Reply> Connection::call(std::unique_ptr<Request> request) {
  Reply failed;
  failed.result.error = Error::connection_lost;
  if (state_ == State::closed) {
    state_ = State::connecting;
    connection_ = network_.connect(from_, owner_, *this, to_, kDatabasePort, config_.connect_timeout);
    while (state_ == State::connecting) co_await changed_.wait();
  }
  SIM_CHECK(state_ != State::connecting, "two calls on one connection");
  if (state_ != State::open) co_return failed;
  const sim::Bytes size = wire_bytes(*request);
  if (!network_.send(connection_, size, std::move(request))) co_return failed;
  const sim::SimTime until = owner_.now() + config_.timeout;
  while (state_ == State::open && reply_ == nullptr && owner_.now() < until)
    co_await changed_.wait_for(until - owner_.now());
  if (reply_ == nullptr) {
    close();
    co_return failed;
  }
  const std::unique_ptr<Reply> reply = std::move(reply_);
  co_return std::move(*reply);
}

sim::Task<Reply> Connection::begin(Isolation isolation) {
  auto request = std::make_unique<Request>();
  request->kind = Request::Kind::begin;
  request->isolation = isolation;
  return call(std::move(request));
}

sim::Task<Reply> Connection::run(Statement statement) {
  auto request = std::make_unique<Request>();
  request->statement = std::move(statement);
  return call(std::move(request));
}

sim::Task<Reply> Connection::commit() {
  auto request = std::make_unique<Request>();
  request->kind = Request::Kind::commit;
  return call(std::move(request));
}

sim::Task<Reply> Connection::rollback() {
  auto request = std::make_unique<Request>();
  request->kind = Request::Kind::rollback;
  return call(std::move(request));
}

void Connection::close() {
  if (state_ != State::closed) network_.close(connection_);
  lose();
}

void Connection::lose() {
  state_ = State::closed;
  connection_ = {};
  changed_.notify_all();
}

void Connection::on_connected(network::ConnectionId) {
  state_ = State::open;
  changed_.notify_all();
}

void Connection::on_connect_failed(network::ConnectionId, network::ConnectError) { lose(); }

void Connection::on_message(network::ConnectionId, std::unique_ptr<network::Message> message, sim::Bytes) {
  reply_.reset(static_cast<Reply*>(message.release()));
  changed_.notify_all();
}

void Connection::on_closed(network::ConnectionId, network::CloseReason) { lose(); }

Pool::Pool(sim::Component& owner, network::Network& network, network::HostId from, network::HostId to,
           const ClientConfig& config)
    : slots_("database.pool", static_cast<std::uint64_t>(config.pool_size)) {
  for (std::int32_t i = 0; i < config.pool_size; ++i) {
    all_.push_back(std::make_unique<Connection>(owner, network, from, to, config));
    free_.push_back(all_.back().get());
  }
}

sim::Task<Pool::Lease> Pool::acquire() {
  sim::Lease slot = co_await slots_.acquire();
  SIM_CHECK(!free_.empty());
  Connection* const connection = free_.back();
  free_.pop_back();
  co_return Lease(*this, std::move(slot), connection);
}

}  // namespace brokersim::database
