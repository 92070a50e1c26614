// The numbers of a run: counts, latencies, throughput, availability, recoveries, faults, probes.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/checkers/availability.h"
#include "models/checkers/control_plane.h"
#include "models/checkers/group_meter.h"
#include "models/checkers/phases.h"
#include "models/checkers/probes.h"
#include "models/checkers/recoveries.h"
#include "models/history/history.h"
#include "sim/histogram.h"

namespace brokersim::checkers {

struct RecordCounts {
  std::int64_t sent = 0;          ///< Accepted by send().
  std::int64_t acknowledged = 0;  ///< Positively answered; acks=0: written to the socket.
  std::int64_t failed = 0;        ///< Reported as failed, those of unknown fate included.
  std::int64_t unknown = 0;       ///< Of these: may be in the log.
  std::int64_t consumed = 0;      ///< Handed to consumers, repeats included.
  std::int64_t lost_acknowledged = 0;
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  std::int64_t compacted = 0;  ///< Acknowledged, and gone by compaction.
  std::int64_t expired = 0;    ///< Acknowledged, and gone by retention or DeleteRecords.
  /// Of consumers that found their position outside of the log: offsets that had expired before they read them ...
  std::int64_t expired_unread = 0;
  std::int64_t skipped_unread =
      0;  ///< ... and offsets that were there still, but auto.offset.reset passed over.
  std::int64_t stale_keys = 0;  ///< Keys that a reader does not know to be deleted (stale_keys.h).
  std::int64_t out_of_key_order = 0;  ///< That a reader got after a later one of their key (key_order.h).
  std::int64_t hottest_partition_permille = 0;  ///< Of the acknowledged ones, in the partition that has most.
  std::int64_t unread = 0;  ///< Acknowledged, in a leader's log at the end, and no consumer of the topic got them.
  std::int64_t diverged =
      0;  ///< At offsets that a replica takes for committed and where its leader holds another.
  /// Neither acknowledged nor failed when the run ended.
  [[nodiscard]] std::int64_t unfinished() const { return sent - acknowledged - failed; }
};

struct Latencies {
  sim::Histogram produce;     ///< Intended send to final outcome, failures included.
  sim::Histogram produce_ok;  ///< First request with it to success.
  sim::Histogram end_to_end;  ///< Intended send to delivery to a consumer.
};

/// One workload's share.
struct WorkloadMeasures {
  RecordCounts records;
  Latencies latency;
  std::int64_t acknowledged_bytes = 0;
  sim::SimTime first_sent;
  sim::SimTime last_acknowledged;
  sim::SimTime first_consumed;  ///< When consumers were handed records first and last.
  sim::SimTime last_consumed;

  /// Per second between the two. 0 before a second hand-over.
  [[nodiscard]] double consumed_per_second() const;
};

/// A fault as it really happened.
struct FaultRecord {
  std::int32_t fault = 0;
  std::string kind;
  std::string target;
  sim::SimTime at;
  bool fired = true;
  bool healed = false;
  sim::SimTime healed_at;
  bool had_effect = false;
};

/// A consumer that found its position outside of the log.
struct ResetRecord {
  sim::SimTime at;
  history::ClientId consumer;
  history::PartitionId partition;
  std::int64_t from = 0;
  std::int64_t to = -1;      ///< -1: it stopped (auto.offset.reset=none).
  std::int64_t expired = 0;  ///< Offsets from `from` on that had expired.
  std::int64_t skipped = 0;  ///< Offsets that were there, and that it passed over.
};

struct Measures {
  RecordCounts records;  ///< Loss, duplicates and order are filled in by RunObserver.
  Latencies latency;     ///< Of all workloads together; filled in at the end.
  PhaseHistograms produce_phases;
  PhaseHistograms end_to_end_phases;
  FaultWindow fault_window;
  std::int64_t batches = 0;  ///< Record batches with a final outcome.
  std::int64_t acknowledged_bytes = 0;
  sim::SimTime first_sent;
  sim::SimTime last_acknowledged;
  sim::SimTime first_consumed;
  sim::SimTime last_consumed;
  std::map<std::string, WorkloadMeasures> workloads;
  std::vector<UnavailableWindow> unavailable;
  std::vector<LeaderRecovery> recoveries;
  std::vector<FaultRecord> faults;
  std::vector<history::AdminDone> admin;  ///< What an administrator did.
  std::vector<ResetRecord> offset_resets;
  std::vector<history::ClientFailed> failed_clients;  ///< Whose applications have seen a fatal exception.
  std::int64_t leader_changes = 0;
  ControlPlane control_plane;
  GroupMeasures groups;
  ProbeCounts probes;

  /// Per second from the first send to the last acknowledgement. 0 if nothing was acknowledged.
  [[nodiscard]] double records_per_second() const;
  [[nodiscard]] double bytes_per_second() const;
  /// Handed to consumers, per second from the first hand-over to the last.
  [[nodiscard]] double consumed_per_second() const;
};

class Meter {
 public:
  explicit Meter(const history::History& history) : history_(&history), availability_(history) {}

  void on(const history::Sent& event);
  void on(const history::ProduceOutcome& event);
  void on(const history::Consumed& event);
  /// `leader` is the controller's at that time.
  void served_by(const history::Consumed& event, std::int32_t leader) {
    if (event.broker >= 0 && leader >= 0 && event.broker != leader)
      measures_.probes.hit(Probe::read_from_follower);
  }
  void on(const history::FetchAnswered& event) { availability_.on(event); }
  void on(const history::PositionAnswered& event) {
    if (event.answer == history::PositionAnswer::not_available)
      measures_.probes.hit(Probe::offset_not_available);
    if (event.answer == history::PositionAnswer::lost) measures_.probes.hit(Probe::position_lost);
  }
  void on(const history::ClientRestarted& event) { availability_.on(event); }
  void on(const history::ClientStopped& event) { availability_.on(event); }
  void on(const history::ClientFailed& event) { measures_.failed_clients.push_back(event); }
  void on(const history::OwnershipChanged& event) { availability_.on(event); }
  void on(const history::Truncated& event, bool committed);
  void on(const history::HighWatermark& event, std::int64_t before);
  /// `before`: leader and ISR that were committed until now.
  void on(const history::PartitionChanged& event, const history::PartitionInfo& info, bool known,
          std::int32_t leader_before, const std::vector<history::BrokerId>& isr_before,
          const std::vector<history::BrokerId>& elr_before);
  void on(const history::BrokerChanged& event);
  void on(const history::ControllerChanged& event) { control_plane_.on(event); }
  void on(const history::CorruptRead& event);
  void on(const history::StorageLost& event);
  void on(const history::Recovered& event);
  void on(const history::FaultFired& event);
  void on(const history::LogStartMoved& event);
  void on(const history::Compacted&) { measures_.probes.hit(Probe::compacted); }
  void on(const history::LogDirFailed& event);
  void on(const history::PartitionDeleted& event);
  void on(const history::AdminDone& event) { measures_.admin.push_back(event); }
  /// `log_start` of the leader, `committed` end of the log.
  void on(const history::OffsetReset& event, std::int64_t log_start, std::int64_t committed);

  [[nodiscard]] ProbeCounts& probes() { return measures_.probes; }
  [[nodiscard]] Measures finish(sim::SimTime now);

 private:
  WorkloadMeasures& workload(history::ClientId client);
  /// Something happened that an open fault of such a kind explains.
  void effect(sim::SimTime at);

  const history::History* history_;
  Availability availability_;
  Recoveries recoveries_;
  ControlPlaneMeter control_plane_;
  PhaseMeter produce_phases_;
  PhaseMeter end_to_end_phases_;
  Measures measures_;
  std::vector<WorkloadMeasures*> by_client_;
  bool any_sent_ = false;
  sim::SimTime last_effect_{-1};
};

}  // namespace brokersim::checkers
