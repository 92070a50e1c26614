// Who gets a vote, and when the votes are enough (EpochState.canGrantVote, EpochElection; KIP-595, KIP-996).
#pragma once

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

/// May this node vote for `candidate`, whose log ends at `log_end`, in its present epoch? A vote is given to a log not
/// behind the own, once an epoch, and not once a leader of it is known. A pre-vote promises nothing: it is given to
/// a log not behind the own by whoever has no live leader; a follower has one from its first fetch on.
[[nodiscard]] bool may_vote(const Node& node, NodeId candidate, OffsetEpoch log_end, bool pre_vote);

void on_vote_request(Node& node, std::uint64_t token, const wire::VoteRequest& request, sim::SimTime now,
                     Outputs& out);
void on_vote_response(Node& node, NodeId from, const wire::VoteResponse& response, sim::SimTime now,
                      Outputs& out);

/// Goes on with a majority of granted votes: prospective to candidate, candidate to leader.
void count_votes(Node& node, sim::SimTime now, Outputs& out);
/// No majority can be had any more.
[[nodiscard]] bool vote_is_lost(const Node& node);
/// A prospective node gives up: back to the leader it knew, or unattached.
void give_up_pre_vote(Node& node, sim::SimTime now, Outputs& out);
/// A candidate before 4.0 waits min(100 ms * rand[0, 2^retries), backoff.max) and stands again.
void back_off(Node& node, sim::SimTime now);

}  // namespace brokersim::kafka::raft
