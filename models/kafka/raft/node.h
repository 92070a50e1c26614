// One voter of the metadata quorum as a value: what it has promised, what it holds, what it believes.
//
// Pull-based Raft as KafkaRaftClient does it (KIP-595; pre-vote KIP-996; kafka-behaviour.md section 5.1): followers
// fetch, and the offset of a fetch confirms everything before it. No clock, no disk, no network: step.h takes the time
// and an input and returns what must be done, in order. Decisions have a file each: vote.h, replication.h,
// high_watermark.h, quorum_epoch.h, roles.h (transitions), requests.h.
// Not modelled: adding and removing voters (KIP-853), observers that become voters, directory ids.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "models/kafka/raft/epoch_log.h"
#include "models/kafka/wire/raft_messages.h"
#include "sim/random.h"
#include "sim/time.h"

namespace brokersim::kafka::raft {

using wire::kNoNode;
using wire::NodeId;

enum class Role : std::uint8_t {
  unattached,   ///< Knows an epoch, but no leader; may have voted.
  follower,     ///< Fetches from a leader.
  prospective,  ///< Asks whether it would be elected (4.0, KIP-996).
  candidate,    ///< Has raised the epoch and voted for itself.
  leader,
  resigned,  ///< Led, and leads no more in this epoch.
};
[[nodiscard]] std::string_view name(Role role);

/// Deliberately wrong rules: what the invariants must catch.
struct RaftBugs {
  bool vote_without_log_check = false;  ///< Votes for whoever asks first, however short its log.
  bool vote_is_not_durable = false;     ///< Answers before quorum-state is written: a restart votes again.
  bool commit_old_epochs = false;     ///< A majority commits records of earlier epochs too (Raft, figure 8).
  bool confirm_before_fsync = false;  ///< A follower fetches on before its append is durable.
};

struct RaftRules {
  sim::Duration election_timeout = {1'000'000'000};      ///< controller.quorum.election.timeout.ms
  sim::Duration fetch_timeout = {2'000'000'000};         ///< controller.quorum.fetch.timeout.ms
  sim::Duration election_backoff_max = {1'000'000'000};  ///< controller.quorum.election.backoff.max.ms
  sim::Duration request_timeout = {2'000'000'000};       ///< controller.quorum.request.timeout.ms
  sim::Duration retry_backoff = {20'000'000};            ///< controller.quorum.retry.backoff.ms
  bool pre_vote = true;  ///< 4.0, KIP-996. Before: candidate at once, random backoff after a lost election.
  bool commit_wakes_fetch = true;  ///< 4.1, KIP-1166: fetches say which high watermark they know.
  bool check_quorum = true;        ///< 3.7, KAFKA-15489: a leader that no majority fetches from resigns.
  RaftBugs bugs;
};
/// A fetch waits this long at most; the base of the random backoff (KafkaRaftClient).
inline constexpr sim::Duration kFetchWaitMax = {500'000'000};
inline constexpr sim::Duration kElectionBackoffBase = {100'000'000};

/// What quorum-state holds. Durable before anybody hears of it.
struct Election {
  std::int32_t epoch = 0;
  NodeId voted_for = kNoNode;
  NodeId leader = kNoNode;
  bool operator==(const Election&) const = default;
};

enum class Ballot : std::uint8_t { none, granted, rejected };

/// What a node knows of another voter.
struct Peer {
  // A request under way: one at a time. 0: none.
  std::int32_t correlation = 0;
  sim::SimTime expires;   ///< Of that request.
  sim::SimTime ready_at;  ///< Not asked again before.
  Ballot ballot = Ballot::none;
  // Of a leader.
  std::int64_t end_offset = -1;  ///< Confirmed; -1: has not fetched in this epoch.
  bool fetched = false;          ///< Since the check-quorum timer was set.
  bool fetched_lately = false;   ///< Since BeginQuorumEpoch was last considered.
  // Of a resigned leader.
  bool knows_end = false;  ///< Has answered EndQuorumEpoch.
};

/// A fetch that waits for something to say.
struct Parked {
  std::uint64_t token = 0;
  std::int32_t correlation = 0;
  NodeId replica = kNoNode;
  OffsetEpoch position;
  std::int64_t known_high_watermark = -1;
  sim::SimTime expires;
};

struct Node {
  explicit Node(const sim::Stream& stream) : dice(stream) {}

  RaftRules rules;
  NodeId self = 0;
  sim::Stream dice;         ///< Of this node: election timeouts and backoffs.
  std::vector<Peer> peers;  ///< By node id; the entry of `self` holds its own ballot and end offset.

  Role role = Role::unattached;
  Election election;
  EpochLog log;
  OffsetEpoch latest_snapshot;
  /// Records below are committed, as far as this node knows. Never falls.
  std::int64_t high_watermark = 0;

  /// Election timeout; as follower: fetch timeout; as leader: check of the quorum; as candidate that backs off:
  /// the end of it.
  sim::SimTime deadline;
  bool fetched_from_leader = false;    ///< Follower: at least once since it became one.
  bool backing_off = false;            ///< Candidate, before 4.0.
  std::int32_t retries = 0;            ///< Candidate: lost elections in a row.
  std::int64_t epoch_start = 0;        ///< Leader: offset of its LeaderChange record.
  sim::SimTime begin_epoch_at;         ///< Leader: BeginQuorumEpoch is due to whoever has not fetched.
  bool leader_high_watermark = false;  ///< Leader: a record of its epoch is committed.
  std::vector<NodeId> successors;      ///< Resigned.
  std::vector<Parked> parked;          ///< Leader, in order of arrival.
  OffsetEpoch fetching_snapshot;       ///< Follower; offset 0: none.
  std::int64_t snapshot_position = 0;  ///< Bytes of it received.
  bool shutting_down = false;
  std::int32_t next_correlation = 1;
  std::uint64_t draws = 0;  ///< Of `dice` so far in this life.
  sim::SimTime now;         ///< Of the last input.

  [[nodiscard]] NodeId voters() const { return static_cast<NodeId>(peers.size()); }
  [[nodiscard]] std::size_t majority() const { return peers.size() / 2 + 1; }
  [[nodiscard]] Peer& peer(NodeId id) { return peers[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const Peer& peer(NodeId id) const { return peers[static_cast<std::size_t>(id)]; }
  [[nodiscard]] bool knows_leader() const { return election.leader != kNoNode; }
};

}  // namespace brokersim::kafka::raft
