// The Raft node's only doors: an input and the time in, things to do out.
//
// Every function first handles its input and then does what has become due (timeouts, requests that may be sent), as
// one turn of KafkaRaftClient's loop. next_deadline() says when to call tick() if nothing else happens.
#pragma once

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

/// A node as it is after a start: `election` as quorum-state had it, `log` as it was recovered. It led the epoch: it
/// has resigned; it voted for itself: it stands; it knew a leader: it follows; it is alone: it stands at once.
[[nodiscard]] Node make_node(const RaftRules& rules, NodeId self, NodeId voters, const sim::Stream& dice,
                             const Election& election, EpochLog log, OffsetEpoch latest_snapshot);
/// Once, after make_node(). Makes the recovered log durable first: a kill between append and fsync leaves records that
/// must not be confirmed before they are. (Ours: whether Kafka's start flushes them is not known here; without it, random
/// schedules lose committed records to a kill followed by a power loss.)
void start(Node& node, sim::SimTime now, Outputs& out);

/// A request of a voter or an observer; `token` comes back in the answer.
void on_request(Node& node, std::uint64_t token, const wire::Message& request, sim::SimTime now,
                Outputs& out);
/// `from` answered. An answer to a request that has been given up is ignored.
void on_response(Node& node, NodeId from, const wire::Message& response, sim::SimTime now, Outputs& out);
/// The request could not be sent, or its connection broke.
void on_request_failed(Node& node, NodeId to, std::int32_t correlation, sim::SimTime now, Outputs& out);
/// Who asked has gone: the fetch need not be answered.
void forget(Node& node, std::uint64_t token);
void tick(Node& node, sim::SimTime now, Outputs& out);

/// `count` (positive) records have been appended to the leader's log.
void appended(Node& node, std::int64_t count, sim::SimTime now, Outputs& out);
/// A snapshot at `id` has been written here; `log_start`: records before its offset have been deleted as well.
void snapshot_written(Node& node, OffsetEpoch id, bool log_start);
/// SIGTERM: a leader resigns and tells the others. See may_stop().
void shut_down(Node& node, sim::SimTime now, Outputs& out);
/// A node that shuts down may go: it knows another leader, or there is nobody else.
[[nodiscard]] bool may_stop(const Node& node);

[[nodiscard]] sim::SimTime next_deadline(const Node& node);

}  // namespace brokersim::kafka::raft
