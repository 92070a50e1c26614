// Where each epoch begins in a metadata log: all that Raft needs to know of its content.
//
// Rules: ReplicatedLog (KafkaMetadataLog): end offset for an epoch, validity of a fetch position, truncation to a
// leader's word (KIP-595, the rule of KIP-320). Pure; costs are logarithmic in the number of epochs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/kafka/wire/raft_messages.h"

namespace brokersim::kafka::raft {

using wire::OffsetEpoch;

class EpochLog {
 public:
  EpochLog() = default;
  /// Nothing but a snapshot: records begin at `start.offset`, what came before had `start.epoch` last.
  explicit EpochLog(OffsetEpoch start) : start_(start), end_(start.offset) {}

  /// `count` (positive) records of `epoch`, which is not below the last.
  void append(std::int32_t epoch, std::int64_t count);
  /// Drops what is at `offset` or after it. `offset` between start and end.
  void truncate(std::int64_t offset);
  /// Forgets what is before `start.offset`, which is between start and end: a snapshot holds it.
  void advance_start(OffsetEpoch start);

  [[nodiscard]] OffsetEpoch start() const { return start_; }
  [[nodiscard]] std::int64_t end_offset() const { return end_; }
  /// Of the last record ever appended; 0 if there was none.
  [[nodiscard]] std::int32_t last_epoch() const {
    return epochs_.empty() ? start_.epoch : epochs_.back().epoch;
  }
  /// What a candidate shows.
  [[nodiscard]] OffsetEpoch end() const { return {end_, last_epoch()}; }
  /// Epoch of the record before `offset`, which is between start and end.
  [[nodiscard]] std::int32_t epoch_before(std::int64_t offset) const;
  /// The greatest epoch not above `epoch` that has records here, and where they end. Below all: the start's epoch.
  [[nodiscard]] OffsetEpoch end_for(std::int32_t epoch) const;
  /// Nothing if a log that ends at `position` is a prefix of this one; else the word that lets its owner find
  /// where they part. The position is not before start (see needs_snapshot()).
  [[nodiscard]] std::optional<OffsetEpoch> divergence(OffsetEpoch position) const;
  /// The records after `position` are not all here any more.
  [[nodiscard]] bool needs_snapshot(OffsetEpoch position) const;
  /// Where to cut this log when the leader answers `diverging`.
  [[nodiscard]] std::int64_t truncation_point(OffsetEpoch diverging) const;

 private:
  struct Begin {
    std::int32_t epoch = 0;
    std::int64_t offset = 0;
  };
  OffsetEpoch start_;
  std::int64_t end_ = 0;
  std::vector<Begin> epochs_;  // ascending in both
};

}  // namespace brokersim::kafka::raft
