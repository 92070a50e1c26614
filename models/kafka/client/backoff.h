// Exponential backoff with jitter, as all Kafka clients do it.
//
// Rule: initial x 2^attempt, times a uniform factor in [0.8, 1.2], never above max (ExponentialBackoff.java,
// KIP-580). The jitter comes in as bits, so that the caller addresses the draw.
#pragma once

#include <cstdint>

#include "sim/time.h"

namespace brokersim::kafka::client {

struct Backoff {
  sim::Duration initial;  ///< Not negative.
  sim::Duration max;

  /// `attempt` counts from 0; `bits` are 64 uniform bits.
  [[nodiscard]] sim::Duration operator()(std::int64_t attempt, std::uint64_t bits) const;
};

}  // namespace brokersim::kafka::client
