// Range constants that several field tables share, in base units.
#pragma once

#include <cstdint>

#include "app/scenario/limits.h"

namespace brokersim::scenario::ranges {

inline constexpr std::int64_t us = 1'000;
inline constexpr std::int64_t ms = 1'000'000;
inline constexpr std::int64_t second = 1'000'000'000;
inline constexpr std::int64_t hour = 3'600 * second;
inline constexpr std::int64_t day = 24 * hour;
inline constexpr std::int64_t run_max = limits::duration_ns;
inline constexpr std::int64_t mib = 1ll << 20;
inline constexpr std::int64_t gib = 1ll << 30;
inline constexpr std::int64_t tib = 1ll << 40;
inline constexpr std::int64_t bandwidth_max = 1'000'000'000'000;  // 1 TB/s.
inline constexpr std::int64_t rate_max = 1'000'000'000'000;       // 1e9 per second, in thousandths.

}  // namespace brokersim::scenario::ranges
