// A log as its checkers remember it: runs of consecutive records of one producer and one leader epoch.
//
// Why: a replica's log of fifty million records is then a few thousand runs; appending is O(1), and two logs
// are compared run by run. Identity is (producer, ordinal), never payload.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "models/history/events.h"

namespace brokersim::checkers {

/// Records first .. first + count - 1 of `producer` at offsets base .. base + count - 1.
struct Run {
  std::int64_t base = 0;
  std::int64_t count = 0;
  std::int64_t first = 0;
  std::int32_t producer = -1;  ///< kHole: the bytes there are not the records that were appended.
  std::int32_t epoch = 0;      ///< Leader epoch stamped on them.

  static constexpr std::int32_t kHole = -1;
  [[nodiscard]] std::int64_t end() const { return base + count; }
  [[nodiscard]] bool operator==(const Run&) const = default;
};

[[nodiscard]] Run run_of(const history::Appended& event);

/// The part of `run` at offsets in [from, to); count 0 if there is none.
[[nodiscard]] Run clip(const Run& run, std::int64_t from, std::int64_t to);

class RunLog {
 public:
  explicit RunLog(std::int64_t start = 0) : end_(start) {}

  /// `run.base` must equal end(). Merges with the last run where it continues it.
  void append(const Run& run);
  /// Drops everything at or after `offset`. O(runs dropped).
  void cut(std::int64_t offset);
  /// Forgets everything below `offset`. O(runs dropped).
  void drop_front(std::int64_t offset);
  /// Forgets everything; the log then starts and ends at `offset`.
  void clear(std::int64_t offset);

  [[nodiscard]] std::int64_t end() const { return end_; }
  [[nodiscard]] bool empty() const { return runs_.empty(); }
  /// First offset; end() if empty.
  [[nodiscard]] std::int64_t start() const { return runs_.empty() ? end_ : runs_.front().base; }
  [[nodiscard]] const std::deque<Run>& runs() const { return runs_; }

  /// How many leading records of `run` stand in this log at their offsets, with equal epoch. A record beyond
  /// end() does not. `any_epoch` compares identity only.
  [[nodiscard]] std::int64_t matching(const Run& run, bool any_epoch = false) const;

  /// Calls fn(Run) for the parts in [from, to), ascending.
  template <class Function>
  void for_each(std::int64_t from, std::int64_t to, Function&& fn) const {
    if (runs_.empty()) return;
    from = std::max(from, start());
    if (from >= std::min(to, end_)) return;
    for (std::size_t i = index_of(from); i < runs_.size() && runs_[i].base < to; ++i) {
      const Run part = clip(runs_[i], from, to);
      if (part.count > 0) fn(part);
    }
  }

 private:
  /// Index of the run that holds `offset`; start() <= offset < end(). Searches from the end: what is asked for
  /// is nearly always recent.
  [[nodiscard]] std::size_t index_of(std::int64_t offset) const;

  std::deque<Run> runs_;
  std::int64_t end_ = 0;
};

}  // namespace brokersim::checkers
