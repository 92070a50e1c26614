#include "models/history/record_law.h"

#include <algorithm>
#include <utility>

#include "models/history/keys.h"
#include "sim/check.h"
#include "sim/hash.h"

namespace brokersim::history {

namespace {

constexpr std::uint64_t kOfKey = 1;
constexpr std::uint64_t kOfSize = 2;
/// From so many bytes on, a length as a zigzag varint takes two.
constexpr std::int64_t kLongKey = 64;

/// element[i], made if it is not there.
template <class T>
T& grown(std::vector<T>& list, std::int32_t i) {
  SIM_CHECK(i >= 0);
  const auto at = static_cast<std::size_t>(i);
  if (list.size() <= at) list.resize(at + 1);
  return list[at];
}

}  // namespace

std::int64_t lawful_key(const RecordLaw& law, ClientId producer, PartitionId partition,
                        std::int64_t ordinal) {
  return law.key_of(producer, partition, ordinal);
}

bool lawful_tombstone(const RecordLaw& law, ClientId producer, PartitionId partition, std::int64_t ordinal) {
  return law.is_tombstone(producer, partition, ordinal);
}

std::string KeyNames::text(std::int64_t key) const {
  SIM_CHECK(key >= 0);
  SIM_CHECK(key < count);
  if (!listed.empty()) return listed[static_cast<std::size_t>(key)];
  const std::string number = std::to_string(key);
  const auto wide = static_cast<std::size_t>(digits);
  return prefix + std::string(wide > number.size() ? wide - number.size() : 0, '0') + number;
}

std::int64_t KeyNames::text_bytes(std::int64_t key) const {
  if (!listed.empty()) return static_cast<std::int64_t>(listed[static_cast<std::size_t>(key)].size());
  std::int64_t wide = 1;
  for (std::int64_t left = key; left >= 10; left /= 10) ++wide;
  return static_cast<std::int64_t>(prefix.size()) + std::max<std::int64_t>(wide, digits);
}

void RecordLaw::set_keys(KeyNames names, std::vector<std::uint64_t> weights) {
  SIM_CHECK(names.count > 0);
  SIM_CHECK(static_cast<std::size_t>(names.count) == weights.size());
  SIM_CHECK(tables_.empty());
  names_ = std::move(names);
  weights_ = std::move(weights);
  const auto is_long = [](const std::string& key) {
    return static_cast<std::int64_t>(key.size()) >= kLongKey;
  };
  long_keys_ = names_.listed.empty() ? names_.text_bytes(names_.count - 1) >= kLongKey
                                     : std::any_of(names_.listed.begin(), names_.listed.end(), is_long);
}

void RecordLaw::add_table(std::vector<std::int32_t> partition_of, std::int32_t partitions) {
  SIM_CHECK(tables_.empty() || tables_.back()->partitions() < partitions);
  tables_.push_back(std::make_unique<KeyTable>(weights_, std::move(partition_of), partitions));
}

void RecordLaw::name_partition(PartitionId id, std::int32_t number) {
  const auto known = static_cast<std::int32_t>(numbers_.size());
  if (known <= id.n) numbers_.resize(static_cast<std::size_t>(id.n) + 1, -1);
  numbers_[static_cast<std::size_t>(id.n)] = number;
}

std::int32_t RecordLaw::number_of(PartitionId partition) const {
  SIM_CHECK(partition.n >= 0);
  SIM_CHECK(static_cast<std::size_t>(partition.n) < numbers_.size(), "a partition without a number");
  return numbers_[static_cast<std::size_t>(partition.n)];
}

const KeyTable& RecordLaw::table(std::int32_t partitions) const {
  std::size_t best = 0;
  for (std::size_t i = 1; i < tables_.size(); ++i) {
    if (tables_[i]->partitions() <= partitions) best = i;
  }
  return *tables_.at(best);
}

void RecordLaw::begin_era(ClientId producer, std::int32_t partitions,
                          const std::vector<std::int64_t>& next_ordinals) {
  std::size_t index = 0;
  while (tables_.at(index).get() != &table(partitions)) ++index;
  std::vector<Era>& eras = grown(eras_, producer.n);
  if (!eras.empty() && eras.back().table == index) return;
  has_eras_ = has_eras_ || !eras.empty();
  eras.push_back({index, eras.empty() ? std::vector<std::int64_t>{} : next_ordinals});
}

void RecordLaw::note(ClientId producer, std::int32_t number, std::int64_t ordinal,
                     const ListedRecord& record) {
  std::vector<ListedRecord>& records = grown(grown(listed_, producer.n).by_partition, number);
  // An ordinal is told again when a process died with an open batch: nobody else has heard of the first.
  SIM_CHECK(ordinal >= 0);
  records.resize(static_cast<std::size_t>(ordinal));
  records.push_back(record);
}

const ListedRecord* RecordLaw::listed(ClientId producer, std::int32_t number, std::int64_t ordinal) const {
  const auto p = static_cast<std::size_t>(producer.n);
  const auto n = static_cast<std::size_t>(number);
  if (p >= listed_.size() || n >= listed_[p].by_partition.size()) return nullptr;
  const std::vector<ListedRecord>& records = listed_[p].by_partition[n];
  return static_cast<std::size_t>(ordinal) < records.size() ? &records[static_cast<std::size_t>(ordinal)]
                                                            : nullptr;
}

std::uint64_t RecordLaw::bits(ClientId producer, std::int32_t number, std::int64_t ordinal,
                              std::uint64_t purpose) const {
  const std::uint64_t who =
      sim::mix64(seed_ + purpose * 0x9E3779B97F4A7C15ull + (static_cast<std::uint64_t>(producer.n) << 32) +
                 static_cast<std::uint64_t>(number));
  return sim::mix64(sim::mix64(who + static_cast<std::uint64_t>(ordinal) * 0xD1B54A32D192ED03ull) ^ seed_);
}

std::size_t RecordLaw::era_index(ClientId producer, std::int32_t number, std::int64_t ordinal) const {
  const auto p = static_cast<std::size_t>(producer.n);
  if (p >= eras_.size() || eras_[p].empty()) return 0;
  const std::vector<Era>& eras = eras_[p];
  const auto n = static_cast<std::size_t>(number);
  std::size_t era = eras.size() - 1;
  while (era > 0 && ordinal < (n < eras[era].first.size() ? eras[era].first[n] : 0)) --era;
  return era;
}

std::int32_t RecordLaw::era_of(ClientId producer, PartitionId partition, std::int64_t ordinal) const {
  return static_cast<std::int32_t>(era_index(producer, number_of(partition), ordinal));
}

std::int64_t RecordLaw::longer(std::int64_t key) const {
  std::int64_t more = 0;
  for (std::int64_t left = names_.text_bytes(key); left >= kLongKey; left >>= 7) ++more;
  return more;
}

std::int64_t RecordLaw::size_of(ClientId producer, std::int32_t number, std::int64_t ordinal) const {
  const ListedRecord* row = lists() ? listed(producer, number, ordinal) : nullptr;
  return size_of(producer, number, ordinal, row == nullptr ? ListedRecord{} : *row);
}

std::int64_t RecordLaw::size_of(ClientId producer, std::int32_t number, std::int64_t ordinal,
                                const ListedRecord& row) const {
  const auto key = [&] { return lists_keys_ ? std::int64_t{row.key} : key_at(producer, number, ordinal); };
  if (tombstone_at(producer, number, ordinal)) return keyed() ? names_.text_bytes(key()) : kPlainKeyBytes;
  std::int64_t size = row.size > 0 ? row.size : fixed_size_;
  if (!sizes_.empty()) size = sizes_.front().sample(bits(producer, number, ordinal, kOfSize));
  return long_keys_ ? size + longer(key()) : size;
}

bool RecordLaw::tombstone_at(ClientId producer, std::int32_t number, std::int64_t ordinal) const {
  if (tombstone_permille_ == 0) return false;
  const std::uint64_t who = sim::mix64(sim::mix64(tombstone_seed_ ^ 0xA5A5'5A5Aull) +
                                       static_cast<std::uint64_t>(producer.n) * 0x9E3779B97F4A7C15ull +
                                       (static_cast<std::uint64_t>(number) << 48) +
                                       static_cast<std::uint64_t>(ordinal));
  return who % 1'000 < static_cast<std::uint64_t>(tombstone_permille_);
}

std::int64_t RecordLaw::key_of(ClientId producer, PartitionId partition, std::int64_t ordinal) const {
  return key_at(producer, number_of(partition), ordinal);
}

std::int64_t RecordLaw::key_at(ClientId producer, std::int32_t number, std::int64_t ordinal) const {
  if (lists_keys_) {
    const ListedRecord* row = listed(producer, number, ordinal);
    return row == nullptr ? 0 : std::int64_t{row->key};
  }
  SIM_CHECK(!tables_.empty(), "keys without a table");
  const std::uint64_t drawn = bits(producer, number, ordinal, kOfKey);
  if (ignores_keys_) return tables_.front()->draw_key(0, drawn);
  const std::size_t era = era_index(producer, number, ordinal);
  const auto p = static_cast<std::size_t>(producer.n);
  const std::size_t index = p < eras_.size() && !eras_[p].empty() ? eras_[p][era].table : 0;
  const std::int64_t key = tables_[index]->draw_key(number, drawn);
  SIM_CHECK(key >= 0, "a record in a partition to which no key belongs");
  return key;
}

}  // namespace brokersim::history
