#include "models/kafka/java_hash.h"

#include <algorithm>
#include <numeric>

#include "sim/check.h"

namespace brokersim::kafka {

std::int32_t java_string_hash(std::string_view text) {
  std::uint32_t hash = 0;
  for (const char c : text) hash = 31 * hash + static_cast<unsigned char>(c);
  return static_cast<std::int32_t>(hash);
}

std::int32_t murmur2(std::string_view bytes) {
  constexpr std::uint32_t kSeed = 0x9747b28c;
  constexpr std::uint32_t kMultiplier = 0x5bd1e995;
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
  };
  std::uint32_t hash = kSeed ^ static_cast<std::uint32_t>(bytes.size());
  std::size_t at = 0;
  for (; at + 4 <= bytes.size(); at += 4) {
    std::uint32_t word = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 | byte(at + 3) << 24;
    word *= kMultiplier;
    word ^= word >> 24;
    word *= kMultiplier;
    hash = (hash * kMultiplier) ^ word;
  }
  const std::size_t left = bytes.size() - at;
  if (left > 0) {
    for (std::size_t i = left; i-- > 0;) hash ^= byte(at + i) << (8 * i);
    hash *= kMultiplier;
  }
  hash ^= hash >> 13;
  hash *= kMultiplier;
  hash ^= hash >> 15;
  return static_cast<std::int32_t>(hash);
}

std::int32_t partition_for_key(std::string_view key, std::int32_t partitions) {
  SIM_CHECK(partitions > 0);
  return (murmur2(key) & 0x7FFFFFFF) % partitions;
}

std::int32_t partition_for_group(std::string_view group, std::int32_t partitions) {
  SIM_CHECK(partitions > 0);
  const std::int64_t hash = java_string_hash(group);
  const std::int64_t absolute = hash == INT32_MIN ? 0 : std::max(hash, -hash);
  return static_cast<std::int32_t>(absolute % partitions);
}

std::size_t java_map_capacity(std::size_t entries) {
  std::size_t capacity = 16;
  while (entries > capacity / 4 * 3) capacity *= 2;
  return capacity;
}

std::vector<std::size_t> java_map_order(const std::vector<std::int32_t>& hashes) {
  std::vector<std::size_t> order(hashes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t capacity = java_map_capacity(hashes.size());
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return java_bucket(hashes[a], capacity) < java_bucket(hashes[b], capacity);
  });
  return order;
}

}  // namespace brokersim::kafka
