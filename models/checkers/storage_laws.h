// S15: what a crash leaves can be opened again.
//
// Why: files are written, renamed and cut in an order of which a power loss may keep any part that the file system allows. A
// broker whose disks are sound has to come up from each of them; one that finds a file that it cannot read takes its whole
// log directory offline, and with it replicas that nothing is wrong with (KAFKA-16541: an empty leader-epoch-checkpoint).
// Judged are directories that fail while their broker starts. A directory that fails later may be full, and after a fault of
// any disk nothing is judged any more: the history does not tell whose.
#pragma once

#include <set>
#include <string>

#include "models/checkers/law_book.h"
#include "models/history/history.h"

namespace brokersim::checkers {

class StorageLaws {
 public:
  explicit StorageLaws(LawBook& book) : book_(&book) {}

  void on(const history::BrokerChanged& event);
  void on(const history::FaultFired& event);
  void judge(const history::LogDirFailed& event);

 private:
  LawBook* book_;
  std::set<history::BrokerId> starting_;  ///< Loading their logs.
  std::string unsound_;                   ///< What happened to a disk; "": nothing.
};

}  // namespace brokersim::checkers
