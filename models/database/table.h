// One table: versions of rows, and its indexes.
//
// Multi-version (PostgreSQL heap): an update adds a version and stamps the old one with who replaced it; who sees which is
// a matter of snapshots (transactions.h). An index lists rows under every value that some kept version has; a reader looks
// whether the version that it sees really has that value. Versions that no snapshot can need any more go at the next
// opportunity: vacuum without its cost and delay; `dead()` tells how many wait, which is what a long transaction holds up.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <vector>

#include "models/database/config.h"
#include "models/database/transactions.h"
#include "models/database/types.h"

namespace brokersim::database {

struct Version {
  Row row;
  Xid xmin = kNoXid;  ///< Who wrote it.
  Xid xmax = kNoXid;  ///< Who replaced or deleted it last, kNoXid nobody; that one may have aborted.
};

/// A place in an index: up to two column values, then the key.
struct IndexEntry {
  std::array<std::int64_t, 2> values{};
  std::int64_t key = 0;
  [[nodiscard]] constexpr bool operator==(const IndexEntry&) const = default;
  /// Written out, since libc++ 13 (WebAssembly) has no <=> of arrays.
  [[nodiscard]] constexpr bool operator<(const IndexEntry& o) const {
    return values != o.values ? values < o.values : key < o.key;
  }
};

class Table {
 public:
  explicit Table(const TableConfig& config);

  [[nodiscard]] const TableConfig& config() const { return config_; }
  /// The version that a snapshot sees, null if none.
  [[nodiscard]] const Version* visible(std::int64_t key, const Transactions& transactions,
                                       const Snapshot& snapshot, Xid own) const;
  /// The newest version that is not of an aborted transaction and not deleted by a committed one (or by `own`): what an
  /// UPDATE in read committed goes on with. Null if there is none.
  [[nodiscard]] const Version* newest(std::int64_t key, const Transactions& transactions, Xid own) const;

  void insert(const Row& row, Xid xid);
  /// Replaces the newest version.
  void update(const Row& row, const Transactions& transactions, Xid xid);
  void erase(std::int64_t key, const Transactions& transactions, Xid xid);

  /// Keys in order after `after` of the primary key.
  [[nodiscard]] const std::map<std::int64_t, std::vector<Version>>& rows() const { return rows_; }
  [[nodiscard]] const std::set<IndexEntry>& index(std::size_t number) const { return indexes_[number]; }
  [[nodiscard]] IndexEntry entry(std::size_t index, const Row& row) const;

  /// `xid` has ended: what it replaced (committed) or wrote (aborted) may go once no snapshot begins below `horizon`.
  void ended(Xid xid, const std::vector<std::int64_t>& keys);
  void prune(Xid horizon, const Transactions& transactions);
  /// Versions that are kept only because somebody may still look at them.
  [[nodiscard]] std::size_t dead() const { return pending_.size(); }

 private:
  struct Pending {
    Xid xid;
    std::int64_t key;
  };
  void add_to_indexes(const Row& row);
  void remove_from_indexes(const Row& row, const std::vector<Version>& rest);
  void clean(std::int64_t key, Xid horizon, const Transactions& transactions);

  TableConfig config_;
  std::map<std::int64_t, std::vector<Version>> rows_;  // oldest version first
  std::vector<std::set<IndexEntry>> indexes_;
  std::deque<Pending> pending_;
};

}  // namespace brokersim::database
