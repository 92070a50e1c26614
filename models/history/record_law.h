// Keys and sizes of a workload's records as functions of their identity.
#pragma once

#include <cstdint>

#include "models/history/events.h"

namespace brokersim::history {

class RecordLaw {
 public:
  [[nodiscard]] std::int64_t key_of(ClientId producer, PartitionId partition, std::int64_t ordinal) const;
};

}  // namespace brokersim::history
