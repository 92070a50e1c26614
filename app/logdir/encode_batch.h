// A simulated batch as bytes.
#pragma once

#include <cstdint>
#include <string>

#include "models/history/history.h"
#include "models/log/batch.h"

namespace brokersim::logdir {

/// 2026-01-01 00:00:00 UTC, where simulated time begins in exported timestamps.
inline constexpr std::int64_t kTimeZeroMs = 1'767'225'600'000;

[[nodiscard]] std::int64_t timestamp_ms(sim::SimTime time);

/// The value of a record: "<producer> <topic>/<partition> <ordinal>" and filling up to `bytes`; cut if it is longer.
[[nodiscard]] std::string record_value(const history::History& history, const history::RecordRange& records,
                                       std::int64_t ordinal, std::int64_t bytes);

/// The whole batch, or what compaction left of it. Its size is `batch.data.bytes`, or this is our own bug.
[[nodiscard]] std::string encode_batch(const history::History& history, const log::StoredBatch& batch,
                                       const log::CleanedBatch* cleaned = nullptr);

}  // namespace brokersim::logdir
