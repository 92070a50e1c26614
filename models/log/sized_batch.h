// Encoded sizes of batches whose records have sizes of their own.
//
// Cost: that of drawing every record's size. Timestamps are evenly spaced, as in batch.h.
#pragma once

#include <cstdint>

#include "models/history/record_law.h"
#include "sim/time.h"

namespace brokersim::log {

/// Of records `first` ... first + count - 1 of `producer` in partition `number` of the law's topic, header included, before
/// compression. `count` positive.
[[nodiscard]] std::int64_t sized_batch_bytes(const history::RecordLaw& law, history::ClientId producer,
                                             std::int32_t number, std::int64_t first, std::int64_t count,
                                             sim::SimTime first_time, sim::SimTime last_time);

/// Sum of the sizes of these records.
[[nodiscard]] std::int64_t payload_bytes(const history::RecordLaw& law, history::ClientId producer,
                                         std::int32_t number, std::int64_t first, std::int64_t count);

}  // namespace brokersim::log
