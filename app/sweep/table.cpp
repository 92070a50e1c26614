#include "app/sweep/table.h"

#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/results/layout.h"
#include "app/results/shown_metrics.h"
#include "app/scenario/metrics.h"
#include "sim/statistics.h"

namespace brokersim::sweep {
namespace {

using Json = nlohmann::ordered_json;

/// What --set would make of it: JSON, or else text.
Json value_of(const std::string& given) {
  Json value = Json::parse(given, nullptr, false);
  return value.is_discarded() ? Json(given) : value;
}

std::string shown(const std::string& given) {
  const Json value = value_of(given);
  return value.is_string() ? value.get<std::string>() : given;
}

/// "3 of 20 (3.2 % to 37.9 %)": both ends of the exact 95 % interval, as Rows.share in Python.
std::string share(std::int64_t hits, std::int64_t n) {
  const sim::Interval interval = sim::clopper_pearson(hits, n, 0.95);
  char text[96];
  std::snprintf(text, sizeof text, "%lld of %lld (%.1f %% to %.1f %%)", static_cast<long long>(hits),
                static_cast<long long>(n), 100 * interval.low, 100 * interval.high);
  return text;
}

}  // namespace

std::string row_json(const Plan& plan, const Row& row, const std::vector<MetricName>& metrics) {
  const Record& record = row.record;
  Json json = Json::object();
  for (std::size_t i = 0; i < plan.axes.size(); ++i)
    json[plan.axes[i].pointer] = value_of(plan.settings[row.setting].values[i]);
  json["seed"] = record.seed;
  json["fingerprint"] = record.fingerprint;
  json["verdict"] = record.verdict;
  json["exit_code"] = record.exit_code;
  json["bug"] = record.bug.empty() ? Json(nullptr) : Json(record.bug);
  json["wall_seconds"] = record.wall_seconds;
  const auto put = [&](const std::string& name) {
    const auto* value = record.find(name);
    json[name] = value != nullptr && *value ? Json(**value) : Json(nullptr);
  };
  if (metrics.empty()) {
    for (const scenario::Metric& metric : scenario::metrics()) put(metric.name);
  }
  for (const MetricName& name : metrics) put(name.text());
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<MetricName> table_metrics() {
  return {{"throughput.records_per_second", ""},
          {"latency.produce.p50_ms", ""},
          {"latency.produce.p99_ms", ""},
          {"unavailable.longest", ""},
          {"records.lost_acknowledged", ""}};
}

Table::Table(const Plan& plan, std::vector<MetricName> metrics)
    : plan_(plan), metrics_(std::move(metrics)), settings_(plan.settings.size()) {
  for (Cells& cells : settings_) cells.values.resize(metrics_.size());
}

void Table::add(const Row& row) {
  ++runs_;
  known_ += row.known ? 1 : 0;
  exit_code_ = results::worse_exit_code(exit_code_, row.record.exit_code);
  Cells& cells = settings_[row.setting];
  ++cells.runs;
  cells.failed += row.record.exit_code != 0 ? 1 : 0;
  const auto* lost = row.record.find("records.lost_acknowledged");
  cells.lossy += lost != nullptr && *lost && **lost > 0 ? 1 : 0;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const auto* value = row.record.find(metrics_[i].text());
    if (value != nullptr && *value) cells.values[i].push_back(**value);
  }
}

std::string Table::render(bool colour) const {
  using results::Tint;
  std::string out;
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    const std::string& name = metrics_[i].metric;
    results::Columns table(std::vector<bool>(plan_.axes.size() + 3, true));
    std::vector<std::string> head;
    for (const Axis& axis : plan_.axes) head.push_back(axis.pointer);
    head.insert(head.end(), {"runs", "mean", "95 % interval of the mean"});
    table.row(std::move(head));
    for (std::size_t s = 0; s < settings_.size(); ++s) {
      std::vector<std::string> line;
      for (const std::string& value : plan_.settings[s].values) line.push_back(shown(value));
      const sim::Summary summary = sim::summarise(settings_[s].values[i]);
      const sim::Interval interval = results::interval_of_mean(summary);
      line.push_back(std::to_string(summary.n));
      line.push_back(summary.n == 0 ? "-" : results::mean_text(summary.mean, name.c_str()));
      line.push_back(summary.n < 2            ? "-"
                     : summary.deviation == 0 ? "all equal"
                                              : results::mean_text(interval.low, name.c_str()) + " to " +
                                                    results::mean_text(interval.high, name.c_str()));
      table.row(std::move(line));
    }
    out += results::tinted(metrics_[i].text(), Tint::strong, colour) + "\n" + table.text(2) + "\n";
  }
  results::Columns verdicts(std::vector<bool>(plan_.axes.size() + 2, true));
  std::vector<std::string> head;
  for (const Axis& axis : plan_.axes) head.push_back(axis.pointer);
  head.insert(head.end(), {"lost acknowledged records in", "not as expected in"});
  verdicts.row(std::move(head));
  for (std::size_t s = 0; s < settings_.size(); ++s) {
    std::vector<std::string> line;
    for (const std::string& value : plan_.settings[s].values) line.push_back(shown(value));
    line.push_back(share(settings_[s].lossy, settings_[s].runs));
    line.push_back(std::to_string(settings_[s].failed) + " of " + std::to_string(settings_[s].runs));
    verdicts.row(std::move(line));
  }
  out += results::tinted("runs", Tint::strong, colour) + "\n" + verdicts.text(2);
  return results::printable(out, colour);
}

}  // namespace brokersim::sweep
