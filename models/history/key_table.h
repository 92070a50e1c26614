// Which keys there are, how often each comes, and which partition each belongs to.
//
// Why: a hot key makes a hot partition only if the key decides the partition, as Kafka's murmur2 does. Hashing every record
// would cost a hundred nanoseconds of each; here each key is hashed once, when a table is made, and a record draws its
// partition by the sum of the weights there (one alias draw, whatever the number of keys). Its key is drawn among those of its
// partition when somebody asks (compaction, checks, exported files). Both draws together give every key its weight exactly.
// Weights: whole numbers, made of doubles with + - * / and sim/portable_math.h only, so that tables are equal everywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/sampling.h"

namespace brokersim::history {

/// The first `keys` keys that are not in an earlier group have together this share of all records, each the same.
struct HotKeys {
  double share = 0;  ///< In (0, 1).
  std::int64_t keys = 1;
};

/// Weights of keys 0 ... count - 1, their sum about 2^62. Key k is the (k + 1)-th most frequent: proportional to
/// (k + 1)^-exponent (Zipf's law; 0: all equal), after the `hot` groups, which take the first keys and their shares; the rest
/// of the records and keys follow the law. count 1 to 2^24; exponent 0 to 20; the shares sum up to less than 1, or to 1 if no
/// key is left, and there are enough keys.
[[nodiscard]] std::vector<std::uint64_t> key_weights(std::int64_t count, double exponent,
                                                     const std::vector<HotKeys>& hot = {});

class KeyTable {
 public:
  /// `partition_of` each key, from 0 to below `partitions`; as long as `weights`, which outlives the table.
  KeyTable(const std::vector<std::uint64_t>& weights, std::vector<std::int32_t> partition_of,
           std::int32_t partitions);

  [[nodiscard]] std::int32_t partitions() const { return static_cast<std::int32_t>(sums_.size()); }
  [[nodiscard]] std::int32_t partition_of(std::int64_t key) const {
    return partition_of_[static_cast<std::size_t>(key)];
  }
  /// Share of the records that belong to a partition.
  [[nodiscard]] double share(std::int32_t partition) const;
  /// Of a record, by the weights of the keys there.
  [[nodiscard]] std::int32_t draw_partition(std::uint64_t bits) const {
    return static_cast<std::int32_t>(by_sum_.sample(bits));
  }
  /// Of a record in `partition`, by the weights. -1 if no key belongs there. The first call builds what all need: 20 bytes a key.
  [[nodiscard]] std::int64_t draw_key(std::int32_t partition, std::uint64_t bits) const;

 private:
  struct Keys {
    std::vector<std::uint32_t> keys;
    std::vector<sim::Weighted> draw;  // none if no key has a weight
  };
  void sort_keys() const;

  const std::vector<std::uint64_t>* weights_;
  std::vector<std::int32_t> partition_of_;
  std::vector<std::uint64_t> sums_;
  sim::Weighted by_sum_;
  mutable std::vector<Keys> keys_;
};

}  // namespace brokersim::history
