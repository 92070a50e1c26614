// What a Raft node wants done, in the order in which it must be done.
//
// The shell does one after the other and gives the node no further input before all are done: KafkaRaftClient is one
// thread that blocks in its writes. So "durable before anybody hears of it" is nothing but the order of this list.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "models/kafka/raft/node.h"

namespace brokersim::kafka::raft {

/// Write and fsync quorum-state.
struct PersistElection {
  Election election;
};
/// Cut the metadata log.
struct TruncateLog {
  std::int64_t offset = 0;
};
/// Append the LeaderChange record of `epoch`, alone in a batch.
struct AppendLeaderChange {
  std::int32_t epoch = 0;
};
/// Append the batches of the fetch response at hand.
struct AppendFetched {};
/// fsync the metadata log.
struct FlushLog {};
/// The snapshot at hand is complete: write it, fsync it, start an empty log there.
struct InstallSnapshot {
  const wire::MetadataSnapshot* snapshot = nullptr;
};
struct Send {
  NodeId to = kNoNode;
  std::unique_ptr<wire::Message> request;
};
/// `read_from` >= 0: fill in the batches from there, at most 8 MiB, before it leaves. `snapshot_position` >= 0: fill in
/// that piece of the snapshot that the response names.
struct Respond {
  std::uint64_t token = 0;
  std::unique_ptr<wire::Message> response;
  std::int64_t read_from = -1;
  std::int64_t snapshot_position = -1;
};
/// The leader asks to cut what is committed here: this process must stop (KafkaRaftClient throws).
struct Fail {};

using Output = std::variant<PersistElection, TruncateLog, AppendLeaderChange, AppendFetched, FlushLog,
                            InstallSnapshot, Send, Respond, Fail>;
using Outputs = std::vector<Output>;

}  // namespace brokersim::kafka::raft
