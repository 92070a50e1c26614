// What one run does, as slices on tracks: who was doing what when, and what came of what.
//
// Processes: what went wrong (faults, losses, unavailable windows), partitions (leadership, elections, ISR), each broker
// (state, requests with their stations, flushes, copies, log events, its machine's counters), each controller, each client.
// Flows: a batch from its producer's slice to the leader's request, from there to the copy on each follower, and to each
// consumer that read it. Names and units: docs/traces.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "app/report/host_meter.h"
#include "app/trace/spans.h"
#include "models/history/history.h"
#include "models/kafka/broker/onlooker.h"
#include "models/world/world.h"

namespace brokersim::trace {

class Tracer final : public history::Watcher, public kafka::broker::Onlooker {
 public:
  /// Counters are looked at so often over the window.
  static constexpr std::int64_t kSamples = 1'000;
  /// Partitions that have a track of their own.
  static constexpr std::size_t kPartitionsMax = 256;

  /// Attaches itself to the world, which outlives this.
  Tracer(world::World& world, const world::Config& config, sim::SimTime from, sim::SimTime to,
         std::size_t slices_max);
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  using history::Watcher::on;
  void on(const history::ProduceOutcome& event) override;
  void on(const history::Consumed& event) override;
  void on(const history::ClientRestarted& event) override;
  void on(const history::OwnershipChanged& event) override;
  void on(const history::GroupGeneration& event) override;
  void on(const history::ShareRecordsChanged& event) override;
  void on(const history::ShareStartMoved& event) override;
  void on(const history::OffsetReset& event) override;
  void on(const history::Appended& event) override;
  void on(const history::Truncated& event) override;
  void on(const history::HighWatermark& event) override;
  void on(const history::FetchRefused& event) override;
  void on(const history::RoleChanged& event) override;
  void on(const history::PartitionChanged& event) override;
  void on(const history::BrokerChanged& event) override;
  void on(const history::RegistrationRefused& event) override;
  void on(const history::ControllerChanged& event) override;
  void on(const history::StorageLost& event) override;
  void on(const history::CorruptRead& event) override;
  void on(const history::Recovered& event) override;
  void on(const history::FaultFired& event) override;
  void on(const history::LogDirFailed& event) override;

  void on_request(std::int32_t broker, std::uint32_t slot, network::HostId from,
                  const kafka::wire::Message& request, sim::SimTime at) override;
  void on_request_done(std::int32_t broker, std::uint32_t slot,
                       const kafka::broker::RequestTimes& times) override;
  void on_flush(std::int32_t broker, history::PartitionId partition, sim::SimTime from, sim::SimTime to,
                std::int64_t end) override;

  /// When counters are looked at next; max after the window.
  [[nodiscard]] sim::SimTime next_sample() const;
  void sample();

  [[nodiscard]] Spans& spans() { return spans_; }
  /// Where faults, losses and windows stand.
  [[nodiscard]] std::int32_t wrong() const { return wrong_; }

 private:
  struct BatchKey {
    std::int32_t producer;
    std::int32_t partition;
    std::int64_t first;
    [[nodiscard]] auto operator<=>(const BatchKey&) const = default;
  };
  struct Batch {
    std::int64_t count = 0;
    SliceId request;  // the leader's
  };
  struct Partition {
    bool known = false;
    std::int32_t leader = -1;
    std::int32_t epoch = -1;
    sim::SimTime left;  // when the last leader stopped, or was known to have
    SliceId leading;
    SliceId election;
    sim::SimTime committed;  // of that election
    std::int64_t log_end = 0;
    std::int64_t high_watermark = 0;
  };
  struct Broker {
    std::int32_t process = -1;
    std::string host;
    SliceId state;
    sim::SimTime stopped = sim::SimTime::max();  // max: it runs
    std::map<std::uint32_t, SliceId> requests;
    std::map<std::int32_t, sim::SimTime> answered;   // by follower: when its last fetch was answered
    std::map<std::uint32_t, std::int32_t> fetchers;  // slot -> follower
  };
  [[nodiscard]] Broker* broker(std::int32_t id);
  [[nodiscard]] Partition& partition_at(history::PartitionId id);
  [[nodiscard]] std::int32_t place(std::int32_t process, std::int32_t rank, const char* track);
  [[nodiscard]] std::string name(history::PartitionId partition) const;
  [[nodiscard]] std::string client_name(history::ClientId client) const;
  [[nodiscard]] std::string batch_name(const history::RecordRange& records) const;
  [[nodiscard]] const Batch* batch_of(const history::RecordRange& records) const;
  void log_event(std::int32_t broker, sim::SimTime at, std::string name, Arguments arguments);
  void stop(Broker& broker, sim::SimTime at, bool process_gone);
  void elect(std::size_t partition, const history::PartitionChanged& event);

  world::World& world_;
  Spans spans_;
  report::HostMeter meter_;
  sim::Duration distance_;
  std::int64_t sampled_ = 0;
  std::int32_t wrong_ = 0;
  std::int32_t partitions_process_ = 0;
  std::vector<Broker> brokers_;
  std::vector<std::int32_t> controllers_;   // processes
  std::vector<SliceId> active_;             // by controller
  std::vector<std::int32_t> clients_;       // processes
  std::vector<std::int32_t> host_brokers_;  // by machine: the broker on it, -1 none
  std::vector<Partition> partitions_;
  std::map<BatchKey, Batch> batches_;
  std::map<std::int32_t, SliceId> faults_;
};

}  // namespace brokersim::trace
