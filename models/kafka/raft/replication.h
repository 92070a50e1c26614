// Fetches: what the leader answers, when it lets them wait, and what a follower makes of an answer.
//
// Rules: KafkaRaftClient, kafka-behaviour.md section 5.1. A fetch is answered at once with records, a divergence or a
// snapshot; else it waits, at most 500 ms, until the END of the log passes its offset. Before 4.1 a commit wakes nobody,
// so whoever holds a record learns that it is committed only with the next append (KAFKA-14145). From 4.1 on the
// fetcher says which high watermark it knows, and a newer one is an answer (KIP-1166).
#pragma once

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

enum class FetchAnswer : std::uint8_t {
  records,    ///< Perhaps none, but a newer high watermark.
  diverging,  ///< The fetcher's log is not a prefix of the leader's.
  snapshot,   ///< The leader has no records that far back.
  park,       ///< Nothing to say yet.
};
/// The leader's judgement of a fetcher that holds everything up to `position`.
[[nodiscard]] FetchAnswer judge_fetch(const Node& leader, OffsetEpoch position,
                                      std::int64_t known_high_watermark);

void on_fetch(Node& node, std::uint64_t token, const wire::MetadataFetchRequest& request, sim::SimTime now,
              Outputs& out);
void on_fetch_response(Node& node, NodeId from, const wire::MetadataFetchResponse& response, sim::SimTime now,
                       Outputs& out);
void on_fetch_snapshot(Node& node, std::uint64_t token, const wire::FetchSnapshotRequest& request,
                       Outputs& out);
void on_fetch_snapshot_response(Node& node, const wire::FetchSnapshotResponse& response, sim::SimTime now,
                                Outputs& out);

/// `count` records of its epoch are in the leader's log: its own end offset counts from now on, before the fsync, which
/// is safe because no confirmation is worked on before it ends; alone, the leader commits here.
void leader_appended(Node& node, std::int64_t count, Outputs& out);
/// Answers what waits and need not any more.
void answer_parked(Node& node, Outputs& out);
void expire_parked(Node& node, sim::SimTime now, Outputs& out);
/// The leader leads no more.
void refuse_parked(Node& node, Outputs& out);

}  // namespace brokersim::kafka::raft
