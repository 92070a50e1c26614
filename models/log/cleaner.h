// What compaction keeps (LogCleaner, Cleaner, MemoryRecords.filterTo; kafka-behaviour.md section 8.2).
//
// Pure. A pass reads the dirty part of a log, from the first dirty offset up to the first that must not be looked at, and
// notes the last offset of every key. Then everything below the end of that map is copied: a record stays if no later one
// with its key is in the map. A tombstone that is the last of its key stays for delete.retention.ms: the first pass over it
// writes the horizon into its batch (KIP-534), a later one drops it once that is past. Batches keep their first and last
// offset; an empty one stays if it holds the last sequence of a producer, or ends the round.
// Source of the slots: 24 bytes each (SkimpyOffsetMap: MD5 and offset), filled to log.cleaner.io.buffer.load.factor.
// Nothing at or above the last stable offset is looked at. Records of aborted transactions supersede nothing.
// Not modelled: collisions of hashes; that aborted records and, after delete.retention.ms, markers go, too: they stay; keys
// of batches whose content is interned (internal topics): these stay as they are.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

#include "models/log/batch.h"
#include "sim/time.h"
#include "sim/units.h"

namespace brokersim::log {

struct CleanerSettings {
  std::int64_t min_dirty_ppm = 500'000;                   ///< min.cleanable.dirty.ratio
  sim::Duration delete_retention = {86'400'000'000'000};  ///< delete.retention.ms
  sim::Duration min_lag = {0};                            ///< min.compaction.lag.ms
  sim::Duration max_lag = sim::Duration::max();           ///< max.compaction.lag.ms
  std::int64_t keys_max = 5'033'164;                      ///< Of one pass: the dedupe buffer's slots.
};

/// A segment as the choice of what to clean sees it.
struct CleanerSegment {
  std::int64_t base_offset = 0;
  std::int64_t bytes = 0;
  std::int64_t first_timestamp_ms = 0;
  std::int64_t largest_timestamp_ms = 0;
};

/// What is dirty in a log, and whether it is worth a pass.
struct DirtyRange {
  std::int64_t first_dirty = 0;  ///< Where the last pass ended.
  std::int64_t first_uncleanable =
      0;  ///< Not above the stable end, the active segment, and what is too young.
  std::int64_t clean_bytes = 0;
  std::int64_t dirty_bytes = 0;
  bool overdue = false;  ///< max.compaction.lag.ms is exceeded: cleaned whatever the ratio.

  /// dirty / (clean + dirty) in millionths; 0 without bytes.
  [[nodiscard]] std::int64_t ratio_ppm() const {
    const std::int64_t all = clean_bytes + dirty_bytes;
    return all == 0 ? 0 : static_cast<std::int64_t>(static_cast<__int128>(dirty_bytes) * 1'000'000 / all);
  }
  [[nodiscard]] bool worth(std::int64_t min_dirty_ppm) const {
    if (first_uncleanable <= first_dirty) return false;
    return overdue || ratio_ppm() > min_dirty_ppm;
  }
};

/// `segments` oldest first, the last one active. `stable_end`: the last stable offset.
[[nodiscard]] DirtyRange dirty_range(const std::vector<CleanerSegment>& segments, std::int64_t cleaned_to,
                                     std::int64_t log_start, std::int64_t stable_end,
                                     const CleanerSettings& settings, std::int64_t now_ms);

/// Last offset of every key of the dirty part.
class OffsetMap {
 public:
  explicit OffsetMap(std::int64_t keys_max) : keys_max_(keys_max) {}
  /// Notes the records of a batch below `end`. False: the map has no room for a whole batch; nothing was noted.
  bool add(const BatchStore& store, const StoredBatch& batch, std::int64_t end);
  [[nodiscard]] std::optional<std::int64_t> last_of(std::int64_t key) const;
  /// Offset behind the last record noted.
  [[nodiscard]] std::int64_t end() const { return end_; }
  [[nodiscard]] std::size_t keys() const { return last_.size(); }

 private:
  std::int64_t keys_max_;
  std::unordered_map<std::int64_t, std::int64_t> last_;  // only looked up
  std::int64_t end_ = 0;
};

/// What becomes of one batch.
struct BatchVerdict {
  bool unchanged = true;
  CleanedBatch left;                          ///< Unless unchanged.
  std::int64_t bytes = 0;                     ///< Encoded size of what is left.
  std::vector<history::OffsetRange> removed;  ///< Offsets that go in this pass, ascending.
};
/// Encoded size of what compaction left of `batch`. With a delete horizon timestamps are deltas against that.
[[nodiscard]] std::int64_t cleaned_batch_bytes(const BatchStore& store, const StoredBatch& batch,
                                               const CleanedBatch& cleaned);

/// `now_ms`: wall clock of the broker.
[[nodiscard]] BatchVerdict clean_batch(const BatchStore& store, const StoredBatch& batch,
                                       const OffsetMap& map, sim::Duration delete_retention,
                                       std::int64_t now_ms);

}  // namespace brokersim::log
