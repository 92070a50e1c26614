// Where a log has its first record of a time: ListOffsets by timestamp (UnifiedLog.fetchOffsetByTimestamp).
#pragma once

#include <cstdint>
#include <optional>

#include "models/kafka/broker/params.h"
#include "models/kafka/broker/replica.h"

namespace brokersim::kafka::broker {

/// Offset of the first record below the high watermark whose timestamp is `timestamp_ms` (wall-clock milliseconds since the
/// run began) or later; none if all are older. O(batches of one segment). Not modelled: the time that looking takes.
[[nodiscard]] std::optional<std::int64_t> offset_at_time(const BrokerParams& params, const Replica& replica,
                                                         std::int64_t timestamp_ms);

}  // namespace brokersim::kafka::broker
