// The leader-epoch cache of one log: where each epoch begins (KIP-101, KIP-279; LeaderEpochFileCache).
//
// Pure values. The shell writes `text()` to leader-epoch-checkpoint, with an fsync when an epoch is
// assigned and without one when it is truncated (KAFKA-15046), so after a power loss the file may name an
// epoch that begins at or beyond the log end; loading trims it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace brokersim::log {

struct EpochEntry {
  std::int32_t epoch = 0;
  std::int64_t start_offset = 0;
  [[nodiscard]] bool operator==(const EpochEntry&) const = default;
};

/// Answer to "where does epoch q end?": the epoch actually meant and its end offset.
struct EpochEnd {
  std::int32_t epoch = -1;
  std::int64_t end_offset = -1;
  [[nodiscard]] bool operator==(const EpochEnd&) const = default;
};

class EpochCache {
 public:
  /// Records that `epoch` begins at `start_offset` if it is newer than the latest. Entries that a new epoch
  /// contradicts (same or higher start) are removed first. True: the cache changed.
  bool assign(std::int32_t epoch, std::int64_t start_offset);

  /// The rule of section 4.3: latest epoch -> log end; unknown higher or no entry -> nothing; below the first
  /// entry -> (q, first start); else the greatest entry <= q and the start of the next one.
  [[nodiscard]] std::optional<EpochEnd> end_offset_for(std::int32_t epoch, std::int64_t log_end) const;

  [[nodiscard]] std::optional<std::int32_t> latest_epoch() const;
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] const std::vector<EpochEntry>& entries() const { return entries_; }

  /// Drops entries that begin at or after `offset`. True: the cache changed.
  bool truncate_from_end(std::int64_t offset);
  /// Drops entries before the one that holds `log_start`, and moves that one's start up to it.
  bool truncate_from_start(std::int64_t log_start);

  /// For a planted bug (L10): of three or more entries the last but one goes.
  void forget_last_but_one();

  /// The checkpoint file: "0\n<count>\n<epoch> <start>\n...".
  [[nodiscard]] std::string text() const;
  /// Nothing if the text is torn or malformed.
  [[nodiscard]] static std::optional<EpochCache> parse(const std::string& text);

 private:
  std::vector<EpochEntry> entries_;  // epoch and start both strictly increasing
};

}  // namespace brokersim::log
