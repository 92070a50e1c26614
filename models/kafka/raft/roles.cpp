#include "models/kafka/raft/roles.h"

#include <algorithm>

#include "models/kafka/raft/high_watermark.h"
#include "models/kafka/raft/replication.h"
#include "models/kafka/raft/vote.h"
#include "sim/check.h"

namespace brokersim::kafka::raft {

namespace {

/// Writes down what must not be forgotten, if it is new.
void persist(Node& node, const Election& election, Outputs& out) {
  SIM_CHECK(election.epoch >= node.election.epoch, "an epoch never falls");
  if (election == node.election) return;
  node.election = election;
  out.push_back(PersistElection{election});
}

/// Leaves the old role: requests under way concern nobody any more, parked fetches are refused.
void enter(Node& node, Role role, Outputs& out) {
  for (Peer& peer : node.peers) {
    peer.correlation = 0;
    peer.ready_at = {};
    peer.ballot = Ballot::none;
    peer.knows_end = false;
  }
  node.role = role;
  node.backing_off = false;
  node.fetched_from_leader = false;
  node.leader_high_watermark = false;
  node.fetching_snapshot = {};
  node.snapshot_position = 0;
  refuse_parked(node, out);
}

}  // namespace

sim::Duration random_election_timeout(Node& node) {
  const auto range = static_cast<std::uint64_t>(node.rules.election_timeout.ns);
  return node.rules.election_timeout +
         sim::Duration{static_cast<std::int64_t>(node.dice.below(node.draws++, range))};
}

void become_unattached(Node& node, std::int32_t epoch, sim::SimTime now, Outputs& out) {
  const bool timer_runs = node.role != Role::leader;
  const NodeId vote = epoch == node.election.epoch ? node.election.voted_for : kNoNode;
  persist(node, {epoch, vote, kNoNode}, out);
  enter(node, Role::unattached, out);
  if (!timer_runs) node.deadline = now + random_election_timeout(node);
}

void become_follower(Node& node, std::int32_t epoch, NodeId leader, sim::SimTime now, Outputs& out) {
  SIM_CHECK(leader != node.self);
  SIM_CHECK(epoch > node.election.epoch || !node.knows_leader() || node.election.leader == leader,
            "two leaders in an epoch");
  const NodeId vote = epoch == node.election.epoch ? node.election.voted_for : kNoNode;
  persist(node, {epoch, vote, leader}, out);
  enter(node, Role::follower, out);
  node.retries = 0;
  node.deadline = now + node.rules.fetch_timeout;
}

void become_prospective(Node& node, sim::SimTime now, Outputs& out) {
  SIM_CHECK(node.rules.pre_vote);
  enter(node, Role::prospective, out);
  node.deadline = now + random_election_timeout(node);
  node.peer(node.self).ballot = Ballot::granted;
  count_votes(node, now, out);
}

void become_candidate(Node& node, sim::SimTime now, Outputs& out) {
  persist(node, {node.election.epoch + 1, node.self, kNoNode}, out);
  enter(node, Role::candidate, out);
  ++node.retries;
  node.deadline = now + random_election_timeout(node);
  node.peer(node.self).ballot = Ballot::granted;
  count_votes(node, now, out);
}

void become_leader(Node& node, sim::SimTime now, Outputs& out) {
  SIM_CHECK(node.role == Role::candidate);
  SIM_CHECK(node.election.voted_for == node.self);
  persist(node, {node.election.epoch, node.self, node.self}, out);
  enter(node, Role::leader, out);
  node.retries = 0;
  node.deadline = now + node.rules.fetch_timeout * 3 / 2;
  node.begin_epoch_at = now;
  for (Peer& peer : node.peers) {
    peer.end_offset = -1;
    peer.fetched = false;
    peer.fetched_lately = false;
  }
  node.epoch_start = node.log.end_offset();
  out.push_back(AppendLeaderChange{node.election.epoch});
  leader_appended(node, 1, out);
}

void become_resigned(Node& node, sim::SimTime now, Outputs& out) {
  node.successors.clear();
  for (NodeId id = 0; id < node.voters(); ++id) {
    if (id != node.self) node.successors.push_back(id);
  }
  // Best first: by what they have confirmed.
  std::stable_sort(node.successors.begin(), node.successors.end(),
                   [&](NodeId a, NodeId b) { return node.peer(a).end_offset > node.peer(b).end_offset; });
  enter(node, Role::resigned, out);
  node.deadline = now + random_election_timeout(node);
}

void stand(Node& node, sim::SimTime now, Outputs& out) {
  node.rules.pre_vote ? become_prospective(node, now, out) : become_candidate(node, now, out);
}

void observe(Node& node, std::int32_t epoch, NodeId leader, sim::SimTime now, Outputs& out) {
  if (epoch < node.election.epoch) return;
  if (epoch > node.election.epoch) {
    if (leader == kNoNode || leader == node.self) {
      become_unattached(node, epoch, now, out);
    } else {
      become_follower(node, epoch, leader, now, out);
    }
  } else if (leader != kNoNode && !node.knows_leader()) {
    // A node that has led this epoch knew its leader; whoever says it led now is not believed.
    if (leader != node.self) become_follower(node, epoch, leader, now, out);
  }
}

}  // namespace brokersim::kafka::raft
