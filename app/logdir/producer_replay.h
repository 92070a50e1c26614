// Producers and transactions as a broker rebuilds them from batches (ProducerStateManager, ProducerAppendInfo).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "models/log/format/record_batch.h"
#include "models/log/format/side_files.h"

namespace brokersim::logdir {

class ProducerReplay {
 public:
  /// More producers than this are not followed: a hostile file may name one per batch.
  static constexpr std::size_t kProducersMax = 1'000'000;

  /// The next batch of the log; `marker` if it is a control batch whose record could be read.
  void note(const log::format::BatchHeader& header, const log::format::ControlMarker* marker);

  /// What a snapshot says of producers of which no batch has come by.
  void add_unseen(const std::vector<log::format::ProducerEntry>& entries);

  [[nodiscard]] std::vector<log::format::ProducerEntry> producers() const;
  [[nodiscard]] const std::vector<log::format::AbortedEntry>& aborted() const { return aborted_; }
  [[nodiscard]] bool overflowed() const { return overflowed_; }

 private:
  void end_transaction(const log::format::BatchHeader& header, const log::format::ControlMarker& marker,
                       log::format::ProducerEntry& producer);

  std::map<std::int64_t, log::format::ProducerEntry> producers_;
  std::map<std::int64_t, std::int64_t> open_;  // first offset of an open transaction -> its producer
  std::vector<log::format::AbortedEntry> aborted_;
  bool overflowed_ = false;
};

}  // namespace brokersim::logdir
