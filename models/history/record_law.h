// Keys and sizes of a workload's records as functions of their identity.
//
// Why: records are ranges (models/log/batch.h), and a record's key and size are needed again whenever somebody compacts,
// splits, exports or judges them. Both are drawn from a hash of (workload, producer, partition, ordinal): no memory per
// record, and brokers, checkers and exported files agree. Only what a file lists by record (an arrival trace) is kept: eight
// bytes per record, told by the producer as it gives out ordinals.
// Sizes are key and value together. Where a size counts in a batch, records are taken as without a key; the length of a key of
// 64 bytes or more takes a byte more than theirs, which is added. Not exact: a size of 64, 8,192 or 1,048,576 B, or up to a key
// more, counts a byte too much, since the length of its value alone takes a byte less. A tombstone is its key and no value (length
// -1): what it takes is what a record with so many bytes and no key takes, exactly.
// Eras: which partition a key belongs to follows from the number of partitions that its producer knows. When it learns of
// more, a new era begins for it, at ordinals of its own; records of one key are in the order (era, ordinal).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/history/events.h"
#include "models/history/key_table.h"
#include "models/history/record_sizes.h"

namespace brokersim::history {

/// Length of a key that has no text, as an exported file writes it.
inline constexpr std::int64_t kPlainKeyBytes = 16;

/// A record of a trace: what its row says.
struct ListedRecord {
  std::uint32_t key = 0;
  std::int32_t size = 0;  ///< Bytes; 0: the law says.
  [[nodiscard]] bool operator==(const ListedRecord&) const = default;
};

/// Keys as text, by which they are hashed and written: listed, or a prefix and a number with at least `digits` digits.
struct KeyNames {
  std::int64_t count = 0;
  std::string prefix;
  std::int32_t digits = 0;
  std::vector<std::string> listed = {};
  [[nodiscard]] std::string text(std::int64_t key) const;
  [[nodiscard]] std::int64_t text_bytes(std::int64_t key) const;
  [[nodiscard]] bool operator==(const KeyNames&) const = default;
};

class RecordLaw {
 public:
  /// `seed` of all its draws. Records have `fixed_size` bytes unless a law for sizes or a list says otherwise.
  RecordLaw(std::uint64_t seed, std::int64_t fixed_size) : seed_(seed), fixed_size_(fixed_size) {}

  // --- as it is made -------------------------------------------------------------------------------------------
  /// As many weights as names. Before the tables.
  void set_keys(KeyNames names, std::vector<std::uint64_t> weights);
  /// Where they go while the topic has `table.partitions()` of them; ascending. One of one partition only: the partitioner
  /// does not look at keys, and every partition has them all.
  void add_table(std::vector<std::int32_t> partition_of, std::int32_t partitions);
  void ignore_keys() { ignores_keys_ = true; }
  void set_sizes(SizePlan plan) { sizes_.emplace_back(std::move(plan)); }
  /// Of 1,000 records so many are tombstones, drawn from `seed`, which all instances share.
  void set_tombstones(std::int32_t permille, std::uint64_t seed) {
    tombstone_permille_ = permille;
    tombstone_seed_ = seed;
  }
  /// Keys, sizes or both come by note().
  void list_keys() { lists_keys_ = true; }
  void list_sizes() { lists_sizes_ = true; }
  /// `id` is partition `number` of the workload's topic; that of a topic made anew, too.
  void name_partition(PartitionId id, std::int32_t number);

  // --- of the producer ------------------------------------------------------------------------------------------
  [[nodiscard]] bool keyed() const { return names_.count > 0; }
  /// The partitioner goes by keys.
  [[nodiscard]] bool routes() const { return keyed() && !ignores_keys_; }
  [[nodiscard]] bool sizes_differ() const {
    return !sizes_.empty() || lists_sizes_ || long_keys_ || tombstone_permille_ > 0;
  }
  /// The table for a topic of so many partitions: the one with the most partitions that are not more.
  [[nodiscard]] const KeyTable& table(std::int32_t partitions) const;
  /// From these ordinals on (by partition number), the producer goes by the table for `partitions`.
  void begin_era(ClientId producer, std::int32_t partitions, const std::vector<std::int64_t>& next_ordinals);
  /// The next ordinal of `producer` in partition `number` is a record of a list.
  void note(ClientId producer, std::int32_t number, std::int64_t ordinal, const ListedRecord& record);
  [[nodiscard]] bool lists() const { return lists_keys_ || lists_sizes_; }
  [[nodiscard]] bool lists_keys() const { return lists_keys_; }
  [[nodiscard]] std::int64_t size_of(ClientId producer, std::int32_t number, std::int64_t ordinal) const;
  /// Of a record of a list, before or after it was told.
  [[nodiscard]] std::int64_t size_of(ClientId producer, std::int32_t number, std::int64_t ordinal,
                                     const ListedRecord& row) const;
  [[nodiscard]] std::int64_t fixed_size() const { return fixed_size_; }
  [[nodiscard]] double mean_size() const {
    return sizes_.empty() ? static_cast<double>(fixed_size_) : sizes_.front().mean();
  }

  // --- of whoever asks later --------------------------------------------------------------------------------------
  [[nodiscard]] const KeyNames& names() const { return names_; }
  [[nodiscard]] std::int64_t key_of(ClientId producer, PartitionId partition, std::int64_t ordinal) const;
  [[nodiscard]] std::int64_t size_of(ClientId producer, PartitionId partition, std::int64_t ordinal) const {
    return size_of(producer, number_of(partition), ordinal);
  }
  [[nodiscard]] bool is_tombstone(ClientId producer, PartitionId partition, std::int64_t ordinal) const {
    return tombstone_at(producer, number_of(partition), ordinal);
  }
  /// Which era of its producer a record is of, from 0.
  [[nodiscard]] std::int32_t era_of(ClientId producer, PartitionId partition, std::int64_t ordinal) const;
  /// Some producer has gone over from one number of partitions to another.
  [[nodiscard]] bool has_eras() const { return has_eras_; }

 private:
  struct Era {
    std::size_t table = 0;
    std::vector<std::int64_t> first;  // by partition number; behind its end 0
  };
  struct Listed {
    std::vector<std::vector<ListedRecord>> by_partition;
  };
  [[nodiscard]] std::int32_t number_of(PartitionId partition) const;
  [[nodiscard]] std::int64_t key_at(ClientId producer, std::int32_t number, std::int64_t ordinal) const;
  [[nodiscard]] bool tombstone_at(ClientId producer, std::int32_t number, std::int64_t ordinal) const;
  /// Bytes of the length of a key's text beyond the first.
  [[nodiscard]] std::int64_t longer(std::int64_t key) const;
  [[nodiscard]] std::size_t era_index(ClientId producer, std::int32_t number, std::int64_t ordinal) const;
  [[nodiscard]] std::uint64_t bits(ClientId producer, std::int32_t number, std::int64_t ordinal,
                                   std::uint64_t purpose) const;
  [[nodiscard]] const ListedRecord* listed(ClientId producer, std::int32_t number,
                                           std::int64_t ordinal) const;

  std::uint64_t seed_;
  std::int64_t fixed_size_;
  KeyNames names_;
  std::vector<std::uint64_t> weights_;
  std::vector<std::unique_ptr<KeyTable>> tables_;
  std::vector<SizeLaw> sizes_;          // one or none
  std::vector<std::int32_t> numbers_;   // by PartitionId
  std::vector<std::vector<Era>> eras_;  // by producer
  std::vector<Listed> listed_;          // by producer
  std::int32_t tombstone_permille_ = 0;
  std::uint64_t tombstone_seed_ = 0;
  bool ignores_keys_ = false;
  bool lists_keys_ = false;
  bool lists_sizes_ = false;
  bool has_eras_ = false;
  bool long_keys_ = false;  // the length of some key takes more than a byte
};

}  // namespace brokersim::history
