// What a producer makes of an error code in a produce response (kafka-behaviour.md section 3.2).
#pragma once

#include "models/kafka/config.h"
#include "models/kafka/wire/errors.h"

namespace brokersim::kafka::client {

/// The batch may be sent again (RetriableException). 45 is decided by the sequences, 10 by splitting.
[[nodiscard]] bool is_retriable(wire::ErrorCode error);

/// The client's picture of the cluster is wrong: ask for metadata (InvalidMetadataException).
[[nodiscard]] bool wants_metadata(wire::ErrorCode error);

/// True if this answer proves that this attempt stored nothing. NOT_LEADER is proof only when nobody waits for
/// replicas: with acks=all the leader may have appended and then lost its role (Partition.checkEnoughReplicas).
[[nodiscard]] bool proves_not_stored(wire::ErrorCode error, Acks acks);

}  // namespace brokersim::kafka::client
