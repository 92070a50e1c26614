#include "app/results/metric_value.h"

#include <algorithm>
#include <vector>

#include "app/results/counts.h"

namespace brokersim::results {
namespace {

using checkers::UnavailableWhat;
using checkers::UnavailableWindow;

struct Quantile {
  std::string_view suffix;
  double q;
  std::int64_t needed;  ///< 10 samples beyond it.
};
constexpr Quantile kQuantiles[] = {
    {"p50_ms", 0.5, 20}, {"p95_ms", 0.95, 200}, {"p99_ms", 0.99, 1'000}, {"p999_ms", 0.999, 10'000}};

std::optional<MetricValue> of_histogram(const sim::Histogram& histogram, std::string_view suffix) {
  const std::int64_t n = histogram.count();
  if (suffix == "count") return MetricValue{static_cast<double>(n)};
  if (n == 0) return std::nullopt;
  if (suffix == "max_ms") return MetricValue{static_cast<double>(histogram.max()) / 1e6, n, 1};
  if (suffix == "mean_ms") return MetricValue{histogram.mean() / 1e6, n, 1};
  for (const Quantile& quantile : kQuantiles) {
    if (suffix == quantile.suffix)
      return MetricValue{static_cast<double>(histogram.quantile(quantile.q)) / 1e6, n, quantile.needed};
  }
  return std::nullopt;
}

std::optional<MetricValue> of_latency(const checkers::Latencies& latency, std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view which = name.substr(0, dot);
  const std::string_view suffix = name.substr(dot + 1);
  if (which == "produce") return of_histogram(latency.produce, suffix);
  if (which == "produce_ok") return of_histogram(latency.produce_ok, suffix);
  if (which == "end_to_end") return of_histogram(latency.end_to_end, suffix);
  return std::nullopt;
}

std::optional<MetricValue> of_counts(const Counts& counts, std::string_view name) {
  const std::optional<std::int64_t> count = find(counts, name);
  return count ? std::optional(MetricValue{static_cast<double>(*count)}) : std::nullopt;
}

/// Counts and times of groups, by their whole names.
std::optional<MetricValue> of_groups(const checkers::GroupMeasures& groups, std::string_view name) {
  if (name == "group.unowned.longest") return MetricValue{groups.unowned_longest.seconds()};
  if (name == "group.unowned.total") return MetricValue{groups.unowned_total.seconds()};
  return of_counts(counts_of(groups), name);
}

/// The sum of a count over those of `all` that are named `of`, "" over all; nothing if there is none.
template <typename Findings>
std::optional<MetricValue> sum_of(const std::vector<Findings>& all, std::string_view name,
                                  std::string_view of) {
  std::optional<MetricValue> sum;
  for (const Findings& one : all) {
    if (!of.empty() && of != one.name) continue;
    const std::optional<std::int64_t> count = find(counts_of(one), name);
    if (count) sum = MetricValue{(sum ? sum->value : 0) + static_cast<double>(*count)};
  }
  return sum;
}

double rate(std::int64_t amount, sim::SimTime from, sim::SimTime to) {
  return to > from ? static_cast<double>(amount) / (to - from).seconds() : 0.0;
}

std::optional<MetricValue> of_workload(const checkers::WorkloadMeasures& w, std::string_view name) {
  if (name.starts_with("records.")) return of_counts(counts_of(w.records), name.substr(8));
  if (name.starts_with("latency.")) return of_latency(w.latency, name.substr(8));
  if (name == "throughput.records_per_second")
    return MetricValue{rate(w.records.acknowledged, w.first_sent, w.last_acknowledged)};
  if (name == "throughput.bytes_per_second")
    return MetricValue{rate(w.acknowledged_bytes, w.first_sent, w.last_acknowledged)};
  if (name == "throughput.consumed_per_second") return MetricValue{w.consumed_per_second()};
  return std::nullopt;
}

bool is_produce(UnavailableWhat what) {
  return what == UnavailableWhat::produce || what == UnavailableWhat::produce_acks_all;
}

/// "unavailable.longest", "unavailable.produce.longest", "unavailable.count", ...
std::optional<MetricValue> of_windows(std::vector<UnavailableWindow> windows, std::string_view name) {
  const std::size_t dot = name.find('.');
  if (dot != std::string_view::npos) {
    const std::string_view what = name.substr(0, dot);
    if (what != "produce" && what != "fetch" && what != "no_leader") return std::nullopt;
    std::erase_if(windows, [&](const UnavailableWindow& w) {
      return what == "produce" ? !is_produce(w.what) : checkers::to_string(w.what) != what;
    });
    name.remove_prefix(dot + 1);
  }
  if (name == "count") return MetricValue{static_cast<double>(windows.size())};
  if (name == "total") return MetricValue{total_unavailable(windows).seconds()};
  if (name != "longest") return std::nullopt;
  sim::Duration longest;
  for (const UnavailableWindow& window : windows) longest = std::max(longest, window.length());
  return MetricValue{longest.seconds()};
}

std::optional<MetricValue> of_recoveries(const RunResult& result, std::string_view name,
                                         std::string_view of) {
  const bool elected = name == "to_leader_max_s";
  if (!elected && name != "to_acknowledgement_max_s") return std::nullopt;
  std::optional<MetricValue> longest;
  for (const checkers::LeaderRecovery& recovery : result.findings.measures.recoveries) {
    const auto n = static_cast<std::size_t>(recovery.partition.n);
    if (!of.empty() && result.findings.partition_names[n] != of) continue;
    const std::optional<sim::SimTime> end = elected ? recovery.elected_at : recovery.acknowledged_at;
    if (!end) continue;
    const double seconds = (*end - recovery.stopped_at).seconds();
    if (!longest || seconds > longest->value) longest = MetricValue{seconds};
  }
  return longest;
}

std::optional<MetricValue> of_faults(const RunResult& result, std::string_view name) {
  std::int64_t count = 0;
  for (const FaultResult& fault : result.faults) {
    if (name == "requested")
      count += fault.requested ? 1 : 0;
    else if (name == "fired")
      count += fault.fired ? 1 : 0;
    else if (name == "had_effect")
      count += fault.had_effect ? 1 : 0;
    else
      return std::nullopt;
  }
  return MetricValue{static_cast<double>(count)};
}

}  // namespace

sim::Duration total_unavailable(const std::vector<UnavailableWindow>& windows) {
  std::vector<UnavailableWindow> all = windows;
  for (UnavailableWindow& window : all) window.what = UnavailableWhat::no_leader;  // kinds no longer matter
  sim::Duration total;
  for (const UnavailableWindow& window : checkers::join(std::move(all))) total += window.length();
  return total;
}

namespace {

/// events.*, effects.*, transactions.*, latency.commit_to_topic.*; `of` is a workload, "" all of them.
std::optional<MetricValue> of_events(const RunResult& result, std::string_view name, std::string_view of) {
  const checkers::EventFindings& events = result.findings.events;
  if (name.starts_with("latency.commit_to_topic.")) {
    sim::Histogram all;
    for (const checkers::PipelineFindings& p : events.pipelines) {
      if (of.empty() || of == p.name) all.merge(p.commit_to_topic);
    }
    return of_histogram(all, name.substr(24));
  }
  const std::size_t dot = name.find('.');
  const std::string_view group = name.substr(0, dot);
  const std::string_view what = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  if (group == "events" && what == "crashes")
    return events.pipelines.empty() ? std::nullopt
                                    : std::optional(MetricValue{static_cast<double>(events.crashes)});
  if (group == "events") return sum_of(events.pipelines, what, of);
  if (group == "effects") return sum_of(events.effects, what, of);
  return sum_of(events.databases, what, of);
}

/// kafka_transactions.*, pipeline.*, latency.transaction.*, latency.pipeline.*; `of` is a workload, "" all of them.
std::optional<MetricValue> of_transactions(const RunResult& result, std::string_view name,
                                           std::string_view of) {
  const checkers::KafkaTransactions& all = result.findings.transactions;
  if (name.starts_with("latency.transaction.")) {
    sim::Histogram durations;
    for (const checkers::TransactionFindings& t : all.workloads) {
      if (of.empty() || of == t.name) durations.merge(t.duration);
    }
    return of_histogram(durations, name.substr(20));
  }
  if (name.starts_with("latency.pipeline.")) {
    sim::Histogram latencies;
    for (const checkers::TransformationFindings& t : all.transformations) {
      if (of.empty() || of == t.name) latencies.merge(t.latency);
    }
    return of_histogram(latencies, name.substr(17));
  }
  if (name.starts_with("pipeline.")) return sum_of(all.transformations, name.substr(9), of);
  if (name == "kafka_transactions.hanging") return MetricValue{static_cast<double>(all.hanging)};
  if (name == "kafka_transactions.hanging_longest") return MetricValue{all.hanging_longest.seconds()};
  return sum_of(all.workloads, name.substr(19), of);
}

}  // namespace

std::optional<MetricValue> metric_value(const RunResult& result, std::string_view name, std::string_view of) {
  const checkers::Measures& measures = result.findings.measures;
  const checkers::LossReport& losses = result.findings.losses;
  if (name.starts_with("unavailable.")) {
    std::vector<UnavailableWindow> windows = measures.unavailable;
    if (!of.empty()) {
      const auto& names = result.findings.partition_names;
      if (std::find(names.begin(), names.end(), of) == names.end()) return std::nullopt;
      std::erase_if(windows, [&](const UnavailableWindow& w) {
        return names[static_cast<std::size_t>(w.partition.n)] != of;
      });
    }
    return of_windows(std::move(windows), name.substr(12));
  }
  if (name.starts_with("recovery.")) return of_recoveries(result, name.substr(9), of);
  const bool events = name.starts_with("events.") || name.starts_with("effects.") ||
                      name.starts_with("transactions.") || name.starts_with("latency.commit_to_topic.");
  if (events) return of_events(result, name, of);
  const bool transactions = name.starts_with("kafka_transactions.") || name.starts_with("pipeline.") ||
                            name.starts_with("latency.transaction.") || name.starts_with("latency.pipeline.");
  if (transactions) return of_transactions(result, name, of);
  if (!of.empty()) {
    const auto workload = measures.workloads.find(std::string(of));
    if (workload == measures.workloads.end()) return std::nullopt;
    return of_workload(workload->second, name);
  }
  if (const auto value = of_groups(measures.groups, name)) return value;
  if (name.starts_with("share.")) return of_counts(counts_of(result.findings.shares), name.substr(6));
  if (name == "records.at_risk_max") return MetricValue{static_cast<double>(result.findings.at_risk_max)};
  if (name == "records.lost_acknowledged_acks_0") return MetricValue{static_cast<double>(losses.lost_acks_0)};
  if (name == "records.lost_acknowledged_acks_1") return MetricValue{static_cast<double>(losses.lost_acks_1)};
  if (name == "records.lost_acknowledged_acks_all")
    return MetricValue{static_cast<double>(losses.lost_acks_all)};
  if (name.starts_with("records.")) return of_counts(counts_of(measures.records), name.substr(8));
  if (name.starts_with("latency.")) return of_latency(measures.latency, name.substr(8));
  if (name == "throughput.records_per_second") return MetricValue{measures.records_per_second()};
  if (name == "throughput.bytes_per_second") return MetricValue{measures.bytes_per_second()};
  if (name == "throughput.consumed_per_second") return MetricValue{measures.consumed_per_second()};
  if (name.starts_with("faults.")) return of_faults(result, name.substr(7));
  if (name == "controller.changes") return MetricValue{static_cast<double>(measures.control_plane.changes)};
  if (name == "controller.unavailable.longest") return MetricValue{measures.control_plane.longest.seconds()};
  if (name == "controller.unavailable.total") return MetricValue{measures.control_plane.total.seconds()};
  const auto hits = [&](checkers::Probe probe) {
    return MetricValue{static_cast<double>(measures.probes.count(probe))};
  };
  if (name == "isr.expanded") return hits(checkers::Probe::isr_expanded);
  if (name == "isr.shrank") return hits(checkers::Probe::isr_shrank);
  if (name == "clients.failed") return MetricValue{static_cast<double>(measures.failed_clients.size())};
  if (name == "leader_changes") return MetricValue{static_cast<double>(measures.leader_changes)};
  return std::nullopt;
}

}  // namespace brokersim::results
