// What the tables of encoded sizes share: headers, strings and arrays of flexible versions (Kafka 4.1, KIP-482: compact
// arrays and strings, a byte of tags per struct). Bytes. Why a header: five files of sizes count with them.
#pragma once

#include <cstdint>
#include <string>

namespace brokersim::kafka::wire {

/// Size 4, api key 2, version 2, correlation 4, client id 2 + 12, tags 1.
inline constexpr std::int64_t kRequestHeader = 27;
/// Size 4, correlation 4, tags 1.
inline constexpr std::int64_t kResponseHeader = 9;
/// A topic with its partitions, by name: a name of 10, its length, an array's length, tags.
inline constexpr std::int64_t kNamedTopic = 14;

template <class Range>
[[nodiscard]] std::int64_t count(const Range& range) {
  return static_cast<std::int64_t>(range.size());
}
/// A compact string, shorter than 127 bytes.
[[nodiscard]] inline std::int64_t text(const std::string& s) { return 1 + count(s); }

}  // namespace brokersim::kafka::wire
