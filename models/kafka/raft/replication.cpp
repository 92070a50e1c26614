#include "models/kafka/raft/replication.h"

#include <algorithm>

#include "models/kafka/raft/high_watermark.h"
#include "models/kafka/raft/requests.h"
#include "models/kafka/raft/roles.h"
#include "sim/check.h"

namespace brokersim::kafka::raft {

namespace {

std::int64_t published_high_watermark(const Node& leader) {
  return leader.leader_high_watermark ? leader.high_watermark : -1;
}

/// Why a fetch in `epoch` cannot be served here.
wire::ErrorCode refusal(const Node& node, std::int32_t epoch) {
  if (epoch < node.election.epoch) return wire::ErrorCode::fenced_leader_epoch;
  if (epoch > node.election.epoch) return wire::ErrorCode::unknown_leader_epoch;
  return node.role == Role::leader ? wire::ErrorCode::none : wire::ErrorCode::not_leader_or_follower;
}

void reply(const Node& node, std::uint64_t token, std::int32_t correlation, wire::ErrorCode error,
           FetchAnswer answer, OffsetEpoch position, Outputs& out) {
  auto response = std::make_unique<wire::MetadataFetchResponse>();
  response->correlation = correlation;
  response->error = error;
  response->epoch = node.election.epoch;
  response->leader = node.election.leader;
  std::int64_t read_from = -1;
  if (error == wire::ErrorCode::none) {
    response->high_watermark = published_high_watermark(node);
    if (answer == FetchAnswer::diverging) response->diverging = node.log.divergence(position);
    if (answer == FetchAnswer::snapshot) response->snapshot = node.latest_snapshot;
    if (answer == FetchAnswer::records) read_from = position.offset;
  }
  out.push_back(Respond{token, std::move(response), read_from});
}

/// A voter of the quorum holds everything before `position`, durably.
void confirm(Node& node, NodeId voter, OffsetEpoch position, sim::SimTime now, Outputs& out) {
  Peer& peer = node.peer(voter);
  peer.end_offset = position.offset;
  if (advance_high_watermark(node)) answer_parked(node, out);
  static_cast<void>(now);
}

/// Counts who fetches: with a majority, itself included, the leader may lead for another 1.5 fetch timeouts.
void note_fetch(Node& node, NodeId voter, sim::SimTime now) {
  Peer& peer = node.peer(voter);
  peer.fetched = true;
  peer.fetched_lately = true;
  const auto fetched =
      std::count_if(node.peers.begin(), node.peers.end(), [](const Peer& p) { return p.fetched; });
  if (static_cast<std::size_t>(fetched) + 1 < node.majority()) return;
  for (Peer& p : node.peers) p.fetched = false;
  node.deadline = now + node.rules.fetch_timeout * 3 / 2;
}

}  // namespace

FetchAnswer judge_fetch(const Node& leader, OffsetEpoch position, std::int64_t known_high_watermark) {
  if (leader.log.needs_snapshot(position)) return FetchAnswer::snapshot;
  if (leader.log.divergence(position)) return FetchAnswer::diverging;
  if (position.offset < leader.log.end_offset()) return FetchAnswer::records;
  const bool says = leader.rules.commit_wakes_fetch && known_high_watermark >= 0;
  if (says && known_high_watermark < published_high_watermark(leader)) return FetchAnswer::records;
  return FetchAnswer::park;
}

void on_fetch(Node& node, std::uint64_t token, const wire::MetadataFetchRequest& request, sim::SimTime now,
              Outputs& out) {
  const OffsetEpoch position{request.fetch_offset, request.last_fetched_epoch};
  const wire::ErrorCode error = refusal(node, request.epoch);
  if (error != wire::ErrorCode::none) {
    // A fetcher of a later epoch knows something that this node should find out; it does by its own timeouts.
    reply(node, token, request.correlation, error, FetchAnswer::park, position, out);
    return;
  }
  const bool voter = request.replica >= 0 && request.replica < node.voters() && request.replica != node.self;
  if (voter) note_fetch(node, request.replica, now);
  FetchAnswer answer = judge_fetch(node, position, request.known_high_watermark);
  if (voter && (answer == FetchAnswer::records || answer == FetchAnswer::park)) {
    confirm(node, request.replica, position, now, out);
    answer = judge_fetch(node, position, request.known_high_watermark);  // its own confirmation may be news
  }
  if (answer == FetchAnswer::park && request.max_wait > sim::Duration{}) {
    const sim::Duration wait = std::min(request.max_wait, kFetchWaitMax);
    node.parked.push_back(
        {token, request.correlation, request.replica, position, request.known_high_watermark, now + wait});
    return;
  }
  if (answer == FetchAnswer::park) answer = FetchAnswer::records;
  reply(node, token, request.correlation, error, answer, position, out);
}

void leader_appended(Node& node, std::int64_t count, Outputs& out) {
  SIM_CHECK(node.role == Role::leader);
  node.log.append(node.election.epoch, count);
  node.peer(node.self).end_offset = node.log.end_offset();
  advance_high_watermark(node);
  answer_parked(node, out);
  out.push_back(FlushLog{});
}

void answer_parked(Node& node, Outputs& out) {
  std::erase_if(node.parked, [&](const Parked& fetch) {
    const FetchAnswer answer = judge_fetch(node, fetch.position, fetch.known_high_watermark);
    if (answer == FetchAnswer::park) return false;
    reply(node, fetch.token, fetch.correlation, wire::ErrorCode::none, answer, fetch.position, out);
    return true;
  });
}

void expire_parked(Node& node, sim::SimTime now, Outputs& out) {
  std::erase_if(node.parked, [&](const Parked& fetch) {
    if (now < fetch.expires) return false;
    reply(node, fetch.token, fetch.correlation, wire::ErrorCode::none, FetchAnswer::records, fetch.position,
          out);
    return true;
  });
}

void refuse_parked(Node& node, Outputs& out) {
  for (const Parked& fetch : node.parked) {
    reply(node, fetch.token, fetch.correlation, wire::ErrorCode::not_leader_or_follower, FetchAnswer::park,
          fetch.position, out);
  }
  node.parked.clear();
}

namespace {

/// False: the leader's word would cut what is committed.
bool truncate(Node& node, OffsetEpoch diverging, Outputs& out) {
  const std::int64_t cut = node.log.truncation_point(diverging);
  if (cut < node.high_watermark) {
    out.push_back(Fail{});
    return false;
  }
  if (cut < node.log.end_offset()) {
    node.log.truncate(cut);
    out.push_back(TruncateLog{cut});
  }
  return true;
}

void append(Node& node, const wire::MetadataFetchResponse& response, Outputs& out) {
  for (const wire::MetadataBatch* batch : response.batches) {
    SIM_CHECK(batch->base_offset == node.log.end_offset(), "a fetched batch does not follow");
    node.log.append(batch->epoch, static_cast<std::int64_t>(batch->records.size()));
  }
  if (response.batches.empty()) return;
  out.push_back(AppendFetched{});
  // Before the next fetch, which confirms it.
  if (!node.rules.bugs.confirm_before_fsync) out.push_back(FlushLog{});
}

}  // namespace

void on_fetch_response(Node& node, NodeId from, const wire::MetadataFetchResponse& response, sim::SimTime now,
                       Outputs& out) {
  if (response.error != wire::ErrorCode::none || node.role != Role::follower ||
      node.election.leader != from || response.epoch != node.election.epoch) {
    node.peer(from).ready_at = now + node.rules.retry_backoff;
    return;
  }
  if (response.diverging) {
    if (!truncate(node, *response.diverging, out)) return;
  } else if (response.snapshot) {
    node.fetching_snapshot = *response.snapshot;
    node.snapshot_position = 0;
  } else {
    append(node, response, out);
    node.high_watermark =
        std::max(node.high_watermark, std::min(response.high_watermark, node.log.end_offset()));
  }
  node.fetched_from_leader = true;
  node.deadline = now + node.rules.fetch_timeout;
}

void on_fetch_snapshot(Node& node, std::uint64_t token, const wire::FetchSnapshotRequest& request,
                       Outputs& out) {
  auto response = std::make_unique<wire::FetchSnapshotResponse>();
  response->correlation = request.correlation;
  response->error = refusal(node, request.epoch);
  response->epoch = node.election.epoch;
  response->leader = node.election.leader;
  response->id = request.snapshot;
  response->position = request.position;
  std::int64_t position = -1;
  if (response->error == wire::ErrorCode::none) {
    if (request.snapshot == node.latest_snapshot) {
      position = request.position;
    } else {
      response->error = wire::ErrorCode::snapshot_not_found;
    }
  }
  out.push_back(Respond{token, std::move(response), -1, position});
}

void on_fetch_snapshot_response(Node& node, const wire::FetchSnapshotResponse& response, sim::SimTime now,
                                Outputs& out) {
  if (node.role != Role::follower || response.epoch != node.election.epoch) return;
  if (response.error != wire::ErrorCode::none) {
    node.fetching_snapshot = {};  // the next fetch says which one there is
    return;
  }
  if (!(response.id == node.fetching_snapshot) || response.position != node.snapshot_position) return;
  node.fetched_from_leader = true;
  node.deadline = now + node.rules.fetch_timeout;
  node.snapshot_position += response.bytes;
  if (node.snapshot_position < response.snapshot->bytes) return;
  node.fetching_snapshot = {};
  node.log = EpochLog(response.id);
  node.latest_snapshot = response.id;
  node.high_watermark = std::max(node.high_watermark, response.id.offset);
  out.push_back(InstallSnapshot{response.snapshot});
}

}  // namespace brokersim::kafka::raft
