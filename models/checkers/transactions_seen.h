// What databases committed, told and lost: the books that B1 and all event checks are judged from.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/checkers/law_book.h"
#include "models/history/history.h"

namespace brokersim::checkers {

struct DatabaseFindings {
  std::string name;
  std::int64_t committed = 0;    ///< Transactions that wrote something and became visible.
  std::int64_t rolled_back = 0;  ///< For whatever reason.
  std::int64_t deadlocks = 0;
  std::int64_t lost = 0;           ///< Committed and not in the log that a recovery found.
  std::int64_t lost_answered = 0;  ///< Of these: a client had been told.
  std::int64_t restarts = 0;
};

class TransactionsSeen {
 public:
  explicit TransactionsSeen(const history::History& history) : history_(&history) {}

  void on(const history::TransactionCommitted& event);
  void on(const history::CommitAnswered& event);
  void on(const history::TransactionLost& event, LawBook& book);
  void on(const history::TransactionRolledBack& event);
  void on(const history::DatabaseChanged& event);

  /// Its commit stands: it was not lost. Of a transaction that committed.
  [[nodiscard]] bool stands(history::DatabaseId database, std::int64_t transaction) const {
    return !lost_.contains({database.n, transaction});
  }
  /// How it was lost; it does not stand.
  [[nodiscard]] const history::TransactionLost& loss(history::DatabaseId database,
                                                     std::int64_t transaction) const {
    return lost_.at({database.n, transaction});
  }
  /// Why the database did not promise durability for this loss; "" if it did.
  [[nodiscard]] std::string excuse(const history::TransactionLost& event) const;
  [[nodiscard]] const std::vector<DatabaseFindings>& findings() const { return findings_; }

 private:
  using Name = std::pair<std::int32_t, std::int64_t>;  ///< Database, transaction.
  [[nodiscard]] DatabaseFindings& of(history::DatabaseId database);

  const history::History* history_;
  std::vector<DatabaseFindings> findings_;
  std::map<Name, sim::SimTime> answered_;
  std::map<Name, history::TransactionLost> lost_;
};

/// "in wal_buffers, memory of the process": for stories.
[[nodiscard]] std::string lost_in_text(history::CommitLostIn where);

}  // namespace brokersim::checkers
