#include "models/kafka/raft/step.h"

#include <algorithm>

#include "models/kafka/raft/poll.h"
#include "models/kafka/raft/quorum_epoch.h"
#include "models/kafka/raft/replication.h"
#include "models/kafka/raft/requests.h"
#include "models/kafka/raft/roles.h"
#include "models/kafka/raft/vote.h"
#include "sim/check.h"

namespace brokersim::kafka::raft {

namespace {

using wire::Api;

/// What every answer of a voter begins with.
struct Header {
  wire::ErrorCode error = wire::ErrorCode::none;
  std::int32_t epoch = 0;
  NodeId leader = kNoNode;
};
template <class Response>
Header header(const wire::Message& message) {
  const auto& response = static_cast<const Response&>(message);
  return {response.error, response.epoch, response.leader};
}
Header header_of(const wire::Message& response) {
  switch (response.api) {
    case Api::vote: return header<wire::VoteResponse>(response);
    case Api::begin_quorum_epoch: return header<wire::BeginQuorumEpochResponse>(response);
    case Api::end_quorum_epoch: return header<wire::EndQuorumEpochResponse>(response);
    case Api::metadata_fetch: return header<wire::MetadataFetchResponse>(response);
    case Api::fetch_snapshot: return header<wire::FetchSnapshotResponse>(response);
    default: break;
  }
  SIM_CHECK(false, "not an answer of a voter");
  return {};
}

}  // namespace

std::string_view name(Role role) {
  switch (role) {
    case Role::unattached: return "unattached";
    case Role::follower: return "follower";
    case Role::prospective: return "prospective";
    case Role::candidate: return "candidate";
    case Role::leader: return "leader";
    case Role::resigned: return "resigned";
  }
  return "";
}

Node make_node(const RaftRules& rules, NodeId self, NodeId voters, const sim::Stream& dice,
               const Election& election, EpochLog log, OffsetEpoch latest_snapshot) {
  SIM_CHECK(voters >= 1);
  SIM_CHECK(self >= 0);
  SIM_CHECK(self < voters);
  Node node(dice);
  node.rules = rules;
  node.self = self;
  node.peers.resize(static_cast<std::size_t>(voters));
  node.election = election;
  node.log = std::move(log);
  node.latest_snapshot = latest_snapshot;
  // A snapshot holds what is committed.
  node.high_watermark = std::max(node.log.start().offset, latest_snapshot.offset);
  return node;
}

void start(Node& node, sim::SimTime now, Outputs& out) {
  node.now = now;
  node.deadline = now + random_election_timeout(node);
  // What a killed process had appended may still be in the page cache only, and the first fetch confirms it.
  if (node.log.end_offset() > node.log.start().offset) out.push_back(FlushLog{});
  if (node.election.epoch < node.log.last_epoch()) {
    // quorum-state was lost or is older than the log.
    node.election = {node.log.last_epoch(), kNoNode, kNoNode};
    out.push_back(PersistElection{node.election});
  }
  if (node.voters() == 1) {
    stand(node, now, out);
  } else if (node.election.leader == node.self) {
    node.role = Role::leader;  // of which it resigns at once; nothing is parked
    become_resigned(node, now, out);
  } else if (node.knows_leader()) {
    node.role = Role::follower;
    node.deadline = now + node.rules.fetch_timeout;
  } else if (node.election.voted_for == node.self) {
    stand(node, now, out);
  }
  poll(node, now, out);
}

void on_request(Node& node, std::uint64_t token, const wire::Message& request, sim::SimTime now,
                Outputs& out) {
  switch (request.api) {
    case Api::vote:
      on_vote_request(node, token, static_cast<const wire::VoteRequest&>(request), now, out);
      break;
    case Api::begin_quorum_epoch:
      on_begin_quorum_epoch(node, token, static_cast<const wire::BeginQuorumEpochRequest&>(request), now,
                            out);
      break;
    case Api::end_quorum_epoch:
      on_end_quorum_epoch(node, token, static_cast<const wire::EndQuorumEpochRequest&>(request), now, out);
      break;
    case Api::metadata_fetch:
      on_fetch(node, token, static_cast<const wire::MetadataFetchRequest&>(request), now, out);
      break;
    case Api::fetch_snapshot:
      on_fetch_snapshot(node, token, static_cast<const wire::FetchSnapshotRequest&>(request), out);
      break;
    default: SIM_CHECK(false, "not a request to a voter");
  }
  poll(node, now, out);
}

void on_response(Node& node, NodeId from, const wire::Message& response, sim::SimTime now, Outputs& out) {
  Peer& peer = node.peer(from);
  if (peer.correlation == 0 || peer.correlation != response.correlation) {
    poll(node, now, out);
    return;
  }
  peer.correlation = 0;
  peer.ready_at = {};
  const Header header = header_of(response);
  const Role before = node.role;
  const std::int32_t epoch = node.election.epoch;
  observe(node, header.epoch, header.leader, now, out);
  // An answer to who this node was, not to who it has become.
  if (node.role == before && node.election.epoch == epoch) {
    switch (response.api) {
      case Api::vote:
        on_vote_response(node, from, static_cast<const wire::VoteResponse&>(response), now, out);
        break;
      case Api::metadata_fetch:
        on_fetch_response(node, from, static_cast<const wire::MetadataFetchResponse&>(response), now, out);
        break;
      case Api::fetch_snapshot:
        on_fetch_snapshot_response(node, static_cast<const wire::FetchSnapshotResponse&>(response), now, out);
        break;
      case Api::end_quorum_epoch: peer.knows_end = true; break;
      default: break;
    }
  }
  poll(node, now, out);
}

void on_request_failed(Node& node, NodeId to, std::int32_t correlation, sim::SimTime now, Outputs& out) {
  Peer& peer = node.peer(to);
  if (peer.correlation != 0 && peer.correlation == correlation) failed(node, peer, now);
  poll(node, now, out);
}

void forget(Node& node, std::uint64_t token) {
  std::erase_if(node.parked, [&](const Parked& fetch) { return fetch.token == token; });
}

void tick(Node& node, sim::SimTime now, Outputs& out) { poll(node, now, out); }

void appended(Node& node, std::int64_t count, sim::SimTime now, Outputs& out) {
  leader_appended(node, count, out);
  poll(node, now, out);
}

void snapshot_written(Node& node, OffsetEpoch id, bool log_start) {
  SIM_CHECK(id.offset <= node.high_watermark, "only what is committed goes into a snapshot");
  if (id.offset > node.latest_snapshot.offset) node.latest_snapshot = id;
  if (log_start && id.offset > node.log.start().offset) node.log.advance_start(id);
}

void shut_down(Node& node, sim::SimTime now, Outputs& out) {
  node.shutting_down = true;
  poll(node, now, out);
}

bool may_stop(const Node& node) {
  if (node.voters() == 1) return true;
  return node.knows_leader() && node.election.leader != node.self;
}

sim::SimTime next_deadline(const Node& node) {
  sim::SimTime next = sim::SimTime::max();
  for (const Peer& peer : node.peers) {
    if (peer.correlation != 0) {
      next = std::min(next, peer.expires);
    } else if (peer.ready_at > node.now) {
      next = std::min(next, peer.ready_at);
    }
  }
  for (const Parked& fetch : node.parked) next = std::min(next, fetch.expires);
  if (node.role == Role::leader) {
    if (node.voters() == 1) return next;
    next = std::min(next, node.begin_epoch_at);
    if (node.rules.check_quorum) next = std::min(next, node.deadline);
  } else if (!node.shutting_down) {
    next = std::min(next, node.deadline);
  }
  return next;
}

}  // namespace brokersim::kafka::raft
