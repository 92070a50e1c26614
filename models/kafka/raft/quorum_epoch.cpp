#include "models/kafka/raft/quorum_epoch.h"

#include <algorithm>

#include "models/kafka/raft/requests.h"
#include "models/kafka/raft/roles.h"

namespace brokersim::kafka::raft {

namespace {

template <class Response>
std::unique_ptr<Response> answer_of(const Node& node, bool fenced) {
  auto response = std::make_unique<Response>();
  if (fenced) response->error = wire::ErrorCode::fenced_leader_epoch;
  response->epoch = node.election.epoch;
  response->leader = node.election.leader;
  return response;
}

}  // namespace

void on_begin_quorum_epoch(Node& node, std::uint64_t token, const wire::BeginQuorumEpochRequest& request,
                           sim::SimTime now, Outputs& out) {
  const bool fenced = request.epoch < node.election.epoch;
  observe(node, request.epoch, request.leader, now, out);
  respond(token, request, answer_of<wire::BeginQuorumEpochResponse>(node, fenced), out);
}

void on_end_quorum_epoch(Node& node, std::uint64_t token, const wire::EndQuorumEpochRequest& request,
                         sim::SimTime now, Outputs& out) {
  const bool fenced = request.epoch < node.election.epoch;
  observe(node, request.epoch, request.leader, now, out);
  if (!fenced && node.role == Role::follower && node.election.leader == request.leader) {
    node.deadline = now + end_epoch_backoff(request.successors, node.self, node.rules.election_backoff_max);
  }
  respond(token, request, answer_of<wire::EndQuorumEpochResponse>(node, fenced), out);
}

sim::Duration end_epoch_backoff(const std::vector<NodeId>& successors, NodeId self, sim::Duration max) {
  const auto found = std::find(successors.begin(), successors.end(), self);
  if (found == successors.end() || found == successors.begin()) return {};
  const auto position = static_cast<std::int32_t>(found - successors.begin());
  const auto others = static_cast<std::int32_t>(successors.size()) - 1;
  // In milliseconds, as Kafka computes it.
  const std::int64_t ms = max.ns / 1'000'000;
  const std::int64_t wait = std::min(ms, (ms >> std::min(others, 30)) << std::min(position - 1, 30));
  return sim::Duration{wait * 1'000'000};
}

}  // namespace brokersim::kafka::raft
