// What the coordinators of internal topics have in common: how a record of theirs becomes a batch, how a partition is read
// when it is taken over, and what a failed append means to who asked.
#pragma once

#include <cstdint>

#include "models/kafka/broker/params.h"
#include "models/kafka/broker/replica.h"
#include "sim/task.h"

namespace brokersim::kafka::broker {

/// Fields of a v2 record around key and value: length, attributes, deltas, their lengths, headers.
inline constexpr std::int64_t kInternalRecordOverhead = 8;

/// A batch of `count` records of together `bytes`, overheads of records included, stamped by the broker's own clock; what
/// it says is for the caller to add.
[[nodiscard]] log::BatchData internal_batch(const BrokerParams& params, sim::SimTime now,
                                            wire::PartitionId partition, std::int64_t count,
                                            std::int64_t bytes);

/// Takes the time to read the log from its start to its end as it is now. The partition may have gone meanwhile.
[[nodiscard]] sim::Task<void> read_log(sim::Component* owner, const BrokerParams* params, Replica* replica);

/// What the caller of a coordinator hears when the write behind its request failed (CoordinatorOperationExceptionHelper,
/// TransactionStateManager.appendTransactionToLog).
[[nodiscard]] wire::ErrorCode as_coordinator_error(wire::ErrorCode error);

}  // namespace brokersim::kafka::broker
