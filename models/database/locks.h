// Row locks: exclusive, held to the end of the transaction, first come first served.
//
// One kind of lock is enough here: UPDATE, DELETE and SELECT FOR UPDATE all exclude each other (FOR NO KEY UPDATE and FOR
// UPDATE differ only for foreign keys). An INSERT holds its row as well, so that a second one with the same key waits for
// the first to end, as PostgreSQL's unique index does.
// Rules: nobody is told of a deadlock when it arises. A waiter looks after deadlock_timeout whether it stands in a cycle,
// and if so it gives up (deadlock.c); so the victim is who looks first, not who came last.
// Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "models/database/types.h"

namespace brokersim::database {

class RowLocks {
 public:
  /// Who holds the row, kNoSerial if nobody does.
  [[nodiscard]] Serial holder(RowName row) const;
  /// Takes the row if it is free or its own. False: another one holds it.
  bool try_lock(RowName row, Serial who);
  /// Queues for a row that another holds. A transaction waits for one row at a time.
  void wait(RowName row, Serial who);
  /// Leaves the queue, if it stands in one.
  void stop_waiting(Serial who);
  /// Gives up everything. Returns who holds a row now because of that, in the order of the rows' locking.
  [[nodiscard]] std::vector<Serial> release_all(Serial who);
  /// True if `who` waits for somebody who waits, over any number of steps, for `who`.
  [[nodiscard]] bool deadlocked(Serial who) const;

  [[nodiscard]] std::size_t held() const { return rows_.size(); }
  [[nodiscard]] bool waits(Serial who) const { return waiting_.contains(who); }

 private:
  struct Entry {
    Serial holder = kNoSerial;
    std::deque<Serial> waiters;
  };
  std::map<RowName, Entry> rows_;
  std::map<Serial, std::vector<RowName>> held_;
  std::map<Serial, RowName> waiting_;
};

}  // namespace brokersim::database
