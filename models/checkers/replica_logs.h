// The logs of all replicas of one partition, with what they share kept once.
//
// Why: replicas agree almost everywhere. The reference is the log of the newest leader; a replica is a length of
// agreement with it plus a tail of its own. So memory is one log, not one per replica, and "do these two logs
// agree" is a comparison of two numbers. Below `committed` (the true high watermark) the reference is pinned: it
// still names the records when no replica holds them any more.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/checkers/run_log.h"

namespace brokersim::checkers {

class ReplicaLogs {
 public:
  /// Replicas are numbered 0 .. replicas - 1.
  explicit ReplicaLogs(std::size_t replicas) : replicas_(replicas) {}

  [[nodiscard]] std::size_t size() const { return replicas_.size(); }
  [[nodiscard]] std::int64_t end(std::size_t replica) const { return replicas_[replica].end(); }
  /// Below this offset the replica's log equals the reference. At or above it, it has ended or differs.
  [[nodiscard]] std::int64_t agreed(std::size_t replica) const { return replicas_[replica].agreed; }
  [[nodiscard]] std::int64_t committed() const { return committed_; }
  /// How often something that was committed has been given up; what one knew of the committed log before may be wrong.
  [[nodiscard]] std::int64_t times_given_up() const { return times_given_up_; }
  [[nodiscard]] const RunLog& reference() const { return reference_; }

  /// Appends at the replica's end; `run.base` must equal end(replica).
  void append(std::size_t replica, const Run& run);
  /// Drops everything at or after `offset` from one replica.
  void cut(std::size_t replica, std::int64_t offset);
  /// The bytes at [from, to) are no longer the records: they become a hole.
  void punch(std::size_t replica, std::int64_t from, std::int64_t to);

  /// The replica's log begins at `offset` now: what it had below is gone by right. Never beyond its end.
  void set_start(std::size_t replica, std::int64_t offset);
  /// What stood below `offset` and was committed has been taken by right (retention, DeleteRecords). Replicas that have not
  /// deleted it yet may hold something else there: a leader that keeps no epoch of that range cannot tell a follower where
  /// they part (LeaderEpochFileCache.endOffsetFor), and nobody reads it any more. So it counts as agreed.
  void expire(std::int64_t offset);
  [[nodiscard]] std::int64_t expired() const { return expired_; }
  /// First offset of the replica's log.
  [[nodiscard]] std::int64_t start(std::size_t replica) const { return replicas_[replica].start; }
  /// The replica's log is empty and begins at `offset`.
  void restart(std::size_t replica, std::int64_t offset);

  /// Makes the replica's log the reference. If it does not hold all that is committed, what it lacks is no
  /// longer committed; the caller has judged that before. O(records that differ), so once per leader change.
  void promote(std::size_t replica);

  /// Compares the replica's tail with the reference again: another replica may have brought the same records
  /// to the reference since. Call before judging by agreed().
  void rematch(std::size_t replica) { match_again(replicas_[replica]); }

  /// Raises the true high watermark: [.., offset) of the reference is pinned. Must not pass the reference's end.
  void commit(std::int64_t offset);
  /// Gives up what is committed at or after `offset`.
  void uncommit(std::int64_t offset);

  /// Whether the replica holds these very records at these offsets (any epoch), as far as they are not below its start.
  [[nodiscard]] bool holds(std::size_t replica, const Run& run) const;

  /// Calls fn(Run) for the replica's records at [from, to), ascending.
  template <class Function>
  void for_each(std::size_t replica, std::int64_t from, std::int64_t to, Function&& fn) const {
    const Replica& r = replicas_[replica];
    from = std::max(from, r.start);
    reference_.for_each(from, std::min(to, r.agreed), fn);
    r.tail.for_each(from, to, fn);
  }

  /// Runs kept in memory, for the tests of size.
  [[nodiscard]] std::size_t runs() const;

 private:
  struct Replica {
    std::int64_t start = 0;
    std::int64_t agreed = 0;
    RunLog tail;  ///< From `agreed` on. Where it is not empty, its first record differs from the reference's.
    [[nodiscard]] std::int64_t end() const { return tail.empty() ? agreed : tail.end(); }
  };
  void append_tail(Replica& replica, const Run& run);
  /// Moves the start of the tail into the agreed part as far as it equals the reference.
  void match_again(Replica& replica);
  /// The reference forgets what lies below every replica's start.
  void trim_front();
  /// The reference keeps only what is committed or held.
  void trim();

  RunLog reference_;
  std::vector<Replica> replicas_;
  std::int64_t committed_ = 0;
  std::int64_t times_given_up_ = 0;
  std::int64_t expired_ = 0;  ///< Below it what was committed is gone by right.
};

}  // namespace brokersim::checkers
