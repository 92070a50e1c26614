#include "models/checkers/measures.h"

#include <algorithm>

#include "models/checkers/words.h"

namespace brokersim::checkers {
namespace {

using history::BrokerEvent;

constexpr std::int16_t kNotEnoughReplicas = 19;  // Kafka error codes
constexpr std::int16_t kNotEnoughReplicasAfterAppend = 20;

double per_second(std::int64_t amount, sim::SimTime from, sim::SimTime to) {
  return to > from ? static_cast<double>(amount) / (to - from).seconds() : 0.0;
}

/// A batch of which all records began at one time, or evenly from first to last.
void add_latency(sim::Histogram& histogram, sim::SimTime at, sim::SimTime first, sim::SimTime last,
                 std::int64_t count) {
  histogram.add_ramp((at - first).ns, (at - last).ns, count);
}

}  // namespace

double Measures::records_per_second() const {
  return per_second(records.acknowledged, first_sent, last_acknowledged);
}

double Measures::bytes_per_second() const {
  return per_second(acknowledged_bytes, first_sent, last_acknowledged);
}

double Measures::consumed_per_second() const {
  return per_second(records.consumed, first_consumed, last_consumed);
}

double WorkloadMeasures::consumed_per_second() const {
  return per_second(records.consumed, first_consumed, last_consumed);
}

WorkloadMeasures& Meter::workload(history::ClientId client) {
  const auto n = static_cast<std::size_t>(client.n);
  if (by_client_.size() <= n) by_client_.resize(n + 1, nullptr);
  if (by_client_[n] == nullptr) by_client_[n] = &measures_.workloads[history_->client(client).workload];
  return *by_client_[n];
}

void Meter::effect(sim::SimTime at) {
  last_effect_ = at;
  for (auto fault = measures_.faults.rbegin(); fault != measures_.faults.rend(); ++fault) {
    if (fault->fired && (!fault->healed || fault->healed_at == at)) fault->had_effect = true;
  }
}

void Meter::on(const history::Sent& event) {
  WorkloadMeasures& w = workload(event.records.producer);
  if (!any_sent_) measures_.first_sent = event.at;
  any_sent_ = true;
  if (w.records.sent == 0) w.first_sent = event.at;
  measures_.records.sent += event.records.count;
  w.records.sent += event.records.count;
  availability_.on(event);
}

void Meter::on(const history::ProduceOutcome& event) {
  WorkloadMeasures& w = workload(event.records.producer);
  const std::int64_t count = event.records.count;
  ++measures_.batches;
  add_latency(w.latency.produce, event.at, event.intended_first, event.intended_last, count);
  // Before the window is extended: what ended it still belongs to it.
  produce_phases_.add(measures_.fault_window, event.at, event.intended_first, event.intended_last, count);
  if (event.attempts > 1) measures_.probes.hit(Probe::produce_retried);
  if (event.outcome == history::Outcome::acknowledged) {
    measures_.records.acknowledged += count;
    w.records.acknowledged += count;
    measures_.acknowledged_bytes += event.payload.n;
    w.acknowledged_bytes += event.payload.n;
    measures_.last_acknowledged = event.at;
    w.last_acknowledged = event.at;
    w.latency.produce_ok.add((event.at - event.first_sent).ns, count);
  } else {
    const bool unknown = event.outcome == history::Outcome::unknown;
    measures_.records.failed += count;
    w.records.failed += count;
    if (unknown) measures_.records.unknown += count;
    if (unknown) w.records.unknown += count;
    measures_.probes.hit(Probe::produce_failed);
    if (unknown) measures_.probes.hit(Probe::acknowledgement_unknown);
  }
  if (event.error == kNotEnoughReplicas || event.error == kNotEnoughReplicasAfterAppend) {
    measures_.probes.hit(Probe::not_enough_replicas);
  }
  if (event.attempts > 1 || event.outcome != history::Outcome::acknowledged) effect(event.at);
  if (availability_.on(event)) {
    measures_.fault_window.extend(event.at, false);
    effect(event.at);
  }
  recoveries_.on(event);
}

void Meter::on(const history::Consumed& event) {
  WorkloadMeasures& w = workload(event.consumer);
  if (measures_.records.consumed == 0) measures_.first_consumed = event.at;
  if (w.records.consumed == 0) w.first_consumed = event.at;
  measures_.last_consumed = event.at;
  w.last_consumed = event.at;
  measures_.records.consumed += event.records.count;
  w.records.consumed += event.records.count;
  add_latency(w.latency.end_to_end, event.at, event.intended_first, event.intended_last, event.records.count);
  end_to_end_phases_.add(measures_.fault_window, event.at, event.intended_first, event.intended_last,
                         event.records.count);
}

void Meter::on(const history::Truncated& event, bool committed) {
  if (event.to_offset >= event.from_offset) return;
  measures_.probes.hit(Probe::truncated);
  if (committed) measures_.probes.hit(Probe::truncated_committed);
  const bool recovery = event.reason == history::TruncateReason::recovery;
  measures_.probes.hit(recovery ? Probe::truncated_in_recovery : Probe::truncated_on_divergence);
}

void Meter::on(const history::HighWatermark& event, std::int64_t before) {
  if (event.offset < before) measures_.probes.hit(Probe::high_watermark_went_back);
}

void Meter::on(const history::PartitionChanged& event, const history::PartitionInfo& info, bool known,
               std::int32_t leader_before, const std::vector<history::BrokerId>& isr_before,
               const std::vector<history::BrokerId>& elr_before) {
  if (info.internal) return;  // counted are the topics of the scenario
  availability_.on(event);
  recoveries_.on(event);
  ProbeCounts& probes = measures_.probes;
  if (event.unclean) probes.hit(Probe::unclean_election);
  if (static_cast<std::int32_t>(event.isr.size()) < info.min_insync_replicas)
    probes.hit(Probe::isr_below_minimum);
  if (!known) return;
  bool left = false;
  bool joined = false;
  for (const history::BrokerId broker : isr_before) left = left || !contains(event.isr, broker);
  for (const history::BrokerId broker : event.isr) joined = joined || !contains(isr_before, broker);
  if (left) probes.hit(Probe::isr_shrank);
  if (joined) probes.hit(Probe::isr_expanded);
  if (event.leader < 0 && leader_before >= 0) probes.hit(Probe::leader_lost);
  if (event.leader >= 0 && event.leader != leader_before) {
    probes.hit(Probe::leader_changed);
    ++measures_.leader_changes;
    if (contains(elr_before, event.leader)) probes.hit(Probe::elr_used);
    if (!info.replicas.empty() && event.leader == info.replicas.front())
      probes.hit(Probe::preferred_leader_returned);
  }
  if (left || event.leader != leader_before) effect(event.at);
}

void Meter::on(const history::BrokerChanged& event) {
  recoveries_.on(event);
  ProbeCounts& probes = measures_.probes;
  switch (event.event) {
    case BrokerEvent::process_started: return;
    case BrokerEvent::running: return;
    case BrokerEvent::fenced: probes.hit(Probe::broker_fenced); break;
    case BrokerEvent::process_killed: probes.hit(Probe::process_killed); break;
    case BrokerEvent::stopped_clean: probes.hit(Probe::stopped_clean); break;
    case BrokerEvent::paused: probes.hit(Probe::broker_paused); break;
    case BrokerEvent::resumed: probes.hit(Probe::broker_resumed); return;
    case BrokerEvent::kernel_panicked: probes.hit(Probe::kernel_panicked); break;
    case BrokerEvent::power_lost: probes.hit(Probe::power_lost); break;
    case BrokerEvent::storage_damaged: probes.hit(Probe::storage_damaged); break;
  }
  effect(event.at);
}

void Meter::on(const history::StorageLost& event) {
  measures_.probes.hit(Probe::storage_lost);
  switch (event.state) {
    case history::LostState::dirty: measures_.probes.hit(Probe::storage_lost_dirty); break;
    case history::LostState::in_writeback: measures_.probes.hit(Probe::storage_lost_in_writeback); break;
    case history::LostState::drive_cache: measures_.probes.hit(Probe::storage_lost_in_drive_cache); break;
    case history::LostState::size_unknown: measures_.probes.hit(Probe::storage_lost_beyond_size); break;
    case history::LostState::medium: measures_.probes.hit(Probe::storage_lost_on_medium); break;
  }
  effect(event.at);
}

void Meter::on(const history::CorruptRead& event) {
  measures_.probes.hit(Probe::corrupt_batch_read);
  effect(event.at);
}

void Meter::on(const history::Recovered& event) {
  if (!event.clean) measures_.probes.hit(Probe::recovered_unclean);
}

void Meter::on(const history::FaultFired& event) {
  if (event.healed) {
    for (auto fault = measures_.faults.rbegin(); fault != measures_.faults.rend(); ++fault) {
      if (fault->fault != event.fault || fault->healed) continue;
      fault->healed = true;
      fault->healed_at = event.at;
      if (event.effects >= 0) fault->had_effect = event.effects > 0;
      break;
    }
    if (event.fired) measures_.fault_window.extend(event.at, true);
    return;
  }
  measures_.probes.hit(event.fired ? Probe::fault_fired : Probe::fault_not_fired);
  measures_.faults.push_back({.fault = event.fault,
                              .kind = event.kind,
                              .target = event.target,
                              .at = event.at,
                              .fired = event.fired,
                              .had_effect = event.fired && last_effect_ == event.at});
  if (event.fired) measures_.fault_window.extend(event.at, true);
}

void Meter::on(const history::LogStartMoved& event) {
  switch (event.cause) {
    case history::LogStartCause::retention: measures_.probes.hit(Probe::retention_deleted); break;
    case history::LogStartCause::delete_records: measures_.probes.hit(Probe::records_deleted); break;
    case history::LogStartCause::reset:  // at 0: a reassignment took the replica away
      if (event.offset > 0) measures_.probes.hit(Probe::log_started_anew);
      break;
    case history::LogStartCause::followed:
    case history::LogStartCause::loaded: break;
  }
}

void Meter::on(const history::PartitionDeleted& event) {
  availability_.on(event);
  recoveries_.on(event);
}

void Meter::on(const history::LogDirFailed& event) {
  measures_.probes.hit(Probe::log_dir_failed);
  if (event.halts) measures_.probes.hit(Probe::log_dir_failure_halts);
  effect(event.at);
}

void Meter::on(const history::OffsetReset& event, std::int64_t log_start, std::int64_t committed) {
  ResetRecord reset{.at = event.at,
                    .consumer = event.consumer,
                    .partition = event.partition,
                    .from = event.from,
                    .to = event.to};
  reset.expired = std::max<std::int64_t>(log_start - event.from, 0);
  const std::int64_t next = event.to < 0 ? committed : event.to;
  reset.skipped = std::max<std::int64_t>(next - std::max(event.from, log_start), 0);
  RecordCounts& of_workload = workload(event.consumer).records;
  for (RecordCounts* records : {&measures_.records, &of_workload}) {
    records->expired_unread += reset.expired;
    records->skipped_unread += reset.skipped;
  }
  measures_.offset_resets.push_back(reset);
  measures_.probes.hit(Probe::offset_reset);
}

Measures Meter::finish(sim::SimTime now) {
  measures_.control_plane = control_plane_.finish(now);
  Measures result = measures_;
  for (const auto& [name, w] : result.workloads) {
    result.latency.produce.merge(w.latency.produce);
    result.latency.produce_ok.merge(w.latency.produce_ok);
    result.latency.end_to_end.merge(w.latency.end_to_end);
  }
  result.unavailable = availability_.finish(now);
  result.recoveries = recoveries_.all();
  for (const UnavailableWindow& window : result.unavailable) {
    if (window.what == UnavailableWhat::produce || window.what == UnavailableWhat::produce_acks_all) {
      result.fault_window.extend(window.to, false);
    }
  }
  if (!result.unavailable.empty())
    result.probes.hit(Probe::unavailable, static_cast<std::int64_t>(result.unavailable.size()));
  result.produce_phases = produce_phases_.finish(result.fault_window);
  result.end_to_end_phases = end_to_end_phases_.finish(result.fault_window);
  return result;
}

}  // namespace brokersim::checkers
