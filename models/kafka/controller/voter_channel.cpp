#include "models/kafka/controller/voter_channel.h"

#include <algorithm>
#include <utility>

namespace brokersim::kafka::controller {
namespace {

constexpr sim::Duration kReconnectBackoff = {50'000'000};
constexpr sim::Duration kReconnectBackoffMax = {500'000'000};
/// socket.connection.setup.timeout.ms
constexpr sim::Duration kSetupTimeout = {10'000'000'000};

}  // namespace

VoterChannel::VoterChannel(sim::Component& owner, network::Network& network, network::HostId from,
                           network::HostId to, wire::NodeId voter, sim::Duration request_timeout,
                           VoterChannelListener& listener)
    : owner_(owner),
      network_(network),
      from_(from),
      to_(to),
      voter_(voter),
      request_timeout_(request_timeout),
      listener_(listener),
      backoff_(kReconnectBackoff) {}

void VoterChannel::send(std::unique_ptr<wire::Message> request) {
  if (state_ == State::open && !asked_.empty() && asked_.front().at + request_timeout_ <= owner_.now()) {
    network_.close(connection_);
    state_ = State::closed;
    asked_.clear();
  }
  if (state_ == State::open) {
    transmit(std::move(request));
    return;
  }
  if (state_ == State::closed && owner_.now() < closed_until_) {
    owner_.after({}, "controller.voter_unreachable",
                 sim::bind<&VoterChannel::report>(this, static_cast<std::uint64_t>(request->correlation)));
    return;
  }
  waiting_ = std::move(request);  // of an older one its sender has given up
  if (state_ == State::closed) connect();
}

void VoterChannel::connect() {
  state_ = State::connecting;
  connection_ = network_.connect(from_, owner_, *this, to_, wire::kControllerPort, kSetupTimeout);
}

void VoterChannel::transmit(std::unique_ptr<wire::Message> request) {
  asked_.push_back({request->correlation, owner_.now()});
  const sim::Bytes size = wire::raft_request_bytes(*request);
  network_.send(connection_, size, std::move(request));
}

void VoterChannel::report(std::uint64_t correlation) {
  listener_.on_failure(voter_, static_cast<std::int32_t>(correlation));
}

void VoterChannel::broken() {
  state_ = State::closed;
  connection_ = {};
  closed_until_ = owner_.now() + backoff_;
  backoff_ = std::min(backoff_ * 2, kReconnectBackoffMax);
  std::deque<Asked> asked = std::exchange(asked_, {});
  if (waiting_) asked.push_back({waiting_->correlation, owner_.now()});
  waiting_.reset();
  for (const Asked& request : asked) listener_.on_failure(voter_, request.correlation);
}

void VoterChannel::on_connected(network::ConnectionId) {
  state_ = State::open;
  backoff_ = kReconnectBackoff;
  if (waiting_) transmit(std::move(waiting_));
}

void VoterChannel::on_connect_failed(network::ConnectionId, network::ConnectError) { broken(); }

void VoterChannel::on_closed(network::ConnectionId, network::CloseReason) { broken(); }

void VoterChannel::on_message(network::ConnectionId, std::unique_ptr<network::Message> message, sim::Bytes) {
  std::unique_ptr<wire::Message> response(static_cast<wire::Message*>(message.release()));
  std::erase_if(asked_, [&](const Asked& a) { return a.correlation == response->correlation; });
  listener_.on_answer(voter_, std::move(response));
}

}  // namespace brokersim::kafka::controller
