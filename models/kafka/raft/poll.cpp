#include "models/kafka/raft/poll.h"

#include "models/kafka/raft/replication.h"
#include "models/kafka/raft/requests.h"
#include "models/kafka/raft/roles.h"
#include "models/kafka/raft/vote.h"
#include "sim/check.h"

namespace brokersim::kafka::raft {

namespace {

/// A voter other than this node, by a draw.
NodeId any_other(Node& node) {
  const auto others = static_cast<std::uint64_t>(node.voters() - 1);
  const auto drawn = static_cast<NodeId>(node.dice.below(node.draws++, others));
  return drawn < node.self ? drawn : drawn + 1;
}

void send_votes(Node& node, bool pre_vote, sim::SimTime now, Outputs& out) {
  if (vote_is_lost(node)) return;
  for (NodeId id = 0; id < node.voters(); ++id) {
    if (node.peer(id).ballot != Ballot::none) continue;
    send_if_ready(node, id, now, out, [&] {
      auto request = std::make_unique<wire::VoteRequest>();
      request->epoch = node.election.epoch;
      request->candidate = node.self;
      request->log_end = node.log.end();
      request->pre_vote = pre_vote;
      return request;
    });
  }
}

void send_fetch(Node& node, NodeId to, sim::SimTime now, Outputs& out) {
  if (node.fetching_snapshot.offset > 0) {
    send_if_ready(node, to, now, out, [&] {
      auto request = std::make_unique<wire::FetchSnapshotRequest>();
      request->replica = node.self;
      request->epoch = node.election.epoch;
      request->snapshot = node.fetching_snapshot;
      request->position = node.snapshot_position;
      return request;
    });
    return;
  }
  send_if_ready(node, to, now, out, [&] {
    auto request = std::make_unique<wire::MetadataFetchRequest>();
    request->replica = node.self;
    request->epoch = node.election.epoch;
    request->fetch_offset = node.log.end_offset();
    request->last_fetched_epoch = node.log.last_epoch();
    if (node.rules.commit_wakes_fetch) request->known_high_watermark = node.high_watermark;
    return request;
  });
}

/// Every half fetch timeout, to whoever has not fetched meanwhile.
void begin_epoch(Node& node, sim::SimTime now, Outputs& out) {
  if (now < node.begin_epoch_at) return;
  node.begin_epoch_at = now + node.rules.fetch_timeout / 2;
  for (NodeId id = 0; id < node.voters(); ++id) {
    Peer& peer = node.peer(id);
    if (id == node.self) continue;
    if (!peer.fetched_lately) {
      send_if_ready(node, id, now, out, [&] {
        auto request = std::make_unique<wire::BeginQuorumEpochRequest>();
        request->epoch = node.election.epoch;
        request->leader = node.self;
        return request;
      });
    }
    peer.fetched_lately = false;
  }
}

void end_epoch(Node& node, sim::SimTime now, Outputs& out) {
  for (const NodeId id : node.successors) {
    if (node.peer(id).knows_end) continue;
    send_if_ready(node, id, now, out, [&] {
      auto request = std::make_unique<wire::EndQuorumEpochRequest>();
      request->epoch = node.election.epoch;
      request->leader = node.self;
      request->successors = node.successors;
      return request;
    });
  }
}

// Each returns true if the role has changed: look again.

bool poll_leader(Node& node, sim::SimTime now, Outputs& out) {
  expire_parked(node, now, out);
  if (node.voters() == 1) {
    if (node.shutting_down) become_resigned(node, now, out);
    return node.shutting_down;
  }
  if (node.shutting_down || (node.rules.check_quorum && now >= node.deadline)) {
    become_resigned(node, now, out);
    return true;
  }
  begin_epoch(node, now, out);
  return false;
}

bool poll_resigned(Node& node, sim::SimTime now, Outputs& out) {
  if (!node.shutting_down && now >= node.deadline) {
    // Not the same epoch again: what it said in it as leader must not be mixed with what it says now.
    if (node.rules.pre_vote) {
      become_unattached(node, node.election.epoch + 1, now, out);
    } else {
      become_candidate(node, now, out);
    }
    return true;
  }
  end_epoch(node, now, out);
  return false;
}

bool poll_prospective(Node& node, sim::SimTime now, Outputs& out) {
  if (!node.shutting_down && now >= node.deadline) {
    give_up_pre_vote(node, now, out);
    return true;
  }
  send_votes(node, /*pre_vote=*/true, now, out);
  return false;
}

bool poll_candidate(Node& node, sim::SimTime now, Outputs& out) {
  if (!node.shutting_down && now >= node.deadline) {
    if (node.backing_off) {
      become_candidate(node, now, out);
      return true;
    }
    if (node.rules.pre_vote) {
      become_prospective(node, now, out);
      return true;
    }
    back_off(node, now);
    return node.deadline <= now;
  }
  if (!node.backing_off) send_votes(node, /*pre_vote=*/false, now, out);
  return false;
}

bool poll_unattached(Node& node, sim::SimTime now, Outputs& out) {
  if (node.shutting_down) return false;
  if (now >= node.deadline) {
    stand(node, now, out);
    return true;
  }
  // From 4.0 on a voter without a leader looks for one; before, it waits to be told.
  if (!node.rules.pre_vote || node.voters() == 1) return false;
  for (const Peer& peer : node.peers) {
    if (peer.correlation != 0 || now < peer.ready_at) return false;
  }
  send_fetch(node, any_other(node), now, out);
  return false;
}

bool poll_follower(Node& node, sim::SimTime now, Outputs& out) {
  if (node.shutting_down) return false;
  if (now >= node.deadline) {
    stand(node, now, out);
    return true;
  }
  send_fetch(node, node.election.leader, now, out);
  return false;
}

bool poll_role(Node& node, sim::SimTime now, Outputs& out) {
  switch (node.role) {
    case Role::leader: return poll_leader(node, now, out);
    case Role::resigned: return poll_resigned(node, now, out);
    case Role::prospective: return poll_prospective(node, now, out);
    case Role::candidate: return poll_candidate(node, now, out);
    case Role::unattached: return poll_unattached(node, now, out);
    case Role::follower: return poll_follower(node, now, out);
  }
  return false;
}

}  // namespace

void poll(Node& node, sim::SimTime now, Outputs& out) {
  SIM_CHECK(now >= node.now);
  node.now = now;
  for (Peer& peer : node.peers) {
    if (peer.correlation != 0 && now >= peer.expires) failed(node, peer, now);
  }
  for (int turns = 0; poll_role(node, now, out); ++turns) SIM_CHECK(turns < 16, "roles chase each other");
}

}  // namespace brokersim::kafka::raft
