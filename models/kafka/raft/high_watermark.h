// When a record of the metadata log is committed (LeaderState.maybeUpdateHighWatermark; Raft section 5.4.2).
#pragma once

#include "models/kafka/raft/outputs.h"

namespace brokersim::kafka::raft {

/// The greatest offset that a majority of the voters has confirmed; -1: a majority has not fetched yet.
[[nodiscard]] std::int64_t majority_offset(const Node& node);

/// Moves the leader's high watermark to what a majority holds, but only once that covers a record of its own epoch: a
/// record of an earlier epoch on a majority can still be replaced. True if it moved.
bool advance_high_watermark(Node& node);

}  // namespace brokersim::kafka::raft
