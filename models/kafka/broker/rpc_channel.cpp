#include "models/kafka/broker/rpc_channel.h"

#include <algorithm>

namespace brokersim::kafka::broker {

namespace {
/// socket.connection.setup.timeout.ms
constexpr sim::Duration kSetupTimeout = {10'000'000'000};
}  // namespace

RpcChannel::RpcChannel(sim::Component& owner, network::Network& network, network::HostId from,
                       network::HostId to, network::Port port, const network::SocketOptions& options)
    : owner_(owner), network_(network), from_(from), to_(to), port_(port), options_(options) {}

sim::Task<std::unique_ptr<wire::Message>> RpcChannel::exchange(std::unique_ptr<wire::Message> request,
                                                               sim::Bytes bytes, sim::Duration timeout) {
  if (state_ == State::closed) {
    state_ = State::connecting;
    connection_ = network_.connect(from_, owner_, *this, to_, port_, kSetupTimeout, options_);
  }
  if (state_ == State::connecting) co_await connected_.wait_for(timeout);
  if (state_ != State::open) co_return nullptr;
  Call call;
  call.correlation = next_correlation_++;
  request->correlation = call.correlation;
  if (!network_.send(connection_, bytes, std::move(request))) co_return nullptr;
  calls_.push_back(&call);
  const sim::Waited waited = co_await call.done.wait_for(timeout);
  std::erase(calls_, &call);
  if (waited == sim::Waited::timed_out) close();
  co_return std::move(call.response);
}

void RpcChannel::retarget(network::HostId to) {
  if (to == to_) return;
  close();
  to_ = to;
}

void RpcChannel::close() {
  if (state_ == State::closed) return;
  network_.close(connection_);
  fail_all();
}

void RpcChannel::fail_all() {
  state_ = State::closed;
  connection_ = {};
  connected_.notify_all();
  for (Call* call : std::exchange(calls_, {})) {
    call->failed = true;
    call->done.notify_all();
  }
}

void RpcChannel::on_connected(network::ConnectionId) {
  state_ = State::open;
  connected_.notify_all();
}

void RpcChannel::on_connect_failed(network::ConnectionId, network::ConnectError) { fail_all(); }

void RpcChannel::on_closed(network::ConnectionId, network::CloseReason) { fail_all(); }

void RpcChannel::on_message(network::ConnectionId, std::unique_ptr<network::Message> message, sim::Bytes) {
  std::unique_ptr<wire::Message> response(static_cast<wire::Message*>(message.release()));
  const auto found = std::find_if(calls_.begin(), calls_.end(),
                                  [&](const Call* c) { return c->correlation == response->correlation; });
  if (found == calls_.end()) return;  // given up meanwhile
  Call* call = *found;
  calls_.erase(found);
  call->response = std::move(response);
  call->done.resume_one();
}

}  // namespace brokersim::kafka::broker
