// One request at a time to each voter, with a timeout and a pause after a failure (RequestManager).
#pragma once

#include <memory>
#include <utility>

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

/// Sends `request` to `to`, if nothing is under way there and its pause is over. `make` builds it only then.
template <class Make>
void send_if_ready(Node& node, NodeId to, sim::SimTime now, Outputs& out, Make make) {
  Peer& peer = node.peer(to);
  if (peer.correlation != 0 || now < peer.ready_at) return;
  auto request = make();
  request->correlation = peer.correlation = node.next_correlation++;
  peer.expires = now + node.rules.request_timeout;
  out.push_back(Send{to, std::move(request)});
}

template <class Request, class Response>
void respond(std::uint64_t token, const Request& request, std::unique_ptr<Response> response, Outputs& out) {
  response->correlation = request.correlation;
  out.push_back(Respond{token, std::move(response)});
}

/// The request to `peer` came to nothing.
void failed(const Node& node, Peer& peer, sim::SimTime now);

}  // namespace brokersim::kafka::raft
