// Keys that a reader of a compacted topic believes to have a value, although the topic says that they are deleted.
//
// Why: a reader keeps the last value of every key. One that was away while a tombstone was compacted away never hears of the
// deletion and keeps the old value for ever (case C08; delete.retention.ms is the time that it has).
// Only compacted topics with keyed producers cost anything: an entry for each key, and one for each key and reader.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "models/history/history.h"

namespace brokersim::checkers {

class StaleKeys {
 public:
  explicit StaleKeys(const history::History& history) : history_(&history) {}

  void on(const history::Appended& event) {
    if (history_->partition(event.records.partition).compacted) [[unlikely]]
      note(event);
  }
  void on(const history::Consumed& event) {
    if (history_->partition(event.records.partition).compacted) [[unlikely]]
      note(event);
  }
  /// By workload: keys whose last record is a tombstone that the reader has passed without meeting it. Readers of a group
  /// share what they know.
  [[nodiscard]] std::map<std::string, std::int64_t> finish() const;

 private:
  struct Last {
    std::int64_t offset = -1;
    bool tombstone = false;
  };
  using Keys = std::map<std::int64_t, Last>;
  struct Reader {
    std::string workload;
    std::int64_t end = 0;
    Keys keys;
  };
  void note(const history::Appended& event);
  void note(const history::Consumed& event);

  const history::History* history_;
  std::map<std::int32_t, Keys> written_;                              ///< By partition.
  std::map<std::pair<std::int32_t, std::int32_t>, Reader> readers_;  ///< By reader (groups below 0) and partition.
};

}  // namespace brokersim::checkers
