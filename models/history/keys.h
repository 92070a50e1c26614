// Keys of records as functions of their identity.
//
// Why: compaction keeps the last value of every key, so brokers and checkers must both know the key of a record; storing
// it would cost memory per record. A workload with keys names how many there are; which of them a record has, and whether
// it is a tombstone (a null value, which deletes its key), is a hash of its identity.
// Model: without a law, the keys of a partition are numbered 0 .. keys - 1, all equally likely, and partitions have keys of
// their own. With one (record_law.h), keys are of the whole topic, with weights, and each goes where its murmur2 has it.
#pragma once

#include <cstdint>
#include <memory>

#include "models/history/events.h"
#include "sim/hash.h"

namespace brokersim::history {

class RecordLaw;

struct KeySpace {
  std::int64_t keys = 0;                ///< Keys in each partition, or of the law; 0: records have no key.
  std::int32_t tombstone_permille = 0;  ///< Share of the records that are tombstones.
  std::uint64_t seed = 0;  ///< Of the workload: equal for all its instances, so that they share keys.
  std::int32_t space = 0;  ///< Which key space: keys of different ones never are equal.
  bool shared = false;     ///< The keys are the law's: of all partitions, with weights.
  /// Of the workload, beyond equally likely keys and equal sizes; null: nothing is. Its owner keeps one for all instances.
  std::shared_ptr<const RecordLaw> law = nullptr;
  [[nodiscard]] bool operator==(const KeySpace&) const = default;
};

/// key_of() of a space that has a law for its keys, without the number of the space.
[[nodiscard]] std::int64_t lawful_key(const RecordLaw& law, ClientId producer, PartitionId partition,
                                      std::int64_t ordinal);

/// is_tombstone() of a space that has a law.
[[nodiscard]] bool lawful_tombstone(const RecordLaw& law, ClientId producer, PartitionId partition,
                                    std::int64_t ordinal);

/// A key that is unique among all key spaces. `space.keys` positive.
[[nodiscard]] inline std::int64_t key_of(const KeySpace& space, ClientId producer, PartitionId partition,
                                         std::int64_t ordinal) {
  if (space.shared)
    return (static_cast<std::int64_t>(space.space) << 40) |
           lawful_key(*space.law, producer, partition, ordinal);
  const std::uint64_t who =
      sim::mix64(space.seed + static_cast<std::uint64_t>(producer.n) * 0x9E3779B97F4A7C15ull +
                 static_cast<std::uint64_t>(partition.n));
  const std::uint64_t draw = sim::mix64(who + static_cast<std::uint64_t>(ordinal) * 0xD1B54A32D192ED03ull);
  const auto key = static_cast<std::int64_t>(
      (static_cast<unsigned __int128>(draw) * static_cast<std::uint64_t>(space.keys)) >> 64);
  return (static_cast<std::int64_t>(space.space) << 40) | key;
}

[[nodiscard]] inline bool is_tombstone(const KeySpace& space, ClientId producer, PartitionId partition,
                                       std::int64_t ordinal) {
  if (space.tombstone_permille == 0) return false;
  if (space.law != nullptr) return lawful_tombstone(*space.law, producer, partition, ordinal);
  const std::uint64_t draw =
      sim::mix64(sim::mix64(space.seed ^ 0xA5A5'5A5Aull) +
                 static_cast<std::uint64_t>(producer.n) * 0x9E3779B97F4A7C15ull +
                 (static_cast<std::uint64_t>(partition.n) << 48) + static_cast<std::uint64_t>(ordinal));
  return draw % 1'000 < static_cast<std::uint64_t>(space.tombstone_permille);
}

}  // namespace brokersim::history
