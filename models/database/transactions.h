// Which transactions are open, which have committed, and who sees what: snapshots.
//
// Rules (PostgreSQL procarray.c GetSnapshotData, heapam_visibility.c): a number is given at the first write, not at the
// commit, so the order of numbers is not the order of commits. A snapshot sees a number if it had ended (committed) when
// the snapshot was made: xmin is the oldest open number then, xmax one past the newest ended one; what lies between is
// listed. Whatever is at or above xmax is unseen, although it may commit before an older one.
// Pure: no clock, no dice.
#pragma once

#include <cstdint>
#include <vector>

#include "models/database/types.h"

namespace brokersim::database {

struct Snapshot {
  Xid xmin = kFirstXid;          ///< Everything below has ended.
  Xid xmax = kFirstXid;          ///< Nothing from here on is seen.
  std::vector<Xid> in_progress;  ///< Open ones in [xmin, xmax), ascending.
};

class Transactions {
 public:
  enum class Status : std::uint8_t { open, committed, aborted };

  /// The next number; it is open from now on.
  [[nodiscard]] Xid start();
  void commit(Xid xid) { end(xid, Status::committed); }
  void abort(Xid xid) { end(xid, Status::aborted); }
  /// After a restart: numbers below `next` that are not committed count as aborted.
  void restore(Xid next, const std::vector<Xid>& committed);

  [[nodiscard]] Status status(Xid xid) const;
  [[nodiscard]] Snapshot snapshot() const;
  /// Whether `snapshot` of the transaction with number `own` (kNoXid: it has none) sees what `xid` wrote.
  [[nodiscard]] bool sees(const Snapshot& snapshot, Xid own, Xid xid) const;
  [[nodiscard]] Xid next() const { return kFirstXid + static_cast<Xid>(status_.size()); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  void end(Xid xid, Status status);

  std::vector<Status> status_;  // by xid - kFirstXid
  std::vector<Xid> open_;       // ascending; a handful
  Xid newest_ended_ = kFirstXid - 1;
};

}  // namespace brokersim::database
