#include "app/report/timeline.h"

#include <algorithm>

namespace brokersim::report {
namespace {

sim::Duration slice(sim::Duration whole, std::size_t parts) {
  const auto count = static_cast<std::int64_t>(parts);
  return {std::max<std::int64_t>((whole.ns + count - 1) / count, 1)};
}

std::array<std::int64_t, Timeline::kBuckets> make_bounds() {
  // Eight per decade: 10^(1/8), in millionths, by the digits of its powers.
  constexpr std::int64_t powers[] = {1'000'000, 1'333'521, 1'778'279, 2'371'374,
                                     3'162'278, 4'216'965, 5'623'413, 7'498'942};
  std::array<std::int64_t, Timeline::kBuckets> bounds{};
  std::int64_t decade = 10'000;  // 10 us
  for (std::size_t i = 1; i < bounds.size(); ++i) {
    const std::size_t step = (i - 1) % 8;
    if (step == 0 && i > 1) decade *= 10;
    bounds[i] = decade * powers[step] / 1'000'000;
  }
  return bounds;
}

}  // namespace

std::string to_string(EventKind kind) {
  switch (kind) {
    case EventKind::broker_started: return "broker started";
    case EventKind::broker_running: return "broker running";
    case EventKind::broker_fenced: return "broker fenced";
    case EventKind::broker_killed: return "broker killed";
    case EventKind::broker_stopped: return "broker stopped";
    case EventKind::broker_paused: return "broker paused";
    case EventKind::broker_resumed: return "broker resumed";
    case EventKind::kernel_panicked: return "kernel panicked";
    case EventKind::power_lost: return "power lost";
    case EventKind::storage_damaged: return "storage damaged";
    case EventKind::registration_refused: return "registration refused";
    case EventKind::recovered: return "log recovered";
    case EventKind::log_dir_failed: return "log directory failed";
    case EventKind::leader_elected: return "leader elected";
    case EventKind::unclean_election: return "unclean election";
    case EventKind::leader_lost: return "no leader";
    case EventKind::isr_changed: return "ISR changed";
    case EventKind::truncated: return "log truncated";
    case EventKind::storage_lost: return "stored batch lost";
    case EventKind::corrupt_read: return "corrupt batch read";
    case EventKind::fetch_refused: return "fetch refused";
    case EventKind::log_start_moved: return "log start moved";
    case EventKind::controller_active: return "controller active";
    case EventKind::controller_resigned: return "controller resigned";
    case EventKind::controller_stopped: return "controller stopped";
    case EventKind::offset_reset: return "consumer's offset reset";
    case EventKind::group_generation: return "group generation";
    case EventKind::member_removed: return "member removed";
    case EventKind::client_restarted: return "client restarted";
    case EventKind::database_changed: return "database changed";
    case EventKind::crashed_at_step: return "service died";
  }
  return "?";
}

const std::array<std::int64_t, Timeline::kBuckets>& Timeline::bucket_bounds() {
  static const std::array<std::int64_t, kBuckets> bounds = make_bounds();
  return bounds;
}

Timeline::Timeline(world::World& world, const world::Config& config)
    : end_(world.end_of_run()),
      bin_(slice(config.duration, kBins)),
      distance_(slice(config.duration, kSamples)),
      acknowledged_(kBins),
      failed_(kBins),
      consumed_(kBins),
      latency_(kBins),
      meter_(world, config) {
  samples_.resize(config.hosts.size());
  const auto& partitions = world.history().partitions();
  leadership_.resize(partitions.size());
  logs_.resize(std::min(partitions.size(), kPartitionsMax));
  for (std::size_t p = 0; p < logs_.size(); ++p) {
    for (const history::BrokerId broker : partitions[p].replicas)
      (void)replica({static_cast<std::int32_t>(p)}, broker);
  }
  world.history().attach(*this);
}

std::size_t Timeline::bin_of(sim::SimTime at) const {
  return std::min(static_cast<std::size_t>(std::max<std::int64_t>(at.ns, 0) / bin_.ns), kBins - 1);
}

void Timeline::event(sim::SimTime at, EventKind kind, std::int32_t broker, history::PartitionId partition,
                     std::int64_t value) {
  if (events_.size() == kEventsMax) {
    ++events_left_out_;
    return;
  }
  events_.push_back({at, kind, broker, partition.n, value});
}

ReplicaSeries* Timeline::replica(history::PartitionId partition, history::BrokerId broker) {
  const auto p = static_cast<std::size_t>(partition.n);
  if (p >= logs_.size()) return nullptr;
  for (ReplicaSeries& series : logs_[p]) {
    if (series.broker == broker) return &series;
  }
  logs_[p].push_back({broker, std::vector<std::int64_t>(kBins, -1), std::vector<std::int64_t>(kBins, -1)});
  return &logs_[p].back();
}

void Timeline::on(const history::ProduceOutcome& e) {
  const std::size_t bin = bin_of(e.at);
  (e.outcome == history::Outcome::acknowledged ? acknowledged_ : failed_)[bin] += e.records.count;
  const std::int64_t middle = e.intended_first.ns + (e.intended_last.ns - e.intended_first.ns) / 2;
  const auto& bounds = bucket_bounds();
  const auto above = std::upper_bound(bounds.begin() + 1, bounds.end(), e.at.ns - middle);
  const auto bucket = static_cast<std::size_t>(above - bounds.begin()) - 1;
  latency_[bin_of({middle})][bucket] +=
      static_cast<std::int32_t>(std::min<std::int64_t>(e.records.count, 1'000'000));
}

void Timeline::on(const history::Consumed& e) { consumed_[bin_of(e.at)] += e.records.count; }

void Timeline::on(const history::Appended& e) {
  if (ReplicaSeries* series = replica(e.records.partition, e.broker))
    series->log_end[bin_of(e.at)] = e.base_offset + e.records.count;
}

void Timeline::on(const history::Truncated& e) {
  if (e.from_offset > e.to_offset)
    event(e.at, EventKind::truncated, e.broker, e.partition, e.from_offset - e.to_offset);
  if (ReplicaSeries* series = replica(e.partition, e.broker)) series->log_end[bin_of(e.at)] = e.to_offset;
}

void Timeline::on(const history::HighWatermark& e) {
  if (ReplicaSeries* series = replica(e.partition, e.broker)) series->high_watermark[bin_of(e.at)] = e.offset;
}

void Timeline::on(const history::Recovered& e) {
  if (ReplicaSeries* series = replica(e.partition, e.broker)) series->log_end[bin_of(e.at)] = e.log_end;
  if (!e.clean) event(e.at, EventKind::recovered, e.broker, e.partition, e.scanned_bytes);
}

void Timeline::on(const history::PartitionChanged& e) {
  const auto p = static_cast<std::size_t>(e.partition.n);
  if (p >= leadership_.size()) leadership_.resize(p + 1);  // a topic that was created meanwhile
  auto& states = leadership_[p];
  const bool first = states.empty();
  const bool other_leader =
      first || states.back().leader != e.leader || states.back().epoch != e.leader_epoch;
  const bool other_isr = !first && states.back().isr != e.isr;
  if (other_leader && !first) {
    const EventKind kind = e.leader < 0 ? EventKind::leader_lost
                           : e.unclean  ? EventKind::unclean_election
                                        : EventKind::leader_elected;
    event(e.at, kind, e.leader, e.partition, e.leader_epoch);
  }
  if (other_isr)
    event(e.at, EventKind::isr_changed, e.leader, e.partition, static_cast<std::int64_t>(e.isr.size()));
  if (first || other_leader || other_isr)
    states.push_back({e.at, e.leader, e.leader_epoch, e.isr, e.unclean});
}

void Timeline::on(const history::BrokerChanged& e) {
  using enum history::BrokerEvent;
  EventKind kind = EventKind::broker_started;
  switch (e.event) {
    case process_started: kind = EventKind::broker_started; break;
    case running: kind = EventKind::broker_running; break;
    case fenced: kind = EventKind::broker_fenced; break;
    case process_killed: kind = EventKind::broker_killed; break;
    case stopped_clean: kind = EventKind::broker_stopped; break;
    case paused: kind = EventKind::broker_paused; break;
    case resumed: kind = EventKind::broker_resumed; break;
    case kernel_panicked: kind = EventKind::kernel_panicked; break;
    case power_lost: kind = EventKind::power_lost; break;
    case storage_damaged: kind = EventKind::storage_damaged; break;
  }
  event(e.at, kind, e.broker, {}, 0);
}

void Timeline::on(const history::ControllerChanged& e) {
  const EventKind kind = e.event == history::ControllerEvent::active     ? EventKind::controller_active
                         : e.event == history::ControllerEvent::resigned ? EventKind::controller_resigned
                                                                         : EventKind::controller_stopped;
  event(e.at, kind, e.node, {}, e.epoch);
}

void Timeline::on(const history::RegistrationRefused& e) {
  event(e.at, EventKind::registration_refused, e.broker, {}, 0);
}
void Timeline::on(const history::LogDirFailed& e) {
  event(e.at, EventKind::log_dir_failed, e.broker, {}, e.replicas);
}
void Timeline::on(const history::StorageLost& e) {
  event(e.at, EventKind::storage_lost, e.broker, e.records.partition, e.records.count);
}
void Timeline::on(const history::CorruptRead& e) {
  event(e.at, EventKind::corrupt_read, e.broker, e.partition, e.offset);
}
void Timeline::on(const history::FetchRefused& e) {
  event(e.at, EventKind::fetch_refused, e.broker, e.partition, e.asked_epoch);
}
void Timeline::on(const history::LogStartMoved& e) {
  if (e.cause != history::LogStartCause::loaded)
    event(e.at, EventKind::log_start_moved, e.broker, e.partition, e.offset);
}
void Timeline::on(const history::OffsetReset& e) {
  event(e.at, EventKind::offset_reset, e.consumer.n, e.partition, e.to);
}
void Timeline::on(const history::GroupGeneration& e) {
  event(e.at, EventKind::group_generation, e.coordinator, {}, e.members);
}
void Timeline::on(const history::MemberRemoved& e) {
  event(e.at, EventKind::member_removed, e.consumer.n, {}, 0);
}
void Timeline::on(const history::ClientRestarted& e) {
  event(e.at, EventKind::client_restarted, e.client.n, {}, 0);
}

sim::SimTime Timeline::next_sample() const {
  if (sampled_ >= kSamples) return sim::SimTime::max();
  return std::min(sim::SimTime{} + distance_ * static_cast<std::int64_t>(sampled_ + 1), end_);
}

void Timeline::sample() {
  ++sampled_;
  for (std::size_t h = 0; h < samples_.size(); ++h) samples_[h].push_back(meter_.sample(h, distance_));
}

void Timeline::finish() {
  const auto fill = [](std::vector<std::int64_t>& values) {
    for (std::size_t i = 1; i < values.size(); ++i) {
      if (values[i] < 0) values[i] = values[i - 1];
    }
  };
  for (auto& partition : logs_) {
    for (ReplicaSeries& series : partition) {
      fill(series.log_end);
      fill(series.high_watermark);
      // A log that is cut or lost takes its high watermark along, which is told only when it next moves.
      for (std::size_t i = 0; i < series.log_end.size(); ++i) {
        if (series.log_end[i] >= 0)
          series.high_watermark[i] = std::min(series.high_watermark[i], series.log_end[i]);
      }
    }
  }
}

}  // namespace brokersim::report
