// What happened when: a run as series over time, for the report and for Python.
//
// Recorded only when it is asked for: a run that deserves it is repeated with a Timeline attached, which costs nothing to
// those that do not. Memory is bounded whatever the run: values are kept per bin of time, events up to a limit that
// counts what is left out. Recording never schedules and never draws; the fingerprint stays the same.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "app/report/host_meter.h"
#include "models/history/history.h"
#include "models/world/world.h"

namespace brokersim::report {

enum class EventKind : std::uint8_t {
  broker_started,
  broker_running,
  broker_fenced,
  broker_killed,
  broker_stopped,
  broker_paused,
  broker_resumed,
  kernel_panicked,
  power_lost,
  storage_damaged,
  registration_refused,
  recovered,          ///< value: bytes scanned.
  log_dir_failed,     ///< value: replicas that went offline.
  leader_elected,     ///< broker: the leader, value: epoch.
  unclean_election,   ///< The same, from outside ISR and ELR.
  leader_lost,        ///< value: epoch.
  isr_changed,        ///< value: members.
  truncated,          ///< value: records.
  storage_lost,       ///< value: records.
  corrupt_read,       ///< value: offset.
  fetch_refused,      ///< value: leader epoch of the follower's request.
  log_start_moved,    ///< value: the new log start.
  controller_active,  ///< broker: the controller's number; value: epoch.
  controller_resigned,
  controller_stopped,
  offset_reset,      ///< broker: the consumer's client number, value: new position, -1 if it stopped.
  group_generation,  ///< broker: the coordinator, value: members.
  member_removed,    ///< broker: the consumer's client number.
  client_restarted,  ///< broker: the client's number.
  database_changed,
  crashed_at_step,
};
[[nodiscard]] std::string to_string(EventKind kind);

struct Event {
  sim::SimTime at;
  EventKind kind = EventKind::broker_started;
  std::int32_t broker = -1;     ///< Who, see EventKind; -1: nobody.
  std::int32_t partition = -1;  ///< history::PartitionId; -1: none.
  std::int64_t value = 0;
};

/// The committed state of a partition from `at` on.
struct Leadership {
  sim::SimTime at;
  std::int32_t leader = -1;
  std::int32_t epoch = 0;
  std::vector<history::BrokerId> isr;
  bool unclean = false;
};

/// One replica's log end and high watermark at the end of each bin; -1: unknown yet.
struct ReplicaSeries {
  history::BrokerId broker = -1;
  std::vector<std::int64_t> log_end;
  std::vector<std::int64_t> high_watermark;
};

class Timeline final : public history::Watcher {
 public:
  static constexpr std::size_t kBins = 600;     ///< Of throughput, latency and logs.
  static constexpr std::size_t kSamples = 300;  ///< Of machines.
  static constexpr std::size_t kEventsMax = 100'000;
  static constexpr std::size_t kPartitionsMax = 256;  ///< Whose logs are followed.
  static constexpr std::size_t kBuckets = 64;         ///< Of latency, eight per decade from 10 us.

  /// Attaches itself to the world's history. Both outlive this.
  explicit Timeline(world::World& world, const world::Config& config);
  Timeline(const Timeline&) = delete;
  Timeline& operator=(const Timeline&) = delete;

  using history::Watcher::on;
  void on(const history::ProduceOutcome& event) override;
  void on(const history::Consumed& event) override;
  void on(const history::Appended& event) override;
  void on(const history::Truncated& event) override;
  void on(const history::HighWatermark& event) override;
  void on(const history::Recovered& event) override;
  void on(const history::PartitionChanged& event) override;
  void on(const history::BrokerChanged& event) override;
  void on(const history::ControllerChanged& event) override;
  void on(const history::RegistrationRefused& event) override;
  void on(const history::LogDirFailed& event) override;
  void on(const history::StorageLost& event) override;
  void on(const history::CorruptRead& event) override;
  void on(const history::FetchRefused& event) override;
  void on(const history::LogStartMoved& event) override;
  void on(const history::OffsetReset& event) override;
  void on(const history::GroupGeneration& event) override;
  void on(const history::MemberRemoved& event) override;
  void on(const history::ClientRestarted& event) override;

  /// When machines are looked at next; max after the last time.
  [[nodiscard]] sim::SimTime next_sample() const;
  /// Looks at every machine, at that time.
  void sample();
  /// Fills gaps; once, at the end.
  void finish();

  // --- What was seen --------------------------------------------------------------------------------------------
  [[nodiscard]] sim::Duration bin() const { return bin_; }
  [[nodiscard]] sim::Duration sample_distance() const { return distance_; }
  [[nodiscard]] const std::vector<Event>& events() const { return events_; }
  [[nodiscard]] std::int64_t events_left_out() const { return events_left_out_; }
  /// By PartitionId.
  [[nodiscard]] const std::vector<std::vector<Leadership>>& leadership() const { return leadership_; }
  /// By PartitionId, of the first kPartitionsMax.
  [[nodiscard]] const std::vector<std::vector<ReplicaSeries>>& logs() const { return logs_; }
  /// Records per bin.
  [[nodiscard]] const std::vector<std::int64_t>& acknowledged() const { return acknowledged_; }
  [[nodiscard]] const std::vector<std::int64_t>& failed() const { return failed_; }
  [[nodiscard]] const std::vector<std::int64_t>& consumed() const { return consumed_; }
  /// Records by bin and bucket: intended send (the middle of the batch) to final outcome, failures included.
  [[nodiscard]] const std::vector<std::array<std::int32_t, kBuckets>>& latency() const { return latency_; }
  /// Lower ends of the buckets, in nanoseconds; the first bucket begins at 0, the last has no upper end.
  [[nodiscard]] static const std::array<std::int64_t, kBuckets>& bucket_bounds();
  /// Machines in the order of the scenario, each with one entry per sample.
  [[nodiscard]] const std::vector<std::string>& hosts() const { return meter_.hosts(); }
  [[nodiscard]] const std::vector<std::vector<HostSample>>& samples() const { return samples_; }

 private:
  [[nodiscard]] std::size_t bin_of(sim::SimTime at) const;
  void event(sim::SimTime at, EventKind kind, std::int32_t broker, history::PartitionId partition,
             std::int64_t value);
  [[nodiscard]] ReplicaSeries* replica(history::PartitionId partition, history::BrokerId broker);

  sim::SimTime end_;
  sim::Duration bin_;
  sim::Duration distance_;
  std::size_t sampled_ = 0;
  std::vector<Event> events_;
  std::int64_t events_left_out_ = 0;
  std::vector<std::vector<Leadership>> leadership_;
  std::vector<std::vector<ReplicaSeries>> logs_;
  std::vector<std::int64_t> acknowledged_;
  std::vector<std::int64_t> failed_;
  std::vector<std::int64_t> consumed_;
  std::vector<std::array<std::int32_t, kBuckets>> latency_;
  HostMeter meter_;
  std::vector<std::vector<HostSample>> samples_;
};

}  // namespace brokersim::report
