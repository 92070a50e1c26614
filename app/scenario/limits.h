// The sizes beyond which a scenario is refused, in one place.
//
// Why: a scenario may come from anywhere. Each limit keeps checking it under a second and 200 MB, or a
// run within what one machine can hold; each is far above any cluster that was ever simulated here.
#pragma once

#include <cstddef>
#include <cstdint>

namespace brokersim::scenario::limits {

// The document.
inline constexpr std::int64_t file_bytes = 16ll << 20;           ///< Of a scenario file, before it is read.
inline constexpr std::int64_t properties_bytes = 256ll << 10;    ///< Of a .properties file.
inline constexpr std::int64_t properties_bytes_all = 1ll << 20;  ///< Of all that one scenario names.
inline constexpr int hints = 60;                         ///< "did you mean" costs time: so many, then none.
inline constexpr std::size_t override_bytes = 1u << 20;  ///< Of one --set.
inline constexpr std::size_t depth = 64;                 ///< Of objects and arrays in each other.
inline constexpr std::size_t values = 100'000;           ///< In one document, overrides included.
inline constexpr std::size_t text_bytes = 64u << 10;     ///< Of one string or key.
inline constexpr std::size_t word_bytes = 1'024;         ///< Of one number or bare word.

// What it describes.
inline constexpr std::int64_t hosts = 1'000;  ///< In all, controllers and clients included.
inline constexpr std::int64_t systems = 16;
inline constexpr std::int64_t topics = 1'000;     ///< Of one system.
/// Partitions times replication factor, in all: about 5 KB each while it runs, 100 brokers with 3,000 each.
inline constexpr std::int64_t replicas = 400'000;
inline constexpr std::int64_t workloads = 1'000;
/// Of one workload that names them; about 30 bytes each while it runs.
inline constexpr std::int64_t keys = 10'000'000;
inline constexpr std::int64_t trace_bytes = 64ll << 20;  ///< Of a file of arrivals.
inline constexpr std::int64_t trace_rows = 2'000'000;
inline constexpr std::int64_t trace_records = 5'000'000;  ///< Of one such workload, after counts and loops.
inline constexpr std::size_t trace_key_bytes = 1'024;     ///< Of one key in such a file.
inline constexpr std::int64_t admin_actions = 1'000;
inline constexpr std::int64_t faults = 10'000;
inline constexpr std::int64_t variants = 1'000;  ///< Of faults, for branches.
inline constexpr std::int64_t expectations = 1'000;
inline constexpr std::int64_t duration_ns = 30ll * 86'400 * 1'000'000'000;  ///< 30 days.

}  // namespace brokersim::scenario::limits
