// How long a partition takes to get over the loss of its leader.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/history/history.h"

namespace brokersim::checkers {

/// A leader stopped or stood still while the controller believed in it.
struct LeaderRecovery {
  history::PartitionId partition;
  history::BrokerId lost = -1;
  history::BrokerEvent how = history::BrokerEvent::process_killed;
  sim::SimTime stopped_at;
  history::BrokerId successor = -1;        ///< May be the lost one again. -1: none yet.
  std::optional<sim::SimTime> elected_at;  ///< When the controller committed the successor.
  std::optional<sim::SimTime>
      acknowledged_at;  ///< First answer (acks 1 or all) by the successor to a producer.
};

class Recoveries {
 public:
  void on(const history::PartitionChanged& event);
  /// A leader that was lost before its partition was deleted needs no successor.
  void on(const history::PartitionDeleted& event);
  void on(const history::BrokerChanged& event);
  void on(const history::ProduceOutcome& event);
  /// In the order of their stops. A leader that came back before it was replaced is left out.
  [[nodiscard]] const std::vector<LeaderRecovery>& all() const { return all_; }

 private:
  /// Takes back the open recovery of the partition: there was nothing to get over.
  void forget(std::size_t partition);

  struct State {
    std::int32_t leader = -1;
    std::int32_t epoch = -1;
    std::int32_t open = -1;  ///< Index in all_, -1 none.
  };
  std::vector<State> states_;
  std::vector<LeaderRecovery> all_;
};

}  // namespace brokersim::checkers
