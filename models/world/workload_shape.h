// What a producer's workload is beyond a rate, one size and no keys: the plan, and the law made of it for a run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/history/record_law.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::kafka {
struct ProducerConfig;
}

namespace brokersim::world {

struct Config;
struct ProducerWorkload;
struct TransactionWorkload;

/// A record with a key has room for so much besides its text: what makes an exported one as long as the log counts.
inline constexpr std::int64_t kBesideKey = 8;

/// Keys of a whole topic. names.count 1 or more.
struct KeyPlan {
  history::KeyNames names;
  double exponent = 0;  ///< Of Zipf's law; 0: uniform.
  std::vector<history::HotKeys> hot;
};

/// Arrivals of a file, record by record.
struct Trace {
  std::vector<sim::SimTime> times;          ///< Ascending.
  std::vector<history::ListedRecord> rows;  ///< As many, if the file has keys or sizes; else none.
  std::vector<std::string> keys;            ///< Texts; empty: the file has none.
  bool sizes = false;                       ///< The file has sizes.
  std::uint64_t content = 0;                ///< Hash of the file.
};

struct WorkloadShape {
  std::optional<KeyPlan> keys;
  std::optional<history::SizePlan> sizes;
  std::optional<Trace> trace;
  bool tombstones = false;  ///< Some records are their key only.

  /// Records differ in more than their time.
  [[nodiscard]] bool needs_law() const {
    return keys.has_value() || sizes.has_value() || (trace && !trace->rows.empty()) || tombstones;
  }
};

/// Its partitioner does not look at keys.
[[nodiscard]] bool ignores_keys(const kafka::ProducerConfig& config);

/// The law of a workload's records in a run of `seed`; null if its records are all alike. `partitions`: how many the topic
/// has, first and after each time that some are added, ascending.
[[nodiscard]] std::shared_ptr<history::RecordLaw> make_law(const ProducerWorkload& workload,
                                                           std::uint64_t seed,
                                                           const std::vector<std::int32_t>& partitions);

/// The law of a workload whose application chooses the keys, `names`, itself, and tells them record by record. `ignores_keys`: its
/// partitioner does.
[[nodiscard]] std::shared_ptr<history::RecordLaw> make_listed_law(
    history::KeyNames names, bool ignores_keys, std::uint64_t seed, sim::Bytes record_size,
    const std::vector<std::int32_t>& partitions);

/// The keys of what is written to a topic, if every workload that writes there has keys that are named alike: a record made of one
/// of those can have the same. `count` is that of the one that has most. Nothing if some records have none, or none that have a
/// text; or if nobody writes there.
[[nodiscard]] std::optional<history::KeyNames> keys_in(const Config& config, const std::string& cluster,
                                                       const std::string& topic);
/// The accounts of a bank as keys; nothing if it has none, or if its records have no room for them.
[[nodiscard]] std::optional<history::KeyNames> keys_of_accounts(const TransactionWorkload& workload);

/// The records of instance `index` of `count`, which take them in turn.
template <class T>
[[nodiscard]] std::vector<T> every_nth(const std::vector<T>& all, std::size_t index, std::size_t count) {
  std::vector<T> own;
  own.reserve(all.size() / count + 1);
  for (std::size_t i = index; i < all.size(); i += count) own.push_back(all[i]);
  return own;
}

}  // namespace brokersim::world
