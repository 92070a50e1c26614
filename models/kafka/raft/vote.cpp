#include "models/kafka/raft/vote.h"

#include <algorithm>

#include "models/kafka/raft/requests.h"
#include "models/kafka/raft/roles.h"
#include "sim/check.h"

namespace brokersim::kafka::raft {

namespace {

bool up_to_date(const Node& node, OffsetEpoch log_end) {
  if (node.rules.bugs.vote_without_log_check) return true;
  const OffsetEpoch own = node.log.end();
  return log_end.epoch > own.epoch || (log_end.epoch == own.epoch && log_end.offset >= own.offset);
}

bool may_pre_vote(const Node& node, OffsetEpoch log_end) {
  if (!up_to_date(node, log_end)) return false;
  if (node.role == Role::follower) return !node.fetched_from_leader;
  if (node.role == Role::leader) return !node.leader_high_watermark;
  return true;
}

std::size_t ballots(const Node& node, Ballot ballot) {
  return static_cast<std::size_t>(
      std::count_if(node.peers.begin(), node.peers.end(), [&](const Peer& p) { return p.ballot == ballot; }));
}

}  // namespace

bool may_vote(const Node& node, NodeId candidate, OffsetEpoch log_end, bool pre_vote) {
  if (pre_vote) return may_pre_vote(node, log_end);
  if (node.role == Role::leader || node.role == Role::candidate || node.role == Role::resigned) return false;
  if (node.election.voted_for != kNoNode) return node.election.voted_for == candidate;
  if (node.knows_leader()) return false;
  return up_to_date(node, log_end);
}

void on_vote_request(Node& node, std::uint64_t token, const wire::VoteRequest& request, sim::SimTime now,
                     Outputs& out) {
  auto response = std::make_unique<wire::VoteResponse>();
  if (request.epoch < node.election.epoch) {
    response->error = wire::ErrorCode::fenced_leader_epoch;
  } else {
    observe(node, request.epoch, kNoNode, now, out);
    response->granted = may_vote(node, request.candidate, request.log_end, request.pre_vote);
    if (response->granted && !request.pre_vote && node.election.voted_for == kNoNode) {
      node.election.voted_for = request.candidate;
      if (!node.rules.bugs.vote_is_not_durable) out.push_back(PersistElection{node.election});
      // The candidate has at least as good a chance as this node: a full timeout for it.
      node.deadline = now + random_election_timeout(node);
    }
  }
  response->epoch = node.election.epoch;
  response->leader = node.election.leader;
  respond(token, request, std::move(response), out);
}

void on_vote_response(Node& node, NodeId from, const wire::VoteResponse& response, sim::SimTime now,
                      Outputs& out) {
  if (response.error != wire::ErrorCode::none) return;
  if (node.role != Role::candidate && node.role != Role::prospective) return;
  if (response.epoch != node.election.epoch) return;
  node.peer(from).ballot = response.granted ? Ballot::granted : Ballot::rejected;
  if (response.granted) {
    count_votes(node, now, out);
  } else if (vote_is_lost(node)) {
    if (node.role == Role::prospective) {
      give_up_pre_vote(node, now, out);
    } else if (!node.rules.pre_vote && !node.backing_off) {
      back_off(node, now);
    }
  }
}

void count_votes(Node& node, sim::SimTime now, Outputs& out) {
  if (ballots(node, Ballot::granted) < node.majority()) return;
  node.role == Role::prospective ? become_candidate(node, now, out) : become_leader(node, now, out);
}

bool vote_is_lost(const Node& node) {
  return node.peers.size() - ballots(node, Ballot::rejected) < node.majority();
}

void give_up_pre_vote(Node& node, sim::SimTime now, Outputs& out) {
  SIM_CHECK(node.role == Role::prospective);
  if (node.knows_leader() && node.election.leader != node.self) {
    become_follower(node, node.election.epoch, node.election.leader, now, out);
  } else {
    become_unattached(node, node.election.epoch, now, out);
  }
}

void back_off(Node& node, sim::SimTime now) {
  const std::uint64_t range = 2ull << std::min(20, std::max(0, node.retries - 1));
  const sim::Duration wait =
      kElectionBackoffBase * static_cast<std::int64_t>(node.dice.below(node.draws++, range));
  node.backing_off = true;
  node.deadline = now + std::min(wait, node.rules.election_backoff_max);
}

}  // namespace brokersim::kafka::raft
