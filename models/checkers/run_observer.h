// Everything that watches one run, in one place: attach it to a History, and ask it when the run is over.
//
// Checks, measures and stories see each event in a fixed order: measures of what was, then the view, then the
// laws. Nothing here schedules or draws. Memory is proportional to runs of records, faults and elections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/checkers/client_laws.h"
#include "models/checkers/cluster_view.h"
#include "models/checkers/group_meter.h"
#include "models/checkers/invariants.h"
#include "models/checkers/key_order.h"
#include "models/checkers/law_book.h"
#include "models/checkers/liveness.h"
#include "models/checkers/losses.h"
#include "models/checkers/measures.h"
#include "models/checkers/partition_load.h"
#include "models/checkers/pipelines.h"
#include "models/checkers/replication_laws.h"
#include "models/checkers/share_laws.h"
#include "models/checkers/stale_keys.h"
#include "models/checkers/storage_laws.h"
#include "models/checkers/transaction_laws.h"

namespace brokersim::checkers {

/// What a run showed.
struct Findings {
  sim::SimTime ended_at;
  Measures measures;
  std::vector<CheckResult>
      checks;  ///< All of checks(), in that order; the invariants if they were asked for.
  LossReport losses;
  std::int64_t at_risk_max =
      0;  ///< Most acknowledged records that were on no elected leader, after any election.
  std::int64_t contracts_broken = 0;  ///< Partitions whose fault budget was overdrawn at some time.
  std::vector<std::string> warnings;
  /// "orders/0", ... by PartitionId.
  std::vector<std::string> client_names;  ///< By client number.
  std::vector<std::string> partition_names;
  EventFindings events;            ///< Empty without services that publish events.
  ShareMeasures shares;            ///< Zero without share groups.
  KafkaTransactions transactions;  ///< Empty without transactional producers and pipelines.

  [[nodiscard]] bool any_violation() const;
};

class RunObserver final : public history::Watcher {
 public:
  /// Attaches itself. Must outlive the history's use; is not copied or moved. `invariants`: INV1 to INV9 are judged, too.
  explicit RunObserver(history::History& history, bool invariants = false);
  RunObserver(const RunObserver&) = delete;
  RunObserver& operator=(const RunObserver&) = delete;

  using history::Watcher::on;  // what is of no use here
  void on(const history::Sent& event) override;
  void on(const history::ProduceOutcome& event) override;
  void on(const history::Consumed& event) override;
  void on(const history::FetchAnswered& event) override;
  void on(const history::PositionAnswered& event) override;
  void on(const history::ClientRestarted& event) override;
  void on(const history::ClientStopped& event) override {
    meter_.on(event);
    groups_.on(event);
    shares_.on(event);
  }
  void on(const history::ClientFailed& event) override {
    meter_.on(event);
    shares_.on(event);
  }
  void on(const history::OwnershipChanged& event) override;
  void on(const history::GroupGeneration& event) override {
    groups_.on(event);
    shares_.on(event);
  }
  void on(const history::MemberRemoved& event) override { groups_.on(event); }
  void on(const history::OffsetCommitted& event) override {
    groups_.on(event);
    transactions_.on(event);
  }
  void on(const history::ShareRecordsChanged& event) override { shares_.on(event); }
  void on(const history::ShareStartMoved& event) override { shares_.on(event); }
  void on(const history::ShareAcknowledged& event) override { shares_.on(event); }
  void on(const history::TransactionJoined& event) override {
    transactions_.on(event);
    clients_.on(event);
  }
  void on(const history::TransactionEnded& event) override {
    transactions_.on(event);
    clients_.on(event);
  }
  void on(const history::ProducerEpochGiven& event) override { transactions_.on(event); }
  void on(const history::Appended& event) override;
  void on(const history::Truncated& event) override;
  void on(const history::HighWatermark& event) override;
  void on(const history::LeaderIsr& event) override;
  void on(const history::RoleChanged& event) override;
  void on(const history::PartitionChanged& event) override;
  void on(const history::BrokerChanged& event) override;
  void on(const history::ControllerChanged& event) override;
  void on(const history::MetadataLogChanged& event) override;
  void on(const history::StorageLost& event) override;
  void on(const history::CorruptRead& event) override;
  void on(const history::Recovered& event) override;
  void on(const history::Flushed& event) override;
  void on(const history::FaultFired& event) override;
  void on(const history::LogStartMoved& event) override;
  void on(const history::Compacted& event) override;
  void on(const history::LogDirFailed& event) override;
  void on(const history::PartitionDeleted& event) override;
  void on(const history::AdminDone& event) override;
  void on(const history::OffsetReset& event) override;

  /// Judges the end of the run, once. `leaders[p]` is the broker that leads partition p (PartitionId), by the
  /// controller's committed metadata, -1 for nobody; a shorter list leaves the rest as the history last said. A
  /// leader whose process is down counts as nobody.
  [[nodiscard]] Findings finish(sim::SimTime now, const std::vector<std::int32_t>& leaders = {});

 private:
  void count_risk(history::PartitionId partition, std::int32_t leader);
  /// Says beside the laws how much of the run was outside their premises.
  void note_breaches_of_contract();

  ClusterView view_;
  LawBook book_;
  ReplicationLaws replication_;
  TransactionLaws transactions_;
  StaleKeys stale_keys_;
  KeyOrder key_order_;
  PartitionLoad partition_load_;
  ClientLaws clients_;
  std::optional<Invariants> invariants_;
  Liveness liveness_;
  StorageLaws storage_;
  Meter meter_;
  GroupMeter groups_;
  ShareLaws shares_;
  Pipelines pipelines_;                // watches by itself, before this
  std::vector<std::int64_t> at_risk_;  ///< By partition, at its latest election.
  std::int64_t at_risk_sum_ = 0;
  std::int64_t at_risk_max_ = 0;
};

}  // namespace brokersim::checkers
