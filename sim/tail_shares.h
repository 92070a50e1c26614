// Cumulative shares of the binomial and the Poisson distribution, for statistics.cpp. Outputs only: no run reads them.
#pragma once

#include <cstdint>

namespace brokersim::sim::detail {

/// P(X <= k) for X binomial of `n` trials with probability `p` in [0, 1]. Some thousand steps at most, whatever `n`.
/// Absolute error below 1e-9.
[[nodiscard]] double binomial_share(std::int64_t k, std::int64_t n, double p);

/// P(X <= k) for X Poisson of `mean`, likewise.
[[nodiscard]] double poisson_share(std::int64_t k, double mean);

}  // namespace brokersim::sim::detail
