// What every producer was told about its records, exactly: the books that acknowledged loss is counted from.
//
// Kept per (partition, producer): how many were sent, runs of acknowledged records with who answered and who
// held them at that moment, and the sets of failed and of unknown ones. Neighbouring acknowledgements merge
// when the same brokers held them and they came within 1 ms, so that a run of fifty million records takes
// some megabytes; a story then tells the time of an acknowledgement to 1 ms.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/checkers/interval_set.h"
#include "models/history/history.h"

namespace brokersim::checkers {

/// Acknowledged records first .. first + count - 1.
struct AckRun {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t base = -1;     ///< Offset of `first` as answered; -1 unknown (acks=0).
  sim::SimTime at;            ///< Of the first acknowledgement.
  std::int32_t span_ns = 0;   ///< From the first to the last one.
  std::int16_t broker = -1;   ///< Who answered.
  std::uint16_t holders = 0;  ///< Bit i: replica i (assignment order) held all of them just then.
  std::uint16_t flushed = 0;  ///< Bit i: and had them on the medium.
  std::int8_t acks = -1;

  [[nodiscard]] std::int64_t end() const { return first + count; }
  [[nodiscard]] sim::SimTime last_at() const { return {at.ns + span_ns}; }
};

/// The books of one producer on one partition.
struct Account {
  bool unsure = false;        ///< A request with its records went unanswered, or was sent again.
  std::int64_t sent_end = 0;  ///< Ordinals below were accepted by send().
  std::deque<AckRun> acked;   ///< Ascending, disjoint.
  std::int64_t appended_end = 0;   ///< Ordinals below were appended by some leader.
  bool seen_by_snapshot = false;   ///< A leader that had loaded them from its disk appended some of them again.
  std::int64_t acknowledged = 0;
  std::int64_t forgotten = 0;  ///< Acknowledged ones that have expired and are no longer in `acked`.
  std::int8_t acks = -1;       ///< Of the acknowledged ones.
  IntervalSet failed;          ///< Reported as certainly not accepted.
  IntervalSet unknown;         ///< Reported as failed; may be in the log.

  void acknowledge(const AckRun& run);
  /// Forgets the oldest acknowledgements as far as all their records have expired: they cannot be lost any more.
  void forget_expired(const IntervalSet& expired);
  /// Acknowledged ordinals as a set.
  [[nodiscard]] IntervalSet acknowledged_set() const;
};

class Ledger {
 public:
  /// Creates it if needed.
  [[nodiscard]] Account& account(history::PartitionId partition, history::ClientId producer);
  /// Null if that producer never wrote to it.
  [[nodiscard]] const Account* find(std::size_t partition, std::size_t producer) const;
  /// Producer numbers below this may have an account with the partition.
  [[nodiscard]] std::size_t producers(std::size_t partition) const;

 private:
  std::vector<std::vector<std::unique_ptr<Account>>> accounts_;  ///< [partition][producer]
};

}  // namespace brokersim::checkers
