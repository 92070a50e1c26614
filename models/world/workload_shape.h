// What a producer's workload is beyond a rate, one size and no keys: the plan, and the law made of it for a run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "models/history/record_law.h"
#include "sim/time.h"

namespace brokersim::world {

struct ProducerWorkload;

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

  /// Records differ in more than their time.
  [[nodiscard]] bool needs_law() const {
    return keys.has_value() || sizes.has_value() || (trace && !trace->rows.empty());
  }
};

/// The law of a workload's records in a run of `seed`; null if its records are all alike. `partitions`: how many the topic
/// has, first and after each time that some are added, ascending.
[[nodiscard]] std::shared_ptr<history::RecordLaw> make_law(const ProducerWorkload& workload,
                                                           std::uint64_t seed,
                                                           const std::vector<std::int32_t>& partitions);

/// The records of instance `index` of `count`, which take them in turn.
template <class T>
[[nodiscard]] std::vector<T> every_nth(const std::vector<T>& all, std::size_t index, std::size_t count) {
  std::vector<T> own;
  own.reserve(all.size() / count + 1);
  for (std::size_t i = index; i < all.size(); i += count) own.push_back(all[i]);
  return own;
}

}  // namespace brokersim::world
