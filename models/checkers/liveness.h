// L1 and L4: what has to be well again once nothing has broken for a while.
//
// Why: a cluster that loses nothing because it does nothing breaks no law of safety. A legal core is left alone for
// kCalm: brokers that are up and unfenced, an active controller, no fault that still holds anybody. Then every partition
// has a leader, unless nobody who may lead it is there (L1), and every live replica holds what its leader holds and is in
// the ISR, unless it is still copying (L4). Brokers that are down or fenced are no part of the core and are asked for
// nothing. A partition without a leader that nobody may lead is a legal stall, and is justified by name (L7 of the
// catalogue). Sources: VOPR's liveness mode (heal a core, leave the rest broken, demand progress); KIP-966 for who may lead.
//
// Not judged, because the history cannot tell what is owed: replicas whose disk was damaged or whose log directory failed,
// partitions that an administrator moves, clients (they are measured: records.unfinished, unavailable.*).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "models/checkers/cluster_view.h"
#include "models/checkers/law_book.h"

namespace brokersim::checkers {

class Liveness {
 public:
  /// Nothing happens to the cluster for so long before it is judged. Assumption: three sessions of brokers' default, and
  /// one replica.lag.time.max.ms.
  static constexpr sim::Duration kCalm = {30'000'000'000};
  /// Who has not appended for so long is not copying.
  static constexpr sim::Duration kStill = {10'000'000'000};

  explicit Liveness(LawBook& book) : book_(&book) {}

  void on(const history::BrokerChanged& event);
  void on(const history::ControllerChanged& event);
  void on(const history::FaultFired& event);
  void on(const history::LogDirFailed& event) { spare(event.broker, event.at); }
  void on(const history::CorruptRead& event) { damaged_.insert(event.partition.n); }
  void on(const history::AdminDone& event);
  void on(const history::Appended& event);

  /// When something last happened to the cluster, or a fault began or ended.
  [[nodiscard]] sim::SimTime last() const { return last_; }
  /// What holds somebody now: the kind of a fault, or that there is no active controller; "": nothing.
  [[nodiscard]] std::string holding() const;
  /// Once, at the end of the run.
  void finish(sim::SimTime now, ClusterView& view);

 private:
  void spare(history::BrokerId broker, sim::SimTime at);
  [[nodiscard]] std::string not_calm(sim::SimTime now) const;
  [[nodiscard]] bool alive(history::BrokerId broker) const;
  [[nodiscard]] bool still(std::size_t n, history::BrokerId broker, sim::SimTime now) const;
  void judge_leader(const PartitionView& p, sim::SimTime now);
  void judge_replicas(const PartitionView& p, std::size_t n, sim::SimTime now);

  LawBook* book_;
  sim::SimTime last_;                  ///< Of whatever happened to the cluster.
  std::set<history::BrokerId> alive_;  ///< Unfenced, and not stopped since.
  std::set<history::BrokerId> spared_;
  std::set<std::int32_t>
      damaged_;  ///< Partitions of which somebody read a batch that was no more what was written.
  std::set<std::int32_t> controllers_;               ///< Active ones.
  std::map<std::int32_t, std::string> holding_;      ///< Faults that hold somebody, by number: their kinds.
  std::vector<std::vector<sim::SimTime>> appended_;  ///< By partition and broker: last time.
  bool administered_ = false;
  bool any_ = false;  ///< Brokers were seen.
  std::vector<std::string> justified_;
};

}  // namespace brokersim::checkers
