// Hash functions of Java and of Kafka's clients, and the order of a java.util.HashMap that follows from them.
//
// Why: which partition a key goes to, which partition of __consumer_offsets a group belongs to, and in several
// assignors who is served first, are decided by these values; a cluster that hashes otherwise behaves otherwise.
// Sources: java.lang.String.hashCode and java.util.HashMap (Java SE 17 documentation and behaviour),
// org.apache.kafka.common.utils.Utils.murmur2 (seed 0x9747b28c). Text is ASCII. Not modelled: the order inside a bucket of
// eight and more entries, which Java turns into a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace brokersim::kafka {

/// s[0] x 31^(n-1) + ... + s[n-1], modulo 2^32.
[[nodiscard]] std::int32_t java_string_hash(std::string_view text);

/// MurmurHash2, 32 bits, with the seed of Kafka's partitioner.
[[nodiscard]] std::int32_t murmur2(std::string_view bytes);

/// Partition of a record with this key among `partitions` (positive): murmur2 without its sign, modulo.
[[nodiscard]] std::int32_t partition_for_key(std::string_view key, std::int32_t partitions);

/// Partition of __consumer_offsets that a group belongs to (GroupMetadataManager.partitionFor): |hashCode| modulo, and 0
/// for the one value without an absolute one.
[[nodiscard]] std::int32_t partition_for_group(std::string_view group, std::int32_t partitions);

/// Capacity that a HashMap has grown to when `entries` were put into it one by one: 16, doubled at three quarters.
[[nodiscard]] std::size_t java_map_capacity(std::size_t entries);

/// Position of a hash code among the buckets of a HashMap of `capacity`, a power of two.
[[nodiscard]] constexpr std::size_t java_bucket(std::int32_t hash, std::size_t capacity) {
  const auto bits = static_cast<std::uint32_t>(hash);
  return (bits ^ (bits >> 16)) & (capacity - 1);
}

/// Positions of `hashes` (of different keys, in the order in which they were put) in the order of the map's iteration.
[[nodiscard]] std::vector<std::size_t> java_map_order(const std::vector<std::int32_t>& hashes);

}  // namespace brokersim::kafka
