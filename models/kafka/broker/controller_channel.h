// A broker's requests to whoever is the active controller (NodeToControllerChannelManager).
//
// The broker's metadata loop knows the leader of the quorum; a request waits for one, goes there, and is sent again when the
// connection breaks or the answer is NOT_CONTROLLER, until its retry time is over. Between attempts: 50 ms, doubling to
// 1 s (reconnect.backoff), or until another leader is known. Kafka asks a controller that says NOT_CONTROLLER again at
// once; here it waits as for a reconnect, which saves only messages.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "models/kafka/broker/rpc_channel.h"
#include "models/kafka/wire/raft_messages.h"
#include "sim/sync.h"

namespace brokersim::kafka::broker {

/// Who leads the metadata quorum, as this broker has heard.
struct KnownLeader {
  wire::NodeId leader = wire::kNoNode;
  std::int32_t epoch = -1;
  sim::Signal changed;
};

class ControllerChannel {
 public:
  /// `hosts`: of the controllers, by node id. `request_timeout`: of one attempt.
  ControllerChannel(sim::Component& owner, network::Network& network, network::HostId from,
                    const std::vector<network::HostId>& hosts, KnownLeader& known,
                    sim::Duration request_timeout)
      : owner_(owner),
        hosts_(hosts),
        known_(known),
        request_timeout_(request_timeout),
        channel_(owner, network, from, hosts.front(), wire::kControllerPort) {}

  /// The controller's answer, never NOT_CONTROLLER; null if there was none within `retry_time`.
  template <class Request, class Response>
  [[nodiscard]] sim::Task<std::unique_ptr<Response>> call(std::unique_ptr<Request> request,
                                                          sim::Duration retry_time) {
    return exchange<Request, Response>(std::move(request), retry_time);
  }

 private:
  template <class Request, class Response>
  [[nodiscard]] sim::Task<std::unique_ptr<Response>> exchange(std::unique_ptr<Request> request,
                                                              sim::Duration retry_time) {
    const sim::SimTime started = owner_.now();
    sim::Duration backoff = kBackoffMin;
    for (;;) {
      const sim::Duration left =
          retry_time == sim::Duration::max() ? retry_time : retry_time - (owner_.now() - started);
      if (left <= sim::Duration{}) co_return nullptr;
      if (known_.leader == wire::kNoNode) {
        co_await known_.changed.wait_for(std::min(left, kLookAgain));
        continue;
      }
      channel_.retarget(hosts_[static_cast<std::size_t>(known_.leader)]);
      auto attempt = std::make_unique<Request>(*request);
      std::unique_ptr<wire::Message> answer =
          co_await channel_.call(std::move(attempt), std::min(left, request_timeout_));
      auto* response = static_cast<Response*>(answer.get());
      if (response != nullptr && response->error != wire::ErrorCode::not_controller) {
        answer.release();
        co_return std::unique_ptr<Response>(response);
      }
      co_await known_.changed.wait_for(backoff);
      backoff = std::min(backoff * 2, kBackoffMax);
    }
  }

  static constexpr sim::Duration kLookAgain = {100'000'000};
  static constexpr sim::Duration kBackoffMin = {50'000'000};
  static constexpr sim::Duration kBackoffMax = {1'000'000'000};

  sim::Component& owner_;
  const std::vector<network::HostId>& hosts_;
  KnownLeader& known_;
  sim::Duration request_timeout_;
  RpcChannel channel_;
};

}  // namespace brokersim::kafka::broker
