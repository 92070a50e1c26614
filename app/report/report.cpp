#include "app/report/report.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/report/page.h"
#include "app/results/execute.h"
#include "app/results/json.h"
#include "app/results/loss_groups.h"
#include "sim/check.h"

namespace brokersim::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLogsDrawn = 24;
constexpr std::size_t kBytesMax = 4'800'000;  // of the page, unless the outcome alone has more

/// A partition and why it is high in the list.
struct Standing {
  std::size_t partition = 0;
  std::int64_t lost = 0;
  double unavailable_s = 0;
  std::int64_t leader_changes = 0;
  std::size_t isr_min = 0;
};

std::vector<Standing> worst_first(const results::RunResult& result, const Timeline& timeline,
                                  const history::History& history) {
  std::vector<Standing> standings;
  for (std::size_t p = 0; p < history.partitions().size(); ++p) {
    Standing one{.partition = p, .isr_min = history.partitions()[p].replicas.size()};
    const auto id = static_cast<std::int32_t>(p);
    for (const checkers::Loss& loss : result.findings.losses.losses) {
      if (loss.partition_name == result.findings.partition_names[p]) one.lost += loss.records;
    }
    for (const checkers::UnavailableWindow& window : result.findings.measures.unavailable) {
      if (window.partition.n == id) one.unavailable_s += (window.to - window.from).seconds();
    }
    if (p < timeline.leadership().size()) {
      const auto& states = timeline.leadership()[p];
      for (std::size_t i = 0; i < states.size(); ++i) {
        one.isr_min = std::min(one.isr_min, states[i].isr.size());
        if (i > 0 && states[i].epoch != states[i - 1].epoch) ++one.leader_changes;
      }
    }
    standings.push_back(one);
  }
  std::stable_sort(standings.begin(), standings.end(), [](const Standing& a, const Standing& b) {
    if (a.lost != b.lost) return a.lost > b.lost;
    if (a.unavailable_s != b.unavailable_s) return a.unavailable_s > b.unavailable_s;
    if (a.leader_changes != b.leader_changes) return a.leader_changes > b.leader_changes;
    return a.isr_min < b.isr_min;
  });
  return standings;
}

/// Each number less the one before: small, and so few digits.
Json steps(const std::vector<std::int64_t>& values) {
  Json json = Json::array();
  std::int64_t before = 0;
  for (const std::int64_t value : values) {
    json.push_back(value - before);
    before = value;
  }
  return json;
}

double rounded(double value, double to) {
  return static_cast<double>(static_cast<std::int64_t>(value * to + 0.5)) / to;
}

Json of_events(const Timeline& timeline, std::size_t events_max) {
  Json json{{"kinds", Json::array()}, {"at_us", Json::array()},     {"kind", Json::array()},
            {"who", Json::array()},   {"partition", Json::array()}, {"value", Json::array()}};
  for (int kind = 0; kind <= static_cast<int>(EventKind::crashed_at_step); ++kind)
    json["kinds"].push_back(to_string(static_cast<EventKind>(kind)));
  const auto& events = timeline.events();
  const std::size_t listed = std::min(events.size(), events_max);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < listed; ++i) {
    const std::int64_t at = events[i].at.ns / 1'000;
    json["at_us"].push_back(at - before);
    before = at;
    json["kind"].push_back(static_cast<int>(events[i].kind));
    json["who"].push_back(events[i].broker);
    json["partition"].push_back(events[i].partition);
    json["value"].push_back(events[i].value);
  }
  json["left_out"] = timeline.events_left_out() + static_cast<std::int64_t>(events.size() - listed);
  return json;
}

Json of_latency(const Timeline& timeline) {
  // Only cells with records: bin, bucket, count in one flat list.
  Json cells = Json::array();
  for (std::size_t bin = 0; bin < timeline.latency().size(); ++bin) {
    for (std::size_t bucket = 0; bucket < Timeline::kBuckets; ++bucket) {
      const std::int32_t count = timeline.latency()[bin][bucket];
      if (count == 0) continue;
      cells.push_back(bin);
      cells.push_back(bucket);
      cells.push_back(count);
    }
  }
  Json bounds = Json::array();
  for (const std::int64_t ns : Timeline::bucket_bounds()) bounds.push_back(static_cast<double>(ns) / 1e6);
  return {{"bounds_ms", bounds}, {"cells", cells}};
}

Json of_partitions(const results::RunResult& result, const Timeline& timeline,
                   const history::History& history) {
  Json partitions = Json::array();
  const auto standings = worst_first(result, timeline, history);
  for (std::size_t rank = 0; rank < standings.size(); ++rank) {
    const Standing& standing = standings[rank];
    const history::PartitionInfo& info = history.partitions()[standing.partition];
    Json json{{"id", standing.partition},
              {"name", info.name()},
              {"replicas", info.replicas},
              {"min_isr", info.min_insync_replicas},
              {"internal", info.internal},
              {"lost", standing.lost},
              {"unavailable_s", rounded(standing.unavailable_s, 1e6)},
              {"leader_changes", standing.leader_changes},
              {"isr_min", standing.isr_min}};
    json["leadership"] = Json::array();
    if (standing.partition < timeline.leadership().size()) {
      for (const Leadership& state : timeline.leadership()[standing.partition])
        json["leadership"].push_back(
            {state.at.seconds(), state.leader, state.epoch, state.isr, state.unclean});
    }
    if (rank < kLogsDrawn && standing.partition < timeline.logs().size()) {
      json["logs"] = Json::array();
      for (const ReplicaSeries& series : timeline.logs()[standing.partition]) {
        json["logs"].push_back({{"broker", series.broker},
                                {"leo", steps(series.log_end)},
                                {"hw", steps(series.high_watermark)}});
      }
    }
    partitions.push_back(std::move(json));
  }
  return partitions;
}

Json of_hosts(const Timeline& timeline) {
  Json hosts = Json::array();
  for (std::size_t h = 0; h < timeline.hosts().size(); ++h) {
    Json json{{"name", timeline.hosts()[h]}};
    for (const char* name : {"disk_busy", "cpu_cores", "out_bytes", "in_bytes", "nic_busy", "dirty", "cached",
                             "read_bytes", "written_bytes"})
      json[name] = Json::array();
    for (const HostSample& sample : timeline.samples()[h]) {
      json["disk_busy"].push_back(rounded(sample.disk_busy, 1e4));
      json["cpu_cores"].push_back(rounded(sample.cpu_cores, 1e3));
      json["out_bytes"].push_back(static_cast<std::int64_t>(sample.out_bytes));
      json["in_bytes"].push_back(static_cast<std::int64_t>(sample.in_bytes));
      json["nic_busy"].push_back(rounded(sample.nic_busy, 1e4));
      json["dirty"].push_back(sample.dirty);
      json["cached"].push_back(sample.cached);
      json["read_bytes"].push_back(sample.read_bytes);
      json["written_bytes"].push_back(sample.written_bytes);
    }
    hosts.push_back(std::move(json));
  }
  return hosts;
}

/// All series as memory. The replicas' logs are those of the partitions that are drawn.
std::vector<Column> columns_of(const results::RunResult& result, const Timeline& timeline,
                               const history::History& history) {
  std::vector<Column> columns;
  const auto integers = [&](std::string name, std::vector<std::int64_t> values, std::int64_t width = 1) {
    columns.push_back({std::move(name), std::move(values), {}, width});
  };
  const auto numbers = [&](std::string name, std::vector<double> values) {
    columns.push_back({std::move(name), {}, std::move(values), 1});
  };
  integers("acknowledged", timeline.acknowledged());
  integers("failed", timeline.failed());
  integers("consumed", timeline.consumed());
  std::vector<std::int64_t> cells;
  for (const auto& row : timeline.latency()) cells.insert(cells.end(), row.begin(), row.end());
  integers("latency", std::move(cells), static_cast<std::int64_t>(Timeline::kBuckets));
  std::vector<double> bounds;
  for (const std::int64_t ns : Timeline::bucket_bounds()) bounds.push_back(static_cast<double>(ns) / 1e6);
  numbers("latency_bounds_ms", std::move(bounds));
  const auto of_every_event = [&](const char* name, auto field) {
    std::vector<std::int64_t> values;
    values.reserve(timeline.events().size());
    for (const Event& event : timeline.events()) values.push_back(static_cast<std::int64_t>(field(event)));
    integers(std::string("events/") + name, std::move(values));
  };
  of_every_event("at_ns", [](const Event& e) { return e.at.ns; });
  of_every_event("kind", [](const Event& e) { return e.kind; });
  of_every_event("who", [](const Event& e) { return e.broker; });
  of_every_event("partition", [](const Event& e) { return e.partition; });
  of_every_event("value", [](const Event& e) { return e.value; });
  const auto standings = worst_first(result, timeline, history);
  for (std::size_t rank = 0; rank < std::min(kLogsDrawn, standings.size()); ++rank) {
    const std::size_t partition = standings[rank].partition;
    if (partition >= timeline.logs().size()) continue;
    for (const ReplicaSeries& series : timeline.logs()[partition]) {
      const std::string name =
          "logs/" + history.partitions()[partition].name() + "/" + std::to_string(series.broker) + "/";
      integers(name + "log_end", series.log_end);
      integers(name + "high_watermark", series.high_watermark);
    }
  }
  for (std::size_t h = 0; h < timeline.hosts().size(); ++h) {
    const auto of_every_sample = [&](const char* name, auto field) {
      std::vector<double> values;
      values.reserve(timeline.samples()[h].size());
      for (const HostSample& sample : timeline.samples()[h])
        values.push_back(static_cast<double>(field(sample)));
      numbers("hosts/" + timeline.hosts()[h] + "/" + name, std::move(values));
    };
    of_every_sample("disk_busy", [](const HostSample& s) { return s.disk_busy; });
    of_every_sample("cpu_cores", [](const HostSample& s) { return s.cpu_cores; });
    of_every_sample("out_bytes", [](const HostSample& s) { return s.out_bytes; });
    of_every_sample("in_bytes", [](const HostSample& s) { return s.in_bytes; });
    of_every_sample("nic_busy", [](const HostSample& s) { return s.nic_busy; });
    of_every_sample("dirty", [](const HostSample& s) { return s.dirty; });
    of_every_sample("cached", [](const HostSample& s) { return s.cached; });
    of_every_sample("read_bytes", [](const HostSample& s) { return s.read_bytes; });
    of_every_sample("written_bytes", [](const HostSample& s) { return s.written_bytes; });
  }
  return columns;
}

}  // namespace

std::string timeline_json(const results::RunResult& result, const Timeline& timeline,
                          const world::Config& config, const history::History& history,
                          std::size_t events_max) {
  Json json{{"duration_s", config.duration.seconds()},
            {"bin_s", timeline.bin().seconds()},
            {"sample_s", timeline.sample_distance().seconds()}};
  json["brokers"] = Json::array();
  json["controllers"] = Json::array();
  for (const kafka::ClusterConfig& cluster : config.clusters) {
    json["brokers"] = cluster.broker_hosts;
    json["controllers"] = cluster.controller_hosts;
  }
  json["clients"] = result.findings.client_names;
  json["partition_names"] = result.findings.partition_names;
  json["acknowledged"] = timeline.acknowledged();
  json["failed"] = timeline.failed();
  json["consumed"] = timeline.consumed();
  json["latency"] = of_latency(timeline);
  json["partitions"] = of_partitions(result, timeline, history);
  json["hosts"] = of_hosts(timeline);
  json["events"] = of_events(timeline, events_max);
  json["stories"] = Json::array();
  for (const results::LossGroup& group : results::group_losses(result.findings.losses.losses)) {
    if (json["stories"].size() == 200) break;
    json["stories"].push_back(
        {{"title", group.title()}, {"text", group.text()}, {"records", group.records()}});
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string page(const results::RunResult& result, const std::string& timeline, const std::string& why,
                 const std::string& replay, const std::string& source) {
  std::string html = page_template();
  Json head{{"why", why}, {"replay", replay}, {"scenario", source}};
  put(html, "@TITLE@", escaped(result.title));
  put(html, "@STYLE@", page_style());
  put(html, "@HEAD@", embedded(head.dump(-1, ' ', false, Json::error_handler_t::replace)));
  put(html, "@RESULT@", embedded(results::to_json(result)));
  put(html, "@TIMELINE@", embedded(timeline));
  put(html, "@SCRIPT@", page_base() + page_script());
  return html;
}

Recorded run(const scenario::Scenario& scenario, std::uint64_t seed,
             const std::vector<std::string>& overrides, const std::string& replay,
             const std::string& source) {
  results::Execution execution(scenario, seed, overrides);
  Timeline timeline(execution.world(), scenario.config);
  bool sound = true;
  for (sim::SimTime at = timeline.next_sample(); sound && at < sim::SimTime::max();
       at = timeline.next_sample()) {
    sound = execution.run_until(at).empty();
    if (sound) timeline.sample();
  }
  Recorded recorded{execution.finish(), "", "", {}};
  if (!recorded.result.facts.bug.empty()) return recorded;
  timeline.finish();
  const std::string line = replay.empty() ? recorded.result.replay() : replay;
  for (std::size_t events_max = Timeline::kEventsMax;; events_max /= 2) {
    recorded.timeline =
        timeline_json(recorded.result, timeline, scenario.config, execution.world().history(), events_max);
    recorded.html = page(recorded.result, recorded.timeline, scenario.config.why, line, source);
    if (recorded.html.size() <= kBytesMax || events_max == 0) break;
  }
  recorded.columns = columns_of(recorded.result, timeline, execution.world().history());
  return recorded;
}

}  // namespace brokersim::report
