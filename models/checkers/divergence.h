// How far two logs of one partition differ.
//
// Why: S3 judges divergence within the fault budget and only measures it outside; this is the measure.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/checkers/replica_logs.h"

namespace brokersim::checkers {

/// Offsets below `end` at which replicas `a` and `b` hold different records, or one of them none. Epochs do not count.
/// O(runs behind what both share with the reference).
[[nodiscard]] std::int64_t differing_offsets(const ReplicaLogs& logs, std::size_t a, std::size_t b,
                                             std::int64_t end);

}  // namespace brokersim::checkers
